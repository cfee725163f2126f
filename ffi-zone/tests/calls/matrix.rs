//! Every right and every narrowing of the table (`common/matrix.rs`), against the zone's check: what is posted here has asked nobody. That is what
//! a client does whose interpreter has been taken over.

use crate::common::matrix::{ATTEMPTS, Attempt, Given, Refusal, Value, narrowings};
use crate::common::zone::{Answer, Client, Zone};
use crate::common::{Argument, functions_of, load, manifest};
use cloison_contract::call::Status;
use cloison_contract::grant::{NO_CALLABLES, Narrowing, Quota, Rate};
use cloison_contract::interface::Instances;
use cloison_contract::message::{CallRefusal, FromZone, Telling};
use cloison_contract::{FunctionId, Grant, Interface};
use std::collections::BTreeSet;

/// A number of a callable, as a client makes them up.
const CALLABLE: u64 = 1;

fn start() -> Zone {
    let mut interface = manifest("bounds", Instances::Shared);
    for function in &mut interface.functions {
        function.deadline = Some(crate::common::zone::LONG);
    }
    Zone::start(interface, |interface| functions_of(interface, load("bounds.c")))
}

/// A client that holds what is left of everything after these narrowings, as the broker attaches it.
fn attach(zone: &Zone, id: u64, given: &[&Given]) -> Client {
    zone.attach(id, left(zone, given))
}

/// What is left of everything after these narrowings.
fn left(zone: &Zone, given: &[&Given]) -> Grant {
    let steps: Vec<_> = given.iter().map(|given| narrowing(&zone.interface, given)).collect();
    steps.iter().fold(zone.everything(), |grant, step| {
        let less = grant.narrow(step);
        assert!(less.is_within(&grant), "{given:?}");
        less
    })
}

/// As a holder says it to the broker.
fn narrowing(interface: &Interface, given: &Given) -> Narrowing {
    let none = Narrowing::default();
    let quota = |quota| Narrowing { quota, ..Narrowing::default() };
    match given {
        Given::Functions(kept) => {
            let kept: BTreeSet<FunctionId> =
                kept.iter().map(|name| interface.function(name).expect("declared").0).collect();
            Narrowing { functions: Some(kept), ..none }
        }
        Given::Where(_) => Narrowing { bounds: bounds(interface, given), ..none },
        Given::NoCalls => quota(Quota { calls: Some(0), ..Quota::default() }),
        Given::OneByte => quota(Quota { bytes: Some(1), ..Quota::default() }),
        Given::NoTime => quota(Quota { cpu_ns: Some(0), ..Quota::default() }),
        Given::OneAnHour => quota(Quota { rate: Some(Rate { calls: 1, period_ms: 3_600_000 }), ..Quota::default() }),
        Given::Expired => Narrowing { expires_ns: Some(1), ..none },
        Given::Quiet => Narrowing { quiet: true, ..none },
        Given::Personal => Narrowing { personal: true, ..none },
    }
}

/// What the reader of manifests makes of a bound's text.
fn bounds(interface: &Interface, given: &Given) -> Vec<(FunctionId, cloison_contract::grant::Bound)> {
    let (function, bound) = given.bound().expect("it is one");
    let text =
        format!("[capabilities.c]\nzone = \"c.zone.toml\"\nallow = \"*\"\nwhere = {{ {function} = '''{bound}''' }}\n");
    let application = cloison_manifest::application::parse("cloison.toml", &text);
    let grant: Result<Grant, _> = application.and_then(|application| application.grant("c", interface));
    grant.unwrap_or_else(|wrong| panic!("{}", wrong.render(false))).bounds
}

/// How the zone answers that call. Whatever callable there is returns 0.
fn post(zone: &Zone, client: &mut Client, attempt: &Attempt) -> Status {
    let packed: Vec<Vec<u8>> = attempt.arguments.iter().map(|value| packed(*value)).collect();
    let argument = |(value, bytes)| match value {
        Value::Bytes(_) | Value::Options(..) | Value::Text(_) => Argument::Bytes(bytes),
        Value::Callable => Argument::Word(CALLABLE),
        Value::Float(value) => Argument::Word(f64::to_bits(value)),
        Value::Nothing => Argument::Null,
        Value::Number(value) => Argument::Word(value),
    };
    let bytes = packed.iter().map(Vec::as_slice);
    let arguments: Vec<_> = attempt.arguments.iter().copied().zip(bytes).map(argument).collect();
    zone.converse(client, attempt.function, &arguments, |_, _| Answer::Returns(vec![0])).status
}

fn packed(value: Value) -> Vec<u8> {
    match value {
        Value::Bytes(bytes) => bytes.to_vec(),
        Value::Text(text) => text.as_bytes().to_vec(),
        Value::Options(level, ratio, flag, x) => {
            let mut bytes = vec![0; 32];
            bytes[0..4].copy_from_slice(&level.to_le_bytes());
            bytes[8..16].copy_from_slice(&ratio.to_le_bytes());
            bytes[16] = flag;
            bytes[20..24].copy_from_slice(&x.to_le_bytes());
            bytes
        }
        Value::Callable | Value::Float(_) | Value::Nothing | Value::Number(_) => Vec::new(),
    }
}

fn status(refusal: Refusal) -> Status {
    match refusal {
        Refusal::Bound | Refusal::Callable => Status::OutOfBounds,
        Refusal::End => Status::Revoked,
        Refusal::Function => Status::Denied,
        Refusal::Quota => Status::QuotaExceeded,
    }
}

#[test]
fn each_right_is_allowed() {
    let zone = start();
    let mut client = attach(&zone, 1, &[]);
    for attempt in ATTEMPTS {
        assert_eq!(post(&zone, &mut client, attempt), Status::Ok, "{attempt:?}");
    }
    zone.stop();
}

#[test]
fn each_narrowing_refuses_what_it_gives_up_and_nothing_else() {
    let zone = start();
    let mut refused = 0;
    for (id, given) in (1..).zip(narrowings()) {
        let mut client = attach(&zone, id, &[&given]);
        let once = matches!(given, Given::OneAnHour);
        for (index, attempt) in ATTEMPTS.iter().enumerate() {
            let expected = match given.refuses(attempt) {
                None if once && index > 0 => Status::QuotaExceeded,
                None => Status::Ok,
                Some(refusal) => status(refusal),
            };
            assert_eq!(post(&zone, &mut client, attempt), expected, "{attempt:?} under {given:?}");
            refused += usize::from(expected != Status::Ok);
        }
        zone.detach(client.id);
    }
    assert!(refused > narrowings().len(), "{refused}");
    zone.stop();
}

/// Where the broker wants to hear of refusals, it hears of each, with the limit that the call has met, and of nothing else; and of each call where it
/// wants that.
#[test]
fn each_refusal_is_said_with_its_limit() {
    let zone = start();
    let said = || zone.control().try_receive::<FromZone>().expect("it is there").map(|(message, _)| message);
    for (id, given) in (1..).zip(narrowings()) {
        let mut client = zone.attach_telling(id, left(&zone, &[&given]), Telling::Refusals);
        for attempt in ATTEMPTS {
            let status = post(&zone, &mut client, attempt);
            let Some(FromZone::Called { channel, function, refused, untold: 0 }) = said() else {
                assert!(matches!(status, Status::Ok | Status::Revoked), "{attempt:?} under {given:?}");
                continue;
            };
            assert_eq!((channel, FunctionId(function)), (client.id, zone.id(attempt.function)));
            let limit = |said: &str| match given.bound() {
                Some((_, bound)) => said.starts_with(&format!("`{bound}` ")),
                None => said == NO_CALLABLES,
            };
            let own = narrowing(&zone.interface, &given).quota;
            let expected = match (status, refused.expect("a refusal")) {
                (Status::Denied, CallRefusal::NotGranted) => true,
                (Status::OutOfBounds, CallRefusal::OutOfBounds { said }) => limit(&said),
                (Status::QuotaExceeded, CallRefusal::UsedUp(quota)) => quota == own && quota != Quota::default(),
                _ => false,
            };
            assert!(expected, "{attempt:?} under {given:?}: {status:?}");
        }
        assert!(said().is_none());
        zone.detach(client.id);
    }
    let mut client = zone.attach_telling(1000, left(&zone, &[&Given::NoCalls]), Telling::Calls);
    post(&zone, &mut client, &ATTEMPTS[0]);
    assert!(matches!(said(), Some(FromZone::Called { refused: Some(_), .. })));
    let mut client = zone.attach_telling(1001, zone.everything(), Telling::Calls);
    post(&zone, &mut client, &ATTEMPTS[0]);
    assert!(matches!(said(), Some(FromZone::Called { refused: None, .. })) && said().is_none());
    zone.stop();
}

/// Whatever is given up after it, and in whatever order: what one narrowing has taken away, no other one brings back.
#[test]
fn no_narrowing_brings_back_what_another_one_took_away() {
    let zone = start();
    let all = narrowings();
    let pairs = all.iter().flat_map(|first| all.iter().map(move |second| [first, second]));
    for (id, pair) in (1..).zip(pairs) {
        let mut client = attach(&zone, id, &pair);
        let mut turns = if pair.iter().any(|given| matches!(given, Given::OneAnHour)) { 1 } else { usize::MAX };
        for attempt in ATTEMPTS {
            // A call that a bound refuses has used its turn of a rate, and one that is over before has not.
            let refusal = pair.iter().filter_map(|given| given.refuses(attempt));
            let refusals: Vec<_> = refusal.collect();
            let early = refusals.iter().any(|one| !matches!(one, Refusal::Bound | Refusal::Callable));
            let allowed = refusals.is_empty() && turns > 0;
            turns -= usize::from(!early && turns > 0);
            let status = post(&zone, &mut client, attempt);
            assert_eq!(status == Status::Ok, allowed, "{attempt:?} under {pair:?}: {status:?}");
        }
        zone.detach(client.id);
    }
    zone.stop();
}
