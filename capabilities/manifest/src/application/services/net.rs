//! `zone = "net"`
//!
//! ```toml
//! [capabilities.net]
//! zone = "net"
//! connect = ["api.example.com:443", "*.example.org:443", "10.1.0.0/16:*", "localhost:6379"]
//! listen = ["127.0.0.1:8000"]
//! ```

use super::ServiceRequest;
use crate::document::{DocumentReader, Table, TableEntry};
use cloison_contract::host::HostService;
use cloison_contract::host::net::{
    LOCALHOST, MOST_NAME_SERVERS, MOST_PLACES, NetHost, NetPlace, NetService, is_localhost,
};
use std::net::{IpAddr, SocketAddr};
use toml::de::DeValue;

pub(super) fn read(reader: &mut DocumentReader, table: &mut Table<'_>, offset: usize) -> ServiceRequest {
    let mut service = NetService::default();
    if let Some(value) = table.take("connect") {
        service.connect = entries(reader, &value, MOST_PLACES, place);
    }
    if let Some(value) = table.take("listen") {
        service.listen = entries(reader, &value, MOST_PLACES, own_place);
    }
    if let Some(value) = table.take("name_servers") {
        service.name_servers = entries(reader, &value, MOST_NAME_SERVERS, name_server);
    }
    if let Some(count) = table.take("connections").and_then(|value| reader.count(&value)) {
        service.connections = count as u32;
    }
    if let Some(size) = table.take("sent").and_then(|value| reader.size(&value)) {
        service.sent_bytes = size;
    }
    if let Some(size) = table.take("received").and_then(|value| reader.size(&value)) {
        service.received_bytes = size;
    }
    service.location = format!("{}:{}", reader.source.name, reader.location(offset).line);
    ServiceRequest { service: HostService::Net(service), folders: Vec::new() }
}

const EXAMPLE: &str = "[\"api.example.com:443\"]";

/// An array of texts, each of which `read` understands.
fn entries<T>(
    reader: &mut DocumentReader,
    value: &TableEntry<'_>,
    most: usize,
    read: impl Fn(&mut DocumentReader, &TableEntry<'_>) -> Option<T>,
) -> Vec<T> {
    let DeValue::Array(array) = value.value else {
        reader.wrong_kind(value, "an array of strings", EXAMPLE);
        return Vec::new();
    };
    if array.len() > most {
        reader.error(value.span.clone(), format!("`{}` has {most} entries at most", value.key));
    }
    array.iter().filter_map(|element| read(reader, &value.element(element))).collect()
}

fn place(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<NetPlace> {
    let written = reader.string(value)?;
    match NetPlace::parse(&written.text) {
        Ok(place) if place.port == Some(0) && value.key == "connect" => {
            reader.error_with_hint(written.span, "nobody can connect to port 0", "`*` is any port");
            None
        }
        Ok(place) => Some(place),
        Err(wrong) => {
            let message = format!("`{}` cannot be an entry of `{}`: {wrong}", written.text, value.key);
            reader.error_with_hint(written.span, message, wrong.hint());
            None
        }
    }
}

/// Of this machine: its addresses, and no names but the one that always means it.
fn own_place(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<NetPlace> {
    let place = place(reader, value)?;
    let (message, hint) = match &place.host {
        NetHost::Network { address: IpAddr::V4(_), prefix: 32 } => return Some(place),
        NetHost::Network { address: IpAddr::V6(_), prefix: 128 } => return Some(place),
        NetHost::Name(name) if is_localhost(name) => return Some(place),
        NetHost::Network { .. } => {
            ("a socket listens at one address", "all addresses of this machine are \"0.0.0.0:8000\" and \"[::]:8000\"")
        }
        NetHost::Any => {
            ("a socket listens at an address", "all addresses of this machine are \"0.0.0.0:8000\" and \"[::]:8000\"")
        }
        NetHost::Below(_) | NetHost::Name(_) => {
            ("a socket listens at an address, which a name is not", "as in \"127.0.0.1:8000\" or \"localhost:8000\"")
        }
    };
    reader.error_with_hint(value.span.clone(), message, hint);
    None
}

/// `10.0.0.53`, `[fd00::53]:5353`
fn name_server(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<SocketAddr> {
    let written = reader.string(value)?;
    let address = written.text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)).or_else(|_| written.text.parse());
    match address {
        Ok(address) if address.port() != 0 => Some(address),
        _ => {
            let hint =
                format!("an address, as in \"{}\" or \"10.0.0.53:5353\"; its port is 53 unless said", LOCALHOST[0]);
            reader.error_with_hint(written.span, format!("`{}` is no address of a name server", written.text), hint);
            None
        }
    }
}
