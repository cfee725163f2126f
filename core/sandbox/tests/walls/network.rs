//! The jails of a host service for networks and of a zone that connects itself: what they leave to code that has taken over what is in
//! them, each layer alone. The service's own checks are not here: everything is a bare system call.

use crate::Test;
use crate::attempts::Make;
use crate::prisoner::Stage;
use crate::warden::{Order, Outcome};
use cloison_sandbox::{ServedNetwork, ServedPorts, ServiceContents, ServiceKind};
use libc::{AF_INET, AF_UNIX, EACCES, ENETUNREACH, ENOENT, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

pub const TESTS: &[Test] = &[
    ("network::landlock_alone_knows_ports", landlock_alone_knows_ports),
    ("network::the_filter_alone_knows_kinds_of_sockets", the_filter_alone_knows_kinds_of_sockets),
    ("network::all_layers_leave_what_was_given", all_layers_leave_what_was_given),
    ("network::a_zone_connects_to_what_its_manifest_names", a_zone_connects_to_what_its_manifest_names),
    ("network::nobody_else_has_the_machine_s_network", nobody_else_has_the_machine_s_network),
];

/// The port that is granted, and another one, at both of which somebody listens; and one to listen at.
static PORTS: [AtomicU16; 3] = [AtomicU16::new(0), AtomicU16::new(0), AtomicU16::new(0)];

/// `net=GRANTED,OTHER,OWN,WORDS`, of which the words are `names` and `listen`.
pub fn contents(files: &str) -> Option<ServiceContents<'static>> {
    let mut parts = files.strip_prefix("net=")?.split(',');
    for place in &PORTS {
        place.store(parts.next()?.parse().ok()?, Ordering::Relaxed);
    }
    let words: Vec<_> = parts.collect();
    let [granted, _, own] = PORTS.each_ref().map(|port| port.load(Ordering::Relaxed));
    let listen = if words.contains(&"listen") { vec![own] } else { Vec::new() };
    let network = ServedNetwork {
        connect: if words.contains(&"all") { ServedPorts::All } else { ServedPorts::These(vec![granted]) },
        listen: ServedPorts::These(listen),
        datagrams: words.contains(&"names"),
    };
    Some(ServiceContents::without_folders(ServiceKind::Net(network), 1))
}

/// `connect=GRANTED,OTHER,OWN`: the first is what a zone's library may connect to. With `,none` behind that it may not.
pub fn connect(files: &str) -> Option<Vec<u16>> {
    let mut parts = files.strip_prefix("connect=")?.split(',');
    for place in &PORTS {
        place.store(parts.next()?.parse().ok()?, Ordering::Relaxed);
    }
    let granted = PORTS[0].load(Ordering::Relaxed);
    Some(if parts.next() == Some("none") { Vec::new() } else { vec![granted] })
}

fn done(result: i64) -> i64 {
    if result >= 0 { 1 } else { -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)) }
}

fn socket(family: i32, kind: i32) -> i64 {
    // SAFETY: it takes numbers.
    unsafe { libc::syscall(libc::SYS_socket, family, kind, 0) }
}

/// 127.0.0.1 at that port.
fn address(port: usize) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: AF_INET as u16,
        sin_port: PORTS[port].load(Ordering::Relaxed).to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    }
}

/// TCP's fast open, at the port that is not granted: a connection that Landlock does not see.
fn fast(call: libc::c_long) -> i64 {
    let (socket, mut address, mut byte) = (socket(AF_INET, SOCK_STREAM), address(1), [b'x']);
    let length = size_of_val(&address);
    if call == libc::SYS_sendto {
        let (byte, address) = (byte.as_ptr(), &raw const address);
        // SAFETY: the kernel reads the byte and the structure, which live on this stack.
        return done(unsafe { libc::syscall(call, socket, byte, 1, libc::MSG_FASTOPEN, address, length) });
    }
    let mut part = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
    // SAFETY: all zeroes are a message without anything.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = (&raw mut address).cast();
    message.msg_namelen = length as u32;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    // SAFETY: the kernel reads the message and what it points to, all of which live on this stack.
    done(unsafe { libc::syscall(call, socket, &raw const message, libc::MSG_FASTOPEN) })
}

/// Something with a new socket and 127.0.0.1 at that port.
fn at(kind: i32, call: libc::c_long, port: usize) -> i64 {
    let socket = socket(AF_INET, kind);
    let address = address(port);
    if socket < 0 {
        return done(socket);
    }
    // SAFETY: the kernel reads the structure, which lives on this stack.
    done(unsafe { libc::syscall(call, socket, &raw const address, size_of_val(&address)) })
}

const ATTEMPTS: &[(&str, Make)] = &[
    ("network granted", || at(SOCK_STREAM, libc::SYS_connect, 0)),
    ("network other", || at(SOCK_STREAM, libc::SYS_connect, 1)),
    ("network own", || at(SOCK_STREAM, libc::SYS_bind, 2)),
    ("network foreign", || at(SOCK_STREAM, libc::SYS_bind, 1)),
    ("network datagram", || at(SOCK_DGRAM, libc::SYS_connect, 1)),
    ("network fast sendto", || fast(libc::SYS_sendto)),
    ("network fast sendmsg", || fast(libc::SYS_sendmsg)),
    ("network filter", || {
        let (socket, none) = (socket(AF_INET, SOCK_STREAM), [0_u64; 2]);
        // SAFETY: the kernel reads a program of no instructions.
        done(unsafe {
            libc::syscall(libc::SYS_setsockopt, socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, none.as_ptr(), 16)
        })
    }),
    ("network raw", || done(socket(AF_INET, SOCK_RAW))),
    ("network unix", || done(socket(AF_UNIX, SOCK_STREAM))),
    ("network netlink", || done(socket(libc::AF_NETLINK, SOCK_RAW))),
    ("network packet", || done(socket(libc::AF_PACKET, SOCK_RAW))),
    ("network vsock", || done(socket(libc::AF_VSOCK, SOCK_STREAM))),
    ("network sctp", || {
        // SAFETY: it takes numbers.
        done(unsafe { libc::syscall(libc::SYS_socket, AF_INET, SOCK_STREAM, 132) })
    }),
    ("network mptcp", || {
        // SAFETY: it takes numbers.
        done(unsafe { libc::syscall(libc::SYS_socket, AF_INET, SOCK_STREAM, 262) })
    }),
    ("network open", || {
        // SAFETY: the path is a constant with its terminator.
        done(unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, c"/etc/passwd".as_ptr(), 0) })
    }),
];

pub fn find(name: &str) -> Option<Make> {
    ATTEMPTS.iter().find(|(known, _)| *known == name).map(|(_, make)| *make)
}

/// What that attempt comes to at that stage. `how` makes of the ports that are granted, not granted and nobody's what is wanted.
fn tried_at(stage: Stage, layers: Option<&str>, how: impl Fn([u16; 3]) -> String, attempt: &str) -> Outcome {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    let [granted, other] = listeners.each_ref().map(|one| one.local_addr().expect("bound").port());
    let own = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
    let mut order = Order::new(stage, attempt);
    order.files = how([granted, other, own]);
    order.threads = if stage == Stage::Worker { 2 } else { 1 };
    match layers {
        Some(layers) => order.layers(layers).outcome(),
        None => order.outcome(),
    }
}

fn tried(layers: Option<&str>, words: &str, attempt: &str) -> Outcome {
    let how = |[granted, other, own]: [u16; 3]| format!("net={granted},{other},{own},{words}");
    tried_at(Stage::Service, layers, how, attempt)
}

/// Before its seal as after it, and in the process of a call: one port, and nothing else of what a network is.
fn a_zone_connects_to_what_its_manifest_names() {
    for stage in [Stage::Loading, Stage::Sealed, Stage::Worker, Stage::Child] {
        let named = |[granted, other, own]: [u16; 3]| format!("connect={granted},{other},{own}");
        let with = |layers, attempt: &str| tried_at(stage, layers, named, attempt);
        assert_eq!(with(None, "network granted"), Outcome::Done(1), "{stage:?}");
        for (attempt, _) in ATTEMPTS.iter().filter(|(name, _)| *name != "network granted") {
            // While the loader opens files, there is none of that name.
            let error = if (stage, *attempt) == (Stage::Loading, "network open") { ENOENT } else { EACCES };
            assert_eq!(with(None, attempt), Outcome::Failed(error), "{stage:?}, {attempt}");
        }
        let [landlock, seccomp] = [Some("landlock"), Some("seccomp")];
        assert_eq!(with(landlock, "network granted"), Outcome::Done(1), "{stage:?}");
        assert_eq!(with(landlock, "network other"), Outcome::Failed(EACCES), "{stage:?}");
        assert_eq!(with(landlock, "network own"), Outcome::Failed(EACCES), "{stage:?}");
        assert_eq!(with(seccomp, "network granted"), Outcome::Done(1), "{stage:?}");
        for kind in ["own", "datagram", "unix", "netlink", "raw", "packet", "vsock", "fast sendto", "fast sendmsg"] {
            assert_eq!(with(seccomp, &format!("network {kind}")), Outcome::Failed(EACCES), "{stage:?}, {kind}");
        }
        // Without a port that is named, each of the layers refuses it alone.
        let none = |ports| format!("{},none", named(ports));
        for layers in [None, landlock, seccomp] {
            let outcome = tried_at(stage, layers, none, "network granted");
            assert_eq!(outcome, Outcome::Failed(EACCES), "{stage:?}, {layers:?}");
        }
        let outcome = tried_at(stage, Some("namespaces"), none, "network granted");
        assert!(matches!(outcome, Outcome::Failed(ENETUNREACH | libc::ECONNREFUSED)), "{stage:?}: {outcome:?}");
    }
}

fn landlock_alone_knows_ports() {
    let tried = |words: &str, attempt: &str| tried(Some("landlock"), words, attempt);
    assert_eq!(tried("", "network granted"), Outcome::Done(1));
    assert_eq!(tried("", "network other"), Outcome::Failed(EACCES));
    assert_eq!(tried("all", "network other"), Outcome::Done(1), "where all ports are granted");
    assert_eq!(tried("listen", "network own"), Outcome::Done(1));
    assert_eq!(tried("", "network own"), Outcome::Failed(EACCES));
    assert_eq!(tried("listen", "network foreign"), Outcome::Failed(EACCES));
    assert_eq!(tried("", "network open"), Outcome::Failed(EACCES));
}

fn the_filter_alone_knows_kinds_of_sockets() {
    let with = |words: &str, attempt: &str| tried(Some("seccomp"), words, attempt);
    assert_eq!(with("", "network granted"), Outcome::Done(1), "control");
    assert_eq!(with("listen", "network own"), Outcome::Done(1), "control");
    assert_eq!(with("names", "network datagram"), Outcome::Done(1), "control");
    assert_eq!(with("", "network own"), Outcome::Failed(EACCES), "nothing is listened for");
    assert_eq!(with("listen", "network datagram"), Outcome::Failed(EACCES), "no names are asked for");
    for kind in
        ["unix", "netlink", "raw", "packet", "vsock", "sctp", "mptcp", "open", "fast sendto", "fast sendmsg", "filter"]
    {
        assert_eq!(with("names,listen,all", &format!("network {kind}")), Outcome::Failed(EACCES), "{kind}");
    }
}

fn all_layers_leave_what_was_given() {
    assert_eq!(tried(None, "", "network granted"), Outcome::Done(1), "the machine's loopback");
    assert_eq!(tried(None, "listen", "network own"), Outcome::Done(1));
    assert_eq!(tried(None, "names", "network datagram"), Outcome::Done(1));
    for (attempt, _) in ATTEMPTS.iter().filter(|(name, _)| *name != "network granted") {
        assert_eq!(tried(None, "", attempt), Outcome::Failed(EACCES), "{attempt}");
    }
}

/// A service for files has a network that leads nowhere.
fn nobody_else_has_the_machine_s_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut order = Order::new(Stage::Service, "network netlink").layers("namespaces");
    order.files = format!("{}=read", folder.path().display());
    assert_eq!(order.outcome(), Outcome::Done(1), "control: sockets there are");
    let mut order = Order::new(Stage::Service, "network granted").layers("namespaces");
    order.files = format!("{}=read", folder.path().display());
    let outcome = order.outcome();
    assert!(matches!(outcome, Outcome::Failed(ENETUNREACH | libc::ECONNREFUSED)), "{outcome:?}");
}
