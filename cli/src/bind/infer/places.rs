//! Pointers to pointers: what the library fills in, or an array.

use super::super::entry::DraftKeys;
use super::super::types::bare;
use super::super::verbs::is_maker;
use super::{Judged, Look, string};
use crate::header::HeaderType;

/// What a pointer to a pointer may be besides a place that is filled in.
const NO_PLACE: &str = "If what stands there is read, as a cursor or an array is, a wrapper in C is needed";

impl Look<'_> {
    /// `T **`
    pub(super) fn place(&self, index: usize, to: &HeaderType, constant: bool) -> Judged<DraftKeys> {
        if let HeaderType::Tagged(tag) = to
            && self.types.handles.by_tag.contains_key(tag)
        {
            return self.object_place(index, tag, constant);
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
            to if to.is_number() && !self.callback && constant => Err(format!(
                "`{}` is an array of pointers; a few lines of C with one flat buffer can",
                self.name(index)
            )),
            to if to.is_number() && !self.callback => {
                let length = self.place_length(index).map_or_else(|| "…".to_owned(), |length| format!("*{length}"));
                let question = format!(
                    "a place for a buffer: out = true, length = \"{length}\", and free = \"…\" if it is the caller's to free? {NO_PLACE}"
                );
                Ok(DraftKeys::decide(question, &[("out", "true"), ("length", "\"1\"")]))
            }
            HeaderType::Tagged(tag) if !tag.starts_with("enum ") => self.record_place(index, tag, constant),
            HeaderType::Tagged(tag) => Err(format!("it takes a pointer to a pointer to `{}`", bare(tag))),
            _ => Err(format!("nothing says what is behind the pointers of `{}`", self.name(index))),
        }
    }

    /// `T **` of a handle type: a place for an object, or an array of objects.
    fn object_place(&self, index: usize, tag: &str, constant: bool) -> Judged<DraftKeys> {
        if self.callback {
            return Ok(self.several(index, "objects: in = true", &[]));
        }
        if constant {
            return Err(format!("`{}` is an array of objects, which only callables can be given", self.name(index)));
        }
        let handle = self.types.handles.by_tag.get(tag);
        let (giver, free) = (self.giver(index), handle.and_then(|handle| handle.free.as_deref()));
        if free == Some(self.function) {
            return Ok(DraftKeys::default());
        }
        let end = handle.and_then(|handle| handle.ended_by(self.function)).filter(|_| !is_maker(self.function));
        if let Some(end) = end {
            return Ok(match self.parameters.len() == 1 && self.ends_as_free_does(free, &end, tag) {
                true => DraftKeys::plain(&[("consumed", "true")]),
                false => DraftKeys::decide(
                    format!(
                        "does it end the object that stands there (consumed = true), or fill one in (out = true, or out = true, borrowed = true)? {NO_PLACE}"
                    ),
                    &[("consumed", "true")],
                ),
            });
        }
        if free.is_some() && is_maker(self.function) && giver.is_none() && !self.may_be_array(index) {
            return Ok(DraftKeys::plain(&[("out", "true")]));
        }
        let ours = match free {
            Some(_) => "the caller's to free (out = true), or the library's own",
            None => "the library's own, which nothing in the header ends",
        };
        let owner = giver.map_or_else(String::new, |giver| format!(", owner = \"{giver}\" if it ends with that"));
        let question = format!(
            "what is filled in: {ours} (out = true, borrowed = true{owner})? Or is the object that stands there ended (consumed = true)? {NO_PLACE}"
        );
        Ok(DraftKeys::decide(question, &[("out", "true"), ("borrowed", "true")]))
    }

    /// `struct s **` where the struct is a value: the library's own struct, one or several of them, of which Python gets a copy.
    fn record_place(&self, index: usize, tag: &str, constant: bool) -> Judged<DraftKeys> {
        let key = self.types.key(tag);
        if constant || self.callback {
            let name = self.name(index);
            return Err(format!(
                "`{name}` is an array of pointers to `{key}`; a few lines of C with one flat buffer can"
            ));
        }
        self.record(tag)?;
        let length = self.place_length(index).map_or_else(|| "…".to_owned(), |length| format!("*{length}"));
        let object = match self.types.handles.by_value.contains(tag) {
            true => String::new(),
            false => format!("; or an object that stays in the zone (handle = true in the table of `{key}`)"),
        };
        Ok(DraftKeys::decide(
            format!(
                "what is filled in: a struct of which Python gets a copy (out = true), or several (out = true, length = \"{length}\", or \
                 \"NULL\" if one that is all zero ends them), with free = \"…\" if it is the caller's to free{object}? {NO_PLACE}"
            ),
            &[("out", "true")],
        ))
    }

    /// An object that the function may change, other than what is filled in: what is made may belong to that (`xmlNewChild`).
    pub(super) fn giver(&self, place: usize) -> Option<&str> {
        let header = self.types.header;
        let is = |index: &usize| {
            let c_type = &self.parameters[*index].c_type;
            let tag = self.types.handles.pointed(header, c_type);
            *index != place && tag.is_some_and(|tag| self.types.handles.by_tag[tag].is_changeable(header, c_type))
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
