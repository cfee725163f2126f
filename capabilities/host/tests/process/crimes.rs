//! What a program tries that is not what it was started for. Each attempt has its control: the same where it is allowed, or outside.

use crate::program::{Ended, Setup, folder, open_to_all};
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
    let code = "import os, sys, json, subprocess, tempfile, threading, multiprocessing\n\
                open('out.txt', 'w').write(open('in.txt').read().upper())\n\
                os.rename('out.txt', 'renamed.txt')\n\
                thread = threading.Thread(target=print, args=('a thread',))\nthread.start()\nthread.join()\n\
                child = os.fork()\nif child == 0: os._exit(7)\n\
                print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), os.getcwd(), sorted(os.listdir('.')), dict(os.environ)['GREETING'])\n\
                print(len(open('/dev/urandom', 'rb').read(8)), open('/dev/null').read() == '', sys.stdin.read())";
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
    let code = format!(
        "import os\nfor path in ['/etc/passwd', '/etc/hostname', '/proc/self/environ', '/proc/1/root/etc/passwd', '/data/out', \
         '/data/../other/secret', '/data/absolute', '{outside}', '/root', '/home', '/tmp', '/dev/zero', '/dev/tty', '/dev/shm', '/sys']:\n    \
         try:\n        os.stat(path)\n        print('there:', path)\n    except OSError as error:\n        pass\n\
         for path, flags in [('/data/new', os.O_CREAT | os.O_WRONLY), ('/data/secret', os.O_WRONLY), ('/new', os.O_CREAT | os.O_WRONLY)]:\n    \
         try:\n        os.open(path, flags)\n        print('opened:', path)\n    except OSError:\n        pass\n\
         try:
    os.listdir('/')
except OSError as error:
    print(error.errno)"
    );
    assert_eq!(good(&setup.python(&code)), "13");
}

#[test]
fn it_starts_nothing_that_is_not_named() {
    let folder = folder();
    let tool = folder.path().join("tool");
    std::fs::copy("/usr/bin/env", &tool).expect("copied");
    open_to_all(&tool);
    let code = |path: &str| {
        format!(
            "import os\ntry:\n    os.execv('{path}', ['x', '--version'])\nexcept OSError as error:\n    print(error.errno)\n"
        )
    };
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
    let loader = "import os, shutil\nshutil.copy('/work/tool', '/work/mine')\nos.chmod('/work/mine', 0o755)\n\
                  for arguments in [['/work/mine'], ['/lib64/ld-linux-x86-64.so.2', '/work/mine']]:\n    child = os.fork()\n    \
                  if child == 0:\n        try:\n            os.execv(arguments[0], arguments)\n        except OSError:\n            os._exit(99)\n    \
                  print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n";
    let ended = setup().python(loader);
    let codes: Vec<_> = good(&ended).lines().collect();
    assert!(codes.len() == 2 && codes.iter().all(|code| *code != "0"), "{ended:?}");
}

#[test]
fn it_has_no_network_and_no_rights() {
    let code = "import socket, os, ctypes\n\
                for family, kind in [(socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM), (socket.AF_UNIX, socket.SOCK_STREAM), (16, 3)]:\n    \
                try:\n        socket.socket(family, kind)\n        print('a socket')\n    except OSError as error:\n        print(error.errno)\n\
                one, other = socket.socketpair()\none.send(b'x')\nprint(other.recv(1))\n\
                libc = ctypes.CDLL(None, use_errno=True)\n\
                def tried(number, *arguments):\n    child = os.fork()\n    if child == 0:\n        os._exit(0 if libc.syscall(number, *arguments) >= 0 else 1)\n    \
                return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n\
                print([tried(*call) for call in [(272, 0x10000000), (165, 0, 0, 0, 0, 0), (101, 0, 0, 0, 0), (56, 0x10000000 | 17, 0, 0, 0, 0), \
                (56, 0x8000 | 17, 0, 0, 0, 0), (319, b'x', 0), (105, 0), (425, 1, 0), (250, 0), (9, 0, 4096, 3, 0x21, -1, 0)]])\n";
    let ended = Setup::default().python(code);
    // unshare, mount, ptrace and keyctl end whoever tries; new namespaces, another parent, memory files, rings, shared memory are errors.
    let expected = "13\n13\n13\n13\nb'x'\n[-31, -31, -31, 1, 1, 1, 1, 1, 1, 1]";
    assert_eq!(good(&ended), expected, "{ended:?}");
}

#[test]
fn it_inherits_nothing() {
    let (reader, _writer) = rustix::pipe::pipe().expect("a pipe that is not close-on-exec");
    let code = "import os\nopen_ones = []\nfor number in range(256):\n    try:\n        os.fstat(number)\n        open_ones.append(number)\n    \
                except OSError:\n        pass\nprint(open_ones, dict(os.environ), os.getuid(), os.getppid())";
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
    let bomb = "import os, time\nmade = 0\ntry:\n    while made < 100:\n        if os.fork() == 0:\n            time.sleep(600)\n            os._exit(0)\n        made += 1\n\
                except OSError as error:\n    print(made, error.errno)";
    let ended = setup().python(bomb);
    // The kernel counts init and the launcher among them, as long as they are there.
    let (made, errno) = good(&ended).split_once(' ').expect("two numbers");
    assert!(
        (4..=6).contains(&made.parse::<u32>().expect("a number")) && errno == libc::EAGAIN.to_string(),
        "{ended:?}"
    );
    let grow = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\ntry:\n    open('/work/big', 'wb').write(bytes(2 << 20))\nexcept OSError as error:\n    print(error.errno)";
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
    let code = "import os, tempfile\nprint(os.listdir('/tmp'), tempfile.gettempdir())\nopen('/tmp/a', 'w').write('x')\n\
                try:\n    open('/tmp/big', 'wb').write(bytes(1 << 19))\nexcept OSError as error:\n    print(error.errno)";
    for _ in 0..2 {
        assert_eq!(good(&setup.python(code)), format!("[] /tmp\n{}", libc::ENOSPC));
    }
}

/// A daemon holds the streams and ignores everything that can be ignored; with the namespace it is gone.
#[test]
fn nothing_survives_it() {
    let code = "import os, signal, time, sys\nfor number in range(1, 32):\n    try:\n        signal.signal(number, signal.SIG_IGN)\n    except OSError:\n        pass\n\
                if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        print('daemon', flush=True)\n        while True: time.sleep(600)\n    os._exit(0)\n\
                time.sleep(0)\nsys.stdin.read()";
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
    let code = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\nwhile True: time.sleep(600)";
    let mut program = Setup::default().start(&["-c", code]).expect("started");
    program.stdout.read_exact(&mut [0; 6]).expect("ready");
    program.signal(Signal::TERM);
    assert!(test_kill_process(program.worker).is_ok(), "it ignores that");
    let (_, other) = cloison_transport::control::Control::pair().expect("sockets");
    drop(std::mem::replace(&mut program.control, other));
    assert_eq!(program.wait().terminating_signal(), Some(libc::SIGKILL));
}
