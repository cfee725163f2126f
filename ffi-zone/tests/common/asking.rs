//! An interface for `callbacks.c`.

use super::hand::{buffer, callback, function, int, length_of, number};
use super::{functions_of, load, manifest};
use cloison_contract::Interface;
use cloison_contract::expression::Expression;
use cloison_contract::interface::Instances;
use cloison_contract::shape::{Direction, Element};
use cloison_contract::types::{Handle, Scalar, TypeId, TypeKind};
use cloison_zone::marshal::functions::Functions;

/// What the manifest says, and two functions whose callables do what manifests refuse for now: change numbers in place, and
/// give objects.
pub fn asking(instances: Instances) -> Interface {
    let mut interface = manifest("callbacks", instances);
    let id = interface.types.iter().position(|definition| definition.name == "box").expect("boxes");
    let boxes = Element::Handle { id: TypeId(id as u32) };
    let values = vec![buffer("values", Scalar::I16, Direction::InOut, |_| {}), length_of("n", Scalar::I32, &[0])];
    let given = buffer("boxes", Scalar::U64, Direction::Out, |buffer| {
        (buffer.element, buffer.capacity) = (boxes, Some(Expression::Integer(1)));
    });
    let lend = vec![given, number("step", Scalar::I32)];
    for (name, parameters) in [("mirrored", values), ("lend", lend)] {
        interface.functions.push(function(name, int(Scalar::I32), vec![callback("f", parameters)], |_| {}));
    }
    interface
}

pub fn asking_functions(interface: Interface) -> Functions {
    functions_of(interface, load("callbacks.c"))
}

/// What is said of objects of that name.
pub fn handle<'a>(interface: &'a mut Interface, name: &str) -> &'a mut Handle {
    let definition = interface.types.iter_mut().find(|definition| definition.name == name).expect("such a type");
    let TypeKind::Handle(handle) = &mut definition.kind else { panic!("{name} is no handle") };
    handle
}
