//! Objects that a library gives again, with a reference each time.

use crate::common;
use crate::common::Argument::Word;
use crate::common::{Bench, CLIENT, functions_of};
use cloison_contract::call::{CLOSE, MAX_WORDS, Reply, Request, Status};
use cloison_contract::interface::Instances;

fn close(bench: &Bench, word: u64) -> Status {
    let mut request = Request { function: CLOSE, count: 1, arena_used: 0, words: [0; MAX_WORDS] };
    request.words[0] = word;
    let Reply { status, .. } = bench.any(&request);
    status
}

#[test]
fn each_reference_is_given_back_once() {
    let interface = common::manifest("references", Instances::Shared);
    let library = common::load("references.c");
    let mut bench = Bench::of(functions_of(interface, library));
    let first = bench.words("node_new", &[])[0];
    let second = bench.words("node_again", &[Word(first)])[0];
    let third = bench.words("node_try", &[Word(second), Word(0)])[0];
    assert!(first != second && second != third && third != first, "a handle each");
    assert_eq!(bench.words("node_references", &[Word(third)]), [3]);
    assert_eq!(bench.call("node_try", &[Word(first), Word(5)]).status, Status::NativeError);
    assert_eq!(bench.words("node_references", &[Word(first)]), [3], "what a failure leaves is freed");
    assert_eq!(bench.words("node_same", &[Word(third)]), [first], "what is borrowed is no reference");
    assert_eq!(close(&bench, first), Status::Ok);
    assert_eq!((close(&bench, first), bench.words("node_references", &[Word(second)])[0]), (Status::StaleHandle, 2));
    assert_eq!(bench.call("node_release", &[Word(third)]).status, Status::Ok);
    assert_eq!((bench.words("node_references", &[Word(second)])[0], bench.words("nodes", &[])[0]), (1, 1));
    assert_eq!(close(&bench, second), Status::Ok);
    assert_eq!(bench.words("nodes", &[]), [0]);
    // And whoever leaves gives all of its back.
    let last = bench.words("node_new", &[])[0];
    bench.words("node_again", &[Word(last)]);
    bench.marshal.end_client(&bench.workspace, CLIENT, &cloison_zone::callback::callables::NoCallables);
    assert_eq!(bench.words("nodes", &[]), [0]);
}
