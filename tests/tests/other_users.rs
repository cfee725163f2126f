//! Users between root and the ordinary one, and kernels that refuse namespaces: it works, or says what is missing.

use cloison_tests::Project;
use std::process::{Command, Output};

const APPLICATION: &str = "[app]\nentry = \"app:main\"\n";
const NAMESPACES: &str = "may_be_missing = [\"user-namespace\", \"mount-namespace\", \"pid-namespace\", \"network-namespace\", \"ipc-namespace\", \"uts-namespace\"]\n";
const USES_A_ZONE: &str = include_str!("../python/other_users/uses_a_zone.py");
const CAPABILITY: &str = "[capabilities.libm]\nzone = \"libm\"\nallow = [\"sqrt\"]\n";

fn project(manifest: &str) -> Project {
    Project::new().file("cloison.toml", manifest).file("app.py", USES_A_ZONE)
}

/// Run the application as the root of a user namespace that has nobody else in it, after another command.
fn as_lonely_root(project: &Project, before: &str) -> Output {
    let script =
        format!("{before} exec {} run {}", project.path("bin/cloison").display(), project.path("app").display());
    Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", &script])
        .output()
        .expect("unshare (util-linux)")
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

const NO_MORE_NAMESPACES: &str = "echo 0 > /proc/sys/user/max_user_namespaces;";

#[test]
fn the_root_of_a_namespace_with_nobody_else_is_an_ordinary_user() {
    let project = project(&format!("{APPLICATION}{CAPABILITY}"));
    let output = as_lonely_root(&project, "");
    assert_eq!(said(&output), ("3.0\n".into(), String::new()));
}

#[test]
fn without_user_namespaces_a_start_is_refused() {
    let project = project(&format!("{APPLICATION}{CAPABILITY}"));
    let output = as_lonely_root(&project, NO_MORE_NAMESPACES);
    let (stdout, stderr) = said(&output);
    assert_eq!((output.status.code(), stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("user-namespace") && stderr.contains("hint"), "{stderr}");
}

#[test]
fn without_user_namespaces_it_runs_if_the_manifest_says_so() {
    let project = project(&format!("{APPLICATION}{NAMESPACES}")).file("app.py", "def main():\n    print('ran')\n");
    let output = as_lonely_root(&project, NO_MORE_NAMESPACES);
    assert_eq!(said(&output), ("ran\n".into(), String::new()));
}

#[test]
fn doctor_says_what_is_missing() {
    let project = Project::new();
    let script = format!("{NO_MORE_NAMESPACES} exec {} doctor --json", project.path("bin/cloison").display());
    let unshare = ["--user", "--map-root-user", "sh", "-c", &script];
    let output = Command::new("unshare").args(unshare).output().expect("unshare (util-linux)");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), &json["complete"]), (Some(1), &serde_json::Value::Bool(false)), "{json}");
    for side in ["microprocess", "zone"] {
        let layers = json[side]["layers"].as_array().expect("a list");
        let state = |name: &str| layers.iter().find(|layer| layer["name"] == name).map(|layer| layer["state"].clone());
        assert_eq!(state("user-namespace"), Some("unavailable".into()), "{json}");
        assert_eq!(state("seccomp"), Some("on".into()), "{json}");
    }
}
