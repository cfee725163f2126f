//! A document type: what its internal subset declares.

use crate::chars::{is_char, is_public, is_space, referenced};
use crate::cursor::Cursor;
use crate::entities::EntityText;
use crate::error::{ErrorKind, Fault};
use crate::event::{ContentModel, Entity, Event, ModelKind, Quantifier};
use crate::parser::{ParameterEntities, ParseStep, Parser, Stage};
use crate::tag::{self, XmlReference, lines};

impl Parser {
    /// `<!DOCTYPE … [` or `>`.
    pub(crate) fn doctype(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        const START: &str = "<!DOCTYPE";
        let rest = &text[at..];
        let unclosed = || if last { Err(Fault(ErrorKind::UnclosedToken, at)) } else { Ok(ParseStep::Wait) };
        if !rest.starts_with(START) {
            if START.starts_with(rest) {
                return unclosed();
            }
            let word = rest[2..].starts_with(|first: char| first.is_ascii_alphabetic());
            return Err(if word { Fault(ErrorKind::Syntax, at) } else { Fault(ErrorKind::InvalidToken, at + 2) });
        }
        if self.dtd.seen {
            return Err(Fault(ErrorKind::Syntax, at));
        }
        let Some(end) = self.scan.any(text, at, b"[>") else {
            return if last { Err(Fault(ErrorKind::NoElements, text.len())) } else { Ok(ParseStep::Wait) };
        };
        let mut cursor = Cursor::new(&text[..end], at + START.len());
        cursor.need_space(ErrorKind::InvalidToken)?;
        let name = cursor.name(ErrorKind::Syntax)?.to_owned();
        let space = cursor.space();
        let (mut system, mut public) = (None, None);
        if !cursor.is_at_end() {
            if !space {
                return Err(cursor.fault(ErrorKind::InvalidToken));
            }
            (system, public) = external(&mut cursor, false)?;
            cursor.space();
        }
        if !cursor.is_at_end() {
            return Err(cursor.fault(ErrorKind::Syntax));
        }
        let subset = text.as_bytes()[end] == b'[';
        self.dtd.seen = true;
        let outside = system.is_some();
        self.dtd.elsewhere |= outside;
        if outside {
            self.not_standalone(text, at);
        }
        self.emit(Event::StartDoctype { name, system, public, subset }, text, at, end + usize::from(subset));
        if subset {
            self.stage = Stage::Subset;
            Ok(ParseStep::To(end + 1))
        } else {
            self.stage = Stage::AfterSubset;
            Ok(ParseStep::To(end))
        }
    }

    /// `]` has been read, `>` has not.
    pub(crate) fn after_subset(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        let mut cursor = Cursor::new(text, at);
        cursor.space();
        match cursor.peek() {
            Some(b'>') => {
                self.emit(Event::EndDoctype, text, at, cursor.at + 1);
                self.stage = Stage::Prolog;
                Ok(ParseStep::To(cursor.at + 1))
            }
            Some(_) => Err(cursor.fault(ErrorKind::Syntax)),
            None if last => Err(Fault(ErrorKind::NoElements, cursor.at)),
            None => Ok(ParseStep::Wait),
        }
    }

    /// Between the brackets.
    pub(crate) fn subset(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        let rest = &text[at..];
        let unclosed = || if last { Err(Fault(ErrorKind::UnclosedToken, at)) } else { Ok(ParseStep::Wait) };
        match rest.as_bytes() {
            [] if last => Err(Fault(ErrorKind::NoElements, at)),
            [] => Ok(ParseStep::Wait),
            [byte, ..] if is_space(*byte) => {
                let end = text.len() - tag::skip_space(rest).len();
                self.emit(Event::Other, text, at, end);
                Ok(ParseStep::To(end))
            }
            [b']', ..] => {
                self.stage = Stage::AfterSubset;
                self.emit(Event::EndSubset, text, at, at + 1);
                Ok(ParseStep::To(at + 1))
            }
            [b'%', ..] => self.parameter_reference(text, at, last),
            [b'<', b'?', ..] => self.instruction(text, at, last),
            [b'<', b'!', b'-', ..] => self.comment(text, at, last),
            [b'<'] | [b'<', b'!'] => unclosed(),
            [b'<', b'!', ..] => {
                let Some(end) = self.scan.close(text, at) else {
                    let incomplete = !self.frames.is_empty() && self.scan.quote.is_none();
                    return if incomplete { Err(Fault(ErrorKind::IncompleteParameterEntity, at)) } else { unclosed() };
                };
                self.markup(text, at, end).map_err(|fault| match fault {
                    Fault(ErrorKind::Syntax, at) if is_parameter_reference(text, at) => {
                        Fault(ErrorKind::ParameterEntityReference, at)
                    }
                    fault => fault,
                })?;
                Ok(ParseStep::To(end + 1))
            }
            [b'<', ..] => Err(Fault(ErrorKind::InvalidToken, at + 1)),
            _ => Err(Fault(ErrorKind::Syntax, at)),
        }
    }

    /// In the text of a parameter entity, which is whole declarations.
    pub(crate) fn subset_in_entity(&mut self, text: &str, at: usize) -> Result<ParseStep, Fault> {
        match text.as_bytes().get(at) {
            None => Ok(ParseStep::End),
            Some(b']') => Err(Fault(ErrorKind::IncompleteParameterEntity, at)),
            Some(_) => self.subset(text, at, true),
        }
    }

    /// `%name;` between declarations.
    fn parameter_reference(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        let mut cursor = Cursor::new(text, at + 1);
        let unclosed = || if last { Err(Fault(ErrorKind::UnclosedToken, at)) } else { Ok(ParseStep::Wait) };
        if cursor.is_at_end() {
            return unclosed();
        }
        let name = cursor.name(ErrorKind::InvalidToken)?;
        match cursor.peek() {
            None => return unclosed(),
            Some(b';') => {}
            Some(_) => return Err(cursor.fault(ErrorKind::InvalidToken)),
        }
        let end = cursor.at + 1;
        self.dtd.elsewhere = true;
        if self.options.parameters == ParameterEntities::Never {
            self.dtd.skipping |= !self.dtd.standalone;
            self.not_standalone(text, at);
            self.emit(Event::Other, text, at, end);
            return Ok(ParseStep::To(end));
        }
        // A document that stands alone declares what it refers to itself, and not in another parameter entity.
        let must_be_here = self.dtd.standalone && self.frames.is_empty();
        let entity = match self.dtd.parameter(name) {
            None if must_be_here => return Err(Fault(ErrorKind::UndefinedEntity, at)),
            Some(known) if must_be_here && known.inside => {
                return Err(Fault(ErrorKind::EntityDeclaredInParameterEntity, at));
            }
            Some(known) if known.open => return Err(Fault(ErrorKind::RecursiveEntity, at)),
            Some(known) => {
                known.open = known.text.is_some();
                Some(known.text.clone())
            }
            None => None,
        };
        match entity {
            Some(Some(value)) => {
                self.account(value.len()).map_err(|kind| Fault(kind, at))?;
                if self.frames.is_empty() {
                    self.locate(text, at);
                }
                let (name, depth) = (name.to_owned(), self.open.len());
                self.frames.push(EntityText { text: value, at: 0, name, depth, parameter: true });
            }
            // What stands elsewhere is not read.
            Some(None) => {
                self.dtd.skipping |= !self.dtd.standalone;
                self.emit(Event::Other, text, at, end);
            }
            None => {
                self.dtd.skipping |= !self.dtd.standalone;
                self.emit(Event::Skipped { name: name.to_owned(), parameter: true }, text, at, end);
            }
        }
        Ok(ParseStep::To(end))
    }

    /// Declarations stand where nobody reads them, and the document does not say that this does not matter.
    fn not_standalone(&mut self, text: &str, at: usize) {
        if !self.dtd.standalone && self.options.parameters == ParameterEntities::Never {
            self.emit_silently(Event::NotStandalone, text, at);
        }
    }

    /// One declaration; `end` is its `>`.
    fn markup(&mut self, text: &str, at: usize, end: usize) -> Result<(), Fault> {
        if let Some(bad) = text[at..end].find(|character| !is_char(character)) {
            return Err(Fault(ErrorKind::InvalidToken, at + bad));
        }
        let mut cursor = Cursor::new(&text[..end], at + 2);
        let keyword_at = cursor.at;
        let keyword = cursor.token();
        if !["ELEMENT", "ATTLIST", "ENTITY", "NOTATION"].contains(&keyword) {
            return Err(Fault(
                if keyword.is_empty() { ErrorKind::InvalidToken } else { ErrorKind::Syntax },
                keyword_at - 2,
            ));
        }
        cursor.need_space(ErrorKind::InvalidToken)?;
        let silent = self.dtd.skipping;
        let events = match keyword {
            "ELEMENT" => element(&mut cursor)?,
            "ATTLIST" => self.attlist(&mut cursor)?,
            "ENTITY" => self.entity(&mut cursor)?,
            _ => notation(&mut cursor)?,
        };
        cursor.space();
        if !cursor.is_at_end() {
            return Err(cursor.fault(ErrorKind::Syntax));
        }
        if silent || events.is_empty() {
            self.emit(Event::Other, text, at, end + 1);
            return Ok(());
        }
        // The text is that of all of them.
        for (index, event) in events.into_iter().enumerate() {
            if index == 0 {
                self.emit(event, text, at, end + 1);
            } else {
                self.emit_silently(event, text, at);
            }
        }
        Ok(())
    }

    fn attlist(&mut self, cursor: &mut Cursor<'_>) -> Result<Vec<Event>, Fault> {
        let element = cursor.name(ErrorKind::Syntax)?.to_owned();
        let mut events = Vec::new();
        loop {
            let space = cursor.space();
            if cursor.is_at_end() {
                return Ok(events);
            }
            if !space {
                return Err(cursor.fault(ErrorKind::InvalidToken));
            }
            let attribute = cursor.name(ErrorKind::Syntax)?.to_owned();
            cursor.need_space(ErrorKind::InvalidToken)?;
            let kind = attribute_type(cursor)?;
            cursor.need_space(ErrorKind::InvalidToken)?;
            let mut required = false;
            let mut valued = true;
            if cursor.eat("#REQUIRED") {
                (required, valued) = (true, false);
            } else if cursor.eat("#IMPLIED") {
                valued = false;
            } else if cursor.eat("#FIXED") {
                required = true;
                cursor.need_space(ErrorKind::InvalidToken)?;
            }
            let list = kind != "CDATA";
            let default = if valued {
                let at = cursor.at + 1;
                let value = cursor.literal(ErrorKind::Syntax)?;
                let value = tag::normalize(value, at, self).map_err(|fault| match fault {
                    Fault(kind @ (ErrorKind::UndefinedEntity | ErrorKind::RecursiveEntity), _) => Fault(kind, at - 1),
                    fault => fault,
                })?;
                Some(if list { tag::collapse(&value) } else { value })
            } else {
                None
            };
            if self.dtd.skipping {
                continue;
            }
            self.dtd.declare_attribute(&element, &attribute, list, default.as_ref());
            events.push(Event::Attlist { element: element.clone(), attribute, kind, default, required });
        }
    }

    fn entity(&mut self, cursor: &mut Cursor<'_>) -> Result<Vec<Event>, Fault> {
        let silent = self.dtd.skipping;
        let parameter = cursor.eat("%");
        if parameter {
            cursor.need_space(ErrorKind::InvalidToken)?;
        }
        let mut entity = Entity { name: cursor.name(ErrorKind::Syntax)?.to_owned(), parameter, ..Entity::default() };
        cursor.need_space(ErrorKind::InvalidToken)?;
        if matches!(cursor.peek(), Some(b'"' | b'\'')) {
            let at = cursor.at + 1;
            let name = parameter.then_some(&*entity.name);
            entity.value = Some(self.entity_value(cursor.literal(ErrorKind::Syntax)?, at, name)?);
        } else {
            (entity.system, entity.public) = external(cursor, false)?;
            let space = cursor.space();
            if !parameter && cursor.eat("NDATA") {
                if !space {
                    return Err(cursor.fault(ErrorKind::InvalidToken));
                }
                cursor.need_space(ErrorKind::InvalidToken)?;
                entity.notation = Some(cursor.name(ErrorKind::Syntax)?.to_owned());
            }
        }
        if silent {
            return Ok(Vec::new());
        }
        let inside = !self.frames.is_empty();
        if (!parameter && crate::chars::predefined(&entity.name).is_some()) || !self.dtd.declare(&entity, inside) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::Entity(entity)])
    }

    /// The text of an entity: references to characters are replaced, those to general entities stay. Those to parameter
    /// entities are replaced where the declaration stands in such an entity itself, and are wrong elsewhere. `declared` is the
    /// parameter entity whose text it is.
    fn entity_value(&mut self, value: &str, at: usize, declared: Option<&str>) -> Result<String, Fault> {
        let mut text = String::with_capacity(value.len());
        let inside = !self.frames.is_empty();
        self.append_value(value, &mut text, declared, inside, 0)
            .map_err(|Fault(kind, offset)| Fault(kind, at + offset))?;
        Ok(text)
    }

    fn append_value(
        &mut self,
        value: &str,
        text: &mut String,
        declared: Option<&str>,
        inside: bool,
        depth: usize,
    ) -> Result<(), Fault> {
        // In the text of an entity ends of lines are line feeds; a carriage return was written as a reference.
        let as_lines = |text: &str| if inside { text.to_owned() } else { lines(text) };
        let mut from = 0;
        while let Some(found) = value[from..].find(['&', '%']) {
            text.push_str(&as_lines(&value[from..from + found]));
            from += found;
            let fault = |kind| Fault(kind, from);
            if value.as_bytes()[from] == b'%' {
                let mut cursor = Cursor::new(value, from + 1);
                let name = cursor.name(ErrorKind::InvalidToken)?;
                if !cursor.eat(";") {
                    return Err(cursor.fault(ErrorKind::InvalidToken));
                }
                if !inside {
                    return Err(fault(ErrorKind::ParameterEntityReference));
                }
                match self.dtd.parameter(name) {
                    // It has no text yet.
                    None if declared == Some(name) => {}
                    Some(known) if known.open => return Err(fault(ErrorKind::RecursiveEntity)),
                    Some(known) => {
                        if let Some(inner) = known.text.clone() {
                            if depth >= DEEPEST {
                                return Err(fault(ErrorKind::NoMemory));
                            }
                            known.open = true;
                            self.account(inner.len()).map_err(fault)?;
                            let appended = self.append_value(&inner, text, declared, inside, depth + 1);
                            self.dtd.close_parameter(name);
                            appended.map_err(|Fault(kind, _)| fault(kind))?;
                        } else {
                            self.dtd.skipping |= !self.dtd.standalone;
                        }
                    }
                    // The value ends here, as expat has it.
                    None => {
                        self.dtd.skipping |= !self.dtd.standalone;
                        return Ok(());
                    }
                }
                from = cursor.at;
                continue;
            }
            let (reference, end) = tag::reference(value, from)?.ok_or(fault(ErrorKind::InvalidToken))?;
            match reference {
                XmlReference::Character(number) => {
                    text.push(referenced(number).ok_or(fault(ErrorKind::BadCharacterReference))?);
                }
                XmlReference::Entity(_) => text.push_str(&value[from..end]),
            }
            from = end;
        }
        text.push_str(&as_lines(&value[from..]));
        Ok(())
    }
}

/// Whether `%name;` stands there.
fn is_parameter_reference(text: &str, at: usize) -> bool {
    text[at..].strip_prefix('%').is_some_and(|rest| {
        let mut cursor = Cursor::new(rest, 0);
        cursor.name(ErrorKind::InvalidToken).is_ok() && cursor.eat(";")
    })
}

/// System and public identifier of what stands elsewhere.
type Identifiers = (Option<String>, Option<String>);

/// `SYSTEM "…"`, `PUBLIC "…" "…"`; of a notation the second may be missing.
fn external(cursor: &mut Cursor<'_>, notation: bool) -> Result<Identifiers, Fault> {
    let at = cursor.at;
    match cursor.token() {
        "SYSTEM" => {
            cursor.need_space(ErrorKind::InvalidToken)?;
            Ok((Some(cursor.literal(ErrorKind::Syntax)?.to_owned()), None))
        }
        "PUBLIC" => {
            cursor.need_space(ErrorKind::InvalidToken)?;
            let at = cursor.at + 1;
            let public = cursor.literal(ErrorKind::Syntax)?;
            if !public.chars().all(is_public) {
                return Err(Fault(ErrorKind::PublicId, at));
            }
            let public = public.split([' ', '\r', '\n', '\t']).filter(|word| !word.is_empty());
            let public = Some(public.collect::<Vec<_>>().join(" "));
            let space = cursor.space();
            if notation && !matches!(cursor.peek(), Some(b'"' | b'\'')) {
                return Ok((None, public));
            }
            if !space {
                return Err(cursor.fault(ErrorKind::Syntax));
            }
            Ok((Some(cursor.literal(ErrorKind::Syntax)?.to_owned()), public))
        }
        _ => Err(Fault(ErrorKind::Syntax, at)),
    }
}

fn notation(cursor: &mut Cursor<'_>) -> Result<Vec<Event>, Fault> {
    let name = cursor.name(ErrorKind::Syntax)?.to_owned();
    cursor.need_space(ErrorKind::InvalidToken)?;
    let (system, public) = external(cursor, true)?;
    Ok(vec![Event::Notation { name, system, public }])
}

/// `CDATA`, `NMTOKEN`, `(a|b)`, `NOTATION(a|b)` …
fn attribute_type(cursor: &mut Cursor<'_>) -> Result<String, Fault> {
    let at = cursor.at;
    let mut kind = String::new();
    if cursor.peek() != Some(b'(') {
        kind.push_str(cursor.token());
        match kind.as_str() {
            "CDATA" | "ID" | "IDREF" | "IDREFS" | "ENTITY" | "ENTITIES" | "NMTOKEN" | "NMTOKENS" => return Ok(kind),
            "NOTATION" => cursor.need_space(ErrorKind::InvalidToken)?,
            _ => return Err(Fault(ErrorKind::Syntax, at)),
        }
    }
    if !cursor.eat("(") {
        return Err(cursor.fault(ErrorKind::Syntax));
    }
    kind.push('(');
    loop {
        cursor.space();
        let token = cursor.token();
        if token.is_empty() {
            return Err(cursor.fault(ErrorKind::Syntax));
        }
        kind.push_str(token);
        cursor.space();
        if cursor.eat("|") {
            kind.push('|');
        } else if cursor.eat(")") {
            kind.push(')');
            return Ok(kind);
        } else {
            return Err(cursor.fault(ErrorKind::Syntax));
        }
    }
}

fn element(cursor: &mut Cursor<'_>) -> Result<Vec<Event>, Fault> {
    let name = cursor.name(ErrorKind::Syntax)?.to_owned();
    cursor.need_space(ErrorKind::InvalidToken)?;
    let plain = |kind| ContentModel { kind, quantifier: Quantifier::Once, name: None, children: Vec::new() };
    let model = if cursor.eat("EMPTY") {
        plain(ModelKind::Empty)
    } else if cursor.eat("ANY") {
        plain(ModelKind::Any)
    } else {
        group(cursor, 0)?
    };
    Ok(vec![Event::Element { name, model }])
}

/// Groups, and entities in values, may be in one another so deep.
pub(crate) const DEEPEST: usize = 1000;

fn group(cursor: &mut Cursor<'_>, depth: usize) -> Result<ContentModel, Fault> {
    if depth > DEEPEST {
        return Err(cursor.fault(ErrorKind::NoMemory));
    }
    if !cursor.eat("(") {
        return Err(cursor.fault(ErrorKind::Syntax));
    }
    cursor.space();
    if depth == 0 && cursor.eat("#PCDATA") {
        return mixed(cursor);
    }
    let mut children = Vec::new();
    let mut separator = None;
    loop {
        cursor.space();
        if cursor.peek() == Some(b'(') {
            children.push(group(cursor, depth + 1)?);
        } else {
            let name = Some(cursor.name(ErrorKind::Syntax)?.to_owned());
            children.push(ContentModel {
                kind: ModelKind::Name,
                quantifier: quantifier(cursor),
                name,
                children: Vec::new(),
            });
        }
        cursor.space();
        match cursor.peek() {
            Some(b')') => {
                cursor.at += 1;
                let kind = if separator == Some(b'|') { ModelKind::Choice } else { ModelKind::Sequence };
                return Ok(ContentModel { kind, quantifier: quantifier(cursor), name: None, children });
            }
            Some(byte @ (b'|' | b',')) if separator.is_none_or(|before| before == byte) => {
                separator = Some(byte);
                cursor.at += 1;
            }
            _ => return Err(cursor.fault(ErrorKind::Syntax)),
        }
    }
}

/// `(#PCDATA | a | b)*`, from behind `#PCDATA` on.
fn mixed(cursor: &mut Cursor<'_>) -> Result<ContentModel, Fault> {
    let mut children = Vec::new();
    loop {
        cursor.space();
        if cursor.eat(")") {
            break;
        }
        if !cursor.eat("|") {
            return Err(cursor.fault(ErrorKind::Syntax));
        }
        cursor.space();
        let name = Some(cursor.name(ErrorKind::Syntax)?.to_owned());
        children.push(ContentModel { kind: ModelKind::Name, quantifier: Quantifier::Once, name, children: Vec::new() });
    }
    let starred = cursor.eat("*");
    if !starred && !children.is_empty() {
        return Err(cursor.fault(ErrorKind::Syntax));
    }
    let quantifier = if starred { Quantifier::Any } else { Quantifier::Once };
    Ok(ContentModel { kind: ModelKind::Mixed, quantifier, name: None, children })
}

fn quantifier(cursor: &mut Cursor<'_>) -> Quantifier {
    match cursor.peek() {
        Some(b'?') => cursor.at += 1,
        Some(b'*') => {
            cursor.at += 1;
            return Quantifier::Any;
        }
        Some(b'+') => {
            cursor.at += 1;
            return Quantifier::Some;
        }
        _ => return Quantifier::Once,
    }
    Quantifier::Optional
}
