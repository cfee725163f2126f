//! Values that several tables have.
#![allow(dead_code, reason = "read for its shape alone")]

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Several values in one: `"4096"` or `"64 KiB"`.
macro_rules! text_or_number {
    ($(#[doc = $doc:literal])* $name:ident, $schema:tt) => {
        $(#[doc = $doc])*
        #[derive(Debug, Deserialize)]
        #[serde(transparent)]
        pub struct $name(toml::Value);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text_or_number!(
    /// Bytes.
    Size,
    {
        "description": "Bytes: a number, or a text with a unit.",
        "oneOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": "^\\s*[0-9][0-9_]*\\s*(B|KiB|MiB|GiB|TiB)\\s*$" }
        ]
    }
);

text_or_number!(
    /// The most bytes of a buffer.
    Max,
    {
        "description": "The most bytes: a number, a text with a unit, or an expression such as \"2 * n\".",
        "oneOf": [{ "type": "integer", "minimum": 1 }, { "type": "string", "minLength": 1 }]
    }
);

text_or_number!(
    /// A length of time.
    Duration,
    {
        "description": "A time with its unit: \"500 ms\", \"2 s\", \"5 min\".",
        "type": "string",
        "pattern": "^\\s*[0-9][0-9_]*\\s*[a-z]+\\s*$"
    }
);

text_or_number!(
    /// Arithmetic.
    Expression,
    {
        "description": "Arithmetic over whole numbers and parameters: \"n\", \"*n\", \"width * height\", \"return\", \"f(n)\"; in conditions also \"errno\".",
        "type": "string",
        "minLength": 1
    }
);

text_or_number!(
    /// A default, or a constant.
    Literal,
    { "description": "A number, a text, or a truth value.", "type": ["number", "string", "boolean", "array"] }
);

/// Only `true` says anything.
pub type Switch = bool;

/// One or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// By name.
pub type Named<T> = BTreeMap<String, T>;
