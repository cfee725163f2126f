//! The service with its places, and what its clients ask.

pub use crate::support::{Argument, Client, Service};

use cloison_contract::host::net::NetPlace;
use cloison_contract::host::{HostService, NetService};
use cloison_contract::message::{Machine, ToZone};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

pub const FOR_EVER: u64 = -1_i64 as u64;

pub fn places(texts: &[&str]) -> Vec<NetPlace> {
    texts.iter().map(|text| NetPlace::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))).collect()
}

pub fn net(connect: &[&str], listen: &[&str]) -> NetService {
    NetService {
        connect: places(connect),
        listen: places(listen),
        location: "cloison.toml:7".to_owned(),
        ..NetService::default()
    }
}

/// A service that may connect to those places and listen at these, and a client of it.
pub fn serve(service: NetService) -> (Service, Client) {
    serve_on(service, Machine::default())
}

pub fn serve_on(service: NetService, machine: Machine) -> (Service, Client) {
    let mut service = Service::launch(HostService::Net(service), &[(ToZone::Machine(machine), Vec::new())]);
    let client = service.attach();
    (service, client)
}

/// A port where nobody listens, at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port()
}

/// An address as the manifest has it.
pub fn endpoint(address: SocketAddr) -> Vec<u8> {
    let family: u16 = if address.is_ipv4() { 2 } else { 10 };
    let mut bytes = [&family.to_ne_bytes()[..], &address.port().to_ne_bytes(), &[0; 8]].concat();
    match address {
        SocketAddr::V4(address) => bytes.extend(address.ip().octets()),
        SocketAddr::V6(address) => bytes.extend(address.ip().octets()),
    }
    bytes.resize(28, 0);
    bytes
}

pub fn address(bytes: &[u8]) -> SocketAddr {
    assert_eq!(bytes.len(), 28, "{bytes:?}");
    let port = u16::from_ne_bytes([bytes[2], bytes[3]]);
    match bytes[0] {
        2 => SocketAddr::new(<[u8; 4]>::try_from(&bytes[12..16]).expect("4 bytes").into(), port),
        10 => SocketAddr::new(<[u8; 16]>::try_from(&bytes[12..]).expect("16 bytes").into(), port),
        other => panic!("family {other}"),
    }
}

impl Client {
    pub fn socket(&mut self, family: i32) -> Result<u64, i32> {
        self.call("socket", &[Argument::Word(family as u64), Argument::Word(1)]).map(|words| words[0])
    }

    pub fn connect(&mut self, socket: u64, to: SocketAddr, timeout_ns: u64) -> Result<(), i32> {
        let to = endpoint(to);
        self.call("connect", &[Argument::Word(socket), Argument::Bytes(&to), Argument::Word(timeout_ns)]).map(drop)
    }

    /// A socket that is connected to there.
    pub fn connected(&mut self, to: &str) -> Result<u64, i32> {
        let to: SocketAddr = to.parse().expect("an address");
        let socket = self.socket(if to.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 })?;
        let connected = self.connect(socket, to, FOR_EVER);
        if connected.is_err() {
            self.end("close", socket);
        }
        connected.map(|()| socket)
    }

    pub fn bind(&mut self, socket: u64, at: &str) -> Result<(), i32> {
        let at = endpoint(at.parse().expect("an address"));
        self.call("bind", &[Argument::Word(socket), Argument::Bytes(&at)]).map(drop)
    }

    pub fn listening(&mut self, at: &str) -> Result<(u64, SocketAddr), i32> {
        let socket = self.socket(libc::AF_INET)?;
        self.bind(socket, at)?;
        self.call("listen", &[Argument::Word(socket), Argument::Word(8)])?;
        let words = self.call("getsockname", &[Argument::Word(socket)])?;
        Ok((socket, address(&self.bytes(&words))))
    }

    pub fn accept(&mut self, socket: u64, timeout_ns: u64) -> Result<(u64, SocketAddr), i32> {
        let words = self.call("accept", &[Argument::Word(socket), Argument::Word(timeout_ns)])?;
        Ok((words[0], address(&self.bytes(&words[1..]))))
    }

    pub fn recv(&mut self, socket: u64, count: u64, timeout_ns: u64) -> Result<Vec<u8>, i32> {
        self.recv_with(socket, count, 0, timeout_ns)
    }

    pub fn recv_with(&mut self, socket: u64, count: u64, flags: i32, timeout_ns: u64) -> Result<Vec<u8>, i32> {
        let words = [socket, count, flags as u64, timeout_ns].map(Argument::Word);
        let words = self.call("recv", &words)?;
        Ok(self.bytes(&words))
    }

    pub fn send(&mut self, socket: u64, data: &[u8], timeout_ns: u64) -> Result<u64, i32> {
        let flags = Argument::Word(0);
        let arguments = [Argument::Word(socket), Argument::Bytes(data), flags, Argument::Word(timeout_ns)];
        self.call("send", &arguments).map(|words| words[0])
    }

    pub fn end(&mut self, function: &str, object: u64) {
        self.call(function, &[Argument::Word(object)]).expect("ended");
    }

    pub fn resolve(&mut self, host: &str, port: u16, family: i32) -> Result<Vec<SocketAddr>, i32> {
        let arguments = [
            Argument::Bytes(host.as_bytes()),
            Argument::Word(port.into()),
            Argument::Word(family as u64),
            Argument::Word(FOR_EVER),
        ];
        let words = self.call("resolve", &arguments)?;
        Ok(self.bytes(&words).chunks(28).map(address).collect())
    }

    pub fn option(&mut self, socket: u64, level: i32, option: i32) -> Result<i32, i32> {
        let words = [socket, level as u64, option as u64].map(Argument::Word);
        self.call("getsockopt", &words).map(|words| words[0] as i32)
    }

    pub fn set_option(&mut self, socket: u64, level: i32, option: i32, value: i32) -> Result<(), i32> {
        let words = [socket, level as u64, option as u64, value as u64].map(Argument::Word);
        self.call("setsockopt", &words).map(drop)
    }
}

/// A server on the loopback that gives back what it is sent.
pub fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            std::thread::spawn(move || std::io::copy(&mut stream.try_clone().expect("a copy"), &mut stream));
        }
    });
    address
}

pub const SHORT: u64 = Duration::from_millis(20).as_nanos() as u64;
