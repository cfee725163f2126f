//! What a program tries that is not what it was started for. Each attempt has its control: the same where it is allowed, or outside.

use crate::process::program::{Ended, Setup, folder, open_to_all};
use rustix::process::{Signal, test_kill_process};
use std::io::Read;

fn good(ended: &Ended) -> &str {
    assert_eq!(ended.status, Some(0), "{ended:?}");
    ended.stdout.trim()
}

#[test]
fn an_ordinary_program_works() {
    let folder = folder();
    std::fs::write(folder.path().join("in.txt"), "words").expect("written");
    let mut setup = Setup::default().root("/work", folder.path(), "read list write create delete");
    setup.command.folder = "/work".into();
    let code = include_str!("../python/crimes/an_ordinary_program_works.py");
    let mut program = setup.start(&["-c", code]).expect("started");
    program.say("said");
    let ended = program.end();
    let expected = "a thread\n7 /work ['in.txt', 'renamed.txt'] hello\n8 True said";
    assert_eq!(good(&ended), expected, "{ended:?}");
    assert_eq!(std::fs::read_to_string(folder.path().join("renamed.txt")).expect("made"), "WORDS");
    assert_eq!(setup.python("raise SystemExit(9)").status, Some(9));
    assert_eq!(setup.python("import os, signal; os.kill(os.getpid(), 15)").signal, Some(15));
}

#[test]
fn it_sees_its_folders_and_nothing_else() {
    let folder = folder();
    for name in ["given", "other"] {
        std::fs::create_dir(folder.path().join(name)).expect("a folder");
        open_to_all(&folder.path().join(name));
        std::fs::write(folder.path().join(name).join("secret"), "secret").expect("written");
    }
    std::os::unix::fs::symlink("../other/secret", folder.path().join("given/out")).expect("a link");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("given/absolute")).expect("a link");
    let setup = Setup::default().root("/data", &folder.path().join("given"), "read list");
    assert_eq!(good(&setup.python("print(open('/data/secret').read())")), "secret", "control");
    let outside = folder.path().join("other/secret").display().to_string();
    let code = include_str!("../python/crimes/it_sees_its_folders_and_nothing_else.py").replace("OUTSIDE", &outside);
    assert_eq!(good(&setup.python(&code)), "13");
}

#[test]
fn it_starts_nothing_that_is_not_named() {
    let folder = folder();
    let tool = folder.path().join("tool");
    std::fs::copy("/usr/bin/env", &tool).expect("copied");
    open_to_all(&tool);
    let code =
        |path: &str| include_str!("../python/crimes/it_starts_nothing_that_is_not_named.py").replace("PATH", path);
    let setup = || Setup::default().root("/work", folder.path(), "read list write create");
    for path in ["/bin/sh", "/usr/bin/env", "/work/tool", "/usr/bin/python3"] {
        let ended = setup().python(&code(path));
        let said = good(&ended).to_owned();
        let refused = said == libc::EACCES.to_string() || said == libc::ENOENT.to_string();
        // It may start itself again.
        assert!(refused || path == "/usr/bin/python3" && said.starts_with("Python"), "{path}: {ended:?}");
    }
    let mut granted = setup();
    granted.programs = vec!["/usr/bin/env"];
    let ended = granted.python(&code("/usr/bin/env"));
    assert!(good(&ended).starts_with("env"), "control: {ended:?}");
    // What it writes it cannot start, nor have the loader run.
    let loader = include_str!("../python/crimes/the_loader_starts_nothing.py");
    let ended = setup().python(loader);
    let codes: Vec<_> = good(&ended).lines().collect();
    assert!(codes.len() == 2 && codes.iter().all(|code| *code != "0"), "{ended:?}");
}

#[test]
fn it_has_no_network_and_no_rights() {
    let code = include_str!("../python/crimes/it_has_no_network_and_no_rights.py");
    let ended = Setup::default().python(code);
    // unshare, mount, ptrace and keyctl end whoever tries; new namespaces, another parent, memory files, rings, shared memory are errors.
    let expected = "13\n13\n13\n13\nb'x'\n[-31, -31, -31, 1, 1, 1, 1, 1, 1, 1]";
    assert_eq!(good(&ended), expected, "{ended:?}");
}

#[test]
fn it_inherits_nothing() {
    let (reader, _writer) = rustix::pipe::pipe().expect("a pipe that is not close-on-exec");
    let code = include_str!("../python/crimes/it_inherits_nothing.py");
    let ended = Setup::default().python(code);
    drop(reader);
    let said = good(&ended);
    assert!(said.starts_with("[0, 1, 2] {'GREETING': 'hello'") && !said.contains("PATH"), "{ended:?}");
    assert!(said.ends_with("} 65534 0"), "{ended:?}");
}

/// Descriptors 0 to 2 are streams, whatever number each had before: nothing of the control socket is left.
#[test]
fn its_streams_are_pipes() {
    let code = "import os, stat\nprint([stat.S_ISFIFO(os.fstat(number).st_mode) for number in range(3)], [os.isatty(number) for number in range(3)])";
    assert_eq!(good(&Setup::default().python(code)), "[True, True, True] [False, False, False]");
}

#[test]
fn its_memory_processes_and_files_have_an_end() {
    let folder = folder();
    let setup = || Setup::default().root("/work", folder.path(), "read list write create");
    let ended = setup().python("b = []\nwhile True: b.append(bytes(1 << 20))");
    assert!(ended.status == Some(1) && ended.stderr.contains("MemoryError"), "{ended:?}");
    let bomb = include_str!("../python/crimes/its_memory_processes_and_files_have_an_end.py");
    let ended = setup().python(bomb);
    // The kernel counts init and the launcher among them, as long as they are there.
    let (made, errno) = good(&ended).split_once(' ').expect("two numbers");
    assert!(
        (4..=6).contains(&made.parse::<u32>().expect("a number")) && errno == libc::EAGAIN.to_string(),
        "{ended:?}"
    );
    let grow = include_str!("../python/crimes/its_memory_processes_and_files_have_an_end_grow.py");
    assert_eq!(good(&setup().python(grow)), libc::EFBIG.to_string());
    assert!(std::fs::metadata(folder.path().join("big")).expect("a file").len() <= 1 << 20);
    let mut busy = setup();
    busy.command.cpu_seconds = 1;
    assert_eq!(busy.python("while True: pass").signal, Some(libc::SIGXCPU));
}

#[test]
fn a_private_folder_is_its_own_and_ends_with_it() {
    let mut setup = Setup::default();
    setup.command.scratch_bytes = Some(256 << 10);
    let code = include_str!("../python/crimes/a_private_folder_is_its_own_and_ends_with_it.py");
    for _ in 0..2 {
        assert_eq!(good(&setup.python(code)), format!("[] /tmp\n{}", libc::ENOSPC));
    }
}

/// A daemon holds the streams and ignores everything that can be ignored; with the namespace it is gone.
#[test]
fn nothing_survives_it() {
    let code = include_str!("../python/crimes/nothing_survives_it.py");
    let mut program = Setup::default().start(&["-c", code]).expect("started");
    let mut said = [0; 7];
    program.stdout.read_exact(&mut said).expect("the daemon speaks");
    assert_eq!(&said, b"daemon\n");
    let init = program.init;
    // The program ends, and its streams do not, as the daemon has them; that is what ending the namespace is for.
    let ended = program.end();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
    assert!(test_kill_process(init).is_err());
}

/// With the broker everything ends, whoever holds what.
#[test]
fn it_ends_with_its_broker() {
    let code = include_str!("../python/crimes/it_ends_with_its_broker.py");
    let mut program = Setup::default().start(&["-c", code]).expect("started");
    program.stdout.read_exact(&mut [0; 6]).expect("ready");
    program.signal(Signal::TERM);
    assert!(test_kill_process(program.worker).is_ok(), "it ignores that");
    let (_, other) = cloison_transport::control::Control::pair().expect("sockets");
    drop(std::mem::replace(&mut program.control, other));
    assert_eq!(program.wait().terminating_signal(), Some(libc::SIGKILL));
}
