//! The table of keys is what the readers read and what the documentation says.

use cloison_manifest::diagnostic::Diagnostics;
use cloison_manifest::keys::{self, Key, TableName};
use cloison_manifest::{application, manifest};
use std::collections::BTreeSet;
use std::path::Path;

const ZONE: &str = "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libt.so\" }\n";

/// A key that no table has; what a table does have is in the hint about it.
const NO_KEY: &str = "qqzzqqzzqq";

/// No key has such a value.
const NO_VALUE: &str = "1979-05-27";

/// What is wrong with a file that is right but for one more key in that table.
fn with(table: TableName, key: &str) -> Option<Diagnostics> {
    let entry = format!("{key} = {NO_VALUE}");
    let without = |line: &str| {
        let same = |written: &str| written.split_once(" =").is_some_and(|(name, _)| name.trim() == key);
        line.lines().filter(|line| !same(line)).map(|line| format!("{line}\n")).collect::<String>()
    };
    let zone = |rest: String| manifest::parse("t", &format!("{ZONE}{rest}")).err();
    let application = |text: String| application::parse("t", &text).err();
    let function = |rest: &str| zone(format!("[functions.f]\n{}{rest}\n", without("c = \"int f(int *a)\"\n")));
    let record =
        |member: &str| format!("[types.t]\nc = \"struct t {{ int a; }};\"\nmembers = {{ a = {{ {member} }} }}\n");
    let live: Vec<_> =
        ["by = \"b\"", "cases = {}"].into_iter().filter(|one| !one.starts_with(&format!("{key} "))).collect();
    match table {
        TableName::App => application(format!("[app]\n{entry}\n")),
        TableName::Application => application(format!("{entry}\n")),
        TableName::Audit => {
            let file = if matches!(key, "size" | "keep") { "file = \"audit.jsonl\"\n" } else { "" };
            application(format!("[audit]\n{file}{entry}\n"))
        }
        TableName::Capability => {
            let service = keys::find(table, key).and_then(|key| key.of.split(", ").next()).unwrap_or_default();
            let zone = if service.is_empty() { "zlib" } else { service.trim_matches('`') };
            let whole = format!("zone = \"{zone}\"\nallow = []\n");
            application(format!("[capabilities.x]\n{}{entry}\n", without(&whole)))
        }
        TableName::Microprocess => application(format!("[microprocess.x]\n{entry}\n")),
        TableName::Narrowing => {
            let capability = "[capabilities.x]\nzone = \"zlib\"\nallow = []\n";
            application(format!("{capability}[microprocess.x.capabilities.x]\n{entry}\n"))
        }
        TableName::Clock => application(format!("[clock]\n{entry}\n")),
        TableName::Command => {
            let command: Vec<_> = ["path = \"/bin/x\"", "arguments = []"]
                .into_iter()
                .filter(|one| !one.starts_with(&format!("{key} ")))
                .collect();
            let command = format!("commands = [{{ {}, {entry} }}]", command.join(", "));
            application(format!("[capabilities.x]\nzone = \"process\"\n{command}\n"))
        }
        TableName::Random => application(format!("[random]\n{entry}\n")),
        TableName::Exception => zone(format!("[exceptions.E]\n{entry}\n")),
        TableName::File => zone(format!("[sandbox]\nfiles = [{{ {entry} }}]\n")),
        TableName::Network => zone(format!("[sandbox]\nnetwork = [{{ {entry} }}]\n")),
        TableName::Processes => zone(format!("[sandbox]\nprocesses = [{{ {entry} }}]\n")),
        TableName::Function => function(&format!("a = {{ in = true }}\n{entry}")),
        TableName::Library => manifest::parse("t", &ZONE.replace("soname = \"libt.so\"", &entry)).err(),
        TableName::Limits => application(format!("[limits]\n{entry}\n")),
        TableName::Live => zone(record(&format!("live = {{ {}, {entry} }}", live.join(", ")).replace("{ ,", "{"))),
        TableName::Manifest => {
            let zone = if key == "zone" { "" } else { ZONE };
            manifest::parse("t", &format!("{entry}\n{zone}")).err()
        }
        TableName::Member => zone(record(&entry)),
        TableName::Parameter => function(&format!("a = {{ {entry} }}")),
        TableName::Root => {
            let root: Vec<_> = ["at = \"/a\"", "path = \"a\"", "allow = []"]
                .into_iter()
                .filter(|one| !one.starts_with(&format!("{key} ")))
                .collect();
            application(format!("[capabilities.x]\nzone = \"files\"\nroots = [{{ {}, {entry} }}]\n", root.join(", ")))
        }
        TableName::Secret => {
            let secret: Vec<_> = ["header = \"X-Key\"", "from = \"env:KEY\""]
                .into_iter()
                .filter(|one| !one.starts_with(&format!("{key} ")))
                .collect();
            let secret = format!("secret = {{ {}, {entry} }}", secret.join(", "));
            application(format!("[capabilities.x]\nzone = \"http\"\nallow = []\n{secret}\n"))
        }
        TableName::Returns => function(&format!("a = {{ in = true }}\nreturns = {{ {entry} }}")),
        TableName::Sandbox => zone(format!("[sandbox]\n{entry}\n")),
        TableName::Type => zone(format!("[types.t]\n{}{entry}\n", without("c = \"struct t { int a; };\"\n"))),
        TableName::Zone => manifest::parse("t", &format!("{}{entry}\n", without(ZONE))).err(),
    }
}

fn said(diagnostics: Option<Diagnostics>) -> String {
    diagnostics.map(|wrong| wrong.to_string()).unwrap_or_default()
}

#[test]
fn each_key_of_the_table_has_a_reader() {
    for table in TableName::ALL {
        for Key { name, .. } in keys::of(table) {
            let said = said(with(table, name));
            // Either the message names it, or the line that is shown is its own.
            let about = [format!("`{name}`"), format!("{name} = {NO_VALUE}")];
            assert!(
                about.iter().any(|one| said.contains(one)),
                "nothing is said of a wrong `{name}` in {table:?}:\n{said}"
            );
            for unknown in [format!("has no key `{name}`"), format!("`{name}` is no parameter")] {
                assert!(!said.contains(&unknown), "nobody reads `{name}` in {table:?}:\n{said}");
            }
        }
    }
}

#[test]
fn each_table_says_which_keys_it_has() {
    for table in TableName::ALL {
        let diagnostics = with(table, NO_KEY).unwrap_or_else(|| panic!("{table:?} has any key"));
        let about = diagnostics.iter().find(|one| one.message.contains(NO_KEY)).expect("a word about it");
        // What is no key of a function's is a parameter, and of a type's a member.
        if table.others().is_some() {
            continue;
        }
        let hint = about.hint.clone().unwrap_or_default();
        let list = hint.strip_prefix("known here: ").unwrap_or_else(|| panic!("no list of keys: {hint}"));
        let listed: BTreeSet<_> = list.split(", ").map(|key| key.trim_matches('`')).collect();
        assert_eq!(listed, keys::names(table).into_iter().collect(), "{table:?}");
    }
}

#[test]
fn a_table_cannot_do_without_what_is_required() {
    for (table, text) in [
        (TableName::Capability, "[capabilities.x]\n"),
        (TableName::Function, "[functions.f]\n"),
        (TableName::Live, "[types.t]\nc = \"struct t { int a; };\"\na = { live = {} }\n"),
        (TableName::Manifest, ""),
        (TableName::Network, "[sandbox]\nnetwork = [{}]\n"),
        (TableName::Processes, "[sandbox]\nprocesses = [{}]\n"),
        (TableName::Root, "[capabilities.x]\nzone = \"files\"\nroots = [{}]\n"),
        (TableName::Secret, "[capabilities.x]\nzone = \"http\"\nallow = []\nsecret = {}\n"),
        (TableName::Type, "[types.t]\n"),
        (TableName::Zone, "[zone]\n"),
    ] {
        let wrong = match table {
            TableName::Capability | TableName::Root | TableName::Secret => application::parse("t", text).err(),
            TableName::Manifest | TableName::Zone => manifest::parse("t", text).err(),
            _ => manifest::parse("t", &format!("{ZONE}{text}")).err(),
        };
        let said = said(wrong);
        for key in keys::of(table) {
            let wanted = [format!("needs `{}`", key.name), format!("there is no [{}]", key.name)];
            let needed = wanted.iter().any(|wanted| said.contains(wanted));
            assert_eq!(needed, key.required, "`{}` of {table:?}:\n{said}", key.name);
        }
    }
    let others = KEYS_WITHOUT_REQUIRED.into_iter().flat_map(keys::of);
    assert_eq!(others.filter(|key| key.required).count(), 0);
}

/// The tables that can be empty, or say otherwise what they lack.
const KEYS_WITHOUT_REQUIRED: [TableName; 13] = [
    TableName::App,
    TableName::Application,
    TableName::Clock,
    TableName::Exception,
    TableName::File,
    TableName::Library,
    TableName::Limits,
    TableName::Member,
    TableName::Microprocess,
    TableName::Narrowing,
    TableName::Parameter,
    TableName::Returns,
    TableName::Sandbox,
];

#[test]
fn the_tables_of_the_documentation_are_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/manifests.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let right = keys::in_page(&page).unwrap();
    if std::env::var_os("CLOISON_BLESS").is_some() {
        std::fs::write(&path, &right).unwrap();
        return;
    }
    let different = page.lines().zip(right.lines()).find(|(page, right)| page != right);
    assert!(page == right, "`CLOISON_BLESS=1 cargo test -p cloison-manifest --test keys` writes: {different:?}");
}

/// Of tables that the text explains there are no tables.
#[test]
fn each_key_stands_in_the_documentation() {
    let page = include_str!("../../../docs/manifests.md");
    let blocks = || page.split("<!-- keys ").skip(1).filter_map(|block| block.split_once("<!-- end of keys -->"));
    let explained = [
        TableName::Application,
        TableName::File,
        TableName::Live,
        TableName::Manifest,
        TableName::Network,
        TableName::Processes,
    ];
    for table in TableName::ALL.into_iter().filter(|table| !explained.contains(table)) {
        for key in keys::of(table) {
            let row = format!("| `{}` |", key.name);
            let of_table = |block: &str| block.split(' ').next() == Some(table.word());
            assert!(blocks().any(|(block, _)| of_table(block) && block.contains(&row)), "`{}` of {table:?}", key.name);
        }
    }
}
