//! `cloison schema`: what editors know of manifests, from a mirror of their tables.
//!
//! The readers of manifests work by hand over a spanned tree, so that they find every mistake; a schema cannot be derived
//! from them. The mirror says the same as Rust types, with the descriptions that people see in their editor. Tests hold the
//! two together: every manifest that the readers take is one for the mirror, and both know the same keys of each table.

mod application;
mod values;
mod zone;

use schemars::generate::SchemaSettings;
use serde_json::Value;
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
    Ok(serde_json::to_string_pretty(&schema(which))? + "\n")
}

fn schema(which: Which) -> Value {
    // Draft 7 is what editors' TOML plug-ins know.
    let generator = SchemaSettings::draft07().into_generator();
    let schema = match which {
        Which::Application => generator.into_root_schema_for::<application::Application>(),
        Which::Zone => generator.into_root_schema_for::<zone::Manifest>(),
    };
    let mut schema = schema.to_value();
    without_null(&mut schema);
    schema
}

/// What may be absent is never null: TOML has no such value.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.retain(|key, value| key != "default" || !value.is_null());
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = &types[..] {
                    object["type"] = one.clone();
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|one| one["type"] != "null");
                if let [one] = &choices[..] {
                    let one = one.clone();
                    object.remove("anyOf");
                    object.insert("allOf".to_owned(), Value::Array(vec![one]));
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(array) => array.iter_mut().for_each(without_null),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
