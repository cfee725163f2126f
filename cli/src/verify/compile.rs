//! The probe is compiled and read.

use super::items::{Expected, Item, Source};
use super::prototype::{self, Compared, Enumeration};
use super::{Difference, Verified};
use crate::header::Compiler;
use anyhow::{Context, bail};
use cloison_broker::library::Library;
use cloison_contract::Interface;
use object::{Object, ObjectSection, ObjectSymbol};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

/// What the compiler said of a line.
struct Complaint {
    message: String,
    /// The lines of its notes.
    notes: Vec<String>,
}

pub fn compare(
    interface: &Interface,
    source: &Source,
    compiler: &Compiler,
    verified: &mut Verified,
) -> anyhow::Result<()> {
    let mut complaints = BTreeMap::new();
    let mut object = Vec::new();
    // What is left out may be what others need: those are found in a second and third try.
    for _ in 0..4 {
        let (found, bytes) = compile(source, compiler, &complaints)?;
        object = bytes;
        if found.is_empty() {
            break;
        }
        complaints.extend(found);
    }
    let values = values(&object)?;
    let enumerations = enumerations(source, compiler, &complaints)?;
    for (index, item) in source.items.iter().enumerate() {
        let at = format!("{}:{}", interface.source, item.line);
        let said = match complaints.get(&index) {
            Some(complaint) => refused(item, complaint, &enumerations),
            None => judged(item, values.get(&format!("cloison_{index}"))),
        };
        match said {
            Said::Agrees => verified.agree += 1,
            Said::Differs(message) => verified.differences.push(Difference { at, message }),
            Said::Unknown => verified.unknown.push(item.what.trim_matches('`').to_owned()),
        }
    }
    Ok(())
}

enum Said {
    Agrees,
    Differs(String),
    Unknown,
}

/// Compile all items but those that the compiler has complained of; gives new complaints and the object file.
fn compile(
    source: &Source,
    compiler: &Compiler,
    without: &BTreeMap<usize, Complaint>,
) -> anyhow::Result<(BTreeMap<usize, Complaint>, Vec<u8>)> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let output = folder.path().join("probe.o");
    let mut text = source.prelude.clone();
    let first = text.lines().count();
    for (index, item) in source.items.iter().enumerate() {
        if !without.contains_key(&index) {
            text += &item.c;
        }
        text.push('\n');
    }
    let path = output.to_str().context("a temporary folder's name")?;
    let done = compiler.run(&["-c", "-std=gnu11", "-O0", "-w", "-fno-lto", "-o", path], &text)?;
    let said = String::from_utf8_lossy(&done.stderr);
    let mut complaints = BTreeMap::<usize, Complaint>::new();
    let mut last = None;
    for line in said.lines() {
        let note = line.contains(" note: ").then(|| line.to_owned());
        if let (Some(note), Some(complaint)) = (note, last.and_then(|last| complaints.get_mut(&last))) {
            complaint.notes.push(note);
        }
        let Some((at, message)) = error(line) else { continue };
        let Some(index) = at.checked_sub(first + 1).filter(|index| *index < source.items.len()) else {
            bail!("the headers cannot be compiled: {line}\nhint: `-I FOLDER` says where other headers are");
        };
        last = Some(index);
        complaints.entry(index).or_insert_with(|| Complaint { message, notes: Vec::new() });
    }
    if !done.status.success() && complaints.is_empty() {
        bail!("the headers cannot be compiled: {}", said.lines().next().unwrap_or("no reason was given"));
    }
    Ok((complaints, std::fs::read(&output).unwrap_or_default()))
}

/// A library with nothing in it but the debug information of all types that the headers have.
pub fn types(source: &Source, compiler: &Compiler, folder: &Path) -> anyhow::Result<Library> {
    let path = folder.join("types.so");
    let output = path.to_str().context("a temporary folder's name")?;
    let debug = ["-g", "-gno-split-dwarf", "-fno-eliminate-unused-debug-types"];
    let flags = ["-std=gnu11", "-O0", "-w", "-fno-lto", "-shared", "-fPIC", "-nostdlib", "-o", output];
    let done = compiler.run(&[&debug[..], &flags].concat(), &source.prelude)?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("the headers' types cannot be compared: {}", said.lines().next().unwrap_or("no reason was given"));
    }
    Ok(Library { file: File::open(&path)?, path })
}

/// Line and message of `<stdin>:12:3: error: …`; a mistake in another file has line 0.
fn error(line: &str) -> Option<(usize, String)> {
    let (place, message) = line.split_once(" error: ")?;
    let at =
        place.strip_prefix("<stdin>:").and_then(|place| place.split(':').next()).and_then(|line| line.parse().ok());
    Some((at.unwrap_or(0), message.to_owned()))
}

/// The enumerations that prototypes hang on, by what C calls them: size, and whether there is a sign.
fn enumerations(
    source: &Source,
    compiler: &Compiler,
    complaints: &BTreeMap<usize, Complaint>,
) -> anyhow::Result<BTreeMap<String, (u64, bool)>> {
    let mut names = BTreeSet::new();
    for (index, complaint) in complaints {
        if let Expected::Prototype = source.items[*index].expected
            && let Compared::Differs(_, Some(found)) = prototype::compare(&complaint.message, &complaint.notes)
        {
            names.extend(found.into_iter().map(|one| one.name));
        }
    }
    let probe = Source::numbers(
        &source.prelude,
        names.iter().map(|name| [format!("sizeof({name})"), format!("({name})-1 < 0")]),
    );
    let mut found = BTreeMap::new();
    if names.is_empty() {
        return Ok(found);
    }
    let (refused, mut object) = compile(&probe, compiler, &BTreeMap::new())?;
    if !refused.is_empty() {
        object = compile(&probe, compiler, &refused)?.1;
    }
    let values = values(&object)?;
    for (index, name) in names.into_iter().enumerate() {
        let values = values.get(&format!("cloison_{index}")).map(|bytes| numbers(bytes));
        if let Some([size, signed]) = values.as_deref() {
            found.insert(name, (*size as u64, *signed != 0));
        }
    }
    Ok(found)
}

fn refused(item: &Item, complaint: &Complaint, enumerations: &BTreeMap<String, (u64, bool)>) -> Said {
    let message = &complaint.message;
    let undeclared = message.contains("undeclared") || message.contains("undefined");
    match &item.expected {
        Expected::Prototype => match prototype::compare(message, &complaint.notes) {
            Compared::Undeclared if item.optional => Said::Unknown,
            Compared::Undeclared => Said::Differs(format!("the header does not declare {}", item.what)),
            Compared::Differs(_, Some(same)) if same.iter().all(|one| passed(one, enumerations)) => Said::Agrees,
            Compared::Differs(how, _) => Said::Differs(format!("{} is declared otherwise: {how}", item.what)),
        },
        Expected::Compiles => Said::Differs(format!("the compiler refuses {}: {message}", item.what)),
        // A name of the manifest's own, or a macro that the headers define under other conditions.
        _ if undeclared && item.optional => Said::Unknown,
        _ => Said::Differs(format!("{} is not there: {message}", item.what)),
    }
}

/// Whether an enumeration is passed as that integer. Its values are those of an `int`, whatever the compiler stores them in,
/// so only a negative one does not fit.
fn passed(one: &Enumeration, enumerations: &BTreeMap<String, (u64, bool)>) -> bool {
    enumerations.get(&one.name).is_some_and(|(size, signed)| *size == one.size && (one.signed || !signed))
}

fn judged(item: &Item, found: Option<&Vec<u8>>) -> Said {
    let what = &item.what;
    match (&item.expected, found) {
        (Expected::Compiles | Expected::Prototype, _) => Said::Agrees,
        (_, None) => Said::Differs(format!("{what} could not be read from the compiler's output")),
        (Expected::Bytes(expected), Some(found)) if found == expected => Said::Agrees,
        (Expected::Bytes(expected), Some(found)) if what.contains('.') => {
            Said::Differs(format!("{what} has {}", bits(found, expected).join("; ")))
        }
        (Expected::Bytes(expected), Some(found)) => Said::Differs(format!(
            "{what} is {:?} by the compiler, and {:?} here",
            String::from_utf8_lossy(found).trim_end_matches('\0'),
            String::from_utf8_lossy(expected).trim_end_matches('\0')
        )),
        (Expected::Float(expected), Some(found)) => match <[u8; 8]>::try_from(&found[..]).map(f64::from_le_bytes) {
            Ok(found) if found == *expected => Said::Agrees,
            Ok(found) => Said::Differs(format!("{what} is {found:?} by the compiler, and {expected:?} here")),
            Err(_) => Said::Differs(format!("{what} could not be read from the compiler's output")),
        },
        (Expected::Numbers(expected), Some(found)) => {
            let wrong: Vec<_> = expected
                .iter()
                .zip(numbers(found))
                // Beyond `long long` the same bits are a negative number.
                .filter(|((_, expected), found)| *expected as i64 != *found)
                .map(|((label, expected), found)| format!("{label} {found} by the compiler, and {expected} here"))
                .collect();
            if wrong.is_empty() { Said::Agrees } else { Said::Differs(format!("{what} has {}", wrong.join("; "))) }
        }
    }
}

fn numbers(bytes: &[u8]) -> Vec<i64> {
    bytes.chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap_or_default())).collect()
}

/// How two bit-fields differ, each a record in which its bits alone are set.
fn bits(found: &[u8], expected: &[u8]) -> Vec<String> {
    let place = |bytes: &[u8]| {
        let first =
            bytes.iter().position(|byte| *byte != 0).map_or(0, |at| at * 8 + bytes[at].trailing_zeros() as usize);
        (first, bytes.iter().map(|byte| byte.count_ones()).sum::<u32>())
    };
    let ((first, width), (here, bits)) = (place(found), place(expected));
    let mut wrong = Vec::new();
    if first != here {
        wrong.push(format!("first bit {first} by the compiler, and {here} here"));
    }
    if width != bits {
        wrong.push(format!("bits {width} by the compiler, and {bits} here"));
    }
    // The same bits of a record of another size, which is said of the record.
    if wrong.is_empty() {
        wrong.push(format!("{} bytes around it by the compiler, and {} here", found.len(), expected.len()));
    }
    wrong
}

/// The bytes of each object that the probe defines.
fn values(object: &[u8]) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut values = BTreeMap::new();
    if object.is_empty() {
        return Ok(values);
    }
    let file = object::File::parse(object).context("what the compiler made is no object file")?;
    for symbol in file.symbols() {
        let (Ok(name), Some(section)) = (symbol.name(), symbol.section_index()) else { continue };
        let Ok(data) = file.section_by_index(section).and_then(|section| section.uncompressed_data()) else { continue };
        let (start, size) = (symbol.address() as usize, symbol.size() as usize);
        if let Some(bytes) = start.checked_add(size).and_then(|end| data.get(start..end)) {
            values.insert(name.to_owned(), bytes.to_vec());
        }
    }
    Ok(values)
}
