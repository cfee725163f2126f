//! Loading the library, from the very file that the broker opened.
//!
//! The broker opens the file, checks its hash if the manifest has one, and sends the descriptor. The sandbox binds *that
//! file* into the new root. Here its device and inode are compared once more before `dlopen` gets the path; nobody else
//! can write in this root, so what was compared is what is loaded.
//!
//! Constructors run now, inside the sandbox. `RTLD_NOW` resolves every symbol of the library and of its dependencies,
//! because after the seal nothing can be opened or mapped executable any more.
//!
//! One of the modules of this crate that contain `unsafe`.

use crate::companion;
use crate::marshal::functions::{FunctionError, Functions};
use crate::native::ffi::Code;
use crate::start::elf::{self, Export};
use crate::start::failure::{Failure, StartStep};
use cloison_contract::interface::Function;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::{FunctionId, Interface};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use rustix::fs::{fstat, stat};
use std::ffi::c_void;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// A library that stays loaded until the process ends.
pub struct LoadedLibrary {
    library: Library,
    file: OwnedFd,
}

impl LoadedLibrary {
    /// Loads the file at `path`, which must be `file`.
    pub fn open(path: &Path, file: OwnedFd, interface: &Interface) -> Result<Self, Failure> {
        let found = FileIdentity::of(&file).map_err(|error| Failure::new(StartStep::Open, error))?;
        same_file(path, found, shown(interface), interface)?;
        // SAFETY: constructors of the library run: foreign code that may do anything to this process. That is what
        // this process is for, and the sandbox is already closed around it.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
        let library = library.map_err(|error| {
            let declared = interface.library.declared;
            Failure::at(StartStep::Load, interface, declared, Chain(&error)).hint(load_hint(&Chain(&error).to_string()))
        })?;
        Ok(Self { library, file })
    }

    /// Looks up every symbol of the interface.
    pub fn functions(self, interface: Interface) -> Result<Functions, Failure> {
        let source = interface.source.clone();
        let lines: Vec<_> =
            interface.functions.iter().map(|function| (function.name.clone(), function.declared.line)).collect();
        let mut exports = None;
        let symbol = |_, function: &Function| {
            self.symbol(&source, function, exports.get_or_insert_with(|| elf::exports(self.file.as_fd())))
        };
        // SAFETY: each is looked up by the symbol that its declaration names.
        let functions = unsafe { Functions::new(interface, symbol) };
        let functions = functions.map_err(|error| error.into_failure(&source, &lines))?;
        // The functions' addresses have to stay: closing the library is left to the end of the process.
        std::mem::forget(self.library);
        Ok(functions)
    }

    fn symbol(&self, source: &str, function: &Function, exports: &[Export]) -> Result<Code, SymbolError> {
        let (symbol, line) = (&function.symbol, function.declared.line);
        let failure = |message: String| Failure::new(StartStep::Symbol, format_args!("{source}:{line}: {message}"));
        if exports.iter().any(|export| export.name == *symbol && export.data) {
            return Err(SymbolError::Failure(failure(format!("`{symbol}` is data in this library, not a function"))));
        }
        if companion::is_companion(symbol) {
            // SAFETY: only addresses are taken.
            let find =
                |name: &str| unsafe { self.library.get::<*const c_void>(name) }.ok().map(|found| found.into_raw());
            let hint = "it stands beside the library that its name is of";
            return companion::symbol(symbol, &|name| find(name).map(<*mut c_void>::cast_const)).ok_or_else(|| {
                SymbolError::Failure(failure(format!("there is no `{symbol}`")).hint(Some(hint.into())))
            });
        }
        // SAFETY: only the address is taken; what it is called with is `ffi`'s business.
        let found = unsafe { self.library.get::<*const c_void>(symbol.as_str()) };
        // SAFETY: `dlsym` gave the address, the library is never closed, and its own table does not call it data.
        let code = found.ok().and_then(|address| unsafe { Code::new(address.into_raw()) });
        code.ok_or_else(|| {
            let functions = exports.iter().filter(|export| !export.data).map(|export| export.name.as_str());
            let hint = did_you_mean(symbol, functions).map(|name| format!("did you mean `{name}`?"));
            SymbolError::Failure(failure(format!("the library has no function `{symbol}`")).hint(hint))
        })
    }
}

/// Loads further libraries, in that order; `names` are what the manifest calls them. They stay as long as the process.
pub fn load_further(files: &[(&Path, FileIdentity)], names: &[String], interface: &Interface) -> Result<(), Failure> {
    for (&(path, file), name) in files.iter().zip(names) {
        same_file(path, file, name, interface)?;
        // SAFETY: as for the zone's own library: foreign code, inside of the sandbox.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
        let library = library.map_err(|error| {
            let (declared, text) = (interface.library.declared, Chain(&error).to_string());
            Failure::at(StartStep::Load, interface, declared, format_args!("{name}: {text}")).hint(load_hint(&text))
        })?;
        std::mem::forget(library);
    }
    Ok(())
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FileIdentity {
    device: u64,
    number: u64,
}

impl FileIdentity {
    /// Of an open file.
    pub fn of(file: &OwnedFd) -> io::Result<Self> {
        let status = fstat(file)?;
        Ok(Self { device: status.st_dev, number: status.st_ino })
    }

    fn at(path: &Path) -> io::Result<Self> {
        let status = stat(path)?;
        Ok(Self { device: status.st_dev, number: status.st_ino })
    }
}

/// Why a function cannot be had.
enum SymbolError {
    Failure(Failure),
    Function(FunctionId, FunctionError),
}

impl From<(FunctionId, FunctionError)> for SymbolError {
    fn from((id, error): (FunctionId, FunctionError)) -> Self {
        Self::Function(id, error)
    }
}

impl SymbolError {
    fn into_failure(self, source: &str, lines: &[(String, u32)]) -> Failure {
        match self {
            Self::Failure(failure) => failure,
            Self::Function(id, error) => {
                let (name, line) = lines.get(id.0 as usize).map_or(("?", 0), |(name, line)| (name.as_str(), *line));
                Failure::new(StartStep::Symbol, format_args!("{source}:{line}: `{name}` cannot be called: {error}"))
            }
        }
    }
}

/// Whether the path leads to that file.
fn same_file(path: &Path, file: FileIdentity, shown: &str, interface: &Interface) -> Result<(), Failure> {
    let fail = |message: String| Failure::at(StartStep::Open, interface, interface.library.declared, message);
    match FileIdentity::at(path) {
        Ok(found) if found == file => Ok(()),
        Ok(_) => Err(fail(format!("{shown} has been replaced since it was opened"))),
        Err(error) => Err(fail(format!("cannot find {shown} in the sandbox: {error}"))),
    }
}

fn shown(interface: &Interface) -> &str {
    interface.library.location.text()
}

/// What to do about a message of the dynamic loader.
fn load_hint(message: &str) -> Option<String> {
    let (missing, _) = message.split_once(": cannot open shared object file")?;
    let name = missing.rsplit([' ', '/']).next()?;
    Some(format!("install what provides {name}: the library needs it"))
}

/// An error with its causes, in one line.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // libloading's own text only repeats the name of the call; the loader's is in the cause.
        let mut error = self.0;
        while let Some(source) = error.source() {
            error = source;
        }
        write!(f, "{error}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloison_contract::interface::{Instances, LibraryLocation, Returns, Sandbox};
    use cloison_contract::types::{CType, Location, Scalar};
    use std::time::Duration;

    /// A library and an interface that asks it for one symbol.
    fn library(symbol: &str) -> (tempfile::TempDir, std::path::PathBuf, Interface) {
        let folder = tempfile::tempdir().expect("folder");
        let (source, file) = (folder.path().join("l.c"), folder.path().join("l.so"));
        std::fs::write(&source, "int a_datum = 1; int compressBound(void) { return 42; }").expect("written");
        let compiled =
            std::process::Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&file).arg(&source).status();
        assert!(compiled.expect("a C compiler").success());
        let function = Function {
            name: "f".into(),
            symbol: symbol.into(),
            declaration: String::new(),
            doc: None,
            internal: false,
            parameters: vec![],
            result: CType::Scalar { scalar: Scalar::I32, character: false },
            returns: Returns {
                kept: true,
                pointer: None,
                error_unless: None,
                error_if: None,
                errno: false,
                message: None,
                raises: Default::default(),
            },
            deadline: None,
            callables: None,
            blocking: false,
            variadic: None,
            declared: Location { line: 12, column: 1 },
        };
        let sandbox = Sandbox {
            memory_bytes: 1 << 20,
            deadline: Duration::from_secs(1),
            callables: Duration::from_secs(60),
            processes: 0,
            descriptors: 64,
            file_size_bytes: 0,
            call_bytes: 1 << 20,
            instances: Instances::Shared,
            threads: 1,
            files: vec![],
            connect: vec![],
            needed: vec![],
            environment: vec![],
            scratch_bytes: None,
            roots: vec![],
            may_be_missing: vec![],
        };
        let interface = Interface {
            name: "l".into(),
            version: "1".into(),
            doc: None,
            source: "l.zone.toml".into(),
            library: cloison_contract::interface::Library {
                location: LibraryLocation::Path("l.so".into()),
                sha256: vec![],
                needs: vec![],
                preload: vec![],
                declared: Location { line: 4, column: 1 },
            },
            sandbox,
            types: vec![],
            exceptions: vec![],
            constants: vec![],
            functions: vec![function],
        };
        (folder, file, interface)
    }

    fn load(path: &Path, file: &Path, interface: Interface) -> Result<Functions, Failure> {
        let descriptor = OwnedFd::from(std::fs::File::open(file).expect("opened"));
        LoadedLibrary::open(path, descriptor, &interface)?.functions(interface)
    }

    #[test]
    fn symbols_that_are_there_can_be_called() {
        let (_folder, file, interface) = library("compressBound");
        let functions = load(&file, &file, interface).expect("loads");
        let entry = functions.get(FunctionId(0)).expect("the function");
        // SAFETY: it takes nothing.
        let outcome = unsafe { entry.call(&mut crate::native::ffi::Frame::default()) };
        assert_eq!(outcome.value as i32, 42);
    }

    #[test]
    fn symbols_that_are_not_name_their_line_and_a_likely_one() {
        let (_folder, file, interface) = library("compresBound");
        let failure = load(&file, &file, interface).err().expect("refused");
        let expected = Failure::new(StartStep::Symbol, "l.zone.toml:12: the library has no function `compresBound`");
        assert_eq!(failure, expected.hint("did you mean `compressBound`?".to_owned()));
        let (_folder, file, interface) = library("a_datum");
        let failure = load(&file, &file, interface).err().expect("refused");
        let expected =
            Failure::new(StartStep::Symbol, "l.zone.toml:12: `a_datum` is data in this library, not a function");
        assert_eq!(failure, expected);
    }

    #[test]
    fn another_file_at_the_path_is_not_loaded() {
        let (folder, file, interface) = library("compressBound");
        let other = folder.path().join("other.so");
        std::fs::copy(&file, &other).expect("copied");
        let failure = load(&other, &file, interface).err().expect("refused");
        assert_eq!(failure, Failure::new(StartStep::Open, "l.zone.toml:4: l.so has been replaced since it was opened"));
    }

    #[test]
    fn what_is_no_library_says_so() {
        let (folder, _, interface) = library("compressBound");
        let source = folder.path().join("l.c");
        let failure = load(&source, &source, interface).err().expect("refused");
        assert!(failure.to_string().starts_with("load: l.zone.toml:4: "), "{failure}");
    }

    #[test]
    fn the_loader_is_explained() {
        let message = "libfoo.so.3: cannot open shared object file: No such file or directory";
        assert_eq!(load_hint(message).as_deref(), Some("install what provides libfoo.so.3: the library needs it"));
        assert_eq!(load_hint("invalid ELF header"), None);
    }
}
