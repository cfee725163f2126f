//! What may come next: prolog, document type, content, epilog.

use crate::chars::{is_char, is_space, starts_name};
use crate::content::OpenElement;
use crate::cursor::Cursor;
use crate::dtd::Dtd;
use crate::entities::EntityText;
use crate::error::{Error, ErrorKind, Fault};
use crate::event::Event;
use crate::input::Input;
use crate::namespace::Namespaces;
use crate::position::DocumentPosition;
use crate::tag::{self, Scan, lines};
use std::collections::VecDeque;
use std::rc::Rc;

/// What is asked of a parser.
#[derive(Clone, Debug)]
pub struct Options {
    /// Resolve namespaces; what stands between a namespace and a name, if anything.
    pub namespaces: Option<Option<char>>,
    /// Names in namespaces end with their prefix.
    pub prefixes: bool,
    /// Keep the text of each event, for default handlers.
    pub keep_text: bool,
    /// Replace references to entities that the document declares.
    pub expand: bool,
    /// Whether parameter entities are read. To be set before the first piece.
    pub parameters: ParameterEntities,
}

/// Whether parameter entities are read, by expat's numbers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ParameterEntities {
    /// They are skipped, and so are the declarations behind them.
    #[default]
    Never = 0,
    /// Unless the document says that it stands alone.
    UnlessStandalone = 1,
    /// In any case.
    Always = 2,
}

impl Default for Options {
    fn default() -> Self {
        Self { namespaces: None, prefixes: false, keep_text: false, expand: true, parameters: ParameterEntities::Never }
    }
}

/// Where in a document one is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// A declaration may come.
    Beginning,
    /// The document type or the root may come.
    Prolog,
    /// Between the brackets of the document type.
    Subset,
    /// Behind them.
    AfterSubset,
    /// In the root.
    Content,
    /// In a CDATA section.
    Cdata,
    /// Behind the root.
    Epilog,
}

/// An incremental parser.
pub struct Parser {
    /// To be set before the first piece of a document; `keep_text` and `expand` at any time.
    pub options: Options,
    pub(crate) input: Input,
    pub(crate) stage: Stage,
    pub(crate) dtd: Dtd,
    /// An entity of another document: content alone.
    pub(crate) external: bool,
    at: usize,
    pub(crate) scan: Scan,
    pub(crate) frames: Vec<EntityText>,
    pub(crate) open: Vec<OpenElement>,
    pub(crate) namespaces: Option<Namespaces>,
    queue: VecDeque<(Event, DocumentPosition, Option<String>)>,
    /// Up to where lines have been counted.
    counted: (usize, DocumentPosition),
    told: DocumentPosition,
    /// The text of the last event.
    last_text: Option<String>,
    failed: Option<Error>,
    finished: bool,
    /// Bytes of the document, and of the entities in it.
    pub(crate) direct: u64,
    pub(crate) indirect: u64,
}

/// What came of a step.
pub(crate) enum ParseStep {
    /// Read up to there.
    To(usize),
    /// More of the document has to come first.
    Wait,
    /// That was all.
    End,
}

/// What has been read is dropped in pieces of this size.
const PIECE: usize = 64 << 10;

impl Parser {
    /// A parser of a document, whose encoding may be known from elsewhere.
    pub fn new(encoding: Option<&str>, options: Options) -> Self {
        Self {
            namespaces: options.namespaces.map(Namespaces::new),
            options,
            input: Input::new(encoding.map(str::to_owned)),
            stage: Stage::Beginning,
            dtd: Dtd::default(),
            external: false,
            at: 0,
            scan: Scan::default(),
            frames: Vec::new(),
            open: Vec::new(),
            queue: VecDeque::new(),
            counted: (0, DocumentPosition::default()),
            told: DocumentPosition::default(),
            last_text: None,
            failed: None,
            finished: false,
            direct: 0,
            indirect: 0,
        }
    }

    /// A parser of an entity that stands elsewhere, with what this document has declared so far.
    pub fn child(&self, encoding: Option<&str>) -> Self {
        let mut child = Self::new(encoding, self.options.clone());
        child.dtd = self.dtd.clone();
        child.namespaces = self.namespaces.clone();
        child.external = true;
        child
    }

    /// Asks for an encoding, if nothing has been read yet.
    pub fn set_encoding(&mut self, name: &str) {
        self.input.ask(name);
    }

    /// Explains the encoding of an [`Event::UnknownEncoding`].
    pub fn set_table(&mut self, table: Box<[Option<char>; 256]>) {
        self.input.set_table(table);
    }

    /// Another piece of the document, the last one if `last`.
    pub fn feed(&mut self, bytes: &[u8], last: bool) {
        self.direct += bytes.len() as u64;
        self.input.feed(bytes, last);
        if self.at == 0 && self.counted.0 == 0 && self.counted.1.index == 0 {
            // A byte order mark counts as a character of the first line.
            self.counted.1 =
                DocumentPosition { line: 1, column: u64::from(self.input.mark > 0), index: self.input.mark };
        }
    }

    /// Whether the document is over.
    pub fn is_finished(&self) -> bool {
        self.finished || self.failed.is_some()
    }

    /// Where the last event, or the error, stands.
    pub fn position(&self) -> DocumentPosition {
        self.told
    }

    /// The text of the last event, if `keep_text` was set.
    pub fn text(&self) -> Option<&str> {
        self.last_text.as_deref()
    }

    /// The next event; none if it takes more of the document, or if that is over. After an error, the same error.
    #[allow(clippy::should_implement_trait, reason = "it is an iterator of nothing but what has been fed")]
    pub fn next(&mut self) -> Result<Option<Event>, Error> {
        loop {
            if let Some((event, position, text)) = self.queue.pop_front() {
                self.told = position;
                self.last_text = text;
                return Ok(Some(event));
            }
            if let Some(error) = self.failed {
                self.told = error.position;
                return Err(error);
            }
            if self.finished {
                return Ok(None);
            }
            if let Some(name) = self.input.unknown() {
                if self.told_unknown(name.to_owned()) {
                    continue;
                }
                return self.fail(Fault(ErrorKind::UnknownEncoding, self.at));
            }
            match self.step() {
                Ok(ParseStep::To(_)) => {}
                Ok(ParseStep::Wait) => {
                    self.told = self.position_of_end();
                    return Ok(None);
                }
                Ok(ParseStep::End) => self.finished = true,
                Err(fault) => {
                    let error = self.error(fault);
                    self.failed = Some(error);
                }
            }
        }
    }

    /// Tells of an unknown encoding once. False if nobody has explained it.
    fn told_unknown(&mut self, name: String) -> bool {
        if self.dtd.asked_encoding {
            return false;
        }
        self.dtd.asked_encoding = true;
        let position = self.counted.1;
        self.queue.push_back((Event::UnknownEncoding(name), position, None));
        true
    }

    fn fail(&mut self, fault: Fault) -> Result<Option<Event>, Error> {
        let error = self.error(fault);
        self.failed = Some(error);
        self.told = error.position;
        Err(error)
    }

    fn error(&mut self, Fault(kind, at): Fault) -> Error {
        let position = if self.frames.is_empty() {
            let text = std::mem::take(&mut self.input.text);
            let position = self.locate(&text, at);
            self.input.text = text;
            position
        } else {
            self.counted.1
        };
        Error { kind, position }
    }

    fn position_of_end(&mut self) -> DocumentPosition {
        let text = std::mem::take(&mut self.input.text);
        let position = self.locate(&text, self.at);
        self.input.text = text;
        position
    }

    /// The position of a byte of the document's text. Counting goes on from the last one that was before it.
    pub(crate) fn locate(&mut self, text: &str, at: usize) -> DocumentPosition {
        let (counted, mut position) = self.counted;
        if at >= counted {
            position.advance(&text[counted..at.min(text.len())], self.input.width());
            self.counted = (at.min(text.len()), position);
        }
        position
    }

    /// One step on, in the document or in an entity.
    fn step(&mut self) -> Result<ParseStep, Fault> {
        if let Some(frame) = self.frames.last() {
            let (text, at) = (Rc::clone(&frame.text), frame.at);
            let parameter = frame.parameter;
            self.scan = Scan::default();
            let step = if parameter { self.subset_in_entity(&text, at)? } else { self.content(&text, at, true)? };
            self.scan = Scan::default();
            if let (ParseStep::To(at), Some(frame)) = (&step, self.frames.last_mut())
                && Rc::ptr_eq(&frame.text, &text)
            {
                frame.at = *at;
            } else if let (ParseStep::To(at), [.., outer, _]) = (&step, &mut self.frames[..])
                && Rc::ptr_eq(&outer.text, &text)
            {
                // An entity inside has been opened.
                outer.at = *at;
            }
            if matches!(step, ParseStep::End) {
                return self.close_frame(at).map(|()| ParseStep::To(0));
            }
            return Ok(step);
        }
        self.drop_what_is_read();
        let text = std::mem::take(&mut self.input.text);
        let last = self.input.ended && self.input.bad.is_none() && self.input.unknown().is_none();
        let step = self.document(&text, self.at, last);
        // What has been decoded meanwhile, after the declaration.
        let more = std::mem::replace(&mut self.input.text, text);
        self.input.text.push_str(&more);
        match step {
            Ok(ParseStep::To(at)) => {
                self.at = at;
                self.scan = Scan::default();
                Ok(ParseStep::To(at))
            }
            Ok(ParseStep::Wait) => match self.input.bad {
                Some(ErrorKind::PartialChar) => Err(Fault(ErrorKind::PartialChar, self.at)),
                Some(kind) => Err(Fault(kind, self.input.text.len())),
                None => Ok(ParseStep::Wait),
            },
            other => other,
        }
    }

    fn drop_what_is_read(&mut self) {
        if self.at > PIECE && self.at > self.input.text.len() / 2 {
            let text = std::mem::take(&mut self.input.text);
            self.locate(&text, self.at);
            self.input.text = text;
            self.input.text.drain(..self.at);
            self.counted.0 = 0;
            self.at = 0;
        }
    }

    fn document(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        match self.stage {
            Stage::Beginning => self.beginning(text, at, last),
            Stage::Prolog | Stage::Epilog => self.outside(text, at, last),
            Stage::Subset => self.subset(text, at, last),
            Stage::AfterSubset => self.after_subset(text, at, last),
            Stage::Content | Stage::Cdata => {
                let step = self.content(text, at, last)?;
                Ok(match step {
                    ParseStep::To(at) if self.stage == Stage::Content && self.open.is_empty() && !self.external => {
                        // An entity may have been opened, but the root is not over by that.
                        if self.frames.is_empty() {
                            self.stage = Stage::Epilog;
                        }
                        ParseStep::To(at)
                    }
                    step => step,
                })
            }
        }
    }

    /// Tells an event that stands at `at`, up to `end`.
    pub(crate) fn emit(&mut self, event: Event, text: &str, at: usize, end: usize) {
        let position = if self.frames.is_empty() { self.locate(text, at) } else { self.counted.1 };
        let kept = self.options.keep_text.then(|| text[at..end].to_owned());
        self.queue.push_back((event, position, kept));
    }

    /// Tells an event that has no text of its own.
    pub(crate) fn emit_silently(&mut self, event: Event, text: &str, at: usize) {
        let position = if self.frames.is_empty() { self.locate(text, at) } else { self.counted.1 };
        self.queue.push_back((event, position, None));
    }

    fn beginning(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        const START: &str = "<?xml";
        let declares = text.starts_with(START)
            && text.as_bytes().get(START.len()).is_some_and(|byte| is_space(*byte) || *byte == b'?');
        if text.len() <= START.len() && START.starts_with(text) && !last {
            return Ok(ParseStep::Wait);
        }
        self.stage = if self.external { Stage::Content } else { Stage::Prolog };
        if !declares {
            self.input.declared(None).map_err(|kind| Fault(kind, at))?;
            return Ok(ParseStep::To(at));
        }
        let Some(end) = text.find("?>") else {
            self.stage = Stage::Beginning;
            return if last { Err(Fault(ErrorKind::UnclosedToken, at)) } else { Ok(ParseStep::Wait) };
        };
        let declaration = crate::declaration::parse(&text[..end], START.len(), self.external)?;
        self.dtd.standalone = declaration.standalone == Some(true);
        if self.dtd.standalone && self.options.parameters == ParameterEntities::UnlessStandalone {
            self.options.parameters = ParameterEntities::Never;
        }
        let encoding = declaration.encoding.map(|(name, at)| (name.to_owned(), at));
        let event = Event::Declaration {
            version: declaration.version.map(str::to_owned),
            encoding: encoding.as_ref().map(|(name, _)| name.clone()),
            standalone: declaration.standalone,
        };
        self.emit(event, text, at, end + 2);
        let (name, name_at) = encoding.map_or((None, at), |(name, at)| (Some(name), at));
        self.input.declared(name.as_deref()).map_err(|kind| Fault(kind, name_at))?;
        Ok(ParseStep::To(end + 2))
    }

    /// Before and behind the root.
    fn outside(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        let epilog = self.stage == Stage::Epilog;
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            return match (last, epilog) {
                (false, _) => Ok(ParseStep::Wait),
                (true, true) => Ok(ParseStep::End),
                (true, false) => Err(Fault(ErrorKind::NoElements, at)),
            };
        };
        if u8::try_from(first).is_ok_and(is_space) {
            let end = text.len() - tag::skip_space(rest).len();
            self.emit(Event::Other, text, at, end);
            return Ok(ParseStep::To(end));
        }
        if first == '<' {
            match rest.as_bytes().get(1) {
                None if last => return Err(Fault(ErrorKind::UnclosedToken, at)),
                None => return Ok(ParseStep::Wait),
                Some(b'?') => return self.instruction(text, at, last),
                Some(b'!') if ["<!-", "<!"].contains(&rest) || rest.starts_with("<!--") => {
                    return self.comment(text, at, last);
                }
                Some(b'!') if !epilog => return self.doctype(text, at, last),
                Some(_) if !epilog && rest[1..].starts_with(starts_name) => {
                    self.stage = Stage::Content;
                    let step = self.content(text, at, last);
                    if matches!(step, Ok(ParseStep::Wait)) {
                        self.stage = Stage::Prolog;
                    } else if self.open.is_empty() && step.is_ok() {
                        self.stage = Stage::Epilog;
                    }
                    return step;
                }
                Some(_) => {}
            }
        }
        let word = starts_name(first) || first.is_ascii_digit() || "\"'%,[]()|>#.-+*?".contains(first);
        Err(match (epilog, first) {
            (true, '<') if rest[1..].starts_with(starts_name) => Fault(ErrorKind::JunkAfterDocument, at),
            (true, _) if word => Fault(ErrorKind::JunkAfterDocument, at),
            (false, _) if word => Fault(ErrorKind::Syntax, at),
            (_, '<') => Fault(ErrorKind::InvalidToken, at + 1),
            _ => Fault(ErrorKind::InvalidToken, at),
        })
    }

    pub(crate) fn comment(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        const START: &str = "<!--";
        if !text[at..].starts_with(START) {
            if START.starts_with(&text[at..]) {
                return if last { Err(Fault(ErrorKind::UnclosedToken, at)) } else { Ok(ParseStep::Wait) };
            }
            return Err(Fault(ErrorKind::InvalidToken, at + 3));
        }
        self.scan.looked = self.scan.looked.max(START.len());
        let end = self.scan.find(text, at, "--");
        if end.is_none() && !last {
            return Ok(ParseStep::Wait);
        }
        let inside = &text[at + START.len()..end.unwrap_or(text.len())];
        if let Some(bad) = inside.find(|character| !is_char(character)) {
            return Err(Fault(ErrorKind::InvalidToken, at + START.len() + bad));
        }
        match (end, end.and_then(|end| text.as_bytes().get(end + 2))) {
            (Some(end), Some(b'>')) => {
                self.emit(Event::Comment(lines(inside)), text, at, end + 3);
                Ok(ParseStep::To(end + 3))
            }
            (Some(end), Some(_)) => Err(Fault(ErrorKind::InvalidToken, end + 2)),
            _ if last => Err(Fault(ErrorKind::UnclosedToken, at)),
            _ => Ok(ParseStep::Wait),
        }
    }

    pub(crate) fn instruction(&mut self, text: &str, at: usize, last: bool) -> Result<ParseStep, Fault> {
        self.scan.looked = self.scan.looked.max(2);
        let end = self.scan.find(text, at, "?>");
        if end.is_none() && !last {
            return Ok(ParseStep::Wait);
        }
        let mut cursor = Cursor::new(&text[..end.unwrap_or(text.len())], at + 2);
        if cursor.is_at_end() && end.is_none() {
            return Err(Fault(ErrorKind::UnclosedToken, at));
        }
        let target = cursor.name(ErrorKind::InvalidToken)?;
        let named_xml = target.eq_ignore_ascii_case("xml");
        if (named_xml && target != "xml") || (self.options.namespaces.is_some() && target.contains(':')) {
            return Err(cursor.fault(ErrorKind::InvalidToken));
        }
        if !cursor.is_at_end() && !cursor.peek().is_some_and(is_space) {
            return Err(cursor.fault(ErrorKind::InvalidToken));
        }
        let data = cursor.rest();
        if let Some(bad) = data.find(|character| !is_char(character)) {
            return Err(Fault(ErrorKind::InvalidToken, cursor.at + bad));
        }
        let Some(end) = end else { return Err(Fault(ErrorKind::UnclosedToken, at)) };
        if named_xml {
            return Err(Fault(ErrorKind::MisplacedDeclaration, at));
        }
        let event = Event::Instruction { target: target.to_owned(), data: lines(tag::skip_space(data)) };
        self.emit(event, text, at, end + 2);
        Ok(ParseStep::To(end + 2))
    }
}
