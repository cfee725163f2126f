//! `zone = "log"`: records of the application's log.

use crate::Interface;
use serde::{Deserialize, Serialize};

/// Where records go, and which of them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LogService {
    /// The file, as the configuration has it, if it is not standard error.
    pub file: Option<String>,
    /// What is less than that is not written.
    pub level: LogLevel,
    /// How large the file may become before another one is begun.
    pub file_bytes: u64,
    /// How many earlier ones are kept.
    pub keep: u32,
}

/// How far a file may grow beyond its size until another one is begun, and has to stop growing.
pub const LOG_SLACK_BYTES: u64 = 1 << 20;

/// The most earlier files that can be kept.
pub const MOST_KEPT: u32 = 100;

impl Default for LogService {
    fn default() -> Self {
        Self { file: None, level: LogLevel::Debug, file_bytes: 10 << 20, keep: 5 }
    }
}

impl LogService {
    pub(super) fn configure(&self, interface: &mut Interface) {
        // Standard error may be a file that others write to, at any length.
        interface.sandbox.file_size_bytes = match &self.file {
            Some(_) => self.file_bytes.saturating_add(LOG_SLACK_BYTES),
            None => 1 << 40,
        };
    }
}

/// How much a record matters.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum LogLevel {
    /// What helps to find a mistake.
    Debug,
    /// What happens.
    Info,
    /// What may be a mistake.
    Warning,
    /// What has failed.
    Error,
    /// What has to be looked at now.
    Critical,
}

impl LogLevel {
    /// All of them, from the least.
    pub const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// Its word, in the configuration and in records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// The level of that name.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }

    /// What a number of Python's `logging` is.
    pub fn of_number(number: i32) -> Self {
        match number {
            50.. => Self::Critical,
            40.. => Self::Error,
            30.. => Self::Warning,
            20.. => Self::Info,
            _ => Self::Debug,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_logging() {
        for (number, level) in [(10, "debug"), (20, "info"), (30, "warning"), (40, "error"), (50, "critical")] {
            assert_eq!(LogLevel::of_number(number).word(), level);
            assert_eq!(LogLevel::find(level), Some(LogLevel::of_number(number + 9)));
        }
        assert_eq!((LogLevel::of_number(i32::MIN), LogLevel::of_number(0)), (LogLevel::Debug, LogLevel::Debug));
        assert!(LogLevel::find("WARN").is_none() && LogLevel::ALL.is_sorted());
    }
}
