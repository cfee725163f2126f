//! From roles to steps.

use super::references::{self, any};
use super::{Failure, Fill, Gift, Give, Plan, PlanError, Range, Room, Site, Take};
use crate::marshal::shapes::{Translations, is_plain, shapes};
use crate::native::ffi::MAX_PARAMETERS;
use cloison_contract::Interface;
use cloison_contract::call::MAX_WORDS;
use cloison_contract::expression::Expression;
use cloison_contract::interface::Function;
use cloison_contract::shape::{
    Buffer, CapacityOf, Element, Fixed, HandleArgument, LengthOf, Lifetime, NumberArgument, OutPointer, Pointed,
    PointerFill, RecordArgument, ScalarPointer, Shape, Text, WideArgument,
};
use cloison_contract::types::{CType, Scalar, TypeKind};
use std::ffi::CString;

impl Plan {
    /// Works out the steps of one function.
    pub fn new(interface: &Interface, function: &Function) -> Result<Self, PlanError> {
        if function.parameters.len() > MAX_PARAMETERS {
            return Err(PlanError::TooManyParameters);
        }
        if function.request_slots().words() > MAX_WORDS || function.reply_slots().words() > MAX_WORDS {
            return Err(PlanError::TooManyWords);
        }
        references::check(interface, function)?;
        let shapes = shapes(&interface.types).map_err(|_| PlanError::Record)?;
        let mut plan = Self {
            words: 0,
            takes: Vec::new(),
            lengths: Vec::new(),
            exact: Vec::new(),
            rooms: Vec::new(),
            fenced: Vec::new(),
            capacities: Vec::new(),
            blank_cells: Vec::new(),
            scalars: Vec::new(),
            value: function.result.scalar(),
            returns_pointer: matches!(function.result, CType::Pointer { .. }),
            failure: Failure {
                unless: function.returns.error_unless.clone(),
                when: function.returns.error_if.clone(),
                errno: function.returns.errno,
                message: function.returns.message,
            },
            gives: Vec::new(),
            gifts: Vec::new(),
            constants: Vec::new(),
            texts: Vec::new(),
            indirect: Vec::new(),
            large: matches!(function.result, CType::Record { .. } | CType::Wide(_)),
            lifetimes: Vec::new(),
            replaces: Vec::new(),
        };
        plan.give_value(interface, function);
        for (index, parameter) in function.parameters.iter().enumerate() {
            plan.scalars.push(scalar_of(&parameter.shape));
            match &parameter.shape {
                Shape::Buffer(buffer) => plan.buffer(&shapes, function, index, buffer),
                Shape::Callback(callback) => {
                    plan.lifetimes.extend(callback.retain.map(|lifetime| (index, lifetime)));
                    if let (true, Some(Lifetime::Parameter(object))) = (callback.replaces, callback.retain) {
                        plan.replaces.push((index, object));
                    }
                    plan.take(index, 1, Take::Callback { null: callback.null });
                }
                Shape::CapacityOf(CapacityOf { scalar, of }) => {
                    plan.capacities.push(Fill { parameter: index, scalar: *scalar, cell: false, of: vec![*of] });
                }
                Shape::ScalarPointer(cell) => plan.cell(index, cell),
                Shape::LengthOf(LengthOf { scalar, of }) => {
                    plan.lengths.push(Fill { parameter: index, scalar: *scalar, cell: false, of: of.clone() });
                }
                Shape::Constant(Fixed::Bits(bits)) => plan.constants.push((index, *bits)),
                Shape::Constant(Fixed::Text(text)) => {
                    let text = CString::new(text.as_str())
                        .map_err(|_| PlanError::Reference { parameter: parameter.name.clone() })?;
                    plan.texts.push((index, text));
                }
                Shape::Handle(HandleArgument { id, null, consumed, .. }) => {
                    plan.take(index, 1, Take::Handle { id: *id, null: *null, consumed: *consumed });
                }
                Shape::OutPointer(place) => plan.place(interface, index, place),
                Shape::Record(record) => plan.record(index, record),
                Shape::Wide(WideArgument { wide, .. }) => {
                    plan.indirect.push(index);
                    plan.take(index, 2, Take::Wide(*wide));
                }
                Shape::Number(NumberArgument { scalar: Scalar::F32, range, .. })
                    if function.variadic.is_some_and(|at| index >= at) =>
                {
                    plan.take(index, 1, Take::Promoted { range: Range::new(*range, Scalar::F32) });
                }
                Shape::Number(NumberArgument { scalar, range, .. }) => {
                    plan.take(index, 1, Take::Number { scalar: *scalar, range: Range::new(*range, *scalar) });
                }
                Shape::Text(Text { max_bytes, null, retain, .. }) => {
                    plan.lifetimes.extend(retain.map(|lifetime| (index, lifetime)));
                    plan.take(index, 2, Take::Text { max_bytes: *max_bytes, null: *null, kept: retain.is_some() });
                }
            }
        }
        plan.large |= !plan.indirect.is_empty();
        plan.settle_rooms();
        plan.fenced.extend(plan.rooms.iter().map(|room| room.parameter));
        Ok(plan)
    }

    /// What is left of the channel is shared out when the buffers that know what they need have got it, and never
    /// more than the parameter that says how much there is can say.
    fn settle_rooms(&mut self) {
        self.rooms.sort_by_key(|room| room.capacity.is_none());
        for room in self.rooms.iter_mut().filter(|room| room.capacity.is_none()) {
            for fill in self.capacities.iter().filter(|fill| fill.of.contains(&room.parameter)) {
                let most = fill.scalar.bounds().map_or(0, |(_, most)| most.unsigned_abs());
                let most_bytes = most.saturating_mul(room.element as u128);
                room.max_bytes = room.max_bytes.min(u64::try_from(most_bytes).unwrap_or(u64::MAX));
            }
        }
    }

    fn take(&mut self, index: usize, words: usize, take: Take) {
        self.words += words;
        self.takes.push((index, take));
    }

    fn give_value(&mut self, interface: &Interface, function: &Function) {
        let (kept, pointer) = (function.returns.kept, &function.returns.pointer);
        if let Some(pointed) = pointer {
            self.gift(interface, None, pointed, false);
        }
        if !kept {
            return;
        }
        match (pointer, &function.result) {
            (Some(pointed), CType::Pointer { .. }) => {
                self.gives.push(Give::Pointed { place: None, pointed: pointed.clone() });
            }
            (_, CType::Record { id, .. }) => self.gives.push(Give::RecordValue(*id)),
            (_, CType::Wide(wide)) => self.gives.push(Give::WideValue(*wide)),
            _ if self.value.is_some() => self.gives.push(Give::Value),
            _ => {}
        }
    }

    fn gift(&mut self, interface: &Interface, place: Option<usize>, pointed: &Pointed, on_error: bool) {
        let (free, object) = match pointed {
            Pointed::Handle { id, borrowed: false, .. } => {
                let handle = interface.types.get(id.0 as usize).map(|definition| &definition.kind);
                let free = if let Some(TypeKind::Handle(handle)) = handle { handle.free } else { None };
                (free, Some(*id))
            }
            _ => (references::free_of(pointed), None),
        };
        self.gifts.extend(free.map(|free| Gift { place, free, object, on_error }));
    }

    fn place(&mut self, interface: &Interface, index: usize, place: &OutPointer) {
        self.blank_cells.push(index);
        self.gift(interface, Some(index), &place.pointed, place.free_on_error);
        self.gives.push(Give::Pointed { place: Some(index), pointed: place.pointed.clone() });
    }

    fn record(&mut self, index: usize, record: &RecordArgument) {
        if record.by_value {
            self.indirect.push(index);
        }
        if record.direction.is_in() {
            let written = record.direction.is_out();
            self.fenced.extend(written.then_some(index));
            self.take(index, 2, Take::Record { id: record.id, written, null: record.null });
        } else {
            let (element, capacity) = (record.layout.size as usize, Some(Expression::Integer(1)));
            let max_bytes = record.layout.size;
            self.rooms.push(Room { parameter: index, element, capacity, max_bytes, site: Site::Scratch });
        }
        if record.direction.is_out() {
            self.gives.push(Give::Record { parameter: index, id: record.id });
        }
    }

    fn buffer(&mut self, shapes: &Translations, function: &Function, index: usize, buffer: &Buffer) {
        let element = buffer.element.size();
        let (reads, writes) = (buffer.direction.is_in(), buffer.direction.is_out());
        let plain = is_plain(shapes, buffer.element);
        self.lifetimes.extend(buffer.retain.map(|lifetime| (index, lifetime)));
        if reads {
            self.fenced.extend((writes && !is_text(buffer.element)).then_some(index));
            self.take(index, 2, take_of(buffer, plain));
            if let Some(length) = &buffer.length
                && !is_filled_from(function, index)
                && !(writes && looks_at_results(length))
            {
                self.exact.push((index, element, length.clone()));
            }
        } else {
            let capacity = buffer.capacity.clone().filter(|capacity| !names_own_capacity(function, index, capacity));
            let site = match (buffer.retain, plain) {
                (Some(_), _) => Site::Kept,
                (None, true) => Site::Arena,
                (None, false) => Site::Scratch,
            };
            self.rooms.push(Room { parameter: index, element, capacity, max_bytes: buffer.max_bytes, site });
        }
        let length = buffer.length.clone();
        match (writes, buffer.retain, plain) {
            (false, ..) => {}
            (true, Some(_), _) => self.gives.push(Give::Block { parameter: index }),
            (true, None, false) => {
                self.gives.push(Give::Elements { parameter: index, element: buffer.element, length })
            }
            (true, None, true) => {
                let string = buffer.string || (buffer.text && buffer.length.is_none());
                self.gives.push(Give::Buffer { parameter: index, element, length, string });
            }
        }
    }

    fn cell(&mut self, index: usize, cell: &ScalarPointer) {
        let fill = |of| Fill { parameter: index, scalar: cell.scalar, cell: true, of: vec![of] };
        match cell.fill {
            Some(PointerFill::CapacityOf(of)) => self.capacities.push(fill(of)),
            Some(PointerFill::LengthOf(of)) => self.lengths.push(fill(of)),
            None if cell.direction.is_in() => {
                let range = Range::new(cell.range, cell.scalar);
                let take = Take::Cell { scalar: cell.scalar, range, null: cell.null };
                self.take(index, 1 + usize::from(cell.null), take);
            }
            None => self.blank_cells.push(index),
        }
        if cell.direction.is_out() && !cell.consumed {
            self.gives.push(Give::Cell { parameter: index, scalar: cell.scalar });
        }
    }
}

fn is_text(element: Element) -> bool {
    matches!(element, Element::Text { .. })
}

fn take_of(buffer: &Buffer, plain: bool) -> Take {
    let Buffer { element, max_bytes, null, .. } = *buffer;
    if plain {
        let (written, kept) = (buffer.direction.is_out(), buffer.retain.is_some());
        Take::Buffer { element: element.size(), written, max_bytes, null, kept }
    } else {
        Take::Elements { element, written: buffer.direction.is_out() && !is_text(element), max_bytes, null }
    }
}

/// The type of what an expression means by a parameter, or by `*parameter`.
pub(super) fn scalar_of(role: &Shape) -> Option<Scalar> {
    match role {
        Shape::CapacityOf(CapacityOf { scalar, .. })
        | Shape::LengthOf(LengthOf { scalar, .. })
        | Shape::Number(NumberArgument { scalar, .. }) => Some(*scalar),
        Shape::ScalarPointer(cell) => Some(cell.scalar),
        // An address, for functions of the library alone: see `references`.
        Shape::Handle(_) | Shape::OutPointer(OutPointer { pointed: Pointed::Handle { .. }, .. }) => Some(Scalar::U64),
        _ => None,
    }
}

/// Whether some parameter is filled in from this buffer's length.
fn is_filled_from(function: &Function, buffer: usize) -> bool {
    function.parameters.iter().any(|parameter| match &parameter.shape {
        Shape::LengthOf(LengthOf { of, .. }) => of.contains(&buffer),
        Shape::ScalarPointer(cell) => cell.fill == Some(PointerFill::LengthOf(buffer)),
        _ => false,
    })
}

/// Whether a buffer's capacity is nothing but the parameter that is filled in from its capacity: then it is its `max`.
fn names_own_capacity(function: &Function, buffer: usize, capacity: &Expression) -> bool {
    match capacity {
        Expression::Parameter(index) => {
            matches!(&function.parameters[*index].shape, Shape::CapacityOf(CapacityOf { of, .. }) if *of == buffer)
        }
        Expression::Dereference(index) => {
            matches!(&function.parameters[*index].shape, Shape::ScalarPointer(cell) if cell.fill == Some(PointerFill::CapacityOf(buffer)))
        }
        _ => false,
    }
}

/// Whether the expression can only be known after the call.
fn looks_at_results(expression: &Expression) -> bool {
    any(expression, |part| matches!(part, Expression::Return | Expression::Dereference(_)))
}
