//! A folder with an application in it.
//!
//! ```text
//!  FOLDER/bin   the four binaries, under paths that no other run has
//!  FOLDER/app   the application: sources, cloison.toml, manifests, libraries
//!  FOLDER/tmp   TMPDIR of the runs, empty, writable for everybody
//! ```

use crate::binaries::{copy, provide, readable};
use crate::compiler::{Kind, compile};
use crate::run::Run;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// One application.
pub struct Project {
    folder: TempDir,
}

impl Default for Project {
    fn default() -> Self {
        Self::new()
    }
}

impl Project {
    /// An empty application folder.
    pub fn new() -> Self {
        Self::with_microprocess(None)
    }

    /// One whose microprocesses are another binary of the workspace.
    pub fn with_microprocess(name: Option<&str>) -> Self {
        let folder = tempfile::Builder::new().prefix("cloison-test-").tempdir().expect("a temporary folder");
        readable(folder.path(), 0o755);
        let project = Self { folder };
        for (name, mode) in [("bin", 0o755), ("app", 0o755), ("tmp", 0o1777)] {
            let path = project.path(name);
            fs::create_dir(&path).expect("a folder");
            readable(&path, mode);
        }
        provide(&project.path("bin"), name);
        project
    }

    /// One that consists of `main.py`.
    pub fn script(source: &str) -> Self {
        Self::new().file("main.py", source)
    }

    /// Add a file to the application.
    pub fn file(self, name: &str, text: &str) -> Self {
        self.write(name, text.as_bytes());
        self
    }

    /// Add a library, compiled from C.
    pub fn library(self, name: &str, source: &str) -> Self {
        self.library_with(name, source, &[])
    }

    /// Add a library, compiled from C with macros.
    pub fn library_with(self, name: &str, source: &str, definitions: &[String]) -> Self {
        let made = compile(Kind::Library, source, definitions);
        self.write(name, &fs::read(made).expect("what was compiled"));
        self
    }

    /// Write a file of the application.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.app(name);
        for folder in
            path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect::<Vec<_>>().into_iter().rev()
        {
            fs::create_dir(folder).expect("a folder");
            readable(folder, 0o755);
        }
        fs::write(&path, bytes).expect("a file");
        readable(&path, 0o644);
    }

    /// Write a file of the application that is run.
    pub fn executable(&self, name: &str, bytes: &[u8]) {
        let mut source = tempfile::NamedTempFile::new().expect("a temporary file");
        source.write_all(bytes).expect("a file");
        copy(source.path(), &self.app(name));
    }

    /// A path in the project's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A path in the application's folder.
    pub fn app(&self, name: &str) -> PathBuf {
        self.path("app").join(name)
    }

    /// The project's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `cloison …`, in the application's folder.
    pub fn cloison(&self, arguments: &[&str]) -> Run<'_> {
        Run::new(self, arguments)
    }

    /// `cloison run main.py …`, with the project's `cloison.toml` if it has one.
    pub fn main(&self, arguments: &[&str]) -> Run<'_> {
        let manifest: &[_] = if self.app("cloison.toml").is_file() { &["--manifest", "cloison.toml"] } else { &[] };
        self.cloison(&[&["run"], manifest, &["main.py"], arguments].concat())
    }

    /// `cloison run --root . main.py`: it may import what is beside it.
    pub fn main_with_modules(&self) -> Run<'_> {
        self.cloison(&["run", "--root", ".", "main.py"])
    }

    /// `cloison run . …`
    pub fn application(&self, arguments: &[&str]) -> Run<'_> {
        self.cloison(&[&["run", "."], arguments].concat())
    }
}
