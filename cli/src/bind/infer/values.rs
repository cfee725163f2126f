//! The function's value.

use super::super::entry::DraftKeys;
use super::super::verbs::is_maker;
use super::{Judged, Look, string};
use crate::header::HeaderType;

impl Look<'_> {
    pub(super) fn returns(&self, returns: &HeaderType) -> Judged<Option<DraftKeys>> {
        let header = self.types.header;
        if let Some(tag) = self.types.handles.pointed(header, returns) {
            return Ok(self.returned_handle(tag));
        }
        match header.resolve(returns) {
            HeaderType::Pointer { to, constant } => {
                let to = header.resolve(to);
                if (to.is_char() || to.is_wide_char()) && *constant {
                    return Ok(Some(DraftKeys::plain(&[("text", "true"), ("null", "true")])));
                }
                if to.is_char() {
                    let question = "text = true (or bytes = true), null = true if it may be NULL, and free = \"…\" if it is the caller's to free";
                    return Ok(Some(DraftKeys::decide(question, &[("text", "true")])));
                }
                if to.is_wide_char() {
                    let question =
                        "text = true, null = true if it may be NULL, and free = \"…\" if it is the caller's to free";
                    return Ok(Some(DraftKeys::decide(question, &[("text", "true")])));
                }
                match to {
                    HeaderType::Tagged(tag) if !tag.starts_with("enum ") => {
                        self.record(tag)?;
                        Ok(Some(DraftKeys::decide(
                            "one struct, or several (length = \"…\", or \"NULL\" if one that is all zero ends them)? null = true if it may be NULL, and free = \"…\" if it is the caller's to free",
                            &[("null", "true")],
                        )))
                    }
                    to if to.is_number() || to.is_void() => Ok(Some(DraftKeys::decide(
                        "length = \"…\" for a buffer (\"NULL\" if a zero ends numbers), with free = \"…\" if it is the caller's to free; or value = false if it is of no interest",
                        &[("value", "false")],
                    ))),
                    HeaderType::Pointer { to, .. } if header.resolve(to).is_char() => Ok(Some(DraftKeys::decide(
                        "strings: length = \"…\", or \"NULL\" if NULL follows the last one; text = true (or bytes = true), null = true if \
                         it may be NULL, and free = \"…\" if it is the caller's to free",
                        &[("length", "\"NULL\""), ("text", "true"), ("null", "true")],
                    ))),
                    _ => Err("nothing says what is behind the pointer that it returns".to_owned()),
                }
            }
            HeaderType::Tagged(tag) if !tag.starts_with("enum ") => self.record(tag).map(|()| None),
            HeaderType::Other(text) => Err(format!("`{text}` cannot be returned")),
            _ => Ok(None),
        }
    }

    fn returned_handle(&self, tag: &str) -> Option<DraftKeys> {
        let owned = self.types.handles.by_tag.get(tag).is_some_and(|handle| handle.free.is_some());
        let handles: Vec<_> = (0..self.parameters.len())
            .filter(|index| self.types.handles.pointed(self.types.header, &self.parameters[*index].c_type).is_some())
            .collect();
        let ours = self
            .types
            .handles
            .by_tag
            .get(tag)
            .is_some_and(|handle| handle.is_changeable(self.types.header, self.returns));
        if owned && ours && is_maker(self.function) && self.giver(usize::MAX).is_none() {
            return None;
        }
        let mut answer = vec![("borrowed", "true".to_owned())];
        if let [one] = handles[..] {
            answer.push(("owner", string(self.name(one))));
        }
        let answer: Vec<_> = answer.iter().map(|(key, value)| (*key, value.as_str())).collect();
        if !owned && is_maker(self.function) {
            let question = "no function of the header takes such an object alone and ends it: borrowed = true leaves it to the zone's end";
            return Some(DraftKeys::decide(question, &answer));
        }
        if !owned {
            return Some(DraftKeys::plain(&answer));
        }
        let words: Vec<_> = answer.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let question = format!(
            "the library's own ({}), or the caller's to free (no key)? null = true if it may be NULL",
            words.join(", ")
        );
        Some(DraftKeys::decide(question, &answer))
    }
}
