//! The session's time zone: UTC or a fixed offset.

use crate::error::TypeError;

/// A fixed offset from UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    offset_seconds: i32,
}

impl Zone {
    pub const UTC: Self = Self { offset_seconds: 0 };

    /// As `table.local-time-zone` has it: `UTC`, `GMT+05:30`. Names of regions, which Flink knows too, are refused: their offset changes.
    pub fn parse(text: &str) -> Result<Self, TypeError> {
        let wrong = || {
            TypeError::new(format!("the time zone '{text}' is not supported")).hint(
                "use UTC or a fixed offset such as GMT+08:00; regions with daylight saving time are not supported yet",
            )
        };
        if matches!(text, "UTC" | "GMT" | "Z" | "Etc/UTC" | "Etc/GMT") {
            return Ok(Self::UTC);
        }
        let rest = text.strip_prefix("GMT").ok_or_else(wrong)?;
        let (sign, digits) = match (rest.strip_prefix('+'), rest.strip_prefix('-')) {
            (Some(digits), _) => (1, digits),
            (_, Some(digits)) => (-1, digits),
            _ => return Err(wrong()),
        };
        let mut seconds = 0;
        let mut parts = digits.split(':');
        for (limit, unit) in [(18, 3600), (59, 60), (59, 1)] {
            let Some(part) = parts.next() else { break };
            let number: i32 = part.parse().map_err(|_| wrong())?;
            if part.len() > 2 || !part.bytes().all(|byte| byte.is_ascii_digit()) || number > limit {
                return Err(wrong());
            }
            seconds += number * unit;
        }
        if parts.next().is_some() || seconds > 18 * 3600 {
            return Err(wrong());
        }
        Ok(Self { offset_seconds: sign * seconds })
    }

    /// What to add to UTC to get the local time.
    pub fn offset_seconds(self) -> i64 {
        i64::from(self.offset_seconds)
    }
}
