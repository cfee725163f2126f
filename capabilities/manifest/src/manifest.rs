//! `NAME.zone.toml` → [`Interface`].
//!
//! C text says what C says well (types), TOML what C cannot say: direction, length, ownership, errors, limits. Reading goes
//! in three steps, and each finds every mistake it can before the next one starts:
//!
//! 1. **read** (`raw`, `zone`, `sandbox`): keys, kinds of values, units. Nothing is known of C yet.
//! 2. **declare** (`types`, `declare`): each type's `c` becomes a definition, each function's a prototype; now all names are
//!    known. What types say of functions (`free`) is looked up.
//! 3. **resolve** (`shapes`, `returns`, `link`): each parameter gets its one [`Shape`](cloison_contract::shape::Shape), each
//!    function its way to fail, and what several functions must agree on is checked.
//!
//! # Keys
//!
//! [`KEYS`](crate::keys::KEYS) has all of them. `length`, `capacity`, `error_unless` and `error_if` are [expressions](cloison_contract::expression). `max` is a size; for an output whose
//! `capacity` names a parameter that nobody passes it may be an expression too, and gives the bytes of room:
//!
//! ```toml
//! c = "size_t ZSTD_compress(void *dst, size_t dstCapacity, const void *src, size_t srcSize, int level)"
//! dst = { out = true, capacity = "dstCapacity", max = "ZSTD_compressBound(srcSize)", length = "return" }
//! src = { in = true, length = "srcSize" }
//! ```
//!
//! Each key has a meaning where it stands, or is a mistake. What a pointer leads to is never guessed: it is said by a key,
//! or by a type whose objects are handles.
//!
//! A parameter that is called like one of a function's own keys stands in a table of its own:
//! `parameters = { doc = { in = true } }`.

mod declare;
mod link;
mod named;
mod names;
mod numbers;
mod raw;
mod returns;
mod sandbox;
mod shapes;
mod types;
mod world;
mod zone;

pub(crate) use declare::takes;
pub(crate) use sandbox::layers;

use crate::diagnostic::Diagnostics;
use crate::document::{DocumentReader, Table, read};
use crate::keys::TableName;
use cloison_contract::Interface;
use names::Attributes;
use world::World;

/// The most functions a manifest may have.
const MAX_FUNCTIONS: usize = 4096;

/// Reads a zone's manifest. `file_name` is what errors show.
pub fn parse(file_name: &str, text: &str) -> Result<Interface, Diagnostics> {
    read(file_name, text, manifest)
}

fn manifest(reader: &mut DocumentReader, root: Table<'_>) -> Option<Interface> {
    let mut root = root.of(TableName::Manifest);
    let zone = zone::zone(reader, root.take("zone"));
    let (mut sandbox, needs) = sandbox::sandbox(reader, root.take("sandbox"));
    let constants = named::constants(reader, root.take("constants"));
    let raw_exceptions = named::exceptions(reader, root.take("exceptions"));
    let raw_types = root.take("types").and_then(|value| raw::types(reader, &value)).unwrap_or_default();
    let raw_functions = root.take("functions").and_then(|value| raw::functions(reader, &value)).unwrap_or_default();
    reader.finish(root);
    let exceptions = named::sorted(reader, &raw_exceptions);
    let mut types = types::read(reader, &raw_types, &constants);
    let declarations = declare::declare(reader, &raw_functions, &types.names);
    sandbox::give(reader, &mut sandbox, needs, &declarations);
    types.link(reader, &declarations, &sandbox);
    let mut attributes = Attributes::default();
    types.take_names(reader, &mut attributes);
    named::take_names(reader, &mut attributes, &constants, &raw_exceptions);
    attributes.functions(reader, &raw_functions);
    let world = World {
        declarations: &declarations,
        types: &types,
        exceptions: &exceptions,
        sandbox: &sandbox,
        freeing: link::freeing(&raw_types, &raw_functions),
    };
    let functions = link::functions(reader, &world);
    let zone = zone?;
    Some(Interface {
        name: zone.name,
        version: zone.version,
        doc: zone.doc,
        source: reader.source.name.clone(),
        library: zone.library,
        sandbox,
        types: types.definitions,
        exceptions,
        constants: constants.into_iter().map(|constant| (constant.name.text, constant.value)).collect(),
        functions,
    })
}

#[cfg(test)]
mod tests;
