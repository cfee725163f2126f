//! The prisoner: enters as far as it is told, makes one attempt, reports the result on descriptor 0.

use crate::attempts;
use crate::network;
use crate::service;
use cloison_contract::host::FilesRights;
use cloison_contract::interface::FileRule;
use cloison_sandbox::policy::template::FORK;
use cloison_sandbox::{
    Ended, ForkServer, Jail, Layers, LibraryFile, MicroprocessLimits, PlacedFolder, PrivateFolder, ResourceLimits,
    ServedFolder, ServiceContents, ServiceKind, Spec, ZoneContents, enter,
};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

/// What is tried.
type Attempt = Box<dyn Fn() -> i64 + Send>;

/// How far inside an attempt is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Not at all: the control.
    Outside,
    Template,
    Microprocess,
    Loading,
    Sealed,
    /// On a thread that a sealed zone has made between the two halves of its seal.
    Worker,
    /// In a zone that makes a process for each call.
    ForkServer,
    /// In one of these processes.
    Child,
    /// In a host service. Its attempts are its own, in `service`.
    Service,
}

pub const STAGES: [Stage; 8] = [
    Stage::Outside,
    Stage::Template,
    Stage::Microprocess,
    Stage::Loading,
    Stage::Sealed,
    Stage::Worker,
    Stage::ForkServer,
    Stage::Child,
];

impl Stage {
    /// Does each call have a process of its own?
    pub fn per_call(self) -> bool {
        matches!(self, Stage::ForkServer | Stage::Child)
    }
}

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
    let Some(stage) = STAGES.into_iter().chain([Stage::Service]).find(|known| format!("{known:?}") == *stage) else {
        end(64)
    };
    // What is tried early is tried as a constructor would.
    let (early, attempt) = attempt.strip_prefix("early ").map_or(("nothing", &**attempt), |early| (early, "nothing"));
    let (Some(early), Some(attempt)) = (attempts::find(early), attempts::find(attempt)) else { end(64) };
    let layers = layers.split(',').fold(Layers::NONE, |all, name| {
        LAYERS.iter().find(|(known, _)| *known == name).map_or(all, |(_, layer)| all.with(*layer))
    });
    let missing: Vec<String> = missing.split(',').filter(|name| !name.is_empty()).map(String::from).collect();
    match stage {
        Stage::Outside => report("outside"),
        Stage::Service => as_service(layers, missing, files),
        Stage::Template | Stage::Microprocess => as_template(stage, layers, missing),
        _ => {
            // `FOLDER=RIGHT RIGHT@PLACE` is a folder that a capability gives.
            let (files, placed) = match files.split_once('@') {
                Some((given, at)) => ("", Some((service::parse(given), at))),
                None => (&**files, None),
            };
            let threads = threads.parse().unwrap_or(1);
            let (files, connect) = match network::connect(files) {
                Some(connect) => (Vec::new(), connect),
                None => (attempts::file_rules(files), Vec::new()),
            };
            let wanted = Wanted { files, connect, placed, threads, early };
            as_zone(stage, layers, missing, library, wanted, attempt);
        }
    }
    finish(attempt())
}

fn finish(result: i64) -> ! {
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
    let limits = ResourceLimits {
        processes: Some(8),
        file_size_bytes: None,
        data_bytes: Some(256 << 20),
        ..ResourceLimits::default()
    };
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
    let seal = jail.microprocess_seal();
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

/// `files` is `FOLDER=RIGHT RIGHT`, or `FOLDER=scratch`; or what `network` says.
fn as_service(layers: Layers, missing: Vec<String>, files: &str) {
    if let Some(contents) = network::contents(files) {
        let mut spec = Spec::service(ResourceLimits::default(), contents);
        spec.layers = layers;
        spec.may_be_missing = missing;
        let jail = enter(spec, stdin(), &announce).unwrap_or_else(|error| refuse(&error));
        return report(&format!("jailed 0 us {:?}", jail.jailed()));
    }
    let scratch = files.ends_with("=scratch");
    let (folder, rights) = service::parse(files.trim_end_matches("scratch"));
    let borrowed = folder.as_fd();
    let contents = ServiceContents {
        folders: if scratch { Vec::new() } else { vec![ServedFolder { descriptor: borrowed, rights }] },
        scratch: scratch.then_some(PrivateFolder { descriptor: borrowed, bytes: 1 << 20 }),
        kind: ServiceKind::Files,
        threads: 1,
    };
    let limits = ResourceLimits { file_size_bytes: None, ..ResourceLimits::default() };
    let mut spec = Spec::service(limits, contents);
    spec.layers = layers;
    spec.may_be_missing = missing;
    let jail = enter(spec, stdin(), &announce).unwrap_or_else(|error| refuse(&error));
    report(&format!("jailed 0 us {:?}", jail.jailed()));
    service::become_folder(&folder);
    std::mem::forget(folder);
}

/// What differs between zones.
struct Wanted<'a> {
    files: Vec<FileRule>,
    connect: Vec<u16>,
    placed: Option<((OwnedFd, FilesRights), &'a str)>,
    threads: u32,
    /// Before the seal.
    early: Attempt,
}

/// `library` may be `PATH>OTHER`: after PATH has been opened, OTHER takes its place.
fn as_zone(
    stage: Stage,
    layers: Layers,
    missing: Vec<String>,
    library: &str,
    wanted: Wanted<'_>,
    attempt: Attempt,
) -> ! {
    let (path, other) = library.split_once('>').unwrap_or((library, ""));
    let library: OwnedFd = std::fs::File::open(path).expect("a library").into();
    if !other.is_empty() {
        std::fs::rename(other, path).expect("an exchange");
    }
    let mut zone = ZoneContents::new(LibraryFile(library.as_fd()));
    (zone.files, zone.threads, zone.per_call) = (wanted.files, wanted.threads, stage.per_call());
    zone.connect = wanted.connect;
    let placed = wanted.placed.iter().map(|((folder, rights), at)| PlacedFolder {
        at,
        folder: ServedFolder { descriptor: folder.as_fd(), rights: *rights },
    });
    zone.folders = placed.collect();
    let processes = Some(wanted.threads - 1 + u32::from(stage.per_call()));
    let limits = ResourceLimits { file_size_bytes: None, processes, ..ResourceLimits::default() };
    let mut spec = Spec::zone(limits, zone);
    spec.layers = layers;
    spec.may_be_missing = missing;
    let start = Instant::now();
    let jail = enter(spec, stdin(), &announce).unwrap_or_else(|error| refuse(&error));
    let elapsed = start.elapsed();
    drop(wanted.placed);
    report(&format!("jailed {} us {:?}", elapsed.as_micros(), jail.jailed()));
    if stage == Stage::Loading {
        drop(library);
        finish(attempt());
    }
    if let Err(error) = attempts::load(jail.library()) {
        report(&format!("failed load {error}"));
        end(1);
    }
    drop(library);
    (wanted.early)();
    let start = Instant::now();
    let fenced = jail.fence().unwrap_or_else(|error| refuse(&error));
    if stage.per_call() {
        let fork_server = fenced.become_fork_server().unwrap_or_else(|error| refuse(&error));
        report(&format!("sealed {} ns {:?}", start.elapsed().as_nanos(), fork_server.layers()));
        as_fork_server(stage, &fork_server, attempt)
    }
    let worker = (stage == Stage::Worker).then(start_worker);
    let sealed = fenced.seal().unwrap_or_else(|error| refuse(&error));
    report(&format!("sealed {} ns {:?}", start.elapsed().as_nanos(), sealed.layers()));
    match worker {
        Some(worker) => {
            worker.send(attempt).expect("the worker waits");
            await_end()
        }
        None => finish(attempt()),
    }
}

/// A thread that makes an attempt when it is told to.
fn start_worker() -> Sender<Attempt> {
    let (give, take) = channel::<Attempt>();
    std::thread::spawn(move || {
        let attempt = take.recv().expect("an attempt");
        report(&format!("result {}", attempt()));
    });
    give
}

/// How the process of a call ended is what the attempt came to, if it came to nothing itself.
fn as_fork_server(stage: Stage, fork_server: &Jail<ForkServer>, attempt: Attempt) -> ! {
    if stage == Stage::ForkServer {
        finish(attempt());
    }
    let start = Instant::now();
    assert_eq!(fork_server.in_child(|_| ()).ok().map(|(ended, _)| ended), Some(Ended::Exited(0)));
    report(&format!("call {} ns", start.elapsed().as_nanos()));
    match fork_server.in_child(|_| report(&format!("result {}", attempt()))).map(|(ended, _)| ended) {
        Ok(Ended::Exited(0)) => await_end(),
        Ok(Ended::Exited(status)) => end(status),
        // As the warden is told of everybody else: by its own end.
        Ok(Ended::Signaled(signal)) => finish_by(signal),
        Err(error) => finish(-i64::from(error.raw_os_error().unwrap_or(0))),
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

/// The fork server of a process that a signal has ended says which, and ends.
fn finish_by(signal: i32) -> ! {
    report(&format!("killed {signal}"));
    end(0)
}

fn refuse(error: &cloison_sandbox::Error) -> ! {
    report(&format!("failed {error}"));
    end(1)
}

fn end(status: i32) -> ! {
    // SAFETY: does not return; the prisoner has nothing to tidy up.
    unsafe { libc::_exit(status) }
}
