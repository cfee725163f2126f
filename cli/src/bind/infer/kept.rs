//! What the library may go on using after the call: C does not say so of any pointer.
//!
//! A function that makes an object, or is given one that it may change, may keep the address of what else it is given
//! (`BIO_new_mem_buf`, `archive_read_open_memory`, `ZSTD_CCtx_refPrefix`). Nothing in a prototype tells these from those that
//! copy (`BIO_write`). So buffers beside objects are asked about. Nearly all functions copy *texts*; asked are those of
//! functions whose names have a word for keeping.
//!
//! Where no object is in sight, a word for keeping makes it a question, too: it would be kept for the rest of the zone's life.

use super::super::entry::DraftKeys;
use super::Look;
use super::lengths::is_text;
use crate::header::words;

/// Words of functions that note something for later.
const KEEPS: [&str; 24] = [
    "add",
    "append",
    "assign",
    "attach",
    "bind",
    "borrow",
    "config",
    "configure",
    "install",
    "nocopy",
    "put",
    "ref",
    "reference",
    "register",
    "set",
    "set0",
    "setopt",
    "share",
    "shared",
    "static",
    "use",
    "view",
    "wrap",
    "push",
];

/// Those that do so for good, where there is no object with which it would end.
const KEEPS_FOR_GOOD: [&str; 12] = [
    "attach",
    "borrow",
    "config",
    "install",
    "nocopy",
    "ref",
    "reference",
    "register",
    "set",
    "share",
    "static",
    "use",
];

/// What is said where nothing can be kept.
const NOWHERE: &str = "no manifest can say that it does: a wrapper that keeps a copy can";

impl Look<'_> {
    /// A buffer that the library reads, and perhaps keeps.
    pub(super) fn kept(&self, keys: DraftKeys) -> DraftKeys {
        let shown = shown(&keys);
        let asked = "does the library go on using the buffer after the call?";
        match self.keeper() {
            _ if self.callback => keys,
            Some(keeper) => keys.asked(format!("{asked} {shown} if not, with retain = \"{keeper}\" if so")),
            None if self.notes_for_good() => keys.asked(format!("{asked} {shown} if not; {NOWHERE}")),
            None => keys,
        }
    }

    /// One struct that it reads.
    pub(super) fn kept_record(&self, keys: DraftKeys) -> DraftKeys {
        let shown = shown(&keys);
        let keeps = if self.keeper().is_some() { self.notes() } else { self.notes_for_good() };
        match !self.callback && (self.gives() || keeps) {
            true => {
                keys.asked(format!("does the library go on using the struct after the call? {shown} if not; {NOWHERE}"))
            }
            false => keys,
        }
    }

    /// A string without a length.
    pub(super) fn kept_text(&self, index: usize) -> DraftKeys {
        let asked = "does the library go on using the string after the call? in = true if not";
        let question = match self.keeper() {
            _ if self.callback => return DraftKeys::default(),
            Some(keeper) if self.notes() || (self.gives() && !is_text(self.name(index))) => {
                format!("{asked}, retain = \"{keeper}\" if so")
            }
            None if self.notes_for_good() => format!("{asked}; {NOWHERE}"),
            _ => return DraftKeys::default(),
        };
        DraftKeys::decide(question, &[("in", "true")])
    }

    /// What questions about a buffer say besides, where an object might keep it.
    pub(super) fn retains(&self) -> String {
        match self.keeper().filter(|_| !self.callback) {
            Some(keeper) => format!(", and retain = \"{keeper}\" if the library goes on using it after the call"),
            None => String::new(),
        }
    }

    /// The object that might keep something: one that the function makes, or one that it may change.
    pub(super) fn keeper(&self) -> Option<&str> {
        if self.gives() {
            return Some("return");
        }
        let header = self.types.header;
        let placed = |index: &usize| self.placed(*index).is_some();
        let changed = |index: &usize| {
            let c_type = &self.parameters[*index].c_type;
            let tag = self.types.handles.pointed(header, c_type);
            tag.is_some_and(|tag| self.types.handles.by_tag[tag].is_changeable(header, c_type))
        };
        let all = 0..self.parameters.len();
        all.clone().find(placed).or_else(|| all.clone().find(changed)).map(|index| self.name(index))
    }

    /// The handle type of which a parameter is a place for an object.
    pub(super) fn placed(&self, index: usize) -> Option<&str> {
        let header = self.types.header;
        let (to, constant) = header.pointee(&self.parameters[index].c_type)?;
        self.types.handles.pointed(header, to).filter(|_| !constant)
    }

    /// The function gives a handle.
    fn gives(&self) -> bool {
        self.types.handles.pointed(self.types.header, self.returns).is_some()
    }

    /// Its name says that it notes something.
    fn notes(&self) -> bool {
        words(self.function).iter().any(|word| KEEPS.contains(&word.as_str()))
    }

    fn notes_for_good(&self) -> bool {
        words(self.function).iter().any(|word| KEEPS_FOR_GOOD.contains(&word.as_str()))
    }
}

/// The keys as they would be written.
fn shown(keys: &DraftKeys) -> String {
    keys.keys.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
}
