//! What a zone was seen to need → the smallest `[sandbox]` for it.

use super::MIB;
use crate::units::show_size;
use cloison_contract::interface::{FileRule, HERE, Sandbox};
use cloison_contract::printable;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// What all instances of a zone needed.
#[derive(Clone, Debug, Default)]
pub struct ZoneUse {
    /// The most memory that one of them had.
    pub memory_bytes: u64,
    /// How long the longest call took, callables included.
    pub longest_call: Duration,
    /// As many descriptors as one of them had room for.
    pub descriptors: u32,
    /// Files and folders that were opened, and whether they were changed; `None` if something was missed.
    pub files: Option<BTreeMap<String, bool>>,
    /// Folders in which nobody could look, some of them: what was opened there is not among `files`.
    pub unseen: Vec<String>,
}

/// Files of one entry that are named each; of more the folder is that they are in.
const MOST_FILES: usize = 8;
/// The least that is written.
const LEAST_MEMORY: u64 = 16 * MIB;
const LEAST_DEADLINE: Duration = Duration::from_secs(1);
/// A process has room for so many descriptors from the beginning.
const FIRST_DESCRIPTORS: u32 = 64;

const HEAD: &str = "# `cloison zone record` has narrowed its [sandbox] to what one run needed, with some head-room: read it before you use it.\n";

/// The text of a zone's manifest with the smallest `[sandbox]`. `sandbox` is the one that `base` has, and `here` its folder; `ending` says how
/// the run ended, if it did not end well.
///
/// # Errors
///
/// `base` is no TOML.
pub fn manifest(
    base: &str,
    sandbox: &Sandbox,
    here: &str,
    used: &ZoneUse,
    ending: Option<&str>,
) -> Result<String, toml_edit::TomlError> {
    let mut tree: DocumentMut = base.parse()?;
    let table = tree.entry("sandbox").or_insert_with(|| Item::Table(Table::new()));
    // A comment would go on to the end of a table in one line.
    let inline = table.is_inline_table();
    if let Some(table) = table.as_table_like_mut() {
        limits(table, inline, sandbox, used);
        if let Some(seen) = &used.files {
            files(table, here, seen);
        }
    }
    let head = match ending {
        None => HEAD.to_owned(),
        Some(ending) => format!(
            "# UNFINISHED: `cloison zone record` has narrowed its [sandbox] to what one run needed until then: {}.\n",
            printable::line(ending)
        ),
    };
    Ok(format!("{head}{tree}"))
}

fn limits(table: &mut dyn TableLike, inline: bool, sandbox: &Sandbox, used: &ZoneUse) {
    let mut limit = |key: &str, text: String, says: String| {
        let says = if inline { String::new() } else { format!("  # {says}") };
        table.insert(key, Item::Value(Value::from(text).decorated(" ", says)));
    };
    let memory = used.memory_bytes.saturating_mul(2).max(LEAST_MEMORY).next_multiple_of(LEAST_MEMORY);
    let seen =
        format!("the largest instance was seen with {} MiB, its own code included", used.memory_bytes.div_ceil(MIB));
    limit("memory", show_size(memory.min(sandbox.memory_bytes)), seen);
    let deadline = used.longest_call.saturating_mul(10).max(LEAST_DEADLINE);
    let deadline = Duration::from_secs(deadline.as_millis().div_ceil(1000) as u64).min(sandbox.deadline);
    let written = match deadline.subsec_millis() {
        0 => format!("{} s", deadline.as_secs()),
        _ => format!("{} ms", deadline.as_millis()),
    };
    limit("deadline", written, format!("the longest call took {:.3} s", used.longest_call.as_secs_f64()));
    if used.descriptors > FIRST_DESCRIPTORS {
        let descriptors = used.descriptors.min(sandbox.descriptors);
        let value = Value::from(i64::from(descriptors));
        table.insert(
            "descriptors",
            Item::Value(value.decorated(" ", if inline { "" } else { "  # as many as it had room for" })),
        );
    } else if sandbox.descriptors >= FIRST_DESCRIPTORS {
        // That is what it is without being said.
        table.remove("descriptors");
    }
}

/// `files`: of each entry what was opened, and written only what was changed.
fn files(table: &mut dyn TableLike, here: &str, seen: &BTreeMap<String, bool>) {
    let Some(written) = table.get("files").and_then(Item::as_array) else { return };
    let mut rules = Array::new();
    for entry in written.iter().filter_map(Value::as_inline_table) {
        let (Some((_, path)), needed) = (path_of(entry), entry.get("for")) else { continue };
        let outside = path.strip_prefix(HERE).map_or_else(|| path.to_owned(), |rest| format!("{here}{rest}"));
        for rule in narrowed(&outside, seen) {
            let shown = match (path.starts_with(HERE), rule.path.strip_prefix(here)) {
                (true, Some(rest)) => format!("{HERE}{rest}"),
                _ => rule.path,
            };
            let may_write = entry.contains_key("write");
            let mut one = InlineTable::new();
            one.insert(if rule.write && may_write { "write" } else { "read" }, Value::from(shown));
            if let Some(needed) = needed {
                let mut needed = needed.clone();
                needed.decor_mut().clear();
                one.insert("for", needed);
            }
            rules.push_formatted(Value::InlineTable(one).decorated("\n    ", ""));
        }
    }
    if rules.is_empty() {
        table.remove("files");
        return;
    }
    rules.set_trailing_comma(true);
    rules.set_trailing("\n");
    table.insert("files", Item::Value(Value::Array(rules)));
}

fn path_of(entry: &InlineTable) -> Option<(&str, &str)> {
    ["read", "write"].into_iter().find_map(|key| Some((key, entry.get(key)?.as_str()?)))
}

/// Of what was seen below a path the least that covers it: files by name while they are few, else folders. What is changed is covered by the
/// folder that it is in, as a file that is made anew has no name yet.
fn narrowed(path: &str, seen: &BTreeMap<String, bool>) -> Vec<FileRule> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let below = |one: &str| one == path || one.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    let used: Vec<_> = seen.iter().filter(|(one, _)| below(one)).collect();
    let folder = |one: &str| match one.rfind('/') {
        Some(at) if at > path.len() => one[..at].to_owned(),
        _ => path.to_owned(),
    };
    let changed: BTreeSet<String> = used.iter().filter(|(_, changed)| **changed).map(|(one, _)| folder(one)).collect();
    let changed = fewest(changed, path);
    let covered = |one: &str| {
        changed
            .iter()
            .any(|folder| one == folder || one.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')))
    };
    let read: BTreeSet<String> = used.iter().map(|(one, _)| (*one).clone()).filter(|one| !covered(one)).collect();
    let read = if read.len() <= MOST_FILES {
        outermost(read)
    } else {
        fewest(read.iter().map(|one| folder(one)).collect(), path)
    };
    let rules = changed.into_iter().map(|path| FileRule { path, write: true });
    rules.chain(read.into_iter().map(|path| FileRule { path, write: false })).collect()
}

/// Without what is inside another one; all of `path` if that is still too many.
fn fewest(paths: BTreeSet<String>, path: &str) -> BTreeSet<String> {
    let outermost = outermost(paths);
    if outermost.len() <= MOST_FILES { outermost } else { BTreeSet::from([path.to_owned()]) }
}

fn outermost(paths: BTreeSet<String>) -> BTreeSet<String> {
    let mut left: BTreeSet<String> = BTreeSet::new();
    // What is inside comes behind what it is inside of.
    for one in paths {
        let inside =
            left.iter().any(|outer| one.strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('/')));
        if !inside {
            left.insert(one);
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, seen: &[(&str, bool)]) -> Vec<(String, bool)> {
        let seen = seen.iter().map(|(path, changed)| ((*path).to_owned(), *changed)).collect();
        narrowed(path, &seen).into_iter().map(|rule| (rule.path, rule.write)).collect()
    }

    #[test]
    fn what_was_opened_is_named_and_what_was_changed_is_its_folder() {
        assert_eq!(
            rules("/usr/share", &[("/usr/share/a", false), ("/usr/lib/b", false)]),
            [("/usr/share/a".into(), false)]
        );
        assert_eq!(rules("/usr/share", &[("/usr/sharecropper", false)]), []);
        assert_eq!(
            rules("/var/x", &[("/var/x/db/main", true), ("/var/x/db/wal", true), ("/var/x/in/a", false)]),
            [("/var/x/db".into(), true), ("/var/x/in/a".into(), false)]
        );
        assert_eq!(rules("/f", &[("/f", true)]), [("/f".into(), true)]);
        let many: Vec<String> = (0..20).map(|index| format!("/d/in/{index}")).collect();
        let many: Vec<_> = many.iter().map(|path| (path.as_str(), false)).collect();
        assert_eq!(rules("/d", &many), [("/d/in".into(), false)]);
    }

    #[test]
    fn a_sandbox_becomes_the_smallest() {
        let base = "# mine\n[zone]\nname = \"x\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libc.so.6\" }\n\
                    [sandbox]\nmemory = \"1 GiB\"\ndeadline = \"60 s\"\ndescriptors = 1000\nfiles = [{ read = \"/usr/share\" }, { write = \"$here/data\", for = [\"f\"] }]\n\
                    [functions.f]\nc = \"int f(void)\"\n";
        let interface = crate::manifest::parse("x.zone.toml", base).unwrap_or_else(|found| panic!("{found:?}"));
        let used = ZoneUse {
            memory_bytes: 20 << 20,
            longest_call: Duration::from_millis(230),
            descriptors: 64,
            files: Some(BTreeMap::from([
                ("/app/data/a".to_owned(), true),
                ("/usr/share/zoneinfo/UTC".to_owned(), false),
            ])),
            unseen: Vec::new(),
        };
        let text = manifest(base, &interface.sandbox, "/app", &used, None).unwrap();
        for line in [
            "memory = \"48 MiB\"  # the largest instance",
            "deadline = \"3 s\"  # the longest call took 0.230 s",
            "    { read = \"/usr/share/zoneinfo/UTC\" },\n    { write = \"$here/data\", for = [\"f\"] },",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("descriptors"), "{text}");
        crate::manifest::parse("x.zone.toml", &text).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
        // In one line there is no room for a comment.
        let (before, rest) = base.split_once("[sandbox]\n").unwrap();
        let (_, behind) = rest.split_once("[functions").unwrap();
        let base = format!("sandbox = {{ memory = \"1 GiB\", descriptors = 1000 }}\n{before}[functions{behind}");
        let used = ZoneUse { descriptors: 100, ..used };
        let text = manifest(&base, &interface.sandbox, "/app", &used, None).unwrap();
        assert!(text.contains("memory = \"48 MiB\"") && text.contains("descriptors = 100"), "{text}");
        crate::manifest::parse("x.zone.toml", &text).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
    }
}
