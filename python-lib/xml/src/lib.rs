//! An incremental XML 1.0 parser that tells what libexpat tells: the same events, in the same order, with the same
//! positions and the same errors. Module `pyexpat` of a microprocess is made of it.
//!
//! RustPython's own runs a parser on a thread of its own, which a microprocess has not got, and overlooks that a document
//! is not well-formed. This one is fed with pieces of a document ([`Parser::feed`]), and asked for what is in them
//! ([`Parser::next`]); it has no thread, no callback, and no state outside of itself.
//!
//! | module | what it knows |
//! |---|---|
//! | `input` | bytes → text: encodings, byte order marks, the encoding declaration |
//! | `position` | lines, columns and bytes of what has been read |
//! | `parser` | prolog, content, epilog: what may come next |
//! | `content` | the root and what is in it |
//! | `entities` | texts of entities that stand for references, and how long they may make a document |
//! | `tag` | tags, attributes and their values |
//! | `namespace` | prefixes, and what they stand for |
//! | `doctype`, `declaration` | the internal subset of a document type |
//! | `dtd` | what has been declared there |
//! | `cursor`, `chars` | names, literals, white space |
//!
//! It does not read external entities itself: whoever gets [`Event::External`] may parse one with [`Parser::child`].
//! Parameter entities whose text stands in the document are read if [`Options::parameters`] says so, as with expat; those that
//! stand elsewhere never are, as if expat had no handler for them. The numbers of `ErrorKind` are expat's.

mod chars;
mod content;
mod cursor;
mod declaration;
mod doctype;
mod dtd;
mod entities;
mod error;
mod event;
mod input;
mod namespace;
mod parser;
mod position;
mod tag;

pub use error::{Error, ErrorKind};
pub use event::{Attribute, ContentModel, Entity, Event, ModelKind, Quantifier};
pub use parser::{Options, ParameterEntities, Parser};
pub use position::DocumentPosition;
