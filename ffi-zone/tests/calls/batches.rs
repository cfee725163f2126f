//! Many calls in one request, through the serving loop.

use crate::common;
use crate::common::zone::{Client, LONG, Zone};
use crate::common::{BOTH, compare};
use cloison_contract::call::{ANSWER, BATCH, MAX_BATCH, MAX_WORDS, NULL, Reply, Request, Status};
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::grant::{Bound, Quota};
use cloison_contract::interface::Instances;
use cloison_contract::message::FromZone;
use cloison_contract::{FunctionId, Grant};
use cloison_transport::Arena;
use cloison_transport::channel::Channel;
use cloison_transport::client::Caller;
use cloison_transport::status::monotonic;
use cloison_zone::serve::batch::{ClaimedCalls, RowLink};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::time::Duration;

fn start(instances: Instances) -> Zone {
    Zone::start(common::interface(instances), common::functions)
}

/// A batch as a client would write it.
#[derive(Default)]
struct Batch {
    calls: Vec<u64>,
    count: u64,
    /// In front of the calls.
    data: Vec<u8>,
}

impl Batch {
    fn data(&mut self, bytes: &[u8]) -> [u64; 2] {
        let offset = self.data.len().next_multiple_of(16);
        self.data.resize(offset, 0);
        self.data.extend(bytes);
        [offset as u64, bytes.len() as u64]
    }

    fn call(&mut self, function: u32, words: &[u64], links: &[(u64, u64, u64)]) {
        self.calls.push(u64::from(function) | (words.len() as u64) << 32);
        self.calls.push(links.len() as u64);
        self.calls.extend(words);
        self.calls.extend(links.iter().flat_map(|(word, call, result)| [*word, call << 32 | result]));
        self.count += 1;
    }

    fn request(mut self, arena: &Arena) -> Request {
        let [offset, _] = self.data(&[]);
        arena.write(0, &self.data).expect("fits");
        arena.write_words(offset, &self.calls).expect("fits");
        let length = self.calls.len() as u64 * 8;
        let mut request = Request { function: BATCH, count: 3, arena_used: offset + length, words: [0; MAX_WORDS] };
        request.words[..3].copy_from_slice(&[offset, length, self.count]);
        request
    }

    /// The replies: status and words of each.
    fn run(self, client: &mut Client) -> Vec<(Status, Vec<u64>)> {
        let request = self.request(client.caller.arena());
        let status = client.caller.call(&request, LONG).expect("a reply");
        assert_eq!(status, Status::Ok, "{}", client.explanation(client.caller.reply()));
        replies(client.caller.reply(), client.caller.arena())
    }
}

fn replies(reply: &Reply, arena: &Arena) -> Vec<(Status, Vec<u64>)> {
    let (mut at, end) = (reply.words[0], reply.words[0] + reply.words[1]);
    let mut all = Vec::new();
    while at < end {
        let mut head = [0];
        arena.read_words(at, &mut head).expect("in the arena");
        let mut words = vec![0; (head[0] >> 32) as usize];
        arena.read_words(at + 8, &mut words).expect("in the arena");
        at += 8 + words.len() as u64 * 8;
        all.push((Status::try_from(head[0] as u32).expect("a status"), words));
    }
    assert_eq!((at, all.len() as u64), (end, reply.words[2]));
    all
}

#[test]
fn calls_are_made_in_turn_and_their_results_stand_behind_each_other() {
    for instances in BOTH {
        let zone = start(instances);
        let mut client = zone.attach(1, zone.everything());
        let mut batch = Batch::default();
        let (hello, world) = (batch.data(b"hello"), batch.data(b"world"));
        let [add, sum, shout, fill] = ["add", "sum", "shout", "fill"].map(|name| zone.id(name).0);
        batch.call(add, &[2, 3], &[]);
        batch.call(sum, &hello, &[]);
        batch.call(shout, &hello, &[]);
        batch.call(shout, &world, &[]);
        batch.call(fill, &[b'x'.into(), 3], &[]);
        let replies = batch.run(&mut client);
        assert!(replies.iter().all(|(status, _)| *status == Status::Ok));
        assert_eq!(replies[0].1, [5]);
        assert_eq!(replies[1].1, [b"hello".iter().map(|byte| u64::from(*byte)).sum::<u64>()]);
        let text = |reply: &(Status, Vec<u64>)| client.bytes(reply.1[0], reply.1[1]);
        assert_eq!(
            [text(&replies[2]), text(&replies[3]), text(&replies[4])],
            [b"HELLO".to_vec(), b"WORLD".to_vec(), b"xxx".to_vec()]
        );
        zone.stop();
    }
}

#[test]
fn results_become_arguments() {
    let zone = start(Instances::Shared);
    let mut client = zone.attach(1, zone.everything());
    let [add, wide, split] = ["add", "wide", "split"].map(|name| zone.id(name).0);
    let mut batch = Batch::default();
    batch.call(add, &[2, 3], &[]);
    batch.call(add, &[7, 0], &[(1, 0, 0)]);
    batch.call(wide, &[0], &[(0, 1, 0)]);
    batch.call(split, &[2.5_f64.to_bits()], &[]);
    batch.call(wide, &[0], &[(0, 3, 0)]);
    let words: Vec<_> = batch.run(&mut client).into_iter().map(|(_, words)| words).collect();
    assert_eq!(words, [vec![5], vec![12], vec![12], vec![2, 0.5_f64.to_bits()], vec![2]]);
    zone.stop();
}

#[test]
fn the_first_failure_is_the_last_call() {
    let zone = start(Instances::Shared);
    let (sum, add) = (zone.id("sum"), zone.id("add"));
    let refuses = zone.id("refuses").0;
    let expression = compare(Operator::LessOrEqual, Expression::Parameter(1), 3);
    let bounds = vec![(sum, Bound { expression, text: "count <= 3".into() })];
    let mut client = zone.attach(1, Grant { bounds, ..Grant::new([sum, add, FunctionId(refuses)]) });
    let last = |client: &mut Client, function: u32, words: &[u64]| {
        let mut batch = Batch::default();
        batch.call(add.0, &[1, 1], &[]);
        batch.call(function, words, &[]);
        batch.call(add.0, &[1, 1], &[]);
        let [good, bad] = <[_; 2]>::try_from(batch.run(client)).expect("two replies");
        assert_eq!(good, (Status::Ok, vec![2]));
        let text = match bad.1[2] {
            NULL => String::new(),
            offset => String::from_utf8(client.bytes(offset, bad.1[3])).expect("UTF-8"),
        };
        (bad.0, text)
    };
    assert_eq!(last(&mut client, sum.0, &[0, 4]).0, Status::OutOfBounds);
    assert_eq!(last(&mut client, add.0, &[1, 99]), (Status::BadArgument, "must be from -1 to 9".into()));
    assert_eq!(last(&mut client, refuses, &[7]).0, Status::NativeError);
    assert_eq!(last(&mut client, zone.id("wide").0, &[7]), (Status::Denied, "wide: not in this grant".into()));
    for nonsense in [BATCH, ANSWER, 10_000] {
        assert_ne!(last(&mut client, nonsense, &[0, 0, 0]).0, Status::Ok);
    }
    zone.stop();
}

#[test]
fn links_that_lead_nowhere_are_refused() {
    let zone = start(Instances::Shared);
    let mut client = zone.attach(1, zone.everything());
    let [add, shout] = ["add", "shout"].map(|name| zone.id(name).0);
    let bad = [(0, 2, 0), (0, 3, 0), (2, 0, 0), (0, 0, 1), (0, 1, 0), (0, 0, u64::from(u32::MAX))];
    for link in bad {
        let mut batch = Batch::default();
        let hello = batch.data(b"hello");
        batch.call(add, &[1, 1], &[]);
        batch.call(shout, &hello, &[]); // its words are no values
        batch.call(add, &[1, 1], &[link]);
        let request = batch.request(client.caller.arena());
        let status = client.caller.call(&request, LONG).expect("a reply");
        let refused = match status {
            Status::Ok => replies(client.caller.reply(), client.caller.arena())[2].0,
            other => other,
        };
        assert_eq!(refused, Status::Malformed, "{link:?}");
    }
    zone.stop();
}

#[test]
fn quotas_count_every_call_of_a_batch() {
    let zone = start(Instances::Shared);
    let add = zone.id("add");
    let mut client = zone.attach(1, Grant { quota: Quota { calls: Some(3), ..Quota::default() }, ..Grant::new([add]) });
    let mut batch = Batch::default();
    (0..5).for_each(|_| batch.call(add.0, &[1, 1], &[]));
    let statuses: Vec<_> = batch.run(&mut client).into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, [Status::Ok, Status::Ok, Status::Ok, Status::QuotaExceeded]);
    zone.stop();
}

#[test]
fn a_batch_that_makes_no_sense_calls_nothing() {
    let zone = start(Instances::Shared);
    let mut client = zone.attach(1, zone.everything());
    let releases = zone.id("releases").0;
    let good = |client: &Client| {
        let mut batch = Batch::default();
        batch.call(releases, &[], &[]);
        batch.call(releases, &[], &[]);
        batch.request(client.caller.arena())
    };
    let spoil: [fn(&mut Request); 7] = [
        |request| request.words[0] += 4,
        |request| request.words[0] = u64::MAX - 7,
        |request| request.words[1] = u64::MAX,
        |request| request.words[1] -= 8,
        |request| request.words[2] = 1,
        |request| request.words[2] = MAX_BATCH + 1,
        |request| request.count = 2,
    ];
    for spoil in spoil {
        let before = zone.status.calls();
        let mut request = good(&client);
        spoil(&mut request);
        assert_eq!(client.caller.call(&request, LONG).expect("a reply"), Status::Malformed);
        assert_eq!(zone.status.calls(), before);
    }
    let request = good(&client);
    assert_eq!(client.caller.call(&request, LONG).expect("a reply"), Status::Ok);
    assert_eq!(zone.call(&mut client, "releases", &[]).status, Status::Ok);
    zone.stop();
}

#[test]
fn any_bytes_are_calls_or_nonsense() {
    let (_channel, descriptors) = Channel::create(4096).expect("channel");
    let caller = Caller::open(descriptors.channel, descriptors.terms).expect("caller");
    let arena = caller.arena();
    // Making them takes most of the time, and five times as much where nothing is optimised.
    let cases = if cfg!(debug_assertions) { 4_000 } else { 20_000 };
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let small = 0..4_u64;
    let word = prop_oneof![small.clone(), small.prop_map(|count| 7 | count << 32), any::<u64>()];
    let words = prop::collection::vec(word, 0..40);
    let claim = (0..64_u64, 0..400_u64, 0..6_u64, 0..400_u64);
    let judged = runner.run(&(words, claim), |(words, (offset, length, count, used))| {
        arena.write_words(0, &words).expect("fits");
        let Ok(mut calls) = ClaimedCalls::new(arena, used, [offset * 4, length, count]) else { return Ok(()) };
        let (mut request, mut links, mut made) = (Request::EMPTY, Vec::<RowLink>::new(), 0);
        while let Ok(true) = calls.next(&mut request, &mut links) {
            made += 1;
            prop_assert!(made <= count && request.count as usize <= MAX_WORDS);
            prop_assert!(links.iter().all(|link| link.word < request.count as usize));
        }
        Ok(())
    });
    judged.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_is_over_before_the_broker_looks_is_told_to_it() {
    let second = Duration::from_secs(1);
    let mut interface = common::interface(Instances::Shared);
    interface.sandbox.deadline = 3600 * second;
    let (long, short) = (common::id(&interface, "wide").0, common::id(&interface, "narrows").0);
    interface.functions[short as usize].deadline = Some(second);
    let zone = Zone::start(interface, common::functions);
    let mut client = zone.attach(1, zone.everything());
    zone.status.will_look(monotonic() + 60 * second);
    let mut run = |functions: &[u32]| {
        let mut batch = Batch::default();
        functions.iter().for_each(|function| batch.call(*function, &[1], &[]));
        batch.run(&mut client);
        std::iter::from_fn(|| zone.control().try_receive::<FromZone>().expect("a message or none")).count()
    };
    assert_eq!(run(&[]), 0);
    assert_eq!(run(&[long, long]), 0);
    assert_eq!(run(&[long, short, long]), 1, "the second one");
    assert_eq!(run(&[short, short]), 1, "all together");
}
