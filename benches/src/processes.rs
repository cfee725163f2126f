//! Microprocesses against `multiprocessing` with fork.

use crate::peers::{Peers, median, quantile};
use crate::scale;
use crate::table::{Figure, Figure::Nanoseconds, Table};
use anyhow::Context;
use cloison_broker::application::LoadedApplication;
use cloison_broker::broker::BrokerEvent;
use cloison_broker::launch::Binaries;
use cloison_broker::{Broker, Pid, StandardStreams};
use cloison_contract::message::Run;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// So many processes at once that what they have can be added up in seconds.
const ALIVE: u32 = 1000;
const FIRST_INSTRUCTION: &str = "import time\nprint(time.monotonic_ns())\n";

/// All figures of this kind.
pub fn measure(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let mut broker = Broker::start(LoadedApplication::empty(script(""), PathBuf::new()), Binaries::beside_this_one()?)?;
    broker.ready()?;

    let mut theirs = peers.python("fork_start.py", "", false)?;
    let functions = Functions::measure(peers, "idle")?;
    let [blank_p50, blank_p99, blank_bytes] = peers.blank()?;
    let goals = [("p50", 0.5, "≤ 0.1; 100 µs", blank_p50), ("p99", 0.99, "≤ 0.1; 500 µs", blank_p99)];
    for (name, at, goal, blank) in goals {
        let peer = Some(("multiprocessing", Nanoseconds(quantile(&mut theirs, at))));
        let what = format!("spawn to first instruction, a function, {name}");
        let ours = functions.duration(&format!("spawn-to-first-instruction-{name}"))?;
        table.line(&what, ours, peer, goal);
        table.line("… against its floor", ours, Some(("a blank in C", Nanoseconds(blank))), "");
    }
    let mut ours = starts(&mut broker, 300)?;
    for (name, at) in [("p50", 0.5), ("p99", 0.99)] {
        table.line(&format!("… a script, {name}"), Nanoseconds(quantile(&mut ours, at)), None, "");
    }
    beside_hogs(peers, table)?;
    let floor = Some(("fork in C", Nanoseconds(peers.fork(1)?)));
    table.line("spawn and exit, one after the other", functions.duration("spawn-and-exit-1")?, floor, "");
    let floor = Some(("fork in C, eight under way", Nanoseconds(peers.fork(8)?)));
    table.line("… eight under way", functions.duration("spawn-and-exit-8")?, floor, "≤ 200 µs");
    let rate = spawn_and_exit(&mut broker, 1000)?;
    table.line("… a script, one after the other", Nanoseconds(rate), None, "");

    match functions.idle {
        Some(ours) => {
            let theirs = idle_fork(peers)?;
            let peer = Some(("multiprocessing", Figure::Kilobytes(theirs)));
            table.line("idle process, private + page tables", Figure::Kilobytes(ours), peer, "≤ 200 kB");
            let floor = Some(("a blank in C", Figure::Kilobytes(blank_bytes / 1024.0)));
            table.line("… against its floor", Figure::Kilobytes(ours), floor, "");
            let all = all_of(peers)? / f64::from(ALIVE);
            let what = format!("{ALIVE} alive: private + page tables of all, the broker's too, for each");
            table.line(&what, Figure::Kilobytes(all), None, "≤ 200 kB: 20,000 in 4 GB");
        }
        None => eprintln!("idle memory: the kernel shows it to root alone; run `make bench` as root"),
    }

    kills(peers, table)?;
    bombs(peers, table)?;

    let start = peers.duration(&["cloison", "run", "--manifest", "cloison.toml", "calls.py"])?;
    let warm = peers.warm_duration(&["run", "-c", "print('hello')"])?;
    // The system's own, where there is one: what is called `python3` otherwise may be a slower build.
    let system = "/usr/bin/python3";
    let (name, python) = match std::path::Path::new(system).exists() {
        true => ("`/usr/bin/python3 -c pass`", peers.duration(&[system, "-c", "pass"])?),
        false => ("`python3 -c pass`", peers.duration(&["python3", "-c", "pass"])?),
    };
    let python = || Some((name, Nanoseconds(python)));
    table.line("`cloison run` of a small file", Nanoseconds(start), python(), "≤ 3.0");
    table.line("… with a warm template of `cloison up`", Nanoseconds(warm), python(), "≤ 0.5");
    Ok(())
}

/// From `kill` to the `Down`, by what the process is stuck in.
fn kills(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let endless = "[capabilities.endless]\nzone = \"endless.zone.toml\"\nallow = \"*\"\n";
    std::fs::write(peers.folder().join("kills.toml"), endless)?;
    let figures = peers.ours("kills.toml", "kills.py")?;
    let kinds = [
        "in receive",
        "in a loop",
        "in sum()",
        "in a regular expression",
        "in 10**10**8",
        "in a huge sort",
        "that catches everything",
        "in a call that never returns",
        "in a callback that never returns",
        "of all of these",
    ];
    anyhow::ensure!(figures.len() == 2 * kinds.len(), "kills.py printed {figures:?}");
    let [floor_p50, floor_p99] = peers.kill()?;
    for (kind, figures) in kinds.iter().zip(figures.chunks(2)) {
        let is_all = *kind == "of all of these";
        let (peers, goal) = match is_all {
            true => ([floor_p50, floor_p99].map(|floor| Some(("kill in C", Nanoseconds(floor)))), "≤ 5 ms"),
            false => ([None, None], ""),
        };
        let what = format!("kill of a process {kind}, seen by its monitor, p50");
        table.line(&what, Nanoseconds(figures[0]), peers[0], "");
        table.line("… p99", Nanoseconds(figures[1]), peers[1], goal);
    }
    Ok(())
}

/// What a neighbour of a memory bomb notices: of all kinds together, and of the kind with the slowest answers.
fn bombs(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let output = peers.command().args(["run", "--manifest", "cloison.toml", "--root", ".", "bombs.py"]).output()?;
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    anyhow::ensure!(output.status.success(), "bombs.py: {}\n{errors}", output.status);
    print!("{text}");
    let mut kinds: Vec<(&str, [f64; 2])> = Vec::new();
    for line in text.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let [name, p50, p99] = words[..] else { anyhow::bail!("bombs.py printed {line}") };
        kinds.push((name, [p50.parse()?, p99.parse()?]));
    }
    let [(_, idle), bombs @ .., (_, all)] = &kinds[..] else { anyhow::bail!("bombs.py printed {text}") };
    let [idle_p50, idle_p99] = idle.map(|figure| Some(("with nobody beside", Nanoseconds(figure))));
    table.line("a message and its answer beside a memory bomb, p50", Nanoseconds(all[0]), idle_p50, "");
    table.line("… p99", Nanoseconds(all[1]), idle_p99, "≤ 10 ms");
    let worst = bombs.iter().max_by(|(_, one), (_, other)| one[1].total_cmp(&other[1]));
    let (name, figures) = worst.context("no bombs")?;
    table.line(&format!("… of the slowest kind, {name}, p99"), Nanoseconds(figures[1]), idle_p99, "≤ 10 ms");
    Ok(())
}

/// A spawn when each core has something to do.
fn beside_hogs(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let hogs = peers.hogs(std::thread::available_parallelism().map_or(1, usize::from))?;
    let functions = Functions::measure(peers, "starts")?;
    let [blank_p50, blank_p99, _] = peers.blank()?;
    drop(hogs);
    for (name, goal, blank) in [("p50", "100 µs", blank_p50), ("p99", "500 µs", blank_p99)] {
        let ours = functions.duration(&format!("spawn-to-first-instruction-{name}"))?;
        let floor = Some(("a blank in C", Nanoseconds(blank)));
        table.line(&format!("… a function, with a hog on each core, {name}"), ours, floor, goal);
    }
    Ok(())
}

/// What [`ALIVE`] processes have of their own, and everything that runs for them, in kilobytes.
fn all_of(peers: &Peers) -> anyhow::Result<f64> {
    let running = scale::all_alive(peers, ALIVE)?;
    let broker = running.pid();
    let sum = microprocesses_of(broker)?.into_iter().chain([broker as i32]).filter_map(owned).sum();
    running.end_all()?;
    Ok(sum)
}

fn script(source: &str) -> Run {
    Run::Script { path: "<bench>".into(), source: source.into(), argv: vec!["<bench>".into()] }
}

fn streams(stdout: OwnedFd) -> anyhow::Result<StandardStreams> {
    let [stdin, _, stderr] = StandardStreams::inherited()?.descriptors;
    Ok(StandardStreams { descriptors: [stdin, stdout, stderr] })
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
        let (reader, writer) = std::io::pipe()?;
        let streams = streams(writer.into())?;
        let start = cloison_broker::monotonic().as_nanos() as f64;
        let pid = broker.spawn(script(FIRST_INSTRUCTION), &streams)?;
        drop(streams);
        until_exit(broker, pid)?;
        // A line and not to its end: the broker keeps the first one's streams for those that it spawns.
        let mut text = String::new();
        BufReader::new(reader).read_line(&mut text)?;
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

/// What `benches/spawn/functions.py` says of processes that run a function of it, and what an idle one of them owns.
struct Functions {
    /// `name value unit`
    lines: Vec<String>,
    /// Kilobytes, if the kernel says.
    idle: Option<f64>,
}

impl Functions {
    /// `what` is the program's argument.
    fn measure(peers: &Peers, what: &str) -> anyhow::Result<Self> {
        let mut program =
            peers.program("functions.py").arg(what).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(program.stdout.take().context("no output")?);
        let mut lines = Vec::new();
        for line in output.lines() {
            let line = line?;
            if line == "idle" {
                break;
            }
            println!("{line}");
            lines.push(line);
        }
        // Most of them are those that wait; so the median is one of them, and no blank, template or the program.
        let mut sizes: Vec<f64> = microprocesses_of(program.id())?.into_iter().filter_map(owned).collect();
        drop(program.stdin.take());
        program.wait()?;
        Ok(Self { lines, idle: (sizes.len() > 50).then(|| median(&mut sizes)) })
    }

    fn duration(&self, name: &str) -> anyhow::Result<Figure> {
        let line = self.lines.iter().find(|line| line.starts_with(name)).with_context(|| format!("no {name}"))?;
        let mut words = line.split_whitespace().skip(1);
        let value: f64 = words.next().context("no value")?.parse()?;
        match words.next() {
            Some("µs") => Ok(Nanoseconds(value * 1000.0)),
            Some("1/s") => Ok(Nanoseconds(1e9 / value)),
            unit => anyhow::bail!("{unit:?} in {line}"),
        }
    }
}

fn microprocesses_of(broker: u32) -> anyhow::Result<Vec<i32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        if parent == Some(broker) && stat.contains("(cloison-micropr") {
            found.push(pid);
        }
    }
    Ok(found)
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
