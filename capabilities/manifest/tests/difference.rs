//! Whatever can be written is compared: for each key one value that grants less than another one.

use cloison_manifest::application::{self, Application};
use cloison_manifest::difference::{DeclaredApplication, GrantDifference};
use cloison_manifest::keys::{self, TableName};
use cloison_manifest::{bundled, manifest};
use std::collections::BTreeMap;

/// What is there, and what grants more than that. `Either` is what cannot be compared: each has something that the other has not.
enum Case {
    Either(&'static str, &'static str),
    Wider(&'static str, &'static str),
}

use Case::{Either, Wider};

/// The table, its key, and what stands in the table.
const CASES: &[(TableName, &str, Case)] = &[
    (TableName::App, "site_packages", Wider("", "site_packages = [\"a\"]")),
    (TableName::App, "may_be_missing", Wider("", "may_be_missing = [\"landlock\"]")),
    (TableName::Limits, "memory", Wider("memory = \"16 MiB\"", "memory = \"17 MiB\"")),
    (TableName::Limits, "cpu", Wider("cpu = \"1 s\"", "")),
    (TableName::Limits, "descriptors", Wider("", "descriptors = 65")),
    (TableName::Limits, "deadline", Wider("deadline = \"24 h\"", "")),
    (TableName::Limits, "processes", Wider("processes = 3", "processes = 4")),
    (TableName::Limits, "children", Wider("children = 0", "")),
    (TableName::Limits, "channels", Wider("channels = 0", "channels = 1")),
    (TableName::Limits, "mailbox", Wider("", "mailbox = \"17 MiB\"")),
    (TableName::Capability, "zone", Either("zone = \"zlib\"\nallow = \"*\"", "zone = \"libm\"\nallow = \"*\"")),
    (TableName::Capability, "version", Wider("zone = \"log\"\nversion = \"1\"", "zone = \"log\"")),
    (TableName::Capability, "allow", Wider("zone = \"zlib\"\nallow = []", "zone = \"zlib\"\nallow = [\"crc32\"]")),
    (
        TableName::Capability,
        "where",
        Wider(
            "zone = \"zlib\"\nallow = [\"crc32\"]\nwhere = { crc32 = \"len < 9\" }",
            "zone = \"zlib\"\nallow = [\"crc32\"]\nwhere = { crc32 = \"len < 10\" }",
        ),
    ),
    (TableName::Capability, "rate", Wider("zone = \"log\"\nrate = \"10/s\"", "zone = \"log\"\nrate = \"11/s\"")),
    (TableName::Capability, "calls", Wider("zone = \"log\"\ncalls = 10", "zone = \"log\"")),
    (TableName::Capability, "bytes", Wider("zone = \"log\"\nbytes = 10", "zone = \"log\"\nbytes = 11")),
    (TableName::Capability, "cpu", Wider("zone = \"log\"\ncpu = \"1 s\"", "zone = \"log\"")),
    (TableName::Capability, "expires", Wider("zone = \"log\"\nexpires = \"1 s\"", "zone = \"log\"\nexpires = \"2 s\"")),
    (TableName::Capability, "delegate", Wider("zone = \"log\"\ndelegate = false", "zone = \"log\"")),
    (TableName::Capability, "callbacks", Wider("zone = \"log\"\ncallbacks = false", "zone = \"log\"")),
    (
        TableName::Capability,
        "roots",
        Wider("zone = \"files\"", "zone = \"files\"\nroots = [{ at = \"/a\", path = \"a\", allow = [\"list\"] }]"),
    ),
    (TableName::Capability, "scratch", Wider("zone = \"files\"", "zone = \"files\"\nscratch = \"64 KiB\"")),
    (TableName::Capability, "open_files", Wider("zone = \"files\"", "zone = \"files\"\nopen_files = 257")),
    (
        TableName::Capability,
        "file_size",
        Wider(
            "zone = \"sqlite3\"\nroots = [{ at = \"/a\", path = \"a\", allow = [\"write\"] }]",
            "zone = \"sqlite3\"\nroots = [{ at = \"/a\", path = \"a\", allow = [\"write\"] }]\nfile_size = \"2 GiB\"",
        ),
    ),
    (
        TableName::Capability,
        "written",
        Wider(
            "zone = \"files\"\nroots = [{ at = \"/a\", path = \"a\", allow = [\"write\"] }]\nwritten = 0",
            "zone = \"files\"\nroots = [{ at = \"/a\", path = \"a\", allow = [\"write\"] }]",
        ),
    ),
    (TableName::Capability, "file", Either("zone = \"log\"", "zone = \"log\"\nfile = \"a.log\"")),
    (TableName::Capability, "level", Wider("zone = \"log\"\nlevel = \"info\"", "zone = \"log\"")),
    (
        TableName::Capability,
        "size",
        Wider("zone = \"log\"\nfile = \"a\"", "zone = \"log\"\nfile = \"a\"\nsize = \"11 MiB\""),
    ),
    (TableName::Capability, "keep", Wider("zone = \"log\"\nfile = \"a\"\nkeep = 0", "zone = \"log\"\nfile = \"a\"")),
    (TableName::Capability, "connect", Wider("zone = \"net\"", "zone = \"net\"\nconnect = [\"a.example:1\"]")),
    (TableName::Capability, "listen", Wider("zone = \"net\"", "zone = \"net\"\nlisten = [\"127.0.0.1:1\"]")),
    (TableName::Capability, "name_servers", Either("zone = \"net\"", "zone = \"net\"\nname_servers = [\"10.0.0.1\"]")),
    (TableName::Capability, "connections", Wider("zone = \"net\"", "zone = \"net\"\nconnections = 65")),
    (TableName::Capability, "sent", Wider("zone = \"net\"\nsent = 0", "zone = \"net\"")),
    (TableName::Capability, "received", Wider("zone = \"net\"", "zone = \"net\"\nreceived = \"2 GiB\"")),
    (TableName::Capability, "pass", Wider("zone = \"env\"", "zone = \"env\"\npass = [\"A\"]")),
    (
        TableName::Capability,
        "variables",
        Either("zone = \"env\"\nvariables = { A = \"1\" }", "zone = \"env\"\nvariables = { A = \"2\" }"),
    ),
    (
        TableName::Capability,
        "secret",
        Wider(
            "zone = \"http\"\nallow = [\"GET https://a.example/\"]",
            "zone = \"http\"\nallow = [\"GET https://a.example/\"]\nsecret = { header = \"A\", from = \"env:A\" }",
        ),
    ),
    (
        TableName::Capability,
        "request",
        Wider("zone = \"http\"\nallow = []", "zone = \"http\"\nallow = []\nrequest = \"17 MiB\""),
    ),
    (
        TableName::Capability,
        "response",
        Wider("zone = \"http\"\nallow = []\nresponse = 1", "zone = \"http\"\nallow = []"),
    ),
    (
        TableName::Capability,
        "time",
        Wider("zone = \"http\"\nallow = []\ntime = \"1 s\"", "zone = \"http\"\nallow = []"),
    ),
    (TableName::Capability, "ca", Either("zone = \"http\"\nallow = []", "zone = \"http\"\nallow = []\nca = \"a.pem\"")),
    (
        TableName::Capability,
        "addresses",
        Wider("zone = \"http\"\nallow = []", "zone = \"http\"\nallow = []\naddresses = [\"10.0.0.0/8:443\"]"),
    ),
    (
        TableName::Capability,
        "commands",
        Wider("zone = \"process\"", "zone = \"process\"\ncommands = [{ path = \"/bin/a\", arguments = [] }]"),
    ),
    (TableName::Capability, "at_once", Wider("zone = \"process\"", "zone = \"process\"\nat_once = 5")),
    (TableName::Microprocess, "capabilities", Wider("", "capabilities = [\"c\"]")),
    (TableName::Microprocess, "memory", Wider("memory = \"16 MiB\"", "memory = \"17 MiB\"")),
    (TableName::Microprocess, "cpu", Wider("cpu = \"1 s\"", "")),
    (TableName::Microprocess, "deadline", Wider("deadline = \"1 s\"", "deadline = \"2 s\"")),
    (TableName::Microprocess, "children", Wider("children = 0", "")),
    (TableName::Microprocess, "channels", Wider("channels = 1", "channels = 2")),
    (TableName::Microprocess, "priority", Wider("priority = \"low\"", "priority = \"normal\"")),
    (TableName::Microprocess, "nice", Wider("nice = 5", "nice = 4")),
    (TableName::Narrowing, "allow", Wider("allow = []", "allow = [\"crc32\"]")),
    (TableName::Narrowing, "where", Wider("where = { crc32 = \"len < 9\" }", "where = { crc32 = \"len < 10\" }")),
    (TableName::Narrowing, "rate", Wider("rate = \"10/s\"", "")),
    (TableName::Narrowing, "calls", Wider("calls = 10", "calls = 11")),
    (TableName::Narrowing, "bytes", Wider("bytes = 10", "")),
    (TableName::Narrowing, "cpu", Wider("cpu = \"1 s\"", "")),
    (TableName::Narrowing, "expires", Wider("expires = \"1 s\"", "expires = \"2 s\"")),
    (TableName::Narrowing, "delegate", Wider("delegate = false", "")),
    (TableName::Narrowing, "callbacks", Wider("callbacks = false", "")),
    (TableName::Command, "name", Either("", "name = \"b\"")),
    (TableName::Command, "path", Either("path = \"/bin/a\"", "path = \"/bin/b\"")),
    (TableName::Command, "arguments", Either("arguments = []", "arguments = [\"a\"]")),
    (
        TableName::Command,
        "roots",
        Wider(
            "roots = [{ at = \"/a\", path = \"a\", allow = [\"read\"] }]",
            "roots = [{ at = \"/a\", path = \"a\", allow = [\"read\", \"write\"] }]",
        ),
    ),
    (
        TableName::Command,
        "folder",
        Either(
            "roots = [{ at = \"/a\", path = \"a\", allow = [\"read\"] }]",
            "roots = [{ at = \"/a\", path = \"a\", allow = [\"read\"] }], folder = \"/a/b\"",
        ),
    ),
    (TableName::Command, "environment", Either("", "environment = { A = \"1\" }")),
    (TableName::Command, "scratch", Wider("", "scratch = \"1 MiB\"")),
    (TableName::Command, "programs", Wider("", "programs = [\"/bin/b\"]")),
    (TableName::Command, "memory", Wider("", "memory = \"1 GiB\"")),
    (TableName::Command, "cpu", Wider("", "cpu = \"61 s\"")),
    (TableName::Command, "time", Wider("", "time = \"61 s\"")),
    (TableName::Command, "output", Wider("", "output = \"17 MiB\"")),
    (TableName::Command, "processes", Wider("processes = 0", "")),
    (TableName::Command, "file_size", Wider("file_size = 0", "")),
    (TableName::Root, "path", Either("path = \"a\"", "path = \"b\"")),
    (TableName::Root, "allow", Wider("allow = [\"list\"]", "allow = [\"list\", \"read\"]")),
    (TableName::Secret, "header", Either("header = \"A\"", "header = \"B\"")),
    (TableName::Secret, "from", Either("from = \"env:A\"", "from = \"env:B\"")),
    (TableName::Secret, "prefix", Either("", "prefix = \"B \"")),
    (TableName::Secret, "hosts", Wider("hosts = [\"a.example\"]", "")),
    (TableName::Library, "soname", Either("soname = \"liba.so\"", "soname = \"libb.so\"")),
    (TableName::Library, "path", Either("path = \"liba.so\"", "path = \"libb.so\"")),
    (TableName::Library, "needs", Wider("path = \"a\"", "path = \"a\", needs = [\"b\"]")),
    (TableName::Library, "preload", Wider("path = \"a\"", "path = \"a\", preload = [\"b\"]")),
    (
        TableName::Library,
        "sha256",
        Wider(
            "path = \"a\", sha256 = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
            "path = \"a\"",
        ),
    ),
    (TableName::Sandbox, "memory", Wider("memory = \"1 MiB\"", "")),
    (TableName::Sandbox, "deadline", Wider("deadline = \"1 s\"", "")),
    (TableName::Sandbox, "callables", Wider("", "callables = \"61 s\"")),
    (TableName::Sandbox, "instances", Either("", "instances = \"per-call\"")),
    (TableName::Sandbox, "files", Wider("files = [{ read = \"/a\" }]", "files = [{ write = \"/a\" }]")),
    (TableName::File, "for", Wider("files = [{ read = \"/a\", for = [\"g\"] }]", "files = [{ read = \"/a\" }]")),
    (TableName::Sandbox, "network", Wider("", "network = [{ connect = 443 }]")),
    (TableName::Network, "connect", Either("network = [{ connect = 443 }]", "network = [{ connect = 80 }]")),
    (
        TableName::Network,
        "for",
        Wider("network = [{ connect = 443, for = [\"g\"] }]", "network = [{ connect = 443, for = [\"f\"] }]"),
    ),
    (TableName::Processes, "most", Wider("processes = [{ most = 1 }]", "processes = [{ most = 2 }]")),
    (
        TableName::Processes,
        "for",
        Wider("processes = [{ most = 2, for = [\"g\"] }]", "processes = [{ most = 2, for = [\"f\"] }]"),
    ),
    (TableName::Sandbox, "environment", Either("", "environment = { A = \"1\" }")),
    (
        TableName::Sandbox,
        "scratch",
        Wider("instances = \"per-client\"", "instances = \"per-client\"\nscratch = \"1 MiB\""),
    ),
    (TableName::Sandbox, "file_size", Wider("", "file_size = 1")),
    (TableName::Sandbox, "descriptors", Wider("", "descriptors = 65")),
    (TableName::Sandbox, "call_size", Wider("call_size = \"4 KiB\"", "")),
    (TableName::Sandbox, "may_be_missing", Wider("", "may_be_missing = [\"landlock\"]")),
    (TableName::Sandbox, "processes", Wider("", "processes = 1")),
    (TableName::Sandbox, "threads", Wider("thread_safe = true", "thread_safe = true\nthreads = 2")),
];

/// Keys that grant nothing either way, or that have one value.
const NOTHING: &[(TableName, &str)] = &[
    (TableName::App, "entry"),
    (TableName::Root, "at"),
    (TableName::Library, "host"),
    (TableName::Sandbox, "thread_safe"),
];

/// What stands around that table, which has these lines.
fn declared(table: TableName, lines: &str) -> DeclaredApplication {
    // What the table has to have besides.
    let with = |needed: &[&str]| {
        let key = |entry: &str| entry.split(' ').next().unwrap_or_default().to_owned();
        let missing = needed.iter().filter(|entry| !lines.starts_with(&format!("{} ", key(entry))));
        let all: Vec<_> = missing.copied().chain((!lines.is_empty()).then_some(lines)).collect();
        all.join(", ")
    };
    let zone = match table {
        TableName::Library => with(&[]),
        _ => "soname = \"libt.so\"".to_owned(),
    };
    let sandbox = if matches!(table, TableName::File | TableName::Network | TableName::Processes | TableName::Sandbox) {
        lines
    } else {
        ""
    };
    let zone = format!(
        "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = {{ {zone} }}\n[sandbox]\n{sandbox}\n\
         [functions.f]\nc = \"int f(int n)\"\n[functions.g]\nc = \"int g(int n)\"\n"
    );
    let text = match table {
        TableName::App => format!("[app]\n{lines}\n"),
        TableName::Limits => format!("[limits]\n{lines}\n"),
        TableName::Capability => format!("[capabilities.c]\n{lines}\n"),
        TableName::Microprocess => {
            format!("[capabilities.c]\nzone = \"zlib\"\nallow = [\"crc32\"]\n[microprocess.w]\n{lines}\n")
        }
        TableName::Narrowing => {
            let capability = "[capabilities.c]\nzone = \"zlib\"\nallow = [\"crc32\", \"adler32\"]\n";
            format!("{capability}[microprocess.w.capabilities.c]\n{lines}\n")
        }
        TableName::Command => {
            let command = with(&["path = \"/bin/a\"", "arguments = []"]);
            format!("[capabilities.c]\nzone = \"process\"\ncommands = [{{ {command} }}]\n")
        }
        TableName::Root => {
            let root = with(&["at = \"/x\"", "path = \"x\"", "allow = [\"read\"]"]);
            format!("[capabilities.c]\nzone = \"files\"\nroots = [{{ {root} }}]\n")
        }
        TableName::Secret => {
            let secret = with(&["header = \"X\"", "from = \"env:X\""]);
            let allow = "[\"GET https://a.example/\", \"GET https://b.example/\"]";
            format!("[capabilities.c]\nzone = \"http\"\nallow = {allow}\nsecret = {{ {secret} }}\n")
        }
        _ => "[capabilities.c]\nzone = \"t.zone.toml\"\nallow = [\"f\"]\n".to_owned(),
    };
    let application: Application = application::parse("t", &text).unwrap_or_else(|wrong| panic!("{text}\n{wrong}"));
    let mut interfaces = BTreeMap::new();
    for (name, request) in &application.capabilities {
        let (file, text) = bundled::find(&request.zone.text).unwrap_or(("t.zone.toml", &zone));
        interfaces.insert(name.clone(), manifest::parse(file, text).unwrap_or_else(|wrong| panic!("{text}\n{wrong}")));
    }
    DeclaredApplication::new(application, interfaces).unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[test]
fn what_grants_more_is_found() {
    for (table, key, case) in CASES {
        let (Either(narrow, wide) | Wider(narrow, wide)) = case;
        let (narrow, wide) = (declared(*table, narrow), declared(*table, wide));
        let (there, back) = (GrantDifference::between(&narrow, &wide), GrantDifference::between(&wide, &narrow));
        assert!(there.grants_more(), "nothing is said of `{key}` in {table:?}: {there:?}");
        match case {
            Either(..) => assert!(back.grants_more(), "`{key}` in {table:?}, back: {back:?}"),
            Wider(..) => {
                assert!(there.less.is_empty(), "`{key}` in {table:?}: {there:?}");
                assert!(!back.grants_more() && !back.less.is_empty(), "`{key}` in {table:?}, back: {back:?}");
            }
        }
    }
}

#[test]
fn no_key_is_forgotten() {
    let tables = [
        TableName::App,
        TableName::Capability,
        TableName::Command,
        TableName::Library,
        TableName::Limits,
        TableName::Microprocess,
        TableName::Narrowing,
        TableName::Network,
        TableName::Processes,
        TableName::Root,
        TableName::Sandbox,
        TableName::Secret,
    ];
    for table in tables {
        for key in keys::names(table) {
            let compared = CASES.iter().any(|(of, name, _)| *of == table && *name == key);
            let nothing = NOTHING.contains(&(table, key));
            assert!(compared != nothing, "is `{key}` of {table:?} something that `cloison diff` looks at?");
        }
    }
}
