//! Module `sqlite3` on a zone, against CPython's.

use crate::peers::Peers;
use crate::table::{Figure::Nanoseconds, Table};

const WHAT: [(&str, &str); 5] = [
    ("SQLite: insert 10,000 rows, `executemany`", "≤ 1.3"),
    ("SQLite: select 10,000 rows, `fetchall`", "≤ 1.3"),
    ("… in a loop", "≤ 3"),
    ("SQLite: select one row", "≤ 3"),
    ("SQL calls a Python function", ""),
];

/// All figures of this kind.
pub fn measure(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let [ours, theirs] = peers.both("databases.toml", "databases.py", &[])?;
    for (index, (what, goal)) in WHAT.into_iter().enumerate() {
        let one = |figures: &[f64]| Nanoseconds(figures.get(index).copied().unwrap_or(f64::NAN));
        table.line(what, one(&ours), Some(("CPython", one(&theirs))), goal);
    }
    Ok(())
}
