//! Avro schemas, as the header of a container file holds them (Avro 1.12 spec, "Schema Declaration"), with the field ids
//! that Iceberg adds. Schemas come from files, so they are data: depth and size are bounded, recursive ones refused.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::error::Error;

/// Nesting of a schema; Iceberg's manifests need 6.
const DEPTH_MAX: usize = 32;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Schema {
    Null,
    Boolean,
    /// `int` or `long`: both are one varint.
    Long,
    Float,
    Double,
    Bytes,
    Text,
    Fixed(usize),
    Enum,
    Array(Arc<Schema>),
    Map(Arc<Schema>),
    Union(Vec<Arc<Schema>>),
    Record(Vec<Field>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Iceberg's `field-id`.
    pub(crate) id: Option<i32>,
    pub(crate) schema: Arc<Schema>,
}

/// Reads a schema's JSON.
pub(crate) fn parse(json: &[u8]) -> Result<Arc<Schema>, Error> {
    let value: Value = serde_json::from_slice(json).map_err(|error| damaged(&error.to_string()))?;
    Parser { named: HashMap::new() }.schema(&value, 0)
}

fn damaged(what: &str) -> Error {
    Error::Damaged(format!("its Avro schema is wrong: {what}"))
}

struct Parser {
    /// Definitions that are complete; a name that is still being defined is not there, so recursion is refused.
    named: HashMap<String, Arc<Schema>>,
}

impl Parser {
    fn schema(&mut self, value: &Value, depth: usize) -> Result<Arc<Schema>, Error> {
        if depth > DEPTH_MAX {
            return Err(damaged("it is nested too deep"));
        }
        match value {
            Value::String(name) => self.reference(name),
            Value::Array(branches) => {
                let branches: Result<_, _> = branches.iter().map(|branch| self.schema(branch, depth + 1)).collect();
                Ok(Arc::new(Schema::Union(branches?)))
            }
            Value::Object(object) => match object.get("type") {
                Some(Value::String(kind)) => self.complex(kind, value, depth),
                Some(nested) => self.schema(nested, depth + 1),
                None => Err(damaged("an object has no type")),
            },
            _ => Err(damaged("a type is neither a name nor an object nor a union")),
        }
    }

    fn reference(&self, name: &str) -> Result<Arc<Schema>, Error> {
        Ok(Arc::new(match name {
            "null" => Schema::Null,
            "boolean" => Schema::Boolean,
            "int" | "long" => Schema::Long,
            "float" => Schema::Float,
            "double" => Schema::Double,
            "bytes" => Schema::Bytes,
            "string" => Schema::Text,
            name => {
                return self.named.get(name).cloned().ok_or_else(|| damaged(&format!("the type '{name}' is unknown")));
            }
        }))
    }

    fn complex(&mut self, kind: &str, value: &Value, depth: usize) -> Result<Arc<Schema>, Error> {
        let part = |name: &str| value.get(name).ok_or_else(|| damaged(&format!("'{kind}' without '{name}'")));
        let schema = match kind {
            "record" => {
                let fields = part("fields")?.as_array().ok_or_else(|| damaged("'fields' is no list"))?;
                let fields: Result<_, _> = fields.iter().map(|field| self.field(field, depth + 1)).collect();
                Arc::new(Schema::Record(fields?))
            }
            "array" => Arc::new(Schema::Array(self.schema(part("items")?, depth + 1)?)),
            "map" => Arc::new(Schema::Map(self.schema(part("values")?, depth + 1)?)),
            "enum" => Arc::new(Schema::Enum),
            "fixed" => {
                let size = part("size")?.as_u64().filter(|size| *size <= 1 << 20);
                Arc::new(Schema::Fixed(size.ok_or_else(|| damaged("a 'fixed' is too large"))? as usize))
            }
            name => return self.reference(name),
        };
        if let Some(name) = value.get("name").and_then(Value::as_str) {
            self.named.insert(name.to_owned(), schema.clone());
        }
        Ok(schema)
    }

    fn field(&mut self, value: &Value, depth: usize) -> Result<Field, Error> {
        let name = value.get("name").and_then(Value::as_str).ok_or_else(|| damaged("a field has no name"))?;
        let ty = value.get("type").ok_or_else(|| damaged("a field has no type"))?;
        let id = value.get("field-id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
        Ok(Field { name: name.to_owned(), id, schema: self.schema(ty, depth)? })
    }
}
