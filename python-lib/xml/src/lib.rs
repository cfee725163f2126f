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
//! | `tag` | tags, attributes and their values |
//! | `namespace` | prefixes, and what they stand for |
//! | `doctype`, `declaration` | the internal subset of a document type |
//! | `cursor`, `chars` | names, literals, white space |
//!
//! It does not read external entities itself: whoever gets [`Event::External`] may parse one with [`Parser::child`].
//! Parameter entities are skipped, as expat does unless it is told otherwise. The numbers of `ErrorKind` are expat's.

mod chars;
mod cursor;
mod declaration;
mod doctype;
mod error;
mod event;
mod input;
mod namespace;
mod parser;
mod position;
mod tag;

pub use error::{Error, ErrorKind};
pub use event::{Attribute, ContentModel, Entity, Event, ModelKind, Quantifier};
pub use parser::{Options, Parser};
pub use position::DocumentPosition;
