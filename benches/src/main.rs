//! `make bench`: Cloison beside its peers, on the same work, in one run.
//!
//! Prints one line for each figure: what, ours, the peer's, the ratio, the goal. Ratios count;
//! absolute figures depend on the machine and on who else uses it. Nothing here is a test. What was learnt stands in `docs/performance.md`.
//!
//! | module | figures |
//! |---|---|
//! | [`calls`] | calls through the wall, against ctypes and a bare futex |
//! | [`processes`] | spawn and memory, against multiprocessing |
//! | [`savina`] | processes that talk, against multiprocessing, asyncio and Erlang |
//! | [`peers`] | compiles and runs the peers |
//! | [`table`] | the lines |
#![forbid(unsafe_code)]

mod calls;
mod peers;
mod processes;
mod savina;
mod table;

use peers::Peers;
use table::Table;

fn main() -> anyhow::Result<()> {
    let peers = Peers::prepare()?;
    let mut table = Table::begin();
    calls::measure(&peers, &mut table)?;
    processes::measure(&peers, &mut table)?;
    savina::measure(&peers, &mut table)?;
    table.end();
    Ok(())
}
