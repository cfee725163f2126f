//! Libraries of the system, bound by a manifest alone. They are used as their headers say, and what comes back is what
//! their own documentation says, or what a peer makes of it.

use cloison_tests::Project;
use cloison_tests::libraries::has;

/// Evaluates each line of standard input and prints what `repr` makes of it.
const PROGRAM: &str = include_str!("../python/bindings/program.py");

/// Each expression, and the `repr` of its value.
#[track_caller]
fn gives(manifest: &str, cases: &[(&str, &str)]) {
    let project = Project::script(PROGRAM)
        .file("cloison.toml", "[capabilities.library]\nzone = \"library.zone.toml\"\nallow = \"*\"\n")
        .file("library.zone.toml", manifest);
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
fn libc() {
    gives(
        include_str!("../bindings/libc.zone.toml"),
        &[
            ("list(lib.qsort([3, -1, 2], lambda a, b: (a > b) - (a < b)))", "[-1, 2, 3]"),
            ("list(lib.qsort(range(100), lambda a, b: b - a))[:4]", "[99, 98, 97, 96]"),
            ("list(lib.bsearch(7, [1, 3, 7, 9], lambda a, b: a - b))", "[7]"),
            ("lib.bsearch(8, [1, 3, 7, 9], lambda a, b: a - b)", "None"),
            ("raised(lib.qsort, [2, 1], lambda a, b: 1 // 0)", "('ZeroDivisionError', {})"),
            ("raised(lib.qsort, [2, 1], lambda a, b: 'x')", "('TypeError', {})"),
            (
                "[entry.name for entry in lib.sort_entries([lib.entry('b', 2.5), lib.entry('a', 9), lib.entry('c', 0)], \
                 lambda a, b: int(math.copysign(1, a.weight - b.weight)))]",
                "['c', 'b', 'a']",
            ),
            ("lib.gmtime(0).tm_year, lib.gmtime(0).tm_zone", "(70, 'GMT')"),
            ("lib.gmtime_r(86400 * 366).tm_mday, lib.gmtime_r(0) == lib.gmtime(0)", "(2, True)"),
            ("lib.timegm(lib.tm(tm_year=100, tm_mon=13, tm_mday=1))[0]", "980985600"),
            ("lib.timegm(lib.tm(tm_year=100, tm_mon=13, tm_mday=1))[1].tm_mon", "1"),
            ("lib.strftime('%Y-%m-%d %H:%M:%S', lib.gmtime(1e9.__int__()))", "'2001-09-09 01:46:40'"),
            ("lib.strftime('%Z %j', dict(tm_yday=41, tm_zone='MEZ', tm_mday=1))", "'MEZ 042'"),
            ("lib.strptime('2001-02-03 rest', '%Y-%m-%d')[0]", "' rest'"),
            ("lib.strptime('2001-02-03 rest', '%Y-%m-%d')[1].tm_yday", "33"),
            ("lib.strptime('x', '%Y')[0]", "None"),
            ("lib.nanosleep(lib.timespec(0, 1000))", "timespec(tv_sec=0, tv_nsec=0)"),
            ("raised(lib.nanosleep, lib.timespec(0, -1))", "('OSError', {'code': -1, 'errno': 22})"),
            ("lib.strtod('2.5 apples')", "(2.5, ' apples')"),
            ("lib.strtod('apples')", "(0.0, 'apples')"),
            ("lib.strtol('ff;', 16), lib.strtol('12')", "((255, ';'), (12, ''))"),
            ("lib.div(17, 5)", "div_t(quot=3, rem=2)"),
            ("lib.format_int(42), lib.format_int(42, '<%05x>')", "('42', '<0002a>')"),
            ("lib.format_mixed('%s %lld %.2f', 'grüße', -2**40, math.pi)", "'grüße -1099511627776 3.14'"),
            ("lib.format_percent(12.34), raised(lib.format_percent, '%n', 1.0)[0]", "('12.3%', 'TypeError')"),
            ("raised(lib.format_mixed, '%100s %lld %.2f', '', 0, 0)[0]", "'NativeError'"),
            ("lib.asprintf('%Lg', 0.125)", "'0.125'"),
            // A zone has no files; which of the two it says depends on the walls that the kernel has.
            ("raised(lib.access, '/etc/passwd', 0)[0] in ('FileNotFoundError', 'PermissionError')", "True"),
            ("fill('hello')", "(64, b'hello')"),
            ("[lib.fgetc(file) for file in [lib.read_memory(b'ab')] for _ in range(3)]", "[97, 98, -1]"),
            ("lib.fclose_now(lib.read_memory(b'ab'))", "None"),
            (
                "[raised(f, file)[0] for file in [lib.read_memory(b'ab')] for f in [lib.fclose_now, lib.fgetc][file.close() or 0:]]",
                "['StaleHandle', 'StaleHandle']",
            ),
            ("raised(lib.fgetc, None)[0], raised(lib.fgetc, 5)[0]", "('TypeError', 'TypeError')"),
        ],
    );
}

#[test]
fn zstandard() {
    if !has(c"libzstd.so.1") {
        return;
    }
    gives(
        include_str!("../bindings/zstd.zone.toml"),
        &[
            ("lib.version().split('.')[0]", "'1'"),
            ("lib.decompress(lib.compress(b'hello' * 1000)) == b'hello' * 1000", "True"),
            ("len(lib.compress(bytes(100000))) < 100, lib.compress(b'x', level=19)[:4]", "(True, b'(\\xb5/\\xfd')"),
            ("raised(lib.decompress, b'nonsense')[0]", "'ZstdError'"),
            ("raised(lib.decompress, lib.compress(bytes(1000)), 10)[0]", "'ZstdError'"),
            (
                "[(lib.set(c, lib.Parameter.ZSTD_c_compressionLevel, 9), lib.decompress(lib.compress_with(c, b'abc' * 99)) == b'abc' * 99) \
                 for c in [lib.compressor()]]",
                "[(None, True)]",
            ),
            ("[raised(lib.set, c, 101, 10**9)[0] for c in [lib.compressor()]]", "['ZstdError']"),
            (
                "[lib.decompress_by(d, lib.compress_by(c, b'once more', by), b'once upon a time') for by in \
                 [lib.dictionary(b'once upon a time')] for c in [lib.compressor()] for d in [lib.decompressor()]]",
                "[b'once more']",
            ),
        ],
    );
}

#[test]
fn lz4() {
    if !has(c"liblz4.so.1") {
        return;
    }
    gives(
        include_str!("../bindings/lz4.zone.toml"),
        &[
            ("lib.decompress(lib.compress(b'hello' * 1000)) == b'hello' * 1000", "True"),
            ("len(lib.compress(bytes(100000))) < 500", "True"),
            ("raised(lib.decompress, b'\\xff' * 20)[0]", "'NativeError'"),
            (
                "[lib.decompress(a) == bytes(range(200)) and len(b) < len(a) for s in [lib.stream()] \
                 for a in [lib.compress_next(s, bytes(range(200)))] for b in [lib.compress_next(s, bytes(range(200)))]]",
                "[True]",
            ),
        ],
    );
}
