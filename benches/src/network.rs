//! Sockets and HTTP by capabilities, against CPython with the same servers: threads of this program.

use crate::peers::Peers;
use crate::table::{Figure::Nanoseconds, Table};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

const WHAT: [(&str, &str); 6] = [
    ("100 bytes there and back, through a socket of `net`", "≤ 3"),
    ("1 MiB there and back", "≤ 1.3"),
    ("HTTP GET of 1 KiB on a kept connection, through `net`", "≤ 3"),
    ("… with `urllib`, a connection each", "≤ 3"),
    ("the same on a kept connection, through `http`", "≤ 3"),
    ("… with `urllib`, a connection each", "≤ 3"),
];

/// All figures of this kind.
pub fn measure(peers: &Peers, table: &mut Table) -> anyhow::Result<()> {
    let ports = [serve(echo)?, serve(web)?, serve(web)?];
    let [one, two, three] = ports;
    let manifest = format!(
        "[capabilities.net]\nzone = \"net\"\nconnect = [\"127.0.0.1:{one}\", \"127.0.0.1:{two}\"]\n\
         [capabilities.http]\nzone = \"http\"\nallow = [\"GET http://127.0.0.1:{three}/*\"]\n"
    );
    std::fs::write(peers.folder().join("network.toml"), manifest)?;
    let [ours, theirs] = peers.both("network.toml", "network.py", &ports.map(|port| port.to_string()))?;
    for (index, (what, goal)) in WHAT.into_iter().enumerate() {
        let one = |figures: &[f64]| Nanoseconds(figures.get(index).copied().unwrap_or(f64::NAN));
        table.line(what, one(&ours), Some(("CPython", one(&theirs))), goal);
    }
    Ok(())
}

/// A server on a port of its own, for as long as this program runs. A client that goes away ends its thread.
fn serve(answer: fn(TcpStream) -> io::Result<()>) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    Ok(port)
}

fn echo(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count])?,
        }
    }
}

fn web(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n{}", "x".repeat(1024));
    let (mut line, mut close) = (String::new(), false);
    while requests.read_line(&mut line)? > 0 {
        close |= line.eq_ignore_ascii_case("connection: close\r\n");
        if line == "\r\n" {
            stream.write_all(answer.as_bytes())?;
            if close {
                break;
            }
        }
        line.clear();
    }
    Ok(())
}
