//! Errors for people: which file, which line, which column, what is wrong and what to do about it.
//!
//! Whoever checks a file collects [`Diagnostic`]s, so that one run shows every mistake and not only the first. They
//! carry their source along and therefore render anywhere: as text with a caret, with or without colour
//! ([`Diagnostics::render`]), or as data for `--json` ([`serde::Serialize`]).

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use cloison_contract::printable;
use cloison_contract::types::Location;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file as errors show it.
#[derive(Debug, Eq, PartialEq)]
pub struct SourceFile {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl SourceFile {
    /// A file of that name and text.
    pub fn new(name: &str, text: &str) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), text: text.to_owned() })
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can be used, but probably does not mean what was meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The file it is in.
    pub source: Arc<SourceFile>,
    /// Where in the file, in bytes; `None` when it is about the file as a whole.
    pub span: Option<Range<usize>>,
    /// A few words that stand at the caret.
    pub label: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Its line in the file is not shown, as the message says all that stands there.
    pub brief: bool,
}

impl Diagnostic {
    /// An error at a place in a file.
    pub fn error(source: &Arc<SourceFile>, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            source: Arc::clone(source),
            span: Some(clamp(&source.text, span)),
            label: None,
            hint: None,
            brief: false,
        }
    }

    /// An error about a file as a whole.
    pub fn whole_file(source: &Arc<SourceFile>, message: impl Into<String>) -> Self {
        Self { span: None, ..Self::error(source, 0..0, message) }
    }

    /// The same with words at the caret.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same in two lines, for a message that says all that stands at its place.
    #[must_use]
    pub fn brief(self) -> Self {
        Self { brief: true, ..self }
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// Where it begins, if it has a place.
    pub fn location(&self) -> Option<Location> {
        self.span.as_ref().map(|span| location(&self.source.text, span.start))
    }

    /// Texts of the file without what a terminal obeys; of its lines, the renderer takes escapes out.
    fn render(&self, renderer: &Renderer) -> String {
        let [name, message] = [&self.source.name, &self.message].map(|text| printable::lines(text));
        let [label, hint] = [&self.label, &self.hint].map(|text| text.as_deref().map(printable::lines));
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&message);
        let origin = annotate_snippets::Origin::path(&name);
        let mut group = match &self.span {
            Some(_) if self.brief => {
                let at = self.location().unwrap_or_default();
                let origin = origin.line(at.line as usize).char_column(at.column as usize);
                Group::with_title(title).element(origin)
            }
            Some(span) => {
                let annotation = AnnotationKind::Primary.span(span.clone()).label(label.as_deref());
                Group::with_title(title).element(Snippet::source(&self.source.text).path(&name).annotation(annotation))
            }
            None => Group::with_title(title).element(origin),
        };
        if let Some(hint) = &hint {
            group = group.element(Level::HELP.with_name(Some("hint")).message(hint));
        }
        renderer.render(&[group])
    }
}

impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let start = self.location();
        let end = self.span.as_ref().map(|span| location(&self.source.text, span.end));
        let mut out = serializer.serialize_struct("Diagnostic", 9)?;
        out.serialize_field("severity", &self.severity)?;
        out.serialize_field("message", &self.message)?;
        out.serialize_field("file", &self.source.name)?;
        out.serialize_field("line", &start.map(|at| at.line))?;
        out.serialize_field("column", &start.map(|at| at.column))?;
        out.serialize_field("end_line", &end.map(|at| at.line))?;
        out.serialize_field("end_column", &end.map(|at| at.column))?;
        out.serialize_field("label", &self.label)?;
        out.serialize_field("hint", &self.hint)?;
        out.end()
    }
}

/// A string and where it stands in its file, in bytes, quotes included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Written {
    /// The string.
    pub text: String,
    /// Where.
    pub span: Range<usize>,
}

/// Something wrong inside a piece of text (C, an expression, a size) whose place in a file the finder does not know.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    /// Where in the piece, in bytes.
    pub span: Range<usize>,
    /// See [`Diagnostic::message`].
    pub message: String,
    /// See [`Diagnostic::label`].
    pub label: Option<String>,
    /// See [`Diagnostic::hint`].
    pub hint: Option<String>,
}

impl Mistake {
    /// A mistake at a place in the piece.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: None, hint: None }
    }

    /// The same with words at the caret.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same with advice, if there is any.
    #[must_use]
    pub fn maybe_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}

/// All that is wrong, in the order of the file.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Whether there is none, not even a warning.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|one| one.severity == Severity::Error)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Sorted as they stand in their file.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.list.sort_by_key(|one| one.span.as_ref().map_or((0, 0), |span| (span.start, span.end)));
        self.list.dedup();
        self
    }

    /// The first `most` of them, and how many more there are.
    #[must_use]
    pub fn truncated(mut self, most: usize) -> Self {
        let more = self.list.len().saturating_sub(most);
        if let Some(source) = self.list.get(most).map(|one| Arc::clone(&one.source)) {
            self.list.truncate(most);
            let message = format!("{more} more {}", if more == 1 { "mistake" } else { "mistakes" });
            let hint = format!("these are the first {most}; the others are shown as soon as there is room for them");
            self.list.push(Diagnostic::whole_file(&source, message).hint(hint));
        }
        self
    }

    /// As text for a terminal (`colour`) or a file, ending in a line feed; empty if there is nothing to say.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for (index, one) in self.list.iter().enumerate() {
            // Brief ones stand together, the others apart.
            let apart = index > 0 && !(one.brief && self.list[index - 1].brief);
            text += if apart { "\n" } else { "" };
            text += &(one.render(&renderer) + "\n");
        }
        // Every escape that is left is a colour of the renderer's.
        if colour { printable::coloured(&text) } else { printable::lines(&text) }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self { list: vec![one] }
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, iter: I) {
        self.list.extend(iter);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// Line and column of a byte offset. An offset inside a character counts as that character, one behind the end as the end.
pub fn location(text: &str, offset: usize) -> Location {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    Location { line: saturate(line), column: saturate(column) }
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn clamp(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    start..text.ceil_char_boundary(span.end).max(start)
}
