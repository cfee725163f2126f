//! Callbacks, objects, records and errors, as Python sees them.

use cloison_tests::Project;

/// Evaluates each line of standard input, and prints its value and what C has noted.
const PROGRAM: &str = include_str!("../python/surface/program.py");

/// Each expression, the `repr` of its value, and what C has noted.
#[track_caller]
fn gives(cases: &[(&str, &str)]) {
    let project = Project::script(PROGRAM)
        .file("cloison.toml", "[capabilities.surface]\nzone = \"surface.zone.toml\"\nallow = \"*\"\n")
        .file("surface.zone.toml", include_str!("../c/surface.zone.toml"))
        .library("surface.so", include_str!("../c/surface.c"));
    let lines: Vec<_> = cases.iter().map(|(expression, _)| *expression).collect();
    let output = project.main(&[]).stdin(lines.join("\n")).output().ends_with(0);
    let found: Vec<_> = output.stdout.lines().collect();
    assert_eq!(found.len(), cases.len(), "{output}");
    let wrong = cases.iter().zip(&found).filter(|((_, expected), found)| expected.trim() != found.trim());
    let wrong: Vec<_> =
        wrong.map(|((expression, expected), found)| format!("{expression}\n  {expected}\n  {found}")).collect();
    assert!(wrong.is_empty(), "expression, expected, found:\n{}", wrong.join("\n"));
}

#[test]
fn callables_are_called() {
    gives(&[
        ("n.with_text(lambda text, none: len(text) if none is None else -1)", "5 |"),
        ("n.with_cells(lambda one, both: (1, one / 4, both + 2))", "1 | 175 42"),
        ("n.with_record(lambda at: n.point(at.y, at.x))", "point(x=2.0, y=1.0) |"),
        ("n.with_record(lambda at: {'x': 5, 'y': 6})", "point(x=5.0, y=6.0) |"),
        ("n.with_bytes(lambda data, size: bytes([sum(data), len(data)][:size]))", "9 | 2"),
        ("raised(n.with_bytes, lambda data, size: bytes(size + 1))[0]", "'ValueError' | 0"),
        ("n.with_user(lambda value: value * 2)", "10 | null"),
        ("n.with_strings(lambda words: len(words) if words == ['one', None, 'two'] else repr(words))", "3 |"),
        ("n.repeat(1000, lambda sum, index: sum + index)", "499500 |"),
        ("n.repeat(3, lambda sum, index: n.repeat(index, lambda sum, index: sum + 1) + sum)", "3 |"),
        ("n.maybe(), n.maybe(None), n.maybe(lambda number: 4)", "(-1, -1, 4) |"),
        ("n.with_color(lambda color: n.color.GREEN if color is n.color.BLUE else color)", "<color.GREEN: 4> |"),
        ("n.twice(f=int)", "3 | 1 2"),
    ]);
}

#[test]
fn what_goes_wrong_in_a_callable_comes_out_of_the_call() {
    gives(&[
        ("raised(n.twice, fails(KeyError('x')))", "('KeyError', {}) | -7 -7"),
        ("raised(n.twice, lambda number: 1 // (number - 2))", "('ZeroDivisionError', {}) | -1 -7"),
        ("raised(n.twice, lambda number: 'text')[0]", "'TypeError' | -7 -7"),
        ("raised(n.twice, lambda number: 2**31)[0]", "'OverflowError' | -7 -7"),
        ("raised(n.twice, lambda: 0)[0]", "'TypeError' | -7 -7"),
        ("raised(n.twice, 5)[0]", "'TypeError' |"),
        ("raised(n.twice, None)[0]", "'TypeError' |"),
        ("raised(n.slow, lambda number: time.sleep(1) or 0)[0]", "'DeadlineExceeded' | -9 -9"),
        ("n.twice(int)", "3 | 1 2"),
        ("descend(5)", "5 |"),
        ("isinstance(raised(descend, 20), tuple)", "True |"),
        ("descend(5)", "5 |"),
    ]);
}

#[test]
fn objects_live_as_long_as_they_should() {
    gives(&[
        ("closed(1, 2, 0)", "[True, True, True] | book1 book2 shelf1"),
        ("closed(0)", "[True, True, True] | book4 book3 shelf2"),
        ("collected()", "None | book5 book6 shelf3"),
        ("burnt()", "('StaleHandle', True) | burnt7 shelf4"),
        ("borrowed()", "(True, True) | book8 shelf5"),
        ("after_close()", "['StaleHandle', 'StaleHandle', 'StaleHandle'] | book9 shelf6"),
        ("too_many()", "(True, 'Book') | book13 book10 book14 book11 book12 shelf7"),
        ("notified()", "[0, 1, 2] | book15 book16 book17 shelf8"),
        ("[n.shelf_label(shelf) for shelf in [n.shelf(label='kept')]]", "['kept'] | shelf9"),
        ("[raised(n.book_number, shelf)[0] for shelf in library()]", "['TypeError'] | shelf10"),
        ("raised(n.book_number, 5)[0], n.book_number(), n.book_number(None)", "('TypeError', 0, 0) |"),
        ("raised(n.shelf_label, None)[0]", "'TypeError' |"),
        (
            "[raised(n.book, shelf, 3) for shelf in library()]",
            "[('Full', {'code': 3, 'message': 'shelf 11 is full'})] | book18 shelf11",
        ),
        ("[raised(n.book, shelf, 5)[0] for shelf in library()]", "['Trouble'] | book19 shelf12"),
        ("[raised(n.book, shelf, -1)[0] for shelf in library()]", "['Trouble'] | book20 shelf13"),
        ("[n.shelf_first(shelf) for shelf in library()]", "[None] | shelf14"),
        ("repr(n.shelf())", "\"<Shelf handle of capability 'surface'>\" | shelf15"),
    ]);
}

#[test]
fn what_the_library_gives_is_copied_and_freed() {
    gives(&[
        ("n.give_text()", "'given' | free"),
        ("n.give_bytes(3)", "b'xxx' | free"),
        (
            "n.give_point(), n.point_or_none(1), n.point_or_none(0)",
            "(point(x=3.0, y=4.0), point(x=5.0, y=6.0), None) |",
        ),
        ("n.take_bytes(4)", "b'yyyy' | free"),
        ("viewed()", "(b'vvvvv', b'vv', False, True, 'StaleHandle') |"),
    ]);
}

#[test]
fn records_have_text_unions_and_bit_fields() {
    gives(&[
        ("n.describes(n.person(name='Zoë', mail='z@x', at=n.point(1, 2), age=99))", "'Zoë <z@x> 1,2 null 99' |"),
        ("n.describes({'name': 'Bob', 'known': True})", "'Bob <-> 0,0 null 0 known' |"),
        ("raised(n.describes, n.person(name='x' * 17))[0]", "'ValueError' |"),
        ("raised(lambda: n.describes(n.person(age=128)))[0]", "'OverflowError' |"),
        ("raised(lambda: n.describes(n.person(name='a\\0b')))[0]", "'ValueError' |"),
        ("raised(lambda: n.describes(n.person(private=1)))[0]", "'TypeError' |"),
        (
            "[(p.name, p.mail, p.at.x, p.age, p.known) for p in [n.invent()]]",
            "[('Ada', 'ada@example.org', 0.5, 36, 1)] |",
        ),
        ("[(v.kind, v.u.d) for v in [n.turn(n.variant(kind=0, u=n.value(i=7)))]]", "[(1, 7.0)] |"),
        ("[(v.kind, v.u.i) for v in [n.turn({'kind': 1, 'u': {'d': 2.5}})]]", "[(0, 2)] |"),
        ("n.point(1, 2) == n.point(x=1, y=2), n.point(1) == n.point(1, 1)", "(True, False) |"),
        ("n.color(5), n.color.GREEN + 1, n.FULL, n.NAME, n.PI", "(<color.BLUE: 5>, 5, 3, 'surface', 3.25) |"),
    ]);
}

#[test]
fn errors_have_classes_and_arguments_have_defaults() {
    gives(&[
        ("n.fail(0)", "None |"),
        ("raised(n.fail, 3)", "('Full', {'code': 3}) |"),
        ("raised(n.fail, 4)", "('Trouble', {'code': 4}) |"),
        ("issubclass(n.Full, n.Trouble), issubclass(n.Trouble, cloison.NativeError)", "(True, True) |"),
        ("n.spread(5), n.spread(3, 5), n.spread(3, 5, 7), n.spread(stop=9)", "(152, 352, 357, 192) |"),
    ]);
}

#[test]
fn many_calls_cross_at_once() {
    gives(&[
        ("n.spread.map([1, 2, 3])", "[112, 122, 132] |"),
        ("n.give_bytes.map([1, 2]), n.add.map([(1, 2), (3, 4)])", "([b'x', b'xx'], [3, 7]) | free free"),
        ("raised(n.fail.map, [0, 0, 4, 0])", "('Trouble', {'code': 4, 'index': 2}) |"),
        ("raised(broken)[0]", "'Full' |"),
        ("pipelined()", "('in a batch', True, False) | book1 shelf1"),
        ("n.repeat.map([1, 2], f=lambda sum, index: sum + 5)", "[5, 10] |"),
    ]);
}
