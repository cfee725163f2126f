//! Every right and every narrowing of the table in `ffi-zone/tests/common/matrix.rs`, as programs in Python meet it. What the language
//! refuses by itself is tested by the same table in `python-lib/tests/`, the zone's check and the operating system's in `ffi-zone/tests/`.

#[path = "../../ffi-zone/tests/common/matrix.rs"]
mod table;

use cloison_tests::Project;

#[test]
fn what_is_narrowed_is_refused_whatever_python_tries() {
    let manifest = "[capabilities.bounds]\nzone = \"bounds.zone.toml\"\nallow = \"*\"\n";
    let program = include_str!("../python/matrix/language.py");
    let program = program.replace("from table import ATTEMPTS, NARROWINGS\n", &table::in_python());
    let project = Project::script(&program)
        .library("liblibrary.so", include_str!("../../ffi-zone/tests/common/bounds.c"))
        .file("bounds.zone.toml", table::MANIFEST)
        .file("cloison.toml", manifest);
    let count = table::narrowings().len();
    project.main(&[]).output().ends_with(0).prints(&format!("all of {count}\n"));
}
