//! The zone's limits.

use crate::explain;
use cloison_contract::interface::Interface;
use std::fmt::Write;

pub(super) fn section(interface: &Interface) -> String {
    let mut text = String::from("\n## Sandbox\n\n| | |\n|---|---|\n");
    for (what, value) in explain::sandbox(interface).0 {
        let _ = writeln!(text, "| {what} | {value} |");
    }
    text
}
