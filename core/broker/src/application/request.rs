//! What somebody asks to be run, and what it may then use.
//!
//! | program | modules come from | manifest |
//! |---|---|---|
//! | a folder, or its `cloison.toml` | the folder, its `site_packages`, `--root` | the folder's: whoever names the folder means all of it; or `--manifest` |
//! | a Python file | `--root`, the manifest's `site_packages` | `--manifest`; or the `cloison.toml` beside the file, if it grants nothing or somebody consents |
//! | a text, a module | `--root`, the manifest's `site_packages` | `--manifest` |

use crate::application::files;
use crate::application::{LoadError, LoadedApplication, MANIFEST, Purpose, ZoneSpecification, parent};
use cloison_contract::host::HostService;
use cloison_contract::message::Run;
use cloison_contract::spelling::did_you_mean;
use cloison_manifest::application::{self, Application};
use cloison_manifest::bundled;
use cloison_manifest::recording::{self, OfferedHostService, OfferedZone};
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The longest script, in bytes.
pub const SCRIPT_BYTES: u64 = 16 << 20;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub enum Program<'r> {
    /// `python -c`
    Code(&'r str),
    /// `python -`: what was read from standard input.
    Input(&'r str),
    /// `python -m`
    Module(&'r str),
    /// A folder with an application, its `cloison.toml`, or a Python file.
    Path(&'r Path),
}

/// What to run, and with what.
#[derive(Clone, Copy, Debug)]
pub struct RunRequest<'r> {
    /// The program.
    pub program: Program<'r>,
    /// `sys.argv[1:]`
    pub arguments: &'r [String],
    /// Folders that modules may come from.
    pub roots: &'r [PathBuf],
    /// The manifest, if somebody has named one.
    pub manifest: Option<&'r Path>,
    /// What for.
    pub purpose: Purpose,
    /// Record what the program does, which is offered that besides what its manifest grants.
    pub record: Option<RecordOffer<'r>>,
}

/// What a program is offered that is recorded.
#[derive(Clone, Copy, Debug)]
pub struct RecordOffer<'r> {
    /// Zones: names of bundled bindings, and paths of manifests.
    pub zones: &'r [String],
    /// What of the machine.
    pub services: &'r [OfferedHostService],
}

/// A manifest that lies beside a program and grants more than computing, which nobody has asked for.
#[derive(Debug)]
pub struct Unasked {
    /// Its path.
    pub manifest: PathBuf,
    /// What it grants, a line each.
    pub grants: Vec<String>,
    /// The program.
    program: PathBuf,
    /// What else stands behind `cloison run`, with a space.
    options: &'static str,
    /// The application, as it would be.
    loaded: LoadedApplication,
}

impl Unasked {
    /// The application, after somebody has agreed to what it grants.
    pub fn granted(self) -> LoadedApplication {
        self.loaded
    }
}

impl fmt::Display for Unasked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (manifest, program, options) = (self.manifest.display(), self.program.display(), self.options);
        writeln!(f, "{manifest} would give {program} more than computing, and nobody has asked for that:")?;
        for grant in &self.grants {
            writeln!(f, "  {grant}")?;
        }
        writeln!(f, "hint: `cloison run {options}--manifest {manifest} {program}` grants it")?;
        write!(f, "hint: `cloison run {options}- < {program}` runs the program without it")
    }
}

impl<'r> RunRequest<'r> {
    /// Run `program`, without arguments, roots or manifest.
    pub fn new(program: Program<'r>) -> Self {
        Self { program, arguments: &[], roots: &[], manifest: None, purpose: Purpose::Run, record: None }
    }

    /// Read the manifests and the program.
    ///
    /// # Errors
    /// [`LoadError::Unasked`] carries an application that may run only with somebody's consent.
    pub fn load(&self) -> Result<LoadedApplication, LoadError> {
        for root in self.roots {
            let failed = |error| LoadError::File { path: root.clone(), error };
            if !std::fs::metadata(root).map_err(failed)?.is_dir() {
                return Err(failed(io::ErrorKind::NotADirectory.into()));
            }
        }
        match self.program {
            Program::Path(path) if is_whole(path) => self.folder(path),
            Program::Path(path) => self.file(path),
            Program::Code(text) => self.text("-c", "<string>", text),
            Program::Input(text) => self.text("-", "<stdin>", text),
            Program::Module(name) => self.module(name),
        }
    }

    fn folder(&self, path: &Path) -> Result<LoadedApplication, LoadError> {
        let is_manifest = !path.is_dir();
        if is_manifest && self.manifest.is_some() {
            let what = "there are two manifests\nhint: `--manifest` is for a folder or a program";
            return Err(LoadError::Nothing(format!("{}: {what}", path.display())));
        }
        let folder = if is_manifest { parent(path) } else { path };
        // A folder's own manifest counts if nobody names another one for it.
        let named = self.manifest.or(Some(path).filter(|_| is_manifest));
        let manifest = named.map_or_else(|| folder.join(MANIFEST), Path::to_owned);
        let application = match (self.read(&manifest)?, named) {
            (None, Some(named)) => {
                return Err(LoadError::File { path: named.to_owned(), error: io::ErrorKind::NotFound.into() });
            }
            (application, _) => application,
        };
        let roots = vec![folder.to_owned()];
        let (run, preload, roots) = match self.whole(folder, application.as_ref().map(|(application, _)| application)) {
            // What it is for whoever runs it will say.
            Err(LoadError::Nothing(_)) if is_manifest && self.purpose != Purpose::Run => {
                (Run::Script { path: String::new(), source: String::new(), argv: Vec::new() }, Vec::new(), Vec::new())
            }
            found => found.map(|(run, preload)| (run, preload, roots))?,
        };
        let mut loaded = LoadedApplication::empty(run, manifest.clone());
        loaded.preload = preload;
        loaded.roots = roots;
        if let Some((application, text)) = application {
            loaded.recorded = text;
            loaded.apply(parent(&manifest), &application, self.purpose)?;
        }
        loaded.roots.extend_from_slice(self.roots);
        Ok(loaded)
    }

    fn file(&self, path: &Path) -> Result<LoadedApplication, LoadError> {
        if path.as_os_str().as_encoded_bytes().ends_with(b".toml") {
            // It is not there, or cannot be read.
            text(path)?
                .ok_or_else(|| LoadError::File { path: path.to_owned(), error: io::ErrorKind::NotFound.into() })?;
            let what = "a zone's manifest is not a program\nhint: `cloison check` checks it; [capabilities.NAME] zone in a cloison.toml uses it";
            return Err(LoadError::Nothing(format!("{}: {what}", path.display())));
        }
        let run = self.script(path)?;
        let folder = parent(path);
        let beside = folder.join(MANIFEST);
        if self.manifest.is_some() {
            return self.with_manifest(run, folder);
        }
        let mut loaded = LoadedApplication::empty(run, beside.clone());
        self.take_roots(&mut loaded, folder);
        let Some((application, text)) = self.read(&beside)? else { return Ok(loaded) };
        let is_recorded = text.is_some();
        loaded.recorded = text;
        loaded.apply(folder, &application, self.purpose)?;
        // What is offered besides, to be recorded, is not that manifest's, and has been asked for.
        let grants = match is_recorded {
            true => self.own_grants(&beside, folder)?,
            false => loaded.grants(),
        };
        if grants.is_empty() {
            return Ok(loaded);
        }
        let options = if is_recorded { "--record " } else { "" };
        let unasked = Unasked { manifest: beside, grants, program: path.to_owned(), options, loaded };
        Err(LoadError::Unasked(Box::new(unasked)))
    }

    /// What a manifest grants by itself, whatever else is offered.
    fn own_grants(&self, manifest: &Path, folder: &Path) -> Result<Vec<String>, LoadError> {
        let alone = Self { record: None, ..*self };
        let Some((application, _)) = alone.read(manifest)? else { return Ok(Vec::new()) };
        let run = Run::Script { path: String::new(), source: String::new(), argv: Vec::new() };
        let mut loaded = LoadedApplication::empty(run, manifest.to_owned());
        loaded.apply(folder, &application, self.purpose)?;
        Ok(loaded.grants())
    }

    fn text(&self, argument: &str, path: &str, source: &str) -> Result<LoadedApplication, LoadError> {
        if source.len() as u64 > SCRIPT_BYTES {
            return Err(LoadError::Nothing("a program of more than 16 MiB".into()));
        }
        let argv = self.argv(argument.to_owned());
        self.with_manifest(Run::Script { path: path.to_owned(), source: source.to_owned(), argv }, Path::new("."))
    }

    fn module(&self, name: &str) -> Result<LoadedApplication, LoadError> {
        // What stands in `sys.argv` before the module has been found, as in CPython.
        let argv = self.argv("-m".to_owned());
        self.with_manifest(Run::Module { name: name.to_owned(), argv }, Path::new("."))
    }

    /// A program that is no folder, with the manifest that was named, if one was.
    fn with_manifest(&self, run: Run, beside: &Path) -> Result<LoadedApplication, LoadError> {
        let mut loaded =
            LoadedApplication::empty(run, self.manifest.map_or_else(|| PathBuf::from(MANIFEST), Path::to_owned));
        self.take_roots(&mut loaded, beside);
        let missing = |path: &Path| LoadError::File { path: path.to_owned(), error: io::ErrorKind::NotFound.into() };
        let (path, text) = match self.manifest {
            Some(path) => (path, Some(text(path)?.ok_or_else(|| missing(path))?)),
            None => (Path::new(MANIFEST), None),
        };
        if let Some((application, text)) = self.application(path, text)? {
            loaded.recorded = text;
            loaded.apply(parent(path), &application, self.purpose)?;
        }
        Ok(loaded)
    }

    /// An application's manifest, if there is one. Of an application that is recorded there is always one, with what else it is offered, and its
    /// text.
    fn read(&self, path: &Path) -> Result<Option<(Application, Option<String>)>, LoadError> {
        self.application(path, text(path)?)
    }

    /// The same, of a text.
    fn application(
        &self,
        path: &Path,
        text: Option<String>,
    ) -> Result<Option<(Application, Option<String>)>, LoadError> {
        let parse = |text: &str| application::parse(&path.display().to_string(), text).map_err(LoadError::Manifests);
        match (text, self.record) {
            (Some(text), None) => Ok(Some((parse(&text)?, None))),
            (None, None) => Ok(None),
            (text, Some(offer)) => {
                let text = text.unwrap_or_default();
                let (mut zones, application, folder) =
                    (offered(parent(path), offer.zones)?, parse(&text)?, parent(path));
                // The manifest says what is granted of a zone, however it calls its file.
                let real = |zone: &str| folder.join(zone).canonicalize().ok().filter(|_| zone.ends_with(".toml"));
                let named: BTreeSet<_> =
                    application.capabilities.values().filter_map(|request| real(&request.zone.text)).collect();
                zones.retain(|one| real(&one.zone).is_none_or(|file| !named.contains(&file)));
                let text = recording::offer(&text, &application, offer.services, &zones);
                let text = text.map_err(|error| LoadError::Nothing(format!("{}: {error}", path.display())))?;
                Ok(Some((parse(&text)?, Some(text))))
            }
        }
    }

    fn take_roots(&self, loaded: &mut LoadedApplication, beside: &Path) {
        loaded.roots = self.roots.to_vec();
        loaded.beside = Some(beside.to_owned());
    }

    /// What to run of a folder.
    fn whole(&self, folder: &Path, application: Option<&Application>) -> Result<(Run, Vec<String>), LoadError> {
        if let Some(entry) = application.and_then(|application| application.entry.as_ref()) {
            let run = Run::Function {
                module: entry.module.clone(),
                qualname: entry.qualname.clone(),
                argv: self.argv(folder.display().to_string()),
            };
            return Ok((run, vec![entry.module.clone()]));
        }
        let main = folder.join("__main__.py");
        if main.is_file() {
            return Ok((self.script(&main)?, Vec::new()));
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

    fn script(&self, path: &Path) -> Result<Run, LoadError> {
        let read = files::read_text(path, SCRIPT_BYTES);
        let source = read.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => {
                let what =
                    format!("{}: {error}\nhint: `cloison run -` reads a program from standard input", path.display());
                LoadError::Nothing(what)
            }
            _ => LoadError::File { path: path.to_owned(), error },
        })?;
        let path = path.display().to_string();
        Ok(Run::Script { path: path.clone(), source, argv: self.argv(path) })
    }

    fn argv(&self, first: String) -> Vec<String> {
        std::iter::once(first).chain(self.arguments.iter().cloned()).collect()
    }
}

/// The zones that an application is offered which is recorded: those that are named, and the bindings that come with Cloison and need nothing to
/// be said. No other code is loaded because its manifest lies somewhere.
fn offered(folder: &Path, named: &[String]) -> Result<Vec<OfferedZone>, LoadError> {
    let mut zones = Vec::new();
    for zone in named {
        if HostService::NAMES.contains(&zone.as_str()) {
            let what = match zone.as_str() {
                "process" => {
                    "`cloison add process --help` writes a grant into a cloison.toml, which is recorded".to_owned()
                }
                _ => format!("`--offer {zone}`, which `cloison run --help` shows, says it"),
            };
            return Err(LoadError::Nothing(format!("what of {zone} it gets has to be said\nhint: {what}")));
        }
        let name = match zone.ends_with(".toml") {
            true => ZoneSpecification::read(&folder.join(zone))?.interface.name.clone(),
            false if bundled::find(zone).is_some() => zone.clone(),
            false => {
                let meant = did_you_mean(zone, bundled::names());
                let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
                return Err(LoadError::Nothing(format!(
                    "there is no binding `{zone}`\nhint: {meant}a manifest is a path that ends in .zone.toml, relative to the application's folder"
                )));
            }
        };
        zones.push(OfferedZone { name, zone: zone.clone() });
    }
    let bundled = bundled::names().filter(|name| !HostService::NAMES.contains(name));
    zones.extend(bundled.map(|name| OfferedZone { name: name.to_owned(), zone: name.to_owned() }));
    // Of two with one name the first counts.
    let mut known = BTreeSet::new();
    zones.retain(|one| known.insert(one.name.clone()));
    Ok(zones)
}

/// Whether a path names an application and not a file of it: a folder, or a manifest, whatever that is called.
pub fn is_whole(path: &Path) -> bool {
    path.is_dir() || path.file_name().is_some_and(|name| name == MANIFEST) || is_application(path)
}

/// Whether a file is an application's manifest and not a zone's: that has a table `zone`.
fn is_application(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    if !name.ends_with(b".toml") || name.ends_with(b".zone.toml") {
        return false;
    }
    let Ok(Some(text)) = text(path) else { return false };
    // One with mistakes is what it says it is as far as it can be read.
    !text.lines().any(|line| line.trim_start().starts_with("[zone]"))
}

/// A manifest's text, if there is one.
fn text(path: &Path) -> Result<Option<String>, LoadError> {
    match files::read_text(path, files::MANIFEST_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LoadError::File { path: path.to_owned(), error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const GRANTS: &str =
        "[app]\nsite_packages = [\"vendor\"]\n[capabilities.m]\nzone = \"libm\"\nallow = [\"sqrt\", \"cos\"]\n";

    fn folder(manifest: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.py"), "pass\n").unwrap();
        fs::write(folder.path().join(MANIFEST), manifest).unwrap();
        folder
    }

    #[test]
    fn a_file_gets_nothing_that_nobody_has_named() {
        let folder = folder(GRANTS);
        let (main, manifest) = (folder.path().join("main.py"), folder.path().join(MANIFEST));
        let request = RunRequest::new(Program::Path(&main));
        let Err(LoadError::Unasked(unasked)) = request.load() else { panic!("{:?}", request.load()) };
        assert!(unasked.grants[0].starts_with("capability m: "), "{unasked}");
        assert!(unasked.grants[0].contains("sqrt") && unasked.grants[0].contains("libm.so.6"), "{unasked}");
        assert_eq!(unasked.grants[1], "modules from vendor");
        assert!(unasked.to_string().contains(&format!("--manifest {} {}", manifest.display(), main.display())));
        let consented = unasked.granted();
        let named = RunRequest { manifest: Some(&manifest), ..request }.load().unwrap();
        for loaded in [consented, named] {
            assert_eq!(loaded.roots, [folder.path().join("vendor")], "not the file's own folder");
            assert!(loaded.capabilities.contains_key("m") && loaded.in_use);
        }
        let roots = [folder.path().to_owned()];
        let loaded = RunRequest { manifest: Some(&manifest), roots: &roots, ..request }.load().unwrap();
        assert_eq!(loaded.roots, [folder.path().to_owned(), folder.path().join("vendor")]);
    }

    #[test]
    fn what_is_granted_is_shown_as_it_is() {
        let folder = folder("[app]\nsite_packages = [\"a\\u001b[2K\\u202e\"]\n");
        let Err(error) = RunRequest::new(Program::Path(&folder.path().join("main.py"))).load() else { panic!() };
        assert!(error.to_string().contains("modules from a\\u{1b}[2K\\u{202e}\n"), "{error}");
    }

    #[test]
    fn limits_beside_a_file_count() {
        let folder = folder("[app]\nentry = \"app:main\"\n[limits]\nmemory = \"64 MiB\"\n");
        let loaded = RunRequest::new(Program::Path(&folder.path().join("main.py"))).load().unwrap();
        assert_eq!(loaded.limits.memory_bytes, 64 << 20);
        assert!(loaded.roots.is_empty() && loaded.in_use);
        assert_eq!(loaded.beside.as_deref(), Some(folder.path()));
    }

    #[test]
    fn a_folder_is_named_with_all_that_is_in_it() {
        let folder = folder(GRANTS);
        fs::write(folder.path().join("__main__.py"), "pass\n").unwrap();
        for path in [folder.path().to_owned(), folder.path().join(MANIFEST)] {
            let loaded = LoadedApplication::open(&path).unwrap();
            assert_eq!(loaded.roots, [folder.path().to_owned(), folder.path().join("vendor")]);
            assert!(loaded.capabilities.contains_key("m") && loaded.beside.is_none());
        }
        // Another manifest counts instead of its own, whatever it is called.
        let other = folder.path().join("other.toml");
        fs::write(&other, "[limits]\nmemory = \"64 MiB\"\n").unwrap();
        let manifest = Some(other.as_path());
        let named = RunRequest { manifest, ..RunRequest::new(Program::Path(folder.path())) }.load().unwrap();
        assert_eq!((named.limits.memory_bytes, named.capabilities.len()), (64 << 20, 0));
        assert_eq!(named.roots, [folder.path()]);
        let alone = RunRequest { purpose: Purpose::Show, ..RunRequest::new(Program::Path(&other)) }.load().unwrap();
        assert_eq!(alone.limits.memory_bytes, 64 << 20);
        let both = RunRequest { manifest, ..RunRequest::new(Program::Path(&other)) }.load();
        assert!(matches!(both, Err(LoadError::Nothing(_))), "{both:?}");
        let none = folder.path().join("none.toml");
        let missing = RunRequest { manifest: Some(&none), ..RunRequest::new(Program::Path(folder.path())) }.load();
        assert!(matches!(missing, Err(LoadError::File { .. })), "{missing:?}");
    }

    #[test]
    fn who_is_recorded_is_asked_about_what_the_manifest_gives_and_nothing_else() {
        let record = Some(RecordOffer { zones: &[], services: &[] });
        let limits = folder("[limits]\nmemory = \"64 MiB\"\n");
        let main = limits.path().join("main.py");
        let loaded = RunRequest { record, ..RunRequest::new(Program::Path(&main)) }.load().unwrap();
        assert!(loaded.capabilities.contains_key("zlib") && loaded.limits.memory_bytes == 64 << 20);
        let grants = folder(GRANTS);
        let main = grants.path().join("main.py");
        let request = RunRequest { record, ..RunRequest::new(Program::Path(&main)) };
        let Err(LoadError::Unasked(unasked)) = request.load() else { panic!("{:?}", request.load()) };
        assert_eq!(unasked.grants.len(), 2, "{unasked}");
        assert!(unasked.to_string().contains("`cloison run --record --manifest "), "{unasked}");
    }

    #[test]
    fn arguments_are_those_of_python() {
        let arguments = ["a".to_owned(), "--b".to_owned()];
        let argv = |program| {
            let request = RunRequest { arguments: &arguments, ..RunRequest::new(program) };
            request.load().unwrap().run.argv().to_vec()
        };
        assert_eq!(argv(Program::Code("pass")), ["-c", "a", "--b"]);
        assert_eq!(argv(Program::Input("pass")), ["-", "a", "--b"]);
        assert_eq!(argv(Program::Module("json.tool")), ["-m", "a", "--b"]);
    }
}
