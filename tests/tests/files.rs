//! Files by a capability: what ordinary programs do with them works as in CPython, and what was not granted explains itself.

use cloison_tests::{Project, User, users};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const MANIFEST: &str = "[capabilities.files]\nzone = \"files\"\nroots = [\n  \
    { at = \"/data\", path = \"../data\", allow = [\"read\", \"list\", \"write\", \"create\", \"delete\"] },\n  \
    { at = \"/seen\", path = \"../seen\", allow = [\"read\", \"list\"] },\n  \
    { at = \"/log\", path = \"../log\", allow = [\"append\", \"create\"] },\n]\n";

/// A project with the folders that the manifest names, for whoever runs it.
fn project(program: &str, more: &str) -> Project {
    let project = Project::script(program).file("cloison.toml", &format!("{MANIFEST}{more}"));
    for name in ["data", "seen", "log"] {
        std::fs::create_dir(project.path(name)).expect("a folder");
        open_to_all(&project, name);
    }
    std::fs::write(project.path("seen/text"), "to be read").expect("written");
    project
}

fn open_to_all(project: &Project, name: &str) {
    std::fs::set_permissions(project.path(name), std::fs::Permissions::from_mode(0o777)).expect("ours");
}

const ORDINARY: &str = include_str!("../python/files/ordinary.py");

#[test]
fn ordinary_programs_do_with_files_what_they_do_elsewhere() {
    for &user in users() {
        let project = project(ORDINARY, "");
        let own = project.path("own");
        std::fs::create_dir(&own).expect("a folder");
        open_to_all(&project, "own");
        let mut python = Command::new("python3");
        python
            .args(["-X", "utf8", "-W", "ignore"])
            .arg(project.app("main.py"))
            .arg(&own)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        user.apply(&mut python);
        let expected = python.output().expect("python3");
        assert!(expected.status.success(), "{}", String::from_utf8_lossy(&expected.stderr));
        let expected = String::from_utf8_lossy(&expected.stdout).into_owned();
        let output = project.main(&["/data"]).user(user).output();
        let different = output.stdout.lines().zip(expected.lines()).find(|(ours, theirs)| ours != theirs);
        assert!(different.is_none(), "ours and CPython's:\n{different:#?}\n{output}");
        assert_eq!(output.stdout.lines().count(), expected.lines().count(), "{output}");
        output.ends_with(0);
    }
}

const RIGHTS: &str = include_str!("../python/files/rights.py");

#[test]
fn what_was_not_granted_says_which_line_would_change_that() {
    let project = project(RIGHTS, "");
    let output = project
        .main(&[
            "open('/seen/text').read()",
            "open('/seen/text', 'w')",
            "os.unlink('/seen/text')",
            "os.mkdir('/seen/folder')",
            "os.listdir('/log')",
            "open('/log/today', 'a').write('a line')",
            "open('/log/today')",
            "open('/log/today', 'w')",
            "open('/etc/passwd')",
            "open('/seen/../etc/passwd')",
            "open('/etc/new', 'w')",
            "os.path.exists('/etc/passwd')",
            "os.listdir('/')",
            "cloison.capability('files').stat(b'/seen/text').size",
            "cloison.capability('files').roots()[:10]",
            "os.symlink('/etc/passwd', '/data/link')",
            "os.stat('/data/none')",
        ])
        .output()
        .ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 17, "{output}");
    for (line, parts) in lines.iter().zip([
        &["ok 'to be read'"][..],
        &["PermissionError", "'/seen/text'", "the root at /seen does not give \"write\"", "cloison.toml:1"],
        &["PermissionError", "does not give \"delete\"", "cloison.toml:1"],
        &["PermissionError", "does not give \"create\""],
        &["PermissionError", "does not give \"list\""],
        &["ok 6"],
        &["PermissionError", "does not give \"read\""],
        &["PermissionError", "'/log/today'"],
        &["FileNotFoundError", "'/etc/passwd'", "below none of the roots", "/data (cloison.toml:1)"],
        &["FileNotFoundError", "below none of the roots"],
        &["HostDenied", "'/etc/new' is below none of the roots of this process", "cloison.toml:1"],
        &["ok False"],
        &["ok ['data', 'log', 'seen']"],
        &["ok 10"],
        &["ok b'read list "],
        &["PermissionError", "a link is relative, and stays below its root"],
        &["FileNotFoundError", "'/data/none'"],
    ]) {
        for part in parts {
            assert!(line.contains(part), "no {part:?} in {line:?} of\n{output}");
        }
    }
    assert_eq!(std::fs::read_to_string(project.path("log/today")).expect("written"), "a line");
    let last = lines.last().expect("a line");
    assert!(last.starts_with("FileNotFoundError") && !last.contains("roots"), "{output}");
}

/// Not by way of the application's own folder, which is everybody's to read.
#[test]
fn what_lies_in_a_root_is_the_capability_s_to_give() {
    let roots = "[app]\nentry = \"main:main\"\n[capabilities.files]\nzone = \"files\"\n\
                 roots = [{ at = \"/in\", path = \"drop\", allow = [\"create\"] }]\n";
    let program = include_str!("../python/files/what_lies_in_a_root_is_the_capability_s_to_give.py");
    let project = Project::new()
        .file("cloison.toml", roots)
        .file("main.py", program)
        .file("drop/secret", "secret")
        .file("beside", "beside");
    project.application(&[]).output().prints("['FileNotFoundError', 'beside']\n['FileNotFoundError', 'beside']\n");
}

#[test]
fn what_a_root_gives_is_given_of_all_that_is_in_it() {
    let manifest = "[capabilities.files]\nzone = \"files\"\nroots = [\n  { at = \"/data\", path = \"data\", allow = [\"read\", \"list\"] },\n  \
                    { at = \"/data/secret\", path = \"data/secret\", allow = [\"list\"] },\n]\n";
    let project = Project::script("print(1)").file("cloison.toml", manifest).file("data/secret/key", "key");
    let output = project.main(&[]).output().ends_with(2);
    output.complains(&["cloison.toml:5", "this is below the folder of `/data`, which gives more: read"]);
}

#[test]
fn scratch_is_each_process_s_own() {
    let project = project(include_str!("../python/files/scratch.py"), "scratch = \"1 MiB\"\n");
    let output = project.main(&[]).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines[0], "nothing of others; /tmp ['mine'] ['secret']", "{output}");
    assert!(
        lines[1].contains("a microprocess has no files but the application's own and those that a capability gives"),
        "{output}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_a_mistake_in_the_manifest() {
    let project = Project::script("").file("__main__.py", "").file(
        "cloison.toml",
        "[capabilities.files]\nzone = \"files\"\nroots = [{ at = \"/data\", path = \"absent\", allow = [\"read\"] }]\n",
    );
    for arguments in [&["check", "."][..], &["run", "--manifest", "cloison.toml", "main.py"]] {
        let output = project.cloison(arguments).output();
        assert!(!output.status.success(), "{output}");
        for part in ["absent: No such file or directory", "cloison.toml:3:", "`path` is a folder"] {
            assert!(output.stderr.contains(part), "no {part:?} in\n{output}");
        }
    }
}

#[test]
fn a_manifest_beside_a_program_says_which_folders_it_would_give() {
    let project = project("print('ran')\n", "").file("__main__.py", "");
    let output = project.cloison(&["run", "main.py"]).user(User::Current).output();
    assert!(!output.status.success(), "{output}");
    for part in ["capability files: read and list /", "seen, which it sees as /seen", "append"] {
        assert!(output.stderr.contains(part), "no {part:?} in\n{output}");
    }
    let checked = project.cloison(&["check", "."]).output().ends_with(0);
    assert!(checked.stdout.contains("zone files") && checked.stdout.contains("of a host service"), "{checked}");
}

#[test]
fn the_application_s_own_folder_is_read_without_a_capability() {
    for &user in users() {
        let project = Project::new()
            .file("main.py", include_str!("../python/files/own_folder.py"))
            .file("cloison.toml", "[app]\nentry = \"main:main\"\nsite_packages = [\"vendor\"]\n")
            .file("templates/page.html", "<p>page</p>")
            .file("shop/__init__.py", "AT_IMPORT = open(__file__.replace('__init__.py', 'data.txt')).read()\n")
            .file("shop/data.txt", "data")
            .file(
                "vendor/demo_package-1.2.3.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: demo-package\nVersion: 1.2.3\n",
            );
        std::fs::write(project.path("secret"), "secret").expect("written");
        std::os::unix::fs::symlink("../secret", project.app("out")).expect("made");
        std::fs::File::create(project.app("large")).and_then(|file| file.set_len((16 << 20) + 1)).expect("made");
        // Named in different ways, it is in different places; `__file__` says where.
        let absolute = project.path("app").display().to_string();
        for named in [".", "../app", &absolute] {
            let output = project.cloison(&["run", named]).user(user).output().ends_with(0);
            let page = "'<p>page</p>', 11, ['page.html'], ['page.html'], [True], 'data', 'data', b'data', '1.2.3', ['demo-package']";
            let lines: Vec<_> = output.stdout.lines().collect();
            assert_eq!(lines[0], "<p>page</p> data", "{named}: {output}");
            assert_eq!(lines[1], format!("[{page}]"), "{named}: {output}");
            assert_eq!(lines[2], "True", "{named}: {output}");
            assert_eq!(lines[3], "OSError 30 OSError 30 OSError 30", "{named}: {output}");
            assert_eq!(lines[4], "PermissionError 13 FileNotFoundError 2 FileNotFoundError 2", "{named}: {output}");
            assert_eq!(lines[5], "OSError 27 FileNotFoundError 2", "{named}: {output}");
            assert_eq!(lines[6], "7 b'</p>' 0 b'<p>' 3", "{named}: {output}");
        }
    }
}

/// Without any capability; and nothing else of the machine is there for it.
#[test]
fn the_standard_library_is_a_folder_to_read() {
    for &user in users() {
        let script = include_str!("../python/files/library.py");
        Project::script(script).main(&[]).user(user).output().prints(
            "True True\n['__init__.py', '__main__.py', 'decoder.py', 'encoder.py', 'scanner.py', 'tool.py'] True True\nTrue True 0o100444\n1 False\nTrue\n\
             OSError 30\nOSError 30\nFileNotFoundError 2\nFileNotFoundError 2\nNotADirectoryError 20\nIsADirectoryError 21\nNotADirectoryError 20\nHostDenied 13\n\
             HostDenied 13\nHostDenied 13\nTrue True 0\nb'in this process' OSError 35\nb'by another number' b'' True\n",
        );
    }
}

/// What is granted is seen, also where Python itself would lie.
#[test]
fn the_standard_library_hides_nothing_that_was_granted() {
    for (at, below) in [("/usr/local", ""), ("/usr", "local"), ("/", "usr/local")] {
        let manifest = format!(
            "[capabilities.files]\nzone = \"files\"\n\
             roots = [{{ at = \"{at}\", path = \"../data\", allow = [\"read\", \"list\", \"write\", \"create\"] }}]\n"
        );
        let project =
            Project::script(include_str!("../python/files/library_below_a_root.py")).file("cloison.toml", &manifest);
        for name in ["bin", "lib/rustpython3.14t"] {
            let folder = project.path("data").join(below).join(name);
            std::fs::create_dir_all(&folder).expect("folders");
            std::fs::write(folder.join("mine"), name).expect("written");
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("ours");
        }
        project.main(&[]).output().prints("bin ['mine']\nlib/rustpython3.14t ['mine']\nwritten\n");
    }
}

/// A module is what its source says: a file of bytecode beside it may be anybody's.
#[test]
fn no_bytecode_is_read_beside_a_source() {
    project(include_str!("../python/files/bytecode.py"), "").main(&[]).output().prints("source\n");
}

/// A few KiB that unpack to gigabytes are a `MemoryError`, and the program goes on.
#[test]
fn what_unpacks_to_more_than_there_is_room_for_is_an_error() {
    Project::script(include_str!("../python/files/zstd_bomb.py"))
        .file("cloison.toml", "[limits]\nmemory = \"192 MiB\"\n")
        .main(&[])
        .output()
        .prints("MemoryError\nMemoryError\n536870912\nb'still here'\n");
}

/// Reading takes what was read twice for a moment, and no more.
#[test]
fn a_large_file_is_read_within_what_a_process_has() {
    let project = project("print(len(open('/data/large', 'rb').read()))", "");
    std::fs::File::create(project.path("data/large")).and_then(|file| file.set_len(100 << 20)).expect("made");
    project.main(&[]).output().prints("104857600\n");
}

/// What a program may not import from, it may not read either.
#[test]
fn what_lies_beside_a_program_is_not_read() {
    let project = Project::script(include_str!("../python/files/what_lies_beside_a_program_is_not_read.py"))
        .file("beside.txt", "beside");
    project.main(&[]).output().ends_with(0).prints("HostDenied\n");
    project.main_with_modules().output().ends_with(0).prints("beside\n");
}

/// Processes that hold a capability may need it to import the script that their function stands in.
#[test]
fn a_script_reads_what_is_granted_when_it_is_imported() {
    let script = include_str!("../python/files/a_script_reads_what_is_granted_when_it_is_imported.py");
    project(script, "").main(&[]).output().prints("[10, 11, 12]\n");
}

/// Whoever holds the capability finds what the others do not: the script is not imported for all of them at once.
#[test]
fn a_script_that_asks_whether_it_may_read_is_imported_by_each_process() {
    let script = include_str!("../python/files/a_script_that_asks_whether_it_may_read_is_imported_by_each_process.py");
    project(script, "").main(&[]).output().prints("True\nFalse\nTrue\n");
}

#[test]
fn whoever_meets_a_limit_is_told_its_key_and_line() {
    let script = include_str!("../python/files/whoever_meets_a_limit_is_told_its_key_and_line.py");
    let output = project(script, "file_size = \"4 KiB\"\nwritten = \"20 KiB\"\n").main(&[]).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines[0], "written", "{output}");
    for (line, parts) in [
        (lines[1], ["EFBIG", "more than `file_size` of [capabilities.files] at cloison.toml:"]),
        (lines[3], ["EDQUOT", "more than `written` of [capabilities.files] at cloison.toml:"]),
    ] {
        assert!(parts.iter().all(|part| line.contains(part)), "{line:?} of {output}");
    }
}

/// What is read along with opening is not taken for what is there when this process has heard of something since.
#[test]
fn a_file_is_read_as_it_is_when_it_is_read() {
    let script = include_str!("../python/files/a_file_is_read_as_it_is_when_it_is_read.py");
    project(script, "").main(&[]).output().prints("after\nafter\n");
}

#[test]
fn what_is_not_there_is_asked_for_once() {
    let told = |path: &str, asked: &str| format!("2 No such file or directory {path} {asked}\n");
    let expected = [
        told("/seen/none", "stat"),
        told("b'/seen/none'", "stat"),
        told("/seen/none", "open"),
        told("/seen/none", "open"),
        told("/seen/none", "open"),
        told("/seen/none", "open"),
    ];
    let project = project(include_str!("../python/files/asked.py"), "");
    project.main(&[]).output().prints(&format!("10\n{}", expected.concat()));
}

/// As CPython does who has these rights and no others: of a folder and of a file, granted and not, there and not; whoever imports the
/// script, and of a module as well.
#[test]
fn a_script_that_asks_whether_it_may_is_told_what_its_process_may() {
    let script = include_str!("../python/files/access.py");
    let (granted, nothing) = ("ynyynnnyynnnnn", "nnnnnnnnnnnnnn");
    let expected = format!("{granted} {granted}\n{granted} {granted}\n{nothing} {nothing}\n");
    for &user in users() {
        project(script, "").main(&[]).user(user).output().prints(&expected);
        let project = project(
            include_str!("../python/files/a_script_that_asks_whether_it_may_is_told_what_its_process_may.py"),
            "",
        )
        .file("looks.py", script);
        let with_modules = ["run", "--manifest", "cloison.toml", "--root", ".", "main.py"];
        project.cloison(&with_modules).user(user).output().prints(&expected);
    }
}
