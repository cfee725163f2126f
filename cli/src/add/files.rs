//! `cloison add files` and `cloison add scratch`.

use super::document::{self, Document, list, quoted};
use super::target::EditedManifest;
use super::{Addition, CommonArguments, service};
use anyhow::{Context, bail};
use cloison_contract::host::{FilesRoot, FilesService, HostService, SCRATCH};
use cloison_manifest::application::ServiceRequest;
use cloison_manifest::{explain, parse_size};
use std::path::{Path, PathBuf};
use toml_edit::{Array, Item, TableLike, Value};

/// Give a folder of this machine, with what may be done in it
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("rights").required(true).multiple(true))]
#[command(after_help = "Examples:
  cloison add files ./data --read --list                  # at /data
  cloison add files ./out --read --list --write --create --delete
  cloison add files /var/log/mine --append --create --at /log")]
pub struct FilesArguments {
    /// The folder
    path: PathBuf,
    /// Where the program sees it; unless said, an absolute path where it is, and DIR/data at /data
    #[arg(long, value_name = "PLACE")]
    at: Option<String>,
    /// Open files to read them
    #[arg(long, group = "rights")]
    read: bool,
    /// List folders
    #[arg(long, group = "rights")]
    list: bool,
    /// Change files that are there
    #[arg(long, group = "rights")]
    write: bool,
    /// Make files, folders and links
    #[arg(long, group = "rights")]
    create: bool,
    /// Remove files and folders
    #[arg(long, group = "rights")]
    delete: bool,
    /// Write at the end of files that are there, and nowhere else
    #[arg(long, group = "rights")]
    append: bool,
    #[command(flatten)]
    common: CommonArguments,
}

/// Give a folder at /tmp, in memory, that ends with its microprocess
#[derive(clap::Args)]
#[command(after_help = "Example:
  cloison add scratch 64MiB")]
pub struct ScratchArguments {
    /// How large it is, as in 64MiB
    size: String,
    #[command(flatten)]
    common: CommonArguments,
}

const SERVICE: &str = "files";

impl Addition for FilesArguments {
    fn common(&self) -> &CommonArguments {
        &self.common
    }

    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String> {
        let folder = FolderToAdd { path: &self.path, at: self.at.as_ref(), rights: &self.rights() };
        folder.add(SERVICE, self.common.name.as_deref(), target, document)
    }
}

/// A folder for the `roots` of a capability.
pub struct FolderToAdd<'a> {
    /// The folder.
    pub path: &'a Path,
    /// Where it is seen, if that is said.
    pub at: Option<&'a String>,
    /// What it gives.
    pub rights: &'a [&'static str],
}

impl FolderToAdd<'_> {
    /// Change the document; gives the name of the capability.
    pub fn add(
        &self,
        service: &str,
        name: Option<&str>,
        target: &EditedManifest,
        document: &mut Document,
    ) -> anyhow::Result<String> {
        let path = target.path(self.path)?;
        let name = service::capability(target, service, name)?;
        let line = |at: &str| root(at, &path, self.rights);
        let Some((roots, folders)) = there(target, &name) else {
            let lines = format!("zone = \"{service}\"\nroots = [\n    {},\n]\n", line(&self.place()?));
            document.insert(&name, &lines)?;
            return Ok(name);
        };
        let table = document.capability(&name).context("the capability is nowhere")?;
        // The place that is named, or else the folder, wherever it is seen.
        let found = roots
            .iter()
            .zip(&folders)
            .position(|(root, folder)| target.same(folder, &path) && self.at.is_none_or(|at| *at == root.at));
        if let Some(index) = found {
            extend(table, index, self.rights)?;
            return Ok(name);
        }
        let at = self.place()?;
        if let Some((_, folder)) = roots.iter().zip(&folders).find(|(root, _)| root.at == at) {
            bail!("{at} is {folder} already\nhint: `--at PLACE` has the program see it somewhere else");
        }
        let new: Value = line(&at).parse()?;
        match table.get_mut("roots") {
            None => document::insert_value(table, "roots", &format!("[\n    {},\n]", line(&at)))?,
            Some(Item::Value(Value::Array(roots))) => document::push(roots, new),
            Some(Item::ArrayOfTables(roots)) => {
                let Value::InlineTable(new) = new else { bail!("a root is a table") };
                let mut new = new.into_table();
                new.fmt();
                new.decor_mut().set_prefix("\n");
                roots.push(new);
            }
            Some(_) => bail!("`roots` is no array"),
        }
        Ok(name)
    }

    fn place(&self) -> anyhow::Result<String> {
        match self.at {
            Some(at) => Ok(at.clone()),
            None => place(self.path)?.context("where is the program to see it?\nhint: `--at /data`"),
        }
    }
}

/// Where a program sees a folder, unless somebody says it: an absolute path where it is, and `DIR/data` at `/data`.
///
/// `None` if it has no name that a manifest can have.
///
/// # Errors
///
/// The folder is not there.
pub fn place(folder: &Path) -> anyhow::Result<Option<String>> {
    let text = |path: &Path| path.to_str().map(str::to_owned);
    Ok(match folder.is_absolute() {
        true => text(&folder.components().collect::<PathBuf>()),
        false => {
            let real = std::fs::canonicalize(folder).with_context(|| folder.display().to_string())?;
            let name = folder.file_name().or(real.file_name()).map(PathBuf::from);
            name.and_then(|name| text(&Path::new("/").join(name)))
        }
    })
}

impl FilesArguments {
    fn rights(&self) -> Vec<&'static str> {
        let said = [
            ("read", self.read),
            ("list", self.list),
            ("write", self.write),
            ("create", self.create),
            ("delete", self.delete),
            // Who may write may append.
            ("append", self.append && !self.write),
        ];
        said.into_iter().filter(|(_, said)| *said).map(|(word, _)| word).collect()
    }
}

impl Addition for ScratchArguments {
    fn common(&self) -> &CommonArguments {
        &self.common
    }

    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String> {
        let bytes = match parse_size(&self.size) {
            Ok(bytes) => bytes,
            Err(mistake) => {
                let hint = mistake.hint.unwrap_or_else(|| "as in 64MiB".to_owned());
                bail!("{}\nhint: {hint}", mistake.message)
            }
        };
        let (name, size) =
            (service::capability(target, SERVICE, self.common.name.as_deref())?, quoted(&explain::size(bytes)));
        let Some(service) = files_of(target, &name) else {
            document.insert(&name, &format!("zone = \"{SERVICE}\"\nscratch = {size}\n"))?;
            return Ok(name);
        };
        let table = document.capability(&name).context("the capability is nowhere")?;
        match (service.scratch_bytes, table.get_mut("scratch")) {
            // As large, or larger.
            (Some(there), _) if there >= bytes => {}
            (_, Some(scratch)) => document::replace_value(scratch, &size)?,
            (_, None) => document::insert_value(table, "scratch", &size)?,
        }
        if let Some(root) = service.roots.iter().position(|root| root.at == SCRATCH) {
            bail!("{SCRATCH} is the place of root {} of {name}, and scratch would be there", root + 1);
        }
        Ok(name)
    }
}

/// The roots that the capability of that name has already, and their folders.
fn there(target: &EditedManifest, name: &str) -> Option<(Vec<FilesRoot>, Vec<String>)> {
    let ServiceRequest { service, folders, .. } = target.application.capabilities.get(name)?.service.as_ref()?;
    Some((service.roots().to_vec(), folders.iter().map(|folder| folder.text.clone()).collect()))
}

/// What the capability of that name gives already.
fn files_of<'t>(target: &'t EditedManifest, name: &str) -> Option<&'t FilesService> {
    match &target.application.capabilities.get(name)?.service.as_ref()?.service {
        HostService::Files(files) => Some(files),
        _ => None,
    }
}

/// An entry of `roots`.
pub fn root(at: &str, path: &str, rights: &[&str]) -> String {
    format!("{{ at = {}, path = {}, allow = {} }}", quoted(at), quoted(path), list(rights.iter().copied()))
}

/// More rights for a root that is there.
fn extend(capability: &mut dyn TableLike, index: usize, rights: &[&str]) -> anyhow::Result<()> {
    let root: Option<&mut dyn TableLike> = match capability.get_mut("roots") {
        Some(Item::Value(Value::Array(roots))) => match roots.get_mut(index) {
            Some(Value::InlineTable(root)) => Some(root),
            _ => None,
        },
        Some(Item::ArrayOfTables(roots)) => roots.get_mut(index).map(|root| root as &mut dyn TableLike),
        _ => None,
    };
    let allow = root.and_then(|root| root.get_mut("allow")?.as_array_mut()).context("the root is nowhere")?;
    let has = |allow: &Array, word: &str| allow.iter().any(|one| one.as_str() == Some(word));
    for &right in rights {
        let append = allow.iter().position(|one| one.as_str() == Some("append"));
        match append {
            _ if has(allow, right) => {}
            // Who may write may append.
            _ if right == "append" && has(allow, "write") => {}
            Some(append) if right == "write" => {
                allow.replace(append, right);
            }
            _ => document::push(allow, right.into()),
        }
    }
    Ok(())
}
