//! What is enforced on this kernel, found out by starting a real template and a real zone.

use crate::application::{LoadedApplication, ZoneSpecification};
use crate::broker::{Broker, BrokerError};
use crate::launch::Binaries;
use crate::zones::zone::START_DEADLINE;
use cloison_contract::layer::LayerName;
use cloison_contract::message::{Layer, LayerState, Run};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The layers of both kinds of process, or why one does not start.
#[derive(Debug)]
pub struct Findings {
    /// Of the template and all microprocesses.
    pub microprocess: Result<Vec<Layer>, String>,
    /// Of a zone.
    pub zone: Result<Vec<Layer>, String>,
}

impl Findings {
    /// Whether every required layer is on.
    pub fn complete(&self) -> bool {
        [&self.microprocess, &self.zone].into_iter().all(|layers| {
            layers
                .as_ref()
                .is_ok_and(|layers| layers.iter().all(|layer| layer.state == LayerState::On || !required(&layer.name)))
        })
    }
}

/// Whether a start stops when that layer is missing.
pub fn required(layer: &str) -> bool {
    LayerName::named(layer).is_some_and(LayerName::is_required)
}

/// Start both kinds of process with every layer allowed to be missing, so that all of them are reported.
pub fn examine(binaries: Binaries) -> Result<Findings, BrokerError> {
    let any: Vec<String> = LayerName::required().map(|layer| layer.to_string()).collect();
    let nothing = Run::Script { path: "<doctor>".into(), source: String::new(), argv: Vec::new() };
    let mut application = LoadedApplication::empty(nothing, PathBuf::from("cloison.toml"));
    application.may_be_missing.clone_from(&any);
    let mut specification = ZoneSpecification::bundled("libm")
        .and_then(Result::ok)
        .ok_or_else(|| std::io::Error::other("the bundled binding libm is damaged"))?;
    Arc::make_mut(&mut specification.interface).sandbox.may_be_missing = any;
    application.zones.push(specification);
    let mut broker = Broker::start(application, binaries)?;
    let microprocess = match broker.ready() {
        Ok(()) => Ok(broker.template_layers().to_vec()),
        Err(error) => Err(error.to_string()),
    };
    Ok(Findings { microprocess, zone: zone(&mut broker) })
}

fn zone(broker: &mut Broker) -> Result<Vec<Layer>, String> {
    let started = Instant::now();
    broker.start_zone(0)?;
    while started.elapsed() < START_DEADLINE + Duration::from_secs(1) {
        if let Some(layers) = broker.zone_layers(0)? {
            return Ok(layers);
        }
        broker.turn(Some(Duration::from_millis(20))).map_err(|error| error.to_string())?;
    }
    Err("the zone did not get ready in time".into())
}
