//! What `cloison.toml` asks for, against what the zone's manifest offers.

use super::{Allow, Application, CapabilityRequest, NarrowedCapability, VersionRequest, Written};
use crate::diagnostic::{Diagnostic, Diagnostics, Mistake};
use crate::document::inside;
use crate::expression::{BoundArguments, ExpressionFunction, Scope, Takes, parse};
use crate::manifest::takes;
use crate::units;
use crate::version::InterfaceVersion;
use cloison_contract::expression::Expression;
use cloison_contract::grant::{Bound, Grant, Narrowing, Quota};
use cloison_contract::interface::{Function, FunctionId, Interface, Parameter};
use cloison_contract::message::NarrowRequest;
use cloison_contract::shape::Shape;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::CType;
use std::collections::BTreeSet;

impl Application {
    /// The terms of the capability of that name, for the interface of its zone.
    pub fn grant(&self, name: &str, interface: &Interface) -> Result<Grant, Diagnostics> {
        let Some(request) = self.capabilities.get(name) else {
            let message = format!("there is no [capabilities.{name}] in this file");
            return Err(Diagnostic::whole_file(&self.source, message).into());
        };
        // What else is wrong would be about an interface that nobody has asked for.
        self.version(request, interface)?;
        let mut diagnostics = Diagnostics::default();
        let mut grant = Grant::new(self.allowed(request, interface, &mut diagnostics));
        grant.quota = request.quota;
        grant.personal = request.personal;
        grant.quiet = request.quiet;
        for (function, text) in &request.bounds {
            match self.bound(&request.allow, interface, &grant, function, text) {
                Ok(bound) => grant.bounds.push(bound),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        if diagnostics.is_empty() { Ok(grant) } else { Err(diagnostics.sorted()) }
    }

    /// What the profile of that name leaves of a capability, whose zone has that interface and of which the application has `grant`.
    ///
    /// # Errors
    ///
    /// The profile names a function that the zone does not offer or the application is not granted, or a bound that makes no sense.
    pub fn profile_narrowing(
        &self,
        profile: &str,
        capability: &str,
        interface: &Interface,
        grant: &Grant,
    ) -> Result<Narrowing, Diagnostics> {
        let kept = self.profiles.get(profile).and_then(|profile| profile.capabilities.get(capability));
        let (Some(request), Some(kept)) = (self.capabilities.get(capability), kept) else {
            let message = format!("[microprocess.{profile}] has no capability `{capability}` of this file");
            return Err(Diagnostic::whole_file(&self.source, message).into());
        };
        let NarrowedCapability { allow, bounds, quota, personal, quiet, .. } = kept;
        let mut diagnostics = Diagnostics::default();
        let functions = match allow {
            None | Some(Allow::All) => None,
            Some(Allow::Functions(names)) => {
                let found: Vec<_> = names.iter().map(|name| self.kept(capability, interface, grant, name)).collect();
                let keep =
                    |one: Result<_, Box<Diagnostic>>| one.map_err(|diagnostic| diagnostics.push(*diagnostic)).ok();
                Some(found.into_iter().filter_map(keep).collect())
            }
        };
        let mut narrowing =
            Narrowing { functions, quota: *quota, personal: *personal, quiet: *quiet, ..Narrowing::default() };
        let left = grant.narrow(&narrowing);
        for (function, text) in bounds {
            match self.bound(allow.as_ref().unwrap_or(&request.allow), interface, &left, function, text) {
                Ok(bound) => narrowing.bounds.push(bound),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        if diagnostics.is_empty() { Ok(narrowing) } else { Err(diagnostics.sorted()) }
    }

    /// A function that a profile names: one of those that the application may call.
    fn kept(
        &self,
        capability: &str,
        interface: &Interface,
        grant: &Grant,
        name: &Written,
    ) -> Result<FunctionId, Box<Diagnostic>> {
        let (id, _) = self.function(interface, name)?;
        if grant.allows(id) {
            return Ok(id);
        }
        let line = self.capabilities.get(capability).map_or(0, |request| request.allow_location.line);
        let message =
            format!("`{}` is not granted by [capabilities.{capability}], and a profile grants nothing", name.text);
        let hint = format!("add \"{}\" to `allow` at {}:{line}, or leave it out here", name.text, self.source.name);
        Err(Box::new(Diagnostic::error(&self.source, name.span.clone(), message).hint(hint)))
    }

    /// Whether the interface is one that the capability asks for.
    fn version(&self, request: &CapabilityRequest, interface: &Interface) -> Result<(), Diagnostics> {
        let Some(VersionRequest { wanted, span }) = &request.version else { return Ok(()) };
        // One that is none was never read from a manifest, and nobody can have asked for it.
        let version = InterfaceVersion::parse(&interface.version);
        if version.is_some_and(|version| wanted.takes(version)) {
            return Ok(());
        }
        let (name, has) = (&interface.name, &interface.version);
        let message = format!("`{name}` has version {has} of its interface, and \"{wanted}\" is asked for here");
        let what = match version.is_some_and(|version| wanted.is_newer_than(version)) {
            true => "is older: use a later one",
            false => "has moved on: use an earlier one",
        };
        let (takes, file) = (wanted.words(), &interface.source);
        let hint = format!(
            "\"{wanted}\" is {takes}. {file} {what}, or write `version = \"{has}\"` if that offers what the program calls"
        );
        Err(Diagnostic::error(&self.source, span.clone(), message).hint(hint).into())
    }

    fn allowed(
        &self,
        request: &CapabilityRequest,
        interface: &Interface,
        diagnostics: &mut Diagnostics,
    ) -> Vec<FunctionId> {
        match &request.allow {
            Allow::All => offered(interface).map(|(id, _)| id).collect(),
            Allow::Functions(functions) => {
                let found: Vec<_> = functions.iter().map(|function| self.function(interface, function)).collect();
                let keep =
                    |one: Result<_, Box<Diagnostic>>| one.map_err(|diagnostic| diagnostics.push(*diagnostic)).ok();
                found.into_iter().filter_map(keep).map(|(id, _)| id).collect()
            }
        }
    }

    fn function<'i>(
        &self,
        interface: &'i Interface,
        name: &Written,
    ) -> Result<(FunctionId, &'i Function), Box<Diagnostic>> {
        let error = |message: String, hint: String| {
            Box::new(Diagnostic::error(&self.source, name.span.clone(), message).hint(hint))
        };
        match interface.function(&name.text) {
            Some((_, function)) if function.internal => {
                let (reason, hint) = internal(interface, function);
                Err(error(format!("`{}` of `{}` cannot be granted: {reason}", name.text, interface.name), hint))
            }
            Some(found) => Ok(found),
            None => {
                let message = format!("`{}` has no function `{}`", interface.name, name.text);
                let hint =
                    match did_you_mean(&name.text, offered(interface).map(|(_, function)| function.name.as_str())) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("{} offers {}", interface.source, list(interface)),
                    };
                Err(error(message, hint))
            }
        }
    }

    fn bound(
        &self,
        allow: &Allow,
        interface: &Interface,
        grant: &Grant,
        name: &Written,
        text: &Written,
    ) -> Result<(FunctionId, Bound), Box<Diagnostic>> {
        let (id, function) = self.function(interface, name)?;
        if !grant.allows(id) {
            let message = format!("a bound for `{}`, which is not allowed anyway", name.text);
            let hint = match allow {
                Allow::Functions(_) => format!("add \"{}\" to `allow`, or remove its bound", name.text),
                Allow::All => "remove it".to_owned(),
            };
            return Err(Box::new(Diagnostic::error(&self.source, name.span.clone(), message).hint(hint)));
        }
        let bound = bound(interface, function, &text.text);
        Ok((id, bound.map_err(|mistake| Box::new(inside(&self.source, text, mistake)))?))
    }
}

/// A bound on the arguments of a function.
fn bound(interface: &Interface, function: &Function, text: &str) -> Result<Bound, Mistake> {
    let parameters: Vec<_> = function.parameters.iter().map(|one| (one.name.as_str(), &one.c_type)).collect();
    let callees = callees(interface);
    let integers = interface.integers();
    let arguments = BoundArguments { parameters: &function.parameters, types: &interface.types };
    let scope = Scope {
        parameters: &parameters,
        value: None,
        functions: &callees,
        integers: &integers,
        arguments: Some(arguments),
    };
    let bound = Bound { expression: parse(text, &scope)?, text: text.to_owned() };
    match unknown_pointer(function, &bound.expression) {
        None => Ok(bound),
        Some(name) => Err(Mistake::new(0..text.len(), format!("`*{name}` is not known before the call"))),
    }
}

/// A bound that was written for an interface, for a function of another one that has come in its place.
///
/// # Errors
///
/// A text that says why it makes no sense there.
pub fn bound_again(interface: &Interface, function: &Function, text: &str) -> Result<Bound, String> {
    bound(interface, function, text).map_err(|mistake| mistake.message)
}

/// Whether that is a bound on the arguments of a function.
pub(crate) fn bound_fits(interface: &Interface, function: &Function, text: &str) -> bool {
    bound(interface, function, text).is_ok()
}

/// The most bounds of one narrowing, and the longest text of one: a program writes them, and the broker reads them.
const MOST_BOUNDS: usize = 64;
const BOUND_BYTES: usize = 1024;
/// What begins a new line, for terminals and for readers of Unicode.
const LINE_BREAKS: [char; 5] = ['\n', '\u{b}', '\u{c}', '\u{2028}', '\u{2029}'];

/// What a program wants a capability narrowed by, whose zone has that interface and of which `grant` is left.
///
/// # Errors
///
/// A text for whoever wrote the program: which function or bound makes no sense, and what to write instead.
pub fn narrowing(request: &NarrowRequest, interface: &Interface, grant: &Grant) -> Result<Narrowing, String> {
    let granted = |name: &str| match interface.function(name) {
        Some((id, function)) if grant.allows(id) => Ok((id, function)),
        _ => {
            let held = offered(interface).filter(|(id, _)| grant.allows(*id));
            let held: Vec<_> = held.map(|(_, function)| function.name.as_str()).collect();
            let hint = match did_you_mean(name, held.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if held.is_empty() => "this capability allows no function".to_owned(),
                None => {
                    format!("this capability allows {}", held.iter().take(12).copied().collect::<Vec<_>>().join(", "))
                }
            };
            Err(format!("it allows no function `{}`\nhint: {hint}", shown(name)))
        }
    };
    if request.bounds.len() > MOST_BOUNDS {
        return Err(format!("{} bounds are too many: {MOST_BOUNDS} at most", request.bounds.len()));
    }
    let functions = match &request.functions {
        None => None,
        Some(names) => {
            let found: Result<BTreeSet<_>, String> = names.iter().map(|name| Ok(granted(name)?.0)).collect();
            Some(found?)
        }
    };
    let mut bounds = Vec::with_capacity(request.bounds.len());
    for (name, text) in &request.bounds {
        let (id, function) = granted(name)?;
        if text.len() > BOUND_BYTES {
            return Err(format!("the bound of `{name}` has more than {BOUND_BYTES} bytes"));
        }
        // It is shown to whoever it refuses, and further lines could look like somebody else's.
        if text.contains(LINE_BREAKS) {
            return Err(format!("the bound of `{name}`, {text:?}: it has more than one line"));
        }
        let bound = bound(interface, function, text).map_err(|mistake| {
            let hint = mistake.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            format!("the bound of `{name}`, {text:?}: {}{hint}", mistake.message)
        })?;
        bounds.push((id, bound));
    }
    let rate = request.rate.as_deref().map(|text| {
        units::rate(text).map_err(|mistake| {
            let hint = mistake.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            format!("rate: {}{hint}", mistake.message)
        })
    });
    let quota = Quota {
        rate: rate.transpose()?,
        calls: request.calls,
        bytes: request.bytes,
        cpu_ns: request.cpu_ms.map(|milliseconds| milliseconds.saturating_mul(1_000_000)),
    };
    let (personal, quiet) = (request.personal, request.quiet);
    // When it ends is for whoever has the clock.
    Ok(Narrowing { functions, bounds, quota, expires_ns: None, personal, quiet })
}

/// A name as a program gave it, in a message.
fn shown(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(100).collect()
}

/// Why Python cannot have an internal function, and what would change that.
fn internal(interface: &Interface, function: &Function) -> (&'static str, String) {
    let at = format!("[functions.{}] at {}:{}", function.name, interface.source, function.declared.line);
    // Only a function that frees takes a pointer as a plain number.
    let address = |one: &Parameter| matches!((&one.c_type, &one.shape), (CType::Pointer { .. }, Shape::Number(_)));
    if function.parameters.iter().any(address) {
        let hint = format!("leave it out: the zone calls it by itself where `free` says so ({at})");
        return ("it takes an address, and addresses stay in the zone", hint);
    }
    ("its manifest keeps it for other functions", format!("to offer it to Python, remove `internal = true` from {at}"))
}

/// The functions that can be granted.
fn offered(interface: &Interface) -> impl Iterator<Item = (FunctionId, &Function)> {
    let all = interface.functions.iter().enumerate().map(|(index, function)| (FunctionId(index as u32), function));
    all.filter(|(_, function)| !function.internal)
}

fn list(interface: &Interface) -> String {
    let mut names: Vec<_> = offered(interface).map(|(_, function)| format!("`{}`", function.name)).collect();
    if names.len() > 12 {
        names.truncate(12);
        names.push("…".to_owned());
    }
    names.join(", ")
}

fn callees(interface: &Interface) -> Vec<ExpressionFunction<'_>> {
    let mut callees = Vec::new();
    for (index, function) in interface.functions.iter().enumerate() {
        callees.push(ExpressionFunction {
            name: &function.name,
            id: FunctionId(index as u32),
            takes: signature(function),
        });
    }
    callees
}

fn signature(function: &Function) -> Takes {
    takes(function.parameters.iter().map(|one| &one.c_type), &function.result)
}

/// A scalar pointer in the expression whose number the library alone writes.
fn unknown_pointer<'f>(function: &'f Function, expression: &Expression) -> Option<&'f str> {
    let mut unknown = None;
    expression.walk(&mut |part| {
        if let Expression::Dereference(index) = part {
            let parameter = &function.parameters[*index];
            let known =
                matches!(&parameter.shape, Shape::ScalarPointer(one) if one.direction.is_in() || one.fill.is_some());
            if !known {
                unknown = Some(parameter.name.as_str());
            }
        }
    });
    unknown
}
