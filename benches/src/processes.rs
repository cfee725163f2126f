//! Microprocesses against `multiprocessing` with fork.

use crate::peers::{Peers, median, quantile};
use crate::table::{Figure, Figure::Nanoseconds, Table};
use anyhow::Context;
use cloison_broker::application::LoadedApplication;
use cloison_broker::broker::BrokerEvent;
use cloison_broker::launch::Binaries;
use cloison_broker::{Broker, Pid, Signal, StandardStreams};
use cloison_contract::message::Run;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FIRST_INSTRUCTION: &str = "import time\nprint(time.monotonic_ns())\n";

/// All figures of this kind.
pub fn measure(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let mut broker = Broker::start(LoadedApplication::empty(script(""), PathBuf::new()), Binaries::beside_this_one()?)?;
    broker.ready()?;

    let mut ours = starts(&mut broker, 300)?;
    let mut theirs = peers.python("fork_start.py", "", false)?;
    for (name, at, goal) in [("p50", 0.5, "≤ 0.1; 100 µs"), ("p99", 0.99, "≤ 0.1; 500 µs")] {
        let peer = Nanoseconds(quantile(&mut theirs, at));
        let what = format!("spawn to first instruction, {name}");
        table.line(&what, Nanoseconds(quantile(&mut ours, at)), Some(("multiprocessing", peer)), goal);
    }

    let rate = spawn_and_exit(&mut broker, 1000)?;
    table.line("spawn and exit, one after the other", Nanoseconds(rate), None, "≤ 200 µs");

    match idle(&mut broker, 20)? {
        Some(ours) => {
            let theirs = idle_fork(peers)?;
            let peer = Some(("multiprocessing", Figure::Kilobytes(theirs)));
            table.line("idle process, private + page tables", Figure::Kilobytes(ours), peer, "≤ 200 kB");
        }
        None => eprintln!("idle memory: the kernel shows it to root alone; run `make bench` as root"),
    }

    let start = peers.duration(&["cloison", "run", "--manifest", "cloison.toml", "calls.py"])?;
    let python = peers.duration(&["python3", "-c", "pass"])?;
    table.line(
        "`cloison run` of a small file",
        Nanoseconds(start),
        Some(("python3 -c pass", Nanoseconds(python))),
        "≤ 3.0",
    );
    Ok(())
}

fn script(source: &str) -> Run {
    Run::Script { path: "<bench>".into(), source: source.into(), argv: vec!["<bench>".into()] }
}

fn streams(stdin: Option<OwnedFd>, stdout: OwnedFd) -> anyhow::Result<StandardStreams> {
    let [null, _, stderr] = StandardStreams::inherited()?.descriptors;
    Ok(StandardStreams { descriptors: [stdin.unwrap_or(null), stdout, stderr] })
}

fn until_exit(broker: &mut Broker, expected: Pid) -> anyhow::Result<()> {
    loop {
        match broker.turn(Some(Duration::from_secs(20)))? {
            Some(BrokerEvent::Exited(pid, _)) if pid == expected => return Ok(()),
            Some(BrokerEvent::NotStarted(_)) => anyhow::bail!("a microprocess did not start"),
            Some(_) => {}
            None => anyhow::bail!("a microprocess did not end"),
        }
    }
}

/// Nanoseconds from asking for a microprocess to its first instruction, as it reads the same clock.
fn starts(broker: &mut Broker, count: usize) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..count {
        let (mut reader, writer) = std::io::pipe()?;
        let streams = streams(None, writer.into())?;
        let start = cloison_broker::monotonic().as_nanos() as f64;
        let pid = broker.spawn(script(FIRST_INSTRUCTION), &streams)?;
        drop(streams);
        until_exit(broker, pid)?;
        let mut text = String::new();
        reader.read_to_string(&mut text)?;
        let first: f64 = text.trim().parse().context("the microprocess printed no time")?;
        times.push(first - start);
    }
    Ok(times)
}

/// Nanoseconds for one spawn and its exit.
fn spawn_and_exit(broker: &mut Broker, count: u32) -> anyhow::Result<f64> {
    let streams = StandardStreams::null()?;
    let started = Instant::now();
    for _ in 0..count {
        let pid = broker.spawn(script("pass"), &streams)?;
        until_exit(broker, pid)?;
    }
    Ok((started.elapsed() / count).as_nanos() as f64)
}

/// Kilobytes that one idle microprocess owns.
fn idle(broker: &mut Broker, count: usize) -> anyhow::Result<Option<f64>> {
    let mut pids = Vec::new();
    let mut writers = Vec::new();
    for _ in 0..count {
        let (reader, writer) = std::io::pipe()?;
        let streams = streams(Some(reader.into()), std::fs::File::options().write(true).open("/dev/null")?.into())?;
        pids.push(broker.spawn(script("input()"), &streams)?);
        writers.push(writer);
    }
    let settled = Instant::now() + Duration::from_millis(500);
    while Instant::now() < settled {
        broker.turn(Some(Duration::from_millis(50)))?;
    }
    let mut sizes: Vec<f64> = pids.iter().filter_map(|pid| owned(broker.os_pid(*pid)?)).collect();
    let result = (sizes.len() == count).then(|| median(&mut sizes));
    pids.iter().for_each(|pid| broker.signal(*pid, Signal::KILL));
    for _ in pids {
        broker.turn(Some(Duration::from_secs(1)))?;
    }
    Ok(result)
}

fn idle_fork(peers: &Peers) -> anyhow::Result<f64> {
    let mut python = Command::new(peers.interpreter())
        .arg("fork_idle.py")
        .current_dir(peers.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(python.stdout.take().context("no output")?).read_line(&mut line)?;
    let mut sizes: Vec<f64> = line.split_whitespace().filter_map(|pid| owned(pid.parse().ok()?)).collect();
    drop(python.stdin.take());
    python.wait()?;
    Ok(median(&mut sizes))
}

/// Private memory and page tables of a process, in kilobytes.
fn owned(pid: i32) -> Option<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |text: &str, name: &str| -> Option<f64> {
        text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
    };
    Some(field(&rollup, "Private_Clean:")? + field(&rollup, "Private_Dirty:")? + field(&status, "VmPTE:")?)
}
