//! Compiles and runs the peers, and our own side of the same work.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with everything compiled.
pub struct Peers {
    folder: tempfile::TempDir,
    cloison: PathBuf,
    /// The interpreter itself: what is called `python3` may be a script that looks for one, and slow.
    python: PathBuf,
    erlang: bool,
}

const SOURCES: [(&str, &str); 36] = [
    ("futex.c", include_str!("../peers/futex.c")),
    ("fork.c", include_str!("../peers/fork.c")),
    ("blank.c", include_str!("../peers/blank.c")),
    ("kill.c", include_str!("../peers/kill.c")),
    ("busy.c", include_str!("../peers/busy.c")),
    ("times.h", include_str!("../peers/times.h")),
    ("views.c", include_str!("../peers/views.c")),
    ("ctypes_calls.py", include_str!("../peers/ctypes_calls.py")),
    ("fork_start.py", include_str!("../peers/fork_start.py")),
    ("fork_idle.py", include_str!("../peers/fork_idle.py")),
    ("cloison.toml", include_str!("../app/cloison.toml")),
    ("own.zone.toml", include_str!("../app/own.zone.toml")),
    ("fresh.zone.toml", include_str!("../app/fresh.zone.toml")),
    ("sort.zone.toml", include_str!("../app/sort.zone.toml")),
    ("crash.zone.toml", include_str!("../app/crash.zone.toml")),
    ("calls.py", include_str!("../app/calls.py")),
    ("files.py", include_str!("../app/files.py")),
    ("files.toml", include_str!("../app/files.toml")),
    ("capabilities.py", include_str!("../app/capabilities.py")),
    ("capabilities.toml", include_str!("../app/capabilities.toml")),
    ("databases.py", include_str!("../app/databases.py")),
    ("databases.toml", include_str!("../app/databases.toml")),
    ("network.py", include_str!("../app/network.py")),
    ("busy_processes.py", include_str!("../app/busy_processes.py")),
    ("alive.py", include_str!("../scale/alive.py")),
    ("soak.py", include_str!("../scale/soak.py")),
    ("functions.py", include_str!("../spawn/functions.py")),
    ("kills.py", include_str!("../spawn/kills.py")),
    ("bombs.py", include_str!("../spawn/bombs.py")),
    ("bombs_of_tests.py", include_str!("../../tests/python/processes/bombs.py")),
    ("endless.c", include_str!("../../tests/c/endless.c")),
    ("endless.zone.toml", include_str!("../../tests/c/endless.zone.toml")),
    ("cloison_actors.py", include_str!("../savina/cloison_actors.py")),
    ("multiprocessing_actors.py", include_str!("../savina/multiprocessing_actors.py")),
    ("asyncio_actors.py", include_str!("../savina/asyncio_actors.py")),
    ("savina.erl", include_str!("../savina/savina.erl")),
];

impl Peers {
    /// Write and compile.
    pub fn prepare() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        for (name, text) in SOURCES {
            std::fs::write(folder.path().join(name), text)?;
        }
        std::fs::write(folder.path().join("crash.c"), include_str!("../app/crash.c"))?;
        let this = std::env::current_exe()?;
        let said = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output()?;
        let python = std::fs::canonicalize(String::from_utf8_lossy(&said.stdout).trim()).context("python3")?;
        let erlang = Command::new("erlc").arg("savina.erl").current_dir(folder.path()).status();
        let erlang = erlang.is_ok_and(|status| status.success());
        if !erlang {
            eprintln!("no Erlang: `apt install erlang-base` puts it beside the others");
        }
        let peers = Self { python, erlang, cloison: this.parent().unwrap_or(Path::new(".")).join("cloison"), folder };
        peers.run(Command::new("cc").args(["-O2", "-o", "futex", "futex.c", "-ldl"]))?;
        peers.run(Command::new("cc").args(["-O2", "-o", "views", "views.c"]))?;
        peers.run(Command::new("cc").args(["-O2", "-o", "fork", "fork.c"]))?;
        for name in ["blank", "kill", "busy"] {
            peers.run(Command::new("cc").args(["-O2", "-o", name, &format!("{name}.c")]))?;
        }
        for (library, source) in [("libcrash.so", "crash.c"), ("endless.so", "endless.c")] {
            peers.run(Command::new("cc").args(["-shared", "-fPIC", "-o", library, source]))?;
        }
        Ok(peers)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The C peer's figures.
    pub fn c(&self, what: &str) -> anyhow::Result<Vec<f64>> {
        self.run(Command::new(self.folder().join("futex")).arg(what))
    }

    /// Processes that spin until this is dropped.
    pub fn hogs(&self, count: usize) -> anyhow::Result<Hogs> {
        let mut hogs = Hogs(Vec::new());
        for _ in 0..count {
            hogs.0.push(Command::new(self.folder().join("futex")).arg("hog").spawn()?);
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        Ok(hogs)
    }

    /// Figures of a program without capabilities.
    pub fn figures(&self, script: &str) -> anyhow::Result<Vec<f64>> {
        self.run(Command::new(&self.cloison).args(["run", "--manifest", "cloison.toml", script]))
    }

    /// The same, by another manifest.
    pub fn ours(&self, manifest: &str, script: &str) -> anyhow::Result<Vec<f64>> {
        self.run(Command::new(&self.cloison).args(["run", "--manifest", manifest, script]))
    }

    /// Figures of a script that is given a folder: ours, and CPython's.
    pub fn files(&self, script: &str) -> anyhow::Result<[Vec<f64>; 2]> {
        let folder = self.folder().join("files");
        std::fs::create_dir(&folder)?;
        // When root measures, the service is nobody.
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
        let ours = self.run(Command::new(&self.cloison).args(["run", "--manifest", "files.toml", script, "/files"]))?;
        let theirs = self.run(Command::new(&self.python).arg(script).arg(&folder))?;
        Ok([ours, theirs])
    }

    /// Figures of a script with arguments: ours under a manifest, and CPython's.
    pub fn both(&self, manifest: &str, script: &str, arguments: &[String]) -> anyhow::Result<[Vec<f64>; 2]> {
        let mut ours = Command::new(&self.cloison);
        let ours = self.run(ours.args(["run", "--manifest", manifest, script]).args(arguments))?;
        Ok([ours, self.run(Command::new(&self.python).arg(script).args(arguments))?])
    }

    /// The command itself.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.cloison);
        command.current_dir(self.folder());
        command
    }

    /// What it costs to hand over a result of that many bytes that its maker cannot change: copied, sealed, mapped privately.
    pub fn views(&self, bytes: u64) -> anyhow::Result<[f64; 3]> {
        let figures = self.run(Command::new(self.folder().join("views")).arg(bytes.to_string()))?;
        figures.try_into().map_err(|figures| anyhow::anyhow!("views.c printed {figures:?}"))
    }

    /// A bare fork and end of a process that is as large as a template and copies as many pages as a microprocess, so many under way.
    pub fn fork(&self, under_way: u32) -> anyhow::Result<f64> {
        let mut fork = Command::new(self.folder().join("fork"));
        let figures = self.run(fork.args(["40", "60", "500", &under_way.to_string()]))?;
        figures.get(1).copied().context("fork.c prints two figures")
    }

    /// As above out of a fork that waits: p50 and p99 of the way to its beginning in nanoseconds, and what it has of its own while it
    /// waits, in bytes.
    pub fn blank(&self) -> anyhow::Result<[f64; 3]> {
        let figures = self.run(Command::new(self.folder().join("blank")).args(["40", "60", "500"]))?;
        match figures[..] {
            [p50, p99, kept, tables] => Ok([p50, p99, kept + tables]),
            _ => bail!("blank.c printed {figures:?}"),
        }
    }

    /// A bare kill of a process that is as large as a template and computes, until it has been waited for: p50 and p99.
    pub fn kill(&self) -> anyhow::Result<[f64; 2]> {
        let figures = self.run(Command::new(self.folder().join("kill")).args(["40", "200"]))?;
        figures.try_into().map_err(|figures| anyhow::anyhow!("kill.c printed {figures:?}"))
    }

    /// A byte there and back through a third process, beside a hundred that compute: p50 and p99; and the smallest and the largest share of
    /// processors that one of the hundred had, in parts of the mean.
    pub fn busy(&self) -> anyhow::Result<[f64; 4]> {
        match self.hops(["100", "5", "600", "5000", "20"])?[..] {
            [p50, p99, _, least, most] => Ok([p50, p99, least, most]),
            ref figures => bail!("busy.c printed {figures:?}"),
        }
    }

    /// A byte there and back through a third process, one after the other with nobody beside them: the mean.
    pub fn relayed(&self) -> anyhow::Result<f64> {
        self.hops(["0", "0", "5000", "0", "0"])?.get(2).copied().context("busy.c prints three figures")
    }

    fn hops(&self, arguments: [&str; 5]) -> anyhow::Result<Vec<f64>> {
        self.run(Command::new(self.folder().join("busy")).args(arguments))
    }

    /// A Python peer's figures, optionally on one core.
    pub fn python(&self, script: &str, what: &str, one_core: bool) -> anyhow::Result<Vec<f64>> {
        self.run(on_cores(one_core, &self.python).args([script, what]))
    }

    /// The interpreter.
    pub fn interpreter(&self) -> &Path {
        &self.python
    }

    /// A benchmark of actors, by each of those who have it: ours, and the peers by name.
    pub fn actors(&self, what: &str, count: u32) -> anyhow::Result<(f64, Vec<(&'static str, f64)>)> {
        let count = count.to_string();
        let of = |command: &mut Command| -> anyhow::Result<f64> {
            let mut times = Vec::new();
            for _ in 0..3 {
                times.extend(self.run(command)?);
            }
            Ok(median(&mut times))
        };
        let ours = of(Command::new(&self.cloison).args([
            "run",
            "--manifest",
            "cloison.toml",
            "cloison_actors.py",
            what,
            &count,
        ]))?;
        let mut peers = Vec::new();
        for (name, program) in [("multiprocessing", "multiprocessing_actors.py"), ("asyncio", "asyncio_actors.py")] {
            peers.push((name, of(Command::new(&self.python).args([program, what, &count]))?));
        }
        if self.erlang {
            let arguments = ["-noshell", "-noinput", "-run", "savina", "main", what, &count];
            peers.push(("Erlang", of(Command::new("erl").args(arguments))?));
        }
        Ok((ours, peers))
    }

    /// Our own figures, optionally on one core.
    pub fn cloison(&self, what: &str, one_core: bool) -> anyhow::Result<Vec<f64>> {
        self.run(on_cores(one_core, &self.cloison).args(["run", ".", what]))
    }

    /// Have `cloison` run a program of ours.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(&self.cloison);
        command.args(["run", "--manifest", "cloison.toml", name]).current_dir(self.folder());
        command
    }

    /// How long a command takes, in nanoseconds: the median of some.
    pub fn duration(&self, command: &[&str]) -> anyhow::Result<f64> {
        let program = match command[0] {
            "cloison" => self.cloison.clone(),
            "python3" => self.python.clone(),
            other => PathBuf::from(other),
        };
        let mut times = Vec::new();
        for _ in 0..11 {
            let started = std::time::Instant::now();
            self.run(Command::new(&program).args(&command[1..]))?;
            times.push(started.elapsed().as_nanos() as f64);
        }
        Ok(median(&mut times))
    }

    /// How long `cloison` takes with these arguments when a template of `cloison up` is ready, in nanoseconds: the median of
    /// some.
    pub fn warm_duration(&self, arguments: &[&str]) -> anyhow::Result<f64> {
        let runtime = tempfile::tempdir()?;
        let cloison = |arguments: &[&str]| {
            let mut command = Command::new(&self.cloison);
            command.args(arguments).env("XDG_RUNTIME_DIR", runtime.path());
            command
        };
        self.run(cloison(&["up", "--templates", "2", "--idle", "5m"]).stderr(std::process::Stdio::null()))?;
        let mut times = Vec::new();
        for _ in 0..11 {
            // Both, so that nothing is being started beside what is measured.
            let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
            while !String::from_utf8_lossy(&cloison(&["up", "--json"]).output()?.stdout).contains("\"ready\": 2") {
                anyhow::ensure!(std::time::Instant::now() < until, "the templates do not get ready");
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let started = std::time::Instant::now();
            self.run(&mut cloison(arguments))?;
            times.push(started.elapsed().as_nanos() as f64);
        }
        self.run(&mut cloison(&["down"]))?;
        Ok(median(&mut times))
    }

    fn run(&self, command: &mut Command) -> anyhow::Result<Vec<f64>> {
        let output = command.current_dir(self.folder()).output().with_context(|| format!("{command:?}"))?;
        if !output.status.success() {
            bail!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.split_whitespace().filter_map(|word| word.parse().ok()).collect())
    }
}

/// Some processes that keep cores busy.
pub struct Hogs(Vec<std::process::Child>);

impl Drop for Hogs {
    fn drop(&mut self) {
        for hog in &mut self.0 {
            let _ = hog.kill();
            let _ = hog.wait();
        }
    }
}

fn on_cores(one: bool, program: &Path) -> Command {
    if !one {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

/// The middle of some figures.
pub fn median(figures: &mut [f64]) -> f64 {
    quantile(figures, 0.5)
}

/// A quantile of some figures.
pub fn quantile(figures: &mut [f64], quantile: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let last = figures.len().saturating_sub(1);
    figures.get((last as f64 * quantile) as usize).copied().unwrap_or(f64::NAN)
}
