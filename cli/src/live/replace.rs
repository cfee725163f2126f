//! `cloison replace`: another library file or manifest for a zone of an application that runs.

use super::find;
use crate::output;
use anyhow::{Context, bail};
use cloison_broker::inspection::{Ask, InspectionAnswer, ReplaceRequest, ReplacementState};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How often it is asked how far it is.
const LOOK: Duration = Duration::from_millis(50);

/// Replace a zone of a running application: load its library and its manifest anew, or another manifest
#[derive(clap::Args)]
#[command(
    after_help = "New calls go to the new zone. Calls that run end in the old one, as long as they may take. Objects of the library that
were made there are gone: a call with one raises ZoneReplaced. If the new zone does not start, everything stays as it is. What the
new manifest offers beyond the old one is granted when the application is started anew.

Examples:
  cloison replace zlib                                      # a new library file, if only one application runs
  cloison replace 4711.parser --manifest parser.zone.toml   # another manifest
  cloison replace 4711.parser --yes                         # one that grants more than the one before"
)]
pub struct ReplaceArguments {
    /// APPLICATION.ZONE, or a zone if only one application runs: a name of cloison.toml, or the zone's own
    zone: String,
    /// Another manifest; else the zone's own is read anew
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// It may grant more than the one before
    #[arg(long)]
    yes: bool,
    /// Do not wait until the calls that run have ended
    #[arg(long)]
    no_wait: bool,
}

pub fn replace(arguments: &ReplaceArguments) -> anyhow::Result<ExitCode> {
    let named = &arguments.zone;
    let (broker, zone) = match named.split_once('.').map(|(broker, zone)| (broker.parse(), zone)) {
        Some((Ok(broker), zone)) => (broker, zone),
        _ => (find::only(named)?.broker, named.as_str()),
    };
    // The application was perhaps started in another folder.
    let absolute = |path: &PathBuf| path.canonicalize().with_context(|| path.display().to_string());
    let manifest = arguments.manifest.as_ref().map(absolute).transpose()?;
    let request = ReplaceRequest { zone: zone.to_owned(), manifest, may_widen: arguments.yes };
    match find::ask(broker, Ask::Replace(request))? {
        InspectionAnswer::Replacing { number } => wait(broker, number, arguments),
        InspectionAnswer::NotReplaced { message } => bail!("{message}"),
        InspectionAnswer::Widens { difference } => {
            output::data(None, &difference)?;
            bail!("{named} was not replaced, as more would be granted\nhint: if that is meant, `--yes` replaces it")
        }
        _ => bail!("application {broker} has answered another question"),
    }
}

/// Until the new zone has calls, and the old one has none any more.
fn wait(broker: i32, number: u64, arguments: &ReplaceArguments) -> anyhow::Result<ExitCode> {
    let named = &arguments.zone;
    let mut before = None;
    loop {
        match find::ask(broker, Ask::Replacement { number })? {
            InspectionAnswer::Replacement(ReplacementState::Starting) => {}
            InspectionAnswer::Replacement(ReplacementState::Failed { message }) => {
                bail!("{named} was not replaced, and goes on as it was: {message}")
            }
            InspectionAnswer::Replacement(ReplacementState::Replaced { instances, calls }) => {
                if before.is_none() {
                    eprintln!("{named} was replaced: new calls go to the new zone");
                }
                if before != Some(calls) && calls > 0 {
                    eprintln!("{calls} {} on in the old one", if calls == 1 { "call goes" } else { "calls go" });
                }
                if instances == 0 || arguments.no_wait {
                    return Ok(ExitCode::SUCCESS);
                }
                before = Some(calls);
            }
            // Somebody has replaced a zone since, so that this one was.
            InspectionAnswer::NoReplacement if before.is_some() => return Ok(ExitCode::SUCCESS),
            _ => bail!("application {broker} does not say whether {named} was replaced: another replacement has begun"),
        }
        std::thread::sleep(LOOK);
    }
}
