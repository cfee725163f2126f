//! Processes that the broker's loop has not heard of: those that a zone or a program has made without asking, and those that were made
//! a moment ago.

use super::table::row;
use super::{Activity, ProcessKind, ProcessRow};
use std::collections::{HashMap, HashSet};

/// A row for each process that comes from one of `rows` and is not among them. `parents` has the processes of the machine, each with its
/// parent. What such a process is follows from the nearest one above it that the loop knows.
pub(crate) fn by(rows: &[ProcessRow], parents: &[(i32, i32)]) -> Vec<ProcessRow> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for (pid, parent) in parents {
        children.entry(*parent).or_default().push(*pid);
    }
    let mut seen: HashSet<i32> = rows.iter().filter_map(|row| row.pid).collect();
    let mut open: Vec<_> = rows.iter().filter_map(|row| Some((row.pid?, row))).collect();
    let mut found = Vec::new();
    while let Some((pid, above)) = open.pop() {
        for child in children.remove(&pid).into_iter().flatten() {
            if seen.insert(child) {
                found.push(descendant(child, above));
                open.push((child, above));
            }
        }
    }
    found
}

fn descendant(pid: i32, above: &ProcessRow) -> ProcessRow {
    let kind = match above.kind {
        ProcessKind::Zone => ProcessKind::Call,
        // Whose parent has ended is the init's, and only programs make processes that outlive their parents.
        ProcessKind::Program | ProcessKind::Init => ProcessKind::Program,
        _ => ProcessKind::Launcher,
    };
    match kind {
        ProcessKind::Launcher => ProcessRow { activity: Activity::Starting, ..row(kind, Some(pid)) },
        _ => ProcessRow { name: above.name.clone(), monitors: above.monitors.clone(), ..row(kind, Some(pid)) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_they_are_follows_from_where_they_come_from() {
        let named = |kind, pid, name: &str| ProcessRow { name: Some(name.into()), ..row(kind, Some(pid)) };
        let zone = ProcessRow { monitors: vec![7], ..named(ProcessKind::Zone, 20, "zlib") };
        let rows = [
            row(ProcessKind::Broker, Some(10)),
            zone.clone(),
            named(ProcessKind::Program, 30, "tools"),
            named(ProcessKind::Init, 31, "tools"),
            row(ProcessKind::Microprocess, None),
        ];
        // Strangers, known ones, and the children, grandchildren and orphans of those; two that say that each is the other's child.
        let parents = [
            (1, 0),
            (10, 1),
            (20, 10),
            (30, 10),
            (31, 10),
            (21, 20),
            (32, 30),
            (33, 32),
            (34, 31),
            (11, 10),
            (2, 1),
            (40, 41),
            (41, 40),
        ];
        let mut found = by(&rows, &parents);
        found.sort_by_key(|row| row.pid);
        let starting = ProcessRow { activity: Activity::Starting, ..row(ProcessKind::Launcher, Some(11)) };
        let call = ProcessRow { kind: ProcessKind::Call, pid: Some(21), ..zone };
        let program = |pid| named(ProcessKind::Program, pid, "tools");
        assert_eq!(found, [starting, call, program(32), program(33), program(34)]);
        assert_eq!(by(&found, &[(21, 20), (11, 10)]), []);
    }
}
