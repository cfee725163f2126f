//! `zone = "http"`
//!
//! ```toml
//! [capabilities.api]
//! zone = "http"
//! allow = ["GET https://api.example.com/v1/*", "POST https://api.example.com/v1/items"]
//! secret = { header = "Authorization", from = "env:API_KEY", prefix = "Bearer " }
//! ```

use super::net::{entries, name_server, place};
use super::{CapabilityEntry, SecretSource, ServiceRequest};
use crate::application::Written;
use crate::diagnostic::Diagnostic;
use crate::document::{DocumentReader, Table, TableEntry};
use crate::keys::TableName;
use cloison_contract::host::HostService;
use cloison_contract::host::http::{
    HostRule, HttpRule, HttpSecret, HttpService, MOST_ENTRIES, SECRET_BYTES, Scheme, is_header_name, is_own_header,
    is_value_byte,
};
use cloison_contract::host::net::{MOST_NAME_SERVERS, NetHost};
use toml::de::DeValue;

const EXAMPLE: &str = "[\"GET https://api.example.com/v1/*\"]";
const SECRET_EXAMPLE: &str = "{ header = \"Authorization\", from = \"env:API_KEY\", prefix = \"Bearer \" }";

pub(super) fn read(reader: &mut DocumentReader, table: &mut Table<'_>, entry: &CapabilityEntry<'_>) -> ServiceRequest {
    let mut service = HttpService { capability: entry.name.to_owned(), ..HttpService::default() };
    match &entry.allow {
        Some(value) => service.rules = rules(reader, value),
        None => reader.missing(table, "allow", &format!("list the requests: `allow = {EXAMPLE}`; none are `[]`")),
    }
    let at = entry.allow.as_ref().map_or(entry.offset, |value| value.key_span.start);
    service.location = format!("{}:{}", reader.source.name, reader.location(at).line);
    (service.rate, service.requests) = (entry.rate, entry.calls);
    let mut sources = Vec::new();
    for (secret, source) in table.take("secret").map(|value| secrets(reader, &value, &service)).unwrap_or_default() {
        service.secrets.push(secret);
        sources.push(source);
    }
    if let Some(size) = table.take("request").and_then(|value| reader.size(&value)) {
        service.request_bytes = size;
    }
    if let Some(size) = table.take("response").and_then(|value| reader.size(&value)) {
        service.response_bytes = size;
    }
    if let Some(time) = table.take("time").and_then(|value| reader.duration(&value)) {
        service.time = time;
    }
    if let Some(count) = table.take("connections").and_then(|value| reader.count(&value)) {
        service.connections = count as u32;
    }
    if let Some(value) = table.take("addresses") {
        service.addresses = entries(reader, &value, MOST_ENTRIES, |reader, value| {
            let place = place(reader, value)?;
            if matches!(place.host, NetHost::Network { .. }) {
                return Some(place);
            }
            let hint = "as in \"10.1.0.0/16:443\"; hosts stand in `allow`";
            reader.error_with_hint(value.span.clone(), "an entry of `addresses` is an address or a network", hint);
            None
        });
    }
    if let Some(value) = table.take("name_servers") {
        service.name_servers = entries(reader, &value, MOST_NAME_SERVERS, name_server);
    }
    let certificates = table.take("ca").and_then(|value| reader.string(&value));
    ServiceRequest { secrets: sources, certificates, ..ServiceRequest::plain(HostService::Http(service)) }
}

fn rules(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Vec<HttpRule> {
    let DeValue::Array(array) = value.value else {
        reader.wrong_kind(value, "an array of requests", EXAMPLE);
        return Vec::new();
    };
    if array.len() > MOST_ENTRIES {
        reader.error(value.span.clone(), format!("`allow` has {MOST_ENTRIES} entries at most"));
    }
    let rule = |reader: &mut DocumentReader, value: TableEntry<'_>| {
        let written = reader.string(&value)?;
        match written.text.parse::<HttpRule>() {
            Ok(rule) => Some(rule),
            Err(mistake) => {
                reader.error_with_hint(written.span, mistake.message, mistake.hint);
                None
            }
        }
    };
    array.iter().filter_map(|element| rule(reader, value.element(element))).collect()
}

fn secrets(
    reader: &mut DocumentReader,
    value: &TableEntry<'_>,
    service: &HttpService,
) -> Vec<(HttpSecret, SecretSource)> {
    let DeValue::Array(array) = value.value else {
        return secret(reader, value, service).into_iter().collect();
    };
    if array.len() > MOST_ENTRIES {
        reader.error(value.span.clone(), format!("`secret` has {MOST_ENTRIES} entries at most"));
    }
    array.iter().filter_map(|element| secret(reader, &value.element(element), service)).collect()
}

fn secret(
    reader: &mut DocumentReader,
    value: &TableEntry<'_>,
    service: &HttpService,
) -> Option<(HttpSecret, SecretSource)> {
    let mut table = reader.table(value, "`secret`", SECRET_EXAMPLE)?.of(TableName::Secret);
    let [header, from] = ["header", "from"].map(|key| {
        let value = table.take(key);
        if value.is_none() {
            reader.missing(&table, key, &format!("as in {SECRET_EXAMPLE}"));
        }
        value
    });
    // First, and alone if it is wrong: whatever else is wrong is shown with its line, in which the secret itself may stand then.
    let from = match from {
        Some(value) => Some(source(reader, &value)?),
        None => None,
    };
    let header = header.and_then(|value| header_name(reader, &value));
    let prefix = table.take("prefix").map(|value| prefix(reader, &value));
    let hosts = table.take("hosts").map(|value| hosts(reader, &value, service));
    reader.finish(table);
    let prefix = prefix.unwrap_or(Some(String::new()))?;
    let secret = HttpSecret { header: header?, prefix, hosts: hosts.unwrap_or(Some(Vec::new()))? };
    let in_the_clear =
        |rule: &&HttpRule| rule.scheme == Scheme::Http && !rule.host.is_local() && secret.is_for_some_of(&rule.host);
    if let Some(rule) = service.rules.iter().find(in_the_clear) {
        let message = format!("the secret would not go with `{rule}`, where everybody on the way could read it");
        let hint = "use https://, or name the hosts that get the secret with `hosts`";
        reader.error_with_hint(value.span.clone(), message, hint);
        return None;
    }
    Some((secret, from?))
}

fn header_name(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<String> {
    let header = reader.string(value)?;
    if !is_header_name(&header.text) {
        let hint = "as in \"Authorization\"; what it says comes from `from`, with `prefix` before it";
        reader.error_with_hint(header.span, format!("`{}` cannot be the name of a header", header.text), hint);
        return None;
    }
    if is_own_header(&header.text) {
        let message = format!("`{}` says how a request is sent, and is written by the service", header.text);
        reader.error_with_hint(header.span, message, "as in \"Authorization\" or \"X-Api-Key\"");
        return None;
    }
    Some(header.text)
}

fn source(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<SecretSource> {
    let written = reader.string(value)?;
    let (kind, rest) = written.text.split_once(':').unwrap_or((written.text.as_str(), ""));
    // Behind the quotation mark and the word.
    let rest = Written { text: rest.to_owned(), span: written.span.clone() };
    match kind {
        "env" if is_variable(&rest.text) => return Some(SecretSource::Environment(rest)),
        "file" if !rest.text.is_empty() => return Some(SecretSource::File(rest)),
        _ => {}
    }
    // It may be the secret itself, which is in the file then; it is not said once more.
    let hint = "`\"env:API_KEY\"`, a variable, or `\"file:key.txt\"`, a file; never the secret itself, which has no place in this file";
    let message =
        format!("`from` in line {} says where the secret comes from", reader.location(written.span.start).line);
    let diagnostic = Diagnostic::whole_file(&reader.source, message).hint(hint);
    reader.push(diagnostic);
    None
}

fn is_variable(name: &str) -> bool {
    name.bytes()
        .enumerate()
        .all(|(index, byte)| byte == b'_' || byte.is_ascii_alphabetic() || index > 0 && byte.is_ascii_digit())
        && !name.is_empty()
}

fn prefix(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<String> {
    let prefix = reader.string(value)?;
    if prefix.text.len() <= SECRET_BYTES && prefix.text.bytes().all(is_value_byte) {
        return Some(prefix.text);
    }
    reader.error_with_hint(prefix.span, "this cannot stand in a header", "as in \"Bearer \"");
    None
}

fn hosts(reader: &mut DocumentReader, value: &TableEntry<'_>, service: &HttpService) -> Option<Vec<HostRule>> {
    let mut hosts = Vec::new();
    let written = reader.strings(value)?;
    if written.is_empty() {
        let hint = "leave `hosts` out for all hosts of `allow`, or leave out the secret";
        reader.error_with_hint(value.span.clone(), "a secret for no host", hint);
        return None;
    }
    for host in written {
        let Some(rule) = HostRule::new(&host.text) else {
            let hint = "as in `allow`, without scheme, port and path: \"api.example.com\"";
            reader.error_with_hint(host.span, format!("`{}` cannot be a host", host.text), hint);
            return None;
        };
        if !service.rules.is_empty() && !service.rules.iter().any(|other| rule.meets(&other.host)) {
            let message = format!("nothing may be requested of `{}`", host.text);
            reader.error_with_hint(host.span, message, "the hosts of `allow` are meant");
            return None;
        }
        hosts.push(rule);
    }
    Some(hosts)
}
