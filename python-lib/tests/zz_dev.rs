mod support;
#[path = "support/zone.rs"]
mod zone;
#[test]
fn dev() {
    let mut zone = zone::Zone::new();
    let t = support::Template::with(support::modules(&[("app.py", "import time, os\ndef main():\n    t=time.monotonic_ns(); print(t, flush=True); t2=time.monotonic_ns(); print(t2, flush=True); os._exit(0)\n")]), &["app"], 256<<20).unwrap();
    let outcome =
        t.run_with(support::script(&std::fs::read_to_string("/tmp/dev.py").unwrap()), b"", |q| zone.answer(q));
    println!("{}\n{}\n=> {}", outcome.stdout, outcome.stderr, outcome.status);
    let now = || {
        let t = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        t.tv_sec as i128 * 1_000_000_000 + t.tv_nsec as i128
    };
    for run in [support::script("import time; t=time.monotonic_ns(); print(t, flush=True); import os; t2=time.monotonic_ns(); print(t2, flush=True); os._exit(0)"),
      cloison_capabilities::message::Run::Function { module: "app".into(), qualname: "main".into(), argv: vec![] }] {
    let mut rows = vec![];
    for _ in 0..300 {
        let s = now();
        let r = t.fork(run.clone());
        let f = now();
        let e = r.control.receive::<u8>(); assert!(e.is_err());
        let d = now();
        let mut text = String::new();
        use std::io::Read;
        std::fs::File::from(r.stdout).read_to_string(&mut text).unwrap();
        let v: Vec<i128> = text.lines().map(|l| l.parse().unwrap()).collect();
        rows.push([f - s, v[0] - s, v[1] - s, d - s]);
    }
    for k in 0..4 { let mut c: Vec<i128> = rows.iter().map(|r| r[k] / 1000).collect(); c.sort(); println!("{k}: p10 {} p50 {} us", c[20], c[100]); }
    }
}
