//! `cloison add net`.

use super::document::Document;
use super::target::EditedManifest;
use super::{Addition, CommonArguments, service};
use anyhow::{Context, bail};
use cloison_contract::host::net::NetPlace;

/// Let the program connect to places, or be connected to
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("places").required(true).multiple(true))]
#[command(after_help = "Examples:
  cloison add net api.example.com:443
  cloison add net '*.example.org:443' 10.1.0.0/16:5432 localhost:6379
  cloison add net --listen 127.0.0.1:8000

Private and local addresses have to be named themselves: no name leads there.")]
pub struct NetArguments {
    /// Where it may connect to, as HOST:PORT; `*` is every port
    #[arg(group = "places", value_name = "PLACE")]
    connect: Vec<String>,
    /// An address of this machine at which it may be connected to
    #[arg(long, group = "places", value_name = "ADDRESS")]
    listen: Vec<String>,
    #[command(flatten)]
    common: CommonArguments,
}

const SERVICE: &str = "net";

impl Addition for NetArguments {
    fn common(&self) -> &CommonArguments {
        &self.common
    }

    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String> {
        for place in self.connect.iter().chain(&self.listen) {
            if let Err(wrong) = NetPlace::parse(place) {
                bail!("`{place}` is no place: {wrong}\nhint: {}", wrong.hint());
            }
        }
        let name = service::capability(target, SERVICE, self.common.name.as_deref())?;
        let keys = [("connect", &self.connect), ("listen", &self.listen)];
        if !target.application.capabilities.contains_key(&name) {
            let lines = keys.iter().filter(|(_, places)| !places.is_empty());
            let lines: String = lines.map(|(key, places)| format!("{key} = {}\n", service::array(places))).collect();
            document.insert(&name, &format!("zone = \"{SERVICE}\"\n{lines}"))?;
            return Ok(name);
        }
        let table = document.capability(&name).context("the capability is nowhere")?;
        for (key, places) in keys {
            service::extend(table, key, places)?;
        }
        Ok(name)
    }
}
