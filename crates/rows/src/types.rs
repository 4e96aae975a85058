//! Flink's logical types, as far as they flow, and the Arrow layout of each.
//!
//! One layout per type, so that a kernel exists once per type: strings are `Utf8`, bytes `Binary`, decimals
//! `Decimal128`, times microseconds since midnight, timestamps microseconds since 1970 up to precision 6 and nanoseconds above.

use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};

/// A type as Flink SQL has it, without its nullability, which belongs to the [`Field`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LogicalType {
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    /// Precision 1 to 38, scale 0 to precision.
    Decimal {
        precision: u8,
        scale: u8,
    },
    Char(u32),
    /// `STRING` is `VARCHAR(2147483647)`.
    Varchar(u32),
    Binary(u32),
    /// `BYTES` is `VARBINARY(2147483647)`.
    Varbinary(u32),
    Date,
    /// Fractional digits 0 to 9; held in microseconds.
    Time(u8),
    /// Without time zone; fractional digits 0 to 9.
    Timestamp(u8),
    /// A moment, shown in the session's zone; fractional digits 0 to 9.
    TimestampLtz(u8),
    /// `MAP<STRING, BYTES>` and the like; only as a metadata column for now.
    Map(Box<LogicalType>, Box<LogicalType>),
    Array(Box<LogicalType>),
    /// The type of a bare NULL literal.
    Null,
}

/// The length by which Flink means "as long as it likes".
pub const UNBOUNDED: u32 = 2_147_483_647;

impl LogicalType {
    pub const STRING: Self = Self::Varchar(UNBOUNDED);
    pub const BYTES: Self = Self::Varbinary(UNBOUNDED);

    /// The Arrow type that columns of this type have.
    pub fn arrow(&self) -> DataType {
        let unit = |precision: u8| if precision <= 6 { TimeUnit::Microsecond } else { TimeUnit::Nanosecond };
        match self {
            Self::Boolean => DataType::Boolean,
            Self::TinyInt => DataType::Int8,
            Self::SmallInt => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
            Self::Char(_) | Self::Varchar(_) => DataType::Utf8,
            Self::Binary(_) | Self::Varbinary(_) => DataType::Binary,
            Self::Date => DataType::Date32,
            Self::Time(_) => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp(precision) => DataType::Timestamp(unit(*precision), None),
            Self::TimestampLtz(precision) => DataType::Timestamp(unit(*precision), Some("UTC".into())),
            Self::Map(key, value) => {
                let entries = DataType::Struct(
                    vec![
                        arrow_schema::Field::new("key", key.arrow(), false),
                        arrow_schema::Field::new("value", value.arrow(), true),
                    ]
                    .into(),
                );
                DataType::Map(Arc::new(arrow_schema::Field::new("entries", entries, false)), false)
            }
            Self::Array(item) => DataType::List(Arc::new(arrow_schema::Field::new("item", item.arrow(), true))),
            Self::Null => DataType::Null,
        }
    }
}

/// Prints as Flink's `asSummaryString`.
impl fmt::Display for LogicalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::Int => f.write_str("INT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            Self::Char(n) => write!(f, "CHAR({n})"),
            Self::Varchar(UNBOUNDED) => f.write_str("STRING"),
            Self::Varchar(n) => write!(f, "VARCHAR({n})"),
            Self::Binary(n) => write!(f, "BINARY({n})"),
            Self::Varbinary(UNBOUNDED) => f.write_str("BYTES"),
            Self::Varbinary(n) => write!(f, "VARBINARY({n})"),
            Self::Date => f.write_str("DATE"),
            Self::Time(p) => write!(f, "TIME({p})"),
            Self::Timestamp(p) => write!(f, "TIMESTAMP({p})"),
            Self::TimestampLtz(p) => write!(f, "TIMESTAMP_LTZ({p})"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Array(item) => write!(f, "ARRAY<{item}>"),
            Self::Null => f.write_str("NULL"),
        }
    }
}

/// A named column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub ty: LogicalType,
    pub nullable: bool,
}

impl Field {
    pub fn new(name: impl Into<String>, ty: LogicalType, nullable: bool) -> Self {
        Self { name: name.into(), ty, nullable }
    }
}

/// The columns of a stream or table, and which of them identify a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    pub fields: Vec<Field>,
    /// Indices into `fields`, in the key's own order; empty for none.
    pub key: Vec<usize>,
}

impl Schema {
    pub fn new(fields: Vec<Field>) -> Self {
        Self { fields, key: Vec::new() }
    }

    #[must_use]
    pub fn with_key(mut self, key: Vec<usize>) -> Self {
        self.key = key;
        self
    }

    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The Arrow schema of the columns of its batches. Every field is nullable there: a key-only delete has nothing else.
    pub fn arrow(&self) -> arrow_schema::SchemaRef {
        let fields: Vec<_> =
            self.fields.iter().map(|field| arrow_schema::Field::new(&field.name, field.ty.arrow(), true)).collect();
        Arc::new(arrow_schema::Schema::new(fields))
    }
}
