//! XML for module `pyexpat`: the parser of `cloison-xml`, whose events become calls of Python handlers.
//!
//! `Lib/pyexpat.py` has the class that programs see. It hands over a list with the handlers, by expat's order, and the
//! settings behind them; handlers may change it while they run.

use cloison_xml::{Attribute, ContentModel, Entity, Error, Event, Options, ParameterEntities, Parser};
use rustpython_vm::builtins::{PyDict, PyList, PyListRef, PyStr, PyStrRef};
use rustpython_vm::function::{ArgBytesLike, FuncArgs};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::fmt;

/// Where handlers and settings stand in the list, as `_HANDLERS` and `_SETTINGS` of `pyexpat.py` have them.
#[derive(Clone, Copy)]
#[repr(usize)]
enum ParserSlot {
    StartElement,
    EndElement,
    Instruction,
    Text,
    UnparsedEntity,
    Notation,
    StartNamespace,
    EndNamespace,
    Comment,
    StartCdata,
    EndCdata,
    Default,
    DefaultExpand,
    NotStandalone,
    External,
    StartDoctype,
    EndDoctype,
    Entity,
    Declaration,
    Element,
    Attlist,
    Skipped,
    BufferText,
    BufferSize,
    OrderedAttributes,
    SpecifiedAttributes,
    Intern,
    Base,
}

/// A parser.
#[rustpython_vm::pyclass(module = "_cloison", name = "XmlParser")]
#[derive(PyPayload)]
pub struct XmlParser {
    parser: RefCell<Parser>,
    /// Text that waits for more of it.
    waiting: RefCell<String>,
}

impl fmt::Debug for XmlParser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("XmlParser").finish_non_exhaustive()
    }
}

/// Line, column and byte.
type Place3 = (u64, u64, u64);

impl XmlParser {
    /// A parser of a document. Without `separator` namespaces are not resolved.
    pub fn new(encoding: Option<&str>, separator: Option<&str>, prefixes: bool) -> Self {
        let namespaces = separator.map(|separator| separator.chars().next());
        let options = Options { namespaces, prefixes, ..Options::default() };
        Self::of(Parser::new(encoding, options))
    }

    fn of(parser: Parser) -> Self {
        Self { parser: RefCell::new(parser), waiting: RefCell::default() }
    }
}

#[rustpython_vm::pyclass(flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl XmlParser {
    /// A parser of an entity that stands outside of this document.
    #[pymethod]
    fn child(zelf: &Py<Self>, encoding: Option<PyStrRef>, vm: &VirtualMachine) -> PyRef<Self> {
        let encoding = encoding.map(|encoding| encoding.to_string_lossy().into_owned());
        Self::of(zelf.parser.borrow().child(encoding.as_deref())).into_ref(&vm.ctx)
    }

    #[pymethod]
    fn set_encoding(zelf: &Py<Self>, name: PyStrRef) {
        zelf.parser.borrow_mut().set_encoding(&name.to_string_lossy());
    }

    #[pymethod]
    fn set_prefixes(zelf: &Py<Self>, prefixes: bool) {
        zelf.parser.borrow_mut().options.prefixes = prefixes;
    }

    /// Whether parameter entities are read: 0, 1 for unless the document stands alone, 2.
    #[pymethod]
    fn set_parameters(zelf: &Py<Self>, flag: i32) {
        zelf.parser.borrow_mut().options.parameters = match flag {
            0 => ParameterEntities::Never,
            1 => ParameterEntities::UnlessStandalone,
            _ => ParameterEntities::Always,
        };
    }

    /// Explain an encoding: a string of 256 characters, U+FFFD for bytes that mean nothing.
    #[pymethod]
    fn set_table(zelf: &Py<Self>, table: PyStrRef, vm: &VirtualMachine) -> PyResult<()> {
        let mut known = Box::new([None; 256]);
        let text = table.to_string_lossy();
        if text.chars().count() != known.len() {
            return Err(vm.new_value_error("a table has 256 characters"));
        }
        for (place, character) in known.iter_mut().zip(text.chars()) {
            *place = (character != '\u{fffd}').then_some(character);
        }
        zelf.parser.borrow_mut().set_table(known);
        Ok(())
    }

    /// Where the last event stands: line, column, byte.
    #[pymethod]
    fn position(zelf: &Py<Self>) -> Place3 {
        let position = zelf.parser.borrow().position();
        (position.line, position.column, position.index)
    }

    #[pymethod]
    fn is_finished(zelf: &Py<Self>) -> bool {
        zelf.parser.borrow().is_finished()
    }

    #[pymethod]
    fn feed(zelf: &Py<Self>, data: ArgBytesLike, last: bool) {
        zelf.parser.borrow_mut().feed(&data.borrow_buf(), last);
    }

    /// Call handlers for what has been fed. Gives None, the number of an error, or an encoding to explain.
    #[pymethod]
    fn run(zelf: &Py<Self>, handlers: PyListRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        let run = Run { parser: zelf, handlers, vm };
        loop {
            match run.next() {
                Ok(Some(Event::UnknownEncoding(name))) => return Ok(vm.ctx.new_str(name).into()),
                Ok(Some(event)) => {
                    if let Some(error) = run.tell(event)? {
                        return Ok(vm.ctx.new_int(error).into());
                    }
                }
                Ok(None) => {
                    run.flush()?;
                    return Ok(vm.ctx.none());
                }
                Err(error) => {
                    run.flush()?;
                    return Ok(vm.ctx.new_int(error.kind as u8).into());
                }
            }
        }
    }
}

/// One `run`.
struct Run<'a> {
    parser: &'a Py<XmlParser>,
    handlers: PyListRef,
    vm: &'a VirtualMachine,
}

impl Run<'_> {
    fn next(&self) -> Result<Option<Event>, Error> {
        let default = self.handler(ParserSlot::Default).is_some();
        let expand = self.handler(ParserSlot::DefaultExpand).is_some();
        let mut parser = self.parser.parser.borrow_mut();
        parser.options.keep_text = default || expand;
        parser.options.expand = !default;
        parser.next()
    }

    /// What stands at a place of the list, if it is something.
    fn handler(&self, place: ParserSlot) -> Option<PyObjectRef> {
        let all = self.handlers.borrow_vec();
        all.get(place as usize).filter(|handler| !self.vm.is_none(handler)).cloned()
    }

    fn is_set(&self, place: ParserSlot) -> bool {
        self.handler(place).is_some_and(|value| value.is(&self.vm.ctx.true_value))
    }

    fn text(&self, text: &str) -> PyObjectRef {
        self.vm.ctx.new_str(text).into()
    }

    fn some(&self, text: Option<&String>) -> PyObjectRef {
        text.map_or_else(|| self.vm.ctx.none(), |text| self.text(text))
    }

    fn number(&self, number: i32) -> PyObjectRef {
        self.vm.ctx.new_int(number).into()
    }

    fn base(&self) -> PyObjectRef {
        self.handler(ParserSlot::Base).unwrap_or_else(|| self.vm.ctx.none())
    }

    /// A name, the same object each time it comes.
    fn name(&self, name: &str) -> PyResult<PyObjectRef> {
        let known = self.handler(ParserSlot::Intern).and_then(|known| known.downcast::<PyDict>().ok());
        let Some(known) = known else { return Ok(self.text(name)) };
        if let Some(same) = known.get_item_opt(name, self.vm)? {
            return Ok(same);
        }
        let new = self.text(name);
        known.set_item(name, new.clone(), self.vm)?;
        Ok(new)
    }

    fn attributes(&self, attributes: Vec<Attribute>) -> PyResult<PyObjectRef> {
        let specified = self.is_set(ParserSlot::SpecifiedAttributes);
        let attributes = attributes.into_iter().filter(|attribute| attribute.specified || !specified);
        if self.is_set(ParserSlot::OrderedAttributes) {
            let mut all = Vec::new();
            for attribute in attributes {
                all.push(self.name(&attribute.name)?);
                all.push(self.text(&attribute.value));
            }
            return Ok(self.vm.ctx.new_list(all).into());
        }
        let all = self.vm.ctx.new_dict();
        for attribute in attributes {
            let name = self.name(&attribute.name)?;
            all.set_item(&*name, self.text(&attribute.value), self.vm)?;
        }
        Ok(all.into())
    }

    fn model(&self, model: &ContentModel) -> PyObjectRef {
        let children = model.children.iter().map(|child| self.model(child)).collect();
        let children = self.vm.ctx.new_tuple(children).into();
        let (kind, quantifier) = (self.number(model.kind as i32), self.number(model.quantifier as i32));
        self.vm.ctx.new_tuple(vec![kind, quantifier, self.some(model.name.as_ref()), children]).into()
    }

    /// Hands over the text that waits.
    fn flush(&self) -> PyResult<()> {
        let text = std::mem::take(&mut *self.parser.waiting.borrow_mut());
        match self.handler(ParserSlot::Text) {
            Some(handler) if !text.is_empty() => handler.call((text,), self.vm).map(drop),
            _ => Ok(()),
        }
    }

    /// Calls the handler of an event, if there is one. Gives an error's number if a handler wants that.
    fn tell(&self, event: Event) -> PyResult<Option<u8>> {
        if let Event::Text(text) = &event
            && let Some(handler) = self.handler(ParserSlot::Text)
        {
            if !self.is_set(ParserSlot::BufferText) {
                handler.call((self.text(text),), self.vm)?;
                return Ok(None);
            }
            let size = self.handler(ParserSlot::BufferSize).and_then(|size| size.try_to_value::<usize>(self.vm).ok());
            let size = size.unwrap_or(8192);
            if self.parser.waiting.borrow().len() + text.len() > size {
                self.flush()?;
            }
            if text.len() > size {
                handler.call((self.text(text),), self.vm)?;
            } else {
                self.parser.waiting.borrow_mut().push_str(text);
            }
            return Ok(None);
        }
        let Some((place, arguments)) = self.call_of(event)? else { return Ok(None) };
        let Some(handler) = place.and_then(|place| self.handler(place)) else {
            return self.default().map(|()| None);
        };
        self.flush()?;
        let answer = handler.call(FuncArgs::from(arguments), self.vm)?;
        let refused = |error| match answer.try_to_value::<i64>(self.vm) {
            Ok(0) => Some(error),
            _ => None,
        };
        Ok(match place {
            Some(ParserSlot::NotStandalone) => refused(22),
            Some(ParserSlot::External) => refused(21),
            _ => None,
        })
    }

    /// The default handler gets the text of what no other is for.
    fn default(&self) -> PyResult<()> {
        let Some(handler) = self.handler(ParserSlot::Default).or_else(|| self.handler(ParserSlot::DefaultExpand))
        else {
            return Ok(());
        };
        let text = self.parser.parser.borrow().text().map(str::to_owned);
        match text {
            Some(text) if !text.is_empty() => {
                self.flush()?;
                handler.call((text,), self.vm).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Which handler an event has, and what it is told. Nothing at all where expat would be silent.
    fn call_of(&self, event: Event) -> PyResult<Option<(Option<ParserSlot>, Vec<PyObjectRef>)>> {
        let none = || self.vm.ctx.none();
        let both =
            || self.handler(ParserSlot::StartElement).is_none() && self.handler(ParserSlot::EndElement).is_none();
        let (place, arguments) = match event {
            Event::Start { empty: true, .. } if self.handler(ParserSlot::StartElement).is_none() && !both() => {
                return Ok(None);
            }
            Event::End { empty: true, .. } if self.handler(ParserSlot::EndElement).is_none() => return Ok(None),
            // No object is made for a handler that is not there.
            Event::Start { .. } if self.handler(ParserSlot::StartElement).is_none() => {
                (ParserSlot::StartElement, Vec::new())
            }
            Event::Start { name, attributes, .. } => {
                (ParserSlot::StartElement, vec![self.name(&name)?, self.attributes(attributes)?])
            }
            Event::End { name, .. } => (ParserSlot::EndElement, vec![self.name(&name)?]),
            Event::Text(text) => (ParserSlot::Text, vec![self.text(&text)]),
            Event::Instruction { target, data } => {
                (ParserSlot::Instruction, vec![self.name(&target)?, self.text(&data)])
            }
            Event::Comment(text) => (ParserSlot::Comment, vec![self.text(&text)]),
            Event::StartCdata => (ParserSlot::StartCdata, Vec::new()),
            Event::EndCdata => (ParserSlot::EndCdata, Vec::new()),
            Event::StartNamespace { prefix, uri } => {
                let arguments = vec![self.some(prefix.as_ref()), self.some(uri.as_ref())];
                return Ok(self
                    .handler(ParserSlot::StartNamespace)
                    .map(|_| (Some(ParserSlot::StartNamespace), arguments)));
            }
            Event::EndNamespace { prefix } => {
                let arguments = vec![self.some(prefix.as_ref())];
                return Ok(self.handler(ParserSlot::EndNamespace).map(|_| (Some(ParserSlot::EndNamespace), arguments)));
            }
            Event::Declaration { version, encoding, standalone } => {
                let standalone = self.number(standalone.map_or(-1, i32::from));
                (ParserSlot::Declaration, vec![self.some(version.as_ref()), self.some(encoding.as_ref()), standalone])
            }
            Event::StartDoctype { name, system, public, subset } => {
                let subset = self.number(i32::from(subset));
                let arguments = vec![self.text(&name), self.some(system.as_ref()), self.some(public.as_ref()), subset];
                (ParserSlot::StartDoctype, arguments)
            }
            Event::EndSubset if self.handler(ParserSlot::StartDoctype).is_some() => return Ok(None),
            Event::EndDoctype => (ParserSlot::EndDoctype, Vec::new()),
            Event::Element { name, model } => (ParserSlot::Element, vec![self.text(&name), self.model(&model)]),
            Event::Attlist { element, attribute, kind, default, required } => {
                let required = self.number(i32::from(required));
                let names = [self.text(&element), self.text(&attribute), self.text(&kind)];
                let arguments = names.into_iter().chain([self.some(default.as_ref()), required]).collect();
                (ParserSlot::Attlist, arguments)
            }
            Event::Entity(entity) => self.entity(&entity),
            Event::Notation { name, system, public } => {
                let identifiers = [self.some(system.as_ref()), self.some(public.as_ref())];
                (ParserSlot::Notation, [self.text(&name), self.base()].into_iter().chain(identifiers).collect())
            }
            Event::External { context, system, public } => {
                let identifiers = [self.some(system.as_ref()), self.some(public.as_ref())];
                (ParserSlot::External, [self.text(&context), self.base()].into_iter().chain(identifiers).collect())
            }
            Event::Skipped { name, parameter } => {
                (ParserSlot::Skipped, vec![self.text(&name), self.number(i32::from(parameter))])
            }
            Event::NotStandalone if self.handler(ParserSlot::NotStandalone).is_none() => return Ok(None),
            Event::NotStandalone => (ParserSlot::NotStandalone, Vec::new()),
            Event::EndSubset | Event::Other | Event::UnknownEncoding(_) => return Ok(Some((None, vec![none()]))),
        };
        Ok(Some((Some(place), arguments)))
    }

    /// An entity that is no text has a handler of its own, which may be missing.
    fn entity(&self, entity: &Entity) -> (ParserSlot, Vec<PyObjectRef>) {
        let identifiers =
            [self.base(), self.some(entity.system.as_ref()), self.some(entity.public.as_ref())].into_iter();
        let notation = self.some(entity.notation.as_ref());
        let name = self.text(&entity.name);
        if entity.notation.is_some() && self.handler(ParserSlot::UnparsedEntity).is_some() {
            return (ParserSlot::UnparsedEntity, [name].into_iter().chain(identifiers).chain([notation]).collect());
        }
        let first = [name, self.number(i32::from(entity.parameter)), self.some(entity.value.as_ref())];
        (ParserSlot::Entity, first.into_iter().chain(identifiers).chain([notation]).collect())
    }
}

/// What expat calls its errors: number, name, text.
pub fn errors(vm: &VirtualMachine) -> PyListRef {
    let all = cloison_xml::ErrorKind::ALL.iter().map(|(number, name, text)| {
        let text: PyRef<PyStr> = vm.ctx.new_str(*text);
        vm.ctx.new_tuple(vec![vm.ctx.new_int(*number).into(), vm.ctx.new_str(*name).into(), text.into()]).into()
    });
    PyList::from(all.collect::<Vec<_>>()).into_ref(&vm.ctx)
}
