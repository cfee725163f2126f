//! The C compiler, as what we are compared with.

use std::path::Path;
use std::process::Command;

/// What a C program prints. `name` is that of its files.
pub fn run(name: &str, program: &str) -> String {
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let source = binary.with_extension("c");
    std::fs::write(&source, program).unwrap();
    let compiled = Command::new("cc").arg("-w").arg("-o").arg(&binary).arg(&source).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let output = Command::new(&binary).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    std::fs::remove_file(source).and_then(|()| std::fs::remove_file(binary)).unwrap();
    String::from_utf8(output.stdout).unwrap()
}
