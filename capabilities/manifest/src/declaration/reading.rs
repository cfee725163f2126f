//! All types of a manifest together, in whatever order they stand.
//!
//! A declaration in C sees what stands before it. Here all see each other, so they are read in the order of what needs
//! what:
//!
//! 1. **parse** each text ([`super::body`]);
//! 2. **collect** who declares which tag, typedef and enumerator, and number the types ([`collect`]). Of several texts
//!    that mention `struct x` without members, one declares it;
//! 3. **enumerations** ([`enumeration`]): they need other enumerators only;
//! 4. **typedefs** ([`aliases`]): they need other typedefs, and the lengths of arrays. The layout of a record is not known
//!    yet and is filled in later ([`fill`]);
//! 5. **records** ([`record`]): each after those that it contains by value.

mod aliases;
mod collect;
mod enumeration;
mod fill;
mod record;

use super::body::parse_type;
use super::names::{Inner, Meaning, Names, TypeText};
use super::tree::{Body, TypeDeclaration};
use crate::diagnostic::Mistake;
use cloison_contract::shape::MAX_NESTING;
use cloison_contract::types::{CType, TypeId};

/// Everything while it is read.
struct Reading<'a> {
    texts: Vec<Text<'a>>,
    /// The structs, unions and enumerations with members.
    units: Vec<Unit>,
    names: Names,
}

/// One `[types.KEY]`.
struct Text<'a> {
    given: TypeText<'a>,
    /// `None` if it could not be parsed.
    declaration: Option<TypeDeclaration>,
    mistakes: Vec<Mistake>,
    /// Something is wrong with it, or with what it needs.
    wrong: bool,
    kind: Kind,
}

/// What a text declares.
#[derive(Clone, Copy)]
enum Kind {
    Alias,
    Body {
        /// The index of the outer one of its units.
        unit: usize,
    },
    Opaque {
        id: TypeId,
    },
}

/// A struct, a union or an enumeration with its members.
struct Unit {
    /// The index of its text.
    text: usize,
    body: Body,
    id: TypeId,
    state: State,
    /// What it means, once it is known.
    meaning: Option<Meaning>,
}

/// How far something has come that may need others of its kind.
#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    Waiting,
    /// On the way: who meets it needs itself.
    Open,
    Done,
}

pub(super) fn read(types: &[TypeText<'_>]) -> (Names, Vec<Result<Meaning, Vec<Mistake>>>) {
    let texts: Vec<_> = types.iter().map(|given| parse(*given, types)).collect();
    let unread = texts.iter().filter(|text| text.wrong).map(|text| text.given.key.to_owned()).collect();
    let mut reading = Reading { texts, units: Vec::new(), names: Names { unread, ..Names::default() } };
    reading.collect();
    reading.enumerations();
    reading.aliases();
    reading.records();
    reading.fill_in();
    reading.finish()
}

fn parse<'a>(given: TypeText<'a>, all: &[TypeText<'_>]) -> Text<'a> {
    // The names are not known before all have been parsed; the keys are nearly always the same.
    let own = |word: &str| all.iter().any(|one| one.key == word);
    let (declaration, mistakes) = match parse_type(given.text, &own) {
        Ok(declaration) => (Some(declaration), Vec::new()),
        Err(mistake) => (None, vec![mistake]),
    };
    Text { given, wrong: declaration.is_none(), declaration, mistakes, kind: Kind::Alias }
}

impl Reading<'_> {
    /// Notes what is wrong with a text.
    fn mistake(&mut self, text: usize, mistake: Mistake) {
        self.texts[text].mistakes.push(mistake);
        self.texts[text].wrong = true;
    }

    /// The type without a tag that a text declares.
    fn untagged(&self, text: usize) -> Option<CType> {
        match self.texts[text].kind {
            Kind::Body { unit } => self.units[unit].c_type(),
            _ => None,
        }
    }

    fn finish(mut self) -> (Names, Vec<Result<Meaning, Vec<Mistake>>>) {
        // The outer ones come first.
        let outer = self.texts.iter().filter(|text| matches!(text.kind, Kind::Body { .. })).count();
        for unit in &self.units[outer..] {
            if let (Some(name), Some(meaning)) = (&unit.body.name, &unit.meaning) {
                self.names.inner.push(Inner { name: name.clone(), within: unit.text, meaning: meaning.clone() });
            }
        }
        let meanings = (0..self.texts.len()).map(|text| self.meaning(text)).collect();
        (self.names, meanings)
    }

    fn meaning(&mut self, index: usize) -> Result<Meaning, Vec<Mistake>> {
        let text = &mut self.texts[index];
        if text.wrong {
            return Err(std::mem::take(&mut text.mistakes));
        }
        match text.kind {
            Kind::Body { unit } => self.units[unit].meaning.clone().ok_or_else(Vec::new),
            Kind::Opaque { .. } => Ok(Meaning::Opaque),
            Kind::Alias => {
                let first = text.declaration.as_ref().and_then(|declaration| declaration.declarators.first());
                let found = first.and_then(|(name, _)| self.names.typedef(&name.text)).and_then(Option::as_ref);
                found.map(|found| Meaning::Alias(found.resolved.c_type.clone())).ok_or_else(Vec::new)
            }
        }
    }
}
