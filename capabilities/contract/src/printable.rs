//! Text from others, on its way to a terminal.
//!
//! What a library, a file or a program says can hold what a terminal obeys: it moves the cursor, recolours, renames the window, or
//! turns letters round, so that people read what is not there. Everything that Cloison itself writes for people to read goes
//! through here: tracebacks, warnings, errors of the command and its log. What a program prints is its own.

/// One line: without control characters, and without what changes the order of letters.
pub fn line(text: &str) -> String {
    shown(text, |_| false)
}

/// The same for several lines: line feeds and tabulators stay.
pub fn lines(text: &str) -> String {
    shown(text, |one| matches!(one, '\n' | '\t'))
}

/// Lines with colours in them. Whoever puts those there vouches that every escape is his own.
pub fn coloured(text: &str) -> String {
    shown(text, |one| matches!(one, '\n' | '\t' | '\u{1b}'))
}

fn shown(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for one in text.chars() {
        match is_obeyed(one) && !stays(one) {
            true => shown.extend(one.escape_unicode()),
            false => shown.push(one),
        }
    }
    shown
}

/// Whether a terminal does something else than to show it.
pub fn is_obeyed(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether it is escaped in JSON that others read line by line: what a terminal obeys, and what ends a line elsewhere.
pub fn is_escaped(one: char) -> bool {
    is_obeyed(one) || matches!(one, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::{coloured, line, lines};

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        let all: String = (0..=0x20ff).filter_map(char::from_u32).collect();
        for shown in [line(&all), lines(&all).replace(['\n', '\t'], "")] {
            assert!(!shown.chars().any(char::is_control));
            assert!(!shown.contains(['\u{61c}', '\u{200e}', '\u{200f}', '\u{202e}', '\u{2066}', '\u{2069}']));
        }
        assert_eq!(line("a\u{1b}[2Jb\r\n\tc\u{9b}1m\u{7f}"), r"a\u{1b}[2Jb\u{d}\u{a}\u{9}c\u{9b}1m\u{7f}");
        assert_eq!(coloured("\u{1b}[1ma\n\r\u{9b}\u{202e}"), "\u{1b}[1ma\n\\u{d}\\u{9b}\\u{202e}");
        assert_eq!(lines("a\u{1b}]0;t\u{7}\n\tb\r\n\u{202e}c"), "a\\u{1b}]0;t\\u{7}\n\tb\\u{d}\n\\u{202e}c");
    }

    #[test]
    fn everything_else_stays() {
        let text = "plain, Grüße, 語, 🦀, a\\b \u{a0}\u{200d}";
        assert_eq!((line(text), lines(text)), (text.to_owned(), text.to_owned()));
    }
}
