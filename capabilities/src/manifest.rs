//! `NAME.zone.toml` → [`Interface`].
//!
//! C text says what C says well (types), TOML what C cannot say: direction, length, ownership, errors, limits. Reading goes
//! in three steps, and each finds every mistake it can before the next one starts:
//!
//! 1. **read** (`raw`, `zone`, `sandbox`): keys, kinds of values, units. Nothing is known of C yet.
//! 2. **declare** (`declare`): each function's `c` becomes a prototype; now all names are known.
//! 3. **resolve** (`roles`, `returns`, `link`): each parameter gets its one [`Role`](crate::interface::Role), each
//!    function its way to fail, and what several functions must agree on is checked.
//!
//! # Keys
//!
//! | table | keys |
//! |---|---|
//! | `[zone]` | `name`, `version`, `library` (`soname` or `path`, and `sha256`), `doc` |
//! | `[sandbox]` | `memory`, `deadline`, `instances`, `files`, `network`, `processes`, `descriptors`, `file_size`, `call_size`, `may_be_missing` |
//! | `[functions.NAME]` | `c`, `doc`, `internal`, `deadline`, `returns`, and one for each parameter |
//! | a parameter | `in`, `out`, `length`, `capacity`, `max`, `range`, `default`, `null`, `text`, `bytes` |
//! | `returns` | `error_unless`, `error_if`, `errno`, `message`, `value`, `text`, `bytes`, `null`, `free` |
//!
//! `length`, `capacity`, `error_unless` and `error_if` are [expressions](crate::expression). `max` is a size; for an output whose
//! `capacity` names a parameter that nobody passes it may be an expression too, and gives the bytes of room:
//!
//! ```toml
//! c = "size_t ZSTD_compress(void *dst, size_t dstCapacity, const void *src, size_t srcSize, int level)"
//! dst = { out = true, capacity = "dstCapacity", max = "ZSTD_compressBound(srcSize)", length = "return" }
//! src = { in = true, length = "srcSize" }
//! ```
//!
//! A parameter that is called like one of a function's own keys stands in a table of its own:
//! `parameters = { doc = { in = true } }`.

mod declare;
mod link;
mod numbers;
mod raw;
mod returns;
mod roles;
mod sandbox;
mod zone;

pub(crate) use declare::takes;
pub(crate) use raw::is_python_keyword;
pub(crate) use sandbox::layers;

use crate::Interface;
use crate::diagnostic::Diagnostics;
use crate::document::{Reader, Table, read};

/// The most functions a manifest may have.
const MAX_FUNCTIONS: usize = 4096;

/// Reads a zone's manifest. `file_name` is what errors show.
pub fn parse(file_name: &str, text: &str) -> Result<Interface, Diagnostics> {
    read(file_name, text, manifest)
}

fn manifest(reader: &mut Reader, mut root: Table<'_>) -> Option<Interface> {
    let zone = zone::zone(reader, root.take("zone"));
    let sandbox = sandbox::sandbox(reader, root.take("sandbox"));
    let functions = root.take("functions").and_then(|value| raw::functions(reader, &value));
    if let Some(types) = root.take("types") {
        let message = "types of one's own are not supported yet";
        let hint = "for now functions can take and return numbers, strings and buffers of numbers";
        reader.error_with_hint(types.key_span, message, hint);
    }
    reader.finish(root);
    let functions = functions.unwrap_or_default();
    let declared = declare::declare(reader, &functions);
    let functions = link::functions(reader, &declared, sandbox.call_bytes);
    let zone = zone?;
    Some(Interface {
        name: zone.name,
        version: zone.version,
        doc: zone.doc,
        source: reader.source.name.clone(),
        library: zone.library,
        sandbox,
        types: Vec::new(),
        exceptions: Vec::new(),
        constants: Vec::new(),
        functions,
    })
}

#[cfg(test)]
mod tests;
