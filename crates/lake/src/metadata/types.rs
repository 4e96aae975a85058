//! Iceberg's types as table metadata spells them (spec, "Schemas and Data Types"; appendix C, "Schemas").
//!
//! Primitive types are strings (`"long"`, `"decimal(12, 2)"`, `"fixed[16]"`), nested ones objects. A primitive type that
//! this version does not know (`variant`, `geometry(…)`) is kept as it is spelled, so that rewriting a table's metadata
//! never loses a column that somebody else added.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The type of a column or of a part of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Type {
    Primitive(PrimitiveType),
    Nested(Box<NestedType>),
}

/// `struct`, `list` and `map`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum NestedType {
    Struct {
        fields: Vec<NestedField>,
    },
    #[serde(rename_all = "kebab-case")]
    List {
        element_id: i32,
        element: Type,
        element_required: bool,
    },
    #[serde(rename_all = "kebab-case")]
    Map {
        key_id: i32,
        key: Type,
        value_id: i32,
        value: Type,
        value_required: bool,
    },
}

/// A column of a table, or a field of a `struct`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NestedField {
    /// Unique in the table for ever; files refer to columns by it.
    pub id: i32,
    pub name: String,
    pub required: bool,
    #[serde(rename = "type")]
    pub ty: Type,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// The value of rows written before the column was added; v3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_default: Option<Value>,
    /// What this version does not know.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

impl NestedField {
    pub fn new(id: i32, name: impl Into<String>, ty: PrimitiveType, required: bool) -> Self {
        let (name, ty) = (name.into(), Type::Primitive(ty));
        Self { id, name, required, ty, doc: None, initial_default: None, unknown: Map::new() }
    }
}

/// A type without parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PrimitiveType {
    Boolean,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    Float,
    Double,
    Decimal {
        precision: u8,
        scale: u8,
    },
    /// Days since 1970.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds since 1970, without zone.
    Timestamp,
    /// Microseconds since 1970 UTC.
    Timestamptz,
    /// Nanoseconds since 1970, without zone; v3.
    TimestampNs,
    /// Nanoseconds since 1970 UTC; v3.
    TimestamptzNs,
    String,
    Uuid,
    /// Exactly so many bytes.
    Fixed(u32),
    Binary,
    /// Spelled as in the metadata; columns of it can be kept but not read or written.
    Unsupported(String),
}

/// Prints as table metadata spells it.
impl fmt::Display for PrimitiveType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Decimal { precision, scale } => return write!(f, "decimal({precision}, {scale})"),
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::Timestamptz => "timestamptz",
            Self::TimestampNs => "timestamp_ns",
            Self::TimestamptzNs => "timestamptz_ns",
            Self::String => "string",
            Self::Uuid => "uuid",
            Self::Fixed(length) => return write!(f, "fixed[{length}]"),
            Self::Binary => "binary",
            Self::Unsupported(text) => text,
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primitive(primitive) => primitive.fmt(f),
            Self::Nested(nested) => match nested.as_ref() {
                NestedType::Struct { .. } => f.write_str("struct<…>"),
                NestedType::List { element, .. } => write!(f, "list<{element}>"),
                NestedType::Map { key, value, .. } => write!(f, "map<{key}, {value}>"),
            },
        }
    }
}

impl FromStr for PrimitiveType {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "date" => Self::Date,
            "time" => Self::Time,
            "timestamp" => Self::Timestamp,
            "timestamptz" => Self::Timestamptz,
            "timestamp_ns" => Self::TimestampNs,
            "timestamptz_ns" => Self::TimestamptzNs,
            "string" => Self::String,
            "uuid" => Self::Uuid,
            "binary" => Self::Binary,
            _ => decimal(text).or_else(|| fixed(text)).unwrap_or_else(|| Self::Unsupported(text.to_owned())),
        })
    }
}

fn decimal(text: &str) -> Option<PrimitiveType> {
    let (precision, scale) = text.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    (1..=38).contains(&precision).then_some(())?;
    (scale <= precision).then_some(PrimitiveType::Decimal { precision, scale })
}

fn fixed(text: &str) -> Option<PrimitiveType> {
    let length: i32 = text.strip_prefix("fixed[")?.strip_suffix(']')?.trim().parse().ok()?;
    u32::try_from(length).ok().map(PrimitiveType::Fixed)
}

impl Serialize for PrimitiveType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PrimitiveType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let Ok(ty) = text.parse();
        Ok(ty)
    }
}

impl Type {
    pub fn primitive(&self) -> Option<&PrimitiveType> {
        match self {
            Self::Primitive(primitive) => Some(primitive),
            Self::Nested(_) => None,
        }
    }

    /// The largest field id in this type, for `last-column-id`.
    pub(crate) fn largest_id(&self) -> i32 {
        match self {
            Self::Primitive(_) => 0,
            Self::Nested(nested) => match nested.as_ref() {
                NestedType::Struct { fields } => {
                    fields.iter().map(|field| field.id.max(field.ty.largest_id())).max().unwrap_or(0)
                }
                NestedType::List { element_id, element, .. } => *element_id.max(&element.largest_id()),
                NestedType::Map { key_id, key, value_id, value, .. } => {
                    *key_id.max(value_id).max(&key.largest_id()).max(&value.largest_id())
                }
            },
        }
    }
}
