//! Third step, parameters: each gets its one [`Shape`].
//!
//! Who passes a parameter follows from who names it. In this order:
//!
//! 1. Each table and type says what its parameter is ([`draft`]): a buffer (it has a length or a capacity), a pointer to
//!    one number, a string, a record, a handle, a pointer that the library fills in, a callback, a constant.
//! 2. An input buffer's `length` that is just `n` or `*n` fills `n` in, if `n` has no table of its own. An in-out buffer's
//!    `capacity` (or else `length`) does the same.
//! 3. An output buffer's `capacity` that is just `n` or `*n` fills `n` in from `max` (a size or an expression), if `n` has no
//!    table of its own and has not been filled in by 2. An output buffer's `length` that is just `*n` gives the library the
//!    capacity in `*n`.
//! 4. What nobody fills in is an argument. A pointer that nobody has explained is an error.
//! 5. A number behind a buffer whose length is computed has to be decided ([`told`]), so that the library knows how much
//!    memory there is.
//! 6. What refers to other parameters by their shapes (`owner`, `retain`, `leading`) is looked up.
//!
//! A callback's parameters go the same way, seen from the callee: C passes what is `in`, and Python gives what is `out`.
//! The capacity of an output is then an argument like any other, because it is C that says how much room there is.

#![deny(clippy::wildcard_enum_match_arm)]

mod buffer;
mod build;
mod callback;
mod constant;
mod draft;
mod extent;
mod fill;
mod handle;
mod keys;
mod later;
mod number;
mod order;
mod out_pointer;
mod record;
mod scalar_pointer;
mod text;
mod told;
mod unmarked;
mod wide;
mod wide_text;

pub(super) use handle::{Owning, owned};
pub(super) use keys::{ends_at_null, expression_in, within_call};
pub(super) use later::lifetimes;
pub(super) use record::too_aligned;

use super::declare::Declared;
use super::raw;
use super::world::World;
use crate::declaration::PrototypeParameter;
use crate::diagnostic::{Mistake, Written};
use crate::document::DocumentReader;
use cloison_contract::expression::Expression;
use cloison_contract::interface::{FunctionId, Parameter};
use cloison_contract::shape::{Element, Shape};
use cloison_contract::types::{CType, Layout, Scalar, TypeId, WIDE_CHARACTER, Wide};
use draft::ParameterDraft;
use fill::FillSource;
use std::ops::Range;

/// What is known of one function, or one callback, while its shapes are found.
pub(super) struct Context<'a, 'd> {
    pub(super) world: &'a World<'a, 'd>,
    parameters: &'a [PrototypeParameter],
    tables: &'a [Option<&'a raw::Parameter<'d>>],
    result: &'a CType,
    /// Where a parameter's table belongs, as errors name it.
    head: String,
    declared_at: DeclaredAt<'a>,
    /// Which function it is.
    function: Option<FunctionId>,
    /// How long what the function's value points to is.
    value_length: Option<Expression>,
    /// The function is the `free` of another one: its pointer is ours.
    frees: bool,
    internal: bool,
}

/// Where a parameter without a table stands.
enum DeclaredAt<'a> {
    /// It is one of a callback, whose own parameter stands here.
    Callback(Range<usize>),
    /// In the C text of a function.
    Text(&'a Written),
}

/// The parameters of a function with their shapes, or `None` if something is wrong with them.
pub(super) fn parameters(
    reader: &mut DocumentReader,
    world: &World<'_, '_>,
    declared: &Declared<'_, '_>,
    value_length: Option<&Expression>,
) -> Option<Vec<Parameter>> {
    let name = &declared.raw.name.text;
    let context = Context {
        world,
        parameters: &declared.prototype.parameters,
        tables: &declared.tables,
        result: &declared.prototype.result,
        head: format!("[functions.{name}]"),
        declared_at: DeclaredAt::Text(&declared.raw.c),
        function: world.declarations.callees.iter().find(|callee| callee.name == name).map(|callee| callee.id),
        value_length: value_length.cloned(),
        frees: world.freeing.contains(name.as_str()),
        internal: declared.raw.internal,
    };
    resolve(reader, &context)
}

fn resolve(reader: &mut DocumentReader, context: &Context<'_, '_>) -> Option<Vec<Parameter>> {
    let drafts: Vec<_> = (0..context.count()).map(|index| draft::draft(reader, context, index)).collect();
    if drafts.iter().any(Option::is_none) {
        // What is wrong with the other parameters' numbers can be said all the same.
        for (index, draft) in drafts.iter().enumerate() {
            if let Some(ParameterDraft::Number { scalar, .. }) = draft {
                number::range_and_default(reader, context, context.table(index), *scalar);
            }
        }
        return None;
    }
    let drafts: Vec<ParameterDraft> = drafts.into_iter().flatten().collect();
    let fills = fill::fills(reader, context, &drafts)?;
    let shapes: Vec<_> =
        (0..context.count()).map(|index| build::shape(reader, context, &drafts, &fills, index)).collect();
    let mut shapes: Vec<Shape> = shapes.into_iter().collect::<Option<_>>()?;
    order::check(reader, context, &shapes)?;
    if !context.is_callback() {
        told::check(reader, context, &drafts, &fills)?;
    }
    later::owners(reader, context, &mut shapes)?;
    let leading = later::leading(reader, context, &shapes)?;
    let parameter = |(index, shape): (usize, Shape)| Parameter {
        name: context.name(index).to_owned(),
        c_type: context.c_type(index).clone(),
        shape,
        leading: leading == Some(index),
    };
    Some(shapes.into_iter().enumerate().map(parameter).collect())
}

impl<'a, 'd> Context<'a, 'd> {
    fn count(&self) -> usize {
        self.parameters.len()
    }

    fn name(&self, index: usize) -> &'a str {
        &self.parameters[index].name.text
    }

    fn c_type(&self, index: usize) -> &'a CType {
        &self.parameters[index].c_type
    }

    fn array(&self, index: usize) -> Option<u64> {
        self.parameters[index].array
    }

    fn is_callback(&self) -> bool {
        matches!(self.declared_at, DeclaredAt::Callback(_))
    }

    /// What the parameter's pointer leads to, and whether that is `const`; `void` counts as bytes.
    fn pointee(&self, index: usize) -> Option<(Pointee, bool)> {
        let CType::Pointer { to, constant } = self.c_type(index) else { return None };
        Some((Pointee::of(to)?, *constant))
    }

    /// The number that the parameter is or points to.
    fn scalar(&self, index: usize) -> Option<Scalar> {
        self.c_type(index).scalar().or_else(|| self.pointee(index)?.0.scalar())
    }

    fn table(&self, index: usize) -> Option<&'a raw::Parameter<'d>> {
        self.tables[index]
    }

    /// Whether we may fill it in: it has no table that would make it an argument.
    fn is_free(&self, index: usize) -> bool {
        self.table(index).is_none()
    }

    /// The parameter that most probably says how long this one is: an integer right behind it.
    fn likely_count(&self, index: usize) -> Option<&'a str> {
        let next = index + 1;
        (next < self.count() && self.c_type(next).is_integer()).then(|| self.name(next))
    }

    /// Notes a mistake at a parameter: at its table, or else at the prototype.
    fn error(&self, reader: &mut DocumentReader, index: usize, message: String, hint: impl Into<String>) {
        match self.table(index) {
            Some(table) => reader.error_with_hint(table.span.clone(), message, hint),
            None => self.error_in_c(reader, index, message, hint.into()),
        }
    }

    /// Notes a mistake at a parameter of the prototype.
    fn error_in_c(&self, reader: &mut DocumentReader, index: usize, message: String, hint: String) {
        match &self.declared_at {
            DeclaredAt::Text(c) => {
                let span = self.parameters[index].name.span.clone();
                reader.mistake_in(c, Mistake::new(span, message).hint(hint));
            }
            DeclaredAt::Callback(span) => reader.error_with_hint(span.clone(), message, hint),
        }
    }
}

/// What a pointer leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Pointee {
    Bytes,
    Character,
    Function,
    Number(Scalar, Option<TypeId>),
    Object(TypeId),
    Pointer,
    Record(TypeId, Layout),
    Wide(Wide),
    WideCharacter,
}

impl Pointee {
    /// `None` for an array.
    fn of(c_type: &CType) -> Option<Self> {
        Some(match c_type {
            CType::Enum { id, scalar } => Self::Number(*scalar, Some(*id)),
            CType::Function(_) => Self::Function,
            CType::Opaque(id) => Self::Object(*id),
            CType::Pointer { .. } => Self::Pointer,
            CType::Record { id, layout } => Self::Record(*id, *layout),
            to if to.is_char() => Self::Character,
            to if to.is_wide_char() => Self::WideCharacter,
            CType::Scalar { scalar, .. } => Self::Number(*scalar, None),
            CType::Void => Self::Bytes,
            CType::Wide(wide) => Self::Wide(*wide),
            CType::Array { .. } => return None,
        })
    }

    fn scalar(self) -> Option<Scalar> {
        match self {
            Self::Bytes => Some(Scalar::U8),
            Self::Character => Some(Scalar::I8),
            Self::Number(scalar, _) => Some(scalar),
            Self::WideCharacter => Some(WIDE_CHARACTER),
            Self::Function | Self::Object(_) | Self::Pointer | Self::Record(..) | Self::Wide(_) => None,
        }
    }

    /// What a buffer of many of them has as elements.
    fn element(self) -> Option<Element> {
        match self {
            Self::Record(id, layout) => Some(Element::Record { id, layout }),
            Self::Bytes
            | Self::Character
            | Self::Function
            | Self::Number(..)
            | Self::Object(_)
            | Self::Pointer
            | Self::Wide(_)
            | Self::WideCharacter => self.scalar().map(Element::Scalar),
        }
    }

    /// One element is one byte, so that a pointer without a length says nothing about how much there is.
    fn is_byte(self) -> bool {
        self.scalar().is_some_and(|scalar| scalar != Scalar::Bool && scalar.size() == 1)
    }
}

/// What we fill each parameter in with, if we do.
type Fills = Vec<Option<FillSource>>;
