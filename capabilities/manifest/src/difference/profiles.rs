//! What profiles give to microprocesses. They grant the application nothing: a profile that only one of two has is no more and no less.

use super::{DeclaredApplication, Findings, library};
use crate::application::{NarrowedCapability, Profile, ProfileLimits};
use crate::explain;
use cloison_contract::grant::{Bound, Narrowing};
use cloison_contract::interface::{FunctionId, Interface};
use cloison_contract::process::Priority;
use std::collections::BTreeSet;
use std::time::Duration;

/// What one of two applications leaves to a profile of a capability.
struct Left<'a> {
    request: &'a NarrowedCapability,
    narrowing: &'a Narrowing,
    interface: &'a Interface,
    declared: String,
}

/// All profiles.
pub(super) fn compare(findings: &mut Findings, old: &DeclaredApplication, new: &DeclaredApplication) {
    let (before, after) = (&old.application.profiles, &new.application.profiles);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(one), Some(another)) => profile(findings, name, (old, one), (new, another)),
            (one, _) => {
                (findings.profile, findings.capability, findings.declared) = (None, None, None);
                findings.other(match one {
                    Some(_) => format!("it has no profile {name} for microprocesses any more"),
                    None => format!("it has a profile {name} for microprocesses"),
                });
            }
        }
    }
}

fn profile(
    findings: &mut Findings,
    name: &str,
    old: (&DeclaredApplication, &Profile),
    new: (&DeclaredApplication, &Profile),
) {
    // Where it stands grants nothing.
    let Profile { location, capabilities, limits } = new.1;
    findings.profile = Some(name.to_owned());
    for capability in old.1.capabilities.keys().chain(capabilities.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (left(old.0, old.1, name, capability), left(new.0, new.1, name, capability));
        findings.capability = Some(capability.clone());
        findings.declared = after.as_ref().or(before.as_ref()).map(|left| left.declared.clone());
        match (before, after) {
            (Some(before), Some(after)) => narrowed(findings, &before, &after),
            (Some(_), None) => findings.lost("hold it".to_owned()),
            (None, Some(after)) => {
                let within = after.said();
                findings.more(match within.is_empty() {
                    true => "hold it, as whoever starts them does".to_owned(),
                    false => format!("hold it within: {}", within.join("; ")),
                });
            }
            (None, None) => {}
        }
    }
    findings.capability = None;
    findings.declared = Some(format!("{}:{}", new.0.application.source.name, location.line));
    self::limits(findings, &old.1.limits, limits);
}

/// What a profile leaves of a capability, if it names it and the zone is known.
fn left<'a>(of: &'a DeclaredApplication, profile: &'a Profile, name: &str, capability: &str) -> Option<Left<'a>> {
    let request = profile.capabilities.get(capability)?;
    let narrowing = of.narrowings.get(&(name.to_owned(), capability.to_owned()))?;
    let (interface, _) = of.zones.get(capability)?;
    let declared = format!("{}:{}", of.application.source.name, request.location.line);
    Some(Left { request, narrowing, interface, declared })
}

impl Left<'_> {
    fn said(&self) -> Vec<String> {
        explain::narrowed("", "", self.interface, self.narrowing, self.request.expires).within
    }

    /// The functions that are left, by name; `None` if all are.
    fn functions(&self) -> Option<Vec<&str>> {
        let name = |id: &FunctionId| self.interface.functions.get(id.0 as usize).map(|function| function.name.as_str());
        self.narrowing.functions.as_ref().map(|kept| kept.iter().filter_map(name).collect())
    }

    /// What must hold for the arguments of that function.
    fn bounds_of(&self, function: &str) -> Vec<&Bound> {
        let Some((of, _)) = self.interface.function(function) else { return Vec::new() };
        self.narrowing.bounds.iter().filter(|(id, _)| *id == of).map(|(_, bound)| bound).collect()
    }
}

fn narrowed(findings: &mut Findings, old: &Left<'_>, new: &Left<'_>) {
    let Narrowing { functions: _, bounds, quota, expires_ns: _, personal, quiet } = new.narrowing;
    functions(findings, old.functions(), new.functions());
    let named = |left: &Left<'_>, (id, _): &(FunctionId, Bound)| {
        left.interface.functions.get(id.0 as usize).map(|function| function.name.clone())
    };
    let before = old.narrowing.bounds.iter().filter_map(|bound| named(old, bound));
    let after = bounds.iter().filter_map(|bound| named(new, bound));
    for function in before.chain(after).collect::<BTreeSet<_>>() {
        // Of one that only one of the two leaves, that is said.
        let leaves = |left: &Left<'_>| left.functions().is_none_or(|kept| kept.contains(&function.as_str()));
        if !leaves(old) || !leaves(new) {
            continue;
        }
        let (before, after) = (old.bounds_of(&function), new.bounds_of(&function));
        library::conditions(findings, &function, (old.interface, &before), (new.interface, &after));
    }
    library::counts(findings, &old.narrowing.quota, quota);
    library::kept(findings, (old.narrowing.personal, old.narrowing.quiet), (*personal, *quiet));
    let (before, after) = (old.request.expires, new.request.expires);
    findings.terms(before, after, |new, old| new <= old, explain::for_so_long_of_its_own);
}

fn functions(findings: &mut Findings, old: Option<Vec<&str>>, new: Option<Vec<&str>>) {
    let only = |names: &[&str]| match names {
        [] => explain::NO_FUNCTION.to_owned(),
        names => explain::only_functions(&explain::and(names)),
    };
    match (old, new) {
        (None, None) => {}
        (Some(old), None) => findings.more(format!("no longer {}", only(&old))),
        (None, Some(new)) => findings.less(only(&new)),
        (Some(old), Some(new)) if old == new => {}
        (Some(old), Some(new)) => {
            let within = new.iter().all(|name| old.contains(name));
            findings.narrowed(within, format!("{} (was {})", only(&new), only(&old)));
        }
    }
}

fn limits(findings: &mut Findings, old: &ProfileLimits, new: &ProfileLimits) {
    let ProfileLimits { memory_bytes, cpu_seconds, deadline, children, channels, priority, nice } = *new;
    let memory = |bytes: u64| format!("{} of memory", explain::size(bytes));
    findings.terms(old.memory_bytes, memory_bytes, |new, old| new <= old, memory);
    let processor = |seconds: u64| format!("{} of processor time", explain::time(Duration::from_secs(seconds)));
    findings.terms(old.cpu_seconds, cpu_seconds, |new, old| new <= old, processor);
    let run = |long: Duration| format!("{} of time", explain::time(long));
    findings.terms(old.deadline, deadline, |new, old| new <= old, run);
    findings.terms(old.children, children, |new, old| new <= old, |count| format!("{count} children"));
    findings.terms(old.channels, channels, |new, old| new <= old, |count| format!("{count} open channels"));
    findings.terms(old.priority, priority, |new, old| new <= old, |one: Priority| format!("priority {}", one.word()));
    findings.terms(old.nice, nice, |new, old| new >= old, |nice| format!("nice {nice}"));
}
