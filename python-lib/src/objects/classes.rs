//! The Python classes of an interface: records, enumerations, handles, exceptions. Each is made when first needed, once
//! for a capability, so that what two calls give back is of one class.

use crate::marshal::value::{self, IntoObject, ZoneValue, complex_object};
use crate::objects::handle::{Core, Handle};
use crate::package::cloison_module;
use cloison_codec::records::{self as codec, is_byte};
use cloison_contract::Interface;
use cloison_contract::interface::Constant;
use cloison_contract::shape::Literal;
use cloison_contract::types::{CType, Definition, Member, MemberRole, Record, Scalar, TypeId, TypeKind};
use rustpython_vm::builtins::{PyDict, PyDictRef, PyStrRef, PyTypeRef};
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What has been made so far.
#[derive(Debug)]
pub struct Classes {
    interface: Rc<Interface>,
    /// Those of the interface in whose place this one has come: what is the same in both is of one class.
    before: Option<Rc<Self>>,
    types: RefCell<BTreeMap<TypeId, Class>>,
    exceptions: RefCell<BTreeMap<usize, PyTypeRef>>,
}

#[derive(Clone, Debug)]
struct Class {
    class: PyTypeRef,
    /// The members' names as attributes; hidden members keep their place.
    names: Rc<[PyStrRef]>,
    /// Of an enumeration: values and members.
    members: Option<PyObjectRef>,
}

impl Classes {
    /// Those of that interface; none yet.
    pub fn new(interface: Rc<Interface>, before: Option<Rc<Self>>) -> Self {
        Self { interface, before, types: RefCell::default(), exceptions: RefCell::default() }
    }

    /// The class of a type that was the same in the interface before.
    fn kept(&self, definition: &Definition, vm: &VirtualMachine) -> PyResult<Option<Class>> {
        let Some(before) = &self.before else { return Ok(None) };
        let same = |other: &Definition| other.name == definition.name && is_same(&other.kind, &definition.kind);
        let index = before.interface.types.iter().position(same);
        index.map(|index| before.get(TypeId(index as u32), vm)).transpose()
    }

    /// The class of an exception of that name that was there before.
    fn kept_exception(&self, name: &str, vm: &VirtualMachine) -> PyResult<Option<PyTypeRef>> {
        let Some(before) = &self.before else { return Ok(None) };
        let index = before.interface.exceptions.iter().position(|other| other.name == name);
        index.map(|index| before.exception(index, vm)).transpose()
    }

    /// The class of a type.
    pub fn class(&self, id: TypeId, vm: &VirtualMachine) -> PyResult<PyTypeRef> {
        Ok(self.get(id, vm)?.class)
    }

    /// The names of a record's members as attributes.
    pub fn names(&self, id: TypeId, vm: &VirtualMachine) -> PyResult<Rc<[PyStrRef]>> {
        Ok(self.get(id, vm)?.names)
    }

    fn get(&self, id: TypeId, vm: &VirtualMachine) -> PyResult<Class> {
        if let Some(class) = self.types.borrow().get(&id) {
            return Ok(class.clone());
        }
        let Some(definition) = self.interface.types.get(id.0 as usize) else {
            return Err(vm.new_runtime_error("no such type"));
        };
        if let Some(class) = self.kept(definition, vm)? {
            return Ok(self.types.borrow_mut().entry(id).or_insert(class).clone());
        }
        let class = match &definition.kind {
            TypeKind::Enum(_) => enumeration(definition, vm)?,
            TypeKind::Handle(_) => handle(definition, vm)?,
            TypeKind::Record(record) => self.record_class(definition, record, vm)?,
        };
        Ok(self.types.borrow_mut().entry(id).or_insert(class).clone())
    }

    /// A value of an enumeration; a plain int if it has no name.
    pub fn named(&self, id: TypeId, word: u64, vm: &VirtualMachine) -> PyResult {
        let class = self.get(id, vm)?;
        let number: PyObjectRef = match codec::number(&ZoneValue::Named(id, word), &self.interface.types) {
            Some(number) => vm.ctx.new_int(number).into(),
            None => vm.ctx.new_int(word).into(),
        };
        match class.members {
            Some(members) => vm.call_method(&members, "get", (number.clone(), number)),
            None => class.class.as_object().call((number,), vm),
        }
    }

    /// A handle object.
    pub fn handle(&self, core: Rc<Core>, vm: &VirtualMachine) -> PyResult {
        let class = self.class(core.id(), vm)?;
        Ok(Handle::new(core).into_ref_with_type(vm, class)?.into())
    }

    /// A struct.
    pub fn record(&self, id: TypeId, mut values: Vec<ZoneValue>, vm: &VirtualMachine) -> PyResult {
        let class = self.class(id, vm)?;
        let Some(record) = Record::of(&self.interface.types, id) else {
            return Err(vm.new_runtime_error("no such record"));
        };
        let mut members = record.members.iter();
        values.retain(|_| members.next().is_some_and(|member| member.role != MemberRole::Hidden));
        class.as_object().call(FuncArgs::from(value::objects(values, self, vm)?), vm)
    }

    /// A union with that member.
    pub fn union(&self, id: TypeId, live: usize, content: ZoneValue, vm: &VirtualMachine) -> PyResult {
        let class = self.get(id, vm)?;
        let content = content.into_object(self, vm)?;
        let name = class.names[live].to_string_lossy().into_owned();
        let keywords: KwArgs = [(name, content)].into_iter().collect();
        class.class.as_object().call(FuncArgs::new(Vec::new(), keywords), vm)
    }

    /// An exception class.
    pub fn exception(&self, index: usize, vm: &VirtualMachine) -> PyResult<PyTypeRef> {
        if let Some(class) = self.exceptions.borrow().get(&index) {
            return Ok(class.clone());
        }
        let Some(exception) = self.interface.exceptions.get(index) else {
            return Err(vm.new_runtime_error("no such exception"));
        };
        if let Some(class) = self.kept_exception(&exception.name, vm)? {
            return Ok(self.exceptions.borrow_mut().entry(index).or_insert(class).clone());
        }
        let base: PyObjectRef = match exception.base.filter(|&base| base < index) {
            Some(base) => self.exception(base, vm)?.into(),
            None => cloison_module("_errors", vm)?.get_attr("NativeError", vm)?,
        };
        let class = subclass(&exception.name, base, exception.doc.as_deref(), false, vm)?;
        Ok(self.exceptions.borrow_mut().entry(index).or_insert(class).clone())
    }

    /// Whether that is the name of a class or a constant.
    pub fn has(&self, name: &str) -> bool {
        let interface = &self.interface;
        let mut names = interface.types.iter().map(|definition| &definition.name);
        names.any(|named| named == name)
            || interface.exceptions.iter().any(|exception| exception.name == name)
            || interface.constants.iter().any(|(named, _)| named == name)
    }

    /// What of that name is no function: a class or a constant.
    pub fn attribute(&self, name: &str, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        let interface = &self.interface;
        if let Some(index) = interface.types.iter().position(|definition| definition.name == name) {
            return Ok(Some(self.class(TypeId(index as u32), vm)?.into()));
        }
        if let Some(index) = interface.exceptions.iter().position(|exception| exception.name == name) {
            return Ok(Some(self.exception(index, vm)?.into()));
        }
        let constant = interface.constants.iter().find(|(named, _)| named == name);
        Ok(constant.map(|(_, constant)| match constant {
            Constant::Number(Literal::Integer(number)) => vm.ctx.new_int(*number).into(),
            Constant::Number(Literal::Float(number)) => vm.ctx.new_float(*number).into(),
            Constant::Text(text) => vm.ctx.new_str(text.as_str()).into(),
        }))
    }

    fn record_class(&self, definition: &Definition, record: &Record, vm: &VirtualMachine) -> PyResult<Class> {
        let module = cloison_module("_records", vm)?;
        let named: Vec<PyObjectRef> =
            record.members.iter().map(|member| vm.ctx.new_str(member.name.as_str()).into()).collect();
        let names: Vec<PyStrRef> =
            module.get_attr("names", vm)?.call((vm.ctx.new_list(named),), vm)?.try_into_value(vm)?;
        let mut fields = Vec::new();
        for (member, name) in record.members.iter().zip(&names) {
            if member.role != MemberRole::Hidden {
                let (default, fresh) = self.default(record, member, vm)?;
                fields.push(vm.ctx.new_tuple(vec![name.clone().into(), default, fresh.to_pyobject(vm)]).into());
            }
        }
        let doc = definition.doc.clone().unwrap_or_else(|| definition.declaration.trim().to_owned());
        let make = module.get_attr(if record.union { "union" } else { "struct" }, vm)?;
        let class = make.call((definition.name.as_str().to_pyobject(vm), vm.ctx.new_list(fields), doc), vm)?;
        Ok(Class { class: class.try_into_value(vm)?, names: names.into(), members: None })
    }

    /// What a member is when nobody says: zero. The second part says that it is a callable that makes a fresh one.
    fn default(&self, record: &Record, member: &Member, vm: &VirtualMachine) -> PyResult<(PyObjectRef, bool)> {
        Ok(match &member.role {
            MemberRole::Handle { .. } | MemberRole::Hidden | MemberRole::Text { null: true, .. } => {
                (vm.ctx.none(), false)
            }
            MemberRole::Text { bytes: true, .. } => (vm.ctx.new_bytes(Vec::new()).into(), false),
            MemberRole::Text { .. } | MemberRole::TextArray => (vm.ctx.new_str("").into(), false),
            MemberRole::Union { by, cases } => {
                let zero = record.members.get(*by).map(|member| match &member.c_type {
                    CType::Enum { id, .. } => first_of(&self.interface.types, *id),
                    _ => 0,
                });
                self.zero(&member.c_type, codec::case(cases, zero), vm)?
            }
            MemberRole::Value => self.zero(&member.c_type, None, vm)?,
        })
    }

    fn zero(&self, c_type: &CType, live: Option<usize>, vm: &VirtualMachine) -> PyResult<(PyObjectRef, bool)> {
        Ok(match c_type {
            CType::Array { of, length } if is_byte(of) => (vm.ctx.new_bytes(vec![0; *length as usize]).into(), false),
            CType::Array { of, length } => {
                let (default, fresh) = self.zero(of, None, vm)?;
                let row = cloison_module("_records", vm)?.get_attr("row", vm)?;
                (row.call((vm.ctx.new_int(*length), default, fresh), vm)?, true)
            }
            CType::Enum { id, .. } => (self.named(*id, first_of(&self.interface.types, *id) as u64, vm)?, false),
            CType::Record { id, .. } => {
                let class = self.get(*id, vm)?;
                match Record::of(&self.interface.types, *id) {
                    Some(union) if union.union => match live.or(union.live) {
                        Some(live) => {
                            let zero = class.class.as_object().get_attr("_zero", vm)?;
                            (zero.call((class.names[live].clone(),), vm)?, true)
                        }
                        None => (vm.ctx.none(), false),
                    },
                    _ => (class.class.into(), true),
                }
            }
            CType::Scalar { scalar: Scalar::Bool, .. } => (false.to_pyobject(vm), false),
            CType::Scalar { scalar, .. } if scalar.is_float() => (vm.ctx.new_float(0.0).into(), false),
            CType::Wide(wide) if wide.is_complex() => (complex_object(0.0, 0.0, vm)?, false),
            CType::Wide(_) => (vm.ctx.new_float(0.0).into(), false),
            _ => (vm.ctx.new_int(0).into(), false),
        })
    }
}

/// Whether two types of the same name, of two interfaces, are of one Python class.
fn is_same(one: &TypeKind, other: &TypeKind) -> bool {
    match (one, other) {
        // Its class is its name.
        (TypeKind::Handle(_), TypeKind::Handle(_)) => true,
        (TypeKind::Enum(one), TypeKind::Enum(other)) => one == other,
        // Types that it names it names by numbers, which are others in another interface.
        (TypeKind::Record(one), TypeKind::Record(other)) => {
            one == other && !format!("{:?}", one.members).contains("TypeId(")
        }
        _ => false,
    }
}

/// The value that an enumeration begins with: 0 if it has that.
fn first_of(types: &[Definition], id: TypeId) -> i128 {
    match types.get(id.0 as usize).map(|definition| &definition.kind) {
        Some(TypeKind::Enum(of)) if !of.flags && of.values.iter().all(|(_, value)| *value != 0) => {
            of.values.first().map_or(0, |(_, value)| *value)
        }
        _ => 0,
    }
}

fn enumeration(definition: &Definition, vm: &VirtualMachine) -> PyResult<Class> {
    let TypeKind::Enum(of) = &definition.kind else { return Err(vm.new_runtime_error("no enumeration")) };
    let values = of.values.iter().map(|(name, value)| {
        vm.ctx.new_tuple(vec![vm.ctx.new_str(name.as_str()).into(), vm.ctx.new_int(*value).into()]).into()
    });
    let make = cloison_module("_records", vm)?.get_attr(if of.flags { "flags" } else { "enumeration" }, vm)?;
    let doc = definition.doc.clone().to_pyobject(vm);
    let class = make.call((definition.name.as_str(), vm.ctx.new_list(values.collect()), doc), vm)?;
    let members = if of.flags { None } else { Some(class.get_attr("_value2member_map_", vm)?) };
    Ok(Class { class: class.try_into_value(vm)?, names: Rc::new([]), members })
}

fn handle(definition: &Definition, vm: &VirtualMachine) -> PyResult<Class> {
    let base = Handle::class(&vm.ctx).to_owned().into();
    let class = subclass(&definition.name, base, definition.doc.as_deref(), true, vm)?;
    Ok(Class { class, names: Rc::new([]), members: None })
}

fn subclass(name: &str, base: PyObjectRef, doc: Option<&str>, slots: bool, vm: &VirtualMachine) -> PyResult<PyTypeRef> {
    let dict: PyDictRef = PyDict::default().into_ref(&vm.ctx);
    dict.set_item("__module__", vm.ctx.new_str("cloison").into(), vm)?;
    if let Some(doc) = doc {
        dict.set_item("__doc__", vm.ctx.new_str(doc).into(), vm)?;
    }
    if slots {
        dict.set_item("__slots__", vm.ctx.new_tuple(Vec::new()).into(), vm)?;
    }
    let bases = vm.ctx.new_tuple(vec![base]);
    vm.ctx.types.type_type.as_object().call((name, bases, dict), vm)?.try_into_value(vm)
}
