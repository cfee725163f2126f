//! Tables that an element ends which is all zero, and text of `wchar_t`.

use crate::common::Argument::{self, Bytes, Null, Word};
use crate::common::zone::{Answer, Zone};
use crate::common::{BOTH, Bench, functions_of, load, manifest};
use cloison_contract::Interface;
use cloison_contract::call::{Reply, Status};
use cloison_contract::interface::Instances;
use cloison_zone::marshal::functions::Functions;

fn functions(interface: Interface) -> Functions {
    functions_of(interface, load("tables.c"))
}

fn bench(instances: Instances) -> Bench {
    Bench::of(functions(manifest("tables", instances)))
}

fn numbers(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn pairs(numbers: &[[i64; 3]]) -> Vec<u8> {
    numbers.iter().flatten().flat_map(|number| number.to_le_bytes()).collect()
}

fn wide(text: &str) -> Vec<u8> {
    text.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect()
}

/// Strings and numbers as a client sends them: the strings stand at the arena's front.
fn named(bench: &Bench, name: &str, elements: &[(Option<&str>, i32)]) -> Reply {
    let (mut front, mut table) = (Vec::new(), Vec::new());
    for (text, value) in elements {
        let mut word = 0;
        if let Some(text) = text {
            word = front.len() as u64 + 1;
            front.extend((text.len() as u64).to_le_bytes());
            front.extend(text.as_bytes());
            front.resize(front.len().next_multiple_of(8), 0);
        }
        table.extend(word.to_le_bytes());
        // Padding that a client fills in does not get to C, and makes no element of an end.
        table.extend([value.to_le_bytes(), [0xaa; 4]].concat());
    }
    let offset = (front.len() as u64).next_multiple_of(16);
    let arena = bench.caller.arena();
    arena.write(0, &front).expect("fits");
    arena.write(offset, &table).expect("fits");
    let mut request = bench.request(name, &[]);
    (request.count, request.arena_used) = (2, offset + table.len() as u64);
    request.words[..2].copy_from_slice(&[offset, table.len() as u64]);
    bench.raw(&request)
}

/// The elements of a table with names: each name, and the number behind it.
fn given(bench: &Bench, words: &[u64]) -> Vec<(Option<String>, i32)> {
    let bytes = bench.bytes(words[0], words[1]);
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let text = |at: u64| {
        let length = word(&bench.bytes(at, 8));
        String::from_utf8(bench.bytes(at + 8, length)).expect("UTF-8")
    };
    let element = |element: &[u8]| {
        assert_eq!(element[12..], [0; 4], "padding");
        let value = i32::from_le_bytes(element[8..12].try_into().expect("four bytes"));
        (word(&element[..8]).checked_sub(1).map(text), value)
    };
    bytes.chunks_exact(16).map(element).collect()
}

fn refused(bench: &Bench, reply: &Reply, why: &str) {
    assert_eq!((reply.status, bench.explanation(reply).as_str()), (Status::BadArgument, why));
}

#[test]
fn the_zone_ends_what_c_reads() {
    for instances in BOTH {
        let mut bench = bench(instances);
        // What ends the longest would stand where the others have something else.
        for count in [5, 0, 3, 1] {
            let codes: Vec<_> = (1..=count).collect();
            let sum = (codes.iter().sum::<i32>() as u64, "codes");
            assert_eq!((bench.words("sum_codes", &[Bytes(&numbers(&codes))])[0], "codes"), sum);
            let rows: Vec<_> = codes.iter().map(|code| [0, 0, i64::from(*code)]).collect();
            assert_eq!(bench.words("sum_pairs", &[Bytes(&pairs(&rows))])[0], sum.0);
            let elements: Vec<_> = codes.iter().map(|code| (Some("ab"), *code)).collect();
            assert_eq!(named(&bench, "sum_options", &elements).words[0], 2 * sum.0);
        }
        assert_eq!(bench.words("sum_codes", &[Null]), [-1_i64 as u64]);
        let reply = named(&bench, "sum_items", &[(None, 5), (Some(""), 0), (None, 6)]);
        assert_eq!((reply.status, reply.words[0]), (Status::Ok, 11), "no end: a label, or a value");
        assert_eq!(bench.words("wide_length", &[Bytes(&wide("a€😀"))]), [3]);
        assert_eq!(bench.words("wide_length", &[Bytes(&[])]), [0]);
    }
}

#[test]
fn an_end_stands_last_or_nowhere() {
    const WHY: &str = "has an element that would end it at 1, and further ones behind that";
    for instances in BOTH {
        let mut bench = bench(instances);
        let reply = bench.call("sum_codes", &[Bytes(&numbers(&[1, 0, 2]))]);
        refused(&bench, &reply, WHY);
        assert_eq!(bench.words("sum_codes", &[Bytes(&numbers(&[1, 2, 0]))]), [3], "the caller's own");
        let reply = bench.call("sum_pairs", &[Bytes(&pairs(&[[1, 0, 0], [0, 0, 0], [0, 0, 1]]))]);
        refused(&bench, &reply, WHY);
        let reply = named(&bench, "sum_items", &[(None, 1), (None, 0), (None, 1)]);
        refused(&bench, &reply, WHY);
        let reply = named(&bench, "sum_options", &[(Some("a"), 1), (None, 1), (Some("a"), 1)]);
        refused(&bench, &reply, WHY);
        let reply = named(&bench, "sum_options", &[(Some("a"), 1), (None, 1)]);
        refused(&bench, &reply, "must not be None");
        let reply = bench.call("wide_length", &[Bytes(&wide("a\0b"))]);
        refused(&bench, &reply, WHY);
        let reply = bench.call("sum_pairs", &[Bytes(&[1; 23])]);
        refused(&bench, &reply, "has 23 bytes, not a multiple of 24");
    }
}

#[test]
fn what_the_library_keeps_is_ended_too() {
    let mut bench = bench(Instances::Shared);
    // Not the whole block is zero because it is new: the allocator gives the same one again.
    for codes in [&[7, 8, 9][..], &[1], &[]] {
        bench.words("keep", &[Bytes(&numbers(codes))]);
        assert_eq!(bench.words("sum_kept", &[]), [codes.iter().sum::<i32>() as u64]);
    }
    let reply = bench.call("keep", &[Bytes(&numbers(&[0, 1]))]);
    refused(&bench, &reply, "has an element that would end it, and further ones behind that");
    bench.words("keep", &[Bytes(&numbers(&[4, 0]))]);
    assert_eq!(bench.words("sum_kept", &[]), [4]);
}

#[test]
fn what_c_fills_in_ends_before_its_end_or_with_the_room() {
    for instances in BOTH {
        let mut bench = bench(instances);
        // 24 bytes each: 170 of them are 4080 bytes, and the next would lie across a page's end.
        for count in [0, 1, 169, 170, 171, 249, 250] {
            let words = bench.words("fill_pairs", &[Word(count)]);
            let rows: Vec<_> = (1..=count as i64).map(|weight| [0, 0, weight]).collect();
            assert_eq!(bench.bytes(words[0], words[1]), pairs(&rows), "{count}");
        }
        // 5120 bytes each: larger than what is looked at once.
        for count in [0, 1, 2, 3] {
            let words = bench.words("fill_large", &[Word(count)]);
            assert_eq!(bench.bytes(words[0], words[1]), vec![1; 5120 * count as usize], "{count}");
        }
    }
}

#[test]
fn what_c_returns_is_read_up_to_its_end_and_no_further_than_max() {
    for instances in BOTH {
        let mut bench = bench(instances);
        let words = bench.words("options", &[]);
        assert_eq!(given(&bench, &words), [(Some("one".into()), 1), (Some("two".into()), 2)]);
        let words = bench.words("items", &[]);
        assert_eq!(given(&bench, &words), [(None, 7), (Some("b".into()), 0)]);
        for count in [0, 1, 9] {
            let words = bench.words("codes", &[Word(count)]);
            let expected: Vec<_> = (1..=count as i32).collect();
            assert_eq!(bench.bytes(words[0], words[1]), numbers(&expected));
        }
        for count in [10, 11] {
            let reply = bench.call("codes", &[Word(count)]);
            let why = "no element among the first 40 bytes that it returned ends them";
            assert_eq!((reply.status, bench.explanation(&reply).as_str()), (Status::NativeError, why));
        }
    }
}

#[test]
fn tables_behind_pointers_are_freed() {
    for instances in BOTH {
        let mut bench = bench(instances);
        let words = bench.words("words", &[]);
        let texts = bench.bytes(words[0], words[1]);
        let text = |word: &[u8]| {
            let at = u64::from_le_bytes(word.try_into().expect("eight bytes")) - 1;
            let length = u64::from_le_bytes(bench.bytes(at, 8).try_into().expect("eight bytes"));
            bench.bytes(at + 8, length)
        };
        assert_eq!(texts.chunks_exact(8).map(text).collect::<Vec<_>>(), [&b"first"[..], b"second"]);
        let words = bench.words("find", &[]);
        assert_eq!((words[0], words[4]), (2, 0), "no names");
        assert_eq!(bench.bytes(words[1], words[2]), pairs(&[[0, 0, 5], [6, 0, 0]]));
        assert_eq!(bench.words("releases", &[]), [2]);
    }
}

#[test]
fn wide_text_that_c_gives_ends_before_its_zero() {
    let wide_name = |bench: &mut Bench, which: i32| {
        let words = bench.words("wide_name", &[Word(which as i64 as u64)]);
        bench.bytes(words[0], words[1])
    };
    for instances in BOTH {
        let mut bench = bench(instances);
        assert_eq!(wide_name(&mut bench, 0), wide("Grüße"));
        assert_eq!(wide_name(&mut bench, 1), wide("😀"));
        assert_eq!(wide_name(&mut bench, 2), []);
        assert_eq!(bench.words("wide_name", &[Word(-1_i64 as u64)])[0], cloison_contract::call::NULL);
        for text in ["ab", "", "é😀ba"] {
            let words = bench.words("turn", &[Bytes(&wide(text))]);
            assert_eq!(bench.bytes(words[0], words[1]), wide(&text.chars().rev().collect::<String>()));
        }
        let reply = bench.call("turn", &[Bytes(&wide("abcde"))]);
        assert_eq!(reply.status, Status::NativeError, "no room for the end");
    }
}

#[test]
fn callables_are_given_tables_and_wide_text_and_give_text() {
    for instances in BOTH {
        let zone = Zone::start(manifest("tables", instances), functions);
        let mut client = zone.attach(1, zone.everything());
        let one = [Argument::Word(1)];
        let reply = zone.converse(&mut client, "visit", &one, |client, question| {
            let [table, table_bytes, text, text_bytes] = question.words[..] else { panic!("{question:?}") };
            assert_eq!(client.bytes(table, table_bytes), pairs(&[[1, 2, 3], [4, 5, 6]]));
            assert_eq!(client.bytes(text, text_bytes), wide("a€😀"));
            Answer::Returns(vec![12])
        });
        assert_eq!((reply.status, reply.words[0]), (Status::Ok, 12));
        let reply = zone.converse(&mut client, "ask", &one, |client, question| {
            assert_eq!(question.words, [4]);
            let at = question.in_use.next_multiple_of(16);
            client.caller.arena().write(at, &wide("abc")).expect("fits");
            let mut request = question.answer(1, &[at, 12]);
            request.arena_used = at + 12;
            Answer::Posts(Box::new(request))
        });
        assert_eq!((reply.status, reply.words[0]), (Status::Ok, 97 + 98 + 99), "and an end");
        zone.stop();
    }
}
