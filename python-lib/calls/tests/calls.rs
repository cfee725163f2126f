//! Calls between a client without an interpreter and a zone thread, over real channels.

use cloison_calls::{
    BrokerLink, CallClient, CallFault, CallableAnswer, CallableFailure, Connection, Host, Lost, Nesting, OpenChannel,
};
use cloison_codec::ProtocolViolation;
use cloison_contract::call::{
    ANSWER, ANSWER_WORDS, ARENA_ALIGNMENT, MAX_WORDS, QUESTION_WORDS, Reply, Request, Status,
};
use cloison_contract::message::{ChannelId, End};
use cloison_transport::Arena;
use cloison_transport::channel::Channel;
use cloison_transport::client::{CallError, Caller};
use cloison_transport::server::{Server, Turn};
use cloison_transport::server_channel::ServerChannel;
use cloison_transport::status::{StatusPage, monotonic};
use cloison_transport::terms::TermsState;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);
/// How many bytes an arena has.
const CALL_BYTES: u64 = 8 << 20;

/// Its words, added up.
const SUM: u32 = 1;
/// Asks each callable whose number is among its words, and gives the sum of the answers; raises what one of them raises.
const ASK: u32 = 2;
/// Says its words as a question, and waits for what comes of it.
const LIE: u32 = 3;
/// Ends when it is woken up.
const SLEEP: u32 = 4;
/// The broker ends the channel meanwhile.
const END: u32 = 6;
/// Gives how far into the arena its request has reached.
const USED: u32 = 5;

fn reply(status: Status, words: &[u64]) -> Reply {
    let mut reply = Reply { status, count: words.len() as u32, words: [0; MAX_WORDS] };
    reply.words[..words.len()].copy_from_slice(words);
    reply
}

/// What the zone makes of a request; `None` if nobody listens any more.
fn serve(channel: &ServerChannel, request: &Request, depth: u64, shared: &Shared) -> Option<Reply> {
    let words = &request.words[..request.count as usize];
    Some(match request.function {
        SUM => reply(Status::Ok, &[words.iter().sum()]),
        USED => reply(Status::Ok, &[request.arena_used]),
        END => {
            shared.channel.end(TermsState::Ended);
            reply(Status::Ok, &[])
        }
        SLEEP => {
            while !shared.awake.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
            reply(Status::Ok, &[])
        }
        LIE => {
            let mut next = Request::EMPTY;
            channel.ask(&reply(Status::Callback, words), &mut next, monotonic() + LONG).ok()?;
            serve(channel, &next, depth, shared)?
        }
        ASK => {
            let (mut sum, mut raised) = (0, false);
            for number in words {
                let question = reply(Status::Callback, &[*number, depth + 1, request.arena_used, *number * 10]);
                let mut next = Request::EMPTY;
                shared.asks.store(true, Ordering::SeqCst);
                channel.ask(&question, &mut next, monotonic() + LONG).ok()?;
                while next.function != ANSWER {
                    let nested = serve(channel, &next, depth + 1, shared)?;
                    channel.ask(&nested, &mut next, monotonic() + LONG).ok()?;
                }
                assert_eq!(next.words[0], depth + 1, "an answer is to the question that is open");
                raised |= next.words[1] == 0;
                sum += next.words[ANSWER_WORDS];
            }
            if raised { reply(Status::Raised, &[]) } else { reply(Status::Ok, &[sum]) }
        }
        _ => reply(Status::BadArgument, &[]),
    })
}

/// What a zone's thread and its client know.
struct Shared {
    /// The broker's end.
    channel: Channel,
    /// What sleeps shall wake up.
    awake: AtomicBool,
    /// The thread shall end.
    stop: AtomicBool,
    replies: AtomicU64,
    /// A question of a library is on its way.
    asks: AtomicBool,
}

/// A zone with one channel.
struct Zone {
    page: StatusPage,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Zone {
    fn start(id: ChannelId) -> (Self, Caller) {
        let (page, descriptor) = StatusPage::create().expect("a status page");
        let mut server = Server::new(descriptor).expect("a server");
        let (channel, descriptors) = Channel::create(CALL_BYTES).expect("a channel");
        let theirs = (descriptors.channel.try_clone(), descriptors.terms.try_clone());
        server.attach(id, theirs.0.expect("a descriptor"), theirs.1.expect("a descriptor")).expect("attached");
        let caller = Caller::open(descriptors.channel, descriptors.terms).expect("a client's end");
        let shared = Arc::new(Shared {
            channel,
            awake: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            replies: AtomicU64::new(0),
            asks: AtomicBool::new(false),
        });
        let theirs = shared.clone();
        let thread = thread::spawn(move || {
            let mut request = Request::EMPTY;
            loop {
                match server.wait(&mut request) {
                    Turn::Control if theirs.stop.load(Ordering::SeqCst) => return,
                    Turn::Control => {}
                    Turn::Request(slot) => {
                        let channel = server.channel(slot).expect("the channel").clone();
                        match serve(&channel, &request, 0, &theirs) {
                            Some(reply) => channel.reply(&reply),
                            None => channel.abandon(),
                        }
                        theirs.replies.fetch_add(1, Ordering::SeqCst);
                    }
                }
            }
        });
        (Self { page, shared, thread: Some(thread) }, caller)
    }
}

impl Drop for Zone {
    fn drop(&mut self) {
        // The zone's end of the channel is told, in case it waits for an answer.
        self.shared.channel.end(TermsState::Ended);
        self.shared.awake.store(true, Ordering::SeqCst);
        self.shared.stop.store(true, Ordering::SeqCst);
        self.page.ring();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !thread::panicking()
        {
            panic!("the zone has panicked");
        }
    }
}

thread_local! {
    static FREE_BYTES: Cell<u64> = const { Cell::new(1 << 30) };
    static HELD_BYTES: Cell<u64> = const { Cell::new(0) };
    static CONTACTS: Cell<u64> = const { Cell::new(0) };
}

#[derive(Debug)]
enum Machine {}

impl Host for Machine {
    fn free_bytes() -> u64 {
        FREE_BYTES.get()
    }

    fn recount(before: u64, now: u64) {
        assert!(HELD_BYTES.get() >= before, "no more is given back than was counted");
        HELD_BYTES.set(HELD_BYTES.get() - before + now);
    }

    fn note_contact() {
        CONTACTS.set(CONTACTS.get() + 1);
    }
}

/// What is raised.
#[derive(Clone, Debug, PartialEq)]
enum Raised {
    Fault(CallFault),
    Interrupt,
    Said(&'static str),
}

/// What a callable raises that has taken too long.
const LATE: Raised = Raised::Said("late");

type Callable = fn(&Program, u64) -> Result<u64, Raised>;

/// A program that holds one capability.
struct Program {
    connection: Connection<Machine>,
    nesting: Nesting,
    zones: RefCell<Vec<Zone>>,
    /// What the broker has been told, and what it has been asked.
    told: RefCell<Vec<String>>,
    /// Why channels end.
    end: RefCell<Option<End>>,
    /// Numbered from 1.
    callables: Vec<Callable>,
    deadline: Cell<Duration>,
    waits: Cell<bool>,
    /// A signal has arrived that raises this.
    pending: RefCell<Option<Raised>>,
    /// It is the one that says that a callable has taken too long.
    timed_out: Cell<bool>,
    /// The broker cannot be told that a wait is to end.
    deaf: Cell<bool>,
    later: Cell<u32>,
    /// The zone has another interface by now.
    outdated: Cell<bool>,
}

impl Program {
    fn new(callables: &[Callable]) -> Self {
        Self {
            connection: Connection::default(),
            nesting: Nesting::default(),
            zones: RefCell::default(),
            told: RefCell::default(),
            end: RefCell::new(Some(End::Exited { code: 3, ran: None })),
            callables: callables.to_vec(),
            deadline: Cell::new(LONG),
            waits: Cell::new(false),
            pending: RefCell::default(),
            timed_out: Cell::new(false),
            deaf: Cell::new(false),
            later: Cell::new(0),
            outdated: Cell::new(false),
        }
    }

    fn request(&self, function: u32, words: &[u64]) -> Request {
        let mut request = self.nesting.request(function, words.len() as u32);
        request.words[..words.len()].copy_from_slice(words);
        request
    }

    /// Make a call, and say what came of it: the status and the words of the reply.
    fn call(&self, function: u32, words: &[u64]) -> Result<(Status, Vec<u64>), Raised> {
        self.make(&self.request(function, words), &[])
    }

    fn make(&self, request: &Request, bytes: &[u8]) -> Result<(Status, Vec<u64>), Raised> {
        let at = self.nesting.mark();
        let (channel, outcome) = self.connection.call(self, request, |arena| arena.write(at, bytes))?;
        let mut end = self.connection.converse(self, channel, outcome)?;
        let result = match end.outcome {
            Err(failure) => Err(self.connection.failed(self, failure, &mut end.channel)),
            Ok(status) => {
                let open = end.channel.as_mut().expect("a reply comes on a channel");
                let reply = open.caller.reply();
                let words = reply.words[..reply.count as usize].to_vec();
                open.settle(request.arena_used);
                Ok((status, words))
            }
        };
        end.raised.map_or(result, Err)
    }

    fn sum(&self, words: &[u64]) -> u64 {
        let (status, sum) = self.call(SUM, words).expect("a sum");
        assert_eq!((status, sum.len()), (Status::Ok, 1));
        sum[0]
    }

    fn told(&self) -> Vec<String> {
        self.told.take()
    }
}

impl BrokerLink for Program {
    type Error = Raised;

    fn why(&self, channel: ChannelId) -> Result<Option<End>, Raised> {
        self.told.borrow_mut().push(format!("why {}", channel.0));
        Ok(self.end.borrow().clone())
    }

    fn overdue(&self, channel: ChannelId) {
        self.told.borrow_mut().push(format!("overdue {}", channel.0));
    }

    fn interrupt(&self, channel: ChannelId) -> bool {
        if self.deaf.get() {
            return false;
        }
        self.told.borrow_mut().push(format!("interrupt {}", channel.0));
        // What a host service does then: it ends the wait.
        let shared = self.zones.borrow()[channel.0 as usize - 1].shared.clone();
        shared.awake.store(true, Ordering::SeqCst);
        while shared.replies.load(Ordering::SeqCst) == 0 && !shared.asks.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        true
    }
}

/// A callable, and what it is asked.
struct AskedCall {
    number: u64,
    callable: Callable,
    argument: Option<u64>,
}

impl CallClient for Program {
    type Host = Machine;
    type CallbackCall = AskedCall;
    type Asked = u64;

    fn nesting(&self) -> &Nesting {
        &self.nesting
    }

    fn function(&self) -> &str {
        "function"
    }

    fn deadline(&self) -> Duration {
        self.deadline.get()
    }

    fn waits(&self) -> bool {
        self.waits.get()
    }

    fn open(&self) -> Result<Option<(ChannelId, Caller)>, Raised> {
        if self.outdated.get() {
            return Ok(None);
        }
        let mut zones = self.zones.borrow_mut();
        let id = ChannelId(zones.len() as u64 + 1);
        let (zone, caller) = Zone::start(id);
        zones.push(zone);
        Ok(Some((id, caller)))
    }

    fn fault(&self, fault: CallFault) -> Raised {
        Raised::Fault(fault)
    }

    fn look(&self) -> Result<(), Raised> {
        self.pending.take().map_or(Ok(()), Err)
    }

    fn only_callback_timeout(&self) -> bool {
        self.timed_out.get()
    }

    fn is_interrupt(&self, raised: &Raised) -> bool {
        *raised == Raised::Interrupt
    }

    fn interrupt_later(&self) {
        self.later.set(self.later.get() + 1);
    }

    fn question(&self, number: u64, words: &[u64], _: &Arena) -> Option<AskedCall> {
        let callable = *self.callables.get(usize::try_from(number).ok()?.checked_sub(1)?)?;
        Some(AskedCall { number, callable, argument: words.get(QUESTION_WORDS).copied() })
    }

    fn asked(&self, question: &AskedCall) -> u64 {
        question.number
    }

    fn run(&self, question: AskedCall, depth: u64) -> Result<CallableAnswer, CallableFailure<Raised>> {
        let failure = |raised| CallableFailure { timed_out: raised == LATE, raised };
        let argument = question.argument.ok_or_else(|| failure(Raised::Said("nothing is given")))?;
        let value = (question.callable)(self, argument).map_err(failure)?;
        let mut request = self.request(ANSWER, &[depth, 1, value]);
        let bulk = match value {
            TOO_MUCH => vec![(CALL_BYTES, vec![0; 1])],
            _ => Vec::new(),
        };
        request.arena_used += bulk.len() as u64 * CALL_BYTES;
        Ok(CallableAnswer { request, bulk })
    }
}

/// A value whose bytes do not fit into the arena.
const TOO_MUCH: u64 = 4711;

fn fault<T: std::fmt::Debug>(result: Result<T, Raised>) -> CallFault {
    match result {
        Err(Raised::Fault(fault)) => fault,
        other => panic!("not a fault: {other:?}"),
    }
}

#[test]
fn a_channel_is_opened_by_the_first_call_and_stays() {
    let program = Program::new(&[]);
    assert!(!program.connection.is_live());
    assert_eq!((program.sum(&[1, 2]), program.sum(&[3, 4, 5])), (3, 12));
    assert_eq!(program.call(99, &[]), Ok((Status::BadArgument, vec![])));
    assert_eq!((program.zones.borrow().len(), program.connection.calls(), CONTACTS.get()), (1, 3, 3));
    assert!(program.connection.is_live());
    assert_eq!(program.connection.epoch(), 0);
}

#[test]
fn callables_are_run_and_the_nesting_is_as_before() {
    let program = Program::new(&[
        |program, argument| {
            assert_eq!((argument, program.nesting.depth()), (10, 1));
            Ok(argument + 1)
        },
        |_, argument| Ok(argument + 2),
    ]);
    assert_eq!(program.call(ASK, &[1, 2, 1]), Ok((Status::Ok, vec![11 + 22 + 11])));
    assert_eq!((program.nesting.depth(), program.nesting.mark()), (0, 0));
}

#[test]
fn calls_inside_of_callables_stand_behind_what_is_there() {
    let program = Program::new(&[
        |program, _| {
            let mark = program.nesting.mark();
            assert_eq!((program.nesting.depth(), mark % ARENA_ALIGNMENT, mark), (1, 0, 112));
            assert_eq!(program.call(USED, &[]), Ok((Status::Ok, vec![mark])));
            let (status, words) = program.call(ASK, &[2])?;
            assert_eq!((status, program.nesting.depth(), program.nesting.mark()), (Status::Ok, 1, mark));
            Ok(words[0])
        },
        |program, argument| {
            assert_eq!((argument, program.nesting.depth()), (20, 2));
            Ok(program.sum(&[argument, 1]))
        },
    ]);
    let mut request = program.request(ASK, &[1]);
    request.arena_used = 100;
    assert_eq!(program.make(&request, &[1; 100]), Ok((Status::Ok, vec![21])));
    assert_eq!((program.nesting.depth(), program.nesting.mark()), (0, 0));
}

#[test]
fn what_a_callable_raises_is_raised_when_the_call_has_ended() {
    let program = Program::new(&[|_, _| Err(Raised::Said("first")), |_, argument| Ok(argument)]);
    assert_eq!(program.call(ASK, &[2, 1, 2]), Err(Raised::Said("first")));
    assert_eq!(program.sum(&[4]), 4, "the channel is of use as before");
    assert_eq!((program.zones.borrow().len(), program.told()), (1, vec![]));
}

#[test]
fn an_answer_that_does_not_fit_is_none() {
    let program = Program::new(&[|_, _| Ok(TOO_MUCH)]);
    assert_eq!(fault(program.call(ASK, &[1])), CallFault::TooLarge { used: CALL_BYTES, room: CALL_BYTES });
    assert_eq!(program.sum(&[4]), 4);
}

/// A zone that asks what it cannot ask has its channel taken away, and the broker hears of it.
#[test]
fn questions_that_cannot_be_end_the_channel() {
    let wrong: [(&[u64], _); 6] = [
        (&[1, 1], ProtocolViolation::Words),
        (&[2, 1, 0, 0], ProtocolViolation::Question),
        (&[0, 1, 0, 0], ProtocolViolation::Question),
        (&[1, 2, 0, 0], ProtocolViolation::Question),
        (&[1, 0, 0, 0], ProtocolViolation::Question),
        (&[1, 1, CALL_BYTES + 1, 0], ProtocolViolation::Question),
    ];
    let program = Program::new(&[|_, _| panic!("nobody runs it")]);
    for (epoch, (words, violation)) in (0..).zip(wrong) {
        assert_eq!(program.connection.epoch(), epoch);
        assert_eq!(fault(program.call(LIE, words)), CallFault::Violation(violation), "{words:?}");
        assert_eq!(program.told(), [format!("overdue {}", epoch + 1)]);
        assert_eq!(program.connection.lost(), Some(Lost::GivenUp("function".into())));
        assert!(!program.connection.is_live());
    }
}

/// What follows the head of a question is the callable's matter: it does not run, and the call goes on.
#[test]
fn a_question_with_wrong_arguments_is_answered() {
    let program = Program::new(&[|_, _| panic!("it is not run")]);
    // The zone takes the answer for a request of that number, which it does not know.
    assert_eq!(program.call(LIE, &[1, 1, 0]), Err(Raised::Said("nothing is given")));
    assert_eq!(program.told(), [""; 0]);
}

#[test]
fn a_callable_that_leaves_disorder_has_not_returned() {
    let program = Program::new(&[|program, argument| {
        program.nesting.set_place(5, 0);
        Ok(argument)
    }]);
    assert_eq!(fault(program.call(ASK, &[1])), CallFault::OutOfOrder);
    assert_eq!((program.nesting.depth(), program.nesting.mark(), program.sum(&[4])), (0, 0, 4));
}

#[test]
fn the_end_of_a_channel_is_explained_and_the_next_call_opens_another() {
    let program = Program::new(&[]);
    assert_eq!(program.sum(&[1]), 1);
    program.zones.borrow()[0].shared.channel.end(TermsState::Ended);
    assert!(!program.connection.is_live());
    assert_eq!(program.connection.fate(0, &program), Some(Lost::End(End::Exited { code: 3, ran: None })));
    assert_eq!((program.told(), program.connection.epoch()), (vec!["why 1".to_owned()], 1));
    assert_eq!((program.sum(&[2]), program.zones.borrow().len()), (2, 2));
    assert_eq!(program.connection.fate(1, &program), None, "that one lives");

    // In the middle of a call.
    assert_eq!(fault(program.call(END, &[])), CallFault::Ended(End::Exited { code: 3, ran: None }));
    program.end.take();
    assert_eq!(fault(program.call(END, &[])), CallFault::EndedUnexplained);
    assert_eq!((program.sum(&[5]), program.connection.epoch()), (5, 3));
}

#[test]
fn what_was_revoked_is_not_opened_again() {
    for end in [End::Revoked, End::Expired] {
        let program = Program::new(&[]);
        program.sum(&[1]);
        program.end.replace(Some(end.clone()));
        program.zones.borrow()[0].shared.channel.end(TermsState::Revoked);
        assert_eq!(fault(program.call(SUM, &[])), CallFault::Ended(end));
        assert_eq!(program.zones.borrow().len(), 1);
    }
}

#[test]
fn a_call_that_takes_too_long_is_given_up() {
    let program = Program::new(&[]);
    program.deadline.set(Duration::from_millis(20));
    assert_eq!(fault(program.call(SLEEP, &[])), CallFault::DeadlineExceeded);
    assert_eq!((program.told(), program.connection.epoch()), (vec!["overdue 1".to_owned()], 1));
    program.deadline.set(LONG);
    assert_eq!((program.sum(&[4]), program.connection.lost()), (4, Some(Lost::GivenUp("function".into()))));
}

/// A zone that was replaced: a call that it had not begun can be made once more, one inside of a callable cannot, and what has another
/// interface by now is called by that.
#[test]
fn a_call_that_was_not_begun_is_said_to_be() {
    let program = Program::new(&[|program, _| {
        assert_eq!(fault(program.call(END, &[])), CallFault::Ended(End::Replaced { unfinished: false }));
        Ok(0)
    }]);
    for unfinished in [false, true] {
        let end = End::Replaced { unfinished };
        program.end.replace(Some(end.clone()));
        let expected = if unfinished { CallFault::Ended(end) } else { CallFault::NotBegun(end) };
        let epoch = program.connection.epoch();
        assert_eq!(fault(program.call(END, &[])), expected);
        assert!(program.connection.was_replaced(epoch) && program.connection.may_be_behind());
    }
    program.end.replace(Some(End::Replaced { unfinished: false }));
    assert_eq!(fault(program.call(ASK, &[1])), CallFault::Ended(End::Replaced { unfinished: false }));
    program.outdated.set(true);
    assert_eq!(fault(program.call(SUM, &[])), CallFault::Outdated);
    program.outdated.set(false);
    assert_eq!(program.sum(&[4]), 4);
    assert!(!program.connection.was_replaced(0));
}

/// Whatever waited on a channel that goes while a callable runs hears of it before another one is opened.
#[test]
fn a_channel_that_goes_while_a_callable_runs_ends_all_calls_on_it() {
    let program = Program::new(&[|program, argument| {
        program.zones.borrow()[0].shared.channel.end(TermsState::Ended);
        assert_eq!(fault(program.call(SUM, &[])), CallFault::Ended(End::Exited { code: 3, ran: None }));
        Ok(argument)
    }]);
    assert_eq!(fault(program.call(ASK, &[1])), CallFault::Ended(End::Exited { code: 3, ran: None }));
    assert_eq!(program.zones.borrow().len(), 1, "another one is opened by the next call");
    assert_eq!((program.nesting.depth(), program.sum(&[4])), (0, 4));
}

#[test]
fn a_channel_is_used_by_one_call_at_a_time() {
    let program = Program::new(&[]);
    program.sum(&[1]);
    let used = program.connection.channel(&program).expect("nobody uses it");
    assert_eq!(fault(program.call(SUM, &[])), CallFault::Busy);
    drop(used);
    assert_eq!(program.sum(&[2]), 2);
}

#[test]
fn what_was_left_comes_before_the_next_call() {
    let program = Program::new(&[]);
    program.connection.leave(&program, &program.request(SUM, &[1])).expect("nothing to be posted on");
    assert_eq!((program.connection.calls(), program.zones.borrow().len()), (0, 0));
    program.sum(&[1]);
    for _ in 0..100 {
        program.connection.leave(&program, &program.request(SUM, &[1000])).expect("posted");
        assert_eq!(program.sum(&[2]), 2, "that is the later call's reply");
    }
    // One that asks, which it must not, costs the channel.
    program.connection.leave(&program, &program.request(ASK, &[1])).expect("posted");
    assert_eq!((program.sum(&[3]), program.told()), (3, vec!["overdue 1".to_owned()]));
}

#[test]
fn a_request_about_what_is_there_needs_a_live_channel() {
    let program = Program::new(&[]);
    let about = program.nesting.request_of(SUM, 7);
    assert_eq!(fault(program.connection.exchange(&program, &about, |_| Ok(())).map(drop)), CallFault::Stale);
    program.connection.ensure_open(&program).expect("a channel");
    let end = program.connection.exchange(&program, &about, |_| Ok(())).expect("it is there");
    let words = end.channel.as_ref().map(|open: &OpenChannel<_>| open.caller.reply().words[0]);
    assert_eq!((end.outcome, words), (Ok(Status::Ok), Some(7)));
    drop(end);
    program.zones.borrow()[0].shared.channel.end(TermsState::Ended);
    assert_eq!(fault(program.connection.exchange(&program, &about, |_| Ok(())).map(drop)), CallFault::Stale);
}

/// Interrupted waits: what the program does about a signal decides whether the call goes on.
#[test]
fn a_signal_that_raises_nothing_lets_the_call_go_on() {
    let program = Program::new(&[]);
    assert_eq!(interrupted(&program, SUM, &[5]), Ok(Status::Ok));
    assert_eq!((program.told(), program.connection.epoch()), (vec![], 0));
}

#[test]
fn a_signal_that_raises_gives_the_call_up() {
    for waits in [false, true] {
        let program = Program::new(&[]);
        // Only Ctrl-C is worth a question to a host service.
        program.waits.set(waits);
        program.pending.replace(Some(Raised::Said("memory")));
        assert_eq!(interrupted(&program, SLEEP, &[]), Err(Raised::Said("memory")));
        assert_eq!((program.told(), program.connection.epoch()), (vec!["overdue 1".to_owned()], 1));
    }
}

#[test]
fn ctrl_c_ends_the_wait_of_a_host_service_and_loses_nothing() {
    let program = Program::new(&[]);
    program.waits.set(true);
    program.pending.replace(Some(Raised::Interrupt));
    // The service had just come to an end: that is the call's, and Ctrl-C comes after it.
    assert_eq!(interrupted(&program, SLEEP, &[]), Ok(Status::Ok));
    assert_eq!((program.told(), program.later.get()), (vec!["interrupt 1".to_owned()], 1));
    assert_eq!((program.connection.epoch(), program.sum(&[4])), (0, 4));
}

/// The error of a call whose wait was ended is what ended it; the channel is of use if the service has answered.
#[test]
fn ctrl_c_in_a_wait_is_raised_however_the_wait_ends() {
    for (function, words, deaf, told) in [
        (99, vec![], false, vec!["interrupt 1"]),
        (ASK, vec![1], false, vec!["interrupt 1", "overdue 1"]),
        (SLEEP, vec![], true, vec!["overdue 1"]),
    ] {
        let program = Program::new(&[|_, _| panic!("whoever waits asks none")]);
        program.waits.set(true);
        program.deaf.set(deaf);
        program.pending.replace(Some(Raised::Interrupt));
        assert_eq!(interrupted(&program, function, &words), Err(Raised::Interrupt), "{function}");
        assert_eq!((program.told(), program.later.get()), (told.iter().map(|&one| one.into()).collect(), 0));
        assert_eq!(program.sum(&[4]), 4);
    }
}

/// The signal of a callable that takes too long is the callable's: a call that does not run one goes on.
#[test]
fn a_callable_s_time_is_no_matter_of_other_calls() {
    let program = Program::new(&[]);
    program.timed_out.set(true);
    program.pending.replace(Some(Raised::Said("nobody has looked")));
    assert_eq!(interrupted(&program, SUM, &[5]), Ok(Status::Ok));
    assert!(program.pending.take().is_some());
}

/// That a callable has taken too long is an error of the call if the call has ended because of it.
#[test]
fn a_callable_that_takes_too_long_is_told_of_if_it_mattered() {
    let program = Program::new(&[|_, _| Err(LATE)]);
    assert_eq!(program.call(ASK, &[1]), Err(LATE));
    // The zone takes the answer for a request of that number, which it does not know: the call ends with that.
    assert_eq!(program.call(LIE, &[1, 1, 0, 10]), Ok((Status::BadArgument, vec![])));
}

/// A zone that was replaced: what is called inside of a call that goes on there is for the same one, and the next call for the new one.
#[test]
fn a_closed_channel_is_for_what_goes_on_there() {
    let program = Program::new(&[|program, argument| {
        program.zones.borrow()[0].shared.channel.close();
        let about = program.nesting.request_of(SUM, 7);
        let end = program.connection.exchange(program, &about, |_| Ok(()))?;
        assert_eq!(end.outcome, Ok(Status::Ok));
        drop(end);
        Ok(program.sum(&[argument, 1]))
    }]);
    program.end.replace(Some(End::Replaced { unfinished: false }));
    assert_eq!(program.call(ASK, &[1, 1]), Ok((Status::Ok, vec![22])));
    assert_eq!((program.zones.borrow().len(), program.connection.is_live()), (1, false));
    assert_eq!((program.sum(&[4]), program.zones.borrow().len()), (4, 2));
    assert_eq!((program.told(), program.connection.is_live()), (vec!["why 1".to_owned()], true));
}

/// Post a request, have the wait for it interrupted, and go on.
fn interrupted(program: &Program, function: u32, words: &[u64]) -> Result<Status, Raised> {
    program.connection.ensure_open(program)?;
    let mut channel = program.connection.channel(program)?;
    channel.as_mut().expect("a channel").caller.post(&program.request(function, words), LONG);
    let end = program.connection.converse(program, channel, Err(CallError::Interrupted))?;
    Ok(end.outcome.expect("a reply"))
}

#[test]
fn what_an_arena_holds_is_counted_and_given_back() {
    FREE_BYTES.set(64 << 20);
    let program = Program::new(&[]);
    let mut request = program.request(SUM, &[1]);
    request.arena_used = 5 << 20;
    assert_eq!(program.make(&request, &vec![1; 5 << 20]), Ok((Status::Ok, vec![1])));
    assert_eq!(HELD_BYTES.get(), 4 << 20, "all but the first MiB");
    FREE_BYTES.set(0);
    // With next to nothing free, what an earlier call has left is given back first.
    request.arena_used = 6 << 20;
    assert_eq!(fault(program.make(&request, &[])), CallFault::NoMemory);
    assert_eq!(HELD_BYTES.get(), 0);
    FREE_BYTES.set(64 << 20);
    assert_eq!(program.make(&request, &[]), Ok((Status::Ok, vec![1])));
    assert_eq!(HELD_BYTES.get(), 5 << 20);
    drop(program);
    assert_eq!(HELD_BYTES.get(), 0);
}

#[test]
fn arguments_that_do_not_fit_are_not_sent() {
    FREE_BYTES.set(64 << 20);
    let program = Program::new(&[]);
    let mut request = program.request(SUM, &[1]);
    request.arena_used = CALL_BYTES + 1;
    let bytes = vec![1; CALL_BYTES as usize + 1];
    assert_eq!(fault(program.make(&request, &bytes)), CallFault::TooLarge { used: CALL_BYTES + 1, room: CALL_BYTES });
    assert_eq!((program.connection.calls(), program.sum(&[2])), (0, 2));
}
