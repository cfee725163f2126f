//! The router as processes see it: through their mailboxes.

use crate::{NewProcess, Router, RouterEvent};
use cloison_contract::process::{
    CONTROL, FromRouter, MESSAGE, NEWS, ProcessNumber, ProcessRef, Reason, SEND, ToRouter,
};
use cloison_transport::mailbox::{self, Mailbox};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const MAILBOX_BYTES: u64 = 1 << 20;

struct Process {
    reference: ProcessRef,
    mailbox: Mailbox,
}

/// What came in.
#[derive(Debug, PartialEq)]
enum Got {
    Message(ProcessNumber, Vec<u8>),
    News(FromRouter),
}

impl Process {
    fn start(router: &Router, number: ProcessNumber) -> Self {
        Self::tied(router, number, None, None)
    }

    fn tied(
        router: &Router,
        number: ProcessNumber,
        link: Option<ProcessNumber>,
        monitor: Option<(ProcessNumber, u64)>,
    ) -> Self {
        let (end, [memory, bell]) = mailbox::create(2 * MAILBOX_BYTES).unwrap();
        let reference = ProcessRef { number, token: [number as u8; 16] };
        router.add(NewProcess { reference, mailbox: end, mailbox_bytes: MAILBOX_BYTES, link, monitor });
        Self { reference, mailbox: Mailbox::attach(&memory, bell).unwrap() }
    }

    fn put(&mut self, kind: u32, pieces: &[&[u8]]) {
        while self.mailbox.put(kind, pieces).unwrap().is_err() {
            self.mailbox.wait_for_room();
        }
    }

    fn send(&mut self, to: ProcessRef, message: &[u8]) {
        self.put(SEND, &[&to.to_bytes(), message]);
    }

    fn say(&mut self, said: ToRouter) {
        self.put(CONTROL, &[&postcard::to_stdvec(&said).unwrap()]);
    }

    fn get(&mut self) -> Got {
        let until = Instant::now() + PATIENCE;
        let mut body = Vec::new();
        loop {
            match self.mailbox.take(&mut body).unwrap() {
                Some(MESSAGE) => {
                    let (sender, message) = body.split_first_chunk().unwrap();
                    return Got::Message(u64::from_le_bytes(*sender), message.to_vec());
                }
                Some(NEWS) => return Got::News(postcard::from_bytes(&body).unwrap()),
                Some(kind) => panic!("record of kind {kind}"),
                None => assert!(Instant::now() < until, "nothing comes"),
            }
            self.mailbox.wait(Some(until));
        }
    }

    /// Nothing but the answer to a question asked now has come: what was sent before it would have.
    fn nothing_came(&mut self) {
        self.say(ToRouter::WhereIs { name: "nobody".into(), question: 99 });
        assert_eq!(self.get(), Got::News(FromRouter::Found { question: 99, process: None }));
    }
}

fn event(router: &Router) -> RouterEvent {
    let until = Instant::now() + PATIENCE;
    std::iter::repeat_with(|| {
        assert!(Instant::now() < until, "no event");
        std::thread::sleep(Duration::from_millis(1));
        router.event()
    })
    .flatten()
    .next()
    .unwrap()
}

#[test]
fn messages_arrive_in_order_and_say_from_whom() {
    let router = Router::start().unwrap();
    let [mut one, mut two] = [1, 2].map(|number| Process::start(&router, number));
    for number in 0..1000_u32 {
        one.send(two.reference, &number.to_le_bytes());
    }
    for number in 0..1000_u32 {
        assert_eq!(two.get(), Got::Message(1, number.to_le_bytes().to_vec()));
    }
}

#[test]
fn nobody_is_reached_without_an_introduction() {
    let router = Router::start().unwrap();
    let [mut one, mut two] = [1, 2].map(|number| Process::start(&router, number));
    let guessed = ProcessRef { number: 2, token: [0; 16] };
    one.send(guessed, b"hello");
    one.say(ToRouter::Kill(guessed));
    one.say(ToRouter::Exit { process: guessed, reason: Reason::Shutdown });
    one.say(ToRouter::Monitor { process: guessed, reference: 5 });
    let down = FromRouter::Down { reference: 5, number: 2, reason: Reason::NoProcess };
    assert_eq!(one.get(), Got::News(down));
    two.nothing_came();
    assert_eq!(router.event(), None);
}

#[test]
fn a_down_comes_after_everything_that_was_sent() {
    let router = Router::start().unwrap();
    let [mut one, mut two] = [1, 2].map(|number| Process::start(&router, number));
    one.say(ToRouter::Monitor { process: two.reference, reference: 7 });
    one.nothing_came();
    for number in 0..100 {
        two.send(one.reference, &[number]);
    }
    two.say(ToRouter::Last(Reason::Exited { status: 3 }));
    router.ended(2, Reason::Exited { status: 3 });
    for number in 0..100 {
        assert_eq!(one.get(), Got::Message(2, vec![number]));
    }
    let reason = Reason::Exited { status: 3 };
    assert_eq!(one.get(), Got::News(FromRouter::Down { reference: 7, number: 2, reason: reason.clone() }));
    assert_eq!(event(&router), RouterEvent::Ended { number: 2, reason });
}

#[test]
fn the_linked_end_together_unless_they_trap_exits() {
    let router = Router::start().unwrap();
    let [mut one, mut two, mut three] = [1, 2, 3].map(|number| Process::start(&router, number));
    one.say(ToRouter::TrapExits(true));
    one.say(ToRouter::Link(two.reference));
    one.nothing_came();
    two.say(ToRouter::Link(three.reference));
    two.nothing_came();
    three.nothing_came();
    router.ended(3, Reason::Crash { signal: 11 });
    assert_eq!(event(&router), RouterEvent::Ended { number: 3, reason: Reason::Crash { signal: 11 } });
    assert_eq!(event(&router), RouterEvent::Kill(2));
    router.ended(2, Reason::Crash { signal: 9 });
    // Its reason is that of whom it was linked to.
    let reason = Reason::Crash { signal: 11 };
    assert_eq!(one.get(), Got::News(FromRouter::Exit { number: 2, reason }));
}

/// What a link does, it has done before whoever undoes it is answered.
#[test]
fn a_link_that_was_undone_does_nothing() {
    let router = Router::start().unwrap();
    let [mut one, two] = [1, 2].map(|number| Process::start(&router, number));
    let undone = || ToRouter::Unlink { process: 2, question: 5 };
    let answered = || Got::News(FromRouter::Found { question: 5, process: None });
    one.say(ToRouter::TrapExits(true));
    one.say(ToRouter::Link(two.reference));
    one.nothing_came();
    router.ended(2, Reason::CpuLimit);
    assert_eq!(event(&router), RouterEvent::Ended { number: 2, reason: Reason::CpuLimit });
    one.say(undone());
    assert_eq!(one.get(), Got::News(FromRouter::Exit { number: 2, reason: Reason::CpuLimit }));
    assert_eq!(one.get(), answered());
    let two = Process::start(&router, 2);
    one.say(ToRouter::Link(two.reference));
    one.say(undone());
    assert_eq!(one.get(), answered());
    router.ended(2, Reason::CpuLimit);
    assert_eq!(event(&router), RouterEvent::Ended { number: 2, reason: Reason::CpuLimit });
    one.nothing_came();
}

/// Whoever a link has ended is not told that it is undone: it would go on for a moment.
#[test]
fn a_link_that_ends_its_process_is_not_undone() {
    let router = Router::start().unwrap();
    let [mut one, two] = [1, 2].map(|number| Process::start(&router, number));
    one.say(ToRouter::Link(two.reference));
    one.nothing_came();
    router.ended(2, Reason::CpuLimit);
    assert_eq!(event(&router), RouterEvent::Ended { number: 2, reason: Reason::CpuLimit });
    assert_eq!(event(&router), RouterEvent::Kill(1));
    one.say(ToRouter::Unlink { process: 2, question: 5 });
    one.nothing_came();
}

#[test]
fn a_normal_end_harms_nobody() {
    let router = Router::start().unwrap();
    let [mut one, two] = [1, 2].map(|number| Process::start(&router, number));
    one.say(ToRouter::Link(two.reference));
    one.nothing_came();
    router.ended(2, Reason::Normal);
    assert_eq!(event(&router), RouterEvent::Ended { number: 2, reason: Reason::Normal });
    one.nothing_came();
    assert_eq!(router.event(), None);
}

#[test]
fn who_spawns_may_be_linked_and_monitor_from_the_beginning() {
    let router = Router::start().unwrap();
    let mut one = Process::start(&router, 1);
    one.say(ToRouter::TrapExits(true));
    one.nothing_came();
    let _two = Process::tied(&router, 2, Some(1), Some((1, 8)));
    router.ended(2, Reason::CpuLimit);
    let reason = Reason::CpuLimit;
    assert_eq!(one.get(), Got::News(FromRouter::Down { reference: 8, number: 2, reason: reason.clone() }));
    assert_eq!(one.get(), Got::News(FromRouter::Exit { number: 2, reason }));
}

#[test]
fn a_name_belongs_to_one_and_goes_with_it() {
    let router = Router::start().unwrap();
    let [mut one, mut two] = [1, 2].map(|number| Process::start(&router, number));
    one.say(ToRouter::Register { name: "printer".into(), question: 1 });
    assert_eq!(one.get(), Got::News(FromRouter::Found { question: 1, process: Some(one.reference) }));
    two.say(ToRouter::Register { name: "printer".into(), question: 2 });
    assert_eq!(two.get(), Got::News(FromRouter::Found { question: 2, process: None }));
    two.say(ToRouter::WhereIs { name: "printer".into(), question: 3 });
    assert_eq!(two.get(), Got::News(FromRouter::Found { question: 3, process: Some(one.reference) }));
    router.ended(1, Reason::Normal);
    event(&router);
    two.say(ToRouter::WhereIs { name: "printer".into(), question: 4 });
    assert_eq!(two.get(), Got::News(FromRouter::Found { question: 4, process: None }));
}

#[test]
fn a_flooder_is_told_and_others_get_through() {
    let router = Router::start().unwrap();
    let [mut flooder, mut other, mut receiver] = [1, 2, 3].map(|number| Process::start(&router, number));
    let mut sent = 0;
    while !flooder.mailbox.has_more() {
        flooder.send(receiver.reference, &[0; 1000]);
        sent += 1;
        assert!(sent < 2 * MAILBOX_BYTES / 1000, "told in time");
    }
    assert_eq!(flooder.get(), Got::News(FromRouter::Full { number: 3, lost: 0 }));
    other.send(receiver.reference, b"hello");
    let (mut from_flooder, mut from_other, mut pressed) = (0, 0, Vec::new());
    while from_flooder < sent || from_other == 0 || pressed.last() != Some(&false) {
        match receiver.get() {
            Got::Message(1, _) => from_flooder += 1,
            Got::News(FromRouter::Pressed(is)) => {
                pressed.push(is);
                continue;
            }
            got => {
                assert_eq!(got, Got::Message(2, b"hello".to_vec()));
                from_other += 1;
            }
        }
        receiver.say(ToRouter::Consumed { sender: 1, bytes: 1064 });
    }
    assert_eq!(flooder.get(), Got::News(FromRouter::Room { number: 3 }));
    assert_eq!(pressed, [true, false], "the receiver knows that somebody has to pause");
}

#[test]
fn whoever_does_not_heed_it_loses_messages_alone() {
    let router = Router::start().unwrap();
    let [mut flooder, mut other, mut receiver] = [1, 2, 3].map(|number| Process::start(&router, number));
    for _ in 0..4000 {
        flooder.send(receiver.reference, &[0; 1000]);
    }
    flooder.say(ToRouter::WhereIs { name: "nobody".into(), question: 1 });
    while flooder.get() != Got::News(FromRouter::Found { question: 1, process: None }) {}
    // The receiver has read nothing so far, and its mailbox is full to the limit.
    let came = std::iter::repeat_with(|| receiver.get()).take(100).collect::<Vec<_>>();
    assert!(came.iter().all(|got| matches!(got, Got::Message(1, _))));
    other.send(receiver.reference, b"hello");
    let until = Instant::now() + PATIENCE;
    while receiver.get() != Got::Message(2, b"hello".to_vec()) {
        assert!(Instant::now() < until);
    }
}

#[test]
fn nonsense_ends_its_sender() {
    for (kind, body) in [(77, b"".as_slice()), (SEND, b"short"), (CONTROL, b"\xff\xff\xff")] {
        let router = Router::start().unwrap();
        let mut one = Process::start(&router, 1);
        one.put(kind, &[body]);
        assert_eq!(event(&router), RouterEvent::Kill(1));
        router.ended(1, Reason::Crash { signal: 9 });
        assert!(matches!(event(&router), RouterEvent::Ended { number: 1, reason: Reason::Broker { .. } }));
    }
}

#[test]
fn news_wait_for_room() {
    let router = Router::start().unwrap();
    let [mut one, mut two] = [1, 2].map(|number| Process::start(&router, number));
    two.say(ToRouter::TrapExits(true));
    two.nothing_came();
    let text = "x".repeat(2000);
    let reason = Reason::Exception { kind: "E".into(), text, traceback: String::new() };
    for _ in 0..1000 {
        one.say(ToRouter::Exit { process: two.reference, reason: reason.clone() });
    }
    for _ in 0..1000 {
        assert_eq!(two.get(), Got::News(FromRouter::Exit { number: 1, reason: reason.clone() }));
    }
}
