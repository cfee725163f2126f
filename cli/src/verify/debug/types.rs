//! What an entry that is a type says of values: how large they are, and what they are.

use super::read::{Die, DieOffset, Dwarf};
use gimli::{AttributeValue, DwAte, constants as dw};
use std::collections::{BTreeMap, BTreeSet};

/// How many typedefs and qualifiers may stand before a type.
const MAX_CHAIN: usize = 64;
/// How deeply arrays, and members without a name, may be nested.
const MAX_DEPTH: usize = 16;
/// How many members a record may have.
const MAX_MEMBERS: usize = 8192;

/// A type as others refer to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DebugType {
    At(DieOffset),
    Unknown,
    Void,
}

/// A type without its names.
#[derive(Debug, PartialEq)]
pub enum DebugShape {
    Array {
        of: DebugType,
        size: Option<u64>,
    },
    Enum {
        size: u64,
        signed: Option<bool>,
        values: Vec<(String, DebugEnumerator)>,
    },
    Function(DebugPrototype),
    Number {
        kind: DebugNumber,
        size: u64,
    },
    Pointer {
        to: DebugType,
    },
    Record {
        union: bool,
        size: u64,
        members: Vec<DebugMember>,
    },
    /// What C does not have, what is only declared, and what could not be read.
    Unknown,
    Void,
}

/// What kind of number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DebugNumber {
    Bool,
    Complex,
    Float,
    Signed,
    Unsigned,
}

/// The value of an enumerator. In few bytes, it does not say whether the highest bit is a sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DebugEnumerator {
    pub signed: i64,
    pub unsigned: u64,
}

impl DebugEnumerator {
    pub fn is(self, value: i128) -> bool {
        i128::from(self.signed) == value || i128::from(self.unsigned) == value
    }

    /// In an enumeration that has a sign, or that has none.
    pub fn of(self, signed: Option<bool>) -> i128 {
        if signed == Some(true) { self.signed.into() } else { self.unsigned.into() }
    }
}

/// A member with a name; those of a member without one stand in its place.
#[derive(Debug, PartialEq)]
pub struct DebugMember {
    pub name: String,
    pub c_type: DebugType,
    /// From the beginning of the record, in bits.
    pub first_bit: u64,
    /// Of a bit-field: how many bits.
    pub bits: Option<u64>,
}

/// A function's type.
#[derive(Debug, PartialEq)]
pub struct DebugPrototype {
    pub parameters: Vec<DebugType>,
    pub variadic: bool,
    pub result: DebugType,
}

impl<'d> Dwarf<'d> {
    /// The function at a place; `None` if the entry does not say with what it is called: old C, or `-g1`.
    pub fn prototype(&self, place: DieOffset) -> Option<DebugPrototype> {
        let entry = self.entry(place)?;
        let mut prototype =
            DebugPrototype { parameters: Vec::new(), variadic: false, result: self.type_of(place, &entry) };
        for (place, child) in self.children(place) {
            match child.tag() {
                dw::DW_TAG_formal_parameter => prototype.parameters.push(self.parameter(place, &child)),
                dw::DW_TAG_unspecified_parameters => prototype.variadic = true,
                _ => {}
            }
        }
        let silent = prototype.parameters.is_empty() && prototype.result == DebugType::Void;
        let prototyped = match self.is_c(place) {
            true => flag(&self.declaring(place, entry), dw::DW_AT_prototyped),
            false => !silent,
        };
        prototyped.then_some(prototype)
    }

    fn parameter(&self, place: DieOffset, entry: &Die<'d>) -> DebugType {
        match (self.type_of(place, entry), self.reference(place, entry, dw::DW_AT_abstract_origin)) {
            (DebugType::Void, Some(origin)) => {
                self.entry(origin).map_or(DebugType::Unknown, |entry| self.type_of(origin, &entry))
            }
            (DebugType::Void, None) => DebugType::Unknown,
            (c_type, _) => c_type,
        }
    }

    /// The entry that declares what this one defines.
    fn declaring(&self, place: DieOffset, entry: Die<'d>) -> Die<'d> {
        let declared = self.reference(place, &entry, dw::DW_AT_specification);
        declared.and_then(|place| self.entry(place)).unwrap_or(entry)
    }

    fn type_of(&self, place: DieOffset, entry: &Die<'d>) -> DebugType {
        match (entry.has_attr(dw::DW_AT_type), self.reference(place, entry, dw::DW_AT_type)) {
            (_, Some(place)) => DebugType::At(place),
            (true, None) => DebugType::Unknown,
            (false, None) => DebugType::Void,
        }
    }

    /// The types of all objects outside of functions, by their names.
    pub fn variables(&self) -> BTreeMap<&'d str, DebugType> {
        let mut variables = BTreeMap::new();
        for (place, child) in self.roots().flat_map(|root| self.children(root)) {
            if child.tag() == dw::DW_TAG_variable
                && let Some(name) = self.name(place, &child)
            {
                variables.insert(name, self.type_of(place, &child));
            }
        }
        variables
    }

    /// What C calls a type, by any of its names: those of typedefs, and the tag; and whether it is `const` by one of them.
    pub fn names(&self, mut c_type: DebugType) -> (Vec<String>, bool) {
        let (mut names, mut constant) = (Vec::new(), false);
        for _ in 0..MAX_CHAIN {
            let DebugType::At(place) = c_type else { break };
            let Some(entry) = self.entry(place) else { break };
            names.extend(self.called(place, &entry));
            match entry.tag() {
                dw::DW_TAG_const_type => constant = true,
                // An array is as `const` as its elements.
                dw::DW_TAG_array_type
                | dw::DW_TAG_atomic_type
                | dw::DW_TAG_restrict_type
                | dw::DW_TAG_typedef
                | dw::DW_TAG_volatile_type => {}
                _ => break,
            }
            c_type = self.type_of(place, &entry);
        }
        (names, constant)
    }

    /// What a type is, behind all its names.
    pub fn shape(&self, mut c_type: DebugType) -> DebugShape {
        for _ in 0..MAX_CHAIN {
            let place = match c_type {
                DebugType::At(place) => place,
                DebugType::Unknown => return DebugShape::Unknown,
                DebugType::Void => return DebugShape::Void,
            };
            let Some(entry) = self.entry(place) else { return DebugShape::Unknown };
            match entry.tag() {
                dw::DW_TAG_typedef
                | dw::DW_TAG_atomic_type
                | dw::DW_TAG_const_type
                | dw::DW_TAG_restrict_type
                | dw::DW_TAG_volatile_type => c_type = self.type_of(place, &entry),
                _ => return self.read(place, &entry).unwrap_or(DebugShape::Unknown),
            }
        }
        DebugShape::Unknown
    }

    fn read(&self, place: DieOffset, entry: &Die<'d>) -> Option<DebugShape> {
        Some(match entry.tag() {
            dw::DW_TAG_array_type if !entry.has_attr(dw::DW_AT_GNU_vector) => {
                let of = self.type_of(place, entry);
                DebugShape::Array { of, size: self.array(place, of, 0) }
            }
            dw::DW_TAG_base_type => {
                let Some(AttributeValue::Encoding(encoding)) = entry.attr_value(dw::DW_AT_encoding) else {
                    return None;
                };
                DebugShape::Number { kind: kind(encoding)?, size: number(entry, dw::DW_AT_byte_size)? }
            }
            dw::DW_TAG_enumeration_type => self.enumeration(place, entry)?,
            dw::DW_TAG_pointer_type | dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type => {
                DebugShape::Pointer { to: self.type_of(place, entry) }
            }
            dw::DW_TAG_class_type | dw::DW_TAG_structure_type | dw::DW_TAG_union_type => self.record(place, entry)?,
            dw::DW_TAG_subroutine_type => DebugShape::Function(self.prototype(place)?),
            _ => return None,
        })
    }

    fn enumeration(&self, place: DieOffset, entry: &Die<'d>) -> Option<DebugShape> {
        let under = match self.type_of(place, entry) {
            DebugType::Void => DebugShape::Unknown,
            c_type => self.shape_of_number(c_type),
        };
        let (signed, size) = match under {
            DebugShape::Number { kind, size } => (Some(kind == DebugNumber::Signed), Some(size)),
            _ => (None, None),
        };
        let mut values = Vec::new();
        for (place, child) in self.children(place) {
            if child.tag() == dw::DW_TAG_enumerator
                && let (Some(name), Some(value)) = (self.name(place, &child), child.attr(dw::DW_AT_const_value))
            {
                let (signed, unsigned) = (value.sdata_value(), value.udata_value());
                let either =
                    signed.or(unsigned.map(|value| value as i64)).zip(unsigned.or(signed.map(|value| value as u64)));
                values.extend(either.map(|(signed, unsigned)| (name.to_owned(), DebugEnumerator { signed, unsigned })));
            }
        }
        let declared = flag(entry, dw::DW_AT_declaration);
        (!declared).then_some(DebugShape::Enum { size: number(entry, dw::DW_AT_byte_size).or(size)?, signed, values })
    }

    /// The number that an enumeration is. An enumeration of enumerations is nothing that a compiler writes.
    fn shape_of_number(&self, mut c_type: DebugType) -> DebugShape {
        for _ in 0..MAX_CHAIN {
            let DebugType::At(place) = c_type else { break };
            let Some(entry) = self.entry(place) else { break };
            if entry.tag() == dw::DW_TAG_base_type {
                return self.read(place, &entry).unwrap_or(DebugShape::Unknown);
            }
            c_type = self.type_of(place, &entry);
        }
        DebugShape::Unknown
    }

    fn record(&self, place: DieOffset, entry: &Die<'d>) -> Option<DebugShape> {
        // Rust's and others' structs may be what is a number in C.
        if flag(entry, dw::DW_AT_declaration) || !self.has_structs_of_c(place) {
            return None;
        }
        let union = entry.tag() == dw::DW_TAG_union_type;
        let mut members = Vec::new();
        self.members(place, 0, 0, &mut members)?;
        Some(DebugShape::Record { union, size: number(entry, dw::DW_AT_byte_size)?, members })
    }

    /// `None` if not all of them can be known.
    fn members(&self, place: DieOffset, start: u64, depth: usize, members: &mut Vec<DebugMember>) -> Option<()> {
        for (place, child) in self.children(place) {
            if members.len() >= MAX_MEMBERS || depth > MAX_DEPTH {
                return None;
            }
            match child.tag() {
                dw::DW_TAG_member => {}
                // C++ may put members of its own before C's.
                dw::DW_TAG_inheritance => return None,
                _ => continue,
            }
            // Static members have no place.
            if flag(&child, dw::DW_AT_external) || flag(&child, dw::DW_AT_declaration) {
                continue;
            }
            let c_type = self.type_of(place, &child);
            let bits = number(&child, dw::DW_AT_bit_size);
            let first_bit = start.checked_add(self.first_bit(&child, c_type, bits)?)?;
            match self.name(place, &child) {
                Some(name) => members.push(DebugMember { name: name.to_owned(), c_type, first_bit, bits }),
                None => {
                    if let Some(inner) = self.unnamed(c_type) {
                        self.members(inner, first_bit, depth + 1, members)?;
                    }
                }
            }
        }
        Some(())
    }

    /// The record that a member without a name is.
    fn unnamed(&self, c_type: DebugType) -> Option<DieOffset> {
        let DebugType::At(place) = c_type else { return None };
        let tag = self.entry(place)?.tag();
        [dw::DW_TAG_class_type, dw::DW_TAG_structure_type, dw::DW_TAG_union_type].contains(&tag).then_some(place)
    }

    /// Where a member begins: DWARF 4 counts a bit-field from the other end of its storage unit.
    fn first_bit(&self, entry: &Die<'d>, c_type: DebugType, bits: Option<u64>) -> Option<u64> {
        if entry.has_attr(dw::DW_AT_data_bit_offset) {
            return number(entry, dw::DW_AT_data_bit_offset);
        }
        // A union's members may have no location.
        let location = match entry.has_attr(dw::DW_AT_data_member_location) {
            true => number(entry, dw::DW_AT_data_member_location)?,
            false => 0,
        };
        let first = location.checked_mul(8)?;
        // Negative if the field goes on behind its unit, as packed ones do.
        match (bits, entry.attr(dw::DW_AT_bit_offset).and_then(|offset| offset.sdata_value())) {
            (Some(bits), Some(from_end)) => {
                let unit = number(entry, dw::DW_AT_byte_size).or_else(|| self.size(c_type))?;
                let end = first.checked_add(unit.checked_mul(8)?)?.checked_add_signed(from_end.checked_neg()?)?;
                end.checked_sub(bits)
            }
            _ => Some(first),
        }
    }

    /// The names of all types that these functions lead to, as [`FoundDies`](super::read::FoundDies) has them: through parameters,
    /// results, pointers, members and callbacks.
    pub fn reached<'p>(&self, functions: impl Iterator<Item = &'p DieOffset>) -> BTreeSet<String> {
        let (mut names, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut left: Vec<DieOffset> = functions.copied().collect();
        while let Some(place) = left.pop() {
            let Some(entry) = seen.insert(place).then(|| self.entry(place)).flatten() else { continue };
            names.extend(self.called(place, &entry));
            let leads = |place: DieOffset, entry: &Die<'d>| {
                let ways = [dw::DW_AT_type, dw::DW_AT_abstract_origin, dw::DW_AT_specification, dw::DW_AT_signature];
                ways.map(|way| self.reference(place, entry, way))
            };
            left.extend(leads(place, &entry).into_iter().flatten());
            if entry.has_children() {
                let inside = [dw::DW_TAG_formal_parameter, dw::DW_TAG_inheritance, dw::DW_TAG_member];
                let children = self.children(place);
                let children = children.iter().filter(|(_, child)| inside.contains(&child.tag()));
                left.extend(children.flat_map(|(place, child)| leads(*place, child)).flatten());
            }
        }
        names
    }

    /// The size of a type's values, in bytes.
    pub fn size(&self, c_type: DebugType) -> Option<u64> {
        self.size_within(c_type, 0)
    }

    fn size_within(&self, mut c_type: DebugType, depth: usize) -> Option<u64> {
        for _ in 0..MAX_CHAIN {
            let DebugType::At(place) = c_type else { return None };
            let entry = self.entry(place)?;
            match entry.tag() {
                dw::DW_TAG_array_type => return self.array(place, self.type_of(place, &entry), depth),
                dw::DW_TAG_pointer_type => return Some(number(&entry, dw::DW_AT_byte_size).unwrap_or(8)),
                _ => match number(&entry, dw::DW_AT_byte_size) {
                    Some(size) => return Some(size),
                    None => c_type = self.type_of(place, &entry),
                },
            }
        }
        None
    }

    /// The size of an array; `None` for one without a length.
    fn array(&self, place: DieOffset, of: DebugType, depth: usize) -> Option<u64> {
        let mut size = if depth < MAX_DEPTH { self.size_within(of, depth + 1)? } else { return None };
        for (_, child) in self.children(place) {
            if child.tag() == dw::DW_TAG_subrange_type {
                let last = || number(&child, dw::DW_AT_upper_bound)?.checked_add(1);
                size = size.checked_mul(number(&child, dw::DW_AT_count).or_else(last)?)?;
            }
        }
        Some(size)
    }

    /// What the library's authors wrote: `uLong`, `const struct point *`.
    pub fn written(&self, c_type: DebugType) -> Option<String> {
        let (mut c_type, mut stars, mut constant) = (c_type, String::new(), "");
        for _ in 0..MAX_CHAIN {
            let place = match c_type {
                DebugType::At(place) => place,
                DebugType::Unknown => return None,
                DebugType::Void => return Some(with(constant, "void", &stars)),
            };
            let entry = self.entry(place)?;
            let keyword = match entry.tag() {
                dw::DW_TAG_const_type => {
                    constant = "const ";
                    None
                }
                dw::DW_TAG_pointer_type => {
                    stars.push('*');
                    None
                }
                dw::DW_TAG_base_type | dw::DW_TAG_class_type | dw::DW_TAG_typedef => Some(""),
                dw::DW_TAG_enumeration_type => Some("enum "),
                dw::DW_TAG_structure_type => Some("struct "),
                dw::DW_TAG_union_type => Some("union "),
                dw::DW_TAG_restrict_type | dw::DW_TAG_volatile_type => None,
                _ => return None,
            };
            match keyword {
                Some(keyword) => {
                    return Some(with(constant, &format!("{keyword}{}", self.name(place, &entry)?), &stars));
                }
                None => c_type = self.type_of(place, &entry),
            }
        }
        None
    }
}

fn with(constant: &str, name: &str, stars: &str) -> String {
    format!("{constant}{name} {stars}").trim_end().to_owned()
}

fn flag(entry: &Die, name: gimli::DwAt) -> bool {
    matches!(entry.attr_value(name), Some(AttributeValue::Flag(true)))
}

fn number(entry: &Die, name: gimli::DwAt) -> Option<u64> {
    entry.attr(name)?.udata_value()
}

fn kind(encoding: DwAte) -> Option<DebugNumber> {
    Some(match encoding {
        dw::DW_ATE_boolean => DebugNumber::Bool,
        dw::DW_ATE_complex_float => DebugNumber::Complex,
        dw::DW_ATE_float => DebugNumber::Float,
        dw::DW_ATE_signed | dw::DW_ATE_signed_char => DebugNumber::Signed,
        dw::DW_ATE_unsigned | dw::DW_ATE_unsigned_char | dw::DW_ATE_UTF => DebugNumber::Unsigned,
        _ => return None,
    })
}
