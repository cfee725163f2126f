//! What a manifest gives a library besides its file: variables, a private folder, files beside the manifest, libraries that
//! go with it.

use cloison_tests::binaries::readable;
use cloison_tests::{Project, users};
use std::path::Path;
use std::process::Command;

const C: &str = include_str!("../c/company.c");

/// A project with that library and a manifest of these functions, which all may be called.
fn project(program: &str, library: &str, sandbox: &str, functions: &str) -> Project {
    let zone = format!("[zone]\nname = \"company\"\nversion = \"1.0.0\"\nlibrary = {library}\n{sandbox}\n{functions}");
    Project::script(program)
        .library("libcompany.so", C)
        .file("company.zone.toml", &zone)
        .file("cloison.toml", "[capabilities.company]\nzone = \"company.zone.toml\"\nallow = \"*\"\n")
}

const PLAIN: &str = "{ path = \"libcompany.so\" }";

#[test]
fn a_constructor_finds_variables_and_files() {
    const FUNCTIONS: &str = "[functions.case_mode]\nc = \"const char *case_mode(void)\"\nreturns = { text = true }\n\
        [functions.case_head]\nc = \"const char *case_head(void)\"\nreturns = { text = true }\n\
        [functions.read_here]\nc = \"const char *read_here(void)\"\nreturns = { text = true }\n";
    let zones = Path::new("/usr/share/zoneinfo/Europe/Berlin").exists();
    let (zoneinfo, head) = if zones { (", { read = \"/usr/share/zoneinfo\" }", "TZif") } else { ("", "none") };
    let sandbox = format!(
        "[sandbox]\nenvironment = {{ CASE_MODE = \"fast\", CASE_DATA = \"$here/data/words\" }}\n\
         files = [{{ read = \"$here/data\" }}{zoneinfo}]\n"
    );
    for &user in users() {
        let program = include_str!("../python/company/constructor.py");
        let project = project(program, PLAIN, &sandbox, FUNCTIONS).file("data/words", "of its own\n");
        project.main(&[]).user(user).output().prints(&format!("fast {head} of its own\n"));
        let explained = project.cloison(&["explain", "main.py", "--manifest", "cloison.toml"]).user(user).output();
        let data = std::fs::canonicalize(project.app("data")).expect("a folder");
        let sentence = format!("have libcompany.so read {}\n", data.display());
        assert!(explained.stdout.contains(&sentence), "no {sentence:?} in\n{explained}");
        assert!(explained.stdout.contains("`CASE_MODE=fast`"), "{explained}");
    }
}

#[test]
fn plugins_and_conversions_are_loaded_before_the_seal() {
    const FUNCTIONS: &str = "[functions.last_error]\nc = \"const char *last_error(void)\"\nreturns = { text = true }\n\
        [functions.convert]\nc = \"long convert(const char *from, const char *to, const char *src, size_t n, char *dst, size_t room)\"\n\
        src = { in = true, length = \"n\" }\n\
        dst = { out = true, capacity = \"room\", max = \"4 KiB\", length = \"return\", bytes = true }\n\
        returns = { error_if = \"< 0\" }\n\
        [functions.plugin]\nc = \"int plugin(const char *path, int x)\"\n";
    let modules = ["SJIS.so", "ISO8859-2.so"].map(|name| format!("/usr/lib/x86_64-linux-gnu/gconv/{name}"));
    let there = modules.iter().all(|path| Path::new(path).exists());
    let further = if there { format!(", \"{}\"", modules.join("\", \"")) } else { String::new() };
    let library = format!("{{ path = \"libcompany.so\", preload = [\"plugins/plug.so\"{further}] }}");
    let expected = "b'\\xe9\\x00'\nb'\\xc5\\xa1\\xc4\\x8d'\nb'\\xe6\\x97\\xa5\\xe6\\x9c\\xac'\n42 \n";
    let without = "b'\\xe9\\x00'\nfailed -1 iconv_open: Invalid argument\nfailed -1 iconv_open: Invalid argument\n-1 ";
    for &user in users() {
        let with = |library: &str| {
            let program = include_str!("../python/company/plugins.py");
            let project = project(program, library, "", FUNCTIONS);
            project.library("plugins/plug.so", "int twice(int x) { return 2 * x; }")
        };
        let run = |project: &Project| {
            let plugin = std::fs::canonicalize(project.app("plugins/plug.so")).expect("a file");
            project.main(&[plugin.to_str().expect("text")]).user(user).output().ends_with(0)
        };
        let output = run(&with(&library));
        if there {
            assert_eq!(output.stdout, expected, "{output}");
        } else {
            assert!(output.stdout.ends_with("42 \n"), "{output}");
        }
        let output = run(&with(PLAIN));
        assert!(output.stdout.starts_with(without), "{output}");
    }
}

#[test]
fn temporary_files_are_one_clients_and_bounded() {
    const FUNCTIONS: &str = "[functions.via_tmpfile]\nc = \"int via_tmpfile(int kb)\"\n\
        [functions.via_env]\nc = \"int via_env(int kb)\"\n\
        [functions.leave]\nc = \"int leave(void)\"\n[functions.left_over]\nc = \"int left_over(void)\"\n";
    let program = include_str!("../python/company/temporary.py");
    for &user in users() {
        let with = project(program, PLAIN, "[sandbox]\nscratch = \"16 MiB\"\n", FUNCTIONS);
        with.main(&[]).user(user).output().prints("64 True\n64 True\n1 0\n");
        assert!(!Path::new("/tmp/left").exists());
        let without = project(program, PLAIN, "", FUNCTIONS).main(&[]).user(user).output().ends_with(0);
        assert!(without.stdout.starts_with('-') && without.stdout.ends_with("0 0\n"), "{without}");
    }
}

#[test]
fn a_library_of_ones_own_needs_another_one() {
    const FUNCTIONS: &str = "[functions.asks_other]\nc = \"int asks_other(int number)\"\n";
    let program = include_str!("../python/company/needs.py");
    for &user in users() {
        let library = "{ path = \"libneeding.so\", needs = [\"deep/libother.so.1\"] }";
        let project = project(program, library, "", FUNCTIONS)
            .file("deep/other.c", "int other(int number) { return 3 * number; }")
            .file("company.c", C);
        let linked = [
            "deep/other.c -Wl,-soname,libother.so.1 -o deep/libother.so.1",
            "company.c -DNEEDS deep/libother.so.1 -o libneeding.so",
        ];
        for (arguments, made) in linked.iter().zip(["deep/libother.so.1", "libneeding.so"]) {
            let mut compiler = Command::new("cc");
            compiler.args(["-shared", "-fPIC"]).args(arguments.split(' ')).current_dir(project.app(""));
            assert!(compiler.status().expect("a C compiler").success());
            readable(&project.app(made), 0o755);
        }
        project.main(&[]).user(user).output().prints("21\n");
        let checked = project.cloison(&["check", "company.zone.toml"]).user(user).output().ends_with(0);
        assert!(checked.stdout.contains("ok"), "{checked}");
        let zone = std::fs::read_to_string(project.app("company.zone.toml")).expect("a manifest");
        project.write("company.zone.toml", zone.replace(", needs = [\"deep/libother.so.1\"]", "").as_bytes());
        project.main(&[]).user(user).output().ends_with(1).complains(&["libother.so.1", "cannot open"]);
        let checked = project.cloison(&["check", "company.zone.toml"]).user(user).output().ends_with(1);
        checked.complains(&["libneeding.so needs libother.so.1, which is not installed"]);
    }
}
