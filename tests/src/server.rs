//! Servers that tests start, on loopback: one of HTTP, one that knows names.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

/// A connection, whatever is below it.
pub trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A server of HTTP. It ends with the test's process.
pub struct HttpServer {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HttpServer {
    /// One that writes to each request what `answer` does. Connections go on until the peer or an error ends them.
    pub fn start(answer: impl Fn(&str, &mut dyn Stream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start_with(|stream| Box::new(stream), answer)
    }

    /// The same, with something between it and its connections: TLS.
    pub fn start_with(
        between: impl Fn(TcpStream) -> Box<dyn Stream> + Send + Sync + 'static,
        answer: impl Fn(&str, &mut dyn Stream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (heard, answer, between) = (asked.clone(), Arc::new(answer), Arc::new(between));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heard, answer, between) = (heard.clone(), answer.clone(), between.clone());
                std::thread::spawn(move || {
                    let mut stream = between(stream);
                    while let Some(request) = read_request(&mut *stream) {
                        heard.lock().expect("nobody panics").push(request.clone());
                        if answer(&request, &mut *stream).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { port, asked }
    }

    /// What it was asked until now.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics").clone()
    }
}

/// A whole request; nothing if there is none, or only a part of one.
fn read_request(stream: &mut dyn Stream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut one = [0];
    let mut more = |bytes: &mut Vec<u8>| {
        let count = stream.read(&mut one).unwrap_or(0);
        bytes.extend_from_slice(&one[..count]);
        (count == 1).then_some(())
    };
    while !bytes.ends_with(b"\r\n\r\n") {
        more(&mut bytes)?;
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    if let Some(length) = head.split("\r\ncontent-length: ").nth(1) {
        let end = bytes.len() + length.split("\r\n").next()?.parse::<usize>().ok()?;
        while bytes.len() < end {
            more(&mut bytes)?;
        }
    } else if head.contains("\r\ntransfer-encoding: chunked") {
        while !bytes.ends_with(b"0\r\n\r\n") {
            more(&mut bytes)?;
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// An answer with that body.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A server that names are asked of, on 127.0.0.1. It ends with the test's process.
pub struct NameServer {
    /// Where it listens.
    pub port: u16,
}

impl NameServer {
    /// One that answers to the nth question for an address of IPv4 with what `answer` says; for others there is nothing.
    pub fn start(answer: impl Fn(usize) -> Vec<Ipv4Addr> + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            let (mut packet, mut count) = ([0; 512], 0);
            while let Ok((length, from)) = socket.recv_from(&mut packet) {
                let Some((question, kind)) = question(&packet[..length]) else { continue };
                let addresses = if kind == 1 { answer(count) } else { Vec::new() };
                count += usize::from(kind == 1);
                // The number, "an answer, and there is recursion", one question, so many answers.
                let mut reply =
                    [&packet[..2], &[0x81, 0x80, 0, 1, 0, addresses.len() as u8, 0, 0, 0, 0], question].concat();
                for address in addresses {
                    // The name of the question, an address of the internet, for no time.
                    reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
                    reply.extend_from_slice(&address.octets());
                }
                let _ = socket.send_to(&reply, from);
            }
        });
        Self { port }
    }
}

/// The question of a packet, and which kind of record it asks for.
fn question(packet: &[u8]) -> Option<(&[u8], u16)> {
    let rest = packet.get(12..)?;
    let end = rest.iter().position(|byte| *byte == 0)? + 5;
    let question = rest.get(..end)?;
    Some((question, u16::from_be_bytes([question[end - 4], question[end - 3]])))
}
