//! `cloison add env`.

use super::document::{self, Document, quoted};
use super::target::EditedManifest;
use super::{Addition, CommonArguments, service};
use anyhow::{Context, bail};
use toml_edit::{Item, TableLike, Value};

/// Give variables of the environment
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("all").required(true).multiple(true))]
#[command(after_help = "Examples:
  cloison add env LANG TZ                 # as cloison is started with them
  cloison add env --set HOME=/data")]
pub struct EnvArguments {
    /// Variables that are passed on, as far as they are set
    #[arg(group = "all", value_name = "NAME")]
    pass: Vec<String>,
    /// A variable, and what it is
    #[arg(long, group = "all", value_name = "NAME=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    common: CommonArguments,
}

const SERVICE: &str = "env";

impl Addition for EnvArguments {
    fn common(&self) -> &CommonArguments {
        &self.common
    }

    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String> {
        if let Some(wrong) = self.pass.iter().find(|name| name.contains('=')) {
            bail!("`{wrong}` is no name\nhint: `--set {wrong}`");
        }
        let set: Option<Vec<_>> = self.set.iter().map(|set| set.split_once('=')).collect();
        let set = set.context("`--set` takes a name and a value\nhint: `--set HOME=/data`")?;
        let name = service::capability(target, SERVICE, self.common.name.as_deref())?;
        if !target.application.capabilities.contains_key(&name) {
            let mut lines = format!("zone = \"{SERVICE}\"\n");
            if !self.pass.is_empty() {
                lines.push_str(&format!("pass = {}\n", service::array(&self.pass)));
            }
            if !set.is_empty() {
                lines.push_str(&format!("variables = {}\n", variables(&set)));
            }
            document.insert(&name, &lines)?;
            return Ok(name);
        }
        let table = document.capability(&name).context("the capability is nowhere")?;
        service::extend(table, "pass", &self.pass)?;
        extend(table, &set, target)?;
        Ok(name)
    }
}

/// Variables that the capability is to have; one that it has with another value stays as it is.
fn extend(capability: &mut dyn TableLike, set: &[(&str, &str)], target: &EditedManifest) -> anyhow::Result<()> {
    if set.is_empty() {
        return Ok(());
    }
    let there: &mut dyn TableLike = match capability.get_mut("variables") {
        None => return document::insert_value(capability, "variables", &variables(set)),
        Some(Item::Value(Value::InlineTable(table))) => table,
        Some(Item::Table(table)) => table,
        Some(_) => bail!("`variables` is no table"),
    };
    for (name, value) in set {
        match there.get(name).map(Item::as_str) {
            Some(Some(same)) if same == *value => {}
            Some(_) => bail!("{name} has another value already\nhint: change it in {}", target.manifest.display()),
            None => {
                let value: Value = quoted(value).parse()?;
                document::append(there, name, value.decorated(" ", ""));
            }
        }
    }
    Ok(())
}

/// `{ HOME = "/data" }`
fn variables(set: &[(&str, &str)]) -> String {
    let each: Vec<_> = set.iter().map(|(name, value)| format!("{} = {}", key(name), quoted(value))).collect();
    format!("{{ {} }}", each.join(", "))
}

/// Bare where TOML allows it.
fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare { name.to_owned() } else { quoted(name) }
}
