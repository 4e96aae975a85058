//! Which columns to read, and where a file has them: by field id, never by name or place.
//!
//! A file written before a column was added lacks it: its rows have NULL there. A column whose type was widened since
//! (int to long, float to double, a longer decimal) is widened on reading.

use std::collections::HashMap;

use arrow_schema::{Field, SchemaRef};
use base::{Error, Result};
use rows::LogicalType;
use serde::Deserialize;

use crate::metadata::schema::FIELD_ID_KEY;
use crate::metadata::{NestedField, Schema, TableMetadata, mapping};

/// A column to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The field id in the table.
    pub id: i32,
    pub name: String,
    /// The type in which it is wanted; the Arrow arrays have this type's layout.
    pub ty: LogicalType,
}

/// The columns to be read of a table, in the order in which they are wanted.
#[derive(Clone, Debug)]
pub struct Projection {
    pub columns: Vec<Column>,
    arrow: SchemaRef,
    /// The ids of columns in files that have no ids of their own (property `schema.name-mapping.default`).
    ids_by_name: HashMap<String, i32>,
}

/// Where a file has a wanted column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At this root of the file's schema.
    Root(usize),
    Missing,
}

impl Projection {
    /// Some columns of a table, each in the type that the table has.
    ///
    /// # Errors
    /// There is no such column, or Millstream cannot read its type.
    pub fn named(table: &TableMetadata, names: &[&str]) -> Result<Self> {
        let schema = table.current_schema();
        let columns: Result<Vec<Column>> = names
            .iter()
            .map(|name| {
                let field = field_named(schema, name)?;
                Ok(Column { id: field.id, name: field.name.clone(), ty: mapping::logical(field)? })
            })
            .collect();
        Self::of(schema, columns?, table)
    }

    /// All columns of a table, in its order.
    ///
    /// # Errors
    /// Millstream cannot read a column's type.
    pub fn all(table: &TableMetadata) -> Result<Self> {
        let names: Vec<&str> = table.current_schema().fields.iter().map(|field| field.name.as_str()).collect();
        Self::named(table, &names)
    }

    /// The columns of a job's rows, in the job's types: a `TINYINT` comes as `Int8` although the table has an `int`.
    ///
    /// # Errors
    /// There is no such column, or its type does not fit.
    pub fn as_rows(table: &TableMetadata, wanted: &rows::Schema) -> Result<Self> {
        let schema = table.current_schema();
        let mut columns = Vec::with_capacity(wanted.fields.len());
        for column in &wanted.fields {
            let field = field_named(schema, &column.name)?;
            if field.ty.primitive() != Some(&mapping::iceberg(column)?) {
                return Err(Error::user(format!(
                    "column '{}' is {} in the table, not {}",
                    field.name, field.ty, column.ty
                )));
            }
            columns.push(Column { id: field.id, name: field.name.clone(), ty: column.ty.clone() });
        }
        Self::of(schema, columns, table)
    }

    fn of(schema: &Schema, columns: Vec<Column>, table: &TableMetadata) -> Result<Self> {
        for field in columns.iter().filter_map(|column| schema.field(column.id)) {
            if field.initial_default.as_ref().is_some_and(|default| !default.is_null()) {
                return Err(Error::user(format!(
                    "column '{}' has an initial default, which cannot be read yet",
                    field.name
                ))
                .hint("leave the column out"));
            }
        }
        Ok(Self { ids_by_name: name_mapping(table)?, ..Self::bare(columns) })
    }

    /// Some of these columns, by their places here.
    #[must_use]
    pub fn pick(&self, places: &[usize]) -> Self {
        let columns = places.iter().filter_map(|place| self.columns.get(*place).cloned()).collect();
        Self { ids_by_name: self.ids_by_name.clone(), ..Self::bare(columns) }
    }

    /// Columns of files that are no data files of a table.
    pub(super) fn bare(columns: Vec<Column>) -> Self {
        let fields: Vec<Field> =
            columns.iter().map(|column| Field::new(&column.name, column.ty.arrow(), true)).collect();
        Self { columns, arrow: SchemaRef::new(arrow_schema::Schema::new(fields)), ids_by_name: HashMap::new() }
    }

    /// The Arrow schema of the batches.
    pub fn arrow(&self) -> &SchemaRef {
        &self.arrow
    }

    /// Finds the wanted columns in a file's schema.
    ///
    /// # Errors
    /// The file has no ids, and the table does not say which name has which id.
    pub(super) fn places(&self, file: &arrow_schema::Schema) -> Result<Vec<Place>> {
        let own_id = |field: &Field| field.metadata().get(FIELD_ID_KEY).and_then(|id| id.parse::<i32>().ok());
        let has_ids = file.fields().iter().any(|field| own_id(field).is_some());
        if !has_ids && self.ids_by_name.is_empty() {
            return Err(Error::user("its columns have no field ids, and the table has no name mapping")
                .hint("set the table's property schema.name-mapping.default, or rewrite the file"));
        }
        let id_of = |field: &Field| if has_ids { own_id(field) } else { self.ids_by_name.get(field.name()).copied() };
        let ids: HashMap<i32, usize> =
            file.fields().iter().enumerate().filter_map(|(root, field)| Some((id_of(field)?, root))).collect();
        Ok(self
            .columns
            .iter()
            .map(|column| ids.get(&column.id).map_or(Place::Missing, |root| Place::Root(*root)))
            .collect())
    }
}

fn field_named<'a>(schema: &'a Schema, name: &str) -> Result<&'a NestedField> {
    schema.field_named(name).ok_or_else(|| Error::user(format!("the table has no column '{name}'")))
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct MappedField {
    field_id: Option<i32>,
    #[serde(default)]
    names: Vec<String>,
}

fn name_mapping(table: &TableMetadata) -> Result<HashMap<String, i32>> {
    let Some(json) = table.properties.get("schema.name-mapping.default") else { return Ok(HashMap::new()) };
    let fields: Vec<MappedField> = serde_json::from_str(json).map_err(|error| {
        Error::user("the table's property schema.name-mapping.default is no name mapping").caused_by(error)
    })?;
    let pairs = fields.into_iter().filter_map(|field| Some((field.field_id?, field.names)));
    Ok(pairs.flat_map(|(id, names)| names.into_iter().map(move |name| (name, id))).collect())
}
