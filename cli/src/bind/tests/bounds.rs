//! Headers that are made to overflow a stack, or to keep the command busy: each comes to an end, and says what it left out.

use super::drafted;
use std::fmt::Write;

#[test]
fn what_is_nested_too_deep_is_left_out() {
    let many = |text: &str| text.repeat(4000);
    for deep in [
        format!("enum e {{ A = {}1{} }};", many("("), many(")")),
        format!("enum e {{ A = {}1 }};", many("-")),
        format!("struct x {{ {} int a; {} }};", many("struct {"), many("};")),
        format!("int g(int {}x);", many("*")),
    ] {
        let draft = drafted(&format!("{deep}\nint f(int x);\n"), &[]);
        assert!(draft.text.contains("# could not be read: ") && draft.through == 1, "{}", draft.text);
    }
    let body = format!("static inline int g(void) {{ {}{} return 0; }}\nint f(int x);\n", many("{"), many("}"));
    assert_eq!(drafted(&body, &[]).through, 1);
    // What is not too deep for a manifest's constants is read, on whatever thread this runs.
    let nested = format!("enum e {{ A = {}1{} }};\nint f(enum e x);\n", "(sizeof(int[1+".repeat(20), "]))".repeat(20));
    drafted(&nested, &[]);
    let nested = format!("enum e {{ A = {}1{} }};\nint f(enum e x);\n", "(".repeat(10), ")".repeat(10));
    assert_eq!(drafted(&nested, &[]).through, 1);
}

/// Each typedef has the one before it twice: 2 to the power of 60 when they are written out.
#[test]
fn typedefs_that_double_come_to_an_end() {
    let mut header = "typedef int (*f0)(int a);\n".to_owned();
    for at in 1..60 {
        let before = at - 1;
        let _ = writeln!(header, "typedef int (*f{at})(f{before} a, f{before} b);");
    }
    let draft = drafted(&format!("{header}int f(f59 x);\nint g(int a);\n"), &[]);
    assert_eq!((draft.through, draft.cannot), (1, 1), "{}", draft.text);
    let mut header = "struct s0 { int a; };\n".to_owned();
    for at in 1..60 {
        let before = at - 1;
        let _ = writeln!(header, "struct s{at} {{ struct s{before} a, b; }};");
    }
    assert_eq!(drafted(&format!("{header}int f(const struct s59 *x);\nint g(int a);\n"), &[]).cannot, 1);
}

/// Nothing of a header's reaches the draft in a form that a terminal would obey.
#[test]
fn drafts_have_no_control_characters() {
    let draft = drafted("int oops(int a) @@ \"\u{1b}[31m\" nonsense;\nint f(int x);\n", &[]);
    assert!(draft.text.contains("# could not be read: ") && !draft.text.contains('\u{1b}'), "{}", draft.text);
    draft.text.parse::<toml::Table>().expect("valid TOML");
}
