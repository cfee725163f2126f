//! Bytes to values.

use super::declared::{self, MessageClass};
use super::exceptions::{self, Received};
use super::moments::Moments;
use super::{message_error, too_large};
use crate::marshal::value::complex_object;
use crate::memory;
use crate::objects::object::Capability;
use crate::objects::process::{Process, Reference};
use cloison_contract::message::CapabilityRef;
use cloison_message::{Malformed, Reader, Term};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyFrozenSet, PySet};
use rustpython_vm::common::wtf8::Wtf8Buf;
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};

/// What takes less is made without asking how much memory is left.
const SMALL_BYTES: usize = 32 << 10;

pub(super) fn decode(bytes: &[u8], vm: &VirtualMachine) -> PyResult {
    let reader = Reader::new(bytes).map_err(|error| message_error(&error.to_string(), vm))?;
    let mut decoder = Decoder { reader, length: bytes.len(), vm };
    let value = decoder.value()?;
    let length = decoder.at();
    decoder.reader.finish().map_err(|error| malformed(error, length, vm))?;
    Ok(value)
}

#[cold]
fn malformed(error: Malformed, at: usize, vm: &VirtualMachine) -> PyBaseExceptionRef {
    message_error(&format!("not a message: {error} (at byte {at})"), vm)
}

struct Decoder<'a> {
    reader: Reader<'a>,
    length: usize,
    vm: &'a VirtualMachine,
}

impl<'a> Decoder<'a> {
    fn at(&self) -> usize {
        self.length - self.reader.remaining()
    }

    #[inline]
    fn term(&mut self) -> PyResult<Term<'a>> {
        match self.reader.next() {
            Ok(term) => Ok(term),
            Err(error) => Err(malformed(error, self.at(), self.vm)),
        }
    }

    /// Small values use a reserve beyond the budget; this ends before that does.
    #[inline]
    fn ensure_free(&self, bytes: usize) -> PyResult<()> {
        let over = if bytes < SMALL_BYTES { memory::over_budget() } else { memory::free_bytes() < bytes as u64 };
        if over { Err(too_large(self.vm)) } else { Ok(()) }
    }

    fn value(&mut self) -> PyResult {
        let vm = self.vm;
        self.ensure_free(0)?;
        Ok(match self.term()? {
            Term::Str(text) => {
                self.ensure_free(text.len())?;
                vm.ctx.new_str(text).into()
            }
            Term::Int(number) => vm.ctx.new_int(number).into(),
            Term::Tuple(count) => vm.ctx.new_tuple(self.values(count)?).into(),
            Term::None => vm.ctx.none(),
            Term::Bool(truth) => truth.to_pyobject(vm),
            Term::Float(number) => vm.ctx.new_float(number).into(),
            Term::Bytes(bytes) => {
                self.ensure_free(bytes.len())?;
                vm.ctx.new_bytes(bytes.to_vec()).into()
            }
            Term::List(count) => vm.ctx.new_list(self.values(count)?).into(),
            Term::Dict(count) => self.dict(count)?,
            other => return self.rarer(other),
        })
    }

    #[inline(never)]
    fn rarer(&mut self, term: Term<'a>) -> PyResult {
        let vm = self.vm;
        Ok(match term {
            Term::BigInt(digits) => self.wide(digits)?,
            Term::Complex(real, imaginary) => complex_object(real, imaginary, vm)?,
            Term::Surrogates(text) => {
                self.ensure_free(text.len())?;
                let text = Wtf8Buf::from_bytes(text.to_vec());
                let text = text.map_err(|_| malformed(Malformed::Text, self.at(), vm))?;
                vm.ctx.new_str(text).into()
            }
            Term::Bytearray(bytes) => {
                self.ensure_free(bytes.len())?;
                vm.ctx.new_bytearray(bytes.to_vec()).into()
            }
            Term::Set(count) => {
                let set = PySet::default().into_ref(&vm.ctx);
                for _ in 0..count {
                    let element = self.value()?;
                    set.add(element, vm)?;
                }
                self.whole(set.as_object().length(vm)?, count)?;
                set.into()
            }
            Term::Frozenset(count) => {
                let elements = self.values(count)?;
                let set = PyFrozenSet::from_iter(vm, elements)?.into_ref(&vm.ctx);
                self.whole(set.as_object().length(vm)?, count)?;
                set.into()
            }
            Term::Date(date) => Moments::get(vm)?.new_date(date, vm)?,
            Term::Time(time) => Moments::get(vm)?.new_time(&time, vm)?,
            Term::Datetime(date, time) => Moments::get(vm)?.new_datetime(date, &time, vm)?,
            Term::Timedelta(span) => Moments::get(vm)?.new_timedelta(span, vm)?,
            Term::Timezone(offset) => Moments::get(vm)?.new_timezone(&offset, vm)?,
            Term::Object { class, fields } => self.object(class, fields)?,
            Term::Exception { class, text, args, fields } => self.exception(class, text, args, fields)?,
            Term::Process { number, token } => Process::new(number, token).into_ref(&vm.ctx).into(),
            Term::Capability { number, token } => {
                Capability::received(CapabilityRef { number, token }).into_ref(&vm.ctx).into()
            }
            Term::Reference(high, low) => Reference::new(high, low).into_ref(&vm.ctx).into(),
            _ => return Err(malformed(Malformed::Order, self.at(), vm)),
        })
    }

    /// As many values. The reader has made sure that there are not more than bytes.
    #[inline]
    fn values(&mut self, count: usize) -> PyResult<Vec<PyObjectRef>> {
        self.ensure_free(count * size_of::<PyObjectRef>())?;
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            values.push(self.value()?);
        }
        Ok(values)
    }

    fn dict(&mut self, count: usize) -> PyResult {
        self.ensure_free(count)?;
        let dict = self.vm.ctx.new_dict();
        for _ in 0..count {
            let key = self.value()?;
            let value = self.value()?;
            dict.inner_setitem(&*key, value, self.vm)?;
        }
        self.whole(dict.__len__(), count)?;
        Ok(dict.into())
    }

    /// Equal keys are no message that anybody has sent.
    fn whole(&self, length: usize, count: usize) -> PyResult<()> {
        if length == count {
            return Ok(());
        }
        let text = format!("not a message: a dict or set has equal keys (before byte {})", self.at());
        Err(message_error(&text, self.vm))
    }

    fn wide(&mut self, digits: &[u8]) -> PyResult {
        let vm = self.vm;
        self.ensure_free(digits.len())?;
        let keywords: KwArgs = [("signed".to_owned(), vm.ctx.true_value.clone().into())].into_iter().collect();
        let args = vec![vm.ctx.new_bytes(digits.to_vec()).into(), vm.ctx.new_str("little").into()];
        let make = vm.ctx.types.int_type.as_object().get_attr(vm.ctx.intern_str("from_bytes"), vm)?;
        make.call(FuncArgs::new(args, keywords), vm)
    }

    fn object(&mut self, class: &str, count: usize) -> PyResult {
        let vm = self.vm;
        let declared = match declared::named(class) {
            Some(declared) if !declared.is_exception(vm) => declared,
            _ => return Err(self.undeclared(class)),
        };
        let mut content: Vec<Option<PyObjectRef>> = vec![None; declared.fields.len()];
        for index in 0..count {
            let name = self.reader.field().map_err(|error| malformed(error, self.at(), vm))?;
            // They come in the order of the declaration, if sender and receiver have the same.
            let place = match declared.fields.get(index) {
                Some(field) if field.name.as_str() == name => Some(index),
                _ => declared.fields.iter().position(|field| field.name.as_str() == name),
            };
            let value = self.value()?;
            match place.and_then(|place| content.get_mut(place)) {
                Some(place @ None) => *place = Some(value),
                Some(Some(_)) => return Err(message_error(&format!("{class} has field {name:?} twice"), vm)),
                None => return Err(message_error(&unlike(&declared, &format!("no field {name:?}")), vm)),
            }
        }
        let missing = content.iter().position(Option::is_none).and_then(|missing| declared.fields.get(missing));
        if let Some(field) = missing {
            return Err(message_error(
                &unlike(&declared, &format!("a field '{}', which was not sent", field.name)),
                vm,
            ));
        }
        declared.object(content.into_iter().flatten().collect(), vm)
    }

    #[cold]
    fn undeclared(&self, class: &str) -> PyBaseExceptionRef {
        let module = class.split(':').next().unwrap_or_default();
        let text = format!(
            "{class} is not declared as a message in this process: import module {module:?} before, and let its class have @cloison.message"
        );
        message_error(&text, self.vm)
    }

    fn exception(&mut self, class: &str, text: &str, args: usize, fields: usize) -> PyResult {
        let vm = self.vm;
        let args = self.values(args)?;
        let mut received = Received { args, fields: Vec::with_capacity(fields) };
        for _ in 0..fields {
            let name = self.reader.field().map_err(|error| malformed(error, self.at(), vm))?;
            received.fields.push((name.to_owned(), self.value()?));
        }
        if !class.contains(':') {
            let made = exceptions::of_builtin(class, &received, vm);
            return made.unwrap_or_else(|| exceptions::remote(class, text, vm));
        }
        let made = match declared::named(class) {
            Some(declared) if declared.is_exception(vm) => exceptions::of_declared(&declared, &received, vm)?,
            _ => None,
        };
        made.map_or_else(|| exceptions::remote(class, text, vm), Ok)
    }
}

fn unlike(declared: &MessageClass, what: &str) -> String {
    format!("{} has {what}: sender and receiver have different versions of it", declared.name)
}
