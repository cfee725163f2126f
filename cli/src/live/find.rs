//! Which application and which of its processes is meant.

use anyhow::{Context, anyhow, bail};
use cloison_broker::inspection::{ApplicationReport, Ask, InspectionAnswer, ProcessRow, socket};

/// A microprocess of a running application.
pub struct Found {
    pub application: String,
    pub broker: i32,
    pub number: u64,
    pub row: ProcessRow,
}

/// Ask an application.
pub fn ask(broker: i32, question: Ask) -> anyhow::Result<InspectionAnswer> {
    let answer = socket::ask(&socket::folder(), broker, question).map_err(|error| {
        anyhow!("application {broker} does not answer: {error}\nhint: `cloison ps` shows what is running")
    })?;
    match answer {
        InspectionAnswer::Version { version } => {
            bail!(
                "application {broker} was started by another version of cloison, which speaks version {version} of this protocol"
            )
        }
        answer => Ok(answer),
    }
}

/// One application.
pub fn report(broker: i32) -> anyhow::Result<ApplicationReport> {
    match ask(broker, Ask::Processes)? {
        InspectionAnswer::Report(report) => Ok(report),
        _ => bail!("application {broker} has answered another question"),
    }
}

/// All applications of this user. One that ends meanwhile is none.
pub fn reports() -> anyhow::Result<Vec<ApplicationReport>> {
    let folder = socket::folder();
    let running = socket::running(&folder).with_context(|| folder.display().to_string())?;
    let mut reports = Vec::new();
    for broker in &running {
        match report(*broker) {
            Ok(report) => reports.push(report),
            Err(_) if !socket::running(&folder)?.contains(broker) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(reports)
}

/// `APPLICATION.NUMBER`, or a number or a name in the only application that runs.
pub fn process(named: &str) -> anyhow::Result<Found> {
    let (report, process) = match named.split_once('.').map(|(broker, number)| (broker.parse(), number)) {
        Some((Ok(broker), number)) => (report(broker)?, number),
        _ => match <[_; 1]>::try_from(reports()?) {
            Ok([report]) => (report, named),
            Err(reports) if reports.is_empty() => bail!("no application of this user is running"),
            Err(reports) => {
                bail!("{} applications are running\nhint: say which: {}.{named}", reports.len(), reports[0].broker)
            }
        },
    };
    let number = process.parse::<u64>().ok();
    let is_meant = |row: &ProcessRow| match number {
        Some(number) => row.number == Some(number),
        None => row.name.as_deref() == Some(process) || row.names.iter().any(|name| name == process),
    };
    let ApplicationReport { application, broker, processes } = report;
    let mut meant: Vec<_> = processes.into_iter().filter(is_meant).filter_map(|row| Some((row.number?, row))).collect();
    match (meant.pop(), meant.len()) {
        (Some((number, row)), 0) => Ok(Found { application, broker, number, row }),
        (Some(_), others) => bail!(
            "{} processes of application {broker} are called {process:?}\nhint: say which by its number, as `cloison ps` shows it",
            others + 1
        ),
        (None, _) => {
            bail!("application {broker} has no process {process}\nhint: `cloison ps {broker}` shows those it has")
        }
    }
}
