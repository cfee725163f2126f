//! C declarations: text → a tree of types → the types that can cross the wall.
//!
//! A manifest says in C what C says well, so this reads C as people copy it out of a header: specifiers in any order,
//! qualifiers, pointers, arrays, functions and parentheses in declarators, comments, attributes. It works in two
//! steps. [`parse`] reads *any* declarator into a [`Type`] tree and knows nothing of what a call can carry;
//! [`Prototype::resolve`] then says which of it can be called today, and refuses the rest with the reason and the
//! place. What is refused later becomes possible by changing the second step only.
//!
//! Why not a crate: `lang-c` (last release in 2023) reads preprocessed translation units, where every typedef name must
//! have been declared before it is met; an unknown one is a syntax error without a reason, and system headers would have
//! to come along to avoid that. `c2e` reads single declarations but is under the GPL and keeps no positions. Declarators
//! are a small, finished part of C; what makes the difference here are the errors.
//!
//! ```text
//! declaration = specifier { specifier } declarator [ ";" ]
//! specifier   = type word | qualifier | storage word | typedef name | ("struct" | "union" | "enum") name
//! declarator  = { "*" { qualifier } } direct
//! direct      = ( name | "(" declarator ")" | nothing ) { "(" parameters ")" | "[" length "]" }
//! parameters  = nothing | "void" | parameter { "," parameter } [ "," "..." ]
//! parameter   = specifier { specifier } declarator
//! ```

mod lexer;
mod names;
mod parser;
mod prototype;
mod specifiers;
mod tree;
mod typedefs;

pub use names::{Inner, Meaning, MemberShape, Names, TypeText};
pub use parser::parse;
pub use prototype::{FormMistakes, Prototype, PrototypeParameter};
pub use tree::{ArrayLength, Declaration, Name, Parameter, Tag, Type, TypeKind};

#[cfg(test)]
mod tests;
