//! Literals.

use std::sync::Arc;

use rows::LogicalType;

use crate::calendar_text;
use crate::error::TypeError;
use crate::expr::{Expr, Node};
use crate::kernel::decimal::{self, Shape};
use crate::scalar::Scalar;

impl Expr {
    fn literal(scalar: Scalar, ty: LogicalType) -> Self {
        let nullable = scalar == Scalar::Null;
        Self::new(Node::Literal(scalar), ty, nullable)
    }

    /// `NULL`, whose type the place where it stands decides.
    pub fn null() -> Self {
        Self::literal(Scalar::Null, LogicalType::Null)
    }

    pub fn boolean(value: bool) -> Self {
        Self::literal(Scalar::Boolean(value), LogicalType::Boolean)
    }

    /// `'…'`: CHAR of its length in characters.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let length = text.chars().count() as u32;
        Self::literal(Scalar::Text(text), LogicalType::Char(length))
    }

    /// `X'4142'`, without the prefix and quotes: BINARY of its length.
    pub fn bytes(hex: &str) -> Result<Self, TypeError> {
        let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
        let digits = digits
            .filter(|digits| digits.len() % 2 == 0)
            .ok_or_else(|| TypeError::new("Binary literal string must contain an even number of hexits"))?;
        let bytes: Arc<[u8]> = digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect();
        let length = bytes.len() as u32;
        Ok(Self::literal(Scalar::Bytes(bytes), LogicalType::Binary(length)))
    }

    /// A number as it is written, with or without a minus: INT, else BIGINT; with a point DECIMAL; with an exponent DOUBLE.
    pub fn number(text: &str) -> Result<Self, TypeError> {
        let out_of_range = || TypeError::new(format!("Numeric literal '{text}' out of range"));
        if text.contains(['e', 'E']) {
            let value: f64 = text.parse().map_err(|_| out_of_range())?;
            return Ok(Self::literal(Scalar::Double(value), LogicalType::Double));
        }
        if let Some((whole, fraction)) = text.split_once('.') {
            let scale = u8::try_from(fraction.len()).map_err(|_| out_of_range())?;
            let whole = whole.strip_prefix('-').unwrap_or(whole);
            let digits = whole.trim_start_matches('0').len().max(usize::from(!whole.is_empty())) + fraction.len();
            let precision = u8::try_from(digits.max(1)).ok().filter(|p| *p <= 38).ok_or_else(out_of_range)?;
            let value = decimal::parse(text, Shape { precision, scale }).ok().flatten().ok_or_else(out_of_range)?;
            return Ok(Self::literal(Scalar::Decimal(value), LogicalType::Decimal { precision, scale }));
        }
        if let Ok(value) = text.parse::<i32>() {
            return Ok(Self::literal(Scalar::Int(value), LogicalType::Int));
        }
        let value = text.parse::<i64>().map_err(|_| out_of_range())?;
        Ok(Self::literal(Scalar::BigInt(value), LogicalType::BigInt))
    }

    /// An INT.
    pub fn int(value: i32) -> Self {
        Self::literal(Scalar::Int(value), LogicalType::Int)
    }

    /// `DATE '…'`
    pub fn date(text: &str) -> Result<Self, TypeError> {
        let strict = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
        let day = calendar_text::date(text)
            .filter(|_| strict)
            .ok_or_else(|| TypeError::new(format!("Illegal DATE literal '{text}': not in format 'yyyy-MM-dd'")))?;
        Ok(Self::literal(Scalar::Date(day), LogicalType::Date))
    }

    /// `TIME '…'`: as many fractional digits as are written.
    pub fn time(text: &str) -> Result<Self, TypeError> {
        let micros = calendar_text::time(text)
            .filter(|_| text.bytes().filter(|byte| *byte == b':').count() == 2)
            .ok_or_else(|| TypeError::new(format!("Illegal TIME literal '{text}': not in format 'HH:mm:ss'")))?;
        Ok(Self::literal(Scalar::Time(micros), LogicalType::Time(fraction_digits(text))))
    }

    /// `TIMESTAMP '…'`: as many fractional digits as are written.
    pub fn timestamp(text: &str) -> Result<Self, TypeError> {
        let wrong =
            || TypeError::new(format!("Illegal TIMESTAMP literal '{text}': not in format 'yyyy-MM-dd HH:mm:ss'"));
        let precision = fraction_digits(text);
        let moment = calendar_text::timestamp(text).ok().filter(|_| text.contains(':')).ok_or_else(wrong)?;
        let value = moment.pack(precision).ok_or_else(wrong)?;
        Ok(Self::literal(Scalar::Timestamp(value), LogicalType::Timestamp(precision)))
    }

    /// The literal's value as an integer, where it is one: lengths, positions, precisions.
    pub fn as_integer_literal(&self) -> Option<i64> {
        match (&self.node, self.as_literal()) {
            (_, Some(Scalar::TinyInt(v))) => Some(i64::from(*v)),
            (_, Some(Scalar::SmallInt(v))) => Some(i64::from(*v)),
            (_, Some(Scalar::Int(v))) => Some(i64::from(*v)),
            (_, Some(Scalar::BigInt(v))) => Some(*v),
            (Node::Negate(inner), _) => inner.as_integer_literal().and_then(i64::checked_neg),
            _ => None,
        }
    }
}

fn fraction_digits(text: &str) -> u8 {
    text.rsplit_once('.').map_or(0, |(_, fraction)| fraction.len().min(9) as u8)
}
