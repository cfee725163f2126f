//! What a call has to do, worked out once for each function, so that a call itself only follows it.

use crate::marshal::kind::{Kind, real};
use cloison_contract::call::MAX_WORDS;
use cloison_contract::interface::{Function, Interface, Raises};
use cloison_contract::shape::{LengthOf, Lifetime, Literal, Pointed, PointerFill, Shape, Slots};
use cloison_contract::types::Scalar;
use cloison_contract::{FunctionId, Grant};
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
    /// What a failure raises.
    pub raises: Raises,
    /// How many arguments have no default.
    pub required: usize,
    /// Arguments that are skipped when there are too few of them, as `range()` does; hardly any function has such.
    pub leading: bool,
    /// What comes back.
    pub reply: Slots,
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
    /// The parameter's position in C.
    pub position: usize,
    /// Where its words stand in a request; they stand in C's order there.
    pub word: usize,
    /// What it becomes.
    pub kind: Kind,
    /// What stands for it when it is not passed.
    pub default: Option<Preset>,
    /// It has a default and stands before some that have none.
    pub leading: bool,
    /// What stands in the arena for it is good for one call: the library writes to it, keeps it or ends it.
    pub once: bool,
}

/// A default value.
#[derive(Debug)]
pub enum Preset {
    /// The value's word.
    Word(u64),
    /// A text.
    Text(Box<[u8]>),
    /// The bytes of a number.
    Bytes(Box<[u8]>),
    /// `None`.
    Null,
}

/// A length that is filled in.
#[derive(Debug)]
pub struct Length {
    /// Positions in [`Plan::arguments`] of the buffers, all of which must be equally long.
    pub of: Box<[usize]>,
    /// How large one element is, of each of them.
    pub element_bytes: Box<[u64]>,
    /// The most that the parameter's C type holds.
    pub most: i128,
    /// The parameter's name.
    pub name: Box<str>,
}

/// What is known of a function while its parameters are read.
#[derive(Debug)]
pub struct Names<'a> {
    /// The interface.
    pub interface: &'a Interface,
    /// The function.
    pub function: &'a Function,
    /// Positions of handles that something belongs to which the call makes.
    pub keepers: Vec<usize>,
}

impl Plan {
    /// Work it out. `None` if there is no such function, or one that no call can carry.
    pub fn new(interface: &Interface, grant: &Grant, index: u32) -> Option<Self> {
        let function = interface.functions.get(index as usize)?;
        let passed = function.arguments();
        let words = function.request_slots().words();
        if words > MAX_WORDS {
            return None;
        }
        let signature = function.signature(interface);
        let names = Names { interface, function, keepers: keepers(function) };
        let arguments: Box<[Argument]> =
            passed.iter().map(|&position| argument(&names, position)).collect::<Option<_>>()?;
        Some(Self {
            granted: grant.functions.contains(&FunctionId(index)),
            deadline: function.deadline.unwrap_or(interface.sandbox.deadline),
            words: words as u32,
            lengths: lengths(interface, function, &passed, &arguments),
            code: function.result.scalar(),
            explains: function.returns.message.is_some(),
            raises: function.returns.raises.clone(),
            required: arguments.iter().filter(|argument| argument.default.is_none()).count(),
            leading: arguments.iter().any(|argument| argument.leading),
            reply: function.reply_slots(),
            parameters: function.parameters.iter().map(|parameter| parameter.python_name().into()).collect(),
            signature: signature.strip_prefix(&*function.name).unwrap_or(&signature).into(),
            doc: function.docstring(interface).into(),
            arguments,
            ..Self::special(index, &function.name, interface)
        })
    }

    /// What is no function of the manifest: closing a handle and the like.
    pub fn special(id: u32, name: &str, interface: &Interface) -> Self {
        Self {
            id,
            name: name.into(),
            granted: true,
            deadline: interface.sandbox.deadline,
            arguments: Box::default(),
            words: 0,
            lengths: Box::default(),
            code: None,
            explains: false,
            raises: Raises::Native,
            required: 0,
            leading: false,
            reply: Slots::default(),
            parameters: Box::default(),
            signature: "()".into(),
            doc: "".into(),
        }
    }
}

fn argument(names: &Names<'_>, position: usize) -> Option<Argument> {
    let parameter = &names.function.parameters[position];
    let (kind, default) = Kind::of(parameter, position, names)?;
    let once = match &parameter.shape {
        Shape::Buffer(buffer) => buffer.direction.is_out(),
        Shape::Callback(callback) => callback.retain.is_some(),
        Shape::Handle(handle) => handle.consumed,
        Shape::Record(record) => record.direction.is_out(),
        _ => false,
    };
    let word = names.function.parameters[..position].iter().map(|parameter| parameter.shape.request_words()).sum();
    Some(Argument {
        name: parameter.python_name().into(),
        position,
        word,
        kind,
        default,
        leading: parameter.leading,
        once,
    })
}

/// The positions of handles to which something belongs that the call makes or passes.
fn keepers(function: &Function) -> Vec<usize> {
    let place = |pointed: &Pointed| match pointed {
        Pointed::Handle { owner, .. } => *owner,
        _ => None,
    };
    let kept = |lifetime: Option<Lifetime>| match lifetime {
        Some(Lifetime::Parameter(position)) => Some(position),
        _ => None,
    };
    let mut keepers: Vec<usize> = function.returns.pointer.iter().filter_map(place).collect();
    keepers.extend(function.parameters.iter().filter_map(|parameter| match &parameter.shape {
        Shape::Buffer(buffer) => kept(buffer.retain),
        Shape::Callback(callback) => kept(callback.retain),
        Shape::OutPointer(made) => place(&made.pointed),
        _ => None,
    }));
    keepers
}

impl Preset {
    /// A number's word.
    pub fn number(number: Literal, scalar: Scalar) -> Self {
        match number {
            number if scalar.is_float() => Self::Word(real(number).to_bits()),
            Literal::Integer(value) => Self::Word(value as u64),
            Literal::Float(value) => Self::Word(value as i64 as u64),
        }
    }
}

fn lengths(interface: &Interface, function: &Function, passed: &[usize], arguments: &[Argument]) -> Box<[Length]> {
    let among = |positions: &[usize]| -> Box<[usize]> {
        positions.iter().filter_map(|wanted| passed.iter().position(|position| position == wanted)).collect()
    };
    let most = |scalar: Scalar| scalar.bounds().map_or(i128::MAX, |(_, most)| most);
    function
        .parameters
        .iter()
        .filter_map(|parameter| {
            let (of, scalar) = match &parameter.shape {
                Shape::LengthOf(LengthOf { scalar, of }) => (among(of), *scalar),
                Shape::ScalarPointer(cell) => match cell.fill {
                    Some(PointerFill::LengthOf(of)) => (among(&[of]), cell.scalar),
                    _ => return None,
                },
                _ => return None,
            };
            let element_bytes = of.iter().map(|&index| arguments[index].kind.element_bytes(interface)).collect();
            Some(Length { of, element_bytes, most: most(scalar), name: parameter.name.as_str().into() })
        })
        .collect()
}
