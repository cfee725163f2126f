//! Types are resolved before the layouts of records are known; here those are filled in.

use super::super::names::Meaning;
use super::collect::UNKNOWN;
use super::{Reading, Unit};
use cloison_contract::types::{CType, Layout, TypeId};
use std::collections::BTreeMap;

/// The layouts that are known so far.
pub(super) type Layouts = BTreeMap<TypeId, Layout>;

/// Fills in the layouts that are known; stops, with `false`, at one that is not.
pub(super) fn fill(c_type: &mut CType, layouts: &Layouts) -> bool {
    match c_type {
        CType::Array { of, .. } | CType::Pointer { to: of, .. } => fill(of, layouts),
        CType::Function(signature) => {
            let parameters = signature.parameters.iter_mut().map(|(_, parameter)| parameter);
            parameters.chain([&mut signature.result]).all(|one| fill(one, layouts))
        }
        CType::Record { id, layout } => {
            *layout = layouts.get(id).copied().unwrap_or(UNKNOWN);
            *layout != UNKNOWN
        }
        CType::Enum { .. } | CType::Opaque(_) | CType::Scalar { .. } | CType::Void | CType::Wide(_) => true,
    }
}

impl Unit {
    fn layout(&self) -> Option<(TypeId, Layout)> {
        match &self.meaning {
            Some(Meaning::Record { layout, .. }) => Some((self.id, *layout)),
            _ => None,
        }
    }
}

impl Reading<'_> {
    pub(super) fn layouts(&self) -> Layouts {
        self.units.iter().filter_map(Unit::layout).collect()
    }

    /// Everywhere. What points to a record that is wrong is wrong as well.
    pub(super) fn fill_in(&mut self) {
        let layouts = self.layouts();
        for found in self.names.typedefs.values_mut() {
            if found.as_mut().is_some_and(|found| !fill(&mut found.resolved.c_type, &layouts)) {
                *found = None;
            }
        }
        for (_, found) in self.names.tags.values_mut() {
            if found.as_mut().is_some_and(|found| !fill(found, &layouts)) {
                *found = None;
            }
        }
        for unit in &mut self.units {
            if let Some(Meaning::Record { members, .. }) = &mut unit.meaning
                && !members.iter_mut().all(|member| fill(&mut member.c_type, &layouts))
            {
                unit.meaning = None;
            }
        }
    }
}
