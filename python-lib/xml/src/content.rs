//! The root and what is in it: tags, text, CDATA sections and references.

use crate::chars::{is_char, predefined, referenced};
use crate::cursor::Cursor;
use crate::entities::EntityText;
use crate::error::{ErrorKind, Fault};
use crate::event::{Attribute, Event};
use crate::namespace::Namespaces;
use crate::parser::{ParseStep, Parser, Stage};
use crate::tag::{self, XmlReference};
use std::collections::HashSet;

/// What an attribute takes beside its name and its value, roughly.
const ATTRIBUTE: usize = 32;

/// An element that has begun.
pub(crate) struct OpenElement {
    /// As it is written.
    written: String,
    /// As it was told.
    told: String,
    /// How many prefixes it has bound.
    bound: usize,
}

impl Parser {
    /// In the root, or in an entity that is part of it.
    pub(crate) fn content(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        if self.stage == Stage::Cdata {
            return self.cdata(text, at, last);
        }
        let rest = &text[at..];
        let unclosed = || if last { Err(Fault(ErrorKind::UnclosedToken, at)) } else { Ok(ParseStep::Wait) };
        match rest.as_bytes() {
            [] if !last => Ok(ParseStep::Wait),
            [] if !self.frames.is_empty() => Ok(ParseStep::End),
            [] if self.external && self.open.is_empty() => Ok(ParseStep::End),
            [] if self.external => Err(Fault(ErrorKind::AsynchronousEntity, at)),
            [] => Err(Fault(ErrorKind::NoElements, at)),
            [b'<'] => unclosed(),
            [b'<', b'/', ..] => self.end_tag(text, at, last),
            [b'<', b'?', ..] => self.instruction(text, at, last),
            [b'<', b'!'] => unclosed(),
            [b'<', b'!', b'-', ..] => self.comment(text, at, last),
            [b'<', b'!', b'[', ..] => {
                const START: &str = "<![CDATA[";
                if rest.starts_with(START) {
                    self.stage = Stage::Cdata;
                    self.emit(Event::StartCdata, text, at, at + START.len());
                    return Ok(ParseStep::To(at + START.len()));
                }
                if START.starts_with(rest) {
                    return unclosed();
                }
                let same = rest.bytes().zip(START.bytes()).take_while(|(one, other)| one == other).count();
                Err(Fault(ErrorKind::InvalidToken, at + same))
            }
            [b'<', b'!', ..] => Err(Fault(ErrorKind::InvalidToken, at + 2)),
            [b'<', ..] => self.start_tag(text, at, last),
            [b'&', ..] => self.reference(text, at, last),
            _ => self.run(text, at, last),
        }
    }

    /// Text up to what is no text.
    fn run(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        let bytes = text.as_bytes();
        if let Some(step) = self.line_end(text, at, last) {
            return step;
        }
        let mut end = at;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'<' | b'&' | b'\n' => break,
                b'\r' if self.frames.is_empty() => break,
                b']' if self.stage == Stage::Content => {
                    let rest = &bytes[end..];
                    if rest.starts_with(b"]]>") {
                        return Err(Fault(ErrorKind::InvalidToken, end + 2));
                    }
                    if b"]]>".starts_with(rest) && !last {
                        break;
                    }
                }
                0..0x20 if !matches!(byte, b'\t' | b'\r') => break,
                0xef if !text[end..].starts_with(is_char) => break,
                _ => {}
            }
            end += 1;
        }
        if end > at {
            self.emit(Event::Text(text[at..end].to_owned()), text, at, end);
            return Ok(ParseStep::To(end));
        }
        if bytes[at] == b']' { Ok(ParseStep::Wait) } else { Err(Fault(ErrorKind::InvalidToken, at)) }
    }

    /// The end of a line, if one is at `at`: a line feed, whatever it was.
    fn line_end(&mut self, text: &str, at: usize, last: bool) -> Option<Result<ParseStep, Fault>> {
        let end = match text.as_bytes()[at..] {
            // In the text of an entity one is there only by a reference.
            [b'\r', ..] if !self.frames.is_empty() => return None,
            [b'\r'] if !last => return Some(Ok(ParseStep::Wait)),
            [b'\r', b'\n', ..] => at + 2,
            [b'\r' | b'\n', ..] => at + 1,
            _ => return None,
        };
        self.emit(Event::Text("\n".to_owned()), text, at, end);
        Some(Ok(ParseStep::To(end)))
    }

    fn cdata(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        let bytes = text.as_bytes();
        let rest = &bytes[at..];
        if rest.starts_with(b"]]>") {
            self.stage = Stage::Content;
            self.emit(Event::EndCdata, text, at, at + 3);
            return Ok(ParseStep::To(at + 3));
        }
        if b"]]>".starts_with(rest) {
            return if last { Err(Fault(ErrorKind::UnclosedCdata, at)) } else { Ok(ParseStep::Wait) };
        }
        if let Some(step) = self.line_end(text, at, last) {
            return step;
        }
        let mut end = at;
        while let Some(byte) = bytes.get(end) {
            let stops = match byte {
                b'\n' => true,
                b'\r' if self.frames.is_empty() => true,
                b']' => {
                    let rest = &bytes[end..];
                    rest.starts_with(b"]]>") || (b"]]>".starts_with(rest) && !last)
                }
                0..0x20 => !matches!(byte, b'\t' | b'\r'),
                0xef => !text[end..].starts_with(is_char),
                _ => false,
            };
            if stops {
                break;
            }
            end += 1;
        }
        if end == at {
            return Err(Fault(ErrorKind::InvalidToken, at));
        }
        self.emit(Event::Text(text[at..end].to_owned()), text, at, end);
        Ok(ParseStep::To(end))
    }

    fn start_tag(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        let end = self.scan.close(text, at);
        if end.is_none() && !last {
            return Ok(ParseStep::Wait);
        }
        let tag = tag::parse(text, at, end, self.namespaces.is_some())?;
        let Some(end) = end else { return Err(Fault(ErrorKind::UnclosedToken, at)) };
        let mut attributes = Vec::with_capacity(tag.attributes.len());
        let mut seen = HashSet::with_capacity(tag.attributes.len());
        for written in &tag.attributes {
            if !seen.insert(written.name) {
                return Err(Fault(ErrorKind::DuplicateAttribute, written.at));
            }
            let mut value = tag::normalize(written.value, written.value_at, self).map_err(|fault| match fault {
                Fault(kind @ (ErrorKind::UndefinedEntity | ErrorKind::RecursiveEntity), _) => Fault(kind, at),
                fault => fault,
            })?;
            if self.dtd.is_list(tag.name, written.name) {
                value = tag::collapse(&value);
            }
            attributes.push(Attribute { name: written.name.to_owned(), value, specified: true });
        }
        let defaults = self.dtd.defaults(tag.name).iter().filter(|(name, _)| !seen.contains(name.as_str()));
        let defaults: Vec<Attribute> = defaults
            .map(|(name, value)| Attribute { name: name.clone(), value: value.clone(), specified: false })
            .collect();
        // A short tag may bring many of them along, each of which takes its place in the tree.
        let added = defaults.iter().map(|each| each.name.len() + each.value.len() + ATTRIBUTE).sum();
        self.account(added).map_err(|kind| Fault(kind, at))?;
        attributes.extend(defaults);
        let (told, attributes, bound) = self.resolve(tag.name, attributes, text, at)?;
        let name = told.clone();
        self.emit(Event::Start { name, attributes, empty: tag.empty }, text, at, end + 1);
        let open = OpenElement { written: tag.name.to_owned(), told, bound };
        if tag.empty {
            self.close_element(open, true, text, end + 1, None);
        } else {
            self.open.push(open);
        }
        Ok(ParseStep::To(end + 1))
    }

    /// Names with their namespaces, and how many prefixes the tag has bound.
    fn resolve(
        &mut self,
        name: &str,
        attributes: Vec<Attribute>,
        text: &str,
        at: usize,
    ) -> Result<(String, Vec<Attribute>, usize), Fault> {
        let fault = |kind| Fault(kind, at);
        let Some(namespaces) = &mut self.namespaces else { return Ok((name.to_owned(), attributes, 0)) };
        let mut bound = Vec::new();
        let mut rest = Vec::with_capacity(attributes.len());
        for attribute in attributes {
            let prefix = match attribute.name.as_str() {
                "xmlns" => None,
                other => match other.strip_prefix("xmlns:") {
                    Some(prefix) => Some(prefix),
                    None => {
                        rest.push(attribute);
                        continue;
                    }
                },
            };
            namespaces.bind(prefix, &attribute.value).map_err(fault)?;
            let uri = (!attribute.value.is_empty()).then(|| attribute.value.clone());
            bound.push((prefix.map(str::to_owned), uri));
        }
        let prefixes = self.options.prefixes;
        let told = namespaces.resolve(name, false, prefixes).map_err(fault)?;
        let mut seen = HashSet::with_capacity(rest.len());
        for attribute in &mut rest {
            let bare = namespaces.resolve(&attribute.name, true, false).map_err(fault)?;
            let qualified = attribute.name.contains(':');
            if qualified && prefixes {
                attribute.name = namespaces.resolve(&attribute.name, true, true).map_err(fault)?;
            } else {
                attribute.name.clone_from(&bare);
            }
            if qualified && !seen.insert(bare) {
                return Err(Fault(ErrorKind::DuplicateAttribute, at));
            }
        }
        let count = bound.len();
        for (prefix, uri) in bound {
            self.emit_silently(Event::StartNamespace { prefix, uri }, text, at);
        }
        Ok((told, rest, count))
    }

    fn end_tag(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        let end = self.scan.find(text, at, ">");
        if end.is_none() && !last {
            return Ok(ParseStep::Wait);
        }
        let unclosed = Fault(ErrorKind::UnclosedToken, at);
        let mut cursor = Cursor::new(&text[..end.map_or(text.len(), |end| end + 1)], at + 2);
        let name = tag::name(&mut cursor, self.namespaces.is_some(), unclosed)?;
        cursor.space();
        match cursor.peek() {
            Some(b'>') => {}
            Some(_) => return Err(cursor.fault(ErrorKind::InvalidToken)),
            None => return Err(unclosed),
        }
        let lowest = self.frames.last().map_or(0, |frame| frame.depth);
        if self.open.len() <= lowest {
            return Err(Fault(ErrorKind::AsynchronousEntity, at));
        }
        match self.open.pop() {
            Some(open) if open.written == name => {
                self.close_element(open, false, text, at, Some(cursor.at + 1));
                Ok(ParseStep::To(cursor.at + 1))
            }
            _ => Err(Fault(ErrorKind::TagMismatch, at + 2)),
        }
    }

    fn close_element(&mut self, open: OpenElement, empty: bool, text: &str, at: usize, end: Option<usize>) {
        let event = Event::End { name: open.told, empty };
        match end {
            Some(end) => self.emit(event, text, at, end),
            None => self.emit_silently(event, text, at),
        }
        for _ in 0..open.bound {
            let prefix = self.namespaces.as_mut().and_then(Namespaces::unbind);
            self.emit_silently(Event::EndNamespace { prefix }, text, at);
        }
    }

    fn reference(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        let Some((reference, end)) = tag::reference(text, at)? else {
            return if last { Err(Fault(ErrorKind::UnclosedToken, at)) } else { Ok(ParseStep::Wait) };
        };
        let character = match reference {
            XmlReference::Character(number) => {
                Some(referenced(number).ok_or(Fault(ErrorKind::BadCharacterReference, at))?)
            }
            XmlReference::Entity(name) => predefined(name),
        };
        if let Some(character) = character {
            self.emit(Event::Text(character.to_string()), text, at, end);
            return Ok(ParseStep::To(end));
        }
        let XmlReference::Entity(name) = reference else { return Ok(ParseStep::To(end)) };
        let fault = |kind| Fault(kind, at);
        let Some(entity) = self.dtd.entity(name).map_err(fault)? else {
            self.emit(Event::Skipped { name: name.to_owned(), parameter: false }, text, at, end);
            return Ok(ParseStep::To(end));
        };
        if entity.open {
            return Err(fault(ErrorKind::RecursiveEntity));
        }
        match (&entity.declared.notation, entity.text.clone()) {
            (Some(_), _) => return Err(fault(ErrorKind::BinaryEntity)),
            (None, Some(_)) if !self.options.expand => {
                self.emit(Event::Skipped { name: name.to_owned(), parameter: false }, text, at, end);
            }
            (None, Some(value)) => {
                entity.open = true;
                self.account(value.len()).map_err(fault)?;
                if self.frames.is_empty() {
                    self.locate(text, at);
                }
                let depth = self.open.len();
                self.frames.push(EntityText { text: value, at: 0, name: name.to_owned(), depth, parameter: false });
            }
            (None, None) => {
                let (system, public) = (entity.declared.system.clone(), entity.declared.public.clone());
                self.emit(Event::External { context: name.to_owned(), system, public }, text, at, end);
            }
        }
        Ok(ParseStep::To(end))
    }
}
