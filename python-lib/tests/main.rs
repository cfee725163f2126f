//! Microprocesses, through the real binary and a broker in miniature. One program, so that the interpreter is linked once.

/// A Python program that stands in a file called after its test.
macro_rules! program {
    ($name:literal) => {
        include_str!(concat!("python/", $name, ".py"))
    };
}

mod calls;
mod language_wall;
mod limits;
mod matrix;
mod runs;
mod stdlib;
mod support;
mod surface;
#[path = "support/zone.rs"]
mod zone;
