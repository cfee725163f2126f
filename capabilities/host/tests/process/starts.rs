//! What cannot become a program says why, with the kernel's number.

use crate::process::program::{Setup, folder};
use cloison_contract::message::FromZone;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_folder_that_is_not_there_is_told_before_the_program_is_there() {
    let mut setup = Setup::default();
    for (begins, errno) in [("/no/such", libc::ENOENT), ("/dev/null", libc::ENOTDIR)] {
        setup.command.folder = begins.into();
        let said = setup.start(&["-c", "print('started')"]).err().expect("it does not start");
        assert!(said.contains("\"folder\"") && said.contains(&format!("errno: Some({errno})")), "{said}");
    }
    setup.command.folder = "/dev".into();
    assert_eq!(setup.python("import os; print(os.getcwd())").stdout, "/dev\n", "control");
}

/// The socket is no descriptor of the program's any more when that is tried.
#[test]
fn what_cannot_be_executed_is_told_behind_ready() {
    let folder = folder();
    let file = folder.path().join("broken");
    std::fs::write(&file, b"\x7fELF....").expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("ours");
    let mut setup = Setup::default();
    setup.command.path = file.display().to_string();
    let program = setup.start(&[]).expect("as far as anybody knows");
    let (told, _) = program.control.receive::<FromZone>().expect("a message");
    let FromZone::Failed { step, errno, .. } = told else { panic!("{told:?}") };
    assert_eq!((step.as_str(), errno), ("execute", Some(libc::ENOEXEC)));
    let ended = program.end();
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (Some(1), "", ""));
}
