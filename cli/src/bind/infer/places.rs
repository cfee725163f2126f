//! Pointers to pointers: what the library fills in, or an array.

use super::super::entry::DraftKeys;
use super::super::types::bare;
use super::super::verbs::is_maker;
use super::{Judged, Look, string};
use crate::header::HeaderType;

impl Look<'_> {
    /// `T **`
    pub(super) fn place(&self, index: usize, to: &HeaderType, constant: bool) -> Judged<DraftKeys> {
        if let HeaderType::Tagged(tag) = to
            && self.types.handles.0.contains_key(tag)
        {
            if self.callback {
                return Ok(self.several(index, "objects: in = true", &[]));
            }
            let free = self.types.handles.0.get(tag).and_then(|handle| handle.free.as_ref());
            let ends = self.types.handles.0.get(tag).and_then(|handle| handle.ended_by(self.function));
            if ends.is_some() && !is_maker(self.function) {
                return Err(format!("it ends the `{}` of a variable, and clears that", self.types.key(tag)));
            }
            let giver = self.giver(index);
            return Ok(match (is_maker(self.function), free, giver) {
                (true, Some(_), None) => DraftKeys::plain(&[("out", "true")]),
                (_, _, giver) => DraftKeys::decide(
                    format!(
                        "what is filled in: the caller's to free (out = true), or the library's own (out = true, borrowed = true{})?",
                        giver.map_or_else(String::new, |giver| format!(", owner = \"{giver}\" if it ends with that"))
                    ),
                    &[("out", "true"), ("borrowed", "true")],
                ),
            });
        }
        if to.is_char() && self.callback {
            return Ok(self.several(index, "strings: in = true, text = true", &[("text", "true")]));
        }
        if to.is_char() {
            const READ: &str = "strings that the library reads: in = true, text = true, length = \"…\", or \"NULL\" if NULL follows the last one";
            return Ok(match constant {
                true => {
                    DraftKeys::decide(format!("{READ}?"), &[("in", "true"), ("text", "true"), ("length", "\"NULL\"")])
                }
                false => DraftKeys::decide(
                    format!(
                        "a place for a string: out = true, text = true, null = true, and free = \"…\" if it is the caller's to free; or {READ}?"
                    ),
                    &[("out", "true"), ("text", "true"), ("null", "true")],
                ),
            });
        }
        if to.is_wide_char() && !self.callback {
            let question = "a place for wide text: out = true, text = true, null = true, and free = \"…\" if it is the caller's to free?";
            return Ok(DraftKeys::decide(question, &[("out", "true"), ("text", "true"), ("null", "true")]));
        }
        match to {
            to if to.is_number() && !self.callback => Ok(DraftKeys::decide(
                "a place for a buffer: out = true, length = \"…\", and free = \"…\" if it is the caller's to free?",
                &[("out", "true"), ("length", "\"1\"")],
            )),
            HeaderType::Tagged(tag) => Err(format!("it takes a pointer to a pointer to `{}`", bare(tag))),
            _ => Err(format!("nothing says what is behind the pointers of `{}`", self.name(index))),
        }
    }

    /// An object that the function may change, other than what is filled in: what is made may belong to that (`xmlNewChild`).
    pub(super) fn giver(&self, place: usize) -> Option<&str> {
        let header = self.types.header;
        let is = |index: &usize| {
            let c_type = &self.parameters[*index].c_type;
            let tag = self.types.handles.pointed(header, c_type);
            *index != place && tag.is_some_and(|tag| self.types.handles.0[tag].is_changeable(header, c_type))
        };
        (0..self.parameters.len()).find(is).map(|index| self.name(index))
    }

    /// What a callback is given many of; the number before it may say how many.
    fn several(&self, index: usize, what: &str, keys: &[(&str, &str)]) -> DraftKeys {
        let before = index.checked_sub(1).filter(|before| self.resolved(*before).is_integer());
        let length = before.map_or_else(|| "\"1\"".to_owned(), |before| string(self.name(before)));
        let shown = before.map_or("\"…\"", |_| length.as_str());
        let mut instead = vec![("in", "true"), ("length", length.as_str())];
        instead.extend(keys);
        DraftKeys::decide(format!("{what}, length = {shown}?"), &instead)
    }
}
