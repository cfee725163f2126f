//! C types as headers write them, and back to C text.

use cloison_manifest::declaration::{Names, Prototype};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;

/// A type, with the names that the header uses.
#[derive(Clone, Debug, PartialEq)]
pub enum HeaderType {
    Array {
        of: Box<HeaderType>,
        length: Option<u64>,
        /// Its elements are `const`, where it is a parameter.
        constant: bool,
    },
    Function {
        returns: Box<HeaderType>,
        parameters: Vec<HeaderParameter>,
        variadic: bool,
    },
    /// A typedef's name.
    Named(String),
    /// A number or `void`, as its words in the usual order: `unsigned long`.
    Number(String),
    /// What cannot be said otherwise: `typeof`, `_Atomic`, vectors.
    Other(String),
    Pointer {
        to: Box<HeaderType>,
        /// What it points to is `const`.
        constant: bool,
    },
    /// `struct NAME`, `union NAME`, `enum NAME`. Those without a name have one here that no C has: `struct <17>`. `void NAME`
    /// is a typedef of `void`: nobody knows what such a pointer leads to but the library.
    Tagged(String),
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct HeaderParameter {
    /// Its name, if the header gives one.
    pub name: Option<String>,
    /// Its type.
    pub c_type: HeaderType,
}

/// A function.
#[derive(Clone, Debug)]
pub struct HeaderFunction {
    pub name: String,
    pub returns: HeaderType,
    pub parameters: Vec<HeaderParameter>,
    pub variadic: bool,
    /// It is to be bound.
    pub wanted: bool,
}

/// A struct, a union or an enum.
#[derive(Clone, Debug, Default)]
pub struct HeaderRecord {
    /// Its C text with members, `struct point { … }`, if the header has them.
    pub body: Option<String>,
    /// The members' names and types, if the header has them; bit-fields have their type.
    pub members: Vec<(String, HeaderType)>,
    /// The first typedef that stands for it.
    pub alias: Option<String>,
}

impl HeaderType {
    /// The declaration of something of this type.
    pub fn declare(&self, name: &str) -> String {
        match self {
            Self::Pointer { to, constant } => {
                let star = match &**to {
                    Self::Array { .. } | Self::Function { .. } => format!("(*{name})"),
                    Self::Pointer { .. } if *constant => format!("const *{name}"),
                    _ => format!("*{name}"),
                };
                let leaf = !matches!(**to, Self::Array { .. } | Self::Function { .. } | Self::Pointer { .. });
                format!("{}{}", if *constant && leaf { "const " } else { "" }, to.declare(&star))
            }
            Self::Array { of, length, constant } => {
                let length = length.map(|length| length.to_string()).unwrap_or_default();
                let declared = of.declare(&format!("{name}[{length}]"));
                if *constant && !of.is_pointer() { format!("const {declared}") } else { declared }
            }
            Self::Function { returns, parameters, variadic } => {
                returns.declare(&format!("{name}({})", list(parameters, *variadic)))
            }
            Self::Named(word) | Self::Number(word) | Self::Other(word) | Self::Tagged(word) => {
                format!("{word} {name}").trim_end().to_owned()
            }
        }
    }

    /// A pointer to this.
    pub fn is_pointer(&self) -> bool {
        matches!(self, Self::Array { .. } | Self::Pointer { .. })
    }

    /// `void`
    pub fn is_void(&self) -> bool {
        matches!(self, Self::Number(word) if word == "void")
    }

    /// Plain `char`.
    pub fn is_char(&self) -> bool {
        matches!(self, Self::Number(word) if word == "char")
    }

    /// `wchar_t`.
    pub fn is_wide_char(&self) -> bool {
        matches!(self, Self::Named(name) if name == "wchar_t")
    }

    /// A number of one byte: a pointer to it leads to several as a rule.
    pub fn is_byte(&self) -> bool {
        match self {
            Self::Number(word) => word.split(' ').any(|word| word == "char"),
            Self::Named(name) => ["int8_t", "uint8_t", "u_char"].contains(&name.as_str()),
            _ => false,
        }
    }

    /// An integer, with or without a sign.
    pub fn is_integer(&self) -> bool {
        match self {
            Self::Number(word) => {
                !["void", "float", "double", "_Bool"].iter().any(|other| word.split(' ').any(|word| word == *other))
            }
            Self::Named(name) => is_known(name),
            _ => false,
        }
    }

    /// A number or an enum.
    pub fn is_number(&self) -> bool {
        match self {
            Self::Number(word) => word != "void",
            Self::Named(name) => is_known(name),
            Self::Tagged(name) => name.starts_with("enum "),
            _ => false,
        }
    }
}

impl HeaderFunction {
    /// The prototype as one line of C.
    pub fn declare(&self) -> String {
        self.returns.declare(&format!("{}({})", self.name, list(&self.parameters, self.variadic)))
    }
}

fn list(parameters: &[HeaderParameter], variadic: bool) -> String {
    let mut text = String::new();
    for parameter in parameters {
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}{}", parameter.c_type.declare(parameter.name.as_deref().unwrap_or_default()));
    }
    match (text.is_empty(), variadic) {
        (true, false) => "void".to_owned(),
        (true, true) => "...".to_owned(),
        (false, true) => text + ", ...",
        (false, false) => text,
    }
}

thread_local! {
    /// What [`is_known`] has been asked: it is asked the same of every parameter.
    static KNOWN: RefCell<HashMap<String, bool>> = RefCell::new(HashMap::new());
}

/// Names of types that manifests know without being told: numbers of C's and POSIX's headers.
pub fn is_known(name: &str) -> bool {
    if let Some(known) = KNOWN.with_borrow(|known| known.get(name).copied()) {
        return known;
    }
    let is = Prototype::parse(&format!("void f({name} x)"), &Names::new()).is_ok();
    KNOWN.with_borrow_mut(|known| known.insert(name.to_owned(), is));
    is
}

/// The words of an identifier, in lower case: `sqlite3_prepareV2` is `sqlite3`, `prepare`, `v2`, and `TIFFClose` `tiff`, `close`.
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let characters: Vec<char> = name.chars().collect();
    for (at, character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map_or('_', |before| characters[before]);
        let lower_follows = characters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        let capital = character.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || (before.is_ascii_uppercase() && lower_follows));
        if (*character == '_' || capital) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if *character != '_'
            && let Some(last) = words.last_mut()
        {
            last.push(character.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(to: HeaderType, constant: bool) -> HeaderType {
        HeaderType::Pointer { to: Box::new(to), constant }
    }

    #[test]
    fn declarations_are_written_inside_out() {
        let char = || HeaderType::Number("char".into());
        let array = |constant| HeaderType::Array { of: Box::new(char()), length: Some(4), constant };
        assert_eq!(pointer(char(), true).declare("x"), "const char *x");
        assert_eq!(pointer(pointer(char(), true), true).declare("x"), "const char *const *x");
        assert_eq!(pointer(array(false), false).declare("x"), "char (*x)[4]");
        assert_eq!(array(true).declare("x"), "const char x[4]");
        let compare = HeaderType::Function {
            returns: Box::new(HeaderType::Number("int".into())),
            parameters: vec![HeaderParameter {
                name: Some("a".into()),
                c_type: pointer(HeaderType::Number("void".into()), true),
            }],
            variadic: false,
        };
        assert_eq!(pointer(compare.clone(), false).declare("compare"), "int (*compare)(const void *a)");
        let signal =
            HeaderType::Function { returns: Box::new(pointer(compare, false)), parameters: vec![], variadic: false };
        assert_eq!(signal.declare("f"), "int (*f(void))(const void *a)");
    }

    #[test]
    fn identifiers_have_words() {
        assert_eq!(words("XML_ParserCreateNS"), ["xml", "parser", "create", "ns"]);
        assert_eq!(words("sqlite3_open_v2"), ["sqlite3", "open", "v2"]);
        assert_eq!(words("TIFFClose"), ["tiff", "close"]);
        assert_eq!(words("xmlFreeDoc"), ["xml", "free", "doc"]);
        assert_eq!(words("_x"), ["x"]);
    }
}
