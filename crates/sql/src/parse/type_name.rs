//! Type names, all of Flink's; those that cannot flow yet are errors that say so.

use rows::LogicalType;
use rows::types::UNBOUNDED;

use super::cursor::{Parsed, Parser};
use crate::ast::DataType;
use crate::lex::TokenKind;
use crate::text::{Diagnostic, Span, did_you_mean};
use crate::unsupported::unsupported;

/// For the nearest name.
const TYPES: [&str; 28] = [
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
    "DEC",
    "NUMERIC",
    "CHAR",
    "VARCHAR",
    "STRING",
    "BINARY",
    "VARBINARY",
    "BYTES",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "MAP",
    "ARRAY",
    "MULTISET",
    "ROW",
    "RAW",
    "INTERVAL",
    "VARIANT",
];

const OTHER_TYPES: [&str; 8] = ["MULTISET", "ROW", "RAW", "INTERVAL", "VARIANT", "STRUCTURED", "NULL", "BITMAP"];

impl Parser<'_> {
    /// A type with its nullability: `INT NOT NULL`, `STRING NULL`.
    pub(super) fn data_type(&mut self) -> Parsed<DataType> {
        let start = self.here();
        let mut ty = self.nested(Self::type_name)?;
        while self.eat_word("ARRAY") {
            ty = LogicalType::Array(Box::new(ty));
        }
        if self.at_word("MULTISET") {
            return Err(unsupported(self.here(), "the type MULTISET"));
        }
        let nullable = !self.eat_words(&["NOT", "NULL"]);
        if nullable {
            self.eat_word("NULL");
        }
        Ok(DataType { ty, nullable, span: self.since(start) })
    }

    /// A type in a cast: without nullability.
    pub(super) fn cast_type(&mut self) -> Parsed<DataType> {
        let start = self.here();
        let ty = self.nested(Self::type_name)?;
        Ok(DataType { ty, nullable: true, span: self.since(start) })
    }

    fn type_name(&mut self) -> Parsed<LogicalType> {
        let span = self.here();
        let TokenKind::Word(word) = self.peek() else { return Err(self.unexpected("a type")) };
        let upper = word.to_ascii_uppercase();
        if OTHER_TYPES.contains(&upper.as_str()) {
            let known = "BOOLEAN, TINYINT to BIGINT, FLOAT, DOUBLE, DECIMAL, CHAR, VARCHAR, STRING, BINARY, VARBINARY, BYTES, DATE, \
                         TIME, TIMESTAMP, TIMESTAMP_LTZ, MAP, ARRAY";
            return Err(unsupported(span, format!("the type {upper}")).hint(format!("supported are {known}")));
        }
        self.advance();
        if let Some(ty) = plain_type(&upper) {
            return Ok(ty);
        }
        let ty = match upper.as_str() {
            "DOUBLE" => {
                self.eat_word("PRECISION");
                LogicalType::Double
            }
            "DECIMAL" | "DEC" | "NUMERIC" => self.decimal()?,
            "CHAR" | "CHARACTER" if self.eat_word("VARYING") => LogicalType::Varchar(self.length(UNBOUNDED)?),
            "CHAR" | "CHARACTER" => LogicalType::Char(self.length(1)?),
            "VARCHAR" => LogicalType::Varchar(self.length(UNBOUNDED)?),
            "BINARY" if self.eat_word("VARYING") => LogicalType::Varbinary(self.length(UNBOUNDED)?),
            "BINARY" => LogicalType::Binary(self.length(1)?),
            "VARBINARY" => LogicalType::Varbinary(self.length(UNBOUNDED)?),
            "TIME" => {
                let precision = self.precision(0)?;
                self.eat_words(&["WITHOUT", "TIME", "ZONE"]);
                LogicalType::Time(precision)
            }
            "TIMESTAMP" => self.timestamp()?,
            "TIMESTAMP_LTZ" => LogicalType::TimestampLtz(self.precision(6)?),
            "ARRAY" => {
                self.expect_mark("<")?;
                let item = self.data_type()?.ty;
                self.expect_mark(">")?;
                LogicalType::Array(Box::new(item))
            }
            "MAP" => {
                self.expect_mark("<")?;
                let key = self.data_type()?.ty;
                self.expect_mark(",")?;
                let value = self.data_type()?.ty;
                self.expect_mark(">")?;
                LogicalType::Map(Box::new(key), Box::new(value))
            }
            _ => return Err(unknown_type(span, word)),
        };
        Ok(ty)
    }

    /// `(p, s)`; DECIMAL alone is DECIMAL(10, 0).
    fn decimal(&mut self) -> Parsed<LogicalType> {
        if !self.eat_mark("(") {
            return Ok(LogicalType::Decimal { precision: 10, scale: 0 });
        }
        let precision = self.number_in("the precision of a DECIMAL", 1, 38)? as u8;
        let scale = if self.eat_mark(",") {
            self.number_in("the scale of this DECIMAL", 0, u32::from(precision))? as u8
        } else {
            0
        };
        self.expect_mark(")")?;
        Ok(LogicalType::Decimal { precision, scale })
    }

    fn timestamp(&mut self) -> Parsed<LogicalType> {
        let precision = self.precision(6)?;
        if self.at_words(&["WITH", "TIME", "ZONE"]) {
            return Err(unsupported(self.here(), "TIMESTAMP WITH TIME ZONE")
                .hint("TIMESTAMP_LTZ is a moment, shown in the zone of the session"));
        }
        if self.eat_words(&["WITH", "LOCAL", "TIME", "ZONE"]) {
            return Ok(LogicalType::TimestampLtz(precision));
        }
        self.eat_words(&["WITHOUT", "TIME", "ZONE"]);
        Ok(LogicalType::Timestamp(precision))
    }

    fn length(&mut self, default: u32) -> Parsed<u32> {
        self.in_parentheses(default, |this| this.number_in("a length", 1, UNBOUNDED))
    }

    fn precision(&mut self, default: u8) -> Parsed<u8> {
        self.in_parentheses(default, |this| this.number_in("the number of fractional digits", 0, 9).map(|n| n as u8))
    }

    fn in_parentheses<T>(&mut self, default: T, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if !self.eat_mark("(") {
            return Ok(default);
        }
        let value = inner(self)?;
        self.expect_mark(")")?;
        Ok(value)
    }

    fn number_in(&mut self, what: &str, least: u32, most: u32) -> Parsed<u32> {
        let TokenKind::Number(text) = self.peek() else { return Err(self.unexpected("a number")) };
        let span = self.advance();
        match text.parse::<u32>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(Diagnostic::error(span, format!("{what} is a number from {least} to {most}, not {text}"))),
        }
    }
}

/// The types that are one word.
fn plain_type(upper: &str) -> Option<LogicalType> {
    Some(match upper {
        "BOOLEAN" => LogicalType::Boolean,
        "TINYINT" => LogicalType::TinyInt,
        "SMALLINT" => LogicalType::SmallInt,
        "INT" | "INTEGER" => LogicalType::Int,
        "BIGINT" => LogicalType::BigInt,
        "FLOAT" => LogicalType::Float,
        "STRING" => LogicalType::STRING,
        "BYTES" => LogicalType::BYTES,
        "DATE" => LogicalType::Date,
        _ => return None,
    })
}

fn unknown_type(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(span, format!("unknown type '{word}'")).maybe_hint(did_you_mean(word, TYPES))
}
