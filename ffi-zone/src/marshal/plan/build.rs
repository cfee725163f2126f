//! From shapes to a plan.

use super::references::{self, any};
use super::{CallPlan, ErrorConvention, Fill, OutputBuffer, PlanError, PreparedParameter, Range, Release, Site};
use crate::marshal::translation::{Translations, is_plain, translations};
use crate::native::ffi::MAX_PARAMETERS;
use cloison_contract::Interface;
use cloison_contract::call::MAX_WORDS;
use cloison_contract::expression::Expression;
use cloison_contract::interface::Function;
use cloison_contract::shape::{
    Buffer, CapacityOf, Element, Fixed, LengthOf, Lifetime, NumberArgument, Pointed, PointerFill, Position,
    RecordArgument, ScalarPointer, Shape,
};
use cloison_contract::types::{CType, Scalar, TypeKind};
use std::ffi::CString;

impl CallPlan {
    /// Works out what is to be done for one function.
    pub fn new(interface: &Interface, function: &Function) -> Result<Self, PlanError> {
        if function.parameters.len() > MAX_PARAMETERS {
            return Err(PlanError::TooManyParameters);
        }
        let (request, reply) = (function.request_slots(), function.reply_slots());
        if request.words() > MAX_WORDS || reply.words() > MAX_WORDS {
            return Err(PlanError::TooManyWords);
        }
        references::check(interface, function)?;
        let translations = translations(&interface.types).map_err(|_| PlanError::Record)?;
        let shapes = || function.parameters.iter().map(|parameter| &parameter.shape);
        let variadic = function.variadic.unwrap_or(usize::MAX);
        let mut plan = Self {
            request,
            reply,
            prepared: shapes().enumerate().map(|(at, shape)| prepare(&translations, shape, at >= variadic)).collect(),
            lengths: Vec::new(),
            exact: Vec::new(),
            outputs: Vec::new(),
            fenced: Vec::new(),
            capacities: Vec::new(),
            blank: Vec::new(),
            scalars: shapes().map(scalar_of).collect(),
            value: function.result.scalar(),
            returns_pointer: matches!(function.result, CType::Pointer { .. }),
            failure: ErrorConvention {
                unless: function.returns.error_unless.clone(),
                when: function.returns.error_if.clone(),
                errno: function.returns.errno,
                message: function.returns.message,
            },
            releases: Vec::new(),
            constants: Vec::new(),
            texts: Vec::new(),
            indirect: Vec::new(),
            large: matches!(function.result, CType::Record { .. } | CType::Wide(_)),
            lifetimes: Vec::new(),
            replaces: Vec::new(),
        };
        if let Some(pointed) = &function.returns.pointer {
            plan.release(interface, Position::Value, pointed, false);
        }
        for (index, parameter) in function.parameters.iter().enumerate() {
            plan.parameter(interface, function, index, &parameter.shape)
                .ok_or_else(|| PlanError::Reference { parameter: parameter.name.clone() })?;
        }
        plan.large |= !plan.indirect.is_empty();
        plan.settle_outputs();
        plan.fenced.extend(plan.outputs.iter().map(|output| output.parameter));
        Ok(plan)
    }

    /// What is to be done for one parameter beside its slots; `None` if it makes no sense.
    fn parameter(&mut self, interface: &Interface, function: &Function, index: usize, shape: &Shape) -> Option<()> {
        match shape {
            Shape::Buffer(buffer) => self.buffer(function, index, buffer),
            Shape::Callback(callback) => {
                self.lifetimes.extend(callback.retain.map(|lifetime| (index, lifetime)));
                if let (true, Some(Lifetime::Parameter(object))) = (callback.replaces, callback.retain) {
                    self.replaces.push((index, object));
                }
            }
            Shape::CapacityOf(CapacityOf { scalar, of }) => {
                self.capacities.push(Fill { parameter: index, scalar: *scalar, pointer: false, of: vec![*of] });
            }
            Shape::Constant(Fixed::Bits(bits)) => self.constants.push((index, *bits)),
            Shape::Constant(Fixed::Text(text)) => self.texts.push((index, CString::new(text.as_str()).ok()?)),
            Shape::Handle(_) | Shape::Number(_) => {}
            Shape::LengthOf(LengthOf { scalar, of }) => {
                self.lengths.push(Fill { parameter: index, scalar: *scalar, pointer: false, of: of.clone() });
            }
            Shape::OutPointer(pointer) => {
                self.blank.push(index);
                self.release(interface, Position::Parameter(index), &pointer.pointed, pointer.free_on_error);
            }
            Shape::Record(record) => self.record(index, record),
            Shape::ScalarPointer(pointer) => self.scalar_pointer(index, pointer),
            Shape::Text(text) => self.lifetimes.extend(text.retain.map(|lifetime| (index, lifetime))),
            Shape::Wide(_) => self.indirect.push(index),
        }
        Some(())
    }

    /// What is left of the channel is shared out when the buffers that know what they need have got it, and never
    /// more than the parameter that says how much there is can say.
    fn settle_outputs(&mut self) {
        self.outputs.sort_by_key(|output| output.capacity.is_none());
        for output in self.outputs.iter_mut().filter(|output| output.capacity.is_none()) {
            for fill in self.capacities.iter().filter(|fill| fill.of.contains(&output.parameter)) {
                let most = fill.scalar.bounds().map_or(0, |(_, most)| most.unsigned_abs());
                let most_bytes = most.saturating_mul(output.element as u128);
                output.max_bytes = output.max_bytes.min(u64::try_from(most_bytes).unwrap_or(u64::MAX));
            }
        }
    }

    fn release(&mut self, interface: &Interface, position: Position, pointed: &Pointed, on_error: bool) {
        let (free, object) = match pointed {
            Pointed::Handle { borrowed: true, .. } => (None, None),
            Pointed::Handle { id, borrowed: false, .. } => {
                let handle = interface.types.get(id.0 as usize).map(|definition| &definition.kind);
                (if let Some(TypeKind::Handle(handle)) = handle { handle.free } else { None }, Some(*id))
            }
            Pointed::Buffer { .. } | Pointed::Record { .. } | Pointed::String(_) => (pointed.free(), None),
        };
        self.releases.extend(free.map(|free| Release { position, free, object, on_error }));
    }

    fn record(&mut self, index: usize, record: &RecordArgument) {
        if record.by_value {
            self.indirect.push(index);
        }
        if record.direction.is_in() {
            self.fenced.extend(record.direction.is_out().then_some(index));
        } else {
            let (element, capacity) = (record.layout.size as usize, Some(Expression::Integer(1)));
            let max_bytes = record.layout.size;
            self.outputs.push(OutputBuffer { parameter: index, element, capacity, max_bytes, site: Site::Scratch });
        }
    }

    fn buffer(&mut self, function: &Function, index: usize, buffer: &Buffer) {
        let element = buffer.element.size();
        let (reads, writes) = (buffer.direction.is_in(), buffer.direction.is_out());
        self.lifetimes.extend(buffer.retain.map(|lifetime| (index, lifetime)));
        if reads {
            self.fenced.extend((writes && !is_text(buffer.element)).then_some(index));
            if let Some(length) = &buffer.length
                && !function.parameters.iter().any(|parameter| parameter.shape.is_length_of(index))
                && !(writes && looks_at_results(length))
            {
                self.exact.push((index, element, length.clone()));
            }
        } else {
            let capacity = buffer.capacity.clone().filter(|capacity| !names_own_capacity(function, index, capacity));
            let site = match (buffer.retain, self.prepared[index].plain) {
                (Some(_), _) => Site::Kept,
                (None, true) => Site::Arena,
                (None, false) => Site::Scratch,
            };
            self.outputs.push(OutputBuffer { parameter: index, element, capacity, max_bytes: buffer.max_bytes, site });
        }
    }

    fn scalar_pointer(&mut self, index: usize, pointer: &ScalarPointer) {
        let fill = |of| Fill { parameter: index, scalar: pointer.scalar, pointer: true, of: vec![of] };
        match pointer.fill {
            Some(PointerFill::CapacityOf(of)) => self.capacities.push(fill(of)),
            Some(PointerFill::LengthOf(of)) => self.lengths.push(fill(of)),
            None if pointer.direction.is_in() => {}
            None => self.blank.push(index),
        }
    }
}

fn is_text(element: Element) -> bool {
    matches!(element, Element::Text { .. })
}

fn prepare(translations: &Translations, shape: &Shape, variadic: bool) -> PreparedParameter {
    let nothing = PreparedParameter { range: Range::Any, plain: false, promoted: false };
    match shape {
        Shape::Buffer(buffer) => PreparedParameter { plain: is_plain(translations, buffer.element), ..nothing },
        Shape::Number(NumberArgument { scalar, range, .. }) => PreparedParameter {
            range: Range::new(*range, *scalar),
            promoted: variadic && *scalar == Scalar::F32,
            ..nothing
        },
        Shape::ScalarPointer(pointer) => {
            PreparedParameter { range: Range::new(pointer.range, pointer.scalar), ..nothing }
        }
        Shape::Callback(_)
        | Shape::CapacityOf(_)
        | Shape::Constant(_)
        | Shape::Handle(_)
        | Shape::LengthOf(_)
        | Shape::OutPointer(_)
        | Shape::Record(_)
        | Shape::Text(_)
        | Shape::Wide(_) => nothing,
    }
}

/// The type of what an expression means by a parameter, or by `*parameter`. Of an object it is the address, for functions of
/// the library alone: see `references`.
pub(super) fn scalar_of(shape: &Shape) -> Option<Scalar> {
    shape.scalar().or(shape.object().map(|_| Scalar::U64))
}

/// Whether a buffer's capacity is nothing but the parameter that is filled in from its capacity: then it is its `max`.
fn names_own_capacity(function: &Function, buffer: usize, capacity: &Expression) -> bool {
    match capacity {
        Expression::Parameter(index) | Expression::Dereference(index) => {
            let shape = &function.parameters[*index].shape;
            shape.is_capacity_of(buffer)
                && matches!(capacity, Expression::Dereference(_)) == matches!(shape, Shape::ScalarPointer(_))
        }
        Expression::Binary(..)
        | Expression::Bytes(..)
        | Expression::Call(..)
        | Expression::Compare(..)
        | Expression::Errno
        | Expression::Integer(_)
        | Expression::Length(_)
        | Expression::Member(..)
        | Expression::Negate(_)
        | Expression::Not(_)
        | Expression::OneOf(..)
        | Expression::Return => false,
    }
}

/// Whether the expression can only be known after the call.
fn looks_at_results(expression: &Expression) -> bool {
    any(expression, |part| matches!(part, Expression::Return | Expression::Dereference(_)))
}
