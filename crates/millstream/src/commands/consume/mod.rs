//! `millstream consume`: records to lines.
//!
//! `start` says where each partition begins and ends, `printer` writes the lines.

mod printer;
mod start;

use base::{ByteCount, Error, Result};
use kafka_client::{Consumer, ConsumerConfig};

use self::printer::Printer;
use self::start::{From, Reading};
use super::kafka;
use crate::cli;
use crate::process::{self, signals};

pub(crate) fn run(args: &cli::Consume) -> Result<()> {
    let runtime = process::runtime()?;
    let result = runtime.block_on(consume(args));
    runtime.shutdown_background();
    result
}

async fn consume(args: &cli::Consume) -> Result<()> {
    let from = From::parse(&args.from)?;
    let config = config(&args.cluster)?;
    let reset = kafka::is_given(&args.cluster, RESET).then_some(config.offset_reset);
    let (client, budget) = kafka::connect(&args.cluster, config.client.clone(), kafka::MEMORY).await?;
    let topic = client.topic(&args.topic).await?;
    let mut reading = Reading::new(&topic, &args.partitions)?;
    reading.begin(&client, from, reset).await?;
    if args.bounded {
        reading.end(&client, config.isolation).await?;
    }
    let fetch = budget.account("fetch", Consumer::floor(ByteCount::mib(1)));
    let mut consumer = Consumer::new(client, config, fetch);
    for (partition, start) in reading.starts() {
        consumer.assign(partition.clone(), topic.id, start);
    }
    let mut printer = Printer::new(args.format, args.count, &budget);
    while !printer.is_done() && !reading.is_done() {
        let fetched = tokio::select! {
            fetched = consumer.next() => fetched?,
            name = signals::asked_to_end() => {
                name?;
                break;
            }
        };
        reading.reached(&fetched.partition, fetched.next_offset);
        printer.print(&fetched)?;
    }
    Ok(())
}

const RESET: &str = "auto.offset.reset";

fn config(cluster: &cli::Cluster) -> Result<ConsumerConfig> {
    if kafka::is_given(cluster, "group.id") {
        return Err(Error::user("--property: 'group.id' means nothing here, since no offsets are committed")
            .hint("say where to begin with --from earliest, latest or OFFSET"));
    }
    kafka::configured(cluster, |pairs| ConsumerConfig::from_properties(pairs.iter().copied()))
}
