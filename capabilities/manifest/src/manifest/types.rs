//! `[types]`: C text and keys → [`Definition`]s.
//!
//! What the text says is read by [`Names`]; here it meets the keys. Types may refer to each other in any order, and handles to
//! functions, so this goes in two steps: [`read`] knows types only, [`Types::link`] comes when the prototypes are known.

mod handles;
mod members;

pub(super) use members::integer;

use super::declare::Declarations;
use super::named::NamedConstant;
use super::names::Attributes;
use super::raw;
use crate::declaration::{self, Meaning, MemberShape, Name, Names, Prototype, TypeText};
use crate::diagnostic::Written;
use crate::document::DocumentReader;
use cloison_contract::interface::{Constant, Instances, Sandbox};
use cloison_contract::shape::Literal;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::{CType, Definition, Enumeration, Handle, Layout, Record, TypeId, TypeKind};

/// How many objects of a type a client may have at once, unless the manifest says.
const MAX_LIVE: u32 = 1024;

/// All types of a manifest.
pub(super) struct Types<'a, 'd> {
    /// With which prototypes are read.
    pub(super) names: Names,
    /// In the order of their numbers.
    pub(super) definitions: Vec<Definition>,
    /// What each definition was made of.
    origins: Vec<Origin<'a, 'd>>,
    /// Typedefs of pointers to functions, by their names in C.
    callbacks: Vec<(String, &'a raw::Type<'d>)>,
    /// Names that stand for whole numbers: constants and the values of enumerations.
    pub(super) integers: Vec<(String, i128)>,
}

impl Types<'_, '_> {
    /// `sizeof` a type that a function could return, written as in C or as it is called in the manifest.
    pub(super) fn size(&self, c_type: &str) -> Option<u64> {
        ["", "struct ", "union ", "enum "].into_iter().find_map(|keyword| {
            let prototype = Prototype::parse(&format!("{keyword}{c_type} f(void)"), &self.names).ok()?;
            prototype.result.layout().map(|layout| layout.size)
        })
    }
}

/// What a definition was made of.
struct Origin<'a, 'd> {
    raw: &'a raw::Type<'d>,
    /// It is declared inside that type's text: the keys are not its own.
    inner: bool,
    /// The names of its members.
    members: Vec<Name>,
}

/// The types, as far as they can be known without the functions.
pub(super) fn read<'a, 'd>(
    reader: &mut DocumentReader,
    types: &'a [raw::Type<'d>],
    constants: &[NamedConstant],
) -> Types<'a, 'd> {
    let text =
        |one: &'a raw::Type<'d>| TypeText { key: &one.name.text, text: &one.c.text, handle: raw::on(&one.handle) };
    let texts: Vec<_> = types.iter().map(text).collect();
    let (names, meanings) = Names::read(&texts);
    let integers = constants.iter().filter_map(|constant| match constant.value {
        Constant::Number(Literal::Integer(value)) => Some((constant.name.text.clone(), value)),
        _ => None,
    });
    let mut found = Types {
        names,
        definitions: Vec::new(),
        origins: Vec::new(),
        callbacks: Vec::new(),
        integers: integers.collect(),
    };
    let mut shapes = Vec::new();
    for (raw, meaning) in types.iter().zip(meanings) {
        match meaning {
            Ok(meaning) => found.add(reader, raw, None, meaning, &mut shapes),
            Err(mistakes) => mistakes.into_iter().for_each(|mistake| reader.mistake_in(&raw.c, mistake)),
        }
    }
    for inner in found.names.inner().to_vec() {
        if let Some(raw) = types.get(inner.within) {
            found.add(reader, raw, Some(inner.name.text), inner.meaning, &mut shapes);
        }
    }
    for (index, members) in shapes.into_iter().enumerate() {
        members::decide(reader, &mut found, index, members);
    }
    members::check_unions(reader, &found);
    handles::owners(reader, &mut found);
    found
}

impl<'a, 'd> Types<'a, 'd> {
    fn add(
        &mut self,
        reader: &mut DocumentReader,
        raw: &'a raw::Type<'d>,
        inner: Option<String>,
        meaning: Meaning,
        shapes: &mut Vec<Vec<MemberShape>>,
    ) {
        let mut members = Vec::new();
        let kind = match meaning {
            Meaning::Alias(c_type) => return self.alias(reader, raw, &c_type),
            Meaning::Enum { scalar, values } => {
                if inner.is_none() {
                    raw.only(reader, "an enumeration", &["flags"]);
                }
                self.integers.extend(values.iter().cloned());
                TypeKind::Enum(Enumeration { scalar, flags: inner.is_none() && raw::on(&raw.flags), values })
            }
            Meaning::Opaque => {
                handles::keys(reader, raw);
                TypeKind::Handle(Handle {
                    free: None,
                    owner: None,
                    max_live: raw.max_live.as_ref().map_or(MAX_LIVE, |key| key.value),
                    refcounted: raw::on(&raw.refcounted),
                    thread_affine: raw::on(&raw.thread_affine),
                })
            }
            Meaning::Record { union, layout, members: shape, unnamed } => {
                let (what, keys): (_, &[_]) =
                    if union { ("a union", &["live", "members"]) } else { ("a struct", &["members"]) };
                if inner.is_none() {
                    raw.only(reader, what, keys);
                }
                members = shape;
                TypeKind::Record(Record { union, layout, members: Vec::new(), live: None, unnamed })
            }
        };
        self.definitions.push(Definition {
            name: inner.clone().unwrap_or_else(|| raw.name.text.clone()),
            declaration: raw.c.text.clone(),
            doc: raw.doc.as_ref().filter(|_| inner.is_none()).map(|doc| doc.text.clone()),
            declared: reader.location(raw.c_key.start),
            kind,
        });
        let names = members.iter().map(|member| member.name.clone()).collect();
        self.origins.push(Origin { raw, inner: inner.is_some(), members: names });
        shapes.push(members);
    }

    /// A plain typedef gives nothing in Python; one of a pointer to a function may say what its parameters are for.
    fn alias(&mut self, reader: &mut DocumentReader, raw: &'a raw::Type<'d>, c_type: &CType) {
        if !is_function(c_type) {
            raw.only(reader, "another name for a type that is there already", &[]);
            return;
        }
        raw.only(reader, "a pointer to a function", &["error", "deadline", "parameters"]);
        let name = declaration::parse(&raw.c.text, &|_| true).ok().and_then(|declaration| declaration.name);
        self.callbacks.push((name.map_or_else(|| raw.name.text.clone(), |name| name.text), raw));
    }

    /// The functions that end objects, now that functions are known.
    pub(super) fn link(&mut self, reader: &mut DocumentReader, declarations: &Declarations<'_, '_>, sandbox: &Sandbox) {
        handles::free(reader, self, declarations);
        if sandbox.instances == Instances::PerCall {
            handles::refuse(reader, self);
        }
    }

    /// Gives out the names of what Python sees of them.
    pub(super) fn take_names(&self, reader: &mut DocumentReader, attributes: &mut Attributes) {
        for (origin, definition) in self.origins.iter().zip(&self.definitions) {
            let written = Written { text: definition.name.clone(), span: origin.raw.name.span.clone() };
            attributes.take(reader, &written, "a type");
        }
    }

    /// What the manifest says of callbacks that are declared by this typedef.
    pub(super) fn callback(&self, typedef: Option<&str>) -> Option<&'a raw::Type<'d>> {
        let typedef = typedef?;
        self.callbacks.iter().find(|(name, _)| name == typedef).map(|(_, raw)| *raw)
    }

    /// The name in Python.
    pub(super) fn name(&self, id: TypeId) -> &str {
        self.definitions.get(id.0 as usize).map_or("?", |definition| &definition.name)
    }

    /// What that handle type is.
    pub(super) fn handle(&self, id: TypeId) -> Option<&Handle> {
        match &self.definitions.get(id.0 as usize)?.kind {
            TypeKind::Handle(handle) => Some(handle),
            _ => None,
        }
    }

    /// Whether the manifest names a function that ends its objects, which has turned out not to be one.
    pub(super) fn lacks_good_free(&self, id: TypeId) -> bool {
        self.origins.get(id.0 as usize).is_some_and(|origin| origin.raw.free.is_some())
    }

    /// What that record is.
    pub(super) fn record(&self, id: TypeId) -> Option<&Record> {
        Record::of(&self.definitions, id)
    }

    /// The number that a name stands for.
    pub(super) fn integer(&self, name: &str) -> Option<i128> {
        self.integers.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// The definition of that name, and its number.
    fn named(&self, name: &str) -> Option<(TypeId, &Definition)> {
        let index = self.definitions.iter().position(|definition| definition.name == name)?;
        Some((TypeId(index as u32), &self.definitions[index]))
    }

    /// Advice for a name that no handle type has.
    fn handle_hint(&self, name: &str) -> String {
        let handles = self.definitions.iter().filter(|one| matches!(one.kind, TypeKind::Handle(_)));
        match did_you_mean(name, handles.map(|one| one.name.as_str())) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "name a type of this manifest that has `handle = true`".to_owned(),
        }
    }
}

/// A function, or a pointer to one.
fn is_function(c_type: &CType) -> bool {
    match c_type {
        CType::Pointer { to, .. } => matches!(**to, CType::Function(_)),
        c_type => matches!(c_type, CType::Function(_)),
    }
}

/// An empty layout, for what could not be understood.
pub(super) const UNKNOWN: Layout = Layout { size: 0, align: 1 };
