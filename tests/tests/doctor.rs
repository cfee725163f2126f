//! `cloison doctor` tells what is enforced on this machine, for root and for an ordinary user.

use cloison_tests::{Project, users};

const NEEDED: [&str; 9] = [
    "user-namespace",
    "mount-namespace",
    "pid-namespace",
    "network-namespace",
    "no-new-privileges",
    "capabilities",
    "landlock",
    "seccomp",
    "rlimits",
];

#[test]
fn every_layer_is_reported_as_it_is() {
    let project = Project::new();
    for &user in users() {
        let output = project.cloison(&["doctor", "--json"]).user(user).output().ends_with(0);
        let json = output.json();
        assert_eq!(json["complete"], true, "{output}");
        for side in ["microprocess", "zone"] {
            assert_eq!(json[side]["starts"], true, "{output}");
            let layers = json[side]["layers"].as_array().expect("a list");
            for name in NEEDED {
                let layer = layers.iter().find(|layer| layer["name"] == name);
                let layer = layer.unwrap_or_else(|| panic!("{side} does not report {name}: {output}"));
                assert!(layer["required"] == true && layer["state"] == "on", "{side}: {layer}");
            }
            let known = ["on", "off", "unavailable"];
            assert!(
                layers.iter().all(|layer| layer["state"].as_str().is_some_and(|state| known.contains(&state))),
                "{output}"
            );
            let mut names: Vec<_> = layers.iter().map(|layer| layer["name"].as_str()).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "a layer is reported twice: {output}");
        }
    }
}

#[test]
fn people_can_read_it() {
    let project = Project::new();
    for &user in users() {
        let output = project.cloison(&["doctor"]).user(user).output().ends_with(0);
        for text in ["microprocess\n", "zone\n", "seccomp", "landlock", "Every required layer is in force."] {
            assert!(output.stdout.contains(text), "no {text:?} in\n{output}");
        }
        assert!(!output.stdout.contains('\x1b') && output.stderr.is_empty(), "{output}");
    }
}

/// A folder without the other binaries cannot be examined, and says so.
#[test]
fn a_binary_that_is_missing_is_named() {
    let project = Project::new();
    std::fs::remove_file(project.path("bin/cloison-microprocess")).expect("it was there");
    let output = project.cloison(&["doctor"]).output();
    assert_ne!(output.code(), 0, "{output}");
    output.complains(&["cloison-microprocess", "one folder"]);
}
