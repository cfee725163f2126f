//! The names that libraries define for others, as `dlsym` without a version sees them.
//!
//! A library may have a function only in an old version (`crypt_gensalt_r@XCRYPT_2.0`, never `@@`), for programs that were
//! linked against it long ago. Such a name is hidden from everybody who asks without a version, and so from a zone.

use object::elf::VersymIndex;
use object::read::elf::{ElfFile64, FileHeader, VersionTable};
use object::{Endianness, Object, ObjectSymbol, SymbolKind};
use std::collections::{BTreeMap, BTreeSet};

/// What `dlsym` finds, and what it would find if it asked for an old version.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    names: BTreeSet<String>,
    /// Those of them that are variables and tables: addresses that nobody can call.
    data: BTreeSet<String>,
    /// Names and versions. Some of them may be in `names` as well, in a version of today.
    old: BTreeMap<String, String>,
}

impl Symbols {
    /// Whether `dlsym` finds it.
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether `dlsym` finds it, and it is not data. What a library written in assembler says nothing about may be one.
    pub fn is_function(&self, name: &str) -> bool {
        self.contains(name) && !self.data.contains(name)
    }

    /// Whether it is there in whatever version: for libraries that were linked against that.
    pub(super) fn has_ever(&self, name: &str) -> bool {
        self.contains(name) || self.old.contains_key(name)
    }

    /// The functions that `dlsym` finds.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| !self.data.contains(*name))
    }

    /// What `dlsym` finds.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The version in which alone a name is there.
    pub fn old(&self, name: &str) -> Option<&str> {
        self.old.get(name).filter(|_| !self.contains(name)).map(String::as_str)
    }

    /// Why it cannot be called, as a sentence about the library goes on.
    pub fn lack(&self, name: &str) -> String {
        match self.old(name) {
            Some(version) => {
                format!("has `{name}` only in an old version, {version}, that programs can no longer link against")
            }
            None if self.contains(name) => format!("has `{name}` as data, and only functions can be called"),
            None => format!("has no function `{name}`"),
        }
    }

    /// Add what a file defines.
    pub(super) fn define(&mut self, file: &object::File<'_>, bytes: &[u8]) {
        let versions = versions(bytes);
        for symbol in file.dynamic_symbols().filter(|symbol| !symbol.is_undefined() && symbol.is_global()) {
            let Ok(name) = symbol.name() else { continue };
            let index = versions.as_ref().map(|(table, endian)| table.version_index(*endian, symbol.index()));
            match (&versions, index) {
                (Some((table, _)), Some(index)) if index.is_hidden() => {
                    self.old.insert(name.to_owned(), version(table, index));
                }
                _ => {
                    self.names.insert(name.to_owned());
                    if matches!(symbol.kind(), SymbolKind::Data | SymbolKind::Tls) {
                        self.data.insert(name.to_owned());
                    }
                }
            }
        }
    }

    /// Add what a library defines that is searched after these: a name that is here already is found here.
    pub(super) fn add(&mut self, later: &Self) {
        for name in later.names.iter().filter(|name| !self.names.contains(*name)) {
            if later.data.contains(name) {
                self.data.insert(name.clone());
            }
        }
        self.names.extend(later.names.iter().cloned());
        let old = later.old.iter().filter(|(name, _)| !self.old.contains_key(*name));
        let old: Vec<_> = old.map(|(name, version)| (name.clone(), version.clone())).collect();
        self.old.extend(old);
    }
}

impl FromIterator<String> for Symbols {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        Self { names: names.into_iter().collect(), ..Self::default() }
    }
}

type Versions<'b> = VersionTable<'b, object::elf::FileHeader64<Endianness>>;

/// `.gnu.version` and what it refers to; `None` for a library without versions, all of whose names are plain.
fn versions(bytes: &[u8]) -> Option<(Versions<'_>, Endianness)> {
    let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
    let sections = file.elf_header().sections(file.endian(), bytes).ok()?;
    Some((sections.versions(file.endian(), bytes).ok()??, file.endian()))
}

fn version(table: &Versions<'_>, index: VersymIndex) -> String {
    let version = table.version(index.index()).ok().flatten();
    version.map_or_else(|| "?".into(), |version| String::from_utf8_lossy(version.name()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{OpenedLibrary, contents, symbols};
    use std::fs::{self, File};
    use std::process::Command;

    const C: &str = r#"
__asm__(".symver gone_1, gone@OLD_1");
__asm__(".symver kept_1, kept@OLD_1");
__asm__(".symver kept_2, kept@@NEW_2");
int gone_1(void) { return 1; }
int kept_1(void) { return 1; }
int kept_2(void) { return 2; }
int plain(void) { return 3; }
int level = 3;
__thread int own = 4;
const char *const table[] = { "a" };
"#;

    #[test]
    fn what_is_only_in_an_old_version_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("t.c"), C).unwrap();
        fs::write(folder.path().join("map"), "OLD_1 { };\nNEW_2 { global: plain; level; own; table; } OLD_1;\n")
            .unwrap();
        let flags = ["-shared", "-fPIC", "-Wl,--version-script=map", "-Wl,-soname,libt.so", "-o", "libt.so", "t.c"];
        let done = Command::new("cc").args(flags).current_dir(folder.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let path = folder.path().join("libt.so");
        let symbols = symbols(&OpenedLibrary::alone(path.clone(), File::open(&path).unwrap())).unwrap();
        assert!(symbols.contains("kept") && symbols.contains("plain"));
        assert!(!symbols.contains("gone"));
        assert_eq!((symbols.old("gone"), symbols.old("kept")), (Some("OLD_1"), None));
        let lack = "has `gone` only in an old version, OLD_1, that programs can no longer link against";
        assert_eq!(symbols.lack("gone"), lack);
        assert_eq!(symbols.lack("none"), "has no function `none`");
        for data in ["level", "own", "table"] {
            assert!(symbols.contains(data) && !symbols.is_function(data), "{data}");
            assert_eq!(symbols.lack(data), format!("has `{data}` as data, and only functions can be called"));
        }
        assert!(symbols.is_function("plain"));
        let own = contents(&path).unwrap().symbols;
        assert!(own.contains("kept") && !own.contains("gone"));
    }
}
