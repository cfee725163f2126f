//! The whole C surface as Python sees it, against a zone in miniature that gives back what it was given: records, enumerations,
//! handles, callables, batches, and what a zone that lies can do with them.

use crate::support::{Outcome, Template, script};
use crate::zone::{Memory, Zone, ok, reply};
use cloison_contract::call::{Reply, Request, Status};
use cloison_manifest::manifest;
use cloison_transport::Arena;

const MANIFEST: &str = include_str!("support/surface.zone.toml");

fn library(memory: &mut Memory, name: &str, request: &Request, arena: &Arena) -> Reply {
    let words = &request.words;
    match name {
        // What was given stands where it stood: the same bytes are the result.
        "same_person" | "same_variant" | "same_value" | "same_long" | "same_complex" | "same_points" => ok(&words[..2]),
        "same_color" | "same_mode" => ok(&words[..1]),
        "count_texts" => ok(&[words[1] / 8]),
        "db_open" => {
            memory.last += 1;
            memory.open.insert(1 << 32 | memory.last);
            ok(&[1 << 32 | memory.last])
        }
        "prepare" => {
            let sql = arena.read(words[1], words[2]).expect("a text");
            match &*sql {
                b"busy" => reply(Status::NativeError, &[5, 0, 0, 0]),
                b"wrong" => reply(Status::NativeError, &[7, 0, 0, 0]),
                _ if !memory.open.contains(&words[0]) => reply(Status::StaleHandle, &[0]),
                _ => {
                    memory.last += 1;
                    memory.open.insert(2 << 32 | memory.last);
                    ok(&[2 << 32 | memory.last])
                }
            }
        }
        "use" => ok(&[u64::from(memory.open.contains(&words[0]))]),
        "CLOSE" | "db_close" => {
            memory.seen.push(format!("{} {}", words[0] >> 32, words[0] as u32));
            match (memory.open.remove(&words[0]), name) {
                (true, "CLOSE") => ok(&[]),
                (true, _) => ok(&[0]),
                (false, _) => reply(Status::StaleHandle, &[0]),
            }
        }
        "each" => {
            memory.loops.push([words[1], words[0], 0, 0, request.arena_used]);
            next(memory)
        }
        "each_row" => {
            let at = request.arena_used.next_multiple_of(16);
            let point = [1.5_f64.to_le_bytes(), (-2.0_f64).to_le_bytes()].concat();
            arena.write(at, &point).expect("room");
            arena.write(at + 16, b"row").expect("room");
            memory.loops.push([words[1], 1, 1, 0, at + 32]);
            reply(Status::Callback, &[words[1], memory.loops.len() as u64, at + 32, at, 16, at + 16, 3])
        }
        "ANSWER" => {
            let depth = memory.loops.len() as u64;
            assert_eq!(words[0], depth, "answers come in order");
            let Some(running) = memory.loops.last_mut() else { return reply(Status::Malformed, &[]) };
            if words[1] == 0 {
                memory.loops.pop();
                return reply(Status::Raised, &[]);
            }
            assert!(request.arena_used >= running[4], "what is in use stays");
            running[3] = running[3].wrapping_add(words[2]);
            next(memory)
        }
        "watch" => ok(&[]),
        "crc" => {
            let data = arena.read(words[1], words[2]).expect("data");
            ok(&[data.iter().fold(words[0], |sum, byte| sum + u64::from(*byte))])
        }
        "checked" if (words[0] as i64) < 0 => reply(Status::NativeError, &[words[0], 0, 0, 0]),
        "checked" => ok(&[words[0]]),
        "half" => ok(&[(f64::from_bits(words[0]) / 2.0).to_bits()]),
        "missing" => reply(Status::NativeError, &[u64::MAX, 2, 0, 0]),
        // The sixth lie takes more than a few calls.
        "BATCH" if memory.last >= 1000 && (memory.last != 1006 || request.words[2] > 20) => {
            match std::mem::take(&mut memory.last) - 1000 {
                0 => ok(&[0, 16, 1 << 40]),
                1 => ok(&[u64::MAX, 16, 1]),
                2 => ok(&[0, 8, 1]),
                3 => ok(&[0, 0, 0]),
                4 => {
                    arena.write(0, &[0xEE; 64]).expect("room");
                    ok(&[0, 64, 2])
                }
                5 => ok(&[]),
                // As many replies as there should be, and a number that is none in the middle.
                6 => {
                    let words =
                        (0..request.words[2]).flat_map(|call| [1 << 32, if call == 20 { 1 << 40 } else { call }]);
                    let replies: Vec<u64> = words.collect();
                    let offset = request.arena_used.next_multiple_of(16);
                    arena.write_words(offset, &replies).expect("room");
                    ok(&[offset, replies.len() as u64 * 8, request.words[2]])
                }
                // Two replies that name the same bytes, which are more than half of the arena.
                _ => {
                    let row = [2 << 32, 0, arena.len() / 2 + 1];
                    let rows: Vec<u8> = row.iter().chain(&row).flat_map(|word| word.to_le_bytes()).collect();
                    arena.write(0, &rows).expect("room");
                    ok(&[0, rows.len() as u64, 2])
                }
            }
        }
        "BATCH" => batch(memory, request, arena),
        "lie" => {
            let question: &[u64] = match words[0] {
                0 => &[999, 1, 0, 5],
                1 => &[words[1], 5, 0, 5],
                2 => &[words[1], 1, u64::MAX, 5],
                3 => &[words[1]],
                4 => &[words[1], 1, 0, 1 << 40],
                _ => &[words[1], 1, 0, 5, 6],
            };
            memory.loops.push([words[1], 1, 1, 0, request.arena_used]);
            reply(Status::Callback, question)
        }
        "next_batch_lies" => {
            memory.last = 1000 + words[0];
            ok(&[])
        }
        "bad_handle" => ok(&[0]),
        "bad_record" => match words[0] {
            0 => ok(&[0, 7]),
            1 => ok(&[u64::MAX, 0]),
            2 => ok(&[1 << 40, interface_size()]),
            // All of the arena is the text, and the record stands in it, too.
            3 => {
                let interface = interface();
                let offset = person(&interface).members.iter().find(|member| member.name == "mail").expect("it").offset;
                arena.write(0, &(arena.len() - 8).to_le_bytes()).expect("room");
                arena.write(16, &vec![0; interface_size() as usize]).expect("room");
                arena.write(16 + offset, &1_u64.to_le_bytes()).expect("room");
                ok(&[16, interface_size()])
            }
            _ => {
                arena.write(0, &[0xFF; 400]).expect("room");
                ok(&[0, interface_size()])
            }
        },
        other => panic!("{other}"),
    }
}

/// Go on with the innermost loop: ask, or end.
fn next(memory: &mut Memory) -> Reply {
    let depth = memory.loops.len() as u64;
    let Some(running) = memory.loops.last_mut() else { return reply(Status::Malformed, &[]) };
    let [callable, end, step, sum, used] = *running;
    if step == end {
        memory.loops.pop();
        return ok(&[sum]);
    }
    running[2] += 1;
    reply(Status::Callback, &[callable, depth, used, step])
}

fn batch(memory: &mut Memory, request: &Request, arena: &Arena) -> Reply {
    let interface = interface();
    let bytes = arena.read(request.words[0], request.words[1]).expect("rows");
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let (mut at, mut made, mut replies) = (0, Vec::<Vec<u64>>::new(), Vec::new());
    while at < bytes.len() {
        let (function, count, links) = (word(at) as u32, (word(at) >> 32) as usize, word(at + 8) as u32 as usize);
        let mut call = Request { function, count: count as u32, arena_used: request.arena_used, ..Request::EMPTY };
        for index in 0..count {
            call.words[index] = word(at + 16 + index * 8);
        }
        let behind = at + 16 + count * 8;
        for link in 0..links {
            let (to, from) = (word(behind + link * 16), word(behind + link * 16 + 8));
            call.words[to as usize] = made[(from >> 32) as usize][from as u32 as usize];
        }
        at = behind + links * 16;
        let name = interface.functions[function as usize].name.clone();
        let reply = library(memory, &name, &call, arena);
        replies.extend((reply.status as u32).to_le_bytes());
        replies.extend(reply.count.to_le_bytes());
        let words = &reply.words[..reply.count as usize];
        replies.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        made.push(words.to_vec());
        if reply.status != Status::Ok {
            break;
        }
    }
    let offset = request.arena_used.next_multiple_of(16);
    arena.write(offset, &replies).expect("room");
    ok(&[offset, replies.len() as u64, made.len() as u64])
}

/// How large a `struct person` is.
fn interface_size() -> u64 {
    person(&interface()).layout.size
}

fn person(interface: &cloison_contract::Interface) -> &cloison_contract::types::Record {
    let person = interface.types.iter().find(|definition| definition.name == "person").expect("it");
    let cloison_contract::types::TypeKind::Record(person) = &person.kind else { panic!("a record") };
    person
}

fn interface() -> cloison_contract::Interface {
    manifest::parse("fake.zone.toml", MANIFEST).unwrap_or_else(|errors| panic!("{errors}"))
}

const PRELUDE: &str = program!("surface/prelude");

fn run(source: &str) -> (Outcome, Zone) {
    let mut zone = Zone::of(interface(), library);
    let outcome =
        Template::start().run_with(script(&format!("{PRELUDE}{source}")), b"", |question| zone.answer(question));
    (outcome, zone)
}

#[track_caller]
fn check(source: &str, expected: &str) {
    let (outcome, _) = run(source);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected, ""));
}

#[test]
fn records_go_in_and_come_back_equal() {
    check(
        program!("surface/records_go_in_and_come_back_equal"),
        "point(x=1, y=2.5) True False {'x': 1, 'y': 2.5} A place.
person(name='', mail=None, at=point(x=0.0, y=0.0), age=0, side=0, here=False, color=<color.RED: 1>, raw=b'\\x00\\x00\\x00', counts=[0, 0], corners=[point(x=0.0, y=0.0), point(x=0.0, y=0.0)], half=0.0, big=0)
True
person(name='Anna', mail='a@b.c', at=point(x=1.0, y=2.5), age=127, side=-4, here=True, color=<color.BLUE: 5>, raw=b'\\x01\\x02\\x03', counts=[-5, 7], corners=[point(x=1.0, y=2.5), point(x=3.0, y=0.0)], half=0.5, big=18446744073709551615)
True color True
point(x=0.0, y=4.0)
EIGHTCHR
Anna a@b.c
False 1.0 point(x=9, y=2.5)
",
    );
}

#[test]
fn what_does_not_fit_into_a_record_is_refused_by_name() {
    check(
        program!("surface/what_does_not_fit_into_a_record_is_refused_by_name"),
        "OverflowError: same_person(): value.age is 128, and its C type holds 0 to 127
OverflowError: same_person(): value.side is 4, and its C type holds -4 to 3
OverflowError: same_person(): value.side is -5, and its C type holds -4 to 3
OverflowError: same_person(): value.here is 2, and its C type holds 0 to 1
ValueError: same_person(): value.color is 3, which is no color
ValueError: same_person(): value.name has 9 bytes, and may have 8 at most
TypeError: same_person(): value.name must be a str or bytes, not int
ValueError: same_person(): value.mail has an embedded NUL
ValueError: same_person(): value.raw has 4 bytes, and may have 3 at most
TypeError: same_person(): value.raw must be a bytes-like object, not str
ValueError: same_person(): value.counts has 1 elements, and must have 2
OverflowError: same_person(): value.counts[1] is 40000, and its C type holds -32768 to 32767
TypeError: same_person(): value.counts must be a sequence, not int
TypeError: same_person(): value.corners[1].x must be a float, not str
OverflowError: same_person(): value.half is 1e300, beyond what a C float holds
OverflowError: same_person(): value.big is -1, and its C type holds 0 to 18446744073709551615
TypeError: same_person(): value.at must be point or a mapping, not int
TypeError: same_person(): value must be person or a mapping, not int
TypeError: same_person(): value has no member \"nobody\": person has name, mail, at, age, side, here, color, raw, counts, corners, half, big
TypeError: same_points(): value[1] must be point or a mapping, not NoneType
TypeError: __init__() got an unexpected keyword argument 'nobody'
2 []
3
TypeError: count_texts(): texts must be a sequence of str or bytes, not str
TypeError: count_texts(): texts[1] must be a str or bytes, not int
",
    );
}

#[test]
fn unions_have_the_member_that_is_live() {
    check(
        program!("surface/unions_have_the_member_that_is_live"),
        "value(d=0.5) 0.5 True False {'d': 0.5}
AttributeError: value has member 'd', not 'i'
value(i=3) value(i=3)
ValueError: same_value(): value has member \"d\", and the live one is \"i\" here
TypeError: value() takes exactly one member, not 0
TypeError: value() takes exactly one member, not 2
AttributeError: value has no member 'x'
variant(kind=0, u=value(i=0)) variant(kind=1, u=value(d=2.5)) variant(kind=0, u=value(i=-1))
ValueError: same_variant(): value.u has member \"i\", and the live one is \"d\" here
variant(kind=9, u=value(i=1))
",
    );
}

#[test]
fn enumerations_wide_numbers_and_constants() {
    check(
        program!("surface/enumerations_wide_numbers_and_constants"),
        "<color.GREEN: 4> True 1
ValueError: same_color(): value is 2, which is no color
TypeError: same_color(): value must be an int, not str
<mode.READ|WRITE: 3> 0
ValueError: same_mode(): value is 8, which has bits that are no mode
0.1 -inf True 5e-324 7.0
(1+2j) (3+0j) (0.5+0j)
TypeError: same_complex(): value must be a complex number, not str
TypeError: same_long(): value must be a float, not str
100 3.5 3.1
[]
True True Something is wrong with the database.
AttributeError: capability 'fake' has no function 'colour'. Did you mean: 'color'?
",
    );
}

#[test]
fn handles_are_closed_once_and_refused_when_stale() {
    check(
        program!("surface/handles_are_closed_once_and_refused_when_stale"),
        "<db handle of capability 'fake'> True True False
1 1 1
TypeError: use(): s must be a stmt handle of capability 'fake', not db
TypeError: use(): s must be a stmt handle of capability 'fake', not int
TypeError: use(): s must be a stmt handle of capability 'fake', not NoneType
TypeError: prepare(): d must be a db handle of capability 'fake', not stmt
TypeError: db objects are made by the library alone
TypeError: a handle cannot be copied or pickled
TypeError: a handle cannot be copied or pickled
TypeError: object.__new__(db) is not safe, use db.__new__()
False
True <closed stmt handle of capability 'fake'>
StaleHandle: use(): s is closed
StaleHandle: this stmt is closed
StaleHandle: this stmt is closed
True True
StaleHandle: prepare(): d is closed
StaleHandle: use(): s is closed
0 True
StaleHandle: this db is closed
Busy: fake.prepare() failed with 5
DatabaseError: fake.prepare() failed with 7
True 5 False
FileNotFoundError: [Errno 2] No such file or directory
FileNotFoundError 2 -1 missing
",
    );
}

#[test]
fn callables_are_called_nested_and_may_raise() {
    check(
        program!("surface/callables_are_called_nested_and_may_raise"),
        "60 [0, 1, 2, 3]
4
point(x=1.5, y=-2.0) row
3
True ['<module>', 'g']
TypeError: each(): the value of f must be an int, not str
OverflowError: each(): the value of f is 2147483648, and its C type holds -2147483648 to 2147483647
TypeError: each(): f must be callable, not int
TypeError: each(): f must be callable, not NoneType
14
interrupted
10 3
42
Error: fake.each(): the zone answered with a question that makes no sense
3
",
    );
}

#[test]
fn batches_and_maps_cross_once() {
    check(
        program!("surface/batches_and_maps_cross_once"),
        "[1, 5, 0] [6] []
4 4 1 3
True
[1.5, 2.0]
TypeError: half(): x must be a float, not str
1 [0.5]
m
True
Busy: fake.prepare() failed with 5
1 [<stmt handle of capability 'fake'>]
TypeError: crc.map() got an unexpected keyword argument 'nobody'
TypeError: 'int' object is not iterable
TypeError: prepare.map(): an item must be a tuple of arguments, not str
[1.0, 350000.0, 2.0, 350000.0]
RuntimeError: this call has not been made yet: a batch runs when its `with` block ends
<pending result of fake.use()> False <batch of 5 calls of capability 'fake'>
1 True <result of fake.use(): 1> <stmt handle of capability 'fake'> 11 <batch of capability 'fake' that is over>
1
1 [1] 1 True False
Busy: fake.checked() failed with -1
RuntimeError: this call was not made: the batch ended before it
RuntimeError: this batch is over
TypeError: half(): x must be a float, not str
TypeError: use(): s cannot be the result of half() in the same batch: numbers and handles of the right type can
ValueError: use(): s is the result of a call of another batch
body
RuntimeError: this call was not made: the batch ended before it
True 1
",
    );
}

#[test]
fn a_zone_that_lies_costs_an_exception() {
    let source = program!("surface/a_zone_that_lies_costs_an_exception");
    let (outcome, _) = run(source);
    let question = "Error: fake.lie(): the zone answered with a question that makes no sense";
    let words = "as many words as it should not have";
    let batch = "Error: fake.crc(): the zone answered with";
    let bytes = "bytes that are not there";
    let expected = [
        question,
        "1",
        question,
        "1",
        question,
        "1",
        &format!("Error: fake.lie(): the zone answered with {words}"),
        "1",
        "Error: fake.lie(): the library called f with a number that does not fit its type",
        "1",
        &format!("Error: fake.lie(): the library called f with {words}"),
        "1",
        &format!("{batch} {words}"),
        "1",
        &format!("{batch} {bytes}"),
        "1",
        &format!("{batch} {words}"),
        "1",
        &format!("{batch} {words}"),
        "1",
        &format!("{batch} {words}"),
        "1",
        &format!("{batch} {words}"),
        "1",
        &format!("{batch} {words}"),
        "0 [] 1",
        &format!("{batch} {bytes}"),
        "0 [] 1",
        &format!("{batch} {words}"),
        "0 [] 1",
        &format!("{batch} {words}"),
        "0 [] 1",
        &format!("{batch} {words}"),
        "0 [] 1",
        &format!("{batch} {words}"),
        "0 [] 1",
        "Error: fake.checked(): the zone answered with a number that does not fit its type",
        "True True",
        "True True",
        "Error: fake.bad_handle(): the zone answered with NULL where something should be",
        &format!("Error: fake.bad_record(): the zone answered with {bytes}"),
        "Error: fake.bad_record(): the zone answered with NULL where something should be",
        &format!("Error: fake.bad_record(): the zone answered with {bytes}"),
        "Error: fake.bad_record(): the zone answered with more bytes than there are",
        "ValueError: fake.bad_record(): the zone answered with text that is not UTF-8",
        "Error: fake.batch(): the zone answered with more bytes than there are",
        "1",
    ];
    assert_eq!(outcome.stderr, "");
    assert_eq!(outcome.stdout.lines().collect::<Vec<_>>(), expected);
}
