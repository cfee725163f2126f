//! How the command speaks: errors with their hints, colour only where somebody sees it.

use anyhow::Context;
use cloison_broker::application::LoadError;
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

/// A text without what a terminal would obey, or what would change the order of its letters: it may come from anybody's file.
pub fn printable(text: &str) -> String {
    let hidden = |one: char| {
        one.is_control() || matches!(one, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let show = |one: char| if hidden(one) { one.escape_unicode().to_string() } else { one.to_string() };
    text.chars().map(show).collect()
}

/// Show an error.
pub fn error(error: &anyhow::Error) {
    if let Some(LoadError::Manifests(mistakes)) = error.downcast_ref() {
        return eprint!("{}", mistakes.render(colour()));
    }
    let text = format!("{error:#}");
    if text.starts_with("Traceback (most recent call last)") {
        return eprintln!("{}", text.trim_end());
    }
    let (red, cyan, plain) = if colour() { ("\x1b[1;31m", "\x1b[1;36m", "\x1b[0m") } else { ("", "", "") };
    for (index, line) in text.trim_end().lines().enumerate() {
        let line = printable(line);
        match line.strip_prefix("hint: ") {
            Some(hint) => eprintln!("{cyan}hint{plain}: {hint}"),
            None if index == 0 => eprintln!("{red}error{plain}: {line}"),
            None => eprintln!("{line}"),
        }
    }
}

/// The exit status of an error.
pub fn status(error: &anyhow::Error) -> u8 {
    if error.is::<LoadError>() { 2 } else { 1 }
}

/// Print the broker's log to standard error.
pub fn trace(verbose: u8) {
    let level = match verbose {
        0 => "error",
        1 => "info",
        _ => "trace",
    };
    let filter = tracing_subscriber::EnvFilter::new(format!("cloison_broker={level}"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    subscriber.with_ansi(colour()).with_target(false).without_time().init();
}
