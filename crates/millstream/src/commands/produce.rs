//! `millstream produce`: lines to records.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

use base::{ByteCount, Domain, Error, Result};
use kafka_client::{Client, Delivery, Destination, Producer, ProducerConfig};
use kafka_wire::codec::Codec;
use kafka_wire::records::{Header, NewRecord};

use super::{kafka, named_file};
use crate::cli::{self, Lines};
use crate::process;
use crate::record_line::RecordLine;

/// The longest line that is read, unless `max.request.size` is larger.
const LINE_MAX: ByteCount = ByteCount::mib(8);

/// Deliveries that may be open before the oldest is waited for.
const OPEN_MAX: usize = 10_000;

pub(crate) fn run(args: &cli::Produce) -> Result<()> {
    let (name, input): (String, Box<dyn Read + Send>) = match &args.file {
        Some(path) => (path.display().to_string(), Box::new(named_file::open("the records", path)?)),
        None => ("standard input".to_owned(), Box::new(std::io::stdin())),
    };
    let config = config(args)?;
    let line_max = LINE_MAX.max(config.request_max + config.request_max);
    let lines = RecordLines { name, input: BufReader::new(input), format: args.format, number: 0, line_max };
    process::runtime()?.block_on(produce(args, config, lines))
}

async fn produce(args: &cli::Produce, config: ProducerConfig, mut lines: RecordLines) -> Result<()> {
    let memory = kafka::MEMORY.max(Producer::footprint(&config) + Client::FLOOR);
    let (client, budget) = kafka::connect(&args.cluster, config.client.clone(), memory).await?;
    let producer = Producer::new(client, config, &budget, "producer");
    let sent = send_all(&producer, &args.topic, &mut lines).await?;
    tracing::info!("{sent} records written to {}", args.topic);
    Ok(())
}

/// Sends every line and waits until all are acknowledged; their number. A line that cannot be sent ends it, but those
/// before it are written.
async fn send_all(producer: &Producer, topic: &str, lines: &mut RecordLines) -> Result<u64> {
    let (mut sent, mut open) = (0, VecDeque::new());
    let stopped = loop {
        let delivery = match lines.next() {
            Ok(Some(record)) => send(producer, topic, &record).await.map_err(|error| lines.at_line(error)),
            Ok(None) => break Ok(()),
            Err(error) => Err(error),
        };
        match delivery {
            Ok(delivery) => open.push_back(delivery),
            Err(error) if error.domain() == Domain::User => break Err(error),
            Err(error) => return Err(error),
        }
        sent += 1;
        while open.len() >= OPEN_MAX {
            settle(open.pop_front()).await?;
        }
    };
    producer.flush().await?;
    while !open.is_empty() {
        settle(open.pop_front()).await?;
    }
    if stopped.is_err() {
        tracing::warn!("records written to {topic} before what is wrong: {sent}");
    }
    stopped.map(|()| sent)
}

/// The input, line by line.
struct RecordLines {
    /// For messages.
    name: String,
    input: BufReader<Box<dyn Read + Send>>,
    format: Lines,
    number: u64,
    line_max: ByteCount,
}

impl RecordLines {
    /// The record of the next line that is not empty.
    fn next(&mut self) -> Result<Option<RecordLine>> {
        loop {
            let mut line = Vec::new();
            let read = self.input.by_ref().take(self.line_max.get()).read_until(b'\n', &mut line);
            read.map_err(|error| Error::external(format!("cannot read {}", self.name)).caused_by(error))?;
            self.number += 1;
            if line.is_empty() {
                return Ok(None);
            }
            if line.len() as u64 == self.line_max.get() && !line.ends_with(b"\n") {
                return Err(self.at_line(
                    Error::user(format!("the line is longer than {}", self.line_max))
                        .hint("raise the limit of records, and so of lines, with --property max.request.size=…"),
                ));
            }
            while line.pop_if(|last| matches!(last, b'\n' | b'\r')).is_some() {}
            if !line.is_empty() {
                return self.record(line).map(Some).map_err(|error| self.at_line(error));
            }
        }
    }

    fn record(&self, line: Vec<u8>) -> Result<RecordLine> {
        if self.format == Lines::Raw {
            return Ok(RecordLine { value: Some(line), ..RecordLine::default() });
        }
        let text = String::from_utf8(line).map_err(|_| {
            Error::user("the line is not UTF-8")
                .hint("bytes that are no text are written as \"value_base64\"; --format raw takes lines as they are")
        })?;
        RecordLine::parse(&text)
    }

    fn at_line(&self, error: Error) -> Error {
        error.at(format!("{}, line {}", self.name, self.number))
    }
}

/// `--property` and `--codec`.
fn config(args: &cli::Produce) -> Result<ProducerConfig> {
    const COMPRESSION: &str = "compression.type";
    let from = |pairs: &[(&str, &str)]| ProducerConfig::from_properties(pairs.iter().copied());
    let mut config = kafka::configured(&args.cluster, from)?;
    if let Some(name) = &args.codec {
        if kafka::is_given(&args.cluster, COMPRESSION) {
            return Err(Error::user(format!("--codec and --property {COMPRESSION} are both given"))
                .hint("they mean the same: leave one out"));
        }
        config.codec = codec(name)?;
    }
    Ok(config)
}

/// Hands one record to the producer.
pub(crate) async fn send(producer: &Producer, topic: &str, record: &RecordLine) -> Result<Delivery> {
    let headers: Vec<Header<'_>> =
        (record.headers.iter()).map(|(key, value)| Header { key: key.as_bytes(), value: value.as_deref() }).collect();
    let new = NewRecord {
        timestamp: record.timestamp.unwrap_or_else(|| process::clock().unix_millis()),
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: &headers,
    };
    producer.send(Destination { topic, partition: record.partition }, &new).await
}

async fn settle(delivery: Option<Delivery>) -> Result<()> {
    match delivery {
        Some(delivery) => delivery.wait().await.map(drop),
        None => Ok(()),
    }
}

fn codec(name: &str) -> Result<Codec> {
    Codec::ALL.into_iter().find(|codec| codec.name() == name).ok_or_else(|| {
        let names: Vec<_> = Codec::ALL.iter().map(|codec| codec.name()).collect();
        Error::user(format!("--codec: '{name}' is not known")).hint(format!("choose one of {}", names.join(", ")))
    })
}
