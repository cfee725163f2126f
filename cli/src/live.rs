//! `cloison ps`, `kill`, `inspect`, `caps`, `revoke`, `narrow`, `replace` and `why`: looking at applications that run.
//!
//! | module | subject |
//! |---|---|
//! | `capabilities` | who holds what |
//! | `find` | which application and which of its processes is meant |
//! | `replace` | another library or manifest of a zone |
//! | `show` | tables and numbers for people |

mod capabilities;
mod find;
mod replace;
mod show;

pub use capabilities::{CapsArguments, NarrowCommand, RevokeArguments, WhyArguments, caps, narrow, revoke, why};
pub use replace::{ReplaceArguments, replace};

use crate::output;
use anyhow::Context;
use cloison_broker::inspection::{Ask, InspectionAnswer, socket};
use cloison_broker::launch::Binaries;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Instant;

/// Show the processes of running applications
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison ps                # every process of every application of yours, and of `cloison up`
  cloison ps 4711           # of one application
  cloison ps --json | jq '.[].processes[] | select(.mailbox_bytes > 1000000)'")]
pub struct PsArguments {
    /// An application, by the number that `cloison ps` shows
    #[arg(value_name = "APPLICATION")]
    application: Option<i32>,
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

pub fn ps(arguments: &PsArguments) -> anyhow::Result<ExitCode> {
    let (mut reports, mut silent) = match arguments.application {
        Some(broker) => (vec![find::report(broker)?], Vec::new()),
        None => find::reports()?,
    };
    if arguments.application.is_none() {
        match crate::warm::look(&Binaries::beside_this_one()?) {
            Ok(state) => reports.extend(state.map(crate::warm::report)),
            Err(error) => silent.push(error),
        }
    }
    if arguments.json {
        output::data(None, &(serde_json::to_string_pretty(&reports)? + "\n"))?;
    } else if reports.is_empty() && silent.is_empty() {
        eprintln!("no application of this user is running");
    } else {
        output::data(None, &reports.iter().map(show::report).collect::<Vec<_>>().join("\n"))?;
    }
    // What is known has been shown; one that is stopped hides no other.
    silent.into_iter().next().map_or(Ok(ExitCode::SUCCESS), Err)
}

/// End microprocesses of a running application at once
#[derive(clap::Args)]
#[command(
    after_help = "Whoever is linked to it or monitors it hears that it was killed. The program itself is the process that
has no parent: its end is the application's.

Examples:
  cloison kill 4711.12      # process 12 of application 4711
  cloison kill worker       # by name, if only one application runs"
)]
pub struct KillArguments {
    /// APPLICATION.NUMBER, or a number or a name if only one application runs
    #[arg(required = true, value_name = "PROCESS")]
    processes: Vec<String>,
    /// Print which processes were ended as JSON
    #[arg(long)]
    json: bool,
}

pub fn kill(arguments: &KillArguments) -> anyhow::Result<ExitCode> {
    // All are known before the first one ends.
    let found = arguments.processes.iter().map(|named| find::process(named)).collect::<Result<Vec<_>, _>>()?;
    for (named, process) in arguments.processes.iter().zip(&found) {
        match find::ask(process.broker, Ask::Kill { number: process.number })? {
            InspectionAnswer::Killed => {}
            _ => anyhow::bail!("process {named} has ended already"),
        }
    }
    if arguments.json {
        let ended = |process: &find::Found| json!({ "broker": process.broker, "number": process.number });
        output::data(None, &(serde_json::to_string_pretty(&found.iter().map(ended).collect::<Vec<_>>())? + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Show one microprocess of a running application, and what it is doing
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison inspect 4711.12
  cloison inspect worker --json")]
pub struct InspectArguments {
    /// APPLICATION.NUMBER, or a number or a name if only one application runs
    #[arg(value_name = "PROCESS")]
    process: String,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub fn inspect(arguments: &InspectArguments) -> anyhow::Result<ExitCode> {
    let mut process = find::process(&arguments.process)?;
    let asked = Instant::now();
    let (stack, seen) = match find::ask(process.broker, Ask::Stack { number: process.number })? {
        InspectionAnswer::Stack { stack, seen } => (stack, seen),
        _ => anyhow::bail!("process {} has ended", arguments.process),
    };
    let silence = match stack {
        Some(_) => None,
        None => {
            let before = std::mem::replace(&mut process, find::process(&arguments.process)?).row;
            let silence = show::Silence::of(&before, &process.row, asked.elapsed(), seen.is_some());
            if silence == show::Silence::Processor {
                // It has done nothing since, but to be woken up by the question.
                process.row.activity = before.activity;
            }
            Some(silence)
        }
    };
    if arguments.json {
        let mut value = serde_json::to_value(&process.row)?;
        let object = value.as_object_mut().context("a row is an object")?;
        object.insert("stack".into(), stack.map_or(Value::Null, Value::String));
        object.insert("last_seen".into(), seen.map_or(Value::Null, Value::String));
        object.insert("silence".into(), silence.map_or(Value::Null, |silence| silence.word().into()));
        object.insert("application".into(), json!(process.application));
        object.insert("broker".into(), json!(process.broker));
        output::data(None, &(serde_json::to_string_pretty(&value)? + "\n"))?;
    } else {
        output::data(None, &show::process(&process, stack.as_deref(), seen.as_deref(), silence))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Let others find the application that this command is about to run. That they cannot is no reason not to run it.
pub fn allow(broker: &mut cloison_broker::Broker) {
    if let Err(error) = broker.allow_inspection(&socket::folder()) {
        tracing::info!(target: "cloison_broker", %error, "`cloison ps` will not find this application");
    }
}
