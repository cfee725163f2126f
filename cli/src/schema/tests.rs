use super::*;
use cloison_manifest::{application, bundled, manifest};
use serde_json::{Value, json};
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn what_is_committed_is_what_is_generated() {
    for (which, name) in [(Which::Application, "application"), (Which::Zone, "zone")] {
        let path = Path::new(ROOT).join(format!("schema/{name}.schema.json"));
        if std::env::var_os("CLOISON_BLESS").is_some() {
            std::fs::write(&path, text(which).unwrap()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text(which).unwrap(),
            "`cloison schema {name} -o schema/{name}.schema.json` says otherwise"
        );
    }
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let mut texts: Vec<(String, String)> =
        bundled::names().filter_map(bundled::find).map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    for entry in std::fs::read_dir(Path::new(ROOT).join("capabilities/manifest/tests/good")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            texts.push((path.display().to_string(), std::fs::read_to_string(path).unwrap()));
        }
    }
    assert!(texts.len() >= 4);
    let schema = json::schema(Which::Zone);
    for (name, text) in texts {
        assert!(manifest::parse(&name, &text).is_ok(), "{name}");
        assert_eq!(fits(&schema, &schema, &data(&text)), Ok(()), "{name}");
    }
    let text = std::fs::read_to_string(Path::new(ROOT).join("examples/zlib/cloison.toml")).unwrap();
    assert!(application::parse("cloison.toml", &text).is_ok());
    let schema = json::schema(Which::Application);
    assert_eq!(fits(&schema, &schema, &data(&text)), Ok(()));
    for profile in
        ["capabilities = [\"zlib\"]", "capabilities = { zlib = { allow = [\"crc32\"], calls = 3 } }\nnice = 3"]
    {
        let text = format!("{text}\n[microprocess.worker]\n{profile}\n");
        assert!(application::parse("cloison.toml", &text).is_ok(), "{text}");
        assert_eq!(fits(&schema, &schema, &data(&text)), Ok(()), "{text}");
    }
    let wrong = format!("{text}\n[microprocess.worker]\ncapabilities = {{ zlib = {{ zone = \"zlib\" }} }}\n");
    assert!(fits(&schema, &schema, &data(&wrong)).is_err(), "{wrong}");
}

#[test]
fn the_schema_refuses_what_is_no_key_and_what_is_no_value() {
    let schema = json::schema(Which::Zone);
    let zone = "name = \"t\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libt.so\" }\n";
    assert_eq!(fits(&schema, &schema, &data(&format!("[zone]\n{zone}"))), Ok(()));
    for wrong in [
        format!("[zone]\n{zone}nam = \"x\"\n"),
        format!("[zone]\n{zone}doc = 1\n"),
        format!("[zone]\n{zone}[sandbox]\nthreads = 0\n"),
        format!("[zone]\n{zone}[sandbox]\ninstances = \"several\"\n"),
        format!("[zone]\n{zone}[functions.f]\ninternal = true\n"),
        format!("[zone]\n{zone}[functions.f]\nc = \"int f(int a)\"\na = 1\n"),
    ] {
        assert!(fits(&schema, &schema, &data(&wrong)).is_err(), "{wrong}");
    }
}

fn data(text: &str) -> Value {
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    serde_json::to_value(table).unwrap()
}

/// As much of JSON Schema as ours use, but for patterns.
fn fits(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(root, &root["definitions"][name.trim_start_matches("#/definitions/")], value);
    }
    let wrong = |what: &str| Err(format!("{what}: {value} for {schema}"));
    let is = |name: &Value| match name.as_str() {
        Some("array") => value.is_array(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("object") => value.is_object(),
        Some("string") => value.is_string(),
        other => panic!("the type {other:?}"),
    };
    match &schema["type"] {
        Value::Null => {}
        Value::Array(several) if several.iter().any(is) => {}
        one if one.is_string() && is(one) => {}
        _ => return wrong("the type"),
    }
    for (word, least, most) in [("allOf", usize::MAX, usize::MAX), ("anyOf", 1, usize::MAX), ("oneOf", 1, 1)] {
        if let Some(choices) = schema[word].as_array() {
            let right = choices.iter().filter(|one| fits(root, one, value).is_ok()).count();
            if right < least.min(choices.len()) || right > most {
                return wrong(word);
            }
        }
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return wrong("const");
    }
    if let Some(number) = value.as_i64() {
        let (least, most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            return wrong("the bounds");
        }
    }
    if let Some(array) = value.as_array() {
        let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
        let length = array.len() as u64;
        if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
            return wrong("the length");
        }
        if schema.get("items").is_some() {
            array.iter().try_for_each(|one| fits(root, &schema["items"], one))?;
        }
    }
    if let Some(object) = value.as_object() {
        for required in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(required.as_str().unwrap()) {
                return wrong("what is required");
            }
        }
        for (name, value) in object {
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(property), _) => fits(root, property, value)?,
                (None, Value::Bool(false)) => return wrong("a key"),
                (None, Value::Null) => {}
                (None, others) => fits(root, others, value)?,
            }
        }
    }
    Ok(())
}

#[test]
fn the_judge_judges() {
    let schema = json!({ "definitions": { "one": { "type": "integer", "maximum": 3 } },
        "type": "object", "properties": { "a": { "$ref": "#/definitions/one" } }, "additionalProperties": false });
    assert!(fits(&schema, &schema, &json!({ "a": 3 })).is_ok());
    assert!(fits(&schema, &schema, &json!({ "a": 4 })).is_err());
    assert!(fits(&schema, &schema, &json!({ "b": 3 })).is_err());
}
