//! Networks by a capability, as a program has the bare service: what was granted works, what was not says what would help, and whoever
//! waits is ended like anybody else.

use cloison_tests::run::{PATIENCE, interrupted};
use cloison_tests::{Project, users};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

/// A server on the loopback that gives back what it is sent, and tells of each connection when it has ended.
fn echo() -> (SocketAddr, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (ended, ends) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, ended) = (stream.expect("a connection"), ended.clone());
            std::thread::spawn(move || {
                let mut piece = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut piece) {
                    if stream.write_all(&piece[..length]).is_err() {
                        break;
                    }
                }
                drop(stream);
                let _ = ended.send(());
            });
        }
    });
    (address, ends)
}

fn project(program: &str, places: &str) -> Project {
    Project::script(program).file("cloison.toml", &format!("[capabilities.net]\nzone = \"net\"\n{places}\n"))
}

#[test]
fn a_program_talks_to_where_it_may() {
    let (address, _ends) = echo();
    for &user in users() {
        let places = format!("connect = [\"localhost:{}\"]\nlisten = [\"127.0.0.1:0\"]", address.port());
        let project = project(include_str!("../python/net/talk.py"), &places);
        let port = address.port().to_string();
        let output = project.main(&["127.0.0.1", &port]).user(user).output();
        output.ends_with(0).prints(&format!("b'hello'\nb''\nclosed\nconnect localhost:{port}\nlisten 127.0.0.1:0\n"));
    }
}

#[test]
fn what_was_not_granted_says_what_would_help() {
    let (address, _ends) = echo();
    let places = format!("connect = [\"127.0.0.2:{}\", \"api.example.com:443\"]\nconnections = 1", address.port());
    let project = project(include_str!("../python/net/refused.py"), &places);
    let here = format!("connect('127.0.0.1', {})", address.port());
    let output = project
        .main(&[
            &here,
            "connect('10.0.0.1', 443)",
            "connect('169.254.169.254', 80)",
            "net.resolve(b'example.org', 443)",
            "net.resolve(b'api.example.com', 80)",
            "net.resolve(b'127.1', 80)",
            "bind('0.0.0.0', 80)",
            "[net.socket(2), net.socket(10)]",
            "net.socket(1)",
            "net.getsockopt(net.socket(2), 1, 25)",
        ])
        .output()
        .ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    let place = format!("\"127.0.0.1:{}\" would have to be in `connect` at ", address.port());
    for (line, parts) in lines.iter().zip([
        &["PermissionError | 13", place.as_str(), "cloison.toml:1"][..],
        &["PermissionError | 13", "\"10.0.0.1:443\" would have to be in `connect`"],
        &["PermissionError | 13", "\"169.254.169.254:80\""],
        &["PermissionError | 13", "\"example.org:443\" would have to be in `connect` at", "cloison.toml:1"],
        &["PermissionError | 13", "\"api.example.com:80\""],
        &["FileNotFoundError | 2", "\"127.1\" is no host's name"],
        &["PermissionError | 13", "\"0.0.0.0:80\" would have to be in `listen` at"],
        &["OSError | 24", "1 connections are open, which is the most: `connections` at"],
        &["OSError | 97", "IPv4 and IPv6 alone"],
        &["OSError | 92"],
    ]) {
        for part in parts {
            assert!(line.contains(part), "no {part:?} in {line:?} of\n{output}");
        }
    }
    assert_eq!(lines.len(), 10, "{output}");
}

#[test]
fn ctrl_c_ends_a_wait_and_leaves_the_connection() {
    let (address, ends) = echo();
    let places = format!("connect = [\"{address}\"]");
    let project = project(include_str!("../python/net/waits.py"), &places);
    let (output, rest) = interrupted(|| {
        let mut running = project.main(&[&address.port().to_string()]).start_with(Stdio::piped());
        let mut stdout = running.stdout();
        let mut line = [0; 8];
        stdout.read_exact(&mut line).expect("started");
        running.interrupt();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("UTF-8");
        // A service that gets no processor for a second is given up, which says nothing of it either.
        let output = running.finish().by_itself()?;
        (!output.stderr.contains("was given up in a call of recv")).then_some((output, rest))
    });
    output.ends_with(0);
    assert_eq!(rest, "interrupted\nb'again'\n");
    ends.recv_timeout(PATIENCE).expect("the connection has ended with the program");
}

#[test]
fn who_waits_is_ended_like_anybody_else() {
    let (address, ends) = echo();
    let places = format!("connect = [\"{address}\"]");
    let killed = project(include_str!("../python/net/children.py"), &places);
    killed.main(&[&address.port().to_string()]).output().ends_with(0).prints("killed\ndeadline\n");
    for _ in 0..2 {
        ends.recv_timeout(PATIENCE).expect("both connections have ended");
    }
    // The program's own deadline, and its end.
    let project = project(include_str!("../python/net/waits.py"), &format!("{places}\n[limits]\ndeadline = \"1 s\""));
    let output = project.main(&[&address.port().to_string()]).output();
    assert_ne!(output.code(), 0, "{output}");
    ends.recv_timeout(PATIENCE).expect("the connection has ended");
}

#[test]
fn certificates_are_looked_at() {
    let mut root = CertificateParams::new(Vec::new()).expect("parameters");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().expect("a key")).expect("a root");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    let leaf = leaf.signed_by(&key, &root).expect("signed");
    let project = project(include_str!("../python/net/tls.py"), "");
    let texts = [leaf.pem(), key.serialize_pem(), root.as_ref().pem()];
    let output = project.main(&texts.each_ref().map(String::as_str)).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{output}");
    assert_eq!(lines[0], "b'hello' b'h2' 0x304 b'TLS_AES_256_GCM_SHA384'");
    let mismatch = "129 certificate verify failed: Hostname mismatch, certificate is not valid for 'other.example' 62";
    assert_eq!(lines[1], mismatch);
    assert_eq!(lines[2], "22 TLS: there is no certificate in `roots`, which is to be PEM");
}

/// Nobody is connected to by a program that has no capability of net, whatever it tries.
#[test]
fn without_a_capability_there_is_no_network() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let program = include_str!("../python/net/without.py");
    let output = Project::script(program).main(&[&address.port().to_string()]).output().ends_with(0);
    assert_eq!(output.stdout, "CapabilityDenied\n".to_owned() + &"HostDenied\n".repeat(6), "{output}");
    listener.set_nonblocking(true).expect("a listener");
    assert!(listener.accept().is_err(), "somebody has connected");
    drop(TcpStream::connect(address).expect("control"));
    listener.accept().expect("control");
}
