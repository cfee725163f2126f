//! What a declaration says, before anybody asks whether it can be called.

use crate::types::Scalar;
use std::ops::Range;

/// A declared name, or none (`int *` as a parameter), and its type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Declaration {
    /// The name.
    pub name: Option<Name>,
    /// Its type.
    pub c_type: Type,
    /// `typedef` stood before it.
    pub typedef: bool,
    /// The whole of it.
    pub span: Range<usize>,
}

/// A name and where it stands, in bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where.
    pub span: Range<usize>,
}

/// A type with its qualifier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Type {
    /// What it is.
    pub kind: TypeKind,
    /// `const`
    pub constant: bool,
    /// The words that brought it about: the specifiers, the `*`, the brackets or the parameter list.
    pub span: Range<usize>,
}

/// What a type is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TypeKind {
    /// `T name[length]`
    Array {
        /// The element.
        of: Box<Type>,
        /// How many.
        length: ArrayLength,
    },
    /// `T name(parameters)`
    Function {
        /// `T`
        returns: Box<Type>,
        /// The parameters; `(void)` has none.
        parameters: Vec<Parameter>,
        /// Where `...` stands.
        variadic: Option<Range<usize>>,
    },
    /// A name that must be a typedef.
    Named(String),
    /// `T *`
    Pointer(Box<Type>),
    /// A number.
    Scalar {
        /// Which.
        scalar: Scalar,
        /// It was written as plain `char`.
        character: bool,
    },
    /// `struct NAME`, `union NAME`, `enum NAME`
    Tagged {
        /// Which of the three.
        tag: Tag,
        /// `NAME`
        name: String,
    },
    /// A number that this version has no [`Scalar`] for, as it is written: `long double`, `__int128`, `double _Complex`.
    Unsupported(&'static str),
    /// `void`
    Void,
}

/// One parameter of a function type.
pub type Parameter = Declaration;

/// What stands between the brackets of an array.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ArrayLength {
    /// Something else than a number.
    Expression,
    /// `[16]`
    Fixed(u64),
    /// `[]`
    Open,
}

/// The three kinds of tagged types.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tag {
    /// `enum`
    Enum,
    /// `struct`
    Struct,
    /// `union`
    Union,
}

impl Tag {
    /// The keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Enum => "enum",
            Self::Struct => "struct",
            Self::Union => "union",
        }
    }
}
