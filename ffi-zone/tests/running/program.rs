//! The real program, started as the broker starts it.

use crate::common::{self, CALL_BYTES};
use cloison_contract::call::{Reply, Status};
use cloison_contract::interface::Instances;
use cloison_contract::message::{ChannelId, FromZone, LayerState, Telling, ToZone};
use cloison_contract::{FunctionId, Grant, Interface};
use cloison_transport::account;
use cloison_transport::channel::Channel;
use cloison_transport::client::{CallError, Caller};
use cloison_transport::control::Control;
use cloison_transport::status::{RunningCall, StatusPage};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub struct Zone {
    pub control: Control,
    pub status: StatusPage,
    /// Until it has been waited for.
    pub worker: Option<Pid>,
    pub init: Option<Pid>,
    pub interface: Interface,
    pub caller: Caller,
    pub channel: Channel,
    _folder: tempfile::TempDir,
}

/// How it starts with a library alone: which processes there are, what the zone says first in the sandbox, and what it says then.
pub fn start(interface: &Interface, library: File) -> (Control, StatusPage, Family, FromZone, Option<FromZone>) {
    start_with_company(interface, library, &[])
}

/// The same with what is loaded before the library and behind it.
pub fn start_with_company(
    interface: &Interface,
    library: File,
    company: &[PathBuf],
) -> (Control, StatusPage, Family, FromZone, Option<FromZone>) {
    let (control, theirs) = Control::pair().expect("sockets");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloison-zone"));
    // As the broker does it. What is printed must not go to a file: a zone may write none.
    command.env_clear().stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
    let mut launcher = command.spawn().expect("starts");
    drop(command);
    let (status, page) = StatusPage::create().expect("status page");
    let load = ToZone::Load { interface: Box::new(interface.clone()) };
    control.send(&load, &[library.as_fd(), page.as_fd()]).expect("sent");
    for file in company {
        control.send(&ToZone::Library, &[File::open(file).expect("opened").as_fd()]).expect("sent");
    }
    let split = control.receive().expect("an answer").0;
    let FromZone::Split { worker, init } = split else { panic!("{split:?}") };
    let family = [Some(worker), init].map(|pid| pid.and_then(Pid::from_raw));
    let first = control.receive().expect("another").0;
    let second = control.receive().ok().map(|(message, _)| message);
    let _ = launcher.wait();
    (control, status, family, first, second)
}

fn attach(control: &Control, status: &StatusPage, id: ChannelId, grant: Grant) -> (Channel, Caller) {
    let (channel, descriptors) = Channel::create(CALL_BYTES).expect("channel");
    let account = account::create().expect("account");
    let all = [descriptors.channel.as_fd(), descriptors.terms.as_fd(), account.as_fd()];
    control
        .send(
            &ToZone::Attach {
                channel: id,
                quotas: vec![grant.quota],
                grant,
                tells: Telling::Nothing,
                records: false,
                client: None,
            },
            &all,
        )
        .expect("sent");
    status.ring();
    (channel, Caller::open(descriptors.channel, descriptors.terms).expect("caller"))
}

/// The worker and its namespace's init.
pub type Family = [Option<Pid>; 2];

/// What a zone that gets no further says after `Jailed`. Nothing of it is left.
pub fn fail(interface: &Interface, library: File) -> Option<FromZone> {
    fail_with_company(interface, library, &[])
}

/// The same with what is loaded before the library and behind it.
pub fn fail_with_company(interface: &Interface, library: File, company: &[PathBuf]) -> Option<FromZone> {
    let (_control, _status, [worker, init], first, second) = start_with_company(interface, library, company);
    assert!(matches!(first, FromZone::Jailed(_)), "{first:?}");
    assert_eq!(waited(worker.expect("a worker")).exit_status(), Some(1));
    init.map(waited);
    second
}

impl Zone {
    pub fn start() -> Self {
        Self::start_with(common::interface(Instances::Shared), common::compiled())
    }

    pub fn start_with(interface: Interface, library: (tempfile::TempDir, PathBuf)) -> Self {
        let functions = (0..interface.functions.len()).map(|index| FunctionId(index as u32));
        let grant = Grant::new(functions);
        Self::start_for(grant, interface, library)
    }

    /// For a client with that grant.
    pub fn start_for(grant: Grant, interface: Interface, library: (tempfile::TempDir, PathBuf)) -> Self {
        Self::start_for_with_company(grant, interface, library, &[])
    }

    /// For a client that may call everything, with what is loaded before the library and behind it.
    pub fn start_with_company(
        interface: Interface,
        library: (tempfile::TempDir, PathBuf),
        company: &[PathBuf],
    ) -> Self {
        let functions = (0..interface.functions.len()).map(|index| FunctionId(index as u32));
        Self::start_for_with_company(Grant::new(functions), interface, library, company)
    }

    fn start_for_with_company(
        grant: Grant,
        interface: Interface,
        (folder, file): (tempfile::TempDir, PathBuf),
        company: &[PathBuf],
    ) -> Self {
        let file = File::open(file).expect("opened");
        let (control, status, [worker, init], first, second) = start_with_company(&interface, file, company);
        let FromZone::Jailed(jailed) = first else { panic!("{first:?}") };
        assert_eq!([Pid::from_raw(jailed.worker), jailed.init.and_then(Pid::from_raw)], [worker, init]);
        assert!(jailed.layers.iter().any(|layer| layer.name == "seccomp" && layer.state == LayerState::On));
        assert!(matches!(second, Some(FromZone::Ready { .. })), "{second:?}");
        let (channel, caller) = attach(&control, &status, ChannelId(1), grant);
        Self { control, status, worker, init, interface, caller, channel, _folder: folder }
    }

    /// One more client, which may call everything.
    pub fn attach(&self, id: ChannelId) -> (Channel, Caller) {
        let functions = (0..self.interface.functions.len()).map(|index| FunctionId(index as u32));
        attach(&self.control, &self.status, id, Grant::new(functions))
    }

    pub fn call(
        &mut self,
        name: &str,
        arguments: &[common::Argument<'_>],
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        let (id, _) = self.interface.function(name).expect("such a function");
        let request = common::request(id, arguments, self.caller.arena());
        self.caller.call(&request, deadline).map(|_| *self.caller.reply())
    }

    pub fn value(&mut self, name: &str, arguments: &[common::Argument<'_>]) -> u64 {
        let reply = self.call(name, arguments, Duration::from_secs(20)).expect("a reply");
        assert_eq!(reply.status, Status::Ok);
        reply.words[0]
    }

    /// Its end, which does not take a minute.
    pub fn end(&mut self) -> WaitStatus {
        waited(self.worker.take().expect("nobody has waited yet"))
    }

    /// How the zone ends on a call that has no reply.
    pub fn death(mut self, name: &str, arguments: &[common::Argument<'_>]) -> WaitStatus {
        let (id, _) = self.interface.function(name).expect("such a function");
        let reply = self.call(name, arguments, Duration::from_millis(400));
        assert_eq!(reply.err(), Some(CallError::DeadlineExceeded), "{name}");
        let end = self.end();
        assert_eq!(self.status.running().map(|running| running.function), Some(id.0), "{name}");
        end
    }

    /// The call that runs, as soon as one does.
    pub fn runs(&self) -> RunningCall {
        let start = Instant::now();
        loop {
            if let Some(running) = self.status.running() {
                return running;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "nothing runs");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Zone {
    fn drop(&mut self) {
        // The worker first: a namespace's init cannot go before everybody in it has been waited for. A worker that has
        // been waited for already is nobody's any more, and must not be looked for.
        for child in self.worker.take().into_iter().chain(self.init) {
            let _ = kill_process(child, Signal::KILL);
            waited(child);
        }
    }
}

/// The child's status, which does not take a minute.
pub fn waited(child: Pid) -> WaitStatus {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        if let Some((_, status)) = waitpid(Some(child), WaitOptions::NOHANG).expect("a child of ours") {
            return status;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("still running");
}

pub fn signal(signal: Signal) -> Option<i32> {
    Some(signal.as_raw())
}
