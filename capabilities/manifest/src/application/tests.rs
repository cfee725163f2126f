use super::{Allow, ApplicationLimits, AuditSettings, ProfileLimits, narrowing, parse};
use crate::{bundled, manifest};
use cloison_contract::expression::{BytesTest, Expression, Operator, Real};
use cloison_contract::grant::{Grant, Narrowing, Rate};
use cloison_contract::message::NarrowRequest;
use cloison_contract::offered::{OfferedFunction, OfferedParameter, OfferedType};
use cloison_contract::process::Priority;
use cloison_contract::{FunctionId, Interface};
use proptest::prelude::*;
use std::time::Duration;

fn interface(name: &str) -> Interface {
    let (file_name, text) = bundled::find(name).unwrap();
    manifest::parse(file_name, text).unwrap()
}

const WHOLE: &str = r#"
[app]
entry = "shop.app:Main.run"
site_packages = ["vendor"]
may_be_missing = ["landlock"]

[capabilities.zlib]
zone = "zlib"
allow = ["crc32", "compress2"]
where = { compress2 = "sourceLen <= 1 MiB && level != 9" }
rate = "1000/s"
calls = 5

[capabilities.none]
zone = "./mine.zone.toml"
allow = []

[limits]
memory = "256 MiB"
cpu = "1500 ms"
deadline = "90 s"
processes = 20
channels = 2
"#;

#[test]
fn an_audit_trail_is_bounded_whatever_is_said_of_it() {
    let audit = |text: &str| parse("cloison.toml", text).unwrap().audit;
    let plain = AuditSettings { file: None, file_bytes: 10 << 20, keep: 5, calls: false };
    assert_eq!(audit(""), None);
    assert_eq!(audit("[audit]\n"), Some(plain));
    let said = audit("[audit]\nfile = \"log/a.jsonl\"\nsize = \"1 MiB\"\nkeep = 2\ncalls = true\n").unwrap();
    assert_eq!(said.file.as_ref().map(|file| file.text.as_str()), Some("log/a.jsonl"));
    assert_eq!((said.file_bytes, said.keep, said.calls), (1 << 20, 2, true));
}

#[test]
fn the_whole_of_it() {
    let application = parse("cloison.toml", WHOLE).unwrap();
    let entry = application.entry.as_ref().unwrap();
    assert_eq!((&*entry.module, &*entry.qualname), ("shop.app", "Main.run"));
    assert_eq!(application.site_packages, ["vendor"]);
    assert_eq!(application.may_be_missing, ["landlock"]);
    let limits = ApplicationLimits {
        memory_bytes: 256 << 20,
        cpu_seconds: 2,
        deadline: Some(Duration::from_secs(90)),
        processes: 20,
        children: 20,
        channels: 2,
        ..ApplicationLimits::default()
    };
    assert_eq!(application.limits, limits);
    let zlib = &application.capabilities["zlib"];
    assert_eq!((zlib.allow_location.line, zlib.allow_location.column), (9, 1));
    assert_eq!(zlib.quota.rate, Some(Rate { calls: 1000, period_ms: 1000 }));
    assert_eq!(application.capabilities["none"].allow, Allow::Functions(vec![]));
    assert_eq!(application.capabilities["none"].zone.text, "./mine.zone.toml");
}

#[test]
fn an_empty_file_asks_for_nothing() {
    let application = parse("cloison.toml", "").unwrap();
    assert!(application.entry.is_none() && application.capabilities.is_empty());
    assert_eq!(application.limits, ApplicationLimits::default());
}

#[test]
fn a_grant_holds_what_was_asked_for_and_no_more() {
    let application = parse("cloison.toml", WHOLE).unwrap();
    let zlib = interface("zlib");
    let grant = application.grant("zlib", &zlib).unwrap();
    let names: Vec<_> = grant.functions.iter().map(|id| zlib.functions[id.0 as usize].name.as_str()).collect();
    assert_eq!(names, ["crc32", "compress2"]);
    assert_eq!(grant.bounds.len(), 1);
    assert_eq!(grant.bounds[0].1.text, "sourceLen <= 1 MiB && level != 9");
    assert_eq!((grant.quota.calls, grant.quota.rate), (Some(5), Some(Rate { calls: 1000, period_ms: 1000 })));
}

/// What a bound says beyond integers reaches the zone as it was meant, and as it was written.
#[test]
fn bounds_of_texts_floats_and_lengths_travel() {
    let text = "[capabilities.m]\nzone = \"zlib\"\nallow = [\"crc32\"]\n\
        where = { crc32 = 'buf starts_with \"PK\\x03\" && len(buf) <= 4 KiB || crc in [0, 1]' }\n";
    let grant = parse("cloison.toml", text).unwrap().grant("m", &interface("zlib")).unwrap();
    let bound = &grant.bounds[0].1;
    assert_eq!(bound.text, "buf starts_with \"PK\\x03\" && len(buf) <= 4 KiB || crc in [0, 1]");
    let starts = Expression::Bytes(1, BytesTest::StartsWith(b"PK\x03".to_vec()));
    assert!(
        bound.expression.any(|part| *part == starts) && bound.expression.any(|part| *part == Expression::Length(1))
    );
    let ratio = "[capabilities.m]\nzone = \"libm\"\nallow = [\"sqrt\"]\nwhere = { sqrt = \"0 <= x\" }\n";
    let grant = parse("cloison.toml", ratio).unwrap().grant("m", &interface("libm")).unwrap();
    let compared = Expression::Compare(Real::Parameter(0), Operator::GreaterOrEqual, 0.0);
    assert_eq!(grant.bounds[0].1.expression, compared);
    let bytes = postcard::to_allocvec(&grant).unwrap();
    assert_eq!(postcard::from_bytes::<cloison_contract::Grant>(&bytes).unwrap(), grant);
}

#[test]
fn an_empty_list_allows_nothing() {
    let application = parse("cloison.toml", WHOLE).unwrap();
    assert!(application.grant("none", &interface("zlib")).unwrap().functions.is_empty());
}

#[test]
fn a_star_allows_all_but_internal_functions() {
    let application = parse("cloison.toml", "[capabilities.z]\nzone = \"zlib\"\nallow = \"*\"").unwrap();
    let zlib = interface("zlib");
    let grant = application.grant("z", &zlib).unwrap();
    for (index, function) in zlib.functions.iter().enumerate() {
        assert_eq!(grant.allows(cloison_contract::FunctionId(index as u32)), !function.internal, "{}", function.name);
    }
}

#[test]
fn what_frees_cannot_be_granted_for_its_address() {
    let manifest = "[zone]\nname = \"libc\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libc.so.6\" }\n\
        [functions.strdup]\nc = \"char *strdup(const char *text)\"\nreturns = { text = true, free = \"free\" }\n\
        [functions.free]\nc = \"void free(void *pointer)\"\ninternal = true\n";
    let libc = manifest::parse("libc.zone.toml", manifest).unwrap();
    let application = parse("cloison.toml", "[capabilities.c]\nzone = \"libc.zone.toml\"\nallow = [\"free\"]").unwrap();
    let wrong = application.grant("c", &libc).unwrap_err();
    let one = wrong.iter().next().unwrap();
    assert_eq!(one.message, "`free` of `libc` cannot be granted: it takes an address, and addresses stay in the zone");
    let hint = "leave it out: the zone calls it by itself where `free` says so ([functions.free] at libc.zone.toml:9)";
    assert_eq!(one.hint.as_deref(), Some(hint));
}

#[test]
fn what_is_not_in_the_file_has_no_grant() {
    let application = parse("cloison.toml", WHOLE).unwrap();
    assert!(application.grant("libm", &interface("libm")).is_err());
}

#[test]
fn diagnostics_are_data_too() {
    let wrong = parse("cloison.toml", "[limits]\n  memroy = 1").unwrap_err();
    let one = wrong.iter().next().unwrap();
    let at = one.location().unwrap();
    assert_eq!((at.line, at.column), (2, 3));
    assert_eq!(one.hint.as_deref(), Some("did you mean `memory`?"));
    assert!(wrong.render(true).contains("\u{1b}["), "no colour");
    assert!(!wrong.render(false).contains("\u{1b}["), "colour");
}

/// Without the colours.
fn plain(rendered: &str) -> String {
    let mut pieces = rendered.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('m').expect("a colour").1)
}

#[test]
fn diagnostics_hold_nothing_that_a_terminal_obeys() {
    let obeyed = "\u{1b}[2J\u{1b}]0;m\u{7}\r\u{9b}1m\u{7f}\u{202e}";
    let escaped: String = obeyed.chars().map(|one| format!("\\u{:04x}", u32::from(one))).collect();
    for key in [obeyed, &escaped] {
        let text =
            format!("[app]\nentry = \"{key}\"\n\"{key}\" = 1\n# {key}\n[capabilities.\"{key}\"]\nzone = \"{key}\"\n");
        let wrong = parse(&format!("{obeyed}.toml"), &text).unwrap_err();
        for rendered in [wrong.render(false), plain(&wrong.render(true)), wrong.to_string()] {
            let left = rendered.contains(|one: char| one.is_control() && one != '\n' || one == '\u{202e}');
            assert!(!left && rendered.contains("\\u{1b}[2J"), "{rendered:?}");
        }
    }
    let lines = parse("cloison.toml", "[app]\r\n\tentri = 1\r\n").unwrap_err().render(false);
    assert!(!lines.contains("\\u{"), "{lines}");
}

const PROFILES: &str = r#"
[capabilities.zlib]
zone = "zlib"
allow = ["crc32", "compress2"]
where = { compress2 = "level != 9" }

[capabilities.log]
zone = "log"

[microprocess.worker]
memory = "64 MiB"
cpu = "1500 ms"
deadline = "3 s"
children = 0
channels = 2
priority = "low"

[microprocess.worker.capabilities.zlib]
allow = ["compress2"]
where = { compress2 = "sourceLen <= 1 MiB" }
calls = 100
cpu = "2 s"
expires = "60 s"
delegate = false

[microprocess.plain]
capabilities = ["log", "zlib"]
nice = 3
"#;

#[test]
fn profiles_say_what_is_left_and_leave_what_they_do_not_say() {
    let application = parse("cloison.toml", PROFILES).unwrap();
    let worker = &application.profiles["worker"];
    assert_eq!((worker.location.line, worker.capabilities["zlib"].location.line), (10, 18));
    let limits = ProfileLimits {
        memory_bytes: Some(64 << 20),
        cpu_seconds: Some(2),
        deadline: Some(Duration::from_secs(3)),
        children: Some(0),
        channels: Some(2),
        priority: Some(Priority::Low),
        nice: None,
    };
    assert_eq!(worker.limits, limits);
    assert_eq!(worker.capabilities["zlib"].expires, Some(Duration::from_secs(60)));
    let (zlib, plain) = (interface("zlib"), &application.profiles["plain"]);
    let grant = application.grant("zlib", &zlib).unwrap();
    let narrowing = application.profile_narrowing("worker", "zlib", &zlib, &grant).unwrap();
    let left = grant.narrow(&narrowing);
    assert!(left.is_within(&grant) && left.personal && !left.quiet);
    let names: Vec<_> = left.functions.iter().map(|id| zlib.functions[id.0 as usize].name.as_str()).collect();
    assert_eq!(names, ["compress2"]);
    let bounds: Vec<_> = left.bounds.iter().map(|(_, bound)| bound.text.as_str()).collect();
    assert_eq!(bounds, ["level != 9", "sourceLen <= 1 MiB"]);
    assert_eq!((left.quota.calls, left.quota.cpu_ns), (Some(100), Some(2_000_000_000)));
    assert_eq!(plain.capabilities.keys().collect::<Vec<_>>(), ["log", "zlib"]);
    assert_eq!(plain.limits, ProfileLimits { nice: Some(3), ..ProfileLimits::default() });
    let as_it_is = application.profile_narrowing("plain", "zlib", &zlib, &grant).unwrap();
    assert_eq!(as_it_is, Narrowing::default());
    assert!(application.profile_narrowing("worker", "log", &zlib, &grant).is_err(), "it does not name that");
}

#[test]
fn a_profile_grants_nothing() {
    let more = PROFILES.replace("allow = [\"compress2\"]", "allow = [\"compress2\", \"adler32\"]");
    let application = parse("cloison.toml", &more).unwrap();
    let zlib = interface("zlib");
    let grant = application.grant("zlib", &zlib).unwrap();
    let wrong = application.profile_narrowing("worker", "zlib", &zlib, &grant).unwrap_err();
    let one = wrong.iter().next().unwrap();
    assert!(one.message.contains("`adler32` is not granted by [capabilities.zlib]"), "{wrong}");
    let hint = "add \"adler32\" to `allow` at cloison.toml:4, or leave it out here";
    assert_eq!(one.hint.as_deref(), Some(hint));
}

/// Bounds on a service's arguments are read as those of a zone are, by what the annotations say; of what these do not say nothing is known.
#[test]
fn bounds_of_a_service_go_by_its_annotations() {
    let parameter = |(name, annotation): (&str, &str)| OfferedParameter {
        name: name.to_owned(),
        takes: OfferedType::of(annotation),
    };
    let parameters = [
        ("level", "int"),
        ("ratio", "float"),
        ("sure", "bool"),
        ("path", "str"),
        ("data", "bytes | None"),
        ("NULL", "int"),
        ("tag", ""),
    ];
    let put = OfferedFunction { name: "put".into(), parameters: parameters.map(parameter).into() };
    let interface =
        Interface::of_service("Store", &[put, OfferedFunction { name: "get".into(), parameters: Vec::new() }]);
    let grant = Grant::new([FunctionId(0)]);
    let read = |function: &str, bound: &str| {
        let request = NarrowRequest { bounds: vec![(function.into(), bound.into())], ..NarrowRequest::default() };
        narrowing(&request, &interface, &grant)
    };
    let first = |bound: &str| read("put", bound).unwrap_or_else(|error| panic!("{bound}: {error}")).bounds.remove(0).1;
    let equal = |index, number| {
        Expression::Binary(Operator::Equal, Expression::Parameter(index).into(), Expression::Integer(number).into())
    };
    assert_eq!(first("level == 1").expression, equal(0, 1));
    assert_eq!(first("ratio < 1").expression, Expression::Compare(Real::Parameter(1), Operator::Less, 1.0));
    assert_eq!(first("sure == 1").expression, equal(2, 1));
    let starts = Expression::Bytes(3, BytesTest::StartsWith(b"/a/".into()));
    assert_eq!(first("path starts_with \"/a/\"").expression, starts);
    assert_eq!(first("len(data)").expression, Expression::Length(4));
    assert_eq!(first("NULL == 0").expression, equal(5, 0), "a parameter of that name is no constant");
    for (bound, said) in [
        ("tag == 1", "nothing is known of `tag`"),
        ("len(tag) == 1", "nothing is known of `tag`"),
        ("tag in [1]", "nothing is known of `tag`"),
        ("tag starts_with \"a\"", "nothing is known of `tag`"),
        ("tag.x == 1", "`tag` is no struct"),
        ("*tag == 1", "nothing is known of `tag`"),
        ("*level == 1", "`level` is not a pointer"),
        ("put(1)", "`put` cannot be called"),
        ("data == 1", "compared with a text in quotes"),
    ] {
        let error = read("put", bound).expect_err(bound);
        assert!(error.contains(said), "{bound}: {error}");
    }
    assert!(read("get", "1 == 1").expect_err("not granted").contains("it allows no function `get`"));
}

proptest! {
    #[test]
    fn no_text_panics(text in "(?s).{0,200}") {
        if let Err(wrong) = parse("any.toml", &text) {
            prop_assert!(!wrong.is_empty());
        }
    }

    #[test]
    fn nearly_right_texts_do_not_panic(at in any::<prop::sample::Index>(), length in 0usize..20, piece in "[\"{}\\[\\]=a-z0-9* ]{0,6}") {
        let start = at.index(WHOLE.len());
        let end = (start + length).min(WHOLE.len());
        let text = format!("{}{piece}{}", &WHOLE[..start], &WHOLE[end..]);
        if let Ok(application) = parse("mutated.toml", &text) {
            for name in application.capabilities.keys() {
                let _ = application.grant(name, &interface("zlib"));
            }
        }
    }
}
