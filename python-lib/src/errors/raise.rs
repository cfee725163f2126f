//! How a call has failed: a reply that is no result, no reply at all, or one that cannot be true.

use crate::errors::ends::{REPLACED, because, how_ended, overrun, revoked, unwanted};
use crate::errors::place::ArgumentPlace;
use crate::errors::{self, made};
use crate::marshal::callback::CallbackPlan;
use crate::marshal::plan::Plan;
use crate::memory;
use cloison_codec::memory::is_there;
use cloison_codec::violation::Shortage;
use cloison_codec::{DecodeError, ProtocolViolation};
use cloison_contract::call::{BATCH, NULL, Status};
use cloison_contract::grant::NO_CALLABLES;
use cloison_contract::interface::Raises;
use cloison_contract::message::{End, Ran};
use cloison_contract::shape::Position;
use cloison_contract::types::Scalar;
use cloison_transport::Arena;
use rustpython_vm::builtins::{PyBaseException, PyBaseExceptionRef, PyTypeRef};
use rustpython_vm::convert::ToPyObject;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};
use std::time::Duration;

/// The longest text that a zone may explain an error with, in bytes.
const TEXT_BYTES: u64 = 64 << 10;

/// A call on a capability that does not have the function.
#[cold]
pub fn not_granted(granted: Granted<'_>, function: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let Granted { capability, location, narrowed } = granted;
    let why = match narrowed {
        None => format!("add {function:?} to `allow` at {location}"),
        Some((by, number)) => format!("{by} has narrowed this capability to other functions (#{number})"),
    };
    errors::new(
        "CapabilityDenied",
        &format!("{capability}.{function}() is not granted: {why}"),
        &[
            ("capability", capability.to_pyobject(vm)),
            ("function", function.to_pyobject(vm)),
            ("location", location.to_pyobject(vm)),
        ],
        vm,
    )
}

/// A capability, and where it is granted.
#[derive(Clone, Copy)]
pub struct Granted<'a> {
    /// Its name in `cloison.toml`.
    pub capability: &'a str,
    /// The line that sets the limit in question, or the one there that says what may be called.
    pub location: &'a str,
    /// Who has set the limit in question, if it is not that line, and the number of what has come of that.
    pub narrowed: Option<(&'a str, u64)>,
}

/// The class of a declared exception, by its index.
pub type ExceptionClasses<'a> = dyn Fn(usize) -> PyResult<PyTypeRef> + 'a;

/// A reply that is not [`Status::Ok`].
#[cold]
pub fn refused(
    granted: Granted<'_>,
    plan: &Plan,
    status: Status,
    words: &[u64],
    arena: &Arena,
    declared: &ExceptionClasses<'_>,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let Granted { capability, location, .. } = granted;
    let text = explanation(words, arena);
    let name = &*plan.name;
    let called = format!("{capability}.{name}()");
    let function = ("function", name.to_pyobject(vm));
    let parameter = || words.first().and_then(|&position| plan.parameters.get(usize::try_from(position).ok()?));
    match status {
        Status::NativeError => native_error(&called, plan, words, text, declared, vm),
        Status::Denied => not_granted(granted, name, vm),
        Status::OutOfBounds => {
            let allows = match granted.narrowed {
                None => {
                    // Of callables, the zone names no bound.
                    let key = if text.as_deref() == Some(NO_CALLABLES) { "callbacks" } else { "where" };
                    format!("what `{key}` at {location} allows")
                }
                Some((by, number)) => format!("what this capability allows, as {by} has narrowed it (#{number})"),
            };
            let text = with(&called, &format!("the arguments are outside of {allows}"), text);
            let location = ("location", location.to_pyobject(vm));
            errors::new(
                "CapabilityDenied",
                &text,
                &[("capability", capability.to_pyobject(vm)), function, location],
                vm,
            )
        }
        Status::QuotaExceeded => {
            // The zone names the function, too.
            let text = text.map(|text| text.strip_prefix(&format!("{name}: ")).map_or(text.clone(), str::to_owned));
            let what = match &text {
                Some(text) if text.starts_with("more than") => "calls come too fast",
                _ => "the grant is used up",
            };
            let whose = match granted.narrowed {
                None => location.to_owned(),
                Some((by, number)) => format!("as {by} has narrowed it, #{number}"),
            };
            let text = format!("{} ({whose})", with(&called, what, text));
            errors::new("QuotaExceeded", &text, &[function], vm)
        }
        Status::Revoked => {
            let text = text.unwrap_or_else(|| "the grant has been revoked".to_owned());
            errors::new("Revoked", &with(&called, &text, None), &[function], vm)
        }
        Status::BadArgument => {
            let place = ArgumentPlace::new(name, parameter().map_or("an argument", |name| name));
            place.value_error(&text.unwrap_or_else(|| "does not fit".to_owned()), vm)
        }
        Status::StaleHandle => {
            let place = ArgumentPlace::new(name, parameter().map_or("a handle", |name| name));
            place.stale("StaleHandle", &text.unwrap_or_else(|| "is closed".to_owned()), vm)
        }
        Status::WrongHandle => {
            let place = ArgumentPlace::new(name, parameter().map_or("a handle", |name| name));
            vm.new_type_error(place.text(&text.unwrap_or_else(|| "is a handle of another type".to_owned())))
        }
        Status::TooMany => {
            let text = text.unwrap_or_else(|| "there are as many handles or callables as there may be".to_owned());
            errors::new("QuotaExceeded", &with(&called, &text, None), &[function], vm)
        }
        Status::CallbackOverdue => errors::new(
            "DeadlineExceeded",
            &with(&called, "a callable took longer than it may", text),
            &[function, ("deadline", plan.deadline.as_secs_f64().to_pyobject(vm))],
            vm,
        ),
        Status::CallablesOverdue => callables_overdue(capability, plan, None, words, arena, vm),
        Status::Crashed => {
            let known = |index: usize| words.get(index).filter(|&&word| word != NULL).map(|&word| word as i32);
            crashed(capability, plan, (None, text), known(0), known(1), vm)
        }
        Status::Raised => vm.new_runtime_error(with(&called, "a callable raised, and is not known to have", text)),
        Status::Misfit => vm.new_value_error(with(&called, &text.unwrap_or_else(|| "does not fit".to_owned()), None)),
        Status::TooLarge => {
            vm.new_value_error(with(&called, "the results do not fit into a call (`call_size` under [sandbox])", text))
        }
        _ => errors::new("Error", &with(&called, "the zone did not understand the call", text), &[], vm),
    }
}

fn with(called: &str, what: &str, text: Option<String>) -> String {
    match text {
        Some(text) => format!("{called}: {what}: {text}"),
        None => format!("{called}: {what}"),
    }
}

fn native_error(
    called: &str,
    plan: &Plan,
    words: &[u64],
    text: Option<String>,
    declared: &ExceptionClasses<'_>,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let code = words.first().zip(plan.code).map(|(&word, scalar)| match scalar {
        Scalar::U64 => i128::from(word),
        _ => i128::from(word as i64),
    });
    let errno = words.get(1).map(|&word| word as i64).filter(|&errno| errno != 0);
    let mut told = match (code, &text) {
        (Some(code), _) => format!("{called} failed with {code}"),
        (None, Some(_)) => format!("{called} failed"),
        (None, None) => format!("{called} returned NULL"),
    };
    for part in text.clone().into_iter().chain(errno.map(strerror)) {
        told.push_str(": ");
        told.push_str(&part);
    }
    let message = text.filter(|_| plan.explains);
    let attributes = [
        ("function", (*plan.name).to_pyobject(vm)),
        ("code", code.to_pyobject(vm)),
        ("errno", errno.to_pyobject(vm)),
        ("message", message.clone().to_pyobject(vm)),
    ];
    let class = match (&plan.raises, errno) {
        (Raises::Os, Some(errno)) => return os_error(errno, message, &attributes, vm),
        (Raises::Os | Raises::Native, _) => None,
        (Raises::Declared { codes, otherwise }, _) => {
            codes.iter().find(|(of, _)| Some(*of) == code).map(|(_, class)| *class).or(*otherwise)
        }
    };
    match class.map(declared) {
        None => errors::new("NativeError", &told, &attributes, vm),
        Some(Ok(class)) => made(class.as_object(), &told, &attributes, vm),
        Some(Err(error)) => error,
    }
}

/// `OSError`, or the class derived from it that goes with the number.
fn os_error(
    errno: i64,
    message: Option<String>,
    attributes: &[(&str, PyObjectRef)],
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let text = message.unwrap_or_else(|| strerror(errno));
    let class = vm.ctx.exceptions.os_error.as_object();
    let exception = match class.call((errno, text), vm).map(|object| object.downcast::<PyBaseException>()) {
        Ok(Ok(exception)) => exception,
        Ok(Err(_)) => return vm.new_runtime_error("OSError() gave no exception"),
        Err(error) => return error,
    };
    for (name, value) in attributes.iter().filter(|(name, _)| *name != "errno") {
        // An attribute that cannot be set is a comfort that is missing.
        let _ = exception.as_object().set_attr(vm.ctx.intern_str(*name), value.clone(), vm);
    }
    exception
}

fn strerror(errno: i64) -> String {
    let text = std::io::Error::from_raw_os_error(errno as i32).to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// What the zone says about it: words 2 and 3 of a reply that is not `Ok`.
pub fn explanation(words: &[u64], arena: &Arena) -> Option<String> {
    let (&offset, &length) = (words.get(2)?, words.get(3)?);
    if length == 0 || length > TEXT_BYTES {
        return None;
    }
    // It is copied, corrected, and becomes part of a message.
    if !is_there(length * 4, memory::free_bytes()) {
        return None;
    }
    let bytes = arena.read(offset, length).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The call took too long.
#[cold]
pub fn deadline_exceeded(
    capability: &str,
    function: &str,
    deadline: Duration,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    errors::new(
        "DeadlineExceeded",
        &format!("{capability}.{function}() did not end within {deadline:?}"),
        &[("function", function.to_pyobject(vm)), ("deadline", deadline.as_secs_f64().to_pyobject(vm))],
        vm,
    )
}

/// A callable took longer than it may.
#[cold]
pub fn callback_overdue(
    capability: &str,
    function: &str,
    asked: &CallbackPlan,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let (name, deadline) = (&*asked.name, asked.deadline);
    errors::new(
        "DeadlineExceeded",
        &format!("{capability}.{function}(): the callable {name} did not return within {deadline:?}"),
        &[
            ("function", function.to_pyobject(vm)),
            ("deadline", deadline.as_secs_f64().to_pyobject(vm)),
            ("callback", name.to_pyobject(vm)),
        ],
        vm,
    )
}

/// The callables of a call took longer together than they may.
#[cold]
pub fn callables_overdue(
    capability: &str,
    plan: &Plan,
    asked: Option<&CallbackPlan>,
    words: &[u64],
    arena: &Arena,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let called = format!("{capability}.{}()", plan.name);
    let budget = Duration::from_millis(words.first().copied().unwrap_or(0));
    errors::new(
        "DeadlineExceeded",
        &with(&called, "its callables took longer together than they may", explanation(words, arena)),
        &[
            ("function", (*plan.name).to_pyobject(vm)),
            ("deadline", budget.as_secs_f64().to_pyobject(vm)),
            ("callback", asked.map(|asked| &*asked.name).to_pyobject(vm)),
        ],
        vm,
    )
}

/// The channel ended during a call; `deadline` is that of the function that ran.
#[cold]
pub fn ended(capability: &str, plan: &Plan, end: &End, deadline: Duration, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let called = &*plan.name;
    match end {
        End::DeadlineExceeded { ran } => {
            let ran = ran.as_ref().map_or(called, |ran| &ran.function);
            deadline_exceeded(capability, ran, deadline, vm)
        }
        End::Exited { code, ran } => crashed(capability, plan, (ran.as_ref(), overrun(ran)), None, Some(*code), vm),
        End::Signaled { signal, ran } => {
            crashed(capability, plan, (ran.as_ref(), overrun(ran)), Some(*signal), None, vm)
        }
        End::Replaced { unfinished } => {
            let late = if *unfinished { ", and the call had not ended in the time that it had for that" } else { "" };
            let text = format!("{capability}.{called}(): {REPLACED}{late}");
            errors::new("ZoneReplaced", &text, &[], vm)
        }
        End::Unwanted { ran } => {
            let text = format!("{capability}.{called}(): its zone {}", unwanted(ran));
            errors::new("ZoneCrashed", &text, &[("function", called.to_pyobject(vm))], vm)
        }
        End::Expired | End::Narrowed | End::Revoked | End::ServiceEnded => {
            let text = format!("{capability}.{called}(): the grant {}", revoked(end));
            errors::new("Revoked", &text, &[("function", called.to_pyobject(vm))], vm)
        }
    }
}

fn crashed(
    capability: &str,
    plan: &Plan,
    (ran, why): (Option<&Ran>, Option<String>),
    signal: Option<i32>,
    code: Option<i32>,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let how = how_ended(signal, code);
    let (called, function) = (&*plan.name, ran.map_or(&*plan.name, |ran| &*ran.function));
    let (called, while_running) = match ran {
        // Of a batch, it is known which call it was.
        Some(Ran { own: Some(_), .. }) if plan.id == BATCH => (function, String::new()),
        Some(Ran { own: Some(_), .. }) if function != called => (called, format!(" while it ran {function}()")),
        Some(Ran { own: None, .. }) => (called, format!(" while it ran {function}() for another client")),
        _ => (called, String::new()),
    };
    errors::new(
        "ZoneCrashed",
        &format!("{capability}.{called}(): the zone {how}{while_running}{}", because(why)),
        &[("function", function.to_pyobject(vm)), ("signal", signal.to_pyobject(vm)), ("code", code.to_pyobject(vm))],
        vm,
    )
}

/// A reply that cannot be true, or that there is no memory for.
#[cold]
pub fn bad_reply(capability: &str, plan: &Plan, error: DecodeError, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let called = format!("{capability}.{}()", plan.name);
    match error {
        DecodeError::Memory(shortage) => {
            let slot = plan.reply.iter().find(|slot| slot.position == shortage.position);
            let name = match shortage.position {
                Position::Parameter(position) => plan.parameters.get(position).map_or("a parameter", |name| name),
                Position::Value => "the value",
            };
            let max = slot.and_then(|slot| slot.shape.max_bytes());
            no_memory(&format!("{called}: {name}"), shortage, max, vm)
        }
        DecodeError::Violation(violation) => {
            violated(format!("{called}: the zone answered with {violation}"), violation, vm)
        }
    }
}

/// A callable that was given what cannot be true, or what there is no memory for.
#[cold]
pub fn bad_question(
    capability: &str,
    asked: &CallbackPlan,
    error: DecodeError,
    vm: &VirtualMachine,
) -> PyBaseExceptionRef {
    let called = format!("{capability}.{}()", asked.function);
    match error {
        DecodeError::Memory(shortage) => {
            no_memory(&format!("{called}: an argument of {}", asked.name), shortage, None, vm)
        }
        DecodeError::Violation(violation) => {
            violated(format!("{called}: the library called {} with {violation}", asked.name), violation, vm)
        }
    }
}

fn violated(message: String, violation: ProtocolViolation, vm: &VirtualMachine) -> PyBaseExceptionRef {
    match violation {
        ProtocolViolation::Text | ProtocolViolation::WideText => vm.new_value_error(message),
        ProtocolViolation::Excess
        | ProtocolViolation::Number
        | ProtocolViolation::Question
        | ProtocolViolation::Range
        | ProtocolViolation::Unexpected
        | ProtocolViolation::Words => errors::new("Error", &message, &[], vm),
    }
}

fn no_memory(what: &str, shortage: Shortage, max: Option<u64>, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let Shortage { bytes, needed, free, .. } = shortage;
    let limit = max.map(|max| format!(" (its `max` is {max})")).unwrap_or_default();
    vm.new_memory_error(format!(
        "{what} has {bytes} bytes{limit}, which take {needed} bytes of memory at least, and {free} are left of `memory`"
    ))
}
