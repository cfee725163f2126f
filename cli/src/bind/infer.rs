//! What C and names say of each parameter, and what they leave open.
//!
//! | in the header | in the draft | |
//! |---|---|---|
//! | numbers, enums, structs by value | as they are | |
//! | `T *` of a handle type | a handle | `consumed` if the function is called as the type's `free` is; a question if it may end or keep it: see [`ends`] |
//! | `T **` of a handle type | `out` | in a function that opens or makes something and takes no other object, if there is a `free`; nothing if it is the `free`, `consumed` if it is called as that is; a question if there may be several |
//! | `T **` of another struct | `decide = "…"` | a copy, several, or an object: see [`places`] |
//! | `const char *` | a string | a question if a length is its own, or nobody else's, or if the library may keep it: see [`kept`] |
//! | `const T *p, …, size_t n` | `in`, `length = "n"` | if `n` is plainly the length of `p`: see [`lengths`]; a question where an object may keep it |
//! | `const struct s *` | `in` | a question if there may be several, or if the library may keep it |
//! | `const T name[16]`, also by a typedef | `in` | |
//! | an array called `out…` | `out` | |
//! | a function pointer | a callback | kept (`retain`) where a function sets it for a handle: see [`callables`] |
//! | `void *user`, `data`, `ctx`, … | `user_data` | in callbacks, and beside those that are given a `void *` |
//! | `const char *f()` | a string, or None | |
//! | `T *f()` of a handle type | a handle | `borrowed` if nothing ends it; a question where it may be anybody's |
//! | any other pointer, given or returned, and integers for addresses | `decide = "…"` | |
//!
//! What is inferred has to be plain. A wrong guess is worse than ten questions: the author reads questions. So a length that a
//! pointer leads to (`dest, size_t *destLen`) is asked: it may be the room before the call (zlib's), or say only afterwards how
//! much was written, into room that had to be known beforehand (OpenSSL's `EVP_Digest`).

mod callables;
mod ends;
mod kept;
mod lengths;
mod places;
mod values;

use super::entry::{DraftKeys, FunctionEntry};
use super::handles::is_system;
use super::types::HeaderTypes;
use crate::header::{HeaderFunction, HeaderParameter, HeaderType, words};
use std::collections::BTreeSet;

/// The draft of one function.
pub fn entry(types: &HeaderTypes<'_>, function: &HeaderFunction) -> FunctionEntry {
    let parameters = types.named(&function.parameters);
    let written = HeaderFunction {
        returns: types.written(&function.returns),
        parameters: parameters.clone(),
        ..function.clone()
    };
    let mut entry = FunctionEntry {
        name: types.python_name(&function.name),
        symbol: function.name.clone(),
        c: written.declare(),
        own: Vec::new(),
        tables: Vec::new(),
        comments: Vec::new(),
        cannot: None,
    };
    let look =
        Look { types, function: &function.name, parameters: &parameters, returns: &written.returns, callback: false };
    match look.parameters() {
        Ok(tables) => entry.tables = tables,
        Err(reason) => entry.cannot = Some(reason),
    }
    match look.returns(&written.returns) {
        Ok(keys) => entry.tables.extend(keys.map(|keys| (".returns".to_owned(), keys))),
        Err(reason) => drop(entry.cannot.get_or_insert(reason)),
    }
    if function.variadic {
        let reason =
            "C does not say what may stand behind `...`; write an entry for each form, with `variadic = \"int a\"`";
        entry.cannot = Some(reason.to_owned());
    }
    entry
}

/// A function, or what a function pointer leads to, while it is looked at.
struct Look<'t> {
    types: &'t HeaderTypes<'t>,
    function: &'t str,
    parameters: &'t [HeaderParameter],
    returns: &'t HeaderType,
    callback: bool,
}

type Judged<T> = Result<T, String>;

impl Look<'_> {
    fn parameters(&self) -> Judged<Vec<(String, DraftKeys)>> {
        let mut tables = Vec::new();
        for index in 0..self.parameters.len() {
            let keys = self.parameter(index)?;
            let name = self.name(index).to_owned();
            tables.push((name, keys));
            if let Some(length) = self.pointed_length(index) {
                tables.push((length.to_owned(), DraftKeys::answered(&[("in", "true")])));
            }
        }
        // `*destLen` is asked about with the pair; what its own pointer would ask does not matter.
        let mut seen = BTreeSet::new();
        tables.retain(|(name, _)| seen.insert(name.clone()));
        Ok(tables)
    }

    fn name(&self, index: usize) -> &str {
        self.parameters[index].name.as_deref().unwrap_or_default()
    }

    fn resolved(&self, index: usize) -> &HeaderType {
        self.types.header.resolve(&self.parameters[index].c_type)
    }

    fn parameter(&self, index: usize) -> Judged<DraftKeys> {
        let header = self.types.header;
        let c_type = &self.parameters[index].c_type;
        if let Some(tag) = self.types.handles.pointed(header, c_type) {
            return Ok(self.handle(index, tag));
        }
        match header.resolve(c_type) {
            HeaderType::Other(text) | HeaderType::Named(text) if !crate::header::is_known(text) => {
                Err(format!("`{text}` cannot be passed"))
            }
            HeaderType::Tagged(tag) if tag.starts_with("enum ") => Ok(DraftKeys::default()),
            HeaderType::Tagged(tag) => self.record(tag).map(|()| DraftKeys::default()),
            HeaderType::Pointer { to, constant } => self.pointer(index, header.resolve(to), *constant),
            HeaderType::Array { of, constant, .. } if header.resolve(of).is_number() => {
                Ok(self.array(index, *constant))
            }
            HeaderType::Array { .. } => Err(format!("`{}` is an array of what is no number", self.name(index))),
            _ if self.is_address(c_type) => Ok(DraftKeys::decide(
                "an address, which must not come from Python (then leave the function out), or a number (in = true)?",
                &[("in", "true")],
            )),
            _ => Ok(DraftKeys::default()),
        }
    }

    fn record(&self, tag: &str) -> Judged<()> {
        if is_system(tag) {
            return Err(format!("it takes a `{tag}`, which the C library makes"));
        }
        if !self.types.has_members(tag) {
            return Err(format!("the header does not say what is in `{tag}`"));
        }
        if self.types.is_too_large(tag) {
            return Err(format!("`{}` has too many members", self.types.key(tag)));
        }
        if let Some(member) = self.types.nameless_member(tag) {
            let key = self.types.key(tag);
            return Err(format!("the type of `{member}` of `{key}` has no name, which Python would need"));
        }
        match self.types.private_member(tag) {
            Some(member) => Err(format!(
                "`{}` has pointers that the library follows (`{member}`), and the caller would have to keep it; a few lines of C around it can",
                self.types.key(tag)
            )),
            None => Ok(()),
        }
    }

    fn pointer(&self, index: usize, to: &HeaderType, constant: bool) -> Judged<DraftKeys> {
        let length = self.length_of(index);
        match to {
            HeaderType::Function { returns, parameters, variadic } => {
                self.callable(index, returns, parameters, *variadic)
            }
            HeaderType::Pointer { to, .. } => self.place(index, self.types.header.resolve(to), constant),
            HeaderType::Tagged(tag) if !tag.starts_with("enum ") => {
                self.record(tag)?;
                Ok(match (constant, length) {
                    (true, None) if self.may_be_several(index) => DraftKeys::decide(
                        "one struct (in = true), or several (in = true, length = \"…\", or \"NULL\" if one that is all zero ends them)?",
                        &[("in", "true")],
                    ),
                    (true, None) => self.kept_record(DraftKeys::plain(&[("in", "true")])),
                    (true, Some(length)) => self.kept(DraftKeys::plain(&[("in", "true"), ("length", &string(length))])),
                    (false, _) => self.direction(
                        "in or out, or both? one struct; or several, with length = \"…\" (out: capacity = \"…\"), or \"NULL\" if one that is all zero ends them",
                    ),
                })
            }
            to if to.is_void() && self.is_user_data(index, constant) => Ok(DraftKeys::plain(&[("user_data", "true")])),
            to if to.is_number() || to.is_void() => Ok(self.elements(index, to, constant, length)),
            HeaderType::Array { .. } => Err("it takes a pointer to an array".to_owned()),
            other => Err(format!("`{}` cannot be passed", other.declare("*"))),
        }
    }

    /// `unsigned char digest[16]`
    fn array(&self, index: usize, constant: bool) -> DraftKeys {
        match constant {
            true => DraftKeys::plain(&[("in", "true")]),
            false if is_out(self.name(index)) => DraftKeys::plain(&[("out", "true")]),
            false => self.direction("in or out, or both?"),
        }
    }

    /// Numbers and bytes behind a pointer.
    fn elements(&self, index: usize, to: &HeaderType, constant: bool, length: Option<&str>) -> DraftKeys {
        let one = if to.is_void() { Vec::new() } else { vec![("in", "true")] };
        if to.is_wide_char() {
            return self.wide_text(index, constant, length);
        }
        match (constant, length) {
            (true, Some(length)) => self.kept(DraftKeys::plain(&[("in", "true"), ("length", &string(length))])),
            (true, None) if to.is_char() => match self.free_length(index) {
                None => self.kept_text(index),
                Some(length) => DraftKeys::decide(
                    format!("a string (no key needed), or bytes: in = true, length = \"{length}\"{}?", self.retains()),
                    &[("in", "true"), ("length", &string(length))],
                ),
            },
            (true, None) if to.is_void() || to.is_byte() => DraftKeys::decide(
                format!("how much does the library read? in = true, length = \"…\"{}", self.retains()),
                &[("in", "true"), ("length", &self.some_length(index))],
            ),
            (true, None) => DraftKeys::decide(
                format!(
                    "one number (in = true), or several (in = true, length = \"…\", or \"NULL\" if a zero ends them{})?",
                    self.retains()
                ),
                &one,
            ),
            (false, Some(length)) => DraftKeys::decide(
                format!(
                    "in or out? in = true, length = \"{length}\"; or out = true, capacity = \"{length}\", max = \"64 KiB\", with \
                     length = \"return\" if the function's value says how much it has written{}",
                    self.retains()
                ),
                &[("in", "true"), ("length", &string(length))],
            ),
            (false, None) if self.pointed_length(index).is_some() => {
                self.told(self.pointed_length(index).unwrap_or_default())
            }
            (false, None) if to.is_void() || to.is_byte() => DraftKeys::decide(
                format!("in or out? in = true, length = \"…\"; or out = true, capacity = \"…\"{}", self.retains()),
                &[("in", "true"), ("length", &self.some_length(index))],
            ),
            (false, None) => DraftKeys::decide(
                "in or out, or both? one number; or several, with length = \"…\" (out: capacity = \"…\")",
                &[("out", "true")],
            ),
        }
    }

    /// `wchar_t` behind a pointer: a string, unless something may count them.
    fn wide_text(&self, index: usize, constant: bool, length: Option<&str>) -> DraftKeys {
        match (constant, length.or_else(|| self.free_length(index))) {
            (true, None) => self.kept_text(index),
            (true, Some(length)) => DraftKeys::decide(
                format!(
                    "text that ends at a zero (in = true); or counted, text or numbers: in = true, length = \"{length}\", with \
                     text = true if it is text{}?",
                    self.retains()
                ),
                &[("in", "true")],
            ),
            (false, length) => DraftKeys::decide(
                format!(
                    "in or out? text that ends at a zero: in = true; room for text: out = true, capacity = \"{}\", max = \
                     \"64 KiB\"; text = false for numbers{}",
                    length.unwrap_or("…"),
                    self.retains()
                ),
                &[("in", "true")],
            ),
        }
    }

    /// A length that would do: what stands behind the pointer, if that is a number, or else just one.
    fn some_length(&self, index: usize) -> String {
        let next = Some(index + 1).filter(|next| *next < self.parameters.len() && self.resolved(*next).is_integer());
        next.map_or_else(|| string("1"), |next| string(self.name(next)))
    }

    /// `dest, size_t *destLen`, where C does not say what `*destLen` is before the call.
    fn told(&self, length: &str) -> DraftKeys {
        let pointed = string(&format!("*{length}"));
        DraftKeys::decide(
            format!(
                "what is *{length} before the call? The room: out = true, capacity = \"*{length}\", length = \"*{length}\". \
                 Nothing, as it only says how much was written: the same with the room that the library counts on \
                 (capacity = \"64\"), and {length} = {{ out = true }}. Or is the buffer read: in = true, length = \"*{length}\"?"
            ),
            &[("out", "true"), ("capacity", &pointed), ("length", &pointed)],
        )
    }

    /// An integer that is made for addresses.
    fn is_address(&self, c_type: &HeaderType) -> bool {
        matches!(self.types.header.resolve(c_type), HeaderType::Named(name) if ["uintptr_t", "intptr_t"].contains(&name.as_str()))
    }

    fn direction(&self, question: &str) -> DraftKeys {
        DraftKeys::decide(question, &[("in", "true"), ("out", "true")])
    }
}

fn is_out(name: &str) -> bool {
    let words = words(name);
    words.first().is_some_and(|first| first == "out") || words.last().is_some_and(|last| last == "out")
}

fn string(text: &str) -> String {
    format!("\"{text}\"")
}
