//! The identity of a row: the 128-bit keyed hash of its key columns.
//!
//! Key encoding, version 1: the key's columns in the order of their field ids; each is one byte (1) and its value:
//! integers of any width as 8 bytes little-endian, so that promoting `int` to `long` changes no hash, everything else as
//! [`super::cells`] lays it out. The hash is SipHash-1-3 with 128 bits under a random key kept with the table's index:
//! whoever chooses the data cannot choose collisions, and among 10^12 keys the chance of one is below 10^-14.

use arrow_schema::DataType;
use base::{Error, Result};
use siphasher::sip128::SipHasher13;

use super::cells::{Cell, Layout};

/// Version of the encoding above; an index of another version is rebuilt.
pub const KEY_VERSION: u32 = 1;

/// Hashes keys of one table.
#[derive(Clone, Debug)]
pub struct KeyHasher {
    layout: Layout,
    /// Growing indices of the key's columns.
    columns: Vec<usize>,
    hasher: SipHasher13,
}

impl KeyHasher {
    /// `columns` are the key's columns in `layout`; their order means nothing.
    pub fn new(layout: Layout, mut columns: Vec<usize>, secret: &[u8; 16]) -> Self {
        columns.sort_by_key(|column| field_id(&layout, *column));
        Self { layout, columns, hasher: SipHasher13::new_with_key(secret) }
    }

    /// The hash of the key of an encoded row. `scratch` is overwritten.
    ///
    /// # Errors
    /// A key column is NULL or absent.
    pub fn hash(&self, row: &[u8], scratch: &mut Vec<u8>) -> Result<u128> {
        scratch.clear();
        let last = self.columns.iter().copied().max().unwrap_or(0);
        let mut cells: [&[u8]; KEY_COLUMNS_MAX] = [&[]; KEY_COLUMNS_MAX];
        let mut rest = row;
        for column in 0..=last {
            let (cell, after) = self.layout.cell(column, rest).ok_or_else(|| Error::internal("a torn row"))?;
            if let Some(at) = self.columns.iter().position(|key| *key == column) {
                let Cell::Value(value) = cell else { return Err(self.missing(column)) };
                cells[at] = value;
            }
            rest = after;
        }
        for (column, value) in self.columns.iter().zip(cells) {
            scratch.push(1);
            match self.layout.schema().field(*column).data_type() {
                DataType::Int32 => {
                    let value = i32::from_le_bytes(value.try_into().unwrap_or_default());
                    scratch.extend_from_slice(&i64::from(value).to_le_bytes());
                }
                DataType::Utf8 | DataType::Binary => {
                    scratch.extend_from_slice(&(value.len() as u32).to_le_bytes());
                    scratch.extend_from_slice(value);
                }
                _ => scratch.extend_from_slice(value),
            }
        }
        Ok(self.hasher.hash(scratch).as_u128())
    }

    fn missing(&self, column: usize) -> Error {
        let name = self.layout.schema().field(column).name().clone();
        Error::user(format!("a row has no value in the key column '{name}'"))
            .hint("every row of an upsert table needs its whole primary key; filter such rows out in the SELECT")
    }

    /// The key of an encoded row as text, for messages: `id=17, line=3`.
    pub fn text(&self, row: &[u8]) -> String {
        let mut parts = Vec::new();
        let mut rest = row;
        for column in 0..self.layout.columns() {
            let Some((cell, after)) = self.layout.cell(column, rest) else { break };
            if self.columns.contains(&column) {
                let field = self.layout.schema().field(column);
                parts.push(format!("{}={}", field.name(), cell_text(field.data_type(), cell)));
            }
            rest = after;
        }
        parts.join(", ")
    }
}

/// More key columns than this are refused.
pub const KEY_COLUMNS_MAX: usize = 16;

/// The field id that the column carries; its index where it carries none.
pub fn field_id(layout: &Layout, column: usize) -> i64 {
    let metadata = layout.schema().field(column).metadata();
    metadata.get("PARQUET:field_id").and_then(|id| id.parse().ok()).unwrap_or(column as i64)
}

fn cell_text(ty: &DataType, cell: Cell<'_>) -> String {
    let Cell::Value(value) = cell else { return "NULL".to_owned() };
    match (ty, value.len()) {
        (DataType::Utf8, _) => String::from_utf8_lossy(value).into_owned(),
        (DataType::Int32 | DataType::Date32, _) => i32::from_le_bytes(value.try_into().unwrap_or_default()).to_string(),
        (DataType::Int64 | DataType::Timestamp(..) | DataType::Time64(_), _) => {
            i64::from_le_bytes(value.try_into().unwrap_or_default()).to_string()
        }
        (DataType::Decimal128(..), _) => i128::from_le_bytes(value.try_into().unwrap_or_default()).to_string(),
        _ => format!("{value:02x?}"),
    }
}
