//! `net`: places.

use cloison_contract::host::net::{NetPlace, NetService};

/// `connect …` and `listen …`
pub(super) fn grants(net: &NetService) -> Vec<String> {
    let lines = |word: &'static str, places: &[NetPlace]| {
        places.iter().map(move |place| format!("{word} {place}")).collect::<Vec<_>>()
    };
    [lines("connect", &net.connect), lines("listen", &net.listen)].concat()
}
