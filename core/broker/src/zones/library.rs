//! Finds a zone's library as the dynamic loader would, checks its hash, lists its symbols; never loads it.
//!
//! The file is opened once, here. The zone loads that very descriptor, so what was checked is what runs.

mod needed;
mod symbols;

pub use needed::{Dependencies, LoadFault};
pub use symbols::Symbols;

use cloison_contract::Interface;
use cloison_contract::interface::{LibraryLocation, Sandbox};
use cloison_sandbox::harmless_device;
use object::Endianness;
use object::elf::DT_SONAME;
use object::read::elf::{Dyn, ElfFile64, FileHeader};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The loader's index of libraries, `ld.so.cache(5)` in its format since glibc 2.2.
const CACHE: &str = "/etc/ld.so.cache";
const CACHE_MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
/// Where the loader looks after its index.
const FOLDERS: [&str; 6] =
    ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];
/// The largest library that is hashed or whose symbols are read, in bytes.
const LIBRARY_BYTES: u64 = 1 << 30;

/// Why there is no library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// `files` names a device that no zone can open.
    #[error(
        "{source_file}: [sandbox] files names {path}, a device, which does not open in a zone\nhint: /dev/null, /dev/random and /dev/urandom do; other devices lead out of the sandbox"
    )]
    Device {
        /// The manifest.
        source_file: String,
        /// The path.
        path: String,
    },
    /// The file's digest is not among those listed.
    #[error("{}: SHA-256 is {actual}, which is not in `sha256` at {at}", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// Its digest.
        actual: String,
        /// `file:line` of `library`.
        at: String,
    },
    /// No such library.
    #[error(
        "{at}: no library {soname}, neither in {CACHE} nor in /lib or /usr/lib\nhint: install the package that has it, or give `path` instead of `soname`"
    )]
    NotFound {
        /// The name.
        soname: String,
        /// `file:line` of `library`.
        at: String,
    },
    /// A host service has none.
    #[error("{at}: a host service has no library\nhint: in cloison.toml, [capabilities.NAME] uses it")]
    NoLibrary {
        /// `file:line` of `library`.
        at: String,
    },
    /// A path of `files` does not exist.
    #[error("{source_file}: [sandbox] files names {path}, which {}", absence(target.as_deref()))]
    NoSuchFile {
        /// The manifest.
        source_file: String,
        /// The path.
        path: String,
        /// Where it leads to, if that is what does not exist.
        target: Option<PathBuf>,
    },
    /// Not an ELF library for this machine.
    #[error("{at}: {}: not a library for this machine ({reason})", path.display())]
    NotALibrary {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// `file:line` of `library`.
        at: String,
    },
    /// It cannot be read.
    #[error("{at}: {}: {error}{}", path.display(), led(target.as_deref()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Where it leads to, if that is what does not exist.
        target: Option<PathBuf>,
        /// Why.
        error: io::Error,
        /// `file:line` of `library`.
        at: String,
    },
}

/// An opened library, and those that are loaded with it.
#[derive(Debug)]
pub struct OpenedLibrary {
    /// Where it was found.
    pub path: PathBuf,
    /// The file.
    pub file: File,
    /// Those that are loaded before it, in that order.
    pub needs: Vec<OpenedFile>,
    /// Those that are loaded behind it.
    pub preload: Vec<OpenedFile>,
}

impl OpenedLibrary {
    /// One that nothing is loaded with.
    pub fn alone(path: PathBuf, file: File) -> Self {
        Self { path, file, needs: Vec::new(), preload: Vec::new() }
    }
}

/// The opened file of a library.
#[derive(Debug)]
pub struct OpenedFile {
    /// Where it was found.
    pub path: PathBuf,
    /// The file.
    pub file: File,
}

/// Open the library that `interface` names, and those that go with it; `folder` is the manifest's.
pub fn open(interface: &Interface, folder: &Path) -> Result<OpenedLibrary, LibraryError> {
    let at = || format!("{}:{}", interface.source, interface.library.declared.line);
    check_files(interface, folder)?;
    let path = match &interface.library.location {
        LibraryLocation::Host(_) => return Err(LibraryError::NoLibrary { at: at() }),
        LibraryLocation::Path(path) => folder.join(path),
        LibraryLocation::Soname(soname) => {
            find(soname).ok_or_else(|| LibraryError::NotFound { soname: soname.clone(), at: at() })?
        }
    };
    let OpenedFile { path, mut file } = open_library(path, &at())?;
    if !interface.library.sha256.is_empty() {
        let unreadable = |error| LibraryError::Unreadable { path: path.clone(), target: None, error, at: at() };
        let actual = digest(&mut file).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        if !interface.library.sha256.contains(&actual) {
            return Err(LibraryError::Digest { path, actual, at: at() });
        }
    }
    let further = |names: &[String]| -> Result<Vec<_>, _> {
        names.iter().map(|name| open_library(folder.join(name), &at())).collect()
    };
    let (needs, preload) = (further(&interface.library.needs)?, further(&interface.library.preload)?);
    Ok(OpenedLibrary { path, file, needs, preload })
}

/// Open a file that has to be a library for this machine.
fn open_library(path: PathBuf, at: &str) -> Result<OpenedFile, LibraryError> {
    let unreadable = |error| {
        let (path, at) = (path.clone(), at.to_owned());
        LibraryError::Unreadable { target: missing_target(&path), path, error, at }
    };
    let mut file = open_file(&path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let no_library =
        |reason: &str| LibraryError::NotALibrary { path: path.clone(), reason: reason.to_owned(), at: at.to_owned() };
    if !metadata.is_file() {
        return Err(no_library("not a regular file"));
    }
    let mut header = [0; 20];
    file.read_exact(&mut header).map_err(|_| no_library("too short"))?;
    file.rewind().map_err(unreadable)?;
    if let Some(reason) = foreign(&header) {
        return Err(no_library(reason));
    }
    Ok(OpenedFile { path, file })
}

/// The sandbox of a manifest in that folder: what begins with `$here` is below it, wherever links lead to it.
pub fn placed(sandbox: Sandbox, folder: &Path) -> Sandbox {
    let real = std::fs::canonicalize(folder);
    sandbox.placed(&real.as_deref().unwrap_or(folder).to_string_lossy())
}

/// What is missing where a link leads to, if that is why there is nothing at a path.
fn missing_target(path: &Path) -> Option<PathBuf> {
    let mut at = path.to_owned();
    let mut target = None;
    // As many links as the kernel follows.
    for _ in 0..40 {
        let Ok(next) = at.read_link() else { break };
        at = at.parent().unwrap_or(Path::new("/")).join(next);
        target = Some(at.clone());
    }
    target.filter(|target| target.symlink_metadata().is_err())
}

/// Whether a zone can open what `files` names, as far as that can be seen beforehand.
fn check_files(interface: &Interface, folder: &Path) -> Result<(), LibraryError> {
    for rule in placed(interface.sandbox.clone(), folder).every_file() {
        let (source_file, path) = (interface.source.clone(), rule.path.clone());
        let Ok(metadata) = std::fs::metadata(&path) else {
            let target = missing_target(Path::new(&path));
            return Err(LibraryError::NoSuchFile { source_file, path, target });
        };
        let kind = metadata.file_type();
        if kind.is_block_device() || kind.is_char_device() && !harmless_device(metadata.rdev()) {
            return Err(LibraryError::Device { source_file, path });
        }
    }
    Ok(())
}

/// That there is nothing at a path, or where it leads to.
fn absence(target: Option<&Path>) -> String {
    match target {
        None => "does not exist".to_owned(),
        Some(target) => format!("leads to {}, which does not exist", target.display()),
    }
}

fn led(target: Option<&Path>) -> String {
    target.map(|target| format!(": it leads to {}", target.display())).unwrap_or_default()
}

/// What the loader brings in with the library, and what it would miss.
pub fn dependencies(library: &OpenedLibrary) -> Result<Dependencies, String> {
    needed::dependencies(library)
}

/// The names that the library, and those it depends on, define for others: what `dlsym` would find. Without versions.
pub fn symbols(library: &OpenedLibrary) -> Result<Symbols, String> {
    Ok(dependencies(library)?.symbols)
}

/// What a library is called, and what it has by itself.
#[derive(Debug)]
pub struct Contents {
    /// The name by which the loader knows it.
    pub soname: String,
    /// The names that it defines for others; those of its dependencies do not count.
    pub symbols: Symbols,
}

/// What is in a library's file, which has to have a soname.
pub fn contents(path: &Path) -> Option<Contents> {
    let mut bytes = Vec::new();
    open_file(path).ok()?.take(LIBRARY_BYTES).read_to_end(&mut bytes).ok()?;
    let mut symbols = Symbols::default();
    symbols.define(&object::File::parse(&*bytes).ok()?, &bytes);
    Some(Contents { soname: soname(&bytes)?, symbols })
}

fn soname(bytes: &[u8]) -> Option<String> {
    let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
    let (endian, sections) = (file.endian(), file.elf_header().sections(file.endian(), bytes).ok()?);
    let (entries, strings) = sections.dynamic(endian, bytes).ok()??;
    let strings = sections.strings(endian, bytes, strings).ok()?;
    let name = entries.iter().find(|entry| entry.d_tag(endian) == DT_SONAME)?;
    Some(String::from_utf8_lossy(name.string(endian, strings).ok()?).into_owned())
}

/// Not blocking: opening a FIFO would wait for somebody to write.
fn open_file(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

/// What makes an ELF header not ours.
fn foreign(header: &[u8; 20]) -> Option<&'static str> {
    const SHARED_OBJECT: u8 = 3;
    const X86_64: u8 = 62;
    match header {
        [0x7f, b'E', b'L', b'F', ..] => match (header[4], header[5], header[16], header[18]) {
            (2, 1, SHARED_OBJECT, X86_64) => None,
            (2, 1, SHARED_OBJECT, _) => Some("built for another processor"),
            (2, 1, ..) => Some("an ELF file, but no shared object"),
            _ => Some("not 64-bit little-endian"),
        },
        _ => Some("not an ELF file"),
    }
}

fn digest(file: &mut File) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut file.take(LIBRARY_BYTES), &mut hash)?;
    Ok(hex(&hash.finalize()))
}

/// Two letters for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the loader finds a library of that name.
pub fn find(soname: &str) -> Option<PathBuf> {
    if soname.contains('/') {
        return None;
    }
    let cache = std::fs::read(CACHE).unwrap_or_default();
    let indexed = cached(&cache).find(|(name, _)| *name == soname).map(|(_, path)| PathBuf::from(path));
    indexed.into_iter().chain(FOLDERS.iter().map(|folder| Path::new(folder).join(soname))).find(|path| path.is_file())
}

/// The files of all libraries that the loader can find, each once.
pub fn installed() -> BTreeSet<PathBuf> {
    let cache = std::fs::read(CACHE).unwrap_or_default();
    let indexed = cached(&cache).map(|(_, path)| PathBuf::from(path));
    let folders = FOLDERS.iter().filter_map(|folder| std::fs::read_dir(folder).ok());
    let files = folders.flat_map(|entries| entries.flatten().map(|entry| entry.path()));
    let libraries = files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(".so")));
    indexed.chain(libraries).filter_map(|path| path.canonicalize().ok()).collect()
}

/// Names and paths in the loader's index: a header of 48 bytes, then entries of 24 (flags, offset of the name, offset
/// of the path, two more), offsets from the header's start. The low byte 3 of flags is "ELF for libc6", 0x300 is x86-64.
fn cached(cache: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let start = cache.windows(CACHE_MAGIC.len()).position(|window| window == CACHE_MAGIC);
    let cache = start.map_or(&[][..], |start| &cache[start..]);
    let word = |offset: usize| Some(u32::from_le_bytes(cache.get(offset..offset + 4)?.try_into().ok()?) as usize);
    let text = move |offset: usize| {
        let rest = cache.get(offset..)?;
        std::str::from_utf8(&rest[..rest.iter().position(|byte| *byte == 0)?]).ok()
    };
    const WANTED: usize = 0x0303;
    (0..word(20).unwrap_or(0).min(100_000)).filter_map(move |index| {
        let entry = 48 + index * 24;
        (word(entry)? == WANTED).then_some(())?;
        Some((text(word(entry + 4)?)?, text(word(entry + 8)?)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_loader_finds() {
        let path = find("libc.so.6").unwrap();
        let library = OpenedLibrary::alone(path.clone(), File::open(&path).unwrap());
        let symbols = symbols(&library).unwrap();
        assert!(symbols.contains("qsort"));
        assert!(symbols.is_function("strlen"), "chosen at run time (IFUNC)");
        assert!(symbols.contains("environ") && !symbols.is_function("environ"), "a variable");
        assert!(!symbols.contains("no_such_symbol"));
        let path = find("libm.so.6").unwrap();
        let library = OpenedLibrary::alone(path.clone(), File::open(&path).unwrap());
        assert!(super::symbols(&library).unwrap().contains("free"), "of a library it depends on");
        assert_eq!(find("libnone-such.so.99"), None);
        assert_eq!(find("../../etc/passwd"), None);
    }

    #[test]
    fn a_library_has_its_own_symbols_only() {
        let path = find("libm.so.6").unwrap();
        assert!(installed().contains(&path.canonicalize().unwrap()));
        let libm = contents(&path).unwrap();
        assert_eq!(libm.soname, "libm.so.6");
        assert!(libm.symbols.contains("cos") && !libm.symbols.contains("free"));
    }

    #[test]
    fn a_damaged_index_is_no_panic() {
        let Ok(cache) = std::fs::read(CACHE) else { return };
        assert!(cached(&cache).any(|(name, _)| name == "libc.so.6"));
        for length in (0..cache.len()).step_by(97) {
            cached(&cache[..length]).count();
        }
        let mut wild = CACHE_MAGIC.to_vec();
        wild.resize(4096, 0xff);
        assert_eq!(cached(&wild).next(), None);
    }
}
