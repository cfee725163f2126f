//! Where in a document something stands.

/// Where something begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DocumentPosition {
    /// The line, from 1.
    pub line: u64,
    /// Characters before it on its line.
    pub column: u64,
    /// Bytes before it in the document as it was fed.
    pub index: u64,
}

impl Default for DocumentPosition {
    fn default() -> Self {
        Self { line: 1, column: 0, index: 0 }
    }
}

/// How many bytes of the document a character was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CharWidth {
    Utf8,
    Utf16,
    One,
}

impl CharWidth {
    fn of(self, character: char) -> u64 {
        match self {
            Self::Utf8 => character.len_utf8() as u64,
            Self::Utf16 => character.len_utf16() as u64 * 2,
            Self::One => 1,
        }
    }
}

impl DocumentPosition {
    /// Behind `text`. A carriage return ends a line unless a line feed follows, which then does; `after` tells.
    pub(crate) fn advance(&mut self, text: &str, width: CharWidth) {
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            self.index += width.of(character);
            let ends = character == '\n' || (character == '\r' && characters.peek() != Some(&'\n'));
            if ends {
                self.line += 1;
                self.column = 0;
            } else {
                self.column += 1;
            }
        }
    }
}
