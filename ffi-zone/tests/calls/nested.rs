//! Calls inside of callbacks, on the same thread, with a stand-in for the side that asks the client.

use crate::common;
use crate::common::Argument::{Bytes, Word};
use crate::common::{BOTH, Bench, CLIENT};
use cloison_contract::FunctionId;
use cloison_contract::call::{CLOSE, MAX_DEPTH, Request, Status};
use cloison_contract::interface::Instances;
use cloison_zone::callback::callables::{BoundCallback, CallbackSource, ClosureId, Unbound};
use cloison_zone::marshal::Origin;
use cloison_zone::marshal::refusal::{Refusal, empty_reply};
use std::cell::{Cell, RefCell};

thread_local! {
    /// What the callable does.
    static CALLABLE: Cell<Option<&'static dyn Fn(i32) -> i32>> = const { Cell::new(None) };
}

extern "C" fn visit(value: i32) -> i32 {
    CALLABLE.get().expect("set")(value)
}

/// Lends the one function above, and counts.
#[derive(Default)]
struct Lender {
    lent: Cell<u32>,
    /// How much of the arena was in use when C ran.
    in_use: Cell<u64>,
    released: RefCell<Vec<u32>>,
}

impl CallbackSource for Lender {
    fn bind(&self, _: FunctionId, _: usize, callable: u64) -> Result<BoundCallback, Unbound> {
        match callable {
            1..10 => {
                self.lent.set(self.lent.get() + 1);
                let address = (visit as extern "C" fn(i32) -> i32) as usize as u64;
                Ok(BoundCallback { address, closure: ClosureId(callable as u32) })
            }
            10..20 => Err(Unbound::TooMany),
            _ => Err(Unbound::Malformed),
        }
    }

    fn release(&self, closure: ClosureId) {
        self.released.borrow_mut().push(closure.0);
    }

    fn starts(&self, _: u32, in_use: u64) {
        self.in_use.set(in_use);
    }

    fn ended(&self) -> Option<Box<Refusal>> {
        None
    }
}

struct Nest {
    bench: Bench,
    lender: Lender,
}

impl Nest {
    fn new(instances: Instances) -> &'static Self {
        Box::leak(Box::new(Self { bench: Bench::surface(instances), lender: Lender::default() }))
    }

    /// Status, first word, and how much of the arena was in use while C ran.
    fn call(&self, name: &str, arguments: &[common::Argument<'_>]) -> (Status, u64, u64) {
        let request = self.bench.request(name, arguments);
        let mut reply = empty_reply();
        let origin = Origin::new(CLIENT, self.bench.caller.arena(), &self.lender);
        match request.function {
            CLOSE => self.bench.marshal.close(&self.bench.workspace, &origin, &request, &mut reply),
            _ => {
                self.bench.marshal.call(&self.bench.workspace, &origin, &request, &mut reply);
            }
        }
        (reply.status, reply.words[0], self.lender.in_use.get())
    }

    fn close(&self, word: u64) -> Status {
        let request = Request { function: CLOSE, count: 1, words: [word; 64], ..Request::EMPTY };
        let mut reply = empty_reply();
        let origin = Origin::new(CLIENT, self.bench.caller.arena(), &self.lender);
        self.bench.marshal.close(&self.bench.workspace, &origin, &request, &mut reply);
        reply.status
    }

    fn does(&'static self, callable: impl Fn(&'static Self, i32) -> i32 + 'static) {
        CALLABLE.set(Some(Box::leak(Box::new(move |value| callable(self, value)))));
    }
}

#[test]
fn a_callable_calls_again() {
    for instances in BOTH {
        let nest = Nest::new(instances);
        let one = nest.call("thing_new", &[Word(1)]).1;
        nest.does(move |nest, value| match value {
            0 => 0,
            _ => {
                // What the outer call has in scratch memory and in its frame is its own.
                nest.call("points_sum", &[Bytes(&[1; 64])]);
                nest.call("thing_visit", &[Word(one), Word(1), Word(value as u64 - 1)]).1 as i32
            }
        });
        for depth in 0..MAX_DEPTH as u64 {
            let (status, sum, _) = nest.call("thing_visit", &[Word(one), Word(1), Word(depth)]);
            assert_eq!((status, sum), (Status::Ok, depth + 1), "one for each level");
        }
        assert_eq!(nest.lender.lent.get() as usize, nest.lender.released.borrow().len());
    }
}

#[test]
fn too_deep_is_an_error_and_not_the_end() {
    let nest = Nest::new(Instances::Shared);
    let one = nest.call("thing_new", &[Word(0)]).1;
    nest.does(move |nest, value| match nest.call("thing_visit", &[Word(one), Word(1), Word(value as u64 + 1)]) {
        (Status::Ok, deepest, _) => deepest as i32,
        (status, ..) => {
            assert_eq!(status, Status::TooMany);
            value
        }
    });
    assert_eq!(nest.call("thing_visit", &[Word(one), Word(1), Word(0)]).1, MAX_DEPTH as u64);
    assert_eq!(nest.call("thing_visit", &[Word(one), Word(1), Word(0)]).1, MAX_DEPTH as u64, "and again");
}

#[test]
fn what_the_outer_call_uses_cannot_be_closed_inside() {
    let nest = Nest::new(Instances::Shared);
    let one = nest.call("thing_new", &[Word(4)]).1;
    let child = nest.call("thing_child", &[Word(one), Word(5)]).1;
    nest.does(move |nest, _| {
        assert_eq!(nest.close(child), Status::BadArgument);
        assert_eq!(nest.close(one), Status::BadArgument, "its owner");
        assert_eq!(nest.call("thing_close", &[Word(one)]).0, Status::BadArgument);
        100
    });
    assert_eq!(nest.call("thing_visit", &[Word(child), Word(1), Word(0)]).1, 105);
    assert_eq!(nest.close(one), Status::Ok);
}

#[test]
fn function_pointers_are_given_back_when_nothing_calls_them_any_more() {
    let nest = Nest::new(Instances::Shared);
    let one = nest.call("thing_new", &[Word(4)]).1;
    nest.does(|_, value| value * 2);
    assert_eq!(nest.call("thing_visit", &[Word(one), Word(3), Word(5)]).1, 14);
    assert_eq!(*nest.lender.released.borrow(), [3], "with the call");
    assert_eq!(nest.call("thing_watch", &[Word(one), Word(4)]).0, Status::Ok);
    assert_eq!(nest.call("thing_notify", &[Word(21)]).1, 42);
    assert_eq!(*nest.lender.released.borrow(), [3], "kept");
    assert_eq!(nest.close(one), Status::Ok);
    assert_eq!(*nest.lender.released.borrow(), [3, 4], "with the object");
    assert_eq!(nest.call("thing_watch", &[Word(one), Word(5)]).0, Status::StaleHandle);
    let one = nest.call("thing_new", &[Word(4)]).1;
    assert_eq!(nest.call("thing_visit", &[Word(one), Word(0), Word(5)]).0, Status::BadArgument, "None");
    assert_eq!(nest.call("thing_visit", &[Word(one), Word(11), Word(5)]).0, Status::TooMany);
    assert_eq!(nest.call("thing_visit", &[Word(one), Word(99), Word(5)]).0, Status::Malformed);
    // A call that is not made keeps nothing.
    assert_eq!(nest.call("thing_visit", &[Word(one), Word(6), Word(1 << 40)]).0, Status::BadArgument);
    assert_eq!(*nest.lender.released.borrow(), [3, 4, 6]);
}

#[test]
fn while_c_runs_the_arena_behind_the_call_is_free() {
    let nest = Nest::new(Instances::PerClient);
    nest.does(|_, value| value);
    let one = nest.call("thing_new", &[Word(4)]).1;
    assert_eq!(nest.call("points_sum", &[Bytes(&[0; 64])]).2, 64);
    assert_eq!(nest.call("point_make", &[Word(0), Word(0)]).2, 16, "room for the result");
    assert_eq!(nest.call("thing_visit", &[Word(one), Word(1), Word(0)]).2, 0);
}
