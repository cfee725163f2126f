//! A zone in miniature: a thread behind a real call channel, whose "library" is written in Rust here, honest or not.

use cloison_contract::call::{ANSWER, BATCH, CLOSE, HELD, MAX_WORDS, Reply, Request, SYNC, Status};
use cloison_contract::message::{CapabilityName, CapabilityRef, ChannelId, End, FromMicroprocess, Ran, ToMicroprocess};
use cloison_contract::{Grant, Interface};
use cloison_manifest::manifest;
use cloison_transport::Arena;
use cloison_transport::channel::Channel;
use cloison_transport::server::{Server, Turn};
use cloison_transport::status::StatusPage;
use cloison_transport::terms::TermsState;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const MANIFEST: &str = r#"
[zone]
name = "fake"
version = "1.0.0"
library = { soname = "libfake.so" }

[sandbox]
deadline = "300 ms"
call_size = "8 MiB"

[functions.add]
c = "int add(int a, int b)"
b = { range = [-10, 10], default = 5 }

[functions.scale]
c = "double scale(double x, float by)"

[functions.wide]
c = "unsigned long wide(unsigned long a)"

[functions.echo]
c = "int echo(const unsigned char *source, unsigned int n, unsigned char *out, unsigned int *m)"
source = { in = true, length = "n", max = "4 MiB" }
out = { out = true, capacity = "n", length = "*m", max = "4 MiB" }
returns = { error_unless = "== 0" }

[functions.shout]
c = "const char *shout(const char *s)"
s = { max = 1000 }
returns = { text = true }

[functions.doubled]
c = "void doubled(const double *xs, size_t n, double *ys)"
xs = { in = true, length = "n", max = "1 MiB" }
ys = { out = true, capacity = "n", max = "1 MiB" }

[functions.divide]
c = "int divide(int a, int b, int *remainder)"
remainder = { out = true }

[functions.crash]
c = "void crash(void)"

[functions.hang]
c = "void hang(void)"

[functions.fail]
c = "int fail(int code)"
returns = { error_unless = "== 0", errno = true, message = "reason" }

[functions.reason]
c = "const char *reason(int code)"
internal = true
returns = { text = true }

[functions.lie]
c = "int lie(int how)"

[functions.ends_revoked]
c = "void ends_revoked(void)"

[functions.forbidden]
c = "int forbidden(int x)"

[functions.quota]
c = "void quota(void)"

[functions.bounded]
c = "void bounded(int x)"

[functions.hidden]
c = "int hidden(void)"
internal = true
"#;

/// The interface of the fake library.
pub fn interface() -> Interface {
    manifest::parse("fake.zone.toml", MANIFEST).unwrap_or_else(|errors| panic!("{errors}"))
}

fn grant(interface: &Interface) -> Grant {
    let granted = interface.functions.iter().filter(|function| function.name != "forbidden" && !function.internal);
    Grant {
        functions: granted.filter_map(|function| Some(interface.function(&function.name)?.0)).collect(),
        ..Grant::default()
    }
}

/// What answers requests: the function's name (or that of a request that is none), the request, and the arena.
pub type Library = fn(&mut Memory, &str, &Request, &Arena) -> Reply;

/// What a library remembers between requests.
#[allow(dead_code)] // not every test's library has a memory
#[derive(Debug, Default)]
pub struct Memory {
    /// Handles that are open, by their words.
    pub open: std::collections::BTreeSet<u64>,
    /// The last handle's word.
    pub last: u64,
    /// Loops that call back: the callable, the end, the step, the sum, and how much of the arena is in use.
    pub loops: Vec<[u64; 5]>,
    /// What came, for assertions.
    pub seen: Vec<String>,
}

/// The broker's side of capability `fake`.
pub struct Zone {
    library: Library,
    interface: Interface,
    grant: Grant,
    opened: Vec<Open>,
    /// What the microprocess said was overdue.
    pub overdue: Vec<ChannelId>,
}

struct Open {
    end: Receiver<End>,
}

impl Zone {
    pub fn new() -> Self {
        Self::of(interface(), |_, name, request, arena| library(name, request, arena))
    }

    /// Another library.
    pub fn of(interface: Interface, library: Library) -> Self {
        let grant = grant(&interface);
        Self::granting(interface, grant, library)
    }

    /// Another library, of which that is granted.
    pub fn granting(interface: Interface, grant: Grant, library: Library) -> Self {
        Self { library, interface, grant, opened: Vec::new(), overdue: Vec::new() }
    }

    /// How often a channel has been asked for.
    pub fn channels(&self) -> usize {
        self.opened.len()
    }

    /// Answer a question as the broker would.
    pub fn answer(&mut self, question: FromMicroprocess) -> Option<(ToMicroprocess, Vec<OwnedFd>)> {
        match question {
            FromMicroprocess::Describe { capability } if capability == CapabilityName::Named("fake".into()) => {
                let described = ToMicroprocess::Described {
                    edition: 0,
                    capability: CapabilityRef { number: 1, token: [1; 16] },
                    name: "fake".to_owned(),
                    interface: Box::new(self.interface.clone()),
                    grant: self.grant.clone(),
                    allow_location: "cloison.toml:7".to_owned(),
                    recorded: false,
                };
                Some((described, Vec::new()))
            }
            FromMicroprocess::Describe { capability: CapabilityName::Referred(other) } => {
                panic!("nothing is referred to: {other:?}")
            }
            FromMicroprocess::Describe { capability: CapabilityName::Named(capability) } => Some((
                ToMicroprocess::Denied { message: format!("no capability {capability:?} in cloison.toml") },
                Vec::new(),
            )),
            FromMicroprocess::Open { .. } => Some(self.open()),
            FromMicroprocess::Interrupt { .. } => None,
            FromMicroprocess::Overdue { channel } => {
                self.overdue.push(channel);
                None
            }
            FromMicroprocess::Why { channel } => {
                let end = self.opened[channel.0 as usize].end.recv().expect("an end");
                Some((ToMicroprocess::Because(end), Vec::new()))
            }
            FromMicroprocess::Find { .. } => unreachable!("answered elsewhere"),
            FromMicroprocess::Look(_) => Some((ToMicroprocess::Looked(Err(2)), Vec::new())),
            FromMicroprocess::Stack { .. } => None,
            FromMicroprocess::Release { .. }
            | FromMicroprocess::Refused { .. }
            | FromMicroprocess::Served { .. }
            | FromMicroprocess::Lacks { .. }
            | FromMicroprocess::Uses { .. } => None,
            FromMicroprocess::Limit { .. } => {
                let location = "cloison.toml:7".to_owned();
                Some((ToMicroprocess::Limited { by: None, number: 1, location }, Vec::new()))
            }
            FromMicroprocess::Admit { .. }
            | FromMicroprocess::Give { .. }
            | FromMicroprocess::Narrow { .. }
            | FromMicroprocess::NotMade { .. }
            | FromMicroprocess::Offer { .. }
            | FromMicroprocess::Revoke { .. }
            | FromMicroprocess::Spawn(_) => {
                Some((ToMicroprocess::Denied { message: "there is no broker here".to_owned() }, Vec::new()))
            }
        }
    }

    fn open(&mut self) -> (ToMicroprocess, Vec<OwnedFd>) {
        let (memory, descriptors) = Channel::create(self.interface.sandbox.call_bytes).expect("a channel");
        let (status, page) = StatusPage::create().expect("a page");
        let mut server = Server::new(page).expect("a server");
        let id = ChannelId(self.opened.len() as u64);
        let copy = |descriptor: &OwnedFd| descriptor.try_clone().expect("a copy");
        server.attach(id, copy(&descriptors.channel), copy(&descriptors.terms)).expect("attached");
        let (sender, end) = channel();
        let interface = self.interface.clone();
        let library = self.library;
        std::thread::spawn(move || {
            let _status = status;
            serve(&interface, library, server, &memory, &sender);
        });
        self.opened.push(Open { end });
        (ToMicroprocess::Opened { channel: id }, vec![descriptors.channel, descriptors.terms])
    }
}

/// Serve until the zone "dies". The thread is left behind when the test ends.
fn serve(interface: &Interface, library: Library, mut server: Server, memory: &Channel, end: &Sender<End>) {
    let mut memory_of = Memory::default();
    loop {
        let mut request = Request::EMPTY;
        let Turn::Request(slot) = server.wait(&mut request) else { continue };
        let (channel, row) = (server.channel(slot).expect("a channel"), server.row(0).expect("a row"));
        let name = match request.function {
            ANSWER => "ANSWER",
            BATCH => "BATCH",
            CLOSE => "CLOSE",
            HELD => "HELD",
            SYNC => "SYNC",
            function => interface.functions[function as usize].name.as_str(),
        };
        match name {
            "crash" => {
                let _ = end.send(End::Signaled {
                    signal: 11,
                    ran: Some(Ran { function: name.to_owned(), own: Some(0), overrun: None }),
                });
                return memory.end(TermsState::Ended);
            }
            "ends_revoked" => {
                let _ = end.send(End::Revoked);
                return memory.end(TermsState::Revoked);
            }
            "hang" => std::thread::sleep(Duration::from_secs(3600)),
            _ => {}
        }
        let _ = row.begin(channel.id(), request.function, Duration::from_secs(60));
        let reply = library(&mut memory_of, name, &request, channel.arena());
        row.end();
        channel.reply(&reply);
    }
}

pub fn reply(status: Status, words: &[u64]) -> Reply {
    let mut reply = Reply { status, count: words.len() as u32, words: [0; MAX_WORDS] };
    reply.words[..words.len()].copy_from_slice(words);
    reply
}

pub fn ok(words: &[u64]) -> Reply {
    reply(Status::Ok, words)
}

fn said(arena: &Arena, status: Status, code: i64, errno: i64, text: &str) -> Reply {
    arena.write(4096, text.as_bytes()).expect("room");
    reply(status, &[code as u64, errno as u64, 4096, text.len() as u64])
}

fn library(name: &str, request: &Request, arena: &Arena) -> Reply {
    let words = &request.words;
    let behind = request.arena_used.next_multiple_of(16);
    let input = |index: usize| arena.read(words[index], words[index + 1]).expect("what the client sent");
    let double = |index: usize| f64::from_bits(words[index]);
    match name {
        "add" => ok(&[(words[0] as i64 + words[1] as i64) as u64]),
        "scale" => ok(&[(double(0) * double(1)).to_bits()]),
        "wide" => ok(&[words[0]]),
        "echo" => {
            let bytes = input(0);
            arena.write(behind, &bytes).expect("room");
            ok(&[behind, bytes.len() as u64])
        }
        "shout" => {
            let (offset, length) = (words[0], words[1]);
            assert_eq!(arena.read(offset + length, 1).expect("a NUL"), [0]);
            let text = String::from_utf8(input(0)).expect("UTF-8").to_uppercase();
            arena.write(behind, text.as_bytes()).expect("room");
            ok(&[behind, text.len() as u64])
        }
        "doubled" => {
            let doubled: Vec<u8> = input(0)
                .chunks_exact(8)
                .flat_map(|chunk| (2.0 * f64::from_le_bytes(chunk.try_into().expect("eight bytes"))).to_le_bytes())
                .collect();
            arena.write(behind, &doubled).expect("room");
            ok(&[behind, doubled.len() as u64])
        }
        "divide" => {
            let (a, b) = (words[0] as i64, words[1] as i64);
            ok(&[(a / b) as u64, (a % b) as u64])
        }
        "fail" => said(arena, Status::NativeError, words[0] as i64, 2, "because"),
        "lie" => match words[0] {
            0 => ok(&[u64::from(u32::MAX)]),
            1 => ok(&[]),
            2 => ok(&[1, 2]),
            _ => ok(&[1 << 40]),
        },
        "quota" => said(arena, Status::QuotaExceeded, 0, 0, ""),
        "bounded" => said(arena, Status::OutOfBounds, 0, 0, "x <= 3"),
        other => panic!("{other}"),
    }
}
