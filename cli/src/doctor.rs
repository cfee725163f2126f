//! `cloison doctor`

use cloison_broker::doctor::{Findings, examine};
use cloison_broker::launch::Binaries;
use cloison_broker::warm::ServiceState;
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
    let binaries = Binaries::beside_this_one()?;
    let warm = crate::warm::look(&binaries);
    let findings = examine(binaries)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&as_json(&findings, warm.as_ref().ok().and_then(Option::as_ref)))?);
    } else {
        show("microprocess", &findings.microprocess);
        show("zone", &findings.zone);
        let verdict = if findings.complete() {
            "Every required layer is in force."
        } else {
            "A required layer is missing: `cloison run` refuses to start unless a manifest's `may_be_missing` names it."
        };
        println!("{verdict}");
        println!("Warm templates: {}", warm_line(&warm));
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

fn warm_line(warm: &anyhow::Result<Option<ServiceState>>) -> String {
    match warm {
        Ok(Some(state)) if state.same_build => crate::warm::line(state),
        Ok(Some(_)) => "those that are kept are of another build: `cloison down`, then `cloison up`.".into(),
        Ok(None) => "none are kept; `cloison up` makes `cloison run` start faster.".into(),
        Err(error) => printable::line(&format!("{error:#}")),
    }
}

fn as_json(findings: &Findings, warm: Option<&ServiceState>) -> Value {
    let side = |layers: &Result<Vec<Layer>, String>| match layers {
        Err(error) => json!({ "starts": false, "error": error, "layers": [] }),
        Ok(layers) => json!({ "starts": true, "layers": layers.iter().map(layer_as_json).collect::<Vec<_>>() }),
    };
    json!({
        "complete": findings.complete(),
        "microprocess": side(&findings.microprocess),
        "zone": side(&findings.zone),
        "warm": warm.map(crate::warm::as_json),
    })
}

fn layer_as_json(layer: &Layer) -> Value {
    let required = cloison_broker::doctor::required(&layer.name);
    json!({ "name": layer.name, "state": word(layer.state), "required": required, "detail": layer.detail })
}
