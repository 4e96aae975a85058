//! The schema part of a `{"schema":…,"payload":…}` envelope.
//!
//! Connect repeats it, kilobytes of it, in every record, byte for byte the same until the table changes. So it is read
//! once (with serde_json: cold code) and afterwards compared as bytes, which also saves scanning it.

use rows::Field;
use serde::Deserialize;

use super::encoding::{FieldSchema, Semantic, by_schema, by_settings};
use super::options::DebeziumOptions;
use crate::convert::{Conversion, Unit};
use crate::problem::Problem;
use crate::scan::Scanner;

/// A schema as it stood in a record, and what follows from it for each column.
#[derive(Debug)]
struct Known {
    bytes: Box<[u8]>,
    conversions: Vec<Conversion>,
}

/// Schemas met lately, the last one first. A topic has one at a time; several topics or a rolling change, a few.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    known: Vec<Known>,
}

const KNOWN_MAX: usize = 4;

/// A schema larger than this is read anew for each record rather than kept.
const KNOWN_BYTES_MAX: usize = 64 << 10;

/// A larger one is refused: it would be that of some thousand columns.
const BYTES_MAX: usize = 256 << 10;

/// What reading a schema takes, in its bytes: a type's name of a few characters becomes a node of some 150 bytes.
const READING_FACTOR: usize = 10;

/// What reading the schema of a record of so many bytes takes for a moment.
pub(super) fn reading_memory(record_bytes: usize) -> usize {
    READING_FACTOR * record_bytes.min(BYTES_MAX)
}

/// No object begins so.
const UNRECOGNISABLE: &[u8] = b"-";

/// What [`Schemas`] holds at most.
pub(super) const MEMORY_MAX: usize = KNOWN_MAX * KNOWN_BYTES_MAX;

impl Schemas {
    /// Passes the schema at `scanner`, which is an object, and makes its conversions the [`Self::current`] ones.
    pub(super) fn read(
        &mut self,
        scanner: &mut Scanner<'_>,
        fields: &[Field],
        options: &DebeziumOptions,
    ) -> Result<(), Problem> {
        scanner.peek();
        if let Some(found) = self.known.iter().position(|known| scanner.eat(&known.bytes)) {
            self.known.get_mut(..=found).unwrap_or_default().rotate_right(1);
            return Ok(());
        }
        let bytes = scanner.skip()?;
        if bytes.len() > BYTES_MAX {
            return Err(Problem::reason(format!(
                "its schema has {} bytes, and at most {BYTES_MAX} are read",
                bytes.len()
            ))
            .hint("leave schemas out of the records: 'value.converter.schemas.enable'='false' in the connector"));
        }
        let schema: Node<'_> = serde_json::from_slice(bytes)
            .map_err(|error| Problem::reason(format!("the record's schema is not one of Kafka Connect: {error}")))?;
        let row = row_of(&schema);
        let conversion = |field: &Field| {
            let described = row.iter().find(|node| node.field.as_deref() == Some(field.name.as_str()));
            match described {
                Some(node) => by_schema(&field.ty, &node.described(), options),
                None => by_settings(&field.ty, options),
            }
        };
        let conversions = fields.iter().map(conversion).collect::<Option<_>>();
        let conversions = conversions.ok_or_else(|| Problem::reason("a column's type cannot be read (a bug)"))?;
        // Too large a schema is used for this record, but not recognised in the next one.
        let kept = if bytes.len() <= KNOWN_BYTES_MAX { bytes } else { UNRECOGNISABLE };
        self.known.truncate(KNOWN_MAX - 1);
        self.known.insert(0, Known { bytes: kept.into(), conversions });
        Ok(())
    }

    pub(super) fn memory(&self) -> usize {
        self.known.iter().map(|known| known.bytes.len()).sum()
    }

    /// The conversions of the schema read last.
    pub(super) fn current(&self) -> Option<&[Conversion]> {
        self.known.first().map(|known| known.conversions.as_slice())
    }
}

/// A node of a Connect schema.
#[derive(Debug, Deserialize)]
struct Node<'a> {
    #[serde(borrow, rename = "type")]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    fields: Vec<Node<'a>>,
    #[serde(borrow, default)]
    field: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    name: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    parameters: Option<Parameters<'a>>,
}

#[derive(Debug, Deserialize)]
struct Parameters<'a> {
    #[serde(borrow, default)]
    scale: Option<std::borrow::Cow<'a, str>>,
}

/// The fields of the row that an envelope's schema describes; a key's schema describes them itself.
fn row_of<'n>(schema: &'n Node<'n>) -> &'n [Node<'n>] {
    let image = |name: &str| schema.fields.iter().find(|node| node.field.as_deref() == Some(name));
    match image("after").filter(|node| node.kind == "struct").or_else(|| image("before")) {
        Some(row) if row.kind == "struct" => &row.fields,
        _ => &schema.fields,
    }
}

impl Node<'_> {
    fn described(&self) -> FieldSchema {
        FieldSchema { semantic: self.semantic(), is_text: self.kind == "string" }
    }

    fn semantic(&self) -> Option<Semantic> {
        Some(match self.name.as_deref()? {
            "org.apache.kafka.connect.data.Decimal" => {
                let scale = self.parameters.as_ref()?.scale.as_ref()?.parse().ok()?;
                Semantic::Decimal { scale }
            }
            "io.debezium.data.VariableScaleDecimal" => Semantic::VariableScaleDecimal,
            "io.debezium.time.Time" | "org.apache.kafka.connect.data.Time" => Semantic::Time(Unit::Millis),
            "io.debezium.time.MicroTime" => Semantic::Time(Unit::Micros),
            "io.debezium.time.NanoTime" => Semantic::Time(Unit::Nanos),
            "io.debezium.time.Timestamp" | "org.apache.kafka.connect.data.Timestamp" => {
                Semantic::Timestamp(Unit::Millis)
            }
            "io.debezium.time.MicroTimestamp" => Semantic::Timestamp(Unit::Micros),
            "io.debezium.time.NanoTimestamp" => Semantic::Timestamp(Unit::Nanos),
            _ => return None,
        })
    }
}
