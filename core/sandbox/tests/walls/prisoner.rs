//! The prisoner: enters as far as it is told, makes one attempt, reports the result on descriptor 0.

use crate::attempts;
use cloison_sandbox::policy::template::FORK;
use cloison_sandbox::{Layers, Library, Limits, MicroprocessLimits, Spec, Zone, enter};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

/// How far inside an attempt is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Not at all: the control.
    Outside,
    Template,
    Microprocess,
    Loading,
    Sealed,
}

pub const STAGES: [Stage; 5] = [Stage::Outside, Stage::Template, Stage::Microprocess, Stage::Loading, Stage::Sealed];

/// The layers by the names that the warden uses.
pub const LAYERS: [(&str, Layers); 8] = [
    ("namespaces", Layers::NAMESPACES),
    ("root", Layers::ROOT),
    ("landlock", Layers::LANDLOCK),
    ("seccomp", Layers::SECCOMP),
    ("rlimits", Layers::RLIMITS),
    ("credentials", Layers::CREDENTIALS),
    ("descriptors", Layers::DESCRIPTORS),
    ("memory", Layers::MEMORY),
];

/// `--prisoner STAGE LAYERS MAY-BE-MISSING FILES LIBRARY THREADS ATTEMPT`
pub fn run(arguments: &[String]) -> ! {
    let [stage, layers, missing, files, library, threads, attempt] = arguments else { end(64) };
    let Some(stage) = STAGES.into_iter().find(|known| format!("{known:?}") == *stage) else { end(64) };
    let Some(attempt) = attempts::find(attempt) else { end(64) };
    let layers = layers.split(',').fold(Layers::NONE, |all, name| {
        LAYERS.iter().find(|(known, _)| *known == name).map_or(all, |(_, layer)| all.with(*layer))
    });
    let missing: Vec<String> = missing.split(',').filter(|name| !name.is_empty()).map(String::from).collect();
    match stage {
        Stage::Outside => report("outside"),
        Stage::Template | Stage::Microprocess => as_template(stage, layers, missing),
        Stage::Loading | Stage::Sealed => {
            let threads = threads.parse().unwrap_or(1);
            as_zone(stage, layers, missing, files, library, threads);
        }
    }
    let result = attempt();
    report(&format!("result {result}"));
    await_end()
}

/// Waits until the warden closes its end, as a template or a zone does that has nothing to do.
fn await_end() -> ! {
    let mut byte = [0];
    loop {
        let mut into = [std::io::IoSliceMut::new(&mut byte)];
        let mut no_descriptors = rustix::net::RecvAncillaryBuffer::default();
        match rustix::net::recvmsg(stdin(), &mut into, &mut no_descriptors, rustix::net::RecvFlags::empty()) {
            Ok(message) if message.bytes > 0 => {}
            _ => end(0),
        }
    }
}

fn as_template(stage: Stage, layers: Layers, missing: Vec<String>) {
    let limits = Limits { processes: Some(8), file_size_bytes: None, data_bytes: Some(256 << 20), ..Limits::default() };
    let mut spec = Spec::template(limits);
    spec.layers = layers;
    spec.may_be_missing = missing;
    let start = Instant::now();
    let jail = match enter(spec, stdin(), &announce) {
        Ok(jail) => jail,
        Err(error) => refuse(&error),
    };
    let elapsed = start.elapsed();
    report(&format!("jailed {} us {:?}", elapsed.as_micros(), jail.jailed()));
    if stage == Stage::Template {
        return;
    }
    let seal = jail.microprocess_seal().expect("the seal compiles");
    let mut pidfd = 0i32;
    // SAFETY: a fork (null stack, no CLONE_VM) of a process with one thread; the kernel writes a descriptor to `pidfd`.
    let pid = unsafe { libc::syscall(libc::SYS_clone, FORK, 0, &raw mut pidfd, 0, 0) };
    assert!(pid >= 0, "{}", std::io::Error::last_os_error());
    if pid > 0 {
        await_end();
    }
    let start = Instant::now();
    let limits = MicroprocessLimits { address_space_bytes: Some(8 << 30), ..Default::default() };
    if let Err(error) = seal.apply(&limits) {
        refuse(&error);
    }
    report(&format!("sealed {} ns", start.elapsed().as_nanos()));
}

/// `library` may be `PATH>OTHER`: after PATH has been opened, OTHER takes its place.
fn as_zone(stage: Stage, layers: Layers, missing: Vec<String>, files: &str, library: &str, threads: u32) {
    let (path, other) = library.split_once('>').unwrap_or((library, ""));
    let library: OwnedFd = std::fs::File::open(path).expect("a library").into();
    if !other.is_empty() {
        std::fs::rename(other, path).expect("an exchange");
    }
    let mut zone = Zone::new(Library(library.as_fd()));
    zone.files = attempts::file_rules(files);
    zone.threads = threads;
    let limits = Limits { file_size_bytes: None, processes: Some(threads - 1), ..Limits::default() };
    let mut spec = Spec::zone(limits, zone);
    spec.layers = layers;
    spec.may_be_missing = missing;
    let start = Instant::now();
    let jail = match enter(spec, stdin(), &announce) {
        Ok(jail) => jail,
        Err(error) => refuse(&error),
    };
    let elapsed = start.elapsed();
    report(&format!("jailed {} us {:?}", elapsed.as_micros(), jail.jailed()));
    if stage == Stage::Loading {
        return;
    }
    if let Err(error) = attempts::load(jail.library()) {
        report(&format!("failed load {error}"));
        end(1);
    }
    let start = Instant::now();
    match jail.seal() {
        Ok(sealed) => report(&format!("sealed {} ns {:?}", start.elapsed().as_nanos(), sealed.layers())),
        Err(error) => refuse(&error),
    }
}

fn stdin() -> BorrowedFd<'static> {
    rustix::stdio::stdin()
}

fn announce(worker: i32, init: Option<i32>) {
    report(&format!("split worker: {worker} init: {init:?}"));
}

/// One packet to the warden, by the system call that workers use.
fn report(text: &str) {
    let _ = rustix::net::sendmsg(
        stdin(),
        &[std::io::IoSlice::new(text.as_bytes())],
        &mut rustix::net::SendAncillaryBuffer::default(),
        rustix::net::SendFlags::NOSIGNAL,
    );
}

fn refuse(error: &cloison_sandbox::Error) -> ! {
    report(&format!("failed {error}"));
    end(1)
}

fn end(status: i32) -> ! {
    // SAFETY: does not return; the prisoner has nothing to tidy up.
    unsafe { libc::_exit(status) }
}
