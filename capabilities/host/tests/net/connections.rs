//! Connecting, listening, sending, receiving, waiting.

use crate::net::service::{Argument, FOR_EVER, SHORT, echo, endpoint, free_port, net, serve};
use libc::{AF_INET, EAGAIN, ECONNREFUSED, EDQUOT, EINPROGRESS, EMFILE, ENOPROTOOPT, ENOTCONN, EPERM};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

#[test]
fn what_is_sent_comes_back() {
    let echo = echo();
    let (_service, mut client) = serve(net(&[&echo.to_string()], &[]));
    let socket = client.connected(&echo.to_string()).expect("connected");
    assert_eq!(client.send(socket, b"hello", FOR_EVER), Ok(5));
    assert_eq!(client.recv(socket, 100, FOR_EVER).as_deref(), Ok(&b"hello"[..]));
    let words = client.call("getpeername", &[Argument::Word(socket)]).expect("connected");
    assert_eq!(client.bytes(&words), endpoint(echo));
    // Several megabytes, both ways at once: what does not fit is not sent yet.
    let large: Vec<u8> = (0..3_000_000_u32).map(|number| number as u8).collect();
    let (mut sent, mut received) = (0, Vec::new());
    while received.len() < large.len() {
        match client.send(socket, &large[sent..], 0) {
            Ok(more) => sent += more as usize,
            Err(error) => assert_eq!(error, EAGAIN),
        }
        if sent < large.len() || received.len() < sent {
            received.extend(client.recv(socket, 1 << 20, FOR_EVER).expect("received"));
        }
    }
    assert!(received == large);
    client.call("shutdown", &[Argument::Word(socket), Argument::Word(1)]).expect("shut down");
    assert_eq!(client.recv(socket, 100, FOR_EVER).as_deref(), Ok(&b""[..]), "the end");
    client.end("close", socket);
}

#[test]
fn a_call_waits_as_long_as_it_says() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (_service, mut client) = serve(net(&[&address.to_string()], &[]));
    let socket = client.connected(&address.to_string()).expect("connected");
    let (mut slow, _) = listener.accept().expect("a connection");
    assert_eq!(client.recv(socket, 1, 0), Err(EAGAIN));
    assert_eq!(client.recv(socket, 1, SHORT), Err(EAGAIN));
    let writer = std::thread::spawn(move || {
        slow.write_all(b"ab").expect("sent");
        slow
    });
    assert_eq!(client.recv_with(socket, 2, libc::MSG_WAITALL, FOR_EVER).as_deref(), Ok(&b"ab"[..]));
    let mut slow = writer.join().expect("written");
    // Until there is no more room.
    let full = vec![0; 4 << 20];
    while client.send(socket, &full, 0).is_ok() {}
    assert_eq!(client.send(socket, &full, SHORT), Err(EAGAIN));
    slow.write_all(b"xy").expect("sent");
    assert_eq!(client.recv_with(socket, 2, libc::MSG_PEEK, FOR_EVER).map(|bytes| bytes[0]), Ok(b'x'));
    assert_eq!(client.recv(socket, 1, FOR_EVER).as_deref(), Ok(&b"x"[..]));
    let words = client.call("available", &[Argument::Word(socket)]).expect("known");
    assert_eq!(words[0], 1);
    assert_eq!(client.recv_with(socket, 1, libc::MSG_OOB, 0), Err(libc::EOPNOTSUPP));
}

#[test]
fn a_connection_may_be_waited_for_later() {
    let closed = free_port();
    let places = [format!("127.0.0.1:{closed}"), "10.255.255.1:9".to_owned()];
    let (_service, mut client) = serve(net(&places.each_ref().map(String::as_str), &[]));
    assert_eq!(client.connected(&places[0]), Err(ECONNREFUSED));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (_service, mut client) = serve(net(&[&address.to_string()], &[]));
    let socket = client.socket(AF_INET).expect("a socket");
    match client.connect(socket, address, 0) {
        Ok(()) => {}
        Err(error) => assert_eq!(error, EINPROGRESS),
    }
    let poller = client.call("poller", &[]).expect("a poller")[0];
    let control = |operation: u64, events: u64| [poller, operation, socket, events, 77].map(Argument::Word);
    client.call("poller_control", &control(1, 4)).expect("added");
    let wait = [Argument::Word(poller), Argument::Word(FOR_EVER)];
    let words = client.call("poller_wait", &wait).expect("an event");
    let events = client.bytes(&words);
    assert_eq!(events.len(), 12);
    assert_eq!(u64::from_ne_bytes(events[..8].try_into().expect("8 bytes")), 77);
    assert_eq!(events[8] & 4, 4);
    assert_eq!(client.option(socket, libc::SOL_SOCKET, libc::SO_ERROR), Ok(0));
    client.call("poller_control", &control(3, 1)).expect("changed");
    let soon = [Argument::Word(poller), Argument::Word(SHORT)];
    let words = client.call("poller_wait", &soon).expect("nothing");
    assert_eq!(client.bytes(&words), b"", "nothing has come");
    let (mut peer, _) = listener.accept().expect("a connection");
    peer.write_all(b"!").expect("sent");
    let words = client.call("poller_wait", &wait).expect("an event");
    assert_eq!(client.bytes(&words)[8], 1);
    client.call("poller_control", &control(2, 0)).expect("removed");
    let words = client.call("poller_wait", &[Argument::Word(poller), Argument::Word(0)]).expect("nothing");
    assert_eq!(client.bytes(&words), b"");
    assert_eq!(client.call("poller_control", &control(1, 1 << 29)).err(), Some(libc::EINVAL), "EPOLLWAKEUP");
    client.end("close_poller", poller);
}

#[test]
fn who_listens_is_connected_to() {
    let port = free_port();
    let place = format!("127.0.0.1:{port}");
    let (_service, mut client) = serve(net(&[], &[&place, "127.0.0.1:0"]));
    for at in [place.as_str(), "127.0.0.1:0"] {
        let (socket, address) = client.listening(at).expect("listening");
        assert_eq!(client.accept(socket, 0).err(), Some(EAGAIN));
        assert_eq!(client.accept(socket, SHORT).err(), Some(EAGAIN));
        let mut peer = TcpStream::connect(address).expect("connected");
        let (accepted, from) = client.accept(socket, FOR_EVER).expect("accepted");
        assert_eq!(from, peer.local_addr().expect("bound"));
        assert_eq!(client.send(accepted, b"welcome", FOR_EVER), Ok(7));
        let mut text = [0; 7];
        peer.read_exact(&mut text).expect("received");
        assert_eq!(&text, b"welcome");
        client.end("close", accepted);
        client.end("close", socket);
    }
}

#[test]
fn two_ends_of_a_pair() {
    let (_service, mut client) = serve(net(&[], &[]));
    let words = client.call("socketpair", &[]).expect("a pair");
    let (one, other) = (words[0], words[1]);
    assert_eq!(client.send(one, b"!", 0), Ok(1));
    assert_eq!(client.recv(other, 10, 0).as_deref(), Ok(&b"!"[..]));
    assert_eq!(client.recv(other, 10, 0), Err(EAGAIN));
    client.end("close", one);
    assert_eq!(client.recv(other, 10, FOR_EVER).as_deref(), Ok(&b""[..]));
    assert_eq!(client.option(other, libc::SOL_SOCKET, libc::SO_DOMAIN), Ok(libc::AF_UNIX));
}

#[test]
fn limits_hold() {
    let echo = echo();
    let mut service = net(&[&echo.to_string()], &["127.0.0.1:0"]);
    service.connections = 2;
    service.sent_bytes = 10;
    service.received_bytes = 4;
    let (_service, mut client) = serve(service);
    let one = client.connected(&echo.to_string()).expect("connected");
    let (listening, address) = client.listening("127.0.0.1:0").expect("listening");
    assert_eq!(client.socket(AF_INET), Err(EMFILE));
    let _peer = TcpStream::connect(address).expect("connected");
    assert_eq!(client.accept(listening, FOR_EVER).err(), Some(EMFILE));
    client.end("close", listening);
    let another = client.socket(AF_INET).expect("there is room again");
    client.end("close", another);
    // What is sent and received is counted over all connections.
    assert_eq!(client.send(one, b"12345678", FOR_EVER), Ok(8));
    assert_eq!(client.send(one, b"90ab", FOR_EVER), Ok(2));
    assert_eq!(client.send(one, b"x", FOR_EVER), Err(EDQUOT));
    assert_eq!(client.recv_with(one, 8, libc::MSG_PEEK, FOR_EVER).map(|bytes| bytes.len()), Ok(4), "looking is free");
    assert_eq!(client.recv_with(one, 3, libc::MSG_WAITALL, FOR_EVER).as_deref(), Ok(&b"123"[..]));
    assert_eq!(client.recv(one, 3, FOR_EVER).as_deref(), Ok(&b"4"[..]));
    assert_eq!(client.recv(one, 3, FOR_EVER), Err(EDQUOT));
    let two = client.connected(&echo.to_string()).expect("connected");
    assert_eq!(client.send(two, b"x", FOR_EVER), Err(EDQUOT));
}

#[test]
fn harmless_options_alone() {
    let echo = echo();
    let (_service, mut client) = serve(net(&[&echo.to_string()], &[]));
    let socket = client.socket(AF_INET).expect("a socket");
    let name = client.call("getpeername", &[Argument::Word(socket)]);
    assert_eq!(name.err(), Some(ENOTCONN));
    assert_eq!(client.set_option(socket, libc::IPPROTO_TCP, libc::TCP_NODELAY, 1), Ok(()));
    assert_eq!(client.option(socket, libc::IPPROTO_TCP, libc::TCP_NODELAY), Ok(1));
    assert_eq!(client.option(socket, libc::SOL_SOCKET, libc::SO_LINGER), Ok(-1));
    assert_eq!(client.set_option(socket, libc::SOL_SOCKET, libc::SO_LINGER, 7), Ok(()));
    assert_eq!(client.option(socket, libc::SOL_SOCKET, libc::SO_LINGER), Ok(7));
    assert_eq!(client.set_option(socket, libc::SOL_SOCKET, libc::SO_LINGER, -1), Ok(()));
    assert_eq!(client.option(socket, libc::SOL_SOCKET, libc::SO_LINGER), Ok(-1));
    assert_eq!(client.option(socket, libc::SOL_SOCKET, libc::SO_TYPE), Ok(libc::SOCK_STREAM));
    assert_eq!(client.set_option(socket, libc::SOL_SOCKET, libc::SO_TYPE, 1), Err(EPERM));
    for (level, option) in [
        (libc::SOL_SOCKET, libc::SO_BINDTODEVICE),
        (libc::SOL_SOCKET, libc::SO_MARK),
        (libc::SOL_SOCKET, libc::SO_ATTACH_FILTER),
        (libc::SOL_SOCKET, libc::SO_RCVTIMEO),
        (libc::SOL_SOCKET, libc::SO_PEERCRED),
        (libc::IPPROTO_TCP, libc::TCP_REPAIR),
        (libc::IPPROTO_TCP, libc::TCP_ULP),
        (libc::IPPROTO_IP, libc::IP_TRANSPARENT),
        (libc::IPPROTO_IP, libc::IP_OPTIONS),
    ] {
        assert_eq!(client.option(socket, level, option), Err(ENOPROTOOPT), "{level} {option}");
        assert_eq!(client.set_option(socket, level, option, 1), Err(ENOPROTOOPT), "{level} {option}");
    }
}
