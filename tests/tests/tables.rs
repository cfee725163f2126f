//! Tables that end with an element which is all zero, and wide text, as Python sees them.

use cloison_tests::Project;

const NO_CHARACTER: &str =
    "ValueError: tables.name(): the zone answered with wide text with a number in it that is no character";

/// Each expression, and its value or what it raises.
#[track_caller]
fn gives(cases: &[(&str, &str)]) {
    let project = Project::script(include_str!("../python/tables/program.py"))
        .file("cloison.toml", "[capabilities.tables]\nzone = \"tables.zone.toml\"\nallow = \"*\"\n")
        .file("tables.zone.toml", include_str!("../c/tables.zone.toml"))
        .library("tables.so", include_str!("../c/tables.c"));
    let lines: Vec<_> = cases.iter().map(|(expression, _)| *expression).collect();
    let output = project.main(&[]).stdin(lines.join("\n")).output().ends_with(0);
    let found: Vec<_> = output.stdout.lines().collect();
    assert_eq!(found.len(), cases.len(), "{output}");
    let wrong = cases.iter().zip(&found).filter(|((_, expected), found)| expected != *found);
    let wrong: Vec<_> =
        wrong.map(|((expression, expected), found)| format!("{expression}\n  {expected}\n  {found}")).collect();
    assert!(wrong.is_empty(), "expression, expected, found:\n{}", wrong.join("\n"));
}

#[test]
fn callers_pass_tables_without_their_end() {
    gives(&[
        ("n.sum([])", "0"),
        ("n.sum([n.option('ab', 3), {'name': 'c', 'value': 4}])", "10"),
        ("n.sum(n.option(character, 1) for character in 'abc')", "3"),
        ("n.count([], [])", "0"),
        ("n.count([5, 6, 7], [n.pair(0, 0, 1), n.pair(1, 0, 0)])", "203"),
        // An end of the caller's own is one as good as another.
        ("n.count([5, 0], [n.pair(0, 0, 1), n.pair(0, 0, 0)])", "101"),
        (
            "n.count([5, 0, 7], [])",
            "ValueError: count(): codes has an element that would end it at 1, and further ones behind that",
        ),
        (
            "n.count([], [n.pair(0, 0, 0), n.pair(1, 0, 0)])",
            "ValueError: count(): pairs has an element that would end it at 0, and further ones behind that",
        ),
        (
            "n.sum([n.option('a', 1), {'name': None, 'value': 0}])",
            "TypeError: sum(): options[1].name must be a str or bytes, not NoneType",
        ),
    ]);
}

#[test]
fn tables_that_c_gives_end_before_their_end() {
    gives(&[
        ("n.options(1)", "[option(name='a', value=1), option(name='bé', value=2)]"),
        ("n.options(0)", "[]"),
        ("n.options(-1)", "None"),
        ("n.codes(3)", "array('i', [1, 2, 3])"),
        ("n.codes(4)", "array('i', [1, 2, 3, 4])"),
        // `max` has room for four and an end.
        (
            "n.codes(5)",
            "cloison.NativeError: tables.codes() failed: no element among the first 20 bytes that it returned ends them",
        ),
        ("n.words(3)", "['even', 'odd', 'even']"),
        ("n.words(0)", "[]"),
        ("n.fill(0)", "[]"),
        ("n.fill(2)", "[pair(key=0, value=0, weight=1), pair(key=0, value=0, weight=2)]"),
        ("len(n.fill(3)), len(n.fill(9))", "(3, 3)"),
        ("n.find()", "([option(name='found', value=7)], '€!')"),
        ("n.visit(lambda options, text, words: len(options) if (text, words) == ('grüß', ['x', 'y']) else -1)", "2"),
    ]);
}

#[test]
fn wide_text_is_str() {
    gives(&[
        ("n.wide_length('a€😀'), n.wide_length(''), n.wide_length(None), n.wide_length()", "(3, 0, 999, 999)"),
        ("n.reverse('ab😀é')", "'é😀ba'"),
        ("n.reverse('')", "''"),
        ("n.reverse('abcdef')", "cloison.NativeError: tables.reverse() failed with -1"),
        ("n.shift('HAL'), n.shift(''), n.shift('a\\0b')", "('IBM', '', 'b\\x01c')"),
        ("n.counted('a\\0b')", "195"),
        ("n.name(0), n.name(1), n.name(2), n.name(-1)", "('Grüße', '😀', '', None)"),
        ("n.ask(lambda size: (size, 'abc'))", "40294"),
        ("n.numbers()", "array('i', [55296, 55297])"),
        ("n.next(97)", "98"),
    ]);
}

#[test]
fn what_is_no_wide_text_is_said() {
    gives(&[
        ("n.wide_length('a\\0b')", "ValueError: wide_length(): text has an embedded NUL"),
        ("n.wide_length('\\ud800')", "ValueError: wide_length(): text has a lone surrogate, which is no character"),
        ("n.wide_length(b'a')", "TypeError: wide_length(): text must be a str, not bytes"),
        ("n.wide_length('a' * 10), n.wide_length('😀' * 10)", "(10, 10)"),
        ("n.wide_length('a' * 11)", "ValueError: wide_length(): text has 44 bytes, and may have 40 at most"),
        ("n.name(3)", NO_CHARACTER),
        ("n.name(4)", NO_CHARACTER),
        ("n.name(5)", NO_CHARACTER),
        (
            "n.ask(lambda size: (0, 'abcd'))",
            "ValueError: tables.ask(): fill of ask: the result for `room` has 4 elements, and there is room for 3",
        ),
        ("n.ask(lambda size: (0, b'abc'))", "TypeError: ask(): the room of fill must be a str, not bytes"),
    ]);
}
