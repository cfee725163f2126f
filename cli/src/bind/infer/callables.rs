//! Pointers to functions, and the `void *` that C hands to them.

use super::super::entry::DraftKeys;
use super::{Judged, Look, string};
use crate::header::{HeaderParameter, HeaderType, words};

/// Names of what `void *` user data is called.
const USER_DATA: [&str; 16] = [
    "user", "data", "userdata", "arg", "args", "ctx", "context", "opaque", "closure", "param", "cookie", "priv",
    "private", "udp", "app", "baton",
];

/// Words of functions that keep a callback.
const SETS: [&str; 11] =
    ["set", "register", "install", "hook", "handler", "on", "subscribe", "add", "function", "callback", "setopt"];
/// Words of functions that are done with it when they return.
const DURING: [&str; 16] = [
    "apply",
    "bsearch",
    "each",
    "enumerate",
    "exec",
    "foreach",
    "iterate",
    "map",
    "qsort",
    "scan",
    "search",
    "select",
    "sort",
    "traverse",
    "visit",
    "walk",
];

impl Look<'_> {
    pub(super) fn callable(
        &self,
        index: usize,
        returns: &HeaderType,
        parameters: &[HeaderParameter],
        variadic: bool,
    ) -> Judged<DraftKeys> {
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
            return Ok(DraftKeys::decide(
                "this seems to free data: value = \"NULL\", or value = a number that has a meaning?",
                &[("value", "\"NULL\"")],
            ));
        }
        if self.types.header.resolve(returns).is_pointer() {
            return Err(format!("the callback `{name}` returns a pointer"));
        }
        let look = Look { types: self.types, function: name, parameters, returns, callback: true };
        let tables = look.parameters().map_err(|reason| format!("the callback `{name}`: {reason}"))?;
        let said: Vec<_> = tables.into_iter().filter(|(_, keys)| !keys.is_empty()).collect();
        let mut keys = DraftKeys::default();
        if !said.is_empty() {
            keys.inner.push(("parameters".to_owned(), DraftKeys { inner: said, ..DraftKeys::default() }));
        }
        Ok(self.kept_callable(keys))
    }

    /// Whether a function calls what it is given only while it runs, or keeps it.
    fn kept_callable(&self, keys: DraftKeys) -> DraftKeys {
        let during = is_word_of(self.function, &DURING);
        let setter = is_word_of(self.function, &SETS);
        let handles = (0..self.parameters.len())
            .filter(|other| self.types.handles.pointed(self.types.header, &self.parameters[*other].c_type).is_some());
        match (self.keeper(), handles.count()) {
            // What sets a handler for one object keeps it; keeping it too long would do no harm.
            (Some(keeper), 0 | 1) if setter => keys.with("retain", &string(keeper)),
            _ if during && !setter => keys,
            (Some(keeper), _) => DraftKeys {
                decide: Some(format!(
                    "is it called during this call only ({{}}, or what else stands here), or later too (retain = \"{keeper}\")?"
                )),
                instead: vec![("retain".to_owned(), string(keeper))],
                ..keys
            },
            (None, _) if setter => DraftKeys {
                decide: Some(
                    "the library may keep it for good, and there is no object with which it could be kept: value = \"NULL\", \
                     or leave the function out"
                        .to_owned(),
                ),
                ..keys
            },
            (None, _) => keys,
        }
    }

    /// What C hands to a callback, and which callables carry themselves.
    pub(super) fn is_user_data(&self, index: usize, constant: bool) -> bool {
        // A callback that is given no `void *` cannot be given this one.
        let has_callback =
            (0..self.parameters.len()).any(|other| match self.types.header.pointee(&self.parameters[other].c_type) {
                Some((HeaderType::Function { parameters, .. }, _)) => parameters
                    .iter()
                    .any(|one| matches!(self.types.header.pointee(&one.c_type), Some((to, false)) if to.is_void())),
                _ => false,
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

/// Whether a function keeps the callback that it is given.
fn is_setter(name: &str) -> bool {
    is_word_of(name, &SETS)
}

fn is_word_of(name: &str, known: &[&str]) -> bool {
    words(name).iter().any(|word| known.contains(&word.as_str()))
}
