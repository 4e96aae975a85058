//! Between Flink's types and Iceberg's, and the difference of two schemas as text.
//!
//! | Flink | Iceberg |
//! |---|---|
//! | BOOLEAN, INT, BIGINT, FLOAT, DOUBLE, DATE | boolean, int, long, float, double, date |
//! | TINYINT, SMALLINT | int |
//! | DECIMAL(p, s) | decimal(p, s) |
//! | CHAR, VARCHAR, STRING | string |
//! | BINARY(n); VARBINARY, BYTES | fixed[n]; binary |
//! | TIME | time |
//! | TIMESTAMP, TIMESTAMP_LTZ to precision 6 | timestamp, timestamptz |
//! | … above | timestamp_ns, timestamptz_ns (v3) |

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use base::{Error, Result};
use rows::{Field, LogicalType};

use super::schema::{FIELD_ID_KEY, Schema};
use super::types::{NestedField, PrimitiveType, Type};

/// The Iceberg type of a column of a Flink type.
///
/// # Errors
/// There is none, or Millstream does not write it yet.
pub fn iceberg(field: &Field) -> Result<PrimitiveType> {
    Ok(match &field.ty {
        LogicalType::Boolean => PrimitiveType::Boolean,
        LogicalType::TinyInt | LogicalType::SmallInt | LogicalType::Int => PrimitiveType::Int,
        LogicalType::BigInt => PrimitiveType::Long,
        LogicalType::Float => PrimitiveType::Float,
        LogicalType::Double => PrimitiveType::Double,
        LogicalType::Decimal { precision, scale } => PrimitiveType::Decimal { precision: *precision, scale: *scale },
        LogicalType::Char(_) | LogicalType::Varchar(_) => PrimitiveType::String,
        LogicalType::Binary(length) => PrimitiveType::Fixed(*length),
        LogicalType::Varbinary(_) => PrimitiveType::Binary,
        LogicalType::Date => PrimitiveType::Date,
        LogicalType::Time(_) => PrimitiveType::Time,
        LogicalType::Timestamp(0..=6) => PrimitiveType::Timestamp,
        LogicalType::Timestamp(_) => PrimitiveType::TimestampNs,
        LogicalType::TimestampLtz(0..=6) => PrimitiveType::Timestamptz,
        LogicalType::TimestampLtz(_) => PrimitiveType::TimestamptzNs,
        LogicalType::Map(..) | LogicalType::Array(_) | LogicalType::Null => {
            return Err(Error::user(format!(
                "column '{}' has the type {}, which cannot be written to Iceberg tables",
                field.name, field.ty
            ))
            .hint("cast the column to STRING, or leave it out"));
        }
    })
}

/// The Flink type of a column of an Iceberg table.
///
/// # Errors
/// Millstream cannot read such columns.
pub fn logical(field: &NestedField) -> Result<LogicalType> {
    let unsupported = || {
        Err(Error::user(format!(
            "column '{}' has the Iceberg type {}, which Millstream cannot read or write",
            field.name, field.ty
        ))
        .hint("leave the column out"))
    };
    let Type::Primitive(primitive) = &field.ty else { return unsupported() };
    Ok(match primitive {
        PrimitiveType::Boolean => LogicalType::Boolean,
        PrimitiveType::Int => LogicalType::Int,
        PrimitiveType::Long => LogicalType::BigInt,
        PrimitiveType::Float => LogicalType::Float,
        PrimitiveType::Double => LogicalType::Double,
        PrimitiveType::Decimal { precision, scale } => LogicalType::Decimal { precision: *precision, scale: *scale },
        PrimitiveType::Date => LogicalType::Date,
        PrimitiveType::Time => LogicalType::Time(6),
        PrimitiveType::Timestamp => LogicalType::Timestamp(6),
        PrimitiveType::Timestamptz => LogicalType::TimestampLtz(6),
        PrimitiveType::TimestampNs => LogicalType::Timestamp(9),
        PrimitiveType::TimestamptzNs => LogicalType::TimestampLtz(9),
        PrimitiveType::String => LogicalType::STRING,
        PrimitiveType::Uuid => LogicalType::Binary(16),
        PrimitiveType::Fixed(length) => LogicalType::Binary(*length),
        PrimitiveType::Binary => LogicalType::BYTES,
        PrimitiveType::Unsupported(_) => return unsupported(),
    })
}

impl Schema {
    /// The schema of a new table: ids from 1 in the order of the columns; the key's columns are required.
    ///
    /// # Errors
    /// A column has a type that Iceberg tables cannot hold, or two columns share a name.
    pub fn from_rows(wanted: &rows::Schema) -> Result<Self> {
        let mut fields = Vec::with_capacity(wanted.fields.len());
        for (index, field) in wanted.fields.iter().enumerate() {
            if wanted.index_of(&field.name) != Some(index) {
                return Err(Error::user(format!("column '{}' is declared twice", field.name)));
            }
            let required = !field.nullable || wanted.key.contains(&index);
            fields.push(NestedField::new(index as i32 + 1, &field.name, iceberg(field)?, required));
        }
        let mut key: Vec<i32> = wanted.key.iter().map(|index| *index as i32 + 1).collect();
        key.sort_unstable();
        Ok(Self::new(0, fields, key))
    }

    /// The columns as rows have them. The key is in the order of the columns: Iceberg keeps it as a set.
    ///
    /// # Errors
    /// A column has a type that Millstream cannot read.
    pub fn to_rows(&self) -> Result<rows::Schema> {
        let fields: Result<Vec<Field>> =
            self.fields.iter().map(|field| Ok(Field::new(&field.name, logical(field)?, !field.required))).collect();
        let key = self.fields.iter().enumerate().filter(|(_, field)| self.is_identifier(field.id));
        Ok(rows::Schema::new(fields?).with_key(key.map(|(index, _)| index).collect()))
    }

    /// The Arrow schema of this table's data files as Millstream writes them: the layout of [`rows::LogicalType`] after
    /// Iceberg's widening (`TINYINT` is an `int`), with the field id of each column in its metadata.
    ///
    /// # Errors
    /// A column has a type that Millstream cannot write.
    pub fn arrow(&self) -> base::Result<SchemaRef> {
        let fields: base::Result<Vec<arrow_schema::Field>> = self
            .fields
            .iter()
            .map(|field| {
                let ty = logical(field)?;
                let id = HashMap::from([(FIELD_ID_KEY.to_owned(), field.id.to_string())]);
                let ty = match field.ty.primitive() {
                    Some(PrimitiveType::Fixed(length)) => arrow_schema::DataType::FixedSizeBinary(*length as i32),
                    Some(PrimitiveType::Uuid) => arrow_schema::DataType::FixedSizeBinary(16),
                    _ => ty.arrow(),
                };
                Ok(arrow_schema::Field::new(&field.name, ty, !field.required).with_metadata(id))
            })
            .collect();
        Ok(Arc::new(arrow_schema::Schema::new(fields?)))
    }
}

/// How the table's schema differs from what a statement declares, one line each; `None` if a job can write the declared
/// rows into the table as it is. Types are compared after mapping, so `TINYINT` equals `int`.
///
/// # Errors
/// A declared column has a type that no Iceberg table holds.
pub fn difference(table: &Schema, declared: &rows::Schema) -> Result<Option<String>> {
    let mut lines = Vec::new();
    for (index, field) in declared.fields.iter().enumerate() {
        let Some(there) = table.field_named(&field.name) else {
            lines.push(format!("column '{}' {} is declared, and the table has no such column", field.name, field.ty));
            continue;
        };
        if there.ty != Type::Primitive(iceberg(field)?) {
            let is = logical(there).map_or_else(|_| there.ty.to_string(), |ty| ty.to_string());
            lines.push(format!("column '{}' is declared as {}, and the table has {is}", field.name, field.ty));
        }
        let required = !field.nullable || declared.key.contains(&index);
        if there.required != required {
            let nullable = |required: bool| if required { "NOT NULL" } else { "nullable" };
            lines.push(format!(
                "column '{}' is declared {}, and the table has it {}",
                field.name,
                nullable(required),
                nullable(there.required)
            ));
        }
    }
    for field in table.fields.iter().filter(|field| declared.index_of(&field.name).is_none()) {
        lines.push(format!("the table has a column '{}' {}, which is not declared", field.name, field.ty));
    }
    let mut declared_key: Vec<&str> = declared.key.iter().map(|index| declared.fields[*index].name.as_str()).collect();
    let mut table_key: Vec<&str> =
        table.fields.iter().filter(|field| table.is_identifier(field.id)).map(|field| field.name.as_str()).collect();
    declared_key.sort_unstable();
    table_key.sort_unstable();
    if declared_key != table_key {
        lines.push(format!(
            "the primary key is declared as {}, and the table has {}",
            key(&declared_key),
            key(&table_key)
        ));
    }
    Ok((!lines.is_empty()).then(|| lines.join("\n")))
}

fn key(columns: &[&str]) -> String {
    if columns.is_empty() { "none".to_owned() } else { format!("({})", columns.join(", ")) }
}
