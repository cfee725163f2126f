//! The service for HTTP, as the real program in its sandbox. What it makes of requests, its own tests say; these see that it can, in there.

use crate::support::{Argument, Client, Service};
use cloison_contract::host::HostService;
use cloison_contract::host::http::{HttpSecret, HttpService, Secret};
use cloison_contract::host::net::NetPlace;
use cloison_contract::message::{FromZone, LayerState, Machine, ToZone};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Packet, QTYPE, ResourceRecord, TYPE};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

const FOR_EVER: u64 = -1_i64 as u64;
const KEY: &str = "s3cr3t-0f-th3-z0n3";

fn serve(rules: &[&str], port: u16) -> (Service, Client) {
    serve_with(rules, port, Machine::default(), |_| {})
}

fn serve_with(rules: &[&str], port: u16, machine: Machine, change: impl FnOnce(&mut HttpService)) -> (Service, Client) {
    let rule = |text: &&str| text.replace("PORT", &port.to_string()).parse().expect("a rule");
    let mut service = HttpService {
        capability: "api".to_owned(),
        location: "cloison.toml:7".to_owned(),
        rules: rules.iter().map(rule).collect(),
        secrets: vec![HttpSecret { header: "X-Key".to_owned(), prefix: String::new(), hosts: Vec::new() }],
        connections: 4,
        ..HttpService::default()
    };
    change(&mut service);
    let secrets = vec![Secret::new(KEY.as_bytes().to_vec()).expect("a secret")];
    let more = [(ToZone::Machine(machine), Vec::new()), (ToZone::Secrets(secrets), Vec::new())];
    let mut service = Service::launch(HostService::Http(service), &more);
    let client = service.attach();
    (service, client)
}

impl Client {
    fn open_http(&mut self, host: &str, port: u16) -> Result<u64, i32> {
        let arguments = [Argument::Bytes(host.as_bytes()), Argument::Word(port.into())];
        self.call("connect", &arguments).map(|words| words[0])
    }

    fn secure(&mut self, socket: u64, name: &str) -> Result<(), i32> {
        self.call("secure", &[Argument::Word(socket), Argument::Bytes(name.as_bytes())]).map(drop)
    }

    fn hang_up(&mut self, socket: u64) {
        self.call("close", &[Argument::Word(socket)]).expect("closed");
    }

    /// What comes back for a request, to its end.
    fn exchange(&mut self, host: &str, port: u16, request: &str) -> String {
        let socket = self.open_http(host, port).expect("a connection");
        self.speak(socket, request)
    }

    fn speak(&mut self, socket: u64, request: &str) -> String {
        let data = Argument::Bytes(request.as_bytes());
        self.call("sendall", &[Argument::Word(socket), data, Argument::Word(0), Argument::Word(FOR_EVER)])
            .expect("sent");
        self.call("shutdown", &[Argument::Word(socket), Argument::Word(1)]).expect("shut");
        let mut answer = Vec::new();
        loop {
            let words = self.call("recv", &[socket, 65536, 0, FOR_EVER].map(Argument::Word)).expect("an answer");
            let piece = self.bytes(&words);
            if piece.is_empty() {
                break;
            }
            answer.extend(piece);
        }
        self.hang_up(socket);
        String::from_utf8(answer).expect("text")
    }
}

/// A server that says what it was asked.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = Vec::new();
            let mut one = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut one).is_ok_and(|count| count == 1) {
                request.push(one[0]);
            }
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", request.len());
            let _ = stream.write_all(&[head.as_bytes(), &request].concat());
        }
    });
    port
}

fn get(path: &str, port: u16) -> String {
    get_from("127.0.0.1", path, port)
}

fn get_from(host: &str, path: &str, port: u16) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n")
}

/// A name server for which each name is each of these.
fn name_server(addresses: Vec<Ipv4Addr>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let here = socket.local_addr().expect("bound");
    std::thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut bytes) {
            let asked = Packet::parse(&bytes[..length]).expect("a question");
            let mut answer = Packet::parse(&bytes[..length]).expect("a question").into_reply();
            if asked.questions[0].qtype == QTYPE::TYPE(TYPE::A) {
                answer.answers.extend(addresses.iter().map(|address| {
                    let data = RData::A(A { address: address.to_bits() });
                    ResourceRecord::new(asked.questions[0].qname.clone(), CLASS::IN, 0, data)
                }));
            }
            let _ = socket.send_to(&answer.build_bytes_vec().expect("a packet"), from);
        }
    });
    here
}

#[test]
fn a_name_that_leads_to_this_machine_leads_nowhere() {
    let port = echo();
    let names = name_server(vec![Ipv4Addr::LOCALHOST, Ipv4Addr::new(169, 254, 169, 254)]);
    // That another rule names the address is not for this name.
    let rules = ["GET http://api.test:PORT/*", "GET http://127.0.0.1:PORT/*"];
    let (service, mut client) =
        serve_with(&rules, port, Machine::default(), |service| service.name_servers = vec![names]);
    let answer = client.exchange("api.test", port, &get_from("api.test", "/", port));
    let parts = ["HTTP/1.1 403 ", "Cloison-Denied: address", "api.test is 127.0.0.1, 169.254.169.254", "\"127.0.0.1:"];
    assert!(parts.iter().all(|part| answer.contains(part)), "{answer}");
    assert!(client.exchange("127.0.0.1", port, &get("/", port)).starts_with("HTTP/1.1 200 "));
    assert!(service.is_running());
    let named = NetPlace::parse(&format!("127.0.0.1:{port}")).expect("a place");
    let (_service, mut client) = serve_with(&rules, port, Machine::default(), |service| {
        service.name_servers = vec![names];
        service.addresses = vec![named];
    });
    let answer = client.exchange("api.test", port, &get_from("api.test", "/", port));
    // In the clear to a name, there is no secret.
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && !answer.contains("X-Key"), "{answer}");
}

#[test]
fn tls_is_the_service_s_to_speak() {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("signed");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let builder = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let config = Arc::new(builder.with_single_cert(vec![certificate.der().clone()], private).expect("a key"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls = rustls::ServerConnection::new(config.clone()).expect("a configuration");
            let mut stream = rustls::StreamOwned::new(tls, stream);
            let (mut request, mut one) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut one).is_ok_and(|count| count == 1) {
                request.push(one[0]);
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", request.len());
            let _ = stream.write_all(&[head.as_bytes(), &request].concat());
        }
    });
    let rules = ["GET https://localhost:PORT/*"];
    for trusted in [true, false] {
        let roots = if trusted { authority.pem().into_bytes() } else { Vec::new() };
        let (service, mut client) = serve_with(&rules, port, Machine { roots, ..Machine::default() }, |_| {});
        let socket = client.open_http("localhost", port).expect("a connection");
        client.secure(socket, "localhost").expect("before the first request");
        let answer = client.speak(socket, &get_from("localhost", "/", port));
        match trusted {
            true => assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("X-Key: ****"), "{answer}"),
            false => assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("certificate"), "{answer}"),
        }
        // In the clear it is another request, which no rule allows.
        let answer = client.exchange("localhost", port, &get_from("localhost", "/", port));
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("GET http://localhost:"), "{answer}");
        assert!(service.is_running());
    }
}

#[test]
fn requests_go_out_of_the_sandbox_and_nothing_else() {
    let port = echo();
    let (service, mut client) = serve(&["GET http://127.0.0.1:PORT/ok", "GET https://127.0.0.1:PORT/ok"], port);
    // More than there may be at once: threads begin and end.
    for _ in 0..10 {
        let answer = client.exchange("127.0.0.1", port, &get("/ok", port));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\r\nX-Key: ****"), "{answer}");
    }
    let answer = client.exchange("127.0.0.1", port, &get("/no", port));
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(service.is_running());
    // The network is what it is for.
    let off: Vec<_> =
        service.layers.iter().filter(|layer| layer.state != LayerState::On).map(|layer| &layer.name).collect();
    assert_eq!(off, ["network-namespace"], "{:?}", service.layers);
    assert!(matches!(service.heard(), FromZone::Refused { count: 1, text } if text.contains("/no is not granted")));
}

#[test]
fn connections_lead_to_hosts_of_rules_and_are_counted() {
    let port = echo();
    let (service, mut client) = serve(&["GET http://127.0.0.1:PORT/ok", "GET https://localhost:PORT/ok"], port);
    for (host, port) in [("127.0.0.1", 1), ("127.0.0.2", port), ("10.0.0.1", port), ("example.org", 80)] {
        assert_eq!(client.open_http(host, port), Err(libc::EACCES), "{host}");
    }
    for host in ["", "a b", "127.1", "localhost:80", "LOCALHOST\0", "é"] {
        assert_eq!(client.open_http(host, port), Err(libc::EINVAL), "{host}");
    }
    let open: Vec<u64> = (0..4).map(|_| client.open_http("LocalHost.", port).expect("a connection")).collect();
    assert_eq!(client.open_http("localhost", port), Err(libc::EMFILE));
    assert_eq!(client.secure(open[0], "other"), Err(libc::EACCES));
    assert_eq!(client.secure(open[0], "localhost"), Ok(()));
    assert_eq!(client.secure(open[0], "localhost"), Err(libc::EISCONN));
    let pair = client.call("socketpair", &[]).expect("two");
    assert_eq!(client.secure(pair[0], "localhost"), Err(libc::ENOTCONN));
    for socket in open {
        client.hang_up(socket);
    }
    // A thread notices the end by itself.
    while client.open_http("localhost", port).is_err() {}
    assert!(service.is_running());
}

#[test]
fn what_is_said_of_the_rules_has_no_secret() {
    let (_service, mut client) = serve(&["GET https://*.example.org/v1/*", "* http://127.0.0.1:8080/*"], 0);
    let words = client.call("grants", &[]).expect("text");
    assert_eq!(client.bytes(&words), b"GET https://*.example.org/v1/*\n* http://127.0.0.1:8080/*\n");
}
