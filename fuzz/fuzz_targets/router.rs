//! Two processes say to the router whatever they like, in records: neither ends it, what it keeps is bounded, and the end of both is told.
#![no_main]

use arbitrary::Arbitrary;
use cloison_contract::message::ToMicroprocess;
use cloison_contract::process::{CONTROL, ProcessRef, Reason, SEND, SEND_PARCEL, ToRouter};
use cloison_router::{NewProcess, Router, RouterEvent, Ties};
use cloison_transport::control::Control;
use cloison_transport::mailbox::{Mailbox, create};
use libfuzzer_sys::fuzz_target;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

#[derive(Arbitrary, Debug)]
enum Said {
    Consumed(bool, u8, u32),
    Link(Whom),
    Unlink(bool),
    Monitor(Whom, u8),
    Demonitor(u8),
    TrapExits(bool),
    Exit(Whom, bool),
    Kill(Whom),
    Register(u8),
    Unregister(u8),
    WhereIs(u8),
    Reserve(Whom, u32),
    Fetch(u8),
    CountLost(bool),
    Last,
    Send(Whom, u16),
    SendParcel(Whom),
    /// A record of any kind.
    Bytes(u8, Vec<u8>),
    Receive,
}

/// Whom it is about: oneself or the other one, with control or without, or by a token that nobody has.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Whom {
    other: bool,
    control: bool,
    forged: bool,
}

static ROUTER: LazyLock<Mutex<Router>> = LazyLock::new(|| Mutex::new(Router::start(8).unwrap()));
static NUMBER: AtomicU64 = AtomicU64::new(1);

struct Process {
    reference: ProcessRef,
    mailbox: Mailbox,
    control: Control,
}

fn start(router: &Router, ties: Ties) -> Process {
    let reference = ProcessRef::with_control(NUMBER.fetch_add(1, Ordering::Relaxed), [9; 16]);
    let (mailbox, [memory, bell]) = create(512 << 10).unwrap();
    let (ours, control) = Control::pair().unwrap();
    let control_of = Arc::new(ours);
    router.add(NewProcess {
        reference,
        mailbox,
        control: control_of,
        mailbox_bytes: 256 << 10,
        memory_bytes: 384 << 10,
        ties,
    });
    Process { reference, mailbox: Mailbox::attach(&memory, bell).unwrap(), control }
}

fn name(of: u8) -> String {
    "n".repeat(usize::from(of) * 2)
}

impl Process {
    /// What there is no room for is not said.
    fn put(&mut self, kind: u32, pieces: &[&[u8]]) {
        let _ = self.mailbox.put(kind, pieces);
    }

    fn say(&mut self, said: Said, other: ProcessRef) {
        let myself = self.reference;
        let whom = |whom: Whom| {
            let mut reference = if whom.other { other } else { myself };
            reference.token[3] ^= u8::from(whom.forged);
            if whom.control { reference } else { reference.send_only() }
        };
        let number = |is_other: bool| if is_other { other.number } else { myself.number };
        let reason = |plain: bool| if plain { Reason::Normal } else { Reason::Data(vec![1; 9000]) };
        let said = match said {
            Said::Consumed(other, messages, bytes) => {
                ToRouter::Consumed { sender: number(other), messages: messages.into(), bytes: bytes.into() }
            }
            Said::Link(to) => ToRouter::Link(whom(to)),
            Said::Unlink(other) => ToRouter::Unlink { process: number(other), question: 1 },
            Said::Monitor(of, reference) => ToRouter::Monitor { process: whom(of), reference: reference.into() },
            Said::Demonitor(reference) => ToRouter::Demonitor(reference.into()),
            Said::TrapExits(traps) => ToRouter::TrapExits(traps),
            Said::Exit(of, plain) => ToRouter::Exit { process: whom(of), reason: reason(plain) },
            Said::Kill(of) => ToRouter::Kill(whom(of)),
            Said::Register(of) => ToRouter::Register { name: name(of), question: 2 },
            Said::Unregister(of) => ToRouter::Unregister { name: name(of), question: 3 },
            Said::WhereIs(of) => ToRouter::WhereIs { name: name(of), question: 4 },
            Said::Reserve(of, bytes) => ToRouter::Reserve { process: whom(of), bytes: bytes.into() },
            Said::Fetch(which) => ToRouter::Fetch(which.into()),
            Said::CountLost(other) => ToRouter::CountLost { number: number(other), question: 5 },
            Said::Last => ToRouter::Last(reason(false)),
            Said::Send(to, bytes) => {
                return self.put(SEND, &[&whom(to).to_bytes(), &vec![5; usize::from(bytes) / 2]]);
            }
            Said::SendParcel(to) => return self.put(SEND_PARCEL, &[&whom(to).to_bytes()]),
            Said::Bytes(kind, bytes) => {
                return self.put(kind.into(), &[&bytes[..bytes.len().min(60_000)]]);
            }
            Said::Receive => {
                let mut body = Vec::new();
                while let Ok(Some(_)) = self.mailbox.take(&mut body) {}
                while let Ok(Some(_)) = self.control.try_receive::<ToMicroprocess>() {}
                return;
            }
        };
        self.put(CONTROL, &[&postcard::to_stdvec(&said).unwrap()]);
    }
}

fuzz_target!(|steps: Vec<(bool, Said)>| {
    let router = ROUTER.lock().unwrap();
    let mut one = start(&router, Ties::default());
    let number = one.reference.number;
    let mut two = start(&router, Ties { link: Some(number), may_link: Some(number), monitor: Some((number, 7)) });
    let (first, second) = (one.reference, two.reference);
    for (by_second, said) in steps.into_iter().take(200) {
        if by_second { two.say(said, first) } else { one.say(said, second) }
    }
    router.ended(first.number, Reason::Normal);
    router.ended(second.number, Reason::Killed);
    let (until, mut ended) = (Instant::now() + Duration::from_secs(20), 0);
    while ended < 2 {
        match router.event() {
            Some(RouterEvent::Ended { number, .. }) if [first.number, second.number].contains(&number) => ended += 1,
            Some(_) => {}
            None => assert!(Instant::now() < until, "the end of both is told"),
        }
    }
    assert!(router.handle().inspect().is_empty(), "nobody is left");
});
