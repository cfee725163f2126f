use super::*;
use cloison_contract::types::Record;
use cloison_manifest::manifest;
use std::io::{self, Write};
use std::process::Command;

/// What is not tested on this machine, said past the harness, which shows only what failing tests print.
pub fn left_out(what: &str) {
    let _ = writeln!(io::stderr(), "not tested: {what}");
}

/// Whether there is a clang to test with. Where `CLOISON_EXPECT_CLANG` is set, as by CI, there has to be one.
pub fn has_clang(what: &str) -> bool {
    let found = Command::new("clang").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(
        found || std::env::var_os("CLOISON_EXPECT_CLANG").is_none(),
        "there is no clang, and one is expected: {what}"
    );
    if !found {
        left_out(&format!("there is no clang: {what}"));
    }
    found
}

/// Makes a layout wrong.
type Change = dyn Fn(&mut Record);

const HEAD: &str = "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libt.so\" }\n";

/// Types that must be in any order here, and in C's in the probe.
const TYPES: &str = r#"
[types.person]
c = "struct person { char name[16]; struct point at; count_t pets; unsigned age : 7; int low : 3; unsigned long wide : 40; };"
name = { text = true }
[types.count_t]
c = "typedef unsigned short count_t;"
[types.point]
c = "typedef struct point { double x, y; char tag; } point;"
[types.color]
c = "enum color { RED, GREEN = 4, BLUE, LAST = -1 };"
[types.packed]
c = "struct __attribute__((packed)) packed { char a; int b; };"
"#;

fn verify(interface: &cloison_contract::Interface, text: &str, headers: &[String]) -> Verified {
    let source = items::ProbeSource::new(interface, text, headers).unwrap();
    let mut verified = Verified::default();
    let compiled = compile::compile(&source, &Compiler::new(&[])).unwrap();
    judge::judge(interface, text, &source, &compiled, &mut verified).unwrap();
    verified
}

fn parse(text: &str) -> cloison_contract::Interface {
    manifest::parse("t.zone.toml", text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[test]
fn layouts_are_the_compilers() {
    let text = format!("{HEAD}{TYPES}");
    let verified = verify(&parse(&text), &text, &[]);
    assert_eq!(verified.differences, []);
    assert!(verified.agree >= 20, "{verified:?}");
}

/// Each field of a layout, made wrong, is found.
#[test]
fn a_wrong_layout_is_found() {
    use cloison_contract::types::TypeKind;
    let text = format!("{HEAD}{TYPES}");
    let record = |interface: &mut cloison_contract::Interface, change: &Change| {
        let person = interface.types.iter_mut().find(|one| one.name == "person").unwrap();
        let TypeKind::Record(record) = &mut person.kind else { panic!("no record") };
        change(record);
    };
    let changes: [(&str, &Change); 4] = [
        ("`person` has size 56 by the compiler, and 57 here", &|record| record.layout.size += 1),
        ("`person.at` has offset 16 by the compiler, and 24 here", &|record| record.members[1].offset += 8),
        ("`person.age` has first bit 336 by the compiler, and 337 here", &|record| {
            record.members[3].bits.as_mut().unwrap().shift += 1
        }),
        ("`person.wide` has bits 40 by the compiler, and 39 here", &|record| {
            record.members[5].bits.as_mut().unwrap().width -= 1
        }),
    ];
    for (expected, change) in changes {
        let mut interface = parse(&text);
        record(&mut interface, change);
        let verified = verify(&interface, &text, &[]);
        assert!(verified.differences.iter().any(|one| one.message.contains(expected)), "{expected}: {verified:?}");
    }
    let mut interface = parse(&text);
    let color = interface.types.iter_mut().find(|one| one.name == "color").unwrap();
    let TypeKind::Enum(found) = &mut color.kind else { panic!("no enum") };
    found.values[1].1 = 5;
    let verified = verify(&interface, &text, &[]);
    assert_eq!(verified.differences[0].message, "`GREEN` has value 4 by the compiler, and 5 here");
}
