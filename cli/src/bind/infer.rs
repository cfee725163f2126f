//! What C and names say of each parameter, and what they leave open.
//!
//! | in the header | in the draft |
//! |---|---|
//! | `T *` of a handle type | a handle |
//! | `T **` of a handle type, in a function that opens or makes something | `out`: a handle |
//! | `const char *` | a string, unless a length follows |
//! | `const T *p, size_t n` | `in`, `length = "n"` |
//! | `T *dest, size_t *destLen` | `out`, as long as `*destLen` says |
//! | `const struct s *` | `in` |
//! | a pointer called `out…` | `out` |
//! | a function pointer | a callback; `void *user`, `data`, `ctx` beside it are `user_data` |
//! | any other pointer | `decide = "…"` |

use super::entry::{Entry, Keys};
use super::handles::{is_ender, is_maker, is_system};
use super::types::{Types, bare};
use crate::header::{Function, Parameter, Type, words};

/// Names of lengths, as words or at the end of one.
const LENGTHS: [&str; 17] = [
    "n", "len", "length", "size", "count", "num", "nbyte", "nbytes", "bytes", "byte", "nmemb", "cnt", "sz", "capacity",
    "nelem", "elements", "cap",
];
/// Names of what `void *` user data is called.
const USER_DATA: [&str; 16] = [
    "user", "data", "userdata", "arg", "args", "ctx", "context", "opaque", "closure", "param", "cookie", "priv",
    "private", "udp", "app", "baton",
];

/// The draft of one function.
pub fn entry(types: &Types<'_>, function: &Function) -> Entry {
    let parameters = types.named(&function.parameters);
    let written =
        Function { returns: types.written(&function.returns), parameters: parameters.clone(), ..function.clone() };
    let mut entry = Entry {
        name: function.name.clone(),
        c: written.declare(),
        own: Vec::new(),
        tables: Vec::new(),
        comments: Vec::new(),
        cannot: None,
    };
    let look = Look { types, function: &function.name, parameters: &parameters, callback: false };
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
    types: &'t Types<'t>,
    function: &'t str,
    parameters: &'t [Parameter],
    callback: bool,
}

type Judged<T> = Result<T, String>;

impl Look<'_> {
    fn parameters(&self) -> Judged<Vec<(String, Keys)>> {
        let mut tables = Vec::new();
        for index in 0..self.parameters.len() {
            let keys = self.parameter(index)?;
            let name = self.name(index).to_owned();
            // A length may have got a table from the buffer before it.
            match tables.iter_mut().find(|(known, _): &&mut (String, Keys)| *known == name) {
                Some(_) if keys.is_empty() => {}
                _ => tables.push((name, keys)),
            }
            if let Some(length) = self.cell_length(index) {
                tables.push((length.to_owned(), Keys::plain(&[("in", "true")])));
            }
        }
        // `*destLen` of the pair has been said; what its own pointer would ask does not matter.
        let mut seen = std::collections::BTreeSet::new();
        tables.retain(|(name, _)| seen.insert(name.clone()));
        Ok(tables)
    }

    fn name(&self, index: usize) -> &str {
        self.parameters[index].name.as_deref().unwrap_or_default()
    }

    fn resolved(&self, index: usize) -> &Type {
        self.types.header.resolve(&self.parameters[index].c_type)
    }

    fn parameter(&self, index: usize) -> Judged<Keys> {
        let header = self.types.header;
        let c_type = &self.parameters[index].c_type;
        if let Some(tag) = self.types.handles.pointed(header, c_type) {
            return Ok(self.handle(tag));
        }
        match header.resolve(c_type) {
            Type::Other(text) | Type::Named(text) if !crate::header::is_known(text) => {
                Err(format!("`{text}` cannot be passed"))
            }
            Type::Tagged(tag) if tag.starts_with("enum ") => Ok(Keys::default()),
            Type::Tagged(tag) => self.record(tag).map(|()| Keys::default()),
            Type::Pointer { to, constant } => self.pointer(index, header.resolve(to), *constant),
            Type::Array { of, .. } if header.resolve(of).is_number() => Ok(self.direction("in or out, or both?")),
            Type::Array { .. } => Err(format!("`{}` is an array of what is no number", self.name(index))),
            _ => Ok(Keys::default()),
        }
    }

    fn handle(&self, tag: &str) -> Keys {
        let free = self.types.handles.0.get(tag).and_then(|handle| handle.free.as_deref());
        // Another function that ends it: afterwards there is no object.
        let only = self.parameters.len() == 1 && !self.callback;
        if only && is_ender(self.function) && free.is_some_and(|free| free != self.function) {
            return Keys::plain(&[("consumed", "true")]);
        }
        Keys::default()
    }

    fn record(&self, tag: &str) -> Judged<()> {
        if is_system(tag) {
            return Err(format!("it takes a `{tag}`, which the C library makes"));
        }
        if !self.types.has_members(tag) {
            return Err(format!("the header does not say what is in `{tag}`"));
        }
        match self.types.private_member(tag) {
            Some(member) => Err(format!(
                "`{}` has pointers that the library follows (`{member}`), and the caller would have to keep it; a few lines of C around it can",
                self.types.key(tag)
            )),
            None => Ok(()),
        }
    }

    fn pointer(&self, index: usize, to: &Type, constant: bool) -> Judged<Keys> {
        let length = self.length_of(index);
        match to {
            Type::Function { returns, parameters, variadic } => self.callable(index, returns, parameters, *variadic),
            Type::Pointer { to, .. } => self.place(index, self.types.header.resolve(to), constant),
            Type::Tagged(tag) if !tag.starts_with("enum ") => {
                self.record(tag)?;
                Ok(match (constant, length) {
                    (true, None) => Keys::plain(&[("in", "true")]),
                    (true, Some(length)) => Keys::plain(&[("in", "true"), ("length", &string(length))]),
                    (false, _) => self.direction(
                        "in or out, or both? one struct; or several, with length = \"…\" (out: capacity = \"…\")",
                    ),
                })
            }
            to if to.is_void() && self.is_user_data(index, constant) => Ok(Keys::plain(&[("user_data", "true")])),
            to if to.is_number() || to.is_void() => Ok(self.elements(index, to, constant, length)),
            Type::Array { .. } => Err("it takes a pointer to an array".to_owned()),
            other => Err(format!("`{}` cannot be passed", other.declare("*"))),
        }
    }

    /// Numbers and bytes behind a pointer.
    fn elements(&self, index: usize, to: &Type, constant: bool, length: Option<&str>) -> Keys {
        let one = if to.is_void() { Vec::new() } else { vec![("in", "true")] };
        match (constant, length) {
            (true, Some(length)) => Keys::plain(&[("in", "true"), ("length", &string(length))]),
            (true, None) if to.is_char() => match self.free_length() {
                None => Keys::default(),
                Some(length) => Keys::decide(
                    format!("a string (no key needed), or bytes: in = true, length = \"{length}\"?"),
                    &[("in", "true"), ("length", &string(length))],
                ),
            },
            (true, None) if to.is_void() || to.is_byte() => Keys::decide(
                "how much does the library read? in = true, length = \"…\"",
                &[("in", "true"), ("length", "\"1\"")],
            ),
            (true, None) => Keys::decide("one number (in = true), or several (in = true, length = \"…\")?", &one),
            (false, Some(length)) => Keys::decide(
                format!(
                    "in or out? in = true, length = \"{length}\"; or out = true, capacity = \"{length}\", max = \"64 KiB\", with \
                     length = \"return\" if the function's value says how much it has written"
                ),
                &[("in", "true"), ("length", &string(length))],
            ),
            (false, None) if self.cell_length(index).is_some() => {
                let length = string(&format!("*{}", self.cell_length(index).unwrap_or_default()));
                Keys::plain(&[("out", "true"), ("capacity", &length), ("length", &length)])
            }
            (false, None) if to.is_void() || to.is_byte() => Keys::decide(
                "in or out? in = true, length = \"…\"; or out = true, capacity = \"…\"",
                &[("in", "true"), ("length", "\"1\"")],
            ),
            (false, None) if is_out(self.name(index)) => Keys::plain(&[("out", "true")]),
            (false, None) => Keys::decide(
                "in or out, or both? one number; or several, with length = \"…\" (out: capacity = \"…\")",
                &[("out", "true")],
            ),
        }
    }

    /// `T **`
    fn place(&self, index: usize, to: &Type, constant: bool) -> Judged<Keys> {
        if let Type::Tagged(tag) = to
            && self.types.handles.0.contains_key(tag)
        {
            if self.callback {
                return Ok(self.several(index, "objects: in = true", &[]));
            }
            let free = self.types.handles.0.get(tag).and_then(|handle| handle.free.as_ref());
            if is_ender(self.function) && !is_maker(self.function) {
                return Err(format!("it ends the `{}` of a variable, and clears that", self.types.key(tag)));
            }
            return Ok(match (is_maker(self.function), free) {
                (true, Some(_)) => Keys::plain(&[("out", "true")]),
                _ => Keys::decide(
                    "what is filled in: the caller's to free (out = true), or the library's own (out = true, borrowed = true)?",
                    &[("out", "true"), ("borrowed", "true")],
                ),
            });
        }
        if to.is_char() && self.callback {
            return Ok(self.several(index, "strings: in = true, text = true", &[("text", "true")]));
        }
        if to.is_char() {
            let question = if constant {
                "strings that the library reads (in = true, text = true, length = \"…\"), or a place for one (out = true, text = true)?"
            } else {
                "a place for a string: out = true, text = true, null = true, and free = \"…\" if it is the caller's to free?"
            };
            return Ok(Keys::decide(question, &[("out", "true"), ("text", "true"), ("null", "true")]));
        }
        match to {
            to if to.is_number() && !self.callback => Ok(Keys::decide(
                "a place for a buffer: out = true, length = \"…\", and free = \"…\" if it is the caller's to free?",
                &[("out", "true"), ("length", "\"1\"")],
            )),
            Type::Tagged(tag) => Err(format!("it takes a pointer to a pointer to `{}`", bare(tag))),
            _ => Err(format!("nothing says what is behind the pointers of `{}`", self.name(index))),
        }
    }

    /// What a callback is given many of; the number before it may say how many.
    fn several(&self, index: usize, what: &str, keys: &[(&str, &str)]) -> Keys {
        let before = index.checked_sub(1).filter(|before| self.resolved(*before).is_integer());
        let length = before.map_or_else(|| "\"1\"".to_owned(), |before| string(self.name(before)));
        let shown = before.map_or("\"…\"", |_| length.as_str());
        let mut instead = vec![("in", "true"), ("length", length.as_str())];
        instead.extend(keys);
        Keys::decide(format!("{what}, length = {shown}?"), &instead)
    }

    fn callable(&self, index: usize, returns: &Type, parameters: &[Parameter], variadic: bool) -> Judged<Keys> {
        if self.callback {
            return Err("a callback of it takes a function".to_owned());
        }
        if variadic {
            return Err(format!("`{}` takes a variable number of arguments", self.name(index)));
        }
        let name = self.name(index);
        let takes_data = parameters.len() == 1
            && self.types.header.pointee(&parameters[0].c_type).is_some_and(|(to, _)| to.is_void());
        if takes_data
            && self.types.header.resolve(returns).is_void()
            && self.parameters.len() > 1
            && !is_setter(self.function)
        {
            return Ok(Keys::decide(
                "this seems to free data: value = \"NULL\", or value = a number that has a meaning?",
                &[("value", "\"NULL\"")],
            ));
        }
        if self.types.header.resolve(returns).is_pointer() {
            return Err(format!("the callback `{name}` returns a pointer"));
        }
        let look = Look { types: self.types, function: name, parameters, callback: true };
        let tables = look.parameters().map_err(|reason| format!("the callback `{name}`: {reason}"))?;
        let said: Vec<_> = tables.into_iter().filter(|(_, keys)| !keys.is_empty()).collect();
        let mut keys = Keys::default();
        if !said.is_empty() {
            keys.inner.push(("parameters".to_owned(), Keys { inner: said, ..Keys::default() }));
        }
        // What sets a handler keeps it; keeping it too long would do no harm.
        let handle = (0..self.parameters.len())
            .find(|other| self.types.handles.pointed(self.types.header, &self.parameters[*other].c_type).is_some());
        if let (true, Some(handle)) = (is_setter(self.function), handle) {
            keys = keys.with("retain", &string(self.name(handle)));
        }
        Ok(keys)
    }

    fn returns(&self, returns: &Type) -> Judged<Option<Keys>> {
        let header = self.types.header;
        if let Some(tag) = self.types.handles.pointed(header, returns) {
            return Ok(self.returned_handle(tag));
        }
        match header.resolve(returns) {
            Type::Pointer { to, constant } => {
                let to = header.resolve(to);
                if to.is_char() && *constant {
                    return Ok(Some(Keys::plain(&[("text", "true"), ("null", "true")])));
                }
                if to.is_char() {
                    let question = "text = true (or bytes = true), null = true if it may be NULL, and free = \"…\" if it is the caller's to free";
                    return Ok(Some(Keys::decide(question, &[("text", "true")])));
                }
                match to {
                    Type::Tagged(tag) if !tag.starts_with("enum ") => {
                        self.record(tag)?;
                        Ok(Some(Keys::decide(
                            "null = true if it may be NULL, and free = \"…\" if it is the caller's to free",
                            &[("null", "true")],
                        )))
                    }
                    to if to.is_number() || to.is_void() => Ok(Some(Keys::decide(
                        "length = \"…\" for a buffer, with free = \"…\" if it is the caller's to free; or value = false if it is of no interest",
                        &[("value", "false")],
                    ))),
                    _ => Err("nothing says what is behind the pointer that it returns".to_owned()),
                }
            }
            Type::Tagged(tag) if !tag.starts_with("enum ") => self.record(tag).map(|()| None),
            Type::Other(text) => Err(format!("`{text}` cannot be returned")),
            _ => Ok(None),
        }
    }

    fn returned_handle(&self, tag: &str) -> Option<Keys> {
        let owned = self.types.handles.0.get(tag).is_some_and(|handle| handle.free.is_some());
        let handles: Vec<_> = (0..self.parameters.len())
            .filter(|index| self.types.handles.pointed(self.types.header, &self.parameters[*index].c_type).is_some())
            .collect();
        if owned && is_maker(self.function) {
            return None;
        }
        let mut answer = vec![("borrowed", "true".to_owned())];
        if let [one] = handles[..] {
            answer.push(("owner", string(self.name(one))));
        }
        let answer: Vec<_> = answer.iter().map(|(key, value)| (*key, value.as_str())).collect();
        if !owned && is_maker(self.function) {
            let question = "no function of the header takes such an object alone and ends it: borrowed = true leaves it to the zone's end";
            return Some(Keys::decide(question, &answer));
        }
        if !owned {
            return Some(Keys::plain(&answer));
        }
        let words: Vec<_> = answer.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let question = format!(
            "the library's own ({}), or the caller's to free (no key)? null = true if it may be NULL",
            words.join(", ")
        );
        Some(Keys::decide(question, &answer))
    }

    fn direction(&self, question: &str) -> Keys {
        Keys::decide(question, &[("in", "true"), ("out", "true")])
    }

    /// The length of what a pointer leads to: the one that is called after it (`src`, `srcSize`), or that stands right
    /// behind it and is not called after another one.
    fn length_of(&self, index: usize) -> Option<&str> {
        let lengths: Vec<_> =
            (0..self.parameters.len()).filter(|other| *other != index && self.is_length(*other)).collect();
        let own = lengths.iter().find(|length| self.is_called_after(**length, index));
        let next = lengths.iter().find(|length| **length == index + 1).filter(|length| {
            !(0..self.parameters.len())
                .any(|other| self.resolved(other).is_pointer() && self.is_called_after(**length, other))
        });
        own.or(next).map(|length| self.name(*length))
    }

    /// A length that is no pointer's yet.
    fn free_length(&self) -> Option<&str> {
        let taken: Vec<_> = (0..self.parameters.len())
            .filter(|index| self.resolved(*index).is_pointer())
            .filter_map(|index| self.length_of(index))
            .collect();
        let free = |index: &usize| self.is_length(*index) && !taken.contains(&self.name(*index));
        (0..self.parameters.len()).find(free).map(|index| self.name(index))
    }

    fn is_length(&self, index: usize) -> bool {
        let sized = matches!(&self.parameters[index].c_type, Type::Named(name) if name == "size_t" && self.name(index).starts_with("arg"));
        self.resolved(index).is_integer() && (sized || is_length(self.name(index)))
    }

    fn is_called_after(&self, length: usize, pointer: usize) -> bool {
        let (length, pointer) = (self.name(length).to_ascii_lowercase(), self.name(pointer).to_ascii_lowercase());
        length != pointer && length.starts_with(&pointer)
    }

    /// The length that stands right behind a pointer, as a pointer itself: `dest, size_t *destLen`.
    fn cell_length(&self, index: usize) -> Option<&str> {
        let next = self.parameters.get(index + 1)?;
        let (to, constant) = self.types.header.pointee(&next.c_type)?;
        let (of, read_only) = self.types.header.pointee(&self.parameters[index].c_type)?;
        let fits = to.is_integer() && !to.is_char() && !constant && is_length(self.name(index + 1));
        (fits && !read_only && !self.callback && (of.is_void() || of.is_integer())).then(|| self.name(index + 1))
    }

    fn is_user_data(&self, index: usize, constant: bool) -> bool {
        let has_callback = (0..self.parameters.len()).any(|other| {
            matches!(self.types.header.pointee(&self.parameters[other].c_type), Some((Type::Function { .. }, _)))
        });
        let named = words(self.name(index)).iter().any(|word| {
            let word = word.strip_prefix('p').filter(|rest| USER_DATA.contains(rest)).unwrap_or(word);
            USER_DATA.contains(&word)
        });
        let behind = self.length_of(index).is_some();
        let first = index == 0 && self.name(index).starts_with("arg");
        !constant && !behind && (self.callback || has_callback) && (named || (self.callback && first))
    }
}

fn is_length(name: &str) -> bool {
    let words = words(name);
    words.last().is_some_and(|last| LENGTHS.contains(&last.as_str()))
        || words.first().is_some_and(|first| words.len() == 2 && first == "n")
        || words
            .last()
            .is_some_and(|last| ["len", "length", "size", "count", "bytes"].iter().any(|end| last.ends_with(end)))
}

fn is_out(name: &str) -> bool {
    let words = words(name);
    words.first().is_some_and(|first| first == "out") || words.last().is_some_and(|last| last == "out")
}

/// Whether a function keeps the callback that it is given.
fn is_setter(name: &str) -> bool {
    let keeps = ["set", "register", "install", "hook", "handler", "on", "subscribe", "add", "function", "callback"];
    words(name).iter().any(|word| keeps.contains(&word.as_str()))
}

fn string(text: &str) -> String {
    format!("\"{text}\"")
}
