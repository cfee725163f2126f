//! Functions whose failure only `errno` tells, of the C library and of one's own, as Python sees them.

use cloison_tests::Project;

const PROGRAM: &str = include_str!("../python/errno/program.py");

const C: &str = include_str!("../c/errno.c");

const OWN: &str = include_str!("../c/errno_own.zone.toml");

const LIBC: &str = include_str!("../c/errno_libc.zone.toml");

const PRINTED: &str = "42
9223372036854775807
('OSError', 34)
-9223372036854775808
('OSError', 34) (0.25, ' and more')
-1 -1
40 40
('FileNotFoundError', 2) ('FileNotFoundError', 2)
['row', 'row', None, ('NativeError', 5)]
";

#[test]
fn errno_tells_a_failure_from_a_result() {
    let grants = "[capabilities.own]\nzone = \"own.zone.toml\"\nallow = \"*\"\n\
                  [capabilities.libc]\nzone = \"libc.zone.toml\"\nallow = \"*\"\n";
    let project = Project::script(PROGRAM).file("cloison.toml", grants).library("own.so", C);
    let project = project.file("own.zone.toml", OWN).file("libc.zone.toml", LIBC);
    project.cloison(&["check", "own.zone.toml", "libc.zone.toml"]).output().ends_with(0);
    let output = project.main(&[]).output().ends_with(0);
    assert_eq!(output.stdout, PRINTED, "{output}");
}
