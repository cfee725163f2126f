//! The sources of the frozen standard library, for tracebacks, `inspect` and `pdb`: compressed by the build script, and
//! unpacked one at a time when somebody asks.

/// Name, where its source begins, and where it ends; in order of the names.
type Entry = (&'static str, usize, usize);

const INDEX: &[Entry] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));
static SOURCES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sources.bin"));

/// The source of a module, as zlib compresses.
pub fn compressed(name: &str) -> Option<&'static [u8]> {
    let found = INDEX.binary_search_by(|(known, ..)| (*known).cmp(name)).ok()?;
    let (_, start, end) = INDEX[found];
    SOURCES.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_sorted_and_knows_the_library_and_what_replaces_it() {
        assert!(INDEX.is_sorted_by(|(one, ..), (other, ..)| one < other));
        for name in ["json", "json.decoder", "os", "pyexpat", "cloison"] {
            assert!(compressed(name).is_some_and(|bytes| bytes[0] == 0x78), "{name}");
        }
        assert!(compressed("turtle").is_none(), "what is not frozen has no source here");
        assert_eq!(compressed("nowhere"), None);
    }
}
