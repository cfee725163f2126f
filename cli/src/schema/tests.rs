use super::*;
use cloison_manifest::{application, bundled, manifest};
use std::collections::BTreeSet;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn what_is_committed_is_what_is_generated() {
    for (which, name) in [(Which::Application, "application"), (Which::Zone, "zone")] {
        let path = Path::new(ROOT).join(format!("schema/{name}.schema.json"));
        if std::env::var_os("CLOISON_BLESS").is_some() {
            std::fs::write(&path, text(which).unwrap()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text(which).unwrap(),
            "`cloison schema {name} -o schema/{name}.schema.json` says otherwise"
        );
    }
}

#[test]
fn the_mirror_takes_what_the_reader_takes() {
    let mut texts: Vec<(String, String)> =
        bundled::names().filter_map(bundled::find).map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    for entry in std::fs::read_dir(Path::new(ROOT).join("capabilities/manifest/tests/good")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            texts.push((path.display().to_string(), std::fs::read_to_string(path).unwrap()));
        }
    }
    assert!(texts.len() >= 4);
    for (name, text) in texts {
        assert!(manifest::parse(&name, &text).is_ok(), "{name}");
        if let Err(error) = toml::from_str::<zone::Manifest>(&text) {
            panic!("{name}: {error}");
        }
    }
    let text = std::fs::read_to_string(Path::new(ROOT).join("examples/zlib/cloison.toml")).unwrap();
    toml::from_str::<super::application::Application>(&text).map(drop).unwrap_or_else(|error| panic!("{error}"));
    toml::from_str::<zone::Manifest>("[zone]\nnam = \"x\"").expect_err("a key that there is not");
}

/// A key that no table has; what a table does know is in the hint about it.
const NO_KEY: &str = "qqzzqqzzqq";
const ZONE: &str = "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libt.so\" }\n";

fn known(hint: &str) -> BTreeSet<String> {
    let list = hint.strip_prefix("known here: ").unwrap_or_else(|| panic!("no list of keys: {hint}"));
    list.split(", ").map(|key| key.trim_matches('`').to_owned()).collect()
}

/// The keys that the reader knows of the table in which [`NO_KEY`] stands.
fn read(diagnostics: Option<cloison_manifest::diagnostic::Diagnostics>) -> BTreeSet<String> {
    let diagnostics = diagnostics.expect("a key that there is not");
    let about = diagnostics.iter().find(|one| one.message.contains(NO_KEY)).expect("a word about it");
    known(about.hint.as_deref().unwrap_or_default())
}

/// The keys that the schema gives a table.
fn mirrored(which: Which, table: &str) -> BTreeSet<String> {
    let schema = schema(which);
    let table = if table.is_empty() { &schema } else { &schema["definitions"][table] };
    let properties = table["properties"].as_object().unwrap_or_else(|| panic!("no properties: {table}"));
    // What `cloison bind` leaves to the author is not among the keys that people are told.
    properties.keys().filter(|key| *key != "decide").cloned().collect()
}

#[test]
fn both_know_the_same_keys_of_a_zone() {
    let function = |rest: &str| format!("{ZONE}[functions.f]\nc = \"int f(int *a)\"\n{rest}\n");
    for (table, text) in [
        ("", format!("{NO_KEY} = 1\n{ZONE}")),
        ("Zone", format!("{ZONE}{NO_KEY} = 1\n")),
        ("Library", ZONE.replace("soname", &format!("{NO_KEY} = 1, soname"))),
        ("Sandbox", format!("{ZONE}[sandbox]\n{NO_KEY} = 1\n")),
        ("File", format!("{ZONE}[sandbox]\nfiles = [{{ read = \"/x\", {NO_KEY} = 1 }}]\n")),
        ("Parameter", function(&format!("a = {{ {NO_KEY} = 1 }}"))),
        ("Type", format!("{ZONE}[types.t]\nc = \"struct t {{ int a; }};\"\n{NO_KEY} = 1\n")),
        ("Member", format!("{ZONE}[types.t]\nc = \"struct t {{ int a; }};\"\na = {{ {NO_KEY} = 1 }}\n")),
        (
            "LiveBy",
            format!(
                "{ZONE}[types.t]\nc = \"struct t {{ int a; }};\"\na = {{ live = {{ by = \"b\", cases = {{}}, {NO_KEY} = 1 }} }}\n"
            ),
        ),
        ("Exception", format!("{ZONE}[exceptions.E]\n{NO_KEY} = 1\n")),
        ("Returns", function(&format!("returns = {{ {NO_KEY} = 1 }}"))),
    ] {
        assert_eq!(read(manifest::parse("t", &text).err()), mirrored(Which::Zone, table), "{table}");
    }
}

/// A function's own keys are no parameters, and each other key is one.
#[test]
fn both_know_the_same_keys_of_a_function() {
    let keys = mirrored(Which::Zone, "Function");
    assert_eq!(keys, crate::bind::RESERVED.iter().map(|key| (*key).to_owned()).collect());
    for key in keys.iter().map(String::as_str).chain([NO_KEY]) {
        let text = format!("{ZONE}[functions.f]\nc = \"int f(int a)\"\n{key} = []\n");
        let wrong = manifest::parse("t", &text).err().map(|wrong| wrong.to_string()).unwrap_or_default();
        assert_eq!(wrong.contains(&format!("write `{key} = {{ in = true }}`")), key == NO_KEY, "{key}: {wrong}");
    }
}

#[test]
fn both_know_the_same_keys_of_an_application() {
    for (table, text) in [
        ("", format!("{NO_KEY} = 1\n")),
        ("App", format!("[app]\n{NO_KEY} = 1\n")),
        ("Capability", format!("[capabilities.x]\nzone = \"zlib\"\nallow = []\n{NO_KEY} = 1\n")),
        ("Limits", format!("[limits]\n{NO_KEY} = 1\n")),
    ] {
        assert_eq!(read(application::parse("t", &text).err()), mirrored(Which::Application, table), "{table}");
    }
}
