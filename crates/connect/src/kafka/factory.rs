//! Planning a Kafka table: which columns come from the format, which are metadata, what the source is built of.

use std::sync::Arc;

use base::{ByteCount, Result};
use flow::registry::{OptionError, OptionSpec, SourceFactory, SourcePlan, TableDef};
use flow::{Settings, SourceContext, SourceInstance, SourceParts};
use formats::{Limits, Table};
use kafka_wire::records::RecordReader;
use rows::{Changelog, Field, LogicalType, Schema};

use super::bad_records::BadRecords;
use super::decoder::{ColumnFrom, DecoderParts, KafkaDecoder};
use super::format::{self, Format};
use super::metadata::{self, MetadataColumns};
use super::options::{KafkaOptions, OPTIONS};
use super::source::KafkaSource;

/// The rows of a batch: enough to make the cost per batch small, few enough that a batch is a fraction of the budget.
const LIMITS: Limits = Limits { rows_max: 4_096, bytes_max: ByteCount::kib(512) };

/// The largest record unless `millstream.record.max-bytes` says otherwise: Kafka's own default for a batch.
const RECORD_BYTES_MAX: ByteCount = ByteCount::mib(1);

#[derive(Debug)]
pub struct KafkaFactory;

impl SourceFactory for KafkaFactory {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn options(&self) -> Vec<OptionSpec> {
        OPTIONS.iter().cloned().chain(format::options()).collect()
    }

    fn metadata(&self) -> Vec<(&'static str, LogicalType, bool)> {
        metadata::known()
    }

    fn plan(&self, table: &TableDef, used: &[usize], settings: &Settings) -> Result<SourcePlan, OptionError> {
        let options = KafkaOptions::read(&table.options)?;
        let format = Format::read(&options.format, table, settings)?;
        let changelog = format.changelog(&table.schema.key);
        let layout = Layout::of(table, used)?;
        let instance = KafkaInstance { options, format, layout };
        Ok(SourcePlan { instance: Arc::new(instance), changelog })
    }

    fn changelog(&self, table: &TableDef) -> Result<Changelog, OptionError> {
        let options = KafkaOptions::read(&table.options)?;
        Ok(Format::read(&options.format, table, &Settings::default())?.changelog(&table.schema.key))
    }
}

/// Which column comes from where.
#[derive(Clone, Debug)]
struct Layout {
    /// The physical columns, and which of them are decoded.
    table: Table,
    metadata: Vec<String>,
    columns: Vec<ColumnFrom>,
    schema: Schema,
}

impl Layout {
    fn of(table: &TableDef, used: &[usize]) -> Result<Self, OptionError> {
        let is_physical = |index: &usize| table.metadata.get(*index).is_none_or(Option::is_none);
        let physical: Vec<usize> = (0..table.schema.fields.len()).filter(is_physical).collect();
        let place = |index: usize| physical.iter().position(|other| *other == index);
        let key = table.schema.key.iter().map(|index| {
            place(*index).ok_or_else(|| OptionError::new("a metadata column cannot be part of the primary key"))
        });
        let fields: Vec<Field> = physical.iter().map(|index| table.schema.fields[*index].clone()).collect();
        let schema = Schema::new(fields).with_key(key.collect::<Result<_, _>>()?);
        let mut wanted = Vec::new();
        let mut metadata = Vec::new();
        let mut columns = Vec::new();
        for index in used {
            match (place(*index), table.metadata.get(*index).cloned().flatten()) {
                (Some(place), _) => {
                    columns.push(ColumnFrom::Format(wanted.len()));
                    wanted.push(place);
                }
                (None, Some(key)) => {
                    columns.push(ColumnFrom::Metadata(metadata.len()));
                    metadata.push(key);
                }
                (None, None) => return Err(OptionError::new(format!("column {index} is not in the table"))),
            }
        }
        check_metadata(table, used)?;
        let output = used.iter().map(|index| table.schema.fields[*index].clone()).collect();
        Ok(Self {
            table: Table::new(&table.name, schema).project(wanted),
            metadata,
            columns,
            schema: Schema::new(output),
        })
    }
}

/// A metadata column must have the type that it has.
fn check_metadata(table: &TableDef, used: &[usize]) -> Result<(), OptionError> {
    let known = metadata::known();
    for index in used {
        let Some(key) = table.metadata.get(*index).and_then(Option::as_ref) else { continue };
        let field = &table.schema.fields[*index];
        let names: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
        let Some((_, ty, _)) = known.iter().find(|(name, ..)| name == key) else {
            return Err(OptionError::new(format!("column '{}': '{key}' is no metadata of kafka", field.name))
                .hint(format!("choose one of {}", names.join(", "))));
        };
        if field.ty.arrow() != ty.arrow() {
            return Err(OptionError::new(format!(
                "column '{}': the metadata '{key}' is {ty}, not {}",
                field.name, field.ty
            ))
            .hint(format!("declare it {ty}")));
        }
    }
    Ok(())
}

#[derive(Debug)]
struct KafkaInstance {
    options: KafkaOptions,
    format: Format,
    layout: Layout,
}

impl SourceInstance for KafkaInstance {
    fn describe(&self) -> String {
        format!("kafka(topic={}, format={})", self.options.topics.join(";"), self.options.format)
    }

    fn open(&self, context: &SourceContext) -> Result<SourceParts> {
        let record_bytes_max = context.settings.size("millstream.record.max-bytes", RECORD_BYTES_MAX)?;
        let format = self.format.decoder(&self.layout.table, LIMITS)?;
        let window = RecordReader::floor(record_bytes_max);
        let learned = context.budget.account(format!("source/{}/learned", context.name), format.learned_max());
        let windows = context.budget.account(format!("source/{}/inflate", context.name), window);
        let bad = BadRecords::from_settings(&context.settings, &context.name, Arc::new(base::RealDisk))?;
        let metadata = MetadataColumns::new(self.layout.metadata.iter().map(String::as_str)).unwrap_or_default();
        let parts = DecoderParts {
            format,
            metadata,
            layout: self.layout.columns.clone(),
            schema: self.layout.schema.arrow(),
            bad,
            batch_bytes_max: LIMITS.bytes_max,
            record_bytes_max,
            learned: learned.empty(),
        };
        let reader = RecordReader::new(windows, record_bytes_max);
        let source = KafkaSource::new(&self.options, context, record_bytes_max)?;
        Ok(SourceParts { source: Box::new(source), decoder: Box::new(KafkaDecoder::new(reader, parts)) })
    }
}
