//! `cloison check`

use crate::output::counted;
use crate::verify::debug::Debug;
use crate::verify::{self, Verified};
use cloison_broker::application::files;
use cloison_broker::application::request::{self, Program, RunRequest};
use cloison_broker::application::{LoadError, LoadedApplication, MANIFEST, Purpose, ZoneSpecification};
use cloison_broker::zones::library::{self, Dependencies, OpenedLibrary, Symbols};
use cloison_contract::interface::Function;
use cloison_contract::printable;
use cloison_contract::spelling::did_you_mean;
use cloison_manifest::application;
use cloison_manifest::diagnostic::{Diagnostic, Diagnostics};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
// Those of `--verify` are called the same.
#[group(skip)]
#[command(after_help = "Examples:
  cloison check .
  cloison check zlib.zone.toml --verify --header zlib.h")]
#[group(id = "check")]
pub struct CheckArguments {
    /// Application folders, and manifests of applications (of any name) and of zones
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    verify: verify::VerifyArguments,
}

/// What was found for one path.
#[derive(Debug, Default, Serialize)]
struct Finding {
    path: PathBuf,
    mistakes: Diagnostics,
    /// Everything that is not a mistake in a manifest: files, libraries, symbols.
    errors: Vec<String>,
    zones: Vec<Checked>,
    /// With `--verify`.
    verified: Vec<Verified>,
}

/// A zone whose manifest can be read.
#[derive(Debug, Serialize)]
struct Checked {
    name: String,
    manifest: String,
    library: Option<PathBuf>,
    functions: usize,
}

pub fn run(arguments: &CheckArguments) -> anyhow::Result<ExitCode> {
    let findings: Vec<Finding> = arguments.paths.iter().map(|path| check(path, &arguments.verify)).collect();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&findings)?);
    } else {
        findings.iter().for_each(show);
    }
    let wrong = findings.iter().any(|finding| finding.mistakes.has_errors() || !finding.errors.is_empty());
    Ok(ExitCode::from(if wrong { 1 } else { 0 }))
}

fn check(path: &Path, verify: &verify::VerifyArguments) -> Finding {
    let mut finding = Finding { path: path.to_owned(), ..Finding::default() };
    if path.is_file() && path.extension().is_none_or(|extension| extension != "toml") {
        let what = "not a manifest\nhint: give an application's folder, its manifest, or a NAME.zone.toml";
        finding.errors.push(format!("{}: {what}", path.display()));
        return finding;
    }
    let zones = if request::is_whole(path) {
        if !path.join(MANIFEST).is_file() && path.is_dir() {
            finding.errors.push(format!("{}: no {MANIFEST} in this folder", path.display()));
            return finding;
        }
        let purpose = Purpose::Check;
        RunRequest { purpose, ..RunRequest::new(Program::Path(path)) }.load().map(|loaded| {
            check_entry(&loaded, &mut finding);
            loaded.zones
        })
    } else {
        ZoneSpecification::read(path).map(|zone| vec![zone])
    };
    match zones {
        Ok(zones) => {
            for zone in &zones {
                let library = check_zone(zone, &mut finding);
                if verify.verify && zone.service.is_none() {
                    compare(zone, library.as_ref(), verify, &mut finding);
                }
            }
        }
        Err(LoadError::Manifests(mistakes)) => finding.mistakes = mistakes,
        Err(other) => finding.errors.push(other.to_string()),
    }
    finding
}

/// Whether the module of `[app] entry` is where the broker will look for it.
fn check_entry(loaded: &LoadedApplication, finding: &mut Finding) {
    let read = files::read_text(&loaded.manifest, files::MANIFEST_BYTES).ok();
    let parsed = read.and_then(|text| application::parse(&loaded.manifest.display().to_string(), &text).ok());
    let Some((application, entry)) = parsed.and_then(|one| one.entry.clone().map(|entry| (one, entry))) else { return };
    let sources = match loaded.sources() {
        Ok(sources) => sources,
        Err((root, error)) => return finding.errors.push(format!("{}: {error}", root.display())),
    };
    match sources.find(&entry.module) {
        Ok(Some(_)) => {}
        Ok(None) => {
            let message = format!("there is no module `{}`", entry.module);
            let hint = "it is looked for in the folder of cloison.toml and in `site_packages`";
            finding.mistakes.push(Diagnostic::error(&application.source, entry.span, message).hint(hint));
        }
        Err(error) => finding.errors.push(format!("the module `{}`: {error}", entry.module)),
    }
}

/// Gives the library, if it can be opened.
fn check_zone(zone: &ZoneSpecification, finding: &mut Finding) -> Option<OpenedLibrary> {
    let interface = &zone.interface;
    if zone.service.as_ref().is_some_and(|service| service.service.is_of_host()) {
        // What it needs of the machine has been found when the application was loaded.
        let functions = interface.functions.iter().filter(|function| !function.internal).count();
        let (name, manifest) = (interface.name.clone(), interface.source.clone());
        finding.zones.push(Checked { name, manifest, library: None, functions });
        return None;
    }
    let opened = library::open(interface, &zone.folder);
    match &opened {
        Err(error) => finding.errors.push(error.to_string()),
        Ok(library) => match library::dependencies(library) {
            Err(error) => finding.errors.push(format!("{}: {error}", library.path.display())),
            Ok(Dependencies { symbols, faults }) => {
                let at = |line: u32| format!("{}:{line}", interface.source);
                finding
                    .errors
                    .extend(faults.iter().map(|fault| format!("{}: {fault}", at(interface.library.declared.line))));
                // What begins so stands beside the library, in the zone's program.
                let beside = |function: &Function| function.symbol.starts_with(cloison_contract::sqlite::COMPANION);
                let callable = |function: &&Function| beside(function) || symbols.is_function(&function.symbol);
                for function in interface.functions.iter().filter(|function| !callable(function)) {
                    let hint = lack_hint(&symbols, &function.symbol);
                    let (at, library) = (at(function.declared.line), library.path.display());
                    finding.errors.push(format!("{at}: {library} {}{hint}", symbols.lack(&function.symbol)));
                }
            }
        },
    }
    let functions = interface.functions.iter().filter(|function| !function.internal).count();
    if functions == 0 {
        let what = "nothing is offered to Python: the manifest has no function that is not `internal`";
        let hint = "declare one, as in [functions.NAME] with c = \"int f(int n)\"";
        finding.errors.push(format!("{}: {what}\nhint: {hint}", interface.source));
    }
    finding.zones.push(Checked {
        name: interface.name.clone(),
        manifest: interface.source.clone(),
        library: opened.as_ref().ok().map(|library| library.path.clone()),
        functions,
    });
    opened.ok()
}

/// What to do about a name that is no function of the library.
fn lack_hint(symbols: &Symbols, name: &str) -> String {
    if symbols.contains(name) {
        return format!(
            "\nhint: let a function of a small library of your own return it, and declare that one: it links against \
             this one and says `extern … {name};`"
        );
    }
    let near = did_you_mean(name, symbols.functions());
    near.map(|near| format!("\nhint: it has `{near}`")).unwrap_or_default()
}

/// What the manifest says of C, against the compiler and the library.
fn compare(
    zone: &ZoneSpecification,
    library: Option<&OpenedLibrary>,
    arguments: &verify::VerifyArguments,
    finding: &mut Finding,
) {
    let mut verified = Verified { zone: zone.interface.name.clone(), ..Verified::default() };
    if let Err(error) = verify::compiler(zone, arguments, &mut verified) {
        finding.errors.push(format!("{error:#}"));
    }
    if let Some(library) = library {
        verify::library(zone, library, &mut verified);
    }
    finding.errors.extend(verified.differences.iter().map(|one| format!("{}: {}", one.at, one.message)));
    finding.verified.push(verified);
}

fn show(finding: &Finding) {
    eprint!("{}", finding.mistakes.render(crate::output::colour()));
    for error in &finding.errors {
        crate::output::error(&anyhow::Error::msg(error.clone()));
    }
    if finding.mistakes.has_errors() || !finding.errors.is_empty() {
        return;
    }
    for zone in &finding.zones {
        let functions = counted(zone.functions, "function");
        let of = zone.library.as_deref().map_or("a host service".to_owned(), |library| library.display().to_string());
        say(format!("{}: zone {}, {functions} of {of}", zone.manifest, zone.name));
    }
    for verified in &finding.verified {
        say(format!("zone {}: the compiler agrees in {}", verified.zone, counted(verified.agree, "point")));
        if !verified.unknown.is_empty() {
            let names = verified.unknown.join(", ");
            say(format!("zone {}: note: not in the headers, so not compared: {names}", verified.zone));
        }
        show_debug(&verified.zone, &verified.debug);
    }
    say(format!("{}: ok", finding.path.display()));
}

/// One line of what the command finds: names in it come from files.
fn say(line: String) {
    println!("{}", printable::line(&line));
}

fn show_debug(zone: &str, debug: &Debug) {
    if let Some(file) = &debug.file {
        let (functions, types) = (counted(debug.functions, "function"), counted(debug.types, "type"));
        say(format!("zone {zone}: compared {functions} and {types} with the debug information of {}", file.display()));
    }
    if let Some(note) = &debug.note {
        say(format!("zone {zone}: {note}"));
    }
}
