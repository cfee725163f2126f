//! Addresses that a name must not lead to: whoever answers for a name could make it lead into the machine, or into the network that
//! the machine is in.
//!
//! What is not known to be an ordinary address of the internet is special.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is private, loopback, link-local, multicast, or anything else but an ordinary address of the internet; also one
/// that leads to such a one through a translation.
pub fn is_special(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_special_v4(address),
        IpAddr::V6(address) => is_special_v6(address),
    }
}

/// The registry of special addresses (RFC 6890 and its successors), and what has no use.
const SPECIAL_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // between a provider and its customers
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local; what clouds tell their machines
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocols
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 31, 196, 0), 24), // AS112
    (Ipv4Addr::new(192, 52, 193, 0), 24), // multicast tunnels
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // relays of 6to4
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(192, 175, 48, 0), 24), // AS112
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // measurements
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
];

fn is_special_v4(address: Ipv4Addr) -> bool {
    // From 224.0.0.0 on: multicast, reserved, broadcast.
    address.octets()[0] >= 224 || SPECIAL_V4.iter().any(|(network, prefix)| same_v4(*network, address, *prefix))
}

/// What is special among the addresses of the internet, 2000::/3.
const SPECIAL_V6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocols, Teredo
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// 64:ff9b::/96: the rest is an address of IPv4, to which the network translates.
const TRANSLATED: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

fn is_special_v6(address: Ipv6Addr) -> bool {
    let [.., g, h] = address.segments();
    if same_v6(TRANSLATED, address, 96) {
        return is_special_v4(v4(g, h));
    }
    let [first, second, third, ..] = address.segments();
    if first == 0x2002 {
        // 6to4: what follows is the address of IPv4 that packets go to.
        return is_special_v4(v4(second, third));
    }
    first & 0xe000 != 0x2000 || SPECIAL_V6.iter().any(|(network, prefix)| same_v6(*network, address, *prefix))
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// Whether the first bits, `prefix` of them, are the same.
pub(super) fn same_v4(one: Ipv4Addr, other: Ipv4Addr, prefix: u32) -> bool {
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix)).unwrap_or(0);
    (one.to_bits() ^ other.to_bits()) & mask == 0
}

/// Whether two addresses of IPv6 agree in their first `prefix` bits.
pub(super) fn same_v6(one: Ipv6Addr, other: Ipv6Addr, prefix: u32) -> bool {
    let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix)).unwrap_or(0);
    (one.to_bits() ^ other.to_bits()) & mask == 0
}
