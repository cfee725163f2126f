//! What `cloison.toml` asks for, against what the zone's manifest offers.

use super::{Allow, Application, CapabilityRequest, VersionRequest, Written};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::inside;
use crate::expression::{BoundArguments, ExpressionFunction, Scope, Takes, parse};
use crate::manifest::takes;
use crate::version::InterfaceVersion;
use cloison_contract::expression::Expression;
use cloison_contract::grant::{Bound, Grant};
use cloison_contract::interface::{Function, FunctionId, Interface, Parameter};
use cloison_contract::shape::Shape;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::types::CType;

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
        grant.rate = request.rate;
        grant.calls = request.calls;
        for (function, text) in &request.bounds {
            match self.bound(request, interface, &grant, function, text) {
                Ok(bound) => grant.bounds.push(bound),
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        if diagnostics.is_empty() { Ok(grant) } else { Err(diagnostics.sorted()) }
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
        request: &CapabilityRequest,
        interface: &Interface,
        grant: &Grant,
        name: &Written,
        text: &Written,
    ) -> Result<(FunctionId, Bound), Box<Diagnostic>> {
        let (id, function) = self.function(interface, name)?;
        if !grant.allows(id) {
            let message = format!("a bound for `{}`, which is not allowed anyway", name.text);
            let hint = match &request.allow {
                Allow::Functions(_) => format!("add \"{}\" to `allow`, or remove its bound", name.text),
                Allow::All => "remove it".to_owned(),
            };
            return Err(Box::new(Diagnostic::error(&self.source, name.span.clone(), message).hint(hint)));
        }
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
        let expression = parse(&text.text, &scope).map_err(|mistake| Box::new(inside(&self.source, text, mistake)))?;
        let bound = Bound { expression, text: text.text.clone() };
        match unknown_cell(function, &bound.expression) {
            None => Ok((id, bound)),
            Some(cell) => {
                let message = format!("`*{cell}` is not known before the call");
                Err(Box::new(Diagnostic::error(&self.source, text.span.clone(), message)))
            }
        }
    }
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

/// A cell in the expression that the library alone fills.
fn unknown_cell<'f>(function: &'f Function, expression: &Expression) -> Option<&'f str> {
    let mut unknown = None;
    expression.walk(&mut |part| {
        if let Expression::Dereference(index) = part {
            let parameter = &function.parameters[*index];
            let known =
                matches!(&parameter.shape, Shape::ScalarPointer(cell) if cell.direction.is_in() || cell.fill.is_some());
            if !known {
                unknown = Some(parameter.name.as_str());
            }
        }
    });
    unknown
}
