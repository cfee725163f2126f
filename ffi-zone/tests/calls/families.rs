//! Objects that own others, of clients that share a zone: what ends with what, on which thread, and what must not meanwhile.

use crate::common;
use crate::common::Argument::Word;
use crate::common::asking::handle;
use crate::common::zone::{Answer, CallbackQuestion, Client, LONG, Zone};
use cloison_contract::Interface;
use cloison_contract::call::{CLOSE, HELD, MAX_WORDS, Request, Status};
use cloison_contract::interface::Instances;
use cloison_zone::marshal::functions::Functions;

/// More than there are function pointers for one client.
const MANY: usize = 200;

fn interface(threads: u32) -> Interface {
    let mut interface = common::manifest("families", Instances::Shared);
    interface.sandbox.threads = threads;
    interface
}

/// Statements belong to the thread that made them. Nothing is said about databases.
fn affine() -> Interface {
    let mut interface = interface(3);
    handle(&mut interface, "stmt").thread_affine = true;
    interface
}

fn functions(interface: Interface) -> Functions {
    common::functions_of(interface, common::load("families.c"))
}

fn of(value: i64) -> Answer {
    Answer::Returns(vec![value as u64])
}

fn special(function: u32, word: u64) -> Request {
    let mut request = Request { function, count: 1, arena_used: 0, words: [0; MAX_WORDS] };
    request.words[0] = word;
    request
}

fn close(client: &mut Client, word: u64, answer: impl FnMut(&mut Client, &CallbackQuestion) -> Answer) -> Status {
    client.converse(&special(CLOSE, word), answer).status
}

fn held(client: &mut Client, word: u64) -> Status {
    client.caller.call(&special(HELD, word), LONG).expect("a reply")
}

fn one(zone: &Zone, client: &mut Client, name: &str, words: &[u64]) -> u64 {
    let arguments: Vec<_> = words.iter().map(|word| Word(*word)).collect();
    let reply = zone.call(client, name, &arguments);
    assert_eq!(reply.status, Status::Ok, "{name}: {}", client.explanation(&reply));
    reply.words[0]
}

/// Also of what belongs to a borrowed object, and where objects belong to threads.
#[test]
fn a_client_may_ask_whether_it_still_has_an_object() {
    for interface in [interface(2), affine()] {
        let zone = Zone::start(interface, functions);
        let (mut owner, mut user) = (zone.attach(1, zone.everything()), zone.attach(2, zone.everything()));
        let db = one(&zone, &mut owner, "db_open", &[]);
        let lent = one(&zone, &mut user, "db_latest", &[]);
        let stmt = one(&zone, &mut user, "stmt_new", &[lent, 0]);
        assert_eq!([db, stmt].map(|word| held(&mut owner, word)), [Status::Ok, Status::StaleHandle], "its own alone");
        assert_eq!([lent, stmt].map(|word| held(&mut user, word)), [Status::Ok, Status::Ok]);
        let mut no_word = special(HELD, lent);
        no_word.count = 0;
        assert_eq!(user.caller.call(&no_word, LONG), Ok(Status::Malformed));
        assert_eq!(close(&mut owner, db, |_, _| unreachable!()), Status::Ok);
        assert_eq!(held(&mut owner, db), Status::StaleHandle);
        assert_eq!([lent, stmt].map(|word| held(&mut user, word)), [Status::StaleHandle, Status::StaleHandle]);
        zone.stop();
    }
}

#[test]
fn an_owner_does_not_end_what_another_clients_call_uses() {
    let zone = Zone::start(interface(2), functions);
    let (mut owner, mut user) = (zone.attach(1, zone.everything()), zone.attach(2, zone.everything()));
    let db = one(&zone, &mut owner, "db_open", &[]);
    let lent = one(&zone, &mut user, "db_latest", &[]);
    let stmt = one(&zone, &mut user, "stmt_new", &[lent, 0]);
    let held = zone.converse(&mut user, "stmt_hold", &[Word(stmt), Word(1)], |_, _| {
        assert_eq!(close(&mut owner, db, |_, _| unreachable!()), Status::BadArgument, "in use");
        assert_eq!(zone.call(&mut owner, "db_destroy", &[Word(db)]).status, Status::BadArgument, "in use");
        of(0)
    });
    assert_eq!((held.status, held.words[0]), (Status::Ok, 1), "both are there");
    assert_eq!(close(&mut owner, db, |_, _| unreachable!()), Status::Ok);
    assert_eq!(zone.call(&mut user, "stmt_hold", &[Word(stmt), Word(1)]).status, Status::StaleHandle);
    zone.stop();
}

#[test]
fn an_owner_that_leaves_does_not_take_along_what_another_clients_call_uses() {
    let zone = Zone::start(interface(2), functions);
    let (mut owner, mut user) = (zone.attach(1, zone.everything()), zone.attach(2, zone.everything()));
    one(&zone, &mut owner, "db_open", &[]);
    let lent = one(&zone, &mut user, "db_latest", &[]);
    let stmt = one(&zone, &mut user, "stmt_new", &[lent, 0]);
    let before = one(&zone, &mut user, "stmt_frees", &[]);
    let held = zone.converse(&mut user, "stmt_hold", &[Word(stmt), Word(1)], |_, _| {
        zone.detach(owner.id);
        of(0)
    });
    assert_eq!((held.status, held.words[0]), (Status::Ok, 1), "both are there");
    while one(&zone, &mut user, "stmt_frees", &[]) == before {
        std::thread::yield_now();
    }
    assert_eq!(zone.call(&mut user, "db_live", &[Word(lent)]).status, Status::StaleHandle);
    zone.stop();
}

#[test]
fn a_callable_of_a_dying_objects_child_cannot_get_hold_of_it() {
    let zone = Zone::start(interface(1), functions);
    let mut client = zone.attach(1, zone.everything());
    let db = one(&zone, &mut client, "db_open", &[]);
    one(&zone, &mut client, "stmt_new", &[db, 1]);
    let mut asked = 0;
    let closed = close(&mut client, db, |client, question| {
        asked += 1;
        assert_eq!(question.words, [1], "it is still there");
        let reply = zone.call(client, "db_latest", &[]);
        assert_eq!(reply.status, Status::NativeError);
        assert_eq!(client.explanation(&reply), "the library has given a db that is being freed");
        of(0)
    });
    assert_eq!((closed, asked), (Status::Ok, 1));
    zone.stop();
}

#[test]
fn a_callable_of_another_clients_child_is_given_back_when_an_owner_ends() {
    let zone = Zone::start(interface(1), functions);
    let (mut owner, mut user) = (zone.attach(1, zone.everything()), zone.attach(2, zone.everything()));
    for callable in 0..MANY as u64 {
        let db = one(&zone, &mut owner, "db_open", &[]);
        let lent = one(&zone, &mut user, "db_latest", &[]);
        one(&zone, &mut user, "stmt_new", &[lent, 1 + callable]);
        match callable % 2 {
            0 => assert_eq!(close(&mut owner, db, |_, _| unreachable!()), Status::Ok),
            _ => {
                one(&zone, &mut owner, "db_destroy", &[db]);
            }
        }
    }
    for (id, callable) in (10..).zip(0..MANY as u64) {
        let mut owner = zone.attach(id, zone.everything());
        one(&zone, &mut owner, "db_open", &[]);
        let lent = one(&zone, &mut user, "db_latest", &[]);
        one(&zone, &mut user, "stmt_new", &[lent, 1 + callable]);
        zone.detach(owner.id);
    }
    zone.stop();
}

/// A call that waits for the thread that another client's call keeps busy has not begun: its client can leave.
#[test]
fn a_client_whose_call_waits_for_a_busy_thread_can_leave() {
    let mut interface = affine();
    interface.sandbox.threads = 2;
    let zone = Zone::start(interface, functions);
    let mut clients = [1, 2, 3, 4].map(|id| zone.attach(id, zone.everything()));
    let [user, waiting, idle, other] = &mut clients;
    let made = |client: &mut Client| {
        let db = one(&zone, client, "db_open", &[]);
        one(&zone, client, "stmt_new", &[db, 0])
    };
    let (stmt, theirs) = (made(user), made(waiting));
    made(idle);
    let (before, strays) = (one(&zone, other, "stmt_frees", &[]), one(&zone, other, "stmt_strays", &[]));
    let reply = zone.converse(user, "stmt_hold", &[Word(stmt), Word(1)], |_, _| {
        let request = common::request(zone.id("stmt_hold"), &[Word(theirs), Word(1)], waiting.caller.arena());
        waiting.caller.post(&request, LONG);
        // By then the other thread has looked at all channels.
        (0..10).for_each(|_| assert_eq!(one(&zone, other, "stmt_frees", &[]), before));
        zone.detach(waiting.id);
        zone.detach(idle.id);
        assert_eq!(one(&zone, other, "stmt_frees", &[]), before, "what they have left waits for its thread");
        of(0)
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, 1));
    while one(&zone, other, "stmt_frees", &[]) != before + 2 {
        std::thread::yield_now();
    }
    assert_eq!(one(&zone, user, "stmt_strays", &[]), strays);
    zone.stop();
}

/// Inside of a callable that may take so long and no longer.
#[test]
fn a_call_inside_of_a_callable_does_not_wait_for_a_busy_thread_forever() {
    let zone = Zone::start(affine(), functions);
    let (mut user, mut other) = (zone.attach(1, zone.everything()), zone.attach(2, zone.everything()));
    let db = one(&zone, &mut user, "db_open", &[]);
    let stmt = one(&zone, &mut user, "stmt_new", &[db, 0]);
    let reply = zone.converse(&mut user, "stmt_hold", &[Word(stmt), Word(1)], |_, _| {
        let asked = zone.converse(&mut other, "ask", &[Word(1)], |client, _| {
            assert_eq!(zone.call(client, "db_open", &[]).status, Status::CallbackOverdue);
            of(0)
        });
        assert_eq!(asked.status, Status::CallbackOverdue);
        of(0)
    });
    assert_eq!((reply.status, reply.words[0]), (Status::Ok, 1));
    one(&zone, &mut other, "db_open", &[]);
    zone.stop();
}

/// `int f(T **)`: the library is given a variable, ends the object there and clears that.
#[test]
fn an_object_may_end_in_a_variable() {
    let zone = Zone::start(interface(1), functions);
    let mut client = zone.attach(1, zone.everything());
    let live = one(&zone, &mut client, "leaf_count", &[]);
    let db = one(&zone, &mut client, "db_open", &[]);
    let refused = zone.call(&mut client, "db_end", &[Word(db), Word(1)]);
    assert_eq!(refused.status, Status::NativeError, "it did not clear the variable");
    assert_eq!(one(&zone, &mut client, "db_live", &[db]), 1, "the object is still there");
    one(&zone, &mut client, "stmt_new", &[db, 0]);
    let frees = one(&zone, &mut client, "stmt_frees", &[]);
    assert_eq!(one(&zone, &mut client, "db_end", &[db, 0]), 0);
    assert_eq!(one(&zone, &mut client, "stmt_frees", &[]), frees + 1, "what it owned ends before it");
    for (name, words) in [("db_live", &[Word(db)][..]), ("db_end", &[Word(db), Word(0)])] {
        assert_eq!(zone.call(&mut client, name, words).status, Status::StaleHandle, "{name}");
    }
    assert_eq!(one(&zone, &mut client, "db_is_none", &[0]), 1, "None is a variable that holds NULL");
    // The same as the end of a type: by a call, by closing, and with the client.
    let leaves = [(); 3].map(|()| one(&zone, &mut client, "leaf_new", &[]));
    zone.call(&mut client, "leaf_free", &[Word(leaves[0])]);
    assert_eq!(zone.call(&mut client, "leaf_free", &[Word(leaves[0])]).status, Status::StaleHandle);
    assert_eq!(close(&mut client, leaves[1], |_, _| unreachable!()), Status::Ok);
    assert_eq!(one(&zone, &mut client, "leaf_count", &[]), live + 1);
    zone.detach(client.id);
    let mut other = zone.attach(2, zone.everything());
    while one(&zone, &mut other, "leaf_count", &[]) > live {
        std::thread::yield_now();
    }
    zone.stop();
}

/// Whatever ends an owner, and wherever that is called.
#[test]
fn what_belongs_to_a_thread_ends_there_whoever_owns_it() {
    let zone = Zone::start(affine(), functions);
    // While there are others, calls go to any thread.
    let (mut other, mut client) = (zone.attach(1, zone.everything()), zone.attach(2, zone.everything()));
    let before = one(&zone, &mut other, "stmt_strays", &[]);
    let mut frees = one(&zone, &mut other, "stmt_frees", &[]);
    let mut freed = |zone: &Zone, what: &str| {
        frees += 1;
        assert_eq!(one(zone, &mut other, "stmt_frees", &[]), frees, "{what}");
        assert_eq!(one(zone, &mut other, "stmt_strays", &[]), before, "{what}");
    };
    let watched = one(&zone, &mut client, "db_open", &[]);
    zone.call(&mut client, "db_watch", &[Word(watched), Word(1)]);
    for _ in 0..20 {
        let db = one(&zone, &mut client, "db_open", &[]);
        one(&zone, &mut client, "stmt_new", &[db, 0]);
        one(&zone, &mut client, "db_destroy", &[db]);
        freed(&zone, "consumed");
        // What shows a database by its own account, and what does so without having said it.
        for (name, arguments) in [("db_show", &[Word(1)][..]), ("db_fire", &[])] {
            let reply = zone.converse(&mut client, name, arguments, |client, question| {
                one(&zone, client, "stmt_new", &[question.words[0], 0]);
                of(0)
            });
            assert_eq!(reply.status, Status::Ok);
            freed(&zone, name);
        }
    }
    zone.stop();
}
