//! Structs and unions: their members' types, then their layout.

use super::super::attribute::LayoutAttributes;
use super::super::constant::ConstantExpression;
use super::super::names::{Meaning, MemberShape};
use super::super::resolve::Resolver;
use super::super::tree::{Body, Content, MemberDeclaration, TagKind};
use super::fill::fill;
use super::{MAX_NESTING, Reading, State};
use crate::diagnostic::Mistake;
use cloison_contract::layout::{self, Arrangement, Need, Width};
use cloison_contract::types::{CType, Layout, Scalar, TypeId};
use std::collections::BTreeSet;
use std::ops::Range;

/// The largest alignment that may be asked for, in bytes: a cache line.
const MAX_ALIGN: i128 = 64;
/// What `aligned` without a number means.
const DEFAULT_ALIGN: u64 = 16;

/// A member whose type is known, but not yet its place.
struct Draft<'a> {
    declared: &'a MemberDeclaration,
    c_type: CType,
    width: Option<u32>,
    align: Option<u64>,
}

impl Reading<'_> {
    pub(super) fn records(&mut self) {
        for index in 0..self.units.len() {
            self.record(index, 0);
        }
    }

    /// Reads one, after those that it contains.
    fn record(&mut self, index: usize, depth: usize) {
        if self.units[index].body.tag == TagKind::Enum || self.units[index].state != State::Waiting {
            return;
        }
        self.units[index].state = State::Open;
        let body = self.units[index].body.clone();
        let text = self.units[index].text;
        let meaning = match self.drafts(text, &body) {
            Some((shape, drafts)) => {
                self.contained(index, depth, &drafts).and_then(|()| self.laid_out(&body, shape, drafts))
            }
            None => None,
        };
        if let Some(Err(mistake)) = meaning {
            self.mistake(text, mistake);
        } else if let Some(Ok(meaning)) = meaning {
            self.units[index].meaning = Some(meaning);
        }
        self.units[index].state = State::Done;
        self.texts[text].wrong |= self.units[index].meaning.is_none();
    }

    /// The members' types.
    fn drafts<'b>(&mut self, text: usize, body: &'b Body) -> Option<(Arrangement, Vec<Draft<'b>>)> {
        let Content::Members(members) = &body.content else { return None };
        let mut resolver = Resolver::new(&self.names, self.untagged(text));
        let shape = Arrangement { union: body.tag == TagKind::Union, align: align(&mut resolver, &body.attributes) };
        let mut names = BTreeSet::new();
        let mut drafts = Vec::new();
        for member in members {
            if let Some(name) = member.name.as_ref().filter(|name| !names.insert(&name.text)) {
                let message = format!("there are two members `{}`", name.text);
                resolver.mistakes.push(Mistake::new(name.span.clone(), message));
            }
            drafts.extend(draft(&mut resolver, member));
        }
        if names.is_empty() && resolver.mistakes.is_empty() {
            let keyword = body.tag.keyword();
            resolver.mistakes.push(
                Mistake::new(body.span.clone(), format!("this {keyword} has no members with names")).hint(format!(
                    "where its objects stay in the library, write `{keyword} name;` without braces, and handle = true"
                )),
            );
        }
        let mistakes = resolver.mistakes;
        let right = mistakes.is_empty() && drafts.len() == members.len();
        mistakes.into_iter().for_each(|mistake| self.mistake(text, mistake));
        right.then_some((shape, drafts))
    }

    /// Reads the records that this one contains; `None` if something is wrong with them.
    fn contained(&mut self, index: usize, depth: usize, drafts: &[Draft<'_>]) -> Option<()> {
        for draft in drafts {
            let Some(id) = contained(&draft.c_type) else { continue };
            let other = self.units.iter().position(|unit| unit.id == id)?;
            let mistake = |message: &str| Mistake::new(draft.declared.span.clone(), message);
            if self.units[other].state == State::Open {
                let mistake = mistake("a struct cannot contain itself").hint("a pointer to it can: add a `*`");
                self.mistake(self.units[index].text, mistake);
                return None;
            }
            if depth == MAX_NESTING {
                self.mistake(self.units[index].text, mistake("structs are nested too deeply here"));
                return None;
            }
            self.record(other, depth + 1);
            self.units[other].meaning.as_ref()?;
        }
        Some(())
    }

    fn laid_out(
        &self,
        body: &Body,
        shape: Arrangement,
        mut drafts: Vec<Draft<'_>>,
    ) -> Option<Result<Meaning, Mistake>> {
        let layouts = self.layouts();
        let mut needs = Vec::new();
        let too_large = |span: Range<usize>| Mistake::new(span, "this is larger than anything that can be passed");
        for draft in &mut drafts {
            fill(&mut draft.c_type, &layouts);
            let Some(layout) = draft.c_type.layout() else {
                return Some(Err(too_large(draft.declared.span.clone())));
            };
            needs.push(draft.need(layout, body.attributes.packed));
        }
        let Some((layout, places)) = layout::place(shape, &needs) else {
            return Some(Err(too_large(body.span.clone())));
        };
        let (mut members, mut unnamed) = (Vec::new(), Vec::new());
        for (draft, place) in drafts.into_iter().zip(places) {
            match draft.declared.name.clone() {
                Some(name) => {
                    members.push(MemberShape { name, c_type: draft.c_type, offset: place.offset, bits: place.bits });
                }
                None => unnamed.extend(place.bits.filter(|bits| bits.width > 0).map(|bits| (place.offset, bits))),
            }
        }
        Some(Ok(Meaning::Record { union: shape.union, layout, members, unnamed }))
    }
}

impl Draft<'_> {
    fn need(&self, layout: Layout, all_packed: bool) -> Need {
        Need {
            layout,
            bits: self.width.map(|bits| Width { bits, named: self.declared.name.is_some() }),
            packed: all_packed || self.declared.attributes.packed,
            align: self.align,
        }
    }
}

fn draft<'a>(resolver: &mut Resolver<'_>, declared: &'a MemberDeclaration) -> Option<Draft<'a>> {
    let c_type = resolver.value(&declared.c_type)?;
    let width = match &declared.width {
        Some(width) => Some(bit_width(resolver, declared, &c_type, width)?),
        None => None,
    };
    let align = align(resolver, &declared.attributes);
    if let (Some(_), Some(_), Some(alignment)) = (width, align, declared.attributes.aligned.first()) {
        return resolver.refuse(
            Mistake::new(alignment.span.clone(), "a bit-field cannot be aligned here")
                .hint("a bit-field of width 0 before it begins a new unit: `unsigned : 0;`"),
        );
    }
    Some(Draft { declared, c_type, width, align })
}

/// The width of a bit-field.
fn bit_width(
    resolver: &mut Resolver<'_>,
    declared: &MemberDeclaration,
    c_type: &CType,
    width: &ConstantExpression,
) -> Option<u32> {
    let bits = match c_type.scalar().filter(|scalar| !scalar.is_float()) {
        Some(Scalar::Bool) => 1,
        Some(scalar) => scalar.size() as i128 * 8,
        None => {
            return resolver.refuse(Mistake::new(declared.span.clone(), "only integers can be bit-fields"));
        }
    };
    let value = resolver.constant(width)?;
    match (value, &declared.name) {
        (0, Some(name)) => {
            let message = format!("`{}` has no bits", name.text);
            resolver.refuse(Mistake::new(width.span(), message).hint("width 0 begins a new unit and has no name"))
        }
        (value, _) if value < 0 || value > bits => {
            let have = if bits == 1 { "1 bit".to_owned() } else { format!("{bits} bits") };
            resolver.refuse(Mistake::new(width.span(), format!("its type has {have}, not {value}")))
        }
        (value, _) => Some(value as u32),
    }
}

/// The strictest of the alignments that are asked for.
fn align(resolver: &mut Resolver<'_>, attributes: &LayoutAttributes) -> Option<u64> {
    let mut strictest = None;
    for alignment in &attributes.aligned {
        let value = match &alignment.bytes {
            None => i128::from(DEFAULT_ALIGN),
            Some(bytes) => match resolver.constant(bytes) {
                Some(value) => value,
                None => continue,
            },
        };
        match value {
            0 => {} // `_Alignas(0)` asks for nothing
            1..=MAX_ALIGN if (value as u64).is_power_of_two() => strictest = strictest.max(Some(value as u64)),
            _ => resolver.mistakes.push(Mistake::new(
                alignment.span.clone(),
                format!("{value} is no alignment: 1, 2, 4 and so on up to {MAX_ALIGN} are"),
            )),
        }
    }
    strictest
}

/// The record that a member contains.
fn contained(c_type: &CType) -> Option<TypeId> {
    match c_type {
        CType::Array { of, .. } => contained(of),
        CType::Record { id, .. } => Some(*id),
        _ => None,
    }
}
