//! From record batches to rows: opens each batch in a bounded window, hands its records to the format, adds metadata.

use std::collections::HashSet;
use std::ops::Range;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use base::{ByteCount, Error, Offset, Result};
use flow::source::{BeforeCommit, DecoderCounts};
use flow::{Decoder, Decoding, RawBatch};
use kafka_wire::records::{Read, ReadError, Record, RecordReader};
use ledger::Reservation;
use rows::{BadRecord, Batch, Decoded, Header, Origin, PartitionId, RawRecord, RecordDecoder};

use super::bad_records::{BadRecords, at};
use super::metadata::{BatchFacts, MetadataColumns};

/// Where a column of the output comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnFrom {
    Format(usize),
    Metadata(usize),
}

/// What a decoder is built of.
pub(super) struct DecoderParts {
    pub(super) format: Box<dyn RecordDecoder>,
    pub(super) metadata: MetadataColumns,
    /// For each column of `schema`.
    pub(super) layout: Vec<ColumnFrom>,
    pub(super) schema: SchemaRef,
    pub(super) bad: BadRecords,
    /// Rows are handed out once they, or their metadata, hold so much.
    pub(super) batch_bytes_max: ByteCount,
    pub(super) record_bytes_max: ByteCount,
    /// Pays for what the format learns; its floor is the most.
    pub(super) learned: Reservation,
}

/// More in one record are an attack or an accident: each takes many times its bytes while the record is read.
const HEADERS_MAX: usize = 4_096;
/// What each takes while the record is read: its slices, and its place in a map where a query reads headers.
const HEADER_BYTES: usize = 3 * size_of::<Header<'_>>();

pub(super) struct KafkaDecoder {
    reader: RecordReader,
    rows: RowMaker,
    /// The batch has been read to its end; only its last rows are to be handed out.
    at_end: bool,
}

/// Everything behind the reader: records in, batches out.
struct RowMaker {
    parts: DecoderParts,
    open: Option<PartitionId>,
    /// The length of the longest record of the batch that is being built.
    longest: usize,
    facts: BatchFacts,
    /// A batch is fetched whole, also from its middle and up to a bound within it: other records of it do not count.
    wanted: Range<Offset>,
    counts: DecoderCounts,
    told: HashSet<String>,
}

impl KafkaDecoder {
    pub(super) fn new(reader: RecordReader, parts: DecoderParts) -> Self {
        let counts = DecoderCounts::default();
        let rows = RowMaker {
            parts,
            open: None,
            facts: BatchFacts::of(None),
            longest: 0,
            wanted: Offset(0)..Offset(0),
            counts,
            told: HashSet::new(),
        };
        Self { reader, rows, at_end: false }
    }
}

impl RowMaker {
    fn rows(&self) -> usize {
        self.parts.format.rows()
    }

    /// What a batch takes whose longest record has so many bytes.
    fn demand(&self, longest: usize) -> ByteCount {
        let metadata = self.parts.metadata.floor(self.parts.batch_bytes_max.as_usize() + longest);
        let headers = HEADERS_MAX.min(longest / 2) * HEADER_BYTES;
        self.parts.format.floor(ByteCount::from(longest)) + ByteCount::from(metadata + headers)
    }

    /// Pays for a batch with a record of so many bytes.
    fn pay(&mut self, length: usize, scratch: &mut Reservation) -> Result<()> {
        self.longest = length;
        let missing = self.demand(length).saturating_sub(scratch.bytes());
        if scratch.try_grow(missing) { Ok(()) } else { Err(Error::internal("decoding needs more than its floor")) }
    }

    fn is_full(&self) -> bool {
        self.parts.format.is_full() || self.parts.metadata.bytes() >= self.parts.batch_bytes_max.as_usize()
    }

    fn record(&mut self, record: &Record<'_>, scratch: &mut Reservation) -> Result<()> {
        if !self.wanted.contains(&record.offset) {
            return Ok(());
        }
        if record.bytes() > self.longest {
            self.pay(record.bytes(), scratch)?;
        }
        // Most records have no headers; a vector without elements allocates nothing.
        let headers: Vec<Header<'_>> = (record.headers.iter().take(HEADERS_MAX))
            .map(|header| Header { key: std::str::from_utf8(header.key).unwrap_or("\u{fffd}"), value: header.value })
            .collect();
        let raw = RawRecord {
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key,
            value: record.value,
            headers: &headers,
        };
        self.counts.records += 1;
        self.counts.bytes += (record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len)) as u64;
        let before = self.parts.format.rows();
        let decoded = if record.headers.len() > HEADERS_MAX {
            Err(too_many_headers(record.headers.len()))
        } else {
            self.parts.format.decode(&raw)
        };
        match decoded {
            Ok(()) => {
                let rows = self.parts.format.rows() - before;
                self.check_metadata(&raw, rows)?;
                self.parts.metadata.append(self.open.as_ref(), self.facts, &raw, rows);
                Ok(())
            }
            Err(reason) => self.parts.bad.handle(place(self.open.as_ref()), &raw, &reason, &mut self.counts),
        }
    }

    /// A record of many rows (a JSON array) repeats its metadata for each.
    fn check_metadata(&self, record: &RawRecord<'_>, rows: usize) -> Result<()> {
        let most = self.parts.batch_bytes_max.as_usize() + self.longest;
        if rows <= 1
            || self.parts.metadata.bytes() + rows * self.parts.metadata.row_bytes(self.open.as_ref(), record) <= most
        {
            return Ok(());
        }
        let place = at(&place(self.open.as_ref()), record.offset);
        Err(Error::user(format!(
            "{place}: the metadata of the record's {rows} rows takes more memory than a batch may"
        ))
        .hint("write one object per record, or leave the metadata columns out"))
    }

    /// Hands out the rows built so far.
    fn batch(&mut self) -> Result<Decoding> {
        let Decoded { columns, kinds, absent, offsets, source_positions, from_key_update } =
            self.parts.format.finish()?;
        self.tell();
        let partition = self.open.clone().ok_or_else(|| Error::internal("rows without a batch"))?;
        let metadata = self.parts.metadata.finish();
        let pick = |from: &ColumnFrom| -> ArrayRef {
            match *from {
                ColumnFrom::Format(index) => columns.column(index).clone(),
                ColumnFrom::Metadata(index) => metadata[index].clone(),
            }
        };
        let picked: Vec<_> = self.parts.layout.iter().map(pick).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(offsets.len()));
        let merged = RecordBatch::try_new_with_options(self.parts.schema.clone(), picked, &options)
            .map_err(|error| Error::internal("decoded columns do not fit the table").caused_by(error))?;
        let masks = self.parts.layout.iter().map(|from| match *from {
            ColumnFrom::Format(index) => absent.column(index).cloned(),
            ColumnFrom::Metadata(_) => None,
        });
        let absent = rows::AbsentMask::new(masks.collect());
        let origin = Origin { partition, offsets, source_positions, from_key_update };
        Ok(Decoding::Batch(Batch { columns: merged, kinds, absent, origin }))
    }

    /// Logs what the format noticed, each thing once.
    fn tell(&mut self) {
        for notice in self.parts.format.notices() {
            if self.told.insert(notice.id) {
                let hint = notice.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                tracing::warn!("{}{hint}", notice.message);
            }
        }
    }

    fn pay_for_learned(&mut self) {
        let learned = self.parts.format.learned();
        self.parts.learned.shrink_to(learned);
        if !self.parts.learned.try_grow(learned.saturating_sub(self.parts.learned.bytes())) {
            tracing::debug!(%learned, "what was learned of records exceeds its floor");
        }
    }

    fn too_large(&mut self, error: &ReadError) -> Result<()> {
        let ReadError::TooLarge(large) = error else {
            return Err(unreadable(self.open.as_ref(), error));
        };
        if !self.wanted.contains(&large.offset) {
            return Ok(());
        }
        let bad = BadRecord {
            reason: format!("the record has {} bytes and the limit is {}", large.bytes.get(), large.limit),
            hint: Some("raise it with SET 'millstream.record.max-bytes', within the budget".into()),
            fatal: false,
        };
        let record = RawRecord { offset: large.offset, timestamp: -1, key: None, value: None, headers: &[] };
        self.parts.bad.handle(place(self.open.as_ref()), &record, &bad, &mut self.counts)
    }
}

impl Decoder for KafkaDecoder {
    fn floor(&self) -> ByteCount {
        self.rows.demand(self.rows.parts.record_bytes_max.as_usize())
    }

    fn start(&mut self, raw: RawBatch) -> Result<()> {
        self.rows.open = Some(raw.partition);
        self.rows.wanted = raw.from..raw.to;
        self.at_end = raw.bytes.is_empty();
        if self.at_end {
            return Ok(());
        }
        let opened = self.reader.open(raw.bytes);
        opened.map_err(|error| unreadable(self.rows.open.as_ref(), &error))?;
        self.rows.facts = BatchFacts::of(self.reader.header());
        Ok(())
    }

    fn step(&mut self, scratch: &mut Reservation) -> Result<Decoding> {
        self.rows.pay(0, scratch)?;
        while !self.at_end {
            if self.rows.is_full() {
                return self.rows.batch();
            }
            match self.reader.read() {
                Ok(Read::Record(record)) => self.rows.record(&record, scratch)?,
                Ok(Read::NeedMemory(missing)) if self.rows.rows() == 0 => return Ok(Decoding::NeedMemory(missing)),
                Ok(Read::NeedMemory(_)) => return self.rows.batch(),
                Ok(Read::End) => self.at_end = true,
                Err(error) => self.rows.too_large(&error)?,
            }
        }
        if self.rows.rows() > 0 {
            return self.rows.batch();
        }
        self.rows.tell();
        self.rows.open = None;
        self.rows.pay_for_learned();
        Ok(Decoding::Consumed)
    }

    fn counts(&self) -> DecoderCounts {
        self.rows.counts
    }

    fn before_commit(&mut self) -> Option<BeforeCommit> {
        self.rows.parts.bad.before_commit()
    }
}

fn too_many_headers(count: usize) -> BadRecord {
    BadRecord {
        reason: format!("the record has {count} headers; at most {HEADERS_MAX} are read"),
        hint: None,
        fatal: false,
    }
}

fn place(partition: Option<&PartitionId>) -> String {
    partition.map_or_else(String::new, ToString::to_string)
}

fn unreadable(partition: Option<&PartitionId>, error: &dyn std::error::Error) -> Error {
    Error::external(format!("{}: {error}", place(partition)))
        .hint("the batch is damaged or of an unknown kind; the broker's log should be checked")
}

#[cfg(test)]
mod tests;
