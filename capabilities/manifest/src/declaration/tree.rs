//! What a declaration says, before anybody asks whether it can be called.

use super::attribute::LayoutAttributes;
use super::constant::ConstantExpression;
use crate::diagnostic::Mistake;
use cloison_contract::types::{Scalar, Wide};
use std::ops::Range;

/// A declared name, or none (`int *` as a parameter), and its type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Declaration {
    /// The name.
    pub name: Option<Name>,
    /// Its type.
    pub c_type: QualifiedType,
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

impl Name {
    /// The type that has this tag.
    pub(super) fn tagged(&self, tag: TagKind) -> UnqualifiedType {
        UnqualifiedType::Tagged { tag, name: self.text.clone() }
    }
}

/// A type with its qualifier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QualifiedType {
    /// What it is.
    pub kind: UnqualifiedType,
    /// `const`
    pub constant: bool,
    /// The words that brought it about: the specifiers, the `*`, the brackets or the parameter list.
    pub span: Range<usize>,
}

/// What a type is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UnqualifiedType {
    /// `T name[length]`
    Array {
        /// The element.
        of: Box<QualifiedType>,
        /// How many.
        length: ArrayLength,
    },
    /// `T name(parameters)`
    Function {
        /// `T`
        returns: Box<QualifiedType>,
        /// The parameters; `(void)` has none.
        parameters: Vec<ParameterDeclaration>,
        /// Where `...` stands.
        variadic: Option<Range<usize>>,
    },
    /// A name that must be a typedef.
    Named(String),
    /// `T *`
    Pointer(Box<QualifiedType>),
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
        tag: TagKind,
        /// `NAME`
        name: String,
    },
    /// A number that no call can carry, as it is written: `__int128`.
    Unsupported(&'static str),
    /// The struct, union or enumeration without a name whose members stand in this text: there is at most one.
    Untagged(TagKind),
    /// `void`
    Void,
    /// A number of more than one register.
    Wide(Wide),
}

/// One parameter of a function type.
pub type ParameterDeclaration = Declaration;

/// What stands between the brackets of an array.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ArrayLength {
    /// `[16]`, `[2 * WIDTH]`
    Constant(ConstantExpression),
    /// `[]`
    Open,
    /// Anything else: `[rows * (int)columns]`. As a constant it is this mistake.
    Variable(Box<Mistake>),
}

/// The three kinds of tagged types.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TagKind {
    /// `enum`
    Enum,
    /// `struct`
    Struct,
    /// `union`
    Union,
}

impl TagKind {
    /// The keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Enum => "enum",
            Self::Struct => "struct",
            Self::Union => "union",
        }
    }

    /// Several of them.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Enum => "enumerations",
            Self::Struct => "structs",
            Self::Union => "unions",
        }
    }
}

/// The text of a type: `typedef struct point { double x, y; } point, *point_pointer;`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TypeDeclaration {
    /// `typedef` stood before it.
    pub typedef: bool,
    /// What stands before the declarators.
    pub base: QualifiedType,
    /// The names that are declared, and their types.
    pub declarators: Vec<(Name, QualifiedType)>,
    /// The structs, unions and enumerations with members; those inside others come before them.
    pub bodies: Vec<Body>,
    /// The whole of it.
    pub span: Range<usize>,
}

/// A struct, a union or an enumeration with what stands between its braces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Body {
    /// Which of the three.
    pub tag: TagKind,
    /// Its name, if it has one.
    pub name: Option<Name>,
    /// What stands between the braces.
    pub content: Content,
    /// Those of the whole.
    pub attributes: LayoutAttributes,
    /// From the keyword to the closing brace.
    pub span: Range<usize>,
}

/// What stands between braces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// Of an enumeration: names, and values where they are given.
    Enumerators(Vec<(Name, Option<ConstantExpression>)>),
    /// Of a struct or a union.
    Members(Vec<MemberDeclaration>),
}

/// One member of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberDeclaration {
    /// Its name; a bit-field may have none.
    pub name: Option<Name>,
    /// Its type.
    pub c_type: QualifiedType,
    /// Of a bit-field.
    pub width: Option<ConstantExpression>,
    /// Those of the member.
    pub attributes: LayoutAttributes,
    /// The declarator, or what stands instead of one.
    pub span: Range<usize>,
}
