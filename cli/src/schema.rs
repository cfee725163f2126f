//! `cloison schema`: what editors know of manifests, from the table of their keys.

mod json;

use std::path::PathBuf;
use std::process::ExitCode;

/// Print the JSON schema of manifests, for editors
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison schema zone -o zone.schema.json
  cloison schema application

An editor with a TOML language server takes it from the manifest's first line:
  #:schema ./zone.schema.json")]
pub struct SchemaArguments {
    /// Of NAME.zone.toml, or of cloison.toml
    #[arg(value_enum, default_value = "zone")]
    which: Which,
    /// Write it to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Which file the schema is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Which {
    /// cloison.toml
    Application,
    /// NAME.zone.toml
    Zone,
}

pub fn run(arguments: &SchemaArguments) -> anyhow::Result<ExitCode> {
    crate::output::data(arguments.output.as_deref(), &text(arguments.which)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The schema as it is committed in `schema/`.
pub fn text(which: Which) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&json::schema(which))? + "\n")
}

#[cfg(test)]
mod tests;
