//! Conversations with servers of these tests' own, over loopback: the whole of the module but the sandbox.

use super::*;
use cloison_contract::host::http::HostRule;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Barrier, mpsc};
use std::thread::JoinHandle;

const SECRET: &str = "s3cr3t-0f-th3-z0n3";

/// Everything that is asked for is on loopback.
#[derive(Debug)]
struct Loopback;

impl Network for Loopback {
    fn connect(&self, _host: &str, port: u16, _patience: &Patience) -> Result<OwnedFd, Unreached> {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => {
                stream.set_nonblocking(true).expect("a socket");
                Ok(stream.into())
            }
            Err(error) => Err(Unreached::Refused(OwnAnswer::server(format!("no connection: {error}")))),
        }
    }
}

/// A server that gives a script of answers to each connection, and what it was asked.
struct Script {
    port: u16,
    asked: JoinHandle<Vec<String>>,
}

/// Of each connection the answers, one for each request with its body; each is written in the pieces that are said.
fn serve(connections: Vec<Vec<&'static str>>) -> Script {
    serve_by(
        connections.into_iter().map(|answers| {
            move |mut stream: Box<dyn Stream>, asked: &mut Vec<String>| {
                for answer in answers {
                    asked.push(read_request(&mut stream));
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            }
        }),
        None,
    )
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn serve_by<F>(connections: impl IntoIterator<Item = F>, tls: Option<Arc<rustls::ServerConfig>>) -> Script
where
    F: FnOnce(Box<dyn Stream>, &mut Vec<String>) + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let connections: Vec<F> = connections.into_iter().collect();
    let asked = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for connection in connections {
            let (stream, _) = listener.accept().expect("a connection");
            let stream: Box<dyn Stream> = match &tls {
                None => Box::new(stream),
                Some(config) => {
                    let tls = rustls::ServerConnection::new(config.clone()).expect("a configuration");
                    Box::new(rustls::StreamOwned::new(tls, stream))
                }
            };
            connection(stream, &mut asked);
        }
        asked
    });
    Script { port, asked }
}

/// A request as its bytes: the head, and what its framing says of a body.
fn read_request(stream: &mut dyn Stream) -> String {
    let mut bytes = Vec::new();
    let mut one = [0];
    let mut read = |bytes: &mut Vec<u8>| {
        let count = stream.read(&mut one).unwrap_or(0);
        bytes.extend_from_slice(&one[..count]);
        count > 0
    };
    while !bytes.ends_with(b"\r\n\r\n") && read(&mut bytes) {}
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    if let Some(length) = head.split("content-length: ").nth(1) {
        let end = bytes.len() + length.split("\r\n").next().expect("a line").parse::<usize>().expect("a number");
        while bytes.len() < end && read(&mut bytes) {}
    } else if head.contains("transfer-encoding") {
        while !bytes.ends_with(b"\r\n0\r\n\r\n") && read(&mut bytes) {}
    }
    String::from_utf8(bytes).expect("text")
}

/// A capability whose rules are these, `PORT` replaced.
fn http(port: u16, rules: &[&str]) -> Http {
    let rule = |text: &&str| text.replace("PORT", &port.to_string()).parse().expect("a rule");
    let service = HttpService {
        capability: "api".to_owned(),
        location: "cloison.toml:7".to_owned(),
        rules: rules.iter().map(rule).collect(),
        time: Duration::from_secs(5),
        ..HttpService::default()
    };
    Http {
        service,
        secrets: Vec::new(),
        trust: Arc::new(trust::config(b"").expect("nobody")),
        network: Box::new(Loopback),
        idle: Mutex::default(),
        log: None,
    }
}

impl Http {
    fn with_secret(mut self, header: &str, prefix: &str, hosts: &[&str]) -> Self {
        let hosts = hosts.iter().map(|host| HostRule::new(host).expect("a host")).collect();
        self.service.secrets.push(HttpSecret { header: header.to_owned(), prefix: prefix.to_owned(), hosts });
        self.secrets.push(Secret::new(SECRET.as_bytes().to_vec()).expect("a secret"));
        self
    }
}

/// A program's connection.
fn open(http: Http, host: &str, port: u16) -> UnixStream {
    let place = Destination::new(host.to_owned(), port);
    open_at(Arc::new(http), place)
}

fn open_at(http: Arc<Http>, place: Destination) -> UnixStream {
    let flags = SocketFlags::CLOEXEC;
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, flags, None).expect("sockets");
    std::thread::spawn(move || conversation::converse(&http, &place, theirs));
    let stream = UnixStream::from(ours);
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    stream
}

/// Writes bytes, and reads until the zone has closed its end.
fn all(mut stream: &UnixStream, bytes: &str) -> String {
    stream.write_all(bytes.as_bytes()).expect("taken");
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an end");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads until what has come ends like that.
fn until(mut stream: &UnixStream, end: &str) -> String {
    let mut answer = Vec::new();
    let mut one = [0];
    while !answer.ends_with(end.as_bytes()) {
        match stream.read(&mut one) {
            Ok(1) => answer.push(one[0]),
            _ => panic!("only {:?}", String::from_utf8_lossy(&answer)),
        }
    }
    String::from_utf8(answer).expect("text")
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn get(path: &str, port: u16) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
}

#[test]
fn a_request_is_written_anew_with_the_secret() {
    let script = serve(vec![vec![OK, OK]]);
    let port = script.port;
    let http = http(port, &["GET http://127.0.0.1:PORT/v1/*", "POST http://127.0.0.1:PORT/v1/items"]).with_secret(
        "Authorization",
        "Bearer ",
        &[],
    );
    let stream = open(http, "127.0.0.1", port);
    let first = format!(
        "GET /v1/a%20b?x=1 HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nAccept:  */* \r\nauthorization: Bearer mine\r\nAuthorization_: x\r\nConnection: keep-alive\r\n\r\n"
    );
    (&stream).write_all(first.as_bytes()).expect("taken");
    assert_eq!(until(&stream, "ok"), OK);
    let second = format!(
        "POST /v1/items HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
    );
    (&stream).write_all(second.as_bytes()).expect("taken");
    assert_eq!(until(&stream, "ok"), OK);
    let asked = script.asked.join().expect("served");
    assert_eq!(
        asked[0],
        format!(
            "GET /v1/a%20b?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\nAuthorization_: x\r\nAuthorization: Bearer {SECRET}\r\n\r\n"
        )
    );
    let (head, body) = asked[1].split_once("\r\n\r\n").expect("a head");
    assert_eq!(
        head,
        format!(
            "POST /v1/items HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {SECRET}\r\nTransfer-Encoding: chunked"
        )
    );
    // How it is cut into chunks says how it arrived.
    let mut data = Vec::new();
    body::BodyReader::new(body::Framing::Chunked).take(body.as_bytes(), &mut data).expect("chunks");
    assert_eq!(data, b"abcde");
    assert!(!body.contains("Trailer") && !body.contains("x=y"));
}

#[test]
fn what_no_rule_allows_is_answered_here() {
    let refused = |rules: &[&str], request: String| {
        let answer = all(&open(http(9, rules), "127.0.0.1", 9), &request);
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        answer
    };
    let answer = refused(&["GET http://127.0.0.1:9/v1/*"], get("/v2/x*y?key=1", 9));
    assert!(
        answer.starts_with(
            "HTTP/1.1 403 Forbidden: not granted in cloison.toml\r\nCloison-Denied: request\r\nContent-Type: text/plain; charset=utf-8\r\n"
        ),
        "{answer}"
    );
    let says = "cloison: GET http://127.0.0.1:9/v2/x%2Ay is not granted by capability `api`: add \"GET http://127.0.0.1:9/v2/x%2Ay\" to `allow` at cloison.toml:7\n";
    assert!(answer.ends_with(says), "{answer}");
    let get_only = &["GET http://127.0.0.1:9/*"];
    for (request, status, word) in [
        (get("/v1/../x", 9), 403, "path"),
        (get("//x", 9), 403, "path"),
        (get("/x", 10), 400, "malformed"),
        ("GET / HTTP/1.1\r\nHost: other:9\r\n\r\n".to_owned(), 400, "malformed"),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_owned(), 400, "malformed"),
        ("GET http://127.0.0.1:9/ HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n".to_owned(), 400, "malformed"),
        ("POST / HTTP/1.1\r\nHost: 127.0.0.1:9\r\nContent-Length: 3\r\n\r\nabc".to_owned(), 403, "request"),
        (format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:9\r\nContent-Length: {}\r\n\r\nabc", 17 << 20), 413, "size"),
        (format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:9\r\nA: {}\r\n\r\n", "b".repeat(70_000)), 413, "size"),
        ("\0\r\n\r\n".to_owned(), 400, "malformed"),
        ("GET / HTTP/1.1\n\n".to_owned(), 400, "malformed"),
        ("\x16\x03\x01\x02\0\x01\r\n\r\n".to_owned(), 400, "malformed"),
        (get("/", 9), 502, "server"),
    ] {
        let answer = refused(get_only, request.clone());
        let expected = format!("HTTP/1.1 {status} ");
        assert!(
            answer.starts_with(&expected) && answer.contains(&format!("\r\nCloison-Denied: {word}\r\n")),
            "{request}: {answer}"
        );
    }
    let head = all(&open(http(9, &[]), "127.0.0.1", 9), "HEAD / HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n");
    assert!(head.ends_with("\r\n\r\n") && head.starts_with("HTTP/1.1 403 "), "{head}");
    assert!(refused(&[], get("/", 9)).contains("403"), "an empty list is nothing");
}

#[test]
fn a_second_request_inside_a_first_one_is_asked_about_too() {
    let script = serve(vec![vec![OK]]);
    let port = script.port;
    let stream = open(http(port, &["POST http://127.0.0.1:PORT/ok"]), "127.0.0.1", port);
    let hidden = get("/admin", port);
    let request = format!("POST /ok HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 3\r\n\r\nabc{hidden}");
    let answer = all(&stream, &request);
    assert!(answer.starts_with(OK) && answer[OK.len()..].starts_with("HTTP/1.1 403 "), "{answer}");
    assert_eq!(script.asked.join().expect("served").len(), 1);
}

#[test]
fn answers_are_framed_anew() {
    let cases = [
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "HTTP/1.0 200 Fine\r\nX: y\r\n\r\nabc",
            "HTTP/1.1 200 Fine\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nCloison-Denied: request\r\nConnection: X-Y\r\nX-Y: z\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ),
        // A second answer belongs to no request.
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", OK),
        (
            "HTTP/1.1 301 Moved\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 301 Moved\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x08",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x08",
        ),
    ];
    for (says, arrives) in cases {
        let script = serve(vec![vec![says]]);
        let stream = open(http(script.port, &["GET http://127.0.0.1:PORT/*"]), "127.0.0.1", script.port);
        assert_eq!(all(&stream, &get("/", script.port)), arrives);
    }
}

#[test]
fn to_head_there_is_no_body() {
    let script = serve(vec![vec!["HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", OK]]);
    let port = script.port;
    let stream = open(http(port, &["* http://127.0.0.1:PORT/*"]), "127.0.0.1", port);
    let both = format!("HEAD / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n{}", get("/", port));
    assert_eq!(all(&stream, &both), format!("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{OK}"));
}

#[test]
fn what_is_no_answer_is_an_error() {
    for (says, part) in [
        ("SSH-2.0-OpenSSH\r\n\r\n", "no answer of HTTP/1.1"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "more than one Content-Length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok", "in two ways"),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "before the end"),
        ("HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n", "CR LF"),
        ("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "changed the protocol"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 17777216\r\n\r\n", "longer than the 16777216 bytes"),
        ("HTTP/1.1 2", "before the end"),
        ("", "the connection is lost"),
    ] {
        let script = serve(vec![vec![says]]);
        let answer = all(
            &open(http(script.port, &["POST http://127.0.0.1:PORT/*"]), "127.0.0.1", script.port),
            &format!("POST / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 0\r\n\r\n", script.port),
        );
        assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains(part), "{says}: {answer}");
    }
    let interim = "HTTP/1.1 102 Processing\r\n\r\n".repeat(20).leak();
    let script = serve(vec![vec![interim]]);
    let answer = all(
        &open(http(script.port, &["GET http://127.0.0.1:PORT/*"]), "127.0.0.1", script.port),
        &get("/", script.port),
    );
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("again and again"), "{answer}");
}

#[test]
fn a_body_that_does_not_end_right_has_no_end() {
    for says in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n",
    ] {
        let script = serve(vec![vec![says]]);
        let answer = all(
            &open(http(script.port, &["GET http://127.0.0.1:PORT/*"]), "127.0.0.1", script.port),
            &get("/", script.port),
        );
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && !answer.ends_with("0\r\n\r\n"), "{answer}");
        assert!(answer.len() < answer.find("\r\n\r\n").expect("a head") + 15, "{answer}");
    }
}

#[test]
fn sizes_and_times_have_an_end() {
    // One that never ends its answer.
    let endless = |mut stream: Box<dyn Stream>, asked: &mut Vec<String>| {
        asked.push(read_request(&mut stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    };
    let script = serve_by([endless], None);
    let mut endless = http(script.port, &["GET http://127.0.0.1:PORT/*"]);
    endless.service.response_bytes = 100_000;
    let answer = all(&open(endless, "127.0.0.1", script.port), &get("/", script.port));
    assert!(answer.len() < 120_000 && !answer.ends_with("0\r\n\r\n"), "{}", answer.len());
    script.asked.join().expect("it has ended as well");
    // Those that drip: a head, and a body.
    for begins in ["HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"] {
        let drips = move |mut stream: Box<dyn Stream>, asked: &mut Vec<String>| {
            asked.push(read_request(&mut stream));
            let _ = stream.write_all(begins.as_bytes());
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        let script = serve_by([drips], None);
        let mut slow = http(script.port, &["GET http://127.0.0.1:PORT/*"]);
        slow.service.time = Duration::from_millis(300);
        let answer = all(&open(slow, "127.0.0.1", script.port), &get("/", script.port));
        let in_time = answer.starts_with("HTTP/1.1 504 ") && answer.contains("Cloison-Denied: time");
        assert!(in_time || answer.starts_with("HTTP/1.1 200 OK") && answer.len() < 1000, "{answer}");
        script.asked.join().expect("it has ended as well");
    }
}

#[test]
fn a_program_that_goes_is_not_waited_for() {
    let hears = |mut stream: Box<dyn Stream>, asked: &mut Vec<String>| {
        asked.push(read_request(&mut stream));
        // Nothing is said, so the only thing to hear is the end.
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    };
    let script = serve_by([hears], None);
    let mut patient = http(script.port, &["GET http://127.0.0.1:PORT/*"]);
    patient.service.time = Duration::from_secs(3600);
    let stream = open(patient, "127.0.0.1", script.port);
    (&stream).write_all(get("/", script.port).as_bytes()).expect("taken");
    drop(stream);
    script.asked.join().expect("it hears of the end");
}

#[test]
fn a_program_may_wait_for_100_continue() {
    let script = serve(vec![vec![OK]]);
    let port = script.port;
    let http = http(port, &["PUT http://127.0.0.1:PORT/*"]);
    let stream = open(http, "127.0.0.1", port);
    let head = format!("PUT / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    (&stream).write_all(head.as_bytes()).expect("taken");
    assert_eq!(until(&stream, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(all(&stream, "abc"), OK);
    assert!(!script.asked.join().expect("served")[0].contains("Expect"));
}

#[test]
fn an_early_answer_ends_a_long_body() {
    let (answered, left) = std::sync::mpsc::channel();
    let early = move |mut stream: Box<dyn Stream>, asked: &mut Vec<String>| {
        let mut head = [0; 20];
        stream.read_exact(&mut head).expect("a beginning");
        asked.push(String::from_utf8_lossy(&head).into_owned());
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno").expect("taken");
        // It reads no further, and waits until the answer is there.
        left.recv().expect("an answer");
    };
    let script = serve_by([early], None);
    let port = script.port;
    let stream = open(http(port, &["POST http://127.0.0.1:PORT/*"]), "127.0.0.1", port);
    let length = 12 << 20;
    let head = format!("POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n");
    let answer = all(&stream, &format!("{head}{}", "x".repeat(length)));
    assert_eq!(answer, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    answered.send(()).expect("it waits");
    script.asked.join().expect("it has ended as well");
}

#[test]
fn connections_to_servers_are_kept_and_replaced() {
    // The first connection has two answers and is closed then; what comes on it afterwards goes to a second one.
    let script = serve(vec![vec![OK, OK], vec![OK]]);
    let port = script.port;
    let http = Arc::new(http(port, &["GET http://127.0.0.1:PORT/*"]));
    for _ in 0..3 {
        let stream = open_at(http.clone(), Destination::new("127.0.0.1".to_owned(), port));
        assert_eq!(all(&stream, &get("/", port)), OK);
    }
    assert_eq!(script.asked.join().expect("served").len(), 3);
    // What somebody has put on a connection that was kept is not taken for the next answer.
    let (lied, lies) = mpsc::channel();
    let liar = |(answered, lied): (Arc<Barrier>, mpsc::Sender<()>)| {
        move |mut stream: Box<dyn Stream>, asked: &mut Vec<String>| {
            asked.push(read_request(&mut stream));
            let _ = stream.write_all(OK.as_bytes());
            answered.wait();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            let _ = lied.send(());
            // As long as the other side has it open.
            let _ = stream.read(&mut [0]);
        }
    };
    let answered = Arc::new(Barrier::new(2));
    let script = serve_by([0; 2].map(|_| liar((answered.clone(), lied.clone()))), None);
    let port = script.port;
    let http = Arc::new(self::http(port, &["GET http://127.0.0.1:PORT/*"]));
    for _ in 0..2 {
        let stream = open_at(http.clone(), Destination::new("127.0.0.1".to_owned(), port));
        assert_eq!(all(&stream, &get("/", port)), OK);
        answered.wait();
        lies.recv().expect("said");
    }
    drop(http);
    script.asked.join().expect("served");
}

#[test]
fn a_secret_that_comes_back_is_masked() {
    let says = "HTTP/1.1 200 s3cr3t-0f-th3-z0n3\r\nX-Echo: Bearer s3cr3t-0f-th3-z0n3\r\nLocation: /?k=s3cr3t-0f-th3-z0n3\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nx s3cr3t-\r\n10\r\n0f-th3-z0n3 xxxx\r\n0\r\n\r\n";
    let script = serve(vec![vec![says]]);
    let port = script.port;
    let http = http(port, &["GET http://127.0.0.1:PORT/*"]).with_secret("X-Key", "", &[]);
    let answer = all(&open(http, "127.0.0.1", port), &get("/", port));
    assert!(!answer.contains("s3cr3t") && !answer.contains("z0n3"), "{answer}");
    assert_eq!(
        answer.matches(&"*".repeat(SECRET.len())).count(),
        3 + usize::from(answer.contains(&format!("x {}", "*".repeat(SECRET.len())))),
        "{answer}"
    );
    assert!(script.asked.join().expect("served")[0].contains(SECRET));
}

#[test]
fn secrets_stay_with_their_hosts() {
    let http = http(9, &[])
        .with_secret("Authorization", "Bearer ", &["a.org"])
        .with_secret("Authorization", "Basic ", &[])
        .with_secret("X-Key", "", &["*.b.org"]);
    let of = |scheme, host: &str| {
        let secrets = http.secrets_for(scheme, host).into_iter();
        secrets.map(|(secret, _)| format!("{}{}", secret.header, secret.prefix)).collect::<Vec<_>>()
    };
    assert_eq!(of(Scheme::Https, "a.org"), ["AuthorizationBearer "]);
    assert_eq!(of(Scheme::Https, "x.b.org"), ["AuthorizationBasic ", "X-Key"]);
    // In the clear they do not leave the machine.
    assert!(of(Scheme::Http, "a.org").is_empty());
    assert_eq!(of(Scheme::Http, "localhost"), ["AuthorizationBasic "]);
    assert!(!format!("{http:?}").contains(SECRET));
}

/// Somebody who vouches, as PEM, and a server of that name.
fn certified(name: &str) -> (String, Arc<rustls::ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("signed");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let builder = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let config = builder.with_single_cert(vec![certificate.der().clone()], private).expect("a key");
    (authority.pem(), Arc::new(config))
}

#[test]
fn over_tls_the_server_has_to_be_who_it_says() {
    let answers = || {
        |mut stream: Box<dyn Stream>, asked: &mut Vec<String>| {
            // One whose certificate is not accepted is asked nothing.
            let request = read_request(&mut stream);
            if !request.is_empty() {
                asked.push(request);
                let _ = stream.write_all(OK.as_bytes());
            }
        }
    };
    for (certified_name, trusted, fine) in
        [("api.test", true, true), ("api.test", false, false), ("other.test", true, false)]
    {
        let (pem, config) = certified(certified_name);
        let script = serve_by([answers()], Some(config));
        let port = script.port;
        let mut http = http(port, &["GET https://api.test:PORT/*"]).with_secret("X-Key", "", &[]);
        if trusted {
            http.trust = Arc::new(trust::config(pem.as_bytes()).expect("one"));
        }
        let place = Destination::new("api.test".to_owned(), port);
        assert!(place.secure());
        let stream = open_at(Arc::new(http), place);
        let answer = all(&stream, &format!("GET / HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n"));
        let asked = script.asked.join().expect("served");
        if fine {
            assert_eq!(answer, OK);
            assert!(asked[0].contains(SECRET));
        } else {
            assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("certificate"), "{answer}");
            assert!(asked.is_empty(), "{asked:?}");
        }
    }
}

#[test]
fn an_answer_over_tls_that_is_cut_off_has_no_end() {
    let (pem, config) = certified("api.test");
    let cuts = |mut stream: Box<dyn Stream>, asked: &mut Vec<String>| {
        asked.push(read_request(&mut stream));
        // No end is said by HTTP, and TLS says none either.
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nabc");
    };
    let script = serve_by([cuts], Some(config));
    let port = script.port;
    let mut http = http(port, &["GET https://api.test:PORT/*"]);
    http.trust = Arc::new(trust::config(pem.as_bytes()).expect("one"));
    let place = Destination::new("api.test".to_owned(), port);
    assert!(place.secure());
    let answer = all(&open_at(Arc::new(http), place), &format!("GET / HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n"));
    assert!(answer.ends_with("3\r\nabc\r\n"), "{answer}");
}

#[test]
fn what_is_secure_is_settled_by_the_first_request() {
    let place = Destination::new("h".to_owned(), 80);
    assert_eq!(place.begin(), Scheme::Http);
    assert!(!place.secure());
    assert_eq!(place.begin(), Scheme::Http);
    let place = Destination::new("h".to_owned(), 443);
    assert!(place.secure());
    assert!(!place.secure());
    assert_eq!(place.begin(), Scheme::Https);
    assert_eq!((place.authority(Scheme::Https), place.authority(Scheme::Http)), ("h".to_owned(), "h:443".to_owned()));
}

/// What a server has been sent on one connection, as a strict reader takes it apart: heads, or what is wrong.
fn take_apart(mut bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut heads = Vec::new();
    while !bytes.is_empty() {
        let Some(end) = head::end_of_head(bytes) else { return Ok(heads) };
        let text = std::str::from_utf8(&bytes[..end]).map_err(|_| "no text")?;
        let lines: Vec<&str> = text.split("\r\n").collect();
        if lines.iter().any(|line| line.contains(['\r', '\n', '\0']) || line.starts_with([' ', '\t'])) {
            return Err(format!("lines: {text:?}"));
        }
        let lower = text.to_ascii_lowercase();
        let values = |name: &str| -> Vec<String> {
            lower.split("\r\n").filter_map(|line| line.strip_prefix(&format!("{name}: "))).map(str::to_owned).collect()
        };
        let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
        let framing = match (lengths.as_slice(), codings.as_slice()) {
            ([], []) => body::Framing::Empty,
            ([one], []) => body::Framing::Length(one.parse().map_err(|_| format!("length: {text:?}"))?),
            ([], [one]) if one == "chunked" => body::Framing::Chunked,
            _ => return Err(format!("framing: {text:?}")),
        };
        // Nor anything that some server takes for these.
        let name = |line: &str| line.split(':').next().unwrap_or_default().trim().replace('_', "-");
        let alike =
            lower.split("\r\n").filter(|line| ["content-length", "transfer-encoding"].contains(&name(line).as_str()));
        if alike.count() != lengths.len() + codings.len() {
            return Err(format!("framing, somewhere: {text:?}"));
        }
        bytes = &bytes[end..];
        let mut data = Vec::new();
        let taken = body::BodyReader::new(framing).take(bytes, &mut data).map_err(|fault| fault.to_string())?;
        bytes = &bytes[taken..];
        heads.push(text.to_owned());
    }
    Ok(heads)
}

/// A server that keeps all that it is sent, by connection, and answers whatever comes.
fn recorder() -> (u16, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = kept.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let keep = keep.clone();
            std::thread::spawn(move || {
                let mut index = None;
                let mut piece = [0; 4096];
                while let Ok(count) = stream.read(&mut piece)
                    && count > 0
                {
                    let mut kept = keep.lock().expect("nobody panics");
                    let index = *index.get_or_insert_with(|| {
                        kept.push(Vec::new());
                        kept.len() - 1
                    });
                    kept[index].extend_from_slice(&piece[..count]);
                    drop(kept);
                    let _ = stream.write_all(OK.as_bytes());
                }
            });
        }
    });
    (port, kept)
}

mod mutations {
    use super::*;
    use proptest::prelude::*;

    const PIECES: [&str; 30] = [
        "GET /ok HTTP/1.1\r\n",
        "POST /ok HTTP/1.1\r\n",
        "GET /admin HTTP/1.1\r\n",
        "GET /admin HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n",
        "Host: 127.0.0.1:PORT\r\n",
        "Host: other\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 0\r\n",
        "Content_Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "transfer-encoding:\tchunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Connection: close\r\n",
        "Connection: X-Key\r\n",
        "Expect: 100-continue\r\n",
        "X-Key: mine\r\n",
        "X: y\r\n",
        " folded\r\n",
        "\r\n",
        "\n",
        "\r",
        "\0",
        " ",
        "\t",
        ":",
        "hello",
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        "0;x\r\nA: b\r\n\r\n",
    ];

    const SEEDS: [&str; 4] = [
        "GET /ok HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n",
        "POST /ok HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 5\r\n\r\nhello",
        "POST /ok HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "GET /ok HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\nGET /ok HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: close\r\n\r\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn whatever_is_written_only_what_is_allowed_goes_out(
            seed in prop::sample::select(SEEDS.to_vec()),
            edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(PIECES.to_vec()), 0..3_usize), 0..5),
        ) {
            let (port, kept) = recorder();
            let mut bytes = seed.replace("PORT", &port.to_string()).into_bytes();
            for (index, piece, cut) in edits {
                let at = index.index(bytes.len());
                let end = (at + cut).min(bytes.len());
                bytes.splice(at..end, piece.replace("PORT", &port.to_string()).into_bytes());
            }
            let rules = ["GET http://127.0.0.1:PORT/ok", "POST http://127.0.0.1:PORT/ok"];
            let http = http(port, &rules).with_secret("X-Key", "", &[]);
            let mut stream = open(http, "127.0.0.1", port);
            // The zone may have closed its end already.
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).expect("an end");
            for sent in kept.lock().expect("nobody panics").iter() {
                let heads = take_apart(sent);
                prop_assert!(heads.is_ok(), "{:?} of {}", heads, bytes.escape_ascii());
                for head in heads.expect("checked") {
                    let first = head.split("\r\n").next().expect("a line");
                    prop_assert!(["GET /ok HTTP/1.1", "POST /ok HTTP/1.1"].contains(&first), "{}", bytes.escape_ascii());
                    prop_assert_eq!(head.matches(&format!("\r\nX-Key: {SECRET}\r\n")).count(), 1);
                    let keys = head.to_ascii_lowercase().matches("\r\nx-key").count();
                    prop_assert_eq!(keys, 1, "{}", head);
                    prop_assert_eq!(head.matches(&format!("\r\nHost: 127.0.0.1:{port}\r\n")).count(), 1);
                }
            }
            prop_assert!(!answer.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
        }
    }
}
