//! TLS: from bytes to bytes, and over sockets; who is trusted.

use crate::net::service::{Argument, Client, FOR_EVER, SHORT, net, serve, serve_on};
use cloison_contract::host::NetService;
use cloison_contract::message::Machine;
use libc::{EAGAIN, ECONNABORTED, EINVAL, EKEYREJECTED, EPROTO};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A certificate in PEM, its key, and who has signed it.
struct Own {
    chain: String,
    key: String,
    root: String,
}

/// A name that no other certificate has.
fn unlike_others() -> DistinguishedName {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("number {}", COUNT.fetch_add(1, Ordering::Relaxed)));
    name
}

/// A certificate for a name, signed by a root of its own.
fn certified(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Own {
    let mut root = CertificateParams::new(Vec::new()).expect("parameters");
    root.distinguished_name = unlike_others();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().expect("a key")).expect("a root");
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    change(&mut leaf);
    let key = KeyPair::generate().expect("a key");
    let leaf = leaf.signed_by(&key, &root).expect("signed");
    Own { chain: leaf.pem(), key: key.serialize_pem(), root: root.as_ref().pem() }
}

fn self_signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Own {
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    parameters.distinguished_name = unlike_others();
    change(&mut parameters);
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters.self_signed(&key).expect("signed").pem();
    Own { chain: certificate.clone(), key: key.serialize_pem(), root: certificate }
}

/// A server by rustls that answers in capitals, and says farewell if `farewell`.
fn server(own: &Own, farewell: bool) -> SocketAddr {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(own.chain.as_bytes()).map(|one| one.expect("PEM")).collect();
    let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.expect("a certificate");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let config = Arc::clone(&config);
            std::thread::spawn(move || {
                let mut stream = stream.expect("a connection");
                let mut connection = ServerConnection::new(config).expect("a connection");
                let mut tls = rustls::Stream::new(&mut connection, &mut stream);
                let mut piece = vec![0; 1 << 16];
                while let Ok(length @ 1..) = tls.read(&mut piece) {
                    if tls.write_all(&piece[..length].to_ascii_uppercase()).is_err() {
                        return;
                    }
                    if piece[..length].ends_with(b"bye") {
                        break;
                    }
                }
                if farewell {
                    connection.send_close_notify();
                    while connection.wants_write() && connection.write_tls(&mut stream).is_ok() {}
                }
            });
        }
    });
    address
}

/// How a context is asked for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    server: bool,
    verify: u64,
    check_name: bool,
    machine: bool,
    oldest: u64,
    newest: u64,
    roots: &'a str,
    chain: &'a str,
    key: &'a str,
    alpn: &'a [u8],
}

const CLIENT: Asked<'static> = Asked {
    server: false,
    verify: 2,
    check_name: true,
    machine: false,
    oldest: 0x303,
    newest: 0x304,
    roots: "",
    chain: "",
    key: "",
    alpn: b"\x08http/1.1",
};

impl Client {
    fn context(&mut self, asked: Asked<'_>) -> Result<u64, i32> {
        let arguments = [
            Argument::Word(asked.server.into()),
            Argument::Word(asked.verify),
            Argument::Word(asked.check_name.into()),
            Argument::Word(asked.machine.into()),
            Argument::Word(asked.oldest),
            Argument::Word(asked.newest),
            Argument::Bytes(asked.roots.as_bytes()),
            Argument::Bytes(asked.chain.as_bytes()),
            Argument::Bytes(asked.key.as_bytes()),
            Argument::Bytes(asked.alpn),
        ];
        self.call("tls_context", &arguments).map(|words| words[0])
    }

    fn tls(&mut self, context: u64, name: &str) -> u64 {
        self.call("tls", &[Argument::Word(context), Argument::Bytes(name.as_bytes())]).expect("a connection")[0]
    }

    fn handshake(&mut self, tls: u64, socket: u64) -> Result<(), i32> {
        self.call("tls_handshake", &[tls, socket, FOR_EVER].map(Argument::Word)).map(drop)
    }

    fn number(&mut self, function: &str, tls: u64) -> u64 {
        self.call(function, &[Argument::Word(tls)]).expect("known")[0]
    }

    fn text(&mut self, function: &str, tls: u64) -> Vec<u8> {
        let words = self.call(function, &[Argument::Word(tls)]).expect("known");
        self.bytes(&words)
    }

    fn tls_recv(&mut self, tls: u64, socket: u64, timeout_ns: u64) -> Result<Vec<u8>, i32> {
        let words = self.call("tls_recv", &[tls, socket, 1 << 16, timeout_ns].map(Argument::Word))?;
        Ok(self.bytes(&words))
    }

    fn tls_send(&mut self, tls: u64, socket: u64, data: &[u8], timeout_ns: u64) -> Result<u64, i32> {
        let arguments =
            [Argument::Word(tls), Argument::Word(socket), Argument::Bytes(data), Argument::Word(timeout_ns)];
        self.call("tls_send", &arguments).map(|words| words[0])
    }

    fn feed(&mut self, tls: u64, data: &[u8], end: bool) -> Result<u64, i32> {
        let arguments = [Argument::Word(tls), Argument::Bytes(data), Argument::Word(end.into())];
        self.call("tls_feed", &arguments).map(|words| words[0])
    }

    fn drain(&mut self, tls: u64) -> Vec<u8> {
        let words = self.call("tls_drain", &[Argument::Word(tls), Argument::Word(1 << 16)]).expect("drained");
        self.bytes(&words)
    }

    fn tls_read(&mut self, tls: u64) -> Result<Vec<u8>, i32> {
        let words = self.call("tls_read", &[Argument::Word(tls), Argument::Word(1 << 16)])?;
        Ok(self.bytes(&words))
    }

    fn tls_write(&mut self, tls: u64, data: &[u8]) -> Result<u64, i32> {
        self.call("tls_write", &[Argument::Word(tls), Argument::Bytes(data)]).map(|words| words[0])
    }
}

/// What becomes of a handshake with that server, and OpenSSL's number.
fn handshake(server: SocketAddr, asked: Asked<'_>, name: &str) -> (Result<(), i32>, u64) {
    let (_service, mut client) = serve(net(&[&server.to_string()], &[]));
    let socket = client.connected(&server.to_string()).expect("connected");
    let context = client.context(asked).expect("a context");
    let tls = client.tls(context, name);
    let done = client.handshake(tls, socket);
    (done, client.number("tls_verify_error", tls))
}

#[test]
fn a_connection_over_a_socket() {
    let own = certified("localhost", |_| {});
    let server = server(&own, true);
    for (newest, cipher) in [(0x304, "TLS_AES_256_GCM_SHA384"), (0x303, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")] {
        let (_service, mut client) = serve(net(&[&server.to_string()], &[]));
        let socket = client.connected(&server.to_string()).expect("connected");
        let context = client.context(Asked { roots: &own.root, newest, ..CLIENT }).expect("a context");
        let tls = client.tls(context, "localhost");
        client.end("free_tls_context", context);
        assert_eq!(client.number("tls_version", tls), 0);
        assert_eq!(client.number("tls_status", tls) & 1, 1, "a handshake is to be done");
        client.handshake(tls, socket).expect("done");
        assert_eq!(client.number("tls_status", tls) & 1, 0);
        assert_eq!(client.number("tls_version", tls), newest);
        assert_eq!(String::from_utf8_lossy(&client.text("tls_cipher", tls)), cipher);
        assert_eq!(client.text("tls_alpn", tls), b"http/1.1");
        let chain = client.text("tls_peer_certificates", tls);
        let leaf = CertificateDer::from_pem_slice(own.chain.as_bytes()).expect("PEM");
        assert_eq!(chain, [&(leaf.len() as u32).to_ne_bytes()[..], &leaf].concat());
        assert_eq!(client.tls_recv(tls, socket, 0), Err(EAGAIN));
        assert_eq!(client.tls_recv(tls, socket, SHORT), Err(EAGAIN));
        // More than the records and the buffers hold, which come back in pieces.
        let large = vec![b'a'; 400_000];
        assert_eq!(client.tls_send(tls, socket, &large, FOR_EVER), Ok(large.len() as u64));
        let mut back = Vec::new();
        while back.len() < large.len() {
            back.extend(client.tls_recv(tls, socket, FOR_EVER).expect("received"));
        }
        assert!(back == large.to_ascii_uppercase());
        assert_eq!(client.tls_send(tls, socket, b"bye", FOR_EVER), Ok(3));
        assert_eq!(client.tls_recv(tls, socket, FOR_EVER).as_deref(), Ok(&b"BYE"[..]));
        assert_eq!(client.tls_recv(tls, socket, FOR_EVER).as_deref(), Ok(&b""[..]), "a farewell");
        assert_eq!(client.number("tls_status", tls) & 8, 8);
        client.call("tls_shutdown", &[tls, socket, 1, FOR_EVER].map(Argument::Word)).expect("both have said it");
    }
}

#[test]
fn who_is_not_trusted_is_not_spoken_to() {
    let own = certified("localhost", |_| {});
    let trusted = Asked { roots: &own.root, ..CLIENT };
    let address = server(&own, true);
    assert_eq!(handshake(address, trusted, "localhost"), (Ok(()), 0), "control");
    assert_eq!(handshake(address, trusted, "other.example"), (Err(EKEYREJECTED), 62));
    assert_eq!(handshake(address, trusted, "127.0.0.1"), (Err(EKEYREJECTED), 62), "the name is not its address");
    assert_eq!(handshake(address, Asked { check_name: false, ..trusted }, "other.example"), (Ok(()), 0));
    assert_eq!(handshake(address, Asked { check_name: false, ..trusted }, ""), (Ok(()), 0));
    let stranger = certified("localhost", |_| {});
    let others = Asked { roots: &stranger.root, ..CLIENT };
    assert_eq!(handshake(address, others, "localhost"), (Err(EKEYREJECTED), 20));
    assert_eq!(handshake(address, Asked { check_name: false, ..others }, "localhost"), (Err(EKEYREJECTED), 20));
    assert_eq!(handshake(address, Asked { verify: 0, ..others }, "other.example"), (Ok(()), 0), "whoever it is");
    let by_address = certified("127.0.0.1", |_| {});
    let address = server(&by_address, true);
    assert_eq!(handshake(address, Asked { roots: &by_address.root, ..CLIENT }, "127.0.0.1"), (Ok(()), 0));
    let expired = certified("localhost", |leaf| leaf.not_after = date_time_ymd(2001, 1, 1));
    let address = server(&expired, true);
    let (done, number) = handshake(address, Asked { roots: &expired.root, ..CLIENT }, "localhost");
    assert_eq!((done, number), (Err(EKEYREJECTED), 10));
    let early = certified("localhost", |leaf| leaf.not_before = date_time_ymd(2090, 1, 1));
    let address = server(&early, true);
    assert_eq!(handshake(address, Asked { roots: &early.root, ..CLIENT }, "localhost"), (Err(EKEYREJECTED), 9));
}

#[test]
fn a_certificate_that_is_named_is_trusted_as_it_is() {
    let ca = |parameters: &mut CertificateParams| parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let stranger = certified("localhost", |_| {});
    for own in [self_signed("localhost", |_| {}), self_signed("localhost", ca)] {
        let address = server(&own, true);
        assert_eq!(handshake(address, Asked { roots: &stranger.root, ..CLIENT }, "localhost"), (Err(EKEYREJECTED), 18));
        let named = Asked { roots: &own.root, ..CLIENT };
        assert_eq!(handshake(address, named, "localhost"), (Ok(()), 0));
        assert_eq!(handshake(address, named, "other.example"), (Err(EKEYREJECTED), 62));
    }
    let old = self_signed("localhost", |parameters| parameters.not_after = date_time_ymd(2001, 1, 1));
    let address = server(&old, true);
    assert_eq!(handshake(address, Asked { roots: &old.root, ..CLIENT }, "localhost"), (Err(EKEYREJECTED), 10));
}

#[test]
fn whom_the_machine_trusts() {
    let own = certified("localhost", |_| {});
    let address = server(&own, true);
    let machine = Machine { roots: own.root.clone().into_bytes(), ..Machine::default() };
    let (_service, mut client) = serve_on(net(&[&address.to_string()], &[]), machine);
    let socket = client.connected(&address.to_string()).expect("connected");
    let context = client.context(Asked { machine: true, ..CLIENT }).expect("a context");
    let tls = client.tls(context, "localhost");
    assert_eq!(client.handshake(tls, socket), Ok(()));
}

#[test]
fn what_cannot_be_configured_is_said_at_once() {
    let (_service, mut client) = serve(net(&[], &[]));
    let own = certified("localhost", |_| {});
    let other = certified("localhost", |_| {});
    let trusted = Asked { roots: &own.root, ..CLIENT };
    for wrong in [
        CLIENT,
        Asked { machine: true, ..CLIENT },
        Asked { roots: "no PEM", ..CLIENT },
        Asked { roots: "-----BEGIN CERTIFICATE-----\nxx\n", ..CLIENT },
        Asked { oldest: 0x305, newest: 0x305, ..trusted },
        Asked { alpn: b"\x09short", ..trusted },
        Asked { alpn: b"\0", ..trusted },
        Asked { chain: &own.chain, ..trusted },
        Asked { key: &own.key, ..trusted },
        Asked { chain: &own.chain, key: &other.key, ..trusted },
        Asked { server: true, ..trusted },
        Asked { server: true, verify: 2, roots: "", chain: &own.chain, key: &own.key, ..CLIENT },
    ] {
        assert_eq!(client.context(wrong), Err(EINVAL));
    }
    let context = client.context(Asked { verify: 0, ..CLIENT }).expect("nobody has to be trusted");
    let tls = client.call("tls", &[Argument::Word(context), Argument::Bytes(b"a b")]);
    assert_eq!(tls.err(), Some(EINVAL));
}

#[test]
fn an_end_without_a_farewell_is_none() {
    let own = certified("localhost", |_| {});
    let address = server(&own, false);
    let (_service, mut client) = serve(net(&[&address.to_string()], &[]));
    let socket = client.connected(&address.to_string()).expect("connected");
    let context = client.context(Asked { roots: &own.root, ..CLIENT }).expect("a context");
    let tls = client.tls(context, "localhost");
    assert_eq!(client.tls_send(tls, socket, b"bye", FOR_EVER), Ok(3), "with its handshake");
    assert_eq!(client.tls_recv(tls, socket, FOR_EVER).as_deref(), Ok(&b"BYE"[..]));
    assert_eq!(client.tls_recv(tls, socket, FOR_EVER), Err(ECONNABORTED));
}

#[test]
fn who_does_not_speak_tls() {
    let address = crate::net::service::echo();
    let (_service, mut client) = serve(net(&[&address.to_string()], &[]));
    let socket = client.connected(&address.to_string()).expect("connected");
    let context = client.context(Asked { verify: 0, ..CLIENT }).expect("a context");
    let tls = client.tls(context, "localhost");
    assert_eq!(client.handshake(tls, socket), Err(EPROTO), "one's own greeting is no answer");
    assert_eq!(client.handshake(tls, socket), Err(EPROTO), "and it stays so");
    let slow = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = slow.local_addr().expect("bound");
    let (_service, mut client) = serve(net(&[&address.to_string()], &[]));
    let socket = client.connected(&address.to_string()).expect("connected");
    let context = client.context(Asked { verify: 0, ..CLIENT }).expect("a context");
    let tls = client.tls(context, "localhost");
    let words = [tls, socket, SHORT].map(Argument::Word);
    assert_eq!(client.call("tls_handshake", &words).err(), Some(EAGAIN), "nobody answers");
}

/// Both ends in one service, from bytes to bytes: what a program carries by itself.
#[test]
fn from_bytes_to_bytes() {
    let own = certified("localhost", |_| {});
    let person = certified("somebody", |_| {});
    let (_service, mut client) = serve(net(&[], &[]));
    let mutual = Asked { server: true, roots: &person.root, chain: &own.chain, key: &own.key, ..CLIENT };
    let pair = |client: &mut Client, asked: Asked<'_>| {
        let (here, there) = (client.context(asked).expect("a client"), client.context(mutual).expect("a server"));
        (client.tls(here, "localhost"), client.tls(there, ""))
    };
    let known = Asked { roots: &own.root, chain: &person.chain, key: &person.key, ..CLIENT };
    let (here, there) = pair(&mut client, known);
    assert_eq!(client.tls_read(here), Err(EAGAIN));
    assert_eq!(client.tls_write(here, b"early"), Err(EAGAIN), "the handshake comes first");
    for _ in 0..4 {
        let out = client.drain(here);
        assert_eq!(client.feed(there, &out, false), Ok(out.len() as u64));
        let out = client.drain(there);
        assert_eq!(client.feed(here, &out, false), Ok(out.len() as u64));
    }
    assert_eq!(client.number("tls_status", here) & 1, 0);
    assert_eq!(client.text("tls_server_name", there), b"localhost");
    assert!(!client.text("tls_peer_certificates", there).is_empty(), "both have shown a certificate");
    assert_eq!(client.tls_write(here, b"hello"), Ok(5));
    assert_eq!(client.number("tls_status", here) & 4, 4);
    let out = client.drain(here);
    client.feed(there, &out, false).expect("taken");
    assert_eq!(client.number("tls_status", there) & 16, 16);
    assert_eq!(client.tls_read(there).as_deref(), Ok(&b"hello"[..]));
    // More than it takes without being read, and more than it says without being drained.
    let large = vec![b'x'; 4 << 20];
    let written = client.tls_write(here, &large).expect("some") as usize;
    assert!(written < large.len());
    assert_eq!(client.tls_write(here, &large), Err(EAGAIN));
    let (mut read, mut rest) = (0, Vec::new());
    while read < written {
        rest.extend(client.drain(here));
        let taken = client.feed(there, &rest, false).expect("taken") as usize;
        rest.drain(..taken);
        match client.tls_read(there) {
            Ok(more) => read += more.len(),
            Err(error) => assert_eq!(error, EAGAIN),
        }
    }
    client.call("tls_close_notify", &[Argument::Word(here)]).expect("said");
    let out = client.drain(here);
    client.feed(there, &out, false).expect("taken");
    assert_eq!(client.tls_read(there).as_deref(), Ok(&b""[..]));
    assert_eq!(client.feed(there, b"whatever comes behind it", true), Ok(24));
    // Who shows no certificate is not let in.
    let (here, there) = pair(&mut client, Asked { roots: &own.root, ..CLIENT });
    let out = client.drain(here);
    client.feed(there, &out, false).expect("taken");
    let out = client.drain(there);
    client.feed(here, &out, false).expect("taken");
    let out = client.drain(here);
    assert!(client.feed(there, &out, false).is_err());
    // What was changed on its way is seen.
    let (here, there) = pair(&mut client, known);
    let mut out = client.drain(here);
    let last = out.len() - 1;
    out[last] ^= 1;
    let fed = client.feed(there, &out, false);
    let answer = client.drain(there);
    assert!(fed.is_err() || client.feed(here, &answer, false).is_err());
    let (here, _) = pair(&mut client, known);
    assert_eq!(client.feed(here, b"", true), Err(ECONNABORTED), "an end before the handshake is done");
}

#[test]
fn what_tls_carries_counts() {
    let own = certified("localhost", |_| {});
    let address = server(&own, true);
    let service = NetService { sent_bytes: 10_000, ..net(&[&address.to_string()], &[]) };
    let (_service, mut client) = serve(service);
    let socket = client.connected(&address.to_string()).expect("connected");
    let context = client.context(Asked { roots: &own.root, ..CLIENT }).expect("a context");
    let tls = client.tls(context, "localhost");
    client.handshake(tls, socket).expect("done");
    assert_eq!(client.tls_send(tls, socket, &[0; 20_000], FOR_EVER), Err(libc::EDQUOT));
}
