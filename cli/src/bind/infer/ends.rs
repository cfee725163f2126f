//! Handles that a function may end, or take over.

use super::super::entry::DraftKeys;
use super::super::verbs::EndingVerb;
use super::Look;
use crate::header::words;

/// Words of functions that put one object into another.
const PUTS: [&str; 21] = [
    "add", "add0", "append", "push", "set", "set0", "assign", "insert", "prepend", "attach", "put", "give", "adopt",
    "link", "replace", "take", "steal", "own", "enqueue", "join", "use",
];

impl Look<'_> {
    /// `T *` of a handle type.
    pub(super) fn handle(&self, index: usize, tag: &str) -> DraftKeys {
        let Some(handle) = self.types.handles.by_tag.get(tag) else { return DraftKeys::default() };
        // C does not end what it has promised not to change, and a callable cannot end what it is shown.
        let changeable = handle.is_changeable(self.types.header, &self.parameters[index].c_type);
        if self.callback || !changeable || handle.free.as_deref() == Some(self.function) {
            return DraftKeys::default();
        }
        let Some(end) = handle.ended_by(self.function) else { return self.put(index, handle.free.is_some()) };
        let alone = self.parameters.len() == 1;
        if alone && self.ends_as_free_does(handle.free.as_deref(), &end, tag) {
            return DraftKeys::plain(&[("consumed", "true")]);
        }
        // What stands last is what such a function ends: another object, or memory.
        let behind = (index + 1..self.parameters.len()).any(|other| {
            let c_type = &self.parameters[other].c_type;
            self.types.handles.pointed(self.types.header, c_type).is_some()
                || matches!(self.types.header.pointee(c_type), Some((to, false)) if to.is_void())
        });
        match behind {
            false => DraftKeys::decide(
                "does it end the object, so that nothing may use it any more (consumed = true), or not (in = true)?",
                &[("in", "true")],
            ),
            true => DraftKeys::default(),
        }
    }

    /// Whether a name has the verb of the type's own end, at the right place: `archive_write_free` where that is
    /// `archive_free`, but not `archive_read_close`.
    pub(super) fn ends_as_free_does(&self, free: Option<&str>, end: &EndingVerb, tag: &str) -> bool {
        let handle = self.types.handles.by_tag.get(tag);
        let own = free.and_then(|free| handle?.ended_by(free));
        end.plain && handle.is_some_and(|handle| handle.ask.is_none()) && own.is_some_and(|own| own.verb == end.verb)
    }

    /// A second object of a function that puts something somewhere: it may belong to the first one from then on.
    fn put(&self, index: usize, freed: bool) -> DraftKeys {
        let header = self.types.header;
        let into = (0..index).find(|one| self.types.handles.pointed(header, &self.parameters[*one].c_type).is_some());
        let puts = words(self.function).iter().any(|word| PUTS.contains(&word.as_str()));
        match into {
            Some(into) if puts && freed => DraftKeys::decide(
                format!(
                    "does `{}` own it from now on, so that nothing else may end it (consumed = true), or not (in = true)?",
                    self.name(into)
                ),
                &[("in", "true")],
            ),
            _ => DraftKeys::default(),
        }
    }
}
