//! The cloison.toml that is changed.

use anyhow::{Context, bail};
use cloison_broker::application::files;
use cloison_broker::application::{LoadError, MANIFEST};
use cloison_manifest::application::{self, Application};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Component, Path, PathBuf};

/// An application whose manifest is there and has no mistake.
pub struct EditedManifest {
    /// How it is called in sentences: `app/`.
    pub name: String,
    /// The folder, as it was given.
    folder: PathBuf,
    /// The path of the manifest, below `folder`.
    pub manifest: PathBuf,
    /// Its text.
    pub text: String,
    /// What that says.
    pub application: Application,
}

impl EditedManifest {
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        // Its manifest means the same.
        let folder = match folder.file_name() {
            Some(name) if name == MANIFEST => folder.parent().unwrap_or(Path::new("")),
            _ => folder,
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let manifest = folder.join(MANIFEST);
        let text = match files::read_text(&manifest, files::MANIFEST_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = folder.display();
                bail!(
                    "{folder}: no {MANIFEST} in this folder\nhint: `cloison new {folder}` makes one, `--app DIR` names another folder"
                )
            }
            Err(error) => return Err(LoadError::File { path: manifest, error }.into()),
        };
        let application = application::parse(&manifest.display().to_string(), &text).map_err(LoadError::Manifests)?;
        Ok(Self { name: shown(folder), folder: folder.to_owned(), manifest, text, application })
    }

    /// A path that somebody has typed, as the manifest has it: absolute, or relative to the manifest's folder.
    pub fn path(&self, typed: &Path) -> anyhow::Result<String> {
        let path = match typed.is_absolute() {
            true => typed.to_owned(),
            false => self.relative(typed).with_context(|| typed.display().to_string())?,
        };
        match path.to_str() {
            Some("") => Ok(".".to_owned()),
            Some(text) => Ok(text.to_owned()),
            None => bail!("{}: a manifest is UTF-8, and this path is not", typed.display()),
        }
    }

    /// Names without `..` say what they mean; others go by the real folders.
    fn relative(&self, typed: &Path) -> io::Result<PathBuf> {
        let here = std::env::current_dir()?;
        let plain = |path: &Path| !path.components().any(|part| part == Component::ParentDir);
        let whole = |path: &Path| here.join(path).components().collect::<PathBuf>();
        if plain(typed)
            && plain(&self.folder)
            && let Ok(inside) = whole(typed).strip_prefix(whole(&self.folder))
        {
            return Ok(inside.to_owned());
        }
        let (to, from) = (fs::canonicalize(typed)?, fs::canonicalize(&self.folder)?);
        let common = to.components().zip(from.components()).take_while(|(one, other)| one == other).count();
        let up = from.components().skip(common).map(|_| Component::ParentDir);
        Ok(up.chain(to.components().skip(common)).collect())
    }

    /// Whether a path of the manifest leads to the same as another one.
    pub fn same(&self, one: &str, other: &str) -> bool {
        let real = |path: &str| fs::canonicalize(self.folder.join(path)).ok();
        one == other || real(one).is_some_and(|one| Some(one) == real(other))
    }

    /// Replaces the manifest: whoever reads it meanwhile finds the one or the other.
    pub fn replace(&self, text: &str) -> anyhow::Result<()> {
        let context = || self.manifest.display().to_string();
        // A link stays a link.
        let real = fs::canonicalize(&self.manifest).with_context(context)?;
        let folder = real.parent().unwrap_or(Path::new("/"));
        let owner = fs::metadata(&real).with_context(context)?;
        let permissions = owner.permissions();
        let mut new = tempfile::Builder::new().prefix(".cloison.toml.").tempfile_in(folder).with_context(context)?;
        new.write_all(text.as_bytes()).with_context(context)?;
        // It stays its owner's, whoever changes it.
        if (owner.uid(), owner.gid())
            != new.as_file().metadata().map(|own| (own.uid(), own.gid())).with_context(context)?
        {
            fchown(new.as_file(), Some(owner.uid()), Some(owner.gid())).with_context(context)?;
        }
        new.as_file().set_permissions(permissions).with_context(context)?;
        new.as_file().sync_all().with_context(context)?;
        if files::read_text(&real, files::MANIFEST_BYTES).ok().as_deref() != Some(self.text.as_str()) {
            bail!("{}: somebody else has changed it meanwhile; nothing was written", self.manifest.display());
        }
        new.persist(&real).map_err(|error| error.error).with_context(context)?;
        Ok(())
    }
}

/// A folder as sentences call it: `app/`.
pub fn shown(folder: &Path) -> String {
    let real = || fs::canonicalize(folder).ok()?.file_name().map(|name| name.to_string_lossy().into_owned());
    let text = folder.display().to_string();
    let name = match folder.file_name() {
        Some(_) => text.trim_end_matches('/').to_owned(),
        None => real().unwrap_or(text),
    };
    if name == "/" { name } else { format!("{name}/") }
}

/// Makes a file that was not there.
pub fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let made: io::Result<File> = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = made.with_context(|| path.display().to_string())?;
    file.write_all(text.as_bytes()).with_context(|| path.display().to_string())
}
