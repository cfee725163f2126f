//! Text from others, on its way to a terminal.
//!
//! What a library, a file or a program says can hold what a terminal obeys: it moves the cursor, recolours, renames the window, or
//! turns letters round, so that people read what is not there. Everything that Cloison itself writes for people to read goes
//! through here: tracebacks, warnings, errors of the command and its log. What a program prints is its own.

/// One line, such as a name: without control characters, without what changes the order of letters, and without what nobody sees, so that
/// two names that look alike are the same.
pub fn line(text: &str) -> String {
    shown(text, is_escaped)
}

/// Several lines of text: line feeds and tabulators stay, and what writing needs though nobody sees it: spaces of any width, and what joins or
/// varies letters.
pub fn lines(text: &str) -> String {
    shown(text, |one| is_odd_in_text(one) && !matches!(one, '\n' | '\t'))
}

/// Lines with colours in them. Whoever puts those there vouches that every escape is his own.
pub fn coloured(text: &str) -> String {
    shown(text, |one| is_odd_in_text(one) && !matches!(one, '\n' | '\t' | '\u{1b}'))
}

fn shown(text: &str, is_odd: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for one in text.chars() {
        match is_odd(one) {
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

/// Whether it is escaped in names, and in JSON that others read line by line: what a terminal obeys, what ends a line elsewhere, and what
/// nobody sees.
pub fn is_escaped(one: char) -> bool {
    is_obeyed(one) || matches!(one, '\u{2028}' | '\u{2029}') || is_space(one) || is_invisible(one)
}

fn is_odd_in_text(one: char) -> bool {
    // The joiners of scripts and of emoji, and which of its looks a letter has.
    let written = matches!(one, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    is_obeyed(one) || is_invisible(one) && !written
}

/// Spaces (the category Zs) other than the one that everybody means.
fn is_space(one: char) -> bool {
    matches!(one, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// What a terminal shows nothing for, or nothing of its own: formats (the category Cf), what Unicode says is to be ignored where it is not
/// known (Default_Ignorable_Code_Point), and the letters without any ink.
fn is_invisible(one: char) -> bool {
    matches!(one,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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
        let text = "plain, Grüße, 語, 🦀, a\\b";
        assert_eq!((line(text), lines(text)), (text.to_owned(), text.to_owned()));
        // What people write in texts, and what is no part of a name.
        let text = "می\u{200c}خواهم 👩\u{200d}🚀 ❤\u{fe0f} 1\u{202f}000\u{a0}€ 全\u{3000}角";
        assert_eq!(lines(text), text);
        assert_eq!(line("a\u{200d}b\u{a0}c"), r"a\u{200d}b\u{a0}c");
    }

    #[test]
    fn nothing_is_left_that_nobody_sees() {
        for one in [
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{2060}',
            '\u{2064}',
            '\u{206f}',
            '\u{2800}',
            '\u{3164}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e01ef}',
        ] {
            let escaped = format!("ad{}min", one.escape_unicode());
            for shown in [line, lines, coloured] {
                assert_eq!(shown(&format!("ad{one}min")), escaped);
            }
        }
        for one in
            ['\u{a0}', '\u{1680}', '\u{2009}', '\u{202f}', '\u{205f}', '\u{3000}', '\u{2028}', '\u{200c}', '\u{fe0e}']
        {
            assert_eq!(line(&one.to_string()), one.escape_unicode().to_string());
        }
    }
}
