//! Records, wide numbers and variadic functions: what C sees and what comes back.

use crate::common::Argument::{Bytes, Null, Word};
use crate::common::surface::PERSON_SIZE;
use crate::common::walls::no_address;
use crate::common::{Argument, BOTH, Bench};
use cloison_contract::call::{Request, Status};
use cloison_contract::interface::Instances;

fn point(x: f64, y: f64) -> Vec<u8> {
    [x.to_le_bytes(), y.to_le_bytes()].concat()
}

fn float(value: f64) -> Argument<'static> {
    Word(value.to_bits())
}

/// The bytes that two words lead to.
fn bytes(bench: &mut Bench, name: &str, arguments: &[Argument<'_>]) -> Vec<u8> {
    let words = bench.words(name, arguments);
    bench.bytes(words[0], words[1])
}

/// A person as it travels, and the arena behind it: its mail.
struct Person {
    bytes: [u8; PERSON_SIZE],
    arena: Vec<u8>,
}

fn person(name: &str, mail: Option<&str>, age: u8, known: u8) -> Person {
    let mut bytes = [0; PERSON_SIZE];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes[48..50].copy_from_slice(&[age, known]);
    let mut arena = Vec::new();
    if let Some(mail) = mail {
        arena.extend((mail.len() as u64).to_le_bytes());
        arena.extend(mail.as_bytes());
        bytes[16..24].copy_from_slice(&1_u64.to_le_bytes());
    }
    Person { bytes, arena }
}

/// A request with one person, whose mail stands at the arena's front.
fn with_person(bench: &Bench, name: &str, person: &Person) -> Request {
    let arena = bench.caller.arena();
    let offset = (person.arena.len() as u64).next_multiple_of(16);
    arena.write(0, &person.arena).expect("fits");
    arena.write(offset, &person.bytes).expect("fits");
    let mut request = bench.request(name, &[]);
    (request.count, request.arena_used) = (2, offset + PERSON_SIZE as u64);
    request.words[..2].copy_from_slice(&[offset, PERSON_SIZE as u64]);
    request
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// The text of a record's member.
fn text(bench: &Bench, word: u64) -> String {
    let length = u64::from_le_bytes(bench.bytes(word - 1, 8).try_into().expect("eight bytes"));
    String::from_utf8(bench.bytes(word - 1 + 8, length)).expect("UTF-8")
}

#[test]
fn points_by_value_in_out_and_both() {
    for instances in BOTH {
        let mut bench = Bench::surface(instances);
        let (a, b) = (point(1.0, 2.0), point(10.0, 20.0));
        assert_eq!(bytes(&mut bench, "point_add", &[Bytes(&a), Bytes(&b)]), point(11.0, 22.0));
        assert_eq!(bytes(&mut bench, "point_turn", &[Bytes(&a)]), point(-2.0, 1.0));
        assert_eq!(bench.bytes(0, 16), a, "the client's own copy stays as it is");
        assert_eq!(bytes(&mut bench, "point_make", &[float(3.0), float(4.0)]), point(3.0, 4.0));
        assert_eq!(bench.words("point_norm", &[Bytes(&a)]), [5.0_f64.to_bits()]);
        assert_eq!(bench.words("point_norm", &[Null]), [(-1.0_f64).to_bits()]);
        let reply = bench.call("point_turn", &[Null]);
        assert_eq!((reply.status, bench.explanation(&reply).as_str()), (Status::BadArgument, "must not be None"));
        assert_eq!(bench.call("point_turn", &[Bytes(&a[..15])]).status, Status::Malformed);
        assert_eq!(bench.call("point_add", &[Bytes(&a), Null]).status, Status::BadArgument);
    }
}

#[test]
fn arrays_of_records() {
    for instances in BOTH {
        let mut bench = Bench::surface(instances);
        let points = [point(1.0, 2.0), point(3.0, 4.0)].concat();
        assert_eq!(bench.words("points_sum", &[Bytes(&points)]), [10.0_f64.to_bits()]);
        assert_eq!(bench.words("points_sum", &[Bytes(&[])]), [0]);
        assert_eq!(
            bytes(&mut bench, "points_make", &[Word(5), Word(2)]),
            [point(0.0, -0.0), point(1.0, -1.0)].concat()
        );
        let reply = bench.call("points_sum", &[Bytes(&points[1..])]);
        assert_eq!(bench.explanation(&reply), "has 31 bytes, not a multiple of 16");
        let people = [person("Ada", None, 36, 1).bytes, person("Grace", None, 85, 0).bytes].concat();
        assert_eq!(bench.words("people_count", &[Bytes(&people)]), [30_000 + 9900 + 37 + 50_000 + 9900 + 85]);
    }
}

#[test]
fn a_person_comes_and_goes() {
    for instances in BOTH {
        let mut bench = Bench::surface(instances);
        let reply = bench.call("person_make", &[Word(100)]);
        no_address(&bench, &reply, "person_make");
        let made = bench.bytes(reply.words[0], reply.words[1]);
        assert_eq!(made[..24], [b"Ada\0\0\0\0\0\0\0\0\0\0\0\0\0", &made[16..24]].concat()[..]);
        assert_eq!(text(&bench, word(&made, 16)), "someone@example.org");
        assert_eq!(made[24..40], point(1.0, 2.0));
        assert_eq!(made[40..], [&[0; 8][..], &[100, 1], &[0; 6]].concat(), "no secret, no padding");
        let none = bytes(&mut bench, "person_make", &[Word(0)]);
        assert_eq!(word(&none, 16), 0, "no mail");

        let request = with_person(&bench, "person_check", &person("Grace", Some("g@h.org"), 85, 1));
        let reply = bench.raw(&request);
        assert_eq!((reply.status, reply.words[0]), (Status::Ok, 50_000 + 700 + 86));

        let request = with_person(&bench, "person_age", &person("Grace", Some("g@h.org"), 85, 1));
        let reply = bench.raw(&request);
        no_address(&bench, &reply, "person_age");
        let aged = bench.bytes(reply.words[0], reply.words[1]);
        assert_eq!((aged[48], word(&aged, 40)), (86, 0));
        assert_eq!(text(&bench, word(&aged, 16)), "someone@example.org");
    }
}

#[test]
fn records_that_lie_are_malformed() {
    let bench = Bench::surface(Instances::Shared);
    let status = |change: &dyn Fn(&mut Person)| {
        let mut person = person("Ada", Some("a@b.org"), 36, 1);
        change(&mut person);
        bench.raw(&with_person(&bench, "person_check", &person)).status
    };
    assert_eq!(status(&|_| {}), Status::Ok);
    assert_eq!(status(&|person| person.bytes[40] = 1), Status::Malformed, "a secret");
    assert_eq!(status(&|person| person.bytes[49] = 2), Status::Malformed, "a bool");
    assert_eq!(status(&|person| person.bytes[50] = 2), Status::Ok, "padding does not count");
    assert_eq!(status(&|person| person.bytes[48] |= 0x80), Status::Ok, "nor does what is left of a bit-field's byte");
    for offset in [2_u64, 8, 9, 16, 1 << 20, u64::MAX] {
        let mail = |person: &mut Person| person.bytes[16..24].copy_from_slice(&offset.to_le_bytes());
        assert_eq!(status(&mail), Status::Malformed, "a text at {offset}");
    }
    for length in [65_u64, 1 << 40, u64::MAX] {
        let long = |person: &mut Person| person.arena[..8].copy_from_slice(&length.to_le_bytes());
        assert_eq!(status(&long), Status::Malformed, "a text of {length} bytes");
    }
    assert_eq!(status(&|person| person.arena[9] = 0), Status::BadArgument, "a NUL in a text");
}

#[test]
fn the_live_member_of_a_union_follows_from_another() {
    for instances in BOTH {
        let mut bench = Bench::surface(instances);
        let variant = |kind: u32, union: [u8; 16]| [&kind.to_le_bytes()[..], &[0; 4], &union].concat();
        let union = |bytes: &[u8]| {
            let mut union = [0xee; 16];
            union[..bytes.len()].copy_from_slice(bytes);
            union
        };
        let reply = bytes(&mut bench, "variant_next", &[Bytes(&variant(0, union(&41_i32.to_le_bytes())))]);
        assert_eq!(reply, variant(0, [&42_i32.to_le_bytes()[..], &[0; 12]].concat().try_into().unwrap()));
        let reply = bytes(&mut bench, "variant_next", &[Bytes(&variant(1, union(&1.5_f64.to_le_bytes())))]);
        assert_eq!(reply, variant(1, [&2.0_f64.to_le_bytes()[..], &[0; 8]].concat().try_into().unwrap()));
        // A string in the union: the word is a place in the arena, on both ways.
        bench.caller.arena().write(64, &[&3_u64.to_le_bytes()[..], b"abc"].concat()).expect("fits");
        let mut request = bench.request("variant_next", &[Bytes(&variant(2, union(&65_u64.to_le_bytes())))]);
        request.arena_used = 75;
        let reply = bench.raw(&request);
        no_address(&bench, &reply, "variant_next");
        let given = bench.bytes(reply.words[0], reply.words[1]);
        assert_eq!(text(&bench, word(&given, 8)), "someone@example.org");
        assert_eq!(given[16..], [3, 0, 0, 0, 0, 0, 0, 0]);
        // Nothing said: the union's own live member.
        assert_eq!(bytes(&mut bench, "value_of", &[float(0.5)]), [0.5_f64.to_le_bytes(), [0; 8]].concat());
        assert_eq!(bytes(&mut bench, "variant_next", &[Bytes(&variant(7, union(&[0; 8])))])[..4], 7_u32.to_le_bytes());
    }
}

#[test]
fn arrays_of_strings() {
    for instances in BOTH {
        let bench = Bench::surface(instances);
        let arena = bench.caller.arena();
        arena.write(0, &[&3_u64.to_le_bytes()[..], b"abc"].concat()).expect("fits");
        arena.write(16, &0_u64.to_le_bytes()).expect("fits");
        let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
        let call = |texts: &[u64]| {
            arena.write(32, &words(texts)).expect("fits");
            let mut request = bench.request("texts_length", &[]);
            (request.count, request.arena_used) = (2, 32 + 8 * texts.len() as u64);
            request.words[..2].copy_from_slice(&[32, 8 * texts.len() as u64]);
            let reply = bench.raw(&request);
            (reply.status, reply.words[0])
        };
        assert_eq!(call(&[1, 1, 17]), (Status::Ok, 6));
        assert_eq!(call(&[0, 1]), (Status::Ok, 1003));
        assert_eq!(call(&[]), (Status::Ok, 0));
        assert_eq!(call(&[2]).0, Status::Malformed);
        assert_eq!(call(&[1 << 30]).0, Status::Malformed);
    }
}

#[test]
fn wide_numbers() {
    let mut bench = Bench::surface(Instances::Shared);
    // 1.5 and 3 with 64 bits of mantissa.
    let (one_and_a_half, three) = (0x3fff_c000_0000_0000_0000_u128, 0x4000_c000_0000_0000_0000_u128);
    assert_eq!(bytes(&mut bench, "longer", &[Bytes(&one_and_a_half.to_le_bytes())]), three.to_le_bytes());
    let dirty = (one_and_a_half | 0xabcd << 112).to_le_bytes();
    assert_eq!(bytes(&mut bench, "longer", &[Bytes(&dirty)]), three.to_le_bytes(), "padding does not count");
    for strange in [0x3fff_4000_0000_0000_0000_u128, 0x8000_0000_0000_0000] {
        let reply = bench.call("longer", &[Bytes(&strange.to_le_bytes())]);
        assert_eq!(reply.status, Status::Malformed, "{strange:x} is no number");
    }
    assert_eq!(bytes(&mut bench, "turn", &[Bytes(&point(1.0, 2.0))]), point(-2.0, 1.0));
    let single = [1.0_f32.to_le_bytes(), 2.0_f32.to_le_bytes()].concat();
    let turned = [(-2.0_f32).to_le_bytes(), 1.0_f32.to_le_bytes()].concat();
    assert_eq!(bytes(&mut bench, "turn_single", &[Bytes(&single)]), turned);
    let both = [one_and_a_half.to_le_bytes(), three.to_le_bytes()].concat();
    let turned = [(three | 1 << 79).to_le_bytes(), one_and_a_half.to_le_bytes()].concat();
    assert_eq!(bytes(&mut bench, "turn_long", &[Bytes(&both)]), turned);
    assert_eq!(bench.call("turn", &[Bytes(&[0; 8])]).status, Status::Malformed);
    assert_eq!(bench.call("turn", &[Null]).status, Status::BadArgument);
}

#[test]
fn variadic_functions_and_bools_and_constants() {
    let mut bench = Bench::surface(Instances::Shared);
    let small = [Bytes(b"iiid"), Word(-3_i64 as u64), Word(60_000), Word(1), float(0.5)];
    assert_eq!(bench.words("total_small", &small), [599_985]);
    let place = point(9.0, 0.25);
    let large = [Bytes(b"ldsp"), Word(1 << 20), float(0.5), Bytes(b"four"), Bytes(&place)];
    assert_eq!(bench.words("total_large", &large), [10_485_807]);
    assert_eq!(bench.words("total_none", &[Bytes(b"")]), [0]);
    assert_eq!(
        bench.call("total_small", &[Bytes(b"d"), Word(0), Word(0), Word(0), float(1e300)]).status,
        Status::BadArgument
    );
    assert_eq!(bench.words("negate", &[Word(1)]), [0]);
    assert_eq!(bench.words("negate", &[Word(0)]), [1]);
    assert_eq!(bench.call("negate", &[Word(2)]).status, Status::BadArgument);
    assert_eq!(bench.words("always", &[]), [1]);
}
