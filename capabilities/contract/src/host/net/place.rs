//! `"api.example.com:443"`, `"*.example.org:443"`, `"10.1.0.0/16:*"`, `"[::1]:80"`: an entry of `connect` or `listen`.

use super::is_localhost;
use super::special::{same_v4, same_v6};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Hosts and a port.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NetPlace {
    /// Which hosts.
    pub host: NetHost,
    /// Which port; all if there is none.
    pub port: Option<u16>,
}

/// Which hosts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum NetHost {
    /// `*`: all names, and all addresses that are not special.
    Any,
    /// `*.example.org`: all names below that one.
    Below(String),
    /// `api.example.com`, in lower case.
    Name(String),
    /// `10.1.0.0/16`, `127.0.0.1`
    Network {
        /// An address of it.
        address: IpAddr,
        /// How many of its first bits count.
        prefix: u8,
    },
}

/// Why a text is no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WrongPlace {
    /// No `:` behind the host.
    #[error("there is no port")]
    NoPort,
    /// The port is no number from 0 to 65535, and not `*`.
    #[error("this is no port")]
    Port,
    /// IPv6 without brackets.
    #[error("an address of IPv6 stands in brackets")]
    Brackets,
    /// `http://…`
    #[error("this is an address of the web")]
    Scheme,
    /// A network whose last bits are not 0.
    #[error("an address of a network ends in zeros, as many as its `/` leaves")]
    HostBits,
    /// `/33`
    #[error("a network has no such length")]
    Prefix,
    /// `*` inside of a name.
    #[error("`*` stands alone, or before a dot at the beginning")]
    Star,
    /// `bücher.example`
    #[error("a name has letters of ASCII, digits and `-`")]
    NotAscii,
    /// Nothing that a host can be called.
    #[error("this is no host's name, and no address")]
    Host,
}

impl WrongPlace {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::NoPort | Self::Port => "host:port, as in \"api.example.com:443\"; `*` is any port",
            Self::Brackets => "as in \"[::1]:80\"",
            Self::Scheme => "host:port, as in \"api.example.com:443\"; for requests of HTTP there is `zone = \"http\"`",
            Self::HostBits => "as in \"10.1.0.0/16:*\"; one address has no `/`",
            Self::Prefix => "0 to 32 for IPv4, 0 to 128 for IPv6",
            Self::Star => "as in \"*.example.org:443\"; all hosts of the internet are \"*:443\"",
            Self::NotAscii => "write it as name servers know it: `xn--…`",
            Self::Host => "as in \"api.example.com:443\", \"127.0.0.1:8000\", \"10.1.0.0/16:*\"",
        }
    }
}

impl NetPlace {
    /// What a text means.
    ///
    /// # Errors
    ///
    /// It means nothing, or more than one thing.
    pub fn parse(text: &str) -> Result<Self, WrongPlace> {
        if text.contains("://") {
            return Err(WrongPlace::Scheme);
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']').ok_or(WrongPlace::Brackets)?;
                (network(address, true)?, port.strip_prefix(':').ok_or(WrongPlace::NoPort)?)
            }
            None if text.bytes().filter(|byte| *byte == b':').count() > 1 => return Err(WrongPlace::Brackets),
            None => {
                let (host, port) = text.rsplit_once(':').ok_or(WrongPlace::NoPort)?;
                (parse_host(host)?, port)
            }
        };
        Ok(Self { host, port: parse_port(port)? })
    }

    /// Whether that name is meant; not an address.
    pub fn is_named(&self, name: &str) -> bool {
        match &self.host {
            NetHost::Any => true,
            NetHost::Below(parent) => name
                .strip_suffix(parent.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
            NetHost::Name(own) => own == name,
            NetHost::Network { .. } => false,
        }
    }

    /// Whether every place that is that one is this one as well. What cannot be told is not.
    pub fn covers(&self, other: &Self) -> bool {
        let port = self.port.is_none() || self.port == other.port;
        let host = match (&self.host, &other.host) {
            // This machine has to be named.
            (NetHost::Any | NetHost::Below(_), NetHost::Name(name)) => !is_localhost(name) && self.is_named(name),
            (NetHost::Any, NetHost::Below(_)) => true,
            (NetHost::Below(outer), NetHost::Below(inner)) => outer == inner || self.is_named(inner),
            (NetHost::Network { prefix: outer, .. }, NetHost::Network { address, prefix: inner }) => {
                outer <= inner && self.contains(*address)
            }
            (one, other) => one == other,
        };
        port && host
    }

    /// Whether that port is meant.
    pub fn has_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }

    /// Whether that address is one of the network.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let NetHost::Network { address, prefix } = self.host else { return false };
        match (address, ip.to_canonical()) {
            (IpAddr::V4(address), IpAddr::V4(ip)) => same_v4(address, ip, prefix.into()),
            (IpAddr::V6(address), IpAddr::V6(ip)) => same_v6(address, ip, prefix.into()),
            _ => false,
        }
    }
}

impl Display for NetPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            NetHost::Any => f.write_str("*")?,
            NetHost::Below(parent) => write!(f, "*.{parent}")?,
            NetHost::Name(name) => f.write_str(name)?,
            NetHost::Network { address: IpAddr::V4(address), prefix: 32 } => write!(f, "{address}")?,
            NetHost::Network { address: IpAddr::V4(address), prefix } => write!(f, "{address}/{prefix}")?,
            NetHost::Network { address: IpAddr::V6(address), prefix: 128 } => write!(f, "[{address}]")?,
            NetHost::Network { address: IpAddr::V6(address), prefix } => write!(f, "[{address}/{prefix}]")?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => f.write_str(":*"),
        }
    }
}

fn parse_port(text: &str) -> Result<Option<u16>, WrongPlace> {
    if text == "*" {
        return Ok(None);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(Some).ok_or(WrongPlace::Port)
}

fn parse_host(text: &str) -> Result<NetHost, WrongPlace> {
    if text == "*" {
        return Ok(NetHost::Any);
    }
    if text.contains('/') || text.parse::<Ipv4Addr>().is_ok() {
        return network(text, false);
    }
    let (below, name) = match text.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, text),
    };
    if name.contains('*') {
        return Err(WrongPlace::Star);
    }
    if !name.is_ascii() {
        return Err(WrongPlace::NotAscii);
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if !is_host_name(&name) {
        return Err(WrongPlace::Host);
    }
    Ok(if below { NetHost::Below(name) } else { NetHost::Name(name) })
}

/// `10.1.0.0/16`, or one address.
fn network(text: &str, v6: bool) -> Result<NetHost, WrongPlace> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = match v6 {
        true => address.parse::<Ipv6Addr>().map_err(|_| WrongPlace::Host)?.into(),
        false => address.parse::<Ipv4Addr>().map_err(|_| WrongPlace::Host)?.into(),
    };
    // There is one way to write an address of IPv4, so that nobody thinks to have named it and has not.
    if address.to_canonical() != address {
        return Err(WrongPlace::Host);
    }
    let all = if v6 { 128 } else { 32 };
    let prefix = match prefix {
        None => all,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|prefix| *prefix <= all).ok_or(WrongPlace::Prefix)?
        }
        Some(_) => return Err(WrongPlace::Prefix),
    };
    let zeros = match address {
        IpAddr::V4(address) => address.to_bits().trailing_zeros(),
        IpAddr::V6(address) => address.to_bits().trailing_zeros(),
    };
    if zeros < u32::from(all - prefix) {
        return Err(WrongPlace::HostBits);
    }
    Ok(NetHost::Network { address, prefix })
}

/// Whether a text, in lower case, can be a host's name that name servers are asked about. What could be read as a number by
/// somebody is none.
pub fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    name.len() <= 253 && name.split('.').all(label) && !number
}
