//! `cloison add process`.

use super::document::{self, Document, list, quoted};
use super::target::EditedManifest;
use super::{Addition, CommonArguments, service};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use toml_edit::{Item, Value};

/// Let the program start a program of this machine, with the arguments that are named
#[derive(clap::Args)]
#[command(after_help = "Arguments stand in their order; `*` is any text but an option, and none are no arguments.

Examples:
  cloison add process /usr/bin/git --read ./repo --arguments log --oneline '*'
  cloison add process ./bin/resize --write ./pictures --arguments '*.png' '*.png'")]
pub struct ProcessArguments {
    /// The program's file
    path: PathBuf,
    /// What it is called in Python; unless said, the file's name
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// A folder that it may read and list
    #[arg(long, value_name = "DIR")]
    read: Vec<PathBuf>,
    /// A folder that it may read and change
    #[arg(long, value_name = "DIR")]
    write: Vec<PathBuf>,
    #[command(flatten)]
    common: CommonArguments,
    /// Its arguments, to the end of the line
    #[arg(long, value_name = "PATTERN", num_args = 0.., allow_hyphen_values = true)]
    arguments: Vec<String>,
}

const SERVICE: &str = "process";

impl Addition for ProcessArguments {
    fn common(&self) -> &CommonArguments {
        &self.common
    }

    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String> {
        let entry = self.entry(target)?;
        let name = service::capability(target, SERVICE, self.common.name.as_deref())?;
        if !target.application.capabilities.contains_key(&name) {
            document.insert(&name, &format!("zone = \"{SERVICE}\"\ncommands = [\n    {entry},\n]\n"))?;
            return Ok(name);
        }
        let table = document.capability(&name).context("the capability is nowhere")?;
        match table.get_mut("commands") {
            None => document::insert_value(table, "commands", &format!("[\n    {entry},\n]"))?,
            Some(Item::Value(Value::Array(commands))) => {
                let new: Value = entry.parse()?;
                let same = |one: &Value| one.to_string().split_whitespace().eq(new.to_string().split_whitespace());
                if !commands.iter().any(same) {
                    document::push(commands, new);
                }
            }
            Some(_) => bail!("`commands` is no array of tables in one line each\nhint: add the entry by hand: {entry}"),
        }
        Ok(name)
    }
}

impl ProcessArguments {
    fn entry(&self, target: &EditedManifest) -> anyhow::Result<String> {
        let mut path = target.path(&self.path)?;
        if !path.contains('/') {
            path.insert_str(0, "./");
        }
        let name = self.command.as_ref().map(|name| format!("name = {}, ", quoted(name))).unwrap_or_default();
        let arguments = list(self.arguments.iter().map(String::as_str));
        let read = self.read.iter().map(|folder| (folder, &["read", "list"][..]));
        let write = self.write.iter().map(|folder| (folder, &["read", "list", "write", "create", "delete"][..]));
        let roots: Vec<_> =
            read.chain(write).map(|(folder, rights)| root(target, folder, rights)).collect::<Result<_, _>>()?;
        let roots = if roots.is_empty() { String::new() } else { format!(", roots = [{}]", roots.join(", ")) };
        Ok(format!("{{ {name}path = {}, arguments = {arguments}{roots} }}", quoted(&path)))
    }
}

/// A folder at its own path, or below `/` by its name.
fn root(target: &EditedManifest, folder: &Path, rights: &[&str]) -> anyhow::Result<String> {
    let at = match folder.is_absolute() {
        true => folder.to_owned(),
        false => {
            let real = std::fs::canonicalize(folder).with_context(|| folder.display().to_string())?;
            Path::new("/").join(real.file_name().context("that folder has no name")?)
        }
    };
    let at = at.to_str().context("a manifest is UTF-8, and this path is not")?;
    let path = target.path(folder)?;
    Ok(format!("{{ at = {}, path = {}, allow = {} }}", quoted(at), quoted(&path), list(rights.iter().copied())))
}
