//! What a user sees of a run: output, input, tracebacks, exit status. Through the real binary.

mod support;

use cloison_capabilities::message::Run;
use support::{Outcome, Template, modules, script};

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
