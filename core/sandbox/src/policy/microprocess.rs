//! What a child of the template gives up, on top of what the template never had.
//!
//! As little as that: this filter is put on at every start of a microprocess, and its length is part of that time.

use super::row::{Row, kill};

/// Taken away; everything else stays as the template's filter has it.
pub const ROWS: &[Row] =
    &[kill(libc::SYS_clone, "processes are the broker's to make"), kill(libc::SYS_seccomp, "the last filter is on")];
