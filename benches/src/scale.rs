//! Many processes: how many there are at once, and what so many of them leave behind. Not a part of `make bench`, for it takes minutes:
//! `cloison-benches scale [ALIVE [SPAWNS]]`.

use crate::peers::Peers;
use anyhow::Context;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::Instant;

/// Both, with that many processes.
pub fn measure(peers: &Peers, alive: u32, spawns: u32) -> anyhow::Result<()> {
    let running = all_alive(peers, alive)?;
    println!("{alive} alive: {}", Look::at(running.pid()));
    println!("{}", running.end_all()?);

    let mut running = start(peers, "soak.py", spawns)?;
    let begun = Instant::now();
    let mut looks = Vec::new();
    for _ in 0..10 {
        let line = running.line()?;
        let look = Look::at(running.pid());
        println!("{line} after {:.0} s: {look}", begun.elapsed().as_secs_f64());
        looks.push(look);
        running.go_on()?;
    }
    println!("{}", running.line()?);
    running.end()?;
    // Before that, tables and pools of blanks have not yet the size that they keep.
    looks[9].has_not_grown_since(&looks[2])
}

/// So many processes, each of which has answered.
pub fn all_alive(peers: &Peers, count: u32) -> anyhow::Result<Running> {
    let limits = format!("[limits]\nprocesses = {}\n", count + 1);
    std::fs::write(peers.folder().join("many.toml"), limits)?;
    let mut running = start(peers, "alive.py", count)?;
    running.line()?;
    Ok(running)
}

/// A program that waits for a line on its standard input again and again.
pub struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

fn start(peers: &Peers, program: &str, count: u32) -> anyhow::Result<Running> {
    let mut command = peers.command();
    command.args(["run", "--manifest", "many.toml", program, &count.to_string()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    Ok(Running { child, lines })
}

impl Running {
    /// The broker's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Have them end; what they say about that.
    pub fn end_all(mut self) -> anyhow::Result<String> {
        self.go_on()?;
        let said = self.line()?;
        self.end()?;
        Ok(said)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        Ok(self.lines.next().context("it has ended")??)
    }

    fn go_on(&mut self) -> anyhow::Result<()> {
        Ok(self.child.stdin.as_mut().context("no input")?.write_all(b"\n")?)
    }

    fn end(mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "{status}");
        Ok(())
    }
}

/// What a program has of the machine, and most of it its broker.
#[derive(Debug)]
struct Look {
    processes: usize,
    descriptors: usize,
    /// Memory of the broker's own, and shared memory that it has touched, in KiB.
    own: usize,
    shared: usize,
    /// How many pieces of shared memory the broker has mapped.
    mappings: usize,
    /// What is left of the machine's memory.
    available: String,
}

/// Blanks that may be there or not: each is a process, and has three descriptors and a mapping, its mailbox, in the broker.
const BLANKS: usize = 16;
/// Memory that comes and goes with them and with what is under way, in KiB.
const SOME_MEMORY: usize = 1024;

impl Look {
    fn at(pid: u32) -> Self {
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let (status, maps) = (file(&format!("/proc/{pid}/status")), file(&format!("/proc/{pid}/maps")));
        let field = |text: &str, name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
        };
        let number = |name: &str| field(&status, name).trim_end_matches(" kB").parse().unwrap_or(0);
        let shared = |line: &&str| line.split_ascii_whitespace().nth(1).is_some_and(|rights| rights.ends_with('s'));
        let named = |entry: &std::fs::DirEntry| {
            std::fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name.starts_with("cloison-microp"))
        };
        Self {
            processes: std::fs::read_dir("/proc").map_or(0, |all| all.flatten().filter(named).count()),
            descriptors: std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count),
            own: number("RssAnon:"),
            shared: number("RssShmem:"),
            mappings: maps.lines().filter(shared).count(),
            available: field(&file("/proc/meminfo"), "MemAvailable:"),
        }
    }

    fn has_not_grown_since(&self, before: &Self) -> anyhow::Result<()> {
        for (what, now, then, room) in [
            ("processes", self.processes, before.processes, BLANKS),
            ("descriptors", self.descriptors, before.descriptors, BLANKS * 3),
            ("KiB of the broker's own", self.own, before.own, SOME_MEMORY),
            ("KiB of shared memory", self.shared, before.shared, SOME_MEMORY),
            ("mappings of shared memory", self.mappings, before.mappings, BLANKS),
        ] {
            anyhow::ensure!(now <= then + room, "{then} {what} have become {now}");
        }
        Ok(())
    }
}

impl std::fmt::Display for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { processes, descriptors, own, shared, mappings, available } = self;
        write!(
            f,
            "{processes} processes; {descriptors} descriptors, {own} kB of its own and {shared} kB of shared memory in {mappings} mappings \
             in the broker; {available} left"
        )
    }
}
