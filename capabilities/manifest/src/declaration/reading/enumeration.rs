//! Enumerations: values and the number that the compiler makes of them.

use super::super::constant::NameValue;
use super::super::integer::Integer;
use super::super::names::Meaning;
use super::super::tree::{Content, TagKind};
use super::{MAX_NESTING, Reading, State};
use crate::diagnostic::Mistake;
use cloison_contract::types::{CType, Scalar};
use std::collections::BTreeMap;

impl Reading<'_> {
    pub(super) fn enumerations(&mut self) {
        let mut owners = BTreeMap::new();
        for (index, unit) in self.units.iter().enumerate() {
            if let Content::Enumerators(enumerators) = &unit.body.content {
                owners.extend(enumerators.iter().map(|(name, _)| (name.text.clone(), index)));
            }
        }
        for index in 0..self.units.len() {
            self.enumeration(index, 0, &owners);
        }
    }

    /// Reads one, after those whose enumerators it needs.
    fn enumeration(&mut self, index: usize, depth: usize, owners: &BTreeMap<String, usize>) {
        if self.units[index].body.tag != TagKind::Enum || self.units[index].state != State::Waiting {
            return;
        }
        self.units[index].state = State::Open;
        let Content::Enumerators(enumerators) = self.units[index].body.content.clone() else { return };
        let constants = enumerators.iter().filter_map(|(_, value)| value.as_ref());
        let needed = constants.flat_map(|value| value.names()).filter_map(|name| owners.get(name).copied());
        let mut mistakes = Vec::new();
        for other in needed.filter(|other| *other != index).collect::<Vec<_>>() {
            if self.units[other].state == State::Open || depth == MAX_NESTING {
                let message = "these enumerations need each other's values";
                mistakes.push(Mistake::new(self.units[index].body.span.clone(), message));
                break;
            }
            self.enumeration(other, depth + 1, owners);
        }
        let mut values: Vec<(String, Integer)> = Vec::new();
        let mut next = Some(Integer::of(0, Scalar::I32));
        for (name, constant) in &enumerators {
            let value = match constant {
                Some(constant) => {
                    let earlier = |name: &str| match values.iter().find(|(known, _)| known == name) {
                        Some((_, integer)) => NameValue::Known(*integer),
                        None if owners.get(name) == Some(&index) => NameValue::Unknown,
                        None => self.names.value(name),
                    };
                    constant.value(&earlier, &mut mistakes)
                }
                None if next.is_none() && mistakes.is_empty() => {
                    let message = format!("the value of `{}` would be too large for its type", name.text);
                    mistakes.push(Mistake::new(name.span.clone(), message).hint("give it one"));
                    None
                }
                None => next,
            };
            let value = value.map(Integer::enumerator);
            next = value.and_then(Integer::successor);
            values.extend(value.map(|value| (name.text.clone(), value)));
        }
        self.complete(index, &values, enumerators.len(), mistakes);
    }

    fn complete(&mut self, index: usize, values: &[(String, Integer)], count: usize, mut mistakes: Vec<Mistake>) {
        let body = &self.units[index].body;
        if count == 0 {
            mistakes.push(Mistake::new(body.span.clone(), "an enumeration has values"));
        }
        if body.attributes.packed || !body.attributes.aligned.is_empty() {
            let span = body.attributes.span.clone().unwrap_or(body.span.clone());
            mistakes.push(Mistake::new(span, "packed or aligned enumerations are not supported").hint(
                "write the number that it is where it is used, as in `unsigned char`, and its values as [constants]",
            ));
        }
        let scalar = scalar(values);
        if scalar.is_none() {
            let message = "no integer type has room for all of these values";
            mistakes.push(Mistake::new(body.span.clone(), message));
        }
        let tag = body.name.clone();
        let (text, id) = (self.units[index].text, self.units[index].id);
        let right = mistakes.is_empty() && values.len() == count;
        mistakes.into_iter().for_each(|mistake| self.mistake(text, mistake));
        self.texts[text].wrong |= !right;
        let unit = &mut self.units[index];
        unit.state = State::Done;
        let scalar = scalar.filter(|_| right);
        unit.meaning = scalar.map(|scalar| Meaning::Enum {
            scalar,
            values: values.iter().map(|(name, value)| (name.clone(), value.value)).collect(),
        });
        if let Some(entry) = tag.and_then(|tag| self.names.tags.get_mut(&tag.text)) {
            entry.1 = scalar.map(|scalar| CType::Enum { id, scalar });
        }
        for (name, value) in values {
            // Complete, an enumerator is an `int` or of its enumeration's type.
            let value = scalar.map(|scalar| Integer::of(value.value, scalar));
            self.names.enumerators.insert(name.clone(), value);
        }
    }
}

/// As gcc and clang choose: `unsigned int`, `int` if a value is negative, and `long` where those are too small.
fn scalar(values: &[(String, Integer)]) -> Option<Scalar> {
    let least = values.iter().map(|(_, value)| value.value).min().unwrap_or(0);
    let most = values.iter().map(|(_, value)| value.value).max().unwrap_or(0);
    let candidates = if least < 0 { [Scalar::I32, Scalar::I64] } else { [Scalar::U32, Scalar::U64] };
    let holds = |scalar: &Scalar| scalar.bounds().is_some_and(|(from, to)| from <= least && most <= to);
    candidates.into_iter().find(holds)
}
