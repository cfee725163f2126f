//! Which structs are handles: objects that stay in the zone, and not values that are copied.
//!
//! | what the header has of `T` | `T` is |
//! |---|---|
//! | `T` by value as a parameter or a result, or an array of them | a value |
//! | no members | an object |
//! | functions that make and end a `T *` | an object; if nothing else takes one: a question |
//! | one member, called `opaque` | an object |
//! | members with pointers, and functions that give a `T *` and take it | an object |
//! | only a name for the pointer (`typedef struct T_ *T`), and functions that give and take it | an object |
//! | plain members, and functions that give a `T *`, not `const`, and take it | a question |
//! | anything else: nobody gives one, or only `const T *` | a value |
//!
//! A question about a type stands in its table, and its functions are drafted for an object: the reader of manifests
//! refuses these if the answer is "a value". The other way round would copy an object, and pass the library a copy's address.

use super::verbs::{EndingVerb, Rank, end, is_maker, type_words};
use crate::header::{Header, HeaderFunction, HeaderType, words};
use std::collections::{BTreeMap, BTreeSet};

/// Names of a member that is there only because C wants one.
const DUMMIES: [&str; 8] = ["opaque", "unused", "dummy", "reserved", "private", "priv", "placeholder", "internal"];

/// A type whose objects stay in the zone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandleType {
    /// The function that ends an object.
    pub free: Option<String>,
    /// The handle type whose objects own these.
    pub owner: Option<String>,
    /// A typedef of the pointer, if the header calls it by that and by nothing else: `XML_Parser`.
    pub pointer: Option<String>,
    /// What the author has to say of the type.
    pub ask: Option<String>,
    /// The words of its names, for [`end`].
    names: Vec<String>,
    /// What the names of all functions that take one begin with.
    prefix: String,
}

impl HandleType {
    /// What a function's name says about ending such an object.
    pub fn ended_by(&self, function: &str) -> Option<EndingVerb> {
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        end(function, &names, &self.prefix)
    }

    /// Whether an object may be changed through such a pointer: one that is not to `const`, or that has the one name under
    /// which the header has these pointers (`typedef const struct _TidyDoc *TidyDoc`).
    pub fn is_changeable(&self, header: &Header, c_type: &HeaderType) -> bool {
        let named = matches!(c_type, HeaderType::Named(name) if self.pointer.as_ref() == Some(name));
        named || matches!(header.pointee(c_type), Some((_, false)))
    }
}

/// What is done to the objects of handle types.
#[derive(Debug, Default)]
pub struct HandleTypes {
    /// By what the struct is called in [`HeaderType::Tagged`].
    pub by_tag: BTreeMap<String, HandleType>,
    /// Structs that are passed by value, which no handle type can be.
    pub by_value: BTreeSet<String>,
}

/// How a header uses a struct.
#[derive(Default)]
struct Use<'h> {
    /// Functions give a pointer to one that is not `const`.
    made: bool,
    /// They give a `const` one.
    shown: bool,
    by_value: bool,
    /// The functions that take a pointer to one.
    takers: Vec<&'h HeaderFunction>,
    /// Those that take a pointer to a variable with such a pointer, which they may change.
    changers: Vec<&'h HeaderFunction>,
}

impl HandleTypes {
    /// Those of a header.
    pub fn of(header: &Header) -> Self {
        let mut uses = BTreeMap::<&str, Use<'_>>::new();
        for function in &header.functions {
            note(header, &function.returns, true, None, &mut uses);
            for parameter in &function.parameters {
                note(header, &parameter.c_type, false, Some(function), &mut uses);
            }
        }
        let pointers = pointer_names(header);
        let handles = uses.iter().filter(|(tag, one)| !one.by_value && !is_system(tag));
        let handles = handles.filter_map(|(tag, one)| Some(((*tag).to_owned(), handle(header, tag, one, &pointers)?)));
        let by_value = uses.iter().filter(|(_, one)| one.by_value).map(|(tag, _)| (*tag).to_owned()).collect();
        let mut handles = Self { by_tag: handles.collect(), by_value };
        let owners = handles.owners(header);
        for (tag, owner) in owners {
            if let Some(handle) = handles.by_tag.get_mut(&tag) {
                handle.owner = owner;
            }
        }
        handles
    }

    /// The handle type that this is a pointer to.
    pub fn pointed<'h>(&self, header: &'h Header, c_type: &'h HeaderType) -> Option<&'h str> {
        match header.pointee(c_type) {
            Some((HeaderType::Tagged(tag), _)) if self.by_tag.contains_key(tag) => Some(tag),
            _ => None,
        }
    }

    /// For each type the one other handle type that all functions take which make objects of it.
    fn owners(&self, header: &Header) -> BTreeMap<String, Option<String>> {
        let mut owners = BTreeMap::<String, BTreeSet<Option<String>>>::new();
        for function in header.functions.iter().filter(|function| is_maker(&function.name)) {
            let places = function.parameters.iter().filter_map(|one| header.pointee(&one.c_type));
            let placed = places.filter(|(_, constant)| !constant).filter_map(|(to, _)| self.pointed(header, to));
            let made: BTreeSet<_> = placed.chain(self.pointed(header, &function.returns)).collect();
            let takes: Vec<_> =
                function.parameters.iter().filter_map(|one| self.pointed(header, &one.c_type)).collect();
            for tag in made {
                let owner = match takes[..] {
                    [one] if one != tag => Some(one.to_owned()),
                    _ => None,
                };
                owners.entry(tag.to_owned()).or_default().insert(owner);
            }
        }
        let only =
            |found: BTreeSet<Option<String>>| if found.len() == 1 { found.into_iter().next().flatten() } else { None };
        owners.into_iter().map(|(tag, found)| (tag, only(found))).collect()
    }
}

/// What a struct is, by how it is used.
fn handle(header: &Header, tag: &str, used: &Use<'_>, pointers: &BTreeMap<&str, Option<&str>>) -> Option<HandleType> {
    let record = header.records.get(tag);
    let alias = record.and_then(|record| record.alias.clone());
    let pointer = pointers.get(tag).copied().flatten().filter(|_| alias.is_none()).map(str::to_owned);
    let names = [Some(super::types::bare(tag).to_owned()), alias, pointer.clone()].into_iter().flatten().collect();
    let mut handle = HandleType { pointer, names, prefix: prefix(&used.takers), ..HandleType::default() };
    (handle.free, handle.ask) = ending(header, &handle, used);
    let Some(record) = record.filter(|record| record.body.is_some()) else { return Some(handle) };
    let others = used.takers.iter().any(|taker| handle.ended_by(&taker.name).is_none());
    let copied = "or values of which Python gets a copy (then without `handle` and `free`, `c` with the members, and `in` or `out` in the functions)";
    if used.made && handle.free.is_some() {
        let ask =
            format!("the struct's members are in the header: objects that stay in the zone (handle = true), {copied}?");
        handle.ask = handle.ask.or((!others).then_some(ask));
        return Some(handle);
    }
    let is_dummy = |name: &str| words(name).iter().any(|word| DUMMIES.contains(&word.as_str()));
    let dummy = matches!(&record.members[..], [(name, _)] if is_dummy(name));
    let pointers = record.members.iter().any(|(_, member)| header.resolve(member).is_pointer());
    match (used.made || used.shown) && others {
        _ if dummy => Some(handle),
        true if handle.pointer.is_some() || (pointers && used.made) => Some(handle),
        true if used.made => {
            handle.ask = Some(format!(
                "functions give pointers to it and take them: objects of the library's (handle = true), {copied}?"
            ));
            Some(handle)
        }
        _ => None,
    }
}

/// The function that ends such an object, and what has to be asked about it.
fn ending(header: &Header, handle: &HandleType, used: &Use<'_>) -> (Option<String>, Option<String>) {
    let mut found: Vec<(EndingVerb, &str)> = Vec::new();
    let of_variables = used.changers.iter().filter(|function| !is_maker(&function.name));
    let takers = used.takers.iter().map(|taker| (taker, false)).chain(of_variables.map(|changer| (changer, true)));
    for (function, of_variable) in takers {
        let takes_it =
            matches!(&function.parameters[..], [only] if of_variable || handle.is_changeable(header, &only.c_type));
        let gives = header.resolve(&function.returns);
        let status = gives.is_void()
            || gives.is_integer()
            || matches!(gives, HeaderType::Tagged(tag) if tag.starts_with("enum "));
        if let (true, true, Some(end)) = (takes_it, status, handle.ended_by(&function.name).filter(|end| end.plain)) {
            found.push((end, &function.name));
        }
    }
    found.sort_by_key(|(end, name)| (end.rank, name.len(), *name));
    let Some((first, name)) = found.first() else { return (None, None) };
    // A name that has the verb and nothing else besides the type's is the type's end, whatever others there are.
    let own = first.before.concat() == handle.prefix.to_ascii_lowercase().replace('_', "")
        || handle.names.iter().any(|name| first.before.concat().ends_with(&type_words(name).concat()));
    if first.rank == Rank::Unclear && !own {
        return (None, None);
    }
    let alike: Vec<_> =
        found.iter().filter(|(end, _)| end.rank == first.rank).map(|(_, name)| format!("`{name}`")).collect();
    let counted = counting(header, handle, first, &found);
    let ask = if let Some(counted) = counted {
        Some(format!(
            "`{counted}` gives a reference back, and `{name}` is called as if it ended the object whoever uses it: which one is it?"
        ))
    } else if first.rank == Rank::Unclear {
        Some(format!("does `{name}` end an object? free = \"{name}\" if so, no `free` if not"))
    } else if alike.len() > 1 && !own {
        Some(format!("which function ends an object: {}?", alike.join(", ")))
    } else {
        None
    };
    (Some((*name).to_owned()), ask)
}

/// A function that gives back a reference to what `first` ends.
fn counting<'f>(
    header: &'f Header,
    handle: &HandleType,
    first: &EndingVerb,
    found: &[(EndingVerb, &'f str)],
) -> Option<&'f str> {
    if first.rank == Rank::Reference {
        return None;
    }
    let other = found.iter().find(|(end, _)| end.rank == Rank::Reference).map(|(_, name)| *name);
    let inline = || {
        header.inline.iter().find(|name| {
            handle.ended_by(name).is_some_and(|end| end.rank == Rank::Reference && end.before == first.before)
        })
    };
    other.or_else(|| inline().map(String::as_str))
}

/// What the names of all of these begin with, if there are several.
fn prefix(functions: &[&HeaderFunction]) -> String {
    let [first, rest @ ..] = functions else { return String::new() };
    let common = |name: &str, other: &str| name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let length = rest.iter().map(|other| common(&first.name, &other.name)).min().unwrap_or(0);
    first.name.get(..length).unwrap_or_default().to_owned()
}

fn note<'h>(
    header: &'h Header,
    c_type: &'h HeaderType,
    returned: bool,
    taker: Option<&'h HeaderFunction>,
    uses: &mut BTreeMap<&'h str, Use<'h>>,
) {
    let is_record = |tag: &str| !tag.starts_with("enum ");
    match header.resolve(c_type) {
        HeaderType::Tagged(tag) if is_record(tag) => uses.entry(tag).or_default().by_value = true,
        HeaderType::Array { of, .. } => {
            if let HeaderType::Tagged(tag) = header.resolve(of)
                && is_record(tag)
            {
                uses.entry(tag).or_default().by_value = true;
            }
        }
        HeaderType::Pointer { to, constant } => match header.resolve(to) {
            HeaderType::Tagged(tag) if is_record(tag) => {
                let used = uses.entry(tag).or_default();
                used.made |= returned && !constant;
                used.shown |= returned && *constant;
                used.takers.extend(taker);
            }
            // A place for a pointer, unless the pointers are constant: then it is an array that is read.
            HeaderType::Pointer { to, constant: read_only } => {
                if let (HeaderType::Tagged(tag), Some(_)) = (header.resolve(to), taker)
                    && is_record(tag)
                {
                    let used = uses.entry(tag).or_default();
                    used.changers.extend(taker.filter(|_| !constant));
                    used.made |= !constant && !read_only;
                    used.shown |= !constant && *read_only;
                }
            }
            // What callbacks take by value. Their own callbacks are not looked at: no manifest can have these.
            HeaderType::Function { returns, parameters, .. } => {
                let by_value = |c_type: &'h HeaderType| match header.resolve(c_type) {
                    HeaderType::Tagged(tag) if is_record(tag) => Some(tag.as_str()),
                    _ => None,
                };
                let types = parameters.iter().map(|one| &one.c_type).chain([&**returns]);
                types.filter_map(by_value).for_each(|tag| uses.entry(tag).or_default().by_value = true);
                for one in parameters {
                    if let Some((HeaderType::Tagged(tag), _)) = header.pointee(&one.c_type)
                        && is_record(tag)
                    {
                        uses.entry(tag).or_default();
                    }
                }
            }
            _ => {}
        },
        _ => {}
    }
}

/// `typedef struct XML_ParserStruct *XML_Parser`, where a struct has one such name.
fn pointer_names(header: &Header) -> BTreeMap<&str, Option<&str>> {
    let mut names = BTreeMap::<&str, Option<&str>>::new();
    for (name, c_type) in &header.typedefs {
        if let HeaderType::Pointer { to, .. } = c_type
            && let HeaderType::Tagged(tag) = &**to
        {
            names.entry(tag).and_modify(|known| *known = None).or_insert(Some(name));
        }
    }
    names
}

/// Structs of the C library that no library makes.
pub fn is_system(tag: &str) -> bool {
    ["struct _IO_FILE", "struct __va_list_tag", "struct tm", "struct timeval", "struct timespec"].contains(&tag)
}
