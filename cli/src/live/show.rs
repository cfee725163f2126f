//! Tables and numbers for people.

use super::find::Found;
use cloison_broker::inspection::{Activity, ApplicationReport, ProcessKind, ProcessRow};
use cloison_contract::printable::line as printable;
use std::fmt;
use std::time::Duration;

const HEADINGS: [&str; 13] = [
    "PROCESS", "PID", "NAME", "RUNS", "PARENT", "STATE", "PRIVATE", "SHARED", "TABLES", "CPU", "WAITED", "MESSAGES",
    "MAILBOX",
];
/// Columns of numbers, which end in line.
static RIGHT: [usize; 8] = [1, 6, 7, 8, 9, 10, 11, 12];

/// One application, as a table.
pub fn report(report: &ApplicationReport) -> String {
    let mut table = Columns::new(&HEADINGS, &RIGHT);
    report.processes.iter().for_each(|row| table.row(columns(report.broker, row)));
    format!("application {}: {}\n{table}", report.broker, printable(&report.application))
}

/// Columns as wide as what is in them.
pub struct Columns {
    rows: Vec<Vec<String>>,
    /// Which columns end in line.
    right: &'static [usize],
}

impl Columns {
    /// With these headings; of which columns, counted from 0, the cells end in line.
    pub fn new(headings: &[&str], right: &'static [usize]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()], right }
    }

    /// Add a row with as many cells as there are headings.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let widths: Vec<_> = (0..self.rows[0].len())
            .map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0))
            .collect();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, width))| match self.right.contains(&column) {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            });
            writeln!(formatter, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

fn columns(broker: i32, row: &ProcessRow) -> [String; 13] {
    let memory = |part: fn(&cloison_broker::inspection::MemoryUse) -> u64| {
        row.memory.as_ref().map_or_else(|| "?".into(), |memory| bytes(part(memory)))
    };
    let cpu = |part: fn(&cloison_broker::inspection::CpuUse) -> u64| {
        row.cpu.as_ref().map_or_else(|| "?".into(), |cpu| time(part(cpu)))
    };
    // A child of a supervisor is often registered as what it is called.
    let called = row.name.iter().filter(|name| !row.names.contains(name));
    let names = called.chain(&row.names).map(|name| printable(name)).collect::<Vec<_>>().join(",");
    [
        row.number.map_or_else(|| kind(row.kind).into(), |number| format!("{broker}.{number}")),
        row.pid.map_or_else(String::new, |pid| pid.to_string()),
        names,
        row.function.as_deref().map(printable).unwrap_or_default(),
        row.parent.map_or_else(String::new, |parent| parent.to_string()),
        activity(&row.activity),
        memory(|memory| memory.private_bytes),
        memory(|memory| memory.shared_bytes),
        memory(|memory| memory.page_tables_bytes),
        cpu(|cpu| cpu.used_nanoseconds),
        cpu(|cpu| cpu.waited_nanoseconds),
        row.number.map_or_else(String::new, |_| row.mailbox_messages.to_string()),
        row.number.map_or_else(String::new, |_| bytes(row.mailbox_bytes)),
    ]
}

fn kind(kind: ProcessKind) -> &'static str {
    match kind {
        ProcessKind::Broker => "broker",
        ProcessKind::Service => "service",
        ProcessKind::Keeper => "keeper",
        ProcessKind::Template => "template",
        ProcessKind::Init => "init",
        ProcessKind::Launcher => "launcher",
        ProcessKind::Zone => "zone",
        ProcessKind::Call => "call",
        ProcessKind::Program => "program",
        ProcessKind::Blank => "blank",
        ProcessKind::Microprocess => "microprocess",
    }
}

fn activity(activity: &Activity) -> String {
    match activity {
        Activity::Running => "running".into(),
        Activity::Starting => "starting".into(),
        Activity::Ending => "ending".into(),
        Activity::Receiving => "in receive".into(),
        Activity::Calling { zone, function, nanoseconds } => {
            format!("in {}.{} for {}", printable(zone), printable(function), time(*nanoseconds))
        }
    }
}

/// Why a process has not said where it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Silence {
    /// A zone has its call.
    Call,
    /// It has run meanwhile, and a second signal has found it at the instruction where the first one had.
    Native,
    /// It has hardly run, or nobody knows where.
    Processor,
}

impl Silence {
    /// Of a process that was looked at before and after it was asked, with so much time between; and whether it has said where it is in
    /// native code. Processor time alone says nothing: it may have had that after the time to answer was over.
    pub fn of(before: &ProcessRow, after: &ProcessRow, elapsed: Duration, seen: bool) -> Self {
        let used = before
            .cpu
            .zip(after.cpu)
            .map(|(before, after)| after.used_nanoseconds.saturating_sub(before.used_nanoseconds));
        match (&after.activity, used) {
            (Activity::Calling { .. }, _) => Self::Call,
            (_, Some(used)) if u128::from(used) * 10 < elapsed.as_nanos() => Self::Processor,
            _ if seen => Self::Native,
            _ => Self::Processor,
        }
    }

    /// As JSON has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Native => "native",
            Self::Processor => "processor",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Call => "it is in a call of a zone, which no answer comes out of",
            Self::Native => "it is in native code of the interpreter: a builtin that takes long",
            Self::Processor => "it has hardly run since: others have the processors, or it is stopped",
        }
    }
}

/// One process, a line for each thing that is known of it. `seen` is where it was when it was asked and did not answer.
pub fn process(found: &Found, stack: Option<&str>, seen: Option<&str>, silence: Option<Silence>) -> String {
    let row = &found.row;
    let list = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let texts = |texts: &[String]| texts.iter().map(|text| printable(text)).collect::<Vec<_>>().join(", ");
    let memory = row.memory.map(|memory| {
        format!(
            "{} private, {} shared, {} page tables",
            bytes(memory.private_bytes),
            bytes(memory.shared_bytes),
            bytes(memory.page_tables_bytes)
        )
    });
    let cpu = row.cpu.map(|cpu| {
        format!("{}, and {} waiting for a processor", time(cpu.used_nanoseconds), time(cpu.waited_nanoseconds))
    });
    let lines = [
        ("process", Some(format!("{}.{}", found.broker, found.number))),
        ("application", Some(printable(&found.application))),
        ("pid", row.pid.map(|pid| pid.to_string())),
        ("name", row.name.as_deref().map(printable)),
        ("registered as", Some(texts(&row.names)).filter(|names| !names.is_empty())),
        ("runs", row.function.as_deref().map(printable)),
        ("parent", row.parent.map(|parent| parent.to_string())),
        ("state", Some(activity(&row.activity))),
        ("memory", memory),
        ("processor time", cpu),
        ("mailbox", Some(format!("{} messages, {}", row.mailbox_messages, bytes(row.mailbox_bytes)))),
        ("capabilities", Some(texts(&row.capabilities)).filter(|names| !names.is_empty())),
        ("linked to", Some(list(&row.links)).filter(|links| !links.is_empty())),
        ("monitors", Some(list(&row.monitors)).filter(|monitors| !monitors.is_empty())),
        ("traps exits", row.traps_exits.then(|| "yes".into())),
    ];
    let mut text: String = lines
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("{:<16}{value}\n", format!("{name}:"))))
        .collect();
    if stack.is_none() {
        let why = silence.map_or("", Silence::sentence);
        text += &format!("stack:          no answer within 50 ms: {why}\n");
    }
    let heading = match stack {
        Some(_) => "stack (most recent call last):\n",
        None => "it was last seen here (most recent call last):\n",
    };
    if let Some(stack) = stack.or(seen) {
        text += heading;
        text.extend(stack.lines().map(|line| format!("  {}\n", printable(line))));
    }
    text
}

/// Bytes, with three digits or so.
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", bytes >> 10),
        0x10_0000..0x4000_0000 => format!("{:.1} MiB", bytes as f64 / 0x10_0000 as f64),
        _ => format!("{:.1} GiB", bytes as f64 / 0x4000_0000 as f64),
    }
}

/// Nanoseconds, in the unit that people would take.
pub fn time(nanoseconds: u64) -> String {
    let time = Duration::from_nanos(nanoseconds);
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ 1..60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloison_broker::inspection::{CpuUse, MemoryUse};

    #[test]
    fn numbers_are_short() {
        let shown = [0, 1023, 2048, 5 << 20, 3 << 30].map(bytes);
        assert_eq!(shown, ["0 B", "1023 B", "2 KiB", "5.0 MiB", "3.0 GiB"]);
        let shown = [0, 1_500_000, 2_340_000_000, 61_000_000_000, 7_260_000_000_000].map(time);
        assert_eq!(shown, ["0 ms", "1 ms", "2.3 s", "1 min 1 s", "2 h 1 min"]);
    }

    #[test]
    fn nobody_is_said_to_be_in_native_code_who_was_not_seen_there() {
        let row = |used_nanoseconds| ProcessRow {
            cpu: Some(CpuUse { used_nanoseconds, waited_nanoseconds: 0 }),
            ..ProcessRow::default()
        };
        let silence = |used: u64, seen| Silence::of(&row(5), &row(5 + used), Duration::from_nanos(1000), seen);
        assert_eq!(silence(500, true), Silence::Native);
        assert_eq!(silence(500, false), Silence::Processor);
        assert_eq!(silence(50, true), Silence::Processor);
    }

    #[test]
    fn each_name_is_shown_once() {
        let called = |name: &str, names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            columns(1, &ProcessRow { name: Some(name.into()), names, ..ProcessRow::default() })[2].clone()
        };
        assert_eq!(called("room", &["room"]), "room");
        assert_eq!(called("room", &["garden", "room"]), "garden,room");
        assert_eq!(called("worker", &["room"]), "worker,room");
    }

    #[test]
    fn what_a_program_calls_itself_does_not_reach_the_terminal_as_it_is() {
        let memory = Some(MemoryUse { private_bytes: 1 << 20, ..MemoryUse::default() });
        let row = ProcessRow {
            kind: ProcessKind::Microprocess,
            number: Some(7),
            pid: Some(99),
            name: Some("w\u{1b}[2J".into()),
            function: Some("__main__:work".into()),
            parent: Some(1),
            activity: Activity::Calling { zone: "zlib".into(), function: "crc32".into(), nanoseconds: 3_000_000 },
            memory,
            ..ProcessRow::default()
        };
        let shown = report(&ApplicationReport { application: "a.py".into(), broker: 12, processes: vec![row] });
        assert_eq!(
            shown,
            "application 12: a.py\n\
             PROCESS  PID  NAME        RUNS           PARENT  STATE                   PRIVATE  SHARED  TABLES  CPU  WAITED  MESSAGES  MAILBOX\n\
             12.7      99  w\\u{1b}[2J  __main__:work  1       in zlib.crc32 for 3 ms  1.0 MiB     0 B     0 B    ?       ?         0      0 B\n"
        );
    }
}
