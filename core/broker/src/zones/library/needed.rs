//! What the dynamic loader brings in with a library, and what it would miss, found out without loading anything.
//!
//! The loader of a zone looks where every loader does, but sees less: the folders of the loader alone
//! ([`LOADER_FILES`]), and of other folders nothing but the library and those that the manifest has loaded with it, which
//! the loader knows by their sonames. It resolves every symbol at once.

mod fault;
mod module;

pub use fault::LoadFault;

use super::symbols::Symbols;
use super::{CACHE, FOLDERS, OpenedLibrary, cached, open_file};
use cloison_sandbox::LOADER_FILES;
use module::SharedObject;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// The most libraries that are looked at for one.
const DEPENDENCIES: usize = 200;
/// How many links one name may lead over, as in the kernel.
const LINKS: usize = 40;
/// What every zone has loaded already: their symbols are there for libraries that do not name them.
const OF_THE_ZONE: [&str; 3] = ["libc.so.6", "libgcc_s.so.1", "libm.so.6"];

/// A library with all that the loader brings in for it.
#[derive(Debug, Default)]
pub struct Dependencies {
    /// What `dlsym` would find.
    pub symbols: Symbols,
    /// Why the loader would refuse it.
    pub faults: Vec<LoadFault>,
}

/// What the loader brings in with the library, breadth first as it does.
pub(super) fn dependencies(library: &OpenedLibrary) -> Result<Dependencies, String> {
    let mut found = Dependencies::default();
    let before = library.needs.iter().map(|one| (&one.path, &one.file, false));
    let behind = library.preload.iter().map(|one| (&one.path, &one.file, false));
    let mut loaded = Vec::new();
    for (path, file, own) in before.chain([(&library.path, &library.file, true)]).chain(behind) {
        let first = SharedObject::read(path, file)?;
        loaded.push(first.clone());
        let (mut faults, mut symbols) = (Vec::new(), Symbols::default());
        let modules = closure(first, &loaded, &mut faults);
        modules.iter().for_each(|module| symbols.add(&module.symbols));
        missing_versions(&modules, &mut faults);
        if faults.is_empty() {
            missing_symbols(&modules, &symbols, &mut faults);
        }
        found.faults.extend(faults);
        if own {
            found.symbols = symbols;
        }
    }
    Ok(found)
}

/// The module and all that it needs, as far as a zone sees them or has loaded them before.
fn closure(first: SharedObject, loaded: &[SharedObject], faults: &mut Vec<LoadFault>) -> Vec<SharedObject> {
    let cache = std::fs::read(CACHE).unwrap_or_default();
    let mut modules = vec![first];
    let mut asked = BTreeSet::new();
    let mut next = 0;
    while next < modules.len() && modules.len() < DEPENDENCIES {
        for soname in modules[next].needed.clone() {
            if !asked.insert(soname.clone()) {
                continue;
            }
            let asking = &modules[next];
            if let Some(known) = loaded.iter().find(|module| module.is_called(&soname)) {
                modules.push(SharedObject { asked_as: Some(soname), ..known.clone() });
                continue;
            }
            let places = places(&soname, asking.own.as_ref().unwrap_or(&asking.inherited), &cache);
            let by = asking.path.clone();
            match find(&places) {
                Found::Here(mut module) => {
                    module.inherited.extend_from_slice(&asking.inherited);
                    module.asked_as = Some(soname);
                    modules.push(*module);
                }
                Found::Damaged(path, reason) => faults.push(LoadFault::NoLibrary { by, path, reason }),
                Found::Elsewhere(path) => {
                    let target = path.canonicalize().ok().filter(|target| path.is_symlink() && *target != path);
                    faults.push(LoadFault::Unseen { by, soname, path, target });
                }
                Found::Nowhere => faults.push(LoadFault::Missing { by, soname }),
            }
        }
        next += 1;
    }
    modules
}

/// What stands at the places where a dependency is looked for.
enum Found {
    /// The first that can be loaded.
    Here(Box<SharedObject>),
    /// None that can be loaded, and why the first cannot.
    Damaged(PathBuf, String),
    /// One that a zone does not see.
    Elsewhere(PathBuf),
    Nowhere,
}

/// As the loader, this goes on where it finds a library for another machine.
fn find(places: &[PathBuf]) -> Found {
    let mut damaged = None;
    for path in places.iter().filter_map(|place| in_a_zone(place)) {
        match open_file(&path).map_err(|error| error.to_string()).and_then(|file| SharedObject::read(&path, &file)) {
            Ok(module) => return Found::Here(Box::new(module)),
            Err(reason) => drop(damaged.get_or_insert((path, reason))),
        }
    }
    match (damaged, places.iter().find(|place| place.is_file())) {
        (Some((path, reason)), _) => Found::Damaged(path, reason),
        (None, Some(path)) => Found::Elsewhere(path.clone()),
        (None, None) => Found::Nowhere,
    }
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

fn missing_versions(modules: &[SharedObject], faults: &mut Vec<LoadFault>) {
    for module in modules {
        for (soname, version) in &module.versions_needed {
            let Some(of) = modules.iter().find(|other| other.asked_as.as_ref() == Some(soname)) else { continue };
            // One without any versions takes whoever asks for one.
            if of.versions.is_empty() || of.versions.contains(version) {
                continue;
            }
            let kind = version.split_once('_').map_or(version.as_str(), |(kind, _)| kind);
            let alike = of.versions.iter().filter(|have| have.split_once('_').is_some_and(|(have, _)| have == kind));
            let newest = alike.max_by_key(|have| numbers(have)).cloned();
            let (by, path) = (module.path.clone(), of.path.clone());
            faults.push(LoadFault::Version { by, version: version.clone(), path, newest });
        }
    }
}

/// `GLIBC_2.36` as numbers, to be compared.
fn numbers(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn missing_symbols(modules: &[SharedObject], symbols: &Symbols, faults: &mut Vec<LoadFault>) {
    let loaded = of_the_zone();
    let mut missing: BTreeMap<&Path, Vec<String>> = BTreeMap::new();
    for module in modules {
        let nowhere = module.undefined.iter().filter(|name| !symbols.has_ever(name) && !loaded.has_ever(name));
        for name in nowhere {
            missing.entry(&module.path).or_default().push(name.clone());
        }
    }
    faults.extend(missing.into_iter().map(|(by, names)| LoadFault::Symbols { by: by.to_owned(), names }));
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
        let Some(module) = file.and_then(|(file, path)| SharedObject::read(&path, &file).ok()) else { continue };
        symbols.add(&module.symbols);
        left.extend(module.needed);
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::super::OpenedFile;
    use super::*;
    use std::fs::{self, File};
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

    fn faults(path: &Path) -> Vec<LoadFault> {
        faults_with(path, &[])
    }

    fn faults_with(path: &Path, needs: &[&Path]) -> Vec<LoadFault> {
        let open = |path: &Path| OpenedFile { path: path.to_owned(), file: File::open(path).unwrap() };
        let OpenedFile { path, file } = open(path);
        let needs = needs.iter().map(|path| open(path)).collect();
        dependencies(&OpenedLibrary { path, file, needs, preload: Vec::new() }).unwrap().faults
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
        let unseen =
            LoadFault::Unseen { by: beside.clone(), soname: "libother.so.1".into(), path: other.clone(), target: None };
        assert_eq!(faults(&beside), std::slice::from_ref(&unseen));
        assert!(unseen.to_string().contains("`needs = ["), "{unseen}");
        assert_eq!(faults_with(&beside, &[&other]), []);
        // A link, as those of `/etc/alternatives`: the zone has no place for it.
        let real = folder.path().join("libreal.so.1");
        fs::rename(&other, &real).unwrap();
        std::os::unix::fs::symlink("libreal.so.1", &other).unwrap();
        let said = faults(&beside)[0].to_string();
        assert!(said.contains("libother.so.1, which leads to ") && said.contains("libreal.so.1"), "{said}");
        assert_eq!(faults_with(&beside, &[&other]), [], "the loader knows it by its soname");
        fs::remove_file(&other).unwrap();
        fs::remove_file(&real).unwrap();
        let missing = LoadFault::Missing { by: beside.clone(), soname: "libother.so.1".into() };
        assert_eq!(faults(&beside), [missing]);
    }

    #[test]
    fn a_symbol_is_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let source = "int host(void); __attribute__((weak)) int perhaps(void); double sin(double);
            double f(void) { return host() + (perhaps ? perhaps() : 0) + sin(1.0); }";
        let path = compile(folder.path(), "libplugin.so", source, &["-O0"]);
        assert_eq!(faults(&path), [LoadFault::Symbols { by: path.clone(), names: vec!["host".into()] }]);
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
            [LoadFault::Version { version, newest: Some(newest), .. }] => {
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
