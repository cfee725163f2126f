//! What the language alone refuses: the rows of the table in `ffi-zone/tests/common/matrix.rs` that give functions up, before a zone that lets
//! everything through. A function that is not granted is not even posted, whatever a program tries. (Bounds, quotas and callables the calling
//! process leaves to its zone.)

#[path = "../../ffi-zone/tests/common/matrix.rs"]
mod table;

use crate::support::{Template, script};
use crate::zone::{Memory, Zone, reply};
use cloison_contract::Grant;
use cloison_contract::call::{Reply, Request, Status};
use cloison_manifest::manifest;
use cloison_transport::Arena;
use std::collections::BTreeMap;
use std::sync::Mutex;
use table::{ATTEMPTS, Given, MANIFEST};

/// How often each function was posted.
static POSTED: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// Says of every request that there was no room for its result: it was there.
fn lets_everything_through(_: &mut Memory, name: &str, _: &Request, _: &Arena) -> Reply {
    *POSTED.lock().expect("nobody panics").entry(name.to_owned()).or_default() += 1;
    reply(Status::TooLarge, &[0, 0, 0, 0])
}

#[test]
fn what_is_not_granted_is_not_posted() {
    let interface = manifest::parse("bounds.zone.toml", MANIFEST).unwrap_or_else(|errors| panic!("{errors}"));
    let all = table::functions(MANIFEST);
    let template = Template::start();
    let program = program!("matrix/what_is_not_granted_is_not_posted");
    let program = program.replace("from table import ATTEMPTS\n", &table::in_python());
    let gives_functions_up = |given: &Given| matches!(given, Given::Functions(_));
    for given in table::narrowings().into_iter().filter(gives_functions_up) {
        let Given::Functions(kept) = &given else { continue };
        let grant = Grant::new(kept.iter().filter_map(|name| Some(interface.function(name)?.0)));
        let mut zone = Zone::granting(interface.clone(), grant, lets_everything_through);
        POSTED.lock().expect("nobody panics").clear();
        let outcome = template.run_with(script(&program), b"", |question| zone.answer(question));
        assert_eq!((outcome.stderr.as_str(), outcome.status), ("", 0), "{given:?}: {outcome:?}");
        let refused = |function: &str| {
            let attempts = ATTEMPTS.iter().filter(|attempt| attempt.function == function);
            attempts.filter(|attempt| given.refuses(attempt).is_some()).count()
        };
        let posted = POSTED.lock().expect("nobody panics").clone();
        for function in &all {
            let attempts = ATTEMPTS.iter().filter(|attempt| attempt.function == *function).count();
            // Each attempt is made once, and in every other way there is where it is to be refused.
            let expected = attempts - refused(function);
            assert_eq!(posted.get(*function).copied().unwrap_or(0), expected, "{given:?}: {function}");
        }
        let others = posted.keys().filter(|name| !all.contains(&name.as_str())).count();
        assert_eq!(others, 0, "neither in a batch: {posted:?}");
        let expected: usize = all.iter().map(|function| refused(function)).sum();
        assert_eq!(outcome.stdout, format!("{expected} refused\n"), "{given:?}");
    }
}
