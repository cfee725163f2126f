//! Whoever reads a run's output late, or never, and a terminal that is stopped, keep neither signals nor deadlines away.

use cloison_tests::run::PATIENCE;
use cloison_tests::terminal::terminal;
use cloison_tests::{Project, leftovers};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

// Their patience is generous: what does not come at all is what fails. A signal ends everything in under two seconds; how many it was here
// is said, and does not decide, as other processes can take any time from it. All that the command waits for after a signal is less than
// that, which the build looks at (`cli/src/run.rs`): a wait that has no end is what these tests find.

/// A program that has the broker log something, runs into a deadline, sees that the broker has put another zone in the place
/// of the one that was overdue, says so on the stream that it is told, uses the other one, and goes on for ever.
const PROGRAM: &str = include_str!("../python/streams/program.py");
const MANIFEST: &str = "[app]\nentry = \"app:main\"\n[capabilities.loop]\nzone = \"loop.zone.toml\"\nallow = \"*\"\n";
const ZONE: &str = include_str!("../c/streams.zone.toml");
const LIBRARY: &str = "void forever(void) { for (;;); }\nint one(void) { return 1; }\n";

/// What is the matter with a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// There is no such descriptor.
    Absent,
    /// Nobody is at the other end.
    Closed,
    /// A pipe that takes, or gives, nothing more.
    Full,
    /// A terminal whose output has been stopped, as by Ctrl-S.
    Stopped,
}

const STATES: [State; 4] = [State::Absent, State::Closed, State::Full, State::Stopped];

/// The far end of a stream, to be kept, and the descriptor for the command.
struct Stream {
    far: Option<OwnedFd>,
    near: OwnedFd,
}

impl Stream {
    fn new(state: State, input: bool) -> Self {
        let stream = Self::open(state, input);
        if state != State::Full || !input {
            stick(&stream.near, state);
        }
        stream
    }

    /// One that is not stuck yet.
    fn open(state: State, input: bool) -> Self {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let (near, far): (OwnedFd, OwnedFd) =
            if input { (reader.into(), writer.into()) } else { (writer.into(), reader.into()) };
        match state {
            State::Absent | State::Closed => Self { far: None, near },
            State::Full => Self { far: Some(far), near },
            State::Stopped => {
                let (far, near) = terminal();
                Self { far: Some(far), near }
            }
        }
    }
}

/// Have a stream for output take nothing more.
fn stick(near: &OwnedFd, state: State) {
    match state {
        State::Absent | State::Closed => {}
        State::Full => fill(near),
        // SAFETY: a flag on a descriptor that is ours.
        State::Stopped => assert_eq!(unsafe { libc::tcflow(near.as_raw_fd(), libc::TCOOFF) }, 0, "it stops"),
    }
}

/// Write until no byte more fits.
fn fill(pipe: &OwnedFd) {
    let mut writer = File::from(pipe.try_clone().expect("a descriptor"));
    rustix::io::ioctl_fionbio(&writer, true).expect("a pipe");
    for size in [4096, 1] {
        let full = loop {
            match writer.write(&vec![b'.'; size]) {
                Ok(count) => assert!(count > 0, "a pipe takes nothing"),
                Err(error) => break error,
            }
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
    }
    rustix::io::ioctl_fionbio(&writer, false).expect("a pipe");
}

/// A run with one stream in that state; the others are pipes, standard input at its end.
struct Run<'p> {
    project: &'p Project,
    child: Child,
    kept: Option<OwnedFd>,
}

impl<'p> Run<'p> {
    fn start(project: &'p Project, stream: usize, state: State, arguments: &[&str]) -> Self {
        let descriptor = Stream::new(state, stream == 0);
        Self::start_with(project, (stream, descriptor), state, Stdio::null(), arguments)
    }

    /// The same with a stream that is there already, and another standard input.
    fn start_with(
        project: &'p Project,
        (stream, Stream { far, near }): (usize, Stream),
        state: State,
        stdin: Stdio,
        arguments: &[&str],
    ) -> Self {
        let mut command = Command::new(project.path("bin/cloison"));
        command.args(arguments).current_dir(project.path("app")).env_clear().env("TMPDIR", project.path("tmp"));
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        match stream {
            0 => command.stdin(near),
            1 => command.stdout(near),
            _ => command.stderr(near),
        };
        if state == State::Absent {
            // SAFETY: close is async-signal-safe, and the descriptor is a copy that the child alone has.
            unsafe {
                command.pre_exec(move || {
                    libc::close(stream as i32);
                    Ok(())
                });
            }
        }
        let child = command.spawn().expect("cloison starts");
        Self { project, child, kept: far }
    }

    /// Read its report, of the stream that is a pipe to us.
    fn report(&mut self, stream: usize) -> String {
        let mut bytes = [0; 11];
        let read = match stream {
            1 => self.child.stderr.as_mut().map(lines_until_report),
            _ => self.child.stdout.as_mut().map(|pipe| pipe.read_exact(&mut bytes).map(|()| text(&bytes))),
        };
        read.expect("a pipe").expect("a report")
    }

    /// Wait for its end, and see that nothing is left.
    fn ends(mut self, what: &str) -> ExitStatus {
        let begun = Instant::now();
        let status = self.wait().unwrap_or_else(|| {
            let _ = self.child.kill();
            let _ = self.child.wait();
            leftovers::end(self.project.folder());
            panic!("{what}: it does not end within {:?}, and should within two seconds", begun.elapsed());
        });
        let left = leftovers::wait_for_end(self.project.folder());
        let taken = begun.elapsed();
        assert!(left.is_empty(), "{what}: left behind after {taken:?}: {left:?}");
        eprintln!("{what}: ended within {taken:?}");
        drop(self.kept);
        status
    }

    fn wait(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the command lives");
    }

    /// Wait until the program has started, and the command is alone again.
    fn fails(&mut self) {
        let mut bytes = [0; 8];
        self.child.stdout.as_mut().expect("a pipe").read_exact(&mut bytes).expect("a report");
        assert_eq!(&bytes, b"started\n");
        self.is_alone();
    }

    /// Wait until nothing of it is left but the command.
    fn is_alone(&self) {
        let until = Instant::now() + PATIENCE;
        while leftovers::processes(self.project.folder()).len() != 1 {
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Standard error also has what the broker says.
fn lines_until_report(pipe: &mut impl Read) -> std::io::Result<String> {
    let (mut all, mut byte) = (Vec::new(), [0]);
    while !all.ends_with(b"deadline 1\n") {
        pipe.read_exact(&mut byte)?;
        all.extend_from_slice(&byte);
    }
    Ok("deadline 1\n".to_owned())
}

fn project() -> Project {
    let project = Project::new().file("cloison.toml", MANIFEST).file("loop.zone.toml", ZONE).file("app.py", PROGRAM);
    // A module that cannot be read, so that the broker has something to say.
    std::os::unix::fs::symlink("/etc/hostname", project.app("outside.py")).expect("a link");
    project.library("loop.so", LIBRARY)
}

#[test]
fn deadlines_hold_and_sigterm_ends_it_whatever_the_streams_are() {
    let project = project();
    for (stream, name) in ["stdin", "stdout", "stderr"].into_iter().enumerate() {
        for state in STATES {
            let what = format!("{name} {state:?}");
            let report = if stream == 1 { "stderr" } else { "stdout" };
            let mut run = Run::start(&project, stream, state, &["run", ".", report]);
            assert_eq!(run.report(stream), "deadline 1\n", "{what}");
            run.signal(Signal::TERM);
            assert_eq!(run.ends(&what).code(), Some(128 + 15), "{what}");
        }
    }
}

/// Ctrl-C waits for the program's `finally` blocks, but not for ever for what they print.
#[test]
fn an_interrupt_ends_a_program_that_prints_to_nobody() {
    let project = project();
    for state in [State::Full, State::Stopped] {
        let mut run = Run::start(&project, 2, state, &["run", ".", "stdout"]);
        assert_eq!(run.report(2), "deadline 1\n");
        run.signal(Signal::INT);
        assert_eq!(run.ends("SIGINT").code(), Some(128 + 2));
    }
}

/// Modules print while they are imported; the template waits for their reader then, and the broker does not.
#[test]
fn signals_end_an_import_that_prints_to_nobody() {
    let app = include_str!("../python/streams/signals_end_an_import_that_prints_to_nobody.py");
    let project = Project::new().file("cloison.toml", "[app]\nentry = \"app:main\"\n").file("app.py", app);
    for (signal, number) in [(Signal::TERM, 15), (Signal::INT, 2), (Signal::HUP, 1)] {
        for state in [State::Full, State::Stopped] {
            let mut run = Run::start(&project, 2, state, &["run", "."]);
            let mut bytes = [0; 8];
            run.child.stdout.as_mut().expect("a pipe").read_exact(&mut bytes).expect("a report");
            run.signal(signal);
            assert_eq!(run.ends("an import").code(), Some(128 + number));
        }
    }
}

const FAILS: &str = "print('started', flush=True)\nraise ValueError('why it failed')\n";

/// The command's last words are for whoever reads them, when he does; everything else is gone by then.
#[test]
fn what_failed_is_said_when_somebody_reads() {
    let project = Project::new().file("cloison.toml", "[app]\nentry = \"app:main\"\n").file("app.py", FAILS);
    let mut run = Run::start(&project, 2, State::Full, &["run", "."]);
    run.fails();
    assert_eq!(run.child.try_wait().expect("a child"), None, "it has something to say");
    let mut pipe = File::from(run.kept.take().expect("the far end"));
    let mut all = Vec::new();
    pipe.read_to_end(&mut all).expect("all of it");
    assert!(text(&all).ends_with("ValueError: why it failed\n"), "{}", text(&all));
    assert_eq!(run.ends("with a reader").code(), Some(1));
}

/// … and a signal ends the wait for them.
#[test]
fn last_words_that_nobody_reads_are_given_up() {
    let project = Project::new().file("cloison.toml", "[app]\nentry = \"app:main\"\n").file("app.py", FAILS);
    for state in [State::Full, State::Stopped] {
        let mut run = Run::start(&project, 2, state, &["run", "."]);
        run.fails();
        run.signal(Signal::TERM);
        let status = run.ends("nobody reads");
        assert!(!status.success(), "{status:?}");
    }
}

/// Ends when nobody writes to its standard input any more.
const WAITS: &str = include_str!("../python/record/waits.py");

/// What a recording has found is said when nothing is left running: whoever reads that late, or never, keeps neither processes nor signals.
#[test]
fn what_was_recorded_is_said_when_all_is_gone() {
    let project = Project::script(WAITS);
    for state in [State::Full, State::Stopped] {
        for signal in [false, true] {
            let (what, name) = (format!("{state:?}, signal: {signal}"), format!("{state:?}-{signal}.toml"));
            let stream = Stream::open(state, false);
            let near = stream.near.try_clone().expect("a descriptor");
            let record = ["run", "--record", "--record-anyway", "--output", &name, "main.py", "0"];
            let mut run = Run::start_with(&project, (2, stream), state, Stdio::piped(), &record);
            let mut bytes = [0; 18];
            run.child.stdout.as_mut().expect("a pipe").read_exact(&mut bytes).expect("a report");
            assert_eq!(text(&bytes), "907060870 started\n", "{what}");
            stick(&near, state);
            drop(near);
            if signal {
                run.signal(Signal::TERM);
                assert_eq!(run.ends(&what).code(), Some(128 + 15), "{what}");
            } else {
                drop(run.child.stdin.take());
                run.is_alone();
                assert_eq!(run.child.try_wait().expect("a child"), None, "{what}: it has something to say");
                // It ends of the signal, or with the program's status if that came while the command still had it to itself.
                run.signal(Signal::TERM);
                run.ends(&what);
            }
            let recorded =
                std::fs::read_to_string(project.app(&name)).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(recorded.contains("crc32"), "{what}: {recorded}");
        }
    }
}
