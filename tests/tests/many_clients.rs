//! One zone and many clients: each of them is served, however many there are, and whatever one of them does to the zone.

use cloison_tests::Project;
use cloison_tests::leftovers::processes;
use cloison_tests::run::PATIENCE;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

const ZLIB: &str = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n[limits]\nprocesses = 1100\n";
/// What one instance serves at most.
const MOST: usize = 126;

#[test]
fn a_zone_is_shared_fairly() {
    let project = Project::script(include_str!("../python/many_clients/shares.py")).file("cloison.toml", ZLIB);
    for count in [1, 10, MOST] {
        let output = project.main(&[&count.to_string()]).output();
        output.prints(&format!("{count} clients, each has called: True\n"));
    }
}

/// More of them than one instance serves have several; and those that are needed no longer go.
#[test]
fn a_thousand_clients_are_served() {
    let project = Project::script(include_str!("../python/many_clients/thousand.py")).file("cloison.toml", ZLIB);
    let mut running = project.main(&[]).start_with(Stdio::piped());
    let mut lines = BufReader::new(running.stdout()).lines();
    let mut line = || lines.next().expect("it has not ended").expect("UTF-8");
    let zones = || processes(project.folder()).iter().filter(|process| process.name == "cloison-zone").count();
    assert_eq!(line(), "right: 1000");
    let one_has = 2; // the zone itself, and its init
    assert_eq!(zones(), 1000_usize.div_ceil(MOST) * one_has);
    running.stdin().write_all(b"\n").expect("it listens");
    assert_eq!(line(), "ended");
    let until = Instant::now() + PATIENCE;
    // The ten clients that stay may be those of two instances.
    while zones() > 2 * one_has {
        assert!(Instant::now() < until, "{} processes of zones", zones());
        std::thread::sleep(Duration::from_millis(20));
    }
    running.stdin().write_all(b"\n").expect("it listens");
    running.finish().ends_with(0);
}

#[test]
fn who_crashes_a_zone_again_and_again_locks_nobody_else_out() {
    let project = Project::script(include_str!("../python/many_clients/crasher.py"))
        .file("cloison.toml", "[capabilities.crimes]\nzone = \"crimes.zone.toml\"\nallow = \"*\"\n")
        .file("crimes.zone.toml", include_str!("../c/crimes.zone.toml"))
        .library("crimes.so", include_str!("../c/crimes.c"));
    let output = project.main(&[]).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    let served = "neighbour is served: True with few crashes: True";
    let told = "calls of this process have ended zone \"crimes\" | with `instances = \"per-client\"`, a crash costs its own client alone, \
                and with `\"per-call\"` its own call alone";
    assert_eq!(lines, ["slowed down: True", told, served, served], "{output}");
}
