mod support;
#[test]
fn dev() {
    let outcome = support::Template::start().run_with(support::script(&std::fs::read_to_string("/tmp/dev.py").unwrap()), b"", |_| None);
    println!("{}\n{}\n=> {}", outcome.stdout, outcome.stderr, outcome.status);
}
