//! `cloison explain`: everything that an application may do, in plain words.

use crate::add::target::shown;
use cloison_broker::application::request::{Program, RunRequest};
use cloison_broker::application::{LoadError, LoadedApplication, Purpose};
use cloison_contract::message::Run;
use cloison_contract::printable;
use cloison_manifest::explain::{self, Permission, ProfilePermission, Rows, and};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Say in plain words everything that an application may do
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison explain app/
  cloison explain sum.py                           # a file, without any capability
  cloison explain --manifest cloison.toml sum.py   # … with those of a manifest
  cloison explain cloison.recorded.toml            # a manifest, whatever it is called
  cloison explain app/ --json")]
pub struct ExplainArguments {
    /// A folder with a cloison.toml, a manifest of an application, or a Python file
    path: PathBuf,
    /// A folder that the program may import from; may be repeated
    #[arg(long = "root", value_name = "DIR")]
    roots: Vec<PathBuf>,
    /// A cloison.toml that says what the program may use
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Everything that is said of an application.
#[derive(Serialize)]
struct Explanation {
    application: String,
    /// What is run.
    runs: String,
    /// A manifest that lies beside the program, which would give it all of this, and which nobody has named.
    unasked: Option<PathBuf>,
    capabilities: Vec<Permission>,
    /// Where modules and what lies beside them are read from.
    own: Vec<PathBuf>,
    limits: Rows,
    /// What microprocesses get that are started with a profile.
    profiles: Vec<ProfilePermission>,
    /// What is the same in each run.
    deterministic: Vec<String>,
    may_be_missing: Vec<String>,
    may_not: Vec<&'static str>,
}

pub fn run(arguments: &ExplainArguments) -> anyhow::Result<ExitCode> {
    let explanation = explanation(arguments)?;
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&explanation)? + "\n",
        false => printable::lines(&explanation.text()),
    };
    crate::output::data(None, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn explanation(arguments: &ExplainArguments) -> anyhow::Result<Explanation> {
    let ExplainArguments { path, roots, manifest, .. } = arguments;
    let new = RunRequest::new(Program::Path(path));
    let request = RunRequest { roots, manifest: manifest.as_deref(), purpose: Purpose::Show, ..new };
    let (loaded, unasked) = match request.load() {
        Err(LoadError::Unasked(unasked)) => {
            let manifest = unasked.manifest.clone();
            (unasked.granted(), Some(manifest))
        }
        loaded => (loaded?, None),
    };
    Ok(Explanation {
        application: if path.is_dir() { shown(path) } else { path.display().to_string() },
        runs: runs(&loaded),
        unasked,
        capabilities: loaded.permissions(),
        own: loaded.roots.clone(),
        limits: explain::limits(&loaded.limits),
        profiles: loaded.profile_permissions(),
        deterministic: explain::deterministic(&loaded.deterministic),
        may_be_missing: loaded.may_be_missing.clone(),
        may_not: explain::denied(loaded.services()),
    })
}

fn runs(loaded: &LoadedApplication) -> String {
    match &loaded.run {
        Run::Function { module, qualname, .. } => format!("the function {qualname} of the module {module}"),
        other => other.argv().first().cloned().unwrap_or_default(),
    }
}

impl Explanation {
    fn text(&self) -> String {
        let application = &self.application;
        let first = match self.runs.as_str() {
            "" => format!("{application} is for a program that is run with `--manifest {application}`."),
            runs if runs == application => format!("{application} runs as a program."),
            runs => format!("{application} runs {runs}."),
        };
        let mut text = printable::line(&first) + "\n";
        let mut line = |depth: usize, words: &str| {
            // A name with an end of line in it is not to look like a line of ours.
            let _ = writeln!(text, "{:1$}{2}", "", 2 * depth, printable::line(words));
        };
        if let Some(manifest) = &self.unasked {
            let manifest = manifest.display();
            line(
                0,
                &format!(
                    "{manifest} lies beside it and counts only for who names it: `--manifest {manifest}`. With it"
                ),
            );
        }
        line(0, "");
        line(0, if self.capabilities.is_empty() { "It has no capability." } else { "It may" });
        for permission in &self.capabilities {
            line(1, &format!("by the capability {} ({})", permission.capability, permission.declared));
            permission.may.iter().for_each(|may| line(2, may));
            if !permission.within.is_empty() {
                line(2, &format!("within: {}", permission.within.join("; ")));
            }
            if !permission.sandbox.0.is_empty() {
                line(2, "functions:");
                wrapped(&permission.functions).iter().for_each(|words| line(3, words));
                line(2, "in a sandbox of the library's own:");
                permission.sandbox.0.iter().for_each(|row| line(3, &aligned(row)));
            }
        }
        line(0, "");
        let own: Vec<_> = self.own.iter().map(|folder| folder.display().to_string()).collect();
        let own: Vec<_> = own.iter().map(String::as_str).collect();
        line(
            0,
            &match own[..] {
                [] => "It may import the standard library, and no module of its own.".to_owned(),
                _ => format!("It may import modules from {}, and read what lies beside them.", and(&own)),
            },
        );
        self.deterministic.iter().for_each(|words| line(0, words));
        line(0, "It may read its standard input, and write to its standard output and error.");
        line(0, "");
        line(0, "Each of its microprocesses has at most");
        self.limits.0.iter().for_each(|row| line(1, &aligned(row)));
        for layer in &self.may_be_missing {
            line(1, &format!("and runs without the layer {layer} of the sandbox where the kernel has not got it"));
        }
        for profile in &self.profiles {
            line(0, "");
            line(
                0,
                &format!("One that is started with the profile {} ({}) has at most", profile.profile, profile.declared),
            );
            if profile.capabilities.is_empty() {
                line(1, "no capability");
            }
            for kept in &profile.capabilities {
                line(1, &format!("the capability {} of whoever starts it", kept.capability));
                if !kept.within.is_empty() {
                    line(2, &format!("within: {}", kept.within.join("; ")));
                }
            }
            profile.limits.0.iter().for_each(|row| line(1, &aligned(row)));
        }
        line(0, "");
        line(0, "It may not");
        self.may_not.iter().for_each(|words| line(1, words));
        text
    }
}

fn aligned((what, value): &(&str, String)) -> String {
    format!("{what:<30} {value}")
}

/// Names in lines of some length.
fn wrapped(names: &[String]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (index, name) in names.iter().enumerate() {
        let word = if index + 1 < names.len() { format!("{name}, ") } else { name.clone() };
        match lines.last_mut() {
            Some(line) if line.len() + word.len() <= 100 || line.is_empty() => line.push_str(&word),
            _ => lines.push(word),
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}
