//! `cloison-host`: started by the broker, with its control socket as descriptor 0.

use cloison_transport::control::ControlError;
use cloison_zone::native::{inherited, signals};
use cloison_zone::serve::ServeError;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    signals::restore();
    let control = match inherited::control() {
        Ok(control) => Arc::new(control),
        Err(error) => {
            eprintln!("cloison-host: {error}\nhint: this program is started by `cloison`");
            return ExitCode::FAILURE;
        }
    };
    match cloison_host::start::run(&control) {
        Ok(ServeError::Control(ControlError::Closed)) => cloison_sandbox::end(0),
        Ok(ended) => {
            eprintln!("cloison-host: {ended}");
            cloison_sandbox::end(1)
        }
        Err(failure) => {
            eprintln!("cloison-host: {failure}");
            // If the broker is gone, there is nobody to tell.
            let _ = control.send(&failure.into_message(), &[]);
            ExitCode::FAILURE
        }
    }
}
