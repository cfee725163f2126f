//! An application on disk: its manifest, the zones it names, the folders its modules are in.

use cloison_contract::message::Run;
use cloison_contract::{Grant, Interface};
use cloison_manifest::application::{self, Application, Limits};
use cloison_manifest::diagnostic::{Diagnostic, Diagnostics, Source};
use cloison_manifest::{bundled, manifest};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of an application's manifest.
pub const MANIFEST: &str = "cloison.toml";
/// The longest script, in bytes.
const SCRIPT_BYTES: u64 = 16 << 20;

/// Everything the broker has to know before it starts a process.
#[derive(Debug)]
pub struct Loaded {
    /// What the first microprocess runs.
    pub run: Run,
    /// The modules that the template imports.
    pub preload: Vec<String>,
    /// The folders that modules come from, in order.
    pub roots: Vec<PathBuf>,
    /// For each microprocess.
    pub limits: Limits,
    /// Layers that microprocesses can do without.
    pub may_be_missing: Vec<String>,
    /// By the names that Python uses.
    pub capabilities: BTreeMap<String, Capability>,
    /// What the capabilities refer to by position.
    pub zones: Vec<ZoneSpecification>,
    /// `cloison.toml`, or where it would be.
    pub manifest: PathBuf,
}

/// A capability of the application.
#[derive(Clone, Debug)]
pub struct Capability {
    /// Position in [`Loaded::zones`].
    pub zone: usize,
    /// What of it may be used.
    pub grant: Grant,
    /// The line that a denial names, as `FILE:LINE`.
    pub allow_location: String,
}

/// A zone that may be started.
#[derive(Clone, Debug)]
pub struct ZoneSpecification {
    /// What it offers.
    pub interface: Arc<Interface>,
    /// The manifest's folder.
    pub folder: PathBuf,
}

/// Why an application cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The manifests have mistakes.
    #[error("the manifests have mistakes")]
    Manifests(Diagnostics),
    /// There is nothing to run.
    #[error("{0}")]
    Nothing(String),
}

impl Loaded {
    /// Load the application at `path`: a folder, a `cloison.toml`, or a Python file. `arguments` become `sys.argv[1:]`.
    pub fn open(path: &Path, arguments: &[String]) -> Result<Self, LoadError> {
        let folder = if path.is_dir() { path } else { parent(path) };
        let manifest = folder.join(MANIFEST);
        let application = match fs::read_to_string(&manifest) {
            Ok(text) => Some(application::parse(&manifest.display().to_string(), &text).map_err(LoadError::Manifests)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(LoadError::File { path: manifest, error }),
        };
        if path.file_name().is_some_and(|name| name != MANIFEST && name.as_encoded_bytes().ends_with(b".toml")) {
            let what = "a zone's manifest is not a program\nhint: `cloison check` checks it; [capabilities.NAME] zone in a cloison.toml uses it";
            return Err(LoadError::Nothing(format!("{}: {what}", path.display())));
        }
        let named = path.is_dir() || path.file_name().is_some_and(|name| name == MANIFEST);
        let (run, preload) = if named {
            whole(folder, application.as_ref(), arguments)?
        } else {
            (script(path, arguments)?, Vec::new())
        };
        let mut loaded = Self::empty(run, manifest);
        loaded.preload = preload;
        loaded.roots = vec![folder.to_owned()];
        if let Some(application) = application {
            loaded.apply(folder, &application)?;
        }
        Ok(loaded)
    }

    /// A run without any manifest.
    pub fn empty(run: Run, manifest: PathBuf) -> Self {
        Self {
            run,
            preload: Vec::new(),
            roots: Vec::new(),
            limits: Limits::default(),
            may_be_missing: Vec::new(),
            capabilities: BTreeMap::new(),
            zones: Vec::new(),
            manifest,
        }
    }

    fn apply(&mut self, folder: &Path, application: &Application) -> Result<(), LoadError> {
        self.limits = application.limits;
        self.may_be_missing.clone_from(&application.may_be_missing);
        self.roots.extend(application.site_packages.iter().map(|site| folder.join(site)));
        let mut mistakes = Diagnostics::default();
        let mut known: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for (name, request) in &application.capabilities {
            let zone = &request.zone;
            let key = folder.join(&zone.text);
            let position = match known.get(&key) {
                Some(position) => *position,
                None => match specification(&application.source, folder, &zone.text, zone.span.clone()) {
                    Ok(specification) => {
                        self.zones.push(specification);
                        known.insert(key, self.zones.len() - 1);
                        self.zones.len() - 1
                    }
                    Err(found) => {
                        found.iter().cloned().for_each(|mistake| mistakes.push(mistake));
                        continue;
                    }
                },
            };
            match application.grant(name, &self.zones[position].interface) {
                Ok(grant) => {
                    let allow_location = format!("{}:{}", self.manifest.display(), request.allow_location.line);
                    self.capabilities.insert(name.clone(), Capability { zone: position, grant, allow_location });
                }
                Err(found) => found.iter().cloned().for_each(|mistake| mistakes.push(mistake)),
            }
        }
        if mistakes.has_errors() { Err(LoadError::Manifests(mistakes)) } else { Ok(()) }
    }
}

impl ZoneSpecification {
    /// Read a `.zone.toml`.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let text = fs::read_to_string(path).map_err(|error| LoadError::File { path: path.to_owned(), error })?;
        let interface = manifest::parse(&path.display().to_string(), &text).map_err(LoadError::Manifests)?;
        Ok(Self { interface: Arc::new(interface), folder: parent(path).to_owned() })
    }

    /// A binding that comes with Cloison.
    pub fn bundled(name: &str) -> Option<Result<Self, LoadError>> {
        let (file, text) = bundled::find(name)?;
        let interface = manifest::parse(file, text).map_err(LoadError::Manifests);
        Some(interface.map(|interface| Self { interface: Arc::new(interface), folder: PathBuf::from("/") }))
    }
}

/// The zone that `cloison.toml` names: a bundled binding, or a path to a manifest.
fn specification(
    source: &Arc<Source>,
    folder: &Path,
    zone: &str,
    span: std::ops::Range<usize>,
) -> Result<ZoneSpecification, Diagnostics> {
    let mistake = |message: String, hint: &str| {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(Diagnostic::error(source, span.clone(), message).hint(hint));
        diagnostics
    };
    let loaded = match ZoneSpecification::bundled(zone) {
        Some(loaded) => loaded,
        None if zone.ends_with(".toml") => ZoneSpecification::read(&folder.join(zone)),
        None => {
            let names: Vec<_> = bundled::names().collect();
            let hint = format!(
                "the bundled bindings are {}; a manifest of your own is a path that ends in .zone.toml",
                names.join(", ")
            );
            return Err(mistake(format!("there is no bundled binding `{zone}`"), &hint));
        }
    };
    loaded.map_err(|error| match error {
        LoadError::Manifests(diagnostics) => diagnostics,
        other => mistake(other.to_string(), "the path is relative to the folder of cloison.toml"),
    })
}

/// What to run of a folder.
fn whole(
    folder: &Path,
    application: Option<&Application>,
    arguments: &[String],
) -> Result<(Run, Vec<String>), LoadError> {
    if let Some(entry) = application.and_then(|application| application.entry.as_ref()) {
        let run = Run::Function {
            module: entry.module.clone(),
            qualname: entry.qualname.clone(),
            argv: argv(folder, arguments),
        };
        return Ok((run, vec![entry.module.clone()]));
    }
    let main = folder.join("__main__.py");
    if main.is_file() {
        return Ok((script(&main, arguments)?, Vec::new()));
    }
    let manifest = folder.join(MANIFEST);
    Err(LoadError::Nothing(match application {
        Some(_) => format!(
            "{}: nothing to run\nhint: say `entry = \"module:function\"` in [app], or add a __main__.py",
            manifest.display()
        ),
        None => format!(
            "{}: no {MANIFEST} and no __main__.py\nhint: give a Python file, or a folder with a {MANIFEST} that has an [app] entry",
            folder.display()
        ),
    }))
}

fn script(path: &Path, arguments: &[String]) -> Result<Run, LoadError> {
    let failed = |error| LoadError::File { path: path.to_owned(), error };
    if fs::metadata(path).map_err(failed)?.len() > SCRIPT_BYTES {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "a script of more than 16 MiB")));
    }
    let source = fs::read_to_string(path).map_err(failed)?;
    Ok(Run::Script { path: path.display().to_string(), source, argv: argv(path, arguments) })
}

fn argv(path: &Path, arguments: &[String]) -> Vec<String> {
    std::iter::once(path.display().to_string()).chain(arguments.iter().cloned()).collect()
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
