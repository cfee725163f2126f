//! How the command speaks: errors with their hints, colour only where somebody sees it.

use crate::log::Log;
use anyhow::Context;
use cloison_broker::application::LoadError;
use cloison_contract::printable;
use std::io::{IsTerminal, Write};
use std::path::Path;

/// Whether to colour what goes to standard error (<https://no-color.org>).
pub fn colour() -> bool {
    let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !forbidden && std::io::stderr().is_terminal()
}

/// What a command makes: to a file, or else to standard output.
pub fn data(path: Option<&Path>, text: &str) -> anyhow::Result<()> {
    match path {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string()),
        // A reader that has seen enough is no error.
        None => match std::io::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        },
    }
}

/// An end that is no failure of the command: what to say, and the exit status.
#[derive(Debug)]
pub struct ExitMessage {
    /// May be empty.
    pub message: String,
    /// The exit status.
    pub status: u8,
}

impl std::error::Error for ExitMessage {}

impl std::fmt::Display for ExitMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// `1 function`, `2 functions`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Show an error.
pub fn error(error: &anyhow::Error) {
    let _ = std::io::stderr().write_all(words(error).as_bytes());
}

/// What is shown of an error.
pub fn words(error: &anyhow::Error) -> String {
    if let Some(LoadError::Manifests(mistakes)) = error.downcast_ref() {
        return mistakes.render(colour());
    }
    let text = format!("{error:#}");
    if text.starts_with("Traceback (most recent call last)") {
        return printable::lines(text.trim_end()) + "\n";
    }
    let (red, cyan, plain) = if colour() { ("\x1b[1;31m", "\x1b[1;36m", "\x1b[0m") } else { ("", "", "") };
    let line = |(index, line): (usize, &str)| {
        let line = printable::line(line);
        match line.strip_prefix("hint: ") {
            Some(hint) => format!("{cyan}hint{plain}: {hint}\n"),
            None if index == 0 => format!("{red}error{plain}: {line}\n"),
            None => format!("{line}\n"),
        }
    };
    text.trim_end().lines().enumerate().map(line).collect()
}

/// The exit status of an error.
pub fn status(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<ExitMessage>() {
        Some(ending) => ending.status,
        None if error.is::<LoadError>() => 2,
        None => 1,
    }
}

/// Have the broker's log written by `log`.
pub fn trace(verbose: u8, log: &Log) {
    let level = match verbose {
        0 => "error",
        1 => "info",
        _ => "trace",
    };
    let filter = tracing_subscriber::EnvFilter::new(format!("cloison_broker={level}"));
    let lines = log.lines();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || lines.clone());
    subscriber.with_ansi(colour()).with_target(false).without_time().init();
}
