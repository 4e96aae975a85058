//! The format `debezium-json`: change events of stock Debezium connectors as an upsert stream.
//!
//! A record's value is `{"before":…,"after":…,"source":{…},"op":"c"|"r"|"u"|"d"|"t"|"m",…}`, bare or as the payload of a
//! `{"schema":…,"payload":…}` envelope; a null value is a tombstone. What becomes of it:
//!
//! | record | rows |
//! |---|---|
//! | `c`, `r` | `+I` of `after` |
//! | `u` | `+U` of `after`; where `before` has another primary key, `-D` of that first |
//! | `d`, tombstone | `-D` of the key alone, all other columns NULL: by the record's key, for a `d` also by `before` |
//! | `t` | the job stops, or nothing (and counted) |
//! | `m` | nothing (and counted) |
//!
//! `before` is never taken for a row: with PostgreSQL's default replica identity all but its key is made up.
//! A field missing in `after` is NULL; a field with the connector's placeholder is absent, in every form that the
//! placeholder takes.

mod encoding;
mod envelope;
mod operation;
mod options;
mod schema;
mod source;
mod tail;

use arrow_buffer::BooleanBufferBuilder;
use base::{ByteCount, Error, Offset};
use rows::decode::{BadRecord, Decoded, Notice, RawRecord, RecordDecoder};
use rows::{AbsentMask, LogicalType, RowKind, Schema};

pub use options::{
    BinaryMode, CONNECTOR_OPTIONS, DebeziumOptions, DecimalMode, FORMAT_OPTIONS, IntervalMode, TimeMode, TruncateMode,
};

use crate::convert::Conversion;
use crate::options::{Limits, RECORD_BYTES_MAX, Table};
use crate::problem::{Problem, Unparsable, bad};
use crate::row::{Part, Placeholder, Reading, Rows};
use crate::scan::Scanner;
use envelope::{Envelope, Envelopes};
use operation::Operation;
use schema::Schemas;

/// The header in which a create names the key that its row had before a primary-key update.
const OLD_KEY_HEADER: &str = "__debezium.oldkey";

/// Builds a decoder for `table`, which must have a primary key.
pub fn decoder(table: &Table, options: DebeziumOptions, limits: Limits) -> Result<DebeziumDecoder, Error> {
    if table.schema.key.is_empty() {
        return Err(Error::user(format!("table {} has no primary key", table.name)).hint(
            "change events are applied by key: declare PRIMARY KEY (…) NOT ENFORCED with the key of the source table",
        ));
    }
    let rows = Rows::new(table, limits, true)?;
    let conversions: Option<Vec<_>> =
        rows.fields().iter().map(|field| encoding::by_settings(&field.ty, &options)).collect();
    let conversions = conversions.ok_or_else(|| Error::internal("a column has no Debezium encoding"))?;
    Ok(DebeziumDecoder {
        rows,
        conversions,
        placeholder: Placeholder::new(&options.placeholder),
        options,
        envelopes: Envelopes::new(),
        key_schemas: Schemas::default(),
        kinds: Vec::new(),
        offsets: Vec::new(),
        positions: Vec::new(),
        key_updates: BooleanBufferBuilder::new(0),
        any_key_update: false,
        room: 0,
        skipped: Skipped::default(),
        unparsable: Unparsable::default(),
    })
}

/// See [`decoder`].
#[derive(Debug)]
pub struct DebeziumDecoder {
    rows: Rows,
    options: DebeziumOptions,
    /// Where records have no schema.
    conversions: Vec<Conversion>,
    placeholder: Placeholder,
    envelopes: Envelopes,
    key_schemas: Schemas,
    kinds: Vec<RowKind>,
    offsets: Vec<Offset>,
    positions: Vec<Option<u64>>,
    key_updates: BooleanBufferBuilder,
    any_key_update: bool,
    /// Rows of the last batch: the next one is likely to be as large.
    room: usize,
    skipped: Skipped,
    unparsable: Unparsable,
}

/// Records that gave no row, since the last report.
#[derive(Debug, Default)]
struct Skipped {
    truncates: u64,
    messages: u64,
}

/// What a row is, beside its cells.
#[derive(Clone, Copy, Debug)]
struct RowFacts {
    kind: RowKind,
    position: Option<u64>,
    from_key_update: bool,
}

impl DebeziumDecoder {
    /// The columns of its rows.
    pub fn schema(&self) -> Schema {
        let fields = self.rows.fields().to_vec();
        Schema::new(fields).with_key(self.rows.key().to_vec())
    }

    fn try_decode(&mut self, record: &RawRecord<'_>) -> Result<(), BadRecord> {
        let Some(value) = record.value else { return self.tombstone(record) };
        if value.len() > RECORD_BYTES_MAX {
            return Err(bad(format!(
                "the record has {} bytes; at most {RECORD_BYTES_MAX} can be decoded",
                value.len()
            )));
        }
        let envelope = self.read_envelope(value).map_err(|problem| self.explain(problem, "the value", value))?;
        if envelope.is_tombstone {
            return self.tombstone(record);
        }
        match envelope.operation {
            Some(Operation::Create) => self.upsert(record, &envelope, RowKind::Insert),
            Some(Operation::Update) => self.upsert(record, &envelope, RowKind::UpdateAfter),
            Some(Operation::Delete) => self.delete(record, &envelope),
            Some(Operation::Truncate) => self.truncate(),
            Some(Operation::Message) => {
                self.rows.truncate(self.kinds.len());
                self.skipped.messages += 1;
                Ok(())
            }
            None => Err(BadRecord {
                hint: Some(
                    "'debezium-json' reads change events; if the topic has plain objects, use 'format' = 'json'".into(),
                ),
                ..bad("the value is no change event: it has no \"op\"")
            }),
        }
    }

    fn read_envelope<'a>(&mut self, value: &'a [u8]) -> Result<Envelope<'a>, Problem> {
        let reading = Reading {
            conversions: &self.conversions,
            placeholder: Some(&self.placeholder),
            lenient: self.options.ignore_parse_errors,
            fail_on_missing: false,
        };
        let envelope = self.envelopes.read(value, &mut self.rows, reading, &self.options)?;
        if self.options.schema_include && !envelope.has_schema {
            return Err(Problem::reason("the record has no schema, though 'debezium-json.schema-include' is true")
                .hint("drop the option: both forms are recognised record by record"));
        }
        Ok(envelope)
    }

    fn upsert(&mut self, record: &RawRecord<'_>, envelope: &Envelope<'_>, kind: RowKind) -> Result<(), BadRecord> {
        let row = self.kinds.len();
        let Some(after) = envelope.after else {
            return Err(bad("a change event that is no delete has no \"after\" image"));
        };
        self.rows.check_key(row, "\"after\"").map_err(|problem| self.explain(problem, "\"after\"", after))?;
        let mut facts = RowFacts { kind, position: envelope.position, from_key_update: false };
        if kind == RowKind::Insert {
            facts.from_key_update = self.came_from_another_key(record, row);
        } else if let Some(before) = envelope.before
            && self.key_differs(before, envelope.has_schema, row)
        {
            // Two rows of different keys: the old one goes first.
            self.rows.truncate(row);
            let deleted = RowFacts { kind: RowKind::Delete, ..facts };
            self.read_image(before, Part::RowKey, envelope.has_schema)
                .map_err(|problem| self.explain(problem, "\"before\"", before))?;
            self.read_image(after, Part::Row, envelope.has_schema)
                .map_err(|problem| self.explain(problem, "\"after\"", after))?;
            self.push(record, deleted);
        }
        self.push(record, facts);
        Ok(())
    }

    fn push(&mut self, record: &RawRecord<'_>, facts: RowFacts) {
        self.kinds.push(facts.kind);
        self.offsets.push(record.offset);
        self.positions.push(facts.position);
        self.key_updates.append(facts.from_key_update);
        self.any_key_update |= facts.from_key_update;
    }

    /// Appends the row, or the key's columns alone, of `image`.
    fn read_image(&mut self, image: &[u8], part: Part, has_schema: bool) -> Result<(), Problem> {
        let conversions = self.envelopes.by_schema().filter(|_| has_schema).unwrap_or(&self.conversions);
        let reading = Reading {
            conversions,
            placeholder: Some(&self.placeholder),
            lenient: self.options.ignore_parse_errors && part == Part::Row,
            fail_on_missing: false,
        };
        self.rows.read(&mut Scanner::new(image), part, reading)
    }

    /// Whether `before` has a whole primary key that is not the one of row `row`.
    fn key_differs(&mut self, before: &[u8], has_schema: bool, row: usize) -> bool {
        let read = self.read_image(before, Part::RowKey, has_schema);
        let differs =
            read.is_ok() && self.rows.check_key(row + 1, "\"before\"").is_ok() && !self.rows.same_key(row, row + 1);
        self.rows.truncate(row + 1);
        differs
    }

    /// Whether the record names an old key that is not the one of row `row`.
    fn came_from_another_key(&mut self, record: &RawRecord<'_>, row: usize) -> bool {
        let Some(header) = record.headers.iter().find(|header| header.key == OLD_KEY_HEADER) else { return false };
        let read = self.read_key(header.value.unwrap_or_default());
        let same = read.is_ok() && self.rows.same_key(row, row + 1);
        self.rows.truncate(row + 1);
        !same
    }

    fn delete(&mut self, record: &RawRecord<'_>, envelope: &Envelope<'_>) -> Result<(), BadRecord> {
        self.delete_by(record, envelope.before.map(|before| (before, envelope.has_schema)), envelope.position)
    }

    fn tombstone(&mut self, record: &RawRecord<'_>) -> Result<(), BadRecord> {
        self.delete_by(record, None, None)
    }

    /// Appends a delete. The record's key is the better source: `before` is made up where the replica identity is an
    /// index other than the primary key. But the key may hold other columns (`message.key.columns`) or be no JSON.
    fn delete_by(
        &mut self,
        record: &RawRecord<'_>,
        before: Option<(&[u8], bool)>,
        position: Option<u64>,
    ) -> Result<(), BadRecord> {
        let row = self.kinds.len();
        self.rows.truncate(row);
        let facts = RowFacts { kind: RowKind::Delete, position, from_key_update: false };
        let by_key = match record.key {
            Some(key) => self.read_key(key).map_err(|problem| self.explain(problem, "the record's key", key)),
            None => Err(bad("the record has neither a key nor a \"before\" image by which to delete")),
        };
        let Err(reason) = by_key else {
            self.push(record, facts);
            return Ok(());
        };
        let Some((before, has_schema)) = before else { return Err(reason) };
        self.rows.truncate(row);
        self.read_image(before, Part::RowKey, has_schema)
            .and_then(|()| self.rows.check_key(row, "\"before\""))
            .map_err(|problem| self.explain(problem, "\"before\"", before))?;
        self.push(record, facts);
        Ok(())
    }

    /// Appends a row that has only the primary key, from a record's key or a header: an object, bare or in a schema
    /// envelope, or a scalar where the primary key has one column.
    fn read_key(&mut self, key: &[u8]) -> Result<(), Problem> {
        let row = self.rows.len();
        let mut scanner = Scanner::new(key);
        let (mut payload, mut has_schema) = (key, false);
        if scanner.peek() == b'{' {
            scanner.open_object()?;
            let mut first = true;
            while scanner.next_member(&mut first)? {
                let name = scanner.key()?;
                match name.quoted {
                    b"\"schema\"" if scanner.peek() == b'{' => {
                        self.key_schemas.read(&mut scanner, self.rows.fields(), &self.options)?;
                        has_schema = true;
                    }
                    b"\"payload\"" if has_schema => payload = scanner.skip()?,
                    _ => {
                        scanner.skip()?;
                    }
                }
            }
            scanner.end()?;
        }
        let conversions = self.key_schemas.current().filter(|_| has_schema).unwrap_or(&self.conversions);
        let reading = Reading { conversions, placeholder: None, lenient: false, fail_on_missing: false };
        let mut scanner = Scanner::new(payload);
        if scanner.peek() == b'{' {
            self.rows.read(&mut scanner, Part::RecordKey, reading)?;
        } else {
            self.rows.read_key_scalar(&mut scanner, reading)?;
            scanner.end()?;
        }
        self.rows.check_key(row, "the record's key")
    }

    fn truncate(&mut self) -> Result<(), BadRecord> {
        if self.options.truncates == TruncateMode::Ignore {
            self.rows.truncate(self.kinds.len());
            self.skipped.truncates += 1;
            return Ok(());
        }
        Err(BadRecord {
            reason: "the source table was truncated (operation t)".into(),
            hint: Some(
                "empty the target table yourself if it shall follow, then SET 'millstream.debezium.truncate.handling' = 'ignore'".into(),
            ),
            fatal: true,
        })
    }

    /// `problem` in words, with the setting that may be wrong.
    fn explain(&self, problem: Problem, what: &str, bytes: &[u8]) -> BadRecord {
        let column = match &problem {
            Problem::Cell { column, .. } => self.rows.fields().get(*column),
            _ => None,
        };
        let property = column.and_then(|field| match field.ty {
            LogicalType::Decimal { .. } => Some("decimal.handling.mode"),
            LogicalType::Time(_) | LogicalType::Timestamp(_) => Some("time.precision.mode"),
            LogicalType::Binary(_) | LogicalType::Varbinary(_) => Some("binary.handling.mode"),
            _ => None,
        });
        let mut bad = self.rows.explain(problem, what, bytes);
        if let Some(property) = property {
            bad.hint = Some(format!(
                "if the connector's {property} is not the default, SET 'millstream.debezium.{property}' to it; \
                 precision and scale of the column must be those of the source"
            ));
        }
        bad
    }

    /// Leaves the builders as they were before the record.
    fn roll_back(&mut self) {
        self.rows.truncate(self.kinds.len());
    }
}

impl RecordDecoder for DebeziumDecoder {
    fn floor(&self, record_max: ByteCount) -> ByteCount {
        self.rows.floor(record_max) + ByteCount::from(schema::reading_memory(record_max.as_usize()))
    }

    fn learned(&self) -> ByteCount {
        ByteCount::from(self.rows.learned() + self.envelopes.memory() + self.key_schemas.memory())
    }

    fn learned_max(&self) -> ByteCount {
        ByteCount::from(Rows::LEARNED_MAX + envelope::MEMORY_MAX + schema::MEMORY_MAX)
    }

    fn decode(&mut self, record: &RawRecord<'_>) -> Result<(), BadRecord> {
        if self.kinds.capacity() == 0 {
            self.kinds.reserve(self.room);
            self.offsets.reserve(self.room);
            self.positions.reserve(self.room);
        }
        let Err(reason) = self.try_decode(record) else { return Ok(()) };
        self.roll_back();
        if self.options.ignore_parse_errors && !reason.fatal {
            self.unparsable.add(reason);
            return Ok(());
        }
        Err(reason)
    }

    fn rows(&self) -> usize {
        self.kinds.len()
    }

    fn is_full(&self) -> bool {
        self.rows.is_full()
    }

    fn finish(&mut self) -> Result<Decoded, Error> {
        let (columns, absent) = self.rows.finish()?;
        let key_updates = self.key_updates.finish();
        self.room = self.kinds.len();
        Ok(Decoded {
            columns,
            kinds: Some(std::mem::take(&mut self.kinds)),
            absent: AbsentMask::new(absent),
            offsets: std::mem::take(&mut self.offsets),
            source_positions: std::mem::take(&mut self.positions),
            from_key_update: std::mem::take(&mut self.any_key_update).then_some(key_updates),
        })
    }

    fn notices(&mut self) -> Vec<Notice> {
        let mut notices = self.rows.unknown_fields();
        notices.extend(self.skipped.notices(self.rows.table()));
        notices.extend(self.unparsable.notice(self.rows.table(), "debezium-json.ignore-parse-errors"));
        notices
    }
}

impl Skipped {
    fn notices(&mut self, table: &str) -> Vec<Notice> {
        let seen = std::mem::take(self);
        let notice = |id: &str, count, message: String| Notice { id: id.to_owned(), message, hint: None, count };
        let all = [
            notice(
                "truncate",
                seen.truncates,
                format!("truncates of the source of {table} were skipped; its rows stay"),
            ),
            notice("message", seen.messages, format!("logical messages (operation m) in {table} were skipped")),
        ];
        all.into_iter().filter(|notice| notice.count > 0).collect()
    }
}
