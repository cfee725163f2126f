//! A service, as the broker starts it, and clients of it: the real program in its sandbox.

use cloison_contract::call::{ARENA_ALIGNMENT, CLOSE, MAX_WORDS, Request, Status};
use cloison_contract::host::HostService;
use cloison_contract::message::{ChannelId, ClientName, FromZone, Layer, Telling, ToZone};
use cloison_contract::{FunctionId, Grant, Interface};
use cloison_transport::account;
use cloison_transport::channel::Channel;
use cloison_transport::client::{CallError, Caller};
use cloison_transport::control::Control;
use cloison_transport::status::StatusPage;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

pub const LONG: Duration = Duration::from_secs(20);

/// What a call gives: words, or `errno`.
pub type Answer = Result<Vec<u64>, i32>;

pub struct Service {
    control: Control,
    status: StatusPage,
    family: Vec<Pid>,
    pub interface: Interface,
    pub layers: Vec<Layer>,
    pub clients: u64,
    /// Who the next client is said to be.
    pub client_name: Option<ClientName>,
    _account: OwnedFd,
}

/// One client of a service.
pub struct Client {
    interface: Interface,
    caller: Caller,
    channel: Channel,
    id: ChannelId,
}

pub enum Argument<'a> {
    Word(u64),
    Bytes(&'a [u8]),
}

impl Service {
    /// Starts that service, with what is sent behind the first message.
    pub fn launch(service: HostService, more: &[(ToZone, Vec<BorrowedFd<'_>>)]) -> Self {
        let (file, text) = cloison_manifest::bundled::find(service.name()).expect("bundled");
        let mut interface = cloison_manifest::manifest::parse(file, text).unwrap_or_else(|wrong| panic!("{wrong}"));
        service.configure(&mut interface);
        let (control, theirs) = Control::pair().expect("sockets");
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloison-host"));
        command.env_clear().current_dir("/").stdin(OwnedFd::from(theirs)).stdout(Stdio::null());
        let mut launcher = command.spawn().expect("starts");
        drop(command);
        let (status, page) = StatusPage::create().expect("status page");
        let account = account::create().expect("account");
        let first = ToZone::Serve { interface: Box::new(interface.clone()), service: Box::new(service) };
        control.send(&first, &[page.as_fd(), account.as_fd()]).expect("sent");
        for (message, descriptors) in more {
            control.send(message, descriptors).expect("sent");
        }
        let split = control.receive().expect("an answer").0;
        let FromZone::Split { worker, init } = split else { panic!("{split:?}") };
        let jailed = control.receive().expect("an answer").0;
        assert!(matches!(jailed, FromZone::Jailed(_)), "{jailed:?}");
        let ready = control.receive().expect("an answer").0;
        let FromZone::Ready { layers } = ready else { panic!("{ready:?}") };
        launcher.wait().expect("ended");
        let family = [Some(worker), init].into_iter().flatten().filter_map(Pid::from_raw).collect();
        Self { control, status, family, interface, layers, clients: 0, client_name: None, _account: account }
    }

    pub fn attach(&mut self) -> Client {
        self.clients += 1;
        let id = ChannelId(self.clients);
        let (channel, descriptors) = Channel::create(self.interface.sandbox.call_bytes).expect("channel");
        let grant = Grant::new((0..self.interface.functions.len()).map(|index| FunctionId(index as u32)));
        let both = [descriptors.channel.as_fd(), descriptors.terms.as_fd()];
        self.control
            .send(
                &ToZone::Attach {
                    channel: id,
                    grant,
                    quotas: Vec::new(),
                    tells: Telling::Nothing,
                    records: false,
                    client: self.client_name.clone(),
                },
                &both,
            )
            .expect("sent");
        self.status.ring();
        let caller = Caller::open(descriptors.channel, descriptors.terms).expect("caller");
        Client { interface: self.interface.clone(), caller, channel, id }
    }

    /// Waits until the service has let go of a client.
    pub fn detach(&self, client: Client) {
        self.control.send(&ToZone::Detach { channel: client.id }, &[]).expect("sent");
        self.status.ring();
        drop(client.channel);
        let (message, _) = self.control.receive::<FromZone>().expect("an answer");
        assert!(matches!(message, FromZone::Detached { .. }), "{message:?}");
    }

    /// Something that it is told while it serves.
    pub fn send(&self, message: &ToZone, descriptors: &[BorrowedFd<'_>]) {
        self.control.send(message, descriptors).expect("sent");
        self.status.ring();
    }

    /// What it has said by itself.
    pub fn heard(&self) -> FromZone {
        self.control.receive().expect("a message").0
    }

    /// The same, with what came along.
    pub fn heard_with(&self) -> (FromZone, Vec<OwnedFd>) {
        self.control.receive().expect("a message")
    }

    /// Says that a client's call shall not wait any more.
    pub fn interrupt(&self, client: &Client) {
        self.control.send(&ToZone::Interrupt { channel: client.id }, &[]).expect("sent");
        self.status.ring();
    }

    /// The same, and wait until it has read that.
    pub fn interrupt_and_wait(&self, client: &Client) {
        self.interrupt(client);
        while self.control.has_unread() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    /// The number of the process that serves.
    pub fn worker(&self) -> i32 {
        self.family[0].as_raw_pid()
    }

    /// Whether it has begun a call and has not ended it.
    pub fn is_waiting(&self) -> bool {
        self.status.running().is_some()
    }

    pub fn is_running(&self) -> bool {
        waitpid(Some(self.family[0]), WaitOptions::NOHANG).expect("a child of ours").is_none()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for pid in &self.family {
            let _ = kill_process(*pid, Signal::KILL);
            let _ = waitpid(Some(*pid), WaitOptions::empty());
        }
    }
}

impl Client {
    pub fn call(&mut self, name: &str, arguments: &[Argument<'_>]) -> Answer {
        match self.ask(name, arguments) {
            (Status::Ok, words) => Ok(words),
            (Status::NativeError, words) => Err(words[1] as i32),
            (other, _) => panic!("{name}: {other:?}"),
        }
    }

    /// A call that nobody waits for.
    pub fn post(&mut self, name: &str, arguments: &[Argument<'_>]) {
        let request = self.request(name, arguments);
        self.caller.post(&request, LONG);
    }

    /// What becomes of it.
    pub fn finish(&mut self) -> Answer {
        let status = self.caller.resume().unwrap_or_else(|error: CallError| panic!("{error:?}"));
        let words = self.caller.reply().words;
        if status == Status::Ok { Ok(words.to_vec()) } else { Err(words[1] as i32) }
    }

    /// A call, whatever becomes of it.
    pub fn ask(&mut self, name: &str, arguments: &[Argument<'_>]) -> (Status, Vec<u64>) {
        let request = self.request(name, arguments);
        let status = self.caller.call(&request, LONG).unwrap_or_else(|error: CallError| panic!("{name}: {error:?}"));
        let reply = *self.caller.reply();
        let count = if status == Status::Ok { reply.count as usize } else { 2 };
        (status, reply.words[..count].to_vec())
    }

    fn request(&self, name: &str, arguments: &[Argument<'_>]) -> Request {
        let function = self.interface.function(name).unwrap_or_else(|| panic!("no function {name}")).0.0;
        let mut request = Request { function, count: 0, arena_used: 0, words: [0; MAX_WORDS] };
        let mut push = |word| {
            request.words[request.count as usize] = word;
            request.count += 1;
        };
        for argument in arguments {
            match argument {
                Argument::Word(word) => push(*word),
                Argument::Bytes(bytes) => {
                    let offset = request.arena_used.next_multiple_of(ARENA_ALIGNMENT);
                    self.caller.arena().write(offset, bytes).expect("fits");
                    push(offset);
                    push(bytes.len() as u64);
                    request.arena_used = offset + bytes.len() as u64;
                }
            }
        }
        request
    }

    pub fn bytes(&self, words: &[u64]) -> Vec<u8> {
        self.caller.arena().read(words[0], words[1]).expect("in the arena")
    }

    /// Lets go of a handle, as a client does that forgets it.
    pub fn forget(&mut self, handle: u64) {
        let mut request = Request { function: CLOSE, count: 1, arena_used: 0, words: [0; MAX_WORDS] };
        request.words[0] = handle;
        assert_eq!(self.caller.call(&request, LONG).expect("an answer"), Status::Ok);
    }
}
