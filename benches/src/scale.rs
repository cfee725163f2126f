//! Many processes: how many there are at once, and what so many of them leave behind. Not a part of `make bench`, for it takes minutes:
//! `cloison-benches scale [ALIVE [SPAWNS]]`.

use crate::peers::Peers;
use anyhow::Context;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::Instant;

/// Both, with that many processes.
pub fn measure(peers: &Peers, alive: u32, spawns: u32) -> anyhow::Result<()> {
    let limits = format!("[limits]\nprocesses = {}\n", alive + 1);
    std::fs::write(peers.folder().join("many.toml"), limits)?;
    let mut running = start(peers, "alive.py", alive)?;
    running.line()?;
    println!("{alive} alive: {}", running.look());
    running.go_on()?;
    println!("{}", running.line()?);
    running.end()?;

    let mut running = start(peers, "soak.py", spawns)?;
    let begun = Instant::now();
    for _ in 0..10 {
        let line = running.line()?;
        println!("{line} after {:.0} s: {}", begun.elapsed().as_secs_f64(), running.look());
        running.go_on()?;
    }
    println!("{}", running.line()?);
    running.end()
}

struct Running {
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
    fn line(&mut self) -> anyhow::Result<String> {
        Ok(self.lines.next().context("it has ended")??)
    }

    fn go_on(&mut self) -> anyhow::Result<()> {
        Ok(self.child.stdin.as_mut().context("no input")?.write_all(b"\n")?)
    }

    /// What it has of the machine now.
    fn look(&self) -> String {
        let pid = self.child.id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default().trim();
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        let available = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let available =
            available.lines().find_map(|line| line.strip_prefix("MemAvailable:")).unwrap_or_default().trim();
        let named = |entry: &std::fs::DirEntry| {
            std::fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name.starts_with("cloison-microp"))
        };
        let processes = std::fs::read_dir("/proc").map_or(0, |all| all.flatten().filter(named).count());
        format!("{processes} processes, {descriptors} descriptors and {own} in the broker, {available} left")
    }

    fn end(mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "{status}");
        Ok(())
    }
}
