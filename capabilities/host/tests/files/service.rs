//! A service with one folder or several, and a client of it.

use cloison_contract::call::{ARENA_ALIGNMENT, CLOSE, MAX_WORDS, Request, Status};
use cloison_contract::host::{FilesRights, FilesRoot, FilesService, HostService};
use cloison_contract::message::{ChannelId, FromZone, Layer, ToZone};
use cloison_contract::{FunctionId, Grant, Interface};
use cloison_transport::account;
use cloison_transport::channel::Channel;
use cloison_transport::client::{CallError, Caller};
use cloison_transport::control::Control;
use cloison_transport::status::StatusPage;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);

/// What a call gives: words, or `errno`.
pub type Answer = Result<Vec<u64>, i32>;

pub struct Service {
    control: Control,
    status: StatusPage,
    family: Vec<Pid>,
    pub interface: Interface,
    pub layers: Vec<Layer>,
    clients: u64,
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

/// A folder that nobody, who serves where root starts the tests, may change as well as we may.
pub fn open_to_all(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("ours");
}

/// A folder for a test, with a `root` in it that is served and an `outside` that is not.
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let this = Self { folder };
        for name in ["root", "outside"] {
            std::fs::create_dir(this.path(name)).expect("a folder");
            open_to_all(&this.path(name));
        }
        std::fs::write(this.path("outside/secret"), "secret").expect("written");
        this
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("ours");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Serves `root` at `/data`.
    pub fn serve(&self, rights: &str) -> (Service, Client) {
        Service::with_client(&[("/data", &self.path("root"), rights)], FilesService::default())
    }
}

pub const ALL: &str = "read list write create delete";

impl Service {
    pub fn with_client(roots: &[(&str, &Path, &str)], service: FilesService) -> (Self, Client) {
        let mut service = Self::start(roots, service);
        let client = service.attach();
        (service, client)
    }

    pub fn start(roots: &[(&str, &Path, &str)], mut service: FilesService) -> Self {
        let (file, text) = cloison_manifest::bundled::find("files").expect("bundled");
        let mut interface = cloison_manifest::manifest::parse(file, text).unwrap_or_else(|wrong| panic!("{wrong}"));
        let mut folders = Vec::new();
        for (at, path, words) in roots {
            let mut rights = FilesRights::default();
            assert!(words.split_whitespace().all(|word| rights.give(word)), "{words}");
            service.roots.push(FilesRoot { at: (*at).to_owned(), rights });
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            folders.push(openat(CWD, *path, flags, Mode::empty()).expect("a folder"));
        }
        let service = HostService::Files(service);
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
        for folder in &folders {
            control.send(&ToZone::Folder, &[folder.as_fd()]).expect("sent");
        }
        let split = control.receive().expect("an answer").0;
        let FromZone::Split { worker, init } = split else { panic!("{split:?}") };
        let jailed = control.receive().expect("an answer").0;
        assert!(matches!(jailed, FromZone::Jailed(_)), "{jailed:?}");
        let ready = control.receive().expect("an answer").0;
        let FromZone::Ready { layers } = ready else { panic!("{ready:?}") };
        launcher.wait().expect("ended");
        let family = [Some(worker), init].into_iter().flatten().filter_map(Pid::from_raw).collect();
        Self { control, status, family, interface, layers, clients: 0, _account: account }
    }

    pub fn attach(&mut self) -> Client {
        self.clients += 1;
        let id = ChannelId(self.clients);
        let (channel, descriptors) = Channel::create(self.interface.sandbox.call_bytes).expect("channel");
        let grant = Grant::new((0..self.interface.functions.len()).map(|index| FunctionId(index as u32)));
        let both = [descriptors.channel.as_fd(), descriptors.terms.as_fd()];
        self.control.send(&ToZone::Attach { channel: id, grant }, &both).expect("sent");
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

    /// The number of the process that serves.
    pub fn worker(&self) -> i32 {
        self.family[0].as_raw_pid()
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

    /// A call, whatever becomes of it.
    pub fn ask(&mut self, name: &str, arguments: &[Argument<'_>]) -> (Status, Vec<u64>) {
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
        let status = self.caller.call(&request, LONG).unwrap_or_else(|error: CallError| panic!("{name}: {error:?}"));
        let reply = *self.caller.reply();
        let count = if status == Status::Ok { reply.count as usize } else { 2 };
        (status, reply.words[..count].to_vec())
    }

    fn bytes(&self, words: &[u64]) -> Vec<u8> {
        self.caller.arena().read(words[0], words[1]).expect("in the arena")
    }

    pub fn open(&mut self, path: &str, flags: i32) -> Result<u64, i32> {
        self.open_bytes(path.as_bytes(), flags, 0o666)
    }

    pub fn open_bytes(&mut self, path: &[u8], flags: i32, mode: u64) -> Result<u64, i32> {
        let arguments = [Argument::Bytes(path), Argument::Word(flags as u64), Argument::Word(mode)];
        self.call("open", &arguments).map(|words| words[0])
    }

    pub fn close(&mut self, file: u64) {
        self.call("close", &[Argument::Word(file)]).expect("closed");
    }

    /// Lets go of a handle, as a client does that forgets it.
    pub fn forget(&mut self, handle: u64) {
        let mut request = Request { function: CLOSE, count: 1, arena_used: 0, words: [0; MAX_WORDS] };
        request.words[0] = handle;
        assert_eq!(self.caller.call(&request, LONG).expect("an answer"), Status::Ok);
    }

    pub fn read(&mut self, file: u64, count: u64) -> Result<Vec<u8>, i32> {
        let words = self.call("read", &[Argument::Word(file), Argument::Word(count)])?;
        Ok(self.bytes(&words))
    }

    pub fn write(&mut self, file: u64, data: &[u8]) -> Result<u64, i32> {
        self.call("write", &[Argument::Word(file), Argument::Bytes(data)]).map(|words| words[0])
    }

    /// The whole of a file.
    pub fn contents(&mut self, path: &str) -> Result<String, i32> {
        let file = self.open(path, libc::O_RDONLY)?;
        let text = self.read(file, 4096)?;
        self.close(file);
        Ok(String::from_utf8(text).expect("UTF-8"))
    }

    /// Makes a file, or writes another one anew.
    pub fn put(&mut self, path: &str, text: &str) -> Result<(), i32> {
        let file = self.open(path, libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC)?;
        let written = self.write(file, text.as_bytes());
        self.close(file);
        written.map(|count| assert_eq!(count, text.len() as u64))
    }

    /// The 64-bit words of `struct status`: device, inode, links, size, blocks, three times, then mode and uid, gid and block size.
    pub fn status(&mut self, path: &str, follow: bool) -> Result<Vec<u64>, i32> {
        let words = self.call("stat", &[Argument::Bytes(path.as_bytes()), Argument::Word(follow.into())])?;
        Ok(as_words(&self.bytes(&words)))
    }

    pub fn mode(&mut self, path: &str) -> Result<u32, i32> {
        self.status(path, false).map(|words| words[8] as u32)
    }

    /// The same of an open file.
    pub fn status_of(&mut self, file: u64) -> Result<Vec<u64>, i32> {
        let words = self.call("fstat", &[Argument::Word(file)])?;
        Ok(as_words(&self.bytes(&words)))
    }

    /// What a function of one path gives.
    pub fn by_name(&mut self, function: &str, path: &str) -> Result<(), i32> {
        self.call(function, &[Argument::Bytes(path.as_bytes())]).map(drop)
    }

    pub fn make_folder(&mut self, path: &str) -> Result<(), i32> {
        self.call("mkdir", &[Argument::Bytes(path.as_bytes()), Argument::Word(0o777)]).map(drop)
    }

    /// What a function of two paths gives.
    pub fn by_names(&mut self, function: &str, one: &str, other: &str) -> Result<(), i32> {
        self.call(function, &[Argument::Bytes(one.as_bytes()), Argument::Bytes(other.as_bytes())]).map(drop)
    }

    pub fn read_link(&mut self, path: &str) -> Result<String, i32> {
        let words = self.call("readlink", &[Argument::Bytes(path.as_bytes())])?;
        Ok(String::from_utf8(self.bytes(&words)).expect("UTF-8"))
    }

    /// The names in a folder with their kinds, sorted.
    pub fn list(&mut self, path: &str, room: u64) -> Result<Vec<String>, i32> {
        let listing = self.call("opendir", &[Argument::Bytes(path.as_bytes())])?[0];
        let mut names = Vec::new();
        loop {
            let words = self.call("readdir", &[Argument::Word(listing), Argument::Word(room)])?;
            let batch = self.bytes(&words);
            if batch.is_empty() {
                break;
            }
            let entries = batch.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
            names.extend(entries.map(|entry| String::from_utf8_lossy(entry).into_owned()));
        }
        self.call("closedir", &[Argument::Word(listing)])?;
        names.sort();
        Ok(names)
    }

    pub fn roots(&mut self) -> Vec<u8> {
        let words = self.call("roots", &[]).expect("roots");
        self.bytes(&words)
    }

    /// The words of `struct space`.
    pub fn space(&mut self, path: &str) -> Result<Vec<u64>, i32> {
        let words = self.call("statvfs", &[Argument::Bytes(path.as_bytes())])?;
        Ok(as_words(&self.bytes(&words)))
    }
}

fn as_words(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().expect("8 bytes"))).collect()
}
