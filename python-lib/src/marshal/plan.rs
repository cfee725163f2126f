//! What a call has to do, worked out once for each function, so that a call itself only follows it.

#![deny(clippy::wildcard_enum_match_arm)]

use crate::marshal::callback::CallbackPlan;
use crate::marshal::encode::number::{Numbers, real};
use cloison_contract::call::MAX_WORDS;
use cloison_contract::interface::LibraryLocation;
use cloison_contract::interface::{Function, Interface, Raises};
use cloison_contract::shape::{Element, Lifetime, Literal, Pointed, PointerFill, Position, Shape, Slot, Slots};
use cloison_contract::types::Scalar;
use cloison_contract::{FunctionId, Grant};
use std::rc::Rc;
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
    /// It waits in a host service, which hears of an interruption.
    pub waits: bool,
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

/// One argument of a function, or one result of a callable: what is encoded into a slot.
#[derive(Debug)]
pub struct Argument {
    /// Its name in Python.
    pub name: Box<str>,
    /// What it is, and where its words stand.
    pub slot: Slot,
    /// Which numbers fit, if it is one.
    pub numbers: Option<Numbers>,
    /// What becomes of a question to it, if it is a callable.
    pub callback: Option<Rc<CallbackPlan>>,
    /// Something that the call makes belongs to this handle.
    pub keeps: bool,
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
pub struct ParameterNames<'a> {
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
        let slots = function.request_slots();
        if slots.words() > MAX_WORDS {
            return None;
        }
        let signature = function.signature(interface);
        let names = ParameterNames { interface, function, keepers: keepers(function) };
        let arguments: Box<[Argument]> =
            passed.iter().map(|&position| argument(&names, &slots, position)).collect::<Option<_>>()?;
        Some(Self {
            granted: grant.functions.contains(&FunctionId(index)),
            deadline: function.deadline.unwrap_or(interface.sandbox.deadline),
            waits: function.blocking && matches!(interface.library.location, LibraryLocation::Host(_)),
            words: slots.words() as u32,
            lengths: lengths(function, &passed, &arguments),
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
            waits: false,
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

fn argument(names: &ParameterNames<'_>, slots: &Slots, position: usize) -> Option<Argument> {
    let parameter = &names.function.parameters[position];
    let slot = slots.iter().find(|slot| slot.position == Position::Parameter(position))?;
    let argument = Argument::new(names, parameter.python_name().into(), slot)?;
    Some(Argument { leading: parameter.leading, keeps: names.keepers.contains(&position), ..argument })
}

impl Argument {
    /// What is encoded into that slot, of a request or of an answer. `None` if Python can pass no such thing.
    pub fn new(names: &ParameterNames<'_>, name: Box<str>, slot: &Slot) -> Option<Self> {
        let (mut numbers, mut callback, mut once) = (None, None, false);
        let default = match &slot.shape {
            Shape::Buffer(buffer) => {
                match buffer.element {
                    Element::Record { .. } | Element::Scalar(_) | Element::Text { .. } => {}
                    Element::Handle { .. } => return None,
                }
                once = buffer.direction.is_out();
                buffer.default_none.then_some(Preset::Null)
            }
            Shape::Callback(wanted) => {
                callback = Some(Rc::new(CallbackPlan::new(names, &name, wanted)?));
                once = wanted.retain.is_some();
                wanted.default_none.then_some(Preset::Word(0))
            }
            Shape::Handle(handle) => {
                once = handle.consumed;
                handle.default_none.then_some(Preset::Word(0))
            }
            Shape::Number(number) => {
                numbers = Some(Numbers::new(number.scalar, number.range));
                number.default.map(|default| Preset::number(default, number.scalar))
            }
            Shape::Record(record) => {
                once = record.direction.is_out();
                record.default_none.then_some(Preset::Null)
            }
            Shape::ScalarPointer(pointer) => {
                numbers = Some(Numbers::new(pointer.scalar, pointer.range));
                pointer.default.map(|default| Preset::number(default, pointer.scalar))
            }
            Shape::Text(text) => text.default.as_ref().map(|default| match default {
                Some(text) => Preset::Text(text.as_bytes().into()),
                None => Preset::Null,
            }),
            Shape::Wide(wide) => wide.default.map(|(real, imaginary)| {
                Preset::Bytes(cloison_codec::wide::encode(wide.wide, real, imaginary).into_boxed_slice())
            }),
            // Nobody passes these.
            Shape::CapacityOf(_) | Shape::Constant(_) | Shape::LengthOf(_) | Shape::OutPointer(_) => return None,
        };
        Some(Self { name, slot: slot.clone(), numbers, callback, keeps: false, default, leading: false, once })
    }

    /// How large one element is, of a buffer.
    fn element_bytes(&self) -> u64 {
        self.slot.shape.buffer().map_or(1, |buffer| buffer.element.size().max(1) as u64)
    }
}

/// The positions of handles to which something belongs that the call makes or passes.
fn keepers(function: &Function) -> Vec<usize> {
    let place = |pointed: &Pointed| match pointed {
        Pointed::Handle { owner, .. } => *owner,
        Pointed::Buffer { .. } | Pointed::Record { .. } | Pointed::String(_) => None,
    };
    let kept = |lifetime: Option<Lifetime>| match lifetime {
        Some(Lifetime::Parameter(position)) => Some(position),
        Some(Lifetime::Return) | None => None,
    };
    let mut keepers: Vec<usize> = function.returns.pointer.iter().filter_map(place).collect();
    keepers.extend(function.parameters.iter().filter_map(|parameter| match &parameter.shape {
        Shape::Buffer(buffer) => kept(buffer.retain),
        Shape::Callback(callback) => kept(callback.retain),
        Shape::OutPointer(made) => place(&made.pointed),
        // The zone keeps the copy of a text; nothing here refers to it.
        Shape::Text(_) => None,
        Shape::CapacityOf(_)
        | Shape::Constant(_)
        | Shape::Handle(_)
        | Shape::LengthOf(_)
        | Shape::Number(_)
        | Shape::Record(_)
        | Shape::ScalarPointer(_)
        | Shape::Wide(_) => None,
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

fn lengths(function: &Function, passed: &[usize], arguments: &[Argument]) -> Box<[Length]> {
    let among = |positions: &[usize]| -> Box<[usize]> {
        positions.iter().filter_map(|wanted| passed.iter().position(|position| position == wanted)).collect()
    };
    let most = |scalar: Scalar| scalar.bounds().map_or(i128::MAX, |(_, most)| most);
    function
        .parameters
        .iter()
        .filter_map(|parameter| {
            let (of, scalar) = match &parameter.shape {
                Shape::LengthOf(length) => (among(&length.of), length.scalar),
                Shape::ScalarPointer(pointer) => match pointer.fill {
                    Some(PointerFill::LengthOf(of)) => (among(&[of]), pointer.scalar),
                    Some(PointerFill::CapacityOf(_)) | None => return None,
                },
                Shape::Buffer(_)
                | Shape::Callback(_)
                | Shape::CapacityOf(_)
                | Shape::Constant(_)
                | Shape::Handle(_)
                | Shape::Number(_)
                | Shape::OutPointer(_)
                | Shape::Record(_)
                | Shape::Text(_)
                | Shape::Wide(_) => return None,
            };
            let element_bytes = of.iter().map(|&index| arguments[index].element_bytes()).collect();
            Some(Length { of, element_bytes, most: most(scalar), name: parameter.name.as_str().into() })
        })
        .collect()
}
