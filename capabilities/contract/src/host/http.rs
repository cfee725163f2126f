//! `http`: requests to servers that `cloison.toml` names, with secrets that a program never sees.
//!
//! What may be requested is a list of rules. A request is allowed if one of them matches it:
//!
//! ```text
//! GET https://api.example.com/v1/*
//! ─┬─ ─┬─   ───────┬─────── ──┬──
//!  │   │           │          └── path: see [`PlainPath`] and [`PathRule`]
//!  │   │           └── host, perhaps `:port`; `*.example.com` is every name below
//!  │   └── scheme
//!  └── method; `*` is every one
//! ```
//!
//! All of this is pure logic and deny by default: what a server could understand in another way than we do matches nothing.

use super::net::{LOCALHOST, NetHost, NetPlace, NetService, is_host_name, is_localhost, is_special};
use crate::Interface;
use crate::grant::Rate;
use crate::types::TypeKind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// What a capability of `zone = "http"` configures.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HttpService {
    /// The capability's name, which refusals name.
    pub capability: String,
    /// The line of `allow`, as `FILE:LINE`: where refusals say that a rule is to be added.
    pub location: String,
    /// What may be requested.
    pub rules: Vec<HttpRule>,
    /// Headers that are added. Their values come separately, in this order: see [`Secret`].
    pub secrets: Vec<HttpSecret>,
    /// How large the body of a request may be.
    pub request_bytes: u64,
    /// How large the body of an answer may be.
    pub response_bytes: u64,
    /// How long a request may take, from its first byte to the last of its answer.
    pub time: Duration,
    /// How many connections one client may have open at once.
    pub connections: u32,
    /// Addresses that names may lead to, besides ordinary ones of the internet.
    pub addresses: Vec<NetPlace>,
    /// Who is asked about names, instead of whom this machine asks.
    pub name_servers: Vec<SocketAddr>,
    /// How often requests may be made; for each client.
    pub rate: Option<Rate>,
    /// How many requests all clients together may make.
    pub requests: Option<u64>,
}

/// The most entries of `allow`, of `secret` and of `addresses`.
pub const MOST_ENTRIES: usize = 256;

/// What a service has open besides its clients' connections: channels, name servers while it asks them, and connections that wait for
/// the next request.
const OWN_DESCRIPTORS: u32 = 96;

impl Default for HttpService {
    fn default() -> Self {
        Self {
            capability: String::new(),
            location: String::new(),
            rules: Vec::new(),
            secrets: Vec::new(),
            request_bytes: 16 << 20,
            response_bytes: 16 << 20,
            time: Duration::from_secs(30),
            connections: 64,
            addresses: Vec::new(),
            name_servers: Vec::new(),
            rate: None,
            requests: None,
        }
    }
}

impl HttpService {
    pub(super) fn configure(&self, interface: &mut Interface) {
        for one in &mut interface.types {
            if let TypeKind::Handle(handle) = &mut one.kind {
                handle.max_live = self.connections.saturating_mul(2);
            }
        }
        // Of each connection both ends, and that to the server; and pollers.
        interface.sandbox.descriptors = OWN_DESCRIPTORS.saturating_add(self.connections.saturating_mul(5));
        // A thread for each, with its stack, and what of a request and its answer is under way.
        interface.sandbox.processes = self.connections;
        let memory = &mut interface.sandbox.memory_bytes;
        *memory = memory.saturating_add(u64::from(self.connections) << 20);
    }

    /// Where it connects to.
    pub fn network(&self) -> NetService {
        let place = |rule: &HttpRule| NetPlace { host: rule.host.to_net(), port: Some(rule.port) };
        let places = self.rules.iter().map(place);
        NetService {
            connect: places.chain(self.addresses.iter().cloned()).collect(),
            name_servers: self.name_servers.clone(),
            location: self.location.clone(),
            ..NetService::default()
        }
    }

    /// Whether a request is allowed.
    pub fn allows(&self, request: &HttpTarget<'_>) -> bool {
        self.rules.iter().any(|rule| rule.matches(request))
    }

    /// Whether a connection for the sake of a host may go to that address, which is its own or one that its name has led to. That
    /// another rule names the address does not count: what may be requested there is another question.
    pub fn leads(&self, host: &str, to: SocketAddr) -> bool {
        let ip = to.ip().to_canonical();
        match address(host) {
            Some(own) => own.to_canonical() == ip,
            None if is_localhost(host) => LOCALHOST.contains(&ip),
            None => {
                !is_special(ip) || self.addresses.iter().any(|place| place.has_port(to.port()) && place.contains(ip))
            }
        }
    }

    /// Whether anything may be requested there.
    pub fn knows(&self, host: &str, port: u16) -> bool {
        self.rules.iter().any(|rule| rule.port == port && rule.host.matches(host))
    }

    /// The numbers of the secrets that go with requests to that host. Of several for one header the first counts.
    pub fn secrets_for(&self, host: &str) -> Vec<usize> {
        let mut chosen: Vec<usize> = Vec::new();
        for (index, secret) in self.secrets.iter().enumerate() {
            let header = plain_name(&secret.header);
            let taken = chosen.iter().any(|other| plain_name(&self.secrets[*other].header) == header);
            if secret.is_for(host) && !taken {
                chosen.push(index);
            }
        }
        chosen
    }
}

/// A header that is added to requests. What it says is not here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HttpSecret {
    /// The header's name.
    pub header: String,
    /// What stands before the secret: `Bearer `.
    pub prefix: String,
    /// The hosts that get it; every granted one if there are none.
    pub hosts: Vec<HostRule>,
}

impl HttpSecret {
    /// Whether requests to that host have it.
    pub fn is_for(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|rule| rule.matches(host))
    }

    /// Whether requests to some host of such a rule have it.
    pub fn is_for_some_of(&self, rule: &HostRule) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|host| host.meets(rule))
    }
}

/// What a secret header says. Nothing shows it: not its `Debug`, and no error that is made of it. It is wiped when it is dropped.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Secret(Vec<u8>);

/// The shortest secret: in answers, too much else would look like a shorter one for it to be masked.
pub const SHORTEST_SECRET: usize = 8;
/// The longest secret, and the longest prefix.
pub const SECRET_BYTES: usize = 8192;

impl Secret {
    /// Makes one of a variable or a file. One end of line at its end is not part of it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without a byte of it.
    pub fn new(mut bytes: Vec<u8>) -> Result<Self, &'static str> {
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        let secret = Self(bytes);
        match secret.0.as_slice() {
            [] => Err("is empty"),
            long if long.len() > SECRET_BYTES => Err("is longer than 8192 bytes"),
            short if short.len() < SHORTEST_SECRET => Err("has fewer than 8 bytes, too few to be masked in answers"),
            [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => Err("begins or ends with a space"),
            bytes if bytes.iter().all(|byte| is_value_byte(*byte)) => Ok(secret),
            _ => Err("has characters that no header can have"),
        }
    }

    /// The bytes, for whoever sends them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // What is written before memory is given back may be left out, unless somebody might look.
        std::hint::black_box(&self.0);
    }
}

/// Whether a byte may stand in a header's value that we write: what is visible in ASCII, space and tab.
pub fn is_value_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~')
}

/// Whether a text can be the name of a header.
pub fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.bytes().all(is_token_byte)
}

/// Whether a byte may stand in a token: a method, the name of a header.
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Headers that say how a message is framed, where it goes, or that are for the next hop alone. The zone writes those that are needed.
pub const OWN_HEADERS: [&str; 14] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// A header's name as names are compared: many servers take `_` for `-`.
pub fn plain_name(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// Whether the zone alone writes the header of that name. What proxies say of whom they speak for is among these: a program is nobody's.
pub fn is_own_header(name: &str) -> bool {
    let plain = plain_name(name);
    let of_proxy = plain.starts_with("x-forwarded") || matches!(plain.as_str(), "forwarded" | "x-real-ip");
    OWN_HEADERS.contains(&plain.as_str()) || of_proxy || plain.starts_with("cloison-")
}

/// Headers by which some servers take a request for one with another method or path than it has.
const OVERRIDES: [&str; 6] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
];

/// Whether a header of that name makes another request of its own.
pub fn is_override(name: &str) -> bool {
    OVERRIDES.contains(&plain_name(name).as_str())
}

/// `http` or `https`
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that goes without saying.
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Which host.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum HostRule {
    /// That name, in lower case.
    Name(String),
    /// Each name that ends with a point and this one: `*.example.com` is `a.example.com` and `a.b.example.com`, not `example.com`.
    Below(String),
    /// That address.
    Address(IpAddr),
}

impl HostRule {
    /// Reads one.
    pub fn new(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("*.") {
            // A pattern for a whole country is a mistake.
            return (name.contains('.') && is_host_name(name)).then(|| Self::Below(name.to_owned()));
        }
        match address(text) {
            Some(address) => Some(Self::Address(address)),
            None => is_host_name(text).then(|| Self::Name(text.to_owned())),
        }
    }

    /// Whether it is this host, which is in lower case, an IPv6 address in brackets.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Name(name) => name == host,
            Self::Below(name) => host.strip_suffix(name.as_str()).is_some_and(|rest| {
                rest.strip_suffix('.').is_some_and(|labels| !labels.is_empty()) && is_host_name(host)
            }),
            Self::Address(expected) => address(host) == Some(*expected),
        }
    }

    /// Whether every host that is that one is this one as well.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Below(outer), Self::Below(inner)) => is_below(inner, outer),
            (Self::Below(_), Self::Name(name)) => self.matches(name),
            (one, other) => one == other,
        }
    }

    /// Whether some host is both this and that.
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Below(one), Self::Below(other)) => is_below(one, other) || is_below(other, one),
            (Self::Below(_), other) => self.matches(&other.to_string()),
            (one, other) => other.matches(&one.to_string()),
        }
    }

    /// The same, as the service for networks has it.
    fn to_net(&self) -> NetHost {
        match self {
            Self::Name(name) => NetHost::Name(name.clone()),
            Self::Below(name) => NetHost::Below(name.clone()),
            Self::Address(address) => NetHost::Network {
                address: address.to_canonical(),
                prefix: if address.to_canonical().is_ipv4() { 32 } else { 128 },
            },
        }
    }

    /// Whether what is sent there stays on this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Name(name) => is_localhost(name),
            Self::Below(_) => false,
            Self::Address(address) => address.is_loopback(),
        }
    }
}

impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Below(name) => write!(f, "*.{name}"),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Whether a name is another one, or below it.
fn is_below(inner: &str, outer: &str) -> bool {
    inner.strip_suffix(outer).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// An address as it stands in a URL: four numbers, or in brackets.
pub fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// A host and perhaps a port, as `Host` and URLs have them; in lower case.
pub fn split_authority(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.rfind(':') {
        Some(at) if !text.ends_with(']') => (&text[..at], Some(port(&text[at + 1..])?)),
        _ => (text, None),
    };
    let host = host.to_ascii_lowercase();
    (address(&host).is_some() || is_host_name(&host)).then_some((host, port))
}

fn port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

/// A request, as far as rules ask.
#[derive(Clone, Copy, Debug)]
pub struct HttpTarget<'r> {
    /// The method, as it is written.
    pub method: &'r str,
    /// The scheme.
    pub scheme: Scheme,
    /// The host, in lower case.
    pub host: &'r str,
    /// The port.
    pub port: u16,
    /// The path.
    pub path: &'r PlainPath,
}

/// One entry of `allow`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HttpRule {
    /// `None` is every method.
    pub method: Option<String>,
    /// The scheme.
    pub scheme: Scheme,
    /// The host.
    pub host: HostRule,
    /// The port, said or not.
    pub port: u16,
    /// The path.
    pub path: PathRule,
}

/// What cannot be granted: it asks for a connection, or for all that was sent, secrets included.
const NEVER: [&str; 2] = ["CONNECT", "TRACE"];

impl HttpRule {
    fn has_method(&self, method: &str) -> bool {
        match &self.method {
            Some(own) => own == method,
            None => !NEVER.iter().any(|never| never.eq_ignore_ascii_case(method)),
        }
    }

    /// Whether it allows that request.
    pub fn matches(&self, request: &HttpTarget<'_>) -> bool {
        self.has_method(request.method)
            && self.scheme == request.scheme
            && self.port == request.port
            && self.host.matches(request.host)
            && self.path.matches(request.path)
    }

    /// Whether every request that the other one allows is allowed by this one as well.
    pub fn covers(&self, other: &Self) -> bool {
        let method = match &other.method {
            Some(method) => self.has_method(method),
            None => self.method.is_none(),
        };
        method
            && self.scheme == other.scheme
            && self.port == other.port
            && self.host.covers(&other.host)
            && self.path.covers(&other.path)
    }
}

impl fmt::Display for HttpRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_deref().unwrap_or("*");
        write!(f, "{method} {}://{}", self.scheme.name(), self.host)?;
        if self.port != self.scheme.port() {
            write!(f, ":{}", self.port)?;
        }
        write!(f, "{}", self.path)
    }
}

/// What is wrong with a rule, and what would be right.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RuleMistake {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: &'static str,
}

const EXAMPLE: &str = "a method and a URL, as in \"GET https://api.example.com/v1/*\"";

impl FromStr for HttpRule {
    type Err = RuleMistake;

    fn from_str(text: &str) -> Result<Self, RuleMistake> {
        let wrong = |message: String, hint| RuleMistake { message, hint };
        let Some((method, url)) = text.split_once(' ') else {
            return Err(wrong(format!("`{text}` is no request"), EXAMPLE));
        };
        let method = match method {
            "*" => None,
            _ if NEVER.contains(&method) => {
                return Err(wrong(
                    format!("`{method}` cannot be granted"),
                    "it asks for a connection, or for all that was sent",
                ));
            }
            _ if method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') && is_header_name(method) => {
                Some(method.to_owned())
            }
            _ => {
                return Err(wrong(
                    format!("`{method}` is no method"),
                    "in capital letters: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS; or * for all",
                ));
            }
        };
        let (scheme, rest) = if let Some(rest) = url.strip_prefix("https://") {
            (Scheme::Https, rest)
        } else if let Some(rest) = url.strip_prefix("http://") {
            (Scheme::Http, rest)
        } else {
            return Err(wrong(format!("`{url}` is no URL of http or https"), EXAMPLE));
        };
        let Some(slash) = rest.find('/') else {
            return Err(wrong(
                format!("`{url}` has no path"),
                "every path is /*, as in \"GET https://api.example.com/*\"",
            ));
        };
        let (authority, path) = rest.split_at(slash);
        let (host, port_text) = match authority.rfind(':') {
            Some(at) if !authority.ends_with(']') => (&authority[..at], Some(&authority[at + 1..])),
            _ => (authority, None),
        };
        let Some(host) = HostRule::new(host) else {
            let hint = "a name in lower case (`xn--…` for what is not ASCII), `*.` and a name of two parts, or an address, an IPv6 one in brackets";
            return Err(wrong(format!("`{host}` cannot be a host"), hint));
        };
        let port = match port_text.map(port) {
            None => scheme.port(),
            Some(Some(port)) => port,
            Some(None) => {
                return Err(wrong(format!("`{authority}` has no port that can be"), "a number from 1 to 65535"));
            }
        };
        Ok(Self { method, scheme, host, port, path: path.parse()? })
    }
}

/// Which paths.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PathRule {
    /// Each between two slashes; what is written with `%` is decoded.
    segments: Vec<SegmentRule>,
    /// It ends with `/*`: any number of segments may follow, and at least one does, which may be empty.
    rest: bool,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
enum SegmentRule {
    Exactly(Vec<u8>),
    /// `*`: one that is not empty.
    Any,
}

impl PathRule {
    /// Whether it is this path.
    pub fn matches(&self, path: &PlainPath) -> bool {
        let given = &path.segments;
        let enough = if self.rest { given.len() > self.segments.len() } else { given.len() == self.segments.len() };
        enough
            && self.segments.iter().zip(given).all(|(rule, segment)| match rule {
                SegmentRule::Exactly(expected) => expected == segment,
                SegmentRule::Any => !segment.is_empty(),
            })
    }

    /// Whether every path that is that one is this one as well.
    pub fn covers(&self, other: &Self) -> bool {
        let (own, others) = (self.segments.len(), other.segments.len());
        let long_enough = match (self.rest, other.rest) {
            (true, true) => others >= own,
            (true, false) => others > own,
            (false, true) => false,
            (false, false) => others == own,
        };
        long_enough
            && self.segments.iter().zip(&other.segments).all(|(one, other)| match (one, other) {
                (SegmentRule::Any, SegmentRule::Any) => true,
                (SegmentRule::Any, SegmentRule::Exactly(bytes)) => !bytes.is_empty(),
                (one, other) => one == other,
            })
    }
}

impl FromStr for PathRule {
    type Err = RuleMistake;

    fn from_str(text: &str) -> Result<Self, RuleMistake> {
        let wrong = |message: String, hint| RuleMistake { message, hint };
        if text.contains('?') || text.contains('#') {
            let hint = "a rule is for a path, with every query; leave out what stands behind ? or #";
            return Err(wrong(format!("`{text}` has a query"), hint));
        }
        let (plain, rest) = match text.strip_suffix("/*") {
            Some(plain) => (plain, true),
            None => (text, false),
        };
        let mut segments = Vec::new();
        for segment in plain.split('/').skip(1) {
            if segment == "*" {
                segments.push(SegmentRule::Any);
            } else if segment.contains('*') {
                let hint = "between two slashes, * stands for the whole; at the end, for any rest: /v1/*/items/*; a star itself is %2A";
                return Err(wrong(format!("`{segment}` has a star beside other characters"), hint));
            } else {
                segments.push(SegmentRule::Exactly(segment.as_bytes().to_vec()));
            }
        }
        // The same rules as for a request's, so that nothing is granted that could not be asked for.
        let checked: String = segments
            .iter()
            .map(|one| match one {
                SegmentRule::Any => "/x".to_owned(),
                SegmentRule::Exactly(bytes) => format!("/{}", String::from_utf8_lossy(bytes)),
            })
            .collect();
        let checked = if rest { format!("{checked}/") } else { checked };
        let path = PlainPath::new(checked.as_bytes()).map_err(|fault| {
            wrong(format!("no request can have the path `{text}`: {fault}"), "as it stands in a URL: /v1/items")
        })?;
        for (rule, decoded) in segments.iter_mut().zip(path.segments) {
            if let SegmentRule::Exactly(bytes) = rule {
                *bytes = decoded;
            }
        }
        Ok(Self { segments, rest })
    }
}

impl fmt::Display for PathRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            f.write_str("/")?;
            match segment {
                SegmentRule::Any => f.write_str("*")?,
                SegmentRule::Exactly(bytes) => {
                    for byte in bytes {
                        match byte {
                            b'*' | b'%' => write!(f, "%{byte:02X}")?,
                            byte if is_path_byte(*byte) => write!(f, "{}", char::from(*byte))?,
                            byte => write!(f, "%{byte:02X}")?,
                        }
                    }
                }
            }
        }
        if self.rest { f.write_str("/*") } else { Ok(()) }
    }
}

/// A path that every server understands in one way. Its segments are decoded once, and what they are then is compared.
///
/// Refused are: empty segments (`//`), but for the last one; segments of points alone, however they are written (`..`, `%2e.`, `..;x`);
/// `/`, `\`, and control characters behind `%`; what decodes to something with another `%41` in it; what is not UTF-8.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlainPath {
    segments: Vec<Vec<u8>>,
}

/// Why a path is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathFault {
    /// It does not begin with `/`.
    Relative,
    /// It is longer than [`PATH_BYTES`].
    Long,
    /// It has a byte that no path has.
    Character(u8),
    /// `%` without two digits.
    Percent,
    /// An encoded character that servers disagree about: `%2F`, `%5C`, `%00`.
    Encoded(u8),
    /// `%25` and two digits.
    Twice,
    /// `//`
    Empty,
    /// `.` or `..`, or what may be taken for it.
    Dots,
    /// It is not UTF-8 when it is decoded.
    Utf8,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relative => f.write_str("it does not begin with `/`"),
            Self::Long => f.write_str("it is too long"),
            Self::Character(byte) => write!(f, "`{}` has to be encoded in a path", byte.escape_ascii()),
            Self::Percent => f.write_str("`%` stands before two hexadecimal digits"),
            Self::Encoded(byte) => write!(f, "`%{byte:02X}` in a path means different things to different servers"),
            Self::Twice => f.write_str("it is encoded twice"),
            Self::Empty => f.write_str("`//` means different things to different servers"),
            Self::Dots => f.write_str("a part of points alone means different things to different servers"),
            Self::Utf8 => f.write_str("it is not UTF-8"),
        }
    }
}

/// The longest path.
pub const PATH_BYTES: usize = 8192;

impl PlainPath {
    /// Takes a path apart, which stands before any `?`.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn new(path: &[u8]) -> Result<Self, PathFault> {
        if path.len() > PATH_BYTES {
            return Err(PathFault::Long);
        }
        let rest = path.strip_prefix(b"/").ok_or(PathFault::Relative)?;
        let written: Vec<&[u8]> = rest.split(|byte| *byte == b'/').collect();
        let last = written.len() - 1;
        let mut segments = Vec::with_capacity(written.len());
        for (index, segment) in written.into_iter().enumerate() {
            let decoded = decode(segment)?;
            if decoded.is_empty() && index != last {
                return Err(PathFault::Empty);
            }
            if is_dots(&decoded) {
                return Err(PathFault::Dots);
            }
            if has_escape(&decoded) {
                return Err(PathFault::Twice);
            }
            if std::str::from_utf8(&decoded).is_err() {
                return Err(PathFault::Utf8);
            }
            segments.push(decoded);
        }
        Ok(Self { segments })
    }
}

impl PlainPath {
    /// The rule for this path and no other.
    pub fn rule(&self) -> PathRule {
        PathRule { segments: self.segments.iter().cloned().map(SegmentRule::Exactly).collect(), rest: false }
    }
}

fn decode(segment: &[u8]) -> Result<Vec<u8>, PathFault> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            if !is_path_byte(byte) {
                return Err(PathFault::Character(byte));
            }
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(PathFault::Percent) };
        let byte = (high * 16 + low) as u8;
        if matches!(byte, b'/' | b'\\' | 0..=0x1f | 0x7f) {
            return Err(PathFault::Encoded(byte));
        }
        decoded.push(byte);
    }
    Ok(decoded)
}

/// What may stand in a path as it is. `[` and `]` may not by the letter, but libraries leave them, and nobody takes them for something
/// else.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@[]".contains(&byte)
}

/// Whether some server may take a segment for `.` or `..`: points and spaces alone, up to a `;` (which begins parameters).
fn is_dots(segment: &[u8]) -> bool {
    let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
    name.contains(&b'.') && name.iter().all(|byte| matches!(byte, b'.' | b' '))
}

fn has_escape(decoded: &[u8]) -> bool {
    decoded.windows(3).any(|three| three[0] == b'%' && three[1].is_ascii_hexdigit() && three[2].is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
