//! What all additions to host services share.

use super::document::{self, quoted};
use super::target::EditedManifest;
use anyhow::bail;
use cloison_manifest::explain;
use toml_edit::{Item, TableLike, Value};

/// The name of the capability that is meant: the one of that service that there is, or a new one.
pub fn capability(target: &EditedManifest, service: &str, name: Option<&str>) -> anyhow::Result<String> {
    let capabilities = &target.application.capabilities;
    if let Some(name) = name {
        if let Some(other) = capabilities.get(name).filter(|request| request.zone.text != service) {
            bail!("{name} is a capability of {} already\nhint: `--name` takes another name", other.zone.text);
        }
        return Ok(name.to_owned());
    }
    let all = capabilities.iter().filter(|(_, request)| request.zone.text == service);
    let found: Vec<_> = all.map(|(name, _)| name.as_str()).collect();
    match found[..] {
        [one] => Ok(one.to_owned()),
        [] => match capabilities.get(service) {
            Some(other) => {
                bail!("{service} is a capability of {} already\nhint: `--name` takes another name", other.zone.text)
            }
            None => Ok(service.to_owned()),
        },
        _ => bail!("there are several capabilities of {service}: {}\nhint: `--name` says which", explain::and(&found)),
    }
}

/// Texts that an array of the capability is to have; those that it has already are left out.
pub fn extend(table: &mut dyn TableLike, key: &str, texts: &[String]) -> anyhow::Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    if !table.contains_key(key) {
        return document::insert_value(table, key, &array(texts));
    }
    let Some(Item::Value(Value::Array(array))) = table.get_mut(key) else { bail!("`{key}` is no array") };
    for text in texts {
        if !array.iter().any(|one| one.as_str() == Some(text)) {
            document::push(array, text.as_str().into());
        }
    }
    Ok(())
}

/// An array of texts: in one line, or a line for each where that would be long.
pub fn array(texts: &[String]) -> String {
    let mut once: Vec<String> = Vec::new();
    for text in texts.iter().map(|text| quoted(text)) {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    match once.iter().map(String::len).sum::<usize>() {
        ..=80 => format!("[{}]", once.join(", ")),
        _ => format!("[\n    {},\n]", once.join(",\n    ")),
    }
}
