//! What a job sets: the values of SET, read as sizes, durations and flags.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{ByteCount, Error, Result};

/// The SET statements and `--set` of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub values: BTreeMap<String, String>,
}

impl Settings {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// A size such as `128 MB`.
    pub fn size(&self, key: &str, default: ByteCount) -> Result<ByteCount> {
        self.parsed(key, default, |text| text.parse().map_err(|error: String| error))
    }

    /// A duration as Flink writes it (`5 s`, `200ms`, `10 min`).
    pub fn duration(&self, key: &str, default: Duration) -> Result<Duration> {
        self.parsed(key, default, parse_duration)
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &str, default: bool) -> Result<bool> {
        self.parsed(key, default, |text| match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(format!("'{text}' is neither true nor false")),
        })
    }

    fn parsed<T>(&self, key: &str, default: T, parse: impl Fn(&str) -> Result<T, String>) -> Result<T> {
        self.get(key)
            .map_or(Ok(default), |text| parse(text).map_err(|reason| Error::user(format!("setting '{key}': {reason}"))))
    }
}

/// Reads a duration as Flink's `TimeUtils` does: a number and a unit, milliseconds without one.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no duration; write a number with a unit, such as 5 s or 200 ms");
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let nanos_per_unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "ns" | "nano" | "nanosecond" | "nanoseconds" => 1,
        "us" | "µs" | "micro" | "microsecond" | "microseconds" => 1_000,
        "" | "ms" | "milli" | "millisecond" | "milliseconds" => 1_000_000,
        "s" | "sec" | "second" | "seconds" => 1_000_000_000,
        "m" | "min" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(nanos_per_unit).map(Duration::from_nanos).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_flink_reads_them() {
        for (text, millis) in
            [("5 s", 5_000), ("200ms", 200), ("10 min", 600_000), ("1500", 1_500), ("1 d", 86_400_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "5 parsecs", "-1 s", "999999999999 d"] {
            assert!(parse_duration(text).is_err(), "{text} was accepted");
        }
    }
}
