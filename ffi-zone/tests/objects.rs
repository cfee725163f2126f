//! Objects of the library: their whole life, what goes with them, and what must not come of it.

mod common;

use cloison_contract::call::{CLOSE, NULL, Reply, Request, SYNC, Status};
use cloison_contract::interface::Instances;
use cloison_contract::message::ChannelId;
use cloison_zone::callback::callables::NoCallables;
use cloison_zone::marshal::Origin;
use cloison_zone::marshal::refusal::empty_reply;
use common::Argument::{Bytes, Null, Word};
use common::surface::MAX_THINGS;
use common::walls::no_address;
use common::{Argument, BOTH, Bench, CLIENT};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The library counts its objects: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

struct Things {
    bench: Bench,
    _alone: MutexGuard<'static, ()>,
}

impl Things {
    fn new(instances: Instances) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut things = Self { bench: Bench::surface(instances), _alone: alone };
        things.one("freed", &[]);
        things
    }

    /// Calls, and looks whether an address comes back.
    fn call(&mut self, name: &str, arguments: &[Argument<'_>]) -> Reply {
        let reply = self.bench.call(name, arguments);
        no_address(&self.bench, &reply, name);
        reply
    }

    /// The word of a call that must succeed.
    fn one(&mut self, name: &str, arguments: &[Argument<'_>]) -> u64 {
        let reply = self.call(name, arguments);
        assert_eq!(reply.status, Status::Ok, "{name}: {}", self.bench.explanation(&reply));
        reply.words[0]
    }

    fn bytes(&mut self, name: &str, arguments: &[Argument<'_>]) -> Vec<u8> {
        let reply = self.call(name, arguments);
        assert_eq!(reply.status, Status::Ok, "{name}: {}", self.bench.explanation(&reply));
        self.bench.bytes(reply.words[0], reply.words[1])
    }

    /// Status and explanation of a call that must fail.
    fn fails(&mut self, name: &str, arguments: &[Argument<'_>]) -> (Status, u64, String) {
        let reply = self.call(name, arguments);
        assert_ne!(reply.status, Status::Ok, "{name}");
        (reply.status, reply.words[0], self.bench.explanation(&reply))
    }

    fn new_thing(&mut self, value: u64) -> u64 {
        self.one("thing_new", &[Word(value)])
    }

    fn close(&mut self, word: u64) -> Status {
        self.bench.any(&Request { function: CLOSE, count: 1, words: [word; 64], ..Request::EMPTY }).status
    }

    fn sync(&mut self, number: u64) -> Result<Vec<u8>, Status> {
        let reply = self.bench.any(&Request { function: SYNC, count: 1, words: [number; 64], ..Request::EMPTY });
        match reply.status {
            Status::Ok => Ok(self.bench.bytes(reply.words[0], reply.words[1])),
            status => Err(status),
        }
    }

    fn live(&mut self) -> u64 {
        self.one("things", &[])
    }
}

impl Drop for Things {
    fn drop(&mut self) {
        self.bench.marshal.end_client(&self.bench.workspace, CLIENT, &NoCallables);
        if !std::thread::panicking() {
            assert_eq!(self.live(), 0, "nothing is left");
        }
    }
}

#[test]
fn from_its_making_to_its_end() {
    for instances in BOTH {
        let mut things = Things::new(instances);
        let one = things.new_thing(4);
        assert_eq!(things.one("thing_value", &[Word(one)]), 4);
        assert_eq!(things.one("thing_value", &[Word(0)]), -1_i64 as u64, "None");
        assert_eq!(things.close(one), Status::Ok);
        assert_eq!((things.live(), things.one("freed", &[])), (0, 4));
        assert_eq!(things.close(one), Status::StaleHandle);
        assert_eq!(things.fails("thing_value", &[Word(one)]), (Status::StaleHandle, 0, "is closed".into()));
        let (status, _, text) = things.fails("thing_new", &[Word(-1_i64 as u64)]);
        assert_eq!((status, text.as_str()), (Status::NativeError, "it returned NULL"));
        assert_eq!(things.fails("thing_child", &[Word(0), Word(1)]).0, Status::BadArgument, "None");
    }
}

#[test]
fn children_end_before_their_parents() {
    let mut things = Things::new(Instances::Shared);
    let parent = things.new_thing(1);
    let child = things.one("thing_child", &[Word(parent), Word(2)]);
    let grandchild = things.one("thing_child", &[Word(child), Word(3)]);
    assert_eq!(things.one("thing_parent", &[Word(child)]), parent, "the handle that is there already");
    assert_eq!(things.one("thing_self", &[Word(child)]), child);
    assert_eq!(things.one("thing_parent", &[Word(parent)]), 0, "None");
    assert_eq!(things.close(parent), Status::Ok);
    assert_eq!(things.one("freed", &[]), 3_02_01);
    for word in [parent, child, grandchild] {
        assert_eq!(things.fails("thing_value", &[Word(word)]).0, Status::StaleHandle);
    }
}

#[test]
fn a_call_that_ends_a_thing_ends_its_handle_unless_it_fails() {
    let mut things = Things::new(Instances::Shared);
    let one = things.new_thing(4);
    let child = things.one("thing_child", &[Word(one), Word(5)]);
    let reply = things.call("thing_close", &[Word(one)]);
    assert_eq!((reply.status, reply.count), (Status::Ok, 0));
    assert_eq!(things.one("freed", &[]), 5_04, "the child before");
    assert_eq!(things.fails("thing_value", &[Word(child)]).0, Status::StaleHandle);
    assert_eq!(things.fails("thing_close", &[Word(one)]).0, Status::StaleHandle);
    let stays = things.new_thing(13);
    assert_eq!(things.fails("thing_close", &[Word(stays)]), (Status::NativeError, 13, "thing 13 failed".into()));
    assert_eq!(things.one("thing_value", &[Word(stays)]), 13);
    // A free function that is offered is no way to free twice.
    things.call("thing_free", &[Word(stays)]);
    assert_eq!((things.live(), things.close(stays)), (0, Status::StaleHandle));
}

#[test]
fn errors_explain_themselves_by_their_object() {
    let mut things = Things::new(Instances::Shared);
    let one = things.one("thing_open", &[Word(4)]);
    let other = things.new_thing(9);
    assert_eq!(things.fails("thing_fail", &[Word(other)]), (Status::NativeError, 9, "thing 9 failed".into()));
    let fine = things.new_thing(0);
    things.call("thing_fail", &[Word(fine)]);
    let before = things.live();
    let failed = things.fails("thing_open", &[Word(-4_i64 as u64)]);
    assert_eq!(failed, (Status::NativeError, 7, "thing 4 failed".into()), "of what the place held");
    assert_eq!(things.live(), before, "which has been freed");
    assert_eq!(things.one("thing_value", &[Word(one)]), 4);
}

/// SQLite's way: a statement's errors are told by its connection.
#[test]
fn errors_are_explained_by_the_object_behind_an_object() {
    let mut things = Things::new(Instances::Shared);
    let parent = things.new_thing(9);
    let child = things.one("thing_child", &[Word(parent), Word(4)]);
    assert_eq!(things.fails("child_fail", &[Word(child)]), (Status::NativeError, 4, "thing 9 failed".into()));
    let orphan = things.new_thing(5);
    let failed = things.fails("child_fail", &[Word(orphan)]);
    assert_eq!(failed, (Status::NativeError, 5, "thing -1 failed".into()), "NULL, which this message may be asked of");
}

#[test]
fn others_objects_and_guesses_are_stale() {
    let mut things = Things::new(Instances::Shared);
    let one = things.new_thing(4);
    for guess in [1, one + 1, one + (1 << 32), one ^ 1 << 40, u64::MAX, NULL] {
        assert_eq!(things.fails("thing_value", &[Word(guess)]).0, Status::StaleHandle, "{guess:x}");
        assert_eq!(things.close(guess), Status::StaleHandle);
    }
    let request = things.bench.request("thing_value", &[Word(one)]);
    let mut reply = empty_reply();
    let other = Origin::new(ChannelId(2), things.bench.caller.arena(), &NoCallables);
    things.bench.marshal.call(&things.bench.workspace, &other, &request, &mut reply);
    assert_eq!(reply.status, Status::StaleHandle);
    things.bench.marshal.end_client(&things.bench.workspace, ChannelId(2), &NoCallables);
    assert_eq!(things.one("thing_value", &[Word(one)]), 4);
}

#[test]
fn no_more_than_there_may_be() {
    let mut things = Things::new(Instances::Shared);
    for value in 0..u64::from(MAX_THINGS) {
        things.new_thing(value);
    }
    assert_eq!(things.fails("thing_new", &[Word(1)]).0, Status::TooMany);
    assert_eq!(things.live(), u64::from(MAX_THINGS), "what there is no handle for has been freed");
}

#[test]
fn what_the_library_keeps_stays_until_its_object_ends() {
    for instances in BOTH {
        let mut things = Things::new(instances);
        let one = things.new_thing(4);
        things.call("thing_keep", &[Word(one), Bytes(b"a name that stays")]);
        things.call("thing_keep_data", &[Word(one), Bytes(&[1, 2, 3])]);
        // Other calls use the same scratch memory and the same arena.
        things.bench.call("texts_length", &[Bytes(&[])]);
        things.bench.call("points_sum", &[Bytes(&[0; 4096])]);
        assert_eq!(things.bytes("thing_name", &[Word(one)]), b"a name that stays");
        assert_eq!(things.bytes("thing_data", &[Word(one)]), [1, 2, 3]);
        assert_eq!(things.bytes("thing_copy", &[Word(one)]), [1, 2, 3]);
        assert_eq!(things.live(), 1, "the copy has been released");
        things.call("thing_keep", &[Word(one), Null]);
        let named = things.one("thing_named", &[Bytes(b"kept by the value")]);
        assert_eq!(things.bytes("thing_name", &[Word(named)]), b"kept by the value");
        assert_eq!(things.call("thing_name", &[Word(one)]).words[0], NULL);
        let (status, parameter, _) = things.fails("thing_keep", &[Word(one), Bytes(b"a\0b")]);
        assert_eq!((status, parameter), (Status::BadArgument, 1));
        // What is kept is checked like anything else: a `_Bool` is 0 or 1.
        things.call("thing_keep_flags", &[Word(one), Bytes(&[1, 0, 1])]);
        things.bench.call("points_sum", &[Bytes(&[2; 4096])]);
        assert_eq!(things.bytes("thing_data", &[Word(one)]), [1, 0, 1]);
        assert_eq!(things.fails("thing_keep_flags", &[Word(one), Bytes(&[2])]).0, Status::Malformed);
    }
}

#[test]
fn the_library_keeps_no_more_than_it_may() {
    let mut things = Things::new(Instances::Shared);
    let one = things.new_thing(4);
    let half = vec![1; 400 << 10];
    things.one("thing_value", &[Word(one)]);
    assert_eq!(things.call("thing_keep_data", &[Word(one), Bytes(&half)]).status, Status::Ok);
    assert_eq!(things.call("thing_keep_data", &[Word(one), Bytes(&half)]).status, Status::Ok);
    assert_eq!(things.fails("thing_keep_data", &[Word(one), Bytes(&half)]).0, Status::TooMany);
    assert_eq!(things.close(one), Status::Ok);
    let one = things.new_thing(4);
    assert_eq!(things.call("thing_keep_data", &[Word(one), Bytes(&half)]).status, Status::Ok);
}

#[test]
fn a_buffer_that_is_written_later() {
    let mut things = Things::new(Instances::Shared);
    let one = things.new_thing(4);
    let number = things.one("thing_late", &[Word(one), Word(5)]);
    assert_eq!(things.sync(number), Ok(vec![1, 0, 0, 0, 0]));
    things.call("thing_write", &[Word(one), Word(7)]);
    assert_eq!(things.sync(number), Ok(vec![7; 5]));
    assert_eq!(things.sync(number + 1), Err(Status::StaleHandle));
    assert_eq!(things.sync(0), Err(Status::StaleHandle));
    assert_eq!(things.close(one), Status::Ok);
    assert_eq!(things.sync(number), Err(Status::StaleHandle));
    assert_eq!(things.fails("thing_late", &[Word(one), Word(5)]).0, Status::StaleHandle);
    let other = things.new_thing(1);
    assert_eq!(things.fails("thing_late", &[Word(other), Word(1 << 40)]).0, Status::BadArgument);
}

#[test]
fn what_is_given_is_copied_and_freed() {
    for instances in BOTH {
        let mut things = Things::new(instances);
        let (zero, two, five) = (things.new_thing(0), things.new_thing(2), things.new_thing(5));
        assert_eq!(things.bytes("thing_describe", &[Word(two)]), b"a thing");
        assert_eq!(things.call("thing_describe", &[Word(zero)]).words[..2], [NULL, 0]);
        assert_eq!(things.fails("thing_describe", &[Word(five)]).2, "thing 5 failed");
        let points: Vec<u8> = [0.0_f64, 0.0, 1.0, -1.0].iter().flat_map(|one| one.to_le_bytes()).collect();
        let given = things.bytes("thing_points", &[Word(two)]);
        assert_eq!((given.len(), &given[16..]), (32, &points[16..]));
        assert_eq!(things.bytes("thing_origin", &[Word(two)]), [3.0_f64.to_le_bytes(), 4.0_f64.to_le_bytes()].concat());
        assert_eq!(things.call("thing_origin", &[Word(zero)]).words[..2], [NULL, 0]);
        assert_eq!(things.live(), 3);
    }
}

#[test]
fn objects_in_records_are_handles() {
    for instances in BOTH {
        let mut things = Things::new(instances);
        let one = things.new_thing(4);
        let holder = things.bytes("hold", &[Word(one)]);
        assert_eq!(holder[8..16], one.to_le_bytes());
        assert_eq!((holder[0], &holder[1..8], &holder[16..]), (b'h', &[0; 7][..], &[0; 24][..]));
        assert_eq!(things.one("held", &[Bytes(&holder)]), 1104);
        let mut wrong = holder.clone();
        wrong[8] ^= 1;
        assert_eq!(things.fails("held", &[Bytes(&wrong)]).0, Status::StaleHandle);
        wrong[8..16].fill(0);
        assert_eq!(things.fails("held", &[Bytes(&wrong)]).0, Status::BadArgument);
        let other = things.new_thing(5);
        let list: Vec<u8> = [one, 0, other].iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(things.one("things_sum", &[Bytes(&list)]), 9);
        assert_eq!(things.close(one), Status::Ok, "nothing is in use any more");
        assert_eq!(things.fails("things_sum", &[Bytes(&list)]).0, Status::StaleHandle);
    }
}
