//! What is passed by value otherwise by clang than by gcc, whose way the zone goes.
//!
//! A library of clang's gets such a struct in other registers than the zone puts it in, which no layout shows. Who compiled the
//! library its debug information says; without any, `CC` is taken for the compiler.

use cloison_contract::Interface;
use cloison_contract::interface::Function;
use cloison_contract::passing;
use cloison_contract::types::{CType, TypeId};
use std::collections::BTreeSet;

/// A sentence for each record that the function takes or gives, callbacks included, and that clang passes otherwise. `because` says
/// why clang matters.
pub fn by_clang(interface: &Interface, function: &Function, because: &str) -> Vec<String> {
    let mut records = BTreeSet::new();
    by_value(&function.result, &mut records);
    function.parameters.iter().for_each(|parameter| by_value(&parameter.c_type, &mut records));
    let differing = records.into_iter().filter(|id| passing::clang_differs(&interface.types, *id));
    let named = differing.filter_map(|id| interface.definition(id));
    let sentence = |name: &str| {
        format!(
            "`{}` has `{name}` by value, which clang passes otherwise than gcc and the zone do, and {because}: a wrapper in C that \
             takes a pointer can",
            function.symbol
        )
    };
    named.map(|definition| sentence(&definition.name)).collect()
}

/// The records that stand for themselves in a type, and not behind a pointer to data.
fn by_value(c_type: &CType, records: &mut BTreeSet<TypeId>) {
    match c_type {
        CType::Record { id, .. } => drop(records.insert(*id)),
        CType::Pointer { to, .. } => {
            if let CType::Function(signature) = &**to {
                by_value(&signature.result, records);
                signature.parameters.iter().for_each(|(_, one)| by_value(one, records));
            }
        }
        CType::Array { .. }
        | CType::Enum { .. }
        | CType::Function(_)
        | CType::Opaque(_)
        | CType::Scalar { .. }
        | CType::Void
        | CType::Wide(_) => {}
    }
}
