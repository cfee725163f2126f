//! The bindings that come with Cloison, as data: `zone = "zlib"` in `cloison.toml` means one of these.
//!
//! They are ordinary manifests, compiled in so that a lone `cloison` binary has them.

const BINDINGS: &[(&str, &str, &str)] = &[
    ("env", "env.zone.toml", include_str!("../bindings/env.zone.toml")),
    ("files", "files.zone.toml", include_str!("../bindings/files.zone.toml")),
    ("http", "http.zone.toml", include_str!("../bindings/http.zone.toml")),
    ("libm", "libm.zone.toml", include_str!("../bindings/libm.zone.toml")),
    ("log", "log.zone.toml", include_str!("../bindings/log.zone.toml")),
    ("net", "net.zone.toml", include_str!("../bindings/net.zone.toml")),
    ("process", "process.zone.toml", include_str!("../bindings/process.zone.toml")),
    ("sqlite3", "sqlite3.zone.toml", include_str!("../bindings/sqlite3.zone.toml")),
    ("zlib", "zlib.zone.toml", include_str!("../bindings/zlib.zone.toml")),
];

/// The file name and the text of the binding of that name.
pub fn find(name: &str) -> Option<(&'static str, &'static str)> {
    BINDINGS.iter().find(|(known, ..)| *known == name).map(|(_, file_name, text)| (*file_name, *text))
}

/// The names of all bindings, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    BINDINGS.iter().map(|(name, ..)| *name)
}
