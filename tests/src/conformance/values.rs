//! Values of C types, and how C and Python write them.

use super::random::Random;
use super::types::{Kind, Member, Scalar, Type, Types, Wide};

/// A value of some type.
#[derive(Clone, Debug)]
pub enum Value {
    /// Of a `char` array: ASCII, so that its sign does not matter.
    Bytes(Vec<u8>),
    /// Real and imaginary part.
    Complex(f64, f64),
    /// Of a floating type; what it holds, exactly.
    Float(f64),
    /// Of an integer type.
    Integer(i128),
    /// Of an array, or of a record's members.
    Several(Vec<Value>),
    /// Of `void`.
    Nothing,
}

/// How large values are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Size {
    /// The whole of the type, its limits more often than others.
    Any,
    /// From 1 to 9, so that sums are exact in whatever type.
    Small,
}

/// The smallest and largest value of an integer type.
pub fn bounds(kind: Kind) -> Option<(i128, i128)> {
    Some(match kind {
        Kind::Bool => (0, 1),
        Kind::Signed(bits) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        Kind::Unsigned(bits) => (0, (1 << bits) - 1),
        Kind::Float | Kind::Double => return None,
    })
}

/// The values of a scalar that are most likely to go wrong.
pub fn limits(scalar: Scalar) -> Vec<Value> {
    let floats = |values: &[f64]| values.iter().map(|value| Value::Float(*value)).collect();
    match (bounds(scalar.kind), scalar.kind) {
        (Some((least, most)), _) => {
            let mut values = vec![least, most, 0, 1, least + 1, most - 1, most / 3];
            values.dedup();
            values.into_iter().filter(|value| (least..=most).contains(value)).map(Value::Integer).collect()
        }
        (None, Kind::Float) => floats(&[
            0.0,
            -0.0,
            1.5,
            f64::from(f32::MAX),
            f64::from(f32::MIN_POSITIVE),
            f64::from(f32::from_bits(1)),
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ]),
        (None, _) => floats(&[
            0.0,
            -0.0,
            0.1,
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::from_bits(1),
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ]),
    }
}

impl Types {
    /// A value of that type.
    pub fn value(&self, random: &mut Random, size: Size, of: &Type) -> Value {
        match of {
            Type::Array(of, length) if is_text(of) => {
                let letter = |_| b'a' + random.below(26) as u8;
                Value::Bytes((0..*length).map(letter).collect())
            }
            Type::Array(of, length) => Value::Several((0..*length).map(|_| self.value(random, size, of)).collect()),
            Type::Enumeration(index) => Value::Integer(random.pick(&self.enumerations[*index].values).1.into()),
            Type::Record(index) => {
                let members = self.records[*index].valued();
                Value::Several(members.iter().map(|member| self.member(random, size, member)).collect())
            }
            Type::Scalar(scalar) => number(random, size, scalar.kind),
            Type::Void => Value::Nothing,
            Type::Wide(Wide::LongDouble) => Value::Float(float(random, size)),
            Type::Wide(Wide::ComplexFloat) => {
                let mut part = || f64::from(float(random, size) as f32);
                Value::Complex(part(), part())
            }
            Type::Wide(_) => Value::Complex(float(random, size), float(random, size)),
        }
    }

    fn member(&self, random: &mut Random, size: Size, member: &Member) -> Value {
        match (member.bits, &member.of) {
            (Some(bits), Type::Scalar(scalar)) => {
                let kind = match scalar.kind {
                    Kind::Signed(_) => Kind::Signed(bits),
                    Kind::Unsigned(_) => Kind::Unsigned(bits),
                    other => other,
                };
                number(random, Size::Any, kind)
            }
            _ => self.value(random, size, &member.of),
        }
    }

    /// As an expression in C.
    pub fn in_c(&self, of: &Type, value: &Value) -> String {
        match (of, value) {
            (Type::Record(index), Value::Several(_)) => {
                format!("({}){}", self.records[*index].c, self.initialiser(of, value))
            }
            _ => self.initialiser(of, value),
        }
    }

    fn initialiser(&self, of: &Type, value: &Value) -> String {
        match (of, value) {
            (Type::Record(index), Value::Several(values)) => {
                let members = self.records[*index].valued().into_iter().zip(values);
                let members = members
                    .map(|(member, value)| format!(".{} = {}", member.name, self.initialiser(&member.of, value)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
            (Type::Array(of, _), Value::Several(values)) => {
                let elements = values.iter().map(|value| self.initialiser(of, value));
                format!("{{{}}}", elements.collect::<Vec<_>>().join(", "))
            }
            (_, Value::Bytes(bytes)) => {
                let numbers = bytes.iter().map(u8::to_string);
                format!("{{{}}}", numbers.collect::<Vec<_>>().join(", "))
            }
            (Type::Scalar(Scalar { kind: Kind::Float, .. }), Value::Float(value)) => c_float(*value, "f"),
            (Type::Wide(Wide::LongDouble), Value::Float(value)) => c_float(*value, "L"),
            (_, Value::Float(value)) => c_float(*value, ""),
            (Type::Wide(wide), Value::Complex(real, imaginary)) => {
                let suffix = match wide {
                    Wide::ComplexFloat => "f",
                    Wide::ComplexLong => "L",
                    _ => "",
                };
                format!("__builtin_complex({}, {})", c_float(*real, suffix), c_float(*imaginary, suffix))
            }
            (_, Value::Integer(value)) if *value == i64::MIN.into() => "(-9223372036854775807LL - 1)".to_owned(),
            (_, Value::Integer(value)) if *value > i64::MAX.into() => format!("{value}ULL"),
            (_, Value::Integer(value)) => format!("({value}LL)"),
            (of, value) => unreachable!("{value:?} as {of:?}"),
        }
    }

    /// As an expression in Python, where `n` is the capability.
    pub fn in_python(&self, of: &Type, value: &Value) -> String {
        match (of, value) {
            (Type::Record(index), Value::Several(values)) => {
                let record = &self.records[*index];
                let members = record.valued().into_iter().zip(values);
                let members =
                    members.map(|(member, value)| format!("{}={}", member.name, self.in_python(&member.of, value)));
                format!("n.{}({})", record.name, members.collect::<Vec<_>>().join(", "))
            }
            (Type::Array(of, _), Value::Several(values)) => {
                let elements = values.iter().map(|value| self.in_python(of, value));
                format!("[{}]", elements.collect::<Vec<_>>().join(", "))
            }
            (_, Value::Bytes(bytes)) => format!("b'{}'", String::from_utf8_lossy(bytes)),
            (_, Value::Complex(real, imaginary)) => {
                format!("complex({}, {})", python_float(*real), python_float(*imaginary))
            }
            (_, Value::Float(value)) => python_float(*value),
            (Type::Scalar(Scalar { kind: Kind::Bool, .. }), Value::Integer(value)) => {
                if *value == 0 { "False" } else { "True" }.to_owned()
            }
            (_, Value::Integer(value)) => value.to_string(),
            (_, Value::Nothing) => "None".to_owned(),
            (of, value) => unreachable!("{value:?} as {of:?}"),
        }
    }
}

/// Plain `char`, whose arrays are bytes.
pub fn is_text(of: &Type) -> bool {
    matches!(of, Type::Scalar(Scalar { c: "char", .. }))
}

fn number(random: &mut Random, size: Size, kind: Kind) -> Value {
    match (bounds(kind), kind) {
        (Some((_, most)), _) if size == Size::Small => Value::Integer((1 + random.below(9) as i128).min(most)),
        (Some((least, most)), _) => Value::Integer(match random.below(4) {
            0 => least,
            1 => most,
            _ => least + (i128::from(random.bits()) % (most - least + 1)),
        }),
        (None, Kind::Float) => Value::Float(f64::from(float(random, size) as f32)),
        (None, _) => Value::Float(float(random, size)),
    }
}

/// A number that is as good as any: finite, also as a `float`.
fn float(random: &mut Random, size: Size) -> f64 {
    match size {
        Size::Small => (1 + random.below(9)) as f64,
        Size::Any => (random.bits() as i64 as f64) / (1_u64 << (random.below(6) * 10)) as f64,
    }
}

fn python_float(value: f64) -> String {
    match (value.is_nan(), value.is_infinite(), value > 0.0) {
        (true, ..) => "math.nan".to_owned(),
        (_, true, true) => "math.inf".to_owned(),
        (_, true, false) => "-math.inf".to_owned(),
        _ => format!("{value:?}"),
    }
}

fn c_float(value: f64, suffix: &str) -> String {
    match (value.is_nan(), value.is_infinite(), value > 0.0) {
        (true, ..) => format!("__builtin_nan{suffix}(\"\")").to_lowercase(),
        (_, true, true) => format!("__builtin_inf{suffix}()").to_lowercase(),
        (_, true, false) => format!("(-__builtin_inf{suffix}())").to_lowercase(),
        // Sixteen digits behind the point and more: what Rust prints reads back as the same number.
        _ => format!("({value:?}{suffix})"),
    }
}
