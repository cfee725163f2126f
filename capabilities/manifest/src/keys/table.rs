//! All keys, table by table, in the order of the documentation.

use super::Kind::{
    Choice, Count, CountOrEntries, Duration, Entries, Expression, Expressions, Literal, Literals, Max, Named,
    OneOrEntries, OneOrMany, Pattern, Range, Size, Switch, Text, TextOrByName, Texts, TextsByName, TextsOrMany,
    TextsOrNamed, Truth,
};
use super::TableName::{
    App, Application, Audit, Capability, Clock, Command, Exception, File, Function, Library, Limits, Live, Manifest,
    Member, Microprocess, Narrowing, Network, Parameter, Processes, Random, Returns, Root, Sandbox, Secret, Type, Zone,
};
use super::{Key, Kind, TableName};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

const fn key(name: &'static str, tables: &'static [TableName], kind: Kind, says: &'static str) -> Key {
    Key { name, tables, kind, required: false, of: "", default: "", written: "", says }
}

impl Key {
    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn of(self, of: &'static str) -> Self {
        Self { of, ..self }
    }

    const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn written(self, written: &'static str) -> Self {
        Self { written, ..self }
    }
}

/// One of several words, with what each means.
const LEVELS: Kind = Choice(&[
    ("debug", "Everything."),
    ("info", "What happens, and what is more."),
    ("warning", "What may be a mistake, and what is more."),
    ("error", "What has failed, and what is more."),
    ("critical", "What has to be looked at now."),
]);

const PRIORITIES: Kind = Choice(&[
    ("high", "It runs as soon as it wakes up."),
    ("normal", "As most are."),
    ("low", "It stands back behind those that are not as low."),
    ("idle", "It runs when nobody else wants to."),
]);

const INSTANCES: Kind = Choice(&[
    ("shared", "Clients share one, up to 126 of them; beyond that there is another one."),
    ("per-client", "Each client has one."),
    ("per-call", "Each call runs in a process of its own, forked from a zone that has loaded the library."),
]);

/// All keys of all tables.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    // NAME.zone.toml
    key("zone", &[Manifest], Kind::Table(Zone), "what the zone is called and which library it loads").required(),
    key("sandbox", &[Manifest], Kind::Table(Sandbox), "limits of the zone, all finite, and what it may reach"),
    key("constants", &[Manifest], Literals, "attributes of the capability: numbers and texts, such as the header's `#define`s"),
    key("exceptions", &[Manifest], Named(Exception), "exception classes, attributes of the capability"),
    key("types", &[Manifest], Named(Type), "structs, unions, enums, handles and typedefs, by their names in Python"),
    key("functions", &[Manifest], Named(Function), "the functions, by their names in Python"),
    // [zone]
    key("name", &[Zone], Pattern("^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"), "letters, digits, `_`, `-`; a letter or digit first; at most 64").required(),
    key("version", &[Zone], Pattern(r"^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$"), "three numbers, `\"1.0.0\"`: the version of this interface, not of the library").required(),
    key("library", &[Zone], Kind::Table(Library), "which file is loaded: exactly one of `soname` and `path`, and perhaps `sha256`; a service of Cloison's own has `host` instead").required(),
    key("doc", &[Zone], Text, "what the library is for; part of the capability's `__doc__` in Python"),
    // library
    key("soname", &[Library], Text, "found as the dynamic loader would (`\"libz.so.1\"`), in its cache, then in `/lib`, `/usr/lib` and their like"),
    key("path", &[Library], Text, "relative to the manifest's folder (`\"build/libmine.so\"`), or absolute"),
    key("host", &[Library], Text, "no file, but a service of Cloison's own; only the manifests that come with it have that, see [host.md](host.md)"),
    key("needs", &[Library], Texts, "files of libraries that are loaded before it, in that order: those that it names and that are not the system's, see [further libraries](#further-libraries)").written("array of paths").default("[]"),
    key("preload", &[Library], Texts, "files of libraries that are loaded behind it: plugins, gconv modules; afterwards nothing can be loaded, see [further libraries](#further-libraries)").written("array of paths").default("[]"),
    key("sha256", &[Library], OneOrMany, "the file must have one of these digests, or the zone does not start"),
    // [sandbox]
    key("memory", &[Sandbox], Size(MIB, TIB), "heap and private memory of the library; what the call itself needs comes on top").default("\"256 MiB\""),
    key("deadline", &[Sandbox], Duration, "the longest a call may take, waiting for its turn included; a zone in which a call runs longer is ended").default("\"2 s\""),
    key("callables", &[Sandbox], Duration, "how long all callables that one call leads to may take together; see [concurrency](#concurrency)").default("\"60 s\""),
    key("instances", &[Sandbox], INSTANCES, "one zone for all microprocesses, one for each, or one for each call").default("\"shared\""),
    key("files", &[Sandbox], Entries(File), "what the library may open: a table for each path, with either `read` or `write`, and `for` which functions, see [files](#files-and-the-environment)").default("[]"),
    key("environment", &[Sandbox], TextsByName, "the variables that it finds in its environment, set before the library is loaded; there are no others").written("table: name → string").default("{}"),
    key("scratch", &[Sandbox], Size(64 * KIB, TIB), "a folder at `/tmp` of that size, in memory, of the instance's own, see [files](#files-and-the-environment)"),
    key("file_size", &[Sandbox], Size(0, TIB), "how far it may write into a file; beyond that the kernel ends the zone with SIGXFSZ; twice as far as `scratch` holds unless said").default("0"),
    key("descriptors", &[Sandbox], Count(16, 65_536), "open descriptors").default("64"),
    key("call_size", &[Sandbox], Size(4 * KIB, 4 * GIB), "what one call may carry, arguments and results together; it takes memory only as far as calls use it").default("\"80 MiB\""),
    key("may_be_missing", &[Sandbox], Texts, "layers of the sandbox without which the zone starts all the same, where the kernel has not got them").written("array of layers").default("[]"),
    key("processes", &[Sandbox], CountOrEntries(0, 4096, Processes), "threads beside the zone's own, or a table with `most` and `for` which functions, see [what functions need](#what-functions-need); processes cannot be made, whatever it says. While the library has some, its locale and environment are not put back between clients").default("0"),
    key("network", &[Sandbox], Entries(Network), "what the library may connect to itself: a table for each port of TCP, with `connect`, and `for` which functions, see [what functions need](#what-functions-need). Without any there is no network at all; programs have it by `net` and `http`").default("[]"),
    key("threads", &[Sandbox], Count(1, 63), "how many calls one instance runs at once; more than 1 needs `thread_safe`, see [concurrency](#concurrency)").default("1"),
    key("thread_safe", &[Sandbox], Switch, "the author's word that the library bears several calls at once"),
    // An entry of `files`
    key("read", &[File], Text, "a path that may be read: absolute, or below the manifest's folder (`\"$here/data\"`)"),
    key("write", &[File], Text, "the same, and it may be written as well"),
    // An entry of `network`, of `processes`
    key("connect", &[Network], Count(1, 65_535), "a port of TCP, of whatever address").required(),
    key("most", &[Processes], Count(0, 4096), "so many threads; of several entries the largest counts").required(),
    // An entry of each of these
    key("for", &[File, Network, Processes], Texts, "the functions that need it: an instance whose clients may call none of them has not got it; it is there for all unless said"),
    // [exceptions.NAME]
    key("doc", &[Exception], Text, "its docstring"),
    key("base", &[Exception], Text, "another exception of this manifest, which it is derived from; `cloison.NativeError` unless said"),
    // [types.NAME]
    key("c", &[Type], Text, "one declaration, as in the header: `struct point { double x, y; };`, `typedef unsigned long uLong;`").written("C declaration").required(),
    key("doc", &[Type], Text, "its docstring"),
    key("flags", &[Type], Switch, "its values can be combined, as an `IntFlag`").of("enumerations"),
    key("handle", &[Type], Switch, "its objects stay in the zone, and Python has handles of them").of("handles"),
    key("free", &[Type], Text, "ends an object: it takes the pointer, or the address of a variable that holds it (`T **`), and nothing else, and gives nothing or a status. A general one that takes `void *` has to be `internal`. Without `free`, objects can only be borrowed").of("handles").written("a function"),
    key("owner", &[Type], Text, "objects of that type own these: they are closed before their owner is").of("handles").written("a handle type"),
    key("max_live", &[Type], Count(1, 1 << 20), "how many one client may have at once; 1024 unless said").of("handles"),
    key("refcounted", &[Type], Switch, "the library counts references: each time that it gives one away, Python has a handle of its own for it, and `free` is called once for each").of("handles"),
    key("thread_affine", &[Type], Switch, "they are used by the thread that made them, and by no other").of("handles"),
    key("live", &[Type], Text, "which member is read and written when nothing else says").of("unions").written("a member"),
    key("error", &[Type], Literal, "what C gets when the callable raises or takes too long, see [callbacks](#callbacks)").of("pointers to functions").written("number"),
    key("deadline", &[Type], Duration, "how long one run of the callable may take").of("pointers to functions"),
    key("parameters", &[Type], Named(Parameter), "what there is to say of the callback's own parameters").of("pointers to functions"),
    key("members", &[Type], Named(Member), "members that are called like one of these keys: `members = { free = { hidden = true } }`").of("structs, unions"),
    // A member
    key("text", &[Member], Switch, "it is text: `str`, of an array up to the first NUL").of("`char` arrays, `char *`"),
    key("bytes", &[Member], Switch, "it is `bytes` instead of `str`").of("`char *`"),
    key("null", &[Member], Switch, "it may be `None`, which is NULL in C").of("pointers"),
    key("hidden", &[Member], Switch, "Python does not see it: NULL on the way in, left out on the way out").of("pointers"),
    key("live", &[Member], Kind::Table(Live), "which of its members is live: `{ by = \"kind\", cases = { 0 = \"i\", 1 = \"d\" } }`").of("unions"),
    // `live` of a member
    key("by", &[Live], Text, "the other member").required(),
    key("cases", &[Live], TextsByName, "the other member's value (a number, or the name of one), and the union's member that is live then").required(),
    // [functions.NAME]
    key("c", &[Function], Text, "the C prototype, as in the header; every parameter needs a name").required(),
    key("doc", &[Function], Text, "the docstring"),
    key("internal", &[Function], Switch, "serves other functions (`message`, `free`, capacities) and is not offered to Python"),
    key("deadline", &[Function], Duration, "the longest a call may take, instead of what the sandbox says"),
    key("callables", &[Function], Duration, "how long callables may take together in a call, instead of what the sandbox says"),
    key("blocking", &[Function], Switch, "it may wait for long, so that others do not wait behind it; see [concurrency](#concurrency)"),
    key("variadic", &[Function], Text, "what this function has in the place of `...`, or `\"\"` for nothing; see [variable arguments](#variable-arguments)").written("C parameters"),
    key("returns", &[Function], Kind::Table(Returns), "what the function's value means, see [`returns`](#returns)"),
    key("parameters", &[Function], Named(Parameter), "parameters that are called like one of these keys: `parameters = { doc = { in = true } }`"),
    // A parameter
    key("in", &[Parameter], Switch, "the library reads it; that goes without saying for a string, and for a pointer to a number with `default` or `range`").of("pointers"),
    key("out", &[Parameter], Switch, "the library writes it").of("pointers"),
    key("length", &[Parameter], Expression, "how many **elements** the library reads; for `out`, how many it has written; `\"NULL\"` if an element that is all zero ends it, see [tables that end](#tables-that-end)").of("buffers, arrays"),
    key("capacity", &[Parameter], Expression, "how many elements it has room for").of("`out` buffers"),
    key("max", &[Parameter], Max(1, 4 * GIB), "the most **bytes**; `call_size` unless said").of("buffers, strings"),
    key("range", &[Parameter], Range, "the smallest and the largest value, both included").of("numbers, pointers to one"),
    key("default", &[Parameter], Literal, "Python may leave it out; `\"NULL\"` (with `null = true`) is `None`, `\"16 MiB\"` is a number, `[1.0, -1.0]` a complex one, `\"GREEN\"` the number of that name").of("numbers, pointers to one, strings, callbacks").written("number, string; `\"NULL\"` for what else may be `None`"),
    key("null", &[Parameter], Switch, "Python may pass `None`, which is NULL in C; for what the library fills in: NULL is `None` and no error").of("strings, `in` pointers to numbers and structs, `in` buffers, handles, callbacks"),
    key("text", &[Parameter], Switch, "the result is a `str` in UTF-8; of `wchar_t`, the argument too is a `str`, and `false` says that it is none, see [wide text](#wide-text)").of("`out` buffers of bytes, strings, `wchar_t`"),
    key("bytes", &[Parameter], Switch, "only `bytes` are taken; the result is `bytes`").of("strings, `out` buffers of `char`"),
    key("value", &[Parameter], Literal, "it is always that, and Python does not pass it; a pointer may be a number such as -1. Write element sizes as `sizeof` a type of the manifest, and the format of a variadic form as a string (`format = { value = \"%d\" }`): neither is checked otherwise").of("numbers, pointers, `const char *`").written("number, `\"sizeof(type)\"`, `\"NULL\"`, string"),
    key("user_data", &[Parameter], Switch, "NULL: callables carry what they need themselves").of("`void *`"),
    key("leading", &[Parameter], Switch, "it stands before required arguments and may be left out all the same, as `range(stop)` leaves out `start`; one in each function").of("numbers with `default`"),
    key("view", &[Parameter], Switch, "the result is a read-only `View` of the channel, valid until the next call, instead of a copy").of("`out` buffers of bytes"),
    key("retain", &[Parameter], Text, "the library goes on using it while that handle lives, and not only during the call; see [memory of the library](#memory-of-the-library) and [callables that are kept](#callables-that-are-kept)").of("`in` and `out` buffers, strings, callbacks").written("a handle parameter, `\"return\"`"),
    key("consumed", &[Parameter], Switch, "the call ends the object, unless it fails; of `T **`, that of the variable there, which the library may clear, see [handles](#handles)").of("handles, `T **` to one"),
    key("owner", &[Parameter], Text, "the handle that owns the one that is filled in, see [handles](#handles)").of("`out` pointers to handles").written("a parameter"),
    key("borrowed", &[Parameter], Switch, "the handle that is filled in is not ours to free, see [handles](#handles)").of("`out` pointers to handles"),
    key("free", &[Parameter], Text, "frees what is filled in after it has been copied, see [memory of the library](#memory-of-the-library)").of("`out` pointers to pointers").written("an `internal` function"),
    key("on_error", &[Parameter], Text, "also when the call fails, what was filled in is ours to free").of("`out` pointers to pointers").written("`\"free\"`"),
    key("parameters", &[Parameter], Named(Parameter), "a table for each parameter that needs one: numbers, structs by value, `const char *` and handles need none").of("callbacks"),
    key("error", &[Parameter], Literal, "what C gets when the callable raises or takes too long; 0 unless said, and always zero bytes for a struct").of("callbacks").written("number"),
    key("deadline", &[Parameter], Duration, "how long one run of the callable may take; the function's own deadline unless said. When it is over, C goes on with `error`, and the Python code gets `DeadlineExceeded` where it is, in a `finally` or `__exit__` too; so does the call when it has caught that").of("callbacks"),
    key("replaces", &[Parameter], Switch, "the library keeps one: a call that succeeds takes the place of what this parameter had it keep for that handle before, as does `None`").of("callbacks").written("`true`, with `retain`"),
    // returns
    key("error_unless", &[Returns], Expression, "the call has failed unless this holds: `\"== 0\"`").written("condition"),
    key("error_if", &[Returns], Expression, "the call has failed if this holds: `\"< 0\"`, `\"return == -1 && errno != 0\"`").written("condition"),
    key("errno", &[Returns], Switch, "a failure carries `errno`, which is 0 before the call"),
    key("message", &[Returns], Text, "turns the code into text: `\"f\"` with `const char *f(int)` (or another integer), which with `errno = true` gets that, else the value; or `\"f(db)\"` with `const char *f(T *)`, asked of the handle `db`, or `\"f(*db)\"`, of the handle that the call has filled in; or `\"f(g(stmt))\"`, of the object that `T *g(U *)` with `borrowed = true` gives for a handle").written("a function of this manifest"),
    key("raises", &[Returns], TextOrByName, "what a failure raises instead of `NativeError`: always that class, or by the function's value (a number, or the name of one), with `else` for all others").written("a class, or a table"),
    key("value", &[Returns], Truth, "keep the value as a result, or drop it, whatever the rule above says"),
    key("text", &[Returns], Switch, "what a returned `char *` points to is `str`, in UTF-8; this or `bytes` has to be said. Of a `wchar_t *`: it is [wide text](#wide-text)"),
    key("bytes", &[Returns], Switch, "what a returned `char *` points to is `bytes`"),
    key("null", &[Returns], Switch, "a returned NULL is `None`; otherwise it is an error"),
    key("length", &[Returns], Expression, "the returned pointer leads to that many elements; `\"NULL\"` if an element that is all zero ends them, see [tables that end](#tables-that-end)"),
    key("max", &[Returns], Size(1, 4 * GIB), "with `length`, or for wide text: the most **bytes**, the end included; `call_size` unless said"),
    key("free", &[Returns], Text, "frees what the pointer leads to after it has been copied").written("an `internal` function"),
    key("owner", &[Returns], Text, "the handle that owns the returned one, see [handles](#handles)").written("a parameter"),
    key("borrowed", &[Returns], Switch, "the returned handle is not ours to free, see [handles](#handles)"),
    // cloison.toml
    key("app", &[Application], Kind::Table(App), "what is run"),
    key("capabilities", &[Application], Named(Capability), "what the application may call, by the names that `cloison.capability()` asks for"),
    key("microprocess", &[Application], Named(Microprocess), "profiles: what microprocesses hold and may use that are started with `spawn(…, profile=NAME)`"),
    key("limits", &[Application], Kind::Table(Limits), "limits of each microprocess"),
    key("clock", &[Application], Kind::Table(Clock), "what time it is, if not the machine's"),
    key("random", &[Application], Kind::Table(Random), "where randomness comes from, if not from the kernel"),
    key("audit", &[Application], Kind::Table(Audit), "where it is written down what becomes of the application's authority"),
    // [app]
    key("entry", &[App], Pattern("^[^:/]+:[^:/()]+$"), "the template imports the module, the first microprocess calls the function; what it returns is the exit status, as for `sys.exit`. Without it the folder's `__main__.py` runs").written("`\"module:function\"`"),
    key("site_packages", &[App], OneOrMany, "where third-party packages are, relative to the file and below its folder; searched after the folder itself").written("array of folders"),
    key("may_be_missing", &[App], Texts, "as in [`[sandbox]`](#sandbox), for microprocesses").written("array of layers"),
    // [capabilities.NAME]
    key("zone", &[Capability], Text, "a bundled binding (`\"zlib\"`, `\"libm\"`), a host service (`\"env\"`, `\"files\"`, `\"http\"`, `\"log\"`, `\"net\"`, `\"process\"`, `\"sqlite3\"`), or a path to a `.zone.toml`, relative to this file").required(),
    key("version", &[Capability], Pattern(r"^([0-9]{1,9}(\.[0-9]{1,9}){0,2}|=[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9})$"), "which versions of the zone's interface will do, see [versions](#versions); every one unless said").written("`\"1\"`, `\"1.2\"`, `\"=1.2.3\"`"),
    key("allow", &[Capability], OneOrMany, "what may be called: `\"*\"` is all that are not internal, `[]` is none; of `http`, what may be requested: `\"GET https://api.example.com/v1/*\"`").written("array of functions, or `\"*\"`; required, but for `env`, `files`, `log`, `net`, `process` and `sqlite3`; of `http`, array of requests"),
    key("where", &[Capability], Expressions, "must hold for the arguments, or the call is denied, and does not count; over the C parameters, filled-in lengths included, see [bounds](#bounds). The denial names the bound and its line").written("table: function → expression"),
    key("rate", &[Capability], Pattern(r"^\s*[0-9][0-9_]*\s*/.+$"), "calls in a time, of all microprocesses together; that many may also come at once; of `http`, requests").written("`\"1000/s\"`, `\"20/min\"`, `\"10/5 s\"`"),
    key("calls", &[Capability], Count(0, i64::MAX as u64), "so many calls altogether, of all microprocesses together; of `http`, requests").written("number"),
    key("bytes", &[Capability], Size(0, i64::MAX as u64), "so many bytes of arguments and results altogether; a call that begins within may end beyond"),
    key("cpu", &[Capability], Duration, "so much of the zone's processor time for calls altogether; a call that begins within may end beyond"),
    key("expires", &[Capability], Duration, "it ends so long after the application's start; calls that run then end with `Revoked`"),
    key("delegate", &[Capability], Truth, "`false`: the program cannot give it to other processes").default("true"),
    key("callbacks", &[Capability], Truth, "`false`: no callable can be passed, so that the library never calls back").default("true"),
    key("roots", &[Capability], Entries(Root), "folders of the machine: a table for each, with `at`, `path` and `allow`, see [host.md](host.md)").of("`files`, `sqlite3`").default("[]"),
    key("scratch", &[Capability], Size(64 * KIB, TIB), "a folder at `/tmp` of that size, in memory, one for each microprocess; it ends with it").of("`files`"),
    key("open_files", &[Capability], Count(1, 4096), "files that one microprocess may have open at once, and as many listings").of("`files`").default("256"),
    key("file_size", &[Capability], Size(0, TIB), "how large a file may become by writing; beyond that it is `OSError` with `EFBIG`, or SQLite's error").of("`files`, `sqlite3`").default("\"1 GiB\""),
    key("written", &[Capability], Size(0, TIB), "what all microprocesses together may write below roots while the application runs, 4 KiB for each name that is made; beyond that it is `OSError` with `EDQUOT`").of("`files`").default("\"4 GiB\""),
    key("file", &[Capability], Text, "where records go, relative to this file's folder; standard error unless said").of("`log`").written("path"),
    key("level", &[Capability], LEVELS, "what is less than that is not written").of("`log`").default("\"debug\""),
    key("size", &[Capability], Size(64 * KIB, TIB), "how large the file may become; then it is renamed, and another one begun").of("`log`").default("\"10 MiB\""),
    key("keep", &[Capability], Count(0, 100), "how many renamed ones are kept: `app.log.1` is the latest").of("`log`").default("5"),
    key("connect", &[Capability], Texts, "where a program may connect to: `\"api.example.com:443\"`, `\"*.example.org:443\"`, `\"10.1.0.0/16:*\"`, `\"[::1]:80\"`, see [host.md](host.md#net)").of("`net`").default("[]").written("array of `\"host:port\"`"),
    key("listen", &[Capability], Texts, "where it may be connected to: `\"127.0.0.1:8000\"`, `\"localhost:*\"`; port 0 is one that the kernel chooses").of("`net`").default("[]").written("array of `\"address:port\"`"),
    key("name_servers", &[Capability], Texts, "who is asked about names, instead of `/etc/hosts` and whom `/etc/resolv.conf` names").of("`net`, `http`").written("array of addresses"),
    key("connections", &[Capability], Count(1, 4096), "connections and listening sockets that one microprocess may have open at once").of("`net`, `http`").default("64"),
    key("sent", &[Capability], Size(0, TIB), "what all microprocesses together may send while the application runs; beyond that it is `OSError` with `EDQUOT`").of("`net`").default("\"1 GiB\""),
    key("received", &[Capability], Size(0, TIB), "the same of what they receive").of("`net`").default("\"1 GiB\""),
    key("pass", &[Capability], Texts, "variables of the environment that `cloison` was started with, as far as they are set in it").of("`env`").default("[]").written("array of names"),
    key("variables", &[Capability], TextsByName, "variables, and what they are").of("`env`").written("table: name → string"),
    key("secret", &[Capability], OneOrEntries(Secret), "headers that are added to requests, and that the program never sees: a table for each, with `header` and `from`, see [host.md](host.md#secrets)").of("`http`"),
    key("request", &[Capability], Size(0, TIB), "how large the body of one request may be").of("`http`").default("\"16 MiB\""),
    key("response", &[Capability], Size(0, TIB), "how large the body of one answer may be, as it comes from the server; a longer one is cut off").of("`http`").default("\"16 MiB\""),
    key("time", &[Capability], Duration, "how long one request may take, from its beginning to the end of its answer, what the program itself takes not included").of("`http`").default("\"30 s\""),
    key("ca", &[Capability], Text, "a file of certificates (PEM), relative to this file's folder, that servers' are checked with, instead of those that this machine trusts").of("`http`").written("path"),
    key("addresses", &[Capability], Texts, "private addresses that names may lead to, besides ordinary ones of the internet: `\"10.1.0.0/16:443\"`").of("`http`").default("[]").written("array of `\"network:port\"`"),
    key("commands", &[Capability], Entries(Command), "programs of the machine that may be started: a table for each, with `path` and `arguments`, see [host.md](host.md#process)").of("`process`").default("[]"),
    key("at_once", &[Capability], Count(1, 256), "how many of them may run at once, of all microprocesses together").of("`process`").default("4"),
    // An entry of `commands`
    key("name", &[Command], Text, "what programs call it by; the file's name unless said. Of several with one name the first whose `arguments` fit counts"),
    key("path", &[Command], Text, "the program's file, absolute, or relative to this file's folder: no script, and no name that is looked for").required(),
    key("arguments", &[Command], TextsOrMany, "which arguments it may have, from the first to the last: a string is one argument, an array of strings any number of them. `*` stands for any text, but not for the `-` that an option begins with").required(),
    key("roots", &[Command], Entries(Root), "its folders, as those of `files`; there is no `append`").default("[]"),
    key("folder", &[Command], Text, "where it begins, if whoever starts it does not say: a place of its `roots`, or below one; the first of them unless said"),
    key("environment", &[Command], TextsByName, "its variables; there are no others").written("table: name → string").default("{}"),
    key("scratch", &[Command], Size(64 * KIB, TIB), "a folder at `/tmp` of that size, in memory, which ends with it"),
    key("programs", &[Command], Texts, "other programs that it may start, by their files").written("array of paths").default("[]"),
    key("memory", &[Command], Size(16 * MIB, TIB), "private memory of each of its processes").default("\"256 MiB\""),
    key("cpu", &[Command], Duration, "processor time of each of its processes, rounded up to seconds").default("\"60 s\""),
    key("time", &[Command], Duration, "how long it may run; then it is killed").default("\"60 s\""),
    key("output", &[Command], Size(1, TIB), "how much of its output and its error is read, together; then it is killed").default("\"16 MiB\""),
    key("processes", &[Command], Count(0, 4096), "processes and threads besides its first").default("16"),
    key("file_size", &[Command], Size(0, TIB), "how large a file may become by writing").default("\"1 GiB\""),
    // `secret`
    key("header", &[Secret], Text, "the header's name").required(),
    key("from", &[Secret], Pattern("^(env|file):.+$"), "what it says: the variable `env:NAME` of the environment that `cloison` is started in, or the contents of the file `file:PATH`, relative to this file's folder, an end of line at its end left out").written("`\"env:NAME\"`, `\"file:PATH\"`").required(),
    key("prefix", &[Secret], Text, "what stands before it: `\"Bearer \"`"),
    key("hosts", &[Secret], Texts, "the hosts whose requests have it; all of `allow` unless said").written("array of hosts"),
    // An entry of `roots`
    key("at", &[Root], Text, "where the program sees the folder: an absolute path").required(),
    key("path", &[Root], Text, "the folder, relative to this file's folder, or absolute; it has to be there").required(),
    key("allow", &[Root], Texts, "what may be done below it: `read`, `list`, `write`, `create`, `delete`, `append`; `[]` is nothing").written("array of rights").required(),
    // [limits]
    key("memory", &[Limits], Size(16 * MIB, TIB), "what came from the template included; beyond it is `MemoryError`, and the end of the process if that does not help").default("\"512 MiB\""),
    key("cpu", &[Limits], Duration, "processor time, rounded up to seconds; then the process is killed").default("\"1 h\""),
    key("descriptors", &[Limits], Count(16, 65_536), "open descriptors").default("64"),
    key("deadline", &[Limits], Duration, "real time from the start of the program; then it is ended, and with it all its processes; without it there is no such limit"),
    key("processes", &[Limits], Count(1, 1_000_000), "microprocesses at once").default("1000"),
    key("children", &[Limits], Count(0, 1_000_000), "living children of one microprocess; 0 means that the program cannot spawn. As many as `processes`, unless this says less"),
    key("channels", &[Limits], Count(0, 4096), "call channels that one microprocess has open: one for each capability that it has called").default("64"),
    key("mailbox", &[Limits], Size(4 * KIB, TIB), "bytes of messages that may wait in one mailbox, 64 more for each counted; beyond it is `MailboxFull`").default("\"16 MiB\""),
    // [microprocess.NAME]
    key("capabilities", &[Microprocess], TextsOrNamed(Narrowing), "the capabilities that it holds, out of those that whoever starts it holds under that name; as a table, each with what is left of it").written("array of names, or table: name → table").default("[]"),
    key("memory", &[Microprocess], Size(16 * MIB, TIB), "memory, as in [`[limits]`](#cloisontoml)"),
    key("cpu", &[Microprocess], Duration, "processor time, rounded up to seconds"),
    key("deadline", &[Microprocess], Duration, "real time from its own start on"),
    key("children", &[Microprocess], Count(0, 1_000_000), "living children that it may have; 0 means that it cannot spawn"),
    key("channels", &[Microprocess], Count(0, 4096), "call channels that it has open: one for each capability that it has called"),
    key("priority", &[Microprocess], PRIORITIES, "who comes first when processors are scarce: it is no higher than that"),
    key("nice", &[Microprocess], Count(0, 19), "the same as a number: how far it stands back at least"),
    // [microprocess.NAME.capabilities.NAME]
    key("allow", &[Narrowing], OneOrMany, "what may be called, of what the application may call: `\"*\"` is all of that, `[]` is nothing").written("array of functions, or `\"*\"`").default("\"*\""),
    key("where", &[Narrowing], Expressions, "must hold for the arguments as well, see [bounds](#bounds)").written("table: function → expression"),
    key("rate", &[Narrowing], Pattern(r"^\s*[0-9][0-9_]*\s*/.+$"), "calls in a time, of each process of the profile for itself").written("`\"1000/s\"`, `\"20/min\"`, `\"10/5 s\"`"),
    key("calls", &[Narrowing], Count(0, i64::MAX as u64), "so many calls altogether, of each process of the profile for itself").written("number"),
    key("bytes", &[Narrowing], Size(0, i64::MAX as u64), "so many bytes of arguments and results altogether, likewise"),
    key("cpu", &[Narrowing], Duration, "so much of the zone's processor time for calls altogether, likewise"),
    key("expires", &[Narrowing], Duration, "it ends so long after the process's start"),
    key("delegate", &[Narrowing], Truth, "`false`: the process cannot give it to others").default("true"),
    key("callbacks", &[Narrowing], Truth, "`false`: no callable can be passed").default("true"),
    // [clock]
    key("start", &[Clock], Text, "what it shows when the application starts, with its offset from UTC: `\"2026-01-01T00:00:00Z\"`; the machine's time unless said").written("a moment, as RFC 3339 has it"),
    key("rate", &[Clock], Literal, "seconds that pass in one second of the machine's, to six decimals: 0 is a clock that stands, 60 makes a minute of each second; at most 1000000").default("1").written("number"),
    // [random]
    key("seed", &[Random], Count(0, i64::MAX as u64), "the same seed gives the same randomness, in the same microprocesses").required(),
    // [audit]
    key("file", &[Audit], Text, "the trail, relative to this file's folder; the application's log unless said, which `cloison -v run` shows").written("path"),
    key("size", &[Audit], Size(64 * KIB, TIB), "how large the file may become; then it is renamed, and another one begun that goes on with its chain").default("\"10 MiB\""),
    key("keep", &[Audit], Count(0, 100), "how many renamed ones are kept: `audit.jsonl.1` is the latest").default("5"),
    key("calls", &[Audit], Switch, "a line for each call, and not only how many there were"),
];
