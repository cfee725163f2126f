//! `process`: the files of programs. What is opened when the application is loaded is what runs, whatever its path leads to later.

use cloison_contract::host::ProcessService;
use cloison_manifest::application::ServiceRequest;
use cloison_manifest::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

/// What every program of Linux begins with.
const ELF: [u8; 4] = *b"\x7fELF";

/// The files of one command.
#[derive(Clone, Debug)]
pub struct ProgramFiles {
    /// The program.
    pub file: Arc<OwnedFd>,
    /// Those that it may start.
    pub others: Vec<Arc<OwnedFd>>,
}

/// Opens the files of all commands, relative to the folder of `cloison.toml`.
pub(super) fn open(
    process: &ProcessService,
    request: &ServiceRequest,
    source: &Arc<SourceFile>,
    beside: &Path,
) -> Result<Vec<ProgramFiles>, Diagnostics> {
    let mut mistakes = Diagnostics::default();
    let mut written = request.files.iter();
    let mut opened = |mistakes: &mut Diagnostics| {
        let written = written.next()?;
        let path = beside.join(&written.text);
        match program(&path) {
            Ok(file) => Some(Arc::new(OwnedFd::from(file))),
            Err(error) => {
                let hint = "a program of this machine, by its file: no script and no name; a script is an argument of what runs it";
                let message = format!("{}: {error}", path.display());
                mistakes.push(Diagnostic::error(source, written.span.clone(), message).hint(hint));
                None
            }
        }
    };
    let mut all = Vec::new();
    for command in &process.commands {
        let file = opened(&mut mistakes);
        let others = (0..command.programs.len()).filter_map(|_| opened(&mut mistakes)).collect();
        all.extend(file.map(|file| ProgramFiles { file, others }));
    }
    if mistakes.has_errors() { Err(mistakes) } else { Ok(all) }
}

fn program(path: &Path) -> io::Result<File> {
    // Not blocking: opening a FIFO would wait for somebody to write.
    let mut file = File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if found.mode() & 0o111 == 0 {
        return Err(io::Error::other("it cannot be executed"));
    }
    let mut head = [0; 4];
    match file.read_exact(&mut head) {
        Ok(()) if head == ELF => {}
        Ok(()) if head.starts_with(b"#!") => return Err(io::Error::other("it is a script")),
        Ok(()) | Err(_) => return Err(io::Error::other("it is no program")),
    }
    file.rewind()?;
    Ok(file)
}

/// `NAME=PATH`: what programs find it by.
pub(super) fn grants(process: &ProcessService) -> Vec<String> {
    process.commands.iter().map(|command| format!("{}={}", command.name, command.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::program;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_program_is_an_executable_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, bytes: &[u8], mode: u32| {
            fs::write(path(name), bytes).expect("written");
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).expect("ours");
        };
        write("script", b"#!/bin/sh\n", 0o755);
        write("text", b"text", 0o755);
        write("short", b"\x7fEL", 0o755);
        write("plain", b"\x7fELF....", 0o644);
        write("good", b"\x7fELF....", 0o755);
        symlink("good", path("link")).expect("a link");
        for (name, said) in [
            ("script", "a script"),
            ("text", "no program"),
            ("short", "no program"),
            ("plain", "cannot be executed"),
            ("none", "No such file"),
            (".", "no regular file"),
        ] {
            let error = program(&path(name)).expect_err(name).to_string();
            assert!(error.contains(said), "{name}: {error}");
        }
        program(&path("good")).expect("a program");
        program(&path("link")).expect("what it leads to now");
    }
}
