//! The tables of keys in the documentation.
//!
//! They stand between markers, which say what they are of:
//!
//! ```text
//! <!-- keys Parameter but callbacks -->
//! | key | value | for | |
//! …
//! <!-- end of keys -->
//! ```

use super::{Key, TableName, of};

const BEGIN: &str = "<!-- keys ";
const END: &str = "<!-- end of keys -->";

/// The page with its tables as [`KEYS`](super::KEYS) says that they are.
///
/// # Errors
///
/// What is wrong with a marker.
pub fn in_page(page: &str) -> Result<String, String> {
    let mut written = String::new();
    let mut rest = page;
    while let Some(begin) = rest.find(BEGIN) {
        let line = rest[begin..].lines().next().unwrap_or_default();
        let body = begin + line.len();
        let end = rest[body..].find(END).ok_or_else(|| format!("there is no `{END}` behind `{line}`"))?;
        written += &rest[..body];
        written += &format!("\n{}", table(line.trim_start_matches(BEGIN).trim_end_matches("-->").trim())?);
        rest = &rest[body + end..];
    }
    Ok(written + rest)
}

/// `Type`: all keys; `Type for handles`: those that have a meaning for handles; `Type but handles`: all that are not for
/// handles alone.
fn table(marker: &str) -> Result<String, String> {
    let words: Vec<_> = marker.split(' ').collect();
    let name = TableName::ALL.into_iter().find(|table| table.word() == words[0]);
    let name = name.ok_or_else(|| format!("`{}` is no table", words[0]))?;
    let keys: Vec<_> = match words[1..] {
        [] => of(name).collect(),
        ["for", wanted] => of(name).filter(|key| key.of.split(", ").any(|one| one == wanted)).collect(),
        ["but", unwanted] => of(name).filter(|key| key.of != unwanted).collect(),
        _ => return Err(format!("`{marker}` is no marker: `{} for …`, or `{} but …`", words[0], words[0])),
    };
    if keys.is_empty() {
        return Err(format!("there are no keys for `{marker}`"));
    }
    Ok(rows(&keys, !matches!(words[1..], ["for", _])))
}

fn rows(keys: &[&Key], with_of: bool) -> String {
    let defaults = keys.iter().any(|key| !key.default.is_empty());
    let of = with_of && keys.iter().any(|key| !key.of.is_empty());
    let row = |cells: [&str; 5]| {
        let shown = [true, true, defaults, of, true];
        let cell = |(text, _): (&str, bool)| format!("| {text} ").replace("|  ", "| ");
        let cells = cells.into_iter().zip(shown).filter(|(_, shown)| *shown).map(cell);
        cells.collect::<String>() + "|\n"
    };
    let mut text = row(["key", "value", "default", "for", ""]);
    text += &"|---".repeat(3 + usize::from(defaults) + usize::from(of));
    text += "|\n";
    for key in keys {
        text += &row([&code(key.name), &key.value(), &code(key.default), key.of, key.says]);
    }
    text
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}`") }
}

/// `see [units](#units)` → `see units`
pub(super) fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[')
        && let Some((shown, behind)) = link.split_once("](")
        && let Some((_, behind)) = behind.split_once(')')
    {
        plain += before;
        plain += shown;
        rest = behind;
    }
    plain + rest
}
