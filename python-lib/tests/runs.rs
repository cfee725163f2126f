//! What a user sees of a run: output, input, tracebacks, exit status. Through the real binary.

use crate::support::{Outcome, Template, modules, script};
use cloison_contract::message::Run;

fn run(source: &str) -> Outcome {
    Template::start().run(script(source))
}

fn function(module: &str, qualname: &str) -> Run {
    Run::Function { module: module.to_owned(), qualname: qualname.to_owned(), argv: vec![module.to_owned()] }
}

#[test]
fn a_bare_file_runs() {
    let outcome = run("print(2+2)");
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str(), outcome.status), ("4\n", "", 0));
}

#[test]
fn the_script_is_main() {
    let outcome = run(
        "import sys, __main__\nx = 1\nprint(__name__, __file__, __main__.x, sys.argv, __spec__, sys.executable == '/usr/local/bin/python3')",
    );
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("__main__ t.py 1 ['t.py'] None True\n", ""));
}

#[test]
fn an_uncaught_exception_shows_the_source_and_is_status_1() {
    let outcome = run("def f(x):\n    return 1 / x\n\nf(0)\n");
    assert_eq!(outcome.status, 1);
    assert_eq!(
        outcome.stderr,
        "Traceback (most recent call last):\n  File \"t.py\", line 4, in <module>\n    f(0)\n    ~^^^\n  File \"t.py\", line 2, in f\n    \
         return 1 / x\n           ~~^~~\nZeroDivisionError: division by zero\n"
    );
}

#[test]
fn a_syntax_error_shows_the_line() {
    let outcome = run("x = 1\nif x\n    pass\n");
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("File \"t.py\", line 2"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("    if x\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("SyntaxError"), "{}", outcome.stderr);
}

#[test]
fn exit_statuses_pass_through() {
    let template = Template::start();
    for (source, status, stderr) in [
        ("raise SystemExit", 0, ""),
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit(-1)", 255, ""),
        ("import sys; sys.exit(None)", 0, ""),
        ("import sys; sys.exit('no')", 1, "no\n"),
        ("import os; os._exit(9)", 9, ""),
    ] {
        let outcome = template.run(script(source));
        assert_eq!((outcome.status, outcome.stderr.as_str()), (status, stderr), "{source}");
    }
}

#[test]
fn exit_handlers_run_and_output_is_flushed() {
    let outcome = run("import atexit, sys\natexit.register(print, 'bye')\nsys.stdout.write('hello ')\n");
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("hello bye\n", 0));
}

#[test]
fn standard_input_reads_in_every_way() {
    let template = Template::start();
    for (source, expected) in [
        ("import sys; print(len(sys.stdin.read()))", "19\n"),
        ("import sys; print(sys.stdin.buffer.read())", "b'one\\ntwo\\nthr\\xc3\\xa9e\\n\\xffx\\n\\n\\n'\n"),
        ("import sys; print([line for line in sys.stdin][:2])", "['one\\n', 'two\\n']\n"),
        ("print(input() + input())", "onetwo\n"),
        ("import sys; print(sys.stdin.buffer.readline(), sys.stdin.buffer.read1(2))", "b'one\\n' b'tw'\n"),
        ("print(input('? '))", "? one\n"),
    ] {
        let outcome = template.run_with(script(source), b"one\ntwo\nthr\xc3\xa9e\n\xffx\n\n\n", |_| None);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected, ""), "{source}");
    }
}

#[test]
fn big_output_arrives_whole() {
    let outcome = run("import sys\nsys.stdout.buffer.write(b'x' * 3_000_000)\nfor i in range(100_000): print(i)\n");
    assert_eq!(outcome.stdout.len(), 3_000_000 + 588_890, "{}", outcome.stderr);
    assert!(outcome.stdout.ends_with("\n99999\n"));
}

#[test]
fn a_function_of_a_module_runs_with_tracebacks_of_its_package() {
    let modules = modules(&[
        (
            "app/__init__.py",
            "from . import part\nfrom .part import helper\n\ndef main():\n    print(helper(), __name__, part.__file__)\n    part.fail()\n",
        ),
        (
            "app/part.py",
            "from . import deep\n\ndef helper():\n    return 'helped'\n\ndef fail():\n    raise ValueError('on purpose')\n",
        ),
        ("app/deep.py", "X = 1\n"),
    ]);
    let template = Template::with(modules, &["app"], 256 << 20).expect("ready");
    let outcome = template.run(function("app", "main"));
    assert_eq!(outcome.stdout, "helped app app/part.py\n");
    assert_eq!(outcome.status, 1);
    assert_eq!(
        outcome.stderr,
        "Traceback (most recent call last):\n  File \"app/__init__.py\", line 6, in main\n    part.fail()\n    ~~~~~~~~~^^\n  \
         File \"app/part.py\", line 7, in fail\n    raise ValueError('on purpose')\nValueError: on purpose\n"
    );
}

#[test]
fn the_value_of_main_is_the_status() {
    let modules =
        modules(&[("app.py", "class C:\n    @staticmethod\n    def main():\n        return 3\n\ndef quiet(): pass\n")]);
    let template = Template::with(modules, &["app"], 256 << 20).expect("ready");
    assert_eq!(template.run(function("app", "C.main")).status, 3);
    assert_eq!(template.run(function("app", "quiet")).status, 0);
    let missing = template.run(function("app", "nothing"));
    assert_eq!(missing.status, 1);
    assert!(missing.stderr.contains("module 'app' has no attribute 'nothing'"), "{}", missing.stderr);
}

#[test]
fn a_module_that_cannot_be_imported_says_why() {
    let failing = modules(&[("app.py", "x = 1\nx.y\n")]);
    let (message, status) = Template::with(failing, &["app"], 256 << 20).map(|_| ()).expect_err("it fails");
    assert_eq!(status, 1);
    assert_eq!(
        message,
        "Traceback (most recent call last):\n  File \"app.py\", line 2, in <module>\n    x.y\nAttributeError: 'int' object has no \
         attribute 'y'\n"
    );
    let exiting = modules(&[("app.py", "import sys\nsys.exit(5)\n")]);
    assert_eq!(Template::with(exiting, &["app"], 256 << 20).map(|_| ()).expect_err("it exits"), (String::new(), 5));
}

#[test]
fn namespace_packages_encodings_and_own_modules_before_the_library() {
    let mut modules = modules(&[
        ("space/inner.py", "NAME = __name__\n"),
        ("statistics.py", "MINE = True\n"),
        (
            "app.py",
            "import inspect, statistics, space.inner, latin\n\ndef main():\n    print(space.inner.NAME, list(space.__path__), statistics.MINE, latin.TEXT)\n    print(inspect.getsource(main).splitlines()[0])\n",
        ),
    ]);
    modules.insert(
        "space".to_owned(),
        cloison_contract::message::Module {
            name: "space".to_owned(),
            package: true,
            path: "space".to_owned(),
            source: Vec::new(),
        },
    );
    modules.insert(
        "latin".to_owned(),
        cloison_contract::message::Module {
            name: "latin".to_owned(),
            package: false,
            path: "latin.py".to_owned(),
            source: b"# -*- coding: latin-1 -*-\nTEXT = 'caf\xe9'\n".to_vec(),
        },
    );
    let template = Template::with(modules, &["app"], 256 << 20).expect("ready");
    let outcome = template.run(function("app", "main"));
    assert_eq!(
        (outcome.stdout.as_str(), outcome.stderr.as_str()),
        ("space.inner ['space'] True caf\u{e9}\ndef main():\n", "")
    );
}

#[test]
fn a_microprocess_finds_modules_late() {
    let template = Template::with(modules(&[("late.py", "X = 5\n")]), &[], 256 << 20).expect("ready");
    let outcome = template.run(script(
        "import late\nprint(late.X)\ntry:\n    import nowhere\nexcept ModuleNotFoundError as e:\n    print(e)\n",
    ));
    assert_eq!(outcome.stdout, "5\nNo module named 'nowhere'\n", "{}", outcome.stderr);
}

#[test]
fn microprocesses_differ_in_what_is_random() {
    let template = Template::with(modules(&[]), &["random", "secrets", "uuid"], 256 << 20).expect("ready");
    let source = "import random, secrets, uuid\nprint(secrets.token_hex(8), uuid.uuid4())";
    assert_ne!(template.run(script(source)).stdout, template.run(script(source)).stdout);
    assert_eq!(template.run(script("import random; print(random.random())")).stderr, "");
}

#[test]
fn a_closed_output_is_a_broken_pipe() {
    let outcome = run("import os, sys\nsys.stdin.close()\nprint('fine')\n");
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("fine\n", 0));
}

#[test]
fn coroutines_run_without_sockets() {
    let outcome = run(
        "import asyncio\nasync def child(q, n):\n    await asyncio.sleep(0.01 * n)\n    await q.put(n)\nasync def main():\n    q = asyncio.Queue()\n    \
         async with asyncio.TaskGroup() as group:\n        for n in (2, 1): group.create_task(child(q, n))\n    try:\n        \
         async with asyncio.timeout(0.01): await asyncio.sleep(5)\n    except TimeoutError: print('late')\n    return q.get_nowait(), q.get_nowait()\n\
         print(asyncio.run(main()))\ntry:\n    import socket; socket.socket()\nexcept OSError: print('no socket')\n",
    );
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("late\n(1, 2)\nno socket\n", ""));
}
