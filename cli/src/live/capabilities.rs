//! `cloison caps`, `revoke`, `narrow` and `why`: who holds what in applications that run, and what may be done about it.

use super::find;
use super::show::{Columns, bytes, time};
use crate::output;
use anyhow::{anyhow, bail};
use cloison_broker::inspection::{Ask, CapabilitiesReport, CapabilityRow, HolderRow, InspectionAnswer};
use cloison_contract::message::NarrowRequest;
use cloison_contract::printable::line as printable;
use cloison_manifest::units;
use std::process::ExitCode;

/// How many functions a row names.
const NAMED: usize = 4;
/// How many holders a row names.
const HOLDERS: usize = 6;

/// Show the capabilities of running applications: who holds them, from whom, how often they were used and refused
#[derive(clap::Args)]
#[command(after_help = "What was narrowed stands below what it comes from, one step further in. Its number is what
`cloison revoke` and `cloison narrow` take.

Examples:
  cloison caps                  # of every application of yours
  cloison caps 4711             # of one application
  cloison caps --json | jq '.[].capabilities[] | select(.refused > 0)'")]
pub struct CapsArguments {
    /// An application, by the number that `cloison ps` shows
    #[arg(value_name = "APPLICATION")]
    application: Option<i32>,
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

pub fn caps(arguments: &CapsArguments) -> anyhow::Result<ExitCode> {
    let (reports, silent) = match arguments.application {
        Some(broker) => (vec![report(broker)?], Vec::new()),
        None => find::each(report)?,
    };
    if arguments.json {
        output::data(None, &(serde_json::to_string_pretty(&reports)? + "\n"))?;
    } else if reports.is_empty() && silent.is_empty() {
        eprintln!("no application of this user is running");
    } else {
        output::data(None, &reports.iter().map(shown).collect::<Vec<_>>().join("\n"))?;
    }
    silent.into_iter().next().map_or(Ok(ExitCode::SUCCESS), Err)
}

fn report(broker: i32) -> anyhow::Result<CapabilitiesReport> {
    match find::ask(broker, Ask::Capabilities)? {
        InspectionAnswer::Capabilities(report) => Ok(report),
        _ => bail!("application {broker} has answered another question"),
    }
}

/// Take capabilities of a running application back, with everything that was narrowed from them
#[derive(clap::Args)]
#[command(
    after_help = "Calls that run end with the exception Revoked. Nothing gives a capability back that was revoked.

Examples:
  cloison revoke 4711.12    # capability 12 of application 4711
  cloison revoke zlib       # what cloison.toml grants under that name, if only one application runs"
)]
pub struct RevokeArguments {
    /// APPLICATION.NUMBER, or a number or a name of cloison.toml if only one application runs
    #[arg(required = true, value_name = "CAPABILITY")]
    capabilities: Vec<String>,
}

pub fn revoke(arguments: &RevokeArguments) -> anyhow::Result<ExitCode> {
    // All are known before the first one ends.
    let found = arguments.capabilities.iter().map(|named| capability(named)).collect::<Result<Vec<_>, _>>()?;
    for (named, (broker, number)) in arguments.capabilities.iter().zip(found) {
        match find::ask(broker, Ask::Revoke { number })? {
            InspectionAnswer::Revoked { was_alive: true } => {
                eprintln!("{} is revoked, with all that was narrowed from it", printable(named));
            }
            InspectionAnswer::Revoked { was_alive: false } => eprintln!("{} was not alive any more", printable(named)),
            _ => return Err(gone(named)),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Narrow a capability of a running application, for all who hold it
#[derive(clap::Args)]
#[command(
    after_help = "What was narrowed from it is narrowed with it. Its channels end: a call that runs ends with the exception
Revoked, and the next one goes by the new terms. Objects of the library that were made by it are gone.

Examples:
  cloison narrow 4711.12 --calls 100
  cloison narrow db --function query --where \"query=limit <= 100\" --rate 10/s"
)]
pub struct NarrowCommand {
    /// APPLICATION.NUMBER, or a number or a name of cloison.toml if only one application runs
    capability: String,
    /// This function alone; again for each other one
    #[arg(long = "function", value_name = "NAME")]
    functions: Vec<String>,
    /// What must hold for the arguments of a function
    #[arg(long = "where", value_name = "FUNCTION=EXPRESSION", value_parser = bound)]
    bounds: Vec<(String, String)>,
    /// At most so many calls altogether; of what was narrowed from it those count that are made from now on
    #[arg(long)]
    calls: Option<u64>,
    /// At most so many bytes of arguments and results altogether, such as 10MiB
    #[arg(long, value_parser = size)]
    bytes: Option<u64>,
    /// At most so many calls in a time, such as 100/s
    #[arg(long)]
    rate: Option<String>,
    /// At most so much processor time of the zone, or of the service's process, altogether, such as 10s
    #[arg(long, value_parser = milliseconds)]
    cpu: Option<u64>,
    /// It ends in that time, such as 60s
    #[arg(long, value_parser = milliseconds)]
    expires: Option<u64>,
    /// Whoever is given it cannot give it on
    #[arg(long)]
    no_delegate: bool,
    /// No callables can be passed
    #[arg(long)]
    no_callbacks: bool,
}

fn bound(text: &str) -> Result<(String, String), String> {
    let (function, expression) = text.split_once('=').ok_or("a function, `=` and an expression are wanted")?;
    Ok((function.trim().to_owned(), expression.trim().to_owned()))
}

fn size(text: &str) -> Result<u64, String> {
    units::size(text).map_err(|mistake| mistake.message)
}

fn milliseconds(text: &str) -> Result<u64, String> {
    let time = units::duration(text).map_err(|mistake| mistake.message)?;
    u64::try_from(time.as_millis()).map_err(|_| "the duration is too long".to_owned())
}

pub fn narrow(arguments: &NarrowCommand) -> anyhow::Result<ExitCode> {
    let by = NarrowRequest {
        functions: (!arguments.functions.is_empty()).then(|| arguments.functions.clone()),
        bounds: arguments.bounds.clone(),
        rate: arguments.rate.clone(),
        calls: arguments.calls,
        bytes: arguments.bytes,
        cpu_ms: arguments.cpu,
        expires_ms: arguments.expires,
        personal: arguments.no_delegate,
        quiet: arguments.no_callbacks,
        is_lease: false,
    };
    if by == NarrowRequest::default() {
        bail!(
            "nothing is said that {} should give up\nhint: `cloison narrow --help` lists what can be said",
            arguments.capability
        );
    }
    let (broker, number) = capability(&arguments.capability)?;
    match find::ask(broker, Ask::Narrow { number, by: Box::new(by) })? {
        InspectionAnswer::Narrowed => {
            eprintln!("{} is narrowed, for all who hold it", printable(&arguments.capability));
            Ok(ExitCode::SUCCESS)
        }
        InspectionAnswer::NotNarrowed { message } => bail!("{}: {message}", arguments.capability),
        _ => Err(gone(&arguments.capability)),
    }
}

/// Say which rule allows or denies a function to a microprocess, and which line would change that
#[derive(clap::Args)]
#[command(after_help = "The exit status is 0 if it may be called, 1 if it may not.

Examples:
  cloison why 4711.12 crc32
  cloison why worker zlib.compress2")]
pub struct WhyArguments {
    /// APPLICATION.NUMBER, or a number or a name if only one application runs
    #[arg(value_name = "PROCESS")]
    process: String,
    /// FUNCTION, or CAPABILITY.FUNCTION
    #[arg(value_name = "FUNCTION")]
    function: String,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub fn why(arguments: &WhyArguments) -> anyhow::Result<ExitCode> {
    let process = find::process(&arguments.process)?;
    let question = Ask::Why { number: process.number, function: arguments.function.clone() };
    let InspectionAnswer::Why(why) = find::ask(process.broker, question)? else {
        bail!("process {} has ended", arguments.process);
    };
    if arguments.json {
        output::data(None, &(serde_json::to_string_pretty(&why)? + "\n"))?;
    } else {
        let word = if why.allowed { "allowed" } else { "denied" };
        let mut text =
            format!("{word}: {} in process {}.{}\n", printable(&arguments.function), process.broker, process.number);
        text.extend(why.reasons.iter().map(|reason| format!("  {}\n", printable(reason))));
        output::data(None, &text)?;
    }
    Ok(ExitCode::from(u8::from(!why.allowed)))
}

/// `APPLICATION.NUMBER`, or a number or a name in the only application that runs: its broker, and the capability's number.
fn capability(named: &str) -> anyhow::Result<(i32, u64)> {
    let (broker, capability) = match named.split_once('.').map(|(broker, number)| (broker.parse(), number)) {
        Some((Ok(broker), capability)) => (broker, capability),
        _ => (find::only(named)?.broker, named),
    };
    if let Ok(number) = capability.parse() {
        return Ok((broker, number));
    }
    let rows = report(broker)?.capabilities;
    let root = rows.iter().find(|row| row.parent.is_none() && row.name == capability);
    root.map(|row| (broker, row.number)).ok_or_else(|| gone(named))
}

fn gone(named: &str) -> anyhow::Error {
    anyhow!("there is no capability {named}\nhint: `cloison caps` shows those that there are")
}

/// One application, as a table that is a tree.
fn shown(report: &CapabilitiesReport) -> String {
    let mut table = Columns::new(
        &["CAPABILITY", "NAME", "MADE BY", "HELD BY", "AGE", "CALLS", "REFUSED", "BYTES", "STATE", "ALLOWS", "ONLY"],
        &[4, 5, 6, 7],
    );
    for row in report.capabilities.iter().filter(|row| row.parent.is_none()) {
        add(&mut table, report, row, 0);
    }
    let left_off = match report.left_off {
        0 => String::new(),
        count => format!("and {count} more, which are not shown: those that were made last\n"),
    };
    format!("application {}: {}\n{table}{left_off}", report.broker, printable(&report.application))
}

fn add(table: &mut Columns, report: &CapabilitiesReport, row: &CapabilityRow, depth: usize) {
    let minter = row.minter.map_or_else(|| printable(&row.location), |minter| format!("process {minter}"));
    let state = match (&row.ended, row.expires_ms) {
        (Some(ended), _) => ended.clone(),
        (None, Some(left)) => format!("ends in {}", time(left.saturating_mul(1_000_000))),
        (None, None) => "alive".to_owned(),
    };
    let allows = match &row.functions {
        Some(names) if names.len() <= NAMED => names.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", "),
        _ => format!("{} functions", row.allowed),
    };
    let terms = row.terms.iter().map(|term| printable(term)).collect::<Vec<_>>().join("; ");
    table.row([
        format!("{}{}.{}", "  ".repeat(depth), report.broker, row.number),
        printable(&row.name),
        minter,
        holders(&row.holders),
        time(row.age_ms.saturating_mul(1_000_000)),
        row.calls.to_string(),
        row.refused.to_string(),
        bytes(row.bytes),
        state,
        allows,
        terms,
    ]);
    for below in report.capabilities.iter().filter(|other| other.parent == Some(row.number)) {
        add(table, report, below, depth + 1);
    }
}

/// `1, 3 (from 1)`
fn holders(holders: &[HolderRow]) -> String {
    let one = |holder: &HolderRow| match holder.giver.filter(|giver| *giver != holder.process) {
        Some(giver) => format!("{} (from {giver})", holder.process),
        None => holder.process.to_string(),
    };
    let mut shown: Vec<_> = holders.iter().take(HOLDERS).map(one).collect();
    if holders.len() > HOLDERS {
        shown.push(format!("and {} more", holders.len() - HOLDERS));
    }
    shown.join(", ")
}
