//! With the language wall torn down (a microprocess that lets Python make any system call), the operating system's wall holds
//! alone.
//!
//! Each attempt has its control: the same call with the same arguments, by the same user, without a wall.

use cloison_tests::compiler::{Kind, compile};
use cloison_tests::{Output, Project, User, users};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

/// The binary of the workspace that has `_raw`.
const HOSTILE: &str = "hostile-microprocess";

/// Makes the calls of `sys.argv[1]` and tells what they return.
const PROGRAM: &str = include_str!("../python/raw_system_calls/program.py");

fn program() -> String {
    PROGRAM.replace("MMAP", &libc::SYS_mmap.to_string())
}

/// A call as data: its name, its number, its arguments (numbers, or text as `x…`).
type Attempt = (&'static str, i64, Value);

fn text(text: &str) -> String {
    format!("x{}", text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// What is answered with an error.
fn refused(canary: &str, pid: u32) -> Vec<Attempt> {
    let here = libc::AT_FDCWD;
    vec![
        ("openat", libc::SYS_openat, json!([here, text("/etc/passwd"), 0])),
        ("openat to write", libc::SYS_openat, json!([here, text(canary), libc::O_WRONLY])),
        (
            "openat to create",
            libc::SYS_openat,
            json!([here, text(&format!("{canary}.new")), libc::O_WRONLY | libc::O_CREAT, 0o600]),
        ),
        ("openat root", libc::SYS_openat, json!([here, text("/"), libc::O_DIRECTORY])),
        ("unlinkat", libc::SYS_unlinkat, json!([here, text(&format!("{canary}.old")), 0])),
        ("readlinkat", libc::SYS_readlinkat, json!([here, text("/proc/self/exe"), "x0000000000000000", 8])),
        ("statx", libc::SYS_statx, json!([here, text("/etc/passwd"), 0, 0x7ff, text(&"\0".repeat(256))])),
        ("tcp socket", libc::SYS_socket, json!([libc::AF_INET, libc::SOCK_STREAM, 0])),
        ("unix socket", libc::SYS_socket, json!([libc::AF_UNIX, libc::SOCK_STREAM, 0])),
        ("netlink socket", libc::SYS_socket, json!([libc::AF_NETLINK, libc::SOCK_RAW, 0])),
        ("socketpair", libc::SYS_socketpair, json!([libc::AF_UNIX, libc::SOCK_STREAM, 0, "x0000000000000000"])),
        ("executable memory", libc::SYS_mmap, json!([0, 4096, 7, 0x22, -1, 0])),
        ("memory made executable", libc::SYS_mprotect, json!(["page", 4096, 5])),
        ("memfd", libc::SYS_memfd_create, json!([text("x"), 0])),
        ("kill", libc::SYS_kill, json!([pid, libc::SIGKILL])),
        ("tgkill", libc::SYS_tgkill, json!([pid, pid, libc::SIGABRT])),
        ("signal 0", libc::SYS_kill, json!([pid, 0])),
        ("dumpable", libc::SYS_prctl, json!([libc::PR_SET_DUMPABLE, 1])),
        ("setpgid", libc::SYS_setpgid, json!([0, 0])),
        ("chdir", libc::SYS_chdir, json!([text("/usr")])),
        ("shmget", libc::SYS_shmget, json!([0x0c10_1501, 4096, 0o1600])),
        ("eventfd", libc::SYS_eventfd2, json!([0, 0])),
        ("epoll", libc::SYS_epoll_create1, json!([0])),
        ("pipe", libc::SYS_pipe2, json!(["x0000000000000000", 0])),
        ("inotify", libc::SYS_inotify_init1, json!([0])),
        ("affinity", libc::SYS_sched_setaffinity, json!([0, 8, "xff00000000000000"])),
        ("clone3", libc::SYS_clone3, json!([text(&format!("{}\x11{}", "\0".repeat(32), "\0".repeat(31))), 64])),
        ("clone", libc::SYS_clone, json!([libc::SIGCHLD, 0, 0, 0, 0])),
        ("clone as the template does", libc::SYS_clone, json!([libc::CLONE_PARENT | libc::SIGCHLD, 0, 0, 0, 0])),
        ("pidfd_open", libc::SYS_pidfd_open, json!([pid, 0])),
        ("io_uring", libc::SYS_io_uring_setup, json!([1, text(&"\0".repeat(256))])),
        ("keyctl", libc::SYS_keyctl, json!([0, -3, 1])),
    ]
}

/// What ends the process.
fn killed(pid: u32) -> Vec<Attempt> {
    let program = text("/bin/true");
    vec![
        ("execve", libc::SYS_execve, json!([program, 0, 0])),
        ("execveat", libc::SYS_execveat, json!([-100, program, 0, 0, 0])),
        ("ptrace", libc::SYS_ptrace, json!([libc::PTRACE_TRACEME, 0, 0, 0])),
        ("process_vm_readv", libc::SYS_process_vm_readv, json!([pid, 0, 0, 0, 0, 0])),
        ("unshare", libc::SYS_unshare, json!([libc::CLONE_NEWUSER])),
        ("seccomp", libc::SYS_seccomp, json!([libc::SECCOMP_GET_ACTION_AVAIL, 0, "x00000080"])),
        ("personality", libc::SYS_personality, json!([0x0040_0000])),
        ("landlock", libc::SYS_landlock_create_ruleset, json!([0, 0, 1])),
    ]
}

/// Without a control: they need what the machine may not have, and must fail anyway.
const UNCONTROLLED: [(&str, i64); 8] = [
    ("int80 getpid", 20),
    ("int80 fork", 2),
    ("bpf", libc::SYS_bpf),
    ("perf_event_open", libc::SYS_perf_event_open),
    ("userfaultfd", libc::SYS_userfaultfd),
    ("mount", libc::SYS_mount),
    ("x32 getpid", 0x4000_0000 + libc::SYS_getpid),
    ("ptrace as x32", 0x4000_0000 + libc::SYS_ptrace),
];

struct Arena {
    project: Project,
    canary: Child,
    user: User,
}

impl Arena {
    fn new(user: User) -> Self {
        let project = Project::with_microprocess(Some(HOSTILE)).file("main.py", &(program() + "\nmain()\n"));
        let mut sleep = Command::new("sleep");
        sleep.arg("600").stdin(Stdio::null());
        user.apply(&mut sleep);
        let arena = Self { project, canary: sleep.spawn().expect("sleep"), user };
        for name in ["bait", "bait.old", "free", "free.old"] {
            let path = arena.project.path("tmp").join(name);
            std::fs::write(&path, "untouched").expect("a file");
            if user == User::Nobody {
                std::os::unix::fs::chown(&path, Some(65534), Some(65534)).expect("root may");
            }
        }
        arena
    }

    fn file(&self, name: &str) -> String {
        self.project.path("tmp").join(name).display().to_string()
    }

    fn attack(&self, attempts: &[Attempt]) -> Output {
        self.project.main(&[&json!(attempts).to_string()]).user(self.user).output()
    }

    fn control(&self, (_, number, arguments): &Attempt) -> Option<i64> {
        let mut control = Command::new(compile(Kind::Program, include_str!("../c/control_raw.c"), &[]));
        control.arg(number.to_string()).current_dir(self.project.path("tmp"));
        for argument in arguments.as_array().expect("a list") {
            control.arg(argument.as_str().map_or_else(|| argument.to_string(), str::to_owned));
        }
        self.user.apply(&mut control);
        String::from_utf8_lossy(&control.output().expect("it runs").stdout).trim().parse().ok()
    }

    fn unharmed(&mut self) {
        assert!(self.canary.try_wait().expect("a child").is_none(), "the canary is dead");
        for name in ["bait", "bait.old"] {
            assert_eq!(std::fs::read_to_string(self.file(name)).ok().as_deref(), Some("untouched"), "{name}");
        }
        assert!(!self.project.path("tmp/bait.new").exists());
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let _ = self.canary.kill();
        let _ = self.canary.wait();
    }
}

fn set(path: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.trim() != "0")
}

/// What some machines refuse in the first place.
fn refused_anyway(name: &str) -> bool {
    match name {
        "io_uring" => set("/proc/sys/kernel/io_uring_disabled"),
        "unshare" => set("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
        _ => false,
    }
}

fn controls_work(arena: &Arena, attempts: &[Attempt]) {
    for attempt in attempts {
        // Who has become another program says nothing more.
        let worked = arena.control(attempt).is_none_or(|got| got >= 0);
        assert!(
            worked || refused_anyway(attempt.0),
            "the control for {} as {:?}: {:?}",
            attempt.0,
            arena.user,
            arena.control(attempt)
        );
    }
}

fn remove_segment() {
    // SAFETY: plain system calls; the segment is that of this file's control.
    unsafe {
        let id = libc::shmget(0x0c10_1501, 0, 0);
        if id >= 0 {
            libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut());
        }
    }
}

/// A bystander: another microprocess, which answers as long as it lives.
const ECHO: &str = include_str!("../python/raw_system_calls/echo.py");

#[test]
fn refused_calls_have_no_effect() {
    for &user in users() {
        let mut arena = Arena::new(user);
        let attempts = refused(&arena.file("bait"), arena.canary.id());
        let output = arena.attack(&attempts).ends_with(0);
        let results = output.json_lines();
        assert_eq!(results.len(), attempts.len(), "{output}");
        for result in &results {
            assert!(result[1].as_i64().is_some_and(|got| got < 0), "{} as {user:?} succeeded: {result}", result[0]);
        }
        arena.unharmed();
        // The signals' control would kill the canary, so its own victim comes last.
        let controls = refused(&arena.file("free"), arena.canary.id());
        let (deadly, harmless): (Vec<_>, Vec<_>) = controls.into_iter().partition(|(name, ..)| name.contains("kill"));
        controls_work(&arena, &harmless);
        remove_segment();
        assert_eq!(arena.control(&deadly[0]), Some(0));
        assert!(!arena.canary.wait().expect("a child").success(), "the control's signal arrives");
    }
}

#[test]
fn forbidden_calls_end_the_microprocess_alone() {
    for &user in users() {
        let mut arena = Arena::new(user);
        let bystander = Project::script(ECHO);
        let mut running = bystander.main(&[]).user(user).start_with(Stdio::piped());
        let mut answers = running.stdout();
        for attempt in killed(arena.canary.id()) {
            let output = arena.attack(std::slice::from_ref(&attempt));
            assert_eq!(output.code(), 128 + libc::SIGSYS, "{} as {user:?}: {output}", attempt.0);
            assert_eq!(output.stdout, "", "{}: {output}", attempt.0);
            output.complains(&["SIGSYS", "no microprocess may make"]);
            controls_work(&arena, &[attempt]);
            running.stdin().write_all(b"there?\n").expect("it reads");
            let mut answer = [0; 7];
            answers.read_exact(&mut answer).expect("it answers");
            assert_eq!(&answer, b"THERE?\n");
        }
        arena.unharmed();
        running.finish().ends_with(0);
    }
}

#[test]
fn strange_calls_do_not_succeed() {
    let mut arena = Arena::new(User::Current);
    for (name, number) in UNCONTROLLED {
        let output = arena.attack(&[(name, number, json!([]))]);
        let ended = [128 + libc::SIGSYS, 128 + libc::SIGSEGV].contains(&output.code()) && output.stdout.is_empty();
        let failed = output.code() == 0 && output.json()[1].as_i64().is_some_and(|got| got < 0);
        assert!(ended || failed, "{name}: {output}");
    }
    arena.unharmed();
}

/// A program that makes these attempts, in JSON, while it is imported.
fn top_level(attempts: &str) -> String {
    let makes = include_str!("../python/raw_system_calls/top_level.py");
    format!("ATTEMPTS = {attempts:?}\n{}{makes}", program())
}

/// A module's top level runs in the template, which may still fork, but nothing else.
#[test]
fn top_levels_have_no_more() {
    for &user in users() {
        let mut arena = Arena::new(user);
        arena.project.write("cloison.toml", b"[app]\nentry = \"main:done\"\n");
        let attempts = refused(&arena.file("bait"), arena.canary.id());
        let list = json!(attempts).to_string();
        let source = top_level(&list);
        arena.project.write("main.py", source.as_bytes());
        let output = arena.project.application(&[]).user(user).output().ends_with(0);
        let results = output.json_lines();
        assert_eq!(results.len(), attempts.len(), "{output}");
        assert!(results.iter().all(|result| result[1].as_i64().is_some_and(|got| got < 0)), "{output}");
        for (name, number, arguments) in killed(arena.canary.id()).into_iter().take(2) {
            let list = json!([[name, number, arguments]]).to_string();
            let source = top_level(&list);
            arena.project.write("main.py", source.as_bytes());
            let output = arena.project.application(&[]).user(user).output();
            assert!(output.code() != 0 && output.stdout.is_empty(), "{name}: {output}");
            output.complains(&["SIGSYS"]);
        }
        arena.unharmed();
    }
}

/// Random state is made fresh after a fork or nothing runs. The kernel refuses random bytes here, by a filter that only this program has.
#[test]
fn a_process_that_gets_no_random_bytes_runs_nothing() {
    let program = include_str!("../python/raw_system_calls/stale.py");
    let project = Project::with_microprocess(Some(HOSTILE)).file("main.py", program);
    project.main(&[]).output().prints(&"it runs: normal\n".repeat(3));
    let output = project.main(&["stale"]).output();
    assert_eq!(output.stdout, "it never ran: it could not be made fresh\n".repeat(3), "{output}");
    assert!(output.stderr.contains("no random bytes"), "{output}");
}
