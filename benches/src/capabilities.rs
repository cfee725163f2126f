//! What the broker needs for capabilities: how long it takes to take one back.

use crate::peers::Peers;
use crate::table::{Figure::Nanoseconds, Table};

const WHAT: [(&str, &str); 2] =
    [("revoke a capability", ""), ("revoke one that 10,000 come of, with an audit trail", "≤ 1 ms")];

/// All figures of this kind.
pub fn measure(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let figures = peers.ours("capabilities.toml", "capabilities.py")?;
    for (index, (what, goal)) in WHAT.into_iter().enumerate() {
        table.line(what, Nanoseconds(figures.get(index).copied().unwrap_or(f64::NAN)), None, goal);
    }
    Ok(())
}
