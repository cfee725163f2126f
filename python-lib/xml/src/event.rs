//! What a document consists of, as expat's handlers are told.

/// An attribute of an element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attribute {
    /// Its name, with its namespace where they are resolved.
    pub name: String,
    /// Its value, normalized.
    pub value: String,
    /// It stands in the tag, and is not a default of the document type.
    pub specified: bool,
}

/// What an element may contain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContentModel {
    /// Which kind of model.
    pub kind: ModelKind,
    /// How often.
    pub quantifier: Quantifier,
    /// Of a name.
    pub name: Option<String>,
    /// Of the others.
    pub children: Vec<ContentModel>,
}

/// Kinds of content models, by expat's numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[allow(missing_docs, reason = "as in a document type")]
pub enum ModelKind {
    Empty = 1,
    Any,
    Mixed,
    Name,
    Choice,
    Sequence,
}

/// How often something may come, by expat's numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
#[allow(missing_docs, reason = "as in a document type")]
pub enum Quantifier {
    Once,
    Optional,
    Any,
    Some,
}

/// A declared entity.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Entity {
    /// Its name.
    pub name: String,
    /// It is one for document types (`%name;`).
    pub parameter: bool,
    /// Its text, if it stands in the document.
    pub value: Option<String>,
    /// Where it is, if not.
    pub system: Option<String>,
    /// Its public identifier, if it has one besides.
    pub public: Option<String>,
    /// It is no text, but what this notation says.
    pub notation: Option<String>,
}

/// One thing that a document says. Each has a handler of its own in expat.
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of expat's handlers")]
pub enum Event {
    Declaration {
        version: Option<String>,
        encoding: Option<String>,
        standalone: Option<bool>,
    },
    /// `empty`: its end follows from the same tag.
    Start {
        name: String,
        attributes: Vec<Attribute>,
        empty: bool,
    },
    /// `empty`: it comes from the same tag as its start.
    End {
        name: String,
        empty: bool,
    },
    Text(String),
    Instruction {
        target: String,
        data: String,
    },
    Comment(String),
    StartCdata,
    EndCdata,
    StartNamespace {
        prefix: Option<String>,
        uri: Option<String>,
    },
    EndNamespace {
        prefix: Option<String>,
    },
    StartDoctype {
        name: String,
        system: Option<String>,
        public: Option<String>,
        subset: bool,
    },
    /// `]`, which is a part of the document type.
    EndSubset,
    EndDoctype,
    Element {
        name: String,
        model: ContentModel,
    },
    Attlist {
        element: String,
        attribute: String,
        kind: String,
        default: Option<String>,
        required: bool,
    },
    Entity(Entity),
    Notation {
        name: String,
        system: Option<String>,
        public: Option<String>,
    },
    /// An entity that stands elsewhere; `context` is for [`crate::Parser::child`].
    External {
        context: String,
        system: Option<String>,
        public: Option<String>,
    },
    /// An entity that may be declared in what has not been read.
    Skipped {
        name: String,
        parameter: bool,
    },
    /// The document depends on what has not been read, and does not say that this does not matter.
    NotStandalone,
    /// An encoding that this parser does not know: [`crate::Parser::set_table`] may, before the next event.
    UnknownEncoding(String),
    /// What no handler is for.
    Other,
}
