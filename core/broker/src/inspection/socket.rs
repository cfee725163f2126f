//! Where running applications are found: a socket for each, in a folder that only its user may enter.

use super::{Ask, InspectionAnswer, InspectionQuestion, VERSION};
use cloison_transport::control::{Control, ControlError};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout, socket_peercred};
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect, listen, socket_with,
};
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long either side may take for its message.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many may wait to be let in.
const WAITING: i32 = 16;
/// The longest question, in bytes.
const QUESTION_BYTES: u64 = 64;

/// The user's folder: `$XDG_RUNTIME_DIR/cloison`, else `/run/user/UID/cloison`, else `/tmp/cloison-UID`.
pub fn folder() -> PathBuf {
    let uid = rustix::process::geteuid().as_raw();
    let session = PathBuf::from(format!("/run/user/{uid}"));
    match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        Some(given) if given.is_absolute() => given.join("cloison"),
        _ if session.is_dir() => session.join("cloison"),
        _ => PathBuf::from(format!("/tmp/cloison-{uid}")),
    }
}

/// Make the folder, or see that it is what it should be: in `/tmp` anybody could have made it first.
pub(crate) fn private(folder: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Whoever may rename what is above it could put another one in its place.
    let above = fs::metadata(folder.parent().unwrap_or(Path::new("/")))?;
    let user = rustix::process::geteuid().as_raw();
    if ![0, user].contains(&above.uid()) || above.mode() & 0o022 != 0 && above.mode() & 0o1000 == 0 {
        return Err(io::Error::other("the folder above it is others' as well"));
    }
    let found = fs::symlink_metadata(folder)?;
    let ours = found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0;
    if ours { Ok(()) } else { Err(io::Error::other("it is not a folder of this user's alone")) }
}

/// The socket of an application, until this is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: OwnedFd,
    path: PathBuf,
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Listener {
    /// Make it, in that folder.
    pub fn bind(folder: &Path) -> io::Result<Self> {
        Self::bind_as(folder, &format!("{}.sock", std::process::id()))
    }

    /// Make one of that name there.
    pub(crate) fn bind_as(folder: &Path, name: &str) -> io::Result<Self> {
        private(folder)?;
        let path = folder.join(name);
        // Of a process that had this number before and was killed.
        let _ = fs::remove_file(&path);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        // Under its own name it is listened on: whoever finds one that is not takes it for a left-over.
        let unready = path.with_extension("new");
        let _ = fs::remove_file(&unready);
        bind(&socket, &SocketAddrUnix::new(&unready)?)?;
        fs::set_permissions(&unready, fs::Permissions::from_mode(0o600))?;
        listen(&socket, WAITING)?;
        fs::rename(&unready, &path)?;
        Ok(Self { socket, path })
    }

    /// Somebody who may ask, if one waits: this user, or root. Others are hung up on.
    pub fn accept(&self) -> io::Result<Option<Control>> {
        self.accept_with(PATIENCE, QUESTION_BYTES)
    }

    /// The same; whoever it is may take so long for a message, and say so much.
    pub(crate) fn accept_with(&self, patience: Duration, longest: u64) -> io::Result<Option<Control>> {
        loop {
            let socket = match accept_with(&self.socket, SocketFlags::CLOEXEC) {
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR | Errno::CONNABORTED) => continue,
                socket => socket?,
            };
            // Of a process in another namespace there may be nothing to say: it is hung up on.
            let Ok(peer) = socket_peercred(&socket).map(|peer| peer.uid) else { continue };
            if peer.is_root() || peer == rustix::process::geteuid() {
                patient(&socket, patience)?;
                return Ok(Some(Control::from_descriptor(socket).receiving_at_most(longest)));
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn patient(socket: &OwnedFd, patience: Duration) -> Result<(), Errno> {
    set_socket_timeout(socket, Timeout::Recv, Some(patience))?;
    set_socket_timeout(socket, Timeout::Send, Some(patience))
}

/// A socket in that folder, if the folder is this user's alone and the socket is, too.
pub(crate) fn connect_to(folder: &Path, name: &str, patience: Duration) -> io::Result<Control> {
    private(folder)?;
    let socket = open(&folder.join(name), SocketFlags::empty(), patience)?;
    if socket_peercred(&socket)?.uid != rustix::process::geteuid() {
        return Err(io::Error::other("somebody else listens there"));
    }
    Ok(Control::from_descriptor(socket))
}

/// The brokers of running applications in that folder, by their process numbers. Sockets that nobody listens on any more are removed.
pub fn running(folder: &Path) -> io::Result<Vec<i32>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    private(folder)?;
    let mut brokers = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()?.parse::<i32>().ok());
        let Some(broker) = stem.filter(|_| path.extension().is_some_and(|extension| extension == "sock")) else {
            continue;
        };
        match open(&path, SocketFlags::NONBLOCK, PATIENCE) {
            // One that lets nobody in for now runs as well.
            Ok(_) | Err(Errno::AGAIN) => brokers.push(broker),
            Err(Errno::CONNREFUSED) => drop(fs::remove_file(&path)),
            Err(_) => {}
        }
    }
    brokers.sort_unstable();
    Ok(brokers)
}

fn open(path: &Path, flags: SocketFlags, patience: Duration) -> Result<OwnedFd, Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC | flags, None)?;
    patient(&socket, patience)?; // before it waits to be let in
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

/// Ask the application of that broker.
pub fn ask(folder: &Path, broker: i32, ask: Ask) -> Result<InspectionAnswer, ControlError> {
    let connection =
        Control::from_descriptor(open(&folder.join(format!("{broker}.sock")), SocketFlags::empty(), PATIENCE)?);
    connection.send(&InspectionQuestion { version: VERSION, ask }, &[])?;
    Ok(connection.receive()?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_user_is_let_in_and_what_is_left_behind_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("cloison");
        assert_eq!(running(&folder).unwrap(), []);
        let listener = Listener::bind(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(&listener.path).unwrap().mode() & 0o777, 0o600);
        let this = std::process::id() as i32;
        assert_eq!(running(&folder).unwrap(), [this]);
        assert!(listener.accept().unwrap().is_some());
        assert!(listener.accept().unwrap().is_none());
        fs::write(folder.join("notes.txt"), "").unwrap();
        let left = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        bind(&left, &SocketAddrUnix::new(folder.join("1.sock")).unwrap()).unwrap();
        drop(left);
        assert_eq!(running(&folder).unwrap(), [this]);
        assert!(!folder.join("1.sock").exists() && folder.join("notes.txt").exists());
        drop(listener);
        assert_eq!(running(&folder).unwrap(), []);
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Listener::bind(place.path()).is_err() && running(place.path()).is_err());
        let elsewhere = place.path().join("link");
        std::os::unix::fs::symlink(place.path(), &elsewhere).unwrap();
        assert!(Listener::bind(&elsewhere).is_err());
    }
}
