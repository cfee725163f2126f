//! Interfaces from the manifests in `tests/manifests/`, the libraries that they describe, and requests for them.
#![allow(dead_code, reason = "each test program uses its part")]

pub mod asking;
pub mod hand;
pub mod matrix;
pub mod surface;
pub mod walls;
pub mod zone;

use cloison_contract::call::{ARENA_ALIGNMENT, CLOSE, HELD, MAX_WORDS, NULL, Reply, Request, SYNC, Status};
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::interface::{Function, Instances};
use cloison_contract::message::ChannelId;
use cloison_contract::{FunctionId, Interface};
use cloison_transport::Arena;
use cloison_transport::channel::Channel;
use cloison_transport::client::Caller;
use cloison_zone::callback::callables::NoCallables;
use cloison_zone::marshal::functions::{FunctionError, Functions};
use cloison_zone::marshal::refusal::empty_reply;
use cloison_zone::marshal::workspace::Workspace;
use cloison_zone::marshal::{Marshal, Origin};
use cloison_zone::native::ffi::Code;
use cloison_zone::serve::policy::Bounds;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

pub const CALL_BYTES: u64 = 1 << 20;
pub const CLIENT: ChannelId = ChannelId(1);

/// Compiles the library into a folder of its own.
pub fn compiled() -> (tempfile::TempDir, PathBuf) {
    compile("library.c", &["-lm"])
}

/// Compiles the library whose constructor puts on a filter of that kind, 0 for none.
pub fn hostile(filter: u32) -> (tempfile::TempDir, PathBuf) {
    compile("hostile.c", &[&format!("-DFILTER={filter}")])
}

/// What that one has found.
pub fn hostile_interface() -> Interface {
    manifest("hostile", Instances::Shared)
}

/// A library in a folder of its own. It is compiled once for each test program.
pub fn compile(source: &str, options: &[&str]) -> (tempfile::TempDir, PathBuf) {
    compile_by("cc", source, options)
}

fn compile_by(compiler: &str, source: &str, options: &[&str]) -> (tempfile::TempDir, PathBuf) {
    static COMPILED: Mutex<BTreeMap<Vec<String>, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("liblibrary.so");
    let key = [compiler, source].iter().chain(options).map(|word| (*word).to_owned()).collect();
    let mut compiled = COMPILED.lock().expect("no compiler has failed");
    if let Some(library) = compiled.get(&key) {
        std::fs::write(&file, library).expect("written");
        return (folder, file);
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common").join(source);
    let mut compiler = Command::new(compiler);
    // A zone in this process takes away the environment, which would tell where the compiler is.
    compiler.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    compiler.args(["-O1", "-fno-optimize-sibling-calls", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]);
    let status = compiler.arg(&file).arg(source).args(options).status();
    assert!(status.expect("a C compiler").success());
    compiled.insert(key, std::fs::read(&file).expect("read"));
    (folder, file)
}

/// A copy of that library which is nobody else's, nor is what it counts. It stays loaded.
pub fn load(source: &str) -> &'static libloading::Library {
    load_by("cc", source)
}

/// The same by that compiler.
pub fn load_by(compiler: &str, source: &str) -> &'static libloading::Library {
    let options =
        ["-lm", "-pthread", "-Wno-psabi", "-Wno-attributes", "-Wno-unknown-warning-option", "-Wno-packed-not-aligned"];
    let (_folder, file) = compile_by(compiler, source, &options);
    // SAFETY: the tests' libraries have no constructors.
    Box::leak(Box::new(unsafe { libloading::Library::new(file) }.expect("loads")))
}

pub fn functions(interface: Interface) -> Functions {
    functions_of(interface, load("library.c"))
}

pub fn functions_of(interface: Interface, library: &libloading::Library) -> Functions {
    let code = |_, function: &Function| {
        // SAFETY: only the address is taken.
        let symbol = unsafe { library.get::<*const c_void>(function.symbol.as_str()) }.expect("symbol");
        // SAFETY: a function's address; the library stays loaded.
        Ok::<_, (FunctionId, FunctionError)>(unsafe { Code::new(*symbol) }.expect("not NULL"))
    };
    // SAFETY: each is looked up by the symbol that its declaration names.
    unsafe { Functions::new(interface, code) }.unwrap_or_else(|(id, error)| panic!("{id:?}: {error}"))
}

/// What a manifest says that stands in `tests/manifests/`, with that way of placing buffers.
pub fn manifest(name: &str, instances: Instances) -> Interface {
    let file = format!("{name}.zone.toml");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests").join(&file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let read = cloison_manifest::manifest::parse(&file, &text);
    let mut interface = read.unwrap_or_else(|wrong| panic!("{}", wrong.render(false)));
    interface.sandbox.instances = instances;
    interface
}

/// All of `library.c`.
pub fn interface(instances: Instances) -> Interface {
    manifest("library", instances)
}

/// The number of the function of that name.
pub fn id(interface: &Interface, name: &str) -> FunctionId {
    interface.function(name).unwrap_or_else(|| panic!("no function {name}")).0
}

pub fn compare(operator: Operator, left: Expression, right: i128) -> Expression {
    Expression::Binary(operator, Box::new(left), Box::new(Expression::Integer(right)))
}

/// Both ways of placing buffers.
pub const BOTH: [Instances; 2] = [Instances::Shared, Instances::PerClient];

/// An argument as a client would write it.
pub enum Argument<'a> {
    Word(u64),
    Bytes(&'a [u8]),
    Null,
}

/// A client's end without a client: a marshal and a channel.
pub struct Bench {
    pub marshal: Marshal,
    pub workspace: Workspace,
    pub caller: Caller,
    _channel: Channel,
}

impl Bench {
    pub fn new(instances: Instances) -> Self {
        Self::of(functions(interface(instances)))
    }

    /// Of `surface.c`.
    pub fn surface(instances: Instances) -> Self {
        Self::of(functions_of(surface::surface(instances), load("surface.c")))
    }

    pub fn of(functions: Functions) -> Self {
        let marshal = Marshal::new(functions);
        let workspace = marshal.workspace().expect("scratch");
        let (channel, descriptors) = Channel::create(CALL_BYTES).expect("channel");
        let caller = Caller::open(descriptors.channel, descriptors.terms).expect("caller");
        Self { marshal, workspace, caller, _channel: channel }
    }

    pub fn id(&self, name: &str) -> FunctionId {
        id(&self.marshal.functions().interface, name)
    }

    pub fn request(&self, name: &str, arguments: &[Argument<'_>]) -> Request {
        request(self.id(name), arguments, self.caller.arena())
    }

    pub fn call(&mut self, name: &str, arguments: &[Argument<'_>]) -> Reply {
        self.bounded(name, arguments, None)
    }

    pub fn bounded(&mut self, name: &str, arguments: &[Argument<'_>], bounds: Option<&Bounds>) -> Reply {
        let request = self.request(name, arguments);
        let mut reply = empty_reply();
        let origin = Origin { bounds, ..Origin::new(CLIENT, self.caller.arena(), &NoCallables) };
        self.marshal.call(&self.workspace, &origin, &request, &mut reply);
        reply
    }

    /// What any request gets.
    pub fn raw(&self, request: &Request) -> Reply {
        let mut reply = empty_reply();
        let origin = Origin::new(CLIENT, self.caller.arena(), &NoCallables);
        self.marshal.call(&self.workspace, &origin, request, &mut reply);
        reply
    }

    /// What any request gets, be it a call or not.
    pub fn any(&self, request: &Request) -> Reply {
        let mut reply = empty_reply();
        let origin = Origin::new(CLIENT, self.caller.arena(), &NoCallables);
        match request.function {
            CLOSE => self.marshal.close(&self.workspace, &origin, request, &mut reply),
            HELD => self.marshal.held(&origin, request, &mut reply),
            SYNC => self.marshal.sync(&origin, request, &mut reply),
            _ => return self.raw(request),
        }
        reply
    }

    /// The words of a call that must succeed.
    pub fn words(&mut self, name: &str, arguments: &[Argument<'_>]) -> Vec<u64> {
        let reply = self.call(name, arguments);
        assert_eq!(reply.status, Status::Ok, "{name}: {}", self.explanation(&reply));
        reply.words[..reply.count as usize].to_vec()
    }

    pub fn bytes(&self, offset: u64, length: u64) -> Vec<u8> {
        self.caller.arena().read(offset, length).expect("in the arena")
    }

    pub fn explanation(&self, reply: &Reply) -> String {
        explanation(reply, self.caller.arena())
    }
}

pub fn explanation(reply: &Reply, arena: &Arena) -> String {
    match reply.words[2] {
        NULL => String::new(),
        offset => String::from_utf8(arena.read(offset, reply.words[3]).expect("in the arena")).expect("UTF-8"),
    }
}

pub fn request(function: FunctionId, arguments: &[Argument<'_>], arena: &Arena) -> Request {
    let mut request = Request { function: function.0, count: 0, arena_used: 0, words: [0; MAX_WORDS] };
    let mut push = |word| {
        request.words[request.count as usize] = word;
        request.count += 1;
    };
    for argument in arguments {
        match argument {
            Argument::Word(word) => push(*word),
            Argument::Null => {
                push(NULL);
                push(0);
            }
            Argument::Bytes(bytes) => {
                let offset = request.arena_used.next_multiple_of(ARENA_ALIGNMENT);
                arena.write(offset, bytes).expect("fits");
                push(offset);
                push(bytes.len() as u64);
                request.arena_used = offset + bytes.len() as u64;
            }
        }
    }
    request
}
