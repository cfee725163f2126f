//! How a struct or union travels by value: in which registers, or in memory.
//!
//! libffi wants a struct described by its members and knows neither unions nor bit-fields nor padding rules that a
//! description could express. So the rules of the platform's ABI are applied here, and libffi is given a description
//! that has the same result: each eight bytes have a class, and what shares them merges theirs (System V ABI for x86-64, 3.2.3);
//! eight bytes at the end that are only padding have none and take no register.
//!
//! The ABI leaves two things open, in which gcc decides here, as most libraries on Linux are built by it
//! ([`clang_differs`] says of which records clang thinks otherwise):
//!
//! | | gcc | clang |
//! |---|---|---|
//! | bit-fields without a name | are integers | are padding |
//! | a packed record is passed in memory if it holds | a misaligned number | a number, struct or array that stands elsewhere than its own alignment asks for |
//!
//! The zone makes libffi's types of it.

use crate::shape::MAX_NESTING;
use crate::types::{Bits, CType, Definition, Layout, Record, Scalar, TypeId, Wide};

/// How a record travels.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Passing {
    /// As these, one behind the other. They may end before the record does: what is behind them is padding.
    Elements(Vec<RegisterContent>),
    /// As `long double` does.
    LongDouble,
    /// In memory.
    Memory,
}

/// What a register or part of one holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RegisterContent {
    /// Eight bytes, in a floating-point register.
    Double,
    /// Four bytes, in a floating-point register.
    Float,
    /// Up to eight bytes, in a general register.
    Integer,
}

/// A number somewhere in a record.
#[derive(Clone, Copy, Debug)]
struct Leaf {
    offset: u64,
    kind: Kind,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Double,
    Float,
    Integer,
    LongDouble,
}

/// How a record of that type travels; `None` if the types make no sense.
pub fn passing(types: &[Definition], id: TypeId) -> Option<Passing> {
    by(types, id, Compiler::Gcc)
}

/// Whether clang passes such a record otherwise than gcc does, and so than [`passing`] says.
pub fn clang_differs(types: &[Definition], id: TypeId) -> bool {
    by(types, id, Compiler::Gcc) != by(types, id, Compiler::Clang)
}

/// Whose rules.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Compiler {
    Clang,
    Gcc,
}

fn by(types: &[Definition], id: TypeId, compiler: Compiler) -> Option<Passing> {
    let record = Record::of(types, id)?;
    let mut leaves = Leaves { types, compiler, leaves: Vec::new(), misaligned: false };
    leaves.record(record, 0, 0)?;
    leaves.by_eightbyte(record.layout.size)
}

struct Leaves<'a> {
    types: &'a [Definition],
    compiler: Compiler,
    leaves: Vec<Leaf>,
    misaligned: bool,
}

/// More than this many numbers travel in memory; so does what has more bytes than they could have.
const MAX_LEAVES: usize = 64;

impl Leaves<'_> {
    fn record(&mut self, record: &Record, offset: u64, depth: usize) -> Option<()> {
        if depth > MAX_NESTING {
            return None;
        }
        for member in &record.members {
            match member.bits {
                Some(bits) => self.bit_field(offset + member.offset, bits),
                None => self.add(&member.c_type, offset.checked_add(member.offset)?, depth)?,
            }
        }
        let unnamed = if self.compiler == Compiler::Gcc { &record.unnamed[..] } else { &[] };
        for (unit, bits) in unnamed {
            self.bit_field(offset.checked_add(*unit)?, *bits);
        }
        Some(())
    }

    fn add(&mut self, c_type: &CType, offset: u64, depth: usize) -> Option<()> {
        if self.leaves.len() > MAX_LEAVES {
            return Some(());
        }
        let Layout { size, align } = c_type.layout()?;
        let number = !matches!(c_type, CType::Array { .. } | CType::Record { .. });
        self.misaligned |= (number || self.compiler == Compiler::Clang) && !offset.is_multiple_of(align.max(1));
        match c_type {
            CType::Array { of, length } => {
                let stride = of.layout()?.size;
                for index in 0..(*length).min(MAX_LEAVES as u64 + 1) {
                    self.add(of, offset.checked_add(index.checked_mul(stride)?)?, depth)?;
                }
            }
            CType::Record { id, .. } => self.record(Record::of(self.types, *id)?, offset, depth + 1)?,
            CType::Wide(wide) => self.wide(*wide, offset),
            _ => {
                let kind = match c_type.scalar() {
                    Some(Scalar::F32) => Kind::Float,
                    Some(Scalar::F64) => Kind::Double,
                    _ => Kind::Integer,
                };
                self.leaves.push(Leaf { offset, kind, bytes: size });
            }
        }
        Some(())
    }

    fn wide(&mut self, wide: Wide, offset: u64) {
        let (kind, bytes) = match wide {
            Wide::ComplexF32 => (Kind::Float, 4),
            Wide::ComplexF64 => (Kind::Double, 8),
            Wide::ComplexLong | Wide::LongDouble => (Kind::LongDouble, 16),
        };
        for part in 0..=u64::from(wide.is_complex()) {
            self.leaves.push(Leaf { offset: offset + part * bytes, kind, bytes });
        }
    }

    /// Only the bytes that its bits are in: its unit may be wider than what it shares with others.
    fn bit_field(&mut self, unit: u64, bits: Bits) {
        if bits.width > 0 {
            let (first, last) = (u64::from(bits.shift) / 8, u64::from(bits.shift + bits.width - 1) / 8);
            self.leaves.push(Leaf { offset: unit + first, kind: Kind::Integer, bytes: last - first + 1 });
        }
    }

    fn by_eightbyte(&self, size: u64) -> Option<Passing> {
        if size == 0 || size > 16 || self.misaligned {
            return Some(Passing::Memory);
        }
        let mut classes = [None::<Class>; 2];
        for leaf in &self.leaves {
            if leaf.offset + leaf.bytes > 16 {
                return Some(Passing::Memory);
            }
            for eightbyte in leaf.offset / 8..=(leaf.offset + leaf.bytes - 1) / 8 {
                let own = match leaf.kind {
                    Kind::Integer => Class::Integer,
                    Kind::Double | Kind::Float => Class::Sse,
                    Kind::LongDouble if eightbyte == 0 => Class::X87,
                    Kind::LongDouble => Class::X87Up,
                };
                let class = &mut classes[eightbyte as usize];
                *class = Some(class.map_or(own, |other| merge(other, own)));
            }
        }
        let used = match classes {
            [Some(first), None] => vec![first],
            [Some(first), Some(second)] => vec![first, second],
            // What C has at offset 0 has a size: no record begins with eight bytes of padding.
            [None, _] => return None,
        };
        match used[..] {
            [Class::X87, Class::X87Up] => return Some(Passing::LongDouble),
            _ if used.iter().any(|class| !matches!(class, Class::Integer | Class::Sse)) => {
                return Some(Passing::Memory);
            }
            _ => {}
        }
        let element = |(index, class): (usize, &Class)| match class {
            Class::Sse if size - index as u64 * 8 < 8 => RegisterContent::Float,
            Class::Sse => RegisterContent::Double,
            _ => RegisterContent::Integer,
        };
        Some(Passing::Elements(used.iter().enumerate().map(element).collect()))
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Class {
    Integer,
    Memory,
    Sse,
    X87,
    X87Up,
}

fn merge(one: Class, other: Class) -> Class {
    match (one, other) {
        _ if one == other => one,
        (Class::Memory, _) | (_, Class::Memory) => Class::Memory,
        (Class::Integer, _) | (_, Class::Integer) => Class::Integer,
        _ => Class::Memory,
    }
}
