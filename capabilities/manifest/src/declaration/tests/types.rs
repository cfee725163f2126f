//! Types of one's own.

use super::super::*;
use super::show;
use proptest::prelude::*;

/// Reads types, given as `key: text`, those of handles with a `!` before the key.
fn read(types: &[&str]) -> (Names, Vec<String>) {
    let split = |one: &&'static str| {
        let (key, text) = one.split_once(": ").unwrap();
        TypeText { key: key.trim_start_matches('!'), text, handle: key.starts_with('!') }
    };
    // The texts of tests live for ever, which the closure needs.
    let leaked: Vec<&'static str> = types.iter().map(|one| &*Box::leak(one.to_string().into_boxed_str())).collect();
    let texts: Vec<_> = leaked.iter().map(split).collect();
    let (names, meanings) = Names::read(&texts);
    let shown = meanings.iter().zip(&texts).map(|(meaning, text)| match meaning {
        Ok(meaning) => describe(meaning),
        Err(mistakes) => {
            let one = |mistake: &crate::diagnostic::Mistake| {
                format!("{} [{}]", mistake.message, &text.text[mistake.span.clone()])
            };
            format!("wrong: {}", mistakes.iter().map(one).collect::<Vec<_>>().join("; "))
        }
    });
    (names, shown.collect())
}

fn describe(meaning: &Meaning) -> String {
    match meaning {
        Meaning::Alias(c_type) => format!("alias {}", show(c_type)),
        Meaning::Enum { scalar, values } => {
            let values: Vec<_> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("enum {scalar:?} {}", values.join(" "))
        }
        Meaning::Opaque => "opaque".to_owned(),
        Meaning::Record { union, layout, members, .. } => {
            let members: Vec<_> = members
                .iter()
                .map(|member| {
                    let bits = member.bits.map_or(String::new(), |bits| format!(".{}:{}", bits.shift, bits.width));
                    format!("{} {} @{}{bits}", member.name.text, show(&member.c_type), member.offset)
                })
                .collect();
            let keyword = if *union { "union" } else { "struct" };
            format!("{keyword} {}/{} {{ {} }}", layout.size, layout.align, members.join(", "))
        }
    }
}

fn one(text: &str) -> String {
    read(&[&format!("t: {text}")]).1.remove(0)
}

/// What `e` stands for.
fn enumeration(names: &Names) -> cloison_contract::types::CType {
    Prototype::parse("e f(void)", names).unwrap().result
}

#[test]
fn structs_and_unions() {
    for (text, expected) in [
        ("struct point { double x, y; };", "struct 16/8 { x F64 @0, y F64 @8 }"),
        ("typedef struct { double x, y; } point", "struct 16/8 { x F64 @0, y F64 @8 }"),
        ("union value { int i; double d; }", "union 8/8 { i I32 @0, d F64 @0 }"),
        (
            "struct person { char name[16]; const char *mail; void *private; unsigned age : 7; };",
            "struct 40/8 { name [char; 16] @0, mail *const char @16, private *void @24, age U32 @32.0:7 }",
        ),
        ("struct m { float a[2][3], *b, c; int (*f)(int a, ...[]); };", "wrong: `,` or `)` was expected"),
        ("struct m { float a[2][3], *b, c; };", "struct 40/8 { a [[F32; 3]; 2] @0, b *F32 @24, c F32 @32 }"),
        ("struct node { struct node *next; int value; };", "struct 16/8 { next *record 0 16/8 @0, value I32 @8 }"),
        ("typedef struct node { struct node *next; } node, *list;", "struct 8/8 { next *record 0 8/8 @0 }"),
        (
            "struct s { int (*f)(const struct s *self, struct s by_value); };",
            "struct 8/8 { f *fn(self:*const record 0 8/8, by_value:record 0 8/8) I32 @0 }",
        ),
        (
            "struct s { unsigned a : 3, : 5, b : 8; int : 0; char c; };",
            "struct 8/4 { a U32 @0.0:3, b U32 @0.8:8, c char @4 }",
        ),
        ("struct s { char a; int b; } __attribute__((packed));", "struct 5/1 { a char @0, b I32 @1 }"),
        ("struct __attribute__((__packed__)) s { char a; int b; };", "struct 5/1 { a char @0, b I32 @1 }"),
        ("struct s { char a; int b __attribute__((packed)); };", "struct 5/1 { a char @0, b I32 @1 }"),
        ("struct s { char a; } __attribute__((aligned(8)));", "struct 8/8 { a char @0 }"),
        ("struct s { char a; } __attribute__((aligned));", "struct 16/16 { a char @0 }"),
        ("struct s { char a; _Alignas(4 * 2) char b; };", "struct 16/8 { a char @0, b char @8 }"),
        ("struct s { char a; int b __attribute__((packed, aligned(2))); };", "struct 6/2 { a char @0, b I32 @2 }"),
        (
            "struct s { long double a; float _Complex b; _Bool c; };",
            "struct 32/16 { a LongDouble @0, b ComplexF32 @16, c Bool @24 }",
        ),
        ("struct s { char a['\\n'], b[1 << 4 | 1]; };", "struct 27/1 { a [char; 10] @0, b [char; 17] @10 }"),
        ("typedef struct s { int a; } s; /* why */", "struct 4/4 { a I32 @0 }"),
    ] {
        let found = one(text);
        if expected.starts_with("wrong") {
            assert!(found.starts_with("wrong"), "{text}: {found}");
        } else {
            assert_eq!(found, expected, "{text}");
        }
    }
}

#[test]
fn enumerations() {
    for (text, expected) in [
        ("enum color { RED, GREEN = 4, BLUE };", "enum U32 RED=0 GREEN=4 BLUE=5"),
        ("typedef enum { A = -1, B, C = 'x', } letters;", "enum I32 A=-1 B=0 C=120"),
        ("enum flags { A = 1 << 0, B = 1 << 1, AB = A | B, NONE = ~AB & AB };", "enum U32 A=1 B=2 AB=3 NONE=0"),
        ("enum e { TOP = 1u << 31 };", "enum U32 TOP=2147483648"),
        ("enum e { TOP = 1 << 31 };", "enum I32 TOP=-2147483648"),
        ("enum e { A = 0x100000000 };", "enum U64 A=4294967296"),
        ("enum e { A = -1, B = 0xffffffff };", "enum I64 A=-1 B=4294967295"),
        ("enum e { A = ~0ul };", "enum U64 A=18446744073709551615"),
        (
            "enum e { A = ~0ul, B = -1 };",
            "wrong: no integer type has room for all of these values [enum e { A = ~0ul, B = -1 }]",
        ),
        ("enum e { A = 2147483647, B };", "wrong: the value of `B` would be too large for its type [B]"),
        ("enum e { A = B, B };", "wrong: `B` is not a constant that is known here [B]"),
        ("enum e { A, A };", "wrong: `A` is declared twice [A]"),
        ("enum e { A = sizeof(int) };", "wrong: `,` [x]"),
        ("enum e { };", "wrong: an enumeration has values [enum e { }]"),
        ("enum e;", "wrong: an enumeration has values [enum e]"),
        ("enum e { A } __attribute__((packed));", "wrong: packed or aligned enumerations are not supported [packed]"),
    ] {
        let found = one(text);
        if expected.ends_with("[x]") {
            assert!(found.starts_with("wrong"), "{text}: {found}");
        } else {
            assert_eq!(found, expected, "{text}");
        }
    }
}

#[test]
fn aliases_and_handles() {
    for (text, expected) in [
        ("typedef unsigned long uLong;", "alias U64"),
        ("typedef const char *text", "alias *const char"),
        ("typedef unsigned char digest[16];", "alias [U8; 16]"),
        ("typedef int (*compare)(const int *a, const int *b);", "alias *fn(a:*const I32, b:*const I32) I32"),
        ("typedef void visit(int)", "alias fn(:I32) void"),
        ("struct sqlite3;", "opaque"),
        ("typedef struct sqlite3 sqlite3;", "opaque"),
        ("typedef union u *u;", "opaque"),
        ("typedef void *context;", "alias *void"),
        ("typedef unsigned long size_t;", "alias U64"),
    ] {
        assert_eq!(one(text), expected, "{text}");
    }
    let (names, meanings) =
        read(&["!c: typedef void *context;", "!d: typedef struct db *db;", "!e: typedef struct f f;"]);
    assert_eq!(meanings, ["opaque", "opaque", "opaque"]);
    let text = "void f(context a, db b, struct db *c, f *d, context *e)";
    let found = Prototype::parse(text, &names).unwrap();
    let types: Vec<_> = found.parameters.iter().map(|one| show(&one.c_type)).collect();
    assert_eq!(types, ["*opaque 0", "*opaque 1", "*opaque 1", "*opaque 2", "**opaque 0"]);
}

#[test]
fn types_refer_to_each_other_in_any_order() {
    let (names, meanings) = read(&[
        "outer: typedef struct { inner_t in[N]; struct b *b; enum e e; db_t db; } outer;",
        "inner_t: typedef struct inner inner_t;",
        "b: struct b { outer *up; uLong n; callback *call; };",
        "inner: struct inner { short a, b; uLong c : 9; };",
        "uLong: typedef unsigned long uLong;",
        "e: enum e { ONE = 1, N = ONE + M };",
        "m: typedef enum { M = 2 } m;",
        "!db: typedef struct db *db_t;",
        "callback: typedef int callback(db_t, struct inner by_value);",
    ]);
    assert_eq!(
        meanings,
        [
            "struct 48/8 { in [record 2 8/8; 3] @0, b *record 1 24/8 @24, e enum 3 U32 @32, db *opaque 5 @40 }",
            "alias record 2 8/8",
            "struct 24/8 { up *record 0 48/8 @0, n U64 @8, call *fn(:*opaque 5, by_value:record 2 8/8) I32 @16 }",
            "struct 8/8 { a I16 @0, b I16 @2, c U64 @0.32:9 }",
            "alias U64",
            "enum U32 ONE=1 N=3",
            "enum U32 M=2",
            "opaque",
            "alias fn(:*opaque 5, by_value:record 2 8/8) I32",
        ]
    );
    assert_eq!(names.enumerator("N"), Some(3));
    assert_eq!(names.enumerator("X"), None);
    let text = "m f(outer o, const inner_t *i, callback c, callback *d, struct b *const *bs, inner_t is[N], uLong u)";
    let found = Prototype::parse(text, &names).unwrap();
    let types: Vec<_> = found.parameters.iter().map(|one| show(&one.c_type)).collect();
    let function = "*fn(:*opaque 5, by_value:record 2 8/8) I32";
    assert_eq!(
        types,
        ["record 0 48/8", "*const record 2 8/8", function, function, "*const *record 1 24/8", "*record 2 8/8", "U64"]
    );
    let typedefs: Vec<_> = found.parameters.iter().map(|one| one.typedef.as_deref()).collect();
    assert_eq!(typedefs, [Some("outer"), None, Some("callback"), Some("callback"), None, None, Some("uLong")]);
    assert_eq!(found.parameters[5].array, Some(3));
    assert_eq!(show(&found.result), "enum 4 U32");
    assert!(Prototype::parse_form("int g(int a, ...)", "inner_t i, m e", &names).is_ok());
}

#[test]
fn const_and_arrays_pass_through_typedefs() {
    let (names, _) = read(&["d: typedef unsigned char digest[16];", "c: typedef const char character;"]);
    let found = Prototype::parse("void f(digest a, const digest b, digest *c, character *d)", &names).unwrap();
    let types: Vec<_> = found.parameters.iter().map(|one| format!("{} {:?}", show(&one.c_type), one.array)).collect();
    assert_eq!(types, ["*U8 Some(16)", "*const U8 Some(16)", "*[U8; 16] None", "*const char None"]);
    let (names, _) = read(&["v: typedef void nothing;"]);
    assert_eq!(show(&Prototype::parse("nothing f(nothing *a)", &names).unwrap().result), "void");
    assert!(Prototype::parse("nothing f(nothing a)", &names).is_err());
}

#[test]
fn types_inside_others() {
    let (names, meanings) = read(&[
        "a: struct a { struct b { enum c { C = 3 } c[C]; } b; union u { int i; } u; };",
        "d: struct d { struct b b; };",
    ]);
    assert_eq!(
        meanings,
        ["struct 16/4 { b record 3 12/4 @0, u record 4 4/4 @12 }", "struct 12/4 { b record 3 12/4 @0 }"]
    );
    let inner: Vec<_> = names
        .inner()
        .iter()
        .map(|one| format!("{} {} {}", one.name.text, one.within, describe(&one.meaning)))
        .collect();
    assert_eq!(inner, ["c 0 enum U32 C=3", "b 0 struct 12/4 { c [enum 2 U32; 3] @0 }", "u 0 union 4/4 { i I32 @0 }"]);
    for text in ["struct a { struct { int x; } b; };", "struct a { union { int x; }; };", "struct a { enum { X } x; };"]
    {
        assert!(one(text).starts_with("wrong: "), "{text}");
    }
}

#[test]
fn mistakes_have_a_reason_and_a_place() {
    let mut differences = Vec::new();
    for (text, expected) in [
        ("struct s { struct s t; };", "a struct cannot contain itself [t]"),
        ("struct s { struct s t[2]; };", "a struct cannot contain itself [t[2]]"),
        ("struct s { int a; char data[]; };", "this array has no length [[]]"),
        ("struct s { int a; char data[0]; };", "this array has no length [[0]]"),
        ("struct s { char data[SIZE]; };", "`SIZE` is not a constant that is known here [SIZE]"),
        ("struct s { char data[sizeof(int)]; };", "this is not the whole length [sizeof]"),
        ("struct s { char data[-1]; };", "-1 is no length of an array [[-1]]"),
        ("struct s { int a; int a; };", "there are two members `a` [a]"),
        ("struct s { void a; };", "nothing is of type void [void]"),
        ("struct s { int f(void); };", "a function cannot be stored, only a pointer to it [(void)]"),
        ("struct s { uLong a; };", "`uLong` is not a type that is known here [uLong]"),
        ("struct s { struct t a; };", "`struct t` is not declared [struct t]"),
        ("struct s { int a : 33; };", "its type has 32 bits, not 33 [33]"),
        ("struct s { _Bool a : 2; };", "its type has 1 bit, not 2 [2]"),
        ("struct s { int a : -1; };", "its type has 32 bits, not -1 [-1]"),
        ("struct s { int a : 0; };", "`a` has no bits [0]"),
        ("struct s { double a : 3; };", "only integers can be bit-fields [a : 3]"),
        ("struct s { int a : 3 __attribute__((aligned(8))); };", "a bit-field cannot be aligned here [aligned(8)]"),
        (
            "struct s { int a __attribute__((aligned(3))); };",
            "3 is no alignment: 1, 2, 4 and so on up to 64 are [aligned(3)]",
        ),
        ("struct s { };", "this struct has no members with names [struct s { }]"),
        ("struct s { int : 3; };", "this struct has no members with names [struct s { int : 3; }]"),
        ("struct s { int; };", "this declares no member [int]"),
        ("struct s { struct t { int a; }; };", "this declares no member [struct t { int a; }]"),
        ("struct s { int a };", "`;` was expected, not `}` [}]"),
        ("struct s { int a b; };", "`;` was expected, not `b` [b]"),
        ("struct s { int a; ", "a type was expected, not the end []"),
        ("struct s { typedef int a; };", "a member is no typedef [typedef int]"),
        (
            "struct s { int *__attribute__((aligned(16))) a; };",
            "pointers cannot be packed or aligned like this [aligned(16)]",
        ),
        ("#pragma pack(1)\nstruct s { int a; };", "there are no pragmas here [#]"),
        ("struct { int a; };", "this struct has no name [struct { int a; }]"),
        ("struct s { int a; } s;", "`s` is a variable, not a type [s]"),
        ("int f(void);", "`f` is a function, not a type [f]"),
        ("int x", "`x` is a variable, not a type [x]"),
        ("int", "this declares no type [int]"),
        ("typedef int;", "this declares no type [typedef int]"),
        ("struct s { int a; }; struct t { int b; };", "one type is wanted here, not several [struct]"),
        ("typedef int a b;", "two names follow each other: `a` and `b` [b]"),
        (
            "typedef struct { char a; int b; } s __attribute__((packed));",
            "here this says nothing about the members [packed]",
        ),
        ("typedef int a __attribute__((aligned(8)));", "here this says nothing about the members [aligned(8)]"),
        (
            "typedef int a __attribute__((vector_size(16)));",
            "the attribute `vector_size` is not supported [vector_size]",
        ),
        ("typedef int size_t;", "`size_t` is another type in the C library [size_t]"),
        ("typedef a a;", "`a` is made of itself [a]"),
        ("typedef int (*f)(f);", "`f` is made of itself [f]"),
        (
            "struct s { char a[1 << 20][1 << 20]; };",
            "this is larger than anything that can be passed [struct s { char a[1 << 20][1 << 20]; }]",
        ),
        (
            "struct s { long a[1 << 30][1 << 30][1 << 30]; };",
            "this is larger than anything that can be passed [a[1 << 30][1 << 30][1 << 30]]",
        ),
    ] {
        let found = one(text);
        if found != format!("wrong: {expected}") {
            differences.push(format!("{text}\n    {found}\n    {expected}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn mistakes_between_types() {
    let (_, meanings) = read(&["!a: struct a { int x; };", "!b: typedef unsigned b;", "!c: typedef int (*c)(void);"]);
    assert_eq!(meanings[0], "wrong: a handle's members stay with the library [struct a { int x; }]");
    assert_eq!(meanings[1], "wrong: `b` is no type of objects that stay in the library [b]");
    assert_eq!(meanings[2], "wrong: `c` is no type of objects that stay in the library [c]");
    let (_, meanings) = read(&["a: struct a { int x; };", "b: struct a { int y; };", "c: struct a;"]);
    assert!(meanings[0].starts_with("struct") || meanings[0].starts_with("wrong"));
    assert!(meanings.iter().filter(|one| one.contains("`struct a` is declared twice")).count() == 2, "{meanings:?}");
    let (_, meanings) = read(&["a: struct a { struct b b; };", "b: struct b { struct a a; };"]);
    assert_eq!(meanings, ["wrong: ", "wrong: a struct cannot contain itself [a]"]);
    let (_, meanings) = read(&["a: typedef b a;", "b: typedef a b;"]);
    assert!(meanings.iter().any(|one| one.contains("is made of itself")), "{meanings:?}");
    let (_, meanings) = read(&["a: enum a { A = B };", "b: enum b { B = A };"]);
    assert!(meanings.iter().any(|one| one.contains("need each other's values")), "{meanings:?}");
    let (_, meanings) = read(&["a: struct a { union b *b; };", "b: struct b { int x; };"]);
    assert_eq!(meanings[0], "wrong: `b` is a struct, not a union [union b]");
    let (_, meanings) = read(&["a: struct a { struct h h; };", "!h: struct h;"]);
    assert!(meanings[0].contains("stands behind pointers only"), "{meanings:?}");
}

#[test]
fn one_mistake_does_not_bring_about_others() {
    let (names, meanings) = read(&[
        "a: struct a { uLong x; };",
        "b: struct b { struct a a; };",
        "c: struct c { int }; ",
        "d: struct d { struct c *c; };",
    ]);
    assert!(meanings[0].starts_with("wrong: `uLong`"));
    assert_eq!(meanings[1], "wrong: ");
    assert!(meanings[2].starts_with("wrong: the name of a member"), "{meanings:?}");
    assert_eq!(meanings[3], "wrong: ");
    for text in
        ["int f(struct a *a)", "int f(struct b b)", "int f(struct c *c, struct d *d)", "int f(int (*g)(struct a *))"]
    {
        assert_eq!(Prototype::parse(text, &names), Err(Vec::new()), "{text}");
    }
}

#[test]
fn names_help_when_they_are_misspelt() {
    let (names, _) = read(&["point: struct point { int x; };", "uLong: typedef unsigned long uLong;"]);
    let hint = |text: &str| Prototype::parse(text, &names).unwrap_err()[0].hint.clone().unwrap();
    assert!(hint("int f(point *p)").starts_with("write `struct point`"));
    assert_eq!(hint("int f(struct piont *p)"), "did you mean `struct point`?");
    assert_eq!(hint("int f(ulongg p)"), "did you mean `uLong`?");
}

#[test]
fn what_grows_without_end_is_refused() {
    let mut types = vec!["t0: typedef int (*t0)(int, int);".to_owned()];
    types.extend((1..20).map(|n| format!("t{n}: typedef int (*t{n})(t{m}, t{m}, t{m}, t{m}, t{m}, t{m});", m = n - 1)));
    let (_, meanings) = read(&types.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(meanings.iter().any(|one| one.contains("made of too many types")));
    for (first, next) in [
        ("t0: typedef int t0;", "typedef t{m} *t{n};"),
        ("t0: struct t0 { int x; };", "struct t{n} { struct t{m} x; };"),
        ("t0: enum t0 { T0 };", "enum t{n} { T{n} = T{m} + 1 };"),
    ] {
        let text =
            |n: usize| format!("t{n}: {}", next.replace("{n}", &n.to_string()).replace("{m}", &(n - 1).to_string()));
        // The last one comes first, so that it needs all others at once.
        let types: Vec<_> = (1..5000).rev().map(text).chain([first.to_owned()]).collect();
        let (_, meanings) = read(&types.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(meanings.iter().any(|one| one.starts_with("wrong: ") && one.len() > 7), "{first}");
    }
}

proptest! {
    #[test]
    fn nearly_right_types_do_not_panic(
        texts in prop::collection::vec(
            r"(typedef |struct |union |enum |a|b|c|d|\{|\}|;|int |char |\*|\(|\)|\[|\]|,|=|:|3|\+|<<|'x'|__attribute__\(\(packed\)\)|_Alignas\(8\)| ){0,24}",
            1..5,
        ),
        handles in any::<[bool; 5]>(),
    ) {
        let keys = ["a", "b", "c", "d", "e"];
        let given: Vec<_> = texts.iter().enumerate().map(|(n, text)| TypeText { key: keys[n], text, handle: handles[n] }).collect();
        let (_, meanings) = Names::read(&given);
        let wrong = meanings.iter().any(|meaning| meaning.is_err());
        let explained = meanings.iter().any(|meaning| matches!(meaning, Err(mistakes) if !mistakes.is_empty()));
        prop_assert_eq!(wrong, explained);
        for (meaning, text) in meanings.iter().zip(&texts) {
            for mistake in meaning.as_ref().err().into_iter().flatten() {
                prop_assert!(text.get(mistake.span.clone()).is_some());
            }
        }
    }

    /// Types that are right, in a random order and with some of them broken: every wrong one is explained somewhere.
    #[test]
    fn broken_types_are_explained(
        order in Just((0usize..9).collect::<Vec<_>>()).prop_shuffle(),
        broken in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        cut in any::<prop::sample::Index>(),
    ) {
        let right = [
            "struct a { struct b b; e e; c *c; };", "struct b { int x[N]; struct a *a; };", "typedef struct a c;",
            "struct d { c c; h h; f f; };", "typedef enum { N = M } e;", "typedef int (*f)(c, struct d *);",
            "enum g { M = 4 };", "typedef struct h *h;", "typedef e i[M];",
        ];
        let keys = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let mut texts: Vec<String> = right.iter().map(|text| text.to_string()).collect();
        for index in &broken {
            let text = index.get(&right);
            let at = right.iter().position(|one| one == text).unwrap();
            texts[at] = text[..cut.index(text.len())].to_owned();
        }
        let given: Vec<_> = order.iter().map(|&n| TypeText { key: keys[n], text: &texts[n], handle: keys[n] == "h" }).collect();
        let (names, meanings) = Names::read(&given);
        let wrong = meanings.iter().any(|meaning| meaning.is_err());
        let explained = meanings.iter().any(|meaning| matches!(meaning, Err(mistakes) if !mistakes.is_empty()));
        prop_assert_eq!(wrong, explained);
        prop_assert!(!broken.is_empty() || !wrong);
        if broken.is_empty() {
            let found = Prototype::parse("i *f(struct d *d)", &names).unwrap();
            prop_assert_eq!(names.enumerator("N"), Some(4));
            prop_assert_eq!(show(&found.result), format!("*[{}; 4]", show(&enumeration(&names))));
        }
    }
}
