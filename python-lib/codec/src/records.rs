//! Records ⇄ their bytes in C, without Python: what both sides of the wall do alike, see [`cloison_contract::call`].
//!
//! Packing trusts its values, which the client has checked one by one. Unpacking trusts nothing: any bytes become a value or
//! a [`DecodeError`].

use crate::memory;
use crate::value::Value;
use crate::violation::{DecodeError, ProtocolViolation};
use crate::wide;
use cloison_contract::types::{CType, Definition, Member, MemberRole, Record, Scalar, TypeId, TypeKind};

/// Bytes on their way in.
#[derive(Debug, Default)]
pub struct Packed {
    /// As they go into the arena.
    pub bytes: Vec<u8>,
    /// Texts behind them: where the word that leads to the text stands in `bytes`, and the text.
    pub texts: Vec<(usize, Vec<u8>)>,
}

/// Where unpacking gets what does not stand in the record itself.
pub trait Behind<Object> {
    /// Whether so many bytes may be allocated in one piece: asked before each list and text.
    fn ensure_free(&self, bytes: u64) -> Result<(), DecodeError>;
    /// The text whose length stands at that offset in the arena.
    fn text(&self, offset: u64) -> Result<Vec<u8>, DecodeError>;
    /// The object with that word.
    fn handle(&self, id: TypeId, word: u64) -> Result<Value<Object>, DecodeError>;
}

/// Whether an array of this is bytes in Python: `char`, `unsigned char`.
pub fn is_byte(element: &CType) -> bool {
    matches!(element, CType::Scalar { scalar: Scalar::U8, .. } | CType::Scalar { scalar: Scalar::I8, character: true })
}

impl Packed {
    /// Append one record.
    pub fn push_record<Object>(&mut self, types: &[Definition], id: TypeId, value: &Value<Object>) {
        let size = Record::of(types, id).map_or(0, |record| record.layout.size as usize);
        let at = self.room(size);
        self.record(types, id, at, value);
    }

    /// Append a word that leads to a text, or 0.
    pub fn push_text(&mut self, text: Option<Vec<u8>>) {
        let at = self.room(8);
        self.texts.extend(text.map(|text| (at, text)));
    }

    fn room(&mut self, size: usize) -> usize {
        let at = self.bytes.len();
        self.bytes.resize(at + size, 0);
        at
    }

    fn record<Object>(&mut self, types: &[Definition], id: TypeId, at: usize, value: &Value<Object>) {
        let Some(record) = Record::of(types, id) else { return };
        match value {
            Value::Record(_, values) => {
                for (member, value) in record.members.iter().zip(values) {
                    self.member(types, record, member, at, value);
                }
            }
            Value::Union(_, live) => {
                if let Some(member) = record.members.get(live.0) {
                    self.member(types, record, member, at, &live.1);
                }
            }
            _ => {}
        }
    }

    fn member<Object>(
        &mut self,
        types: &[Definition],
        record: &Record,
        member: &Member,
        base: usize,
        value: &Value<Object>,
    ) {
        let at = base + member.offset as usize;
        match (&member.role, value) {
            (MemberRole::Hidden, _) | (_, Value::Null) => {}
            (MemberRole::Handle { .. }, Value::Unsigned(word)) => self.put(at, &word.to_le_bytes()),
            (MemberRole::Text { .. }, Value::Bytes(text)) => self.texts.push((at, text.clone())),
            (MemberRole::Handle { .. } | MemberRole::Text { .. }, _) => {}
            (MemberRole::TextArray | MemberRole::Union { .. } | MemberRole::Value, value) => {
                let whole = self.bytes.get_mut(base..base + record.layout.size as usize);
                match (member.bits, whole) {
                    (Some(bits), Some(whole)) => drop(bits.store(whole, member.offset, i128::from(word(value)))),
                    _ => self.value(types, &member.c_type, at, value),
                }
            }
        }
    }

    fn value<Object>(&mut self, types: &[Definition], c_type: &CType, at: usize, value: &Value<Object>) {
        match (c_type, value) {
            (CType::Array { .. }, Value::Bytes(bytes)) => self.put(at, bytes),
            (CType::Array { of, .. }, Value::List(values)) => {
                let stride = of.layout().map_or(0, |layout| layout.size as usize);
                for (index, value) in values.iter().enumerate() {
                    self.value(types, of, at + index * stride, value);
                }
            }
            (CType::Enum { scalar, .. } | CType::Scalar { scalar, .. }, value) => {
                let word = match (scalar, value) {
                    (Scalar::F32, Value::Float(number)) => u64::from((*number as f32).to_bits()),
                    _ => word(value),
                };
                self.put(at, &word.to_le_bytes()[..scalar.size()]);
            }
            (CType::Record { id, .. }, value) => self.record(types, *id, at, value),
            (CType::Wide(kind), Value::Float(real)) => self.put(at, &wide::encode(*kind, *real, 0.0)),
            (CType::Wide(kind), Value::Complex(real, imaginary)) => {
                self.put(at, &wide::encode(*kind, *real, *imaginary));
            }
            _ => {}
        }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(target) = self.bytes.get_mut(at..at + bytes.len()) {
            target.copy_from_slice(bytes);
        }
    }
}

fn word<Object>(value: &Value<Object>) -> u64 {
    match value {
        Value::Signed(number) => *number as u64,
        Value::Unsigned(word) | Value::Named(_, word) => *word,
        Value::Truth(truth) => u64::from(*truth),
        Value::Float(number) => number.to_bits(),
        _ => 0,
    }
}

/// What is said of a record's bytes.
pub struct Unpack<'a, Object> {
    /// The interface's types.
    pub types: &'a [Definition],
    /// What does not stand in the bytes themselves.
    pub behind: &'a dyn Behind<Object>,
}

impl<Object> Unpack<'_, Object> {
    /// A record's value. The bytes have its size.
    pub fn record(&self, id: TypeId, bytes: &[u8]) -> Result<Value<Object>, DecodeError> {
        let record = Record::of(self.types, id).ok_or(ProtocolViolation::Range)?;
        if record.union {
            return self.union(id, record, record.live, bytes);
        }
        let mut values = self.list(record.members.len())?;
        for member in &record.members {
            values.push(self.member(record, member, bytes)?);
        }
        Ok(Value::Record(id, values))
    }

    /// A list for exactly so many values: one that grew would take up to three times as much on the way.
    fn list(&self, values: usize) -> Result<Vec<Value<Object>>, DecodeError> {
        self.behind.ensure_free(memory::list(values as u64))?;
        Ok(Vec::with_capacity(values))
    }

    /// A copy of bytes that stand in the record.
    fn copy(&self, bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
        self.behind.ensure_free(bytes.len() as u64)?;
        Ok(bytes.to_vec())
    }

    fn union(
        &self,
        id: TypeId,
        record: &Record,
        live: Option<usize>,
        bytes: &[u8],
    ) -> Result<Value<Object>, DecodeError> {
        match live.and_then(|live| Some((live, record.members.get(live)?))) {
            Some((live, member)) => {
                let value = self.member(record, member, bytes)?;
                self.behind.ensure_free(size_of_val(&value) as u64)?;
                Ok(Value::Union(id, Box::new((live, value))))
            }
            None => Ok(Value::Null),
        }
    }

    fn member(&self, record: &Record, member: &Member, bytes: &[u8]) -> Result<Value<Object>, DecodeError> {
        let own = bytes.get(member.offset as usize..).ok_or(ProtocolViolation::Range)?;
        match &member.role {
            MemberRole::Hidden => Ok(Value::Null),
            MemberRole::Handle { id, null } => match u64::from_le_bytes(first(own)?) {
                0 if *null => Ok(Value::Null),
                0 => Err(ProtocolViolation::Unexpected.into()),
                word => self.behind.handle(*id, word),
            },
            MemberRole::Text { bytes, null } => match u64::from_le_bytes(first(own)?) {
                0 if *null => Ok(Value::Null),
                0 => Err(ProtocolViolation::Unexpected.into()),
                word => Ok(text(self.behind.text(word - 1)?, *bytes)?),
            },
            MemberRole::TextArray => {
                let length = member.c_type.layout().ok_or(ProtocolViolation::Range)?.size as usize;
                let array = own.get(..length).ok_or(ProtocolViolation::Range)?;
                let text = array.split(|&byte| byte == 0).next().unwrap_or_default();
                Ok(String::from_utf8(self.copy(text)?).map(Value::Text).map_err(|_| ProtocolViolation::Text)?)
            }
            MemberRole::Union { by, cases } => {
                let CType::Record { id, layout } = &member.c_type else { return Err(ProtocolViolation::Range.into()) };
                let union = Record::of(self.types, *id).ok_or(ProtocolViolation::Range)?;
                let live = self.live(record, *by, cases, union.live, bytes)?;
                self.union(*id, union, live, own.get(..layout.size as usize).ok_or(ProtocolViolation::Range)?)
            }
            MemberRole::Value => match (member.bits, member.c_type.scalar()) {
                (Some(bits), Some(scalar)) => {
                    let number = bits.load(bytes, member.offset, scalar.is_signed()).ok_or(ProtocolViolation::Range)?;
                    self.scalar(&member.c_type, number as u64)
                }
                _ => self.value(&member.c_type, own),
            },
        }
    }

    /// The live member of a union, by another member's value.
    fn live(
        &self,
        record: &Record,
        by: usize,
        cases: &[(i128, usize)],
        otherwise: Option<usize>,
        bytes: &[u8],
    ) -> Result<Option<usize>, DecodeError> {
        let by = record.members.get(by).ok_or(ProtocolViolation::Range)?;
        let number = number(&self.member(record, by, bytes)?, self.types);
        Ok(case(cases, number).or(otherwise))
    }

    fn value(&self, c_type: &CType, bytes: &[u8]) -> Result<Value<Object>, DecodeError> {
        match c_type {
            CType::Array { of, length } if is_byte(of) => {
                Ok(Value::Bytes(self.copy(bytes.get(..*length as usize).ok_or(ProtocolViolation::Range)?)?))
            }
            CType::Array { of, length } => {
                let stride = of.layout().ok_or(ProtocolViolation::Range)?.size as usize;
                let mut values = self.list(usize::try_from(*length).map_err(|_| ProtocolViolation::Range)?)?;
                for index in 0..*length {
                    values.push(self.value(of, bytes.get(index as usize * stride..).ok_or(ProtocolViolation::Range)?)?);
                }
                Ok(Value::List(values))
            }
            CType::Enum { scalar, .. } | CType::Scalar { scalar, .. } => self.scalar(c_type, extended(bytes, *scalar)?),
            CType::Record { id, layout } => {
                self.record(*id, bytes.get(..layout.size as usize).ok_or(ProtocolViolation::Range)?)
            }
            CType::Wide(kind) => Ok(wide_value(*kind, bytes)?),
            CType::Function(_) | CType::Opaque(_) | CType::Pointer { .. } | CType::Void => Ok(Value::Null),
        }
    }

    fn scalar(&self, c_type: &CType, word: u64) -> Result<Value<Object>, DecodeError> {
        match c_type {
            CType::Enum { id, .. } => Ok(Value::Named(*id, word)),
            CType::Scalar { scalar: Scalar::F32, .. } => Ok(Value::Float(f64::from(f32::from_bits(word as u32)))),
            CType::Scalar { scalar: Scalar::F64, .. } => Ok(Value::Float(f64::from_bits(word))),
            CType::Scalar { scalar: Scalar::Bool, .. } if word > 1 => Err(ProtocolViolation::Number.into()),
            CType::Scalar { scalar: Scalar::Bool, .. } => Ok(Value::Truth(word == 1)),
            CType::Scalar { scalar, .. } if scalar.is_signed() => Ok(Value::Signed(word as i64)),
            _ => Ok(Value::Unsigned(word)),
        }
    }
}

/// Of a `long double` or a complex number.
pub fn wide_value<Object>(
    kind: cloison_contract::types::Wide,
    bytes: &[u8],
) -> Result<Value<Object>, ProtocolViolation> {
    let bytes = bytes.get(..kind.layout().size as usize).ok_or(ProtocolViolation::Range)?;
    let (real, imaginary) = kind.load(bytes).ok_or(ProtocolViolation::Range)?;
    Ok(if kind.is_complex() { Value::Complex(real, imaginary) } else { Value::Float(real) })
}

/// The member that a value of another member makes live.
pub fn case(cases: &[(i128, usize)], number: Option<i128>) -> Option<usize> {
    cases.iter().find(|(value, _)| Some(*value) == number).map(|(_, member)| *member)
}

/// The value as a number, if it is one.
pub fn number<Object>(value: &Value<Object>, types: &[Definition]) -> Option<i128> {
    Some(match value {
        Value::Signed(number) => i128::from(*number),
        Value::Unsigned(number) => i128::from(*number),
        Value::Truth(truth) => i128::from(*truth),
        Value::Named(id, word) => match &types.get(id.0 as usize)?.kind {
            TypeKind::Enum(enumeration) => enumeration.scalar.value(*word),
            TypeKind::Handle(_) | TypeKind::Record(_) => i128::from(*word),
        },
        _ => return None,
    })
}

/// Text or bytes.
pub fn text<Object>(text: Vec<u8>, bytes: bool) -> Result<Value<Object>, ProtocolViolation> {
    if bytes {
        return Ok(Value::Bytes(text));
    }
    String::from_utf8(text).map(Value::Text).map_err(|_| ProtocolViolation::Text)
}

fn first<const COUNT: usize>(bytes: &[u8]) -> Result<[u8; COUNT], ProtocolViolation> {
    bytes.first_chunk().copied().ok_or(ProtocolViolation::Range)
}

/// A number, extended as its type wants it; a bool as it is, which may be none.
fn extended(bytes: &[u8], scalar: Scalar) -> Result<u64, ProtocolViolation> {
    let bits = match scalar.size() {
        1 => u64::from(u8::from_le_bytes(first(bytes)?)),
        2 => u64::from(u16::from_le_bytes(first(bytes)?)),
        4 => u64::from(u32::from_le_bytes(first(bytes)?)),
        _ => u64::from_le_bytes(first(bytes)?),
    };
    Ok(if scalar == Scalar::Bool { bits } else { scalar.extend(bits) })
}
