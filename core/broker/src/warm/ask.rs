//! The command's side: taking a template, and looking after the service.

use super::build::Build;
use super::kept::WarmTemplate;
use super::service::SOCKET;
use super::surroundings::{STRANGERS, users_are_told_apart};
use super::{ServiceState, WarmAnswer, WarmRequest, Wish, unfit};
use crate::application::LoadedApplication;
use crate::inspection::socket;
use crate::launch::Binaries;
use cloison_transport::control::{Control, ControlError};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

/// How long a run waits for the service, rather than start a template itself.
const SHORT: Duration = Duration::from_millis(250);
/// How long one waits who wants nothing but the service.
const LONG: Duration = Duration::from_secs(10);

/// Take a template for that application, from the service in that folder. The error is why there is none, for people.
pub fn take(folder: &Path, binaries: &Binaries, application: &LoadedApplication) -> Result<WarmTemplate, String> {
    if !users_are_told_apart() {
        return Err(STRANGERS.into());
    }
    // What can be said without asking is said first: a template that is taken and not used is lost.
    if let Some(why) = unfit(application, &[]) {
        return Err(why);
    }
    let (answer, mut descriptors) = ask(folder, binaries, Wish::Take, SHORT).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => "no `cloison up` is running".to_owned(),
        _ => format!("`cloison up` does not answer: {error}"),
    })?;
    let line = match (answer, descriptors.pop()) {
        (WarmAnswer::Template, Some(line)) => Control::from_descriptor(line),
        (WarmAnswer::No { why }, _) => return Err(why),
        _ => return Err("`cloison up` has answered another question".into()),
    };
    let warm = WarmTemplate::take(line).map_err(|error| format!("the template has ended: {error}"))?;
    match unfit(application, &warm.modules) {
        Some(why) => Err(why),
        None => Ok(warm),
    }
}

/// What the service in that folder has; `None` if there is none.
pub fn look(folder: &Path, binaries: &Binaries) -> io::Result<Option<ServiceState>> {
    match ask(folder, binaries, Wish::Look, LONG) {
        Ok((WarmAnswer::State(state), _)) => Ok(Some(state)),
        Ok(_) => Err(io::Error::other("it has answered another question")),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(error) => Err(error),
    }
}

/// End the service in that folder, and what it keeps; whether there was one.
pub fn end(folder: &Path, binaries: &Binaries) -> io::Result<bool> {
    match ask(folder, binaries, Wish::End, LONG) {
        Ok((WarmAnswer::Ended, _)) => Ok(true),
        Ok(_) => Err(io::Error::other("it has answered another question")),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(false),
        Err(error) => Err(error),
    }
}

fn ask(folder: &Path, binaries: &Binaries, wish: Wish, patience: Duration) -> io::Result<(WarmAnswer, Vec<OwnedFd>)> {
    let build = Build::of_this(binaries)?;
    if !folder.is_dir() {
        return Err(io::ErrorKind::NotFound.into()); // and none is made for asking
    }
    let connection = socket::connect_to(folder, SOCKET, patience)?;
    let answer = connection.send(&WarmRequest { build, wish }, &[]).and_then(|()| connection.receive());
    if matches!(answer, Ok((WarmAnswer::Ended, _))) {
        // It hangs up when there may be another one.
        let _ = connection.receive::<WarmAnswer>();
    }
    answer.map_err(|error| match error {
        ControlError::System(error) => error.into(),
        error => io::Error::other(error),
    })
}
