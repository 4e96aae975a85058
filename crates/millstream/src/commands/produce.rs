//! `millstream produce`: lines to records.

use std::io::{BufRead, BufReader, Read};

use base::{ByteCount, Error, Result};
use kafka_client::{Client, Delivery, Destination, Producer, ProducerConfig};
use kafka_wire::codec::Codec;
use kafka_wire::records::{Header, NewRecord};

use super::kafka;
use crate::cli::{self, Lines};
use crate::process;
use crate::record_line::RecordLine;

/// The longest line that is read, unless `max.request.size` is larger.
const LINE_MAX: ByteCount = ByteCount::mib(8);

/// Deliveries that may be open before the oldest is waited for.
const OPEN_MAX: usize = 10_000;

pub(crate) fn run(args: &cli::Produce) -> Result<()> {
    let input: Box<dyn Read + Send> = match &args.file {
        Some(path) => Box::new(
            std::fs::File::open(path)
                .map_err(|error| Error::user(format!("cannot read {}", path.display())).caused_by(error))?,
        ),
        None => Box::new(std::io::stdin()),
    };
    process::runtime()?.block_on(produce(args, BufReader::new(input)))
}

async fn produce(args: &cli::Produce, mut input: impl BufRead) -> Result<()> {
    let config = config(args)?;
    let line_max = LINE_MAX.max(config.request_max + config.request_max);
    let memory = kafka::MEMORY.max(Producer::footprint(&config) + Client::FLOOR);
    let (client, budget) = kafka::connect(&args.cluster, config.client.clone(), memory).await?;
    let producer = Producer::new(client, config, &budget, "producer");
    let mut open = std::collections::VecDeque::new();
    let mut sent = 0_u64;
    let mut line = String::new();
    for number in 1_u64.. {
        line.clear();
        let read = input.by_ref().take(line_max.get()).read_line(&mut line);
        let read = read.map_err(|error| Error::external("cannot read the input").caused_by(error))?;
        let text = line.trim_end_matches(['\n', '\r']);
        if read == 0 {
            break;
        }
        if read as u64 == line_max.get() && !line.ends_with('\n') {
            return Err(Error::user(format!("line {number} is longer than {line_max}"))
                .hint("raise the limit of records, and so of lines, with --property max.request.size=…"));
        }
        if text.is_empty() {
            continue;
        }
        let record = match args.format {
            Lines::Json => RecordLine::parse(text).map_err(|error| error.at(format!("line {number}")))?,
            Lines::Raw => RecordLine { value: Some(text.as_bytes().to_vec()), ..RecordLine::default() },
        };
        open.push_back(send(&producer, &args.topic, &record).await?);
        sent += 1;
        while open.len() >= OPEN_MAX {
            settle(open.pop_front()).await?;
        }
    }
    producer.flush().await?;
    while !open.is_empty() {
        settle(open.pop_front()).await?;
    }
    tracing::info!("{sent} records written to {}", args.topic);
    Ok(())
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
