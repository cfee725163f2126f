mod types;

use super::*;
use cloison_contract::types::CType;
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
        wide if wide.is_wide_char() => "wchar_t".into(),
        CType::Scalar { character: true, .. } => "char".into(),
        CType::Scalar { scalar, .. } => format!("{scalar:?}"),
        CType::Void => "void".into(),
        CType::Wide(wide) => format!("{wide:?}"),
        CType::Array { of, length } => format!("[{}; {length}]", show(of)),
        CType::Enum { id, scalar } => format!("enum {} {scalar:?}", id.0),
        CType::Opaque(id) => format!("opaque {}", id.0),
        CType::Record { id, layout } => format!("record {} {}/{}", id.0, layout.size, layout.align),
        CType::Function(signature) => {
            let parameters: Vec<_> =
                signature.parameters.iter().map(|(name, one)| format!("{name}:{}", show(one))).collect();
            format!("fn({}) {}", parameters.join(", "), show(&signature.result))
        }
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
fn words_of_cpp_are_names_in_c() {
    for text in ["void f(int class)", "void f(unsigned class, int template)", "void f(const char *virtual)"] {
        prototype(text);
    }
    for text in ["virtual int f(int a)", "int virtual f(int a)", "class widget *f(void)", "int operator+(int a)"] {
        let (message, at) = mistake(text);
        assert_eq!(message, format!("`{at}` is C++"));
    }
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
    let declaration = parse("typedef int (*compare)(const void *, const void *, ...)", &|_| false).unwrap();
    assert!(declaration.typedef);
    let UnqualifiedType::Pointer(function) = declaration.c_type.kind else { panic!("no pointer") };
    let UnqualifiedType::Function { parameters, variadic, .. } = function.kind else { panic!("no function") };
    assert_eq!(parameters.len(), 2);
    assert!(variadic.is_some());

    let declaration = parse("void (*signal(int sig, void (*func)(int)))(int)", &|_| false).unwrap();
    assert_eq!(declaration.name.unwrap().text, "signal");
    let UnqualifiedType::Function { returns, parameters, .. } = declaration.c_type.kind else { panic!("no function") };
    assert!(matches!(returns.kind, UnqualifiedType::Pointer(_)));
    assert!(matches!(parameters[1].c_type.kind, UnqualifiedType::Pointer(_)));

    let declaration = parse("struct point *const table[3][4]", &|_| false).unwrap();
    let UnqualifiedType::Array { of, length } = declaration.c_type.kind else { panic!("no array") };
    assert!(matches!(length, ArrayLength::Constant(_)));
    let UnqualifiedType::Array { of, .. } = of.kind else { panic!("no array of arrays") };
    assert!(of.constant && matches!(of.kind, UnqualifiedType::Pointer(_)));
}

#[test]
fn functions_and_pointers_to_pointers() {
    for (text, expected) in [
        ("int (*x)(const void *, const void *b)", "*fn(:*const void, b:*const void) I32"),
        ("int x(int a)", "*fn(a:I32) I32"),
        ("void (*x)(void)", "*fn() void"),
        ("void (**x)(int[4], char f(void))", "**fn(:*I32, f:*fn() char) void"),
        ("char **x", "**char"),
        ("const char *const *x", "*const *const char"),
        ("char *x[]", "**char"),
        ("double x[3][4]", "*[F64; 4]"),
        ("const double x[][2 * 2]", "*const [F64; 4]"),
        ("double (*x)[3]", "*[F64; 3]"),
        ("int (*(*x)(int a))(double)", "*fn(a:I32) *fn(:F64) I32"),
        ("int (*x)(size_t)", "*fn(:U64) I32"),
        ("int x(size_t)", "*fn(:U64) I32"),
    ] {
        assert_eq!(parameter(text), expected, "{text}");
    }
    assert_eq!(prototype("void f(int m[2][3])").parameters[0].array, Some(2));
    assert_eq!(prototype("void f(int m[n][3])").parameters[0].array, None);
}

#[test]
fn wide_numbers() {
    for (text, expected) in [
        ("long double x", "LongDouble"),
        ("double long x", "LongDouble"),
        ("float _Complex x", "ComplexF32"),
        ("_Complex double x", "ComplexF64"),
        ("double complex x", "ComplexF64"),
        ("complex double x", "ComplexF64"),
        ("const complex long double *x", "*const ComplexLong"),
        ("long double complex *x", "*ComplexLong"),
        ("double complex", "F64"),
        ("_Float64 x", "F64"),
        ("wchar_t *x", "*wchar_t"),
    ] {
        assert_eq!(parameter(text), expected, "{text}");
    }
}

#[test]
fn forms_of_variadic_functions() {
    let names = Names::new();
    let text = "int printf(const char *format, ...)";
    let form = Prototype::parse_form(text, "int a, double b, const char *c", &names).unwrap();
    assert_eq!(form.variadic, Some(1));
    let types: Vec<_> = form.parameters.iter().map(|one| format!("{} {}", one.name.text, show(&one.c_type))).collect();
    assert_eq!(types, ["format *const char", "a I32", "b F64", "c *const char"]);
    assert_eq!(Prototype::parse_form(text, "void", &names).unwrap().parameters.len(), 1);
    assert_eq!(Prototype::parse_form(text, "", &names).unwrap().parameters.len(), 1);
    assert_eq!(prototype("int f(int a)").variadic, None);
    for (text, form, in_text, in_form) in [
        (text, "float a", None, Some("behind `...`, C passes `a` as a double")),
        (text, "char a", None, Some("behind `...`, C passes `a` as an int")),
        (text, "_Bool a", None, Some("behind `...`, C passes `a` as an int")),
        (text, "int format", None, Some("there are two parameters `format`")),
        (text, "int", None, Some("this parameter has no name")),
        (text, "int a,", None, Some("a parameter was expected after the comma")),
        (text, "int a)", None, Some("`)` was not expected here")),
        (text, "int a, ...", None, Some("this stands for `...` and cannot have one itself")),
        (text, "uLong a", None, Some("`uLong` is not a type that is known here")),
        ("int f(uLong a, ...)", "int b", Some("`uLong` is not a type that is known here"), None),
        ("int f(int a)", "int b", None, Some("`f` has no variable arguments")),
        ("int f", "int b", Some("`f` is not a function"), None),
    ] {
        let mistakes = Prototype::parse_form(text, form, &names).unwrap_err();
        let first = |list: &[crate::diagnostic::Mistake]| list.first().map(|one| one.message.clone());
        assert_eq!(first(&mistakes.in_text).as_deref(), in_text, "{text} {form}");
        assert_eq!(first(&mistakes.in_form).as_deref(), in_form, "{text} {form}");
    }
}

#[test]
fn refusals_give_a_reason_and_a_place() {
    for (text, message, place) in [
        ("int f(const char *format, ...)", "the types of the variable arguments are missing", "..."),
        ("int f(int (*p)(int, ...))", "a function behind a pointer has a fixed number of parameters here", "..."),
        ("int f(const char *)", "this parameter has no name", "const char *"),
        ("int f(int, int b)", "this parameter has no name", "int"),
        ("int f(struct point p)", "`struct point` is not declared", "struct point"),
        ("int f(const struct point *p)", "`struct point` is not declared", "const struct point"),
        ("int f(enum color c)", "`enum color` is not declared", "enum color"),
        ("uLong f(int a)", "`uLong` is not a type that is known here", "uLong"),
        ("int f(va_list list)", "`va_list` is not a type that is known here", "va_list"),
        ("int f(__int128 x)", "`__int128` cannot be passed", "__int128"),
        ("int f(unsigned __int128 *x)", "`__int128` cannot be passed", "unsigned __int128"),
        ("int f(__float128 x)", "`_Float128` cannot be passed", "__float128"),
        ("int f(_Decimal64 x)", "`_Decimal64` cannot be passed", "_Decimal64"),
        ("int f(void x)", "a parameter cannot be void", "void x"),
        ("int f(int a, int a)", "there are two parameters `a`", "a"),
        ("int f", "`f` is not a function", "f"),
        ("int (*f)(void)", "`f` is a pointer to a function, not a function", "f"),
        ("typedef int number", "a function was expected, not a typedef", "typedef int number"),
        ("int (int a)", "the function has no name", "int (int a)"),
        ("int f(double m[][])", "this array has no length", "[]"),
        ("int f(double m[3][n])", "`n` is not a constant that is known here", "n"),
        ("int f(double m[3][0])", "this array has no length", "[0]"),
        ("int f(double m[3][-1])", "-1 is no length of an array", "[-1]"),
        ("int f(double m[3][(int)4])", "this is not the whole length", "(int)"),
        (
            "int f(int a __attribute__((vector_size(16))))",
            "the attribute `vector_size` is not supported",
            "vector_size",
        ),
        ("int f(int a __attribute__((mode(QI))))", "the attribute `mode` is not supported", "mode"),
        ("int f(struct point { int x; } p)", "the members of a struct have no place in a prototype", "{"),
        ("int _Complex f(void)", "`int _Complex` is no type", "int _Complex"),
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
    let mistakes = Prototype::parse("uLong f(struct s a, int (*b)(uInt, uInt), int, ...)", &Names::new()).unwrap_err();
    assert_eq!(mistakes.len(), 6, "{mistakes:?}");
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
        assert!(parse(&text, &|_| false).is_err());
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
