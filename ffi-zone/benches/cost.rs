//! How long the zone's own part of a call takes, and what its parts take. Part of `make bench`.

#[path = "../tests/common/mod.rs"]
mod common;

use cloison_contract::Grant;
use cloison_contract::call::{Request, Status};
use cloison_contract::expression::{Expression, Operator};
use cloison_contract::grant::{Bound, Quota, Rate};
use cloison_contract::interface::Instances;
use cloison_transport::account::Account;
use cloison_zone::callback::callables::NoCallables;
use cloison_zone::marshal::Origin;
use cloison_zone::marshal::refusal::empty_reply;
use cloison_zone::native::ffi::Frame;
use cloison_zone::native::state::{OnlyThread, State, after_call, restore_process};
use cloison_zone::serve::policy::{ClientPolicy, CountedQuota};
use common::Argument::{Bytes, Word};
use common::zone::Zone;
use common::{Bench, compare};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 20_000;

/// The best of many, in nanoseconds for one round: short enough for some of them to run undisturbed.
fn best(mut round: impl FnMut()) -> f64 {
    let once = |round: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| round());
        start.elapsed().as_nanos() as f64 / f64::from(ROUNDS)
    };
    (0..200).map(|_| once(&mut round)).fold(f64::INFINITY, f64::min)
}

fn marshalled(bench: &mut Bench, request: &Request) -> f64 {
    let mut reply = empty_reply();
    best(|| {
        let origin = Origin::new(common::CLIENT, bench.caller.arena(), &NoCallables);
        bench.marshal.call(&bench.workspace, &origin, black_box(request), &mut reply);
        assert_eq!(reply.status, Status::Ok);
    })
}

/// Only `cargo bench` measures: `cargo test` starts this program as well, to see that it builds.
fn main() {
    if std::env::args().any(|argument| argument == "--bench") {
        nanoseconds();
        nanoseconds_in_a_zone();
    }
}

fn nanoseconds() {
    for instances in common::BOTH {
        let mut bench = Bench::new(instances);
        let add = bench.request("add", &[Word(2), Word(3)]);
        println!("{instances:?}: add(2, 3) {:.1} ns", marshalled(&mut bench, &add));
        let sum = bench.request("sum", &[Bytes(b"hello")]);
        println!("{instances:?}: sum(b'hello') {:.1} ns", marshalled(&mut bench, &sum));
        let fill = bench.request("fill", &[Word(1), Word(100)]);
        println!("{instances:?}: fill(1, 100) -> bytes {:.1} ns", marshalled(&mut bench, &fill));
    }

    let bench = Bench::new(Instances::Shared);
    let add = bench.marshal.functions().get(bench.id("add")).expect("add");
    let mut frame = Frame::default();
    let call = best(|| {
        frame.set(0, 2);
        frame.set(1, 3);
        // SAFETY: both parameters are numbers, and set.
        black_box(unsafe { add.call(&mut frame) });
    });
    println!("libffi and the registers alone: add(2, 3) {call:.1} ns");
    let state = State::of_this_thread();
    // SAFETY: this library has no threads, and nothing is called meanwhile.
    let alone = unsafe { OnlyThread::between_calls(0) }.expect("a library without threads");
    let both = || {
        state.restore_thread();
        restore_process(&alone);
    };
    println!("another client's turn: {:.1} ns", best(both));
    println!("registers alone: {:.1} ns", best(after_call));

    let (sum, interface) = (bench.id("sum"), &bench.marshal.functions().interface);
    let plain = Grant::new([sum]);
    let calls = Quota { calls: Some(u64::MAX), ..Quota::default() };
    let rate = Quota { rate: Some(Rate { calls: u64::MAX, period_ms: 1 }), ..calls };
    let quotas = [
        ("plain", vec![Quota::default()]),
        ("calls", vec![calls]),
        ("rate and calls", vec![rate]),
        ("calls, narrowed three times", vec![calls; 4]),
    ];
    for (name, quotas) in quotas {
        let counted = quotas.into_iter().map(|quota| CountedQuota { quota, account: account() });
        let policy = ClientPolicy::new(&plain, interface, counted.collect()).expect("policy");
        println!("grant, {name}: {:.1} ns", best(|| policy.admit(black_box(sum), 0).expect("admitted")));
    }
    let expression = compare(Operator::LessOrEqual, Expression::Parameter(1), 1 << 20);
    let bounded = Grant { bounds: vec![(sum, Bound { expression, text: "count <= 1 MiB".into() })], ..plain };
    let policy = ClientPolicy::new(&bounded, interface, Vec::new()).expect("policy");
    let bench = Bench::new(Instances::Shared);
    let request = bench.request("sum", &[Bytes(b"hello")]);
    let mut reply = empty_reply();
    let with_bound = best(|| {
        let bounds = policy.bounds(sum);
        let origin = Origin { bounds, ..Origin::new(common::CLIENT, bench.caller.arena(), &NoCallables) };
        bench.marshal.call(&bench.workspace, &origin, black_box(&request), &mut reply);
        assert_eq!(reply.status, Status::Ok);
    });
    println!("Shared: sum(b'hello') with a bound {with_bound:.1} ns");
}

fn nanoseconds_in_a_zone() {
    use cloison_contract::call::{BATCH, MAX_WORDS};
    let zone = Zone::start(common::interface(Instances::Shared), common::functions);
    let mut client = zone.attach(1, zone.everything());
    let sum = u64::from(zone.id("sum").0);
    let arena = client.caller.arena();
    arena.write(0, b"hello").expect("fits");
    let count = 4000_u64;
    let calls: Vec<u64> = (0..count).flat_map(|_| [sum | 2 << 32, 0, 0, 5]).collect();
    arena.write_words(16, &calls).expect("fits");
    let mut batch = Request { function: BATCH, count: 3, arena_used: 16 + count * 32, words: [0; MAX_WORDS] };
    batch.words[..3].copy_from_slice(&[16, count * 32, count]);
    let one = common::request(zone.id("sum"), &[Bytes(b"hello")], arena);
    let mut fastest = [f64::INFINITY; 2];
    for _ in 0..300 {
        let start = Instant::now();
        assert_eq!(client.caller.call(&batch, common::zone::LONG), Ok(Status::Ok));
        fastest[0] = fastest[0].min(start.elapsed().as_nanos() as f64 / count as f64);
        assert_eq!(client.caller.reply().words[2], count);
        let start = Instant::now();
        for _ in 0..1000 {
            assert_eq!(client.caller.call(&one, common::zone::LONG), Ok(Status::Ok));
        }
        fastest[1] = fastest[1].min(start.elapsed().as_nanos() as f64 / 1000.0);
    }
    println!("sum(b'hello') in a batch {:.1} ns, alone {:.1} ns", fastest[0], fastest[1]);
    zone.stop();
}

fn account() -> Account {
    Account::open(&cloison_transport::account::create().expect("memory")).expect("account")
}
