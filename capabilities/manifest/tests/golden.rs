//! Golden pairs: every mistake we know of, and exactly what is said about it.
//!
//! | folder | holds | beside it |
//! |---|---|---|
//! | `manifests` | one mistake in a zone's manifest, in folders by subject | `.err`: the diagnostics |
//! | `applications` | one mistake in a `cloison.toml`, in itself or against the bundled zones, in folders by subject | `.err`: the diagnostics |
//! | `good` | manifests that are right | `.txt`: what Python sees |
//! | `differences` | an old and a new `cloison.toml`, and the zones' manifests that they name | `.txt`: what has changed, there and back |
//!
//! After a change that is meant: `CLOISON_BLESS=1 cargo test -p cloison-manifest --test golden`, then read the difference.

use cloison_contract::Interface;
use cloison_manifest::application::{self, Application, CapabilityRequest};
use cloison_manifest::diagnostic::Diagnostics;
use cloison_manifest::difference::{DeclaredApplication, GrantDifference};
use cloison_manifest::{bundled, manifest};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn mistakes_in_manifests() {
    let wrong = check("manifests", "err", |name, text| match manifest::parse(name, text) {
        Ok(_) => "no mistake was found\n".to_owned(),
        Err(diagnostics) => diagnostics.render(false),
    });
    assert!(wrong.count >= 340, "only {} mistakes", wrong.count);
    wrong.done();
}

#[test]
fn mistakes_in_applications() {
    let wrong = check("applications", "err", |name, text| {
        match application::parse(name, text).and_then(|application| grants(&application)) {
            Ok(()) => "no mistake was found\n".to_owned(),
            Err(diagnostics) => diagnostics.render(false),
        }
    });
    assert!(wrong.count >= 25, "only {} mistakes", wrong.count);
    wrong.done();
}

#[test]
fn good_manifests() {
    check("good", "txt", |name, text| match manifest::parse(name, text) {
        Ok(interface) => describe(&interface),
        Err(diagnostics) => panic!("{diagnostics}"),
    })
    .done();
}

#[test]
fn what_has_changed() {
    let shown = check("differences", "txt", |_, text| {
        let parts: BTreeMap<&str, &str> =
            text.split("# === ").skip(1).filter_map(|part| part.split_once('\n')).collect();
        let declared = |name: &str| {
            let application =
                application::parse(&format!("{name}.toml"), parts[name]).unwrap_or_else(|wrong| panic!("{wrong}"));
            let interface = |(name, request): (&String, &CapabilityRequest)| {
                let zone = request.zone.text.as_str();
                let (file, text) = bundled::find(zone).unwrap_or_else(|| (zone, parts[zone]));
                (name.clone(), manifest::parse(file, text).unwrap_or_else(|wrong| panic!("{wrong}")))
            };
            let interfaces = application.capabilities.iter().map(interface).collect();
            DeclaredApplication::new(application, interfaces).unwrap_or_else(|wrong| panic!("{wrong}"))
        };
        let (old, new) = (declared("old"), declared("new"));
        assert_eq!(GrantDifference::between(&old, &old), GrantDifference::default());
        assert_eq!(GrantDifference::between(&new, &new), GrantDifference::default());
        let (there, back) = (GrantDifference::between(&old, &new), GrantDifference::between(&new, &old));
        format!("{}\n{}", there.text("old", "new"), back.text("new", "old"))
    });
    assert!(shown.count >= 10, "only {} differences", shown.count);
    shown.done();
}

#[test]
fn no_two_mistakes_are_the_same() {
    if std::env::var_os("CLOISON_BLESS").is_some() {
        return; // They are being written at this moment.
    }
    for folder in ["manifests", "applications"] {
        let mut seen = BTreeSet::new();
        for path in files(folder, "err") {
            let text = fs::read_to_string(&path).unwrap();
            let shown: String = text.lines().filter(|line| !line.trim_start().starts_with("-->")).collect();
            assert!(seen.insert(shown), "{} says the same as another one", path.display());
        }
    }
}

#[test]
fn bundled_bindings_are_right() {
    for name in bundled::names() {
        let (file_name, text) = bundled::find(name).unwrap();
        let interface = manifest::parse(file_name, text).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(interface.name, name);
        for function in &interface.functions {
            assert!(function.doc.is_some(), "{name}.{} has no doc", function.name);
        }
    }
}

/// Python has one kind of socket, whichever service it comes from.
#[test]
fn sockets_of_http_are_those_of_net() {
    let interface = |name| {
        let (file_name, text) = bundled::find(name).unwrap();
        manifest::parse(file_name, text).unwrap_or_else(|wrong| panic!("{wrong}"))
    };
    let (http, net) = (interface("http"), interface("net"));
    let mut compared = 0;
    for function in http.functions.iter().filter(|function| function.symbol.starts_with("net_")) {
        let (_, other) = net.function(&function.name).unwrap_or_else(|| panic!("net has no {}", function.name));
        assert_eq!((&function.symbol, &function.result, &function.doc), (&other.symbol, &other.result, &other.doc));
        let of = |function: &cloison_contract::interface::Function| {
            function.parameters.iter().map(|one| format!("{} {:?}", one.name, one.shape)).collect::<Vec<_>>()
        };
        // Handles have numbers of their own in each interface.
        let plain =
            |lines: Vec<String>| lines.into_iter().map(|line| line.replace(char::is_numeric, "")).collect::<Vec<_>>();
        assert_eq!(plain(of(function)), plain(of(other)), "{}", function.name);
        compared += 1;
    }
    assert!(compared >= 15, "only {compared} functions");
}

#[test]
fn the_manifests_of_the_documentation_are_right() {
    let head = "[zone]\nname = \"demo\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libdemo.so.1\" }\n";
    let page = include_str!("../../../docs/manifests.md");
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut count = 0;
    for block in blocks.filter(|block| is_manifest(block)) {
        let text = if block.contains("[zone]") { block.to_owned() } else { format!("{head}{block}") };
        manifest::parse("docs/manifests.md", &text).unwrap_or_else(|wrong| panic!("{wrong}"));
        count += 1;
    }
    assert!(count >= 15, "only {count} manifests");
}

/// Whether a block is a whole manifest but for its `[zone]`, and not a part of a table or of a `cloison.toml`.
fn is_manifest(block: &str) -> bool {
    let first = block.lines().find(|line| !line.starts_with('#') && !line.is_empty()).unwrap_or_default();
    let application =
        ["[app]", "[audit]", "[capabilities", "[limits]", "[microprocess"].iter().any(|table| block.contains(table));
    first.starts_with('[') && !application
}

fn grants(application: &Application) -> Result<(), Diagnostics> {
    for (name, request) in &application.capabilities {
        if let Some((file_name, text)) = bundled::find(&request.zone.text) {
            let interface = manifest::parse(file_name, text)?;
            let grant = application.grant(name, &interface)?;
            for (profile, declared) in &application.profiles {
                if declared.capabilities.contains_key(name) {
                    application.profile_narrowing(profile, name, &interface, &grant)?;
                }
            }
        }
    }
    Ok(())
}

fn describe(interface: &Interface) -> String {
    let mut text = format!(
        "{} {}: {:?}\n{:#?}\n",
        interface.name, interface.version, interface.library.location, interface.sandbox
    );
    for definition in &interface.types {
        text += &format!("\n{}: {:#?}\n", definition.name, definition.kind);
    }
    for (index, exception) in interface.exceptions.iter().enumerate() {
        text += &format!("\nexception {index} {} of {:?}", exception.name, exception.base);
    }
    for (name, value) in &interface.constants {
        text += &format!("\n{name} = {value:?}");
    }
    if !interface.exceptions.is_empty() || !interface.constants.is_empty() {
        text.push('\n');
    }
    for function in &interface.functions {
        let mark = if function.internal { "(internal) " } else { "" };
        text += &format!("\n{mark}{}\n", function.signature(interface));
        if let Some(short) = function.short_signature(interface) {
            text += &format!("{mark}{short}\n");
        }
        for parameter in &function.parameters {
            text += &format!("    {}: {:?}\n", parameter.name, parameter.shape);
        }
        for (there, word) in [(function.blocking, "blocking"), (function.variadic.is_some(), "variadic")] {
            if there {
                text += &format!("    {word}\n");
            }
        }
        text += &format!("    {:?}\n", function.returns);
    }
    text
}

struct Outcome {
    count: usize,
    different: Vec<String>,
}

impl Outcome {
    fn done(self) {
        assert!(self.different.is_empty(), "\n{}", self.different.join("\n"));
    }
}

/// Compares what `show` makes of each `.toml` in the folder with the file beside it.
fn check(folder: &str, extension: &str, show: impl Fn(&str, &str) -> String) -> Outcome {
    let bless = std::env::var_os("CLOISON_BLESS").is_some();
    let mut outcome = Outcome { count: 0, different: Vec::new() };
    for path in files(folder, "toml") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let shown = show(name, &fs::read_to_string(&path).unwrap());
        let golden = path.with_extension(extension);
        outcome.count += 1;
        if bless {
            fs::write(&golden, &shown).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if shown != expected {
            outcome.different.push(format!("{folder}/{name}: expected\n{expected}\nbut got\n{shown}"));
        }
    }
    outcome
}

/// The files in the folder and in those inside of it.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder)];
    let mut paths = Vec::new();
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
}
