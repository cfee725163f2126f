//! The table of keys as a JSON schema.

use super::Which;
use cloison_manifest::keys::{self, Key, Kind, TableName};
use serde_json::{Map, Value, json};

/// The schema of a file: its own table, and below `definitions` every table and kind of value that this leads to.
pub(super) fn schema(which: Which) -> Value {
    let (root, title) = match which {
        Which::Application => (TableName::Application, "Cloison application"),
        Which::Zone => (TableName::Manifest, "Cloison zone manifest"),
    };
    let mut definitions = Definitions::default();
    let mut schema = definitions.table(root);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!(title);
    schema["definitions"] = Value::Object(definitions.found);
    schema
}

#[derive(Default)]
struct Definitions {
    found: Map<String, Value>,
}

impl Definitions {
    fn table(&mut self, table: TableName) -> Value {
        let mut properties: Map<String, Value> =
            keys::of(table).map(|key| (key.name.to_owned(), self.property(key))).collect();
        if table.may_be_open() {
            let says = "What the author has yet to say; `cloison check` refuses it.";
            properties.insert(keys::DECIDE.to_owned(), json!({ "type": "string", "description": says }));
        }
        let others = table.others().map_or(json!(false), |others| self.refer_to(others));
        let mut schema = json!({
            "type": "object",
            "description": table.text().1,
            "properties": properties,
            "additionalProperties": others,
        });
        let required: Vec<_> = keys::of(table).filter(|key| key.required).map(|key| key.name).collect();
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    fn property(&mut self, key: &Key) -> Value {
        let mut schema = self.value(key.kind);
        // What stands beside `$ref` is ignored.
        if schema.get("$ref").is_some() {
            schema = json!({ "allOf": [schema] });
        }
        schema["description"] = json!(key.description());
        schema
    }

    fn value(&mut self, kind: Kind) -> Value {
        match kind {
            Kind::Choice(words) => {
                let word = |(word, says): &(&str, &str)| json!({ "const": word, "description": says });
                json!({ "type": "string", "oneOf": words.iter().map(word).collect::<Vec<_>>() })
            }
            Kind::Count(least, most) if most > 1 << 53 => json!({ "type": "integer", "minimum": least }),
            Kind::Count(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Kind::CountOrEntries(least, most, table) => json!({ "anyOf": [
                self.value(Kind::Count(least, most)),
                self.value(Kind::Entries(table)),
            ] }),
            Kind::Duration => self.shared(
                "Duration",
                json!({
                    "description": "A time with its unit: \"500 ms\", \"2 s\", \"5 min\".",
                    "type": "string",
                    "pattern": "^\\s*[0-9][0-9_]*\\s*[a-z]+\\s*$",
                }),
            ),
            Kind::Entries(table) => json!({ "type": "array", "items": self.refer_to(table) }),
            Kind::Expression => self.shared(
                "Expression",
                json!({
                    "description": "Arithmetic over whole numbers and parameters: \"n\", \"*n\", \"width * height\", \
                        \"return\", \"f(n)\"; in conditions also \"errno\".",
                    "type": ["string", "integer"],
                    "minLength": 1,
                }),
            ),
            Kind::Expressions => json!({ "type": "object", "additionalProperties": self.value(Kind::Expression) }),
            Kind::Literal => self.shared(
                "Literal",
                json!({
                    "description": "A number, a text, or a truth value; of complex numbers, two numbers.",
                    "type": ["number", "string", "boolean", "array"],
                }),
            ),
            Kind::Literals => json!({ "type": "object", "additionalProperties": self.value(Kind::Literal) }),
            Kind::Max(least, _) => json!({
                "oneOf": [{ "type": "integer", "minimum": least }, { "type": "string", "minLength": 1 }],
            }),
            Kind::Named(table) => json!({ "type": "object", "additionalProperties": self.refer_to(table) }),
            Kind::OneOrEntries(table) => {
                let one = self.refer_to(table);
                json!({ "anyOf": [one, { "type": "array", "items": one }] })
            }
            Kind::OneOrMany => self.shared(
                "OneOrMany",
                json!({
                    "description": "One or several.",
                    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
                }),
            ),
            Kind::Pattern(pattern) => json!({ "type": "string", "pattern": pattern }),
            Kind::Range => {
                json!({ "type": "array", "items": self.value(Kind::Literal), "minItems": 2, "maxItems": 2 })
            }
            Kind::Size(..) => self.shared(
                "Size",
                json!({
                    "description": "Bytes: a number, or a text with a unit.",
                    "oneOf": [
                        { "type": "integer", "minimum": 0 },
                        { "type": "string", "pattern": "^\\s*[0-9][0-9_]*\\s*(B|KiB|MiB|GiB|TiB)?\\s*$" },
                    ],
                }),
            ),
            Kind::Switch | Kind::Truth => json!({ "type": "boolean" }),
            Kind::Table(table) => self.refer_to(table),
            Kind::Text => json!({ "type": "string" }),
            Kind::TextOrByName => json!({ "anyOf": [self.value(Kind::Text), self.value(Kind::TextsByName)] }),
            Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Kind::TextsOrMany => {
                json!({ "type": "array", "items": { "anyOf": [self.value(Kind::Text), self.value(Kind::Texts)] } })
            }
            Kind::TextsOrNamed(table) => {
                json!({ "anyOf": [self.value(Kind::Texts), self.value(Kind::Named(table))] })
            }
            Kind::TextsByName => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        }
    }

    fn refer_to(&mut self, table: TableName) -> Value {
        let name = table.word();
        if !self.found.contains_key(name) {
            // Tables lead to themselves: a callback's parameters are parameters.
            self.found.insert(name.to_owned(), Value::Null);
            let schema = self.table(table);
            self.found.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    fn shared(&mut self, name: &str, schema: Value) -> Value {
        self.found.entry(name).or_insert(schema);
        json!({ "$ref": format!("#/definitions/{name}") })
    }
}
