//! `cloison add zlib`: functions of a C library.

use super::document::{self, Document, list, quoted};
use super::target::EditedManifest;
use super::{Addition, CommonArguments};
use anyhow::{Context, bail};
use cloison_broker::application::ZoneSpecification;
use cloison_contract::host::HostService;
use cloison_contract::spelling::did_you_mean;
use cloison_manifest::application::Allow;
use cloison_manifest::{bundled, explain};
use std::path::Path;
use toml_edit::{Item, Value};

#[derive(clap::Args)]
pub struct LibraryArguments {
    /// A binding that comes with Cloison (`zlib`), or the path of a NAME.zone.toml
    #[arg(required = true)]
    zone: Option<String>,
    /// The functions that may be called; without it, or with '*', all of them
    #[arg(long, value_name = "FUNCTION", num_args = 1.., value_delimiter = ',')]
    allow: Vec<String>,
    #[command(flatten)]
    common: CommonArguments,
}

/// All functions, as `allow` has it.
const ALL: &str = "*";

impl Addition for LibraryArguments {
    fn common(&self) -> &CommonArguments {
        &self.common
    }

    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String> {
        let typed = self.zone.as_deref().unwrap_or_default();
        let (zone, specification) = find(target, typed)?;
        let given = self.common.name.as_deref();
        let Some(name) = there(target, &zone, given)? else {
            let name = given.unwrap_or(&specification.interface.name);
            if let Some(other) = target.application.capabilities.get(name) {
                bail!("{name} is a capability of {} already\nhint: `--name` takes another name", other.zone.text);
            }
            document.insert(name, &format!("zone = {}\nallow = {}\n", quoted(&zone), self.functions()))?;
            return Ok(name.to_owned());
        };
        let table = document.capability(&name).context("the capability is nowhere")?;
        let allow = table.get_mut("allow").context("`allow` is nowhere")?;
        match &target.application.capabilities[&name].allow {
            Allow::All => {}
            // That is there; more of it has to be said.
            Allow::Functions(_) if self.allow.is_empty() => {}
            Allow::Functions(_) if self.allow.iter().any(|one| one == ALL) => {
                document::replace_value(allow, &quoted(ALL))?;
            }
            Allow::Functions(_) => {
                let Item::Value(Value::Array(functions)) = allow else { bail!("`allow` is no array") };
                for function in &self.allow {
                    if !functions.iter().any(|one| one.as_str() == Some(function)) {
                        document::push(functions, function.as_str().into());
                    }
                }
            }
        }
        Ok(name)
    }
}

impl LibraryArguments {
    /// The value of `allow`.
    fn functions(&self) -> String {
        if self.allow.is_empty() || self.allow.iter().any(|one| one == ALL) {
            return quoted(ALL);
        }
        let mut once: Vec<&str> = Vec::new();
        for function in &self.allow {
            if !once.contains(&function.as_str()) {
                once.push(function);
            }
        }
        list(once)
    }
}

/// The zone as the manifest names it, and what it offers.
fn find(target: &EditedManifest, typed: &str) -> anyhow::Result<(String, ZoneSpecification)> {
    if HostService::NAMES.contains(&typed) {
        bail!("what of {typed} it gets has to be said\nhint: `cloison add {typed} --help`");
    }
    if let Some(bundled) = ZoneSpecification::bundled(typed) {
        return Ok((typed.to_owned(), bundled?));
    }
    if !typed.ends_with(".toml") {
        let names: Vec<_> = bundled::names().filter(|name| !HostService::NAMES.contains(name)).collect();
        let meant = did_you_mean(typed, names.iter().copied().chain(HostService::NAMES))
            .map(|meant| format!("did you mean `{meant}`? "));
        bail!(
            "there is no binding `{typed}`\nhint: {}{} come with Cloison, and the path of a manifest of your own ends in .zone.toml",
            meant.unwrap_or_default(),
            explain::and(&names)
        );
    }
    let specification = ZoneSpecification::read(Path::new(typed))?;
    Ok((target.path(Path::new(typed))?, specification))
}

/// The capability of that zone that there is, if there is one.
fn there(target: &EditedManifest, zone: &str, name: Option<&str>) -> anyhow::Result<Option<String>> {
    let same =
        |text: &str| text == zone || zone.ends_with(".toml") && text.ends_with(".toml") && target.same(text, zone);
    let all = target.application.capabilities.iter().filter(|(_, request)| same(&request.zone.text));
    let found: Vec<_> = all.map(|(name, _)| name.as_str()).filter(|one| name.is_none_or(|name| name == *one)).collect();
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one.to_owned())),
        _ => bail!("there are several capabilities of {zone}: {}\nhint: `--name` says which", explain::and(&found)),
    }
}
