//! Calls between a client thread and a zone thread over real sealed memory and real futexes.

use cloison_contract::call::{ANSWER, MAX_WORDS, Reply, Request, Status};
use cloison_contract::message::ChannelId;
use cloison_transport::channel::Channel;
use cloison_transport::client::{CallError, Caller};
use cloison_transport::server::{Server, Turn};
use cloison_transport::status::StatusPage;
use cloison_transport::terms::TermsState;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);

fn request(function: u32, words: &[u64]) -> Request {
    let mut request = Request { function, count: words.len() as u32, arena_used: 0, words: [0; MAX_WORDS] };
    request.words[..words.len()].copy_from_slice(words);
    request
}

/// A zone that adds its words up, stays in function 1 until `stop` is set, and ends when the bell rings and `stop` is set.
fn zone(mut server: Server, stop: &AtomicBool) {
    let mut request = Request::EMPTY;
    loop {
        match server.wait(&mut request) {
            Turn::Control if stop.load(Ordering::SeqCst) => return,
            Turn::Control => {}
            Turn::Request(slot) => {
                let (channel, row) = (server.channel(slot).unwrap(), server.row(0).unwrap());
                let _ = row.begin(channel.id(), request.function, Duration::from_secs(60));
                if request.function == 1 {
                    while !stop.load(Ordering::SeqCst) {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
                let sum =
                    request.words[..request.count as usize].iter().fold(0u64, |sum, word| sum.wrapping_add(*word));
                let mut reply = Reply { status: Status::Ok, count: 1, words: [0; MAX_WORDS] };
                reply.words[0] = sum;
                row.end();
                channel.reply(&reply);
            }
        }
    }
}

struct Zone {
    status: StatusPage,
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Zone {
    fn stop(self) -> StatusPage {
        self.stop.store(true, Ordering::SeqCst);
        self.status.ring();
        self.thread.join().unwrap();
        self.status
    }
}

fn start(clients: u64) -> (Zone, Vec<Channel>, Vec<Caller>) {
    let (status, descriptor) = StatusPage::create().unwrap();
    let mut server = Server::new(descriptor).unwrap();
    let (mut channels, mut callers) = (Vec::new(), Vec::new());
    for id in 1..=clients {
        let (channel, descriptors) = Channel::create(1 << 20).unwrap();
        let copy = (descriptors.channel.try_clone().unwrap(), descriptors.terms.try_clone().unwrap());
        server.attach(ChannelId(id), copy.0, copy.1).unwrap();
        callers.push(Caller::open(descriptors.channel, descriptors.terms).unwrap());
        channels.push(channel);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    (Zone { status, stop, thread: thread::spawn(move || zone(server, &flag)) }, channels, callers)
}

#[test]
fn calls_from_several_clients_get_their_own_replies() {
    let (zone, _channels, callers) = start(4);
    let clients: Vec<_> = callers
        .into_iter()
        .enumerate()
        .map(|(client, mut caller)| {
            thread::spawn(move || {
                for turn in 0..20_000u64 {
                    caller.call(&request(0, &[client as u64, turn]), LONG).unwrap();
                    let reply = caller.reply();
                    assert_eq!((reply.status, reply.count, reply.words[0]), (Status::Ok, 1, client as u64 + turn));
                    if turn % 1000 == 0 {
                        thread::sleep(Duration::from_millis(2)); // a client that pauses: the zone may fall asleep or not
                    }
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    assert_eq!(zone.stop().calls(), 80_000);
}

#[test]
fn a_deadline_ends_the_wait_and_the_status_page_says_what_runs() {
    let (zone, _channels, mut callers) = start(1);
    let error = callers[0].call(&request(1, &[]), Duration::from_millis(50)).unwrap_err();
    assert_eq!(error, CallError::DeadlineExceeded);
    let running = zone.status.running().unwrap();
    assert_eq!((running.channel, running.function), (ChannelId(1), 1));
    assert_eq!(zone.stop().running(), None);
}

#[test]
fn the_broker_ends_a_waiting_call() {
    for state in [TermsState::Ended, TermsState::Revoked] {
        let (zone, channels, mut callers) = start(1);
        let mut caller = callers.pop().unwrap();
        let client = thread::spawn(move || caller.call(&request(1, &[]), LONG));
        while zone.status.running().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        channels[0].end(state);
        assert_eq!(client.join().unwrap().unwrap_err(), CallError::Ended);
        zone.stop();
    }
}

#[test]
fn a_result_after_revocation_is_dropped() {
    let (zone, channels, mut callers) = start(1);
    channels[0].end(TermsState::Revoked);
    for _ in 0..3 {
        assert_eq!(callers[0].call(&request(0, &[7]), LONG).unwrap_err(), CallError::Ended);
    }
    zone.stop();
}

/// The zone was replaced: what has begun ends, and so does what is called inside of it; nothing else is to be posted there.
#[test]
fn a_closed_channel_ends_what_has_begun() {
    let (zone, channels, mut callers) = start(1);
    let mut caller = callers.pop().unwrap();
    assert_eq!(channels[0].answered(), Some(0));
    caller.post(&request(1, &[3]), LONG);
    while zone.status.running().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    channels[0].close();
    assert!(!caller.is_live() && caller.is_heard());
    assert_eq!((channels[0].posted(), channels[0].answered()), (1, None));
    zone.stop.store(true, Ordering::SeqCst);
    assert_eq!(caller.resume(), Ok(Status::Ok));
    assert_eq!(caller.reply().words[0], 3);
    assert_eq!(channels[0].answered(), Some(1));
    caller.set_inside(true);
    assert!(caller.is_live());
    assert_eq!(channels[0].answered(), None, "a callable runs");
    assert_eq!(caller.call(&request(0, &[4]), LONG), Ok(Status::Ok));
    caller.set_inside(false);
    assert_eq!((caller.is_live(), channels[0].answered()), (false, Some(2)));
    channels[0].end(TermsState::Ended);
    assert!(!caller.is_heard());
    assert_eq!(caller.call(&request(0, &[4]), LONG), Err(CallError::Ended));
    zone.stop();
}

#[test]
fn the_arena_refuses_what_lies_outside() {
    let (channel, descriptors) = Channel::create(8192).unwrap();
    let caller = Caller::open(descriptors.channel, descriptors.terms).unwrap();
    let arena = caller.arena();
    assert_eq!(arena.len(), 8192);
    arena.write(8188, b"1234").unwrap();
    assert_eq!(arena.read(8188, 4).unwrap(), b"1234");
    assert!(arena.write(8189, b"1234").is_err());
    assert!(arena.read(u64::MAX, 2).is_err());
    assert!(arena.read(u64::MAX - 4095, u64::MAX).is_err());
    assert!(arena.pointer(0, 8193).is_none());
    drop(channel);
}

#[test]
fn memory_that_is_not_sealed_is_refused() {
    use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
    let memfd = memfd_create("bare", MemfdFlags::ALLOW_SEALING).unwrap();
    ftruncate(&memfd, 1 << 20).unwrap();
    let (_channel, descriptors) = Channel::create(4096).unwrap();
    assert!(Caller::open(memfd, descriptors.terms).is_err());
}

#[test]
fn terms_cannot_be_written_by_whoever_receives_them() {
    use rustix::mm::{MapFlags, ProtFlags, mmap};
    let (_channel, descriptors) = Channel::create(4096).unwrap();
    // SAFETY: a new mapping that is never used; the call is expected to fail.
    let mapped = unsafe {
        mmap(std::ptr::null_mut(), 4096, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &descriptors.terms, 0)
    };
    assert!(mapped.is_err(), "a writable mapping of the terms");
    assert!(rustix::io::write(&descriptors.terms, b"x").is_err(), "a write to the terms");
    assert!(rustix::fs::ftruncate(&descriptors.terms, 0).is_err(), "a truncation of the terms");
}

/// A client that runs a callable while its grant is taken back: what the zone says meanwhile takes nothing of that away.
#[test]
fn who_comes_back_from_a_callable_learns_that_its_grant_was_revoked() {
    let (status, descriptor) = StatusPage::create().unwrap();
    let mut server = Server::new(descriptor).unwrap();
    let (channel, descriptors) = Channel::create(1 << 20).unwrap();
    let copy = (descriptors.channel.try_clone().unwrap(), descriptors.terms.try_clone().unwrap());
    server.attach(ChannelId(1), copy.0, copy.1).unwrap();
    let mut caller = Caller::open(descriptors.channel, descriptors.terms).unwrap();
    let zone = thread::spawn(move || {
        let mut request = Request::EMPTY;
        let channel = loop {
            if let Turn::Request(slot) = server.wait(&mut request) {
                break server.channel(slot).unwrap().clone();
            }
        };
        let question = Reply { status: Status::Callback, count: 0, words: [0; MAX_WORDS] };
        // Nobody answers until then: the call ends with what is said of it.
        let until = cloison_transport::status::monotonic() + Duration::from_millis(100);
        assert!(channel.ask(&question, &mut request, until).is_err());
        channel.reply(&Reply { status: Status::Revoked, count: 0, words: [0; MAX_WORDS] });
    });
    let request = Request { function: 0, ..Request::EMPTY };
    assert_eq!(caller.call(&request, LONG), Ok(Status::Callback));
    channel.end(TermsState::Revoked);
    zone.join().unwrap();
    assert_eq!(caller.call(&Request { function: ANSWER, ..Request::EMPTY }, LONG), Err(CallError::Ended));
    drop(status);
}
