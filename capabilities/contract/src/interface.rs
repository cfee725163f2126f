//! What a manifest means: functions, their parameters and what each is for.
//!
//! An [`Interface`] is the only thing that the client, the zone and the broker know of a library. It is made by
//! `cloison-manifest` from TOML and C text, checked there once, and then travels as data. The three sides read it so:
//!
//! - the **client** (a microprocess) turns Python arguments into a [`crate::call::Request`] by the parameters' shapes;
//! - the **zone** turns the request into C arguments by the same shapes, after checking every word of it again;
//! - the **broker** reads names and limits only.
//!
//! # Which parameter is what
//!
//! Parameters stand in C order. Each has one [`Shape`], which says whether Python passes it
//! ([`Shape::is_argument`]), whether it comes back as a result ([`Shape::is_result`]), and how many words it takes in a
//! request and in a reply ([`crate::call`]).
//!
//! A parameter that an input buffer's `length` names is filled in from that buffer. A parameter that an output
//! buffer's `capacity` names is filled in from that buffer's `max`, unless it has a table of its own that makes it an
//! argument (`destLen = { in = true, … }`): then the caller says how much room there is.
//!
//! Python passes arguments in the order of [`Function::arguments`]; requests carry them in C order.

use crate::expression::Expression;
use crate::host::FilesRoot;
use crate::offered::{OfferedFunction, OfferedParameter};
use crate::shape::{Literal, Pointed, Shape};
use crate::types::{CType, Definition, Location, TypeId, TypeKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

const MIB: u64 = 1 << 20;

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
    /// How long one call of that function may take, or what stands for no function.
    pub fn deadline(&self, function: u32) -> Duration {
        let own = self.functions.get(function as usize).and_then(|function| function.deadline);
        own.unwrap_or(self.sandbox.deadline)
    }

    /// How long any call may take.
    pub fn longest_deadline(&self) -> Duration {
        self.functions.iter().filter_map(|function| function.deadline).fold(self.sandbox.deadline, Duration::max)
    }

    /// What stands for the interface of a service that a microprocess serves: its functions, and of their parameters what bounds may say.
    pub fn of_service(name: &str, functions: &[OfferedFunction]) -> Self {
        let declared = Location::default();
        let function = |function: &OfferedFunction| Function {
            name: function.name.clone(),
            symbol: function.name.clone(),
            declaration: String::new(),
            doc: None,
            internal: false,
            parameters: function.parameters.iter().map(OfferedParameter::parameter).collect(),
            result: CType::Void,
            returns: Returns {
                kept: false,
                pointer: None,
                error_unless: None,
                error_if: None,
                errno: false,
                message: None,
                raises: Raises::Native,
            },
            deadline: None,
            callables: None,
            blocking: false,
            variadic: None,
            declared,
        };
        Self {
            name: name.to_owned(),
            version: String::new(),
            doc: None,
            source: String::new(),
            library: Library {
                location: LibraryLocation::Host(name.to_owned()),
                sha256: Vec::new(),
                needs: Vec::new(),
                preload: Vec::new(),
                declared,
            },
            sandbox: Sandbox::default(),
            types: Vec::new(),
            exceptions: Vec::new(),
            constants: Vec::new(),
            functions: functions.iter().map(function).collect(),
        }
    }

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
            Constant::Number(Literal::Integer(value)) => Some((name.clone(), *value)),
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
    Number(Literal),
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
    /// Files of libraries that are loaded before it, in that order; relative to the manifest's folder, or absolute.
    pub needs: Vec<String>,
    /// Files of libraries that are loaded behind it, because nothing can be loaded after the seal; the same.
    pub preload: Vec<String>,
    /// Where `library` stands in the manifest.
    pub declared: Location,
}

/// `host`, `soname` or `path`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum LibraryLocation {
    /// No file: a service of that name ([`HostService`](crate::host::HostService)).
    Host(String),
    /// Relative to the manifest's folder, or absolute.
    Path(String),
    /// Found as the dynamic loader would: its cache, then `/lib` and `/usr/lib`.
    Soname(String),
}

impl LibraryLocation {
    /// As the manifest has it.
    pub fn text(&self) -> &str {
        match self {
            Self::Host(text) | Self::Path(text) | Self::Soname(text) => text,
        }
    }
}

/// `[sandbox]`: what the zone may use. Every field has a finite default.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sandbox {
    /// Address space beyond what the loaded libraries and the channels map, in bytes. Default 256 MiB.
    pub memory_bytes: u64,
    /// How long one call may take before the zone is ended. Default 2 s.
    pub deadline: Duration,
    /// How long the callables that one call leads to may take together. Default 60 s.
    pub callables: Duration,
    /// How many threads the zone may have beside its own, whoever its client is; the sandbox lets no library make processes. Default 0.
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
    /// Files and folders the library may open, whoever its client is. Default none.
    pub files: Vec<FileRule>,
    /// Ports of TCP that the library may connect to, whoever its client is. Default none, and no network.
    pub connect: Vec<u16>,
    /// What only some functions need. A zone has [`Self::files`], [`Self::connect`] and [`Self::processes`] alone: what of this
    /// belongs there, the broker says ([`Self::under`]). Default none.
    pub needed: Vec<Needed>,
    /// The variables of its environment, by name. Default none.
    pub environment: Vec<(String, String)>,
    /// How large its private folder at [`SCRATCH`](crate::host::SCRATCH) is, in bytes. Default there is none.
    pub scratch_bytes: Option<u64>,
    /// Folders that a capability gives it, each at a place of its own. No manifest names them. Default none.
    pub roots: Vec<FilesRoot>,
    /// Layers that may be missing on a kernel that has not got them. Default none: all are required.
    pub may_be_missing: Vec<String>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            memory_bytes: 256 * MIB,
            deadline: Duration::from_secs(2),
            callables: Duration::from_secs(60),
            processes: 0,
            descriptors: 64,
            file_size_bytes: 0,
            call_bytes: 80 * MIB,
            threads: 1,
            instances: Instances::Shared,
            files: Vec::new(),
            connect: Vec::new(),
            needed: Vec::new(),
            environment: Vec::new(),
            scratch_bytes: None,
            roots: Vec::new(),
            may_be_missing: Vec::new(),
        }
    }
}

/// What stands for the manifest's folder at the beginning of a path.
pub const HERE: &str = "$here";

impl Sandbox {
    /// The same where the manifest's folder is `folder`: paths and variables that begin with [`HERE`] lead there.
    #[must_use]
    pub fn placed(mut self, folder: &str) -> Self {
        let place = |text: &mut String| {
            if let Some(rest) = below_here(text) {
                // A folder that is the root has its slash already.
                *text = format!("{}{rest}", folder.trim_end_matches('/'));
            }
        };
        let needed = self.needed.iter_mut().filter_map(|needed| match &mut needed.what {
            LibraryNeed::File(rule) => Some(rule),
            LibraryNeed::Connect(_) | LibraryNeed::Processes(_) => None,
        });
        self.files.iter_mut().chain(needed).for_each(|rule| place(&mut rule.path));
        self.environment.iter_mut().for_each(|(_, value)| place(value));
        self
    }

    /// Every file and folder that the manifest names, those included that only some functions need.
    pub fn every_file(&self) -> impl Iterator<Item = &FileRule> {
        self.files.iter().chain(self.needed.iter().filter_map(|needed| match &needed.what {
            LibraryNeed::File(rule) => Some(rule),
            LibraryNeed::Connect(_) | LibraryNeed::Processes(_) => None,
        }))
    }

    /// Every port that the manifest names, in order, those included that only some functions need.
    pub fn every_port(&self) -> BTreeSet<u16> {
        let needed = self.needed.iter().filter_map(|needed| match needed.what {
            LibraryNeed::Connect(port) => Some(port),
            LibraryNeed::File(_) | LibraryNeed::Processes(_) => None,
        });
        self.connect.iter().copied().chain(needed).collect()
    }

    /// What the library reaches for somebody who may call `functions` and no others: what is there for all, and what one of these
    /// needs. A path that is both read and written is there once, to be written; of several numbers of threads the largest counts.
    pub fn reach(&self, functions: &BTreeSet<FunctionId>) -> LibraryReach {
        let mut reach = LibraryReach { files: Vec::new(), connect: self.connect.clone(), processes: self.processes };
        let mut open = |rule: &FileRule| match reach.files.iter_mut().find(|known| known.path == rule.path) {
            Some(known) => known.write |= rule.write,
            None => reach.files.push(rule.clone()),
        };
        self.files.iter().for_each(&mut open);
        for needed in self.needed.iter().filter(|needed| !needed.by.is_disjoint(functions)) {
            match &needed.what {
                LibraryNeed::File(rule) => open(rule),
                LibraryNeed::Connect(port) => reach.connect.push(*port),
                LibraryNeed::Processes(most) => reach.processes = reach.processes.max(*most),
            }
        }
        reach.connect.sort_unstable();
        reach.connect.dedup();
        reach
    }

    /// The same sandbox with that reach, and no other.
    #[must_use]
    pub fn reaching(mut self, reach: LibraryReach) -> Self {
        let LibraryReach { files, connect, processes } = reach;
        (self.files, self.connect, self.processes) = (files, connect, processes);
        self.needed.clear();
        self
    }

    /// The sandbox of an instance whose clients may call `functions` and no others.
    #[must_use]
    pub fn under(self, functions: &BTreeSet<FunctionId>) -> Self {
        let reach = self.reach(functions);
        self.reaching(reach)
    }
}

/// What a library reaches by system calls: all of its sandbox that goes by which functions may be called.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LibraryReach {
    /// Files and folders that it may open.
    pub files: Vec<FileRule>,
    /// Ports of TCP that it may connect to, in order.
    pub connect: Vec<u16>,
    /// How many threads it may make.
    pub processes: u32,
}

/// What follows on [`HERE`], if a text begins so: nothing, or a slash and more.
pub fn below_here(text: &str) -> Option<&str> {
    text.strip_prefix(HERE).filter(|rest| rest.is_empty() || rest.starts_with('/'))
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
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FileRule {
    /// Absolute path of a file or folder, or one that begins with [`HERE`].
    pub path: String,
    /// Write as well as read.
    pub write: bool,
}

/// An entry with `for`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Needed {
    /// What is needed.
    pub what: LibraryNeed,
    /// The functions that need it: whoever may call none of them does not have it. None at all is nobody.
    pub by: BTreeSet<FunctionId>,
}

/// What functions may need of a sandbox.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum LibraryNeed {
    /// An entry of `network`: to connect to this port of TCP.
    Connect(u16),
    /// An entry of `files`.
    File(FileRule),
    /// An entry of `processes`: to make so many threads.
    Processes(u32),
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
    /// How long callables may take together, instead of what the sandbox says.
    pub callables: Option<Duration>,
    /// A call may take long: calls of others must not wait until it has ended.
    pub blocking: bool,
    /// If it is variadic, how many parameters stand before `...`. The others are those of this form of it.
    pub variadic: Option<usize>,
    /// Where `c` stands in the manifest.
    pub declared: Location,
}

impl Function {
    /// The positions of the parameters that Python passes, in the order in which Python passes them: C order, but those
    /// that have a default stand behind those that have none, as Python wants it.
    pub fn arguments(&self) -> Vec<usize> {
        let passed = |index: &usize| self.parameters[*index].shape.is_argument();
        let behind = |index: &usize| self.parameters[*index].shape.has_default() && !self.parameters[*index].leading;
        let (optional, required): (Vec<_>, Vec<_>) = (0..self.parameters.len()).filter(passed).partition(behind);
        [required, optional].concat()
    }
}

/// One parameter.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Parameter {
    /// As in the prototype.
    pub name: String,
    /// As in the prototype.
    pub c_type: CType,
    /// What it is on its way through the wall.
    pub shape: Shape,
    /// It has a default and stands before arguments that have none: a call with fewer positional arguments leaves it out,
    /// as `range(stop)` leaves out `start`.
    pub leading: bool,
}

/// What becomes of the function's value.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Returns {
    /// Kept as the first result; else it was only a status or a length.
    pub kept: bool,
    /// If the value is a pointer: what becomes of what it points to.
    pub pointer: Option<Pointed>,
    /// The call failed unless this holds. `return` stands for the value.
    pub error_unless: Option<Expression>,
    /// The call failed if this holds. If the value is a pointer that cannot be `None`, its failures are explained (by `errno`,
    /// `message` or `raises`) and the manifest has no condition, then the condition is that the pointer is NULL.
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
    /// `const char *f(int)`, called with the function's value, or with `errno` if failures carry that.
    Code(FunctionId),
    /// `const char *f(T *)`, called with the handle passed at that position, or of what the [`OutPointer`](crate::shape::OutPointer) there holds after the call.
    Handle {
        /// The function that explains.
        function: FunctionId,
        /// The position of the parameter that it is called with.
        parameter: usize,
        /// `T *g(U *)`: the explaining function is called with the object that this function returns for the handle. The
        /// library keeps that object.
        through: Option<FunctionId>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn here_is_the_manifest_s_folder() {
        let rule = |path: &str| FileRule { path: path.into(), write: false };
        let sandbox = Sandbox {
            files: ["$here", "$here/data", "$hereabouts", "/etc/$here"].map(rule).into(),
            environment: vec![("A".into(), "$here/x".into()), ("B".into(), "from $here".into())],
            ..Sandbox::default()
        };
        let placed = sandbox.placed("/srv/lib");
        assert_eq!(placed.files, ["/srv/lib", "/srv/lib/data", "$hereabouts", "/etc/$here"].map(rule));
        assert_eq!(placed.environment, [("A".into(), "/srv/lib/x".into()), ("B".into(), "from $here".into())]);
    }

    fn functions(numbers: &[u32]) -> BTreeSet<FunctionId> {
        numbers.iter().copied().map(FunctionId).collect()
    }

    fn needed(path: &str, write: bool, by: &[u32]) -> Needed {
        Needed { what: LibraryNeed::File(FileRule { path: path.into(), write }), by: functions(by) }
    }

    #[test]
    fn a_file_that_functions_need_is_there_for_who_may_call_one_of_them() {
        let sandbox = Sandbox {
            files: vec![FileRule { path: "/a".into(), write: false }],
            needed: vec![
                needed("/a", true, &[1, 2]),
                needed("/b", false, &[2, 3]),
                needed("/b", true, &[4]),
                needed("/c", true, &[]),
            ],
            ..Sandbox::default()
        };
        for (granted, expected) in [
            (&[][..], &["/a"][..]),
            (&[0, 9], &["/a"]),
            (&[1], &["/a!"]),
            (&[2], &["/a!", "/b"]),
            (&[3], &["/a", "/b"]),
            (&[4], &["/a", "/b!"]),
            (&[3, 4], &["/a", "/b!"]),
            (&[0, 1, 2, 3, 4, 5], &["/a!", "/b!"]),
        ] {
            let limited = sandbox.clone().under(&functions(granted));
            let opens: Vec<_> = limited
                .files
                .iter()
                .map(|rule| format!("{}{}", rule.path, if rule.write { "!" } else { "" }))
                .collect();
            assert_eq!(opens, expected, "{granted:?}");
            assert!(limited.needed.is_empty(), "{granted:?}");
        }
    }

    #[test]
    fn ports_and_threads_are_there_for_who_may_call_what_needs_them() {
        let need = |what: LibraryNeed, by: &[u32]| Needed { what, by: functions(by) };
        let sandbox = Sandbox {
            connect: vec![443],
            processes: 1,
            needed: vec![
                need(LibraryNeed::Connect(25), &[1]),
                need(LibraryNeed::Connect(443), &[1, 2]),
                need(LibraryNeed::Processes(4), &[2]),
                need(LibraryNeed::Processes(2), &[2, 3]),
            ],
            ..Sandbox::default()
        };
        for (granted, connect, processes) in [
            (&[][..], &[443][..], 1),
            (&[0], &[443], 1),
            (&[1], &[25, 443], 1),
            (&[2], &[443], 4),
            (&[3], &[443], 2),
            (&[1, 2, 3], &[25, 443], 4),
        ] {
            let limited = sandbox.clone().under(&functions(granted));
            assert_eq!((&limited.connect[..], limited.processes), (connect, processes), "{granted:?}");
            assert!(limited.needed.is_empty(), "{granted:?}");
        }
        assert!(sandbox.every_port().into_iter().eq([25, 443]));
    }

    #[test]
    fn who_may_call_less_reaches_no_more() {
        let need = |what: LibraryNeed, by: &[u32]| Needed { what, by: functions(by) };
        let sandbox = Sandbox {
            files: vec![FileRule { path: "/a".into(), write: false }],
            needed: vec![
                needed("/a", true, &[0, 1]),
                needed("/b", true, &[1]),
                needed("/c", false, &[2]),
                need(LibraryNeed::Connect(25), &[0, 2]),
                need(LibraryNeed::Connect(443), &[1]),
                need(LibraryNeed::Processes(2), &[0]),
                need(LibraryNeed::Processes(4), &[1, 2]),
            ],
            ..Sandbox::default()
        };
        let set = |bits: u32| functions(&(0..3).filter(|bit| bits & (1 << bit) != 0).collect::<Vec<_>>());
        for (more, less) in (0..8).flat_map(|more| (0..8).map(move |bits| (more, more & bits))) {
            let (wide, narrow) = (sandbox.reach(&set(more)), sandbox.reach(&set(less)));
            let covered = |rule: &FileRule| {
                wide.files.iter().any(|other| other.path == rule.path && (other.write || !rule.write))
            };
            assert!(narrow.files.iter().all(covered), "{less:b} of {more:b}: {narrow:?} of {wide:?}");
            let connects = narrow.connect.iter().all(|port| wide.connect.contains(port));
            assert!(connects && narrow.processes <= wide.processes, "{less:b} of {more:b}: {narrow:?} of {wide:?}");
        }
    }

    #[test]
    fn needed_files_are_placed_as_well() {
        let sandbox = Sandbox { needed: vec![needed("$here/store", true, &[0])], ..Sandbox::default() };
        assert_eq!(sandbox.placed("/srv").needed, [needed("/srv/store", true, &[0])]);
    }
}
