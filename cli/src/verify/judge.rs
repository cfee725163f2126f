//! What the compiled probe says of each item.

use super::compile::{self, Compiled};
use super::items::{Expected, Item, ProbeSource, macro_object, object};
use super::{Difference, Verified, debug};
use cloison_contract::Interface;
use std::collections::BTreeMap;

/// What comes of one item.
enum Said {
    /// In so many points.
    Agrees(usize),
    Differs(Vec<String>),
    /// The headers do not have it, and need not.
    Unknown,
}

/// Judge all items, in their order.
pub fn judge(
    interface: &Interface,
    manifest: &str,
    source: &ProbeSource,
    compiled: &Compiled,
    verified: &mut Verified,
) -> anyhow::Result<()> {
    let values = compile::values(&compiled.library)?;
    let described: BTreeMap<_, _> = source
        .items
        .iter()
        .enumerate()
        .filter(|(index, _)| !compiled.refused.contains_key(index))
        .filter_map(|(index, item)| match item.expected {
            Expected::Function(at) => Some((object(index), debug::Asked::Function(interface.functions.get(at)?))),
            Expected::Type(at) => Some((object(index), debug::Asked::Type(interface.types.get(at)?))),
            _ => None,
        })
        .collect();
    let (mut described, by_clang) =
        debug::probe(interface, manifest, &compiled.library, source.by, &described).map_err(anyhow::Error::msg)?;
    verified.by_clang = by_clang;
    for (index, item) in source.items.iter().enumerate() {
        let said = match (compiled.refused.get(&index), described.remove(&object(index))) {
            (Some(why), _) => {
                let is_macro = values.contains_key(&macro_object(index));
                refused(item, why.as_deref(), is_macro, source.by)
            }
            (None, Some(found)) if found.differences.is_empty() => Said::Agrees(found.points),
            (None, Some(found)) => Said::Differs(found.differences),
            (None, None) => value(item, values.get(&object(index)), source.by),
        };
        match said {
            Said::Agrees(points) => verified.agree += points,
            Said::Differs(messages) => {
                let at = format!("{}:{}", interface.source, item.line);
                verified.differences.extend(messages.into_iter().map(|message| Difference { at: at.clone(), message }));
            }
            Said::Unknown => verified.unknown.push(item.name().to_owned()),
        }
    }
    Ok(())
}

/// `why` is what the compiler said of it.
fn refused(item: &Item, why: Option<&str>, is_macro: bool, by: &str) -> Said {
    let what = &item.what;
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let kind = match item.expected {
        Expected::Compiles => return Said::Differs(vec![format!("the compiler refuses {what}{why}")]),
        // A name of the manifest's own, or a macro that the headers define under other conditions.
        _ if item.optional && !is_macro => return Said::Unknown,
        Expected::Function(_) if !is_macro => {
            return Said::Differs(vec![format!("the header does not declare {what}")]);
        }
        // The compiler's words are about the line of the probe.
        Expected::Type(_) => return Said::Differs(vec![format!("{what} is not there {by}")]),
        Expected::Function(_) => "a function",
        Expected::Float(_) | Expected::Integer(_) if is_macro => "a number",
        Expected::Text(_) if is_macro => "a text",
        _ => return Said::Differs(vec![format!("{what} is not there {by}{why}")]),
    };
    Said::Differs(vec![format!("{what} is not {kind} {by}, and {kind} here")])
}

/// `found` is the object.
fn value(item: &Item, found: Option<&Vec<u8>>, by: &str) -> Said {
    let what = &item.what;
    let found_number = || found.and_then(|found| <[u8; 8]>::try_from(&found[..]).ok());
    let message = match &item.expected {
        Expected::Compiles => return Said::Agrees(1),
        Expected::Integer(expected) => found_number().map(i64::from_le_bytes).map(|found| {
            // Beyond `long long` the same bits are a negative number.
            (found != *expected as i64).then(|| format!("{what} has value {found} {by}, and {expected} here"))
        }),
        Expected::Float(expected) => found_number()
            .map(f64::from_le_bytes)
            .map(|found| (found != *expected).then(|| format!("{what} is {found:?} {by}, and {expected:?} here"))),
        Expected::Text(expected) => found.map(|found| {
            let found = found.strip_suffix(b"\0").unwrap_or(found);
            let text = String::from_utf8_lossy(found);
            (found != expected.as_bytes()).then(|| format!("{what} is {text:?} {by}, and {expected:?} here"))
        }),
        // The debug information does not say: C before prototypes.
        Expected::Function(_) | Expected::Type(_) => return Said::Unknown,
    };
    match message {
        Some(None) => Said::Agrees(1),
        Some(Some(message)) => Said::Differs(vec![message]),
        None => Said::Differs(vec![format!("{what} could not be read from the compiler's output")]),
    }
}
