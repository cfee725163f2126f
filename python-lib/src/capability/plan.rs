//! What a call has to do, worked out once for each function, so that a call itself only follows it.

use cloison_capabilities::call::MAX_WORDS;
use cloison_capabilities::interface::{CellFill, Function, Interface, Number, Pointed, Role};
use cloison_capabilities::types::{CType, Scalar};
use cloison_capabilities::{FunctionId, Grant};
use std::time::Duration;

/// A function as its caller sees it.
#[derive(Debug)]
pub struct Plan {
    /// Its number for the zone.
    pub id: u32,
    /// The name in Python, as errors show it.
    pub name: Box<str>,
    /// Whether the grant has it.
    pub granted: bool,
    /// How long a call may take.
    pub deadline: Duration,
    /// What Python passes, in Python's order.
    pub arguments: Box<[Argument]>,
    /// How many words a request has.
    pub words: u32,
    /// Lengths that are filled in from buffers.
    pub lengths: Box<[Length]>,
    /// How an error code is shown: `None` for a pointer, which is NULL then.
    pub code: Option<Scalar>,
    /// The manifest names a function that explains errors.
    pub explains: bool,
    /// What comes back, in order.
    pub results: Box<[Output]>,
    /// The parameters' names, for errors that the zone reports by position.
    pub parameters: Box<[Box<str>]>,
    /// As `inspect` reads it: `(source: Buffer, level: int = -1) -> bytes`.
    pub signature: Box<str>,
    /// The docstring.
    pub doc: Box<str>,
}

/// One argument.
#[derive(Debug)]
pub struct Argument {
    /// Its name in Python.
    pub name: Box<str>,
    /// Where its words stand in a request; they stand in C's order there.
    pub word: usize,
    /// What it becomes.
    pub kind: Kind,
    /// What stands for it when it is not passed.
    pub default: Option<Preset>,
}

/// A default value.
#[derive(Debug)]
pub enum Preset {
    /// The value's word.
    Word(u64),
    /// A text.
    Text(Box<[u8]>),
    /// `None`.
    Null,
}

/// What an argument becomes.
#[derive(Debug)]
pub enum Kind {
    /// One word.
    Integer(Integers),
    /// One word.
    Float(Floats),
    /// A word that says whether the value is there, then the value.
    OptionalInteger(Integers),
    /// Likewise.
    OptionalFloat(Floats),
    /// Offset and length.
    Buffer(Bulk),
    /// Offset and length; the length without the NUL.
    Text {
        /// `str` is not taken.
        bytes: bool,
        /// `None` is.
        null: bool,
        /// The most bytes.
        max_bytes: u64,
    },
}

/// Which integers fit.
#[derive(Clone, Copy, Debug)]
pub struct Integers {
    /// The C type.
    pub scalar: Scalar,
    /// What the C type holds.
    pub bounds: (i128, i128),
    /// What the manifest allows of it.
    pub range: Option<(i128, i128)>,
}

/// Which floats fit.
#[derive(Clone, Copy, Debug)]
pub struct Floats {
    /// `float` instead of `double`.
    pub single: bool,
    /// What the manifest allows.
    pub range: Option<(f64, f64)>,
}

/// An input buffer.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    /// The element's type.
    pub element: Scalar,
    /// The most bytes.
    pub max_bytes: u64,
    /// `None` is taken.
    pub null: bool,
}

/// A length that is filled in.
#[derive(Debug)]
pub struct Length {
    /// Positions in [`Plan::arguments`] of the buffers, all of which must be equally long.
    pub of: Box<[usize]>,
    /// The most that the parameter's C type holds.
    pub most: i128,
    /// The parameter's name.
    pub name: Box<str>,
}

/// One result.
#[derive(Clone, Copy, Debug)]
pub enum Output {
    /// One word.
    Integer(Scalar),
    /// One word.
    Float,
    /// Offset and length.
    Bulk {
        /// The element's type.
        element: Scalar,
        /// The most bytes.
        max_bytes: u64,
        /// `str` instead of `bytes`.
        text: bool,
        /// NULL becomes `None`.
        null: bool,
    },
}

impl Plan {
    /// Work it out. `None` if there is no such function, or one that no call can carry.
    pub fn new(interface: &Interface, grant: &Grant, index: u32) -> Option<Self> {
        let function = interface.functions.get(index as usize)?;
        let passed = function.arguments();
        let words = function.request_words();
        if words > MAX_WORDS {
            return None;
        }
        let signature = function.signature();
        Some(Self {
            id: index,
            name: function.name.as_str().into(),
            granted: grant.functions.contains(&FunctionId(index)),
            deadline: function.deadline.unwrap_or(interface.sandbox.deadline),
            arguments: passed.iter().map(|&position| argument(function, position)).collect::<Option<_>>()?,
            words: words as u32,
            lengths: lengths(function, &passed),
            code: match function.result {
                CType::Scalar { scalar, .. } => Some(scalar),
                _ => None,
            },
            explains: function.returns.message.is_some(),
            results: results(function, interface.sandbox.call_bytes),
            parameters: function.parameters.iter().map(|parameter| parameter.python_name().into()).collect(),
            signature: signature.strip_prefix(&*function.name).unwrap_or(&signature).into(),
            doc: function.docstring().into(),
        })
    }
}

fn argument(function: &Function, position: usize) -> Option<Argument> {
    let parameter = &function.parameters[position];
    let (kind, default) = match &parameter.role {
        Role::Buffer(buffer) => {
            let bulk = Bulk { element: buffer.element.scalar()?, max_bytes: buffer.max_bytes, null: buffer.null };
            (Kind::Buffer(bulk), buffer.default_none.then_some(Preset::Null))
        }
        Role::Cell(cell) => {
            let kind = match (integers(cell.scalar, cell.range), cell.null) {
                (Some(integers), false) => Kind::Integer(integers),
                (Some(integers), true) => Kind::OptionalInteger(integers),
                (None, false) => Kind::Float(floats(cell.scalar, cell.range)),
                (None, true) => Kind::OptionalFloat(floats(cell.scalar, cell.range)),
            };
            (kind, cell.default.map(|number| preset(number, cell.scalar)))
        }
        Role::Number { scalar, range, default, .. } => {
            let kind = match integers(*scalar, *range) {
                Some(integers) => Kind::Integer(integers),
                None => Kind::Float(floats(*scalar, *range)),
            };
            (kind, default.map(|number| preset(number, *scalar)))
        }
        Role::Text(text) => (
            Kind::Text { bytes: text.bytes, null: text.null, max_bytes: text.max_bytes },
            text.default.as_ref().map(|default| match default {
                Some(text) => Preset::Text(text.as_bytes().into()),
                None => Preset::Null,
            }),
        ),
        // Nobody passes these.
        _ => return None,
    };
    let word = function.parameters[..position].iter().map(|parameter| parameter.role.request_words()).sum();
    Some(Argument { name: parameter.python_name().into(), word, kind, default })
}

fn integers(scalar: Scalar, range: Option<(Number, Number)>) -> Option<Integers> {
    let bounds = scalar.bounds()?;
    let whole = |number| match number {
        Number::Integer(value) => value,
        Number::Float(value) => value as i128,
    };
    Some(Integers { scalar, bounds, range: range.map(|(least, most)| (whole(least), whole(most))) })
}

fn floats(scalar: Scalar, range: Option<(Number, Number)>) -> Floats {
    Floats { single: scalar == Scalar::F32, range: range.map(|(least, most)| (real(least), real(most))) }
}

fn real(number: Number) -> f64 {
    match number {
        Number::Float(value) => value,
        Number::Integer(value) => value as f64,
    }
}

fn preset(number: Number, scalar: Scalar) -> Preset {
    match number {
        number if scalar.is_float() => Preset::Word(real(number).to_bits()),
        Number::Integer(value) => Preset::Word(value as u64),
        Number::Float(value) => Preset::Word(value as i64 as u64),
    }
}

fn lengths(function: &Function, passed: &[usize]) -> Box<[Length]> {
    let among = |positions: &[usize]| -> Box<[usize]> {
        positions.iter().filter_map(|wanted| passed.iter().position(|position| position == wanted)).collect()
    };
    let most = |scalar: Scalar| scalar.bounds().map_or(i128::MAX, |(_, most)| most);
    function
        .parameters
        .iter()
        .filter_map(|parameter| {
            let (of, scalar) = match &parameter.role {
                Role::LengthOf { scalar, of } => (among(of), *scalar),
                Role::Cell(cell) => match cell.fill {
                    Some(CellFill::LengthOf(of)) => (among(&[of]), cell.scalar),
                    _ => return None,
                },
                _ => return None,
            };
            Some(Length { of, most: most(scalar), name: parameter.name.as_str().into() })
        })
        .collect()
}

fn results(function: &Function, call_bytes: u64) -> Box<[Output]> {
    let mut results = Vec::new();
    if function.returns.kept {
        match (&function.returns.pointer, &function.result) {
            (Some(Pointed::String(string)), _) => results.push(Output::Bulk {
                element: Scalar::U8,
                max_bytes: call_bytes,
                text: string.text,
                null: string.null,
            }),
            (None, CType::Scalar { scalar, .. }) => results.push(number(*scalar)),
            _ => {}
        }
    }
    for parameter in &function.parameters {
        match &parameter.role {
            Role::Buffer(buffer) if parameter.role.is_result() => results.push(Output::Bulk {
                element: buffer.element.scalar().unwrap_or(Scalar::U8),
                max_bytes: buffer.max_bytes,
                text: buffer.text,
                null: buffer.null,
            }),
            Role::Cell(cell) if parameter.role.is_result() => results.push(number(cell.scalar)),
            _ => {}
        }
    }
    results.into()
}

fn number(scalar: Scalar) -> Output {
    if scalar.is_float() { Output::Float } else { Output::Integer(scalar) }
}
