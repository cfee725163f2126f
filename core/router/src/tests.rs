//! The router as processes see it: through their mailboxes.

use crate::pending::LITTLE;
use crate::{NewProcess, Router, RouterEvent, Ties};
use cloison_contract::message::{CapabilityRef, ParcelAnswer, ToMicroprocess};
use cloison_contract::process::{
    CONTROL, FromRouter, MESSAGE, MESSAGE_OVERHEAD, MESSAGE_PARCEL, NEWS, ProcessNumber, ProcessRef, Reason, SEND,
    SEND_PARCEL, ToRouter,
};
use cloison_transport::control::Control;
use cloison_transport::mailbox::{self, Mailbox, ParcelView, fill_parcel};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
const MAILBOX_BYTES: u64 = 1 << 20;
const MEMORY_BYTES: u64 = 16 << 20;
const PARCELS: usize = 4;

struct Process {
    reference: ProcessRef,
    mailbox: Mailbox,
    control: Control,
}

/// What came in.
#[derive(Debug, PartialEq)]
enum Got {
    Message(ProcessNumber, Vec<u8>),
    /// From whom, which, how long.
    Parcel(ProcessNumber, u64, u64),
    News(FromRouter),
}

impl Process {
    fn start(router: &Router, number: ProcessNumber) -> Self {
        Self::tied(router, number, Ties::default())
    }

    fn tied(router: &Router, number: ProcessNumber, ties: Ties) -> Self {
        let (end, [memory, bell]) = mailbox::create(2 * MAILBOX_BYTES).unwrap();
        let reference = ProcessRef::with_control(number, [number as u8; 16]);
        let (ours, control) = Control::pair().unwrap();
        let control_of = Arc::new(ours);
        router.add(NewProcess {
            reference,
            mailbox: end,
            control: control_of,
            mailbox_bytes: MAILBOX_BYTES,
            memory_bytes: MEMORY_BYTES,
            ties,
        });
        Self { reference, mailbox: Mailbox::attach(&memory, bell).unwrap(), control }
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

    /// Ask for memory for a message.
    fn reserve(&mut self, to: ProcessRef, bytes: u64) -> Result<OwnedFd, ParcelAnswer> {
        self.say(ToRouter::Reserve { process: to, bytes });
        self.parcel()
    }

    fn parcel(&mut self) -> Result<OwnedFd, ParcelAnswer> {
        match self.control.receive().unwrap() {
            (ToMicroprocess::Parcel(ParcelAnswer::Here), memory) => Ok(memory.into_iter().next().unwrap()),
            (ToMicroprocess::Parcel(other), none) if none.is_empty() => Err(other),
            other => panic!("{other:?}"),
        }
    }

    fn send_parcel(&mut self, to: ProcessRef, message: &[u8]) -> Result<(), ParcelAnswer> {
        let memory = self.reserve(to, message.len() as u64)?;
        fill_parcel(&memory, message).unwrap();
        self.put(SEND_PARCEL, &[&to.to_bytes()]);
        Ok(())
    }

    fn fetch(&mut self, parcel: u64) -> Result<Vec<u8>, ParcelAnswer> {
        self.say(ToRouter::Fetch(parcel));
        Ok(ParcelView::open(&self.parcel()?).unwrap().bytes().to_vec())
    }

    fn consumed(&mut self, sender: ProcessNumber, message: u64) {
        self.say(ToRouter::Consumed { sender, messages: 1, bytes: message + MESSAGE_OVERHEAD });
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
                Some(MESSAGE_PARCEL) => {
                    let words = body.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()));
                    let [sender, parcel, bytes] = words.collect::<Vec<_>>().try_into().unwrap();
                    return Got::Parcel(sender, parcel, bytes);
                }
                Some(NEWS) => return Got::News(postcard::from_bytes(&body).unwrap()),
                Some(kind) => panic!("record of kind {kind}"),
                None => assert!(Instant::now() < until, "nothing comes"),
            }
            self.mailbox.wait(Some(until));
        }
    }

    /// The same, but for news of that kind.
    fn nothing_came_but(&mut self, may_come: impl Fn(&FromRouter) -> bool) {
        self.say(ToRouter::WhereIs { name: "nobody".into(), question: 99 });
        loop {
            match self.get() {
                Got::News(FromRouter::Found { question: 99, .. }) => return,
                Got::News(news) => assert!(may_come(&news), "{news:?}"),
                got => panic!("{got:?}"),
            }
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
    let router = Router::start(PARCELS).unwrap();
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
    let router = Router::start(PARCELS).unwrap();
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
fn whoever_may_only_send_cannot_end_anybody() {
    let router = Router::start(PARCELS).unwrap();
    let [mut one, mut two] = [1, 2].map(|number| Process::start(&router, number));
    let send_only = two.reference.send_only();
    let forged = ProcessRef::with_control(2, send_only.token);
    for reference in [send_only, forged] {
        one.say(ToRouter::Kill(reference));
        one.say(ToRouter::Exit { process: reference, reason: Reason::Shutdown });
    }
    one.say(ToRouter::TrapExits(true));
    one.say(ToRouter::Link(send_only));
    assert_eq!(one.get(), Got::News(FromRouter::Exit { number: 2, reason: Reason::NoProcess }));
    one.say(ToRouter::Monitor { process: send_only, reference: 5 });
    one.send(send_only, b"hello");
    assert_eq!(two.get(), Got::Message(1, b"hello".to_vec()));
    two.nothing_came();
    assert_eq!(router.event(), None);
    // Itself a process may always end.
    two.say(ToRouter::Kill(send_only));
    assert_eq!(event(&router), RouterEvent::Kill(2));
    router.ended(2, Reason::Crash { signal: 9 });
    assert_eq!(one.get(), Got::News(FromRouter::Down { reference: 5, number: 2, reason: Reason::Killed }));
}

#[test]
fn a_down_comes_after_everything_that_was_sent() {
    let router = Router::start(PARCELS).unwrap();
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
    let router = Router::start(PARCELS).unwrap();
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
    let router = Router::start(PARCELS).unwrap();
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
    let router = Router::start(PARCELS).unwrap();
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
    let router = Router::start(PARCELS).unwrap();
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
    let router = Router::start(PARCELS).unwrap();
    let mut one = Process::start(&router, 1);
    one.say(ToRouter::TrapExits(true));
    one.nothing_came();
    let _two = Process::tied(&router, 2, Ties { link: Some(1), monitor: Some((1, 8)), may_link: None });
    router.ended(2, Reason::CpuLimit);
    let reason = Reason::CpuLimit;
    assert_eq!(one.get(), Got::News(FromRouter::Down { reference: 8, number: 2, reason: reason.clone() }));
    assert_eq!(one.get(), Got::News(FromRouter::Exit { number: 2, reason }));
}

/// References are random: their order says nothing.
#[test]
fn monitors_hear_of_an_end_in_the_order_in_which_they_were_made() {
    let router = Router::start(PARCELS).unwrap();
    let mut one = Process::start(&router, 1);
    let two = Process::start(&router, 2);
    let references = [7, 3, 9, 1, 8, 2];
    for reference in references {
        one.say(ToRouter::Monitor { process: two.reference, reference });
    }
    one.say(ToRouter::Demonitor(9));
    one.nothing_came();
    router.ended(2, Reason::CpuLimit);
    for reference in references.into_iter().filter(|&reference| reference != 9) {
        assert_eq!(one.get(), Got::News(FromRouter::Down { reference, number: 2, reason: Reason::CpuLimit }));
    }
}

#[test]
fn whoever_is_invited_links_itself_once_and_has_no_control() {
    let router = Router::start(PARCELS).unwrap();
    let mut one = Process::start(&router, 1);
    one.say(ToRouter::TrapExits(true));
    one.nothing_came();
    let mut two = Process::tied(&router, 2, Ties { may_link: Some(1), ..Ties::default() });
    let send_only = one.reference.send_only();
    two.say(ToRouter::Exit { process: send_only, reason: Reason::Shutdown });
    two.say(ToRouter::Link(send_only));
    two.nothing_came();
    two.say(ToRouter::Unlink { process: 1, question: 5 });
    assert_eq!(two.get(), Got::News(FromRouter::Found { question: 5, process: None }));
    one.nothing_came();
    // A second time it would need control.
    two.say(ToRouter::TrapExits(true));
    two.say(ToRouter::Link(send_only));
    assert_eq!(two.get(), Got::News(FromRouter::Exit { number: 1, reason: Reason::NoProcess }));
    let mut three = Process::tied(&router, 3, Ties { may_link: Some(1), ..Ties::default() });
    three.say(ToRouter::Link(send_only));
    three.nothing_came();
    router.ended(3, Reason::CpuLimit);
    assert_eq!(one.get(), Got::News(FromRouter::Exit { number: 3, reason: Reason::CpuLimit }));
}

#[test]
fn a_name_belongs_to_one_and_goes_with_it() {
    let router = Router::start(PARCELS).unwrap();
    let [mut one, mut two] = [1, 2].map(|number| Process::start(&router, number));
    one.say(ToRouter::Register { name: "printer".into(), question: 1 });
    assert_eq!(one.get(), Got::News(FromRouter::Found { question: 1, process: Some(one.reference.send_only()) }));
    two.say(ToRouter::Register { name: "printer".into(), question: 2 });
    assert_eq!(two.get(), Got::News(FromRouter::Found { question: 2, process: None }));
    two.say(ToRouter::WhereIs { name: "printer".into(), question: 3 });
    assert_eq!(two.get(), Got::News(FromRouter::Found { question: 3, process: Some(one.reference.send_only()) }));
    router.ended(1, Reason::Normal);
    event(&router);
    two.say(ToRouter::WhereIs { name: "printer".into(), question: 4 });
    assert_eq!(two.get(), Got::News(FromRouter::Found { question: 4, process: None }));
}

#[test]
fn a_flooder_is_told_and_others_get_through() {
    let router = Router::start(PARCELS).unwrap();
    let [mut flooder, mut other, mut receiver] = [1, 2, 3].map(|number| Process::start(&router, number));
    let mut sent = 0;
    while !flooder.mailbox.has_more() {
        flooder.send(receiver.reference, &[0; 1000]);
        sent += 1;
        assert!(sent < 2 * MAILBOX_BYTES / 1000, "told in time");
    }
    assert_eq!(flooder.get(), Got::News(FromRouter::Full { number: 3, of_all: false }));
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
        receiver.say(ToRouter::Consumed { sender: 1, messages: 1, bytes: 1064 });
    }
    assert_eq!(flooder.get(), Got::News(FromRouter::Space { number: 3 }));
    assert_eq!(pressed, [true, false], "the receiver knows that somebody has to pause");
}

#[test]
fn whoever_does_not_heed_it_loses_messages_alone() {
    let router = Router::start(PARCELS).unwrap();
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

/// A receiver that has received one of thousands has no room for another message yet.
#[test]
fn nobody_is_told_of_room_that_is_not_there() {
    let router = Router::start(PARCELS).unwrap();
    let [mut one, mut two, mut other, mut receiver] = [1, 2, 3, 4].map(|number| Process::start(&router, number));
    for flooder in [&mut one, &mut two] {
        for _ in 0..4000 {
            flooder.send(receiver.reference, &[0; 1000]);
        }
        flooder.nothing_came_but(|news| matches!(news, FromRouter::Lost { .. } | FromRouter::Full { .. }));
    }
    other.send(receiver.reference, &[3; 1000]);
    assert_eq!(other.get(), Got::News(FromRouter::Lost { number: 4, of_all: false }));
    assert_eq!(other.get(), Got::News(FromRouter::Full { number: 4, of_all: false }));
    let waiting =
        || router.handle().inspect().into_iter().find(|process| process.number == 4).unwrap().mailbox_messages;
    let before = waiting();
    assert_eq!(receiver.get(), Got::Message(1, vec![0; 1000]));
    receiver.consumed(1, 1000);
    while waiting() == before {
        std::thread::yield_now();
    }
    other.nothing_came();
    // Now there is room, although nothing more was received.
    while receiver.mailbox.take(&mut Vec::new()).unwrap().is_some() {}
    assert_eq!(other.get(), Got::News(FromRouter::Space { number: 4 }));
    other.say(ToRouter::CountLost { number: 4, question: 5 });
    assert_eq!(other.get(), Got::News(FromRouter::LostCount { question: 5, messages: 1 }));
    other.send(receiver.reference, b"hello");
    assert_eq!(receiver.get(), Got::Message(3, b"hello".to_vec()));
}

#[test]
fn nonsense_ends_its_sender() {
    for (kind, body) in [(77, b"".as_slice()), (SEND, b"short"), (CONTROL, b"\xff\xff\xff")] {
        let router = Router::start(PARCELS).unwrap();
        let mut one = Process::start(&router, 1);
        one.put(kind, &[body]);
        assert_eq!(event(&router), RouterEvent::Kill(1));
        router.ended(1, Reason::Crash { signal: 9 });
        assert!(matches!(event(&router), RouterEvent::Ended { number: 1, reason: Reason::Broker { .. } }));
    }
}

#[test]
fn news_wait_for_room() {
    let router = Router::start(PARCELS).unwrap();
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

#[test]
fn long_messages_are_fetched_in_order_with_short_ones() {
    let router = Router::start(PARCELS).unwrap();
    let [mut one, mut two] = [1, 2].map(|number| Process::start(&router, number));
    one.send(two.reference, b"before");
    one.send_parcel(two.reference, &[7; 200_000]).unwrap();
    one.send(two.reference, b"behind");
    assert_eq!(two.get(), Got::Message(1, b"before".to_vec()));
    let Got::Parcel(1, parcel, 200_000) = two.get() else { panic!("no parcel") };
    assert_eq!(two.get(), Got::Message(1, b"behind".to_vec()));
    assert_eq!(two.fetch(parcel), Ok(vec![7; 200_000]));
    assert_eq!(two.fetch(parcel), Err(ParcelAnswer::Missing), "it is fetched once");
    assert_eq!(one.reserve(ProcessRef { number: 2, token: [0; 16] }, 10).unwrap_err(), ParcelAnswer::Missing);
}

#[test]
fn a_sender_without_room_is_told_before_it_sends() {
    let router = Router::start(PARCELS).unwrap();
    let [mut one, mut two, mut receiver] = [1, 2, 3].map(|number| Process::start(&router, number));
    let half = MAILBOX_BYTES / 2;
    one.send_parcel(receiver.reference, &vec![1; half as usize]).unwrap();
    assert_eq!(one.get(), Got::News(FromRouter::Full { number: 3, of_all: false }), "its share is full");
    assert_eq!(one.reserve(receiver.reference, 1).unwrap_err(), ParcelAnswer::Full);
    assert_eq!(two.reserve(receiver.reference, half).unwrap_err(), ParcelAnswer::Full);
    two.send_parcel(receiver.reference, &[2; 1000]).unwrap();
    assert_eq!(receiver.get(), Got::News(FromRouter::Pressed(true)));
    let Got::Parcel(1, first, _) = receiver.get() else { panic!("no parcel") };
    assert_eq!(receiver.fetch(first).unwrap().len() as u64, half);
    receiver.consumed(1, half);
    assert_eq!(one.get(), Got::News(FromRouter::Space { number: 3 }));
    two.send_parcel(receiver.reference, &vec![2; half as usize]).unwrap();
}

#[test]
fn there_are_only_so_many_parcels() {
    let router = Router::start(PARCELS).unwrap();
    let [mut one, mut two, three] = [1, 2, 3].map(|number| Process::start(&router, number));
    for _ in 0..PARCELS * 3 / 4 {
        one.send_parcel(two.reference, &[0; 100]).unwrap();
    }
    // The last ones are for those for whom none waits.
    assert_eq!(one.send_parcel(two.reference, &[0; 100]), Err(ParcelAnswer::Full));
    one.send_parcel(three.reference, &[0; 100]).unwrap();
    assert_eq!(one.send_parcel(three.reference, &[0; 100]), Err(ParcelAnswer::Full));
    let Got::Parcel(1, parcel, 100) = two.get() else { panic!("no parcel") };
    two.fetch(parcel).unwrap();
    let Got::Parcel(1, parcel, 100) = two.get() else { panic!("no parcel") };
    two.fetch(parcel).unwrap();
    one.send_parcel(two.reference, &[0; 100]).unwrap();
}

#[test]
fn what_a_sender_did_not_complete_is_nowhere() {
    let router = Router::start(PARCELS).unwrap();
    let [mut one, mut two, mut receiver] = [1, 2, 3].map(|number| Process::start(&router, number));
    let half = MAILBOX_BYTES / 2;
    let _never_sent = one.reserve(receiver.reference, half).unwrap();
    // A second wish gives the first one back, and so does the end of a process.
    let _never_sent = one.reserve(receiver.reference, half - MESSAGE_OVERHEAD).unwrap();
    assert_eq!(two.reserve(receiver.reference, half).unwrap_err(), ParcelAnswer::Full);
    router.ended(1, Reason::Killed);
    event(&router);
    two.send_parcel(receiver.reference, b"whole").unwrap();
    while let Got::News(FromRouter::Pressed(_)) = receiver.get() {}
    assert_eq!(
        router.handle().inspect().iter().map(|process| process.mailbox_bytes).sum::<u64>(),
        5 + MESSAGE_OVERHEAD
    );
}

#[test]
fn parcels_that_break_the_protocol_end_their_sender() {
    type Wrong = fn(&mut Process, ProcessRef);
    let wrong: [Wrong; 5] = [
        |one, two| one.put(SEND_PARCEL, &[&two.to_bytes()]),
        |one, two| one.say(ToRouter::Reserve { process: two, bytes: MAILBOX_BYTES }),
        |one, two| one.say(ToRouter::Reserve { process: two, bytes: u64::MAX }),
        |one, two| one.say(ToRouter::Reserve { process: two, bytes: 0 }),
        |one, two| {
            one.reserve(two, 10).unwrap();
            one.put(SEND_PARCEL, &[&one.reference.to_bytes()]);
        },
    ];
    for wrong in wrong {
        let router = Router::start(PARCELS).unwrap();
        let [mut one, two] = [1, 2].map(|number| Process::start(&router, number));
        wrong(&mut one, two.reference);
        assert_eq!(event(&router), RouterEvent::Kill(1));
    }
}

#[test]
fn after_a_lost_message_none_arrives_until_its_sender_knows() {
    let router = Router::start(PARCELS).unwrap();
    let [mut flooder, mut receiver] = [1, 2].map(|number| Process::start(&router, number));
    let sent = 4000;
    for number in 0..sent as u32 {
        flooder.send(receiver.reference, &[&number.to_le_bytes()[..], &[0; 996]].concat());
    }
    flooder.nothing_came_but(|news| {
        matches!(news, FromRouter::Full { number: 2, .. } | FromRouter::Lost { number: 2, .. })
    });
    // It takes all that there is, and says so.
    receiver.say(ToRouter::WhereIs { name: "nobody".into(), question: 99 });
    let mut came = 0;
    loop {
        match receiver.get() {
            Got::Message(1, message) => {
                assert_eq!(message[..4], u32::to_le_bytes(came));
                came += 1;
            }
            Got::News(FromRouter::Found { .. }) => break,
            got => assert!(matches!(got, Got::News(FromRouter::Pressed(_)))),
        }
    }
    receiver.consumed(1, u64::MAX - MESSAGE_OVERHEAD);
    receiver.nothing_came_but(|news| matches!(news, FromRouter::Pressed(_)));
    // There is room now, and still nothing arrives.
    flooder.send(receiver.reference, b"with a gap before it");
    assert_eq!(flooder.reserve(receiver.reference, 10).unwrap_err(), ParcelAnswer::Full);
    flooder.say(ToRouter::CountLost { number: 2, question: 5 });
    let counted = std::iter::repeat_with(|| flooder.get()).find_map(|got| match got {
        Got::News(FromRouter::LostCount { question: 5, messages }) => Some(messages),
        _ => None,
    });
    assert_eq!(u64::from(came) + counted.unwrap(), sent + 1);
    flooder.send(receiver.reference, b"the next");
    assert_eq!(receiver.get(), Got::Message(1, b"the next".to_vec()));
}

#[test]
fn what_one_process_has_sent_to_all_takes_little_more_memory_than_it_may_have() {
    /// How many messages of 1000 bytes fill less than a sender's share of a mailbox.
    const EACH: usize = 490;
    const ONE: u64 = 1000 + MESSAGE_OVERHEAD;
    let router = Router::start(PARCELS).unwrap();
    let mut sender = Process::start(&router, 1);
    let mut receivers: Vec<_> = (2..=40).map(|number| Process::start(&router, number)).collect();
    let fits = (MEMORY_BYTES / (EACH as u64 * ONE)) as usize;
    for receiver in &receivers[..fits] {
        for _ in 0..EACH {
            sender.send(receiver.reference, &[0; 1000]);
        }
    }
    sender.nothing_came();
    assert_eq!(sender.reserve(receivers[38].reference, 500_000).unwrap_err(), ParcelAnswer::TooMuch);
    // Another one is full with less, and one to whom little was sent hears of it all the same.
    let mut sent = 0;
    loop {
        sender.send(receivers[fits].reference, &[0; 1000]);
        sender.say(ToRouter::WhereIs { name: "nobody".into(), question: 1 });
        sent += 1;
        match sender.get() {
            Got::News(FromRouter::Found { .. }) => assert!(sent < EACH, "it has had its memory"),
            got => break assert_eq!(got, Got::News(FromRouter::Full { number: fits as u64 + 2, of_all: true })),
        }
    }
    assert_eq!(sender.get(), Got::News(FromRouter::Found { question: 1, process: None }));
    sender.send(receivers[37].reference, b"hello");
    assert_eq!(receivers[37].get(), Got::Message(1, b"hello".to_vec()));
    // Who does not heed it loses messages, to whomever it sends more than a little.
    for _ in 0..EACH {
        for receiver in &receivers[fits + 1..37] {
            sender.send(receiver.reference, &[0; 1000]);
        }
    }
    sender.nothing_came_but(|news| {
        matches!(news, FromRouter::Lost { of_all: true, .. } | FromRouter::Full { of_all: true, .. })
    });
    let held: u64 = router.handle().inspect().iter().map(|process| process.mailbox_bytes).sum();
    assert!(held < MEMORY_BYTES + (1 << 20) + 40 * (LITTLE + ONE), "{held}");
    // What is received, or gone with its receiver, counts no more.
    receivers[0].say(ToRouter::Consumed { sender: 1, messages: EACH as u64, bytes: EACH as u64 * ONE });
    receivers[0].say(ToRouter::WhereIs { name: "nobody".into(), question: 1 });
    while receivers[0].get() != Got::News(FromRouter::Found { question: 1, process: None }) {}
    let counted = router.handle().inspect().into_iter().find(|process| process.number == 3).unwrap();
    assert_eq!((counted.mailbox_messages, counted.mailbox_bytes), (EACH as u64, EACH as u64 * ONE));
    for number in 2..38 {
        router.ended(number, Reason::Killed);
    }
    assert!(sender.reserve(receivers[38].reference, 500_000).is_ok());
}

/// A program may end with a status that else says that it never began.
#[test]
fn what_a_process_says_of_its_end_counts_whatever_its_status_means() {
    let router = Router::start(PARCELS).unwrap();
    let mut one = Process::start(&router, 1);
    let said = Reason::Exited { status: 125 };
    one.say(ToRouter::Last(said.clone()));
    router.ended(1, Reason::Broker { text: "its sandbox could not be closed".into() });
    assert_eq!(event(&router), RouterEvent::Ended { number: 1, reason: said });
}

/// Who waits for an answer by it hears that a grant is not alive any more; who does not receive is not flooded with that.
#[test]
fn the_end_of_a_grant_is_news_within_bounds() {
    let router = Router::start(PARCELS).unwrap();
    let mut one = Process::start(&router, 1);
    let capability = CapabilityRef { number: 7, token: [7; 16] };
    router.grant_ended(1, capability);
    assert_eq!(one.get(), Got::News(FromRouter::GrantEnded(capability)));
    for _ in 0..500_000 {
        router.grant_ended(1, capability);
    }
    router.grant_ended(2, capability);
    assert_eq!(router.handle().inspect().len(), 1);
    assert_eq!(router.event(), None);
}
