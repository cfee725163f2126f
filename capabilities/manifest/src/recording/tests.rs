use super::*;
use cloison_contract::observation::ObservedValue;
use cloison_contract::observation::ObservedValue::{Integer, Length, Null, Real};

const ZONE: &str = r#"
[zone]
name = "store"
version = "1.0.0"
library = { soname = "libc.so.6" }
[functions.put]
c = "int put(const char *path, const char *mode, const char *password, const void *data, size_t size)"
data = { in = true, length = "size" }
[functions.level]
c = "int level(int level, unsigned char small, double ratio, unsigned int sum)"
"#;

fn interface() -> Interface {
    crate::manifest::parse("store.zone.toml", ZONE).unwrap_or_else(|found| panic!("{found:?}"))
}

fn seen(values: &[ObservedValue]) -> ArgumentUse {
    let mut seen = ArgumentUse::default();
    values.iter().for_each(|value| _ = seen.add(value));
    seen
}

fn text(text: &str) -> ObservedValue {
    ObservedValue::Text(text.as_bytes().to_vec())
}

/// The bound for what was passed for one parameter.
fn bound(function: &str, index: usize, values: &[ObservedValue]) -> Option<String> {
    let interface = interface();
    let declared = interface.function(function).unwrap().1;
    bounds::bound(&interface, declared, &BTreeMap::from([(index, seen(values))]))
}

#[test]
fn few_small_integers_are_listed_and_others_are_a_range_with_head_room() {
    for (values, expected) in [
        (&[6][..], Some("level == 6")),
        (&[6, 1, 6], Some("level in [1, 6]")),
        (&[-3], Some("level == -3")),
        (&[1, 2, 3, 4, 5], Some("level >= 1 && level <= 5")),
        (&[100, 5000], Some("level >= 0 && level <= 8 KiB")),
        (&[-5000, 7], Some("level >= -8192 && level <= 7")),
        (&[i128::from(i32::MIN), i128::from(i32::MAX)], None),
    ] {
        let values: Vec<_> = values.iter().copied().map(Integer).collect();
        assert_eq!(bound("level", 0, &values).as_deref(), expected, "{values:?}");
    }
    // A checksum has no range that says anything.
    assert_eq!(bound("level", 3, &[Integer(0), Integer(0xdead_beef)]), None);
}

#[test]
fn numbers_are_a_range_of_whole_ones_and_nan_is_in_none() {
    assert_eq!(bound("level", 2, &[Real(0.25), Real(1.5)]).as_deref(), Some("ratio >= 0 && ratio <= 2"));
    assert_eq!(bound("level", 2, &[Real(-0.5)]).as_deref(), Some("ratio >= -1 && ratio <= 0"));
    assert_eq!(bound("level", 2, &[Real(1.0), Real(f64::NAN)]), None);
    assert_eq!(bound("level", 2, &[Real(f64::INFINITY)]), None);
}

#[test]
fn paths_are_a_folder_words_a_list_and_other_texts_a_length() {
    let paths = [text("/data/a/1.txt"), text("/data/b"), text("/data/a/2.txt")];
    assert_eq!(bound("put", 0, &paths).as_deref(), Some("path starts_with \"/data/\""));
    assert_eq!(bound("put", 0, &[text("/a"), text("/b/c")]).as_deref(), Some("len(path) <= 64"));
    assert_eq!(bound("put", 0, &[text("/data/../etc/passwd")]).as_deref(), Some("len(path) <= 64"));
    assert_eq!(bound("put", 1, &[text("w"), text("r")]).as_deref(), Some("mode in [\"r\", \"w\"]"));
    assert_eq!(bound("put", 1, &[text("r"), Null]).as_deref(), Some("len(mode) <= 64"));
    assert_eq!(bound("put", 1, &[text("a \"quoted\" text")]).as_deref(), Some("len(mode) <= 64"));
    // What may be secret is not written down, whatever it looks like.
    assert_eq!(bound("put", 2, &[text("hunter2")]).as_deref(), Some("len(password) <= 64"));
    assert_eq!(bound("put", 3, &[Length(100), Length(3)]).as_deref(), Some("len(data) <= 128"));
    assert_eq!(bound("put", 3, &[Length(5000)]).as_deref(), Some("len(data) <= 8 KiB"));
}

fn recorded(base: &str, recording: &Recording) -> String {
    let interface = interface();
    let application = crate::application::parse("cloison.toml", base).unwrap_or_else(|found| panic!("{found:?}"));
    let interfaces = application.capabilities.keys().map(|name| (name.clone(), &interface)).collect();
    let text = manifest(base, &application.limits, recording, &interfaces, None).unwrap();
    // It is one that is taken.
    let read = crate::application::parse("cloison.toml", &text).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
    for name in read.capabilities.keys().filter(|name| *name == "store") {
        read.grant(name, &interface).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
    }
    text
}

fn used(functions: &[(&str, &[(usize, ObservedValue)])]) -> CapabilityUse {
    let mut used = CapabilityUse::default();
    for (name, arguments) in functions {
        let function = used.functions.entry((*name).to_owned()).or_default();
        for (index, value) in *arguments {
            function.arguments.entry(*index).or_default().add(value);
        }
    }
    used
}

#[test]
fn a_wide_manifest_becomes_the_smallest() {
    let base = "# mine\n[app]\nentry = \"app:main\"\n\n[capabilities.store]\nzone = \"store.zone.toml\"\nallow = \"*\"\n\n[capabilities.zlib]\nzone = \"zlib\"\nallow = \"*\"\n";
    let mut store = used(&[("put", &[(1, text("r"))]), ("level", &[(0, Integer(6))])]);
    store.note_place(Some("put"), "app.py:7".into());
    // Looked up, and never called.
    store.note_place(Some("take"), "app.py:9".into());
    store.note_place(Some("level"), "app.py:8\n[capabilities.evil]\u{202e}".into());
    let recording = Recording {
        capabilities: BTreeMap::from([("store".to_owned(), store)]),
        peaks: Peaks { memory_bytes: 50 << 20, processes: 2, children: 1, ..Peaks::default() },
        ..Recording::default()
    };
    let text = recorded(base, &recording);
    let expected = format!(
        "{HEAD}\n{}",
        r#"# mine
[app]
entry = "app:main"

[capabilities.store]
zone = "store.zone.toml"
allow = [
    "level",  # app.py:8\u{a}[capabilities.evil]\u{202e}
    "put",  # app.py:7
]

[capabilities.store.where]
level = "level == 6"
put = 'mode == "r"'

[limits]
memory = "112 MiB"  # the largest process was seen with 50 MiB
cpu = "5 s"  # the busiest process took 0.00 s; the program ran for 0.00 s
processes = 2  # at once, the program among them
children = 1  # of one process, at once
"#
    );
    assert_eq!(text, expected);
}

#[test]
fn what_was_bounded_stays_bounded_and_profiles_go_along() {
    let base = r#"
[capabilities.store]
zone = "store.zone.toml"
allow = ["put", "level"]
where = { put = "len(path) <= 9", level = "level < 7" }
[microprocess.worker]
capabilities = { store = { allow = ["put", "level"], where = { put = "len(path) <= 4" } } }
[microprocess.other.capabilities.gone]
[capabilities.gone]
zone = "store.zone.toml"
allow = "*"
"#;
    let recording = Recording {
        capabilities: BTreeMap::from([("store".to_owned(), used(&[("level", &[(0, Integer(3))])]))]),
        ..Recording::default()
    };
    let text = recorded(base, &recording);
    assert!(text.contains("level = \"(level < 7) && level == 3\""), "{text}");
    assert!(!text.contains("put") && !text.contains("gone"), "{text}");
}

#[test]
fn services_keep_what_was_asked_for() {
    let base = r#"
[capabilities.files]
zone = "files"
roots = [{ at = "/in", path = "in", allow = ["read", "list"] }, { at = "/out", path = "out", allow = ["read", "write", "create"] }, { at = "/no", path = "no", allow = ["read"] }]
[capabilities.net]
zone = "net"
connect = ["*:*"]
[capabilities.api]
zone = "http"
allow = ["* https://*.example.com/*"]
[capabilities.env]
zone = "env"
pass = ["HOME"]
[capabilities.run]
zone = "process"
[[capabilities.run.commands]]
path = "/bin/true"
arguments = []
[[capabilities.run.commands]]
path = "/bin/false"
arguments = []
"#;
    let right = |at: &str, right: &str| ServiceUse::Right { at: at.into(), folder: String::new(), right: right.into() };
    let connect = |host: &str, port| ServiceUse::Connect { host: host.into(), port };
    let request = |rule: String| ServiceUse::Request { rule };
    let service =
        |all: Vec<ServiceUse>| CapabilityUse { service: all.into_iter().collect(), ..CapabilityUse::default() };
    let many = (0..20).map(|index| request(format!("GET https://api.example.com/v1/items/{index}")));
    let recording = Recording {
        capabilities: BTreeMap::from([
            (
                "files".into(),
                service(vec![right("/in", ""), right("/in", "read"), right("/out", "create"), right("/out", "append")]),
            ),
            ("net".into(), service(vec![connect("db.example.com", 5432), connect("2606:4700::1", 80)])),
            ("api".into(), service(many.chain([request("POST https://b.example.com/x".into())]).collect())),
            ("run".into(), service(vec![ServiceUse::Command { command: 1 }])),
        ]),
        ..Recording::default()
    };
    let text = recorded(base, &recording);
    for expected in [
        "{ at = \"/in\", path = \"in\", allow = [\"read\"] }",
        "{ at = \"/out\", path = \"out\", allow = [\"append\", \"create\"] }",
        "connect = [\"[2606:4700::1]:80\", \"db.example.com:5432\"]",
        "allow = [\"GET https://api.example.com/v1/items/*\", \"POST https://b.example.com/x\"]",
        "pass = [\"HOME\"]",
        "/bin/false",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("/no") && !text.contains("/bin/true"), "{text}");
}

#[test]
fn what_is_named_already_is_not_offered_again() {
    let base = "[capabilities.z]\nzone = \"zlib\"\nallow = [\"crc32\"]\n";
    let application = crate::application::parse("cloison.toml", base).unwrap_or_else(|found| panic!("{found:?}"));
    let zone = |name: &str| OfferedZone { name: name.into(), zone: name.into() };
    let text = offer(base, &application, &[], &[zone("zlib"), zone("libm")]).unwrap();
    assert_eq!(text, format!("{base}\n[capabilities.libm]\nzone = \"libm\"\nallow = \"*\"\n"));
}

#[test]
fn a_service_that_is_offered_gets_a_name_that_is_free() {
    let base = "[capabilities.net]\nzone = \"log\"\n";
    let application = crate::application::parse("cloison.toml", base).unwrap_or_else(|found| panic!("{found:?}"));
    let service = OfferedHostService { service: "net".into(), lines: "zone = \"net\"\nconnect = [\"*:*\"]\n".into() };
    let text = offer(base, &application, &[service], &[]).unwrap();
    assert_eq!(text, format!("{base}\n[capabilities.net2]\nzone = \"net\"\nconnect = [\"*:*\"]\n"));
}

#[test]
fn a_folder_in_memory_that_was_not_used_is_left_out() {
    let base = "[capabilities.files]\nzone = \"files\"\nroots = []\nscratch = \"1 MiB\"\n";
    let look = ServiceUse::Right { at: "/tmp".into(), folder: String::new(), right: "absent".into() };
    for (service, there) in [(vec![], false), (vec![look], true)] {
        let used = CapabilityUse { service: service.into_iter().collect(), ..CapabilityUse::default() };
        let recording = Recording { capabilities: BTreeMap::from([("files".into(), used)]), ..Recording::default() };
        assert_eq!(recorded(base, &recording).contains("scratch"), there);
    }
}

#[test]
fn what_did_not_end_well_says_so_in_one_line() {
    let ending = "it was stopped\n[capabilities.all]\u{202e}";
    let text =
        manifest("", &ApplicationLimits::default(), &Recording::default(), &BTreeMap::new(), Some(ending)).unwrap();
    assert!(text.starts_with("# UNFINISHED, recorded by `cloison run --record`: it was stopped"), "{text}");
    assert!(!text.contains("\n[capabilities") && !text.contains("needed, with"), "{text}");
}

#[test]
fn nothing_becomes_more_than_it_was_whatever_a_service_says() {
    let base = "[capabilities.api]\nzone = \"http\"\nallow = [\"GET https://a.example/v1/*\", \"GET https://a.example/v2/*\"]\n\
                [capabilities.net]\nzone = \"net\"\nconnect = [\"b.example:443\"]\nlisten = [\"127.0.0.1:80\"]\n";
    let request = |rule: &str| ServiceUse::Request { rule: rule.into() };
    let paths = (0..10).map(|index| request(&format!("GET https://a.example/v{}/{index}", 1 + index % 2)));
    let all = ["* https://a.example/v1/x", "GET https://b.example/*"].map(request);
    let place = |host: &str| (host.to_owned(), 443);
    let connect =
        ["*", "b.example", "c.example", "10.0.0.1"].map(place).map(|(host, port)| ServiceUse::Connect { host, port });
    let listen = ServiceUse::Listen { host: "0.0.0.0".into(), port: 80 };
    let service =
        |service: Vec<ServiceUse>| CapabilityUse { service: service.into_iter().collect(), ..CapabilityUse::default() };
    let recording = Recording {
        capabilities: BTreeMap::from([
            ("api".into(), service(paths.chain(all).collect())),
            ("net".into(), service(connect.into_iter().chain([listen]).collect())),
        ]),
        ..Recording::default()
    };
    let text = recorded(base, &recording);
    assert!(text.contains("allow = [\"GET https://a.example/v1/*\", \"GET https://a.example/v2/*\"]"), "{text}");
    assert!(text.contains("connect = [\"b.example:443\"]") && !text.contains("listen"), "{text}");
}

#[test]
fn limits_in_one_line_have_no_comment_and_processes_have_head_room() {
    let peaks = Peaks { processes: 3, children: 5, ..Peaks::default() };
    let text = recorded("limits = { memory = \"512 MiB\" }\n", &Recording { peaks, ..Recording::default() });
    assert!(text.contains("processes = 4") && text.contains("children = 8"), "{text}");
    assert!(!text.contains("# at once") && crate::application::parse("cloison.toml", &text).is_ok(), "{text}");
}

#[test]
fn a_secret_goes_to_no_host_to_which_nothing_is_requested() {
    let request = ServiceUse::Request { rule: "GET https://a.example/x".into() };
    for (secret, left) in [
        (
            "secret = { header = \"K\", from = \"env:K\", hosts = [\"a.example\", \"b.example\"] }",
            "hosts = [\"a.example\"]",
        ),
        (
            "secret = [{ header = \"K\", from = \"env:K\", hosts = [\"b.example\"] }, { header = \"L\", from = \"env:L\" }]",
            "{ header = \"L\"",
        ),
        ("secret = { header = \"K\", from = \"env:K\", hosts = [\"b.example\"] }", ""),
    ] {
        let base = format!(
            "[capabilities.api]\nzone = \"http\"\nallow = [\"GET https://a.example/*\", \"GET https://b.example/*\"]\n{secret}\n"
        );
        let used = CapabilityUse { service: [request.clone()].into(), ..CapabilityUse::default() };
        let recording = Recording { capabilities: BTreeMap::from([("api".into(), used)]), ..Recording::default() };
        let text = recorded(&base, &recording);
        assert!(!text.contains("b.example") && text.contains(left), "{text}");
        assert_eq!(text.contains("secret"), !left.is_empty(), "{text}");
    }
}
