//! `make bench`: Cloison beside its peers, on the same work, in one run.
//!
//! Prints one line for each figure: what, ours, the peer's, the ratio, the goal. Ratios count;
//! absolute figures depend on the machine and on who else uses it. Nothing here is a test. What was learnt stands in `docs/performance.md`.
//! `cloison-benches files network` prints those two alone.
//!
//! | module | figures |
//! |---|---|
//! | [`busy`] | calls, messages and shares of processors on busy cores |
//! | [`calls`] | calls through the wall, against ctypes and a bare futex |
//! | [`capabilities`] | how long it takes to take capabilities back |
//! | [`databases`] | module `sqlite3` on a zone, against CPython's |
//! | [`files`] | files by a capability, against CPython |
//! | [`network`] | sockets and HTTP by capabilities, against CPython |
//! | [`processes`] | spawn, memory, kills and memory bombs, against multiprocessing and floors in C |
//! | [`savina`] | processes that talk, against multiprocessing, asyncio and Erlang |
//! | [`peers`] | compiles and runs the peers |
//! | [`scale`] | ten thousand processes at once, and a hundred thousand one after the other: by hand |
//! | [`table`] | the lines |
#![forbid(unsafe_code)]

mod busy;
mod calls;
mod capabilities;
mod databases;
mod files;
mod network;
mod peers;
mod processes;
mod savina;
mod scale;
mod table;

use peers::Peers;
use table::Table;

/// Prints the figures of one kind.
type Measure = fn(&Peers, &mut Table) -> anyhow::Result<()>;

fn main() -> anyhow::Result<()> {
    let peers = Peers::prepare()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "scale") {
        let number = |at: usize, default| arguments.get(at).map_or(Ok(default), |text| text.parse());
        return scale::measure(&peers, number(1, 10_000)?, number(2, 100_000)?);
    }
    const ALL: [(&str, Measure); 8] = [
        ("calls", calls::measure),
        ("capabilities", capabilities::measure),
        ("databases", databases::measure),
        ("files", files::measure),
        ("network", network::measure),
        ("busy", busy::measure),
        ("processes", processes::measure),
        ("savina", savina::measure),
    ];
    let known: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = arguments.iter().find(|name| !known.contains(&name.as_str())) {
        anyhow::bail!("no measurements are called {unknown:?}: there are scale, {}", known.join(", "));
    }
    let mut table = Table::begin();
    for (name, measure) in ALL {
        if arguments.is_empty() || arguments.iter().any(|wanted| wanted == name) {
            measure(&peers, &mut table)?;
        }
    }
    table.end();
    Ok(())
}
