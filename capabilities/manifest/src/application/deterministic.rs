//! `[clock]` and `[random]`: what makes a run the same each time.

use crate::document::{DocumentReader, TableEntry};
use crate::keys::TableName;
use toml::de::DeValue;

/// The fastest clock, in millionths of real time.
const FASTEST_MILLIONTHS: f64 = 1e12;

/// A clock as an application asks for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockRequest {
    /// What it shows at first, in nanoseconds since 1970; without it, the machine's time.
    pub start_ns: Option<i64>,
    /// How fast it goes, in millionths of real time.
    pub rate_millionths: u64,
}

pub(super) fn clock(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<ClockRequest> {
    let mut table = reader.table(value, "[clock]", "{ start = \"2026-01-01T00:00:00Z\" }")?.of(TableName::Clock);
    let start_ns = table.take("start").and_then(|value| moment(reader, &value));
    let rate_millionths = table.take("rate").map_or(Some(1_000_000), |value| rate(reader, &value));
    reader.finish(table);
    Some(ClockRequest { start_ns, rate_millionths: rate_millionths? })
}

/// With its offset from UTC; without one, nobody could say when it is.
fn moment(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<i64> {
    let text = match value.value {
        // TOML has moments without quotes as well.
        DeValue::Datetime(moment) => moment.to_string(),
        _ => reader.string(value)?.text,
    };
    let found = text.parse::<jiff::Timestamp>().ok().and_then(|moment| i64::try_from(moment.as_nanosecond()).ok());
    if found.is_none() {
        let hint = "date, time and offset from UTC, as in \"2026-01-01T00:00:00Z\"; from 1678 to 2261";
        reader.error_with_hint(value.span.clone(), format!("`{}` is no moment", text.escape_debug()), hint);
    }
    found
}

fn rate(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<u64> {
    let number = match value.value {
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
        _ => {
            reader.wrong_kind(value, "a number", "60");
            return None;
        }
    };
    let millionths = number.map(|number| (number * 1e6).round());
    let fits = millionths.filter(|millionths| (0.0..=FASTEST_MILLIONTHS).contains(millionths));
    if fits.is_none() {
        reader.error(value.span.clone(), "`rate` must be from 0 to 1000000");
    }
    fits.map(|millionths| millionths as u64)
}

pub(super) fn random(reader: &mut DocumentReader, value: &TableEntry<'_>) -> Option<u64> {
    let mut table = reader.table(value, "[random]", "{ seed = 1 }")?.of(TableName::Random);
    let seed = table.take("seed");
    if seed.is_none() {
        reader.missing(&table, "seed", "as in `seed = 1`");
    }
    let seed = seed.and_then(|value| reader.count(&value));
    reader.finish(table);
    seed
}
