//! Names, with a name server that the test is.

use crate::net::service::{Client, Service, echo, net, serve_on};
use cloison_contract::host::NetService;
use cloison_contract::message::Machine;
use libc::{AF_INET, AF_INET6, EACCES, EAGAIN, ENODATA, ENOENT};
use simple_dns::rdata::{A, AAAA, CNAME, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A name server, and how often it was asked.
struct NameServer {
    address: SocketAddr,
    asked: Arc<AtomicU32>,
}

/// What it says of a name and a kind of address, the number of the question from 0 on; `None` is that there is no such name.
type Says = fn(&str, bool, u32) -> Option<Vec<IpAddr>>;

fn name_server(says: Says) -> NameServer {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("bound");
    // The same port by TCP, for what is too long.
    let listener = TcpListener::bind(address).expect("the same port");
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let number = count.fetch_add(1, Ordering::Relaxed);
            for answer in answers(&packet[..length], says, number, true) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut length = [0; 2];
            stream.read_exact(&mut length).expect("a length");
            let mut packet = vec![0; u16::from_be_bytes(length).into()];
            stream.read_exact(&mut packet).expect("a question");
            let answer = answers(&packet, says, 0, false).remove(0);
            stream.write_all(&(answer.len() as u16).to_be_bytes()).expect("sent");
            stream.write_all(&answer).expect("sent");
        }
    });
    NameServer { address, asked }
}

fn answers(question: &[u8], says: Says, number: u32, datagram: bool) -> Vec<Vec<u8>> {
    let asked = Packet::parse(question).expect("a question");
    let name = asked.questions[0].qname.to_string();
    let v6 = asked.questions[0].qtype == QTYPE::TYPE(TYPE::AAAA);
    let mut answer = Packet::parse(question).expect("a question").into_reply();
    if name.starts_with("silent") {
        return Vec::new();
    }
    if name.starts_with("long") && datagram {
        answer.set_flags(PacketFlag::TRUNCATION);
        return vec![answer.build_bytes_vec().expect("a packet")];
    }
    let fails = name.starts_with("broken") || name.starts_with("half") && v6;
    if fails {
        *answer.rcode_mut() = RCODE::ServerFailure;
        return vec![answer.build_bytes_vec().expect("a packet")];
    }
    let record = |data| ResourceRecord::new(asked.questions[0].qname.clone(), CLASS::IN, 0, data);
    match says(&name, v6, number) {
        None => *answer.rcode_mut() = RCODE::NameError,
        Some(found) => {
            let target = Name::new("elsewhere.example").expect("a name");
            let alias = name.starts_with("alias");
            if alias {
                answer.answers.push(record(RData::CNAME(CNAME(target.clone()))));
            }
            for ip in found {
                let data = match ip {
                    IpAddr::V4(ip) => RData::A(A { address: ip.to_bits() }),
                    IpAddr::V6(ip) => RData::AAAA(AAAA { address: ip.to_bits() }),
                };
                let mut one = record(data);
                if alias {
                    one.name = target.clone();
                }
                answer.answers.push(one);
            }
        }
    }
    let right = answer.build_bytes_vec().expect("a packet");
    if name.starts_with("forged") {
        // What somebody sends who has not seen the question, before the right answer.
        let mut forged = right.clone();
        forged[0] ^= 0x55;
        let last = forged.len() - 1;
        forged[last] ^= 1;
        return vec![forged, b"noise".to_vec(), right];
    }
    vec![right]
}

fn ask_of(server: &NameServer, connect: &[&str]) -> (Service, Client) {
    let service = NetService { name_servers: vec![server.address], ..net(connect, &[]) };
    serve_on(service, Machine::default())
}

fn ips(found: Result<Vec<SocketAddr>, i32>) -> Result<Vec<String>, i32> {
    found.map(|found| found.iter().map(|one| one.ip().to_string()).collect())
}

#[test]
fn names_have_addresses() {
    let server = name_server(|name, v6, _| match (name, v6) {
        ("two.example" | "alias.example" | "long.example" | "forged.example" | "half.example", false) => {
            Some(vec![[1, 1, 1, 1].into(), [1, 1, 1, 2].into()])
        }
        ("two.example", true) => Some(vec!["2606:4700::1".parse().expect("an address")]),
        ("none.example", _) => None,
        _ => Some(Vec::new()),
    });
    let (_service, mut client) = ask_of(&server, &["*.example:443"]);
    let ips = |found| ips(found);
    assert_eq!(
        ips(client.resolve("two.example", 443, 0)),
        Ok(vec!["1.1.1.1".into(), "1.1.1.2".into(), "2606:4700::1".into()])
    );
    assert_eq!(ips(client.resolve("Two.Example.", 0, AF_INET)), Ok(vec!["1.1.1.1".into(), "1.1.1.2".into()]));
    assert_eq!(ips(client.resolve("two.example", 0, AF_INET6)), Ok(vec!["2606:4700::1".into()]));
    for name in ["alias.example", "long.example", "forged.example", "half.example"] {
        assert_eq!(ips(client.resolve(name, 443, 0)), Ok(vec!["1.1.1.1".into(), "1.1.1.2".into()]), "{name}");
    }
    assert_eq!(client.resolve("none.example", 443, 0), Err(ENOENT));
    assert_eq!(client.resolve("empty.example", 443, 0), Err(ENODATA));
    assert_eq!(client.resolve("broken.example", 443, 0), Err(EAGAIN));
    assert_eq!(ips(client.resolve("1.2.3.4", 80, 0)), Ok(vec!["1.2.3.4".into()]), "an address is no name");
    let before = server.asked.load(Ordering::Relaxed);
    for name in ["two.example.com", "example", "127.1", "0x7f000001", "a b", "", "localhost"] {
        let found = client.resolve(name, 443, 0);
        assert!(matches!(found, Err(EACCES | ENOENT)), "{name}: {found:?}");
    }
    assert_eq!(client.resolve("two.example", 80, 0), Err(EACCES), "another port");
    assert_eq!(server.asked.load(Ordering::Relaxed), before, "nobody is asked about what is not granted");
}

#[test]
fn a_silent_server_is_not_waited_for_longer_than_said() {
    let server = name_server(|_, _, _| None);
    let (_service, mut client) = ask_of(&server, &["*.example:443"]);
    let arguments = [
        crate::net::service::Argument::Bytes(b"silent.example"),
        crate::net::service::Argument::Word(443),
        crate::net::service::Argument::Word(0),
        crate::net::service::Argument::Word(crate::net::service::SHORT),
    ];
    assert_eq!(client.call("resolve", &arguments).err(), Some(EAGAIN));
}

#[test]
fn a_name_that_leads_inside_leads_nowhere() {
    let echo = echo();
    let server = name_server(|name, v6, _| match (name, v6) {
        ("inside.example", false) => Some(vec![Ipv4Addr::LOCALHOST.into()]),
        ("mapped.example", true) => Some(vec!["::ffff:127.0.0.1".parse().expect("an address")]),
        ("db.example", false) => Some(vec![Ipv4Addr::LOCALHOST.into()]),
        _ => Some(Vec::new()),
    });
    let (_service, mut client) = ask_of(&server, &["*.example:*"]);
    let port = echo.port();
    assert_eq!(ips(client.resolve("inside.example", port, 0)), Ok(vec!["127.0.0.1".into()]));
    assert_eq!(client.connected(&echo.to_string()), Err(EACCES));
    assert_eq!(client.resolve("mapped.example", port, 0).map(|found| found.len()), Ok(1));
    assert_eq!(client.connected(&format!("[::ffff:127.0.0.1]:{port}")), Err(EACCES));
    // Unless the address itself is granted.
    let (_service, mut client) = ask_of(&server, &["*.example:*", &echo.to_string()]);
    assert!(client.resolve("db.example", port, 0).is_ok());
    client.connected(&echo.to_string()).expect("granted");
}

/// A server that answers first with an ordinary address, and then with one inside: what is connected to is what was looked at.
#[test]
fn who_changes_the_answer_changes_nothing() {
    let echo = echo();
    let server = name_server(|_, v6, number| match (v6, number) {
        (true, _) => Some(Vec::new()),
        (false, 0 | 1) => Some(vec![[198, 41, 0, 4].into()]),
        (false, _) => Some(vec![Ipv4Addr::LOCALHOST.into()]),
    });
    let (_service, mut client) = ask_of(&server, &["rebind.example:*"]);
    let first = client.resolve("rebind.example", echo.port(), AF_INET).expect("found");
    assert_eq!(first[0].ip().to_string(), "198.41.0.4");
    // Nothing is asked in between: the connection goes to that address, wherever it leads.
    let socket = client.socket(AF_INET).expect("a socket");
    let connected = client.connect(socket, first[0], 0);
    assert_ne!(connected, Err(EACCES), "{connected:?}");
    let _ = client.resolve("rebind.example", echo.port(), AF_INET).expect("found");
    let second = client.resolve("rebind.example", echo.port(), AF_INET).expect("found");
    assert_eq!(second[0].ip().to_string(), "127.0.0.1");
    assert_eq!(client.connected(&second[0].to_string()), Err(EACCES));
}

#[test]
fn the_machine_s_own_names() {
    let echo = echo();
    let machine =
        Machine { hosts: b"10.0.0.5 db.corp # the database\n1.2.3.4 www.example\n".to_vec(), ..Machine::default() };
    let localhost = format!("localhost:{}", echo.port());
    let service = net(&[&localhost, "*.corp:5432", "www.example:80", "other.example:80"], &[]);
    let (_service, mut client) = serve_on(service, machine);
    assert_eq!(ips(client.resolve("localhost", echo.port(), 0)), Ok(vec!["127.0.0.1".into(), "::1".into()]));
    assert_eq!(ips(client.resolve("localhost", 0, AF_INET)), Ok(vec!["127.0.0.1".into()]));
    client.connected(&echo.to_string()).expect("localhost is this machine");
    assert_eq!(ips(client.resolve("db.corp", 5432, 0)), Ok(vec!["10.0.0.5".into()]));
    assert_eq!(client.connected("10.0.0.5:5432"), Err(EACCES), "an address inside has to be named itself");
    assert_eq!(ips(client.resolve("www.example", 80, 0)), Ok(vec!["1.2.3.4".into()]));
    assert_eq!(client.resolve("other.example", 80, 0), Err(EAGAIN), "there is nobody to ask");
}
