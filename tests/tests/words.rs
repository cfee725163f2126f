//! One word for one thing: a public type's name is used once in the product, or a line says why it is used more often. Words that
//! were replaced by the field's own terms do not come back in names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Names that are defined more than once, each with the reason why different things may be called so.
const SHARED: &[(&str, &str)] = &[
    (
        "Error",
        "each is its crate's only error, and is called so from outside: cloison_sandbox::Error, cloison_xml::Error",
    ),
    ("Function", "a C function: as the manifest's table (`raw::…`) has it, checked, and as a Python object"),
    ("Handle", "a type of the contract whose objects stay in the zone, and the Python object that stands for one"),
    (
        "Key",
        "a key of a manifest: as the table of all keys describes it, and one that has been read, with its value (`raw::Key`)",
    ),
    ("Member", "a record's member: as the manifest's table (`raw::…`) has it, and checked"),
    (
        "Overrun",
        "the same event: by numbers on the status page, and by names in the message that the broker makes of it",
    ),
    ("Parameter", "a parameter: as the manifest's table (`raw::…`) has it, and checked"),
    ("Process", "a microprocess: as the broker's table has it, and as Python names it (`cloison.Process`)"),
    ("Raises", "`raises`: as the manifest's table (`raw::…`) has it, and checked"),
    ("Returns", "`returns`: as the manifest's table (`raw::…`) has it, and checked"),
    (
        "Template",
        "the same process: in the broker's table, and as the stage of the jail (`Jail<Template>`) in which it is",
    ),
];

/// Words that name no type any more, alone or as a part of a name, and what does instead.
const OLD_TYPES: &[(&str, &str)] = &[
    ("Cell", "scalar pointer"),
    ("Crew", "thread pool"),
    ("Desk", "call state"),
    ("Front", "dispatcher"),
    ("Gate", "job queue"),
    ("Give", "encode"),
    ("Inquiry", "callback call"),
    ("Late", "callback timeout"),
    ("Lie", "protocol violation"),
    ("Mother", "fork server"),
    ("Room", "buffer, capacity or space"),
    ("Station", "worker context"),
    ("Take", "decode"),
];

/// The same of whole names alone: a `NetPlace` says what it is the place of.
const OLD_NAMES: &[(&str, &str)] =
    &[("Place", "out-pointer, or what it is the place of"), ("Question", "callback call, or which message it is")];

/// The same of functions.
const OLD_FUNCTIONS: &[(&str, &str)] = &[
    ("cell", "scalar pointer, or what it points to"),
    ("cells", "scalar pointers, or what they point to"),
    ("crew", "thread pool"),
    ("desk", "call state"),
    ("inquiry", "callback call"),
    ("lied", "protocol violation"),
    ("mother", "fork server"),
    ("mothers", "fork server"),
    ("note_late", "callback timeout"),
];

/// Folders with sources that are not the product's, and what cargo makes.
const SKIPPED: [&str; 4] = ["benches", "target", "tests", "tests.rs"];

/// Where public types are defined, by name: `FILE:LINE`.
type Definitions = BTreeMap<String, Vec<String>>;

#[test]
fn a_public_type_s_name_is_defined_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository");
    let definitions = definitions(root);
    assert!(definitions.len() > 300, "only {} public types found below {}", definitions.len(), root.display());
    let wrong = compare(&definitions, SHARED);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn second_definitions_and_needless_reasons_are_found() {
    let mut found = Definitions::new();
    let texts = [
        ("a.rs", "/// pub struct Other\npub struct Twice<T> {}\npub(crate) enum Once {}\nstruct Alone;\n"),
        ("b.rs", "    pub(in crate::x) unsafe trait Twice: Send {}\npub type Alone = u8;\npub fn Once() {}\n"),
        ("c.rs", "pub(super) union Twice {}\npub typed: u8,\n"),
    ];
    for (file, text) in texts {
        read(file, text, &mut found);
    }
    assert_eq!(found.keys().collect::<Vec<_>>(), ["Alone", "Once", "Twice"]);
    assert_eq!(found["Twice"], ["a.rs:2", "b.rs:1", "c.rs:1"]);

    let wrong = compare(&found, &[("Alone", "it was two things once")]);
    assert!(wrong.contains("`Twice` is defined at a.rs:2, b.rs:1 and c.rs:1"), "{wrong}");
    assert!(wrong.contains("`Alone` is defined at b.rs:2 alone"), "{wrong}");
    assert!(!wrong.contains("Once"), "{wrong}");
    assert!(compare(&found, &[("Gone", "it is not there at all")]).contains("`Gone` is defined nowhere"));
    assert!(compare(&found, &[("Twice", " ")]).contains("no reason"));
    assert_eq!(compare(&found, &[("Twice", "three kinds of it")]), "");
}

#[test]
fn old_words_name_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository");
    let mut wrong = String::new();
    for path in rust_files(root, &["target"]) {
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{shown}: {error}"));
        wrong += &old_words(&shown, &text);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn old_words_are_found() {
    let found = |text: &str| old_words("a.rs", text);
    assert!(found("/// It.\n    pub(crate) unsafe fn set_cell(&mut self) {").contains("a.rs:2: `set_cell`"));
    assert!(found("struct NumberCell {").contains("scalar pointer"));
    assert!(found("pub async fn note_late()").contains("callback timeout"));
    assert!(found("type Question;").contains("callback call"));
    assert!(found("enum Place<'a> {").contains("out-pointer"));
    assert!(found("unsafe extern \"C\" fn crew() {}").contains("thread pool"));
    let fine = "struct Cellar;\nenum OnceCell2 {}\nfn excellent() {}\nfn tell_late() {}\n// fn cell()\nlet cell = 1;\nstruct NetPlace;\nfn Place() {}\n";
    assert_eq!(found(fine), "");
}

/// Which names of types and functions that a file defines have an old word in them, a line for each.
fn old_words(file: &str, text: &str) -> String {
    let mut wrong = String::new();
    for (index, line) in text.lines().enumerate() {
        let Some((name, is_function)) = definition(line) else { continue };
        let parts = if is_function { format!("_{name}_") } else { camel_parts(name) };
        let old = if is_function { OLD_FUNCTIONS } else { OLD_TYPES };
        let whole = OLD_NAMES.iter().filter(|(word, _)| !is_function && name == *word);
        let part = old.iter().filter(|(word, _)| parts.contains(&format!("_{word}_")));
        for (word, instead) in part.chain(whole) {
            let _ = writeln!(wrong, "{file}:{}: `{name}`: what was called `{word}` is: {instead}", index + 1);
        }
    }
    wrong
}

/// `_Number_Cell_`
fn camel_parts(name: &str) -> String {
    let mut parts = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            parts.push('_');
        }
        parts.push(character);
    }
    parts + "_"
}

/// The name of the type or function whose definition begins in this line, public or not, and whether it is a function's.
fn definition(line: &str) -> Option<(&str, bool)> {
    let mut words = line.split_whitespace();
    let before = ["async", "const", "extern", "\"C\"", "unsafe"];
    let kind = words.find(|word| !word.starts_with("pub") && !before.contains(word) && !word.ends_with(')'))?;
    if !["enum", "fn", "struct", "trait", "type", "union"].contains(&kind) {
        return None;
    }
    let name = words.next()?.split(|other: char| !other.is_alphanumeric() && other != '_').next()?;
    (!name.is_empty()).then_some((name, kind == "fn"))
}

/// What is wrong with names and reasons, a paragraph for each; empty if nothing is.
fn compare(definitions: &Definitions, shared: &[(&str, &str)]) -> String {
    let mut wrong = String::new();
    let reasons: BTreeSet<&str> = shared.iter().map(|(name, _)| *name).collect();
    let twice = definitions.iter().filter(|(name, places)| places.len() > 1 && !reasons.contains(name.as_str()));
    for (name, places) in twice {
        let _ = writeln!(
            wrong,
            "`{name}` is defined at {}.\n  Give one of them a name that says what it is (the field's own term, if it has one; \
             see \"Words\" in docs/architecture.md). If both really are that, add a line `(\"{name}\", \"why\")` to SHARED in \
             tests/tests/words.rs.\n",
            list(places)
        );
    }
    for (name, reason) in shared {
        let places = definitions.get(*name).map_or(&[][..], Vec::as_slice);
        match places {
            [] => _ = writeln!(wrong, "`{name}` is defined nowhere: take it out of SHARED in tests/tests/words.rs.\n"),
            [place] => {
                _ = writeln!(
                    wrong,
                    "`{name}` is defined at {place} alone: take it out of SHARED in tests/tests/words.rs.\n"
                );
            }
            _ if reason.trim().is_empty() => _ = writeln!(wrong, "`{name}` has no reason in SHARED.\n"),
            _ => {}
        }
    }
    wrong
}

fn list(places: &[String]) -> String {
    match places {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        places => places.concat(),
    }
}

/// All public types of the product: of every `src` folder in the repository, but for test modules.
fn definitions(root: &Path) -> Definitions {
    let mut found = Definitions::new();
    for path in sources(root) {
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{shown}: {error}"));
        read(&shown, &text, &mut found);
    }
    found
}

/// The Rust files below `src` folders, sorted.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut files = rust_files(root, &SKIPPED);
    let product = |path: &Path| path.components().any(|part| part.as_os_str() == "src");
    files.retain(|path| path.strip_prefix(root).is_ok_and(product));
    files
}

/// The Rust files of the repository but for those folders, sorted.
fn rust_files(root: &Path, skipped: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("a folder's entry can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if skipped.contains(&name) || name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Adds the public types that a file defines.
fn read(file: &str, text: &str, found: &mut Definitions) {
    for (index, line) in text.lines().enumerate() {
        if let Some(name) = defined(line) {
            found.entry(name.to_owned()).or_default().push(format!("{file}:{}", index + 1));
        }
    }
}

/// The name of the public type whose definition begins in this line.
fn defined(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub")?;
    let rest = match rest.strip_prefix('(') {
        Some(scope) => scope.split_once(')')?.1,
        None => rest,
    };
    let rest = rest.strip_prefix(' ')?;
    let (kind, rest) = rest.strip_prefix("unsafe ").unwrap_or(rest).split_once(' ')?;
    let end = rest.find(|other: char| !other.is_alphanumeric() && other != '_').unwrap_or(rest.len());
    let name = &rest[..end];
    (["enum", "struct", "trait", "type", "union"].contains(&kind) && !name.is_empty()).then_some(name)
}
