//! Programs that stand in no file, and what the command says of itself.

use cloison_tests::Project;
use std::process::Command;

const SAYS: &str = "import sys; print(__name__, sys.argv, '__file__' in globals())";

#[test]
fn a_line_of_python_runs_as_with_python() {
    let project = Project::new();
    project.cloison(&["run", "-c", "print(2 + 2)"]).output().prints("4\n");
    // Whatever stands behind it is the program's, options of ours included.
    let output = project.cloison(&["run", "-c", SAYS, "a", "--help", "-v", "--", "-m"]).output();
    output.prints("__main__ ['-c', 'a', '--help', '-v', '--', '-m'] False\n");
    project.cloison(&["run", "-cprint(6)", "a"]).output().prints("6\n");
    let output = project.cloison(&["run", "-c", "x = 1\nx.y"]).output().ends_with(1);
    output.complains(&["File \"<string>\", line 2, in <module>", "x.y", "AttributeError"]);
    project.cloison(&["run", "-c", "import sys; print(sys.stdin.read())"]).stdin("in").output().prints("in\n");
    project.cloison(&["run", "-c", "raise SystemExit(7)"]).output().ends_with(7);
    project.cloison(&["run", "-c"]).output().ends_with(2).complains(&["CODE"]);
    project.cloison(&["run", "-c", "pass", "-m", "json.tool"]).output().ends_with(0);
}

#[test]
fn a_program_may_come_by_standard_input() {
    let project = Project::new();
    project.cloison(&["run", "-", "a", "--help"]).stdin(SAYS).output().prints("__main__ ['-', 'a', '--help'] False\n");
    let output = project
        .cloison(&["run", "-"])
        .stdin(include_str!("../python/command/a_program_may_come_by_standard_input.py"))
        .output()
        .ends_with(1);
    output.complains(&["File \"<stdin>\", line 2, in f", "raise KeyError('x')", "KeyError: 'x'"]);
    project.cloison(&["run", "-"]).stdin(*b"print(1)\xff").output().ends_with(2).complains(&["<stdin>", "UTF-8"]);
    project.cloison(&["run", "-"]).stdin(vec![b'#'; (16 << 20) + 1]).output().ends_with(2).complains(&["16 MiB"]);
}

#[test]
fn a_module_runs_as_main() {
    let project = Project::new()
        .file("tools/__init__.py", "")
        .file("tools/say.py", SAYS)
        .file("pack/__init__.py", "")
        .file("pack/__main__.py", "from . import inner\nprint('packed', inner.x)\n")
        .file("pack/inner.py", "x = 1\n");
    let output = project.cloison(&["run", "-m", "json.tool"]).stdin("{\"a\":1}").output();
    output.prints("{\n    \"a\": 1\n}\n");
    let compact = project.cloison(&["run", "-m", "json.tool", "--compact"]).stdin("{\"a\": 1}").output();
    compact.prints("{\"a\":1}\n");
    let output = project.cloison(&["run", "--root", ".", "-m", "tools.say", "a", "--root"]).output();
    output.prints("__main__ ['./tools/say.py', 'a', '--root'] True\n");
    project.cloison(&["run", "--root", ".", "-m", "pack"]).output().prints("packed 1\n");
    // Not what is merely there, which the message names.
    let output = project.cloison(&["run", "-m", "pack"]).output().ends_with(1);
    output.complains(&["No module named pack", "hint: `pack` is in .", "cloison run --root . -m pack"]);
    project.cloison(&["run", "-m", "no.such.module"]).output().ends_with(1).complains(&["No module named"]);
}

/// A manifest that is named counts, whatever the program is.
#[test]
fn capabilities_are_for_those_who_name_the_manifest() {
    let project = Project::new().file("cloison.toml", "[capabilities.m]\nzone = \"libm\"\nallow = [\"sqrt\"]\n");
    let code = "import cloison; print(cloison.capability('m').sqrt(9.0))";
    project.cloison(&["run", "--manifest", "cloison.toml", "-c", code]).output().prints("3.0\n");
    let output = project.cloison(&["run", "-c", code]).output().ends_with(1);
    output.complains(&["CapabilityDenied", "cloison.toml is not in use"]);
}

#[test]
fn shells_complete_the_commands() {
    let project = Project::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = project.cloison(&["completions", shell]).output().ends_with(0);
        for word in ["run", "check", "diff", "completions", "--manifest", "--root"] {
            assert!(output.stdout.contains(word.trim_start_matches('-')), "{shell} has no {word}");
        }
    }
    let script = project.cloison(&["completions", "bash"]).output().stdout;
    let ask = format!(
        "{script}\nCOMP_WORDS=(cloison ru) COMP_CWORD=1 COMPREPLY=()\n_cloison cloison ru cloison\necho \"${{COMPREPLY[@]}}\"\n"
    );
    let answer = Command::new("bash").args(["--norc", "-c", &ask]).output().expect("bash");
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "run\n", "{}", String::from_utf8_lossy(&answer.stderr));
}

#[test]
fn there_is_a_manual() {
    let project = Project::new();
    let whole = project.cloison(&["man"]).output().ends_with(0).stdout;
    assert!(whole.contains(".TH cloison 1") && whole.contains("cloison\\-run(1)"), "{whole}");
    let run = project.cloison(&["man", "run"]).output().ends_with(0).stdout;
    assert!(
        run.contains("\\-\\-manifest") && run.contains(".SH EXAMPLES\n  cloison run app/") && run.contains("json.tool"),
        "{run}"
    );
    project.cloison(&["man", "walk"]).output().ends_with(1).complains(&["no command `walk`", "hint"]);
    let folder = project.path("tmp/man");
    std::fs::create_dir(&folder).expect("a folder");
    project.cloison(&["man", "--out-dir", &folder.display().to_string()]).output().ends_with(0);
    for page in ["cloison.1", "cloison-run.1", "cloison-check.1", "cloison-diff.1", "cloison-man.1"] {
        let text = std::fs::read_to_string(folder.join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.contains(".SH NAME"), "{page}: {text}");
    }
    assert_eq!(std::fs::read_to_string(folder.join("cloison-run.1")).expect("a page"), run);
}
