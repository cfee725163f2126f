use super::ring::{KEPT, RECORD_BYTES};
use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

fn pair() -> (RouterEnd, Mailbox) {
    let (router, [memory, bell]) = create(0).unwrap();
    (router, Mailbox::attach(&memory, bell).unwrap())
}

#[test]
fn a_record_arrives_as_it_was_put_in() {
    let (mut router, mut process) = pair();
    let mut body = Vec::new();
    assert_eq!(router.take(&mut body), Ok(None));
    process.put(7, &[b"one", b"", b"two"]).unwrap().unwrap();
    assert_eq!((router.take(&mut body), &body[..]), (Ok(Some(7)), b"onetwo".as_slice()));
    router.put(8, &[]).unwrap().unwrap();
    assert_eq!((process.take(&mut body), body.len()), (Ok(Some(8)), 0));
    assert!(!process.has_more());
}

#[test]
fn a_full_ring_says_so_and_loses_nothing() {
    let (mut router, mut process) = pair();
    let body = vec![3; RECORD_BYTES];
    let count = (0..).take_while(|_| process.put(1, &[&body]).unwrap().is_ok()).count();
    assert_eq!(count as u64, OUTBOX_BYTES / (RECORD_BYTES as u64 + 8));
    assert_eq!(process.put(1, &[&body]), Ok(Err(Full)));
    let mut taken = Vec::new();
    for _ in 0..count {
        assert_eq!((router.take(&mut taken), taken.len()), (Ok(Some(1)), RECORD_BYTES));
    }
    assert_eq!(router.take(&mut taken), Ok(None));
    process.put(1, &[&body]).unwrap().unwrap();
}

#[test]
fn a_ring_that_runs_empty_begins_again() {
    let (mut router, mut process) = pair();
    let mut body = Vec::new();
    for round in 0..10_000_u32 {
        process.put(round, &[&[round as u8; 100]]).unwrap().unwrap();
        assert_eq!((router.take(&mut body), body.len()), (Ok(Some(round)), 100));
    }
    // Header and both first pages, not the whole ring.
    let mut probe = [1; 8];
    process.memory().copy_out(OUTBOX + 3 * 4096, &mut probe);
    assert_eq!(probe, [0; 8]);
}

/// Whatever has gone through it, an inbox takes the memory of what waits there, and a little more.
#[test]
fn what_has_been_taken_takes_no_memory() {
    let (mut router, [memory, bell]) = create(16 << 20).unwrap();
    let mut process = Mailbox::attach(&memory, bell).unwrap();
    let held = || rustix::fs::fstat(&memory).unwrap().st_blocks as u64 * 512;
    let (record, mut taken) = (vec![5; RECORD_BYTES - 8], Vec::new());
    let mut expected = VecDeque::new();
    let mut numbers = 0_u64..;
    // Bursts of all sizes, some of which leave something behind for the next one.
    for (burst, left) in [(160, 0), (3, 0), (60, 20), (230, 9), (7, 0), (90, 1), (1, 0), (200, 0)].repeat(4) {
        for number in numbers.by_ref().take(burst) {
            router.put(1, &[&number.to_le_bytes(), &record]).unwrap().unwrap();
            expected.push_back(number);
        }
        assert!(held() >= expected.len() as u64 * RECORD_BYTES as u64);
        while expected.len() > left {
            process.take(&mut taken).unwrap().unwrap();
            assert_eq!(taken[..8], expected.pop_front().unwrap().to_le_bytes());
            assert!(taken[8..] == record);
        }
        router.settle().unwrap();
        let waits = left as u64 * (RECORD_BYTES as u64 + 8);
        assert!(held() <= waits + KEPT + INBOX as u64 + 2 * 4096, "{} for {waits}", held());
    }
}

/// The memory of what has been taken may hold the next records by the time that it would be given back.
#[test]
fn a_ring_that_is_always_full_loses_nothing() {
    let (mut router, [memory, bell]) = create(4 << 20).unwrap();
    let mut process = Mailbox::attach(&memory, bell).unwrap();
    let (record, mut taken) = (vec![7; 8000], Vec::new());
    let (mut sent, mut received) = (0_u64, 0_u64);
    for burst in [1, 3, 60, 100, 7, 400, 2].into_iter().cycle().take(400) {
        while router.put(1, &[&sent.to_le_bytes(), &record]).unwrap().is_ok() {
            sent += 1;
        }
        for _ in 0..burst {
            process.take(&mut taken).unwrap().unwrap();
            assert_eq!(taken[..8], received.to_le_bytes());
            assert!(taken[8..] == record);
            received += 1;
            router.settle().unwrap();
        }
    }
}

#[test]
fn a_ring_that_began_again_has_all_its_room() {
    let (mut router, mut process) = pair();
    let mut body = Vec::new();
    for _ in 0..50 {
        process.put(1, &[&[0; 100]]).unwrap().unwrap();
        router.take(&mut body).unwrap();
    }
    let count = (0..).take_while(|_| process.put(1, &[&[0; 1000]]).unwrap().is_ok()).count() as u64;
    assert_eq!(count, OUTBOX_BYTES / 1008);
    assert_eq!(std::iter::from_fn(|| router.take(&mut body).unwrap()).count() as u64, count);
}

/// Wait until that thread of ours sleeps.
fn until_asleep(thread: rustix::process::Pid) {
    let path = format!("/proc/self/task/{}/stat", thread.as_raw_pid());
    while !std::fs::read_to_string(&path).unwrap().rsplit(") ").next().unwrap().starts_with('S') {
        std::thread::yield_now();
    }
}

#[test]
fn a_sleeper_is_woken() {
    let (mut router, mut process) = pair();
    let sleeper = rustix::thread::gettid();
    let waker = std::thread::spawn(move || {
        until_asleep(sleeper);
        router.put(5, &[b"x"]).unwrap().unwrap();
        router
    });
    while !process.has_more() {
        process.wait(None);
    }
    waker.join().unwrap();
    assert_eq!(process.wait(Some(Instant::now())), Waited::Maybe, "there is one");
    process.take(&mut Vec::new()).unwrap();
    assert_eq!(process.wait(Some(Instant::now() + Duration::from_millis(1))), Waited::TimedOut);
}

#[test]
fn the_router_is_told_once_it_sleeps() {
    let (mut router, mut process) = pair();
    let told = |router: &RouterEnd| {
        let mut number = [0; 8];
        rustix::io::read(router.bell.as_ref().unwrap(), &mut number).is_ok()
    };
    process.put(1, &[]).unwrap().unwrap();
    assert!(told(&router), "it sleeps from the beginning");
    process.put(1, &[]).unwrap().unwrap();
    assert!(!told(&router), "and is told once");
    assert!(!router.lie_down(), "there is more");
    while router.take(&mut Vec::new()).unwrap().is_some() {}
    assert!(router.lie_down());
    process.put(1, &[]).unwrap().unwrap();
    assert!(told(&router));
}

#[test]
fn positions_that_cannot_be_are_an_error() {
    for tail in [u64::MAX, OUTBOX_BYTES + 1, 4] {
        let (mut router, process) = pair();
        process.memory().wide(OUT_TAIL).store(tail, std::sync::atomic::Ordering::Release);
        assert!(router.take(&mut Vec::new()).is_err(), "{tail}");
    }
    for head in [1, u64::MAX] {
        let (mut router, process) = pair();
        process.memory().wide(IN_HEAD).store(head, std::sync::atomic::Ordering::Release);
        assert_eq!(router.put(1, &[]), Err(RingError::Position), "{head}");
    }
}

proptest! {
    /// Whatever a process writes into its outbox, the router survives it and comes to an end.
    #[test]
    fn any_outbox_is_harmless(tail in 0..=OUTBOX_BYTES, bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let (mut router, process) = pair();
        process.memory().copy_in(OUTBOX, &bytes);
        process.memory().wide(OUT_TAIL).store(tail, std::sync::atomic::Ordering::Release);
        let mut body = Vec::new();
        while let Ok(Some(_)) = router.take(&mut body) {
            prop_assert!(body.len() <= RECORD_BYTES);
        }
    }

    /// What comes out is what went in, in order, however full the ring is.
    #[test]
    fn first_in_first_out(steps in prop::collection::vec((any::<bool>(), 0..RECORD_BYTES), 0..200)) {
        let (mut router, mut process) = pair();
        let mut under_way = VecDeque::new();
        let mut body = Vec::new();
        for (number, (put, length)) in steps.into_iter().enumerate() {
            if put {
                let record = vec![number as u8; length];
                if process.put(number as u32, &[&record]).unwrap().is_ok() {
                    under_way.push_back((number as u32, record));
                }
            } else {
                let kind = router.take(&mut body).unwrap();
                prop_assert_eq!(kind.map(|kind| (kind, body.clone())), under_way.pop_front());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The same of an inbox that is large enough to give memory back, whenever it does: none that holds what was not taken yet.
    #[test]
    fn first_in_first_out_of_an_inbox(
        bytes in prop_oneof![Just(KEPT + 4096), Just(2 * KEPT)],
        // How many are put in at most, and how long each is; how many are taken, and whether the router looks after each of them.
        turns in prop::collection::vec((0..64_usize, 0..=RECORD_BYTES, 0..32_usize, any::<bool>()), 1..16),
    ) {
        let (mut router, [memory, bell]) = create(bytes).unwrap();
        let mut process = Mailbox::attach(&memory, bell).unwrap();
        // No byte of a record is 0, as those of a page that was given back are.
        let record = |number: u32, length: usize| vec![number as u8 | 1; length];
        let mut numbers = 0_u32..;
        let (mut under_way, mut body) = (VecDeque::new(), Vec::new());
        for (puts, length, takes, settles) in turns {
            for number in numbers.by_ref().take(puts) {
                if router.put(number, &[&record(number, length)]).unwrap().is_ok() {
                    under_way.push_back((number, length));
                }
            }
            for _ in 0..takes {
                let kind = process.take(&mut body).unwrap();
                let expected = under_way.pop_front();
                prop_assert_eq!(kind, expected.map(|(number, _)| number));
                if let Some((number, length)) = expected {
                    prop_assert!(body == record(number, length), "record {} of {} bytes is damaged", number, length);
                }
                if settles {
                    router.settle().unwrap();
                }
            }
        }
    }
}
