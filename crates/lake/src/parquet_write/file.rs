//! A data file that is being written, one column of one row group at a time.
//!
//! Parquet's own `ArrowWriter` makes a compressor for every column at once and counts none of them; here one column's
//! writer lives at a time, made through a schema of that column alone, so the memory does not depend on their number.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_schema::{Schema as ArrowSchema, SchemaRef};
use base::disk::Open;
use base::{ByteCount, Disk, DiskFile, Error, Result};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::encode_memory::{EncodeMemory, PAGE_BYTES, WRITE_BYTES};
use super::row_group::RowGroup;
use crate::files::durable::disk_error;
use crate::files::manifest::{DataFile, Metrics};
use crate::metadata::BoundsBuilder;
use crate::run::Layout;
use crate::run::key::field_id;

/// How data files are written; the same for all of a table.
#[derive(Clone, Debug)]
pub struct FileShape {
    pub layout: Layout,
    /// Columns with statistics in Parquet and bounds in the manifest.
    pub measured: Vec<usize>,
}

/// A data file that is being written. Not synced: the committer does that before anyone hears of the file.
pub struct DataFileWriter {
    shape: FileShape,
    location: String,
    path: PathBuf,
    disk: Arc<dyn Disk>,
    writer: SerializedFileWriter<Pieces>,
    columns: Vec<ColumnFactory>,
    figures: Vec<Figures>,
    rows: u64,
    row_groups: usize,
    finished: bool,
}

/// What a file's writer keeps of each column of each row group for its footer. Measured: 790, with statistics.
const FOOTER_BYTES: usize = 1000;

struct ColumnFactory {
    schema: SchemaRef,
    factory: ArrowRowGroupWriterFactory,
    /// Without a dictionary: of long values, which hardly repeat, it only makes look-ups read more.
    plain: ArrowRowGroupWriterFactory,
}

/// Values that are longer than this on average are long.
const LONG_BYTES: usize = 4 << 10;

#[derive(Default)]
struct Figures {
    bytes: i64,
    nulls: i64,
    bounds: BoundsBuilder,
}

impl std::fmt::Debug for DataFileWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataFileWriter").field("path", &self.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

fn encoding(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("cannot encode Parquet: {error}"))
}

fn properties(shape: &FileShape, with_dictionary: bool) -> Result<WriterPropertiesPtr> {
    let level = ZstdLevel::try_new(1).map_err(encoding)?;
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_enabled(with_dictionary)
        .set_dictionary_page_size_limit(PAGE_BYTES)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by("millstream".to_owned());
    for column in &shape.measured {
        let path = ColumnPath::from(shape.layout.schema().field(*column).name().as_str());
        builder = builder.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
    }
    Ok(Arc::new(builder.build()))
}

impl DataFileWriter {
    /// Makes the file; its folder must be there.
    ///
    /// # Errors
    /// The disk fails.
    pub fn create(disk: &Arc<dyn Disk>, location: String, path: PathBuf, shape: &FileShape) -> Result<Self> {
        let file = disk.open(&path, Open::CreateNew).map_err(|error| disk_error("create", &path, error))?;
        let (properties, plain) = (properties(shape, true)?, properties(shape, false)?);
        let schema = without_metadata(shape.layout.schema());
        let descriptor = ArrowSchemaConverter::new().schema_root("table").convert(&schema).map_err(encoding)?;
        let pieces = Pieces { file, gathered: Vec::with_capacity(WRITE_BYTES), at: 0 };
        let writer = SerializedFileWriter::new(pieces, descriptor.root_schema_ptr(), properties.clone());
        let columns = schema.fields().iter().map(|field| {
            let schema = Arc::new(ArrowSchema::new(vec![field.clone()]));
            let descriptor = ArrowSchemaConverter::new().convert(&schema).map_err(encoding)?;
            let factory = |properties: &WriterPropertiesPtr| {
                let alone = SerializedFileWriter::new(io::sink(), descriptor.root_schema_ptr(), properties.clone());
                Ok::<_, Error>(ArrowRowGroupWriterFactory::new(&alone.map_err(encoding)?, schema.clone()))
            };
            Ok(ColumnFactory { factory: factory(&properties)?, plain: factory(&plain)?, schema })
        });
        Ok(Self {
            shape: shape.clone(),
            location,
            path,
            disk: disk.clone(),
            columns: columns.collect::<Result<_>>()?,
            figures: schema.fields().iter().map(|_| Figures::default()).collect(),
            writer: writer.map_err(encoding)?,
            rows: 0,
            row_groups: 0,
            finished: false,
        })
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes encoded so far.
    pub fn bytes(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    /// What is kept in memory for the footer once the next row group is written.
    pub fn footer_memory(&self) -> ByteCount {
        ByteCount::from((self.row_groups + 1) * self.columns.len() * FOOTER_BYTES)
    }

    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Encodes and writes the rows, column by column, and uses them up: in one row group, or in several where there is
    /// no memory for more than the least.
    ///
    /// # Errors
    /// The disk fails; a column that must not be NULL is; a single row is too large to encode.
    pub fn write(&mut self, group: &mut RowGroup, memory: &EncodeMemory) -> Result<()> {
        self.write_first(group, group.rows(), memory)
    }

    /// [`Self::write`] of the first `count` rows.
    ///
    /// # Errors
    /// As there.
    pub fn write_first(&mut self, group: &mut RowGroup, count: usize, memory: &EncodeMemory) -> Result<()> {
        let mut from = 0;
        while from < count {
            let (end, paid) = memory.for_rows(group, &self.shape.layout, from..count)?;
            self.write_rows(group, from..end)?;
            drop(paid);
            from = end;
        }
        Ok(())
    }

    fn write_rows(&mut self, group: &mut RowGroup, rows: Range<usize>) -> Result<()> {
        let mut into = self.writer.next_row_group().map_err(encoding)?;
        for (index, column) in self.columns.iter().enumerate() {
            let mut writer = None;
            let figures = &mut self.figures[index];
            let measured = self.shape.measured.contains(&index);
            let mut at = rows.start;
            while at < rows.end {
                let (array, next) = group.next_piece(&self.shape.layout, index, at..rows.end)?;
                column.check(&array)?;
                figures.nulls += array.null_count() as i64;
                if measured {
                    figures.bounds.add(&array);
                }
                let writer = match &mut writer {
                    Some(writer) => writer,
                    None => writer.insert(column.writer(&array)?),
                };
                for leaf in compute_leaves(column.schema.field(0), &array).map_err(encoding)? {
                    writer.write(&leaf).map_err(encoding)?;
                }
                at = next;
            }
            let writer = writer.ok_or_else(|| encoding("a row group without rows"))?;
            let chunk = writer.close().map_err(encoding)?;
            figures.bytes += chunk.close().bytes_written as i64;
            chunk.append_to_row_group(&mut into).map_err(|error| written(&self.path, error))?;
        }
        into.close().map_err(|error| written(&self.path, error))?;
        self.rows += rows.len() as u64;
        self.row_groups += 1;
        Ok(())
    }

    /// Writes the footer. Answers what a manifest says of the file.
    ///
    /// # Errors
    /// The disk fails.
    pub fn finish(mut self) -> Result<DataFile> {
        let metadata = self.writer.finish().map_err(|error| written(&self.path, error))?;
        let pieces = self.writer.inner_mut();
        io::Write::flush(pieces).map_err(|error| disk_error("write", &self.path, error))?;
        let mut file = DataFile::data(self.location.clone(), self.rows as i64, pieces.at as i64);
        let offsets = metadata.row_groups().iter().filter_map(|group| {
            let first = group.columns().first()?;
            Some(first.dictionary_page_offset().unwrap_or_else(|| first.data_page_offset()))
        });
        file.split_offsets = offsets.collect();
        file.metrics = self.metrics();
        self.finished = true;
        Ok(file)
    }

    fn metrics(&mut self) -> Metrics {
        let mut metrics = Metrics::default();
        let figures = std::mem::take(&mut self.figures);
        let mut by_id: Vec<(i32, usize, Figures)> = figures
            .into_iter()
            .enumerate()
            .map(|(index, figures)| (field_id(&self.shape.layout, index) as i32, index, figures))
            .collect();
        by_id.sort_by_key(|(id, _, _)| *id);
        for (id, index, figures) in by_id {
            if !self.shape.measured.contains(&index) {
                continue;
            }
            metrics.column_sizes.push((id, figures.bytes));
            metrics.value_counts.push((id, self.rows as i64));
            metrics.null_value_counts.push((id, figures.nulls));
            let bounds = figures.bounds.finish();
            metrics.lower_bounds.extend(bounds.lower.map(|value| (id, value)));
            metrics.upper_bounds.extend(bounds.upper.map(|value| (id, value)));
        }
        metrics
    }
}

impl Drop for DataFileWriter {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = self.disk.remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished data file stays until the next start");
        }
    }
}

impl ColumnFactory {
    /// A writer for values like these.
    fn writer(&self, first: &ArrayRef) -> Result<ArrowColumnWriter> {
        let is_long = first.get_buffer_memory_size() > first.len() * LONG_BYTES;
        let factory = if is_long { &self.plain } else { &self.factory };
        let mut writers = factory.create_column_writers(0).map_err(encoding)?;
        writers.pop().ok_or_else(|| encoding("a column without a writer"))
    }

    /// A column that must not be NULL is not.
    fn check(&self, array: &ArrayRef) -> Result<()> {
        let field = self.schema.field(0);
        if field.is_nullable() || array.null_count() == 0 {
            return Ok(());
        }
        Err(Error::user(format!("column '{}' of the table is NOT NULL, and a row has no value for it", field.name()))
            .hint("filter such rows out in the SELECT, or declare the table's column without NOT NULL"))
    }
}

/// Parquet's error for a write that the disk refused, as the disk's.
fn written(path: &std::path::Path, error: parquet::errors::ParquetError) -> Error {
    if let parquet::errors::ParquetError::External(source) = error {
        return match source.downcast::<io::Error>() {
            Ok(error) => disk_error("write", path, *error),
            Err(error) => encoding(error),
        };
    }
    encoding(error)
}

/// The table's schema without table-level metadata, which Parquet would repeat.
fn without_metadata(schema: &SchemaRef) -> SchemaRef {
    Arc::new(ArrowSchema::new(schema.fields().clone()))
}

/// Gathers small writes into larger ones.
#[derive(Debug)]
struct Pieces {
    file: Arc<dyn DiskFile>,
    gathered: Vec<u8>,
    at: u64,
}

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(WRITE_BYTES - self.gathered.len());
        self.gathered.extend_from_slice(&bytes[..taken]);
        if self.gathered.len() == WRITE_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all_at(&self.gathered, self.at)?;
        self.at += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }
}
