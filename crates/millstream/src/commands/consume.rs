//! `millstream consume`: records to lines.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use base::{ByteCount, Error, Offset, Result};
use connect::ndjson;
use kafka_client::{Client, Consumer, ConsumerConfig, Fetched, Isolation, OffsetSpec, StartAt, TopicPartition};
use kafka_wire::records::{Read, Record, RecordReader};

use super::kafka;
use crate::cli::{self, Lines};
use crate::process::{self, signals};

/// The largest record that is shown.
const RECORD_MAX: ByteCount = ByteCount::mib(8);

pub(crate) fn run(args: &cli::Consume) -> Result<()> {
    let runtime = process::runtime()?;
    let result = runtime.block_on(consume(args));
    runtime.shutdown_background();
    result
}

async fn consume(args: &cli::Consume) -> Result<()> {
    let start = start(&args.from)?;
    let config = config(&args.cluster)?;
    let (client, budget) = kafka::connect(&args.cluster, config.client.clone(), kafka::MEMORY).await?;
    let topic = client.topic(&args.topic).await?;
    let partitions: Vec<_> =
        (0..topic.partitions).map(|index| TopicPartition::new(topic.name.clone(), index)).collect();
    let mut left = if args.bounded { Some(ends(&client, &partitions, start).await?) } else { None };
    let fetch = budget.account("fetch", Consumer::floor(ByteCount::mib(1)));
    let mut consumer = Consumer::new(client, config, fetch);
    for partition in &partitions {
        if left.as_ref().is_none_or(|left| left.contains_key(partition)) {
            consumer.assign(partition.clone(), topic.id, start);
        }
    }
    let mut printer = Printer {
        reader: RecordReader::new(budget.account("inflate", RecordReader::floor(RECORD_MAX)), RECORD_MAX),
        out: BufWriter::new(std::io::stdout()),
        format: args.format,
        left: args.count.unwrap_or(u64::MAX),
    };
    while printer.left > 0 && left.as_ref().is_none_or(|left| !left.is_empty()) {
        let fetched = tokio::select! {
            fetched = consumer.next() => fetched?,
            name = signals::asked_to_end() => {
                name?;
                break;
            }
        };
        if let Some(ends) = &mut left
            && ends.get(&fetched.partition).is_some_and(|end| fetched.next_offset >= *end)
        {
            ends.remove(&fetched.partition);
        }
        printer.print(&fetched)?;
    }
    Ok(())
}

fn config(cluster: &cli::Cluster) -> Result<ConsumerConfig> {
    if kafka::is_given(cluster, "group.id") {
        return Err(Error::user("--property: 'group.id' means nothing here, since no offsets are committed")
            .hint("say where to begin with --from earliest, latest or OFFSET"));
    }
    kafka::configured(cluster, |pairs| ConsumerConfig::from_properties(pairs.iter().copied()))
}

fn start(from: &str) -> Result<StartAt> {
    match from {
        "earliest" => Ok(StartAt::Earliest),
        "latest" => Ok(StartAt::Latest),
        number => number
            .parse()
            .ok()
            .filter(|offset| *offset >= 0)
            .map(|offset| StartAt::Offset(Offset(offset)))
            .ok_or_else(|| Error::user(format!("--from: '{number}' is neither earliest nor latest nor an offset"))),
    }
}

/// The ends of the partitions that hold anything to print.
async fn ends(
    client: &Client,
    partitions: &[TopicPartition],
    start: StartAt,
) -> Result<BTreeMap<TopicPartition, Offset>> {
    let ask = |spec| partitions.iter().map(|partition| (partition.clone(), spec)).collect();
    let starts = client.offsets(&ask(OffsetSpec::Earliest), Isolation::ReadUncommitted).await?;
    let ends = client.offsets(&ask(OffsetSpec::Latest), Isolation::ReadUncommitted).await?;
    let begins = |partition: &TopicPartition, end: Offset| match start {
        StartAt::Offset(offset) => offset,
        StartAt::Latest => end,
        _ => starts.get(partition).copied().flatten().unwrap_or(end),
    };
    Ok(ends
        .into_iter()
        .filter_map(|(partition, end)| Some((partition, end?)))
        .filter(|(partition, end)| begins(partition, *end) < *end)
        .collect())
}

struct Printer {
    reader: RecordReader,
    out: BufWriter<std::io::Stdout>,
    format: Lines,
    left: u64,
}

impl Printer {
    fn print(&mut self, fetched: &Fetched) -> Result<()> {
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
