//! Microprocesses, through the real binary and a broker in miniature. One program, so that the interpreter is linked once.

mod calls;
mod language_wall;
mod limits;
mod runs;
mod stdlib;
mod support;
mod surface;
#[path = "support/zone.rs"]
mod zone;
