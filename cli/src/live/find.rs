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

/// All applications of this user, and what is the matter with those that do not answer. One that ends meanwhile is none.
pub fn reports() -> anyhow::Result<(Vec<ApplicationReport>, Vec<anyhow::Error>)> {
    each(report)
}

/// The same, of whatever `report` asks for.
pub fn each<T>(report: impl Fn(i32) -> anyhow::Result<T>) -> anyhow::Result<(Vec<T>, Vec<anyhow::Error>)> {
    let folder = socket::folder();
    let running = socket::running(&folder).with_context(|| folder.display().to_string())?;
    let (mut reports, mut silent) = (Vec::new(), Vec::new());
    for broker in &running {
        match report(*broker) {
            Ok(report) => reports.push(report),
            Err(_) if !socket::running(&folder)?.contains(broker) => {}
            Err(error) => silent.push(error),
        }
    }
    Ok((reports, silent))
}

/// The only application that runs.
pub fn only(named: &str) -> anyhow::Result<ApplicationReport> {
    let (mut reports, mut silent) = reports()?;
    match (reports.pop(), silent.pop(), reports.len() + silent.len()) {
        (Some(report), None, 0) => Ok(report),
        (None, Some(error), 0) => Err(error),
        (None, None, _) => bail!("no application of this user is running"),
        (report, error, others) => {
            let count = others + usize::from(report.is_some()) + usize::from(error.is_some());
            let example = report.map_or_else(|| "NUMBER".to_owned(), |report| report.broker.to_string());
            bail!("{count} applications are running\nhint: say which: {example}.{named}")
        }
    }
}

/// `APPLICATION.NUMBER`, or a number or a name in the only application that runs.
pub fn process(named: &str) -> anyhow::Result<Found> {
    let (report, process) = match named.split_once('.').map(|(broker, number)| (broker.parse(), number)) {
        Some((Ok(broker), number)) => (report(broker)?, number),
        _ => (only(named)?, named),
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
