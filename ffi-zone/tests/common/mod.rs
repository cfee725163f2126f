//! An interface for `library.c`, the library itself, and requests for it.
#![allow(dead_code, reason = "each test program uses its part")]

pub mod asking;
pub mod surface;
pub mod walls;
pub mod zone;

use cloison_contract::call::{ARENA_ALIGNMENT, CLOSE, MAX_WORDS, NULL, Reply, Request, SYNC, Status};
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::interface::*;
use cloison_contract::message::ChannelId;
use cloison_contract::shape::*;
use cloison_contract::types::{CType, Location, Scalar};
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
use std::time::Duration;

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
    let mut interface = interface(Instances::Shared);
    interface.functions = ["opened", "code"].map(|name| function(name, int(Scalar::I32), vec![], |_| {})).into();
    interface
}

/// A library in a folder of its own. It is compiled once for each test program.
pub fn compile(source: &str, options: &[&str]) -> (tempfile::TempDir, PathBuf) {
    static COMPILED: Mutex<BTreeMap<Vec<String>, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("liblibrary.so");
    let key = [source].iter().chain(options).map(|word| (*word).to_owned()).collect();
    let mut compiled = COMPILED.lock().expect("no compiler has failed");
    if let Some(library) = compiled.get(&key) {
        std::fs::write(&file, library).expect("written");
        return (folder, file);
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common").join(source);
    let mut compiler = Command::new("cc");
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
    let options = ["-lm", "-pthread", "-Wno-psabi", "-Wno-attributes", "-Wno-packed-not-aligned"];
    let (_folder, file) = compile(source, &options);
    // SAFETY: the tests' libraries have no constructors.
    Box::leak(Box::new(unsafe { libloading::Library::new(file) }.expect("loads")))
}

pub fn functions(interface: Interface) -> Functions {
    functions_of(interface, load("library.c"))
}

pub fn functions_of(interface: Interface, library: &libloading::Library) -> Functions {
    Functions::new(interface, |_, function| {
        // SAFETY: only the address is taken.
        let symbol = unsafe { library.get::<*const c_void>(function.symbol.as_str()) }.expect("symbol");
        // SAFETY: a function's address; the library stays loaded.
        Ok::<_, (FunctionId, FunctionError)>(unsafe { Code::new(*symbol) }.expect("not NULL"))
    })
    .unwrap_or_else(|(id, error)| panic!("{id:?}: {error}"))
}

pub fn int(scalar: Scalar) -> CType {
    CType::Scalar { scalar, character: false }
}

pub fn pointer(to: Scalar) -> CType {
    CType::Pointer { to: Box::new(int(to)), constant: false }
}

pub fn string() -> CType {
    CType::Pointer { to: Box::new(CType::Scalar { scalar: Scalar::I8, character: true }), constant: true }
}

pub fn number(name: &str, scalar: Scalar) -> Parameter {
    Parameter {
        name: name.into(),
        c_type: int(scalar),
        shape: Shape::Number(NumberArgument { scalar, enumeration: None, range: None, default: None }),
        leading: false,
    }
}

pub fn length_of(name: &str, scalar: Scalar, of: &[usize]) -> Parameter {
    Parameter {
        name: name.into(),
        c_type: int(scalar),
        shape: Shape::LengthOf(LengthOf { scalar, of: of.to_vec() }),
        leading: false,
    }
}

pub fn capacity_of(name: &str, scalar: Scalar, of: usize) -> Parameter {
    Parameter {
        name: name.into(),
        c_type: int(scalar),
        shape: Shape::CapacityOf(CapacityOf { scalar, of }),
        leading: false,
    }
}

pub fn buffer(name: &str, element: Scalar, direction: Direction, change: impl FnOnce(&mut Buffer)) -> Parameter {
    let mut buffer = Buffer {
        direction,
        element: Element::Scalar(element),
        length: None,
        capacity: None,
        max_bytes: 512 << 10,
        null: false,
        default_none: false,
        text: false,
        string: false,
        retain: None,
        view: false,
    };
    change(&mut buffer);
    Parameter { name: name.into(), c_type: pointer(element), shape: Shape::Buffer(buffer), leading: false }
}

pub fn cell(name: &str, scalar: Scalar, direction: Direction, change: impl FnOnce(&mut ScalarPointer)) -> Parameter {
    let mut cell = ScalarPointer {
        direction,
        scalar,
        enumeration: None,
        null: false,
        range: None,
        default: None,
        fill: None,
        consumed: false,
    };
    change(&mut cell);
    Parameter { name: name.into(), c_type: pointer(scalar), shape: Shape::ScalarPointer(cell), leading: false }
}

pub fn text(name: &str, null: bool) -> Parameter {
    Parameter {
        name: name.into(),
        c_type: string(),
        shape: Shape::Text(Text { bytes: false, null, default: None, max_bytes: 1000, retain: None }),
        leading: false,
    }
}

pub fn function(name: &str, result: CType, parameters: Vec<Parameter>, change: impl FnOnce(&mut Function)) -> Function {
    let kept = result != CType::Void;
    let returns = Returns {
        kept,
        pointer: None,
        error_unless: None,
        error_if: None,
        errno: false,
        message: None,
        raises: Raises::Native,
    };
    let mut function = Function {
        name: name.into(),
        symbol: name.into(),
        declaration: String::new(),
        doc: None,
        internal: false,
        parameters,
        result,
        returns,
        deadline: None,
        callables: None,
        blocking: false,
        variadic: None,
        declared: Location::default(),
    };
    change(&mut function);
    function
}

pub fn call_of(function: u32, argument: usize) -> Expression {
    Expression::Call(FunctionId(function), vec![Expression::Parameter(argument)])
}

pub fn compare(operator: Operator, left: Expression, right: i128) -> Expression {
    Expression::Binary(operator, Box::new(left), Box::new(Expression::Integer(right)))
}

const BOUND: u32 = 0;
const EXPLAIN: u32 = 1;
const RELEASE: u32 = 2;

/// All of `library.c`.
pub fn interface(instances: Instances) -> Interface {
    use Direction::{In, InOut, Out};
    use Scalar::*;
    let failing = |function: &mut Function| {
        function.returns.kept = false;
        function.returns.error_unless = Some(compare(Operator::Equal, Expression::Return, 0));
        function.returns.message = Some(Message::Code(FunctionId(EXPLAIN)));
    };
    let ignored = |function: &mut Function| function.returns.kept = false;
    let consumed =
        |fill: Option<PointerFill>| move |cell: &mut ScalarPointer| (cell.fill, cell.consumed) = (fill, true);
    let free = Parameter {
        name: "memory".into(),
        c_type: CType::Pointer { to: Box::new(CType::Void), constant: false },
        shape: Shape::Number(NumberArgument { scalar: U64, enumeration: None, range: None, default: None }),
        leading: false,
    };
    let functions = vec![
        function("bound", int(U64), vec![number("count", U64)], |_| {}),
        function("explain", string(), vec![number("code", I32)], |function| {
            function.returns.pointer = Some(Pointed::String(ReturnedString { text: true, null: false, free: None }));
        }),
        function("release", CType::Void, vec![free], |function| function.internal = true),
        function("releases", int(I32), vec![], |_| {}),
        function("add", int(I32), vec![number("a", I32), number("b", I32)], |function| {
            let Shape::Number(NumberArgument { range, .. }) = &mut function.parameters[1].shape else { unreachable!() };
            *range = Some((Literal::Integer(-1), Literal::Integer(9)));
        }),
        function("narrow", int(I8), vec![number("value", I8)], |_| {}),
        function("wide", int(U64), vec![number("value", U64)], |_| {}),
        function("half", int(F32), vec![number("value", F32)], |_| {}),
        function("mix", int(F64), vec![number("a", I8), number("b", U16), number("c", F32), number("d", F64)], |_| {}),
        function(
            "sum",
            int(U64),
            vec![buffer("bytes", U8, In, |b| b.null = true), length_of("count", U32, &[0])],
            |_| {},
        ),
        function(
            "dot",
            int(U64),
            vec![buffer("a", I32, In, |_| {}), buffer("b", I32, In, |_| {}), length_of("count", U64, &[0, 1])],
            |_| {},
        ),
        function(
            "fill",
            int(I32),
            vec![
                buffer("target", U8, Out, |b| {
                    (b.capacity, b.length) = (Some(call_of(BOUND, 3)), Some(Expression::Dereference(1)))
                }),
                cell("length", U64, InOut, consumed(Some(PointerFill::CapacityOf(0)))),
                number("value", U8),
                number("count", U64),
            ],
            failing,
        ),
        function(
            "flood",
            int(U64),
            vec![
                buffer("target", U8, Out, |b| {
                    (b.capacity, b.length) = (Some(Expression::Parameter(1)), Some(Expression::Return))
                }),
                capacity_of("room", U32, 0),
            ],
            ignored,
        ),
        function(
            "lie",
            int(I32),
            vec![
                buffer("target", U8, Out, |b| {
                    (b.capacity, b.length) = (Some(Expression::Integer(16)), Some(Expression::Dereference(1)))
                }),
                cell("length", U64, InOut, consumed(Some(PointerFill::CapacityOf(0)))),
            ],
            ignored,
        ),
        function(
            "lazy",
            int(I32),
            vec![
                buffer("target", U8, Out, |b| {
                    (b.capacity, b.length) = (Some(Expression::Parameter(1)), Some(Expression::Return))
                }),
                number("room", U64),
            ],
            ignored,
        ),
        function(
            "reverse",
            CType::Void,
            vec![buffer("values", I32, InOut, |_| {}), length_of("count", U64, &[0])],
            |_| {},
        ),
        function(
            "split",
            CType::Void,
            vec![number("value", F64), cell("whole", I64, Out, |_| {}), cell("rest", F64, Out, |_| {})],
            |_| {},
        ),
        function(
            "increment",
            int(I32),
            vec![cell("step", I32, In, |cell| cell.null = true), cell("value", I32, InOut, |_| {})],
            ignored,
        ),
        function("length", int(U64), vec![text("text", true)], |_| {}),
        function(
            "name",
            CType::Void,
            vec![
                buffer("target", I8, Out, |b| {
                    (b.capacity, b.text, b.string) = (Some(Expression::Integer(9)), true, true)
                }),
                number("room", U64),
                number("which", I32),
            ],
            |function| {
                let Shape::Number(NumberArgument { range, .. }) = &mut function.parameters[1].shape else {
                    unreachable!()
                };
                *range = Some((Literal::Integer(0), Literal::Integer(9)));
            },
        ),
        function("fails", int(I32), vec![number("code", I32)], |function| {
            function.returns.error_if = Some(compare(Operator::Equal, Expression::Return, -1));
            function.returns.errno = true;
        }),
        function("refuses", int(I32), vec![number("code", I32)], failing),
        function("shout", string(), vec![text("text", false)], |function| {
            function.returns.pointer =
                Some(Pointed::String(ReturnedString { text: true, null: true, free: Some(FunctionId(RELEASE)) }));
        }),
        function("endless", string(), vec![], |function| {
            function.returns.pointer = Some(Pointed::String(ReturnedString { text: false, null: false, free: None }));
        }),
        function("vandalise", CType::Void, vec![], |_| {}),
        function("vandalised", int(I32), vec![], |_| {}),
        function("dereference", int(I32), vec![], |_| {}),
        function("give_up", CType::Void, vec![], |_| {}),
        function("leave", CType::Void, vec![number("code", I32)], |_| {}),
        function("overflow", int(I32), vec![number("depth", I32)], |_| {}),
        function("spin", CType::Void, vec![], |_| {}),
        function("exec", CType::Void, vec![], |_| {}),
        function("eat", int(U64), vec![number("bytes", U64)], |_| {}),
        function("open_file", int(I32), vec![text("path", false)], |_| {}),
    ];
    Interface {
        name: "library".into(),
        version: "1.0.0".into(),
        doc: None,
        source: "library.zone.toml".into(),
        library: Library {
            location: LibraryLocation::Path("liblibrary.so".into()),
            sha256: vec![],
            declared: Location::default(),
        },
        sandbox: Sandbox {
            memory_bytes: 64 << 20,
            deadline: Duration::from_secs(2),
            callables: Duration::from_secs(60),
            processes: 0,
            descriptors: 64,
            file_size_bytes: 0,
            call_bytes: CALL_BYTES,
            instances,
            threads: 1,
            files: vec![],
            may_be_missing: vec![],
        },
        types: vec![],
        exceptions: vec![],
        constants: vec![],
        functions,
    }
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
        self.marshal.functions().interface.function(name).expect("such a function").0
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
