//! Calls that are answered with questions, between client threads and one or more zone threads.

use cloison_contract::call::{ANSWER, MAX_WORDS, Reply, Request, Status};
use cloison_contract::message::ChannelId;
use cloison_transport::channel::Channel;
use cloison_transport::client::Caller;
use cloison_transport::server::{Server, Turn};
use cloison_transport::server_channel::{ServerChannel, Unanswered};
use cloison_transport::status::{StatusPage, monotonic};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);

fn request(function: u32, words: &[u64]) -> Request {
    let mut request = Request { function, count: words.len() as u32, arena_used: 0, words: [0; MAX_WORDS] };
    request.words[..words.len()].copy_from_slice(words);
    request
}

fn reply(status: Status, word: u64) -> Reply {
    let mut reply = Reply { status, count: 1, words: [0; MAX_WORDS] };
    reply.words[0] = word;
    reply
}

/// Function n asks n questions and adds the answers up. What comes instead of an answer is a call, served at once.
fn run(channel: &ServerChannel, request: &Request) -> Reply {
    let mut sum = 0;
    for question in 0..u64::from(request.function) {
        let mut answer = Request::EMPTY;
        channel.ask(&reply(Status::Callback, question), &mut answer, monotonic() + LONG).unwrap();
        while answer.function != ANSWER {
            let nested = run(channel, &answer);
            channel.ask(&nested, &mut answer, monotonic() + LONG).unwrap();
        }
        sum += answer.words[0];
    }
    reply(Status::Ok, sum)
}

/// Threads that take turns at a server, until the broker rings.
struct Zone {
    page: StatusPage,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Zone {
    fn start(server: Server, page: StatusPage, threads: usize) -> Self {
        let (server, stop) = (Arc::new(Mutex::new(server)), Arc::new(AtomicBool::new(false)));
        let worker = |_| {
            let (server, stop) = (server.clone(), stop.clone());
            thread::spawn(move || {
                let mut request = Request::EMPTY;
                loop {
                    let mut leader = server.lock().unwrap();
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let Turn::Request(slot) = leader.wait(&mut request) else { continue };
                    let channel = leader.channel(slot).unwrap().clone();
                    drop(leader);
                    let reply = run(&channel, &request);
                    channel.reply(&reply);
                }
            })
        };
        Self { page, threads: (0..threads).map(worker).collect(), stop }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.page.ring();
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

fn start(clients: u64) -> (Server, StatusPage, Vec<Channel>, Vec<Caller>) {
    let (page, descriptor) = StatusPage::create().unwrap();
    let mut server = Server::new(descriptor).unwrap();
    let (mut channels, mut callers) = (Vec::new(), Vec::new());
    for client in 1..=clients {
        let (channel, descriptors) = Channel::create(4096).unwrap();
        let theirs = (descriptors.channel.try_clone().unwrap(), descriptors.terms.try_clone().unwrap());
        server.attach(ChannelId(client), theirs.0, theirs.1).unwrap();
        callers.push(Caller::open(descriptors.channel, descriptors.terms).unwrap());
        channels.push(channel);
    }
    (server, page, channels, callers)
}

/// Answers each question with `answer`, until the call ends.
fn converse(caller: &mut Caller, function: u32, mut answer: impl FnMut(&mut Caller, u64) -> u64) -> u64 {
    let mut status = caller.call(&request(function, &[]), LONG).unwrap();
    while status == Status::Callback {
        let question = caller.reply().words[0];
        let answer = answer(caller, question);
        status = caller.call(&request(ANSWER, &[answer]), LONG).unwrap();
    }
    caller.reply().words[0]
}

#[test]
fn questions_are_answered_and_calls_are_made_inside_of_them() {
    let (server, page, _channels, mut callers) = start(1);
    let zone = Zone::start(server, page, 1);
    let caller = &mut callers[0];
    assert_eq!(converse(caller, 0, |_, _| unreachable!()), 0);
    assert_eq!(converse(caller, 3, |_, question| 10 + question), 33);
    let nested = converse(caller, 2, |caller, _| converse(caller, 2, |caller, _| converse(caller, 1, |_, _| 7)));
    assert_eq!(nested, 4 * 7);
    zone.stop();
}

#[test]
fn clients_converse_with_several_threads() {
    let (server, page, _channels, callers) = start(4);
    let zone = Zone::start(server, page, 3);
    let slow = AtomicU64::new(0);
    thread::scope(|scope| {
        for (client, mut caller) in callers.into_iter().enumerate() {
            let slow = &slow;
            scope.spawn(move || {
                for turn in 0..4000_u64 {
                    let sum = converse(&mut caller, (turn % 4) as u32, |caller, question| {
                        if turn % 500 == 3 {
                            slow.fetch_add(1, Ordering::Relaxed);
                            thread::sleep(Duration::from_millis(2)); // a client that pauses: the zone may fall asleep or not
                        }
                        let nested = if turn % 3 == 0 { converse(caller, 1, |_, _| 5) } else { 5 };
                        nested + question + client as u64
                    });
                    let questions = turn % 4;
                    let expected = questions * (5 + client as u64) + questions * questions.saturating_sub(1) / 2;
                    assert_eq!(sum, expected);
                }
            });
        }
    });
    assert!(slow.into_inner() > 0);
    zone.stop();
}

/// Wait until that thread of ours sleeps.
fn until_asleep(thread: rustix::process::Pid) {
    let path = format!("/proc/self/task/{}/stat", thread.as_raw_pid());
    while !std::fs::read_to_string(&path).unwrap().rsplit(") ").next().unwrap().starts_with('S') {
        thread::yield_now();
    }
}

/// The channel of the only client, after it has called.
fn called(server: &mut Server, page: &StatusPage) -> Arc<ServerChannel> {
    page.ring(); // also what was rung before is heard once
    loop {
        if let Turn::Request(slot) = server.wait(&mut { Request::EMPTY }) {
            return server.channel(slot).unwrap().clone();
        }
    }
}

#[test]
fn an_answer_that_comes_too_late_gets_the_end() {
    let (mut server, page, _channels, mut callers) = start(1);
    let mut caller = callers.pop().unwrap();
    let (too_late, told) = std::sync::mpsc::channel();
    let client = thread::spawn(move || {
        assert_eq!(caller.call(&request(1, &[]), LONG).unwrap(), Status::Callback);
        told.recv().unwrap();
        (caller.call(&request(ANSWER, &[]), LONG).unwrap(), caller)
    });
    let channel = called(&mut server, &page);
    let question = reply(Status::Callback, 0);
    let until = monotonic() + Duration::from_millis(20);
    assert_eq!(channel.ask(&question, &mut { Request::EMPTY }, until), Err(Unanswered::Deadline));
    channel.abandon();
    too_late.send(()).unwrap();
    let mut late = Request::EMPTY;
    let Turn::Request(slot) = server.wait(&mut late) else { panic!("the late answer") };
    assert_eq!(late.function, ANSWER);
    server.channel(slot).unwrap().reply(&reply(Status::CallbackOverdue, 0));
    let (status, mut caller) = client.join().unwrap();
    assert_eq!(status, Status::CallbackOverdue);
    // The numbers are right: the next call gets its own reply.
    let client = thread::spawn(move || caller.call(&request(0, &[]), LONG).unwrap());
    called(&mut server, &page).reply(&reply(Status::Ok, 0));
    assert_eq!(client.join().unwrap(), Status::Ok);
}

#[test]
fn a_client_that_leaves_answers_nothing() {
    let (mut server, page, _channels, mut callers) = start(1);
    let mut caller = callers.pop().unwrap();
    let client = thread::spawn(move || caller.call(&request(1, &[]), LONG).unwrap());
    let channel = called(&mut server, &page);
    let (begins, asker) = std::sync::mpsc::channel();
    let asking = thread::spawn(move || {
        begins.send(rustix::thread::gettid()).unwrap();
        channel.ask(&reply(Status::Callback, 0), &mut { Request::EMPTY }, monotonic() + LONG)
    });
    assert_eq!(client.join().unwrap(), Status::Callback);
    until_asleep(asker.recv().unwrap());
    assert!(server.detach(ChannelId(1)).is_some());
    assert_eq!(asking.join().unwrap(), Err(Unanswered::Gone));
}

#[test]
fn the_broker_is_heard_while_a_question_is_open() {
    let (mut server, page, _channels, mut callers) = start(1);
    let mut caller = callers.pop().unwrap();
    let (heard, told) = std::sync::mpsc::channel();
    let client = thread::spawn(move || {
        caller.call(&request(1, &[]), LONG).unwrap();
        told.recv().unwrap();
        caller.call(&request(ANSWER, &[]), LONG).unwrap()
    });
    let channel = called(&mut server, &page);
    assert!(!server.hear());
    let asker = rustix::thread::gettid();
    let page = thread::spawn(move || {
        until_asleep(asker);
        page.ring();
    });
    let (mut answer, until) = (Request::EMPTY, monotonic() + LONG);
    assert_eq!(channel.ask(&reply(Status::Callback, 0), &mut answer, until), Err(Unanswered::Control));
    assert!(server.hear());
    heard.send(()).unwrap();
    assert_eq!(channel.listen(&mut answer, until), Ok(()));
    channel.reply(&reply(Status::Ok, 0));
    assert_eq!(client.join().unwrap(), Status::Ok);
    page.join().unwrap();
}

#[test]
fn what_a_thread_runs_stands_in_its_own_row_and_waiting_is_not_running() {
    let (page, descriptor) = StatusPage::create().unwrap();
    let server = Server::new(descriptor).unwrap();
    let (one, other) = (server.row(0).unwrap(), server.row(1).unwrap());
    let minute = Duration::from_secs(60);
    assert!(!one.begin(ChannelId(1), 5, minute) && !other.begin(ChannelId(2), 6, minute), "nobody looks");
    assert_eq!((page.all_running().count(), page.calls()), (2, 2));
    let began = page.all_running().next().unwrap().since;
    let paused = one.pause();
    assert_eq!(page.running().unwrap().channel, ChannelId(2));
    // How long it pauses is what is measured, so time has to pass; more than this does no harm.
    thread::sleep(Duration::from_millis(50));
    assert!(!one.resume(paused, |_| minute));
    let moved = page.all_running().next().unwrap();
    assert!(moved.function == 5 && moved.since >= began + Duration::from_millis(30), "{moved:?}, began {began:?}");
    one.end();
    other.end();
    assert_eq!(page.running(), None);
    assert!(server.row(cloison_transport::status::MAX_THREADS).is_none());
}

#[test]
fn whose_time_is_over_before_the_broker_looks_is_told_so() {
    let (page, descriptor) = StatusPage::create().unwrap();
    let row = Server::new(descriptor).unwrap().row(0).unwrap();
    let (second, minute, hour) = (Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(3600));
    page.will_look(monotonic() + minute);
    assert!(row.begin(ChannelId(1), 5, second));
    assert!(!row.begin(ChannelId(1), 5, hour));
    assert_eq!(page.running().unwrap().until, None);
    // Of a batch: all together, and each that may take less.
    assert!(row.begin_many(ChannelId(1), 6, 9, second));
    assert!(!row.begin_many(ChannelId(1), 6, 9, hour));
    let running = page.running().unwrap();
    assert_eq!(running.until, Some(running.since + hour));
    assert!(!row.next(5, None) && row.next(7, Some(second)) && !row.next(7, Some(2 * minute)) && !row.next(5, None));
    let running = page.running().unwrap();
    assert_eq!((running.function, running.index), (5, 3));
    // While it waits for a callable there is nothing to look at, and the broker may have looked by then.
    let (paused, until) = (row.pause(), running.until);
    assert!(!row.resume(paused, |_| 2 * minute));
    assert!(page.running().unwrap().until >= until);
    let paused = row.pause();
    assert!(row.resume(paused, |function| if function == 5 { second } else { hour }));
    // What is looked at sooner needs nobody to say so.
    page.will_look(monotonic());
    assert!(!row.begin(ChannelId(1), 5, second) && !row.begin_many(ChannelId(1), 6, 9, second));
}

/// What stands on a channel when the process of a call has ended.
mod relayed {
    use super::*;
    use cloison_transport::server_channel::Relayed;
    use std::os::fd::OwnedFd;

    /// Takes requests, and leaves the calls to others.
    struct ForkServer {
        server: Server,
        descriptors: [OwnedFd; 3],
        _channel: Channel,
        _page: StatusPage,
    }

    /// A request, the fork server's channel, and the one of the process that runs the call: what that one knows is gone with it.
    struct Taken {
        request: Request,
        channel: Arc<ServerChannel>,
        relayed: Relayed,
        process: Arc<ServerChannel>,
    }

    fn take(server: &mut Server) -> (Request, Arc<ServerChannel>) {
        let mut request = Request::EMPTY;
        loop {
            if let Turn::Request(slot) = server.wait(&mut request) {
                return (request, server.channel(slot).unwrap().clone());
            }
        }
    }

    fn serve([page, channel, terms]: &[OwnedFd; 3]) -> Server {
        let mut server = Server::new(page.try_clone().unwrap()).unwrap();
        server.attach(ChannelId(1), channel.try_clone().unwrap(), terms.try_clone().unwrap()).unwrap();
        server
    }

    impl ForkServer {
        fn start() -> (Self, Caller) {
            let (_page, page) = StatusPage::create().unwrap();
            let (_channel, ends) = Channel::create(4096).unwrap();
            let descriptors = [page, ends.channel.try_clone().unwrap(), ends.terms.try_clone().unwrap()];
            let server = serve(&descriptors);
            (Self { server, descriptors, _channel, _page }, Caller::open(ends.channel, ends.terms).unwrap())
        }

        fn next(&mut self) -> Taken {
            let (request, channel) = take(&mut self.server);
            let relayed = channel.relay();
            // It looks at the channel for the first time: whatever has been posted is new to it.
            let (_, process) = take(&mut serve(&self.descriptors));
            Taken { request, channel, relayed, process }
        }
    }

    #[test]
    fn a_call_without_an_end_is_answered_once() {
        let (mut fork_server, mut caller) = ForkServer::start();
        let client = thread::spawn(move || {
            for _ in 0..3 {
                assert_eq!(caller.call(&request(0, &[]), LONG), Ok(Status::Crashed));
            }
        });
        for _ in 0..3 {
            let taken = fork_server.next();
            assert!(taken.channel.take_back(taken.relayed));
            taken.channel.reply(&reply(Status::Crashed, 11));
        }
        client.join().unwrap();
    }

    #[test]
    fn a_call_that_has_ended_is_not_answered_again() {
        let (mut fork_server, mut caller) = ForkServer::start();
        let client = thread::spawn(move || {
            for _ in 0..1000 {
                assert_eq!(caller.call(&request(0, &[]), LONG), Ok(Status::Ok));
            }
        });
        for _ in 0..1000 {
            let taken = fork_server.next();
            taken.process.reply(&reply(Status::Ok, 1));
            // The client has posted its next request by now, or it has not.
            assert!(!taken.channel.take_back(taken.relayed));
        }
        client.join().unwrap();
    }

    /// The process asks, takes the client's answer or does not, ends the call or does not; then the next call is made.
    #[test]
    fn what_a_conversation_leaves_behind() {
        for (answered, ended) in [(false, false), (true, false), (true, true)] {
            let (mut fork_server, mut caller) = ForkServer::start();
            let client = thread::spawn(move || {
                assert_eq!(caller.call(&request(0, &[]), LONG), Ok(Status::Callback));
                [request(ANSWER, &[5]), request(0, &[])].map(|request| caller.call(&request, LONG))
            });
            let taken = fork_server.next();
            let until = monotonic() + if answered { LONG } else { Duration::ZERO };
            let asked = taken.process.ask(&reply(Status::Callback, 1), &mut Request::EMPTY.clone(), until);
            assert!(asked.is_ok() || !answered);
            if ended {
                taken.process.reply(&reply(Status::Ok, 1));
            }
            if taken.channel.take_back(taken.relayed) {
                assert!(!ended);
                taken.channel.reply(&reply(Status::Crashed, 11));
            } else if !ended {
                // The client was still busy: its answer finds nobody who has asked.
                let late = fork_server.next();
                assert_eq!((late.request.function, answered), (ANSWER, false));
                assert!(late.channel.take_back(late.relayed));
                late.channel.reply(&reply(Status::Crashed, 11));
            }
            let taken = fork_server.next();
            assert_eq!(taken.request.function, 0);
            taken.process.reply(&reply(Status::Ok, 1));
            assert!(!taken.channel.take_back(taken.relayed));
            let answer = if ended { Status::Ok } else { Status::Crashed };
            assert_eq!(client.join().unwrap(), [Ok(answer), Ok(Status::Ok)], "{answered} {ended}");
        }
    }
}
