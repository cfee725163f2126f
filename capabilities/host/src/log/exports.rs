//! The functions of `log.zone.toml`: what C would be in another zone.
//!
//! `cloison-zone` calls them by the manifest: each address leads to as many bytes as the length beside it says, during the call.
//!
//! One of the modules of this crate that contain `unsafe`.

use super::{LOG, LogRecord};
use crate::pointers::{copied, number, symbols};
use cloison_contract::host::LogLevel;
use cloison_zone::serve::observer;
use rustix::io::Errno;
use std::ffi::{c_int, c_ulong};

symbols![
    /// The function of that name.
    log_write,
];

mod functions {
    use super::*;

    #[allow(clippy::too_many_arguments, reason = "the manifest's")]
    pub(super) unsafe extern "C" fn log_write(
        level: c_int,
        logger: *const u8,
        logger_length: c_ulong,
        message: *const u8,
        message_length: c_ulong,
        exception: *const u8,
        exception_length: c_ulong,
        fields: *const u8,
        fields_length: c_ulong,
    ) -> c_int {
        // SAFETY: the manifest's promise, see above.
        let copies = unsafe {
            [
                copied(logger, logger_length),
                copied(message, message_length),
                copied(exception, exception_length),
                copied(fields, fields_length),
            ]
        };
        let [logger, message, exception, fields] = copies.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let record = LogRecord { level: LogLevel::of_number(level), logger, message, exception, fields };
        let written = LOG.get().ok_or(Errno::NOSYS).and_then(|log| log.write(&record, observer::caller()));
        number(written.map(i64::from)) as c_int
    }
}
