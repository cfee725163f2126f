//! The Python files are compiled into the library by a macro, which does not tell cargo what it reads.

fn main() {
    println!("cargo::rerun-if-changed=Lib");
}
