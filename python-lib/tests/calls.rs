//! Calls through a real call channel: values both ways, mistakes, refusals, and every way in which a zone can end.

use crate::support::{Outcome, Template, script};
use crate::zone::Zone;

const PRELUDE: &str = program!("calls/prelude");

fn run(source: &str) -> (Outcome, Zone) {
    let mut zone = Zone::new();
    let outcome =
        Template::start().run_with(script(&format!("{PRELUDE}{source}")), b"", |question| zone.answer(question));
    (outcome, zone)
}

fn check(source: &str, expected: &str) {
    let (outcome, _) = run(source);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected, ""));
}

#[test]
fn numbers_go_both_ways() {
    check(
        "print(fake.add(1, 2), fake.add(1), fake.add(b=-3, a=2), fake.add(True), fake.scale(1.5, 2), fake.divide(7, 2), \
         fake.wide(2**64 - 1), fake.add(*[1], **{'b': 1}))",
        "3 6 -1 6 3.0 (3, 1) 18446744073709551615 2\n",
    );
}

#[test]
fn bytes_and_text_go_both_ways() {
    check(
        program!("calls/bytes_and_text_go_both_ways"),
        "b'abc' b'x' b'ac' b'' GR\u{dc}N B b'\\x01\\x02'\n4194304\n[2.0, 5.0] [6.0] d\n",
    );
}

#[test]
fn mistakes_are_seen_before_anything_crosses() {
    let source = program!("calls/mistakes_are_seen_before_anything_crosses");
    let (outcome, zone) = run(source);
    let expected = "\
TypeError: add() missing required argument 'a'
TypeError: add() takes 2 arguments but 3 were given
TypeError: add() got multiple values for argument 'a'
TypeError: add() got an unexpected keyword argument 'c'
TypeError: add(): a must be an int, not str
TypeError: add(): a must be an int, not float
TypeError: add(): a must be an int, not NoneType
OverflowError: add(): a is 2147483648, and its C type holds -2147483648 to 2147483647
OverflowError: add(): a is 1267650600228229401496703205376, and its C type holds -2147483648 to 2147483647
ValueError: add(): b is 11, and must be from -10 to 10
OverflowError: wide(): a is -1, and its C type holds 0 to 18446744073709551615
TypeError: scale(): x must be a float, not str
OverflowError: scale(): by is 1e300, beyond what a C float holds
TypeError: echo(): source must be a bytes-like object, not str
TypeError: echo(): source must be a bytes-like object, not int
ValueError: echo(): source has 4194305 bytes, and may have 4194304 at most
ValueError: shout(): s has an embedded NUL
ValueError: shout(): s has a lone surrogate, which UTF-8 cannot say
ValueError: shout(): s has 1001 bytes, and may have 1000 at most
TypeError: shout(): s must be a str or bytes, not int
TypeError: doubled(): xs must be a float, not str
TypeError: doubled(): xs must be a sequence of floats, not int
ValueError: doubled(): xs has 3 bytes, which is no multiple of 8
ValueError: doubled(): xs has elements of format \"f\", which are not a sequence of floats
9
KeyError: 'mine'
";
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected, ""));
    assert_eq!(zone.channels(), 1, "only the correct call opened a channel");
}

#[test]
fn what_is_not_granted_is_denied_by_name_and_line() {
    check(
        program!("calls/what_is_not_granted_is_denied_by_name_and_line"),
        "CapabilityDenied: fake.forbidden() is not granted: add \"forbidden\" to `allow` at cloison.toml:7\nforbidden fake cloison.toml:7\n\
         AttributeError: capability 'fake' has no function 'ad'. Did you mean: 'add'?\n\
         AttributeError: capability 'fake' has no function 'hidden'\n\
         CapabilityDenied: no capability \"other\" in cloison.toml\n['add', 'bounded', 'crash'] False\n",
    );
}

#[test]
fn a_crash_is_an_exception_and_the_next_call_works() {
    let (outcome, zone) = run(program!("calls/a_crash_is_an_exception_and_the_next_call_works"));
    assert_eq!(
        (outcome.stdout.as_str(), outcome.stderr.as_str()),
        ("6\nZoneCrashed: fake.crash(): the zone was ended by signal 11 (SIGSEGV)\ncrash 11 None\n7\n", "")
    );
    assert_eq!(zone.channels(), 2);
}

#[test]
fn a_call_that_takes_too_long_ends_and_the_next_one_works() {
    let source = program!("calls/a_call_that_takes_too_long_ends_and_the_next_one_works");
    let (outcome, zone) = run(source);
    assert_eq!(
        (outcome.stdout.as_str(), outcome.stderr.as_str()),
        ("DeadlineExceeded: fake.hang() did not end within 300ms\nTrue hang 0.3 True\n7\n", "")
    );
    assert_eq!(zone.overdue.len(), 1);
}

#[test]
fn refusals_and_failures_have_their_exceptions() {
    check(
        program!("calls/refusals_and_failures_have_their_exceptions"),
        "NativeError: fake.fail() failed with -3: because: No such file or directory\nfail -3 2 because\n\
         QuotaExceeded: fake.quota(): the grant is used up (cloison.toml:7)\nquota\n\
         CapabilityDenied: fake.bounded(): the arguments are outside of what `where` at cloison.toml:7 allows: x <= 3\n\
         Revoked: fake.ends_revoked(): the grant has been revoked\n",
    );
}

#[test]
fn a_zone_that_lies_costs_an_exception() {
    check(
        "for how in range(4): error(fake.lie, how)\nprint(fake.add(1))\n",
        "Error: fake.lie(): the zone answered with a number that does not fit its type\n\
         Error: fake.lie(): the zone answered with as many words as it should not have\n\
         Error: fake.lie(): the zone answered with as many words as it should not have\n\
         Error: fake.lie(): the zone answered with a number that does not fit its type\n6\n",
    );
}

#[test]
fn capabilities_cannot_be_made_copied_or_looked_into() {
    check(program!("calls/capabilities_cannot_be_made_copied_or_looked_into"), &"no\n".repeat(10));
}

#[test]
fn functions_describe_themselves() {
    check(
        program!("calls/functions_describe_themselves"),
        "<capability 'fake'> add fake.add (a: 'int', b: 'int' = 5) -> 'int' True\nadd(a: int, b: int = 5) -> int\nfake 1.0.0 (fake.zone.toml)\ncapability\n",
    );
}

#[test]
fn a_capability_may_stand_at_the_top_of_a_module() {
    let modules =
        crate::support::modules(&[("app.py", program!("calls/a_capability_may_stand_at_the_top_of_a_module"))]);
    let template = Template::with(modules, &["app"], 256 << 20).expect("ready");
    let mut zone = Zone::new();
    let run = cloison_contract::message::Run::Function { module: "app".into(), qualname: "main".into(), argv: vec![] };
    let outcome = template.run_with(run, b"", |question| zone.answer(question));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("6 7\n", ""));
}
