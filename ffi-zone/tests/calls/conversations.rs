//! Calls inside of callbacks, and everything that can go wrong in a conversation.

use crate::common;
use crate::common::Argument::Word;
use crate::common::asking::{asking, asking_functions};
use crate::common::zone::{Answer, CallbackQuestion, Client, LONG, Zone};
use cloison_contract::Grant;
use cloison_contract::call::{ANSWER, BATCH, CLOSE, HELD, MAX_DEPTH, MAX_WORDS, Request, SYNC, Status};
use cloison_contract::grant::Quota;
use cloison_contract::interface::Instances;
use cloison_contract::message::ChannelId;
use cloison_contract::shape::Shape;
use cloison_transport::client::CallError;
use cloison_transport::terms::TermsState;
use proptest::prelude::*;
use std::time::Duration;

fn start() -> (Zone, Client) {
    let zone = Zone::start(asking(Instances::Shared), asking_functions);
    let client = zone.attach(1, zone.everything());
    (zone, client)
}

/// A zone whose callables may take so long.
fn impatient(deadline: Duration) -> (Zone, Client) {
    let mut interface = asking(Instances::Shared);
    for parameter in interface.functions.iter_mut().flat_map(|function| &mut function.parameters) {
        if let Shape::Callback(callback) = &mut parameter.shape {
            callback.deadline = Some(deadline);
        }
    }
    let zone = Zone::start(interface, asking_functions);
    let client = zone.attach(1, zone.everything());
    (zone, client)
}

fn of(value: i64) -> Answer {
    Answer::Returns(vec![value as u64])
}

fn posts(function: u32, words: &[u64]) -> Answer {
    let mut request = Request { function, count: words.len() as u32, arena_used: 0, words: [0; MAX_WORDS] };
    request.words[..words.len()].copy_from_slice(words);
    Answer::Posts(Box::new(request))
}

/// The zone still does what it should, and the numbers of this channel are right.
fn works(zone: &Zone, client: &mut Client) {
    let reply = zone.converse(client, "times", &[Word(1), Word(3)], |_, question| {
        assert_eq!(question.depth, 1);
        of(question.words[0] as i64)
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, 3));
}

fn nest(zone: &Zone, client: &mut Client, levels: u64) -> (Status, u64) {
    let reply = zone.converse(client, "times", &[Word(levels + 1), Word(2)], |client, question| {
        if levels == 0 {
            return of(1);
        }
        let (status, value) = nest(zone, client, levels - 1);
        assert_eq!(question.callable, levels + 1);
        if status == Status::Ok { of(value as i64) } else { Answer::Raises }
    });
    (reply.status, reply.words[0])
}

#[test]
fn calls_inside_of_callbacks_inside_of_calls() {
    let (zone, mut client) = start();
    assert_eq!(nest(&zone, &mut client, 2), (Status::Ok, 8));
    works(&zone, &mut client);
    zone.stop();
}

#[test]
fn nesting_has_an_end() {
    let (zone, mut client) = start();
    fn down(zone: &Zone, client: &mut Client, depth: &mut u64) -> Status {
        let reply = zone.converse(client, "times", &[Word(1), Word(1)], |client, question| {
            *depth = question.depth;
            let status = down(zone, client, depth);
            if status == Status::TooMany { of(1) } else { of(2) }
        });
        reply.status
    }
    let mut deepest = 0;
    assert_eq!(down(&zone, &mut client, &mut deepest), Status::Ok);
    assert_eq!(deepest, MAX_DEPTH as u64);
    works(&zone, &mut client);
    zone.stop();
}

#[test]
fn a_callable_that_raises_is_the_last_one_asked() {
    let (zone, mut client) = start();
    let mut asked = 0;
    let reply = zone.converse(&mut client, "times", &[Word(1), Word(10)], |_, question| {
        asked += 1;
        if question.words[0] == 4 { Answer::Raises } else { of(1) }
    });
    assert_eq!((reply.status, reply.words[0], asked), (Status::Raised, 1, 5));
    // What is raised inside, and caught, ends the inner call alone.
    let reply = zone.converse(&mut client, "times", &[Word(1), Word(2)], |client, _| {
        let inner = zone.converse(client, "times", &[Word(2), Word(5)], |_, _| Answer::Raises);
        assert_eq!((inner.status, inner.words[0]), (Status::Raised, 2));
        of(4)
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, 8));
    works(&zone, &mut client);
    zone.stop();
}

#[test]
fn what_was_made_before_a_callable_raised_is_freed() {
    let (zone, mut client) = start();
    let before = zone.call(&mut client, "box_count", &[]).words[0];
    let reply = zone.converse(&mut client, "box_make", &[Word(1)], |_, _| Answer::Raises);
    assert_eq!(reply.status, Status::Raised);
    assert_eq!(zone.call(&mut client, "box_count", &[]).words[0], before);
    let reply = zone.converse(&mut client, "box_make", &[Word(1)], |_, _| of(0));
    assert_eq!(reply.status, Status::Ok);
    assert_eq!(zone.call(&mut client, "box_count", &[]).words[0], before + 1);
    zone.detach(client.id);
    zone.stop();
}

#[test]
fn answers_that_make_no_sense_end_the_call() {
    let (zone, mut client) = start();
    type Liar = Box<dyn Fn(&CallbackQuestion) -> Answer>;
    let mut bad: Vec<Liar> = vec![
        Box::new(|_| posts(ANSWER, &[])),
        Box::new(|_| posts(ANSWER, &[1])),
        Box::new(|_| posts(ANSWER, &[1, 1])),
        Box::new(|_| posts(ANSWER, &[1, 1, 2, 3])),
        Box::new(|_| posts(ANSWER, &[0, 1, 2])),
        Box::new(|_| posts(ANSWER, &[2, 1, 2])),
        Box::new(|_| posts(ANSWER, &[u64::MAX, 1, 2])),
        Box::new(|_| posts(ANSWER, &[1, 2, 2])),
        Box::new(|_| posts(ANSWER, &[1, 0, 2])),
        Box::new(|_| posts(ANSWER, &[1, 1, 1 << 40])), // no `int`
        Box::new(|_| posts(ANSWER, &[1; MAX_WORDS])),
    ];
    bad.push(Box::new(|question| {
        let mut request = question.answer(1, &[1]);
        request.arena_used = u64::MAX;
        Answer::Posts(Box::new(request))
    }));
    for answer in bad {
        let mut asked = 0;
        let reply = zone.converse(&mut client, "times", &[Word(1), Word(3)], |_, question| {
            asked += 1;
            answer(question)
        });
        assert_eq!((reply.status, asked), (Status::Malformed, 1));
        works(&zone, &mut client);
    }
    zone.stop();
}

#[test]
fn buffers_of_answers_are_checked() {
    let (zone, mut client) = start();
    let results = [
        ([0, 9], Status::Misfit),
        ([0, 1 << 40], Status::Malformed),
        ([1 << 40, 1], Status::Malformed),
        ([u64::MAX, 0], Status::Malformed),
        ([u64::MAX - 15, 32], Status::Malformed),
        ([8, 1], Status::Malformed),
        ([0, 0], Status::Ok),
    ];
    for (words, expected) in results {
        let reply = zone.converse(&mut client, "drain", &[Word(1)], |_, question| {
            let mut request = question.answer(1, &words);
            request.arena_used = 4096;
            Answer::Posts(Box::new(request))
        });
        assert_eq!(reply.status, expected, "{words:?}");
        works(&zone, &mut client);
    }
    zone.stop();
}

#[test]
fn an_answer_without_a_question_is_none() {
    let (zone, mut client) = start();
    for words in [&[][..], &[1, 1, 1], &[0, 0]] {
        let Answer::Posts(request) = posts(ANSWER, words) else { unreachable!() };
        assert_eq!(client.caller.call(&request, LONG), Ok(Status::Malformed));
    }
    works(&zone, &mut client);
    zone.stop();
}

#[test]
fn a_callable_that_takes_too_long() {
    let (zone, mut client) = impatient(Duration::from_millis(30));
    let mut asked = 0;
    let reply = zone.converse(&mut client, "times", &[Word(1), Word(5)], |_, _| {
        asked += 1;
        zone.callback_timeout(ChannelId(1));
        of(1)
    });
    assert_eq!((reply.status, asked), (Status::CallbackOverdue, 1));
    assert!(client.explanation(&reply).starts_with("f of times took longer than its 30 ms"));
    // Others are served meanwhile, and calls of its own are not.
    let mut other = zone.attach(2, zone.everything());
    let reply = zone.converse(&mut client, "times", &[Word(1), Word(5)], |client, _| {
        zone.callback_timeout(ChannelId(1));
        works_with_time(&zone, &mut other);
        assert_eq!(zone.call(client, "box_count", &[]).status, Status::CallbackOverdue);
        of(1)
    });
    assert_eq!(reply.status, Status::CallbackOverdue);
    // Inside of another callback, and then that one as well.
    let reply = zone.converse(&mut client, "times", &[Word(1), Word(1)], |client, _| {
        let inner = zone.converse(client, "times", &[Word(2), Word(1)], |_, question| {
            assert_eq!(question.depth, 2);
            zone.callback_timeout(ChannelId(1));
            of(1)
        });
        assert_eq!(inner.status, Status::CallbackOverdue);
        of(1)
    });
    assert_eq!(reply.status, Status::CallbackOverdue);
    zone.stop();
}

/// A zone whose callables may take so long together, of one call.
fn budgeted(whole: Duration, times: Option<Duration>) -> (Zone, Client) {
    let mut interface = asking(Instances::Shared);
    interface.sandbox.callables = whole;
    let of_times = interface.functions.iter_mut().find(|function| function.name == "times").expect("times");
    of_times.callables = times;
    let zone = Zone::start(interface, asking_functions);
    let client = zone.attach(1, zone.everything());
    (zone, client)
}

/// Each callable is quick enough for its own deadline, and C would call it for ever.
#[test]
fn callables_share_a_time() {
    for (whole, own) in [(Duration::from_millis(40), None), (LONG, Some(Duration::from_millis(40)))] {
        let (zone, mut client) = budgeted(whole, own);
        let mut asked = 0;
        // It takes at least so long, and on a slow machine longer: then fewer are asked.
        let nap = || std::thread::sleep(Duration::from_millis(15));
        let reply = zone.converse(&mut client, "times", &[Word(1), Word(10_000)], |_, _| {
            asked += 1;
            nap();
            of(1)
        });
        assert_eq!((reply.status, reply.words[0]), (Status::CallablesOverdue, 40));
        assert!(asked <= 3, "{asked}");
        let told = client.explanation(&reply);
        assert!(told.starts_with("f of times ran when the callables of this call had taken 40ms"), "{told}");
        // The next call has all of it again, and so has another client.
        works_with_time(&zone, &mut client);
        works_with_time(&zone, &mut zone.attach(2, zone.everything()));
        // Calls inside of callables are in it, whatever they would have by themselves.
        let (mut outer, mut inner) = (0, 0);
        let reply = zone.converse(&mut client, "times", &[Word(1), Word(10_000)], |client, _| {
            outer += 1;
            let reply = zone.converse(client, "times", &[Word(2), Word(10_000)], |_, _| {
                inner += 1;
                nap();
                of(1)
            });
            assert_eq!(reply.status, Status::CallablesOverdue);
            of(1)
        });
        assert_eq!((reply.status, outer), (Status::CallablesOverdue, 1));
        assert!(inner <= 3, "{inner}");
        works_with_time(&zone, &mut client);
        zone.stop();
    }
}

/// A batch is one call.
#[test]
fn callables_of_a_batch_share_a_time() {
    let (zone, mut client) = budgeted(LONG, Some(Duration::from_millis(40)));
    let times = zone.id("times").0;
    let row: Vec<u64> = (0..100).flat_map(|_| [u64::from(times) | 2 << 32, 0, 1, 1]).collect();
    let bytes: Vec<u8> = row.iter().flat_map(|word| word.to_le_bytes()).collect();
    client.caller.arena().write(0, &bytes).expect("fits");
    let mut request = Request { function: BATCH, count: 3, arena_used: bytes.len() as u64, words: [0; MAX_WORDS] };
    request.words[..3].copy_from_slice(&[0, bytes.len() as u64, 100]);
    let mut asked = 0;
    let reply = client.converse(&request, |_, _| {
        asked += 1;
        std::thread::sleep(Duration::from_millis(15));
        of(1)
    });
    assert_eq!((reply.status, reply.words[0]), (Status::CallablesOverdue, 40));
    assert!(asked <= 3, "{asked}");
    works_with_time(&zone, &mut client);
    zone.stop();
}

#[test]
fn late_answers_may_be_lies_too() {
    let (zone, mut client) = impatient(Duration::from_millis(10));
    for words in [&[7, 1, 1][..], &[], &[1]] {
        let reply = zone.converse(&mut client, "times", &[Word(1), Word(5)], |_, _| {
            zone.callback_timeout(ChannelId(1));
            posts(ANSWER, words)
        });
        assert!(matches!(reply.status, Status::CallbackOverdue | Status::Malformed), "{:?}", reply.status);
    }
    works_with_time(&zone, &mut client);
    zone.stop();
}

/// As [`works`], where a slow machine may need more time than there is.
fn works_with_time(zone: &Zone, client: &mut Client) {
    let status = |client: &mut Client| zone.converse(client, "times", &[Word(1), Word(3)], |_, _| of(1)).status;
    assert!((0..100).any(|_| status(client) == Status::Ok));
}

#[test]
fn a_client_that_dies_during_a_callback() {
    let (zone, mut client) = start();
    let mut other = zone.attach(2, zone.everything());
    let before = zone.call(&mut other, "box_count", &[]).words[0];
    zone.call(&mut client, "box_new", &[Word(1)]);
    // The outer call makes a box as well.
    let request = common::request(zone.id("box_make"), &[Word(1)], client.caller.arena());
    assert_eq!(client.caller.call(&request, LONG), Ok(Status::Callback));
    zone.detach(client.id);
    drop(client);
    assert_eq!(zone.call(&mut other, "box_count", &[]).words[0], before);
    works(&zone, &mut other);
    zone.stop();
}

#[test]
fn clients_come_and_go_while_a_callable_runs() {
    let (zone, mut client) = start();
    let mut other = zone.attach(2, zone.everything());
    let before = zone.call(&mut other, "box_count", &[]).words[0];
    zone.call(&mut other, "box_new", &[Word(1)]);
    let reply = zone.converse(&mut client, "times", &[Word(1), Word(2)], |_, question| {
        if question.words[0] == 0 {
            zone.attach(3, zone.everything());
            zone.detach(other.id);
            zone.detach(cloison_contract::message::ChannelId(3));
        }
        of(1)
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, 2));
    assert_eq!(zone.call(&mut client, "box_count", &[]).words[0], before);
    zone.stop();
}

#[test]
fn what_is_not_granted_is_not_granted_inside_either() {
    let zone = Zone::start(asking(Instances::Shared), asking_functions);
    let grant = Grant {
        quota: Quota { calls: Some(2), ..Quota::default() },
        ..Grant::new([zone.id("times"), zone.id("stray")])
    };
    let mut client = zone.attach(1, grant);
    let reply = zone.converse(&mut client, "times", &[Word(1), Word(1)], |client, _| {
        assert_eq!(zone.call(client, "box_count", &[]).status, Status::Denied);
        assert_eq!(zone.call(client, "times", &[Word(1), Word(0)]).status, Status::Ok);
        assert_eq!(zone.call(client, "times", &[Word(1), Word(0)]).status, Status::QuotaExceeded);
        of(1)
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, 1));
    zone.stop();
}

#[test]
fn revocation_is_seen_between_callbacks() {
    let (zone, mut client) = start();
    let request = common::request(zone.id("times"), &[Word(1), Word(3)], client.caller.arena());
    assert_eq!(client.caller.call(&request, LONG), Ok(Status::Callback));
    client.channel.end(TermsState::Revoked);
    let nested = common::request(zone.id("box_new"), &[Word(1)], client.caller.arena());
    let mut other = zone.attach(2, zone.everything());
    assert_eq!(client.caller.call(&nested, LONG), Err(CallError::Ended));
    let Answer::Posts(answer) = posts(ANSWER, &[1, 1, 1]) else { unreachable!() };
    assert_eq!(client.caller.call(&answer, LONG), Err(CallError::Ended));
    zone.detach(client.id);
    works(&zone, &mut other);
    zone.stop();
}

#[test]
fn time_in_a_callable_is_not_the_librarys() {
    let (zone, mut client) = start();
    let reply = zone.converse(&mut client, "times", &[Word(1), Word(3)], |_, _| {
        // Nothing is running while the client is asked.
        assert_eq!(zone.status.running(), None);
        of(1)
    });
    assert_eq!(reply.words[0], 3);
    zone.stop();
}

#[test]
fn callbacks_in_a_batch() {
    let (zone, mut client) = start();
    let times = u64::from(zone.id("times").0);
    let arena = client.caller.arena();
    let calls = [times | 2 << 32, 0, 5, 2, times | 2 << 32, 0, 6, 1];
    arena.write_words(0, &calls).expect("fits");
    let mut request = Request { function: BATCH, count: 3, arena_used: 64, words: [0; MAX_WORDS] };
    request.words[..3].copy_from_slice(&[0, 64, 2]);
    let mut asked = Vec::new();
    let reply = client.converse(&request, |_, question| {
        asked.push((question.callable, question.words[0]));
        assert!(question.in_use >= 64);
        if question.callable == 6 { Answer::Raises } else { of(1) }
    });
    assert_eq!(asked, [(5, 0), (5, 1), (6, 0)]);
    assert_eq!((reply.status, reply.words[2]), (Status::Ok, 2));
    let mut replies = [0; 3];
    client.caller.arena().read_words(reply.words[0], &mut replies).expect("in the arena");
    assert_eq!(replies, [1 << 32, 2, Status::Raised as u64 | 4 << 32]);
    works(&zone, &mut client);
    zone.stop();
}

#[test]
fn whatever_is_posted_the_zone_goes_on() {
    let (zone, client) = impatient(Duration::from_secs(2));
    let client = std::cell::RefCell::new(client);
    let functions = zone.interface.functions.len() as u32;
    let dangerous = ["stray", "keep"].map(|name| zone.id(name).0);
    let counting = ["times", "elsewhere"].map(|name| zone.id(name).0);
    let function = prop_oneof![
        0..functions,
        Just(ANSWER),
        Just(ANSWER),
        Just(BATCH),
        Just(CLOSE),
        Just(HELD),
        Just(SYNC),
        any::<u32>()
    ];
    let word = prop_oneof![0..4_u64, 0..4_u64, (0..64_u64).prop_map(|n| n * 16), any::<u64>()];
    let request = (function, prop::collection::vec(word, 0..6), 0..5000_u64);
    let script = prop::collection::vec(request, 1..12);
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
        cases: 4000,
        failure_persistence: None,
        ..Default::default()
    });
    let questions = std::cell::Cell::new(0);
    let judged = runner.run(&script, |script| {
        let mut client = client.borrow_mut();
        let mut open = 0_u64;
        for (function, words, used) in script {
            if dangerous.contains(&function) {
                continue; // these two keep a pointer that they have no right to
            }
            let mut request = Request { function, count: words.len() as u32, arena_used: used, words: [0; MAX_WORDS] };
            request.words[..words.len()].copy_from_slice(&words);
            // Most should get past the first check.
            let exact =
                zone.interface.functions.get(function as usize).map(|function| function.request_slots().words());
            if let (Some(exact), false) = (exact, words.len() == 5) {
                request.count = exact as u32;
            }
            if function == ANSWER && words.len() % 2 == 0 {
                (request.words[0], request.words[1], request.count) = (open, request.words[1] % 2, 3);
            }
            if counting.contains(&function) {
                request.words[1] %= 8; // what the library does with more is its own fault
            }
            let status = client.caller.call(&request, LONG).expect("a reply");
            if status == Status::Callback {
                open = CallbackQuestion::of(client.caller.reply()).depth;
                questions.set(questions.get() + 1);
            }
        }
        // Back to where nothing is asked.
        for _ in 0..100 {
            let mut request = Request { function: ANSWER, count: 2, arena_used: 0, words: [0; MAX_WORDS] };
            request.words[0] = open;
            match client.caller.call(&request, LONG).expect("a reply") {
                Status::Callback => open = CallbackQuestion::of(client.caller.reply()).depth,
                Status::Malformed if open == 0 => break,
                _ => open = open.saturating_sub(1),
            }
        }
        works(&zone, &mut client);
        Ok(())
    });
    judged.unwrap_or_else(|error| panic!("{error}"));
    assert!(questions.get() > 500, "only {} questions", questions.get());
    zone.stop();
}
