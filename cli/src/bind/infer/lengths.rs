//! Which integer says how long that is what a pointer leads to.
//!
//! | it | is plainly the length of |
//! |---|---|
//! | is called after the pointer: `src, …, srcSize`; `buf, buf_len`; `rbytes, nrbytes`; `pBlob, nBlob` | any pointer, wherever it stands |
//! | stands right behind it, and is called as a number of bytes or of elements is (`len`, `size`, `count`, `n`) | `void *` and bytes |
//! | stands right behind it, and is called as a number of elements is (`len`, `count`, `n`), which `size` need not be | numbers and structs |
//! | stands right behind it, and is called as a number of bytes is (`len`, `size`, `bytes`) | `const char *`, unless that is called as a text is: `name`, `path`, `prefix` |
//!
//! What is called after one pointer is no other's. A pointer to an integer is the length of what stands before it (`dest,
//! size_t *destLen`) by the first rule, or by the second.

use super::Look;
use crate::header::{HeaderType, words};

/// Words for a number of bytes.
const BYTES: [&str; 6] = ["size", "sz", "byte", "bytes", "nbyte", "nbytes"];
/// Words for a number of elements.
const COUNTS: [&str; 9] = ["n", "count", "cnt", "num", "nmemb", "nelem", "elements", "cap", "capacity"];
/// Words for either.
const LENGTHS: [&str; 2] = ["len", "length"];
/// Words of what is a text and no data.
const TEXTS: [&str; 16] = [
    "name",
    "path",
    "file",
    "filename",
    "pathname",
    "dir",
    "directory",
    "prefix",
    "suffix",
    "mode",
    "format",
    "fmt",
    "title",
    "uri",
    "url",
    "label",
];

/// What a name says that it counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Counted {
    Bytes,
    Either,
    Elements,
}

impl Look<'_> {
    /// The length of what a pointer leads to, where it is plain.
    pub(super) fn length_of(&self, index: usize) -> Option<&str> {
        let own = (0..self.parameters.len())
            .find(|other| *other != index && self.resolved(*other).is_integer() && self.is_called_after(*other, index));
        let behind = || Some(index + 1).filter(|next| self.is_plain_behind(index, *next));
        let found = own.or_else(behind)?;
        (!self.is_product(index, found) && self.is_in_elements(index, found)).then(|| self.name(found))
    }

    /// A second number that counts, right behind a length, and is no other pointer's: `fwrite(const void *p, size_t size,
    /// size_t n, …)` reads their product.
    fn is_product(&self, index: usize, length: usize) -> bool {
        let next = length + 1;
        let others =
            |other: usize| other != index && self.resolved(other).is_pointer() && self.is_called_after(next, other);
        next < self.parameters.len()
            && self.counted(next).is_some()
            && !(0..self.parameters.len()).any(others)
            && !self.is_called_after(length, index)
    }

    /// Whether a length is in elements of what the pointer leads to: `size_t size` behind `const int *` is in bytes as likely.
    fn is_in_elements(&self, index: usize, length: usize) -> bool {
        let Some((of, _)) = self.types.header.pointee(&self.parameters[index].c_type) else { return false };
        let last = words(self.name(length)).pop().unwrap_or_default();
        match of {
            of if of.is_void() => !["nmemb", "nelem", "elements"].contains(&last.as_str()),
            of if of.is_byte() || matches!(self.types.header.resolve(of), of if of.is_byte()) => true,
            _ => counted(self.name(length)) != Some(Counted::Bytes),
        }
    }

    /// A pointer to structs of which there may be several: an integer stands right behind it, or counts something, or it is
    /// called as several are (`options`, which an element that is all zero may end).
    pub(super) fn may_be_several(&self, index: usize) -> bool {
        let behind = index + 1 < self.parameters.len() && self.resolved(index + 1).is_integer();
        behind || is_plural(self.name(index)) || self.free_length(index).is_some()
    }

    /// A `T **` that may be an array of pointers, and no place for one: it is called as several are, or a count stands behind it.
    pub(super) fn may_be_array(&self, index: usize) -> bool {
        let behind = index + 1 < self.parameters.len() && self.counted(index + 1).is_some();
        let named = (0..self.parameters.len())
            .any(|other| other != index && self.resolved(other).is_integer() && self.is_called_after(other, index));
        behind || named || is_plural(self.name(index)) || self.place_length(index).is_some()
    }

    /// What says how many there are behind a `T **`: a pointer to an integer right behind it, called as a count is.
    pub(super) fn place_length(&self, index: usize) -> Option<&str> {
        let (to, constant) = self.types.header.pointee(&self.parameters.get(index + 1)?.c_type)?;
        let name = self.name(index + 1);
        let counts = self.is_called_after(index + 1, index) || counted(name).is_some();
        (to.is_integer() && !to.is_char() && !constant && counts).then_some(name)
    }

    /// A length that is plainly no pointer's, and may be that of the string at `index`. A text is counted in bytes, if at all.
    pub(super) fn free_length(&self, index: usize) -> Option<&str> {
        let text = is_text(self.name(index));
        let taken: Vec<_> = (0..self.parameters.len())
            .filter(|index| self.resolved(*index).is_pointer())
            .filter_map(|index| self.length_of(index))
            .collect();
        let counts = |counted: Counted| !text || counted != Counted::Elements;
        let free = |index: &usize| self.counted(*index).is_some_and(counts) && !taken.contains(&self.name(*index));
        (0..self.parameters.len()).find(free).map(|index| self.name(index))
    }

    /// The length that stands right behind a pointer, as a pointer itself: `dest, size_t *destLen`.
    pub(super) fn pointed_length(&self, index: usize) -> Option<&str> {
        let next = self.parameters.get(index + 1)?;
        let (to, constant) = self.types.header.pointee(&next.c_type)?;
        let (of, read_only) = self.types.header.pointee(&self.parameters[index].c_type)?;
        let is_pointer_to_length =
            to.is_integer() && !to.is_char() && !to.is_wide_char() && !constant && !read_only && !self.callback;
        let named = self.is_called_after(index + 1, index);
        let fits = match of {
            of if of.is_void() || of.is_byte() => named || counted(self.name(index + 1)).is_some(),
            of => of.is_integer() && named,
        };
        (is_pointer_to_length && fits).then(|| self.name(index + 1))
    }

    fn is_plain_behind(&self, index: usize, next: usize) -> bool {
        let Some((of, constant)) = self.types.header.pointee(&self.parameters[index].c_type) else { return false };
        let others = |other: usize| self.resolved(other).is_pointer() && self.is_called_after(next, other);
        if next >= self.parameters.len() || (0..self.parameters.len()).any(others) {
            return false;
        }
        match (self.counted(next), of) {
            (None, _) => false,
            (Some(counted), of) if of.is_char() && constant => {
                counted != Counted::Elements && !is_text(self.name(index))
            }
            (Some(_), of) if of.is_void() || of.is_byte() => true,
            (Some(counted), _) => counted != Counted::Bytes,
        }
    }

    /// What an integer counts, by its name; a `size_t` without one counts something.
    fn counted(&self, index: usize) -> Option<Counted> {
        let unnamed = matches!(&self.parameters[index].c_type, HeaderType::Named(name) if name == "size_t" && self.name(index).starts_with("arg"));
        let named = counted(self.name(index)).or(unnamed.then_some(Counted::Elements));
        named.filter(|_| self.resolved(index).is_integer())
    }

    fn is_called_after(&self, length: usize, pointer: usize) -> bool {
        is_called_after(self.name(length), self.name(pointer))
    }
}

/// Whether a length's name is a pointer's with a word for lengths: `srcSize` of `src`, `nrbytes` of `rbytes`, `nBlob` of `pBlob`.
fn is_called_after(length: &str, pointer: &str) -> bool {
    let bare =
        pointer.strip_prefix(['p', 'z', 'a']).filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()));
    [Some(pointer), bare].into_iter().flatten().any(|pointer| {
        let (length, pointer) = (length.to_ascii_lowercase(), pointer.to_ascii_lowercase());
        let behind = length
            .strip_prefix(&pointer)
            .is_some_and(|rest| !rest.is_empty() && words(rest).iter().all(|word| is_length(word)));
        let before = length.strip_suffix(&pointer).map(|rest| rest.trim_end_matches('_'));
        behind || (pointer.len() > 1 && before.is_some_and(is_length))
    })
}

fn is_length(word: &str) -> bool {
    [&BYTES[..], &COUNTS, &LENGTHS].iter().any(|words| words.contains(&word))
}

fn counted(name: &str) -> Option<Counted> {
    let words = words(name);
    let last = words.last()?.as_str();
    let ends = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
    match last {
        _ if LENGTHS.contains(&last) || ends(&LENGTHS) => Some(Counted::Either),
        _ if BYTES.contains(&last) || ends(&["size", "bytes"]) => Some(Counted::Bytes),
        _ if COUNTS.contains(&last) || ends(&["count"]) => Some(Counted::Elements),
        _ if words.len() == 2 && words[0] == "n" => Some(Counted::Elements),
        _ => None,
    }
}

/// Whether a name says that it is a text.
pub(super) fn is_text(name: &str) -> bool {
    words(name).last().is_some_and(|last| TEXTS.contains(&last.as_str()) || last.ends_with("name"))
}

/// Whether a name says that there are several: `options`, `longopts`, `table`, and not `status` or `address`.
fn is_plural(name: &str) -> bool {
    words(name).last().is_some_and(|last| {
        let plural =
            last.len() > 3 && last.ends_with('s') && !["as", "is", "ss", "us"].iter().any(|end| last.ends_with(end));
        plural || ["array", "list", "table"].contains(&last.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_several() {
        for (name, expected) in [
            ("options", true),
            ("longOpts", true),
            ("opt_table", true),
            ("option", false),
            ("status", false),
            ("address", false),
            ("gas", false),
            ("ts", false),
            ("", false),
        ] {
            assert_eq!(is_plural(name), expected, "{name}");
        }
    }

    #[test]
    fn lengths_that_are_called_after_a_pointer() {
        for (length, pointer, expected) in [
            ("srcSize", "src", true),
            ("buf_len", "buf", true),
            ("destLen", "dest", true),
            ("nrbytes", "rbytes", true),
            ("nBlob", "pBlob", true),
            ("num_items", "items", true),
            ("in_size_bytes", "in", true),
            ("size", "s", false),
            ("count", "c", false),
            ("count", "prefix", false),
            ("dstSize", "src", false),
            ("buffer", "buf", false),
            ("ns", "s", false),
        ] {
            assert_eq!(is_called_after(length, pointer), expected, "{length} of {pointer}");
        }
    }

    #[test]
    fn what_names_count() {
        for (name, expected) in [
            ("len", Some(Counted::Either)),
            ("keylen", Some(Counted::Either)),
            ("nByte", Some(Counted::Bytes)),
            ("bufsize", Some(Counted::Bytes)),
            ("count", Some(Counted::Elements)),
            ("n", Some(Counted::Elements)),
            ("nArg", Some(Counted::Elements)),
            ("flags", None),
            ("level", None),
        ] {
            assert_eq!(counted(name), expected, "{name}");
        }
    }
}
