//! Requests by a capability: those that are allowed are made, with secrets that the program never sees; all others are answered by the
//! zone, and leave it in no way.

use cloison_tests::server::{HttpServer, NameServer, Stream, ok};
use cloison_tests::{Output, Project, leftovers, run, users};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

const ASK: &str = include_str!("../python/http/ask.py");
const SECRET: &str = run::SECRET.1;

/// A project whose program asks what it is told to, with that `[capabilities.api]`.
fn project(capability: &str) -> Project {
    let manifest = format!("[capabilities.api]\nzone = \"http\"\n{capability}\n");
    Project::script(ASK).file("cloison.toml", &manifest)
}

fn secret(from: &str) -> String {
    format!("secret = {{ header = \"Authorization\", from = \"{from}\", prefix = \"Bearer \" }}")
}

fn from_environment() -> String {
    secret(&format!("env:{}", run::SECRET.0))
}

fn request(host: &str, port: u16, request: &str) -> Value {
    json!({ "host": host, "port": port, "request": request })
}

/// A request to a server on loopback.
fn local(port: u16, line: &str, rest: &str) -> Value {
    request("127.0.0.1", port, &format!("{line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{rest}\r\n"))
}

fn lines(requests: &[Value]) -> String {
    requests.iter().map(|request| format!("{request}\n")).collect()
}

fn answers(output: Output) -> Vec<String> {
    let output = output.ends_with(0);
    output.json_lines().into_iter().map(|line| line.as_str().expect("a text").to_owned()).collect()
}

fn ask(project: &Project, requests: &[Value]) -> Vec<String> {
    answers(project.main(&[]).stdin(lines(requests)).output())
}

/// A server that says of each request what it has understood.
fn echo() -> HttpServer {
    HttpServer::start(|request, stream| stream.write_all(ok(request).as_bytes()))
}

#[test]
fn what_is_allowed_is_made_with_the_secret_and_what_is_not_is_refused() {
    for &user in users() {
        let server = echo();
        let port = server.port;
        let project = project(&format!(
            "allow = [\"GET http://127.0.0.1:{port}/v1/*\", \"POST http://127.0.0.1:{port}/v1/items\"]\n{}",
            from_environment()
        ));
        let asked = [
            local(port, "GET /v1/me?x=1", "Accept: */*\r\nAuthorization: Bearer mine\r\n"),
            request(
                "127.0.0.1",
                port,
                &format!("POST /v1/items HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 3\r\n\r\nabc"),
            ),
            local(port, "GET /v2/me", ""),
            local(port, "DELETE /v1/items", ""),
            request("127.0.0.1", 1, "GET / HTTP/1.1\r\n\r\n"),
            request("example.com", 80, "GET / HTTP/1.1\r\n\r\n"),
        ];
        let answers = answers(project.main(&[]).user(user).stdin(lines(&asked)).output());
        let stars = "*".repeat(SECRET.len());
        let me = format!(
            "GET /v1/me?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\nAuthorization: Bearer {stars}\r\n\r\n"
        );
        assert_eq!(answers[0], ok(&me));
        assert!(answers[1].ends_with("\r\n\r\nabc"), "{}", answers[1]);
        assert!(
            answers[2]
                .starts_with("HTTP/1.1 403 Forbidden: not granted in cloison.toml\r\nCloison-Denied: request\r\n"),
            "{}",
            answers[2]
        );
        let says = format!(
            "cloison: GET http://127.0.0.1:{port}/v2/me is not granted by capability `api`: add \"GET http://127.0.0.1:{port}/v2/me\" to `allow` at cloison.toml:3\n"
        );
        assert!(answers[2].ends_with(&says), "{}", answers[2]);
        assert!(answers[3].starts_with("HTTP/1.1 403 "), "{}", answers[3]);
        for refused in &answers[4..] {
            assert!(refused.starts_with("PermissionError 13: ") && refused.contains("cloison.toml:3"), "{refused}");
        }
        // The server has it, in two requests, and nobody else.
        let heard = server.asked();
        assert_eq!(heard.len(), 2, "{heard:?}");
        assert!(heard.iter().all(|request| request.matches(&format!("Bearer {SECRET}\r\n")).count() == 1), "{heard:?}");
        assert!(heard.iter().all(|request| !request.contains("mine")), "{heard:?}");
    }
}

/// Of each of these, nothing reaches the server, or just what a rule allows.
#[test]
fn no_request_is_smuggled_out_inside_another_one() {
    let server = echo();
    let port = server.port;
    let project = project(&format!(
        "allow = [\"POST http://127.0.0.1:{port}/ok\", \"GET http://127.0.0.1:{port}/ok\"]\n{}",
        from_environment()
    ));
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    let hidden = format!("GET /admin HTTP/1.1\r\n{host}\r\n");
    let raw = |text: String| request("127.0.0.1", port, &text);
    let refused = [
        raw(format!(
            "POST /ok HTTP/1.1\r\n{host}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"
        )),
        raw(format!(
            "POST /ok HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\nContent-Length: {}\r\n\r\n0\r\n\r\n{hidden}",
            hidden.len() + 5
        )),
        raw(format!(
            "POST /ok HTTP/1.1\r\n{host}Content-Length: 0\r\nContent-Length: {}\r\n\r\n{hidden}",
            hidden.len()
        )),
        raw(format!("POST /ok HTTP/1.1\r\n{host}Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\n{hidden}")),
        raw(format!("POST /ok HTTP/1.1\r\n{host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}")),
        raw(format!("POST /ok HTTP/1.1\r\n{host}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n{hidden}")),
        raw(format!("POST /ok HTTP/1.1\r\n{host}X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}")),
        raw(format!("POST /ok HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n5;\n0\r\n\r\n{hidden}")),
        raw(format!("GET /ok HTTP/1.1\r\n{host}X: y\n\nGET /admin HTTP/1.1\r\n\r\n")),
        raw(format!("GET /ok HTTP/1.1\n{host}\n\n")),
        raw(format!("GET /ok HTTP/1.1\r\n{host}Host: other\r\n\r\n")),
        raw(format!("GET /ok HTTP/1.1\r\n{host}host : other\r\n\r\n")),
        raw("GET /ok HTTP/1.1\r\nHost: other\r\n\r\n".to_owned()),
        raw(format!("GET http://other/ok HTTP/1.1\r\n{host}\r\n")),
        raw(format!("GET /ok HTTP/1.1 \r\n{host}\r\n")),
        raw(format!("GET /ok\tHTTP/1.1\r\n{host}\r\n")),
        raw(format!("GET /ok%0d%0aX:y HTTP/1.1\r\n{host}\r\n")),
        raw(format!("GET /ok HTTP/1.1\r\n{host}X: a\rAuthorization: mine\r\n\r\n")),
        raw(format!("GET /ok HTTP/1.1\r\n{host}X: a\0b\r\n\r\n")),
        raw(format!("GET /ok HTTP/1.1\r\n{host}Connection: close, Authorization\r\n\r\n")),
        raw(format!("GET /ok HTTP/1.1\r\n{host}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")),
        raw(format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n{host}\r\n")),
        raw(format!("GET /ok/../admin HTTP/1.1\r\n{host}\r\n")),
        raw(format!("GET /ok/%2e%2e/admin HTTP/1.1\r\n{host}\r\n")),
        raw(format!("GET /%6fk/..;/admin HTTP/1.1\r\n{host}\r\n")),
        raw(hidden.clone()),
    ];
    for (answer, request) in ask(&project, &refused).iter().zip(&refused) {
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(["400", "403"].contains(&status) && answer.contains("\r\nCloison-Denied: "), "{request}: {answer}");
    }
    // What was begun with a body that turned out wrong may have begun to arrive: it has no end.
    assert_eq!(server.asked(), Vec::<String>::new());
    // Behind a request that is right, the next one is asked about by itself.
    let both = [
        raw(format!("POST /ok HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n{hidden}")),
        raw(format!("POST /ok HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n{hidden}")),
        raw(format!("GET /ok HTTP/1.1\r\n{host}Authorization_: x\r\n\r\n{hidden}")),
    ];
    for answer in ask(&project, &both) {
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("HTTP/1.1 403 "), "{answer}");
    }
    let heard = server.asked();
    assert_eq!(heard.len(), both.len());
    assert!(
        heard.iter().all(|request| request.contains(" /ok HTTP/1.1\r\n") && !request.contains("admin")),
        "{heard:?}"
    );
}

#[test]
fn names_and_redirects_lead_to_no_private_address() {
    let server = HttpServer::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n")
    });
    let port = server.port;
    // The first answer is an ordinary address, at which nobody can be reached from a test; all others are private.
    let names =
        NameServer::start(|_| vec![Ipv4Addr::LOCALHOST, Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(169, 254, 169, 254)]);
    let capability = format!(
        "allow = [\"GET http://api.test:{port}/*\"]\nname_servers = [\"127.0.0.1:{}\"]\ntime = \"5 s\"",
        names.port
    );
    let asked = [
        request("api.test", port, &format!("GET / HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n")),
        // Where it is redirected to.
        request("10.0.0.1", 80, "GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n"),
        // The same server, by its address.
        local(port, "GET /", ""),
    ];
    let refused = ask(&project(&capability), &asked);
    let parts =
        ["HTTP/1.1 403 ", "Cloison-Denied: address", "api.test is 127.0.0.1, 10.0.0.1, 169.254.169.254", "`addresses`"];
    assert!(parts.iter().all(|part| refused[0].contains(part)), "{}", refused[0]);
    assert!(refused[1..].iter().all(|answer| answer.starts_with("PermissionError 13: ")), "{refused:?}");
    assert!(server.asked().is_empty());
    let named = format!("{capability}\naddresses = [\"127.0.0.1:{port}\"]");
    let answers = ask(&project(&named), &asked);
    assert!(answers[0].starts_with("HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n"), "{}", answers[0]);
    assert!(answers[1..].iter().all(|answer| answer.starts_with("PermissionError 13: ")), "{answers:?}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_server_that_is_slow_or_never_ends_has_an_end() {
    let server = HttpServer::start(|request, stream| {
        if request.contains("/endless") {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 4096])?;
            }
        }
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".iter().cycle() {
            stream.write_all(&[*byte])?;
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    });
    let port = server.port;
    let project =
        project(&format!("allow = [\"GET http://127.0.0.1:{port}/*\"]\ntime = \"1 s\"\nresponse = \"100 KiB\"\n"));
    let answers = ask(&project, &[local(port, "GET /slow", ""), local(port, "GET /endless", "")]);
    assert!(answers[0].starts_with("HTTP/1.1 504 ") && answers[0].contains("the 1s of `time`"), "{}", answers[0]);
    assert!(answers[1].len() < 130_000 && !answers[1].ends_with("0\r\n\r\n"), "{}", answers[1].len());
}

#[test]
fn requests_and_connections_are_counted() {
    let server = echo();
    let port = server.port;
    let get = local(port, "GET /", "");
    let allow = format!("allow = [\"GET http://127.0.0.1:{port}/*\"]\n");
    let answers = ask(&project(&format!("{allow}calls = 2\n")), &[get.clone(), get.clone(), get.clone()]);
    assert!(answers[1].starts_with("HTTP/1.1 200 "), "{}", answers[1]);
    assert!(answers[2].starts_with("HTTP/1.1 429 ") && answers[2].contains("all 2 requests"), "{}", answers[2]);
    let answers = ask(&project(&format!("{allow}rate = \"1/min\"\n")), &[get.clone(), get.clone()]);
    assert!(answers[0].starts_with("HTTP/1.1 200 ") && answers[1].starts_with("HTTP/1.1 429 "), "{answers:?}");
    let manifest = format!("[capabilities.api]\nzone = \"http\"\n{allow}connections = 5\n");
    let project = Project::script(include_str!("../python/http/counts.py")).file("cloison.toml", &manifest);
    project.main(&[&port.to_string()]).output().prints("5 24\n5\n");
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

fn over_tls(config: Arc<rustls::ServerConfig>) -> impl Fn(TcpStream) -> Box<dyn Stream> + Send + Sync + 'static {
    move |stream| {
        let tls = rustls::ServerConnection::new(config.clone()).expect("a configuration");
        Box::new(rustls::StreamOwned::new(tls, stream))
    }
}

#[test]
fn the_zone_speaks_tls_with_the_server_it_was_asked_for() {
    let (pem, config) = certified("localhost");
    let server = HttpServer::start_with(over_tls(config), |request, stream| stream.write_all(ok(request).as_bytes()));
    let port = server.port;
    let asked = |host: &str, secure: bool| json!({ "host": host, "port": port, "secure": secure, "request": format!("GET / HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n") });
    let rules = format!(
        "allow = [\"GET https://localhost:{port}/*\", \"GET https://127.0.0.1:{port}/*\"]\n{}\n",
        from_environment()
    );
    let requests = [asked("localhost", true), asked("localhost", false), asked("127.0.0.1", true)];
    let answers = ask(&project(&format!("{rules}ca = \"ca.pem\"")).file("ca.pem", &pem), &requests);
    assert!(answers[0].starts_with("HTTP/1.1 200 OK\r\n"), "{}", answers[0]);
    assert!(answers[1].contains("GET http://localhost:") && answers[1].starts_with("HTTP/1.1 403 "), "{}", answers[1]);
    // The certificate is for the name, and not for the address.
    assert!(answers[2].starts_with("HTTP/1.1 502 ") && answers[2].contains("certificate"), "{}", answers[2]);
    // Nobody on this machine knows who has signed it.
    let answers = ask(&project(&rules), &requests[..1]);
    assert!(answers[0].starts_with("HTTP/1.1 502 ") && answers[0].contains("certificate"), "{}", answers[0]);
    let heard = server.asked();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].contains(&format!("Authorization: Bearer {SECRET}\r\n")), "{heard:?}");
}

#[test]
fn ordinary_libraries_make_requests() {
    let (pem, config) = certified("localhost");
    let server = HttpServer::start_with(over_tls(config), |request, stream| {
        let redirect = "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(if request.contains("/redirect") { redirect.to_owned() } else { ok(request) }.as_bytes())
    });
    let port = server.port;
    let rules = format!("allow = [\"GET https://localhost:{port}/v1/*\", \"POST https://localhost:{port}/v1/items\"]");
    let manifest = format!("[capabilities.api]\nzone = \"http\"\n{rules}\n{}\nca = \"ca.pem\"\n", from_environment());
    let project = Project::script(include_str!("../python/http/ordinary.py"))
        .file("cloison.toml", &manifest)
        .file("ca.pem", &pem);
    let said = "200 GET /v1/me HTTP/1.1\n200 True\n200 True\n403 request\nHostDenied True\n";
    project.main(&[&port.to_string()]).output().prints(said);
    assert!(server.asked().iter().all(|request| request.contains(&format!("Authorization: Bearer {SECRET}\r\n"))));
}

/// A place that `net` gives as well is no way around the rules, and no way without the secret.
#[test]
fn what_net_gives_as_well_goes_by_the_rules() {
    let server = echo();
    let port = server.port;
    let manifest = format!(
        "[capabilities.everywhere]\nzone = \"net\"\nconnect = [\"localhost:{port}\", \"127.0.0.1:*\"]\n\
         [capabilities.api]\nzone = \"http\"\nallow = [\"GET http://localhost:{port}/v1/*\"]\n{}\n",
        from_environment()
    );
    let program =
        include_str!("../python/http/what_net_gives_as_well_goes_by_the_rules.py").replace("PORT", &port.to_string());
    let output = Project::script(&program).file("cloison.toml", &manifest).main(&[]).output();
    output.prints("200 OK True\n403 Forbidden: not granted in cloison.toml False\n");
    let asked = server.asked();
    assert!(asked.len() == 1 && asked[0].contains(&format!("Authorization: Bearer {SECRET}\r\n")), "{asked:?}");
}

/// How often a text stands in a process's memory.
fn count(pid: i32, text: &str) -> usize {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps");
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).expect("memory");
    let range = |line: &str| {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        Some(number(start)?..number(end)?)
    };
    let (mut found, mut read) = (0, 0);
    for range in maps
        .lines()
        .filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with('r')))
        .filter_map(range)
    {
        let mut at = range.start;
        // Pieces overlap, so that nothing is cut in two.
        while at < range.end {
            let mut piece = vec![0; (range.end - at).min(1 << 20) as usize + text.len()];
            let Ok(length) = memory.read_at(&mut piece, at) else { break };
            read += length;
            let starts = length.min(1 << 20);
            let first = piece[..starts].iter().enumerate().filter(|(_, byte)| **byte == text.as_bytes()[0]);
            found += first.filter(|(at, _)| piece[*at..length].starts_with(text.as_bytes())).count();
            at += 1 << 20;
        }
    }
    assert!(read > 1 << 20, "only {read} bytes of process {pid} could be read");
    found
}

/// Root alone can look into a process that cannot be looked into.
#[test]
fn the_secret_is_nowhere_in_the_memory_of_a_microprocess() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let server = echo();
    let port = server.port;
    let project = Project::script(include_str!("../python/http/waits.py")).file(
        "cloison.toml",
        &format!(
            "[capabilities.api]\nzone = \"http\"\nallow = [\"GET http://127.0.0.1:{port}/v1/*\"]\n{}\n",
            from_environment()
        ),
    );
    let mut running = project.main(&[&port.to_string()]).start_with(std::process::Stdio::piped());
    let mut output = BufReader::new(running.stdout());
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert!(line.starts_with("HTTP/1.1 200 OK|"), "{line}");
    assert!(server.asked()[0].contains(SECRET), "it was sent");
    let processes = leftovers::processes(project.folder());
    let (mut looked, mut known) = (0, 0);
    for process in &processes {
        // A control: what is there is found.
        match process.name.as_str() {
            "cloison-microprocess" => {
                assert_eq!(count(process.pid, SECRET), 0, "{process:?} of {processes:?}");
                known += count(process.pid, "what-this-program-knows");
                looked += 1;
            }
            "cloison-host" => known += count(process.pid, SECRET) << 16,
            _ => {}
        }
    }
    assert!(looked >= 2, "template and microprocess: {processes:?}");
    assert!(known & 0xffff > 0, "the program's own text is in its memory");
    assert!(known >> 16 > 0, "the secret is in the zone's memory");
    writeln!(running.stdin()).expect("it reads");
    running.finish().ends_with(0);
}

#[test]
fn nothing_that_is_printed_has_the_secret() {
    let server = echo();
    let port = server.port;
    let project = project(&format!("allow = [\"GET http://127.0.0.1:{port}/v1/*\"]\n{}", secret("file:key.txt")));
    let key = "k3y-0f-th3-f1l3";
    project.write("key.txt", format!("{key}\n").as_bytes());
    project.write("__main__.py", b"");
    let stdin = lines(&[local(port, "GET /v1/x", ""), local(port, &format!("GET /v2/{key}"), "")]);
    let run =
        project.cloison(&["run", "-v", "--manifest", "cloison.toml", "main.py"]).stdin(stdin).output().ends_with(0);
    assert!(server.asked()[0].contains(key), "it was sent");
    assert!(run.stderr.contains("is not granted by capability `api`"), "the refusal is logged: {run}");
    let shown = [
        run,
        project.cloison(&["check", "."]).output().ends_with(0),
        project.cloison(&["check", "--json", "."]).output(),
        project.cloison(&["ps"]).output(),
    ];
    for output in &shown {
        assert!(!output.stdout.contains(key) && !output.stderr.contains(key), "{output}");
    }
    // What is wrong with a secret is said without it.
    project.write("key.txt", format!("{key}\n{key}").as_bytes());
    let wrong = project.main(&[]).output().ends_with(2).complains(&["key.txt has characters that no header can have"]);
    assert!(!wrong.stderr.contains(key), "{wrong}");
    std::fs::remove_file(project.app("key.txt")).expect("there");
    project.main(&[]).output().ends_with(2).complains(&["key.txt cannot be read", "cloison.toml:4"]);
}

#[test]
fn the_file_of_a_secret_is_no_program_s_to_read() {
    let own = include_str!("../python/http/own_folder.py");
    let manifest = format!(
        "[app]\nentry = \"main\"\n[capabilities.api]\nzone = \"http\"\nallow = []\n{}\n",
        secret("file:key.txt")
    );
    let manifest = manifest.replace("[app]\nentry = \"main\"\n", "");
    let project = Project::new()
        .file("__main__.py", own)
        .file("main.py", "")
        .file("cloison.toml", &manifest)
        .file("key.txt", "k3y-0f-th3-f1l3\n");
    project.application(&[]).output().prints("FileNotFoundError\nFileNotFoundError\nNotADirectoryError\nTrue\n");
    // Nor by way of a root that it would be in.
    let roots =
        "[capabilities.files]\nzone = \"files\"\nroots = [{ at = \"/here\", path = \".\", allow = [\"read\"] }]\n";
    project.write("cloison.toml", format!("{manifest}{roots}").as_bytes());
    project
        .application(&[])
        .output()
        .ends_with(2)
        .complains(&["this secret is below ", "which `roots` of a capability give"]);
}
