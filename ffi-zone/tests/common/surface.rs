//! An interface for `surface.c`.

use super::asking::handle;
use super::hand::{buffer, function, int, length_of};
use super::manifest;
use cloison_contract::Interface;
use cloison_contract::interface::{Function, Instances};
use cloison_contract::shape::{Direction, Element, NumberArgument, Pointed, Shape};
use cloison_contract::types::{Scalar, TypeId};

pub const PERSON_SIZE: usize = 56;
pub const MAX_THINGS: u32 = 20;

/// What the manifest says, and what manifests refuse: things that own things, an array of things as an argument, and numbers
/// behind `...` that are narrower than C passes them.
pub fn surface(instances: Instances) -> Interface {
    let mut interface = manifest("surface", instances);
    let id = interface.types.iter().position(|definition| definition.name == "thing").expect("things");
    let id = TypeId(id as u32);
    let things = handle(&mut interface, "thing");
    assert_eq!(things.max_live, MAX_THINGS);
    things.owner = Some(id);
    for name in ["thing_child", "thing_parent"] {
        let Some(Pointed::Handle { owner, .. }) = &mut named(&mut interface, name).returns.pointer else {
            panic!("{name} gives a handle")
        };
        *owner = Some(0);
    }
    let narrow = [Scalar::I8, Scalar::U16, Scalar::Bool, Scalar::F32];
    for (parameter, narrow) in named(&mut interface, "total_small").parameters[1..].iter_mut().zip(narrow) {
        let Shape::Number(NumberArgument { scalar, .. }) = &mut parameter.shape else { panic!("a number") };
        *scalar = narrow;
        parameter.c_type = int(narrow);
    }
    let list = buffer("list", Scalar::U8, Direction::In, |buffer| buffer.element = Element::Handle { id });
    let parameters = vec![list, length_of("count", Scalar::U64, &[0])];
    interface.functions.push(function("things_sum", int(Scalar::I32), parameters, |_| {}));
    interface
}

fn named<'a>(interface: &'a mut Interface, name: &str) -> &'a mut Function {
    interface.functions.iter_mut().find(|function| function.name == name).expect("such a function")
}
