//! `/etc/hosts` and `/etc/resolv.conf`, as resolver(5) and hosts(5) describe them. What makes no sense is skipped.

use cloison_contract::host::net::is_host_name;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::time::Duration;

/// HostNames that this machine knows by itself.
#[derive(Debug, Default)]
pub(super) struct Hosts(Vec<(IpAddr, Vec<String>)>);

impl Hosts {
    pub(super) fn read(text: &[u8]) -> Self {
        Self(
            lines(text)
                .iter()
                .filter_map(|words| {
                    let (address, names) = words.split_first()?;
                    Some((address.parse().ok()?, names.iter().map(|name| name.to_ascii_lowercase()).collect()))
                })
                .collect(),
        )
    }

    pub(super) fn find(&self, name: &str) -> Vec<IpAddr> {
        self.0.iter().filter(|(_, names)| names.iter().any(|own| own == name)).map(|(ip, _)| *ip).collect()
    }
}

/// Who is asked, and how.
#[derive(Debug)]
pub(super) struct NameServers {
    pub(super) servers: Vec<SocketAddr>,
    /// How long one of them may think.
    pub(super) timeout: Duration,
    /// How often all of them are asked.
    pub(super) attempts: u32,
    /// What is tried behind a name.
    search: Vec<String>,
    /// A name with so many dots is tried as it is first.
    dots: usize,
}

impl Default for NameServers {
    fn default() -> Self {
        Self { servers: Vec::new(), timeout: Duration::from_secs(5), attempts: 2, search: Vec::new(), dots: 1 }
    }
}

/// As the C library has it.
const MOST_SERVERS: usize = 3;
const MOST_SEARCH: usize = 6;

impl NameServers {
    /// These servers, in the usual way.
    pub(super) fn asking(servers: Vec<SocketAddr>) -> Self {
        Self { servers, ..Self::default() }
    }

    pub(super) fn read(text: &[u8]) -> Self {
        let mut this = Self::default();
        for words in lines(text) {
            match words.split_first().map(|(first, rest)| (first.as_str(), rest)) {
                Some(("nameserver", [address, ..])) if this.servers.len() < MOST_SERVERS => {
                    this.servers.extend(server(address));
                }
                Some(("search" | "domain", domains)) => {
                    let domains = domains.iter().map(|domain| domain.trim_end_matches('.').to_ascii_lowercase());
                    this.search = domains.filter(|domain| is_host_name(domain)).take(MOST_SEARCH).collect();
                }
                Some(("options", options)) => options.iter().for_each(|option| this.option(option)),
                _ => {}
            }
        }
        this
    }

    fn option(&mut self, option: &str) {
        let Some((name, Ok(value))) = option.split_once(':').map(|(name, value)| (name, value.parse::<u32>())) else {
            return;
        };
        match name {
            "ndots" => self.dots = value.min(15) as usize,
            "timeout" => self.timeout = Duration::from_secs(value.clamp(1, 30).into()),
            "attempts" => self.attempts = value.clamp(1, 5),
            _ => {}
        }
    }

    /// Under which names a name is asked for, in this order.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        let with = self.search.iter().map(|domain| format!("{name}.{domain}"));
        let alone = std::iter::once(name.to_owned());
        let all: Vec<_> = match name.matches('.').count() >= self.dots {
            true => alone.chain(with).collect(),
            false => with.chain(alone).collect(),
        };
        all.into_iter().filter(|name| is_host_name(name)).collect()
    }
}

/// `10.0.0.53`, `fe80::1%2`
fn server(text: &str) -> Option<SocketAddr> {
    match text.split_once('%') {
        Some((address, scope)) => Some(SocketAddrV6::new(address.parse().ok()?, 53, 0, scope.parse().ok()?).into()),
        None => Some(SocketAddr::new(text.parse().ok()?, 53)),
    }
}

/// The words of each line, without comments.
fn lines(text: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(text);
    let words = |line: &str| -> Vec<String> {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect()
    };
    text.lines().map(words).filter(|words| !words.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_machine() {
        let hosts = Hosts::read(
            b"127.0.0.1 localhost\n# 1.1.1.1 no\n10.0.0.5\tDB db.example # the database\n::1 db\nx y\n\xff\n",
        );
        assert_eq!(hosts.find("db"), ["10.0.0.5".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
        assert_eq!(hosts.find("db.example").len(), 1);
        assert!(hosts.find("no").is_empty() && hosts.find("y").is_empty());
        let text =
            b"; x\nnameserver 10.0.0.53\nnameserver fe80::1%2\nnameserver x\nnameserver 1.1.1.1\nnameserver 8.8.8.8\n\
                     search Corp.example. other.example -\noptions ndots:2 timeout:1 attempts:9 rotate ndots:x\n";
        let resolver = NameServers::read(text);
        let servers: Vec<_> = resolver.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["10.0.0.53:53", "[fe80::1%2]:53", "1.1.1.1:53"]);
        assert_eq!((resolver.timeout, resolver.attempts), (Duration::from_secs(1), 5));
        assert_eq!(resolver.candidates("a.b"), ["a.b.corp.example", "a.b.other.example", "a.b"]);
        assert_eq!(resolver.candidates("a.b.c"), ["a.b.c", "a.b.c.corp.example", "a.b.c.other.example"]);
        assert!(NameServers::read(b"").servers.is_empty());
    }
}
