//! Each layer alone, with all others off, so that none hides behind another. Landlock and seccomp need no_new_privs, which
//! is always set; setsid, the new keyring and the kernel's refusal to dump are no layers of their own here.

use crate::Test;
use crate::prisoner::Stage;
use crate::warden::{Order, Outcome};
use libc::{EACCES, ECONNREFUSED, ENETUNREACH, ENOENT, ENOMEM, EPERM, ESRCH, SIGSYS};

pub const TESTS: &[Test] = &[
    ("single_layers::all_off_is_open", all_off_is_open),
    ("single_layers::landlock", landlock),
    ("single_layers::seccomp", seccomp),
    ("single_layers::namespaces", namespaces),
    ("single_layers::namespaces_without_root", namespaces_without_root),
    ("single_layers::credentials", credentials),
    ("single_layers::rlimits", rlimits),
    ("single_layers::memory", memory),
    ("single_layers::descriptors", descriptors),
    ("single_layers::a_worker_thread_is_inside", a_worker_thread_is_inside),
    ("single_layers::any_one_may_be_missing", any_one_may_be_missing),
];

fn alone(layers: &str, attempt: &str) -> Outcome {
    Order::new(Stage::Template, attempt).layers(layers).outcome()
}

/// The control of this file: without layers a jail is none.
fn all_off_is_open() {
    assert_eq!(alone("", "open_passwd"), Outcome::Done(1));
    assert_eq!(alone("", "connect"), Outcome::Failed(ECONNREFUSED));
    assert_eq!(alone("", "signal_the_warden"), Outcome::Done(0));
    assert_eq!(alone("", "written_to_code"), Outcome::Done(0));
    assert_eq!(alone("", "much_memory"), Outcome::Done(1));
    assert_eq!(alone("", "host_name"), Outcome::Done(0));
}

fn landlock() {
    assert_eq!(alone("landlock", "open_passwd"), Outcome::Failed(EACCES));
    assert_eq!(alone("landlock", "open_by_old_name"), Outcome::Failed(EACCES));
    assert_eq!(alone("landlock", "list_loader_folder"), Outcome::Failed(EACCES));
    assert_eq!(alone("landlock", "execve"), Outcome::Failed(EACCES));
    // Network rules came with ABI 4, signal scopes with ABI 6.
    let abi = abi();
    let connect = if abi >= 4 { EACCES } else { ECONNREFUSED };
    assert_eq!(alone("landlock", "connect"), Outcome::Failed(connect));
    if abi >= 6 {
        assert_eq!(alone("landlock", "signal_the_warden"), Outcome::Failed(EPERM));
    }
    // What it does not do, so that nobody thinks so.
    assert_eq!(alone("landlock", "stat_passwd"), Outcome::Done(0));
}

fn abi() -> u32 {
    let (_, said) = Order::new(Stage::Template, "nothing").layers("landlock").talk();
    let report = said.iter().find(|text| text.starts_with("jailed")).expect("a report");
    let digits = report.split("ABI ").nth(1).expect("an ABI").chars().take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().expect("a number")
}

fn seccomp() {
    assert_eq!(alone("seccomp", "open_passwd"), Outcome::Failed(EACCES));
    assert_eq!(alone("seccomp", "every_socket"), Outcome::Failed(EACCES));
    assert_eq!(alone("seccomp", "execve"), Outcome::Killed(SIGSYS));
    assert_eq!(alone("seccomp", "written_to_code"), Outcome::Failed(EACCES));
    assert_eq!(alone("seccomp", "signal_everybody"), Outcome::Failed(EPERM));
}

fn namespaces() {
    assert_eq!(alone("namespaces,root", "open_passwd"), Outcome::Failed(ENOENT));
    assert_eq!(alone("namespaces,root", "stat_passwd"), Outcome::Failed(ENOENT));
    assert_eq!(alone("namespaces,root", "root_entries"), Outcome::Done(0));
    assert_eq!(alone("namespaces,root", "create"), Outcome::Failed(ENOENT));
    assert_eq!(alone("namespaces,root", "mkdir_in_root"), Outcome::Failed(libc::EROFS));
    assert_eq!(alone("namespaces,root", "climb_root"), Outcome::Failed(ENOENT));
    assert_eq!(alone("namespaces,root", "execve"), Outcome::Failed(ENOENT));
}

fn namespaces_without_root() {
    assert_eq!(alone("namespaces", "open_passwd"), Outcome::Done(1));
    assert_eq!(alone("namespaces", "connect"), Outcome::Failed(ENETUNREACH));
    assert_eq!(alone("namespaces", "other_processes"), Outcome::Failed(ESRCH));
    assert_eq!(alone("namespaces", "host_name"), Outcome::Done(1));
    assert_eq!(alone("namespaces", "nobody"), Outcome::Done(65534));
}

fn credentials() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    assert_eq!(alone("", "open_shadow"), Outcome::Done(1), "control: root may read it");
    assert_eq!(alone("credentials", "open_shadow"), Outcome::Failed(EACCES));
    assert_eq!(alone("credentials", "nobody"), Outcome::Done(65534));
    assert_eq!(alone("credentials", "set_uid"), Outcome::Failed(EPERM));
}

fn rlimits() {
    assert_eq!(alone("rlimits", "much_memory"), Outcome::Failed(ENOMEM));
    assert_eq!(alone("rlimits,descriptors", "many_descriptors"), Outcome::Done(64 - 3));
    if !rustix::process::geteuid().is_root() {
        assert_eq!(alone("rlimits", "raise_limits"), Outcome::Failed(EPERM));
    }
}

fn memory() {
    let outcome = alone("memory", "written_to_code");
    // Linux 6.3; older kernels say so in the report.
    let (_, said) = Order::new(Stage::Template, "nothing").layers("memory").talk();
    let available = said.iter().any(|text| text.contains("\"memory\", state: On"));
    assert_eq!(outcome, if available { Outcome::Failed(EACCES) } else { Outcome::Done(0) });
}

fn descriptors() {
    let (read, _write) = rustix::pipe::pipe().expect("pipe");
    let leaking = |layers: &str| {
        let mut order = Order::new(Stage::Template, "open_descriptors").layers(layers);
        order.leak = Some((std::os::fd::AsRawFd::as_raw_fd(&read), 77));
        order.outcome()
    };
    // Cargo leaks descriptors of its own, so only ours is looked at.
    assert!(matches!(leaking(""), Outcome::Done(open) if open & 1 << 62 != 0), "control: it leaks");
    assert_eq!(leaking("descriptors"), Outcome::Done(0b111));
}

/// Each layer holds for a thread that was made before the seal's filter.
fn a_worker_thread_is_inside() {
    let with = |stage: Stage, layers: &str, attempt: &str| {
        let mut order = Order::new(stage, attempt).layers(layers);
        order.threads = 2;
        order.outcome()
    };
    let worker = |layers: &str, attempt: &str| with(Stage::Worker, layers, attempt);
    assert_eq!(with(Stage::Loading, "landlock", "open_loader_file"), Outcome::Done(1), "control");
    assert_eq!(worker("", "open_loader_file"), Outcome::Done(1), "control");
    assert_eq!(worker("landlock", "open_loader_file"), Outcome::Failed(EACCES));
    assert_eq!(worker("landlock", "open_passwd"), Outcome::Failed(EACCES));
    assert_eq!(worker("seccomp", "execve"), Outcome::Killed(SIGSYS));
    // What the loading stage allows, and the seal does not: the filter came after the thread.
    assert_eq!(with(Stage::Loading, "seccomp", "another_filter"), Outcome::Failed(libc::EFAULT), "control");
    assert_eq!(worker("seccomp", "another_filter"), Outcome::Killed(SIGSYS));
    assert_eq!(worker("rlimits", "much_memory"), Outcome::Failed(ENOMEM));
    assert_eq!(worker("namespaces,root", "open_passwd"), Outcome::Failed(ENOENT));
}

/// With any one layer off, the rest still keeps the worst away.
fn any_one_may_be_missing() {
    for (layer, _) in crate::prisoner::LAYERS {
        for stage in [Stage::Template, Stage::Microprocess, Stage::Sealed, Stage::Child] {
            for attempt in ["open_passwd", "execve", "every_socket", "fork", "map_writable_code"] {
                let outcome = Order::new(stage, attempt).without(layer).outcome();
                // Seccomp is the only one that refuses to make a socket or a process; without it a socket leads nowhere
                // (see `namespaces_without_root`) and a process is as confined as its parent.
                let harmless = layer == "seccomp" && ["every_socket", "fork"].contains(&attempt);
                let stopped = matches!(outcome, Outcome::Failed(_) | Outcome::Killed(_));
                assert!(stopped || harmless, "{attempt} at {stage:?} without {layer}: {outcome:?}");
            }
        }
    }
}
