//! A preprocessed text, cut into what it declares at file level before a recursive parser sees it.
//!
//! The parser's stack, and that of everything that walks its tree, grows with what is nested in what. So a declaration is
//! measured first, in one pass and without recursion: how deep its brackets go, and how many tokens stand between two
//! commas, semicolons or braces (`- - - 1` and `1 + 1 + 1` are nested too, and so are `* * *`). What is beyond the limits is
//! left out. So are the bodies of functions, which say nothing about calls, and attributes that say nothing about layout.

use std::ops::Range;

/// The deepest brackets that are read.
pub const MAX_DEPTH: usize = 64;
/// The most tokens between two separators.
pub const MAX_RUN: usize = 2000;

/// Attributes that change what a type is in memory. All others are for the compiler's own use, and may hold any text.
const LAYOUT: [&str; 10] = [
    "packed",
    "aligned",
    "mode",
    "vector_size",
    "ms_struct",
    "gcc_struct",
    "transparent_union",
    "scalar_storage_order",
    "ext_vector_type",
    "warn_if_not_aligned",
];

/// One declaration at file level.
#[derive(Debug, PartialEq)]
pub struct DeclarationText {
    pub range: Range<usize>,
    /// It is nested beyond what the parser bears.
    pub too_deep: bool,
}

/// The text without bodies and such attributes (spaces stand there, so that places stay), and its declarations.
pub fn split(text: &str) -> (String, Vec<DeclarationText>) {
    let mut splitter = Splitter { bytes: text.as_bytes().to_vec(), at: 0 };
    let mut pieces = Vec::new();
    while splitter.at < splitter.bytes.len() {
        pieces.push(splitter.piece());
    }
    // Only whole ASCII characters and what stands between two of them was blanked.
    (String::from_utf8_lossy(&splitter.bytes).into_owned(), pieces)
}

struct Splitter {
    bytes: Vec<u8>,
    at: usize,
}

impl Splitter {
    fn piece(&mut self) -> DeclarationText {
        let start = self.at;
        let (mut depth, mut deepest, mut run, mut longest) = (0usize, 0, 0usize, 0);
        // What stood last, attributes aside: a function's `)` makes `{` the beginning of a body.
        let mut last = b' ';
        while let Some(&byte) = self.bytes.get(self.at) {
            let token = self.at;
            self.at = self.token_end();
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => continue,
                b'{' if depth == 0 && last == b')' => {
                    self.body();
                    return DeclarationText {
                        range: start..self.at,
                        too_deep: deepest > MAX_DEPTH || longest > MAX_RUN,
                    };
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b';' if depth == 0 => {
                    return DeclarationText {
                        range: start..self.at,
                        too_deep: deepest > MAX_DEPTH || longest > MAX_RUN,
                    };
                }
                b'_' if self.bytes[token..self.at].starts_with(b"__attribute") => {
                    self.attribute(token);
                    continue;
                }
                _ => {}
            }
            last = byte;
            deepest = deepest.max(depth);
            run = if b",;{}".contains(&byte) { 0 } else { run + 1 };
            longest = longest.max(run);
        }
        DeclarationText { range: start..self.at, too_deep: deepest > MAX_DEPTH || longest > MAX_RUN }
    }

    /// The end of the token that begins here: a word, a literal, or one character.
    fn token_end(&self) -> usize {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
        match self.bytes[self.at] {
            quote @ (b'"' | b'\'') => self.literal_end(quote),
            byte if is_word(&byte) => {
                let rest = &self.bytes[self.at..];
                self.at + rest.iter().position(|byte| !is_word(byte)).unwrap_or(rest.len())
            }
            _ => self.at + 1,
        }
    }

    fn literal_end(&self, quote: u8) -> usize {
        let mut at = self.at + 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\n' => return at,
                _ if byte == quote => return at + 1,
                _ => {}
            }
            at += 1;
        }
        self.bytes.len()
    }

    /// Blanks what stands between `{`, which has been passed, and its `}`.
    fn body(&mut self) {
        let start = self.at;
        let mut depth = 1usize;
        while depth > 0 && self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            self.at = self.token_end();
        }
        let end = if depth == 0 { self.at - 1 } else { self.at };
        self.bytes[start..end].fill(b' ');
    }

    /// Blanks `__attribute__((…))`, of which the word has been passed, unless it is about layout.
    fn attribute(&mut self, start: usize) {
        let mut depth = 0usize;
        let mut layout = false;
        let (mut deepest, mut tokens) = (0, 0);
        while let Some(&byte) = self.bytes.get(self.at) {
            let token = self.at;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => {}
                b'(' => depth += 1,
                _ if depth == 0 => break,
                b')' => depth -= 1,
                _ => {
                    let word = String::from_utf8_lossy(&self.bytes[token..self.token_end()]).into_owned();
                    layout |= LAYOUT.contains(&word.trim_matches('_'));
                }
            }
            (deepest, tokens) = (deepest.max(depth), tokens + 1);
            self.at = self.token_end();
            if byte == b')' && depth == 0 {
                break;
            }
        }
        if !layout || deepest > MAX_DEPTH || tokens > MAX_RUN {
            self.bytes[start..self.at].fill(b' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(String, bool)> {
        let (text, pieces) = split(text);
        let words = |range: Range<usize>| text[range].split_whitespace().collect::<Vec<_>>().join(" ");
        pieces.into_iter().map(|piece| (words(piece.range), piece.too_deep)).collect()
    }

    #[test]
    fn declarations_end_where_c_says() {
        let text = "int f(int a); struct s { int b; } x; static inline int g(void) { if (1) { return '}'; } }\n\
            struct __attribute__((packed)) p { char c; }; const char *s = \"};{\"; int last";
        assert_eq!(
            cut(text).into_iter().map(|(text, _)| text).collect::<Vec<_>>(),
            [
                "int f(int a);",
                "struct s { int b; } x;",
                "static inline int g(void) { }",
                "struct __attribute__((packed)) p { char c; };",
                "const char *s = \"};{\";",
                "int last",
            ]
        );
    }

    /// `curl.h` has texts in the attributes of its enumerators.
    #[test]
    fn attributes_that_say_nothing_about_layout_are_left_out() {
        let text = "enum e { A __attribute__((deprecated(\"since 7. \\\"Use )) B\"))) = 1, C };\n\
            int f(int) __attribute__ ((__nonnull__ (1))) __attribute__((aligned(8)));";
        let expected = ["enum e { A = 1, C };", "int f(int) __attribute__((aligned(8)));"];
        assert_eq!(cut(text).into_iter().map(|(text, _)| text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_nested_too_deep_is_seen_before_it_is_parsed() {
        let many = |text: &str| text.repeat(100_000);
        for text in [
            format!("enum e {{ A = {}1{} }};", many("("), many(")")),
            format!("enum e {{ A = {}1 }};", many("-")),
            format!("enum e {{ A = 1{} }};", many(" + 1")),
            format!("enum e {{ A = {} 1 }};", many(" sizeof")),
            format!("struct x {{ {} int a; {} }};", many("struct {"), many("};")),
            format!("int f(int {} x);", many("*")),
            format!("int f{};", many("[1]")),
            format!("int {};", many("(")),
        ] {
            assert!(cut(&text).iter().any(|(_, deep)| *deep), "{}", &text[..40]);
        }
        let body = format!("static inline int g(void) {{ {} {} }}", many("{"), many("}"));
        assert_eq!(cut(&body), [("static inline int g(void) { }".to_owned(), false)]);
        let attribute = format!("int f(int) __attribute__((aligned({}1{})));", many("("), many(")"));
        assert_eq!(cut(&attribute), [("int f(int) ;".to_owned(), false)]);
    }
}
