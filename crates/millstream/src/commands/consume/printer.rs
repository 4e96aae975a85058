//! Records as lines on standard output.

use std::io::{BufWriter, Write};

use base::{ByteCount, Error, Result};
use connect::ndjson;
use kafka_client::{Fetched, TopicPartition};
use kafka_wire::records::{Read, Record, RecordReader};
use ledger::Budget;

use crate::cli::Lines;

/// The largest record that is shown.
const RECORD_MAX: ByteCount = ByteCount::mib(8);

/// Writes so many records, each in a line.
pub(super) struct Printer {
    reader: RecordReader,
    out: BufWriter<std::io::Stdout>,
    format: Lines,
    left: u64,
}

impl Printer {
    /// Stops after `count` records.
    pub(super) fn new(format: Lines, count: Option<u64>, budget: &Budget) -> Self {
        let inflate = budget.account("inflate", RecordReader::floor(RECORD_MAX));
        let reader = RecordReader::new(inflate, RECORD_MAX);
        Self { reader, out: BufWriter::new(std::io::stdout()), format, left: count.unwrap_or(u64::MAX) }
    }

    /// Whether all that were asked for are written.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0
    }

    /// Writes the records of a batch.
    ///
    /// # Errors
    /// The batch is damaged, a record too large, or nobody reads the lines any more.
    pub(super) fn print(&mut self, fetched: &Fetched) -> Result<()> {
        if fetched.bytes.is_empty() {
            return Ok(());
        }
        self.reader.open(fetched.bytes.clone()).map_err(|error| Error::from(error).at(&fetched.partition))?;
        while self.left > 0 {
            let record = match self
                .reader
                .read()
                .map_err(|error| Error::external(error.to_string()).at(&fetched.partition))?
            {
                Read::Record(record) => record,
                Read::End => break,
                Read::NeedMemory(bytes) => {
                    return Err(Error::user(format!("{}: a batch needs {bytes} more to inflate", fetched.partition)));
                }
            };
            if record.offset < fetched.from {
                continue;
            }
            self.left -= 1;
            let mut line = match self.format {
                Lines::Json => json(&fetched.partition, &record).into_bytes(),
                Lines::Raw => record.value.unwrap_or_default().to_vec(),
            };
            line.push(b'\n');
            self.out.write_all(&line).map_err(cannot_write)?;
        }
        self.out.flush().map_err(cannot_write)
    }
}

fn json(partition: &TopicPartition, record: &Record<'_>) -> String {
    let mut line = String::from("{\"topic\":");
    ndjson::text(&mut line, &partition.topic);
    line.push_str(&format!(",\"partition\":{},\"offset\":{}", partition.index, record.offset));
    ndjson::bytes_field(&mut line, "key", record.key);
    ndjson::bytes_field(&mut line, "value", record.value);
    let headers: Vec<rows::Header<'_>> = (record.headers.iter())
        .map(|header| rows::Header { key: std::str::from_utf8(header.key).unwrap_or("\u{fffd}"), value: header.value })
        .collect();
    ndjson::headers_field(&mut line, &headers);
    line.push_str(&format!(",\"timestamp\":{}}}", record.timestamp));
    line
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::external("cannot write to standard output").caused_by(error)
}
