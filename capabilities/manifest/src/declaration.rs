//! C declarations: text → a tree of types → the types that can cross the wall.
//!
//! A manifest says in C what C says well, so this reads C as people copy it out of a header: specifiers in any order,
//! qualifiers, pointers, arrays, functions and parentheses in declarators, structs, unions and enumerations with their
//! members, bit-fields, constant expressions, comments, attributes. It works in two steps:
//!
//! 1. The text becomes a tree ([`parse`], [`TypeDeclaration`]). This knows nothing of what a call can carry, nor what
//!    names stand for.
//! 2. The tree becomes types, with the [`Names`] of a manifest: [`Names::read`] reads all its `[types]` together, in
//!    whatever order they stand, and lays records out; [`Prototype::parse`] reads a function. What no call can carry is
//!    refused here, with the reason, the place and a way out.
//!
//! Why not a crate: `lang-c` (last release in 2023) reads preprocessed translation units, where every typedef name must
//! have been declared before it is met; an unknown one is a syntax error without a reason, and system headers would have
//! to come along to avoid that. `c2e` reads single declarations but is under the GPL and keeps no positions. Declarators
//! are a small, finished part of C; what makes the difference here are the errors.
//!
//! ```text
//! declaration = specifier { specifier } declarator [ ";" ]
//! specifier   = type word | qualifier | storage word | typedef name | ("struct" | "union" | "enum") [ name ] [ body ]
//! declarator  = { "*" { qualifier } } direct
//! direct      = ( name | "(" declarator ")" | nothing ) { "(" parameters ")" | "[" length "]" }
//! parameters  = nothing | "void" | parameter { "," parameter } [ "," "..." ]
//! parameter   = specifier { specifier } declarator
//! ```
//!
//! Bodies stand in the texts of types only (`body.rs`). Lengths, widths and values are constant expressions (`constant.rs`).

mod attribute;
mod body;
mod constant;
mod cursor;
mod integer;
mod lexer;
mod names;
mod parser;
mod prototype;
mod reading;
mod resolve;
mod specifiers;
mod tree;
mod typedefs;

pub use attribute::{Alignment, LayoutAttributes};
pub use constant::ConstantExpression;
pub use names::{Inner, Meaning, MemberShape, Names, TypeText};
pub use parser::parse;
pub use prototype::{FormMistakes, Prototype, PrototypeParameter};
pub use tree::{
    ArrayLength, Body, Content, Declaration, MemberDeclaration, Name, ParameterDeclaration, QualifiedType, TagKind,
    TypeDeclaration, UnqualifiedType,
};

#[cfg(test)]
mod tests;
