//! Calls through the wall, against ctypes in the same process and a bare futex between two.

use crate::peers::Peers;
use crate::table::{Figure::Nanoseconds, Table};

/// All figures of this kind.
pub fn measure(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let one = |figures: Vec<f64>| figures.first().copied().unwrap_or(f64::NAN);

    let hot = one(peers.cloison("call", false)?);
    let ctypes = one(peers.python("ctypes_calls.py", "call", false)?);
    let spin = one(peers.c("hot")?);
    table.line("hot call `crc32(0, b\"hello\")`", Nanoseconds(hot), Some(("ctypes", Nanoseconds(ctypes))), "≤ 1.0");
    table.line("… against its floor", Nanoseconds(hot), Some(("spinning in C", Nanoseconds(spin))), "");

    if let [granted, rest @ ..] = &peers.cloison("policy", false)?[..] {
        let peer = Some(("as granted", Nanoseconds(*granted)));
        let kinds = ["narrowed in every way", "… four times over", "… in CPU time alone"];
        for (kind, taken) in kinds.iter().zip(rest) {
            let what = kind.strip_prefix('n').map_or_else(|| (*kind).to_owned(), |_| format!("hot call, {kind}"));
            let goal = if kind.contains("CPU") { "" } else { "100 ns more" };
            table.line(&what, Nanoseconds(*taken), peer, goal);
        }
    }

    let batch = one(peers.cloison("batch", false)?);
    table.line(
        "a call in a batch, `crc32.map(…)`",
        Nanoseconds(batch),
        Some(("ctypes", Nanoseconds(ctypes))),
        "≤ 0.15",
    );
    let callback = one(peers.cloison("callback", false)?);
    let peer = one(peers.python("ctypes_calls.py", "callback", false)?);
    table.line("C calls Python, `qsort(…, compare)`", Nanoseconds(callback), Some(("ctypes", Nanoseconds(peer))), "");
    let fresh = one(peers.cloison("per-call", false)?);
    table.line("a call in a process of its own (`per-call`)", Nanoseconds(fresh), None, "");

    let asleep = one(peers.cloison("call", true)?);
    let futex = one(peers.c("asleep")?);
    table.line("sleeping call, one core", Nanoseconds(asleep), Some(("futex in C", Nanoseconds(futex))), "≤ 2.0");

    let floor: f64 = peers.c("bulk")?.iter().sum();
    let floor = Some(("memcpy + crc32", Nanoseconds(floor)));
    let own = one(peers.cloison("bulk-own", false)?);
    table.line("`crc32` of 64 MiB, zone per client (one copy)", Nanoseconds(own), floor, "≤ 1.25");
    let bulk = one(peers.cloison("bulk", false)?);
    table.line("… shared zone (a second copy, by design)", Nanoseconds(bulk), floor, "");
    let ctypes = one(peers.python("ctypes_calls.py", "bulk", false)?);
    table.line("… against ctypes, which copies nothing", Nanoseconds(bulk), Some(("ctypes", Nanoseconds(ctypes))), "");

    for (size, bytes) in [("1 MiB", 1 << 20), ("64 MiB", 64 << 20)] {
        let [copied, sealed, private] = peers.views(bytes)?;
        let copied = Some(("copied", Nanoseconds(copied)));
        table.line(&format!("a result of {size} in sealed pages of its own (C)"), Nanoseconds(sealed), copied, "");
        table.line("… in a private mapping", Nanoseconds(private), copied, "");
    }

    table.line("crash in C to exception in Python", Nanoseconds(one(peers.cloison("crash", false)?)), None, "≤ 5 ms");
    table.line(
        "first call: zone start, sandbox, dlopen, call",
        Nanoseconds(one(peers.cloison("first", false)?)),
        None,
        "",
    );
    Ok(())
}
