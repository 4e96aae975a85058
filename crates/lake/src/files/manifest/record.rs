//! From Avro values to entries: fields are found by id, and by nothing else, so it does not matter who named them how.

use crate::files::avro::{Error, Field, Schema, Value};

use super::data_file::{Content, DataFile, FileFormat, Metrics};
use super::entry::{FieldSummary, ManifestContent, ManifestEntry, ManifestFile, Status};
use super::layout::id;

/// A record and the fields of its schema.
struct Record<'a> {
    fields: &'a [Field],
    values: Vec<Value>,
}

fn damaged(what: String) -> Error {
    Error::Damaged(what)
}

impl<'a> Record<'a> {
    fn new(fields: &'a [Field], value: Value) -> Result<Self, Error> {
        match value {
            Value::Record(values) if values.len() == fields.len() => Ok(Self { fields, values }),
            _ => Err(damaged("an entry is no record".to_owned())),
        }
    }

    fn index(&self, id: i32) -> Option<usize> {
        self.fields.iter().position(|field| field.id == Some(id))
    }

    /// Moves a value out; NULL if the file lacks the field.
    fn take(&mut self, id: i32) -> Value {
        self.index(id).map_or(Value::Null, |index| std::mem::replace(&mut self.values[index], Value::Null))
    }

    fn wrong(&self, id: i32) -> Error {
        let name = self.index(id).map_or("?", |index| self.fields[index].name.as_str());
        damaged(format!("the field {id} ('{name}') of an entry is missing or of a wrong type"))
    }

    fn optional_long(&mut self, id: i32) -> Result<Option<i64>, Error> {
        match self.take(id) {
            Value::Null => Ok(None),
            Value::Long(value) => Ok(Some(value)),
            _ => Err(self.wrong(id)),
        }
    }

    fn long(&mut self, id: i32) -> Result<i64, Error> {
        self.optional_long(id)?.ok_or_else(|| self.wrong(id))
    }

    /// A count or a size.
    fn count(&mut self, id: i32) -> Result<i64, Error> {
        self.long(id).and_then(|value| if value >= 0 { Ok(value) } else { Err(self.wrong(id)) })
    }

    fn int(&mut self, id: i32, default: i64) -> Result<i32, Error> {
        let value = self.optional_long(id)?.unwrap_or(default);
        i32::try_from(value).map_err(|_| self.wrong(id))
    }

    fn optional_text(&mut self, id: i32) -> Result<Option<String>, Error> {
        match self.take(id) {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value)),
            _ => Err(self.wrong(id)),
        }
    }

    fn text(&mut self, id: i32) -> Result<String, Error> {
        self.optional_text(id)?.ok_or_else(|| self.wrong(id))
    }

    fn optional_bytes(&mut self, id: i32) -> Result<Option<Vec<u8>>, Error> {
        match self.take(id) {
            Value::Null => Ok(None),
            Value::Bytes(value) => Ok(Some(value)),
            _ => Err(self.wrong(id)),
        }
    }

    fn items(&mut self, id: i32) -> Result<Vec<Value>, Error> {
        match self.take(id) {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => Ok(items),
            _ => Err(self.wrong(id)),
        }
    }

    fn longs(&mut self, id: i32) -> Result<Vec<i64>, Error> {
        let items = self.items(id)?;
        let number = |value| if let Value::Long(value) = value { Ok(value) } else { Err(self.wrong(id)) };
        items.into_iter().map(number).collect()
    }

    /// A map with int keys, ascending by key. Pairs are records of key and value, in this order.
    fn map<T>(&mut self, id: i32, value: impl Fn(Value) -> Option<T>) -> Result<Vec<(i32, T)>, Error> {
        let mut pairs = Vec::new();
        for pair in self.items(id)? {
            let Value::Record(pair) = pair else { return Err(self.wrong(id)) };
            let Ok([Value::Long(key), item]) = <[Value; 2]>::try_from(pair) else { return Err(self.wrong(id)) };
            let key = i32::try_from(key).map_err(|_| self.wrong(id))?;
            pairs.push((key, value(item).ok_or_else(|| self.wrong(id))?));
        }
        pairs.sort_unstable_by_key(|(key, _)| *key);
        Ok(pairs)
    }

    fn long_map(&mut self, id: i32) -> Result<Vec<(i32, i64)>, Error> {
        self.map(id, |value| if let Value::Long(value) = value { Some(value) } else { None })
    }

    fn bytes_map(&mut self, id: i32) -> Result<Vec<(i32, Vec<u8>)>, Error> {
        self.map(id, |value| if let Value::Bytes(value) = value { Some(value) } else { None })
    }
}

/// The record schema of a field, through a union with null.
fn nested(fields: &[Field], id: i32) -> Result<&[Field], Error> {
    fn record(schema: &Schema) -> Option<&[Field]> {
        match schema {
            Schema::Record(fields) => Some(fields),
            Schema::Array(item) => record(item),
            Schema::Union(branches) => branches.iter().find_map(|branch| record(branch)),
            _ => None,
        }
    }
    let field = fields.iter().find(|field| field.id == Some(id));
    field.and_then(|field| record(&field.schema)).ok_or_else(|| damaged(format!("its schema lacks the field {id}")))
}

/// An entry as it is written: nothing inherited yet.
pub(super) fn manifest_entry(fields: &[Field], value: Value) -> Result<ManifestEntry, Error> {
    let mut entry = Record::new(fields, value)?;
    let status = match entry.long(id::STATUS)? {
        0 => Status::Existing,
        1 => Status::Added,
        2 => Status::Deleted,
        other => return Err(damaged(format!("an entry has the status {other}"))),
    };
    let file = entry.take(id::DATA_FILE);
    Ok(ManifestEntry {
        status,
        snapshot_id: entry.optional_long(id::SNAPSHOT_ID)?,
        sequence_number: entry.optional_long(id::SEQUENCE_NUMBER)?,
        file_sequence_number: entry.optional_long(id::FILE_SEQUENCE_NUMBER)?,
        data_file: data_file(nested(fields, id::DATA_FILE)?, file)?,
    })
}

fn data_file(fields: &[Field], value: Value) -> Result<DataFile, Error> {
    let mut file = Record::new(fields, value)?;
    let content = match file.optional_long(id::CONTENT)?.unwrap_or(0) {
        0 => Content::Data,
        1 => Content::PositionDeletes,
        2 => Content::EqualityDeletes,
        other => return Err(damaged(format!("a file has the content {other}"))),
    };
    let equality_ids: Result<Vec<i32>, _> = file.longs(id::EQUALITY_IDS)?.into_iter().map(i32::try_from).collect();
    Ok(DataFile {
        content,
        file_path: file.text(id::FILE_PATH)?,
        file_format: FileFormat::named(&file.text(id::FILE_FORMAT)?),
        record_count: file.count(id::RECORD_COUNT)?,
        file_size_in_bytes: file.count(id::FILE_SIZE)?,
        metrics: Metrics {
            column_sizes: file.long_map(id::COLUMN_SIZES)?,
            value_counts: file.long_map(id::VALUE_COUNTS)?,
            null_value_counts: file.long_map(id::NULL_VALUE_COUNTS)?,
            nan_value_counts: file.long_map(id::NAN_VALUE_COUNTS)?,
            lower_bounds: file.bytes_map(id::LOWER_BOUNDS)?,
            upper_bounds: file.bytes_map(id::UPPER_BOUNDS)?,
        },
        key_metadata: file.optional_bytes(id::KEY_METADATA)?,
        split_offsets: file.longs(id::SPLIT_OFFSETS)?,
        equality_ids: equality_ids.map_err(|_| file.wrong(id::EQUALITY_IDS))?,
        sort_order_id: file
            .optional_long(id::SORT_ORDER_ID)?
            .map(i32::try_from)
            .transpose()
            .map_err(|_| file.wrong(id::SORT_ORDER_ID))?,
        first_row_id: file.optional_long(id::FIRST_ROW_ID)?,
        referenced_data_file: file.optional_text(id::REFERENCED_DATA_FILE)?,
        content_offset: file.optional_long(id::CONTENT_OFFSET)?,
        content_size_in_bytes: file.optional_long(id::CONTENT_SIZE)?,
    })
}

/// An entry of a manifest list. What v1 lists lack gets its default.
pub(super) fn manifest_file(fields: &[Field], value: Value) -> Result<ManifestFile, Error> {
    let mut manifest = Record::new(fields, value)?;
    let content = match manifest.optional_long(id::MANIFEST_CONTENT)?.unwrap_or(0) {
        0 => ManifestContent::Data,
        1 => ManifestContent::Deletes,
        other => return Err(damaged(format!("a manifest has the content {other}"))),
    };
    let summaries = manifest.items(id::PARTITIONS)?;
    let partitions = if summaries.is_empty() {
        Vec::new()
    } else {
        let fields = nested(fields, id::PARTITIONS)?;
        let summaries: Result<Vec<FieldSummary>, Error> =
            summaries.into_iter().map(|summary| field_summary(fields, summary)).collect();
        summaries?
    };
    Ok(ManifestFile {
        manifest_path: manifest.text(id::MANIFEST_PATH)?,
        manifest_length: manifest.count(id::MANIFEST_LENGTH)?,
        partition_spec_id: manifest.int(id::PARTITION_SPEC_ID, 0)?,
        content,
        sequence_number: Some(manifest.optional_long(id::MANIFEST_SEQUENCE_NUMBER)?.unwrap_or(0)),
        min_sequence_number: Some(manifest.optional_long(id::MIN_SEQUENCE_NUMBER)?.unwrap_or(0)),
        added_snapshot_id: manifest.long(id::ADDED_SNAPSHOT_ID)?,
        added_files_count: manifest.int(id::ADDED_FILES_COUNT, UNKNOWN_COUNT)?,
        existing_files_count: manifest.int(id::EXISTING_FILES_COUNT, UNKNOWN_COUNT)?,
        deleted_files_count: manifest.int(id::DELETED_FILES_COUNT, 0)?,
        added_rows_count: manifest.optional_long(id::ADDED_ROWS_COUNT)?.unwrap_or(0),
        existing_rows_count: manifest.optional_long(id::EXISTING_ROWS_COUNT)?.unwrap_or(0),
        deleted_rows_count: manifest.optional_long(id::DELETED_ROWS_COUNT)?.unwrap_or(0),
        partitions,
        key_metadata: manifest.optional_bytes(id::LIST_KEY_METADATA)?,
        first_row_id: manifest.optional_long(id::LIST_FIRST_ROW_ID)?,
    })
}

/// Old v1 lists may not count files: a manifest of theirs must not be taken for an empty one.
const UNKNOWN_COUNT: i64 = 1;

fn field_summary(fields: &[Field], value: Value) -> Result<FieldSummary, Error> {
    let mut summary = Record::new(fields, value)?;
    let mut boolean = |id| match summary.take(id) {
        Value::Boolean(value) => Some(value),
        _ => None,
    };
    let (contains_null, contains_nan) = (boolean(id::CONTAINS_NULL), boolean(id::CONTAINS_NAN));
    Ok(FieldSummary {
        contains_null: contains_null.ok_or_else(|| summary.wrong(id::CONTAINS_NULL))?,
        contains_nan,
        lower_bound: summary.optional_bytes(id::LOWER_BOUND)?,
        upper_bound: summary.optional_bytes(id::UPPER_BOUND)?,
    })
}
