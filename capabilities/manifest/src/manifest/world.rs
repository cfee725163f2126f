//! What is known of a whole manifest while its functions are resolved.

use super::declare::Declarations;
use super::raw::Key;
use super::types::Types;
use crate::diagnostic::Written;
use crate::document::DocumentReader;
use cloison_contract::interface::{Exception, FunctionId, Instances, Sandbox};
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::CType;
use std::collections::BTreeSet;
use std::ops::Range;

/// A manifest, all of whose names are known.
pub(super) struct World<'a, 'd> {
    pub(super) declarations: &'a Declarations<'a, 'd>,
    pub(super) types: &'a Types<'a, 'd>,
    pub(super) exceptions: &'a [Exception],
    pub(super) sandbox: &'a Sandbox,
    /// Functions that `free` names somewhere: they take a pointer that is ours.
    pub(super) freeing: BTreeSet<&'a str>,
}

impl World<'_, '_> {
    /// Whether something can outlive a call. Notes a mistake at `span` if it cannot.
    pub(super) fn outlives(&self, reader: &mut DocumentReader, span: &Range<usize>, what: &str) -> Option<()> {
        if self.sandbox.instances != Instances::PerCall {
            return Some(());
        }
        let message = format!("{what} outlives the call, and nothing does where `instances = \"per-call\"`");
        let hint = "with `instances = \"per-client\"` each client has a process of its own that lasts";
        reader.error_with_hint(span.clone(), message, hint);
        None
    }

    /// The function that frees what another one gives: it takes a pointer of that type or a `void *`, and is not offered.
    pub(super) fn free(&self, reader: &mut DocumentReader, key: &Key<Written>, pointee: &CType) -> Option<FunctionId> {
        let (id, target) = self.declarations.named(reader, &key.value)?;
        let name = &key.value.text;
        let pointer = match &target.prototype.parameters[..] {
            [one] => match &one.c_type {
                CType::Pointer { to, .. } => Some(&**to),
                _ => None,
            },
            _ => None,
        };
        let strange = |to: &CType| matches!(to, CType::Record { .. } | CType::Opaque(_)) && to != pointee;
        let of_variable = |to: &CType| matches!(to, CType::Pointer { .. }) && !matches!(pointee, CType::Pointer { .. });
        let (message, hint) = match pointer {
            None => {
                let hint = "a function that does looks like `void f(void *pointer)`";
                (format!("`{name}` cannot free"), hint.to_owned())
            }
            Some(to) if of_variable(to) => {
                let hint = "only objects of types with `handle = true` can be ended so; else write a wrapper in C that takes the pointer";
                (format!("`{name}` wants the address of a variable that holds the pointer"), hint.to_owned())
            }
            Some(to) if strange(to) => {
                (format!("`{name}` frees something else"), "name the function that takes this type".to_owned())
            }
            Some(_) if !target.raw.internal => {
                let hint = format!("add `internal = true` to [functions.{name}]: Python must not pass pointers to it");
                (format!("`{name}` frees, and everybody could call it"), hint)
            }
            Some(_) => return Some(id),
        };
        reader.error_with_hint(key.value.span.clone(), message, hint);
        None
    }

    /// The position of the exception class of that name.
    pub(super) fn exception(&self, reader: &mut DocumentReader, name: &Written) -> Option<usize> {
        let found = self.exceptions.iter().position(|exception| exception.name == name.text);
        if found.is_none() {
            let hint = match did_you_mean(&name.text, self.exceptions.iter().map(|one| one.name.as_str())) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("declare it: [exceptions.{}]", name.text),
            };
            reader.error_with_hint(name.span.clone(), format!("there is no exception `{}`", name.text), hint);
        }
        found
    }
}
