use super::*;
use crate::types::CType;
use proptest::prelude::*;

fn prototype(text: &str) -> Prototype {
    Prototype::parse(text, &Names::new()).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"))
}

fn mistake(text: &str) -> (String, String) {
    let mistakes = Prototype::parse(text, &Names::new()).expect_err(text);
    let first = &mistakes[0];
    (first.message.clone(), text[first.span.clone()].to_owned())
}

/// A type as short text: `*const char`, `U64`.
fn show(c_type: &CType) -> String {
    match c_type {
        CType::Pointer { to, constant } => format!("*{}{}", if *constant { "const " } else { "" }, show(to)),
        CType::Scalar { character: true, .. } => "char".into(),
        CType::Scalar { scalar, .. } => format!("{scalar:?}"),
        CType::Void => "void".into(),
        other => format!("{other:?}"),
    }
}

fn parameter(text: &str) -> String {
    show(&prototype(&format!("void f({text})")).parameters[0].c_type)
}

#[test]
fn prototypes_from_headers() {
    let found = prototype(
        "extern int compress2(unsigned char *dest, unsigned long *destLen, const unsigned char *source, unsigned long sourceLen, int level);",
    );
    assert_eq!(found.name.text, "compress2");
    let types: Vec<_> = found.parameters.iter().map(|one| format!("{} {}", one.name.text, show(&one.c_type))).collect();
    assert_eq!(types, ["dest *U8", "destLen *U64", "source *const U8", "sourceLen U64", "level I32"]);
    assert_eq!(show(&found.result), "I32");
    assert_eq!(show(&prototype("const char *zlibVersion(void)").result), "*const char");
    assert_eq!(prototype("int f()").parameters, []);
}

#[test]
fn specifiers_stand_in_any_order() {
    for text in [
        "unsigned long int x",
        "long unsigned x",
        "int long unsigned x",
        "long unsigned long int x",
        "long const unsigned x",
    ] {
        assert_eq!(parameter(text), "U64", "{text}");
    }
    assert_eq!(parameter("signed x"), "I32");
    assert_eq!(parameter("int short x"), "I16");
    assert_eq!(parameter("char unsigned x"), "U8");
    assert_eq!(parameter("char x"), "char");
    assert_eq!(parameter("_Bool x"), "Bool");
    assert_eq!(parameter("bool x"), "Bool");
}

#[test]
fn typedefs_have_the_widths_of_glibc() {
    for (text, expected) in [
        ("size_t x", "U64"),
        ("const ssize_t x", "I64"),
        ("uint_fast16_t x", "U64"),
        ("int_least16_t x", "I16"),
        ("mode_t x", "U32"),
        ("off_t x", "I64"),
        ("uint8_t const *x", "*const U8"),
        ("wint_t x", "U32"),
    ] {
        assert_eq!(parameter(text), expected, "{text}");
    }
}

#[test]
fn declarators() {
    for (text, expected) in [
        ("char *x", "*char"),
        ("const char *x", "*const char"),
        ("char const *x", "*const char"),
        ("char *const x", "*char"),
        ("const char *restrict const x", "*const char"),
        ("unsigned char x[16]", "*U8"),
        ("const int x[]", "*const I32"),
        ("double x[static 4]", "*F64"),
        ("double x[rows * 2]", "*F64"),
        ("int (x)", "I32"),
        ("int ((*x))", "*I32"),
        ("const void *x", "*const void"),
        ("int __attribute__((unused)) x", "I32"),
        ("int x __attribute__((unused))", "I32"),
        ("volatile int *x /* why */", "*I32"),
    ] {
        assert_eq!(parameter(text), expected, "{text}");
    }
    assert_eq!(prototype("void f(unsigned char digest[0x10])").parameters[0].array, Some(16));
    assert_eq!(prototype("void f(unsigned char digest[])").parameters[0].array, None);
    assert_eq!(prototype("int (f)(int a)").name.text, "f");
    assert_eq!(prototype("char (*f(int a))").name.text, "f");
}

#[test]
fn trees_know_more_than_can_be_called() {
    let declaration = parse("typedef int (*compare)(const void *, const void *, ...)").unwrap();
    assert!(declaration.typedef);
    let TypeKind::Pointer(function) = declaration.c_type.kind else { panic!("no pointer") };
    let TypeKind::Function { parameters, variadic, .. } = function.kind else { panic!("no function") };
    assert_eq!(parameters.len(), 2);
    assert!(variadic.is_some());

    let declaration = parse("void (*signal(int sig, void (*func)(int)))(int)").unwrap();
    assert_eq!(declaration.name.unwrap().text, "signal");
    let TypeKind::Function { returns, parameters, .. } = declaration.c_type.kind else { panic!("no function") };
    assert!(matches!(returns.kind, TypeKind::Pointer(_)));
    assert!(matches!(parameters[1].c_type.kind, TypeKind::Pointer(_)));

    let declaration = parse("struct point *const table[3][4]").unwrap();
    let TypeKind::Array { of, length } = declaration.c_type.kind else { panic!("no array") };
    assert_eq!(length, ArrayLength::Fixed(3));
    let TypeKind::Array { of, .. } = of.kind else { panic!("no array of arrays") };
    assert!(of.constant && matches!(of.kind, TypeKind::Pointer(_)));
}

#[test]
fn refusals_give_a_reason_and_a_place() {
    for (text, message, place) in [
        (
            "int f(int (*compare)(int, int))",
            "`compare` is a pointer to a function, and callbacks are not supported yet",
            "compare",
        ),
        (
            "int f(int compare(int a))",
            "`compare` is a pointer to a function, and callbacks are not supported yet",
            "compare",
        ),
        ("int printf(const char *format, ...)", "the types of the variable arguments are missing", "..."),
        ("int f(const char *)", "this parameter has no name", "const char *"),
        ("int f(int, int b)", "this parameter has no name", "int"),
        ("int f(struct point p)", "`struct point` is not supported yet", "struct point"),
        ("int f(const struct point *p)", "pointers to `struct point` are not supported yet", "const struct point"),
        ("int f(enum color c)", "`enum color` is not supported yet", "enum color"),
        ("uLong f(int a)", "`uLong` is not a type that is known here", "uLong"),
        ("int f(char **names)", "a pointer to a pointer cannot be passed yet", "char *"),
        ("int f(long double x)", "`long double` is not supported yet", "long double"),
        ("int f(void x)", "a parameter cannot be void", "void x"),
        ("int f(int a, int a)", "there are two parameters `a`", "a"),
        ("int f", "`f` is not a function", "f"),
        ("int (*f)(void)", "`f` is a pointer to a function, not a function", "f"),
        ("typedef int number", "a function was expected, not a typedef", "typedef int number"),
        ("int (int a)", "the function has no name", "int (int a)"),
        ("int f(double m[3][3])", "an array of arrays cannot be passed yet", "[3]"),
    ] {
        assert_eq!(mistake(text), (message.to_owned(), place.to_owned()), "{text}");
    }
}

#[test]
fn syntax_errors_have_a_place() {
    for (text, message, place) in [
        ("int ZEXPORT f(int a)", "two names follow each other: `ZEXPORT` and `f`", "f"),
        ("int f(int a", "`)` was expected before the end", ""),
        ("int f(int a,)", "a parameter was expected after the comma", ")"),
        ("int f(int a = 3)", "a prototype has no default values", "="),
        ("int f(int a) { return a; }", "only the declaration is wanted here, without a body", "{"),
        ("int f(int a); int g(int b);", "one declaration is wanted here, not several", "int"),
        ("int f(std::string &s)", "`&` has no place in a C declaration", "&"),
        ("f(int a)", "`f` has no return type", "f"),
        ("", "a type was expected, not the end", ""),
        ("unsigned float f(void)", "`unsigned float` is no type", "unsigned float"),
        ("signed unsigned f(void)", "`signed` and `unsigned` can stand only once", "signed unsigned"),
        ("int f(int a /* oops)", "this comment has no end", "/*"),
        ("int f(size_t int n)", "`size_t` and `int` do not go together", "int"),
        ("int f(struct { int a; } s)", "the name of the struct was expected, not `{`", "{"),
        ("int f(int a; int b)", "one declaration is wanted here, not several", ";"),
    ] {
        let (found, at) = mistake(text);
        assert_eq!((found.as_str(), at.as_str()), (message, place), "{text}");
    }
}

#[test]
fn every_mistake_of_a_prototype_is_found_at_once() {
    let mistakes = Prototype::parse("uLong f(struct s a, int (*b)(void), int, ...)", &Names::new()).unwrap_err();
    assert_eq!(mistakes.len(), 5, "{mistakes:?}");
}

#[test]
fn deep_nesting_is_refused() {
    for text in [
        format!("int {}f(void)", "*".repeat(10_000)),
        format!("int {}f{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("int f{}", "[1]".repeat(10_000)),
        format!("int f{}", "(int a".repeat(10_000)),
        format!("int f({}int z)", "int a,".repeat(10_000)),
    ] {
        assert!(parse(&text).is_err());
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}") {
        if let Err(mistakes) = Prototype::parse(&text, &Names::new()) {
            for mistake in mistakes {
                prop_assert!(text.get(mistake.span).is_some());
            }
        }
    }

    #[test]
    fn nearly_right_texts_do_not_panic(
        text in r"(int |char |const |unsigned |long |void|struct s |size_t |f|a|\*|\(|\)|\[|\]|,|;|\.\.\.|16|__attribute__|/\*|\*/){0,30}"
    ) {
        if let Err(mistakes) = Prototype::parse(&text, &Names::new()) {
            for mistake in mistakes {
                prop_assert!(text.get(mistake.span).is_some());
            }
        }
    }

    #[test]
    fn generated_types_are_read_as_they_were_meant(
        (words, expected) in prop::sample::select(vec![
            (vec!["unsigned", "long", "int"], "U64"), (vec!["short", "int"], "I16"), (vec!["unsigned", "char"], "U8"),
            (vec!["long", "long", "unsigned"], "U64"), (vec!["double"], "F64"), (vec!["int"], "I32"),
        ]).prop_flat_map(|(words, expected)| (Just(words).prop_shuffle(), Just(expected))),
        constant in any::<bool>(),
        pointer in any::<bool>(),
        parentheses in 0usize..4,
    ) {
        let name = format!("{}{}x{}", "(".repeat(parentheses), if pointer { "*" } else { "" }, ")".repeat(parentheses));
        let text = format!("{} {}{name}", words.join(" "), if constant { "const " } else { "" });
        let expected = match (pointer, constant) {
            (true, true) => format!("*const {expected}"),
            (true, false) => format!("*{expected}"),
            (false, _) => expected.to_owned(),
        };
        prop_assert_eq!(parameter(&text), expected);
    }
}
