//! Which declarations can be called: a [`Declaration`]'s tree → [`CType`]s, or the reason why not.

use super::tree::{ArrayLength, Declaration, Name, Parameter, Type, TypeKind};
use super::{Names, parse, typedefs};
use crate::diagnostic::{Mistake, did_you_mean};
use crate::types::CType;
use std::collections::BTreeSet;

/// A function that can be called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prototype {
    /// The symbol.
    pub name: Name,
    /// The type of its value.
    pub result: CType,
    /// The parameters in C order, those of the form of a variadic function included.
    pub parameters: Vec<PrototypeParameter>,
    /// Of a variadic function: how many parameters stand before `...`.
    pub variadic: Option<usize>,
}

/// One parameter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PrototypeParameter {
    /// Its name, and where that stands.
    pub name: Name,
    /// Its type; an array has become a pointer.
    pub c_type: CType,
    /// The `16` of `char digest[16]`.
    pub array: Option<u64>,
    /// The typedef name that its type was written as, if it was one of a manifest's own: `compare` of `compare f`.
    pub typedef: Option<String>,
}

/// What is wrong with a variadic function and one of its forms.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FormMistakes {
    /// In the C text.
    pub in_text: Vec<Mistake>,
    /// In the form.
    pub in_form: Vec<Mistake>,
}

impl Prototype {
    /// Reads a function's prototype. All that cannot be called is found, not only the first. An empty list of mistakes
    /// belongs to a prototype that is right itself but needs a type that is wrong.
    pub fn parse(text: &str, _names: &Names) -> Result<Self, Vec<Mistake>> {
        parse(text).map_err(|mistake| vec![mistake]).and_then(Self::resolve)
    }

    /// Reads a variadic function's prototype with the parameters that one form of it has in the place of `...`:
    /// `int a, double b`.
    pub fn parse_form(text: &str, form: &str, _names: &Names) -> Result<Self, FormMistakes> {
        let _ = text;
        let mistake = Mistake::new(0..form.len(), "functions with a variable number of arguments cannot be called yet");
        Err(FormMistakes { in_text: Vec::new(), in_form: vec![mistake] })
    }

    /// The types of a function that has been declared.
    fn resolve(declaration: Declaration) -> Result<Self, Vec<Mistake>> {
        let name = check_head(&declaration).map_err(|mistake| vec![mistake])?;
        let TypeKind::Function { returns, parameters, variadic } = declaration.c_type.kind else {
            return Err(vec![not_a_function(&declaration.c_type, &name)]);
        };
        let mut mistakes = Vec::new();
        if let Some(span) = variadic {
            mistakes.push(
                Mistake::new(span, "the types of the variable arguments are missing").hint(
                    "say which this function takes: `variadic = \"int a\"`; each choice is a function of its own",
                ),
            );
        }
        let result = result_type(&returns).unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            CType::Void
        });
        let mut names = BTreeSet::new();
        let mut resolved = Vec::new();
        for parameter in &parameters {
            match parameter_type(parameter) {
                Ok(parameter) if !names.insert(parameter.name.text.clone()) => {
                    let message = format!("there are two parameters `{}`", parameter.name.text);
                    mistakes.push(Mistake::new(parameter.name.span, message));
                }
                Ok(parameter) => resolved.push(parameter),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if mistakes.is_empty() {
            Ok(Self { name, result, parameters: resolved, variadic: None })
        } else {
            Err(mistakes)
        }
    }
}

fn check_head(declaration: &Declaration) -> Result<Name, Mistake> {
    if declaration.typedef {
        return Err(Mistake::new(declaration.span.clone(), "a function was expected, not a typedef")
            .hint("types of one's own are not supported yet"));
    }
    if let (None, TypeKind::Function { returns, .. }) = (&declaration.name, &declaration.c_type.kind)
        && let TypeKind::Named(name) = &returns.kind
        && typedefs::find(name).is_none()
    {
        return Err(Mistake::new(returns.span.clone(), format!("`{name}` has no return type"))
            .hint(format!("write `int {name}(…)` or `void {name}(…)`")));
    }
    declaration.name.clone().ok_or_else(|| {
        Mistake::new(declaration.span.clone(), "the function has no name")
            .hint("write the whole prototype: `int name(int a)`")
    })
}

fn not_a_function(c_type: &Type, name: &Name) -> Mistake {
    let mistake = match &c_type.kind {
        TypeKind::Pointer(to) if matches!(to.kind, TypeKind::Function { .. }) => {
            Mistake::new(name.span.clone(), format!("`{}` is a pointer to a function, not a function", name.text))
        }
        TypeKind::Named(_) if did_you_mean(&name.text, ["int", "char", "long", "double"]).is_some() => {
            Mistake::new(name.span.clone(), "this declares no function")
        }
        _ => Mistake::new(name.span.clone(), format!("`{}` is not a function", name.text)),
    };
    mistake.hint(format!("a prototype has a parameter list: `int {}(void)`", name.text))
}

fn result_type(c_type: &Type) -> Result<CType, Mistake> {
    resolve(c_type, false)
}

fn parameter_type(parameter: &Parameter) -> Result<PrototypeParameter, Mistake> {
    if matches!(parameter.c_type.kind, TypeKind::Void) {
        return Err(Mistake::new(parameter.span.clone(), "a parameter cannot be void")
            .hint("a function without parameters is written `f(void)`; a pointer to anything is `void *`"));
    }
    let (c_type, array) = match &parameter.c_type.kind {
        TypeKind::Array { of, length } => {
            let pointer = CType::Pointer { to: Box::new(resolve(of, true)?), constant: of.constant };
            let fixed = match length {
                ArrayLength::Fixed(length) => Some(*length),
                ArrayLength::Expression | ArrayLength::Open => None,
            };
            (pointer, fixed)
        }
        TypeKind::Function { .. } => return Err(callback(&parameter.c_type, parameter.name.as_ref())),
        TypeKind::Pointer(to) if matches!(to.kind, TypeKind::Function { .. }) => {
            return Err(callback(&parameter.c_type, parameter.name.as_ref()));
        }
        _ => (resolve(&parameter.c_type, false)?, None),
    };
    let name = parameter.name.clone().ok_or_else(|| unnamed(parameter))?;
    Ok(PrototypeParameter { name, c_type, array, typedef: None })
}

/// The type, if it can be called; `pointed` says that a pointer leads to it.
fn resolve(c_type: &Type, pointed: bool) -> Result<CType, Mistake> {
    let mistake = |message: String| Mistake::new(c_type.span.clone(), message);
    match &c_type.kind {
        TypeKind::Pointer(_) if pointed => Err(mistake("a pointer to a pointer cannot be passed yet".into())),
        TypeKind::Array { .. } => Err(mistake("an array of arrays cannot be passed yet".into())
            .hint("a flat array can: `double *matrix`, with `length = \"rows * columns\"`")),
        TypeKind::Function { .. } => Err(callback(c_type, None)),
        TypeKind::Pointer(to) => Ok(CType::Pointer { to: Box::new(resolve(to, true)?), constant: to.constant }),
        TypeKind::Scalar { scalar, character } => Ok(CType::Scalar { scalar: *scalar, character: *character }),
        TypeKind::Void => Ok(CType::Void),
        TypeKind::Unsupported(name) => Err(mistake(format!("`{name}` is not supported yet"))),
        TypeKind::Tagged { tag, name } if pointed => {
            let keyword = tag.keyword();
            Err(mistake(format!("pointers to `{keyword} {name}` are not supported yet"))
                .hint("only pointers to numbers, characters and bytes can be passed for now"))
        }
        TypeKind::Tagged { tag, name } => {
            let keyword = tag.keyword();
            let mistake = mistake(format!("`{keyword} {name}` is not supported yet"));
            Err(if keyword == "enum" { mistake.hint("an enum is an `int` in C: write `int`") } else { mistake })
        }
        TypeKind::Named(name) => match typedefs::find(name) {
            Some(TypeKind::Scalar { scalar, character }) => Ok(CType::Scalar { scalar, character }),
            _ => Err(mistake(format!("`{name}` is not a type that is known here")).hint(typedefs::hint(name))),
        },
    }
}

fn callback(c_type: &Type, name: Option<&Name>) -> Mistake {
    let span = name.map_or(c_type.span.clone(), |name| name.span.clone());
    let subject = name.map_or("this".to_owned(), |name| format!("`{}`", name.text));
    Mistake::new(span, format!("{subject} is a pointer to a function, and callbacks are not supported yet"))
}

fn unnamed(parameter: &Parameter) -> Mistake {
    Mistake::new(parameter.span.clone(), "this parameter has no name")
        .hint("give it one: the name is what the manifest and Python call it by")
}
