//! What the broker's loop knows of its processes, copied for who asks.

use super::{Activity, CapabilityRow, ProcessKind, ProcessRow, ReplaceRequest, ReplacementState, WhyReport};
use crate::Pid;
use crate::broker::Broker;
use crate::family::Family;
use crate::processes::process::{WatchedChild, Work};
use crate::processes::template::Progress;
use crate::zones::replacement::NotBegun;
use crate::zones::zone::Instance;
use cloison_contract::call::{BATCH, CLOSE, HELD, SYNC};
use cloison_contract::message::NarrowRequest;
use cloison_contract::process::ProcessNumber;
use cloison_transport::status::monotonic;
use rustix::process::Signal;
use std::sync::mpsc::Sender;

/// How many may wait for Python stacks.
const ASKING: usize = 32;

/// What the thread that answers wants of the loop.
#[derive(Debug)]
pub(crate) enum Want {
    /// All processes.
    Table(Sender<Vec<ProcessRow>>),
    /// The Python stack of one; without an answer, there is no such process.
    Stack(ProcessNumber, Sender<SeenStack>),
    /// All capabilities.
    Capabilities(Sender<(Vec<CapabilityRow>, u64)>),
    /// Take one back; whether it was alive, if there is one of that number.
    Revoke(u64, Sender<Option<bool>>),
    /// Narrow one.
    Narrow(u64, Box<NarrowRequest>, Sender<Result<(), String>>),
    /// Whether a process may call a function, if there is such a process.
    Why(ProcessNumber, String, Sender<Option<WhyReport>>),
    /// Begin to replace a zone; the number of that.
    Replace(Box<ReplaceRequest>, Sender<Result<u64, NotBegun>>),
    /// How that goes on, if it is the last one.
    Replacement(u64, Sender<Option<ReplacementState>>),
    /// Ask that one again: it is in native code, perhaps, and says then where it is.
    StackAgain(ProcessNumber),
}

/// What a process says of its Python stack.
#[derive(Debug)]
pub(crate) struct SeenStack {
    /// It said so between two instructions. Else the signal saw it where it was.
    pub(super) settled: bool,
    pub(super) text: String,
}

impl Broker {
    /// Do what those who look at the application want.
    pub(crate) fn hear_inspectors(&mut self) {
        while let Some(want) = self.inspector.as_ref().and_then(|inspector| inspector.want()) {
            match want {
                Want::Table(answer) => drop(answer.send(self.table())),
                Want::Stack(number, answer) => self.ask_for_stack(number, answer),
                // Whoever asked may have gone.
                Want::Capabilities(answer) => drop(answer.send(self.capability_rows())),
                Want::Revoke(number, answer) => drop(answer.send(self.revoke_numbered(number))),
                Want::Narrow(number, by, answer) => drop(answer.send(self.narrow_numbered(number, &by))),
                Want::Why(number, function, answer) => drop(answer.send(self.why(number, &function))),
                Want::Replace(request, answer) => drop(answer.send(self.replace(&request))),
                Want::Replacement(number, answer) => drop(answer.send(self.replacement_state(number))),
                Want::StackAgain(number) => {
                    if let Some(pid) = self.numbers.get(&number) {
                        self.signal(*pid, Signal::USR1);
                    }
                }
            }
        }
    }

    fn ask_for_stack(&mut self, number: ProcessNumber, answer: Sender<SeenStack>) {
        let Some(pid) = self.numbers.get(&number).copied() else { return };
        self.stacks.push_back((pid, answer));
        if self.stacks.len() > ASKING {
            self.stacks.pop_front(); // whoever waited has given up long ago
        }
        self.signal(pid, Signal::USR1);
    }

    /// A microprocess has answered, or says so unasked. After what its signal handler has seen, its own word may follow.
    pub(crate) fn stack_told(&mut self, pid: Pid, settled: bool, text: &str) {
        self.stacks.retain(|(asked, answer)| {
            let waits = *asked != pid || answer.send(SeenStack { settled, text: text.to_owned() }).is_ok();
            waits && (*asked != pid || !settled)
        });
    }

    /// A row for each process that the broker has made or has been told of, without what the router and the kernel know.
    fn table(&self) -> Vec<ProcessRow> {
        let mut rows = vec![row(ProcessKind::Broker, Some(std::process::id() as i32))];
        let keeper = self.template.family.keeper();
        rows.extend(keeper.map(|keeper| row(ProcessKind::Keeper, Some(keeper.pid()))));
        rows.extend(self.family_rows(&self.template.family, ProcessKind::Template));
        if let (Some(program), Some((main, _))) = (&self.program, &self.main) {
            let mut family = self.family_rows(&program.template.family, ProcessKind::Template);
            for row in &mut family {
                row.function = Some(crate::processes::spawning::describe(main));
                row.activity = match program.template.progress {
                    Progress::Starting => Activity::Starting,
                    Progress::Ready => Activity::Running,
                    Progress::Failed { .. } => Activity::Ending,
                };
            }
            rows.append(&mut family);
        }
        for instance in self.instances.values() {
            let mut family = self.family_rows(&instance.family, ProcessKind::Zone);
            for row in family.iter_mut().filter(|row| row.kind == ProcessKind::Zone) {
                row.monitors = instance.channels.values().filter_map(|channel| self.number(channel.client)).collect();
                let ends = instance.ending.is_some() || self.zones[instance.zone].retired.is_some();
                row.activity = match (ends, instance.ready) {
                    (true, _) => Activity::Ending,
                    (false, false) => Activity::Starting,
                    (false, true) => Activity::Running,
                };
            }
            for row in &mut family {
                row.name = Some(self.zones[instance.zone].specification.interface.name.clone());
            }
            rows.append(&mut family);
        }
        for run in self.runs.values() {
            let mut family = self.family_rows(&run.family, ProcessKind::Program);
            for row in &mut family {
                row.name = Some(self.zones[run.zone].specification.interface.name.clone());
                row.activity = run.activity();
            }
            for row in family.iter_mut().filter(|row| row.kind == ProcessKind::Program) {
                row.function = Some(run.path.clone());
            }
            rows.append(&mut family);
        }
        for process in self.processes.values() {
            let pid = process.child.as_ref().map(WatchedChild::pid);
            let mut row = match &process.work {
                Work::Blank(_) => row(ProcessKind::Blank, pid),
                Work::Running(running) => ProcessRow {
                    number: Some(running.reference.number),
                    name: running.name.clone(),
                    function: Some(running.function.clone()),
                    parent: running.parent,
                    capabilities: process.held.names().map(str::to_owned).collect(),
                    ..row(ProcessKind::Microprocess, pid)
                },
            };
            row.activity = match (process.doomed, &process.child) {
                (true, _) => Activity::Ending,
                (false, None) => Activity::Starting,
                (false, Some(_)) => self.call_of(process).unwrap_or_default(),
            };
            rows.push(row);
        }
        rows
    }

    fn family_rows(&self, family: &Family, kind: ProcessKind) -> Vec<ProcessRow> {
        let launcher = family.launcher().map(|pid| row(ProcessKind::Launcher, Some(pid)));
        let init = family.init().map(|init| row(ProcessKind::Init, Some(init.pid())));
        let worker = family.worker().map(|worker| row(kind, Some(worker.pid())));
        [launcher, init, worker].into_iter().flatten().collect()
    }

    fn number(&self, client: Pid) -> Option<ProcessNumber> {
        Some(self.processes.get(client)?.running()?.reference.number)
    }

    /// What its zones say they run for it: a claim of theirs.
    fn call_of(&self, process: &crate::processes::process::Process) -> Option<Activity> {
        process.channels.iter().find_map(|(channel, held)| {
            let instance = self.instances.get(held.instance)?;
            let running = instance.status.all_running().find(|running| running.channel == *channel)?;
            let elapsed = monotonic().saturating_sub(running.since);
            Some(Activity::Calling {
                zone: self.zones[instance.zone].specification.interface.name.clone(),
                function: self.function_name(instance, running.function),
                nanoseconds: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
            })
        })
    }

    fn function_name(&self, instance: &Instance, function: u32) -> String {
        match function {
            BATCH => "batch".into(),
            CLOSE => "close".into(),
            HELD => "closed".into(),
            SYNC => "sync".into(),
            index => {
                let functions = &self.zones[instance.zone].specification.interface.functions;
                functions
                    .get(index as usize)
                    .map_or_else(|| format!("function {index}"), |function| function.name.clone())
            }
        }
    }
}

pub(crate) fn row(kind: ProcessKind, pid: Option<i32>) -> ProcessRow {
    ProcessRow { kind, pid, ..ProcessRow::default() }
}
