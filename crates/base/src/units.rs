//! Newtypes for the numbers that must not be mixed up.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// A number of bytes of memory or disk.
///
/// Displays with a binary unit (`128MiB`, `1.5GiB`), parses what a user writes (`64MiB`, `64m`, `1g`, `1048576`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteCount(pub u64);

impl ByteCount {
    pub const ZERO: Self = Self(0);

    /// `n` KiB.
    pub const fn kib(n: u64) -> Self {
        Self(n << 10)
    }

    /// `n` MiB.
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }

    pub const fn get(self) -> u64 {
        self.0
    }

    /// The count as an index type; saturates on 32-bit machines.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl From<usize> for ByteCount {
    fn from(n: usize) -> Self {
        Self(n as u64)
    }
}

impl Add for ByteCount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for ByteCount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for ByteCount {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for ByteCount {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Sum for ByteCount {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        Self(iter.map(|b| b.0).sum())
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        for (size, unit) in UNITS {
            if self.0 >= size {
                return if self.0.is_multiple_of(size) {
                    write!(f, "{}{unit}", self.0 / size)
                } else {
                    write!(f, "{:.1}{unit}", self.0 as f64 / size as f64)
                };
            }
        }
        write!(f, "{}B", self.0)
    }
}

impl std::str::FromStr for ByteCount {
    type Err = String;

    /// Accepts a number and an optional unit (`b`, `k`, `kb`, `kib`, `m`, …, case ignored); every unit is binary, as Flink's `MemorySize` has it.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no memory size; write a number with a unit, such as 128MiB or 2g");
        let text_trimmed = text.trim();
        let digits = text_trimmed.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text_trimmed.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let shift = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" | "bytes" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            "t" | "tb" | "tib" => 40,
            _ => return Err(wrong()),
        };
        number.checked_mul(1 << shift).map(Self).ok_or_else(wrong)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// The position of a record in one partition of a log, from 0; a `to` of a span is the offset after its last record.
    Offset(i64)
);
number!(
    /// The index of a partition in its topic, from 0.
    PartitionIndex(i32)
);
number!(
    /// The number of a checkpoint of one pipeline, from 1, growing by 1.
    Epoch(u64)
);
number!(
    /// Milliseconds since 1970-01-01T00:00:00Z, as the record says, not as our clock says.
    EventTime(i64)
);

impl Offset {
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Epoch {
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_users_write_them_and_print_back() {
        for (text, bytes, printed) in [
            ("128MiB", 128 << 20, "128MiB"),
            ("64m", 64 << 20, "64MiB"),
            ("2 g", 2 << 30, "2GiB"),
            ("1536k", 1536 << 10, "1.5MiB"),
            ("17", 17, "17B"),
        ] {
            let size: ByteCount = text.parse().unwrap();
            assert_eq!(size, ByteCount(bytes));
            assert_eq!(size.to_string(), printed);
        }
        for text in ["", "MiB", "12 parsecs", "99999999999t", "-1m"] {
            assert!(text.parse::<ByteCount>().is_err(), "{text} was accepted");
        }
    }
}
