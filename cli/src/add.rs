//! `cloison add`: lines of a cloison.toml, written for people, and what they give in one sentence each.
//!
//! | step | where |
//! |---|---|
//! | the file, and the folder that its paths are relative to | [`target`] |
//! | its lines are changed and all others kept | [`document`]; [`mod@env`], [`files`], [`http`], [`library`], [`log`], [`net`], [`process`], [`sqlite`] |
//! | both texts are read as `cloison run` reads them; nothing but that one capability may have changed | here |
//! | what it gives is said, and the file replaced | here, [`target`] |

mod change;
pub mod document;
mod env;
pub mod files;
mod http;
mod library;
mod log;
mod net;
mod process;
mod service;
mod sqlite;
pub mod target;

use self::change::Change;
use self::document::Document;
use self::target::EditedManifest;
use cloison_broker::application::{LoadError, LoadedApplication};
use cloison_contract::printable;
use cloison_manifest::diagnostic::SourceFile;
use cloison_manifest::explain::Permission;
use std::path::PathBuf;
use std::process::ExitCode;

/// Grant an application something: write the lines of its cloison.toml, and say what they give
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Comments and everything else in the file stay as they are. What is there already is not
written again; what is there of the same capability is extended.

Examples:
  cloison add files ./data --read --list
  cloison add files ./out --read --list --write --create --at /results
  cloison add scratch 64MiB
  cloison add net api.example.com:443
  cloison add http https://api.example.com/v1/ --get --secret X-Api-Key=env:API_KEY
  cloison add sqlite3 ./data --write
  cloison add log ./log/app.log --level info
  cloison add process /usr/bin/git --read ./repo --arguments log --oneline '*'
  cloison add env LANG --set HOME=/data
  cloison add zlib                                # all of a binding that comes with Cloison
  cloison add mine.zone.toml --allow open read    # some of a manifest of your own
  cloison add zlib --app shop/ --dry-run          # say what would be written"
)]
pub struct AddArguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    library: library::LibraryArguments,
}

#[derive(clap::Subcommand)]
enum What {
    Files(files::FilesArguments),
    Scratch(files::ScratchArguments),
    Net(net::NetArguments),
    Http(http::HttpArguments),
    Log(log::LogArguments),
    Process(process::ProcessArguments),
    #[command(name = "sqlite3")]
    Sqlite(sqlite::SqliteArguments),
    Env(env::EnvArguments),
}

/// What every kind of addition takes.
#[derive(clap::Args)]
pub struct CommonArguments {
    /// The application's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    app: PathBuf,
    /// What the capability is called in Python
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// One kind of addition.
trait Addition {
    fn common(&self) -> &CommonArguments;
    /// Change the document; gives the name of the capability.
    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String>;
}

pub fn run(arguments: &AddArguments) -> anyhow::Result<ExitCode> {
    let addition: &dyn Addition = match &arguments.what {
        Some(What::Files(files)) => files,
        Some(What::Scratch(scratch)) => scratch,
        Some(What::Net(net)) => net,
        Some(What::Http(http)) => http,
        Some(What::Log(log)) => log,
        Some(What::Process(process)) => process,
        Some(What::Sqlite(sqlite)) => sqlite,
        Some(What::Env(env)) => env,
        None => &arguments.library,
    };
    let common = addition.common();
    let target = EditedManifest::open(&common.app)?;
    let before = LoadedApplication::of_text(&target.manifest, &target.text)?;
    let mut document = Document::parse(&target)?;
    let capability = addition.add(&target, &mut document)?;
    let text = document.text();
    let after = LoadedApplication::of_text(&target.manifest, &text).map_err(|error| unwritten(error, &target))?;
    let told = told(&before, &after, &capability)?;
    let say = |line: String| eprintln!("{}", printable::line(&line));
    let change = Change::between(&target.text, &text);
    let Some(change) = change else {
        let permission = after.permissions().into_iter().find(|permission| permission.capability == capability);
        let declared =
            permission.map_or_else(|| target.manifest.display().to_string(), |permission| permission.declared);
        told.iter().for_each(|may| say(format!("{} may {may}", target.name)));
        say(format!("{declared} says that already: nothing was written"));
        return Ok(ExitCode::SUCCESS);
    };
    told.iter().for_each(|may| say(format!("{} may {may}", target.name)));
    note_missing(&after, &capability).into_iter().for_each(say);
    if common.dry_run {
        crate::output::data(None, &printable::lines(&change.lines()))?;
        say("nothing was written".to_owned());
        return Ok(ExitCode::SUCCESS);
    }
    target.replace(&text)?;
    let file = target.manifest.display().to_string();
    // What a variable was before may be a secret, and is in the file's history if anywhere.
    let undo = if matches!(arguments.what, Some(What::Env(_))) { change.place(&file) } else { change.undo(&file) };
    say(format!("hint: {undo}"));
    Ok(ExitCode::SUCCESS)
}

/// What is wrong with what would have been written: its lines are nowhere but in the message.
fn unwritten(error: LoadError, target: &EditedManifest) -> LoadError {
    let manifest = target.manifest.display().to_string();
    match error {
        LoadError::Manifests(mistakes) => {
            let renamed = |mut one: cloison_manifest::diagnostic::Diagnostic| {
                if one.source.name == manifest {
                    one.source = SourceFile::new(&format!("{manifest}, as it would be"), &one.source.text);
                }
                one
            };
            let mut all = cloison_manifest::diagnostic::Diagnostics::default();
            all.extend(mistakes.into_iter().map(renamed));
            LoadError::Manifests(all)
        }
        other => other,
    }
}

/// The sentences to say: what the capability gives that it did not give before, or all of it where that is nothing.
///
/// # Errors
/// Something else would have changed. No addition does that; if one did, nobody would have asked for it.
fn told(before: &LoadedApplication, after: &LoadedApplication, capability: &str) -> anyhow::Result<Vec<String>> {
    let others = |application: &LoadedApplication| -> Vec<Permission> {
        let others = application.permissions().into_iter().filter(|permission| permission.capability != capability);
        others.map(|permission| Permission { declared: String::new(), ..permission }).collect()
    };
    let same = others(before) == others(after)
        && before.limits == after.limits
        && before.deterministic == after.deterministic
        && before.sites == after.sites
        && before.may_be_missing == after.may_be_missing;
    anyhow::ensure!(same, "this would have changed more than the capability {capability}; nothing was written");
    let of = |application: &LoadedApplication| {
        let found = application.permissions().into_iter().find(|permission| permission.capability == capability);
        found.map(|permission| permission.may).unwrap_or_default()
    };
    let (old, all) = (of(before), of(after));
    let new: Vec<_> = all.iter().filter(|may| !old.contains(may)).cloned().collect();
    Ok(if new.is_empty() { all } else { new })
}

/// What is not on this machine, a library or a variable with a secret: the lines are right all the same.
fn note_missing(after: &LoadedApplication, capability: &str) -> Vec<String> {
    let Some(granted) = after.capabilities.get(capability) else { return Vec::new() };
    let zone = &after.zones[granted.zone];
    match &zone.service {
        Some(service) => {
            let unset = service.material.variables.iter().filter(|name| std::env::var_os(name).is_none());
            unset.map(|name| format!("note: the variable {name} is not set here, and `cloison run` needs it")).collect()
        }
        None => {
            let opened = cloison_broker::zones::library::open(&zone.interface, &zone.folder);
            opened.err().map(|error| format!("note: {}", error.to_string().replace('\n', "; "))).into_iter().collect()
        }
    }
}
