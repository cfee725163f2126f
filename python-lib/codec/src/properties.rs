//! Properties of what crosses the wall: any value of any type comes back equal, and whatever a zone says is a value or an
//! error.

use crate::records::{self as codec, Behind, Packed, Unpack, is_byte};
use crate::rows::Replies;
use crate::violation::{DecodeError, ProtocolViolation};
use crate::{Decoder, Objects, Owner, Values};
use cloison_contract::Interface;
use cloison_contract::call::{MAX_WORDS, QUESTION_WORDS};
use cloison_contract::interface::Parameter;
use cloison_contract::shape::{Buffer, Callback, Direction, Element, Lifetime, ScalarPointer, Shape, Slots};
use cloison_contract::types::{CType, Definition, MemberRole, Record, Scalar, TypeId, TypeKind};
use cloison_manifest::manifest;
use cloison_transport::channel::Channel;
use cloison_transport::client::Caller;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Objects are their words here.
type Value = crate::Value<u64>;

/// With so many bytes of memory left.
struct Words {
    free: u64,
}

const PLENTY: Words = Words { free: u64::MAX };

impl Objects for Words {
    type Object = u64;

    fn free_bytes(&self) -> u64 {
        self.free
    }

    fn handle(&self, _: TypeId, word: u64, _: Owner, _: Option<Lifetime>) -> u64 {
        word
    }

    fn registered(&self, block: u64, _: u64, _: Lifetime) -> u64 {
        block
    }

    fn view(&self, offset: u64, _: u64) -> u64 {
        offset
    }
}

fn interface() -> Interface {
    // Bit-fields that reach beyond a number of their type, and the end of their record.
    const PACKED: &str = "
        [types.packed_wide]
        c = \"struct __attribute__((packed)) packed_wide { unsigned char a : 4; long b : 62; unsigned c : 31; };\"
        [types.packed_small]
        c = \"struct __attribute__((packed)) packed_small { char a : 3; int b : 13; };\"
        [types.packed_both]
        c = \"struct packed_both { struct packed_small some[3]; struct packed_wide last; };\"\n";
    let text = include_str!("../../tests/support/surface.zone.toml").to_owned() + PACKED;
    manifest::parse("surface.zone.toml", &text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Numbers to make values of.
struct Dice<'a>(std::iter::Cycle<std::slice::Iter<'a, u64>>);

impl Dice<'_> {
    fn roll(&mut self) -> u64 {
        self.0.next().copied().unwrap_or_default()
    }

    fn letters(&mut self, most: u64) -> Vec<u8> {
        (0..self.roll() % (most + 1)).map(|_| b'a' + (self.roll() % 26) as u8).collect()
    }

    fn record(&mut self, types: &[Definition], id: TypeId) -> Value {
        let record = Record::of(types, id).expect("a record");
        if record.union {
            let live = record.live.expect("a live member");
            let value = self.value(types, &record.members[live].c_type);
            return Value::Union(id, Box::new((live, value)));
        }
        let mut values: Vec<Value> = Vec::new();
        for member in &record.members {
            let value = match &member.role {
                MemberRole::Hidden => Value::Null,
                MemberRole::Handle { .. } => Value::Unsigned(self.roll() | 1),
                MemberRole::Text { null: true, .. } if self.roll().is_multiple_of(3) => Value::Null,
                MemberRole::Text { .. } => Value::Bytes(self.letters(40)),
                MemberRole::TextArray => Value::Bytes(self.letters(member.c_type.layout().expect("a size").size)),
                MemberRole::Union { by, cases } => {
                    let CType::Record { id, .. } = &member.c_type else { panic!("a union") };
                    let union = Record::of(types, *id).expect("a union");
                    let live = codec::case(cases, codec::number(&values[*by], types)).or(union.live).expect("live");
                    Value::Union(*id, Box::new((live, self.value(types, &union.members[live].c_type))))
                }
                MemberRole::Value => match member.bits {
                    Some(bits) => {
                        let CType::Scalar { scalar, .. } = member.c_type else { panic!("a number") };
                        let up = 64 - bits.width;
                        match (scalar, scalar.is_signed()) {
                            (Scalar::Bool, _) => Value::Truth(self.roll() & 1 == 1),
                            (_, true) => Value::Signed((self.roll() << up) as i64 >> up),
                            (_, false) => Value::Unsigned(self.roll() << up >> up),
                        }
                    }
                    None => self.value(types, &member.c_type),
                },
            };
            values.push(value);
        }
        Value::Record(id, values)
    }

    fn value(&mut self, types: &[Definition], c_type: &CType) -> Value {
        match c_type {
            CType::Array { of, length } if is_byte(of) => {
                Value::Bytes((0..*length).map(|_| self.roll() as u8).collect())
            }
            CType::Array { of, length } => Value::List((0..*length).map(|_| self.value(types, of)).collect()),
            CType::Enum { id, scalar } => {
                let TypeKind::Enum(of) = &types[id.0 as usize].kind else { panic!("an enumeration") };
                let (_, value) = of.values[self.roll() as usize % of.values.len()];
                assert!(scalar.bounds().is_some_and(|(least, most)| (least..=most).contains(&value)));
                Value::Named(*id, value as u64)
            }
            CType::Record { id, .. } => self.record(types, *id),
            CType::Scalar { scalar: Scalar::F32, .. } => Value::Float(f64::from(f32::from_bits(self.roll() as u32))),
            CType::Scalar { scalar: Scalar::F64, .. } => Value::Float(f64::from_bits(self.roll())),
            CType::Scalar { scalar: Scalar::Bool, .. } => Value::Truth(self.roll() & 1 == 1),
            CType::Scalar { scalar, .. } => {
                let up = 64 - 8 * scalar.size() as u32;
                match scalar.is_signed() {
                    true => Value::Signed((self.roll() << up) as i64 >> up),
                    false => Value::Unsigned(self.roll() << up >> up),
                }
            }
            CType::Wide(wide) if wide.is_complex() => {
                Value::Complex(f64::from(self.roll() as f32), f64::from(self.roll() as f32))
            }
            CType::Wide(_) => Value::Float(f64::from_bits(self.roll())),
            _ => Value::Null,
        }
    }
}

/// Texts where packing has put them, handles as their words.
struct Beside(BTreeMap<u64, Vec<u8>>);

impl Behind<u64> for Beside {
    fn ensure_free(&self, _bytes: u64) -> Result<(), DecodeError> {
        Ok(())
    }

    fn text(&self, offset: u64) -> Result<Vec<u8>, DecodeError> {
        self.0.get(&offset).cloned().ok_or(ProtocolViolation::Range.into())
    }

    fn handle(&self, _id: TypeId, word: u64) -> Result<Value, DecodeError> {
        Ok(Value::Unsigned(word))
    }
}

/// What comes back is said in other words: texts are text, and what is no number is a NaN like any other.
fn shown(value: &Value) -> String {
    match value {
        Value::Bytes(bytes) if bytes.is_ascii() => format!("{:?}", String::from_utf8_lossy(bytes)),
        Value::Text(text) => format!("{text:?}"),
        Value::Record(id, values) => format!("{id:?}{:?}", values.iter().map(shown).collect::<Vec<_>>()),
        Value::List(values) => format!("{:?}", values.iter().map(shown).collect::<Vec<_>>()),
        Value::Union(id, live) => format!("{id:?}.{} {}", live.0, shown(&live.1)),
        other => format!("{other:?}"),
    }
}

fn records(interface: &Interface) -> Vec<TypeId> {
    let kinds = interface.types.iter().enumerate();
    kinds.filter(|(_, of)| matches!(of.kind, TypeKind::Record(_))).map(|(index, _)| TypeId(index as u32)).collect()
}

/// An end of a channel, in whose arena anything may stand.
fn channel() -> (Caller, Channel) {
    let (channel, descriptors) = Channel::create(1 << 16).expect("a channel");
    (Caller::open(descriptors.channel, descriptors.terms).expect("its end"), channel)
}

/// What a callable is given whose only parameter has that shape.
fn given(shape: Shape) -> Slots {
    callback(vec![parameter(shape)]).question_slots()
}

fn parameter(shape: Shape) -> Parameter {
    Parameter { name: "given".to_owned(), c_type: CType::Void, shape, leading: false }
}

fn callback(parameters: Vec<Parameter>) -> Callback {
    Callback {
        parameters,
        result: CType::Void,
        kept: false,
        error: None,
        deadline: None,
        null: false,
        default_none: false,
        retain: None,
        replaces: false,
    }
}

fn buffer(element: Element, view: bool) -> Shape {
    Shape::Buffer(Buffer {
        direction: Direction::In,
        element,
        length: None,
        capacity: None,
        max_bytes: 4096,
        null: true,
        default_none: false,
        text: false,
        terminated: false,
        retain: None,
        view,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_record_comes_back_equal(dice in prop::collection::vec(any::<u64>(), 1..60)) {
        let interface = interface();
        let types = &interface.types;
        for id in records(&interface) {
            let value = Dice(dice.iter().cycle()).record(types, id);
            let mut packed = Packed::default();
            packed.push_record(types, id, &value);
            let mut texts = BTreeMap::new();
            for (index, (at, text)) in packed.texts.iter().enumerate() {
                let offset = index as u64 * 8;
                packed.bytes[*at..*at + 8].copy_from_slice(&(offset + 1).to_le_bytes());
                texts.insert(offset, text.clone());
            }
            let unpack = Unpack { types, behind: &Beside(texts) };
            let back = unpack.record(id, &packed.bytes).expect("what was packed");
            prop_assert_eq!(shown(&back), shown(&value));
        }
    }

    #[test]
    fn any_bytes_are_a_record_or_a_violation(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let interface = interface();
        for id in records(&interface) {
            let unpack = Unpack { types: &interface.types, behind: &Beside(BTreeMap::new()) };
            let _ = unpack.record(id, &bytes);
        }
    }

    #[test]
    fn any_words_are_values_or_a_violation(
        words in prop::collection::vec(prop_oneof![any::<u64>(), 0..100_000_u64, Just(u64::MAX)], 0..8),
        bytes in prop::collection::vec(any::<u8>(), 4096),
    ) {
        let (interface, (caller, _channel)) = (interface(), channel());
        caller.arena().write(0, &bytes).expect("room");
        let decode = |slots: &Slots, words: &[u64]| {
            let _ = Decoder::new(&interface.types, caller.arena(), &PLENTY).values(slots, words);
            // As many as there should be, too.
            let words: Vec<u64> = words.iter().copied().cycle().take(slots.words()).collect();
            let _ = Decoder::new(&interface.types, caller.arena(), &Words { free: 1 << 20 }).values(slots, &words);
        };
        for function in &interface.functions {
            decode(&function.reply_slots(), &words);
            for parameter in &function.parameters {
                if let Shape::Callback(callback) = &parameter.shape {
                    decode(&callback.question_slots(), &words);
                }
            }
        }
        let optional = ScalarPointer {
            direction: Direction::In,
            scalar: Scalar::I8,
            enumeration: None,
            null: true,
            range: None,
            default: None,
            fill: None,
            consumed: false,
        };
        let texts = buffer(Element::Text { bytes: false }, false);
        let handles = buffer(Element::Handle { id: TypeId(0) }, false);
        for shape in [handles, texts, Shape::ScalarPointer(optional), buffer(Element::Scalar(Scalar::U8), true)] {
            decode(&given(shape), &words);
        }
    }

    #[test]
    fn many_names_for_the_same_bytes_are_no_more_bytes(
        length in 0..40_000_u64,
        names in prop::collection::vec(prop_oneof![Just(0), Just(1_u64), Just(9), Just(16)], 0..500),
    ) {
        let (caller, _channel) = channel();
        let arena = caller.arena();
        for at in [0_u64, 8, 16] {
            arena.write(at, &length.to_le_bytes()).expect("room");
        }
        let row: Vec<u8> = names.iter().flat_map(|name| name.to_le_bytes()).collect();
        arena.write(60_000, &row).expect("room");
        let slots = given(buffer(Element::Text { bytes: true }, false));
        let mut words = vec![0; QUESTION_WORDS];
        words.extend([60_000, row.len() as u64]);
        let taken = Decoder::new(&[], arena, &PLENTY).values(&slots, &words);
        if let Ok(values) = taken {
            let Values::One(Value::List(texts)) = values else { panic!("a list") };
            let size = |text: &Value| if let Value::Bytes(bytes) = text { bytes.len() as u64 } else { 0 };
            prop_assert!(texts.iter().map(size).sum::<u64>() <= arena.len());
        }
    }

    #[test]
    fn what_is_decoded_fits_into_the_memory_that_is_left(length in 0..12_u64, free in 0..4096_u64) {
        let (caller, _channel) = channel();
        let slots = given(buffer(Element::Handle { id: TypeId(0) }, false));
        let mut words = vec![0; QUESTION_WORDS];
        words.extend([0, length * 8]);
        let taken = Decoder::new(&[], caller.arena(), &Words { free }).values(&slots, &words);
        // The free bytes stand still here: `tests/memory.rs` has an allocator that counts.
        let needed = crate::memory::elements(&[], Element::Handle { id: TypeId(0) }, length * 8);
        prop_assert_eq!(matches!(taken, Err(DecodeError::Memory(_))), needed > free);
    }

    #[test]
    fn any_bytes_are_replies_or_a_violation(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut replies = Replies::new(&bytes);
        while !replies.is_at_end() {
            match replies.read_next() {
                Ok((_, count)) => prop_assert!(count <= MAX_WORDS),
                Err(_) => break,
            }
        }
    }
}
