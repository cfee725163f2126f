//! JSON in one line, in which nothing is left that a terminal obeys. Pure logic.

use cloison_contract::printable::is_escaped;

/// How deep a program's objects and arrays may be nested.
const DEPTH: u32 = 16;

/// Writes a text as JSON has it: control characters and what turns letters round are escaped, as are those that end a line elsewhere and
/// those that nobody sees.
pub(super) fn push_text(text: &str, into: &mut String) {
    into.push('"');
    for one in text.chars() {
        match one {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            '\t' => into.push_str("\\t"),
            _ if is_escaped(one) => {
                for unit in one.encode_utf16(&mut [0; 2]) {
                    into.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => into.push(one),
        }
    }
    into.push('"');
}

/// A program's JSON object, read and written anew; `None` if it is none.
pub(super) fn object(text: &str) -> Option<String> {
    let mut reader = Reader { text, at: 0, written: String::with_capacity(text.len()) };
    reader.space();
    if reader.peek() != Some(b'{') {
        return None;
    }
    reader.value(0)?;
    reader.space();
    (reader.at == text.len()).then_some(reader.written)
}

/// Reads a text and writes what it has read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    written: String,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes this byte, and writes it.
    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.peek() == Some(byte)).then(|| {
            self.at += 1;
            self.written.push(byte.into());
        })
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        self.space();
        match self.peek()? {
            b'{' => self.several(b'{', b'}', depth, |reader, depth| {
                reader.space();
                reader.text()?;
                reader.take(b':')?;
                reader.value(depth)
            }),
            b'[' => self.several(b'[', b']', depth, Self::value),
            b'"' => self.text(),
            b'-' | b'0'..=b'9' => self.number(),
            _ => ["true", "false", "null"].into_iter().find_map(|word| self.word(word)),
        }
    }

    fn several(
        &mut self,
        open: u8,
        close: u8,
        depth: u32,
        mut one: impl FnMut(&mut Self, u32) -> Option<()>,
    ) -> Option<()> {
        if depth >= DEPTH {
            return None;
        }
        self.take(open)?;
        self.space();
        if self.peek() == Some(close) {
            return self.take(close);
        }
        loop {
            one(self, depth + 1)?;
            if self.take(b',').is_none() {
                return self.take(close);
            }
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            self.written.push_str(word);
        })
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, copied as it is.
    fn number(&mut self) -> Option<()> {
        let start = self.at;
        self.skip(b"-");
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.skip(b".") {
            self.digits()?;
        }
        if self.skip(b"eE") {
            self.skip(b"+-");
            self.digits()?;
        }
        self.written.push_str(self.text.get(start..self.at)?);
        Some(())
    }

    fn skip(&mut self, one_of: &[u8]) -> bool {
        let is = self.peek().is_some_and(|byte| one_of.contains(&byte));
        self.at += usize::from(is);
        is
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn text(&mut self) -> Option<()> {
        if !self.skip(b"\"") {
            return None;
        }
        let mut text = String::new();
        loop {
            let one = self.text.get(self.at..)?.chars().next()?;
            self.at += one.len_utf8();
            match one {
                '"' => break,
                '\\' => text.push(self.escaped()?),
                _ if u32::from(one) < 0x20 => return None,
                _ => text.push(one),
            }
        }
        push_text(&text, &mut self.written);
        Some(())
    }

    fn escaped(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => byte.into(),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                let rest = self.text.get(self.at..)?;
                if !(0xd800..0xdc00).contains(&first) || !rest.starts_with("\\u") {
                    return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                let before = self.at;
                self.at += 2;
                let second = self.unit()?;
                if !(0xdc00..0xe000).contains(&second) {
                    // It is a character of its own.
                    self.at = before;
                    return Some(char::REPLACEMENT_CHARACTER);
                }
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))?
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let mut written = String::new();
        push_text(text, &mut written);
        written
    }

    #[test]
    fn a_text_is_one_line_that_a_terminal_shows() {
        assert_eq!(
            text("a\"b\\c\r\n\u{1b}[2J\u{202e}\u{9b}\0é🦀\u{200b}\u{e0041}"),
            r#""a\"b\\c\u000d\n\u001b[2J\u202e\u009b\u0000é🦀\u200b\udb40\udc41""#
        );
        let all: String = (0..=0x20ff).filter_map(char::from_u32).collect();
        assert!(!text(&all).chars().any(is_escaped));
    }

    #[test]
    fn objects_are_read_and_written_anew() {
        for (given, written) in [
            ("{}", "{}"),
            (
                " { \"a\" : [ 1, -2.5e+3, true, null, [ ] ] ,\n\"b\":{\"c\":\"\"}} ",
                r#"{"a":[1,-2.5e+3,true,null,[]],"b":{"c":""}}"#,
            ),
            (
                r#"{"a":"\u001b\u202E\ud83e\udd80\ud800x\ud800\u0041\/"}"#,
                "{\"a\":\"\\u001b\\u202e🦀\u{fffd}x\u{fffd}A/\"}",
            ),
            ("{\"a\":123456789012345678901234567890}", "{\"a\":123456789012345678901234567890}"),
        ] {
            assert_eq!(object(given).as_deref(), Some(written), "{given}");
        }
    }

    #[test]
    fn what_is_no_object_is_none() {
        for wrong in [
            "",
            "[]",
            "1",
            "{",
            "}",
            "{}x",
            "{} {}",
            "{\"a\"}",
            "{a:1}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":+1}",
            "{\"a\":NaN}",
            "{\"a\":nul}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"\\u+123\"}",
            "{\"a\":\"\\ud800\\u\"}",
            "{\"a\":\"\\ué00\"}",
            "{\"a\":\"",
            "{\"a\":\"\\",
        ] {
            assert_eq!(object(wrong), None, "{wrong}");
        }
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(&nested(DEPTH as usize - 1)).is_some() && object(&nested(DEPTH as usize)).is_none());
        assert!(object(&nested(100_000)).is_none(), "and nobody's stack ends");
    }
}
