//! How values are written, where there is more than one way, and what is wrong with a value.

use super::base64::Alphabet;

/// Why a value is no cell of its column. The caller names column, type and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Another kind of value, or text of another form: what was expected.
    Expected(&'static str),
    /// The right form, but no value of the column's type.
    OutOfRange,
}

/// How binary values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryForm {
    Base64(Alphabet),
    Hex,
}

/// How decimals that come as text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecimalForm {
    /// Digits; what does not fit the precision is NULL, as Flink has it.
    Digits,
    /// Digits; what does not fit the precision is at fault.
    CheckedDigits,
    /// Base64 of the big-endian two's complement of the unscaled value, of this scale.
    Unscaled { scale: i32 },
}

/// Which booleans besides `true` and `false` are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BooleanForm {
    /// Java's `parseBoolean`: "true" in any case is true, all other scalars are false.
    Lenient,
    /// 0, 1 and the two words.
    Strict,
}

impl BinaryForm {
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Base64(Alphabet::Standard) => "base64 text",
            Self::Base64(Alphabet::UrlSafe) => "url-safe base64 text",
            Self::Hex => "hexadecimal text",
        }
    }
}
