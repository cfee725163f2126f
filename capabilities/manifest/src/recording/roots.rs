//! `roots` of a recorded `cloison.toml`: the folders in which something was done, with the rights that it took.

use super::CapabilityUse;
use cloison_contract::host::SCRATCH;
use cloison_contract::observation::{LOOK_AT_FOLDER, LOOK_IN_VAIN, MOST_USES, ServiceUse};
use cloison_contract::printable;
use std::collections::{BTreeMap, BTreeSet};
use toml_edit::{Array, ArrayOfTables, Item, TableLike, Value};

/// Folders of one root that are named each; of more those are that they are in.
const MOST_FOLDERS: usize = 8;
/// Which right is given for a look, which any gives: the first of these that the root has.
const LEAST: [&str; 6] = ["list", "append", "read", "create", "delete", "write"];

/// By folder, relative to a root, the rights that were needed there.
type Folders = BTreeMap<String, BTreeSet<String>>;

/// Leave of `roots` what was used. `inside` says whether a place may be inside another one.
pub(super) fn narrow(table: &mut dyn TableLike, used: &CapabilityUse, inside: bool) {
    // Then nobody knows all that it was.
    if used.service.len() >= MOST_USES {
        return;
    }
    match table.get_mut("roots") {
        Some(Item::Value(Value::Array(array))) => {
            let mut left = Array::new();
            for root in array.iter() {
                let Some(written) = root.as_inline_table() else { continue };
                for (index, (folder, rights)) in folders(written, used, inside).into_iter().enumerate() {
                    let mut root = written.clone();
                    say(&mut root, &folder, &rights);
                    if index > 0 {
                        root.decor_mut().set_prefix("\n    ");
                    }
                    left.push_formatted(Value::InlineTable(root));
                }
            }
            left.set_trailing(array.trailing().clone());
            left.set_trailing_comma(array.trailing_comma());
            left.decor_mut().clone_from(array.decor());
            *array = left;
        }
        Some(Item::ArrayOfTables(tables)) => {
            let mut left = ArrayOfTables::new();
            for root in tables.iter() {
                for (folder, rights) in folders(root, used, inside) {
                    let mut root = root.clone();
                    say(&mut root, &folder, &rights);
                    left.push(root);
                }
            }
            *tables = left;
        }
        _ => {}
    }
}

/// Leave out the private folder that was not used.
pub(super) fn scratch(table: &mut dyn TableLike, used: &CapabilityUse) {
    let is_root = |item: &Item| {
        let at = |root: &dyn TableLike| root.get("at").and_then(Item::as_str) == Some(SCRATCH);
        match item {
            Item::Value(Value::Array(array)) => {
                array.iter().any(|root| root.as_inline_table().is_some_and(|one| at(one)))
            }
            Item::ArrayOfTables(tables) => tables.iter().any(|one| at(one)),
            _ => false,
        }
    };
    let here = |one: &ServiceUse| matches!(one, ServiceUse::Right { at, .. } if at == SCRATCH);
    let is_used = used.service.len() >= MOST_USES || used.service.iter().any(here);
    if !is_used || table.get("roots").is_some_and(is_root) {
        table.remove("scratch");
    }
}

/// A root for a folder of the one that was written.
fn say(root: &mut dyn TableLike, folder: &str, rights: &BTreeSet<String>) {
    let text = |root: &dyn TableLike, key: &str| root.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
    if !folder.is_empty() {
        let (at, path) = (text(root, "at"), text(root, "path"));
        let path = if path == "." { folder.to_owned() } else { below(&path, folder) };
        set(root, "at", Value::from(below(&at, folder)));
        set(root, "path", Value::from(path));
    }
    // As they are written elsewhere.
    let order = ["read", "list", "write", "append", "create", "delete"];
    let allow: Array = order.into_iter().filter(|right| rights.contains(*right)).collect();
    set(root, "allow", Value::Array(allow));
}

/// A value, with what stands around the one that it replaces.
fn set(root: &mut dyn TableLike, key: &str, mut value: Value) {
    if let Some(before) = root.get(key).and_then(Item::as_value) {
        value.decor_mut().clone_from(before.decor());
    }
    root.insert(key, Item::Value(value));
}

fn below(path: &str, folder: &str) -> String {
    format!("{}/{folder}", path.trim_end_matches('/'))
}

/// What of a root is to be given, outer folders before inner ones; nothing if it was not used.
fn folders(root: &dyn TableLike, used: &CapabilityUse, inside: bool) -> Vec<(String, BTreeSet<String>)> {
    let at = root.get("at").and_then(Item::as_str).unwrap_or_default();
    let granted = root.get("allow").and_then(Item::as_array);
    let granted: BTreeSet<&str> = granted.into_iter().flatten().filter_map(Value::as_str).collect();
    let mut folders = seen(at, used);
    while folders.len() > MOST_FOLDERS {
        // The deepest goes into the one that it is in.
        let Some(deepest) = folders.keys().max_by_key(|folder| folder.split('/').count()).cloned() else { break };
        move_to_parent(&mut folders, &deepest);
    }
    forget_looks_on_the_way(&mut folders);
    let mut left: Vec<(String, BTreeSet<String>)> = Vec::new();
    for (folder, used) in folders {
        let mut rights = of(&used, &granted);
        let outer = left.iter_mut().rev().find(|(outer, _)| is_inside(&folder, outer));
        match outer {
            None => left.push((folder, rights)),
            Some((_, outer)) if !inside => outer.extend(rights),
            Some((_, outer)) => {
                // What is given of a folder is given of all that is in it.
                rights.extend(outer.iter().cloned());
                if rights.contains("write") {
                    rights.remove("append");
                }
                if rights != *outer {
                    left.push((folder, rights));
                }
            }
        }
    }
    left
}

/// Where something was done below a root, folders that may not be there the next time left out.
fn seen(at: &str, used: &CapabilityUse) -> Folders {
    let passing: BTreeSet<&str> = used
        .service
        .iter()
        .filter_map(|one| match one {
            ServiceUse::Passing { at: root, folder } if root == at => Some(folder.as_str()),
            _ => None,
        })
        .collect();
    let mut folders = Folders::new();
    for one in &used.service {
        let ServiceUse::Right { at: root, folder, right } = one else { continue };
        if root != at {
            continue;
        }
        // What a service says is inside of the root, or it is the root.
        let folder = if is_plain(folder) { folder } else { "" };
        let outermost = passing
            .iter()
            .filter(|passing| folder == **passing || is_inside(folder, passing))
            .min_by_key(|one| one.len());
        let folder = outermost.map_or(folder, |passing| parent(passing));
        folders.entry(folder.to_owned()).or_default().insert(right.clone());
    }
    folders
}

fn move_to_parent(folders: &mut Folders, folder: &str) {
    if let Some(rights) = folders.remove(folder) {
        folders.entry(parent(folder).to_owned()).or_default().extend(rights);
    }
}

/// A folder on the way to another one that is given can be looked at, and what is not there is not there.
fn forget_looks_on_the_way(folders: &mut Folders) {
    let all: BTreeSet<String> = folders.keys().cloned().collect();
    folders.retain(|folder, rights| {
        let looks = rights.iter().all(|right| [LOOK_AT_FOLDER, LOOK_IN_VAIN].contains(&right.as_str()));
        let leads = all.iter().any(|other| is_inside(other, folder));
        let in_vain = !rights.contains(LOOK_AT_FOLDER) && all.len() > 1;
        !(looks && (leads || in_vain))
    });
}

/// Of the rights that a root gives those that were needed.
fn of(used: &BTreeSet<String>, granted: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut rights: BTreeSet<String> =
        granted.iter().filter(|right| used.contains(**right)).map(|right| (*right).to_owned()).collect();
    // Whoever may write may write at the end, too; both together nobody can be given.
    if used.contains("append") && !used.contains("write") && granted.contains("write") {
        rights.insert("append".to_owned());
    }
    if rights.is_empty() {
        rights.extend(LEAST.into_iter().find(|right| granted.contains(right)).map(str::to_owned));
    }
    rights
}

/// Whether a folder is in another one, and not that one.
fn is_inside(folder: &str, outer: &str) -> bool {
    match outer {
        "" => !folder.is_empty(),
        outer => folder.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/')),
    }
}

/// Whether it is the name of a folder below another one.
fn is_plain(folder: &str) -> bool {
    !folder.chars().any(printable::is_escaped) && folder.split('/').all(|part| !["", ".", ".."].contains(&part))
}

fn parent(folder: &str) -> &str {
    folder.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml_edit::DocumentMut;

    fn narrowed(allow: &str, uses: &[(&str, &str)], passing: &[&str], inside: bool) -> Vec<String> {
        let text = format!("roots = [\n    {{ at = \"/d\", path = \"data\", allow = [{allow}] }},\n]\n");
        let mut tree: DocumentMut = text.parse().unwrap();
        let at = || "/d".to_owned();
        let right = |(folder, right): &(&str, &str)| ServiceUse::Right {
            at: at(),
            folder: (*folder).to_owned(),
            right: (*right).to_owned(),
        };
        let passing = passing.iter().map(|folder| ServiceUse::Passing { at: at(), folder: (*folder).to_owned() });
        let service = uses.iter().map(right).chain(passing).collect();
        narrow(tree.as_table_mut(), &CapabilityUse { service, ..CapabilityUse::default() }, inside);
        let lines = tree.to_string();
        lines
            .lines()
            .filter(|line| line.contains("at ="))
            .map(|line| line.trim().trim_end_matches(',').to_owned())
            .collect()
    }

    const ALL: &str = "\"read\", \"list\", \"write\", \"create\", \"delete\"";

    #[test]
    fn each_folder_has_the_rights_that_were_needed_there() {
        assert_eq!(
            narrowed(
                ALL,
                &[("in/a", "read"), ("in/a", "look"), ("out", "write"), ("out", "create"), ("", "absent")],
                &[],
                true
            ),
            [
                "{ at = \"/d/in/a\", path = \"data/in/a\", allow = [\"read\"] }",
                "{ at = \"/d/out\", path = \"data/out\", allow = [\"write\", \"create\"] }",
            ]
        );
        assert_eq!(narrowed(ALL, &[], &[], true), [""; 0]);
    }

    #[test]
    fn an_inner_folder_gives_what_the_outer_one_does() {
        assert_eq!(
            narrowed(ALL, &[("", "list"), ("a", "read"), ("b", "list")], &[], true),
            [
                "{ at = \"/d\", path = \"data\", allow = [\"list\"] }",
                "{ at = \"/d/a\", path = \"data/a\", allow = [\"read\", \"list\"] }",
            ]
        );
        assert_eq!(
            narrowed(ALL, &[("", "read"), ("a", "write")], &[], false),
            ["{ at = \"/d\", path = \"data\", allow = [\"read\", \"write\"] }"]
        );
    }

    #[test]
    fn no_root_is_a_folder_that_may_be_gone() {
        assert_eq!(
            narrowed(
                ALL,
                &[("out", "create"), ("out/new", "create"), ("out/new/deep", "write")],
                &["out/new/deep", "out/new"],
                true
            ),
            ["{ at = \"/d/out\", path = \"data/out\", allow = [\"write\", \"create\"] }"]
        );
    }

    #[test]
    fn what_a_service_says_leads_out_of_no_root() {
        for folder in ["..", "a/../../b", "/etc", "a//b", "a\nb", "a\u{202e}b"] {
            assert_eq!(
                narrowed(ALL, &[(folder, "read")], &["../x"], true),
                ["{ at = \"/d\", path = \"data\", allow = [\"read\"] }"],
                "{folder}"
            );
        }
    }

    #[test]
    fn many_folders_are_those_that_they_are_in() {
        let many: Vec<String> = (0..20).map(|index| format!("a/b/{index}")).collect();
        let many: Vec<_> = many.iter().map(|folder| (folder.as_str(), "read")).chain([("c", "list")]).collect();
        assert_eq!(
            narrowed(ALL, &many, &[], true),
            [
                "{ at = \"/d/a/b\", path = \"data/a/b\", allow = [\"read\"] }",
                "{ at = \"/d/c\", path = \"data/c\", allow = [\"list\"] }",
            ]
        );
    }

    #[test]
    fn a_look_takes_the_least() {
        assert_eq!(
            narrowed("\"read\", \"list\"", &[("", ""), ("a", "")], &[], true),
            ["{ at = \"/d/a\", path = \"data/a\", allow = [\"list\"] }"]
        );
        assert_eq!(
            narrowed("\"read\"", &[("", "absent")], &[], true),
            ["{ at = \"/d\", path = \"data\", allow = [\"read\"] }"]
        );
        assert_eq!(
            narrowed("\"append\", \"create\"", &[("", "append"), ("", "look")], &[], true),
            ["{ at = \"/d\", path = \"data\", allow = [\"append\"] }"]
        );
    }
}
