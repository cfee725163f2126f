//! What a manifest means: functions, their parameters and what each is for.
//!
//! An [`Interface`] is the only thing that the client, the zone and the broker know of a library. It is made by
//! [`crate::manifest`] from TOML and C text, checked there once, and then travels as data. The three sides read it so:
//!
//! - the **client** (a microprocess) turns Python arguments into a [`crate::call::Request`] by the parameters' roles;
//! - the **zone** turns the request into C arguments by the same roles, after checking every word of it again;
//! - the **broker** reads names and limits only.
//!
//! # Which parameter is what
//!
//! Parameters stand in C order. Each has one [`Role`]; the role says whether Python passes it
//! ([`Role::is_argument`]), whether it comes back as a result ([`Role::is_result`]), and how many words it takes in a
//! request and in a reply ([`crate::call`]).
//!
//! A parameter that an input buffer's `length` names is filled in from that buffer. A parameter that an output
//! buffer's `capacity` names is filled in from that buffer's `max`, unless it has a table of its own that makes it an
//! argument (`destLen = { in = true, … }`): then the caller says how much room there is.
//!
//! Python passes arguments in the order of [`Function::arguments`]; requests carry them in C order.

use crate::expression::Expression;
use crate::types::{CType, Definition, Layout, Location, Scalar, TypeId, TypeKind, Wide};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A function's index in [`Interface::functions`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct FunctionId(pub u32);

/// Everything a manifest says.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Interface {
    /// `zone.name`
    pub name: String,
    /// `zone.version`, of this interface, not of the library.
    pub version: String,
    /// `zone.doc`
    pub doc: Option<String>,
    /// The manifest's file name as errors show it.
    pub source: String,
    /// The library and how it is found.
    pub library: Library,
    /// The sandbox of the zone, every limit finite.
    pub sandbox: Sandbox,
    /// Types of its own: records, enumerations and handles, in the manifest's order.
    pub types: Vec<Definition>,
    /// Exception classes of its own.
    pub exceptions: Vec<Exception>,
    /// Named numbers and texts.
    pub constants: Vec<(String, Constant)>,
    /// The functions, in the manifest's order.
    pub functions: Vec<Function>,
}

impl Interface {
    /// The function of that Python name, `internal` ones included.
    pub fn function(&self, name: &str) -> Option<(FunctionId, &Function)> {
        let index = self.functions.iter().position(|function| function.name == name)?;
        Some((FunctionId(index as u32), &self.functions[index]))
    }

    /// What that type is.
    pub fn definition(&self, id: TypeId) -> Option<&Definition> {
        self.types.get(id.0 as usize)
    }

    /// Names that stand for whole numbers: constants and the values of enumerations.
    pub fn integers(&self) -> Vec<(String, i128)> {
        let constants = self.constants.iter().filter_map(|(name, constant)| match constant {
            Constant::Number(Number::Integer(value)) => Some((name.clone(), *value)),
            _ => None,
        });
        let values = self.types.iter().flat_map(|definition| match &definition.kind {
            TypeKind::Enum(enumeration) => enumeration.values.clone(),
            _ => Vec::new(),
        });
        constants.chain(values).collect()
    }
}

/// An exception class that a manifest declares.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Exception {
    /// Its name in Python.
    pub name: String,
    /// `doc`
    pub doc: Option<String>,
    /// The position of the class it is derived from, an earlier one; `None` is `cloison.NativeError`.
    pub base: Option<usize>,
}

/// A named value: a `#define` of the library's header.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Constant {
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
}

/// Which file is loaded.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Library {
    /// By name or by path.
    pub location: LibraryLocation,
    /// Lower-case hexadecimal SHA-256 digests, one of which the file must have; empty when any file will do.
    pub sha256: Vec<String>,
    /// Where `library` stands in the manifest.
    pub declared: Location,
}

/// `soname` or `path`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum LibraryLocation {
    /// Relative to the manifest's folder, or absolute.
    Path(String),
    /// Found as the dynamic loader would: its cache, then `/lib` and `/usr/lib`.
    Soname(String),
}

/// `[sandbox]`: what the zone may use. Every field has a finite default.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sandbox {
    /// Address space beyond what the loaded libraries and the channels map, in bytes. Default 256 MiB.
    pub memory_bytes: u64,
    /// How long one call may take before the zone is ended. Default 2 s.
    pub deadline: Duration,
    /// How many threads the zone may have beside its own; the sandbox lets no library make processes. Default 0.
    pub processes: u32,
    /// How many descriptors it may have open. Default 64.
    pub descriptors: u32,
    /// How large a file it may write, in bytes. Default 0.
    pub file_size_bytes: u64,
    /// How many bytes one call may carry in and out, in bytes: the size of the channel's arena. Default 80 MiB.
    pub call_bytes: u64,
    /// One instance for everybody, one for each client, or one for each call. Default shared.
    pub instances: Instances,
    /// How many calls one instance may run at once. More than 1 wants a library that is safe for that. Default 1.
    pub threads: u32,
    /// Files and folders the library may open. Default none.
    pub files: Vec<FileRule>,
    /// Layers that may be missing on a kernel that has not got them. Default none: all are required.
    pub may_be_missing: Vec<String>,
}

/// `instances`
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Instances {
    /// Each call runs in a process of its own, forked from a zone that has loaded and sealed: nothing survives it.
    PerCall,
    /// Each client has an instance of its own; buffers are not copied a second time.
    PerClient,
    /// All clients share one instance.
    Shared,
}

/// One entry of `files`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct FileRule {
    /// Absolute path of a file or folder.
    pub path: String,
    /// Write as well as read.
    pub write: bool,
}

/// One C function.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Function {
    /// The name in Python and in `allow`: the key in the manifest.
    pub name: String,
    /// The name in the library: the declarator's.
    pub symbol: String,
    /// The C text.
    pub declaration: String,
    /// `doc`
    pub doc: Option<String>,
    /// Serves other entries (`message`, `free`, capacities) and is not offered to Python.
    pub internal: bool,
    /// In C order.
    pub parameters: Vec<Parameter>,
    /// The C type of the function's value.
    pub result: CType,
    /// What becomes of the function's value.
    pub returns: Returns,
    /// A deadline of its own instead of the sandbox's.
    pub deadline: Option<Duration>,
    /// It may wait for long: others do not wait behind it.
    pub blocking: bool,
    /// How many of the parameters stand before `...`, if it has one; those behind it are this form's.
    pub variadic: Option<usize>,
    /// Where `c` stands in the manifest.
    pub declared: Location,
}

impl Function {
    /// The positions of the parameters that Python passes, in the order in which Python passes them: C order, but those
    /// that have a default stand behind those that have none, as Python wants it.
    pub fn arguments(&self) -> Vec<usize> {
        let passed = |index: &usize| self.parameters[*index].role.is_argument();
        let behind = |index: &usize| self.parameters[*index].role.has_default() && !self.parameters[*index].leading;
        let (optional, required): (Vec<_>, Vec<_>) = (0..self.parameters.len()).filter(passed).partition(behind);
        [required, optional].concat()
    }

    /// How many words a request for this function has; see [`crate::call`].
    pub fn request_words(&self) -> usize {
        self.parameters.iter().map(|parameter| parameter.role.request_words()).sum()
    }

    /// How many words a reply has that brings results; see [`crate::call`].
    pub fn reply_words(&self) -> usize {
        let value = match (self.returns.kept, &self.returns.pointer, &self.result) {
            (false, ..) => 0,
            (true, Some(pointed), _) => pointed.words(),
            (true, None, CType::Record { .. } | CType::Wide(_)) => 2,
            (true, None, _) => 1,
        };
        value + self.parameters.iter().map(|parameter| parameter.role.reply_words()).sum::<usize>()
    }
}

/// One parameter.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Parameter {
    /// As in the prototype.
    pub name: String,
    /// As in the prototype.
    pub c_type: CType,
    /// What it is for.
    pub role: Role,
    /// It has a default and stands before arguments that have none: a call with fewer positional arguments leaves it out,
    /// as `range(stop)` leaves out `start`.
    pub leading: bool,
}

/// What a parameter is for. Indices are positions in [`Function::parameters`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Role {
    /// A pointer to `length` elements.
    Buffer(Buffer),
    /// A pointer to a function: Python passes a callable.
    Callback(Callback),
    /// A number that nobody passes: the capacity, in elements, of the output buffer at `of`.
    CapacityOf {
        /// The parameter's own type.
        scalar: Scalar,
        /// The buffer.
        of: usize,
    },
    /// A pointer to one number.
    Cell(Cell),
    /// What nobody passes and is always the same: a number, or an address such as NULL. Of `void *` user data: NULL, since
    /// callables carry what they need themselves.
    Constant {
        /// The bits, as C sees them.
        bits: u64,
    },
    /// A pointer to an object of the zone.
    Handle(HandleArgument),
    /// A number that nobody passes: the length, in elements, of the input buffers that name it.
    LengthOf {
        /// The parameter's own type.
        scalar: Scalar,
        /// The buffers, at least one. All of one call must be equally long.
        of: Vec<usize>,
    },
    /// A number that Python passes. (In an internal function that only frees: the pointer, which we pass.)
    Number {
        /// The parameter's type.
        scalar: Scalar,
        /// The enumeration it is of.
        enumeration: Option<TypeId>,
        /// Smallest and largest value allowed, both included.
        range: Option<(Number, Number)>,
        /// What it is when Python does not pass it.
        default: Option<Number>,
    },
    /// A pointer to a pointer that the library fills in.
    Place(Place),
    /// A struct or union, by value or behind a pointer.
    Record(RecordArgument),
    /// A NUL-terminated input string (`const char *`).
    Text(Text),
    /// `long double` or a complex number, by value.
    Wide {
        /// Which.
        wide: Wide,
        /// What it is when Python does not pass it: real and imaginary part.
        default: Option<(f64, f64)>,
    },
}

impl Role {
    /// Whether Python passes this parameter.
    pub fn is_argument(&self) -> bool {
        match self {
            Self::Buffer(buffer) => buffer.direction.is_in(),
            Self::Cell(cell) => cell.direction.is_in() && cell.fill.is_none(),
            Self::Record(record) => record.direction.is_in(),
            Self::CapacityOf { .. } | Self::Constant { .. } | Self::LengthOf { .. } | Self::Place(_) => false,
            Self::Callback(_) | Self::Handle(_) | Self::Number { .. } | Self::Text(_) | Self::Wide { .. } => true,
        }
    }

    /// Whether Python may leave this argument out.
    pub fn has_default(&self) -> bool {
        match self {
            Self::Cell(cell) => cell.default.is_some(),
            Self::Number { default, .. } => default.is_some(),
            Self::Text(text) => text.default.is_some(),
            Self::Buffer(buffer) => buffer.default_none,
            Self::Callback(callback) => callback.default_none,
            Self::Handle(handle) => handle.default_none,
            Self::Record(record) => record.default_none,
            Self::Wide { default, .. } => default.is_some(),
            Self::CapacityOf { .. } | Self::Constant { .. } | Self::LengthOf { .. } | Self::Place(_) => false,
        }
    }

    /// How many words it takes in a request.
    pub fn request_words(&self) -> usize {
        match self {
            _ if !self.is_argument() => 0,
            Self::Buffer(_) | Self::Record(_) | Self::Text(_) | Self::Wide { .. } => 2,
            Self::Cell(cell) if cell.null => 2,
            _ => 1,
        }
    }

    /// How many words it takes in a reply.
    pub fn reply_words(&self) -> usize {
        match self {
            _ if !self.is_result() => 0,
            Self::Buffer(buffer) if buffer.retain.is_some() => 1,
            Self::Buffer(_) | Self::Record(_) => 2,
            Self::Place(place) => place.pointed.words(),
            _ => 1,
        }
    }

    /// Whether this parameter comes back as a result.
    pub fn is_result(&self) -> bool {
        match self {
            Self::Buffer(buffer) => buffer.direction.is_out(),
            Self::Cell(cell) => cell.direction.is_out() && !cell.consumed,
            Self::Place(_) => true,
            Self::Record(record) => record.direction.is_out(),
            _ => false,
        }
    }
}

/// `in`, `out` or both.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Direction {
    /// The library reads it.
    In,
    /// The library reads and writes it.
    InOut,
    /// The library writes it.
    Out,
}

impl Direction {
    /// `In` or `InOut`.
    pub fn is_in(self) -> bool {
        matches!(self, Self::In | Self::InOut)
    }
    /// `Out` or `InOut`.
    pub fn is_out(self) -> bool {
        matches!(self, Self::Out | Self::InOut)
    }
}

/// A pointer to elements.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Buffer {
    /// Who writes it.
    pub direction: Direction,
    /// The element's type; `void` counts as bytes.
    pub element: Element,
    /// In and in-out: how many elements the argument must have, when no parameter is filled in from it
    /// (`length = "width * height"`). Out and in-out: how many elements the library wrote, evaluated after the
    /// call (`"*destLen"`, `"return"`); `None` means up to the capacity, or up to the NUL if `text` or `string`.
    pub length: Option<Expression>,
    /// Out: how many elements there is room for, evaluated before the call; never mentions a parameter that is filled in
    /// from it. In-out: `None`, the argument's own length.
    pub capacity: Option<Expression>,
    /// The most bytes that this buffer may have, either way.
    pub max_bytes: u64,
    /// An input that may be `None`, which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
    /// The result is `str` (UTF-8) instead of `bytes` (for elements of one byte).
    pub text: bool,
    /// The result ends before the first NUL.
    pub string: bool,
    /// The library goes on using it after the call, for as long as that handle lives. An input is then copied to memory
    /// of the zone; an output (never `in`) is one word in the reply, the number of a block that [`crate::call::SYNC`] reads.
    pub retain: Option<Lifetime>,
    /// The result is a read-only view of the channel, valid until the next call, instead of a copy.
    pub view: bool,
}

/// What a buffer has many of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Element {
    /// Pointers to objects of the zone, in what a callback is given only. Each is eight bytes on the wire: a handle's word.
    Handle {
        /// Their type.
        id: TypeId,
    },
    /// Structs.
    Record {
        /// Which.
        id: TypeId,
        /// How large and how aligned.
        layout: Layout,
    },
    /// Numbers.
    Scalar(Scalar),
    /// Pointers to strings (`char **`). Each is eight bytes on the wire: a text member of a record, see [`crate::call`].
    Text {
        /// `bytes` instead of `str`.
        bytes: bool,
    },
}

impl Element {
    /// In bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Record { layout, .. } => layout.size as usize,
            Self::Scalar(scalar) => scalar.size(),
            Self::Handle { .. } | Self::Text { .. } => 8,
        }
    }

    /// The number, if it is one.
    pub fn scalar(self) -> Option<Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }
}

/// How long the library keeps what it was given.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Lifetime {
    /// As long as the handle passed at that position, or made by the [`Place`] there.
    Parameter(usize),
    /// As long as the handle that the function returns.
    Return,
}

/// An object of the zone, passed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct HandleArgument {
    /// Its type.
    pub id: TypeId,
    /// Python may pass `None`, which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
    /// The call ends it, unless it fails: the handle is stale afterwards, and nothing else frees it.
    pub consumed: bool,
}

/// A record, passed or given back.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RecordArgument {
    /// Its type.
    pub id: TypeId,
    /// How large and how aligned.
    pub layout: Layout,
    /// Who writes it.
    pub direction: Direction,
    /// By value (and `In`), not behind a pointer.
    pub by_value: bool,
    /// Python may pass `None` (for `in`), which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
}

/// A pointer to a pointer that the library fills in. It points to NULL before the call.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Place {
    /// What it then points to.
    pub pointed: Pointed,
    /// Also when the call fails, what was filled in is ours to free.
    pub free_on_error: bool,
}

/// What a pointer leads to that the library gives: as the function's value or in a [`Place`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Pointed {
    /// Elements.
    Buffer {
        /// The element's type.
        element: Element,
        /// How many, evaluated after the call.
        length: Expression,
        /// `str` (UTF-8) instead of `bytes`, for elements of one byte.
        text: bool,
        /// NULL becomes `None`; otherwise NULL is an error.
        null: bool,
        /// The function (of this interface) that frees it after it was copied.
        free: Option<FunctionId>,
    },
    /// An object of the zone. One word.
    Handle {
        /// Its type.
        id: TypeId,
        /// NULL becomes `None`; otherwise NULL is an error.
        null: bool,
        /// The handle that owns it is the one passed at that position.
        owner: Option<usize>,
        /// It is not ours to free: it is valid while `owner` lives (without an owner: as long as the zone). An object that
        /// the client holds already keeps its handle.
        borrowed: bool,
    },
    /// One record.
    Record {
        /// Which.
        id: TypeId,
        /// How large and how aligned.
        layout: Layout,
        /// NULL becomes `None`; otherwise NULL is an error.
        null: bool,
        /// The function (of this interface) that frees it after it was copied.
        free: Option<FunctionId>,
    },
    /// A NUL-terminated string.
    String(ReturnedString),
}

impl Pointed {
    /// Whether NULL becomes `None`; otherwise NULL is an error.
    pub fn may_be_null(&self) -> bool {
        match self {
            Self::Buffer { null, .. } | Self::Handle { null, .. } | Self::Record { null, .. } => *null,
            Self::String(string) => string.null,
        }
    }

    /// How many words it takes in a reply.
    pub fn words(&self) -> usize {
        match self {
            Self::Handle { .. } => 1,
            Self::Buffer { .. } | Self::Record { .. } | Self::String(_) => 2,
        }
    }
}

/// A Python callable that C calls.
///
/// Its parameters have roles as a function's have, seen from the callee: what is `in` is read by Python and is an
/// argument of the callable, what is `out` is written by it and is its result (with the value, if that is kept, first).
/// Expressions name the callback's own parameters. A parameter without a name is called `arg1`, `arg2`, … by its position.
///
/// An input buffer always has a `length` (beside a [`Role::LengthOf`], if the length is just a parameter's name, which Python
/// then does not see). An output buffer has a `capacity` that C knows before the call, and no [`Role::CapacityOf`]: the
/// callable is told how much room there is. With `length = "return"` or `"*n"` the zone says there how many elements the
/// callable has given; without `length` nobody is told, and what is not given stays as it was.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Callback {
    /// In C order. [`Role::Constant`] is what Python does not see, such as `void *` user data.
    pub parameters: Vec<Parameter>,
    /// The C type of the callable's value.
    pub result: CType,
    /// Python's value is the C value. `false` for `void`, and where the value is the length of an output (`length =
    /// "return"`).
    pub kept: bool,
    /// What C gets when the callable raises or takes too long; 0 unless said. Of results that are no plain numbers: always
    /// zero bytes.
    pub error: Option<Number>,
    /// How long one run of the callable may take; else the function's own deadline.
    pub deadline: Option<Duration>,
    /// Python may pass `None`, which C sees as NULL.
    pub null: bool,
    /// It is `None` when Python does not pass it.
    pub default_none: bool,
    /// The library keeps it, for as long as that handle lives. Otherwise it is valid during the call.
    pub retain: Option<Lifetime>,
}

impl Callback {
    /// How many words its arguments have in [`crate::call::Status::Callback`].
    pub fn argument_words(&self) -> usize {
        self.parameters.iter().map(|parameter| parameter.role.request_words()).sum()
    }

    /// How many words its results have in [`crate::call::ANSWER`].
    pub fn result_words(&self) -> usize {
        let value = match (self.kept, &self.result) {
            (false, _) => 0,
            (true, CType::Record { .. } | CType::Wide(_)) => 2,
            (true, _) => 1,
        };
        value + self.parameters.iter().map(|parameter| parameter.role.reply_words()).sum::<usize>()
    }
}

/// A pointer to one number.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Cell {
    /// Who writes it.
    pub direction: Direction,
    /// The number's type.
    pub scalar: Scalar,
    /// The enumeration it is of.
    pub enumeration: Option<TypeId>,
    /// Python may pass `None` (for `in`), which C sees as NULL.
    pub null: bool,
    /// Smallest and largest value allowed, both included.
    pub range: Option<(Number, Number)>,
    /// What it is when Python does not pass it.
    pub default: Option<Number>,
    /// Filled in by us before the call instead of being an argument.
    pub fill: Option<CellFill>,
    /// Its value after the call is just a buffer's length and no result of its own.
    pub consumed: bool,
}

/// What a cell holds before the call when Python does not say.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum CellFill {
    /// The capacity in elements of the output buffer at that position.
    CapacityOf(usize),
    /// The length in elements of the input buffer at that position.
    LengthOf(usize),
}

/// A NUL-terminated input string.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Text {
    /// Only `bytes` are taken; else `str` (as UTF-8) and `bytes` are.
    pub bytes: bool,
    /// `None` is NULL.
    pub null: bool,
    /// What it is when Python does not pass it; the inner `None` is NULL.
    pub default: Option<Option<String>>,
    /// The most bytes, without the NUL.
    pub max_bytes: u64,
    /// The library goes on reading it after the call, for as long as that handle lives.
    pub retain: Option<Lifetime>,
}

/// What becomes of the function's value.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Returns {
    /// Kept as the first result; else it was only a status or a length.
    pub kept: bool,
    /// For pointers: what becomes of what they lead to.
    pub pointer: Option<Pointed>,
    /// The call failed unless this holds. `return` stands for the value.
    pub error_unless: Option<Expression>,
    /// The call failed if this holds. Of a pointer that cannot be `None` and whose failures are explained (by `errno`,
    /// `message`, `raises`) it says that NULL is one, if the manifest says nothing else.
    pub error_if: Option<Expression>,
    /// A failure carries `errno`.
    pub errno: bool,
    /// The function (of this interface) that explains a failure.
    pub message: Option<Message>,
    /// What a failure raises.
    pub raises: Raises,
}

/// How a failure is turned into text.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Message {
    /// `const char *f(int)` of the value (with `errno`: of that).
    Code(FunctionId),
    /// `const char *f(T *)` of the handle passed at that position, or of what the [`Place`] there holds after the call.
    Handle {
        /// Which function.
        function: FunctionId,
        /// Of what.
        parameter: usize,
    },
}

/// What a failure raises.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub enum Raises {
    /// Classes that the manifest declares.
    Declared {
        /// By the function's value: positions in [`Interface::exceptions`].
        codes: Vec<(i128, usize)>,
        /// For all other values; `None` is `NativeError`.
        otherwise: Option<usize>,
    },
    /// `cloison.NativeError`
    #[default]
    Native,
    /// `OSError` or the subclass of it that goes with `errno`.
    Os,
}

/// A returned `char *`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ReturnedString {
    /// `str` (UTF-8) instead of `bytes`.
    pub text: bool,
    /// NULL becomes `None`; otherwise NULL is an error.
    pub null: bool,
    /// The function (of this interface) that frees it after it was copied.
    pub free: Option<FunctionId>,
}

/// A number in a manifest.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub enum Number {
    /// For `float` and `double`.
    Float(f64),
    /// For the integer types.
    Integer(i128),
}
