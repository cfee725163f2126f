//! Who declares what.

use super::super::names::Meaning;
use super::super::tree::{Content, Name, QualifiedType, TagKind, TypeDeclaration, UnqualifiedType};
use super::{Kind, Reading, State, Unit};
use crate::diagnostic::Mistake;
use cloison_contract::layout::MAX_RECORD_BYTES;
use cloison_contract::types::{CType, Layout, TypeId};
use std::collections::BTreeMap;

/// The layout of a record before it is known: no record is that large.
pub(super) const UNKNOWN: Layout = Layout { size: MAX_RECORD_BYTES + 1, align: 1 };

impl Reading<'_> {
    pub(super) fn collect(&mut self) {
        let opaque = self.opaque();
        let mut declared = Declared::default();
        for (index, opaque) in opaque.into_iter().enumerate() {
            self.check(index);
            self.number(index, opaque);
            self.declare(index, &mut declared);
        }
        self.number_inner();
        for unit in 0..self.units.len() {
            self.declare_unit(unit, &mut declared);
        }
    }

    /// Which texts declare a type without members.
    fn opaque(&self) -> Vec<bool> {
        let mut bodies: Vec<&str> = Vec::new();
        // The best text so far for each tag: smaller is better.
        let mut best: BTreeMap<&str, (u32, usize)> = BTreeMap::new();
        for (index, text) in self.texts.iter().enumerate() {
            let Some(declaration) = &text.declaration else { continue };
            bodies
                .extend(declaration.bodies.iter().filter_map(|body| body.name.as_ref()).map(|name| name.text.as_str()));
            if let (Some((_, tag)), Some(rank)) = (tagged(&declaration.base), rank(declaration, text.given.handle)) {
                let entry = best.entry(tag).or_insert((rank, index));
                *entry = (*entry).min((rank, index));
            }
        }
        let opaque = |(index, text): (usize, &super::Text<'_>)| {
            let Some(declaration) = &text.declaration else { return false };
            match tagged(&declaration.base) {
                _ if !declaration.bodies.is_empty() => false,
                Some((TagKind::Enum, _)) => false,
                // Twice `struct x;` is a mistake, which `declare` finds.
                Some((_, tag)) => {
                    let first = best.get(tag).is_some_and(|(_, best)| *best == index);
                    !declaration.typedef || first && !bodies.contains(&tag)
                }
                None => text.given.handle,
            }
        };
        self.texts.iter().enumerate().map(opaque).collect()
    }

    /// What is wrong with a text in itself.
    fn check(&mut self, index: usize) {
        let text = &self.texts[index];
        let Some(declaration) = &text.declaration else { return };
        if let Some(mistake) = check(declaration, text.given.handle) {
            self.mistake(index, mistake);
        }
    }

    fn number(&mut self, index: usize, opaque: bool) {
        let aliases = |kind: &Kind| matches!(kind, Kind::Alias);
        let before = self.texts[..index].iter().filter(|text| !aliases(&text.kind)).count();
        let id = TypeId(before as u32);
        let text = &mut self.texts[index];
        if let Some(body) = text.declaration.as_mut().and_then(|declaration| declaration.bodies.pop()) {
            text.kind = Kind::Body { unit: self.units.len() };
            self.units.push(Unit { text: index, body, id, state: State::Waiting, meaning: None });
        } else if opaque {
            text.kind = Kind::Opaque { id };
        }
    }

    /// The inner ones come behind all others.
    fn number_inner(&mut self) {
        let outer = self.texts.iter().filter(|text| !matches!(text.kind, Kind::Alias)).count();
        let mut next = outer as u32;
        for index in 0..self.texts.len() {
            let declaration = self.texts[index].declaration.as_mut();
            for body in declaration.map(|declaration| std::mem::take(&mut declaration.bodies)).unwrap_or_default() {
                self.units.push(Unit { text: index, body, id: TypeId(next), state: State::Waiting, meaning: None });
                next += 1;
            }
        }
    }

    /// The typedefs of a text, and its tag if it has no members.
    fn declare(&mut self, index: usize, declared: &mut Declared) {
        let text = &self.texts[index];
        let Some(declaration) = &text.declaration else { return };
        let tag = match (text.kind, tagged(&declaration.base)) {
            (Kind::Opaque { id }, Some((tag, name))) => {
                Some((Name { text: name.to_owned(), span: declaration.base.span.clone() }, tag, id))
            }
            _ => None,
        };
        let names: Vec<Name> = declaration.declarators.iter().map(|(name, _)| name.clone()).collect();
        if let Some((name, tag, id)) = tag {
            self.declare_tag(index, &name, tag, Some(CType::Opaque(id)), declared);
        }
        for name in names {
            if declared.typedefs.contains_key(&name.text) {
                let message = format!("`{}` is declared twice", name.text);
                let other = self.key(declared.typedefs[&name.text]);
                self.mistake(index, Mistake::new(name.span, message).hint(format!("the other one is in {other}")));
                continue;
            }
            declared.typedefs.insert(name.text.clone(), index);
            self.names.typedefs.insert(name.text, None);
        }
    }

    fn declare_tag(&mut self, text: usize, name: &Name, tag: TagKind, c_type: Option<CType>, declared: &mut Declared) {
        if let Some(other) = declared.tags.insert(name.text.clone(), text) {
            let message = format!("`{} {}` is declared twice", tag.keyword(), name.text);
            let hint = format!("the other one is in {}", self.key(other));
            return self.mistake(text, Mistake::new(name.span.clone(), message).hint(hint));
        }
        self.names.tags.insert(name.text.clone(), (tag, c_type));
    }

    fn declare_unit(&mut self, index: usize, declared: &mut Declared) {
        let (text, body, c_type) = (self.units[index].text, self.units[index].body.clone(), self.units[index].c_type());
        if let Some(name) = &body.name {
            self.declare_tag(text, name, body.tag, c_type, declared);
        }
        let Content::Enumerators(enumerators) = &body.content else { return };
        for (name, _) in enumerators {
            if let Some(other) = declared.enumerators.insert(name.text.clone(), text) {
                let message = format!("`{}` is declared twice", name.text);
                let hint = format!("the other one is in {}", self.key(other));
                self.mistake(text, Mistake::new(name.span.clone(), message).hint(hint));
            }
            self.names.enumerators.insert(name.text.clone(), None);
        }
    }

    fn key(&self, text: usize) -> String {
        format!("[types.{}]", self.texts[text].given.key)
    }
}

impl Unit {
    /// Its type as far as it is known: the layout of a record never is.
    pub(super) fn c_type(&self) -> Option<CType> {
        match (&self.meaning, self.body.tag) {
            (Some(Meaning::Enum { scalar, .. }), _) => Some(CType::Enum { id: self.id, scalar: *scalar }),
            (_, TagKind::Enum) => None,
            (_, TagKind::Struct | TagKind::Union) => Some(CType::Record { id: self.id, layout: UNKNOWN }),
        }
    }
}

/// The indices of the texts that declare them.
#[derive(Default)]
struct Declared {
    tags: BTreeMap<String, usize>,
    typedefs: BTreeMap<String, usize>,
    enumerators: BTreeMap<String, usize>,
}

fn tagged(c_type: &QualifiedType) -> Option<(TagKind, &str)> {
    match &c_type.kind {
        UnqualifiedType::Tagged { tag, name } => Some((*tag, name)),
        _ => None,
    }
}

/// How well a text without members suits as the declaration of its tag; smaller is better.
fn rank(declaration: &TypeDeclaration, handle: bool) -> Option<u32> {
    if !declaration.bodies.is_empty() {
        return None;
    }
    let plain = declaration.declarators.iter().any(|(_, c_type)| tagged(c_type).is_some());
    Some(match (declaration.typedef, plain, handle) {
        (false, _, _) => 0,
        (true, true, true) => 1,
        (true, true, false) => 2,
        (true, false, true) => 3,
        (true, false, false) => 4,
    })
}

fn check(declaration: &TypeDeclaration, handle: bool) -> Option<Mistake> {
    let whole = |message: &str| Mistake::new(declaration.span.clone(), message);
    let body = declaration.bodies.last();
    let mistake = match (declaration.declarators.first(), body) {
        (None, None) => match tagged(&declaration.base) {
            Some((TagKind::Enum, name)) => whole("an enumeration has values")
                .hint(format!("write them out: `enum {name} {{ A, B = 4 }};`; where they do not matter, write `int`")),
            Some(_) if !declaration.typedef => return None,
            _ => whole("this declares no type")
                .hint("as in `struct point { double x, y; };` or `typedef unsigned long uLong;`"),
        },
        (None, Some(body)) if body.name.is_none() => {
            let keyword = body.tag.keyword();
            whole(&format!("this {keyword} has no name"))
                .hint(format!("write `{keyword} name {{ … }};` or `typedef {keyword} {{ … }} name;`"))
        }
        (Some((name, c_type)), _) if !declaration.typedef => {
            let is = if matches!(c_type.kind, UnqualifiedType::Function { .. }) { "a function" } else { "a variable" };
            Mistake::new(name.span.clone(), format!("`{}` is {is}, not a type", name.text)).hint(
                "a type is declared by `struct name { … };` or `typedef … name;`; functions stand in [functions.NAME]",
            )
        }
        (_, Some(body)) if handle => Mistake::new(body.span.clone(), "a handle's members stay with the library")
            .hint("leave them out: `struct name;`; or leave `handle` out, and it is copied"),
        (Some((name, c_type)), None) if handle && tagged(&declaration.base).is_none() => {
            return no_handle(name, c_type, declaration.declarators.len());
        }
        _ => return None,
    };
    Some(mistake)
}

/// `typedef void *name;` can be a handle, `typedef unsigned name;` cannot.
fn no_handle(name: &Name, c_type: &QualifiedType, names: usize) -> Option<Mistake> {
    let pointer = match &c_type.kind {
        UnqualifiedType::Void => true,
        UnqualifiedType::Pointer(to) => !matches!(to.kind, UnqualifiedType::Function { .. }),
        _ => false,
    };
    if pointer && names == 1 {
        return None;
    }
    Some(
        Mistake::new(name.span.clone(), format!("`{}` is no type of objects that stay in the library", name.text))
            .hint("a handle is a pointer: `typedef struct x x;` or `typedef void *x;`, one name in each"),
    )
}
