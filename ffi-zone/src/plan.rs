//! What has to be done for one function, worked out once: the roles of an interface as steps in the order of a call.
//!
//! ```text
//!   takes    the request's words, in C order: numbers, cells, strings, input buffers
//!   lengths  parameters filled in from the inputs' lengths, and inputs that must have a certain length
//!   rooms    output buffers: how much the library may write; then parameters filled in from that
//!   (call)
//!   fails    does the value say that it failed?
//!   gives    the value and the outputs, as the reply's words
//! ```
//!
//! This is pure: no pointer, no library. [`crate::marshal`] carries the steps out. What a later version adds (structs
//! by value, callbacks, handles) is a new role and with it new steps here; the order above does not change.

mod references;

pub use references::{any, expression_fits};

use crate::ffi::MAX_PARAMETERS;
use cloison_capabilities::call::MAX_WORDS;
use cloison_capabilities::expression::Expression;
use cloison_capabilities::interface::{Buffer, Cell, CellFill, Function, Message, Number, Pointed, Role, Text};
use cloison_capabilities::types::{CType, Scalar};
use cloison_capabilities::{FunctionId, Interface};

/// An interface that cannot be served. The manifest's parser should have refused it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A `message` or `free` function with the wrong parameters.
    #[error("`{function}` cannot be used as `{used_as}`: it must take one {takes} and return {returns}")]
    Auxiliary {
        /// Which.
        function: String,
        /// `message` or `free`.
        used_as: &'static str,
        /// What it should take.
        takes: &'static str,
        /// What it should return.
        returns: &'static str,
    },
    /// A position or number that points nowhere, or at something of the wrong kind.
    #[error("parameter `{parameter}` refers to something that does not fit")]
    Reference {
        /// Whose role.
        parameter: String,
    },
    /// More than [`MAX_PARAMETERS`].
    #[error("more than {MAX_PARAMETERS} parameters")]
    TooManyParameters,
    /// A request or a reply with more than [`MAX_WORDS`].
    #[error("more than {MAX_WORDS} words of arguments or results")]
    TooManyWords,
}

/// The smallest and largest value of a number, in terms that can be compared at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Whatever the type holds.
    Any,
    /// For `float` and `double`.
    Float(f64, f64),
    /// For the integer types.
    Integer(i128, i128),
}

impl Range {
    fn new(range: Option<(Number, Number)>, scalar: Scalar) -> Self {
        let float = |number| match number {
            Number::Float(value) => value,
            Number::Integer(value) => value as f64,
        };
        match range {
            None => Self::Any,
            Some((low, high)) if scalar.is_float() => Self::Float(float(low), float(high)),
            Some((Number::Integer(low), Number::Integer(high))) => Self::Integer(low, high),
            // Only an integer can be between two numbers with fractions.
            Some((low, high)) => Self::Integer(float(low).ceil() as i128, float(high).floor() as i128),
        }
    }
}

/// Takes words from the request.
#[derive(Clone, Debug, PartialEq)]
pub enum Take {
    /// Offset and length of an input or in-out buffer.
    Buffer {
        /// One element's size.
        element: usize,
        /// The library writes it too.
        written: bool,
        /// The most bytes.
        max_bytes: u64,
        /// May be NULL.
        null: bool,
    },
    /// A number that the library gets a pointer to.
    Cell {
        /// Its type.
        scalar: Scalar,
        /// What it may be.
        range: Range,
        /// A word before it says whether it is there.
        null: bool,
    },
    /// A number.
    Number {
        /// Its type.
        scalar: Scalar,
        /// What it may be.
        range: Range,
    },
    /// Offset and length of a string.
    Text {
        /// The most bytes, without the NUL.
        max_bytes: u64,
        /// May be NULL.
        null: bool,
    },
}

/// Fills in a parameter from a buffer's length, or from its room.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// Which parameter.
    pub parameter: usize,
    /// Its type.
    pub scalar: Scalar,
    /// The library gets a pointer to it.
    pub cell: bool,
    /// The buffers, at least one.
    pub of: Vec<usize>,
}

/// Finds room for an output buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Which parameter.
    pub parameter: usize,
    /// One element's size.
    pub element: usize,
    /// How many elements; `None` is as many as `max_bytes` and the channel allow.
    pub capacity: Option<Expression>,
    /// The most bytes.
    pub max_bytes: u64,
}

/// Puts words into the reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Give {
    /// An output or in-out buffer.
    Buffer {
        /// Which parameter.
        parameter: usize,
        /// One element's size.
        element: usize,
        /// How many elements the library wrote; `None` is all there was room for.
        length: Option<Expression>,
        /// Ends before the first NUL.
        string: bool,
    },
    /// A number that the library got a pointer to.
    Cell {
        /// Which parameter.
        parameter: usize,
        /// Its type.
        scalar: Scalar,
    },
    /// The function's value, a string.
    String {
        /// NULL is a result; otherwise it is a failure.
        null: bool,
    },
    /// The function's value, a number.
    Value,
}

/// When the function's value means failure, and what the failure says.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// It failed unless this holds.
    pub unless: Option<Expression>,
    /// It failed if this holds.
    pub when: Option<Expression>,
    /// The failure carries `errno`.
    pub errno: bool,
    /// The function that turns the value (or, with `errno`, that) into text.
    pub message: Option<FunctionId>,
}

/// One function's steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How many words a request has.
    pub words: usize,
    /// Parameter by parameter, in C order.
    pub takes: Vec<(usize, Take)>,
    /// After `takes`.
    pub lengths: Vec<Fill>,
    /// Inputs that must have so many elements.
    pub exact: Vec<(usize, usize, Expression)>,
    /// Output buffers: those with a capacity of their own first.
    pub rooms: Vec<Room>,
    /// After `rooms`.
    pub capacities: Vec<Fill>,
    /// Parameters whose cell starts at zero.
    pub blank_cells: Vec<usize>,
    /// The type of each parameter that expressions may name.
    pub scalars: Vec<Option<Scalar>>,
    /// The value's type; `None` for `void` and pointers.
    pub value: Option<Scalar>,
    /// Whether the value is a pointer.
    pub returns_pointer: bool,
    /// How failures look.
    pub failure: Failure,
    /// In the reply's order.
    pub gives: Vec<Give>,
    /// The function that frees the value once it has been copied.
    pub free: Option<FunctionId>,
}

impl Plan {
    /// Works out the steps of one function.
    pub fn new(interface: &Interface, function: &Function) -> Result<Self, PlanError> {
        if function.parameters.len() > MAX_PARAMETERS {
            return Err(PlanError::TooManyParameters);
        }
        if function.request_words() > MAX_WORDS || function.reply_words() > MAX_WORDS {
            return Err(PlanError::TooManyWords);
        }
        references::check(interface, function)?;
        let mut plan = Self {
            words: 0,
            takes: Vec::new(),
            lengths: Vec::new(),
            exact: Vec::new(),
            rooms: Vec::new(),
            capacities: Vec::new(),
            blank_cells: Vec::new(),
            scalars: Vec::new(),
            value: match function.result {
                CType::Scalar { scalar, .. } => Some(scalar),
                _ => None,
            },
            returns_pointer: matches!(function.result, CType::Pointer { .. }),
            failure: Failure {
                unless: function.returns.error_unless.clone(),
                when: function.returns.error_if.clone(),
                errno: function.returns.errno,
                message: match function.returns.message {
                    Some(Message::Code(id)) => Some(id),
                    _ => None,
                },
            },
            gives: Vec::new(),
            free: references::free_of(&function.returns),
        };
        plan.give_value(function);
        for (index, parameter) in function.parameters.iter().enumerate() {
            plan.scalars.push(scalar_of(&parameter.role));
            match &parameter.role {
                Role::Buffer(buffer) => plan.buffer(function, index, buffer),
                Role::CapacityOf { scalar, of } => {
                    plan.capacities.push(Fill { parameter: index, scalar: *scalar, cell: false, of: vec![*of] });
                }
                Role::Cell(cell) => plan.cell(index, cell),
                Role::LengthOf { scalar, of } => {
                    plan.lengths.push(Fill { parameter: index, scalar: *scalar, cell: false, of: of.clone() });
                }
                Role::Callback(_)
                | Role::Constant { .. }
                | Role::Handle(_)
                | Role::Place(_)
                | Role::Record(_)
                | Role::Wide { .. } => return Err(PlanError::Reference { parameter: parameter.name.clone() }),
                Role::Number { scalar, range, .. } => {
                    plan.take(index, 1, Take::Number { scalar: *scalar, range: Range::new(*range, *scalar) });
                }
                Role::Text(Text { max_bytes, null, .. }) => {
                    plan.take(index, 2, Take::Text { max_bytes: *max_bytes, null: *null });
                }
            }
        }
        plan.settle_rooms();
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

    fn give_value(&mut self, function: &Function) {
        if !function.returns.kept {
            return;
        }
        match (&function.returns.pointer, self.value) {
            (Some(Pointed::String(string)), _) if self.returns_pointer => {
                self.gives.push(Give::String { null: string.null })
            }
            (_, Some(_)) => self.gives.push(Give::Value),
            _ => {}
        }
    }

    fn buffer(&mut self, function: &Function, index: usize, buffer: &Buffer) {
        let element = buffer.element.size();
        let (reads, writes) = (buffer.direction.is_in(), buffer.direction.is_out());
        if reads {
            let take = Take::Buffer { element, written: writes, max_bytes: buffer.max_bytes, null: buffer.null };
            self.take(index, 2, take);
            if let Some(length) = &buffer.length
                && !is_filled_from(function, index)
                && !(writes && looks_at_results(length))
            {
                self.exact.push((index, element, length.clone()));
            }
        } else {
            let capacity = buffer.capacity.clone().filter(|capacity| !names_own_capacity(function, index, capacity));
            self.rooms.push(Room { parameter: index, element, capacity, max_bytes: buffer.max_bytes });
        }
        if writes {
            let string = buffer.string || (buffer.text && buffer.length.is_none());
            self.gives.push(Give::Buffer { parameter: index, element, length: buffer.length.clone(), string });
        }
    }

    fn cell(&mut self, index: usize, cell: &Cell) {
        let fill = |of| Fill { parameter: index, scalar: cell.scalar, cell: true, of: vec![of] };
        match cell.fill {
            Some(CellFill::CapacityOf(of)) => self.capacities.push(fill(of)),
            Some(CellFill::LengthOf(of)) => self.lengths.push(fill(of)),
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

/// The type of what an expression means by a parameter, or by `*parameter`.
fn scalar_of(role: &Role) -> Option<Scalar> {
    match role {
        Role::CapacityOf { scalar, .. } | Role::LengthOf { scalar, .. } | Role::Number { scalar, .. } => Some(*scalar),
        Role::Cell(cell) => Some(cell.scalar),
        _ => None,
    }
}

/// Whether some parameter is filled in from this buffer's length.
fn is_filled_from(function: &Function, buffer: usize) -> bool {
    function.parameters.iter().any(|parameter| match &parameter.role {
        Role::LengthOf { of, .. } => of.contains(&buffer),
        Role::Cell(cell) => cell.fill == Some(CellFill::LengthOf(buffer)),
        _ => false,
    })
}

/// Whether a buffer's capacity is nothing but the parameter that is filled in from its capacity: then it is its `max`.
fn names_own_capacity(function: &Function, buffer: usize, capacity: &Expression) -> bool {
    match capacity {
        Expression::Parameter(index) => {
            matches!(&function.parameters[*index].role, Role::CapacityOf { of, .. } if *of == buffer)
        }
        Expression::Cell(index) => {
            matches!(&function.parameters[*index].role, Role::Cell(cell) if cell.fill == Some(CellFill::CapacityOf(buffer)))
        }
        _ => false,
    }
}

/// Whether the expression can only be known after the call.
fn looks_at_results(expression: &Expression) -> bool {
    any(expression, |part| matches!(part, Expression::Return | Expression::Cell(_)))
}
