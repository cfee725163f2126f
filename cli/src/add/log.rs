//! `cloison add log`.

use super::document::{self, Document, quoted};
use super::target::EditedManifest;
use super::{Addition, CommonArguments, service};
use anyhow::{Context, bail};
use cloison_contract::host::{HostService, LogLevel};
use cloison_manifest::application::ServiceRequest;
use std::path::PathBuf;

/// Let the program write records to a log, which it cannot read
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison add log                              # to standard error
  cloison add log ./log/app.log --level info   # one line of JSON each")]
pub struct LogArguments {
    /// The file; unless said, standard error
    file: Option<PathBuf>,
    /// What is less than that is not written
    #[arg(long, value_parser = LogLevel::ALL.map(LogLevel::word))]
    level: Option<String>,
    #[command(flatten)]
    common: CommonArguments,
}

const SERVICE: &str = "log";

impl Addition for LogArguments {
    fn common(&self) -> &CommonArguments {
        &self.common
    }

    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String> {
        let file = self.file.as_ref().map(|file| place(target, file)).transpose()?;
        let name = service::capability(target, SERVICE, self.common.name.as_deref())?;
        let said = [("file", &file), ("level", &self.level)];
        let said = said.into_iter().filter_map(|(key, value)| Some((key, quoted(value.as_ref()?))));
        let request = target.application.capabilities.get(&name).and_then(|request| request.service.as_ref());
        let Some(ServiceRequest { service: HostService::Log(there), .. }) = request else {
            let lines: String = said.map(|(key, value)| format!("{key} = {value}\n")).collect();
            document.insert(&name, &format!("zone = \"{SERVICE}\"\n{lines}"))?;
            return Ok(name);
        };
        if let (Some(new), Some(old)) = (&file, &there.file)
            && new != old
        {
            bail!("its records go to {old} already\nhint: `--name` makes another capability of it");
        }
        let table = document.capability(&name).context("the capability is nowhere")?;
        for (key, value) in said {
            match table.get_mut(key) {
                None => document::insert_value(table, key, &value)?,
                Some(item) if item.as_str().map(quoted).as_deref() == Some(&value) => {}
                Some(item) => document::replace_value(item, &value)?,
            }
        }
        Ok(name)
    }
}

/// A path that need not lead anywhere yet, as the manifest has it: its folder does.
fn place(target: &EditedManifest, file: &std::path::Path) -> anyhow::Result<String> {
    let name = file.file_name().and_then(|name| name.to_str()).context("that is no name of a file")?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    let folder = target.path(folder)?;
    Ok(if folder == "." { name.to_owned() } else { format!("{}/{name}", folder.trim_end_matches('/')) })
}
