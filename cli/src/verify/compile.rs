//! The probe is compiled: which of its lines are C, and a library of those.
//!
//! Whether the compiler succeeds is all that decides. Where its messages name a line of the probe (`<stdin>:12:3: error: …`,
//! as gcc and clang do), that line is left out of the next try; where they name none, the first line with which the compiler
//! fails is searched for. What a message says is shown to people and not read.

use super::items::ProbeSource;
use crate::header::Compiler;
use anyhow::{Context, bail};
use cloison_broker::zones::library::OpenedLibrary;

use object::{Object, ObjectSection, ObjectSymbol};
use std::collections::BTreeMap;
use std::fs::File;
use tempfile::TempDir;

/// The debug information is in the file itself, as is all that the lines define.
const FLAGS: [&str; 10] = [
    "-std=gnu11",
    "-O0",
    "-g",
    "-gno-split-dwarf",
    "-w",
    "-fno-lto",
    // Functions that nobody has declared are not there, though the compiler knows them.
    "-fno-builtin",
    "-shared",
    "-fPIC",
    "-nostdlib",
];

/// A probe that has been compiled.
pub struct Compiled {
    /// The lines that are no C, and what the compiler said of each, if it said something.
    pub refused: BTreeMap<usize, Option<String>>,
    /// A library of all others, with debug information.
    pub library: OpenedLibrary,
    /// The library is in here.
    _folder: TempDir,
}

/// Compile all items that can be.
pub fn compile(source: &ProbeSource, compiler: &Compiler) -> anyhow::Result<Compiled> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let mut probe = Probe { source, compiler, folder: &folder, refused: BTreeMap::new() };
    // What is left out may be what others need: those are found in a later try.
    while let Some(said) = probe.attempt(source.items.len())? {
        let mut found = probe.named(&said);
        if found.is_empty() {
            found.extend(probe.first(&said)?.map(|index| (index, None)));
        }
        if found.is_empty() {
            bail!("the headers cannot be compiled: {}", first_error(&said));
        }
        probe.refused.extend(found);
    }
    let (path, refused) = (probe.path(), probe.refused);
    let file = File::open(&path).context("what the compiler has made")?;
    let library = OpenedLibrary::alone(path, file);
    Ok(Compiled { refused, library, _folder: folder })
}

struct Probe<'p> {
    source: &'p ProbeSource,
    compiler: &'p Compiler,
    folder: &'p TempDir,
    refused: BTreeMap<usize, Option<String>>,
}

impl Probe<'_> {
    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("probe.so")
    }

    /// Compile the first so many items, without those that were refused; gives what the compiler said if it fails.
    fn attempt(&self, items: usize) -> anyhow::Result<Option<String>> {
        let text = self.source.text(|index| index < items && !self.refused.contains_key(&index));
        let path = self.path();
        let path = path.to_str().context("a temporary folder's name")?;
        let done = self.compiler.run(&[&FLAGS[..], &["-o", path]].concat(), &text)?;
        Ok((!done.status.success()).then(|| String::from_utf8_lossy(&done.stderr).into_owned()))
    }

    /// The items whose lines the messages name.
    fn named(&self, said: &str) -> BTreeMap<usize, Option<String>> {
        let before = self.source.prelude.lines().count() + 1;
        let mut found = BTreeMap::new();
        let mut message = None;
        for line in said.lines() {
            if let Some((_, text)) = line.split_once(" error: ") {
                message = Some(text.to_owned());
            }
            let place = line.strip_prefix("<stdin>:").and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
            // A mistake in a macro is one in a header; the note behind it says where it is used.
            if let Some(index) = place.and_then(|line| line.checked_sub(before))
                && index < self.source.items.len()
                && !self.refused.contains_key(&index)
                && let Some(message) = message.take()
            {
                found.entry(index).or_insert(Some(message));
            }
        }
        found
    }

    /// The first item with which the compiler fails. An item may need those before it, and none behind it.
    fn first(&self, said: &str) -> anyhow::Result<Option<usize>> {
        if let Some(without) = self.attempt(0)? {
            let said = if without.trim().is_empty() { said } else { &without };
            bail!(
                "the headers cannot be compiled: {}\nhint: `-I FOLDER` says where other headers are",
                first_error(said)
            );
        }
        let (mut right, mut wrong) = (0, self.source.items.len());
        while right + 1 < wrong {
            let middle = right.midpoint(wrong);
            match self.attempt(middle)? {
                None => right = middle,
                Some(_) => wrong = middle,
            }
        }
        Ok(wrong.checked_sub(1).filter(|index| !self.refused.contains_key(index)))
    }
}

fn first_error(said: &str) -> &str {
    let error = said.lines().find(|line| line.contains("error")).or_else(|| said.lines().next());
    error.unwrap_or("no reason was given")
}

/// The bytes of each object that the probe defines.
pub fn values(library: &OpenedLibrary) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let bytes = std::fs::read(&library.path).context("what the compiler has made")?;
    let file = object::File::parse(&*bytes).context("what the compiler has made is no library")?;
    let mut values = BTreeMap::new();
    for symbol in file.symbols() {
        let (Ok(name), Some(section)) = (symbol.name(), symbol.section_index()) else { continue };
        let Ok(section) = file.section_by_index(section) else { continue };
        let Ok(data) = section.data() else { continue };
        let Some(start) = symbol.address().checked_sub(section.address()) else { continue };
        let (start, size) = (start as usize, symbol.size() as usize);
        if let Some(bytes) = start.checked_add(size).and_then(|end| data.get(start..end)) {
            values.insert(name.to_owned(), bytes.to_vec());
        }
    }
    Ok(values)
}
