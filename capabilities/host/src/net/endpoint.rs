//! Addresses as the manifest has them: 28 bytes, `=HHII16s` of Python's `struct`.

use rustix::io::Errno;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// How long one is.
pub(super) const ENDPOINT_BYTES: usize = 28;

/// What bytes of a client's say.
pub(super) fn read(bytes: &[u8]) -> Result<SocketAddr, Errno> {
    let bytes: &[u8; ENDPOINT_BYTES] = bytes.try_into().map_err(|_| Errno::INVAL)?;
    let [a, b, c, d, scope @ ..] = bytes;
    let (family, port) = (u16::from_ne_bytes([*a, *b]), u16::from_ne_bytes([*c, *d]));
    let number = |at: usize| u32::from_ne_bytes([scope[at], scope[at + 1], scope[at + 2], scope[at + 3]]);
    let (scope_id, flow, address) = (number(0), number(4), &scope[8..]);
    let address: [u8; 16] = address.try_into().map_err(|_| Errno::INVAL)?;
    match i32::from(family) {
        libc::AF_INET => {
            let [a, b, c, d, ..] = address;
            Ok(SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port).into())
        }
        libc::AF_INET6 => Ok(SocketAddrV6::new(Ipv6Addr::from(address), port, flow, scope_id).into()),
        _ => Err(Errno::AFNOSUPPORT),
    }
}

/// The bytes for an address; of none, for the end of a socket pair.
pub(super) fn write(address: Option<SocketAddr>) -> [u8; ENDPOINT_BYTES] {
    let (family, scope, flow) = match address {
        Some(SocketAddr::V4(_)) => (libc::AF_INET, 0, 0),
        Some(SocketAddr::V6(address)) => (libc::AF_INET6, address.scope_id(), address.flowinfo()),
        None => (libc::AF_UNIX, 0, 0),
    };
    let mut bytes = [0; ENDPOINT_BYTES];
    bytes[..2].copy_from_slice(&(family as u16).to_ne_bytes());
    bytes[2..4].copy_from_slice(&address.map_or(0, |address| address.port()).to_ne_bytes());
    bytes[4..8].copy_from_slice(&scope.to_ne_bytes());
    bytes[8..12].copy_from_slice(&flow.to_ne_bytes());
    match address.map(|address| address.ip()) {
        Some(IpAddr::V4(ip)) => bytes[12..16].copy_from_slice(&ip.octets()),
        Some(IpAddr::V6(ip)) => bytes[12..].copy_from_slice(&ip.octets()),
        None => {}
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in ["127.0.0.1:80", "255.1.2.3:65535", "[::1]:1", "[fe80::1%3]:443"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(read(&write(Some(address))), Ok(address));
        }
        assert_eq!(read(&write(None)), Err(Errno::AFNOSUPPORT));
        for wrong in [&[][..], &[0; 27], &[0; 29], &[0xff; 28], &[0; 28]] {
            assert!(read(wrong).is_err());
        }
    }
}
