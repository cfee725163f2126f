//! What the dynamic loader brings in with a library, and what it would miss, found out without loading anything.
//!
//! The loader of a zone looks where every loader does, but sees less: the folders of the loader alone
//! ([`LOADER_FILES`]), and of the library's own folder nothing but the library. It resolves every symbol at once.

use super::symbols::Symbols;
use super::{CACHE, FOLDERS, LIBRARY_BYTES, Library, cached, open_file};
use cloison_sandbox::LOADER_FILES;
use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, VER_FLG_WEAK};
use object::read::elf::{Dyn, ElfFile64, FileHeader, SectionTable};
use object::{Endianness, Object, ObjectSymbol};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Component, Path, PathBuf};

/// The most libraries that are looked at for one.
const DEPENDENCIES: usize = 200;
/// How many links one name may lead over, as in the kernel.
const LINKS: usize = 40;
/// How many names one sentence lists.
const LISTED: usize = 3;
/// What every zone has loaded already: their symbols are there for libraries that do not name them.
const OF_THE_ZONE: [&str; 3] = ["libc.so.6", "libgcc_s.so.1", "libm.so.6"];

/// A library with all that the loader brings in for it.
#[derive(Debug, Default)]
pub struct Dependencies {
    /// What `dlsym` would find.
    pub symbols: Symbols,
    /// Why the loader would refuse it.
    pub faults: Vec<Fault>,
}

/// Why the loader would refuse a library.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// A dependency that is nowhere.
    Missing {
        /// Whose.
        by: PathBuf,
        /// Its name.
        soname: String,
    },
    /// Functions or data that no library has.
    Symbols {
        /// Whose.
        by: PathBuf,
        /// Their names.
        names: Vec<String>,
    },
    /// A dependency that is somewhere, but not where a zone sees it.
    Unseen {
        /// Whose.
        by: PathBuf,
        /// Its name.
        soname: String,
        /// Where it is.
        path: PathBuf,
    },
    /// A dependency that has not got a version of symbols.
    Version {
        /// Whose.
        by: PathBuf,
        /// Which.
        version: String,
        /// Where the dependency is.
        path: PathBuf,
        /// The newest of its versions of that kind.
        newest: Option<String>,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { by, soname } => write!(
                f,
                "{} needs {soname}, which is not installed\nhint: install the package that has it",
                by.display()
            ),
            Self::Symbols { by, names } => {
                let listed: Vec<_> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
                let more = match names.len().saturating_sub(LISTED) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                write!(
                    f,
                    "{} needs {}{more}, which none of the libraries has that it names\nhint: link it with `-l` against \
                     what has them; a program that would have them itself, as for a plug-in, is not there in a zone",
                    by.display(),
                    listed.join(", ")
                )
            }
            Self::Unseen { by, soname, path } => write!(
                f,
                "{} needs {soname}, and a zone does not see {}\nhint: a zone sees the library itself and the loader's \
                 folders ({}): install {soname} there, or link it statically into the library",
                by.display(),
                path.display(),
                folders().collect::<Vec<_>>().join(", ")
            ),
            Self::Version { by, version, path, newest } => {
                let newest = newest.as_ref().map(|newest| format!(", but {newest} at most")).unwrap_or_default();
                write!(
                    f,
                    "{} needs {version}, which {} has not got{newest}\nhint: it was built for a newer system: build it \
                     here, or on a system that is no newer than this one",
                    by.display(),
                    path.display()
                )
            }
        }
    }
}

/// What the loader brings in with the library, breadth first as it does.
pub(super) fn dependencies(library: &Library) -> Result<Dependencies, String> {
    let mut found = Dependencies::default();
    let first = Module::read(&library.path, &library.file)?;
    let modules = closure(first, &mut found.faults);
    modules.iter().for_each(|module| found.symbols.add(&module.symbols));
    missing_versions(&modules, &mut found.faults);
    if found.faults.is_empty() {
        missing_symbols(&modules, &found.symbols, &mut found.faults);
    }
    Ok(found)
}

/// A library's file, as far as it matters to others.
struct Module {
    path: PathBuf,
    symbols: Symbols,
    undefined: Vec<String>,
    needed: Vec<String>,
    /// Folders of its own where its dependencies are looked for first.
    folders: Vec<PathBuf>,
    /// By the name of a dependency: the versions that it must have.
    versions_needed: Vec<(String, String)>,
    versions: BTreeSet<String>,
    /// By which name the others asked for it.
    names: Vec<String>,
}

impl Module {
    fn read(path: &Path, mut file: &File) -> Result<Self, String> {
        let mut bytes = Vec::new();
        file.take(LIBRARY_BYTES).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        file.rewind().map_err(|error| error.to_string())?;
        let parsed = object::File::parse(&*bytes).map_err(|error| error.to_string())?;
        let mut module = Self {
            path: path.to_owned(),
            symbols: Symbols::default(),
            undefined: Vec::new(),
            needed: Vec::new(),
            folders: Vec::new(),
            versions_needed: Vec::new(),
            versions: BTreeSet::new(),
            names: Vec::new(),
        };
        module.symbols.define(&parsed, &bytes);
        let undefined = parsed.dynamic_symbols().filter(|symbol| symbol.is_undefined() && !symbol.is_weak());
        module.undefined = undefined
            .filter_map(|symbol| symbol.name().ok().filter(|name| !name.is_empty()))
            .map(str::to_owned)
            .collect();
        let file = ElfFile64::<Endianness>::parse(&*bytes).map_err(|error| error.to_string())?;
        let sections = file.elf_header().sections(file.endian(), &*bytes).map_err(|error| error.to_string())?;
        module.read_dynamic(&sections, file.endian(), &bytes).map_err(|error| error.to_string())?;
        // What is damaged here is the loader's to complain about.
        let _ = module.read_versions(&sections, file.endian(), &bytes);
        Ok(module)
    }

    fn read_dynamic(&mut self, sections: &Sections<'_>, endian: Endianness, bytes: &[u8]) -> object::read::Result<()> {
        let Some((entries, strings)) = sections.dynamic(endian, bytes)? else { return Ok(()) };
        let strings = sections.strings(endian, bytes, strings)?;
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for entry in entries {
            let text = || entry.string(endian, strings).map(|text| String::from_utf8_lossy(text).into_owned());
            match entry.d_tag(endian) {
                DT_NEEDED => self.needed.push(text()?),
                DT_RPATH => old.push(text()?),
                DT_RUNPATH => new.push(text()?),
                _ => {}
            }
        }
        // The zone is told the path without links, see `Library` in the sandbox.
        let path = self.path.canonicalize().unwrap_or_default();
        let origin = path.parent().unwrap_or(Path::new("/")).display().to_string();
        let listed = if new.is_empty() { old } else { new };
        let folders = listed.iter().flat_map(|list| list.split(':'));
        let plain = folders.map(|folder| folder.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin));
        self.folders =
            plain.filter(|folder| folder.starts_with('/') && !folder.contains('$')).map(PathBuf::from).collect();
        Ok(())
    }

    fn read_versions(&mut self, sections: &Sections<'_>, endian: Endianness, bytes: &[u8]) -> object::read::Result<()> {
        let name = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        if let Some((mut definitions, strings)) = sections.gnu_verdef(endian, bytes)? {
            let strings = sections.strings(endian, bytes, strings)?;
            while let Some((_, mut names)) = definitions.next()? {
                // The first is its own name, the others those that it goes on from.
                if let Some(first) = names.next()? {
                    self.versions.insert(name(first.name(endian, strings)?));
                }
            }
        }
        if let Some((mut needs, strings)) = sections.gnu_verneed(endian, bytes)? {
            let strings = sections.strings(endian, bytes, strings)?;
            while let Some((need, mut versions)) = needs.next()? {
                let of = name(need.file(endian, strings)?);
                while let Some(version) = versions.next()? {
                    if version.vna_flags.get(endian).0 & VER_FLG_WEAK.0 == 0 {
                        self.versions_needed.push((of.clone(), name(version.name(endian, strings)?)));
                    }
                }
            }
        }
        Ok(())
    }
}

type Sections<'b> = SectionTable<'b, object::elf::FileHeader64<Endianness>>;

/// The module and all that it needs, as far as a zone sees them.
fn closure(first: Module, faults: &mut Vec<Fault>) -> Vec<Module> {
    let cache = std::fs::read(CACHE).unwrap_or_default();
    let mut modules = vec![first];
    let mut asked = BTreeSet::new();
    let mut next = 0;
    while next < modules.len() && modules.len() < DEPENDENCIES {
        for soname in modules[next].needed.clone() {
            if !asked.insert(soname.clone()) {
                continue;
            }
            let places = places(&soname, &modules[next].folders, &cache);
            let by = modules[next].path.clone();
            let Some(path) = places.iter().find_map(|place| in_a_zone(place)) else {
                let elsewhere = places.into_iter().find(|place| place.is_file());
                faults.push(match elsewhere {
                    Some(path) => Fault::Unseen { by, soname, path },
                    None => Fault::Missing { by, soname },
                });
                continue;
            };
            // One that cannot be read is the loader's to complain about.
            let read = open_file(&path).ok().and_then(|file| Module::read(&path, &file).ok());
            if let Some(mut module) = read {
                module.names.push(soname);
                modules.push(module);
            }
        }
        next += 1;
    }
    modules
}

/// Where the loader looks for a dependency, in its order.
fn places(soname: &str, folders: &[PathBuf], cache: &[u8]) -> Vec<PathBuf> {
    if soname.contains('/') {
        return vec![PathBuf::from(soname)];
    }
    let own = folders.iter().map(|folder| folder.join(soname));
    let indexed = cached(cache).filter(|(name, _)| *name == soname).map(|(_, path)| PathBuf::from(path));
    own.chain(indexed).chain(FOLDERS.iter().map(|folder| Path::new(folder).join(soname))).collect()
}

/// The folders of the loader.
fn folders() -> impl Iterator<Item = &'static str> {
    LOADER_FILES.into_iter().filter(|path| !path.starts_with("/etc"))
}

/// The file that a name leads to in a zone's root, where there is nothing but [`LOADER_FILES`] and the folders above them:
/// a link that leads elsewhere, as those of `/etc/alternatives` do, ends there.
fn in_a_zone(path: &Path) -> Option<PathBuf> {
    let names = |path: &Path| -> Vec<OsString> {
        path.components()
            .rev()
            .filter(|part| *part != Component::RootDir)
            .map(|part| part.as_os_str().to_owned())
            .collect()
    };
    let (mut left, mut at, mut links) = (names(path), PathBuf::from("/"), 0);
    while let Some(name) = left.pop() {
        match name.to_str() {
            Some(".") => continue,
            Some("..") => {
                at.pop();
                continue;
            }
            _ => at.push(name),
        }
        if folders().any(|folder| Path::new(folder) != at && Path::new(folder).starts_with(&at)) {
            continue;
        }
        if !folders().any(|folder| at.starts_with(folder)) {
            return None;
        }
        if at.symlink_metadata().ok()?.is_symlink() {
            links += 1;
            let target = at.read_link().ok().filter(|_| links <= LINKS)?;
            at = if target.is_absolute() { "/".into() } else { at.parent()?.to_owned() };
            left.extend(names(&target));
        }
    }
    at.is_file().then_some(at)
}

fn missing_versions(modules: &[Module], faults: &mut Vec<Fault>) {
    for module in modules {
        for (soname, version) in &module.versions_needed {
            let Some(of) = modules.iter().find(|other| other.names.contains(soname)) else { continue };
            // One without any versions takes whoever asks for one.
            if of.versions.is_empty() || of.versions.contains(version) {
                continue;
            }
            let kind = version.split_once('_').map_or(version.as_str(), |(kind, _)| kind);
            let alike = of.versions.iter().filter(|have| have.split_once('_').is_some_and(|(have, _)| have == kind));
            let newest = alike.max_by_key(|have| numbers(have)).cloned();
            let (by, path) = (module.path.clone(), of.path.clone());
            faults.push(Fault::Version { by, version: version.clone(), path, newest });
        }
    }
}

/// `GLIBC_2.36` as numbers, to be compared.
fn numbers(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn missing_symbols(modules: &[Module], symbols: &Symbols, faults: &mut Vec<Fault>) {
    let loaded = of_the_zone();
    let mut missing: BTreeMap<&Path, Vec<String>> = BTreeMap::new();
    for module in modules {
        let nowhere = module.undefined.iter().filter(|name| !symbols.has_ever(name) && !loaded.has_ever(name));
        for name in nowhere {
            missing.entry(&module.path).or_default().push(name.clone());
        }
    }
    faults.extend(missing.into_iter().map(|(by, names)| Fault::Symbols { by: by.to_owned(), names }));
}

/// What a zone's own libraries define.
fn of_the_zone() -> Symbols {
    let (cache, mut symbols) = (std::fs::read(CACHE).unwrap_or_default(), Symbols::default());
    let mut left: VecDeque<String> = OF_THE_ZONE.into_iter().map(str::to_owned).collect();
    let mut asked = BTreeSet::new();
    while let Some(soname) = left.pop_front() {
        if !asked.insert(soname.clone()) || asked.len() > DEPENDENCIES {
            continue;
        }
        let path = places(&soname, &[], &cache).into_iter().find(|place| place.is_file());
        let file = path.and_then(|path| Some((open_file(&path).ok()?, path)));
        let Some(module) = file.and_then(|(file, path)| Module::read(&path, &file).ok()) else { continue };
        symbols.add(&module.symbols);
        left.extend(module.needed);
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    /// Compiles a library in the folder.
    fn compile(folder: &Path, name: &str, source: &str, options: &[&str]) -> PathBuf {
        fs::write(folder.join("t.c"), source).unwrap();
        let soname = format!("-Wl,-soname,{name}");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", &soname, "-o", name, "t.c"]).args(options).current_dir(folder);
        let done = compiler.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        folder.join(name)
    }

    fn faults(path: &Path) -> Vec<Fault> {
        dependencies(&Library { path: path.to_owned(), file: File::open(path).unwrap() }).unwrap().faults
    }

    #[test]
    fn what_the_system_has_is_complete() {
        for soname in OF_THE_ZONE {
            let path = super::super::find(soname).unwrap();
            assert_eq!(faults(&path), [], "{soname}");
        }
    }

    #[test]
    fn a_dependency_is_missing_or_out_of_sight() {
        let folder = tempfile::tempdir().unwrap();
        let other = compile(folder.path(), "libother.so.1", "int other(void) { return 1; }", &[]);
        let source = "int other(void); int f(void) { return other(); }";
        let beside = compile(folder.path(), "libf.so", source, &["libother.so.1", "-Wl,-rpath,$ORIGIN"]);
        let unseen = Fault::Unseen { by: beside.clone(), soname: "libother.so.1".into(), path: other.clone() };
        assert_eq!(faults(&beside), std::slice::from_ref(&unseen));
        assert!(unseen.to_string().contains("link it statically"), "{unseen}");
        fs::remove_file(other).unwrap();
        let missing = Fault::Missing { by: beside.clone(), soname: "libother.so.1".into() };
        assert_eq!(faults(&beside), [missing]);
    }

    #[test]
    fn a_symbol_is_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let source = "int host(void); __attribute__((weak)) int perhaps(void); double sin(double);
            double f(void) { return host() + (perhaps ? perhaps() : 0) + sin(1.0); }";
        let path = compile(folder.path(), "libplugin.so", source, &["-O0"]);
        assert_eq!(faults(&path), [Fault::Symbols { by: path.clone(), names: vec!["host".into()] }]);
    }

    #[test]
    fn a_version_is_too_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = compile(
            folder.path(),
            "libnew.so",
            "#include <stdlib.h>\nint f(void) { return abs(-1); }",
            &["-O0", "-fno-builtin"],
        );
        assert_eq!(faults(&path), []);
        let mut bytes = fs::read(&path).unwrap();
        // The same length, so that nothing moves; its hash is only the loader's to compare.
        let at = bytes.windows(12).position(|window| window == b"GLIBC_2.2.5\0").unwrap();
        bytes[at..at + 11].copy_from_slice(b"GLIBC_2.995");
        fs::write(&path, bytes).unwrap();
        match &faults(&path)[..] {
            [Fault::Version { version, newest: Some(newest), .. }] => {
                assert_eq!(version, "GLIBC_2.995");
                assert!(newest.starts_with("GLIBC_2.") && numbers(newest) > vec![2, 5], "{newest}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn links_are_followed_as_in_the_zone() {
        let libc = in_a_zone(&super::super::find("libc.so.6").unwrap()).unwrap();
        assert!(libc.is_file() && !libc.symlink_metadata().unwrap().is_symlink());
        assert_eq!(in_a_zone(Path::new("/etc/hostname")), None);
        assert_eq!(in_a_zone(Path::new("/usr/lib/../../etc/hostname")), None);
        assert_eq!(in_a_zone(Path::new("/usr/lib/no-such-file")), None);
    }
}
