//! The broker over loopback, spoken to in frames.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod admin;
mod data;
mod groups;
mod memory;
mod protocol;
mod restart;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use base::{ByteCount, Disk, Offset, RealDisk, SystemClock};
use bytes::Bytes;
use kafka_broker::{Broker, BrokerConfig, RunningBroker};
use kafka_wire::codec::{Codec, Compressor};
use kafka_wire::protocol::messages::create_topics::{CreateTopicsRequest, NewTopic, TopicConfig};
use kafka_wire::protocol::messages::fetch::{FetchPartition, FetchPartitionResponse, FetchRequest, FetchTopic};
use kafka_wire::protocol::messages::produce::{
    ProducePartition, ProducePartitionResponse, ProduceRequest, ProduceTopic,
};
use kafka_wire::protocol::{ErrorCode, Request, decode_response, encode_request};
use kafka_wire::records::{BatchBuilder, Batches, Close, NewRecord, ProducerStamp};
use ledger::Budget;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn config(data: &Path) -> BrokerConfig {
    BrokerConfig { listen: "127.0.0.1:0".to_owned(), ..BrokerConfig::new(data) }
}

async fn start_with(config: BrokerConfig, budget: &Budget, disk: Arc<dyn Disk>) -> RunningBroker {
    Broker::start(config, budget, Arc::new(SystemClock::new()), disk).await.unwrap()
}

async fn start(data: &Path) -> RunningBroker {
    start_with(config(data), &Budget::new(ByteCount::mib(8)), Arc::new(RealDisk)).await
}

/// A client that knows the protocol and nothing else.
struct Client {
    socket: TcpStream,
    correlation_id: i32,
}

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        Self { socket: TcpStream::connect(address).await.unwrap(), correlation_id: 0 }
    }

    async fn send<R: Request>(&mut self, request: &R, version: i16) {
        self.correlation_id += 1;
        let frame = encode_request(request, version, self.correlation_id, Some("test")).unwrap();
        self.socket.write_all(&frame.to_vec()).await.unwrap();
    }

    async fn receive_frame(&mut self) -> Option<Bytes> {
        let mut length = [0; 4];
        self.socket.read_exact(&mut length).await.ok()?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.socket.read_exact(&mut frame).await.ok()?;
        Some(frame.into())
    }

    async fn call<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        self.send(request, version).await;
        let frame = self.receive_frame().await.expect("the broker closed the connection");
        decode_response::<R>(frame, version, self.correlation_id).unwrap()
    }

    async fn create(&mut self, name: &str, partitions: i32, configs: &[(&str, &str)]) -> ErrorCode {
        let configs = configs
            .iter()
            .map(|(name, value)| TopicConfig { name: (*name).to_owned(), value: Some((*value).to_owned()) })
            .collect();
        let topic = NewTopic { name: name.to_owned(), num_partitions: partitions, configs, ..NewTopic::default() };
        let request = CreateTopicsRequest { topics: vec![topic], ..CreateTopicsRequest::default() };
        self.call(&request, 7).await.topics[0].error_code
    }

    async fn produce(&mut self, topic: &str, partition: i32, records: Bytes) -> ProducePartitionResponse {
        let response = self.call(&produce_request(topic, partition, records, -1), 9).await;
        response.topics[0].partitions[0].clone()
    }

    async fn fetch(&mut self, topic: &str, partition: i32, offset: i64) -> FetchPartitionResponse {
        let response = self.call(&fetch_request(topic, partition, offset), 11).await;
        assert_eq!(response.session_id, 0);
        response.topics[0].partitions[0].clone()
    }

    /// The values of all records from `offset` on, to the end.
    async fn read_all(&mut self, topic: &str, partition: i32, mut offset: i64) -> Vec<String> {
        let mut values = Vec::new();
        loop {
            let fetched = self.fetch(topic, partition, offset).await;
            assert_eq!(fetched.error_code, ErrorCode::NONE);
            let records = fetched.records.unwrap();
            if records.is_empty() {
                return values;
            }
            for batch in Batches::new(&records) {
                let batch = batch.unwrap();
                batch.header.verify(batch.bytes).unwrap();
                values.extend(values_of(Bytes::copy_from_slice(batch.bytes), offset));
                offset = batch.header.next_offset().0;
            }
        }
    }
}

fn produce_request(topic: &str, partition: i32, records: Bytes, acks: i16) -> ProduceRequest {
    let partition = ProducePartition { index: partition, records: Some(records) };
    let topic = ProduceTopic { name: topic.to_owned(), partitions: vec![partition] };
    ProduceRequest { acks, timeout_ms: 10_000, topics: vec![topic], ..ProduceRequest::default() }
}

fn fetch_request(topic: &str, partition: i32, offset: i64) -> FetchRequest {
    let partition =
        FetchPartition { partition, fetch_offset: offset, partition_max_bytes: 1 << 20, ..FetchPartition::default() };
    let topic = FetchTopic { name: topic.to_owned(), partitions: vec![partition], ..FetchTopic::default() };
    FetchRequest { max_bytes: 1 << 20, topics: vec![topic], ..FetchRequest::default() }
}

/// A batch of these values, the first at `timestamp` and each 10 ms after the one before.
fn batch_from(values: &[&str], timestamp: i64, codec: Codec, stamp: ProducerStamp) -> Bytes {
    let account = Budget::new(ByteCount::mib(64)).account("test", ByteCount::ZERO);
    let mut builder = BatchBuilder::new(account.try_reserve(ByteCount::mib(32)).unwrap());
    for (index, value) in values.iter().enumerate() {
        let record = NewRecord {
            timestamp: timestamp + 10 * index as i64,
            key: None,
            value: Some(value.as_bytes()),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    let mut compressor = Compressor::new(account);
    assert!(matches!(builder.close(&mut compressor, codec).unwrap(), Close::Done));
    let mut batch = builder.into_batch();
    batch.stamp(stamp).unwrap();
    Bytes::copy_from_slice(&batch.bytes)
}

fn batch(values: &[&str]) -> Bytes {
    batch_from(values, 1_000, Codec::None, ProducerStamp::NONE)
}

fn values_of(batch: Bytes, from: i64) -> Vec<String> {
    let account = Budget::new(ByteCount::mib(64)).account("test", ByteCount::ZERO);
    let mut reader = kafka_wire::records::RecordReader::new(account, ByteCount::mib(1));
    reader.open(batch).unwrap();
    let mut values = Vec::new();
    while let kafka_wire::records::Read::Record(record) = reader.read().unwrap() {
        if record.offset >= Offset(from) {
            values.push(String::from_utf8(record.value.unwrap_or_default().to_vec()).unwrap());
        }
    }
    values
}
