//! Puts the capture on the broker, as fast as a busy database would: over some seconds, so that there is a stream to follow.

use std::time::Duration;

use base::{ByteCount, Error, Result};
use kafka_client::{Client, ClientConfig, NewTopic, Producer, ProducerConfig};
use kafka_wire::codec::Codec;
use ledger::Budget;

use super::capture;
use crate::commands::produce;

/// How long the loading takes at least.
const SPREAD: Duration = Duration::from_secs(6);

/// How often the loading pauses on the way.
const PAUSES: u64 = 60;

const PARTITIONS: i32 = 4;

/// Creates the topics; must be done before the job starts.
pub(super) async fn create_topics(client: &Client) -> Result<()> {
    for dump in &capture::DUMPS {
        let name = topic_of(dump.table);
        client.create_topic(&NewTopic { name, partitions: Some(PARTITIONS), ..NewTopic::default() }).await?;
    }
    Ok(())
}

/// Sends every record with gzip; their number.
pub(super) async fn load(client: Client, bootstrap: String, budget: Budget) -> Result<u64> {
    let mut config = ProducerConfig::new(ClientConfig::new(&bootstrap)?);
    config.codec = Codec::Gzip;
    config.buffer_memory = ByteCount::mib(8);
    config.linger_ms = 50;
    let producer = Producer::new(client, config, &budget, "demo/producer");
    let total = capture::total();
    let mut sent = 0_u64;
    for record in capture::records() {
        let record = record?;
        let topic = record.topic.as_deref().ok_or_else(|| Error::internal("a record of the capture has no topic"))?;
        // What fails is told by the flush below.
        drop(produce::send(&producer, topic, &record).await?);
        sent += 1;
        if sent.is_multiple_of(total / PAUSES) {
            tokio::time::sleep(SPREAD / PAUSES as u32).await;
        }
    }
    producer.flush().await?;
    Ok(sent)
}

fn topic_of(table: &str) -> String {
    format!("shop.public.{table}")
}
