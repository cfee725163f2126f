//! `cloison-zone`: started by the broker, with its control socket as descriptor 0.

use cloison_transport::control::{Control, ControlError};
use cloison_zone::serve::ServeError;
use cloison_zone::start::failure::Failure;
use cloison_zone::start::zone::Zone;
use cloison_zone::{native::inherited, native::signals};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    signals::restore();
    signals::explain_faults();
    let control = match inherited::control() {
        Ok(control) => Arc::new(control),
        Err(error) => {
            eprintln!("cloison-zone: {error}\nhint: this program is started by `cloison`");
            return ExitCode::FAILURE;
        }
    };
    match run(&control) {
        // Without the library's destructors: nothing of it runs any more when calls are not served.
        Ok(ServeError::Control(ControlError::Closed)) => cloison_sandbox::end(0),
        Ok(ended) => {
            eprintln!("cloison-zone: {ended}");
            cloison_sandbox::end(1)
        }
        Err(failure) => {
            eprintln!("cloison-zone: {failure}");
            // If the broker is gone, there is nobody to tell.
            let _ = control.send(&failure.into_message(), &[]);
            ExitCode::FAILURE
        }
    }
}

fn run(control: &Arc<Control>) -> Result<ServeError, Failure> {
    Ok(Zone::receive(control)?.jail()?.load()?.seal()?.serve())
}
