//! What a program must not reach, and what the sandbox leaves.

use crate::net::service::{Argument, FOR_EVER, echo, endpoint, free_port, net, serve};
use cloison_contract::message::LayerState;
use libc::{AF_INET, AF_INET6, AF_UNIX, EACCES, EAFNOSUPPORT, EDESTADDRREQ, EINVAL, ESOCKTNOSUPPORT};
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn only_what_is_named_is_connected_to() {
    let echo = echo();
    let other = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let place = format!("127.0.0.2:{}", echo.port());
    let (_service, mut client) = serve(net(&[&place, "api.example.com:*"], &[]));
    for to in [
        echo.to_string(),
        other.to_string(),
        format!("[::1]:{}", echo.port()),
        format!("[::ffff:127.0.0.1]:{}", echo.port()),
        format!("0.0.0.0:{}", echo.port()),
        format!("[::]:{}", echo.port()),
        "169.254.169.254:80".to_owned(),
        "10.0.0.1:443".to_owned(),
        "1.1.1.1:443".to_owned(),
        format!("127.0.0.2:{}", other.port()),
    ] {
        assert_eq!(client.connected(&to), Err(EACCES), "{to}");
    }
    // The control: the same server by the address that is named, in two forms.
    let listener = TcpListener::bind(&place).expect("a port");
    client.connected(&place).expect("granted");
    client.connected(&format!("[::ffff:127.0.0.2]:{}", echo.port())).expect("the same address");
    drop(listener);
}

#[test]
fn nobody_listens_where_nothing_is_granted() {
    let port = free_port();
    let place = format!("127.0.0.1:{port}");
    let (_service, mut client) = serve(net(&[], &[&place]));
    let socket = client.socket(AF_INET).expect("a socket");
    for at in ["127.0.0.1:0", "0.0.0.0:0", &format!("0.0.0.0:{port}"), &format!("127.0.0.2:{port}")] {
        assert_eq!(client.bind(socket, at), Err(EACCES), "{at}");
    }
    let listen = [Argument::Word(socket), Argument::Word(1)];
    assert_eq!(client.call("listen", &listen).err(), Some(EDESTADDRREQ), "the kernel would choose a port");
    assert_eq!(client.bind(socket, &place), Ok(()), "control");
    client.call("listen", &listen).expect("control");
    // Without any place, the filter knows no `bind` at all.
    let (_service, mut client) = serve(net(&[], &[]));
    let socket = client.socket(AF_INET).expect("a socket");
    assert_eq!(client.bind(socket, "127.0.0.1:0"), Err(EACCES));
}

#[test]
fn there_are_no_other_sockets() {
    let (_service, mut client) = serve(net(&["*:*"], &[]));
    let mut socket = |family: i32, kind: i32| {
        client.call("socket", &[Argument::Word(family as u64), Argument::Word(kind as u64)]).err()
    };
    assert_eq!(socket(AF_UNIX, libc::SOCK_STREAM), Some(EAFNOSUPPORT));
    assert_eq!(socket(libc::AF_NETLINK, libc::SOCK_RAW), Some(EAFNOSUPPORT));
    assert_eq!(socket(libc::AF_PACKET, libc::SOCK_RAW), Some(EAFNOSUPPORT));
    assert_eq!(socket(AF_INET, libc::SOCK_DGRAM), Some(ESOCKTNOSUPPORT));
    assert_eq!(socket(AF_INET6, libc::SOCK_RAW), Some(ESOCKTNOSUPPORT));
    assert_eq!(socket(AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC), Some(ESOCKTNOSUPPORT));
    assert_eq!(socket(AF_INET, libc::SOCK_STREAM), None, "control");
}

#[test]
fn malformed_addresses_are_refused() {
    let (_service, mut client) = serve(net(&["*:*"], &[]));
    let socket = client.socket(AF_INET).expect("a socket");
    let mut connect = |bytes: &[u8]| {
        client.call("connect", &[Argument::Word(socket), Argument::Bytes(bytes), Argument::Word(0)]).err()
    };
    assert_eq!(connect(b""), Some(EINVAL));
    assert_eq!(connect(&[0; 27]), Some(EINVAL));
    assert_eq!(connect(&[0; 28]), Some(EAFNOSUPPORT), "AF_UNSPEC takes a connection apart");
    let mut unix = endpoint("1.1.1.1:80".parse().expect("an address"));
    unix[0] = 1;
    assert_eq!(connect(&unix), Some(EAFNOSUPPORT));
}

#[test]
fn all_layers_are_on_but_the_network() {
    let (service, _client) = serve(net(&["127.0.0.1:80", "127.0.0.1:81"], &["127.0.0.1:*"]));
    for layer in &service.layers {
        let off = layer.name == "network-namespace";
        assert_eq!(layer.state == LayerState::Off, off, "{layer:?}");
    }
    let landlock = service.layers.iter().find(|layer| layer.name == "landlock").expect("Landlock");
    assert!(landlock.detail.contains("TCP to 2 ports, at all ports"), "{landlock:?}");
}

/// The control socket ends a wait, whatever it waits for: the client is gone, and with it what it had open.
#[test]
fn a_wait_ends_when_the_client_leaves() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (service, mut client) = serve(net(&[&address.to_string()], &["127.0.0.1:0"]));
    let socket = client.connected(&address.to_string()).expect("connected");
    let (mut peer, _) = listener.accept().expect("a connection");
    let words = [socket, 1, 0, FOR_EVER].map(Argument::Word);
    client.post("recv", &words);
    while !service.is_waiting() {
        std::thread::sleep(Duration::from_millis(1));
    }
    service.detach(client);
    let read = std::io::Read::read(&mut peer, &mut [0; 8]);
    assert!(matches!(read, Ok(0)), "its connection is closed: {read:?}");
    assert!(service.is_running());
}

/// A wait that Ctrl-C ends is an error of one call; what is open stays so. And it takes no processor.
#[test]
fn a_wait_can_be_interrupted() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (service, mut client) = serve(net(&[&address.to_string()], &[]));
    let socket = client.connected(&address.to_string()).expect("connected");
    let (mut peer, _) = listener.accept().expect("a connection");
    let words = [socket, 1, 0, FOR_EVER].map(Argument::Word);
    client.post("recv", &words);
    while !service.is_waiting() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let before = processor_time(service.worker());
    // Who spins uses as much processor time as passes: so some has to.
    std::thread::sleep(Duration::from_millis(300));
    assert!(processor_time(service.worker()) <= before + 1, "it spins");
    service.interrupt(&client);
    assert_eq!(client.finish().err(), Some(libc::EINTR));
    std::io::Write::write_all(&mut peer, b"!").expect("sent");
    assert_eq!(client.recv(socket, 1, FOR_EVER).as_deref(), Ok(&b"!"[..]));
    // Who does not wait is not disturbed.
    for _ in 0..50 {
        service.interrupt_and_wait(&client);
        assert_eq!(client.recv(socket, 1, 1_000_000), Err(libc::EAGAIN));
    }
}

/// In ticks, of which there are a hundred in a second.
fn processor_time(pid: i32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let behind = text.rsplit(')').next().expect("a name");
    let numbers: Vec<_> = behind.split_whitespace().skip(11).take(2).map(|one| one.parse::<u64>()).collect();
    numbers.into_iter().map(|one| one.expect("a number")).sum()
}
