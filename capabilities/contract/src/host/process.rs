//! `zone = "process"`: programs of the machine that may be started, and with which arguments.
//!
//! Everything here is pure. The service asks it of the copy that it has made of what a client wants; the broker, which starts the
//! program, asks it again of what the service says.

use super::FilesRoot;
use crate::Interface;
use crate::types::TypeKind;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::time::Duration;

/// The programs of one capability.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ProcessService {
    /// In the order in which they are looked through.
    pub commands: Vec<ProcessCommand>,
    /// The folders of all of them, in the order of their descriptors.
    pub roots: Vec<FilesRoot>,
    /// How many may run at once, of all clients together.
    pub at_once: u32,
    /// The line that grants it, as `FILE:LINE`, for errors.
    pub location: String,
}

/// One program, with what it gets.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ProcessCommand {
    /// What programs call it by. Several may have one name: the first whose arguments fit counts.
    pub name: String,
    /// Its file, as the configuration has it.
    pub path: String,
    /// Which arguments it may have, from the first to the last.
    pub arguments: Vec<ArgumentRule>,
    /// Its variables; there are no others.
    pub environment: Vec<(String, String)>,
    /// Which of the folders are its own.
    pub roots: Range<usize>,
    /// Where it begins: one of its folders' places, or `/`.
    pub folder: String,
    /// How large its private folder at `/tmp` is, if it has one.
    pub scratch_bytes: Option<u64>,
    /// Other files of programs that it may start.
    pub programs: Vec<String>,
    /// Private memory of each of its processes.
    pub memory_bytes: u64,
    /// Processor time of each of its processes.
    pub cpu_seconds: u64,
    /// How long it may run.
    pub time: Duration,
    /// How many bytes it may put out, both streams together.
    pub output_bytes: u64,
    /// How many processes and threads it may have besides its first.
    pub processes: u32,
    /// How large a file may become by writing.
    pub file_bytes: u64,
}

/// What may stand at one place among the arguments.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ArgumentRule {
    /// One argument that matches.
    One(ArgumentPattern),
    /// Any number of arguments, none too, each of which matches one of these.
    Any(Vec<ArgumentPattern>),
}

/// A text in which `*` stands for any text. What begins with `-` matches only if the pattern does, so that no option is taken for something
/// else.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ArgumentPattern(pub String);

/// The most entries of `commands`, of `arguments`, and of one entry of that.
pub const MOST_COMMANDS: usize = 64;
/// See [`MOST_COMMANDS`].
pub const MOST_RULES: usize = 64;
/// The most arguments of one run.
pub const MOST_ARGUMENTS: usize = 256;
/// The most bytes of all arguments of one run together, with a zero byte behind each. The service asks the broker in one message, which has
/// to fit into a packet: it has no way to make memory that would carry a longer one.
pub const ARGUMENT_BYTES: usize = 24 << 10;
/// The most bytes of the folder in which one run begins (`PATH_MAX`).
pub const FOLDER_BYTES: usize = 4096;
/// The most other programs that one may start, which are descriptors of one process.
pub const MOST_PROGRAMS: usize = 16;

/// The most that one client has at once of runs that have ended and whose output it has not read.
const HANDLES: u32 = 64;
/// What a service has open besides: channels, and what is on its way.
const OWN_DESCRIPTORS: u32 = 64;

impl ProcessService {
    pub(super) fn configure(&self, interface: &mut Interface) {
        for one in &mut interface.types {
            if let TypeKind::Handle(handle) = &mut one.kind {
                handle.max_live = HANDLES;
            }
        }
        // Three streams and a leash.
        interface.sandbox.descriptors = OWN_DESCRIPTORS + 4 * HANDLES;
    }

    /// The command of that name whose rules let these arguments through.
    pub fn find(&self, name: &[u8], arguments: &[Vec<u8>]) -> Option<usize> {
        let fits = |command: &ProcessCommand| command.name.as_bytes() == name && command.admits(arguments);
        self.commands.iter().position(fits)
    }

    /// The folders of a command.
    pub fn roots_of(&self, command: &ProcessCommand) -> &[FilesRoot] {
        self.roots.get(command.roots.clone()).unwrap_or_default()
    }
}

/// Looks whether there are too many arguments, or too long ones, whichever command they are for.
///
/// # Errors
///
/// A sentence that says how many there may be.
pub fn check_size(arguments: &[Vec<u8>]) -> Result<(), String> {
    let (count, bytes) = (arguments.len(), arguments.iter().map(|one| one.len() + 1).sum::<usize>());
    if count > MOST_ARGUMENTS {
        return Err(format!("these are {count} arguments, and a program has {MOST_ARGUMENTS} at most"));
    }
    if bytes > ARGUMENT_BYTES {
        return Err(format!("these arguments have {bytes} bytes, and a program's have {ARGUMENT_BYTES} at most"));
    }
    Ok(())
}

impl ProcessCommand {
    /// Whether it may be started with these arguments.
    pub fn admits(&self, arguments: &[Vec<u8>]) -> bool {
        if check_size(arguments).is_err() || arguments.iter().any(|one| one.contains(&0)) {
            return false;
        }
        // Which rules may be next: what comes before them has been met.
        let mut next = vec![false; self.arguments.len() + 1];
        next[0] = true;
        self.pass_optional(&mut next);
        for argument in arguments {
            let mut after = vec![false; next.len()];
            for (place, rule) in self.arguments.iter().enumerate().filter(|(place, _)| next[*place]) {
                match rule {
                    ArgumentRule::One(pattern) if pattern.matches(argument) => after[place + 1] = true,
                    ArgumentRule::Any(patterns) if patterns.iter().any(|one| one.matches(argument)) => {
                        after[place] = true;
                    }
                    ArgumentRule::One(_) | ArgumentRule::Any(_) => {}
                }
            }
            self.pass_optional(&mut after);
            next = after;
        }
        next.last() == Some(&true)
    }

    /// What may be left out need not be there.
    fn pass_optional(&self, next: &mut [bool]) {
        for (place, rule) in self.arguments.iter().enumerate() {
            if next[place] && matches!(rule, ArgumentRule::Any(_)) {
                next[place + 1] = true;
            }
        }
    }
}

impl ArgumentPattern {
    /// Whether an argument is one of these.
    pub fn matches(&self, argument: &[u8]) -> bool {
        let pattern = self.0.as_bytes();
        if argument.starts_with(b"-") && !pattern.starts_with(b"-") {
            return false;
        }
        // Where the latest star was, and from where on it is tried.
        let (mut at, mut in_argument, mut star) = (0, 0, None);
        while in_argument < argument.len() {
            if pattern.get(at) == Some(&b'*') {
                star = Some((at + 1, in_argument));
                at += 1;
            } else if pattern.get(at) == Some(&argument[in_argument]) {
                at += 1;
                in_argument += 1;
            } else if let Some((behind, tried)) = star {
                star = Some((behind, tried + 1));
                at = behind;
                in_argument = tried + 1;
            } else {
                return false;
            }
        }
        pattern[at..].iter().all(|one| *one == b'*')
    }
}

impl std::fmt::Display for ArgumentRule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(pattern) => write!(formatter, "{}", pattern.0),
            Self::Any(patterns) => {
                let all: Vec<_> = patterns.iter().map(|one| one.0.as_str()).collect();
                write!(formatter, "[{}]…", all.join(" | "))
            }
        }
    }
}

/// What became of a run, from the broker to the service.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum RunOutcome {
    /// It runs.
    Started,
    /// It cannot: an error number, and why.
    Refused(i32, String),
    /// It has exited with that status.
    Exited(i32),
    /// A signal has ended it.
    Signaled(i32),
    /// It has run for as long as it may, and was killed.
    Overdue,
}

/// What is to become of a run, from the service to the broker.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum RunOrder {
    /// Send it this signal.
    Signal(i32),
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn command(arguments: &[&[&str]]) -> ProcessCommand {
        let pattern = |text: &&str| ArgumentPattern((*text).to_owned());
        let rule = |texts: &&[&str]| match texts {
            ["?", rest @ ..] => ArgumentRule::Any(rest.iter().map(pattern).collect()),
            [one] => ArgumentRule::One(pattern(one)),
            _ => panic!("one pattern, or several behind a `?`"),
        };
        ProcessCommand {
            name: "git".into(),
            path: "/usr/bin/git".into(),
            arguments: arguments.iter().map(rule).collect(),
            environment: Vec::new(),
            roots: 0..0,
            folder: "/".into(),
            scratch_bytes: None,
            programs: Vec::new(),
            memory_bytes: 0,
            cpu_seconds: 0,
            time: Duration::ZERO,
            output_bytes: 0,
            processes: 0,
            file_bytes: 0,
        }
    }

    fn admits(command: &ProcessCommand, arguments: &[&str]) -> bool {
        command.admits(&arguments.iter().map(|one| one.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    #[test]
    fn patterns_stand_for_whole_arguments() {
        for (pattern, yes, no) in [
            ("log", &["log"][..], &["", "logs", "lo", "LOG", "-log"][..]),
            ("*", &["", "a", "a b", "*", "é"], &["-", "-a", "--output=x"]),
            ("*.txt", &[".txt", "a.txt", "a.txt.txt"], &["a.txt ", "txt", "-a.txt"]),
            ("a*b*c", &["abc", "abbc", "a--b-c", "abcbc"], &["ab", "abcd", "bac"]),
            ("-n*", &["-n", "-n5"], &["-", "n5", "--n"]),
            ("-*", &["-", "-x", "--all"], &["x", ""]),
            ("**", &["", "x"], &["-x"]),
            ("", &[""], &["x", "-"]),
        ] {
            let pattern = ArgumentPattern(pattern.into());
            assert!(yes.iter().all(|one| pattern.matches(one.as_bytes())), "{pattern:?}");
            assert!(no.iter().all(|one| !pattern.matches(one.as_bytes())), "{pattern:?}");
        }
        assert!(ArgumentPattern("*".into()).matches(b"\xff\xfe"), "arguments need not be UTF-8");
    }

    #[test]
    fn arguments_stand_at_their_places() {
        let log = command(&[&["log"], &["?", "--oneline", "-n*"], &["*"]]);
        for yes in [&["log", "main"][..], &["log", "--oneline", "main"], &["log", "-n", "-n5", "--oneline", "x"]] {
            assert!(admits(&log, yes), "{yes:?}");
        }
        for no in [
            &[][..],
            &["log"],
            &["push", "main"],
            &["main", "log"],
            &["log", "--output=x", "main"],
            &["log", "main", "--oneline"],
            &["log", "main", "more"],
            &["log", "--", "main"],
            &["--exec-path=/tmp", "log", "main"],
            &["log", "-c", "core.pager=x"],
        ] {
            assert!(!admits(&log, no), "{no:?}");
        }
        assert!(admits(&command(&[]), &[]) && !admits(&command(&[]), &["x"]), "nothing is nothing");
        let any = command(&[&["?", "*"], &["?", "-v"], &["end"]]);
        assert!(
            admits(&any, &["a", "end", "-v", "end"]) && admits(&any, &["end"]) && !admits(&any, &["-v", "a", "end"])
        );
        assert!(!log.admits(&[b"log".to_vec(), b"a\0b".to_vec()]), "no argument has a NUL in it");
        assert!(!any.admits(&vec![b"x".to_vec(); MOST_ARGUMENTS + 1]) && !any.admits(&[vec![b'x'; ARGUMENT_BYTES]]));
    }

    #[test]
    fn too_many_arguments_are_told_from_wrong_ones() {
        let said = |arguments: &[Vec<u8>]| check_size(arguments).expect_err("too many");
        assert_eq!(check_size(&vec![Vec::new(); MOST_ARGUMENTS]), Ok(()));
        assert!(said(&vec![Vec::new(); MOST_ARGUMENTS + 1]).contains("257 arguments"));
        // Each has a zero byte behind it.
        assert_eq!(check_size(&[vec![b'x'; ARGUMENT_BYTES / 2 - 1], vec![b'x'; ARGUMENT_BYTES / 2 - 1]]), Ok(()));
        assert!(said(&[vec![b'x'; ARGUMENT_BYTES / 2 - 1], vec![b'x'; ARGUMENT_BYTES / 2]]).contains("24577 bytes"));
    }

    #[test]
    fn stars_do_not_take_for_ever() {
        let pattern = ArgumentPattern("*a".repeat(2000));
        assert!(!pattern.matches(&[b'a'; 1999]) && pattern.matches(&[b'a'; 2000]));
        let rules: Vec<&[&str]> = vec![&["?", "*a", "a*"]; MOST_RULES];
        assert!(admits(&command(&rules), &["a"; MOST_ARGUMENTS]));
    }
}
