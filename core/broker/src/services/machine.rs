//! What this machine knows of names and of who may vouch for them. The services are given it, so that they open nothing.

use cloison_contract::message::Machine;
use std::fs::File;
use std::io::Read;

/// Where distributions have the certificates that their users trust, as one file.
const ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What is read of one file; Debian's certificates have 200 KiB.
const MOST_BYTES: u64 = 2 << 20;

/// What the machine says now; of names only if `names`. What is not there is empty.
pub(super) fn read(names: bool) -> Machine {
    Machine {
        hosts: if names { contents("/etc/hosts") } else { Vec::new() },
        resolver: if names { contents("/etc/resolv.conf") } else { Vec::new() },
        roots: ROOTS.iter().map(|path| contents(path)).find(|text| !text.is_empty()).unwrap_or_default(),
    }
}

fn contents(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What cannot be read is as good as empty: names are then not found, certificates not trusted.
    let _ = File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
    bytes
}
