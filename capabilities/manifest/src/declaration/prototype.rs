//! Which declarations can be called: a [`Declaration`]'s tree → the types of a function.

use super::parser::{parse, parse_parameters};
use super::resolve::{Resolver, promoted, unnamed};
use super::tree::{Declaration, Name, ParameterDeclaration, QualifiedType, UnqualifiedType};
use super::{Names, typedefs};
use crate::diagnostic::Mistake;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::CType;
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
    /// Its name, and where that stands: behind `...`, in the form.
    pub name: Name,
    /// Its type; an array or a function has become a pointer.
    pub c_type: CType,
    /// The `16` of `char digest[16]`.
    pub array: Option<u64>,
    /// The typedef name that its type was written as, if it was one of a manifest's own: `compare` of `compare f` and, where
    /// it is a function's type, of `compare *f`.
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
    pub fn parse(text: &str, names: &Names) -> Result<Self, Vec<Mistake>> {
        let head = Head::parse(text, names).map_err(|mistake| vec![mistake])?;
        let mut mistakes = Vec::new();
        if let Some(span) = &head.variadic {
            mistakes.push(
                Mistake::new(span.clone(), "the types of the variable arguments are missing").hint(
                    "say which this function takes: `variadic = \"int a\"`; each choice is a function of its own",
                ),
            );
        }
        let (found, found_mistakes) = head.resolve(names);
        mistakes.extend(found_mistakes);
        found.filter(|_| mistakes.is_empty()).ok_or(mistakes)
    }

    /// Reads a variadic function's prototype with the parameters that one form of it has in the place of `...`:
    /// `int a, double b`. The lists of mistakes can be empty, as for [`Self::parse`].
    pub fn parse_form(text: &str, form: &str, names: &Names) -> Result<Self, FormMistakes> {
        let head = Head::parse(text, names)
            .map_err(|mistake| FormMistakes { in_text: vec![mistake], ..FormMistakes::default() })?;
        let (found, in_text) = head.resolve(names);
        let mut in_form = Vec::new();
        if head.variadic.is_none() {
            let message = format!("`{}` has no variable arguments", head.name.text);
            in_form.push(Mistake::new(0..form.len(), message).hint("its parameter list does not end with `...`"));
            return Err(FormMistakes { in_text, in_form });
        }
        let fixed = found.as_ref().map_or(&[][..], |found| &found.parameters);
        let variable = variable(form, fixed, names).map_err(|mistakes| in_form.extend(mistakes)).ok();
        match (found, variable) {
            (Some(found), Some(variable)) => {
                let fixed = found.parameters.len();
                let parameters = found.parameters.into_iter().chain(variable).collect();
                Ok(Self { parameters, variadic: Some(fixed), ..found })
            }
            _ => Err(FormMistakes { in_text, in_form }),
        }
    }
}

/// A function as it was declared.
struct Head {
    name: Name,
    returns: QualifiedType,
    parameters: Vec<ParameterDeclaration>,
    /// Where `...` stands.
    variadic: Option<std::ops::Range<usize>>,
}

impl Head {
    fn parse(text: &str, names: &Names) -> Result<Self, Mistake> {
        let declaration = parse(text, &|name| names.typedef(name).is_some())?;
        let name = check_head(&declaration, names)?;
        match declaration.c_type.kind {
            UnqualifiedType::Function { returns, parameters, variadic } => {
                Ok(Self { name, returns: *returns, parameters, variadic })
            }
            _ => Err(not_a_function(&declaration.c_type, &name)),
        }
    }

    /// The function without its variable arguments, and what is wrong with it.
    fn resolve(&self, names: &Names) -> (Option<Prototype>, Vec<Mistake>) {
        let mut resolver = Resolver::new(names, None);
        let result = resolver.result(&self.returns);
        let parameters = named_parameters(&mut resolver, &self.parameters, &[]);
        let prototype = result.zip(parameters).filter(|_| resolver.mistakes.is_empty());
        let found = prototype.map(|(result, parameters)| Prototype {
            name: self.name.clone(),
            result,
            parameters,
            variadic: None,
        });
        (found, resolver.mistakes)
    }
}

/// The parameters of a form.
fn variable(form: &str, fixed: &[PrototypeParameter], names: &Names) -> Result<Vec<PrototypeParameter>, Vec<Mistake>> {
    let parameters = parse_parameters(form, &|name| names.typedef(name).is_some()).map_err(|mistake| vec![mistake])?;
    let mut resolver = Resolver::new(names, None);
    let found = named_parameters(&mut resolver, &parameters, fixed);
    let mut mistakes = resolver.mistakes;
    let all = found.as_deref().unwrap_or_default();
    mistakes.extend(all.iter().filter_map(|parameter| promoted(&parameter.c_type, &parameter.name)));
    found.filter(|_| mistakes.is_empty()).ok_or(mistakes)
}

/// Parameters that all have names of their own, which none of `others` has.
fn named_parameters(
    resolver: &mut Resolver<'_>,
    parameters: &[ParameterDeclaration],
    others: &[PrototypeParameter],
) -> Option<Vec<PrototypeParameter>> {
    let mut names: BTreeSet<&str> = others.iter().map(|other| other.name.text.as_str()).collect();
    let mut resolved = Vec::new();
    for parameter in parameters {
        let passed = resolver.parameter(parameter);
        match (&parameter.name, passed) {
            (_, None) => {}
            (None, Some(_)) => resolver.mistakes.push(unnamed(parameter)),
            (Some(name), Some(_)) if !names.insert(&name.text) => {
                let message = format!("there are two parameters `{}`", name.text);
                resolver.mistakes.push(Mistake::new(name.span.clone(), message));
            }
            (Some(name), Some(passed)) => resolved.push(PrototypeParameter {
                name: name.clone(),
                c_type: passed.c_type,
                array: passed.array,
                typedef: passed.typedef,
            }),
        }
    }
    (resolved.len() == parameters.len()).then_some(resolved)
}

fn check_head(declaration: &Declaration, names: &Names) -> Result<Name, Mistake> {
    if declaration.typedef {
        return Err(Mistake::new(declaration.span.clone(), "a function was expected, not a typedef")
            .hint("types have tables of their own: [types.NAME] with c = \"typedef …\""));
    }
    if let (None, UnqualifiedType::Function { returns, .. }) = (&declaration.name, &declaration.c_type.kind)
        && let UnqualifiedType::Named(name) = &returns.kind
        && typedefs::find(name).is_none()
        && names.typedef(name).is_none()
    {
        return Err(Mistake::new(returns.span.clone(), format!("`{name}` has no return type"))
            .hint(format!("write `int {name}(…)` or `void {name}(…)`")));
    }
    declaration.name.clone().ok_or_else(|| {
        Mistake::new(declaration.span.clone(), "the function has no name")
            .hint("write the whole prototype: `int name(int a)`")
    })
}

fn not_a_function(c_type: &QualifiedType, name: &Name) -> Mistake {
    let mistake = match &c_type.kind {
        UnqualifiedType::Pointer(to) if matches!(to.kind, UnqualifiedType::Function { .. }) => {
            Mistake::new(name.span.clone(), format!("`{}` is a pointer to a function, not a function", name.text))
        }
        UnqualifiedType::Named(_) if did_you_mean(&name.text, ["int", "char", "long", "double"]).is_some() => {
            Mistake::new(name.span.clone(), "this declares no function")
        }
        _ => Mistake::new(name.span.clone(), format!("`{}` is not a function", name.text)),
    };
    mistake.hint(format!(
        "a function has a parameter list, as in `int {}(void)`; a variable of the library can be given to Python by a C \
         function of your own that returns it",
        name.text
    ))
}
