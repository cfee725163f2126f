//! Offsets in a TOML string's value → offsets in the file.

/// Where, in a string as it is written in the file (`raw`, quotes included), the byte `offset` of its value stands.
/// What is not a quoted string is taken to be its own value.
pub fn position(raw: &str, offset: usize) -> usize {
    let (open, escapes) = match raw {
        _ if raw.starts_with(r#"""""#) => (3 + first_line_end(&raw[3..]), true),
        _ if raw.starts_with("'''") => (3 + first_line_end(&raw[3..]), false),
        _ if raw.starts_with('"') => (1, true),
        _ if raw.starts_with('\'') => (1, false),
        _ => (0, false),
    };
    let mut at = open;
    let mut value = 0;
    while value < offset && at < raw.len() {
        let (written, length) = piece(&raw[at..], escapes);
        at += written;
        value += length;
    }
    // A line continuation stands for nothing; what comes next is behind it.
    while at < raw.len() {
        match piece(&raw[at..], escapes) {
            (written, 0) => at += written,
            _ => break,
        }
    }
    at.min(raw.len())
}

/// How many bytes the first character takes as written, and how many it stands for.
fn piece(raw: &str, escapes: bool) -> (usize, usize) {
    match raw.chars().next() {
        Some('\\') if escapes => escape(&raw[1..]),
        Some(character) => (character.len_utf8(), character.len_utf8()),
        None => (0, 1),
    }
}

/// The same for what stands behind a backslash.
fn escape(rest: &str) -> (usize, usize) {
    let digits = match rest.chars().next() {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(' ' | '\t' | '\n' | '\r') => return (1 + rest.len() - rest.trim_start().len(), 0),
        Some(character) => return (1 + character.len_utf8(), 1),
        None => return (1, 1),
    };
    match rest.get(1..1 + digits) {
        Some(code) => {
            let character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
            (2 + digits, character.map_or(1, char::len_utf8))
        }
        None => (2, 1),
    }
}

fn first_line_end(raw: &str) -> usize {
    if raw.starts_with("\r\n") { 2 } else { usize::from(raw.starts_with('\n')) }
}

#[cfg(test)]
mod tests {
    use super::position;
    use proptest::prelude::*;

    /// The value of a TOML string, by the `toml` crate.
    fn value(raw: &str) -> Option<String> {
        let table: toml::Table = format!("key = {raw}\n").parse().ok()?;
        Some(table.get("key")?.as_str()?.to_owned())
    }

    /// The place in `raw` of the first `@` of the value.
    fn check(raw: &str) {
        let value = value(raw).unwrap_or_else(|| panic!("{raw} is no TOML"));
        let at = position(raw, value.find('@').unwrap());
        assert_eq!(raw.get(at..=at), Some("@"), "{raw}");
    }

    #[test]
    fn offsets_point_into_every_kind_of_string() {
        check(r#""ab@c""#);
        check("'ab@c'");
        check("\"\"\"ab@c\"\"\"");
        check("\"\"\"\nab@c\"\"\"");
        check("'''\nab\n@c'''");
        check(r#""a\t\"é@c""#);
        check(r#""\u00e9\U0001F600@c""#);
        check("\"\"\"a\\\n     @c\"\"\"");
        check("\"\"\"a \\\n\n   b@c\"\"\"");
    }

    proptest! {
        #[test]
        fn the_mark_is_always_found(
            before in r#"([a-z é]|\\t|\\\\|\\u00e9|\\U0001F600|\\"){0,20}"#,
            after in "[a-z]{0,5}",
        ) {
            check(&format!("\"{before}@{after}\""));
        }

        #[test]
        fn nothing_panics(raw in r#".{0,20}|"[\\uUx0-9a-f]{0,20}"#, offset in 0usize..40) {
            prop_assert!(position(&raw, offset) <= raw.len());
        }
    }
}
