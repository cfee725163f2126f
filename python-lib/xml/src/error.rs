//! What is wrong with a document: expat's numbers and words.

use crate::position::DocumentPosition;

macro_rules! errors {
    ($($number:literal $variant:ident $name:literal $text:literal;)*) => {
        /// What is wrong, by expat's number.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[repr(u8)]
        pub enum ErrorKind {
            $(#[doc = $text] $variant = $number,)*
        }

        impl ErrorKind {
            /// All that expat knows: number, name in Python (`XML_ERROR_…`) and words.
            pub const ALL: &'static [(u8, &'static str, &'static str)] = &[$(($number, $name, $text)),*];

            /// In words.
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

errors! {
    1 NoMemory "XML_ERROR_NO_MEMORY" "out of memory";
    2 Syntax "XML_ERROR_SYNTAX" "syntax error";
    3 NoElements "XML_ERROR_NO_ELEMENTS" "no element found";
    4 InvalidToken "XML_ERROR_INVALID_TOKEN" "not well-formed (invalid token)";
    5 UnclosedToken "XML_ERROR_UNCLOSED_TOKEN" "unclosed token";
    6 PartialChar "XML_ERROR_PARTIAL_CHAR" "partial character";
    7 TagMismatch "XML_ERROR_TAG_MISMATCH" "mismatched tag";
    8 DuplicateAttribute "XML_ERROR_DUPLICATE_ATTRIBUTE" "duplicate attribute";
    9 JunkAfterDocument "XML_ERROR_JUNK_AFTER_DOC_ELEMENT" "junk after document element";
    10 ParameterEntityReference "XML_ERROR_PARAM_ENTITY_REF" "illegal parameter entity reference";
    11 UndefinedEntity "XML_ERROR_UNDEFINED_ENTITY" "undefined entity";
    12 RecursiveEntity "XML_ERROR_RECURSIVE_ENTITY_REF" "recursive entity reference";
    13 AsynchronousEntity "XML_ERROR_ASYNC_ENTITY" "asynchronous entity";
    14 BadCharacterReference "XML_ERROR_BAD_CHAR_REF" "reference to invalid character number";
    15 BinaryEntity "XML_ERROR_BINARY_ENTITY_REF" "reference to binary entity";
    16 ExternalEntityInAttribute "XML_ERROR_ATTRIBUTE_EXTERNAL_ENTITY_REF" "reference to external entity in attribute";
    17 MisplacedDeclaration "XML_ERROR_MISPLACED_XML_PI" "XML or text declaration not at start of entity";
    18 UnknownEncoding "XML_ERROR_UNKNOWN_ENCODING" "unknown encoding";
    19 IncorrectEncoding "XML_ERROR_INCORRECT_ENCODING" "encoding specified in XML declaration is incorrect";
    20 UnclosedCdata "XML_ERROR_UNCLOSED_CDATA_SECTION" "unclosed CDATA section";
    21 ExternalEntityHandling "XML_ERROR_EXTERNAL_ENTITY_HANDLING" "error in processing external entity reference";
    22 NotStandalone "XML_ERROR_NOT_STANDALONE" "document is not standalone";
    23 UnexpectedState "XML_ERROR_UNEXPECTED_STATE" "unexpected parser state - please send a bug report";
    24 EntityDeclaredInParameterEntity "XML_ERROR_ENTITY_DECLARED_IN_PE" "entity declared in parameter entity";
    25 FeatureRequiresDtd "XML_ERROR_FEATURE_REQUIRES_XML_DTD" "requested feature requires XML_DTD support in Expat";
    26 CannotChangeFeature "XML_ERROR_CANT_CHANGE_FEATURE_ONCE_PARSING" "cannot change setting once parsing has begun";
    27 UnboundPrefix "XML_ERROR_UNBOUND_PREFIX" "unbound prefix";
    28 UndeclaringPrefix "XML_ERROR_UNDECLARING_PREFIX" "must not undeclare prefix";
    29 IncompleteParameterEntity "XML_ERROR_INCOMPLETE_PE" "incomplete markup in parameter entity";
    30 XmlDeclaration "XML_ERROR_XML_DECL" "XML declaration not well-formed";
    31 TextDeclaration "XML_ERROR_TEXT_DECL" "text declaration not well-formed";
    32 PublicId "XML_ERROR_PUBLICID" "illegal character(s) in public id";
    33 Suspended "XML_ERROR_SUSPENDED" "parser suspended";
    34 NotSuspended "XML_ERROR_NOT_SUSPENDED" "parser not suspended";
    35 Aborted "XML_ERROR_ABORTED" "parsing aborted";
    36 Finished "XML_ERROR_FINISHED" "parsing finished";
    37 SuspendedParameterEntity "XML_ERROR_SUSPEND_PE" "cannot suspend in external parameter entity";
    38 ReservedPrefixXml "XML_ERROR_RESERVED_PREFIX_XML" "reserved prefix (xml) must not be undeclared or bound to another namespace name";
    39 ReservedPrefixXmlns "XML_ERROR_RESERVED_PREFIX_XMLNS" "reserved prefix (xmlns) must not be declared or undeclared";
    40 ReservedNamespace "XML_ERROR_RESERVED_NAMESPACE_URI" "prefix must not be bound to one of the reserved namespace names";
    41 InvalidArgument "XML_ERROR_INVALID_ARGUMENT" "invalid argument";
    42 NoBuffer "XML_ERROR_NO_BUFFER" "a successful prior call to function XML_GetBuffer was required";
    43 AmplificationLimit "XML_ERROR_AMPLIFICATION_LIMIT_BREACH" "limit on input amplification factor (from DTD and entities) breached";
    44 NotStarted "XML_ERROR_NOT_STARTED" "parser not started";
}

/// What is wrong, and where.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Error {
    /// What.
    pub kind: ErrorKind,
    /// Where.
    pub position: DocumentPosition,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: line {}, column {}", self.kind.text(), self.position.line, self.position.column)
    }
}

impl std::error::Error for Error {}

/// What is wrong, and at which byte of the text at hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault(pub(crate) ErrorKind, pub(crate) usize);
