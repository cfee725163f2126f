//! Which name has led to which address.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How many pairs of a name and an address are kept; the oldest go first, and have to be asked for again.
const MOST: usize = 4096;

/// What names have led to, in this process.
#[derive(Debug, Default)]
pub(in crate::net) struct Remembered(Mutex<Pairs>);

#[derive(Debug, Default)]
struct Pairs {
    names: BTreeMap<IpAddr, BTreeSet<String>>,
    order: VecDeque<(IpAddr, String)>,
}

impl Remembered {
    pub(super) fn note(&self, name: &str, found: &[IpAddr]) {
        let mut pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ip in found.iter().map(IpAddr::to_canonical) {
            if pairs.names.entry(ip).or_default().insert(name.to_owned()) {
                pairs.order.push_back((ip, name.to_owned()));
            }
        }
        while pairs.order.len() > MOST {
            let Some((ip, name)) = pairs.order.pop_front() else { return };
            if let Some(names) = pairs.names.get_mut(&ip) {
                names.remove(&name);
                if names.is_empty() {
                    pairs.names.remove(&ip);
                }
            }
        }
    }

    /// The first name that has led there of which `test` holds.
    pub(in crate::net) fn find(&self, ip: IpAddr, test: impl Fn(&str) -> bool) -> Option<String> {
        let pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pairs.names.get(&ip.to_canonical())?.iter().find(|name| test(name)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn the_oldest_are_forgotten() {
        let remembered = Remembered::default();
        let ip = |number: usize| IpAddr::from(Ipv4Addr::from_bits(0x0101_0000 + number as u32));
        for number in 0..=MOST {
            remembered.note("a.example", &[ip(number), ip(number)]);
        }
        assert_eq!(remembered.find(ip(0), |_| true), None);
        assert_eq!(remembered.find(ip(1), |_| true).as_deref(), Some("a.example"));
        assert_eq!(remembered.find(ip(1), |name| name != "a.example"), None);
        assert_eq!(remembered.0.lock().unwrap().names.len(), MOST);
    }
}
