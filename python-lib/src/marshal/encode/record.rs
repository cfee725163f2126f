//! One struct or union: offset and length, or NULL. Every part is checked, and named when it does not fit:
//! `move(): shape.corners[2].x …`.

use super::number::{self, Floats, Integers};
use super::{elements, text, wide};
use crate::call::session::Session;
use crate::errors::place::{ArgumentPlace, Part};
use crate::marshal::arguments::Prepared;
use crate::marshal::value::ZoneValue;
use crate::objects::handle;
use cloison_codec::records::{self as codec, Packed, is_byte};
use cloison_contract::call::NULL;
use cloison_contract::shape::RecordArgument;
use cloison_contract::types::{CType, Member, MemberRole, Record, Scalar, TypeId};
use rustpython_vm::builtins::{PyBytes, PyDict, PyStr};
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

#[inline(never)]
pub(super) fn encode(
    prepared: &mut Prepared<'_>,
    word: usize,
    wanted: &RecordArgument,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if wanted.null && vm.is_none(value) {
        prepared.request.words[word] = NULL;
        return Ok(());
    }
    let record = record(prepared.session, wanted.id, value, place, vm)?;
    let mut packed = Packed::default();
    packed.push_record(&prepared.session.description.interface.types, wanted.id, &record);
    prepared.place_packed(word, packed);
    Ok(())
}

/// A record object or a mapping, as the members' values.
pub(super) fn record(
    session: &Session,
    id: TypeId,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<ZoneValue> {
    let Some(record) = Record::of(&session.description.interface.types, id) else {
        return Err(place.type_error("a record", value, vm));
    };
    let object = object(session, id, value, place, vm)?;
    if record.union {
        return union(session, id, record, record.live, &object, place, vm);
    }
    let names = session.description.classes.names(id, vm)?;
    let mut values: Vec<ZoneValue> = Vec::with_capacity(record.members.len());
    for (member, name) in record.members.iter().zip(&*names) {
        if member.role == MemberRole::Hidden {
            values.push(ZoneValue::Null);
            continue;
        }
        let step = place.step(Part::Member(&member.name));
        let part = object.get_attr(name, vm)?;
        values.push(self::member(session, (record, member, &object, &names), &part, place.at(&step), vm)?);
    }
    Ok(ZoneValue::Record(id, values))
}

/// The object itself, or one made from a mapping.
fn object(
    session: &Session,
    id: TypeId,
    value: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<PyObjectRef> {
    let class = session.description.classes.class(id, vm)?;
    if value.class().fast_issubclass(&class) {
        return Ok(value.to_owned());
    }
    let called = &session.description.interface.types[id.0 as usize].name;
    if value.class().get_attr(vm.ctx.intern_str("keys")).is_none() {
        return Err(place.type_error(&format!("{called} or a mapping"), value, vm));
    }
    let names = session.description.classes.names(id, vm)?;
    let members =
        Record::of(&session.description.interface.types, id).map_or(&[][..], |record| record.members.as_slice());
    let seen = members.iter().zip(&*names).filter(|(member, _)| member.role != MemberRole::Hidden);
    let known: Vec<&str> = seen.filter_map(|(_, name)| name.to_str()).collect();
    let dict = PyDict::default().into_ref(&vm.ctx);
    vm.call_method(dict.as_object(), "update", (value.to_owned(),))?;
    let keywords: KwArgs = dict
        .into_iter()
        .map(|(name, value)| match name.downcast_ref::<PyStr>().and_then(|name| name.to_str()) {
            Some(name) if known.contains(&name) => Ok((name.to_owned(), value)),
            Some(name) => Err(place.no_member(name, called, &known, vm)),
            None => Err(place.type_error("a mapping with names as keys", name.as_object(), vm)),
        })
        .collect::<PyResult<_>>()?;
    class.as_object().call(FuncArgs::new(Vec::new(), keywords), vm)
}

type Whole<'a> = (&'a Record, &'a Member, &'a PyObject, &'a [rustpython_vm::builtins::PyStrRef]);

fn member(
    session: &Session,
    (record, member, whole, names): Whole<'_>,
    part: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<ZoneValue> {
    match &member.role {
        MemberRole::Hidden => Ok(ZoneValue::Null),
        MemberRole::Handle { null: true, .. } | MemberRole::Text { null: true, .. } if vm.is_none(part) => {
            Ok(ZoneValue::Null)
        }
        MemberRole::Handle { id, .. } => {
            let core = handle::passed(&session.home, *id, false, part, place, vm)?;
            Ok(core.map_or(ZoneValue::Null, |core| ZoneValue::Unsigned(core.word())))
        }
        MemberRole::Text { bytes, .. } => {
            text::bytes(part, *bytes, session.description.interface.sandbox.call_bytes, place, vm)
                .map(|text| ZoneValue::Bytes(text.to_vec()))
        }
        MemberRole::TextArray => {
            // One that is full has no NUL, as C's `strncpy` leaves it: what a library gives can be given back.
            let room = member.c_type.layout().map_or(0, |layout| layout.size);
            text::bytes(part, false, room, place, vm).map(|text| ZoneValue::Bytes(text.to_vec()))
        }
        MemberRole::Union { by, cases } => {
            let CType::Record { id, .. } = &member.c_type else { return Ok(ZoneValue::Null) };
            let Some(union) = Record::of(&session.description.interface.types, *id) else { return Ok(ZoneValue::Null) };
            let by_member = &record.members[*by];
            let chosen = whole.get_attr(&names[*by], vm)?;
            let step = place.step(Part::Member(&by_member.name));
            let chosen = self::member(session, (record, by_member, whole, names), &chosen, place.at(&step), vm)?;
            let live = codec::case(cases, codec::number(&chosen, &session.description.interface.types)).or(union.live);
            if live.is_none() && vm.is_none(part) {
                return Ok(ZoneValue::Null);
            }
            let object = object(session, *id, part, place, vm)?;
            self::union(session, *id, union, live, &object, place, vm)
        }
        MemberRole::Value => match (member.bits, member.c_type.scalar()) {
            (Some(bits), Some(scalar)) => match Integers::of_bits(scalar, bits.width) {
                Some(integers) => self::scalar(session, &member.c_type, integers, part, place, vm),
                None => Err(place.type_error("a number", part, vm)),
            },
            _ => self::value(session, &member.c_type, part, place, vm),
        },
    }
}

/// The live member, which must be the one that is live in C.
fn union(
    session: &Session,
    id: TypeId,
    record: &Record,
    live: Option<usize>,
    object: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<ZoneValue> {
    let names = session.description.classes.names(id, vm)?;
    let given: PyObjectRef = object.get_attr("_member", vm)?;
    let given = names
        .iter()
        .position(|name| given.downcast_ref::<PyStr>().is_some_and(|given| given.as_wtf8() == name.as_wtf8()));
    let (Some(live), Some(given)) = (live, given) else {
        return Err(place.value_error("has no member that is live here", vm));
    };
    if live != given {
        let name = |index: usize| record.members.get(index).map_or("", |member| &member.name);
        let what = format!("has member {:?}, and the live one is {:?} here", name(given), name(live));
        return Err(place.value_error(&what, vm));
    }
    let content = object.get_attr("_content", vm)?;
    let member = &record.members[live];
    let step = place.step(Part::Member(&member.name));
    let value = self::member(session, (record, member, object, &names), &content, place.at(&step), vm)?;
    Ok(ZoneValue::Union(id, Box::new((live, value))))
}

fn value(
    session: &Session,
    c_type: &CType,
    part: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<ZoneValue> {
    match c_type {
        CType::Array { of, length } if is_byte(of) => bytes(part, *length, place, vm),
        CType::Array { of, length } => {
            let parts = elements::items(part, "a sequence", place, vm)?;
            if parts.len() as u64 != *length {
                return Err(place.value_error(&format!("has {} elements, and must have {length}", parts.len()), vm));
            }
            let values = parts.iter().enumerate().map(|(index, part)| {
                let step = place.step(Part::Index(index));
                value(session, of, part, place.at(&step), vm)
            });
            Ok(ZoneValue::List(values.collect::<PyResult<_>>()?))
        }
        CType::Enum { scalar, .. } | CType::Scalar { scalar, .. } => match Integers::new(*scalar, None) {
            Some(integers) => self::scalar(session, c_type, integers, part, place, vm),
            None => {
                let floats = Floats::new(*scalar, None);
                number::float(part, &floats, place, vm).map(|bits| ZoneValue::Float(f64::from_bits(bits)))
            }
        },
        CType::Record { id, .. } => record(session, *id, part, place, vm),
        CType::Wide(kind) => wide::value(part, *kind, place, vm),
        CType::Function(_) | CType::Opaque(_) | CType::Pointer { .. } | CType::Void => Ok(ZoneValue::Null),
    }
}

fn scalar(
    session: &Session,
    c_type: &CType,
    integers: Integers,
    part: &PyObject,
    place: ArgumentPlace<'_>,
    vm: &VirtualMachine,
) -> PyResult<ZoneValue> {
    if let CType::Enum { id, .. } = c_type {
        return number::named(session, *id, &integers, part, place, vm).map(|word| ZoneValue::Named(*id, word));
    }
    let word = number::integer(part, &integers, place, vm)?;
    Ok(if integers.scalar == Scalar::Bool {
        ZoneValue::Truth(word == 1)
    } else if integers.scalar.is_signed() {
        ZoneValue::Signed(word as i64)
    } else {
        ZoneValue::Unsigned(word)
    })
}

fn bytes(part: &PyObject, length: u64, place: ArgumentPlace<'_>, vm: &VirtualMachine) -> PyResult<ZoneValue> {
    let bytes = match part.downcast_ref::<PyBytes>() {
        Some(bytes) => bytes.as_bytes().to_vec(),
        None if part.check_buffer() => part.try_bytes_like(vm, <[u8]>::to_vec)?,
        None => return Err(place.type_error("a bytes-like object", part, vm)),
    };
    if bytes.len() as u64 > length {
        return Err(place.value_error(&format!("has {} bytes, and may have {length} at most", bytes.len()), vm));
    }
    Ok(ZoneValue::Bytes(bytes))
}
