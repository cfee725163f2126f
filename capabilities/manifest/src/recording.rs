//! What an application was seen to do → the smallest `cloison.toml` that would have let it.
//!
//! The broker collects a [`Recording`] while `cloison run --record` runs a program with what its manifests offer; [`manifest`] makes the text
//! of it. What was seen is made a little more general, in one way for everybody ([`bounds`]): a manifest that lets through one run and
//! nothing else would be of no use for the next one.
//!
//! | seen | written |
//! |---|---|
//! | integers, at most four and all of them from -1024 to 1024 | these: `level == 6`, `level in [1, 6]` |
//! | other integers | from the least to the greatest; what is beyond 1024 widened to a power of two, and 0 included |
//! | numbers | from the least to the greatest, widened to whole ones |
//! | texts that are absolute paths | the folder that they have in common: `path starts_with "/data/"` |
//! | at most four texts that look like words of a list, of a parameter that is not called as secrets are | these: `mode in ["r", "w"]` |
//! | other texts, and buffers | how long: the next power of two |
//! | what was done in folders of a root | a root for each of them, at most eight, else for those that they are in |
//! | memory | twice the peak, in steps of 16 MiB, 64 MiB at least |
//! | processor time | four times what the busiest process took, 5 s at least |
//!
//! Of a zone's `[sandbox]` says [`zone`] the same. Texts of programs are quoted in these two cases alone, so that no password gets into a file because it was passed.

pub mod bounds;
mod roots;
mod sections;
pub mod zone;

use crate::application::{Application, ApplicationLimits};
use cloison_contract::interface::Interface;
use cloison_contract::observation::{ArgumentUse, ServiceUse};
use cloison_contract::printable;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value, value};

/// What an application did.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// By the names of its capabilities: those that it asked for.
    pub capabilities: BTreeMap<String, CapabilityUse>,
    /// Capabilities that it asked for and nothing offers: a few.
    pub missing: BTreeSet<String>,
    /// What of the machine it asked for and nothing gives: a few.
    pub lacks: BTreeSet<Lack>,
    /// What its processes used up.
    pub peaks: Peaks,
}

/// Something of the machine that was asked for and that nothing gives.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Lack {
    /// The service that could give it: `files`, `listen`, `net`, `process`, `sqlite3`.
    pub service: String,
    /// What: a path, a place as `HOST:PORT`, a program.
    pub what: String,
    /// It would be changed, and not only read.
    pub writes: bool,
}

/// What was done by one capability.
#[derive(Clone, Debug, Default)]
pub struct CapabilityUse {
    /// By the names of the functions: those that were called.
    pub functions: BTreeMap<String, FunctionUse>,
    /// Lines of the program from which functions were looked up first, as `FILE:LINE`, or the process and its function. What was only looked
    /// up was not called.
    pub lines: BTreeMap<String, BTreeSet<String>>,
    /// What a host service was asked for.
    pub service: BTreeSet<ServiceUse>,
    /// Lines of the program that asked for it first, as `FILE:LINE`.
    pub places: BTreeSet<String>,
}

/// What was done with one function.
#[derive(Clone, Debug, Default)]
pub struct FunctionUse {
    /// By the position of the parameter.
    pub arguments: BTreeMap<usize, ArgumentUse>,
}

/// What processes used up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peaks {
    /// The most memory that one of them had.
    pub memory_bytes: u64,
    /// The most processor time.
    pub cpu: Duration,
    /// How many there were at once.
    pub processes: u32,
    /// How many children one of them had at once.
    pub children: u32,
    /// How many call channels one of them had at once.
    pub channels: u32,
    /// How long the program ran.
    pub ran: Duration,
}

/// How many places of one thing are named.
const MOST_PLACES: usize = 3;
const MIB: u64 = 1 << 20;

/// What stands above it all.
const HEAD: &str = "\
# Recorded by `cloison run --record`: the least that this run would have needed, with some head-room.
# It says what the program did, which is not always what it should do: read it before you use it.
";

/// What stands there where the run did not end well, and how it ended.
fn unfinished(ending: &str) -> String {
    let ending = printable::line(ending);
    format!(
        "\
# UNFINISHED, recorded by `cloison run --record`: {ending}. This is what the program did until then,
# with some head-room, and not what it needs: record a run that ends well.
"
    )
}

impl CapabilityUse {
    /// A place from which a function was used, or the capability itself.
    pub fn note_place(&mut self, function: Option<&str>, place: String) {
        let places = match function {
            Some(function) => self.lines.entry(function.to_owned()).or_default(),
            None => &mut self.places,
        };
        if places.len() < MOST_PLACES {
            places.insert(place);
        }
    }
}

/// A zone that a program is offered which no manifest names.
#[derive(Clone, Debug)]
pub struct OfferedZone {
    /// The capability's name.
    pub name: String,
    /// As `zone` has it.
    pub zone: String,
}

/// What a program is offered of the machine, in so many words of somebody's.
#[derive(Clone, Debug)]
pub struct OfferedHostService {
    /// The service, which is what the capability is called if that name is free.
    pub service: String,
    /// The lines of the capability.
    pub lines: String,
}

/// `text`, a `cloison.toml`, with capabilities for these services, and for these zones, of which everything may be called. A zone that it names already, or whose
/// name is taken, is left out: what somebody has written is what holds. A service that is offered has been asked for, and gets a name that is free.
///
/// # Errors
///
/// `text` is no TOML.
pub fn offer(
    text: &str,
    application: &Application,
    services: &[OfferedHostService],
    zones: &[OfferedZone],
) -> Result<String, toml_edit::TomlError> {
    let mut tree: DocumentMut = text.parse()?;
    let taken = |name: &str| application.capabilities.contains_key(name);
    let named = |zone: &str| application.capabilities.values().any(|request| request.zone.text == zone);
    let mut all: Vec<(String, Table)> = Vec::new();
    for offered in services {
        let service = &offered.service;
        let numbered = (2..).map(|number: u32| format!("{service}{number}"));
        let name = std::iter::once(service.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or_default();
        let mut table = offered.lines.parse::<DocumentMut>()?.into_table();
        table.set_position(None);
        table.decor_mut().set_prefix("\n");
        all.push((name, table));
    }
    for offered in zones.iter().filter(|offered| !taken(&offered.name) && !named(&offered.zone)) {
        let mut table = Table::new();
        table.insert("zone", value(offered.zone.as_str()));
        table.insert("allow", value("*"));
        all.push((offered.name.clone(), table));
    }
    for (name, table) in all {
        let capabilities = tree.entry("capabilities").or_insert_with(|| {
            let mut capabilities = Table::new();
            capabilities.set_implicit(true);
            Item::Table(capabilities)
        });
        match capabilities {
            Item::Table(capabilities) => drop(capabilities.insert(&name, Item::Table(table))),
            other => {
                if let Some(capabilities) = other.as_table_like_mut() {
                    capabilities.insert(&name, Item::Value(Value::InlineTable(table.into_inline_table())));
                }
            }
        }
    }
    Ok(tree.to_string())
}

/// The smallest `cloison.toml` for what was recorded of an application that ran with the manifest `base`, which has these limits.
/// `interfaces` are those of its capabilities' zones; `ending` says how the run ended, if it did not end well.
///
/// # Errors
///
/// `base` is no TOML.
pub fn manifest(
    base: &str,
    limits: &ApplicationLimits,
    recording: &Recording,
    interfaces: &BTreeMap<String, &Interface>,
    ending: Option<&str>,
) -> Result<String, toml_edit::TomlError> {
    let mut tree: DocumentMut = base.parse()?;
    let mut allowed = BTreeMap::new();
    if let Some(capabilities) = tree.get_mut("capabilities").and_then(Item::as_table_like_mut) {
        let names: Vec<_> = capabilities.iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let used = recording.capabilities.get(&name);
            // Nobody sees which variables are read: they are the program's from the beginning.
            let is_environment = zone_of(capabilities.get(&name)).is_some_and(|zone| zone == "env");
            match (used, interfaces.get(&name)) {
                (Some(used), Some(interface)) => {
                    allowed.insert(name.clone(), used.functions.keys().cloned().collect::<BTreeSet<_>>());
                    if let Some(item) = capabilities.get_mut(&name) {
                        sections::capability(item, used, interface);
                    }
                }
                _ if is_environment => {
                    allowed.insert(name.clone(), BTreeSet::new());
                }
                _ => drop(capabilities.remove(&name)),
            }
        }
    }
    if tree.get("capabilities").and_then(Item::as_table_like).is_some_and(TableLike::is_empty) {
        tree.remove("capabilities");
    }
    if let Some(profiles) = tree.get_mut("microprocess").and_then(Item::as_table_like_mut) {
        profiles.iter_mut().for_each(|(_, profile)| sections::profile(profile, &allowed));
    }
    sections::limits(&mut tree, limits, &recording.peaks);
    let text = tree.to_string();
    let head = ending.map_or_else(|| HEAD.to_owned(), unfinished);
    Ok(format!("{head}\n{}\n", text.trim()))
}

fn zone_of(item: Option<&Item>) -> Option<&str> {
    item?.as_table_like()?.get("zone")?.as_str()
}

#[cfg(test)]
mod tests;
