//! Where running applications are found: a socket for each, in a folder that only its user may enter.

use super::{Ask, InspectionAnswer, InspectionRequest, VERSION};
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
const QUESTION_BYTES: u64 = 64 << 10;

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

/// Make the folder, or see that it is what it should be: in `/tmp` anybody could have made it first, and whoever may rename a folder
/// above it could put another one in its place. Its path without links, which is the one to use.
pub(crate) fn private(folder: &Path) -> io::Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let (Some(above), Some(name)) = (folder.parent(), folder.file_name()) else {
        return Err(io::Error::other("it has no folder above it"));
    };
    let above = above.canonicalize()?;
    for way in above.ancestors() {
        let found = fs::symlink_metadata(way)?;
        if !is_safe(found.uid(), found.mode(), user) {
            return Err(io::Error::other(format!("others may change {}, which leads to it", way.display())));
        }
    }
    let folder = above.join(name);
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(&folder)?;
    let ours = found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0;
    if ours { Ok(folder) } else { Err(io::Error::other("it is not a folder of this user's alone")) }
}

/// Whether in a folder of that owner and mode nobody but that user and root can put something in the place of what is theirs.
fn is_safe(owner: u32, mode: u32, user: u32) -> bool {
    [0, user].contains(&owner) && (mode & 0o022 == 0 || mode & 0o1000 != 0)
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
        let path = private(folder)?.join(name);
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
    let socket = open(&private(folder)?.join(name), SocketFlags::empty(), patience)?;
    if socket_peercred(&socket)?.uid != rustix::process::geteuid() {
        return Err(io::Error::other("somebody else listens there"));
    }
    Ok(Control::from_descriptor(socket))
}

/// The brokers of running applications in that folder, by their process numbers. Sockets that nobody listens on any more are removed.
pub fn running(folder: &Path) -> io::Result<Vec<i32>> {
    if !folder.try_exists()? {
        return Ok(Vec::new()); // and none is made for looking
    }
    let entries = fs::read_dir(private(folder)?)?;
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
    if !folder.is_dir() {
        return Err(Errno::NOENT.into()); // and none is made for asking
    }
    let connection = connect_to(folder, &format!("{broker}.sock"), PATIENCE);
    let connection = connection.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::ACCESS))?;
    connection.send(&InspectionRequest { version: VERSION, ask }, &[])?;
    Ok(connection.receive()?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_user_is_let_in_and_what_is_left_behind_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("cloison");
        assert_eq!(running(&folder).unwrap(), [0; 0]);
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
        assert_eq!(running(&folder).unwrap(), [0; 0]);
    }

    #[test]
    fn a_folder_below_one_that_others_may_change_is_refused() {
        for (owner, mode, user, safe) in [
            (0, 0o755, 1000, true),
            (1000, 0o700, 1000, true),
            (0, 0o1777, 1000, true),
            (0, 0o777, 1000, false),
            (1000, 0o770, 1000, false),
            (1000, 0o755, 0, false),
            (1001, 0o1755, 1000, false),
        ] {
            assert_eq!(is_safe(owner, mode, user), safe, "{owner} {mode:o} {user}");
        }
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("inner")).unwrap();
        std::os::unix::fs::symlink("inner", place.path().join("link")).unwrap();
        let found = private(&place.path().join("link/cloison")).unwrap();
        assert_eq!(found, place.path().canonicalize().unwrap().join("inner/cloison"));
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(private(&place.path().join("inner/cloison")).is_err());
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
