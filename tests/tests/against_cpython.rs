//! The bundled bindings give what CPython's own modules give.

use cloison_tests::Project;
use serde_json::Value;
use std::process::Command;

const CASES: &str = include_str!("../python/cases.py");
/// CPython has its own algorithms for these, which may differ from the C library's in the last digits.
const OWN_ALGORITHM: [&str; 3] = ["hypot", "tgamma", "erf"];
const TOLERANCE: f64 = 1e-13;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn zlib_and_libm_agree_with_cpython() {
    let project = Project::new().file("main.py", CASES);
    project.write(
        "cloison.toml",
        b"[capabilities.zlib]\nzone = \"zlib\"\nallow = \"*\"\n[capabilities.libm]\nzone = \"libm\"\nallow = \"*\"\n",
    );
    let ours = project.main(&[]).output().ends_with(0);
    let theirs = Command::new("python3").arg("-I").arg(project.app("main.py")).output();
    let theirs = theirs.expect("this test compares with CPython 3.11 or newer: install python3");
    let errors = String::from_utf8_lossy(&theirs.stderr);
    assert!(theirs.status.success(), "this test compares with CPython 3.11 or newer: {errors}");
    let (ours, theirs) = (lines(&ours.stdout), lines(&String::from_utf8_lossy(&theirs.stdout)));
    assert_eq!(ours.len(), theirs.len());
    assert!(ours.len() > 3000);
    // Another zlib may compress differently; what it unpacks to is the same.
    let same_zlib = ours[0] == theirs[0];
    for (ours, theirs) in ours.iter().zip(&theirs).skip(1) {
        let name = theirs[0].as_str().expect("a name");
        if (name == "compress2" && !same_zlib) || (OWN_ALGORITHM.contains(&name) && close(&ours[2], &theirs[2])) {
            assert_eq!(ours[1], theirs[1]);
            continue;
        }
        assert_eq!(ours, theirs);
    }
}

fn close(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok()).expect("a float");
    let (one, other) = (number(one), number(other));
    (one - other).abs() <= TOLERANCE * other.abs()
}
