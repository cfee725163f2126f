//! Numbers by value: passed, or filled in with a length or a capacity.

use super::super::numbers;
use super::super::raw;
use super::Context;
use super::draft::ParameterDraft;
use super::fill::FillSource;
use crate::document::DocumentReader;
use cloison_contract::shape::{CapacityOf, LengthOf, Literal, NumberArgument, Shape};
use cloison_contract::types::{Scalar, TypeId};

pub(super) fn draft(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    scalar: Scalar,
    enumeration: Option<TypeId>,
) -> Option<ParameterDraft> {
    if let Some(table) = context.table(index) {
        table.only(reader, "a number and no pointer", &["in", "range", "default", "leading"])?;
    }
    Some(ParameterDraft::Number { scalar, enumeration })
}

pub(super) fn shape(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    index: usize,
    (scalar, enumeration): (Scalar, Option<TypeId>),
    fill: Option<&FillSource>,
) -> Option<Shape> {
    Some(match fill {
        Some(FillSource::CapacityOf(of)) => Shape::CapacityOf(CapacityOf { scalar, of: *of }),
        Some(FillSource::LengthOf(of)) => Shape::LengthOf(LengthOf { scalar, of: of.clone() }),
        Some(FillSource::Written { .. }) | None => {
            let (range, default) = range_and_default(reader, context, context.table(index), scalar)?;
            Shape::Number(NumberArgument { scalar, enumeration, range, default })
        }
    })
}

/// The pointer that a `free` function takes: we pass it.
pub(super) fn owned() -> Shape {
    Shape::Number(NumberArgument::of(Scalar::U64, None))
}

pub(super) type LiteralRange = (Option<(Literal, Literal)>, Option<Literal>);

/// `range` and `default`, as far as they are there.
pub(super) fn range_and_default(
    reader: &mut DocumentReader,
    context: &Context<'_, '_>,
    table: Option<&raw::Parameter<'_>>,
    scalar: Scalar,
) -> Option<LiteralRange> {
    let Some(table) = table else { return Some((None, None)) };
    let range = table.range.as_ref().map(|key| numbers::range(reader, context.world.types, key, scalar));
    let range = range.map_or(Some(None), |range| range.map(Some))?;
    let default = table.default.as_ref().map(|key| numbers::default(reader, context.world.types, key, scalar, range));
    let default = default.map_or(Some(None), |default| default.map(Some))?;
    Some((range, default))
}
