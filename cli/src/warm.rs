//! `cloison up` and `down`: templates that wait for the runs of this user.

use crate::output;
use anyhow::{Context, bail};
use cloison_broker::inspection::{ApplicationReport, socket};
use cloison_broker::launch::Binaries;
use cloison_broker::warm::service::{self, MOST_TEMPLATES, ServiceError, ServiceSettings, WarmService};
use cloison_broker::warm::{ServiceState, ask, keeper};
use serde_json::{Value, json};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// Keep templates ready, so that `cloison run` starts several times faster
#[derive(clap::Args)]
#[command(
    after_help = "A service of yours stays in the background. Each run takes one template for itself alone and another one is made
ready; nothing goes from one run to the next. A run with other limits (`ulimit`), namespaces, rights or cgroup than this
command had, or of another build, starts its template as ever; `cloison -v run` says which it was, and why.

Examples:
  cloison up                          # two templates, until half an hour without a run
  cloison up --templates 4 --idle 8h
  cloison down"
)]
pub struct UpArguments {
    /// How many templates wait; each takes some 50 MB
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_TEMPLATES)))]
    templates: u32,
    /// After how long without a run the service ends: a number with s, m or h
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = duration)]
    idle: Duration,
    /// Stay in the foreground, as a service manager wants it
    #[arg(long)]
    foreground: bool,
    /// Print what is kept as JSON
    #[arg(long)]
    json: bool,
    /// Leave the session of whoever has started this, and be silent from when the first template is ready
    #[arg(long, hide = true, requires = "foreground")]
    detached: bool,
}

/// End the service that keeps templates ready; runs that have theirs go on
#[derive(clap::Args)]
pub struct DownArguments {}

/// Be a template's parent: for `cloison up` alone
#[derive(clap::Args)]
#[command(hide = true)]
pub struct KeepArguments {}

pub fn up(arguments: &UpArguments) -> anyhow::Result<ExitCode> {
    let binaries = Binaries::beside_this_one()?;
    if arguments.foreground {
        return serve(arguments, binaries);
    }
    let there = look(&binaries)?;
    if there.is_none() {
        start(arguments)?;
    }
    let Some(state) = look(&binaries)? else { bail!("the service has ended at once\nhint: `cloison up --foreground`") };
    if arguments.json {
        output::data(None, &(serde_json::to_string_pretty(&as_json(&state))? + "\n"))?;
    } else {
        let already = if there.is_some() { "already up: " } else { "" };
        output::data(None, &format!("{already}{}\n", line(&state)))?;
    }
    if !state.same_build {
        bail!(
            "the templates are of another build of cloison, and of no use to this one\nhint: `cloison down`, then `cloison up`"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Have a process of its own be the service, and wait until its first template is ready. It says itself why it cannot be.
fn start(arguments: &UpArguments) -> anyhow::Result<()> {
    let mut service = Command::new(std::env::current_exe()?)
        .args(["up", "--foreground", "--detached"])
        .args(["--templates", &arguments.templates.to_string()])
        .args(["--idle", &format!("{}s", arguments.idle.as_secs())])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the service does not start")?;
    let mut said = String::new();
    if let Some(mut stdout) = service.stdout.take() {
        std::io::Read::read_to_string(&mut stdout, &mut said)?;
    }
    if said.is_empty() {
        let ended = service.wait()?;
        if ended.success() {
            bail!("the service has ended before a template was ready\nhint: `cloison up --foreground`");
        }
        return Err(output::ExitMessage { message: String::new(), status: ended.code().unwrap_or(1) as u8 }.into());
    }
    Ok(())
}

fn serve(arguments: &UpArguments, binaries: Binaries) -> anyhow::Result<ExitCode> {
    let UpArguments { templates, idle, detached, .. } = *arguments;
    if detached {
        service::leave_session();
    }
    let folder = socket::folder();
    let service = match WarmService::new(&folder, binaries, ServiceSettings { templates, idle }) {
        Err(ServiceError::There) => bail!("templates are kept already\nhint: `cloison down` ends that"),
        service => service.with_context(|| folder.display().to_string())?,
    };
    service.serve(|| {
        let _ = output::data(None, "ready\n");
        if detached {
            service::be_silent();
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

pub fn down(_: &DownArguments) -> anyhow::Result<ExitCode> {
    let folder = socket::folder();
    if !ask::end(&folder, &Binaries::beside_this_one()?).with_context(|| folder.display().to_string())? {
        eprintln!("no templates are kept");
    }
    Ok(ExitCode::SUCCESS)
}

pub fn keep(_: &KeepArguments) -> ExitCode {
    let kept = Binaries::beside_this_one().and_then(|binaries| Ok(keeper::keep(&binaries)?));
    if kept.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is kept, if anything is.
pub fn look(binaries: &Binaries) -> anyhow::Result<Option<ServiceState>> {
    let folder = socket::folder();
    let found = ask::look(&folder, binaries);
    found.with_context(|| format!("{}: the service of `cloison up` does not answer", folder.display()))
}

/// As `cloison ps` shows it.
pub fn report(state: ServiceState) -> ApplicationReport {
    let application = "templates that wait (`cloison up`)".to_owned();
    ApplicationReport { application, broker: state.service, processes: state.processes }
}

/// For people.
pub fn line(state: &ServiceState) -> String {
    let ServiceState { service, wanted, ready, taken, idle_seconds, .. } = state;
    let failure = state.failure.as_ref().map(|failure| format!("; the last one did not start: {failure}"));
    format!(
        "process {service} keeps {ready} of {} ready, until {idle_seconds} s without a run; {taken} taken{}",
        output::counted(*wanted as usize, "template"),
        failure.unwrap_or_default()
    )
}

/// For programs.
pub fn as_json(state: &ServiceState) -> Value {
    json!({
        "service": state.service,
        "same_build": state.same_build,
        "templates": state.wanted,
        "ready": state.ready,
        "taken": state.taken,
        "idle_seconds": state.idle_seconds,
        "failure": state.failure,
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("a number with s, m or h, as in 30m".into()),
    };
    let number: u64 = number.parse().map_err(|_| "a number with s, m or h, as in 30m".to_owned())?;
    // As long as a clock can say.
    match number.checked_mul(seconds).filter(|seconds| (1..=365 * 24 * 3600).contains(seconds)) {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => Err("from a second to a year".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        let parsed = ["90s", "30m", "8h"].map(|text| duration(text).unwrap().as_secs());
        assert_eq!(parsed, [90, 1800, 28800]);
        for wrong in ["", "30", "m", "0s", "-1s", "1d", "99999999999999999999h", "9999999h", "1.5h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
