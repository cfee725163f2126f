//! `net`: places.

use cloison_contract::host::net::{NetPlace, NetService};

/// `connect …` and `listen …`
pub(super) fn grants(net: &NetService) -> Vec<String> {
    let lines = |word: &'static str, places: &[NetPlace]| {
        places.iter().map(move |place| format!("{word} {place}")).collect::<Vec<_>>()
    };
    [lines("connect", &net.connect), lines("listen", &net.listen)].concat()
}

/// What it gives, for people.
pub(super) fn describe(net: &NetService) -> String {
    let list = |places: &[NetPlace]| places.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut parts = Vec::new();
    if !net.connect.is_empty() {
        parts.push(format!("connect to {}", list(&net.connect)));
    }
    if !net.listen.is_empty() {
        parts.push(format!("listen at {}", list(&net.listen)));
    }
    if parts.is_empty() { "no connection".to_owned() } else { parts.join("; ") }
}
