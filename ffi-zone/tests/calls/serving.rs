//! The whole path inside one process: a caller, a channel, the serving loop on a thread of its own.

use crate::common;
use crate::common::Argument::{Bytes, Word};
use crate::common::compare;
use crate::common::surface::surface;
use crate::common::zone::{Client, Zone};
use cloison_contract::Grant;
use cloison_contract::call::{Reply, Request, SYNC, Status};
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::grant::{Bound, Quota, Rate};
use cloison_contract::interface::Instances;
use cloison_contract::message::{ChannelId, Telling, ToZone};
use cloison_transport::account::{self, Account};
use cloison_transport::channel::Channel;
use cloison_transport::client::Caller;
use cloison_transport::control::ControlError;
use cloison_transport::terms::TermsState as Terms;
use cloison_zone::serve::ServeError;
use std::os::fd::AsFd;
use std::time::Duration;

fn start() -> Zone {
    Zone::start(common::interface(Instances::Shared), common::functions)
}

fn text(client: &Client, reply: &Reply) -> String {
    client.explanation(reply)
}

#[test]
fn clients_come_call_and_go() {
    let zone = start();
    let mut one = zone.attach(1, zone.everything());
    let mut other = zone.attach(2, zone.everything());
    for round in 0..2000_u64 {
        assert_eq!(zone.call(&mut one, "wide", &[Word(round)]).words[0], round);
        let reply = zone.call(&mut other, "sum", &[Bytes(&[1; 100])]);
        assert_eq!((reply.status, reply.words[0]), (Status::Ok, 100));
    }
    assert_eq!(zone.status.calls(), 4000);
    zone.detach(one.id);
    assert_eq!(zone.call(&mut other, "wide", &[Word(7)]).words[0], 7);
    assert!(matches!(zone.stop(), ServeError::Control(ControlError::Closed)));
}

#[test]
fn only_what_is_granted() {
    let zone = start();
    let sum = zone.interface.function("sum").expect("sum").0;
    let release = zone.interface.function("release").expect("release").0;
    let mut client = zone.attach(1, Grant::new([sum, release]));
    assert_eq!(zone.call(&mut client, "sum", &[Bytes(b"\x05")]).words[0], 5);
    let reply = zone.call(&mut client, "wide", &[Word(1)]);
    assert_eq!((reply.status, text(&client, &reply).as_str()), (Status::Denied, "wide: not in this grant"));
    // Granted or not: what is internal is not for clients.
    assert_eq!(zone.call(&mut client, "release", &[Word(64)]).status, Status::Denied);
    let mut nothing = zone.attach(2, Grant::default());
    assert_eq!(zone.call(&mut nothing, "sum", &[Bytes(b"\x05")]).status, Status::Denied);
    zone.stop();
}

#[test]
fn quotas_bounds_and_revocation() {
    let zone = start();
    let sum = zone.interface.function("sum").expect("sum").0;
    let mut few = zone.attach(1, Grant { quota: Quota { calls: Some(2), ..Quota::default() }, ..Grant::new([sum]) });
    assert_eq!(zone.call(&mut few, "sum", &[Bytes(b"")]).status, Status::Ok);
    assert_eq!(zone.call(&mut few, "sum", &[Bytes(b"")]).status, Status::Ok);
    let reply = zone.call(&mut few, "sum", &[Bytes(b"")]);
    assert_eq!(reply.status, Status::QuotaExceeded);
    assert_eq!(text(&few, &reply), "sum: all 2 calls of this grant have been made");

    let mut slow = zone.attach(
        2,
        Grant {
            quota: Quota { rate: Some(Rate { calls: 1, period_ms: 3_600_000 }), ..Quota::default() },
            ..Grant::new([sum])
        },
    );
    assert_eq!(zone.call(&mut slow, "sum", &[Bytes(b"")]).status, Status::Ok);
    let reply = zone.call(&mut slow, "sum", &[Bytes(b"")]);
    assert_eq!(text(&slow, &reply), "sum: more than 1 calls in 3600000 ms");

    let expression = compare(Operator::LessOrEqual, Expression::Parameter(1), 3);
    let bounds = vec![(sum, Bound { expression, text: "count <= 3".into() })];
    let mut bounded = zone.attach(3, Grant { bounds, ..Grant::new([sum]) });
    assert_eq!(zone.call(&mut bounded, "sum", &[Bytes(b"123")]).status, Status::Ok);
    assert_eq!(zone.call(&mut bounded, "sum", &[Bytes(b"1234")]).status, Status::OutOfBounds);

    // A grant that names what is not there allows nothing.
    let broken = vec![(sum, Bound { expression: Expression::Parameter(9), text: "nonsense".into() })];
    let mut broken = zone.attach(4, Grant { bounds: broken, ..Grant::new([sum]) });
    assert_eq!(zone.call(&mut broken, "sum", &[Bytes(b"123")]).status, Status::Denied);

    bounded.channel.end(Terms::Revoked);
    let request = common::request(sum, &[Bytes(b"1")], bounded.caller.arena());
    assert!(bounded.caller.call(&request, Duration::from_secs(5)).is_err());
    zone.stop();
}

/// A client that keeps its end of the channel, goes by terms of its own, and rings the bell as before: what it posts is no call any more.
#[test]
fn a_client_that_keeps_its_channel_posts_in_vain() {
    let zone = start();
    let (sum, long) = (zone.id("sum"), Duration::from_secs(20));
    let (channel, descriptors) = Channel::create(common::CALL_BYTES).expect("channel");
    let account = account::create().expect("account");
    let kept = descriptors.channel.try_clone().expect("a descriptor");
    let grant = Grant::new([sum]);
    let quotas = vec![Quota { calls: Some(100), ..Quota::default() }];
    let attach =
        ToZone::Attach { channel: ChannelId(1), quotas, grant, tells: Telling::Nothing, records: false, client: None };
    let all = [descriptors.channel.as_fd(), descriptors.terms.as_fd(), account.as_fd()];
    zone.control().send(&attach, &all).expect("sent");
    zone.status.ring();
    // Its own page says that all is well, whatever the broker's says.
    let (_own, alive) = cloison_transport::terms::Terms::create().expect("a page");
    let mut hostile = Caller::open(kept, alive).expect("caller");
    let request = common::request(sum, &[Bytes(b"1")], hostile.arena());
    let calls = Account::open(&account).expect("account");
    assert_eq!((hostile.call(&request, long), calls.calls()), (Ok(Status::Ok), 1), "the control");
    channel.end(Terms::Revoked);
    for _ in 0..3 {
        let told = hostile.call(&request, Duration::from_millis(200));
        assert_ne!(told, Ok(Status::Ok));
    }
    // Another one's call comes after them.
    let mut other = zone.attach(2, Grant::new([sum]));
    assert_eq!(zone.call(&mut other, "sum", &[Bytes(b"1")]).status, Status::Ok);
    assert_eq!(calls.calls(), 1, "what came afterwards was counted");
    zone.stop();
}

#[test]
fn a_second_load_ends_the_zone() {
    let zone = start();
    let interface = Box::new(zone.interface.clone());
    zone.control().send(&ToZone::Load { interface }, &[]).expect("sent");
    zone.status.ring();
    assert!(matches!(zone.stop(), ServeError::Unexpected(_)));
}

/// To look at memory that the library keeps carries its bytes, each time, and when all are carried it is not shown any more.
#[test]
fn bytes_that_are_looked_at_count() {
    let zone =
        Zone::start(surface(Instances::Shared), |interface| common::functions_of(interface, common::load("surface.c")));
    let quota = Quota { bytes: Some(10_000), ..Quota::default() };
    let mut client = zone.attach(1, Grant { quota, ..zone.everything() });
    let one = zone.call(&mut client, "thing_new", &[Word(4)]).words[0];
    let block = zone.call(&mut client, "thing_late", &[Word(one), Word(1000)]).words[0];
    let mut request = Request { function: SYNC, count: 1, ..Request::EMPTY };
    request.words[0] = block;
    let mut sync = || client.converse(&request, |_, question| panic!("{question:?}")).status;
    let shown = (0..100).take_while(|_| sync() == Status::Ok).count();
    assert_eq!(sync(), Status::QuotaExceeded);
    assert!(shown <= 10, "{shown} times a thousand bytes");
    assert_eq!(client.account.carried() / 1000, 10);
    zone.stop();
}
