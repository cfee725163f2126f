//! Callables of a client's, called by C: what they are given and what they give.

use crate::common;
use crate::common::Argument::Word;
use crate::common::BOTH;
use crate::common::asking::{asking, asking_functions, handle};
use crate::common::zone::{Answer, CallbackQuestion, Client, LONG, Zone};
use cloison_contract::call::{CLOSE, MAX_WORDS, NULL, Request, Status};
use cloison_contract::grant::Quota;
use cloison_contract::interface::Instances;
use cloison_contract::message::ChannelId;
use cloison_contract::shape::Shape;
use cloison_contract::{Grant, Interface};
use std::time::Duration;

pub(super) fn start(instances: Instances) -> (Zone, Client) {
    let zone = Zone::start(asking(instances), asking_functions);
    let client = zone.attach(1, zone.everything());
    (zone, client)
}

/// The same, where each callable may take so long.
pub(super) fn asking_for(instances: Instances, deadline: Duration) -> Interface {
    let mut interface = asking(instances);
    for parameter in interface.functions.iter_mut().flat_map(|function| &mut function.parameters) {
        if let Shape::Callback(callback) = &mut parameter.shape {
            callback.deadline = Some(deadline);
        }
    }
    interface
}

pub(super) fn of(value: i64) -> Answer {
    Answer::Returns(vec![value as u64])
}

/// An answer with bulk data: pieces behind what is in use, then words that say where.
fn with_data(client: &Client, question: &CallbackQuestion, words: &[u64], pieces: &[&[u8]]) -> Answer {
    let (mut results, mut at) = (words.to_vec(), question.in_use);
    for piece in pieces {
        at = at.next_multiple_of(16);
        client.caller.arena().write(at, piece).expect("fits");
        results.extend([at, piece.len() as u64]);
        at += piece.len() as u64;
    }
    let mut request = question.answer(1, &results);
    request.arena_used = at;
    Answer::Posts(Box::new(request))
}

fn float(value: f64) -> u64 {
    value.to_bits()
}

#[test]
fn a_callable_is_called_as_often_as_c_likes() {
    for instances in BOTH {
        let (zone, mut client) = start(instances);
        for count in [0, 1, 1000] {
            let mut seen = Vec::new();
            let reply = zone.converse(&mut client, "times", &[Word(3), Word(count)], |_, question| {
                assert_eq!((question.callable, question.depth), (3, 1));
                seen.push(question.words[0]);
                of(2 * question.words[0] as i64)
            });
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
            assert_eq!((reply.status, reply.words[0]), (Status::Ok, count.saturating_sub(1) * count));
        }
        zone.stop();
    }
}

#[test]
fn numbers_of_every_type_arrive_and_come_back() {
    let (zone, mut client) = start(Instances::Shared);
    let reply = zone.converse(&mut client, "every", &[Word(1)], |_, question| {
        let expected = [-1_i64 as u64, 65535, -2_i64 as u64, 1 << 40, float(0.5), float(0.25), 1];
        assert_eq!(question.words, expected);
        Answer::Returns(vec![float(-2.5)])
    });
    assert_eq!(f64::from_bits(reply.words[0]), -2.5);
    let reply = zone.converse(&mut client, "many", &[Word(1)], |_, question| {
        assert_eq!(question.words, [1, 2, 3, 4, 5, 6, 7, float(8.5), -9_i64 as u64]);
        of(-(1 << 40))
    });
    assert_eq!(reply.words[0] as i64, -(1 << 40));
    let reply = zone.converse(&mut client, "narrows", &[Word(1), Word(2), Word(3)], |_, question| {
        Answer::Returns(vec![[-3_i64 as u64, 200, float(1.25)][question.callable as usize - 1]])
    });
    assert_eq!(reply.words[0] as i64, -3000 + 200 + 5);
    zone.stop();
}

#[test]
fn scalar_pointers_strings_and_buffers() {
    for instances in BOTH {
        let (zone, mut client) = start(instances);
        let reply = zone.converse(&mut client, "cells", &[Word(1)], |_, question| {
            assert_eq!(question.words, [5, 7, 0, 0]);
            Answer::Returns(vec![2, 3])
        });
        assert_eq!((reply.status, reply.words[0]), (Status::Ok, 203));

        let reply = zone.converse(&mut client, "spell", &[Word(1)], |client, question| {
            assert_eq!(client.bytes(question.words[0], question.words[1]), b"hello");
            assert_eq!(question.words[2..], [NULL, 0]);
            of(5)
        });
        assert_eq!(reply.words[0], 5);

        for count in [0_u64, 1, 40] {
            let reply = zone.converse(&mut client, "fold", &[Word(1), Word(count)], |client, question| {
                let bytes = client.bytes(question.words[0], question.words[1]);
                let values: Vec<i32> = bytes.chunks(4).map(|b| i32::from_le_bytes(b.try_into().unwrap())).collect();
                assert_eq!(values, (0..count as i32).map(|value| value - 2).collect::<Vec<_>>());
                assert!(question.in_use >= question.words[0] + question.words[1]);
                of(values.iter().map(|value| i64::from(*value)).sum())
            });
            assert_eq!(reply.words[0] as i64, (0..count as i64).map(|value| value - 2).sum::<i64>());
        }

        let mut chunks: Vec<&[u8]> = vec![b"", b"\x03", b"12345678", b"\x01\x02"];
        let reply = zone.converse(&mut client, "drain", &[Word(1)], |client, question| {
            assert_eq!(question.words, [8], "how much room there is");
            with_data(client, question, &[], &[chunks.pop().expect("no more after the end")])
        });
        let expected = b"\x03\x01\x0212345678".iter().map(|byte| u64::from(*byte)).sum::<u64>();
        assert_eq!((reply.status, reply.words[0]), (Status::Ok, expected));

        let reply = zone.converse(&mut client, "spoken", &[Word(1)], |client, question| {
            with_data(client, question, &[0], &[b"abc"])
        });
        assert_eq!(reply.words[0], 3000 + u64::from(b'a') + 1);

        let reply = zone.converse(&mut client, "mirrored", &[Word(1)], |client, question| {
            let mut bytes = client.bytes(question.words[0], question.words[1]);
            assert_eq!(bytes, [1, 0, 2, 0, 3, 0]);
            bytes.rotate_left(2);
            with_data(client, question, &[], &[&bytes])
        });
        assert_eq!(reply.words[0], 231);
        zone.stop();
    }
}

/// What callables are shown and give back is among the bytes that a grant counts, and when those are used up no callable is asked any more:
/// one call would carry as much as it liked.
#[test]
fn bytes_of_questions_and_answers_count() {
    for instances in BOTH {
        let zone = Zone::start(asking(instances), asking_functions);
        let bytes = |most| Grant { quota: Quota { bytes: Some(most), ..Quota::default() }, ..zone.everything() };
        let mut client = zone.attach(1, bytes(1 << 20));
        let mirror = |client: &mut Client, question: &CallbackQuestion| {
            let bytes = client.bytes(question.words[0], question.words[1]);
            with_data(client, question, &[], &[&bytes])
        };
        assert_eq!(zone.converse(&mut client, "mirrored", &[Word(1)], mirror).status, Status::Ok);
        let carried = client.account.carried();
        assert!(carried >= 12, "six bytes there, and six back: {carried}");
        assert_eq!(zone.converse(&mut client, "mirrored", &[Word(1)], mirror).status, Status::Ok);
        assert_eq!(client.account.carried(), 2 * carried);
        // An answer that claims to be longer than the arena counts for no more than that.
        zone.converse(&mut client, "times", &[Word(1), Word(1)], |_, question| {
            let mut request = question.answer(1, &[0]);
            request.arena_used = u64::MAX;
            Answer::Posts(Box::new(request))
        });
        assert!(client.account.carried() > 2 * carried);

        let mut poor = zone.attach(2, bytes(64));
        let mut asked = 0;
        let reply = zone.converse(&mut poor, "drain", &[Word(1)], |client, question| {
            asked += 1;
            assert!(asked < 100, "it goes on");
            with_data(client, question, &[], &[b"12345678"])
        });
        assert_eq!(reply.status, Status::QuotaExceeded, "after {asked} questions");
        zone.stop();
    }
}

/// What frees an object is code of the library's, and takes of `cpu` what it takes: when it is closed, and when its client leaves.
#[test]
fn the_end_of_an_object_takes_processor_time_of_its_grant() {
    let zone = Zone::start(asking(Instances::Shared), asking_functions);
    let quota = Quota { cpu_ns: Some(u64::MAX), ..Quota::default() };
    let mut client = zone.attach(1, Grant { quota, ..zone.everything() });
    let boxes: Vec<_> = (0..2).map(|_| zone.call(&mut client, "box_new", &[Word(5)]).words[0]).collect();
    let before = client.account.cpu_ns();
    assert_eq!(close(&mut client, boxes[0], |_, _| Answer::Raises), Status::Ok);
    let closed = client.account.cpu_ns();
    assert!(closed > before);
    zone.detach(client.id);
    assert!(client.account.cpu_ns() > closed);
    zone.stop();
}

fn pair(a: i32, b: f64) -> Vec<u8> {
    [&a.to_le_bytes()[..], &[0; 4], &b.to_le_bytes()].concat()
}

#[test]
fn records_and_wide_numbers() {
    let (zone, mut client) = start(Instances::Shared);
    let reply = zone.converse(&mut client, "pairs", &[Word(1)], |client, question| {
        let [one, one_bytes, other, other_bytes] = question.words[..] else { panic!("{question:?}") };
        assert_eq!(client.bytes(one, one_bytes), pair(1, 0.5));
        assert_eq!(client.bytes(other, other_bytes), pair(2, 0.25));
        with_data(client, question, &[], &[&pair(3, 4.0), &pair(5, 0.75)])
    });
    assert_eq!((reply.status, f64::from_bits(reply.words[0])), (Status::Ok, 3000.0 + 400.0 + 50.0 + 0.75));

    let reply = zone.converse(&mut client, "wide", &[Word(1)], |client, question| {
        let [x, x_bytes, z, z_bytes] = question.words[..] else { panic!("{question:?}") };
        assert_eq!(x_bytes, 16);
        assert_eq!(client.bytes(z, z_bytes), [1.0_f64.to_le_bytes(), 2.0_f64.to_le_bytes()].concat());
        let same = client.bytes(x, x_bytes);
        with_data(client, question, &[], &[&same])
    });
    assert_eq!((reply.status, f64::from_bits(reply.words[0])), (Status::Ok, 0.5));
    zone.stop();
}

#[test]
fn objects_and_arrays_of_them() {
    let (zone, mut client) = start(Instances::Shared);
    let own = zone.call(&mut client, "box_new", &[Word(1)]).words[0];
    let mut shown = 0;
    let value = |zone: &Zone, client: &mut Client, word| zone.call(client, "box_value", &[Word(word)]);
    let reply = zone.converse(&mut client, "box_show", &[Word(own), Word(1)], |client, question| {
        let [first, other, none, count, all, all_bytes, texts, texts_bytes] = question.words[..] else {
            panic!("{question:?}")
        };
        assert_eq!((first, none, count, all_bytes, texts_bytes), (own, 0, 3, 24, 24));
        shown = other;
        let words = |at| {
            let bytes = client.bytes(at, 24);
            bytes.chunks(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(words(all), [own, other, 0]);
        let text = |word: u64| {
            let length = client.bytes(word - 1, 8);
            client.bytes(word + 7, u64::from_le_bytes(length.try_into().unwrap()))
        };
        let [one, nothing, three] = words(texts)[..] else { panic!("three") };
        assert_eq!((text(one), nothing, text(three)), (b"one".to_vec(), 0, b"three".to_vec()));
        of(value(&zone, client, other).words[0] as i64 + value(&zone, client, own).words[0] as i64)
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, 3));
    // C does not say how long it lives: it was shown for the question alone.
    assert_eq!(value(&zone, &mut client, shown).status, Status::StaleHandle);
    assert_eq!(value(&zone, &mut client, own).words[0], 1);
    zone.stop();
}

fn close(client: &mut Client, word: u64, answer: impl FnMut(&mut Client, &CallbackQuestion) -> Answer) -> Status {
    let mut request = Request { function: CLOSE, count: 1, arena_used: 0, words: [0; MAX_WORDS] };
    request.words[0] = word;
    client.converse(&request, answer).status
}

#[test]
fn what_a_handle_keeps_is_called_until_it_ends() {
    let (zone, mut client) = start(Instances::Shared);
    let before = zone.call(&mut client, "box_count", &[]).words[0];
    let one = zone.call(&mut client, "box_new", &[Word(5)]).words[0];
    let other = zone.call(&mut client, "box_new", &[Word(6)]).words[0];
    assert_eq!(zone.call(&mut client, "box_on", &[Word(one), Word(9)]).status, Status::Ok);
    let fired = |zone: &Zone, client: &mut Client, word| {
        zone.converse(client, "box_fire", &[Word(word), Word(20)], |_, question| {
            of(question.callable as i64 * 100 + question.words[0] as i64)
        })
    };
    assert_eq!(fired(&zone, &mut client, one).words[0], 920);
    assert_eq!(fired(&zone, &mut client, other).words[0] as i64, -1);
    // The same callable is the same function for C.
    zone.call(&mut client, "box_on", &[Word(other), Word(9)]);
    assert_eq!(zone.call(&mut client, "box_same", &[Word(one), Word(other)]).words[0], 1);
    zone.call(&mut client, "box_on", &[Word(other), Word(8)]);
    assert_eq!(zone.call(&mut client, "box_same", &[Word(one), Word(other)]).words[0], 0);
    // Freeing asks as well: what the library keeps is given back after that.
    let answer = |_: &mut Client, question: &CallbackQuestion| {
        assert_eq!((question.callable, question.words[0] as i64), (9, -5));
        of(77)
    };
    assert_eq!(close(&mut client, one, answer), Status::Ok);
    assert_eq!(zone.call(&mut client, "box_last", &[]).words[0], 77);
    assert_eq!(fired(&zone, &mut client, other).words[0], 820);
    let raised = close(&mut client, other, |_, _| Answer::Raises);
    assert_eq!(raised, Status::Raised);
    assert_eq!(zone.call(&mut client, "box_count", &[]).words[0], before);
    zone.stop();
}

#[test]
fn objects_of_a_client_that_leaves_end_and_ask_nobody() {
    let (zone, mut client) = start(Instances::Shared);
    let before = zone.call(&mut client, "box_count", &[]).words[0];
    let word = zone.call(&mut client, "box_new", &[Word(5)]).words[0];
    zone.call(&mut client, "box_on", &[Word(word), Word(9)]);
    zone.call(&mut client, "box_new", &[Word(6)]);
    let mut other = zone.attach(2, zone.everything());
    assert_eq!(zone.call(&mut other, "box_count", &[]).words[0], before + 2);
    zone.detach(client.id);
    assert_eq!(zone.call(&mut other, "box_count", &[]).words[0], before);
    assert_eq!(zone.call(&mut other, "box_last", &[]).words[0] as i64, -7, "the callback's error value");
    zone.stop();
}

/// One thread runs the call that uses it, another one hears that its owner leaves.
#[test]
fn what_a_call_uses_ends_with_the_call_when_its_owner_has_left() {
    let mut interface = asking(Instances::Shared);
    interface.sandbox.threads = 2;
    let zone = Zone::start(interface, asking_functions);
    let (mut owner, mut user) = (zone.attach(1, zone.everything()), zone.attach(2, zone.everything()));
    let mut third = zone.attach(3, zone.everything());
    let mut count = || zone.call(&mut third, "box_count", &[]).words[0];
    let before = count();
    let word = zone.call(&mut owner, "box_new", &[Word(5)]).words[0];
    zone.call(&mut owner, "box_offer", &[Word(word)]);
    let lent = zone.call(&mut user, "box_offered", &[]).words[0];
    let reply = zone.converse(&mut user, "box_hold", &[Word(lent), Word(1)], |_, _| {
        zone.detach(owner.id);
        assert_eq!(count(), before + 1, "it is in use");
        of(0)
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, 5));
    while count() != before {
        std::thread::yield_now();
    }
    assert_eq!(zone.call(&mut user, "box_value", &[Word(lent)]).status, Status::StaleHandle);
    zone.stop();
}

#[test]
fn room_is_what_it_was_when_c_asked() {
    for instances in BOTH {
        let (zone, mut client) = start(instances);
        for (bytes, status) in [(16, Status::Ok), (17, Status::Misfit), (64, Status::Misfit)] {
            let reply = zone.converse(&mut client, "measured", &[Word(1)], |client, question| {
                with_data(client, question, &[64], &[&vec![1; bytes]])
            });
            assert_eq!(reply.status, status, "{bytes}: {}", client.explanation(&reply));
            assert!(status != Status::Ok || reply.words[0] == 0);
        }
        zone.stop();
    }
}

/// What says how long something is would ask, while it is the client's turn: it would wait for itself.
#[test]
fn a_length_that_asks_is_refused() {
    let (zone, mut client) = start(Instances::Shared);
    let word = zone.call(&mut client, "box_new", &[Word(5)]).words[0];
    let bytes = |client: &mut Client, null: u64| {
        let reply = zone.converse(client, "box_bytes", &[Word(word), Word(null), Word(1)], |_, question| {
            assert_eq!(question.callable, 1);
            of(question.words[2] as i64)
        });
        let told = if reply.status == Status::Ok { String::new() } else { client.explanation(&reply) };
        (reply.status, told)
    };
    assert_eq!(bytes(&mut client, 0), (Status::Ok, String::new()));
    zone.call(&mut client, "box_on", &[Word(word), Word(9)]);
    let (status, told) = bytes(&mut client, 0);
    let expected = "f of box_bytes: `bytes` has no length: the function that says it calls a callable";
    assert_eq!((status, told.as_str()), (Status::Misfit, expected));
    let (status, told) = bytes(&mut client, 1);
    let expected = "f of box_bytes: `bytes` has no length: the object that says it is NULL";
    assert_eq!((status, told.as_str()), (Status::Misfit, expected));
    // Where nobody else has the turn it may ask.
    let reply = zone.converse(&mut client, "box_fire", &[Word(word), Word(2)], |_, question| {
        assert_eq!((question.callable, question.words[0]), (9, 2));
        of(3)
    });
    assert_eq!(reply.words[0], 3);
    zone.stop();
}

/// The request that closes a handle.
fn closing(word: u64, used: u64) -> Request {
    let mut request = Request::EMPTY;
    (request.function, request.count, request.arena_used, request.words[0]) = (CLOSE, 1, used, word);
    request
}

#[test]
fn what_a_callable_has_given_stays_until_c_has_run() {
    let (zone, mut client) = start(Instances::Shared);
    let word = zone.call(&mut client, "box_new", &[Word(5)]).words[0];
    let mut tried = None;
    let reply = zone.converse(&mut client, "lend", &[Word(1)], |client, question| {
        if question.words.last() == Some(&0) {
            return with_data(client, question, &[], &[&word.to_le_bytes()]);
        }
        tried = Some(client.converse(&closing(word, question.in_use), |_, _| Answer::Raises));
        with_data(client, question, &[], &[&0_u64.to_le_bytes()])
    });
    let tried = tried.expect("asked twice");
    assert_ne!(tried.status, Status::Ok, "C still has it");
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, 5));
    assert_eq!(client.converse(&closing(word, 0), |_, _| Answer::Raises).status, Status::Ok, "C has it no more");
    let reply = client.converse(&closing(word, u64::MAX), |_, _| Answer::Raises);
    assert_eq!(reply.status, Status::Malformed, "more of the arena than there is");
    zone.stop();
}

#[test]
fn a_function_that_is_kept_without_leave_gives_nothing() {
    let (zone, mut client) = start(Instances::Shared);
    assert_eq!(zone.call(&mut client, "keep", &[Word(1)]).status, Status::Ok);
    assert_eq!(zone.call(&mut client, "stray", &[Word(5)]).words[0], 0);
    // Not even while another callable may be asked.
    let reply = zone.converse(&mut client, "times", &[Word(2), Word(1)], |client, _| {
        of(zone.call(client, "stray", &[Word(5)]).words[0] as i64 + 1)
    });
    assert_eq!(reply.words[0], 1);
    zone.stop();
}

#[test]
fn more_callables_than_there_may_be() {
    let (zone, mut client) = start(Instances::Shared);
    let mut bound = 0;
    let refused = (1..200).find(|number| {
        let word = zone.call(&mut client, "box_new", &[Word(1)]).words[0];
        let reply = zone.call(&mut client, "box_on", &[Word(word), Word(*number)]);
        bound += u64::from(reply.status == Status::Ok);
        reply.status == Status::TooMany
    });
    assert_eq!((refused, bound), (Some(65), 64));
    // Another client has its own.
    let mut other = zone.attach(2, zone.everything());
    let reply = zone.converse(&mut other, "times", &[Word(1), Word(1)], |_, _| of(4));
    assert_eq!(reply.words[0], 4);
    zone.detach(client.id);
    zone.stop();
}

#[test]
fn a_callable_that_is_replaced_is_given_back() {
    let (zone, mut client) = start(Instances::Shared);
    let word = zone.call(&mut client, "box_new", &[Word(1)]).words[0];
    let fire = |client: &mut Client| {
        let mut asked = 0;
        let reply = zone.converse(client, "box_fire", &[Word(word), Word(5)], |_, question| {
            asked = question.callable;
            of(1)
        });
        (reply.status == Status::Ok).then_some(asked)
    };
    // Many more than there may be at once, and each twice.
    for number in (1..200).flat_map(|number| [number, number]) {
        assert_eq!(zone.call(&mut client, "box_set", &[Word(word), Word(number)]).status, Status::Ok, "{number}");
        assert!(number % 50 != 0 || fire(&mut client) == Some(number));
    }
    // What takes it away gives it back as well.
    for number in 1..200 {
        assert_eq!(zone.call(&mut client, "box_set", &[Word(word), Word(number)]).status, Status::Ok, "{number}");
        assert_eq!(zone.call(&mut client, "box_set", &[Word(word), Word(0)]).status, Status::Ok);
    }
    // After a failure nobody knows which of them the library has: both stay, until there are too many.
    let refused = (1..200).find(|number| {
        let reply = zone.call(&mut client, "box_try", &[Word(word), Word(*number), Word(1)]);
        assert!(matches!(reply.status, Status::NativeError | Status::TooMany), "{number}");
        assert!(reply.status == Status::TooMany || fire(&mut client) == Some(*number));
        reply.status == Status::TooMany
    });
    assert_eq!(refused, Some(65));
    assert_eq!(
        zone.call(&mut client, "box_try", &[Word(word), Word(7), Word(0)]).status,
        Status::Ok,
        "7 is there already"
    );
    assert_eq!(
        zone.call(&mut client, "box_try", &[Word(word), Word(100), Word(0)]).status,
        Status::Ok,
        "and now alone"
    );
    assert_eq!(fire(&mut client), Some(100));
    zone.stop();
}

#[test]
fn numbers_that_are_none_are_refused() {
    let (zone, mut client) = start(Instances::Shared);
    let request = common::request(zone.id("times"), &[Word(0), Word(1)], client.caller.arena());
    assert_eq!(client.caller.call(&request, LONG), Ok(Status::BadArgument));
    zone.stop();
}

#[test]
fn objects_that_belong_to_a_thread_stay_with_it() {
    let mut interface = asking(Instances::Shared);
    interface.sandbox.threads = 3;
    handle(&mut interface, "box").thread_affine = true;
    let zone = Zone::start(interface, asking_functions);
    let strays = |client: &mut Client| zone.call(client, "box_strays", &[]).words[0];
    let mut last = zone.attach(9, zone.everything());
    let before = strays(&mut last);
    std::thread::scope(|scope| {
        for id in 1..5 {
            let (zone, mut client) = (&zone, zone.attach(id, zone.everything()));
            scope.spawn(move || {
                for _ in 0..200 {
                    let word = zone.call(&mut client, "box_new", &[Word(1)]).words[0];
                    assert_eq!(zone.call(&mut client, "box_here", &[Word(word)]).words[0], 1);
                    // `times` runs anywhere; what is called inside of it does not.
                    let reply = zone.converse(&mut client, "times", &[Word(1), Word(2)], |client, _| {
                        of(zone.call(client, "box_here", &[Word(word)]).words[0] as i64)
                    });
                    assert_eq!(reply.words[0], 2);
                    if word % 2 == 0 {
                        assert_eq!(close(&mut client, word, |_, _| unreachable!()), Status::Ok);
                    } else if word % 3 == 0 {
                        zone.call(&mut client, "box_free", &[Word(word)]);
                    }
                }
                client.id
            });
        }
    });
    for id in 1..5 {
        zone.detach(ChannelId(id));
    }
    assert_eq!(strays(&mut last), before);
    zone.stop();
}
