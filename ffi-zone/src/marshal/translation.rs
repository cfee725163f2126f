//! What has to be done to a record's bytes between C and the wire, worked out once for each type.
//!
//! On both sides a record has the same size and its numbers stand at the same places ([`cloison_contract::call`]).
//! What differs is made right in place: what nobody may see is zeroed (padding, hidden pointers, what a union's live
//! member does not cover), and what is an address in C is replaced. [`crate::marshal::incoming`] and `outgoing` do it.
//!
//! This is pure.

use cloison_contract::call::ARENA_ALIGNMENT;
use cloison_contract::shape::{Element, MAX_NESTING};
use cloison_contract::types::{
    Bits, CType, Definition, Layout, Member, MemberRole, NumberPlace, Record, Scalar, TypeId, TypeKind, Wide,
};
use std::borrow::Cow;

/// By type; `None` for those that are no records.
pub type Translations = Vec<Option<Translation>>;

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Translation {
    /// In bytes.
    pub size: usize,
    /// Offset and length of what is not covered by any member: zero on the wire and in C.
    pub gaps: Vec<(usize, usize)>,
    /// Bytes of which only some bits are covered.
    pub partial: Vec<(usize, u8)>,
    /// What is more than a number, in C order.
    pub specials: Vec<(usize, Special)>,
}

/// What stands at an offset and is more than a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Special {
    /// 0 or 1.
    Bool,
    /// The eighty bits of a `long double` (x86-64), of which not all are numbers.
    Extended,
    /// A pointer to an object.
    Handle {
        /// Of that type.
        id: TypeId,
        /// May be NULL.
        null: bool,
    },
    /// A pointer that nobody sees.
    Hidden,
    /// Records in a row.
    Nested {
        /// How many.
        count: usize,
        /// Each.
        translation: Box<Translation>,
    },
    /// A string.
    Text {
        /// May be NULL.
        null: bool,
    },
    /// A union whose live member follows from a number.
    Union {
        /// The number, in the same record.
        by: NumberPlace,
        /// What is live for which value.
        cases: Vec<(i128, Translation)>,
        /// What is live otherwise.
        otherwise: Box<Translation>,
    },
}

impl Translation {
    /// Whether its bytes are the same in C and on the wire, whatever they are.
    pub fn is_plain(&self) -> bool {
        self.gaps.is_empty() && self.partial.is_empty() && self.specials.is_empty()
    }

    /// Zeroes what no member covers.
    pub fn clear_gaps(&self, bytes: &mut [u8]) {
        for (offset, length) in &self.gaps {
            bytes[*offset..offset + length].fill(0);
        }
        for (offset, mask) in &self.partial {
            bytes[*offset] &= mask;
        }
    }

    /// Whether the element ends a table: nothing in it but padding is other than zero, or a pointer in it is NULL that is never
    /// `None` in an element.
    pub fn is_end(&self, element: &[u8]) -> bool {
        let word =
            |offset: usize| element.get(offset..offset + 8).is_none_or(|word| word.iter().all(|byte| *byte == 0));
        let needed =
            |special: &Special| matches!(special, Special::Handle { null: false, .. } | Special::Text { null: false });
        self.specials.iter().any(|(offset, special)| needed(special) && word(*offset)) || self.is_zero(element)
    }

    fn is_zero(&self, element: &[u8]) -> bool {
        if element.iter().all(|byte| *byte == 0) {
            return true;
        }
        let nested = |(_, special): &(usize, Special)| matches!(special, Special::Nested { .. });
        if self.gaps.is_empty() && self.partial.is_empty() && !self.specials.iter().any(nested) {
            return false;
        }
        let mut copy = element.to_vec();
        self.clear_padding(&mut copy);
        copy.iter().all(|byte| *byte == 0)
    }

    /// Zeroes what no member covers, that of records inside included. Of a union all counts.
    fn clear_padding(&self, bytes: &mut [u8]) {
        self.clear_gaps(bytes);
        for (offset, special) in &self.specials {
            let Special::Nested { count, translation } = special else { continue };
            for part in bytes[*offset..].chunks_exact_mut(translation.size.max(1)).take(*count) {
                translation.clear_padding(part);
            }
        }
    }

    /// Nothing in it counts.
    fn blank(size: usize) -> Self {
        Self { size, gaps: vec![(0, size)], partial: vec![], specials: vec![] }
    }
}

/// The translations of all records; the type that makes no sense, if there is one.
pub fn translations(types: &[Definition]) -> Result<Translations, TypeId> {
    let translation = |(index, definition): (usize, &Definition)| match &definition.kind {
        TypeKind::Record(record) => of_record(types, record, 0).map(Some).ok_or(TypeId(index as u32)),
        TypeKind::Enum(_) | TypeKind::Handle(_) => Ok(None),
    };
    types.iter().enumerate().map(translation).collect()
}

/// Whether elements can be handed on as they are.
pub fn is_plain(translations: &Translations, element: Element) -> bool {
    match element {
        Element::Scalar(scalar) => scalar != Scalar::Bool,
        // What the arena does not align is copied.
        Element::Record { layout, .. } if layout.align > ARENA_ALIGNMENT => false,
        Element::Record { id, .. } => {
            translations.get(id.0 as usize).and_then(Option::as_ref).is_some_and(Translation::is_plain)
        }
        Element::Handle { .. } | Element::Text { .. } => false,
    }
}

/// What has to be done to each element of a buffer.
pub fn of_element(translations: &Translations, element: Element) -> Option<Cow<'_, Translation>> {
    let special = match element {
        Element::Record { id, .. } => return translations.get(id.0 as usize)?.as_ref().map(Cow::Borrowed),
        Element::Scalar(Scalar::Bool) => Some(Special::Bool),
        Element::Scalar(_) => None,
        Element::Handle { id } => Some(Special::Handle { id, null: true }),
        Element::Text { .. } => Some(Special::Text { null: true }),
    };
    let specials = special.map(|special| (0, special)).into_iter().collect();
    Some(Cow::Owned(Translation { size: element.size(), gaps: vec![], partial: vec![], specials }))
}

fn of_record(types: &[Definition], record: &Record, depth: usize) -> Option<Translation> {
    if !record.union {
        return Draft::new(types, record, depth)?.finish(record.members.iter());
    }
    match record.live {
        Some(live) => of_union(types, record, live, depth),
        None => Some(Translation::blank(usize::try_from(record.layout.size).ok()?)),
    }
}

/// A union of which that member counts.
fn of_union(types: &[Definition], union: &Record, live: usize, depth: usize) -> Option<Translation> {
    Draft::new(types, union, depth)?.finish(std::iter::once(union.members.get(live)?))
}

struct Draft<'a> {
    types: &'a [Definition],
    record: &'a Record,
    depth: usize,
    size: usize,
    /// Offset and end of what members cover.
    covered: Vec<(usize, usize)>,
    partial: Vec<(usize, u8)>,
    specials: Vec<(usize, Special)>,
}

impl<'a> Draft<'a> {
    fn new(types: &'a [Definition], record: &'a Record, depth: usize) -> Option<Self> {
        let size = usize::try_from(record.layout.size).ok().filter(|_| depth <= MAX_NESTING)?;
        let (covered, partial, specials) = (Vec::new(), Vec::new(), Vec::new());
        Some(Self { types, record, depth, size, covered, partial, specials })
    }

    fn finish(mut self, members: impl Iterator<Item = &'a Member>) -> Option<Translation> {
        for member in members {
            let offset = usize::try_from(member.offset).ok()?;
            match member.bits {
                Some(bits) => self.bit_field(offset, bits)?,
                None => self.member(&member.c_type, &member.role, offset)?,
            }
        }
        self.covered.sort_unstable();
        let (mut gaps, mut end) = (Vec::new(), 0);
        for (start, stop) in &self.covered {
            if *start > end {
                gaps.push((end, start - end));
            }
            end = end.max(*stop);
        }
        if end < self.size {
            gaps.push((end, self.size - end));
        }
        self.partial.retain(|(_, mask)| *mask != u8::MAX);
        Some(Translation { size: self.size, gaps, partial: self.partial, specials: self.specials })
    }

    fn cover(&mut self, offset: usize, bytes: usize) -> Option<()> {
        let end = offset.checked_add(bytes).filter(|end| *end <= self.size)?;
        if bytes > 0 {
            self.covered.push((offset, end));
        }
        Some(())
    }

    fn bit_field(&mut self, unit: usize, bits: Bits) -> Option<()> {
        for bit in bits.shift..bits.shift.checked_add(bits.width)? {
            let (offset, mask) = (unit + bit as usize / 8, 1_u8 << (bit % 8));
            match self.partial.iter_mut().find(|(other, _)| *other == offset) {
                Some((_, others)) => *others |= mask,
                None => {
                    self.cover(offset, 1)?;
                    self.partial.push((offset, mask));
                }
            }
        }
        Some(())
    }

    fn member(&mut self, c_type: &CType, role: &MemberRole, offset: usize) -> Option<()> {
        let Layout { size, .. } = c_type.layout()?;
        let size = usize::try_from(size).ok()?;
        match (c_type, role) {
            (CType::Array { of, length }, _) if *role != MemberRole::TextArray => {
                return self.array(of, usize::try_from(*length).ok()?, role, offset);
            }
            (CType::Pointer { .. }, MemberRole::Handle { id, null }) => {
                self.special(offset, Special::Handle { id: *id, null: *null });
            }
            (CType::Pointer { .. }, MemberRole::Text { null, .. }) => {
                self.special(offset, Special::Text { null: *null })
            }
            (CType::Pointer { .. }, _) => self.special(offset, Special::Hidden),
            (CType::Record { id, .. }, _) => {
                let nested = Record::of(self.types, *id)?;
                self.nested(nested, role, 1, offset)?;
            }
            (CType::Wide(wide), _) => return self.wide(*wide, offset),
            (_, MemberRole::Hidden) => return Some(()),
            (_, _) if c_type.scalar() == Some(Scalar::Bool) => self.special(offset, Special::Bool),
            _ => {}
        }
        self.cover(offset, size)
    }

    fn array(&mut self, of: &CType, length: usize, role: &MemberRole, offset: usize) -> Option<()> {
        let stride = usize::try_from(of.layout()?.size).ok()?;
        let bytes = stride.checked_mul(length)?;
        match of {
            CType::Record { id, .. } => {
                let nested = Record::of(self.types, *id)?;
                self.nested(nested, role, length, offset)?;
                self.cover(offset, bytes)
            }
            CType::Scalar { scalar, .. } | CType::Enum { scalar, .. }
                if *scalar != Scalar::Bool && *role != MemberRole::Hidden =>
            {
                self.cover(offset, bytes)
            }
            // Each on its own; what has no end ends at the record's.
            CType::Array { .. }
            | CType::Enum { .. }
            | CType::Function(_)
            | CType::Opaque(_)
            | CType::Pointer { .. }
            | CType::Scalar { .. }
            | CType::Void
            | CType::Wide(_) => {
                (0..length).try_for_each(|index| self.member(of, role, offset.checked_add(index.checked_mul(stride)?)?))
            }
        }
    }

    fn nested(&mut self, nested: &Record, role: &MemberRole, count: usize, offset: usize) -> Option<()> {
        let (types, depth) = (self.types, self.depth + 1);
        if let MemberRole::Union { by, cases } = role {
            let chooser = self.record.members.get(*by)?;
            let by = NumberPlace::of(chooser, 0).filter(|place| !place.scalar.is_float())?;
            let case = |(value, live): &(i128, usize)| Some((*value, of_union(types, nested, *live, depth)?));
            let cases = cases.iter().map(case).collect::<Option<Vec<_>>>()?;
            let otherwise = Box::new(of_record(types, nested, depth)?);
            // An array of them is one union after the other.
            for index in 0..count {
                let at = offset.checked_add(index.checked_mul(otherwise.size)?)?;
                self.special(at, Special::Union { by, cases: cases.clone(), otherwise: otherwise.clone() });
            }
            return Some(());
        }
        let translation = if *role == MemberRole::Hidden {
            Translation::blank(usize::try_from(nested.layout.size).ok()?)
        } else {
            of_record(types, nested, depth)?
        };
        if !translation.is_plain() {
            self.special(offset, Special::Nested { count, translation: Box::new(translation) });
        }
        Some(())
    }

    fn wide(&mut self, wide: Wide, offset: usize) -> Option<()> {
        let Layout { size, .. } = wide.layout();
        if matches!(wide, Wide::ComplexF32 | Wide::ComplexF64) {
            return self.cover(offset, size as usize);
        }
        for part in 0..1 + usize::from(wide.is_complex()) {
            self.special(offset + part * 16, Special::Extended);
            self.cover(offset + part * 16, EXTENDED_BYTES)?;
        }
        // The rest of it is padding.
        (offset + size as usize <= self.size).then_some(())
    }

    fn special(&mut self, offset: usize, special: Special) {
        self.specials.push((offset, special));
    }
}

/// How many of a `long double`'s sixteen bytes are its number (x86-64).
pub const EXTENDED_BYTES: usize = 10;

/// The translation of a wide number, as if it were a record.
pub fn of_wide(wide: Wide) -> Translation {
    let record = Record { union: false, layout: wide.layout(), members: vec![], live: None, unnamed: vec![] };
    let blank = || Translation::blank(wide.layout().size as usize);
    let Some(mut draft) = Draft::new(&[], &record, 0) else { return blank() };
    match draft.wide(wide, 0) {
        Some(()) => draft.finish(std::iter::empty()).unwrap_or_else(blank),
        None => blank(),
    }
}

/// Whether ten bytes are a number, or an infinity, or no number in the sense of IEEE 754: the processor knows other
/// patterns, and C functions that do not expect them.
pub fn is_extended(bytes: &[u8]) -> bool {
    let [.., high, low_exponent, high_exponent] = bytes else { return false };
    let exponent = u16::from_le_bytes([*low_exponent, *high_exponent]) & 0x7fff;
    (high & 0x80 != 0) == (exponent != 0)
}
