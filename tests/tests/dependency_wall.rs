//! Who links what is part of the sandbox: only zones link a foreign function interface, only microprocesses a Python.

use cloison_tests::binaries::built;
use object::{Object, ObjectSymbol};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The packages of the workspace, and of what each may be part.
const FOREIGN: [&str; 4] = ["libffi", "libffi-sys", "libloading", "dlopen2"];

/// What reads manifests and shows mistakes in them.
const READERS: [&str; 6] = ["annotate-snippets", "cloison-manifest", "lang-c", "strsim", "toml", "toml_parser"];

/// What speaks with others over networks.
const SPEAKERS: [&str; 4] = ["ring", "rustls", "rustls-webpki", "simple-dns"];

struct Workspace {
    /// Package id → name, normal dependencies, features.
    nodes: BTreeMap<String, (String, Vec<String>, Vec<String>)>,
}

impl Workspace {
    /// As cargo resolves it, features unified over all members.
    fn read() -> Self {
        let metadata = cloison_tests::cargo::metadata();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let names: BTreeMap<_, _> =
            list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
        let normal = |dependency: &Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        let node = |node: &Value| {
            let needs = list(&node["deps"])
                .iter()
                .filter(|dependency| normal(dependency))
                .map(|dependency| text(&dependency["pkg"]))
                .collect();
            let features = list(&node["features"]).iter().map(text).collect();
            (text(&node["id"]), (names[&text(&node["id"])].clone(), needs, features))
        };
        Self { nodes: list(&metadata["resolve"]["nodes"]).iter().map(node).collect() }
    }

    /// The names of everything that a package is linked from.
    fn tree(&self, package: &str) -> BTreeSet<String> {
        let root = self.nodes.iter().find(|(_, (name, ..))| name == package).map(|(id, _)| id);
        let mut open = vec![root.unwrap_or_else(|| panic!("no package {package}")).clone()];
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if seen.insert(id.clone()) {
                open.extend(self.nodes[&id].1.iter().cloned());
            }
        }
        seen.iter().map(|id| self.nodes[id].0.clone()).collect()
    }

    /// Which of our packages link a package themselves.
    fn linked_directly_from(&self, package: &str) -> BTreeSet<String> {
        let needs = |needed: &[String]| needed.iter().any(|id| self.nodes[id].0 == package);
        let ours = self.nodes.values().filter(|(name, ..)| name.starts_with("cloison"));
        ours.filter(|(_, needed, _)| needs(needed)).map(|(name, ..)| name.clone()).collect()
    }

    fn features(&self, package: &str) -> Vec<&str> {
        let nodes = self.nodes.values().filter(|(name, ..)| name == package);
        nodes.flat_map(|(.., features)| features.iter().map(String::as_str)).collect()
    }
}

fn python(tree: &BTreeSet<String>) -> Vec<&String> {
    tree.iter().filter(|name| name.starts_with("rustpython")).collect()
}

fn foreign(tree: &BTreeSet<String>) -> Vec<&String> {
    tree.iter().filter(|name| FOREIGN.contains(&name.as_str())).collect()
}

fn readers(tree: &BTreeSet<String>) -> Vec<&String> {
    tree.iter().filter(|name| READERS.contains(&name.as_str())).collect()
}

#[test]
fn only_zones_link_a_foreign_function_interface() {
    let workspace = Workspace::read();
    assert!(foreign(&workspace.tree("cloison-zone")).len() >= 2, "the control: the zone does");
    assert!(foreign(&workspace.tree("cloison-host")).len() >= 2, "services are zones, and linked from them");
    for package in workspace.linked_directly_from("libffi").union(&workspace.linked_directly_from("libloading")) {
        assert_eq!(package, "cloison-zone", "everybody else has it by way of that");
    }
    for package in [
        "cloison-cli",
        "cloison-broker",
        "cloison-router",
        "cloison-sandbox",
        "cloison-transport",
        "cloison-contract",
        "cloison-manifest",
        "cloison-python",
    ] {
        assert_eq!(foreign(&workspace.tree(package)), Vec::<&String>::new(), "{package}");
    }
}

#[test]
fn only_microprocesses_link_a_python() {
    let workspace = Workspace::read();
    assert!(python(&workspace.tree("cloison-python")).len() > 3, "the control: the microprocess does");
    for package in [
        "cloison-cli",
        "cloison-broker",
        "cloison-router",
        "cloison-sandbox",
        "cloison-transport",
        "cloison-contract",
        "cloison-manifest",
        "cloison-calls",
        "cloison-codec",
        "cloison-zone",
        "cloison-host",
    ] {
        assert_eq!(python(&workspace.tree(package)), Vec::<&String>::new(), "{package}");
    }
}

/// TLS and names are for the host services alone: what others parse comes from processes of this machine.
#[test]
fn only_host_services_speak_with_others() {
    let workspace = Workspace::read();
    let speakers = |package: &str| -> Vec<String> {
        workspace.tree(package).into_iter().filter(|name| SPEAKERS.contains(&name.as_str())).collect()
    };
    assert_eq!(speakers("cloison-host").len(), SPEAKERS.len(), "the control: they do");
    for package in [
        "cloison-cli",
        "cloison-broker",
        "cloison-router",
        "cloison-sandbox",
        "cloison-transport",
        "cloison-contract",
        "cloison-manifest",
        "cloison-zone",
        "cloison-python",
    ] {
        assert_eq!(speakers(package), Vec::<String>::new(), "{package}");
    }
    for package in ["rustls", "simple-dns"] {
        assert_eq!(workspace.linked_directly_from(package), ["cloison-host".to_owned()].into(), "{package}");
    }
}

/// Manifests are read before anything else starts. What a microprocess or a zone has of them is data.
#[test]
fn only_the_broker_and_the_command_read_manifests() {
    let workspace = Workspace::read();
    for package in ["cloison-broker", "cloison-cli"] {
        assert!(readers(&workspace.tree(package)).len() > 3, "the control: {package} does");
    }
    for package in
        ["cloison-contract", "cloison-sandbox", "cloison-transport", "cloison-python", "cloison-zone", "cloison-host"]
    {
        assert_eq!(readers(&workspace.tree(package)), Vec::<&String>::new(), "{package}");
    }
}

#[test]
fn dependencies_point_one_way() {
    let workspace = Workspace::read();
    let ours = |package: &str| -> BTreeSet<String> {
        workspace.tree(package).into_iter().filter(|name| name.starts_with("cloison-") && name != package).collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let core = ["cloison-contract", "cloison-sandbox", "cloison-transport"];
    assert_eq!(ours("cloison-contract"), set(&[]));
    assert_eq!(ours("cloison-manifest"), set(&["cloison-contract"]));
    assert_eq!(ours("cloison-router"), set(&["cloison-contract", "cloison-transport"]));
    assert_eq!(ours("cloison-broker"), set(&[&core[..], &["cloison-manifest", "cloison-router"]].concat()));
    assert_eq!(ours("cloison-zone"), set(&core));
    assert_eq!(ours("cloison-host"), set(&[&core[..], &["cloison-zone"]].concat()));
    assert_eq!(ours("cloison-message"), set(&[]));
    assert_eq!(ours("cloison-xml"), set(&[]));
    assert_eq!(ours("cloison-codec"), set(&["cloison-contract", "cloison-transport"]));
    assert_eq!(ours("cloison-calls"), set(&["cloison-codec", "cloison-contract", "cloison-transport"]));
    assert_eq!(
        ours("cloison-python"),
        set(&[&core[..], &["cloison-calls", "cloison-codec", "cloison-message", "cloison-xml"]].concat())
    );
    assert_eq!(
        ours("cloison-cli"),
        set(&[&core[..], &["cloison-broker", "cloison-manifest", "cloison-router"]].concat())
    );
}

/// Cargo unifies features: one package that asks for `host_env` gives it to all.
#[test]
fn python_has_no_host_environment() {
    let workspace = Workspace::read();
    let packages: Vec<_> = workspace
        .nodes
        .values()
        .map(|(name, ..)| name.as_str())
        .filter(|name| name.starts_with("rustpython"))
        .collect();
    assert!(packages.contains(&"rustpython-vm") && packages.contains(&"rustpython-stdlib"), "{packages:?}");
    for package in packages {
        let features = workspace.features(package);
        for forbidden in
            ["host_env", "ssl", "ssl-rustls", "ssl-openssl", "sqlite", "tkinter", "threading", "wasmbind", "jit"]
        {
            assert!(!features.contains(&forbidden), "{package} has feature {forbidden}");
        }
    }
}

/// What the dynamic loader is asked for.
fn imports(binary: &str) -> BTreeSet<String> {
    let path = built().join(binary);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = object::File::parse(&*bytes).expect("an ELF file");
    file.dynamic_symbols()
        .filter(|symbol| symbol.is_undefined())
        .filter_map(|symbol| symbol.name().ok().map(str::to_owned))
        .collect()
}

/// Every function that a binary has, exported or not.
fn functions(binary: &str) -> Vec<String> {
    let bytes = std::fs::read(built().join(binary)).expect("the binary");
    let file = object::File::parse(&*bytes).expect("an ELF file");
    file.symbols().filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect()
}

#[test]
fn the_binaries_have_only_what_is_theirs() {
    assert!(imports("cloison-zone").contains("dlopen"), "the control: the zone loads libraries");
    for binary in ["cloison", "cloison-microprocess"] {
        let imports = imports(binary);
        for forbidden in ["dlopen", "dlmopen"] {
            assert!(!imports.contains(forbidden), "{binary} imports {forbidden}");
        }
    }
    let microprocess = imports("cloison-microprocess");
    for forbidden in
        ["execve", "execvp", "execv", "posix_spawn", "posix_spawnp", "system", "popen", "socket", "connect", "bind"]
    {
        assert!(!microprocess.contains(forbidden), "cloison-microprocess imports {forbidden}");
    }
    let (zone, microprocess) = (functions("cloison-zone"), functions("cloison-microprocess"));
    let has = |functions: &[String], part: &str| functions.iter().any(|name| name.contains(part));
    assert!(has(&zone, "ffi_call") && has(&microprocess, "rustpython"), "the control: symbols can be read");
    assert!(!has(&microprocess, "ffi_call") && !has(&microprocess, "ffi_prep_cif"), "the microprocess has libffi");
    assert!(
        !has(&zone, "rustpython")
            && !has(&functions("cloison-host"), "rustpython")
            && !has(&functions("cloison"), "rustpython"),
        "Python outside of the microprocess"
    );
}
