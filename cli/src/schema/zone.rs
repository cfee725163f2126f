//! The mirror of `NAME.zone.toml`.
#![allow(dead_code, reason = "read for its shape alone")]

use super::values::{Duration, Expression, Literal, Max, Named, OneOrMany, Size, Switch};
use schemars::JsonSchema;
use serde::Deserialize;

/// What one C library offers: functions, types, errors, and the sandbox of its zone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Cloison zone manifest")]
pub struct Manifest {
    /// What the zone is called and which library it loads.
    pub zone: Zone,
    /// Limits of the zone, all finite, and what it may reach.
    pub sandbox: Option<Sandbox>,
    /// Attributes of the capability: numbers and texts, such as the header's `#define`s.
    #[serde(default)]
    pub constants: Named<Literal>,
    /// Exception classes, attributes of the capability.
    #[serde(default)]
    pub exceptions: Named<Exception>,
    /// Structs, unions, enums, handles and typedefs, by their names in Python.
    #[serde(default)]
    pub types: Named<Type>,
    /// The functions, by their names in Python.
    #[serde(default)]
    pub functions: Named<Function>,
}

/// `[zone]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Letters, digits, `_`, `-`; a letter or digit first; at most 64.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"))]
    pub name: String,
    /// Three numbers: the version of this interface, not of the library.
    #[schemars(regex(pattern = r"^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$"))]
    pub version: String,
    /// Which file is loaded.
    pub library: Library,
    /// What the library is for.
    pub doc: Option<String>,
}

/// `library`: exactly one of `soname` and `path`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Found as the dynamic loader would: `libz.so.1`.
    pub soname: Option<String>,
    /// Relative to the manifest's folder, or absolute.
    pub path: Option<String>,
    /// The file must have one of these digests.
    pub sha256: Option<OneOrMany>,
}

/// `[sandbox]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Heap and private memory of the library. Default 256 MiB.
    pub memory: Option<Size>,
    /// The longest a call may take, waiting included. Default 2 s.
    pub deadline: Option<Duration>,
    /// How long the callables that one call leads to may take together. Default 60 s.
    pub callables: Option<Duration>,
    /// One instance for all, one for each client, or one for each call. Default shared.
    pub instances: Option<Instances>,
    /// How many calls one instance may run at once; more than 1 needs `thread_safe`. Default 1.
    #[schemars(range(min = 1))]
    pub threads: Option<u32>,
    /// Your word that the library may be called by several threads at once.
    pub thread_safe: Option<bool>,
    /// What the library may open. Default none.
    pub files: Option<Vec<File>>,
    /// Zones have no network: only `[]`.
    #[schemars(length(max = 0))]
    pub network: Option<Vec<String>>,
    /// Threads that the library may start. Default 0.
    #[schemars(range(max = 4096))]
    pub processes: Option<u32>,
    /// Open descriptors. Default 64.
    #[schemars(range(min = 16, max = 65536))]
    pub descriptors: Option<u32>,
    /// How far it may write into a file. Default 0.
    pub file_size: Option<Size>,
    /// What one call may carry, arguments and results together. Default 80 MiB.
    pub call_size: Option<Size>,
    /// Layers of the sandbox without which the zone starts all the same.
    pub may_be_missing: Option<Vec<String>>,
}

/// `instances`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Instances {
    /// Each call runs in a process of its own, forked from a zone that has loaded the library.
    PerCall,
    /// Each client has one.
    PerClient,
    /// All clients share one.
    Shared,
}

/// An entry of `files`: exactly one of `read` and `write`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// An absolute path that may be read.
    pub read: Option<String>,
    /// An absolute path that may be read and written.
    pub write: Option<String>,
}

/// `[exceptions.NAME]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Its docstring.
    pub doc: Option<String>,
    /// Another exception of this manifest; default `cloison.NativeError`.
    pub base: Option<String>,
}

/// `[types.NAME]`. Each other key is a table for the member of that name.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Type {
    /// The declaration, as in the header: `struct point { double x, y; };`, `typedef unsigned long uLong;`
    pub c: String,
    /// Its docstring.
    pub doc: Option<String>,
    /// Of an enum: its values can be combined by `|` (an `IntFlag`).
    pub flags: Option<Switch>,
    /// Its objects stay in the zone; Python has handles.
    pub handle: Option<Switch>,
    /// Of a handle: the function that ends an object.
    pub free: Option<String>,
    /// Of a handle: the handle type whose objects own these.
    pub owner: Option<String>,
    /// Of a handle: how many of them one client may have at once. Default 1024.
    #[schemars(range(min = 1))]
    pub max_live: Option<u32>,
    /// Of a handle: the library counts references, and each time that it gives an object away is one more to be freed.
    pub refcounted: Option<Switch>,
    /// Of a handle: its objects are used by the thread that made them, and by no other.
    pub thread_affine: Option<Switch>,
    /// Of a union: the member that is read and written when nothing else says.
    pub live: Option<String>,
    /// Of a function pointer: what C gets when the callable raises or takes too long.
    pub error: Option<Literal>,
    /// Of a function pointer: how long one run of the callable may take.
    pub deadline: Option<Duration>,
    /// Of a function pointer: its parameters. Of a struct: members that are called like a key of this table.
    pub parameters: Option<Named<Parameter>>,
    /// Members that are called like a key of this table.
    pub members: Option<Named<Member>>,
    /// What the author has yet to say; `cloison check` refuses it.
    pub decide: Option<String>,
    /// Members.
    #[serde(flatten)]
    pub others: Named<Member>,
}

/// A member of a struct or a union.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// A `char` array or a `char *` that is text: `str`.
    pub text: Option<Switch>,
    /// `bytes` instead of `str`.
    pub bytes: Option<Switch>,
    /// A pointer that may be NULL: `None`.
    pub null: Option<Switch>,
    /// Python does not see it: zero on the way in, dropped on the way out.
    pub hidden: Option<Switch>,
    /// Of a union: which of its members is live.
    pub live: Option<LiveBy>,
    /// What the author has yet to say; `cloison check` refuses it.
    pub decide: Option<String>,
}

/// Which member of a union is live, by another member of the struct.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveBy {
    /// The other member.
    pub by: String,
    /// Its value (a number or the name of one), and the union's member that is live then.
    pub cases: Named<String>,
}

/// `[functions.NAME]`. Each other key is a table for the parameter of that name.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Function {
    /// The C prototype, as in the header; every parameter needs a name.
    pub c: String,
    /// The docstring.
    pub doc: Option<String>,
    /// It serves other functions (`message`, `free`, capacities) and is not offered to Python.
    pub internal: Option<Switch>,
    /// Instead of the sandbox's.
    pub deadline: Option<Duration>,
    /// How long callables may take together in a call, instead of what the sandbox says.
    pub callables: Option<Duration>,
    /// It may wait for long: others do not wait behind it.
    pub blocking: Option<Switch>,
    /// The parameters of this form behind `...`: `"int a, double b"`, or `""` for none.
    pub variadic: Option<String>,
    /// What the function's value means.
    pub returns: Option<Returns>,
    /// Parameters that are called like one of the keys above.
    pub parameters: Option<Named<Parameter>>,
    /// Parameters.
    #[serde(flatten)]
    pub others: Named<Parameter>,
}

/// What a parameter is for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The library reads it.
    #[serde(rename = "in")]
    pub input: Option<Switch>,
    /// The library writes it.
    #[serde(rename = "out")]
    pub output: Option<Switch>,
    /// How many elements the library reads; for `out`, how many it has written.
    pub length: Option<Expression>,
    /// `out`: how many elements there is room for.
    pub capacity: Option<Expression>,
    /// The most bytes; default `call_size`.
    pub max: Option<Max>,
    /// Smallest and largest value, both included.
    #[schemars(length(min = 2, max = 2))]
    pub range: Option<Vec<Literal>>,
    /// Python may leave it out. `"NULL"` (with `null`) is `None`.
    pub default: Option<Literal>,
    /// It has a default and may be left out before those that have none, as `range(stop)` leaves out `start`.
    pub leading: Option<Switch>,
    /// Python may pass `None`, or get it: NULL in C.
    pub null: Option<Switch>,
    /// `str` in UTF-8.
    pub text: Option<Switch>,
    /// `bytes`.
    pub bytes: Option<Switch>,
    /// Always that, and Python passes nothing: a number, `"sizeof(type)"`, `"NULL"`, or for a `const char *` a string.
    pub value: Option<Literal>,
    /// What a callback is given back by the library: not seen by Python.
    pub user_data: Option<Switch>,
    /// The library keeps it as long as that handle lives: a parameter's name, or `"return"`.
    pub retain: Option<String>,
    /// A callable that is retained: the library gives up what it kept for the handle before, by this parameter.
    pub replaces: Option<Switch>,
    /// `out`: a read-only view on the channel instead of a copy, valid until the next call.
    pub view: Option<Switch>,
    /// A handle that the call ends.
    pub consumed: Option<Switch>,
    /// A handle that is filled in: the parameter that owns it.
    pub owner: Option<String>,
    /// A handle that is filled in and not ours to free.
    pub borrowed: Option<Switch>,
    /// A pointer that is filled in: the function that frees it after it was copied.
    pub free: Option<String>,
    /// `"free"`: also when the call fails, the handle that was filled in is ours to free.
    pub on_error: Option<String>,
    /// A callback: what C gets when the callable raises or takes too long. Default 0.
    pub error: Option<Literal>,
    /// A callback: how long one run of the callable may take.
    pub deadline: Option<Duration>,
    /// A callback: its own parameters.
    pub parameters: Option<Named<Parameter>>,
    /// What the author has yet to say; `cloison check` refuses it.
    pub decide: Option<String>,
}

/// What becomes of a function's value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Returns {
    /// The call has failed unless this holds: `"== 0"`.
    pub error_unless: Option<Expression>,
    /// The call has failed if this holds: `"< 0"`, `"return == -1 && errno != 0"`.
    pub error_if: Option<Expression>,
    /// A failure carries `errno`.
    pub errno: Option<Switch>,
    /// What explains a failure: `"zError"` (of the code), or `"sqlite3_errmsg(db)"`.
    pub message: Option<String>,
    /// What a failure raises.
    pub raises: Option<Raises>,
    /// Keep the value as a result, or drop it.
    pub value: Option<bool>,
    /// A returned `char *` is `str` in UTF-8.
    pub text: Option<Switch>,
    /// A returned `char *` is `bytes`.
    pub bytes: Option<Switch>,
    /// A returned NULL is `None`; otherwise it is an error.
    pub null: Option<Switch>,
    /// The function that frees what is returned after it was copied.
    pub free: Option<String>,
    /// How many elements the returned pointer leads to.
    pub length: Option<Expression>,
    /// The handle parameter that owns the returned handle.
    pub owner: Option<String>,
    /// The returned handle is not ours to free.
    pub borrowed: Option<Switch>,
    /// What the author has yet to say; `cloison check` refuses it.
    pub decide: Option<String>,
}

/// `raises`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Raises {
    /// Always that class; `"OSError"` with `errno`.
    Always(String),
    /// By the function's value (a number, or the name of one); `else` for all others.
    By(Named<String>),
}
