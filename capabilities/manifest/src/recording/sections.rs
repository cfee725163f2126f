//! The tables of a recorded `cloison.toml`: what stands there stays, as far as it was needed.

use super::{CapabilityUse, MIB, Peaks, bounds, roots, zone_of};
use crate::application::ApplicationLimits;
use crate::units::show_size;
use cloison_contract::host::HostService;
use cloison_contract::host::http::{HostRule, HttpRule};
use cloison_contract::host::net::{NetPlace, NetService};
use cloison_contract::interface::Interface;
use cloison_contract::observation::ServiceUse;
use cloison_contract::printable;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// Paths of one host that are named each; of more the folder is that they are in.
const MOST_PATHS: usize = 8;
/// The most of a comment.
const COMMENT_CHARACTERS: usize = 160;

/// `[capabilities.NAME]`, narrowed to what was used.
pub(super) fn capability(item: &mut Item, used: &CapabilityUse, interface: &Interface) {
    let service = zone_of(Some(item)).filter(|zone| HostService::NAMES.contains(zone)).map(str::to_owned);
    if let Some(table) = item.as_table_mut() {
        let places = used.places.iter().map(String::as_str).collect::<Vec<_>>();
        if !places.is_empty() {
            let above = table.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or("\n").to_owned();
            table.decor_mut().set_prefix(format!("{above}# {}\n", comment(&places)));
        }
    }
    let inline = !item.is_table();
    let Some(table) = item.as_table_like_mut() else { return };
    match service.as_deref() {
        None => library(table, inline, used, interface),
        Some("files") => {
            roots::narrow(table, used, true);
            roots::scratch(table, used);
        }
        // Places of databases cannot be inside each other.
        Some("sqlite3") => {
            roots::narrow(table, used, false);
            if table.get("roots").and_then(Item::as_array).is_some_and(Array::is_empty) {
                table.remove("roots");
            }
        }
        Some("net") => {
            places(table, "connect", used, |one| match one {
                ServiceUse::Connect { host, port } => Some((host, *port)),
                _ => None,
            });
            places(table, "listen", used, |one| match one {
                ServiceUse::Listen { host, port } => Some((host, *port)),
                _ => None,
            });
        }
        Some("http") => requests(table, used),
        Some("process") => commands(table, used),
        // What of it is used nobody sees.
        Some(_) => {}
    }
}

/// `allow` and `where` of a library's functions.
fn library(table: &mut dyn TableLike, inline: bool, used: &CapabilityUse, interface: &Interface) {
    let mut allow = Array::new();
    // What stands behind the comma of an element belongs to the next one, or to the end.
    let mut behind = String::new();
    for name in used.functions.keys() {
        allow.push_formatted(Value::from(name.as_str()).decorated(format!("{behind}\n    "), ""));
        let places: Vec<_> = used.lines.get(name).into_iter().flatten().map(String::as_str).collect();
        behind = if places.is_empty() { String::new() } else { format!("  # {}", comment(&places)) };
    }
    if !allow.is_empty() {
        allow.set_trailing_comma(true);
        allow.set_trailing(format!("{behind}\n"));
    }
    table.insert("allow", Item::Value(Value::Array(allow)));
    let written = table.remove("where");
    let written = written.as_ref().and_then(Item::as_table_like);
    let mut all: Vec<(&str, Value)> = Vec::new();
    for (name, function) in &used.functions {
        let declared = interface.function(name);
        let bound = declared.and_then(|(_, declared)| bounds::bound(interface, declared, &function.arguments));
        let before = written.and_then(|written| written.get(name)).and_then(Item::as_value);
        match (before, bound) {
            (None, None) => {}
            (None, Some(bound)) => all.push((name, Value::from(bound))),
            (Some(before), None) => all.push((name, before.clone().decorated(" ", ""))),
            (Some(before), Some(bound)) => {
                let before = before.as_str().unwrap_or_default();
                all.push((name, Value::from(format!("({before}) && {bound}"))));
            }
        }
    }
    if all.is_empty() {
        return;
    }
    match inline {
        true => {
            let bounds: InlineTable = all.into_iter().collect();
            table.insert("where", Item::Value(Value::InlineTable(bounds)));
        }
        false => {
            let mut bounds = Table::new();
            all.into_iter().for_each(|(name, bound)| drop(bounds.insert(name, Item::Value(bound))));
            table.insert("where", Item::Table(bounds));
        }
    }
}

fn retain_tables(tables: &mut toml_edit::ArrayOfTables, mut keep: impl FnMut(usize, &mut Table) -> bool) {
    let kept: Vec<bool> = tables.iter_mut().enumerate().map(|(index, table)| keep(index, table)).collect();
    let mut kept = kept.into_iter();
    tables.retain(|_| kept.next().unwrap_or(false));
}

/// `connect` or `listen` of a network.
fn places(
    table: &mut dyn TableLike,
    key: &str,
    used: &CapabilityUse,
    of: impl Fn(&ServiceUse) -> Option<(&String, u16)>,
) {
    let place = |(host, port): (&String, u16)| match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    // What a service says is no more than it was given.
    let granted: Vec<NetPlace> = texts(table, key).filter_map(|text| NetPlace::parse(text).ok()).collect();
    let service = NetService { connect: granted.clone(), ..NetService::default() };
    let is_granted = |(host, port): &(&String, u16)| {
        let reached =
            host.parse().is_ok_and(|ip: IpAddr| key == "connect" && service.reaches(SocketAddr::new(ip, *port)));
        let covers = |one: NetPlace| granted.iter().any(|place| place.covers(&one));
        reached || NetPlace::parse(&place((*host, *port))).is_ok_and(covers)
    };
    let all: BTreeSet<String> = used.service.iter().filter_map(of).filter(is_granted).map(place).collect();
    if all.is_empty() {
        table.remove(key);
    } else {
        table.insert(key, Item::Value(Value::Array(all.into_iter().collect())));
    }
}

/// `allow` of HTTP: the rules that let these requests through.
fn requests(table: &mut dyn TableLike, used: &CapabilityUse) {
    let mut by_host: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for one in &used.service {
        let ServiceUse::Request { rule } = one else { continue };
        let begins = rule.find("://").map_or(0, |at| at + 3);
        let path = rule[begins..].find('/').map_or(rule.len(), |at| begins + at);
        let method = rule.find(' ').unwrap_or(0);
        by_host.entry((&rule[..method], &rule[method..path])).or_default().insert(&rule[path..]);
    }
    // What a service says is no more than it was given.
    let granted: Vec<(HttpRule, &str)> =
        texts(table, "allow").filter_map(|text| Some((text.parse().ok()?, text))).collect();
    let by = |text: &str| {
        let rule = text.parse::<HttpRule>().ok()?;
        granted.iter().find(|(outer, _)| outer.covers(&rule)).map(|(_, text)| (*text).to_owned())
    };
    let mut rules: BTreeSet<String> = BTreeSet::new();
    for ((method, host), paths) in by_host {
        let each = paths.iter().map(|path| format!("{method}{host}{path}"));
        let folder = format!("{method}{host}{}*", common_beginning(&paths));
        match paths.len() <= MOST_PATHS {
            true => rules.extend(each.filter(|rule| by(rule).is_some())),
            false if by(&folder).is_some() => drop(rules.insert(folder)),
            false => rules.extend(each.filter_map(|rule| by(&rule))),
        }
    }
    let hosts: Vec<HostRule> = rules.iter().filter_map(|rule| Some(rule.parse::<HttpRule>().ok()?.host)).collect();
    table.insert("allow", Item::Value(Value::Array(rules.into_iter().collect())));
    secrets(table, &hosts);
}

/// `secret`: for no host to which nothing is requested any more.
fn secrets(table: &mut dyn TableLike, requested: &[HostRule]) {
    let goes = |host: &str| {
        HostRule::new(host)
            .is_some_and(|host| requested.iter().any(|one| *one == host || host.covers(one) || one.covers(&host)))
    };
    let narrow = |secret: &mut dyn TableLike| match secret.get_mut("hosts") {
        None => !requested.is_empty(),
        Some(Item::Value(Value::Array(hosts))) => {
            hosts.retain(|host| host.as_str().is_some_and(goes));
            !hosts.is_empty()
        }
        Some(Item::Value(Value::String(host))) => goes(host.value()),
        Some(_) => true,
    };
    let stays = match table.get_mut("secret") {
        None => return,
        Some(Item::Value(Value::InlineTable(secret))) => narrow(secret),
        Some(Item::Table(secret)) => narrow(secret),
        Some(Item::Value(Value::Array(all))) => {
            let kept: Vec<bool> =
                all.iter_mut().map(|one| one.as_inline_table_mut().is_some_and(|one| narrow(one))).collect();
            let mut kept = kept.into_iter();
            all.retain(|_| kept.next().unwrap_or(false));
            !all.is_empty()
        }
        Some(Item::ArrayOfTables(all)) => {
            retain_tables(all, |_, secret| narrow(secret));
            !all.is_empty()
        }
        Some(_) => true,
    };
    if !stays {
        table.remove("secret");
    }
}

/// The texts of an array.
fn texts<'t>(table: &'t dyn TableLike, key: &str) -> impl Iterator<Item = &'t str> {
    table.get(key).and_then(Item::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The folder of URLs that all of these are in.
fn common_beginning<'p>(paths: &BTreeSet<&'p str>) -> &'p str {
    let (Some(first), Some(last)) = (paths.first(), paths.last()) else { return "/" };
    // They are sorted: what the first and the last have in common, all have.
    let same = first.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count();
    let end = first.as_bytes()[..same].iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    if end == 0 { "/" } else { &first[..end] }
}

/// `commands`: those that were started.
fn commands(table: &mut dyn TableLike, used: &CapabilityUse) {
    let started = |index: usize| {
        used.service.iter().any(|one| matches!(one, ServiceUse::Command { command } if *command as usize == index))
    };
    match table.get_mut("commands") {
        Some(Item::Value(Value::Array(array))) => {
            let mut index = 0;
            array.retain(|_| {
                index += 1;
                started(index - 1)
            });
        }
        Some(Item::ArrayOfTables(tables)) => retain_tables(tables, |index, _| started(index)),
        _ => {}
    }
}

/// `[microprocess.NAME]`: it names no capability and no function that is not granted any more.
pub(super) fn profile(item: &mut Item, allowed: &BTreeMap<String, BTreeSet<String>>) {
    let Some(capabilities) = item.as_table_like_mut().and_then(|profile| profile.get_mut("capabilities")) else {
        return;
    };
    if let Some(names) = capabilities.as_array_mut() {
        return names.retain(|name| name.as_str().is_some_and(|name| allowed.contains_key(name)));
    }
    let Some(table) = capabilities.as_table_like_mut() else { return };
    let names: Vec<_> = table.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let Some(functions) = allowed.get(&name) else {
            table.remove(&name);
            continue;
        };
        let Some(narrowed) = table.get_mut(&name).and_then(Item::as_table_like_mut) else { continue };
        if let Some(allow) = narrowed.get_mut("allow").and_then(Item::as_array_mut) {
            allow.retain(|function| function.as_str().is_some_and(|function| functions.contains(function)));
        }
        if let Some(bounds) = narrowed.get_mut("where").and_then(Item::as_table_like_mut) {
            let gone: Vec<_> = bounds.iter().map(|(function, _)| function.to_owned()).collect();
            gone.iter()
                .filter(|function| !functions.contains(*function))
                .for_each(|function| drop(bounds.remove(function)));
        }
    }
}

/// `[limits]`: what was used up, with head-room, and never more than there was.
pub(super) fn limits(tree: &mut DocumentMut, limits: &ApplicationLimits, peaks: &Peaks) {
    let memory = peaks.memory_bytes.saturating_mul(2).max(64 * MIB).next_multiple_of(16 * MIB);
    let cpu = peaks.cpu.as_secs().saturating_add(1).saturating_mul(4).max(5);
    let table = tree.entry("limits").or_insert_with(|| Item::Table(Table::new()));
    // A comment would go on to the end of a table in one line.
    let inline = table.is_inline_table();
    let Some(table) = table.as_table_like_mut() else { return };
    let mut limit = |key: &str, written: Value, says: &str| {
        let mut written = written.decorated(" ", "");
        if !inline {
            written.decor_mut().set_suffix(format!("  # {says}"));
        }
        table.insert(key, Item::Value(written));
    };
    let seen = format!("the largest process was seen with {} MiB", peaks.memory_bytes.div_ceil(MIB));
    limit("memory", Value::from(show_size(memory.min(limits.memory_bytes))), &seen);
    let seen = format!(
        "the busiest process took {:.2} s; the program ran for {:.2} s",
        peaks.cpu.as_secs_f64(),
        peaks.ran.as_secs_f64()
    );
    limit("cpu", Value::from(format!("{} s", cpu.min(limits.cpu_seconds))), &seen);
    let processes = peaks.processes.max(1).next_power_of_two().min(limits.processes);
    limit("processes", Value::from(i64::from(processes)), "at once, the program among them");
    let children = match peaks.children {
        0 => 0,
        some => some.next_power_of_two().min(limits.children),
    };
    limit("children", Value::from(i64::from(children)), "of one process, at once");
}

fn comment(places: &[&str]) -> String {
    let text = printable::line(&places.join(", "));
    text.chars().take(COMMENT_CHARACTERS).collect()
}
