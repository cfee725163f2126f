//! Files by a capability, against CPython on the same folder.

use crate::peers::Peers;
use crate::table::{Figure::Nanoseconds, Table};

const WHAT: [(&str, &str); 5] = [
    ("open, read and close a file of 4 KiB", "≤ 3"),
    ("`os.stat`", "≤ 3"),
    ("write 64 MiB", "≤ 1.3"),
    ("read 64 MiB", "≤ 1.3"),
    ("list 10,000 names", "≤ 1.3"),
];

/// All figures of this kind.
pub fn measure(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let [ours, theirs] = peers.files("files.py")?;
    for (index, (what, goal)) in WHAT.into_iter().enumerate() {
        let one = |figures: &[f64]| Nanoseconds(figures.get(index).copied().unwrap_or(f64::NAN));
        table.line(what, one(&ours), Some(("CPython", one(&theirs))), goal);
    }
    Ok(())
}
