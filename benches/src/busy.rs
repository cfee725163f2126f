//! Busy cores: calls, messages, and who gets how much.

use crate::peers::Peers;
use crate::table::{Figure::Nanoseconds, Figure::Ratio, Table};

/// All figures of this kind.
pub fn measure(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for (count, what) in [(1, "with one hog"), (cores, "with a hog on each core")] {
        let hogs = peers.hogs(count)?;
        let [ours, ours_mean] = two(peers.cloison("spread", false)?)?;
        let [futex, futex_mean] = two(peers.c("loose")?)?;
        let ctypes = peers.python("ctypes_calls.py", "call", false)?.first().copied().unwrap_or(f64::NAN);
        drop(hogs);
        let peer = Some(("futex in C", Nanoseconds(futex)));
        table.line(&format!("hot call {what}, p50"), Nanoseconds(ours), peer, "≤ 2.0");
        table.line("…", Nanoseconds(ours), Some(("ctypes", Nanoseconds(ctypes))), "≤ 5.0");
        table.line("… mean", Nanoseconds(ours_mean), Some(("futex in C", Nanoseconds(futex_mean))), "");
    }
    let figures = peers.figures("busy_processes.py")?;
    let [p50, p99, least, most] =
        figures.try_into().map_err(|figures| anyhow::anyhow!("busy_processes.py printed {figures:?}"))?;
    let [floor_p50, floor_p99, floor_least, floor_most] = peers.busy()?;
    let sockets = |floor| Some(("sockets in C", Nanoseconds(floor)));
    table.line("a message and its answer beside 100 busy processes, p50", Nanoseconds(p50), sockets(floor_p50), "");
    table.line("… p99", Nanoseconds(p99), sockets(floor_p99), "≤ 10 ms");
    let hogs = |share| Some(("100 hogs in C", Ratio(share)));
    let what = "share of processors of 100 busy processes: the smallest, of the mean";
    table.line(what, Ratio(least), hogs(floor_least), "≥ 0.9");
    table.line("… the largest", Ratio(most), hogs(floor_most), "≤ 1.1");
    Ok(())
}

fn two(figures: Vec<f64>) -> anyhow::Result<[f64; 2]> {
    figures.try_into().map_err(|figures| anyhow::anyhow!("two figures are wanted, not {figures:?}"))
}
