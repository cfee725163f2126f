//! The Savina micro benchmarks (Imam and Sarkar, 2014): processes that talk, beside those of others.

use crate::peers::Peers;
use crate::table::{Figure::Nanoseconds, Table};

/// Name, how often, for people, and the goal against `multiprocessing`.
const BENCHMARKS: [(&str, u32, &str, &str); 7] = [
    ("ping_pong", 5000, "ping-pong: a message there and one back", "≤ 0.5"),
    ("counting", 20_000, "counting: a message of many to one", ""),
    ("fork_join_create", 200, "fork-join create: a process, a message, its end", "≤ 0.1"),
    ("fork_join_throughput", 2000, "fork-join throughput: a message to each of ten", ""),
    ("thread_ring", 5000, "thread ring: a message to the next of twenty", ""),
    ("chameneos", 2000, "chameneos: a meeting of two among ten", ""),
    ("big", 300, "big: a round trip of each of ten among each other", ""),
];

/// All of them, a line for each peer.
pub fn measure(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    for (name, count, what, goal) in BENCHMARKS {
        let (ours, theirs) = peers.actors(name, count)?;
        let each = |total: f64| Nanoseconds(total / f64::from(count));
        for (peer, figure) in theirs {
            let goal = if peer == "multiprocessing" { goal } else { "" };
            table.line(what, each(ours), Some((peer, each(figure))), goal);
        }
        if name == "ping_pong" {
            // Four wake-ups, as a message and its answer by way of the router take.
            let floor = Some(("sockets in C, through a third process", Nanoseconds(peers.relayed()?)));
            table.line("… against its floor", each(ours), floor, "");
        }
    }
    Ok(())
}
