//! Calls at once in one zone.

use crate::common;
use crate::common::Argument::Word;
use crate::common::zone::{LONG, Zone};
use cloison_contract::Interface;
use cloison_contract::call::Status;
use cloison_contract::interface::Instances;
use cloison_zone::marshal::functions::Functions;

fn interface(threads: u32) -> Interface {
    let mut interface = common::manifest("threads", Instances::Shared);
    interface.sandbox.threads = threads;
    interface
}

fn functions(interface: Interface) -> Functions {
    common::functions_of(interface, common::load("threads.c"))
}

#[test]
fn one_client_waits_for_what_another_does() {
    let zone = Zone::start(interface(2), functions);
    let (mut one, mut other) = (zone.attach(1, zone.everything()), zone.attach(2, zone.everything()));
    for _ in 0..50 {
        let take = common::request(zone.id("take"), &[], one.caller.arena());
        let waiting = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| one.caller.call(&take, LONG).expect("a reply"));
            assert_eq!(zone.call(&mut other, "put", &[]).words[0], 1);
            waiting.join().expect("no panic")
        });
        assert_eq!((waiting, one.caller.reply().words[0]), (Status::Ok, 0));
    }
    zone.stop();
}

#[test]
fn clients_come_and_go_while_a_call_runs() {
    let zone = Zone::start(interface(2), functions);
    let mut one = zone.attach(1, zone.everything());
    let take = common::request(zone.id("take"), &[], one.caller.arena());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| one.caller.call(&take, LONG).expect("a reply"));
        for id in 2..20 {
            let mut other = zone.attach(id, zone.everything());
            assert_eq!(zone.call(&mut other, "crowd", &[Word(1)]).status, Status::Ok);
            zone.detach(other.id);
        }
        let mut last = zone.attach(20, zone.everything());
        zone.call(&mut last, "put", &[]);
        assert_eq!(waiting.join().expect("no panic"), Status::Ok);
    });
    zone.stop();
}

#[test]
fn a_client_that_leaves_during_its_call_is_let_go_of_afterwards() {
    let zone = Zone::start(interface(2), functions);
    let (mut one, mut other) = (zone.attach(1, zone.everything()), zone.attach(2, zone.everything()));
    let take = common::request(zone.id("take"), &[], one.caller.arena());
    let id = one.id;
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || one.caller.call(&take, LONG).map(|_| ()));
        while zone.status.running().is_none() {
            std::thread::yield_now();
        }
        zone.leave(id);
        zone.call(&mut other, "put", &[]);
        zone.left(id);
        drop(waiting);
    });
    assert_eq!(zone.call(&mut other, "crowd", &[Word(1)]).status, Status::Ok);
    zone.stop();
}

#[test]
fn there_are_as_many_at_once_as_there_are_threads() {
    for threads in [1, 3] {
        let zone = Zone::start(interface(threads), functions);
        let most = std::thread::scope(|scope| {
            let clients: Vec<_> = (1..=6)
                .map(|id| {
                    let (zone, mut client) = (&zone, zone.attach(id, zone.everything()));
                    scope.spawn(move || (0..2000).map(|_| zone.call(&mut client, "crowd", &[Word(500)]).words[0]).max())
                })
                .collect();
            clients.into_iter().filter_map(|client| client.join().expect("no panic")).max()
        });
        assert!(most.is_some_and(|most| most <= threads.into()), "{most:?} with {threads} threads");
        zone.stop();
    }
}
