//! Bytes become text: by a byte order mark, by what was asked for, or by the document's own declaration.

use crate::error::ErrorKind;
use crate::position::CharWidth;

/// What bytes mean. A table has a character for each byte, or none.
#[derive(Clone, Debug)]
pub(crate) enum Encoding {
    Utf8,
    Utf16 { big: bool },
    Latin1,
    Ascii,
    Table(Box<[Option<char>; 256]>),
}

impl Encoding {
    /// By its name in a declaration.
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "utf-8" => Self::Utf8,
            "utf-16" | "utf-16be" => Self::Utf16 { big: true },
            "utf-16le" => Self::Utf16 { big: false },
            "iso-8859-1" => Self::Latin1,
            "us-ascii" => Self::Ascii,
            _ => return None,
        })
    }
}

/// How far one knows.
#[derive(Clone, Debug)]
enum State {
    /// Nothing has been looked at.
    New,
    /// Text up to the end of the declaration is there; the rest waits for what it says.
    Held,
    /// A name that somebody else has to explain.
    Unknown(String),
    Known,
}

/// What has been fed and is not parsed yet.
#[derive(Debug)]
pub(crate) struct Input {
    raw: Vec<u8>,
    state: State,
    encoding: Encoding,
    asked: Option<String>,
    /// Text that has been decoded.
    pub(crate) text: String,
    /// Nothing more will come.
    pub(crate) ended: bool,
    /// What follows the text cannot be decoded.
    pub(crate) bad: Option<ErrorKind>,
    /// Bytes of a byte order mark, which are no text.
    pub(crate) mark: u64,
}

impl Input {
    pub(crate) fn new(asked: Option<String>) -> Self {
        Self {
            raw: Vec::new(),
            state: State::New,
            encoding: Encoding::Utf8,
            asked,
            text: String::new(),
            ended: false,
            bad: None,
            mark: 0,
        }
    }

    /// Asks for an encoding, as long as nothing has been read.
    pub(crate) fn ask(&mut self, name: &str) {
        if matches!(self.state, State::New) && self.raw.is_empty() {
            self.asked = Some(name.to_owned());
        }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8], last: bool) {
        self.raw.extend_from_slice(bytes);
        self.ended |= last;
        self.decode();
    }

    /// The encoding that somebody else has to explain.
    pub(crate) fn unknown(&self) -> Option<&str> {
        match &self.state {
            State::Unknown(name) => Some(name),
            _ => None,
        }
    }

    /// Explains it.
    pub(crate) fn set_table(&mut self, table: Box<[Option<char>; 256]>) {
        self.encoding = Encoding::Table(table);
        self.state = State::Known;
        self.decode();
    }

    /// The declaration has been read, or there is none.
    pub(crate) fn declared(&mut self, name: Option<&str>) -> Result<(), ErrorKind> {
        if let (Some(name), None) = (name, &self.asked) {
            let named = Encoding::named(name);
            let wide = |encoding: &Encoding| matches!(encoding, Encoding::Utf16 { .. });
            match named {
                // The byte order is known by the first bytes.
                Some(named) if wide(&named) != wide(&self.encoding) => return Err(ErrorKind::IncorrectEncoding),
                Some(named) if !wide(&named) => self.encoding = named,
                None if wide(&self.encoding) => return Err(ErrorKind::IncorrectEncoding),
                None => {
                    self.state = State::Unknown(name.to_owned());
                    return Ok(());
                }
                Some(_) => {}
            }
        }
        if matches!(self.state, State::Held) {
            self.state = State::Known;
            self.decode();
        }
        Ok(())
    }

    pub(crate) fn width(&self) -> CharWidth {
        match self.encoding {
            Encoding::Utf8 => CharWidth::Utf8,
            Encoding::Utf16 { .. } => CharWidth::Utf16,
            _ => CharWidth::One,
        }
    }

    fn decode(&mut self) {
        if matches!(self.state, State::New) && !self.begin() {
            return;
        }
        let held = match self.state {
            State::Held => match self.raw.windows(2).position(|pair| pair == b"?>") {
                Some(end) => Some(self.raw.split_off(end + 2)),
                None if self.ended => None,
                None => return,
            },
            State::Known => None,
            _ => return,
        };
        if matches!(self.state, State::Held) && !self.text.is_empty() {
            // The declaration is there already; what comes now waits for it to be read.
            let rest = held.unwrap_or_default();
            self.raw.extend(rest);
            return;
        }
        if self.bad.is_none() {
            let used = self.decode_some();
            self.raw.drain(..used);
            if self.ended && held.is_none() && !self.raw.is_empty() && self.bad.is_none() {
                self.bad = Some(ErrorKind::PartialChar);
            }
        }
        if let Some(rest) = held {
            self.raw.extend(rest);
        }
    }

    /// Looks at the first bytes. False if more of them are needed.
    fn begin(&mut self) -> bool {
        const DECLARATION: &[u8] = b"<?xml";
        let raw = &self.raw[..];
        let short = raw.len() < 3 && !self.ended;
        if short && (raw.is_empty() || [0xfe, 0xff, 0xef, 0, b'<'].contains(&raw[0])) {
            return false;
        }
        let asked = self.asked.clone();
        let named = asked.as_deref().map(Encoding::named);
        let mark = match raw {
            [0xfe, 0xff, ..] => Some((2, Encoding::Utf16 { big: true })),
            [0xff, 0xfe, ..] => Some((2, Encoding::Utf16 { big: false })),
            [0xef, 0xbb, 0xbf, ..] => Some((3, Encoding::Utf8)),
            [0, b'<', ..] => Some((0, Encoding::Utf16 { big: true })),
            [b'<', 0, ..] => Some((0, Encoding::Utf16 { big: false })),
            _ => None,
        };
        let wide = |encoding: &Encoding| matches!(encoding, Encoding::Utf16 { .. });
        let (skipped, encoding) = match (named, mark) {
            (Some(None), _) => {
                self.state = State::Unknown(asked.unwrap_or_default());
                return true;
            }
            // A byte order mark says which, if it fits what was asked for.
            (Some(Some(named)), Some((skipped, marked)))
                if (wide(&named) && wide(&marked)) || (matches!(named, Encoding::Utf8) && skipped == 3) =>
            {
                (skipped, marked)
            }
            (Some(Some(named)), _) => (0, named),
            (None, Some(found)) => found,
            (None, None) => (0, Encoding::Utf8),
        };
        let rest = &raw[skipped..];
        let eight_bits = asked.is_none() && matches!(encoding, Encoding::Utf8);
        if eight_bits && rest.len() < DECLARATION.len() + 1 && DECLARATION.starts_with(rest) && !self.ended {
            return false;
        }
        let declares = eight_bits
            && rest.starts_with(DECLARATION)
            && rest.get(DECLARATION.len()).is_some_and(|byte| crate::chars::is_space(*byte));
        self.encoding = encoding;
        self.mark = skipped as u64;
        self.raw.drain(..skipped);
        self.state = if declares { State::Held } else { State::Known };
        true
    }

    /// How many bytes have become text.
    fn decode_some(&mut self) -> usize {
        match &self.encoding {
            Encoding::Utf8 => match std::str::from_utf8(&self.raw) {
                Ok(text) => {
                    self.text.push_str(text);
                    self.raw.len()
                }
                Err(error) => {
                    let valid = error.valid_up_to();
                    self.text.push_str(std::str::from_utf8(&self.raw[..valid]).unwrap_or_default());
                    self.bad = error.error_len().map(|_| ErrorKind::InvalidToken);
                    valid
                }
            },
            Encoding::Utf16 { big } => {
                let big = *big;
                let unit = |pair: &[u8]| {
                    let pair = [pair[0], pair[1]];
                    if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
                };
                let mut used = 0;
                while let Some(pair) = self.raw.get(used..used + 2) {
                    let first = unit(pair);
                    let length = if (0xd800..0xdc00).contains(&first) { 4 } else { 2 };
                    let Some(bytes) = self.raw.get(used..used + length) else { break };
                    let mut decoded = char::decode_utf16(bytes.chunks(2).map(unit));
                    match (decoded.next(), decoded.next()) {
                        (Some(Ok(character)), None) => self.text.push(character),
                        _ => {
                            self.bad = Some(ErrorKind::InvalidToken);
                            break;
                        }
                    }
                    used += length;
                }
                used
            }
            Encoding::Latin1 => {
                self.text.extend(self.raw.iter().map(|byte| char::from(*byte)));
                self.raw.len()
            }
            Encoding::Ascii => {
                let valid = self.raw.iter().position(|byte| !byte.is_ascii()).unwrap_or(self.raw.len());
                self.text.extend(self.raw[..valid].iter().map(|byte| char::from(*byte)));
                self.bad = (valid < self.raw.len()).then_some(ErrorKind::InvalidToken);
                valid
            }
            Encoding::Table(table) => {
                let known = |byte: &u8| table[usize::from(*byte)];
                let valid = self.raw.iter().position(|byte| known(byte).is_none()).unwrap_or(self.raw.len());
                self.text.extend(self.raw[..valid].iter().filter_map(known));
                self.bad = (valid < self.raw.len()).then_some(ErrorKind::InvalidToken);
                valid
            }
        }
    }
}
