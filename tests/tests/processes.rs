//! Microprocesses among themselves: spawn, messages, links, monitors, exit signals, names; that any of them can be ended at any
//! moment, that one that uses up its memory hurts nobody else, and that they share nothing.

use cloison_tests::Project;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

macro_rules! program {
    ($name:literal) => {
        include_str!(concat!("../python/processes/", $name, ".py"))
    };
}

macro_rules! expected {
    ($name:literal) => {
        include_str!(concat!("../python/processes/", $name, ".txt"))
    };
}

/// A library whose functions never return, and what lets Python call it.
pub fn with_endless_calls(source: &str) -> Project {
    Project::script(source)
        .file("cloison.toml", "[capabilities.endless]\nzone = \"endless.zone.toml\"\nallow = \"*\"\n")
        .file("endless.zone.toml", include_str!("../c/endless.zone.toml"))
        .library("endless.so", include_str!("../c/endless.c"))
}

/// As an application, whose modules are imported in the template.
fn application(source: &str) -> Project {
    Project::new().file("app.py", source).file("cloison.toml", "[app]\nentry = \"app:main\"\n")
}

#[test]
fn what_has_a_name_can_be_spawned_and_shares_nothing() {
    Project::script(program!("spawn")).main(&[]).output().prints(expected!("spawn"));
}

#[test]
fn nothing_is_spawned_while_a_program_is_imported() {
    let hint = "hint: put what only the program itself does below `if __name__ == \"__main__\":`";
    let output = Project::script(program!("being_imported")).main(&[]).output().ends_with(1);
    assert_eq!(
        output.complains(&["RuntimeError: line 10 of the program starts a process", hint]).stdout,
        expected!("being_imported")
    );
    let output = Project::script(program!("guards")).main(&[]).output().ends_with(1);
    assert_eq!(
        output.complains(&["RuntimeError: line 17 of the program starts a process", hint]).stdout,
        expected!("guards")
    );
    application(program!("in_the_template")).application(&[]).output().prints(expected!("in_the_template"));
}

#[test]
fn builtins_that_look_at_their_caller_can_be_spawned() {
    let output = Project::script(program!("builtins")).main(&[]).output();
    assert!(!output.stderr.contains("panicked"), "{output}");
    output.prints(expected!("builtins"));
}

#[test]
fn a_function_that_the_program_alone_has_is_explained() {
    let source = include_str!("../python/processes/a_function_that_the_program_alone_has_is_explained.py");
    let output = Project::script(source).main(&[]).output();
    output.complains(&["hint: define it above `if __name__ == \"__main__\":`"]).prints("AttributeError\n");
}

#[test]
fn whoever_ends_itself_does_nothing_afterwards() {
    Project::script(program!("ends_itself")).main(&[]).output().prints(expected!("ends_itself"));
}

#[test]
fn what_cannot_be_read_is_told_to_whoever_waits() {
    let output = Project::script(program!("not_understood")).main(&[]).output();
    output.prints(expected!("not_understood"));
}

#[test]
fn what_was_unlinked_does_nothing_any_more() {
    Project::script(program!("unlink")).main(&[]).output().prints(expected!("unlink"));
}

/// A program that can make a `Process` or a `Reference` of bytes, which none can.
#[test]
fn what_a_process_says_of_others_is_not_believed() {
    let project = Project::with_microprocess(Some("hostile-microprocess")).file("main.py", program!("claims"));
    project.main(&[]).output().prints(expected!("claims"));
}

/// Its author sees this and no more: what the program itself asks for is granted.
#[test]
fn a_capability_asked_for_at_the_top_level_is_explained() {
    let source = include_str!("../python/processes/a_capability_asked_for_at_the_top_level_is_explained.py");
    let manifest = "[capabilities.libm]\nzone = \"libm\"\nallow = [\"sqrt\"]\n";
    let output = Project::script(source).file("cloison.toml", manifest).main(&[]).output();
    output.complains(&["hint: it imports the program first"]).prints("exception\n2.0\nnormal\n");
}

#[test]
fn a_child_uses_no_more_than_it_may() {
    let project = Project::script(program!("limits")).file("cloison.toml", "[limits]\nprocesses = 5\n");
    project.main(&[]).output().prints(expected!("limits"));
}

#[test]
fn a_child_runs_spawns_and_calls_no_more_than_it_may() {
    let libm = |name| format!("[capabilities.{name}]\nzone = \"libm\"\nallow = [\"sqrt\"]\n");
    let manifest = ["one", "two", "three"].map(libm).concat();
    let endless = "[capabilities.endless]\nzone = \"endless.zone.toml\"\nallow = \"*\"\n";
    let project = with_endless_calls(program!("bounds")).file("cloison.toml", &(manifest + endless));
    project.main(&[]).output().prints(expected!("bounds"));
}

#[test]
fn the_manifest_limits_the_program_itself() {
    let limits = "[capabilities.libm]\nzone = \"libm\"\nallow = [\"sqrt\"]\n[limits]\nchildren = 0\nchannels = 0\ndeadline = \"700 ms\"\n";
    let output = Project::script(program!("bounds_of_all")).file("cloison.toml", limits).main(&[]).output();
    let output = output.ends_with(137).complains(&["deadline"]);
    assert_eq!(output.stdout, expected!("bounds_of_all"), "{output}");
    assert!(output.duration > Duration::from_millis(700), "{output}");
}

#[test]
fn a_child_holds_the_capabilities_that_it_is_given() {
    let manifest = "[capabilities.libm]\nzone = \"libm\"\nallow = [\"sqrt\"]\n[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\"]\n";
    let project = Project::script(program!("capabilities")).file("cloison.toml", manifest);
    project.main(&[]).output().prints(expected!("capabilities"));
}

#[test]
fn long_messages_arrive_whole_or_their_sender_is_told() {
    let project = Project::script(program!("parcels")).file("cloison.toml", "[limits]\nprocesses = 30\n");
    project.main(&[]).output().prints(expected!("parcels"));
}

#[test]
fn whoever_was_not_given_control_cannot_end_anybody() {
    Project::script(program!("rights")).main(&[]).output().prints(expected!("rights"));
}

#[test]
fn strangers_neither_end_nor_disturb_anybody() {
    let project = Project::script(program!("strangers"));
    project.main(&[]).output().prints(expected!("strangers"));
}

#[test]
fn messages_arrive_in_order_and_can_be_chosen_from() {
    Project::script(program!("messages")).main(&[]).output().prints(expected!("messages"));
}

#[test]
fn whoever_has_to_pause_goes_on() {
    let project = Project::script(program!("room")).file("cloison.toml", "[limits]\nmailbox = \"1 MiB\"\n");
    project.main(&[]).output().prints(&"twenty\n".repeat(4));
}

#[test]
fn whatever_an_exception_does_it_is_told() {
    let output = Project::script(program!("told")).main(&[]).output();
    assert!(!output.stderr.contains("Error in sys.excepthook"), "{output}");
    output.prints(expected!("told"));
}

/// The program ends by the exit signal of a child that it is linked to.
#[test]
fn ends_are_heard_of_as_in_erlang() {
    let output = Project::script(program!("exits")).main(&[]).output().ends_with(137);
    assert_eq!(output.stdout, expected!("exits"), "{output}");
}

#[test]
fn names_are_taken_once_and_go_with_their_process() {
    Project::script(program!("names")).main(&[]).output().prints(expected!("names"));
}

#[test]
fn a_name_is_seen_in_one_application_only() {
    let holds = Project::script(include_str!("../python/processes/a_name_is_seen_in_one_application_only.py"));
    let mut running = holds.main(&[]).start_with(Stdio::piped());
    let mut line = [0; 12];
    running.stdout().read_exact(&mut line).expect("a name is registered");
    assert_eq!(&line, b"<Process 1>\n");
    let asks = Project::script("import cloison\nprint(cloison.whereis('printer'))\n");
    asks.main(&[]).output().prints("None\n");
    running.stdin().write_all(b"\n").expect("it waits for a line");
    running.finish().ends_with(0);
}

#[test]
fn whatever_it_does_a_process_can_be_killed() {
    with_endless_calls(program!("kills")).main(&[]).output().prints(expected!("kills"));
}

#[test]
fn whoever_uses_up_its_memory_ends_alone() {
    let output = Project::script(program!("bombs")).main(&[]).output();
    output.prints(expected!("bombs"));
}

#[test]
fn what_is_sent_takes_no_more_memory_than_its_sender_may_have() {
    Project::script(program!("sent")).main(&[]).output().prints(expected!("sent"));
}

#[test]
fn a_process_that_is_not_made_fresh_runs_nothing() {
    let output = application(program!("stale")).application(&[]).output();
    assert!(output.stderr.contains("RuntimeError: process 3 is stale"), "{output}");
    output.prints(expected!("stale"));
}

#[test]
fn what_a_fork_copies_is_fresh_in_a_child() {
    let manifest = "[app]\nentry = \"app:main\"\n[capabilities.libm]\nzone = \"libm\"\nallow = [\"sqrt\"]\n";
    let project = application(program!("fresh")).file("cloison.toml", manifest);
    let output = project.application(&["an argument"]).output();
    assert_eq!(output.stderr.matches("half a line of the template").count(), 1, "{output}");
    output.prints(expected!("fresh"));
}

#[test]
fn what_a_process_changes_in_a_module_no_other_one_sees() {
    application(program!("isolation")).application(&[]).output().prints(expected!("isolation"));
}

/// Handles and channels of a capability are their process's: a child asks for its own.
#[test]
fn a_handle_is_of_no_use_in_another_process() {
    for instances in ["shared", "per-client"] {
        crate::things::run(program!("handles"), instances).prints(expected!("handles"));
    }
}

/// What type checkers are told is what there is.
#[test]
fn the_stub_has_the_names_of_the_package() {
    let stub = include_str!("../../python-lib/Lib/cloison/__init__.pyi");
    let names = stub.split_once("__all__ = [").and_then(|(_, rest)| rest.split_once(']')).expect("a list").0;
    let names: Vec<_> = names.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let listed = names.iter().map(|name| name.trim_end_matches(',').trim_matches('"')).collect::<Vec<_>>().join(" ");
    Project::script("import cloison\nprint(*sorted(cloison.__all__))\n").main(&[]).output().prints(&(listed + "\n"));
}
