//! `cloison doctor`

use cloison_broker::doctor::{Findings, examine};
use cloison_broker::launch::Binaries;
use cloison_contract::message::{Layer, LayerState};
use cloison_contract::printable;
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct DoctorArguments {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &DoctorArguments) -> anyhow::Result<ExitCode> {
    let findings = examine(Binaries::beside_this_one()?)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&as_json(&findings))?);
    } else {
        show("microprocess", &findings.microprocess);
        show("zone", &findings.zone);
        let verdict = if findings.complete() {
            "Every required layer is in force."
        } else {
            "A required layer is missing: `cloison run` refuses to start unless a manifest's `may_be_missing` names it."
        };
        println!("{verdict}");
    }
    Ok(ExitCode::from(if findings.complete() { 0 } else { 1 }))
}

fn show(name: &str, layers: &Result<Vec<Layer>, String>) {
    println!("{name}");
    match layers {
        Err(error) => println!("  does not start: {}", printable::line(error)),
        Ok(layers) => {
            for layer in layers {
                let state = word(layer.state);
                println!("  {:<18} {state:<12} {}", layer.name, layer.detail);
            }
        }
    }
    println!();
}

fn word(state: LayerState) -> &'static str {
    match state {
        LayerState::Off => "off",
        LayerState::On => "on",
        LayerState::Unavailable => "unavailable",
    }
}

fn as_json(findings: &Findings) -> Value {
    let side = |layers: &Result<Vec<Layer>, String>| match layers {
        Err(error) => json!({ "starts": false, "error": error, "layers": [] }),
        Ok(layers) => json!({ "starts": true, "layers": layers.iter().map(layer_as_json).collect::<Vec<_>>() }),
    };
    json!({
        "complete": findings.complete(),
        "microprocess": side(&findings.microprocess),
        "zone": side(&findings.zone),
    })
}

fn layer_as_json(layer: &Layer) -> Value {
    let required = cloison_broker::doctor::required(&layer.name);
    json!({ "name": layer.name, "state": word(layer.state), "required": required, "detail": layer.detail })
}
