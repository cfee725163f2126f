mod bounds;
mod questions;

use super::library::LibraryName;
use super::{draft, library};
use crate::header::{Compiler, Header};
use crate::verify::tests::left_out;
use cloison_manifest::manifest;
use std::path::Path;

const HEADER: &str = r#"
#ifndef SHELF_H
#define SHELF_H
#include <stddef.h>
#define SHELF_API __attribute__((visibility("default")))
#define SHELF_VERSION "1.2"
#define SHELF_FULL (-3)
#define SHELF_BOTH (SHELF_A | SHELF_B)
#define SHELF_MAX(a, b) ((a) > (b) ? (a) : (b))
enum { SHELF_A = 1, SHELF_B = 1 << 4 };
typedef struct shelf shelf;                    /* opaque */
typedef struct shelf_iter *shelf_iterator;     /* a pointer, and opaque */
typedef struct { double x, y; } spot;
typedef unsigned int mark_t;
struct hooks { void (*call)(void); int n; };
enum shade { LIGHT, DARK = 7 };
typedef int (*shelf_visit)(void *user, const char *title, size_t n);

SHELF_API shelf *shelf_new(mark_t marks);
SHELF_API int shelf_open(const char *path, shelf **out);
SHELF_API void shelf_free(shelf *one);
SHELF_API shelf_iterator shelf_iter_new(shelf *one);
SHELF_API void shelf_iter_free(shelf_iterator it);
SHELF_API int shelf_put(shelf *, const void *data, size_t len);
SHELF_API int shelf_get(shelf *one, void *buf, size_t len);
SHELF_API int shelf_pack(const unsigned char *src, unsigned srcSize, unsigned char *dst, size_t *dstSize);
SHELF_API int shelf_visit_all(shelf *one, shelf_visit visit, void *user);
SHELF_API void shelf_set_visitor(shelf *one, shelf_visit visit, void *user);
SHELF_API spot shelf_at(const spot *where, enum shade shade);
SHELF_API const char *shelf_title(const shelf *one);
SHELF_API char *shelf_copy_title(const shelf *one);
SHELF_API int shelf_printf(shelf *one, const char *format, ...);
SHELF_API int shelf_hook(struct hooks *hooks);
SHELF_API int shelf_not_there(int a);
static inline int shelf_twice(int a) { return 2 * a; }
#endif
"#;

fn drafted(header: &str, without: &[&str]) -> draft::Draft {
    drafted_where(header, without, |_| true)
}

fn drafted_where(header: &str, without: &[&str], wanted: impl Fn(&str) -> bool) -> draft::Draft {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shelf.h");
    std::fs::write(&path, header).unwrap();
    let mut header = Header::read(path.to_str().unwrap(), &Compiler::new(&[]), &|_| false).unwrap();
    header.functions.iter_mut().for_each(|function| function.wanted = wanted(&function.name));
    let symbols = header.functions.iter().map(|function| function.name.clone());
    let symbols = symbols.filter(|name| !without.contains(&name.as_str())).collect();
    let found =
        library::FoundLibrary { named: LibraryName::Soname("libshelf.so.1".to_owned()), symbols: Some(symbols) };
    draft::draft(&header, &found)
}

#[test]
fn what_c_and_names_say_is_in_the_draft() {
    let draft = drafted(HEADER, &["shelf_not_there"]);
    for lines in [
        "[constants]\n",
        "SHELF_VERSION = \"1.2\"\n",
        "SHELF_FULL = -3\n",
        "SHELF_BOTH = 17\n",
        "SHELF_B = 16\n",
        "[types.shelf]\nc = \"typedef struct shelf shelf;\"\nhandle = true\nfree = \"shelf_free\"\n",
        "[types.shelf_iterator]\nc = \"typedef struct shelf_iter *shelf_iterator;\"\nhandle = true\nfree = \"shelf_iter_free\"\nowner = \"shelf\"\n",
        "[types.mark_t]\nc = \"typedef unsigned int mark_t;\"\n",
        "[types.spot]\nc = \"typedef struct { double x, y; } spot;\"\n",
        "[types.shade]\nc = \"enum shade { LIGHT, DARK = 7 };\"\n",
        "c = \"int shelf_open(const char *path, shelf **out)\"\nout = { out = true }\n",
        "c = \"void shelf_free(shelf *one)\"\ninternal = true\n",
        "c = \"int shelf_put(shelf *shelf, const void *data, size_t len)\"\ndata = { decide = \"does the library go on using the buffer",
        "buf = { decide = \"in or out? ",
        "src = { in = true, length = \"srcSize\" }\ndst = { decide = \"what is *dstSize before the call?",
        "visit = { decide = ",
        "where = { in = true }\n",
        "c = \"const char *shelf_title(const shelf *one)\"\nreturns = { text = true, null = true }\n",
        "returns = { decide = ",
        "# [functions.shelf_printf]: C does not say what may stand behind `...`",
        "# [functions.shelf_hook]: `hooks` has pointers that the library follows (`call`)",
        "# [functions.shelf_not_there]: libshelf.so.1 has no such function",
        "# `shelf_twice` has its body in the header",
    ] {
        let lines = lines.replace("visit = { decide = ", "user = { user_data = true }");
        assert!(draft.text.contains(&lines), "{lines}\n{}", draft.text);
    }
    assert!(draft.text.contains("retain = \"one\""), "what sets a handler keeps it\n{}", draft.text);
    assert_eq!((draft.through + draft.undecided, draft.cannot), (13, 3), "{}", draft.text);
}

#[test]
fn check_refuses_the_draft_until_all_is_decided() {
    let mut text = drafted(HEADER, &[]).text;
    text.parse::<toml::Table>().expect("valid TOML");
    let wrong = manifest::parse("shelf.zone.toml", &text).expect_err("not everything is decided").to_string();
    assert!(wrong.contains("`buf` is not decided yet") && wrong.contains("in or out?"), "{wrong}");
    for (name, answer) in
        [("buf", "{ out = true, capacity = \"len\", max = \"4 KiB\" }"), ("returns", "{ text = true }")]
    {
        let start = text.find(&format!("{name} = {{ decide")).unwrap_or_else(|| panic!("{name}\n{text}"));
        let end = start + text[start..].find('\n').unwrap();
        text.replace_range(start..end, &format!("{name} = {answer}"));
    }
    let left: Vec<_> = text.lines().filter(|line| line.contains(" decide = ")).collect();
    let names: Vec<_> = left.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["data", "dst", "returns"], "{left:?}");
}

/// Whoever asks for a function gets what ends its handles as well.
#[test]
fn functions_bring_along_what_frees() {
    let draft = drafted_where(HEADER, &[], |name| name == "shelf_iter_new");
    let names: Vec<_> = draft.text.lines().filter(|line| line.starts_with("[functions.")).collect();
    assert_eq!(names, ["[functions.shelf_free]", "[functions.shelf_iter_new]", "[functions.shelf_iter_free]"]);
    let draft = drafted_where(HEADER, &[], |name| name == "shelf_new");
    manifest::parse("shelf.zone.toml", &draft.text).unwrap_or_else(|wrong| panic!("{wrong}\n{}", draft.text));
    // Where that has no symbol, the author has to say what becomes of them.
    let draft = drafted_where(HEADER, &["shelf_free"], |name| name == "shelf_new");
    assert_eq!((draft.through, draft.undecided, draft.cannot), (0, 1, 0), "{}", draft.text);
    assert!(!draft.text.contains("free = "), "{}", draft.text);
}

#[test]
fn drafts_are_the_same_each_time() {
    assert_eq!(drafted(HEADER, &[]).text, drafted(HEADER, &[]).text);
}

/// What the parser does not know costs that declaration only.
#[test]
fn what_cannot_be_read_is_left_out() {
    let draft = drafted("int before(int a);\nint oops(int a) @@ nonsense;\nint after(int b);\n", &[]);
    assert_eq!(draft.through, 2, "{}", draft.text);
    assert!(draft.text.contains("# could not be read: int oops(int a) @@ nonsense;"), "{}", draft.text);
}

/// zlib's library is on every machine with a compiler or python3, its header is not: ours has a few of its functions.
#[test]
fn a_header_finds_its_library_and_comes_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zlib.h");
    std::fs::write(&path, include_str!("../../tests/c/zlib.h")).unwrap();
    let header = Header::read(path.to_str().unwrap(), &Compiler::new(&[]), &|_| false).unwrap();
    let found = library::locate(&header, None, None).unwrap();
    assert_eq!(found.named, LibraryName::Soname("libz.so.1".to_owned()));
    let draft = draft::draft(&header, &found);
    assert_eq!((draft.through, draft.undecided, draft.cannot), (3, 3, 0), "{}", draft.text);
    assert!(draft.text.contains("Z_DATA_ERROR = -3\n"));
    assert!(draft.text.contains("[functions.compressBound]\nc = \"uLong compressBound(uLong sourceLen)\"\n"));
}

/// What `cloison check` refuses in a draft is what is marked in it, and nothing else.
#[test]
fn drafts_are_refused_for_their_questions_only() {
    for name in
        ["zlib.h", "sqlite3.h", "png.h", "expat.h", "lz4.h", "bzlib.h", "lzma.h", "crypt.h", "jpeglib.h", "uuid/uuid.h"]
    {
        let Ok(header) = Header::read(name, &Compiler::new(&[]), &|_| false) else {
            left_out(&format!("there is no {name}: its draft"));
            continue;
        };
        let found = library::locate(&header, None, None).unwrap();
        assert!(matches!(found.named, LibraryName::Soname(_)), "{name}: {:?}", found.named);
        let answered = draft::answered(&header, &found).text;
        manifest::parse(name, &answered).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

/// A length that is only probable is a question, or none.
#[test]
fn lengths_are_paired_where_that_is_plain() {
    let header = "#include <stddef.h>
        char *gensalt(const char *prefix, unsigned long count, const char *rbytes, int nrbytes);
        int named(const char *name, size_t len);
        int parse(const char *s, int len);
        int sum(const int *cells, unsigned count);
        int copy(const int *cells, size_t size);
        int put(const void *data, unsigned count);
        int open_at(const struct options { int a; } *how, size_t size);
        int area(int *width, int *size);\n";
    let text = drafted(header, &[]).text;
    for lines in [
        "int nrbytes)\"\nrbytes = { in = true, length = \"nrbytes\" }\n",
        "named(const char *name, size_t len)\"\nname = { decide = \"a string (no key needed), or bytes: ",
        "s = { in = true, length = \"len\" }\n",
        "cells = { in = true, length = \"count\" }\n",
        "cells = { decide = \"one number (in = true), or several",
        "data = { in = true, length = \"count\" }\n",
        "how = { decide = \"one struct (in = true), or several",
        "width = { decide = ",
    ] {
        assert!(text.contains(lines), "{lines}\n{text}");
    }
}

/// `const` of an array is `const` of its elements, also where a typedef has the array.
#[test]
fn arrays_keep_their_const() {
    let header = "typedef unsigned char mark[16];
        int is_null(const mark one);
        int same(const unsigned char one[16], const mark *two);
        void make(mark out);
        void clear(mark one);\n";
    let text = drafted(header, &[]).text;
    for lines in [
        "c = \"int is_null(const unsigned char one[16])\"\none = { in = true }\n",
        "# [functions.same]: it takes a pointer to an array",
        "c = \"void make(unsigned char out[16])\"\nout = { out = true }\n",
        "c = \"void clear(unsigned char one[16])\"\none = { decide = ",
    ] {
        assert!(text.contains(lines), "{lines}\n{text}");
    }
}

#[test]
fn a_typedef_of_void_is_an_opaque_type() {
    let header = "typedef void zipped; typedef void GLvoid; typedef void nothing;
        zipped *zip_open(const char *path);
        int zip_read(zipped *one, void *buf, int len);
        nothing zip_close(zipped *one);
        nothing zip_free(int *why, zipped *one);
        void draw(const GLvoid *data, int len);\n";
    let text = drafted(header, &[]).text;
    for lines in [
        "[types.zipped]\nc = \"typedef void zipped;\"\nhandle = true\nfree = \"zip_close\"\n",
        "c = \"zipped *zip_open(const char *path)\"\n",
        "c = \"void zip_close(zipped *one)\"\ninternal = true\n",
        "one = { decide = \"does it end the object",
        "c = \"void draw(const void *data, int len)\"\ndata = { in = true, length = \"len\" }\n",
    ] {
        assert!(text.contains(lines), "{lines}\n{text}");
    }
}

/// What an umbrella includes from elsewhere counts if it is asked for.
#[test]
fn headers_may_only_include() {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (folder.path().join("own"), folder.path().join("other"));
    for folder in [&own, &other] {
        std::fs::create_dir(folder).unwrap();
    }
    std::fs::write(own.join("whole.h"), "#include \"part.h\"\n#include \"../other/more.h\"\n").unwrap();
    std::fs::write(own.join("part.h"), "int part(int a);\n").unwrap();
    std::fs::write(other.join("more.h"), "#define MORE 5\nint more(int a);\nint most(int a);\n").unwrap();
    let path = own.join("whole.h");
    let read = |also: &dyn Fn(&Path) -> bool| Header::read(path.to_str().unwrap(), &Compiler::new(&[]), also).unwrap();
    let names = |header: &Header| header.functions.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let header = read(&|_| false);
    assert_eq!(names(&header), ["part"]);
    let files: Vec<_> =
        header.files.iter().map(|file| (file.path.file_name().unwrap(), file.functions, file.own)).collect();
    assert_eq!(files, [("part.h".as_ref(), 1, true), ("more.h".as_ref(), 2, false)]);
    let header = read(&|path| super::is_from(path, "other/*"));
    assert_eq!(names(&header), ["part", "more", "most"]);
    assert_eq!(header.constants.len(), 1, "{:?}", header.constants);
}
