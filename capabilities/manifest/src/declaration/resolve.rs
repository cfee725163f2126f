//! Trees of types → [`CType`]s, or the reason why there is none.
//!
//! The same for prototypes and for the types themselves; what differs is who asks:
//!
//! | asked by | may be | becomes |
//! |---|---|---|
//! | `*`, `typedef` | anything | itself |
//! | parameter | what has a size, arrays, functions | arrays and functions become pointers |
//! | result | what has a size, `void` | itself |
//! | member, element of an array | what has a size | itself |

use super::constant::ConstantExpression;
use super::names::Names;
use super::tree::{ArrayLength, Name, ParameterDeclaration, QualifiedType, TagKind, UnqualifiedType};
use super::typedefs;
use crate::diagnostic::Mistake;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::{CType, Scalar, Signature};

/// How many types one may be made of, typedefs written out.
const MAX_PARTS: usize = 4096;
/// The longest array.
const MAX_LENGTH: i128 = 1 << 30;

/// A type, and whether its objects are `const`.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) c_type: CType,
    pub(super) constant: bool,
}

/// A parameter's type.
pub(super) struct ParameterType {
    pub(super) c_type: CType,
    /// The length of the array that it was written as.
    pub(super) array: Option<u64>,
    /// The manifest's own typedef that it was written as.
    pub(super) typedef: Option<String>,
}

/// Resolves what stands in one text, and collects what is wrong in it. Each `None` has been explained, by a mistake in this
/// text or in the one that is to blame.
pub(super) struct Resolver<'a> {
    names: &'a Names,
    /// The text's own struct, union or enumeration without a tag.
    untagged: Option<CType>,
    parts: usize,
    pub(super) mistakes: Vec<Mistake>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(names: &'a Names, untagged: Option<CType>) -> Self {
        Self { names, untagged, parts: 0, mistakes: Vec::new() }
    }

    /// Anything.
    pub(super) fn any(&mut self, c_type: &QualifiedType) -> Option<Resolved> {
        self.count(1, c_type)?;
        let resolved = match &c_type.kind {
            UnqualifiedType::Array { of, length } => return self.array(of, length, c_type),
            UnqualifiedType::Function { returns, parameters, variadic } => {
                if let Some(span) = variadic {
                    return self.refuse(
                        Mistake::new(span.clone(), "a function behind a pointer has a fixed number of parameters here")
                            .hint(
                                "Python could not know what it is called with: write a C function that makes a text of it \
                                 (`vsnprintf`) and calls a callback with that",
                            ),
                    );
                }
                CType::Function(Box::new(self.signature(returns, parameters)?))
            }
            UnqualifiedType::Named(name) => return self.named(name, c_type),
            UnqualifiedType::Pointer(to) => {
                let to = self.any(to)?;
                CType::Pointer { to: Box::new(to.c_type), constant: to.constant }
            }
            UnqualifiedType::Scalar { scalar, character } => CType::Scalar { scalar: *scalar, character: *character },
            UnqualifiedType::Tagged { tag, name } => self.tagged(*tag, name, c_type)?,
            UnqualifiedType::Unsupported(name) => return self.unsupported(name, c_type),
            UnqualifiedType::Untagged(_) => self.untagged.clone()?,
            UnqualifiedType::Void => CType::Void,
            UnqualifiedType::Wide(wide) => CType::Wide(*wide),
        };
        Some(Resolved { c_type: resolved, constant: c_type.constant })
    }

    /// What has a size.
    pub(super) fn value(&mut self, c_type: &QualifiedType) -> Option<CType> {
        let resolved = self.any(c_type)?.c_type;
        self.sized(resolved, c_type)
    }

    fn sized(&mut self, resolved: CType, c_type: &QualifiedType) -> Option<CType> {
        let mistake = |message: &str| Mistake::new(c_type.span.clone(), message);
        self.refuse(match resolved {
            CType::Void => mistake("nothing is of type void").hint("a pointer to anything is `void *`"),
            CType::Opaque(_) => mistake("the members of this type are not known, so it stands behind pointers only")
                .hint("add a `*`, or declare the type with its members"),
            CType::Function(_) => {
                mistake("a function cannot be stored, only a pointer to it").hint("add a `*`: `int (*name)(int a)`")
            }
            other => return Some(other),
        })
    }

    /// What a function gives.
    pub(super) fn result(&mut self, c_type: &QualifiedType) -> Option<CType> {
        match self.any(c_type)?.c_type {
            CType::Void => Some(CType::Void),
            other => self.sized(other, c_type),
        }
    }

    /// What a function takes.
    pub(super) fn parameter(&mut self, parameter: &ParameterDeclaration) -> Option<ParameterType> {
        let c_type = &parameter.c_type;
        if matches!(c_type.kind, UnqualifiedType::Void) {
            return self.refuse(
                Mistake::new(parameter.span.clone(), "a parameter cannot be void")
                    .hint("a function without parameters is written `f(void)`; a pointer to anything is `void *`"),
            );
        }
        let typedef = self.own_typedef(c_type);
        if let UnqualifiedType::Array { of, length } = &c_type.kind {
            let element = self.any(of)?;
            let to = Box::new(self.sized(element.c_type, of)?);
            let array = self.length_of_parameter(length);
            return Some(ParameterType { c_type: CType::Pointer { to, constant: element.constant }, array, typedef });
        }
        let resolved = self.any(c_type)?;
        let (c_type, array) = match resolved.c_type {
            CType::Array { of, length } => (CType::Pointer { to: of, constant: resolved.constant }, Some(length)),
            function @ CType::Function(_) => (CType::Pointer { to: Box::new(function), constant: false }, None),
            other => (self.sized(other, c_type)?, None),
        };
        Some(ParameterType { c_type, array, typedef })
    }

    /// The value of a constant.
    pub(super) fn constant(&mut self, constant: &ConstantExpression) -> Option<i128> {
        let value = constant.value(&|name| self.names.value(name), &mut self.mistakes)?;
        Some(value.value)
    }

    pub(super) fn refuse<T>(&mut self, mistake: Mistake) -> Option<T> {
        self.mistakes.push(mistake);
        None
    }

    fn signature(&mut self, returns: &QualifiedType, parameters: &[ParameterDeclaration]) -> Option<Signature> {
        let result = self.result(returns);
        let resolved: Vec<_> = parameters
            .iter()
            .map(|parameter| {
                let name = parameter.name.as_ref().map_or(String::new(), |name| name.text.clone());
                Some((name, self.parameter(parameter)?.c_type))
            })
            .collect();
        let parameters = resolved.into_iter().collect::<Option<_>>()?;
        Some(Signature { parameters, result: result? })
    }

    fn array(&mut self, of: &QualifiedType, length: &ArrayLength, whole: &QualifiedType) -> Option<Resolved> {
        let element = self.any(of)?;
        let constant = element.constant;
        let of = Box::new(self.sized(element.c_type, of)?);
        let value = match length {
            ArrayLength::Constant(constant) => self.constant(constant)?,
            ArrayLength::Open => return self.refuse(no_length(whole)),
            ArrayLength::Variable(mistake) => return self.refuse((**mistake).clone()),
        };
        match value {
            0 => self.refuse(no_length(whole)),
            1..=MAX_LENGTH => Some(Resolved { c_type: CType::Array { of, length: value as u64 }, constant }),
            _ => self.refuse(Mistake::new(whole.span.clone(), format!("{value} is no length of an array"))),
        }
    }

    /// The outermost length of an array that is a parameter means nothing to C, so anything may stand there.
    fn length_of_parameter(&self, length: &ArrayLength) -> Option<u64> {
        let ArrayLength::Constant(constant) = length else { return None };
        let value = constant.value(&|name| self.names.value(name), &mut Vec::new())?.value;
        (1..=MAX_LENGTH).contains(&value).then_some(value as u64)
    }

    fn named(&mut self, name: &str, c_type: &QualifiedType) -> Option<Resolved> {
        if let Some(own) = self.names.typedef(name) {
            let found = own.as_ref()?;
            self.count(found.parts, c_type)?;
            let resolved = found.resolved.clone();
            return Some(Resolved { constant: resolved.constant || c_type.constant, ..resolved });
        }
        match typedefs::find(name) {
            Some(UnqualifiedType::Scalar { scalar, character }) => {
                Some(Resolved { c_type: CType::Scalar { scalar, character }, constant: c_type.constant })
            }
            _ if self.names.unread.contains(name) => None,
            _ => self.refuse(unknown_name(self.names, name, c_type)),
        }
    }

    fn tagged(&mut self, tag: TagKind, name: &str, c_type: &QualifiedType) -> Option<CType> {
        match self.names.tag(name) {
            Some((declared, found)) if *declared == tag => found.clone(),
            Some((declared, _)) => {
                let (is, not) = (article(*declared), article(tag));
                self.refuse(Mistake::new(c_type.span.clone(), format!("`{name}` is {is}, not {not}")))
            }
            None if self.names.unread.contains(name) => None,
            None => self.refuse(unknown_tag(self.names, tag, name, c_type)),
        }
    }

    fn unsupported<T>(&mut self, name: &str, c_type: &QualifiedType) -> Option<T> {
        let hint = match name {
            "__int128" => "write a function that takes two `uint64_t`, or pass its 16 bytes: `unsigned char value[16]`",
            "_Float128" => "write a function that takes `double` or `long double`, or pass its 16 bytes as a buffer",
            _ => "write a function that takes `double` instead",
        };
        self.refuse(Mistake::new(c_type.span.clone(), format!("`{name}` cannot be passed")).hint(hint))
    }

    /// `compare` of `compare f` and `compare *f`.
    fn own_typedef(&self, c_type: &QualifiedType) -> Option<String> {
        let own = |c_type: &QualifiedType| match &c_type.kind {
            UnqualifiedType::Named(name) if self.names.typedef(name).is_some() => Some(name.clone()),
            _ => None,
        };
        match &c_type.kind {
            UnqualifiedType::Pointer(to) => own(to).filter(|name| self.names.is_function(name)),
            _ => own(c_type),
        }
    }

    /// Typedefs of typedefs can double what they stand for each time.
    fn count(&mut self, parts: usize, c_type: &QualifiedType) -> Option<()> {
        self.parts += parts;
        if self.parts > MAX_PARTS {
            return self.refuse(Mistake::new(c_type.span.clone(), "this is made of too many types"));
        }
        Some(())
    }
}

fn no_length(array: &QualifiedType) -> Mistake {
    Mistake::new(array.span.clone(), "this array has no length").hint(
        "sizes are fixed here: give it one, or leave it out where it stands at a struct's end and let a function of the \
         library read it",
    )
}

fn article(tag: TagKind) -> &'static str {
    match tag {
        TagKind::Enum => "an enum",
        TagKind::Struct => "a struct",
        TagKind::Union => "a union",
    }
}

fn unknown_name(names: &Names, name: &str, c_type: &QualifiedType) -> Mistake {
    let mistake = Mistake::new(c_type.span.clone(), format!("`{name}` is not a type that is known here"));
    if let Some((tag, _)) = names.tag(name) {
        let keyword = tag.keyword();
        return mistake
            .hint(format!("write `{keyword} {name}`, or add the typedef: `typedef {keyword} {name} {name};`"));
    }
    match did_you_mean(name, names.typedef_names()) {
        Some(meant) => mistake.hint(format!("did you mean `{meant}`?")),
        None => mistake.hint(typedefs::hint(name)),
    }
}

fn unknown_tag(names: &Names, tag: TagKind, name: &str, c_type: &QualifiedType) -> Mistake {
    let keyword = tag.keyword();
    let mistake = Mistake::new(c_type.span.clone(), format!("`{keyword} {name}` is not declared"));
    if let Some(meant) = did_you_mean(name, names.tag_names(tag)) {
        return mistake.hint(format!("did you mean `{keyword} {meant}`?"));
    }
    mistake.hint(match tag {
        TagKind::Enum => format!("add its values: [types.{name}] with c = \"enum {name} {{ … }};\""),
        _ => format!(
            "add its members: [types.{name}] with c = \"{keyword} {name} {{ … }};\", or, where its objects stay in the \
             library, c = \"{keyword} {name};\" and handle = true"
        ),
    })
}

/// The parameters of a prototype have names.
pub(super) fn unnamed(parameter: &ParameterDeclaration) -> Mistake {
    Mistake::new(parameter.span.clone(), "this parameter has no name")
        .hint("give it one: the name is what the manifest and Python call it by")
}

/// What `...` cannot carry: C passes these as larger ones.
pub(super) fn promoted(c_type: &CType, name: &Name) -> Option<Mistake> {
    let written = match c_type.scalar()? {
        Scalar::F32 => "double",
        Scalar::Bool | Scalar::I8 | Scalar::I16 | Scalar::U8 | Scalar::U16 => "int",
        _ => return None,
    };
    let message =
        format!("behind `...`, C passes `{}` as {}", name.text, if written == "int" { "an int" } else { "a double" });
    Some(Mistake::new(name.span.clone(), message).hint(format!("write `{written} {}`", name.text)))
}
