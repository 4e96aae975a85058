//! What a manifest says of one file of a table.

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Rows.
    Data,
    /// Positions of rows of other files: a Parquet file of paths and positions (v2), or a deletion vector (v3).
    PositionDeletes,
    /// Values of rows that are deleted wherever they are. Millstream refuses tables that hold such.
    EqualityDeletes,
}

/// A file's format, as the manifest spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFormat {
    Parquet,
    /// A Puffin file, of which the entry names one blob.
    Puffin,
    /// `AVRO`, `ORC`, ….
    Other(String),
}

impl FileFormat {
    pub(crate) fn named(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "parquet" => Self::Parquet,
            "puffin" => Self::Puffin,
            _ => Self::Other(text.to_owned()),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Parquet => "PARQUET",
            Self::Puffin => "PUFFIN",
            Self::Other(text) => text,
        }
    }
}

/// Figures of a file's columns, by field id, ascending. Empty lists are written as missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Bytes in the file.
    pub column_sizes: Vec<(i32, i64)>,
    /// Values, with NULL and NaN.
    pub value_counts: Vec<(i32, i64)>,
    pub null_value_counts: Vec<(i32, i64)>,
    pub nan_value_counts: Vec<(i32, i64)>,
    /// As [`crate::metadata::single_value`] has them.
    pub lower_bounds: Vec<(i32, Vec<u8>)>,
    pub upper_bounds: Vec<(i32, Vec<u8>)>,
}

/// A data file, a file of position deletes, or one deletion vector in a Puffin file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    pub content: Content,
    /// Its location, as written; deletes refer to a data file by exactly this text.
    pub file_path: String,
    pub file_format: FileFormat,
    /// Rows; deleted positions for deletes.
    pub record_count: i64,
    pub file_size_in_bytes: i64,
    pub metrics: Metrics,
    pub key_metadata: Option<Vec<u8>>,
    /// Where row groups begin, ascending.
    pub split_offsets: Vec<i64>,
    /// Only of equality deletes.
    pub equality_ids: Vec<i32>,
    pub sort_order_id: Option<i32>,
    /// The row id of its first row, when it is known: given, or inherited from the manifest on reading; v3 data files.
    pub first_row_id: Option<i64>,
    /// The data file that all its positions are of: always of deletion vectors, of file-scoped position deletes too.
    pub referenced_data_file: Option<String>,
    /// Where the deletion vector's blob is in the Puffin file, and its length.
    pub content_offset: Option<i64>,
    pub content_size_in_bytes: Option<i64>,
}

impl DataFile {
    /// A Parquet file of rows.
    pub fn data(file_path: impl Into<String>, record_count: i64, file_size_in_bytes: i64) -> Self {
        Self {
            content: Content::Data,
            file_path: file_path.into(),
            file_format: FileFormat::Parquet,
            record_count,
            file_size_in_bytes,
            metrics: Metrics::default(),
            key_metadata: None,
            split_offsets: Vec::new(),
            equality_ids: Vec::new(),
            sort_order_id: None,
            first_row_id: None,
            referenced_data_file: None,
            content_offset: None,
            content_size_in_bytes: None,
        }
    }

    /// A Parquet file of positions (v2), all of one data file.
    pub fn position_deletes(
        file_path: impl Into<String>,
        of: impl Into<String>,
        record_count: i64,
        file_size_in_bytes: i64,
    ) -> Self {
        Self {
            content: Content::PositionDeletes,
            referenced_data_file: Some(of.into()),
            ..Self::data(file_path, record_count, file_size_in_bytes)
        }
    }

    /// A blob of a Puffin file (v3); [`crate::files::puffin::PuffinWriter::finish`] makes these.
    pub fn is_deletion_vector(&self) -> bool {
        self.content == Content::PositionDeletes && self.file_format == FileFormat::Puffin
    }

    /// The bytes it holds in memory, beside itself.
    pub fn memory(&self) -> base::ByteCount {
        let numbers = [
            &self.metrics.column_sizes,
            &self.metrics.value_counts,
            &self.metrics.null_value_counts,
            &self.metrics.nan_value_counts,
        ];
        let numbers: usize = numbers.iter().map(|list| list.len() * 16).sum();
        let bounds = [&self.metrics.lower_bounds, &self.metrics.upper_bounds];
        let bounds: usize = bounds.iter().flat_map(|list| list.iter()).map(|(_, value)| 32 + value.len()).sum();
        let texts = self.file_path.len() + self.referenced_data_file.as_ref().map_or(0, String::len);
        base::ByteCount::from(numbers + bounds + texts + self.split_offsets.len() * 8 + size_of::<Self>())
    }
}
