//! A library's file, as far as it matters to the others that are loaded with it.

use super::super::LIBRARY_BYTES;
use super::super::symbols::Symbols;
use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, VER_FLG_WEAK};
use object::read::elf::{Dyn, ElfFile64, FileHeader, SectionTable};
use object::{Endianness, Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

/// A library's file, as far as it matters to others.
#[derive(Clone)]
pub(super) struct SharedObject {
    pub(super) path: PathBuf,
    /// By which name the loader knows it (`DT_SONAME`).
    pub(super) soname: Option<String>,
    pub(super) symbols: Symbols,
    pub(super) undefined: Vec<String>,
    pub(super) needed: Vec<String>,
    /// Folders where its dependencies alone are looked for (`DT_RUNPATH`).
    pub(super) own: Option<Vec<PathBuf>>,
    /// Folders where all that it leads to is looked for (`DT_RPATH`), its own and those of what led to it.
    pub(super) inherited: Vec<PathBuf>,
    /// By the name of a dependency: the versions that it must have.
    pub(super) versions_needed: Vec<(String, String)>,
    pub(super) versions: BTreeSet<String>,
    /// By which name another one asked for it.
    pub(super) asked_as: Option<String>,
}

impl SharedObject {
    pub(super) fn read(path: &Path, mut file: &File) -> Result<Self, String> {
        let mut bytes = Vec::new();
        file.take(LIBRARY_BYTES).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        file.rewind().map_err(|error| error.to_string())?;
        let parsed = object::File::parse(&*bytes).map_err(|error| error.to_string())?;
        let mut module = Self {
            path: path.to_owned(),
            soname: None,
            symbols: Symbols::default(),
            undefined: Vec::new(),
            needed: Vec::new(),
            own: None,
            inherited: Vec::new(),
            versions_needed: Vec::new(),
            versions: BTreeSet::new(),
            asked_as: None,
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
        // The loader reports what is damaged here; this reader skips it.
        let _ = module.read_versions(&sections, file.endian(), &bytes);
        Ok(module)
    }

    /// Whether the loader takes it for what is asked for by that name, once it is loaded.
    pub(super) fn is_called(&self, name: &str) -> bool {
        match &self.soname {
            Some(soname) => soname == name,
            None => self.path.file_name().is_some_and(|file| file == name),
        }
    }

    fn read_dynamic(&mut self, sections: &Sections<'_>, endian: Endianness, bytes: &[u8]) -> object::read::Result<()> {
        let Some((entries, strings)) = sections.dynamic(endian, bytes)? else { return Ok(()) };
        let strings = sections.strings(endian, bytes, strings)?;
        // The zone is told the path without links, see `LibraryFile` in the sandbox.
        let path = self.path.canonicalize().unwrap_or_default();
        let origin = path.parent().unwrap_or(Path::new("/")).display().to_string();
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for entry in entries {
            let text = || {
                let text = String::from_utf8_lossy(entry.string(endian, strings)?).into_owned();
                Ok::<_, object::read::Error>(text.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin))
            };
            match entry.d_tag(endian) {
                DT_NEEDED => self.needed.push(text()?),
                DT_SONAME => self.soname = Some(text()?),
                DT_RPATH => old.push(text()?),
                DT_RUNPATH => new.push(text()?),
                _ => {}
            }
        }
        let folders = |lists: &[String]| {
            let plain = lists.iter().flat_map(|list| list.split(':'));
            plain.filter(|folder| folder.starts_with('/') && !folder.contains('$')).map(PathBuf::from).collect()
        };
        match new.is_empty() {
            true => self.inherited = folders(&old),
            false => self.own = Some(folders(&new)),
        }
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
