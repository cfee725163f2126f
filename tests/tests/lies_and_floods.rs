//! Whoever lies to the broker, floods it, or does not let go: it neither waits for ever nor pays for it.

use cloison_tests::Project;
use rustix::process::Signal;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A program that will not be interrupted is ended after the grace that it has for its `finally` blocks.
#[test]
fn an_interrupt_that_is_swallowed_ends_the_program_all_the_same() {
    let project = Project::script(
        "import time\nprint('started', flush=True)\nwhile True:\n    try:\n        time.sleep(100)\n    except KeyboardInterrupt:\n        print('ignored', flush=True)\n",
    );
    let mut running = project.main(&[]).start_with(Stdio::piped());
    let mut lines = BufReader::new(running.stdout()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "started");
    std::thread::sleep(Duration::from_millis(50));
    running.signal(Signal::INT);
    assert_eq!(lines.next().unwrap().unwrap(), "ignored", "the control: it was interrupted");
    let started = Instant::now();
    running.finish().ends_with(130);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

/// Opening a FIFO waits for a writer; the broker must not.
#[test]
fn a_fifo_among_the_sources_is_no_module() {
    let project = Project::script("try:\n    import pipe\nexcept ImportError:\n    print('refused')\n");
    let made = Command::new("mkfifo").arg(project.app("pipe.py")).status().expect("mkfifo");
    assert!(made.success());
    project.main_with_modules().output().ends_with(0).prints("refused\n");
}

/// Names are short. One that is not costs its sender, not the broker.
#[test]
fn a_name_without_end_is_not_taken_apart() {
    let project = Project::script(
        "import _cloison\ntry:\n    _cloison.find('.' * (60 << 20))\nexcept ImportError:\n    print('refused')\nimport json\nprint(_cloison.find('nothing'))\n",
    );
    project.main(&[]).output().ends_with(0).prints("refused\nNone\n");
}

/// Objects that name the same capability share its channel. If each had its own, 200 of them would map 16 GiB, and the
/// limit of the address space would refuse that halfway.
#[test]
fn capabilities_do_not_multiply_channels() {
    let manifest = "[app]\nentry = \"app:main\"\n[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n";
    let app = "import cloison\ndef main():\n    kept = [cloison.capability('zlib') for _ in range(200)]\n    \
        print(len({zlib.crc32(0, b'hello') for zlib in kept}), len(set(map(id, kept))))\n";
    let project = Project::new().file("cloison.toml", manifest).file("app.py", app);
    project.application(&[]).output().ends_with(0).prints("1 200\n");
}

/// A zone's page says what it runs since when. A library that keeps saying "since now" is judged by the broker's clock.
#[test]
fn a_zone_that_lies_about_its_call_is_ended() {
    let zone = "[zone]\nname = \"liar\"\nversion = \"1.0.0\"\nlibrary = { path = \"liar.so\" }\n[sandbox]\ndeadline = \"300 ms\"\n\
        [functions.find]\nc = \"int find(void)\"\n[functions.lie]\nc = \"int lie(void)\"\n";
    let app = "import cloison\ndef main():\n    liar = cloison.capability('liar')\n    assert liar.find() == 1, 'the control: it has found the page'\n    \
        try:\n        liar.lie()\n    except cloison.DeadlineExceeded:\n        print('ended', liar.find())\n";
    let manifest = "[app]\nentry = \"app:main\"\n[capabilities.liar]\nzone = \"liar.zone.toml\"\nallow = \"*\"\n";
    let project = Project::new().file("cloison.toml", manifest).file("liar.zone.toml", zone).file("app.py", app);
    let project = project.library("liar.so", include_str!("../c/liar.c"));
    project.application(&[]).timeout(Duration::from_secs(20)).output().ends_with(0).prints("ended 1\n");
}

/// Asks for its own source, 20 times over, and reads no answer. What it sends stands in standard input, for an address that it
/// chooses.
const ASKS: &str = "\
import _raw, time
AT = 0x100000000
assert _raw.syscall(9, AT, 4096, 3, 0x32, -1, 0) == AT
got = 0
while got < 256:
    got += _raw.syscall(0, 0, AT + got, 256 - got)
control = [number for number in range(3, 16) if _raw.syscall(46, number, AT, 0x4040) > 0]
print('asked', len(control), flush=True)
for _ in range(20):
    _raw.syscall(46, control[0], AT, 0x4040)
time.sleep(10)
print('still here', flush=True)
";

/// An answer may be a module of 16 MiB, which is the broker's memory until it is read.
#[test]
fn who_asks_and_does_not_listen_is_ended() {
    const AT: u64 = 0x1_0000_0000;
    let question = [&[0, 1, 4][..], b"main"].concat(); // in the packet; `Find`; four bytes
    let words = |words: &[u64]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<_>>();
    let mut memory = words(&[0, 0, AT + 56, 1, 0, 0, 0, AT + 72, question.len() as u64]); // msghdr, iovec
    memory.extend(question);
    memory.resize(256, 0);
    let project = Project::with_microprocess(Some("hostile-microprocess")).file("main.py", ASKS);
    let output = project.main_with_modules().stdin(memory).output().ends_with(128 + 9);
    assert_eq!(output.stdout, "asked 1\n", "the control: it could ask\n{output}");
    output.complains(&["SIGKILL"]);
}

/// A program may make the broker say something as often as it likes; the broker says it a few times, and then how often it
/// did not.
#[test]
fn what_a_program_makes_the_broker_say_is_limited() {
    let source = "for _ in range(1000):\n    try:\n        import outside\n    except ImportError:\n        pass\n";
    let project = Project::script(source);
    std::os::unix::fs::symlink("/etc/hostname", project.app("outside.py")).expect("a link");
    let output = project.main_with_modules().output().ends_with(0);
    let said = output.stderr.matches("outside.py").count();
    assert!((1..100).contains(&said), "{said} times: {output}");
}
