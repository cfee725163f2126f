//! Values on their way in or out: checked, and not yet, or no more, Python objects.

use cloison_contract::types::{Scalar, TypeId};

/// A value. `Object` is what the caller has for something that stays in the zone.
#[derive(Clone, Debug)]
pub enum Value<Object> {
    /// `None`
    Null,
    /// A signed number.
    Signed(i64),
    /// An unsigned number. On the way in also a handle's word.
    Unsigned(u64),
    /// `True` or `False`
    Truth(bool),
    /// A float.
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// Elements wider than a byte.
    Elements(Scalar, Vec<u8>),
    /// A value of an enumeration, sign- or zero-extended.
    Named(TypeId, u64),
    /// Something that stays in the zone.
    Object(Object),
    /// The members of a struct, in C order; hidden ones are `Null`.
    Record(TypeId, Vec<Value<Object>>),
    /// The live member of a union, and which one it is.
    Union(TypeId, Box<(usize, Value<Object>)>),
    /// An array of anything else.
    List(Vec<Value<Object>>),
}

/// The results of a call.
#[derive(Debug)]
pub enum Values<Object> {
    /// None at all.
    Nothing,
    /// One.
    One(Value<Object>),
    /// Several.
    Several(Vec<Value<Object>>),
}
