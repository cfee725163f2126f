//! How a zone has ended, in words.

use cloison_calls::Lost;
use cloison_contract::message::{End, Ran};

/// By signal, or with an exit status.
pub fn how_ended(signal: Option<i32>, code: Option<i32>) -> String {
    match (signal, code) {
        (Some(libc::SIGXFSZ), _) => {
            "was ended by signal 25 (SIGXFSZ): it wrote further into a file than `file_size` of its [sandbox] allows"
                .to_owned()
        }
        (Some(signal), _) => format!("was ended by signal {signal} ({})", signal_name(signal)),
        (None, Some(code)) => format!("exited with status {code}"),
        (None, None) => "is gone".to_owned(),
    }
}

/// What has become of a zone, as far as anybody knows.
#[cold]
pub fn fate(lost: Option<Lost>) -> String {
    let end = match &lost {
        Some(Lost::End(end)) => end,
        Some(Lost::GivenUp(function)) => return format!("its zone was given up in a call of {function}()"),
        None => return "its zone has ended since".to_owned(),
    };
    let (how, ran) = match end {
        End::DeadlineExceeded { ran } => ("was ended because a call took too long".to_owned(), ran),
        End::Exited { code, ran } => (how_ended(None, Some(*code)), ran),
        End::Expired | End::Narrowed | End::Revoked | End::ServiceEnded => {
            return format!("its grant {}", revoked(end));
        }
        End::Replaced { .. } => return REPLACED.to_owned(),
        End::Unwanted { ran } => return format!("its zone {}", unwanted(ran)),
        End::Signaled { signal, ran } => (how_ended(Some(*signal), None), ran),
    };
    match ran {
        Some(Ran { function, .. }) => format!("its zone {how} while it ran {function}(){}", because(overrun(ran))),
        None => format!("its zone {how}"),
    }
}

/// What has become of a zone in whose place another one has come.
pub const REPLACED: &str = "its zone was replaced by whoever runs the application";

/// Why a zone was ended that still ran a call which nobody may make any more.
pub fn unwanted(ran: &Option<Ran>) -> String {
    let ran = ran.as_ref().map_or_else(String::new, |ran| format!(" of {}()", ran.function));
    format!("was ended, since a call{ran} did not end whose capability had been taken back")
}

/// What has become of a grant.
pub fn revoked(end: &End) -> &'static str {
    match end {
        End::Expired => "has expired",
        End::Narrowed => "has been narrowed by whoever runs the application",
        End::ServiceEnded => "is gone, since the service has ended",
        _ => "has been revoked",
    }
}

/// Why it ended, if it is known.
pub fn overrun(ran: &Option<Ran>) -> Option<String> {
    Some(ran.as_ref()?.overrun.as_ref()?.to_string())
}

/// As the end of a sentence.
pub fn because(why: Option<String>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGILL => "SIGILL",
        libc::SIGKILL => "SIGKILL",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSYS => "SIGSYS: a system call that its sandbox does not allow",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        _ => "see signal(7)",
    }
}
