//! What the manifest says, against what the entries say.
//!
//! What is passed the same way and means the same is the same: names, `const` and qualifiers do not matter. An integer stands
//! for an enumeration of its size, if every value reads the same. A pointer to `void`, or to bytes, is any pointer.

use super::super::Difference;
use super::super::names::{TypeSource, c_names};
use super::super::passing;
use super::read::{DieOffset, Dwarf};
use super::types::{DebugMember, DebugNumber, DebugPrototype, DebugShape, DebugType};
use super::{Answer, Asked, Debug};
use cloison_contract::Interface;
use cloison_contract::interface::Function;
use cloison_contract::types::{CType, Definition, Enumeration, Layout, Record, Scalar, TypeId, TypeKind};
use std::collections::{BTreeMap, BTreeSet};

/// All differences, in the manifest's order; what was compared is counted in `debug`.
///
/// A library has types that its users never see, and so may a manifest: only those are compared that one of the manifest's
/// functions leads to.
pub fn library(interface: &Interface, texts: &[TypeSource], dwarf: &Dwarf, debug: &mut Debug) -> Vec<Difference> {
    let by_key: BTreeMap<_, _> = texts.iter().map(|text| (text.key.as_str(), text)).collect();
    let names: Vec<_> = interface.types.iter().map(|definition| c_names(definition, &by_key)).collect();
    let symbols: BTreeSet<_> = interface.functions.iter().map(|function| function.symbol.as_str()).collect();
    let found = dwarf.find(&symbols, &names.iter().flatten().cloned().collect());
    let by = match &debug.file {
        Some(file) => format!("by the debug information of {}", file.display()),
        None => String::new(),
    };
    let reached = dwarf.reached(found.functions.values().flatten());
    let comparison = Comparison { interface, dwarf, by, names: None };
    let mut differences = Vec::new();
    let mut note = |line: u32, messages: Vec<String>| {
        let at = format!("{}:{line}", interface.source);
        differences.extend(messages.into_iter().map(|message| Difference { at: at.clone(), message }));
    };
    for (definition, names) in interface.types.iter().zip(&names) {
        if !names.iter().any(|name| reached.contains(name)) {
            continue;
        }
        let places = names.iter().find_map(|name| found.types.get(name)).into_iter().flatten();
        if let Some(messages) =
            least(places.filter_map(|place| comparison.definition(definition, DebugType::At(*place))))
        {
            debug.types += 1;
            note(definition.declared.line, messages);
        }
    }
    for function in &interface.functions {
        let places = found.functions.get(&function.symbol).into_iter().flatten();
        if let Some(messages) = least(places.filter_map(|place| comparison.function(function, *place))) {
            debug.functions += 1;
            note(function.declared.line, messages);
        }
    }
    differences
}

/// What the objects of a probe are, whose lines say in C what the manifest says.
pub fn probe(
    interface: &Interface,
    texts: &[TypeSource],
    dwarf: &Dwarf,
    by: &str,
    asked: &BTreeMap<String, Asked>,
) -> BTreeMap<String, Answer> {
    let by_key: BTreeMap<_, _> = texts.iter().map(|text| (text.key.as_str(), text)).collect();
    let names = interface.types.iter().map(|definition| match by_key.get(definition.name.as_str()) {
        // Its name is the manifest's own way to say that it is a pointer.
        Some(text) if text.c == format!("typedef void *{};", text.key) => Vec::new(),
        _ => c_names(definition, &by_key),
    });
    let comparison = Comparison { interface, dwarf, by: by.to_owned(), names: Some(names.collect()) };
    let variables = dwarf.variables();
    let answer = |(name, asked): (&String, &Asked)| {
        let variable = *variables.get(name.as_str())?;
        let answer = match asked {
            Asked::Function(function) => comparison.pointer_to_function(function, variable)?,
            Asked::Type(definition) => comparison.last_member(definition, variable)?,
        };
        Some((name.clone(), answer))
    };
    asked.iter().filter_map(answer).collect()
}

/// Of several things of one name, that which differs least.
fn least(candidates: impl Iterator<Item = Vec<String>>) -> Option<Vec<String>> {
    candidates.min_by_key(Vec::len)
}

struct Comparison<'c, 'd> {
    interface: &'c Interface,
    dwarf: &'c Dwarf<'d>,
    /// Who says otherwise, as sentences need it.
    by: String,
    /// The witness has the same types under the same names, all their members, and `const` wherever it is meant. These are
    /// what C calls the interface's types; none for those that may be called anything.
    names: Option<Vec<Vec<String>>>,
}

impl Comparison<'_, '_> {
    fn pointer_to_function(&self, function: &Function, variable: DebugType) -> Option<Answer> {
        let DebugShape::Pointer { to } = self.dwarf.shape(variable) else { return None };
        let differences = match (to, self.dwarf.shape(to)) {
            (DebugType::At(_), DebugShape::Function(there)) => self.prototype(function, &there),
            (_, DebugShape::Unknown) => return None,
            (_, there) => vec![self.other(&function.symbol, &there, "a function")],
        };
        Some(Answer { points: 1, differences })
    }

    fn last_member(&self, definition: &Definition, variable: DebugType) -> Option<Answer> {
        let DebugShape::Record { members, .. } = self.dwarf.shape(variable) else { return None };
        let member = members.last()?;
        let mut differences = self.definition(definition, member.c_type)?;
        let (layout, members) = match &definition.kind {
            TypeKind::Record(record) => (record.layout, record.members.len()),
            TypeKind::Enum(found) => (Layout::of(found.scalar), 0),
            TypeKind::Handle(_) => return None,
        };
        if differences.is_empty() {
            differences.extend(self.numbers(&definition.name, &[("alignment", member.first_bit / 8, layout.align)]));
        }
        Some(Answer { points: members + 1, differences })
    }

    /// How a type differs; `None` if the entry does not say.
    fn definition(&self, definition: &Definition, there: DebugType) -> Option<Vec<String>> {
        let there = self.dwarf.shape(there);
        match (&definition.kind, &there) {
            (TypeKind::Handle(_), _) | (_, DebugShape::Unknown | DebugShape::Void) => None,
            (TypeKind::Enum(here), DebugShape::Enum { .. }) => Some(self.enumeration(&definition.name, here, &there)),
            (TypeKind::Record(here), DebugShape::Record { .. }) => Some(self.record(&definition.name, here, &there)),
            (TypeKind::Enum(here), DebugShape::Number { size, .. }) if here.scalar.size() as u64 == *size => None,
            (TypeKind::Enum(_), _) => Some(vec![self.other(&definition.name, &there, "an enumeration")]),
            (TypeKind::Record(_), _) => Some(vec![self.other(&definition.name, &there, "a struct or union")]),
        }
    }

    fn other(&self, name: &str, there: &DebugShape, here: &str) -> String {
        format!("`{name}` is {} {}, and {here} here", self.shape(there), self.by)
    }

    fn enumeration(&self, name: &str, here: &Enumeration, there: &DebugShape) -> Vec<String> {
        let DebugShape::Enum { size, signed, values } = there else { return Vec::new() };
        let mut messages = Vec::new();
        messages.extend(self.numbers(name, &[("size", *size, here.scalar.size() as u64)]));
        // Where there is a probe, it has each of them by its value.
        let values_here: &[_] = if self.names.is_some() { &[] } else { &here.values };
        for (name, expected) in values_here {
            if let Some((_, value)) = values.iter().find(|(known, _)| known == name)
                && !value.is(*expected)
            {
                let value = value.of(*signed);
                messages.push(format!("`{name}` has value {value} {}, and {expected} here", self.by));
            }
        }
        messages
    }

    fn record(&self, name: &str, here: &Record, there: &DebugShape) -> Vec<String> {
        let DebugShape::Record { union, size, members } = there else { return Vec::new() };
        let mut messages = Vec::new();
        if here.union != *union {
            messages.push(self.other(name, there, if here.union { "a union" } else { "a struct" }));
        }
        messages.extend(self.numbers(name, &[("size", *size, here.layout.size)]));
        for member in &here.members {
            let what = format!("{name}.{}", member.name);
            let Some(found) = members.iter().find(|found| found.name == member.name) else {
                messages.push(format!("`{what}` is not there {}", self.by));
                continue;
            };
            let size = self.dwarf.size(found.c_type);
            let wrong = match (member.bits, found.bits) {
                (None, None) => {
                    let mut values = vec![("offset", found.first_bit / 8, member.offset)];
                    values.extend(size.zip(member.c_type.layout()).map(|(there, here)| ("size", there, here.size)));
                    self.numbers(&what, &values)
                }
                (bits, width) => {
                    let first = member.offset * 8 + bits.map_or(0, |bits| u64::from(bits.shift));
                    let here =
                        bits.map(|bits| u64::from(bits.width)).or(member.c_type.layout().map(|all| all.size * 8));
                    let mut values = vec![("first bit", found.first_bit, first)];
                    values.extend(
                        width
                            .or(size.map(|size| size.saturating_mul(8)))
                            .zip(here)
                            .map(|(there, here)| ("bits", there, here)),
                    );
                    self.numbers(&what, &values)
                }
            };
            let number = member.c_type.scalar().is_some()
                && matches!(self.dwarf.shape(found.c_type), DebugShape::Enum { .. } | DebugShape::Number { .. });
            match wrong {
                Some(message) => messages.push(message),
                None if number || self.other_class(&member.c_type, found.c_type) => {
                    messages.extend(self.value(&format!("`{what}` is"), &member.c_type, found.c_type));
                }
                None => {}
            }
        }
        if self.names.is_some() {
            let left_out = members.iter().filter(|there| !self.covered(there, here));
            messages
                .extend(left_out.map(|there| format!("`{name}.{}` is there {}, and not here", there.name, self.by)));
        }
        messages
    }

    /// Whether one is a number, a pointer or a record, and the other is another of these. Bytes may stand for anything.
    fn other_class(&self, here: &CType, there: DebugType) -> bool {
        let here = match here {
            CType::Enum { .. } | CType::Scalar { .. } | CType::Wide(_) => 0,
            CType::Pointer { .. } => 1,
            CType::Record { .. } => 2,
            CType::Array { of, .. } if !is_byte(of) => 3,
            _ => return false,
        };
        let there = match self.dwarf.shape(there) {
            DebugShape::Enum { .. } | DebugShape::Number { .. } => 0,
            DebugShape::Pointer { .. } => 1,
            DebugShape::Record { .. } => 2,
            DebugShape::Array { .. } => 3,
            _ => return false,
        };
        here != there
    }

    /// Whether a member's place is one of a member here: by that name, or in a union, or as bytes that stand for it.
    fn covered(&self, there: &DebugMember, here: &Record) -> bool {
        let size = there.bits.or_else(|| self.dwarf.size(there.c_type)?.checked_mul(8)).unwrap_or(0);
        let end = there.first_bit.saturating_add(size);
        let covers = |member: &cloison_contract::types::Member| {
            let start = member.offset * 8 + member.bits.map_or(0, |bits| u64::from(bits.shift));
            let size = member.bits.map(|bits| u64::from(bits.width));
            let size = size.or(member.c_type.layout().map(|layout| layout.size * 8));
            start < end && size.is_none_or(|size| there.first_bit < start + size)
        };
        size == 0 || here.members.iter().any(|member| member.name == there.name || covers(member))
    }

    /// `what` is there, and here; in words, if not all are the same.
    fn numbers(&self, what: &str, values: &[(&str, u64, u64)]) -> Option<String> {
        let wrong = values.iter().filter(|(_, there, here)| there != here);
        let wrong: Vec<_> =
            wrong.map(|(label, there, here)| format!("{label} {there} {}, and {here} here", self.by)).collect();
        (!wrong.is_empty()).then(|| format!("`{what}` has {}", wrong.join("; ")))
    }

    /// How a function differs; `None` if the place does not say.
    fn function(&self, function: &Function, place: DieOffset) -> Option<Vec<String>> {
        let mut messages = self.prototype(function, &self.dwarf.prototype(place)?);
        if self.dwarf.is_clang(place) {
            messages.extend(passing::by_clang(self.interface, function, "clang has compiled it"));
        }
        Some(messages)
    }

    fn prototype(&self, function: &Function, there: &DebugPrototype) -> Vec<String> {
        let name = &function.symbol;
        let count = function.variadic.unwrap_or(function.parameters.len());
        let mut messages = Vec::new();
        if there.parameters.len() != count {
            let parameters = if there.parameters.len() == 1 { "parameter" } else { "parameters" };
            let (there, by) = (there.parameters.len(), &self.by);
            messages.push(format!("`{name}` has {there} {parameters} {by}, and {count} here"));
        } else {
            for (parameter, there) in function.parameters.iter().zip(&there.parameters) {
                let what = format!("parameter `{}` of `{name}` is", parameter.name);
                messages.extend(self.value(&what, &parameter.c_type, *there));
            }
        }
        match (function.variadic.is_some(), there.variadic) {
            (true, false) => messages.push(format!("`{name}` has no `...` {}, and has it here", self.by)),
            (false, true) => messages.push(format!("`{name}` has `...` {}, and not here", self.by)),
            _ => {}
        }
        messages.extend(self.value(&format!("the value of `{name}` is"), &function.result, there.result));
        messages
    }

    /// `what`, a sentence up to its verb, completed if the types are not passed the same way.
    fn value(&self, what: &str, here: &CType, there: DebugType) -> Option<String> {
        if self.same(here, there, false) {
            return None;
        }
        let written = self.dwarf.written(there).map(|written| format!(" (`{written}`)")).unwrap_or_default();
        let (shape, mut said) = (self.there(there), self.here(here));
        if shape == said {
            said = self.finer(here, there);
        }
        Some(format!("{what} {shape}{written} {}, and {said} here", self.by))
    }

    /// What is different about two types that are said in the same words.
    fn finer(&self, here: &CType, there: DebugType) -> String {
        if let (CType::Pointer { to, constant }, DebugShape::Pointer { to: pointee }) = (here, self.dwarf.shape(there))
        {
            let names = self.dwarf.names(pointee);
            if *constant && !names.1 {
                return "one that is not written through (`const`)".into();
            }
            if let CType::Record { id, .. } | CType::Opaque(id) = &**to
                && let Some(definition) = self.interface.definition(*id)
                && !self.same_name(*id, there, pointee)
            {
                return format!("a pointer to `{}`", definition.name);
            }
        }
        match here {
            CType::Record { .. } => "one with other members".into(),
            _ => "one that leads to another thing".into(),
        }
    }

    /// Whether a type is called there as it is here: itself, or by the name of the pointer that leads to it.
    fn same_name(&self, id: TypeId, pointer: DebugType, pointee: DebugType) -> bool {
        let here = self.names.as_ref().and_then(|names| names.get(id.0 as usize)).filter(|names| !names.is_empty());
        let there = [self.dwarf.names(pointer).0, self.dwarf.names(pointee).0].concat();
        here.is_none_or(|here| there.is_empty() || there.iter().any(|name| here.contains(name)))
    }

    /// Whether a pointer may lead to either, by a witness that knows all names and every `const`.
    fn leads_to_the_same(&self, here: &CType, constant: bool, pointer: DebugType, pointee: DebugType) -> bool {
        if self.names.is_none() {
            return true;
        }
        let shape = self.dwarf.shape(pointee);
        let named = match here {
            CType::Opaque(id) | CType::Record { id, .. } => {
                shape == DebugShape::Void || shape.is_byte() || self.same_name(*id, pointer, pointee)
            }
            CType::Function(_) => matches!(shape, DebugShape::Function(_) | DebugShape::Unknown),
            _ => !matches!(shape, DebugShape::Function(_)),
        };
        // The library writes less than it may; not the other way round.
        named && (!constant || self.dwarf.names(pointee).1)
    }

    /// Whether both are passed the same way; at the end of a pointer, whether both lie in memory the same way.
    fn same(&self, here: &CType, there: DebugType, pointed: bool) -> bool {
        match (here, self.dwarf.shape(there)) {
            (CType::Opaque(_), _) | (_, DebugShape::Unknown) | (CType::Void, DebugShape::Void) => true,
            (CType::Void, _) | (_, DebugShape::Void) => pointed,
            (CType::Pointer { to, constant }, DebugShape::Pointer { to: pointee }) => {
                self.leads_to_the_same(to, *constant, there, pointee) && self.same(to, pointee, true)
            }
            (CType::Record { id, layout }, ref shape @ DebugShape::Record { size, union, .. }) => {
                let Some(definition) = self.interface.definition(*id) else { return true };
                match &definition.kind {
                    // What a pointer leads to is compared by its own name.
                    TypeKind::Record(record) if pointed => layout.size == size && record.union == union,
                    TypeKind::Record(record) => self.record(&definition.name, record, shape).is_empty(),
                    _ => true,
                }
            }
            (CType::Function(here), DebugShape::Function(there)) => {
                self.signature(&here.parameters, &here.result, &there)
            }
            (CType::Array { of, .. }, DebugShape::Array { of: there, size }) => {
                self.same(of, there, pointed) && size.zip(here.layout()).is_none_or(|(there, here)| there == here.size)
            }
            (CType::Wide(wide), DebugShape::Number { kind, size }) => {
                let here = if wide.is_complex() { DebugNumber::Complex } else { DebugNumber::Float };
                (kind, size) == (here, wide.layout().size)
            }
            (_, shape) if pointed && (is_byte(here) || shape.is_byte()) => true,
            (CType::Enum { id, scalar }, DebugShape::Number { kind, size }) => {
                scalar.size() as u64 == size && (self::kind(*scalar) == kind || self.values_fit(*id, kind, size))
            }
            (CType::Enum { id, scalar }, DebugShape::Enum { size, signed, .. }) => {
                let there = if signed == Some(true) { DebugNumber::Signed } else { DebugNumber::Unsigned };
                let same = signed.is_none() || self::kind(*scalar) == there;
                scalar.size() as u64 == size && (same || self.values_fit(*id, there, size))
            }
            (CType::Scalar { scalar, .. }, DebugShape::Number { kind, size }) => {
                (self::kind(*scalar), scalar.size() as u64) == (kind, size)
            }
            (CType::Scalar { scalar, .. }, DebugShape::Enum { size, signed, values }) => {
                let same = signed.is_none_or(|signed| (self::kind(*scalar) == DebugNumber::Signed) == signed);
                let fits = |value: i128| scalar.bounds().is_some_and(|(least, most)| (least..=most).contains(&value));
                let all = values.iter().all(|(_, value)| fits(value.of(signed)));
                scalar.bounds().is_some() && scalar.size() as u64 == size && (same || all)
            }
            _ => false,
        }
    }

    fn signature(&self, parameters: &[(String, CType)], result: &CType, there: &DebugPrototype) -> bool {
        let count =
            parameters.len() == there.parameters.len() || (there.variadic && parameters.len() > there.parameters.len());
        count
            && parameters.iter().zip(&there.parameters).all(|((_, here), there)| self.same(here, *there, false))
            && self.same(result, there.result, false)
    }

    /// Whether an enumeration's values are the same in a number of that kind.
    fn values_fit(&self, id: TypeId, kind: DebugNumber, size: u64) -> bool {
        let Some(TypeKind::Enum(found)) = self.interface.definition(id).map(|definition| &definition.kind) else {
            return true;
        };
        let bits = size.saturating_mul(8).min(64);
        let range = match kind {
            DebugNumber::Signed if bits > 0 => -(1i128 << (bits - 1))..1i128 << (bits - 1),
            DebugNumber::Unsigned => 0..1i128 << bits,
            _ => return false,
        };
        found.values.iter().all(|(_, value)| range.contains(value))
    }

    fn there(&self, c_type: DebugType) -> String {
        self.shape(&self.dwarf.shape(c_type))
    }

    fn shape(&self, shape: &DebugShape) -> String {
        match shape {
            DebugShape::Array { size: Some(size), .. } => format!("an array of {size} bytes"),
            DebugShape::Array { size: None, .. } => "an array".into(),
            DebugShape::Enum { size, .. } => format!("an enumeration of {size} bytes"),
            DebugShape::Function(_) => "a function".into(),
            DebugShape::Number { kind, size } => number(*kind, *size),
            // One step: what is behind it is named beside this.
            DebugShape::Pointer { to } => match self.dwarf.shape(*to) {
                DebugShape::Number { kind, size } => format!("a pointer to {}", number(kind, size)),
                DebugShape::Record { union, size, .. } => format!("a pointer to {}", record(union, size)),
                DebugShape::Function(found) => {
                    let parameters = found.parameters.iter().map(|one| self.briefly(*one));
                    function(parameters, self.briefly(found.result), found.variadic)
                }
                _ => "a pointer".into(),
            },
            DebugShape::Record { union, size, .. } => record(*union, *size),
            DebugShape::Unknown => "something unknown".into(),
            DebugShape::Void => "nothing".into(),
        }
    }

    /// As [`Self::there`], but of a function a function has not more than that.
    fn briefly(&self, c_type: DebugType) -> String {
        match self.dwarf.shape(c_type) {
            DebugShape::Pointer { to } if matches!(self.dwarf.shape(to), DebugShape::Function(_)) => {
                "a pointer to a function".into()
            }
            shape => self.shape(&shape),
        }
    }

    fn here(&self, c_type: &CType) -> String {
        match c_type {
            CType::Array { .. } => match c_type.layout() {
                Some(layout) => format!("an array of {} bytes", layout.size),
                None => "an array".into(),
            },
            CType::Enum { scalar, .. } => format!("an enumeration of {} bytes", scalar.size()),
            CType::Function(_) => "a function".into(),
            CType::Opaque(_) => "an object of the library's".into(),
            CType::Pointer { to, .. } => match &**to {
                CType::Function(found) => {
                    let parameters = found.parameters.iter().map(|(_, one)| self.here(one));
                    function(parameters, self.here(&found.result), false)
                }
                CType::Record { .. } | CType::Scalar { .. } | CType::Wide(_) => {
                    format!("a pointer to {}", self.here(to))
                }
                _ => "a pointer".into(),
            },
            CType::Record { id, layout } => {
                let kind = self.interface.definition(*id).map(|definition| &definition.kind);
                record(matches!(kind, Some(TypeKind::Record(Record { union: true, .. }))), layout.size)
            }
            CType::Scalar { scalar, .. } => number(kind(*scalar), scalar.size() as u64),
            CType::Void => "nothing".into(),
            CType::Wide(wide) => {
                number(if wide.is_complex() { DebugNumber::Complex } else { DebugNumber::Float }, wide.layout().size)
            }
        }
    }
}

impl DebugShape {
    fn is_byte(&self) -> bool {
        matches!(self, Self::Number { kind: DebugNumber::Signed | DebugNumber::Unsigned, size: 1 })
    }
}

fn is_byte(c_type: &CType) -> bool {
    matches!(c_type, CType::Scalar { scalar: Scalar::I8 | Scalar::U8, .. })
}

fn kind(scalar: Scalar) -> DebugNumber {
    match scalar {
        Scalar::Bool => DebugNumber::Bool,
        Scalar::F32 | Scalar::F64 => DebugNumber::Float,
        Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 => DebugNumber::Signed,
        Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 => DebugNumber::Unsigned,
    }
}

fn number(kind: DebugNumber, size: u64) -> String {
    let bytes = if size == 1 { "byte" } else { "bytes" };
    match kind {
        DebugNumber::Bool => "a bool".into(),
        DebugNumber::Complex => format!("a complex number of {size} {bytes}"),
        DebugNumber::Float => format!("a float of {size} {bytes}"),
        DebugNumber::Signed => format!("a signed integer of {size} {bytes}"),
        DebugNumber::Unsigned => format!("an unsigned integer of {size} {bytes}"),
    }
}

fn function(parameters: impl Iterator<Item = String>, result: String, variadic: bool) -> String {
    let parameters: Vec<_> = parameters.chain(variadic.then(|| "...".to_owned())).collect();
    format!("a pointer to a function of ({}) that gives {result}", parameters.join(", "))
}

fn record(union: bool, size: u64) -> String {
    format!("a {} of {size} bytes", if union { "union" } else { "struct" })
}
