//! Threads of the library's own that call callables: during a call, and between calls.

use super::callbacks::{asking_for, of, start};
use crate::common;
use crate::common::Argument::Word;
use crate::common::BOTH;
use crate::common::asking::asking_functions;
use crate::common::zone::{CallbackQuestion, Client, LONG, Zone};
use cloison_contract::call::Status;
use cloison_contract::interface::Instances;
use std::time::Duration;

#[test]
fn threads_of_the_library_ask_one_at_a_time() {
    for instances in BOTH {
        let (zone, mut client) = start(instances);
        let asked = std::cell::Cell::new(0);
        let once = |question: &CallbackQuestion| {
            asked.set(asked.get() + 1);
            assert_eq!(question.callable, 4);
            of(question.words[0] as i64)
        };
        let reply = zone.converse(&mut client, "elsewhere", &[Word(4), Word(8)], |client, question| {
            assert_eq!(question.depth, 1);
            // A call inside of it runs on that thread, while the others go on asking.
            if asked.get() % 7 == 0 {
                let nested = zone.converse(client, "times", &[Word(5), Word(2)], |_, question| {
                    assert_eq!(question.depth, 2);
                    if question.callable == 5 { of(1) } else { once(question) }
                });
                assert_eq!(nested.words[0], 2);
            }
            once(question)
        });
        let asked = asked.get();
        assert_eq!((asked, reply.words[0]), (40, (0..8).map(|thread| 5 * thread * 10 + 10).sum::<u64>()));
        zone.stop();
    }
}

/// A box whose callable is 5, and which has that called on a thread of the library's own. How often that has asked by the end of
/// the call.
fn later(zone: &Zone, client: &mut Client) -> u64 {
    let thing = zone.call(client, "box_new", &[Word(7)]).words[0];
    zone.call(client, "box_on", &[Word(thing), Word(5)]);
    let mut asked = 0;
    zone.converse(client, "box_later", &[Word(thing)], |_, question| {
        assert_eq!((question.callable, question.words[0]), (5, 7));
        asked += 1;
        of(30)
    });
    asked
}

#[test]
fn a_thread_of_the_library_s_that_asks_between_calls_is_answered_in_the_next() {
    for instances in BOTH {
        // The thread waits for the next call, which may be long in coming on a busy machine.
        let zone = Zone::start(asking_for(instances, LONG), asking_functions);
        let mut client = zone.attach(1, zone.everything());
        for _ in 0..20 {
            let (mut asked, mut said) = (later(&zone, &mut client), -1);
            while said == -1 {
                let reply = zone.converse(&mut client, "box_said", &[], |_, question| {
                    assert_eq!((question.callable, question.words[0]), (5, 7));
                    asked += 1;
                    of(30)
                });
                assert_eq!(reply.status, Status::Ok);
                said = i64::from(reply.words[0] as i32);
            }
            assert_eq!((said, asked), (30, 1));
        }
        zone.stop();
    }
}

#[test]
fn who_is_asked_between_calls_and_does_not_call_in_time_is_told() {
    let interface = asking_for(Instances::Shared, Duration::from_millis(5));
    let zone = Zone::start(interface, asking_functions);
    let mut client = zone.attach(1, zone.everything());
    loop {
        let mut asked = later(&zone, &mut client) > 0;
        // That the library's thread has given up cannot be seen until the client calls again, so its deadline has to pass.
        std::thread::sleep(Duration::from_millis(50));
        let reply = zone.converse(&mut client, "box_said", &[], |_, _| {
            asked = true;
            of(30)
        });
        // On a busy machine the thread may not have run by now, or just now.
        if asked || reply.status == Status::Ok {
            continue;
        }
        assert_eq!(reply.status, Status::CallbackOverdue);
        let text = common::explanation(&reply, client.caller.arena());
        let said = "on of box_on was called by a thread of the library's while no call was running";
        assert!(text.starts_with(said), "{text}");
        break;
    }
    let reply = zone.call(&mut client, "box_said", &[]);
    assert_eq!(
        (reply.status, reply.words[0] as i32),
        (Status::Ok, -7),
        "C has got the error value, and one word is enough"
    );
    zone.stop();
}

#[test]
fn nobody_waits_for_a_client_that_has_left() {
    let (zone, mut client) = start(Instances::Shared);
    later(&zone, &mut client);
    zone.detach(client.id);
    let mut other = zone.attach(2, zone.everything());
    while zone.call(&mut other, "box_said", &[]).words[0] as i32 == -1 {
        std::thread::yield_now();
    }
    zone.stop();
}
