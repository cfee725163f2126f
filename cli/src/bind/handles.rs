//! Which structs are handles: those that a header only points to, and those that it makes and frees by functions.

use crate::header::{Function, Header, Type, words};
use std::collections::{BTreeMap, BTreeSet};

/// Words of functions that end an object.
const ENDS: [&str; 15] = [
    "free", "close", "destroy", "delete", "finalize", "finish", "end", "release", "unref", "cleanup", "dispose", "del",
    "term", "deinit", "shutdown",
];
/// Words of functions that make one.
const MAKES: [&str; 17] = [
    "new",
    "create",
    "open",
    "init",
    "alloc",
    "allocate",
    "dup",
    "copy",
    "clone",
    "connect",
    "prepare",
    "start",
    "make",
    "load",
    "dopen",
    "fopen",
    "prepare16",
];

/// A type whose objects stay in the zone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Handle {
    /// The function that ends an object.
    pub free: Option<String>,
    /// The handle type whose objects own these.
    pub owner: Option<String>,
    /// A typedef of the pointer, if the header calls it by that and by nothing else: `XML_Parser`.
    pub pointer: Option<String>,
}

/// What is done to the objects of handle types.
#[derive(Debug, Default)]
pub struct Handles(pub BTreeMap<String, Handle>);

impl Handles {
    /// Those of a header, by what the struct is called in [`Type::Tagged`].
    pub fn of(header: &Header) -> Self {
        let mut used = BTreeMap::<String, (bool, bool)>::new(); // made, by value
        for function in &header.functions {
            note(header, &function.returns, true, &mut used);
            for parameter in &function.parameters {
                note(header, &parameter.c_type, false, &mut used);
            }
        }
        let mut handles = BTreeMap::new();
        for (tag, (made, by_value)) in used {
            let opaque = header.records.get(&tag).is_none_or(|record| record.body.is_none());
            let free = ending(header, &tag);
            if !by_value && !is_system(&tag) && (opaque || (made && free.is_some())) {
                handles.insert(tag.clone(), Handle { free, owner: None, pointer: pointer_name(header, &tag) });
            }
        }
        let mut handles = Self(handles);
        let owners: Vec<_> = handles.0.keys().map(|tag| (tag.clone(), handles.owner(header, tag))).collect();
        for (tag, owner) in owners {
            if let Some(handle) = handles.0.get_mut(&tag) {
                handle.owner = owner;
            }
        }
        handles
    }

    /// The handle type that this is a pointer to.
    pub fn pointed<'h>(&self, header: &'h Header, c_type: &'h Type) -> Option<&'h str> {
        match header.pointee(c_type) {
            Some((Type::Tagged(tag), _)) if self.0.contains_key(tag) => Some(tag),
            _ => None,
        }
    }

    /// The one other handle type that all functions take which make objects of this one.
    fn owner(&self, header: &Header, tag: &str) -> Option<String> {
        let mut owners = BTreeSet::new();
        for function in header.functions.iter().filter(|function| is_maker(&function.name)) {
            let makes = |c_type: &Type| self.pointed(header, c_type) == Some(tag);
            let placed =
                function.parameters.iter().any(|one| header.pointee(&one.c_type).is_some_and(|(to, _)| makes(to)));
            if !placed && !makes(&function.returns) {
                continue;
            }
            let takes: Vec<_> =
                function.parameters.iter().filter_map(|one| self.pointed(header, &one.c_type)).collect();
            match takes[..] {
                [one] if one != tag => owners.insert(one.to_owned()),
                _ => return None,
            };
        }
        (owners.len() == 1).then(|| owners.into_iter().next()).flatten()
    }
}

/// Whether a function's name says that it ends what it is given.
pub fn is_ender(name: &str) -> bool {
    let words = words(name);
    words.iter().any(|word| ENDS.contains(&word.as_str()))
        || words.last().is_some_and(|last| ["free", "close", "destroy"].iter().any(|end| last.ends_with(end)))
}

/// Whether a function's name ends in a word for nothing else but that: such a function may end one of several arguments.
pub fn is_called_an_end(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map(|last| last.trim_end_matches(|last: char| last.is_ascii_digit()));
    last.is_some_and(|last| ["free", "close", "destroy", "finalize", "dispose", "unref"].contains(&last))
}

/// Whether a function's name says that it makes what it gives.
pub fn is_maker(name: &str) -> bool {
    let words = words(name);
    words.iter().any(|word| MAKES.contains(&word.trim_end_matches(|last: char| last.is_ascii_digit())))
        || words.last().is_some_and(|last| ["open", "create", "new"].iter().any(|end| last.ends_with(end)))
}

/// The function that takes one of these, nothing else, and ends it: the one with the shortest name.
fn ending(header: &Header, tag: &str) -> Option<String> {
    let ends = |function: &&Function| {
        let takes = match &function.parameters[..] {
            [only] => matches!(header.pointee(&only.c_type), Some((Type::Tagged(found), false)) if found == tag),
            _ => false,
        };
        let gives = header.resolve(&function.returns);
        takes && is_ender(&function.name) && (gives.is_void() || gives.is_integer())
    };
    let found = header.functions.iter().filter(ends).min_by_key(|function| function.name.len());
    found.map(|function| function.name.clone())
}

fn note(header: &Header, c_type: &Type, returned: bool, used: &mut BTreeMap<String, (bool, bool)>) {
    match header.resolve(c_type) {
        Type::Tagged(tag) if !tag.starts_with("enum ") => used.entry(tag.clone()).or_default().1 = true,
        Type::Pointer { to, .. } => match header.resolve(to) {
            Type::Tagged(tag) if !tag.starts_with("enum ") => used.entry(tag.clone()).or_default().0 |= returned,
            Type::Pointer { to, .. } => {
                if let Type::Tagged(tag) = header.resolve(to) {
                    used.entry(tag.clone()).or_default().0 = true;
                }
            }
            Type::Function { returns, parameters, .. } => {
                note(header, returns, false, used);
                parameters.iter().for_each(|one| note(header, &one.c_type, false, used));
            }
            _ => {}
        },
        _ => {}
    }
}

/// `typedef struct XML_ParserStruct *XML_Parser`, where the struct has no other name than its tag.
fn pointer_name(header: &Header, tag: &str) -> Option<String> {
    if header.records.get(tag).is_some_and(|record| record.alias.is_some()) {
        return None;
    }
    let is =
        |c_type: &Type| matches!(c_type, Type::Pointer { to, constant: false } if **to == Type::Tagged(tag.to_owned()));
    let mut names = header.typedefs.iter().filter(|(_, c_type)| is(c_type)).map(|(name, _)| name);
    names.next().cloned().filter(|_| names.next().is_none())
}

/// Structs of the C library that no library makes.
pub fn is_system(tag: &str) -> bool {
    ["struct _IO_FILE", "struct __va_list_tag", "struct tm", "struct timeval", "struct timespec"].contains(&tag)
}
