//! Typedefs.

use super::super::names::Typedef;
use super::super::resolve::{Resolved, Resolver};
use super::super::tree::{Name, QualifiedType, UnqualifiedType};
use super::super::typedefs;
use super::{Kind, MAX_NESTING, Reading, State};
use crate::diagnostic::Mistake;
use cloison_contract::types::CType;
use std::collections::BTreeMap;

/// A typedef on its way.
struct Alias {
    text: usize,
    name: Name,
    c_type: QualifiedType,
    state: State,
}

impl Reading<'_> {
    pub(super) fn aliases(&mut self) {
        let mut aliases = Vec::new();
        for (text, one) in self.texts.iter().enumerate() {
            let declarators = one.declaration.as_ref().filter(|_| !one.wrong).map(|found| &found.declarators[..]);
            aliases.extend(declarators.unwrap_or_default().iter().map(|(name, c_type)| Alias {
                text,
                name: name.clone(),
                c_type: c_type.clone(),
                state: State::Waiting,
            }));
        }
        let index = aliases.iter().enumerate().map(|(index, alias)| (alias.name.text.clone(), index)).collect();
        for alias in 0..aliases.len() {
            self.alias(alias, 0, &mut aliases, &index);
        }
    }

    /// Resolves one, after those it is made of.
    fn alias(&mut self, index: usize, depth: usize, aliases: &mut [Alias], by_name: &BTreeMap<String, usize>) {
        if aliases[index].state != State::Waiting {
            return;
        }
        aliases[index].state = State::Open;
        let mut names = Vec::new();
        mentioned(&aliases[index].c_type, &mut names);
        let needed: Vec<_> = names.iter().filter_map(|name| by_name.get(name).copied()).collect();
        for other in needed {
            let name = &aliases[index].name;
            if aliases[other].state == State::Open {
                let message = format!("`{}` is made of itself", name.text);
                self.mistake(aliases[index].text, Mistake::new(name.span.clone(), message));
            } else if depth == MAX_NESTING {
                self.mistake(aliases[index].text, too_deep(name));
            } else {
                self.alias(other, depth + 1, aliases, by_name);
            }
        }
        aliases[index].state = State::Done;
        self.resolve_alias(&aliases[index]);
    }

    fn resolve_alias(&mut self, alias: &Alias) {
        if self.texts[alias.text].wrong {
            return;
        }
        let mut resolver = Resolver::new(&self.names, self.untagged(alias.text));
        let resolved = match self.texts[alias.text].kind {
            // `typedef void *name;` as a handle: what it points to has no other name.
            Kind::Opaque { id } if !is_tagged(&alias.c_type) => Some(Resolved {
                c_type: match alias.c_type.kind {
                    UnqualifiedType::Void => CType::Opaque(id),
                    _ => CType::Pointer { to: Box::new(CType::Opaque(id)), constant: false },
                },
                constant: false,
            }),
            _ => resolver.any(&alias.c_type),
        };
        let mistakes = resolver.mistakes;
        let text = alias.text;
        let name = &alias.name;
        match &resolved {
            Some(found) if depth(&found.c_type) > MAX_NESTING => self.mistake(text, too_deep(name)),
            Some(found) if differs(&name.text, &found.c_type) => {
                let message = format!("`{}` is another type in the C library", name.text);
                self.mistake(
                    text,
                    Mistake::new(name.span.clone(), message).hint("leave it out: the C library's is known"),
                );
            }
            Some(found) => {
                let parts = parts(&found.c_type);
                self.names.typedefs.insert(name.text.clone(), resolved.map(|resolved| Typedef { resolved, parts }));
            }
            None => self.texts[text].wrong = true,
        }
        mistakes.into_iter().for_each(|mistake| self.mistake(text, mistake));
    }
}

fn too_deep(name: &Name) -> Mistake {
    Mistake::new(name.span.clone(), "this type is nested too deeply")
}

/// Whether it leads to a struct, union or enumeration with a name.
fn is_tagged(c_type: &QualifiedType) -> bool {
    match &c_type.kind {
        UnqualifiedType::Tagged { .. } => true,
        UnqualifiedType::Array { of, .. } | UnqualifiedType::Pointer(of) => is_tagged(of),
        UnqualifiedType::Function { .. } => true,
        _ => false,
    }
}

/// The C library has this name for something else.
fn differs(name: &str, c_type: &CType) -> bool {
    matches!(typedefs::find(name), Some(UnqualifiedType::Scalar { scalar, .. }) if c_type.scalar() != Some(scalar))
}

/// The names of types in a type, except where a struct stands between.
fn mentioned(c_type: &QualifiedType, names: &mut Vec<String>) {
    match &c_type.kind {
        UnqualifiedType::Array { of, .. } | UnqualifiedType::Pointer(of) => mentioned(of, names),
        UnqualifiedType::Function { returns, parameters, .. } => {
            mentioned(returns, names);
            parameters.iter().for_each(|parameter| mentioned(&parameter.c_type, names));
        }
        UnqualifiedType::Named(name) => names.push(name.clone()),
        _ => {}
    }
}

fn depth(c_type: &CType) -> usize {
    1 + match c_type {
        CType::Array { of, .. } | CType::Pointer { to: of, .. } => depth(of),
        CType::Function(signature) => {
            let parameters = signature.parameters.iter().map(|(_, parameter)| depth(parameter));
            parameters.chain([depth(&signature.result)]).max().unwrap_or(0)
        }
        _ => 0,
    }
}

fn parts(c_type: &CType) -> usize {
    1 + match c_type {
        CType::Array { of, .. } | CType::Pointer { to: of, .. } => parts(of),
        CType::Function(signature) => {
            signature.parameters.iter().map(|(_, parameter)| parts(parameter)).sum::<usize>() + parts(&signature.result)
        }
        _ => 0,
    }
}
