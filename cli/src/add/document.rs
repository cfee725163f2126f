//! A cloison.toml whose lines are changed: comments, order and spaces of everything else stay.

use super::target::EditedManifest;
use anyhow::bail;
use toml_edit::{Array, DocumentMut, InlineTable, Item, RawString, Table, TableLike, Value};

/// The text, as a tree that knows how it was written.
pub struct Document {
    tree: DocumentMut,
    /// Lines end as on Windows.
    carriage_returns: bool,
}

impl Document {
    /// # Errors
    /// The text would not come out of it as it went in: then whoever wants the lines has to write them.
    pub fn parse(target: &EditedManifest) -> anyhow::Result<Self> {
        match Self::of(&target.text) {
            Some(document) => Ok(document),
            None => bail!(
                "{}: its other lines would not stay as they are\nhint: `--dry-run` on a copy with plain line ends has the lines to write",
                target.manifest.display()
            ),
        }
    }

    fn of(text: &str) -> Option<Self> {
        let carriage_returns = text.contains("\r\n");
        let plain = if carriage_returns { text.replace("\r\n", "\n") } else { text.to_owned() };
        let tree: DocumentMut = plain.parse().ok()?;
        let document = Self { tree, carriage_returns };
        let again = document.text();
        let end = if carriage_returns { "\r\n" } else { "\n" };
        (again == text || again == format!("{text}{end}")).then_some(document)
    }

    pub fn text(&self) -> String {
        let text = self.tree.to_string();
        if self.carriage_returns { text.replace('\n', "\r\n") } else { text }
    }

    /// The table of a capability, however it is written.
    pub fn capability(&mut self, name: &str) -> Option<&mut dyn TableLike> {
        self.tree.get_mut("capabilities")?.as_table_like_mut()?.get_mut(name)?.as_table_like_mut()
    }

    /// A new capability, whose lines are these.
    pub fn insert(&mut self, name: &str, lines: &str) -> anyhow::Result<()> {
        let mut table = lines.parse::<DocumentMut>()?.into_table();
        table.set_position(None);
        let empty = self.tree.as_table().is_empty();
        table.decor_mut().set_prefix(if empty { "" } else { "\n" });
        let capabilities = self.tree.entry("capabilities").or_insert_with(|| {
            let mut capabilities = Table::new();
            capabilities.set_implicit(true);
            Item::Table(capabilities)
        });
        match capabilities {
            Item::Table(capabilities) => {
                capabilities.insert(name, Item::Table(table));
            }
            Item::Value(Value::InlineTable(capabilities)) => {
                append(capabilities, name, Value::InlineTable(inline(table)));
            }
            _ => bail!("[capabilities] is no table"),
        }
        self.keep_last_words(name, lines);
        Ok(())
    }

    /// A comment at the end of the file is not to become one of a table that comes to stand before it.
    fn keep_last_words(&mut self, name: &str, lines: &str) {
        let words = raw(self.tree.trailing()).to_owned();
        if words.is_empty() {
            return;
        }
        self.tree.set_trailing("");
        let table = match self.tree.to_string().ends_with(lines) {
            true => self.tree.get_mut("capabilities").and_then(|item| item.get_mut(name)?.as_table_mut()),
            false => None,
        };
        match table {
            Some(table) if words.trim().is_empty() => table.decor_mut().set_prefix(words),
            Some(table) => table.decor_mut().set_prefix(format!("{}\n\n", words.trim_end())),
            None => self.tree.set_trailing(words),
        }
    }
}

/// A key of a table that has it not, with a value as it is to be written.
pub fn insert_value(table: &mut dyn TableLike, key: &str, text: &str) -> anyhow::Result<()> {
    append(table, key, text.parse::<Value>()?.decorated(" ", ""));
    Ok(())
}

/// What stood behind the last value of a table in one line, a space before its brace, stands behind the new one.
pub fn append(table: &mut dyn TableLike, key: &str, mut value: Value) {
    if let Some(Item::Value(last)) = table.iter_mut().last().map(|(_, item)| item) {
        let suffix = last.decor().suffix().map(|suffix| raw(suffix).to_owned()).unwrap_or_default();
        if !suffix.is_empty() && suffix.trim().is_empty() {
            last.decor_mut().set_suffix("");
            value.decor_mut().set_suffix(suffix);
        }
    }
    table.insert(key, Item::Value(value));
}

/// Another value for a key; what stands around it stays.
pub fn replace_value(item: &mut Item, text: &str) -> anyhow::Result<()> {
    let mut value: Value = text.parse()?;
    if let Some(old) = item.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(value);
    Ok(())
}

/// One more element, written as the others are.
pub fn push(array: &mut Array, mut value: Value) {
    let spread = |raw: Option<&RawString>| raw.is_some_and(|raw| self::raw(raw).contains('\n'));
    let trailing = raw(array.trailing()).to_owned();
    let prefix_of = |value: &Value| value.decor().prefix().map(|prefix| raw(prefix).to_owned()).unwrap_or_default();
    let last_prefix = array.iter().last().map(prefix_of);
    let lines = trailing.contains('\n') || array.iter().any(|value| spread(value.decor().prefix()));
    // What stands behind the last one: with a comma the array has it, without one the element.
    let mut behind = trailing;
    if !array.trailing_comma()
        && let Some(last) = array.len().checked_sub(1).and_then(|last| array.get_mut(last))
    {
        behind = last.decor().suffix().map(|suffix| raw(suffix).to_owned()).unwrap_or_default() + &behind;
        last.decor_mut().set_suffix("");
    }
    if lines {
        let indent = last_prefix.as_deref().and_then(|prefix| Some(prefix.rsplit_once('\n')?.1.to_owned()));
        let indent = indent.unwrap_or_else(|| "    ".to_owned());
        let outer = behind.rsplit_once('\n').map(|(_, outer)| outer.to_owned()).unwrap_or_default();
        *value.decor_mut() = toml_edit::Decor::new(format!("{}\n{indent}", behind.trim_end()), "");
        array.push_formatted(value);
        array.set_trailing_comma(true);
        array.set_trailing(format!("\n{outer}"));
    } else {
        let comma = array.trailing_comma();
        let before = if array.is_empty() { "" } else { " " };
        *value.decor_mut() = toml_edit::Decor::new(before, if comma { String::new() } else { behind.clone() });
        array.push_formatted(value);
        array.set_trailing(if comma { behind } else { String::new() });
    }
}

/// A string as TOML has it.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// `["a", "b"]`
pub fn list<'s>(words: impl IntoIterator<Item = &'s str>) -> String {
    let words: Vec<_> = words.into_iter().map(quoted).collect();
    format!("[{}]", words.join(", "))
}

fn inline(table: Table) -> InlineTable {
    let mut inline = table.into_inline_table();
    inline.fmt();
    inline
}

fn raw(raw: &RawString) -> &str {
    raw.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "zone = \"libm\"\nallow = \"*\"\n";

    fn inserted(text: &str) -> String {
        let mut document = Document::of(text).unwrap_or_else(|| panic!("{text:?}"));
        document.insert("m", LINES).unwrap();
        document.text()
    }

    #[test]
    fn everything_else_stays_where_a_table_is_added() {
        let new = "[capabilities.m]\nzone = \"libm\"\nallow = \"*\"\n";
        for (text, before, behind) in [
            ("", "", ""),
            ("# only words\n", "# only words\n\n", ""),
            ("# 1\n[app]   # 2\nentry = \"a:b\"  # 3\n", "# 1\n[app]   # 2\nentry = \"a:b\"  # 3\n\n", ""),
            ("[app]\nentry   =   'a:b'\n# last words\n", "[app]\nentry   =   'a:b'\n# last words\n\n", ""),
            ("[app]\nentry = 'a:b'\n\n\n", "[app]\nentry = 'a:b'\n\n\n", ""),
            (
                "[capabilities.z]\nallow=[ 'x' , \"y\" ] # no\n\n# about limits\n[limits]\nmemory = \"1 GiB\"\n# end\n",
                "[capabilities.z]\nallow=[ 'x' , \"y\" ] # no\n\n",
                "\n# about limits\n[limits]\nmemory = \"1 GiB\"\n# end\n",
            ),
            (
                "[capabilities]\nz = { zone = \"zlib\", allow = [] }\n\n[limits]\n",
                "[capabilities]\nz = { zone = \"zlib\", allow = [] }\n\n",
                "\n[limits]\n",
            ),
            ("capabilities.z.zone = \"zlib\"\n", "capabilities.z.zone = \"zlib\"\n\n", ""),
            ("[limits]\n# of all\nmemory = '''\n1 GiB'''\n", "[limits]\n# of all\nmemory = '''\n1 GiB'''\n\n", ""),
        ] {
            assert_eq!(inserted(text), format!("{before}{new}{behind}"));
        }
        // A last line without an end, and lines that end as on Windows.
        assert_eq!(inserted("[app]\nentry = \"a:b\""), format!("[app]\nentry = \"a:b\"\n\n{new}"));
        let windows = inserted("# é\r\n[app]\r\nentry = \"a:b\"\r\n");
        assert_eq!(windows, format!("# é\n[app]\nentry = \"a:b\"\n\n{new}").replace('\n', "\r\n"));
        let table = inserted("capabilities = { z = { zone = \"zlib\", allow = [] } } # all\n");
        assert!(table.starts_with("capabilities = { z = { zone = \"zlib\", allow = [] }, m = {"), "{table}");
        assert!(table.ends_with("} # all\n") && table.matches('\n').count() == 1, "{table}");
    }

    #[test]
    fn what_would_not_stay_is_not_touched() {
        for text in ["a = 1\r\nb = 2\n", "a = \n"] {
            assert!(Document::of(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn an_element_is_written_as_the_others_are() {
        for (before, after) in [
            ("[]", "[9]"),
            ("[1]", "[1, 9]"),
            ("[ 1 ]", "[ 1, 9 ]"),
            ("[1, 2,]", "[1, 2, 9,]"),
            ("[\n    1,\n    2,\n]", "[\n    1,\n    2,\n    9,\n]"),
            ("[\n  1, # one\n  2 # two\n]", "[\n  1, # one\n  2, # two\n  9,\n]"),
            ("[\n  1, # one\n]", "[\n  1, # one\n  9,\n]"),
            ("[\n  1,\n  # more\n]", "[\n  1,\n  # more\n  9,\n]"),
            ("[ # none\n]", "[ # none\n    9,\n]"),
        ] {
            let mut tree: DocumentMut = format!("a = {before} # end\n").parse().unwrap();
            push(tree["a"].as_array_mut().unwrap(), 9.into());
            assert_eq!(tree.to_string(), format!("a = {after} # end\n"));
        }
    }
}
