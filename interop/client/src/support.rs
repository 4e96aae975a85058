//! Making clients, producing and consuming numbers.

use std::collections::BTreeMap;

use base::ByteCount;
use kafka_client::{
    Client, ClientConfig, Consumer, ConsumerConfig, Destination, Fetched, Header, NewRecord, Producer, ProducerConfig,
    TopicPartition,
};
use kafka_wire::records::{Read, RecordReader};
use ledger::{Account, Budget};

pub fn account(mib: u64) -> Account {
    Budget::new(ByteCount::mib(mib)).account("interop", ByteCount::ZERO)
}

pub fn client(bootstrap: &str) -> Client {
    Client::new(ClientConfig::new(bootstrap).unwrap(), account(8))
}

pub fn consumer(bootstrap: &str, edit: impl FnOnce(&mut ConsumerConfig)) -> Consumer {
    let mut config = ConsumerConfig::new(ClientConfig::new(bootstrap).unwrap());
    edit(&mut config);
    Consumer::new(client(bootstrap), config, account(16))
}

pub fn producer(bootstrap: &str, edit: impl FnOnce(&mut ProducerConfig)) -> Producer {
    let mut config = ProducerConfig::new(ClientConfig::new(bootstrap).unwrap());
    edit(&mut config);
    Producer::new(client(bootstrap), config, &Budget::new(ByteCount::mib(64)), "producer")
}

/// Sends the numbers `from..to` with their keys; where each went.
pub async fn send_numbers(producer: &Producer, topic: &str, from: u32, to: u32) -> BTreeMap<(i32, i64), u32> {
    let headers = [Header { key: b"h", value: Some(b"1") }, Header { key: b"h", value: None }];
    let mut deliveries = Vec::new();
    for number in from..to {
        let (key, value) = (format!("key-{}", number % 37), format!("{number} is a number among numbers"));
        let record = NewRecord {
            timestamp: 1_700_000_000_000 + i64::from(number),
            key: Some(key.as_bytes()),
            value: Some(value.as_bytes()),
            headers: &headers,
        };
        deliveries.push((number, producer.send(Destination { topic, partition: None }, &record).await.unwrap()));
    }
    let mut sent = BTreeMap::new();
    for (number, delivery) in deliveries {
        let delivered = delivery.wait().await.unwrap();
        sent.insert((delivered.partition.index.0, delivered.offset.unwrap().0), number);
    }
    assert_eq!(sent.len(), (to - from) as usize, "two records have the same place");
    sent
}

/// The numbers in a step.
pub fn numbers(fetched: &Fetched) -> Vec<((i32, i64), u32)> {
    let mut found = Vec::new();
    if fetched.bytes.is_empty() {
        return found;
    }
    let mut reader = RecordReader::new(account(16), ByteCount::mib(8));
    reader.open(fetched.bytes.clone()).unwrap();
    while let Read::Record(record) = reader.read().unwrap() {
        if record.offset >= fetched.from {
            let value = std::str::from_utf8(record.value.unwrap()).unwrap();
            let number = value.split(' ').next().unwrap().parse().unwrap();
            found.push(((fetched.partition.index.0, record.offset.0), number));
        }
    }
    found
}

/// Reads until as many numbers are there.
pub async fn read_numbers(consumer: &mut Consumer, count: usize) -> BTreeMap<(i32, i64), u32> {
    let mut found = BTreeMap::new();
    while found.len() < count {
        let fetched = consumer.next().await.unwrap();
        for (place, number) in numbers(&fetched) {
            assert_eq!(found.insert(place, number), None, "{place:?} was read twice");
        }
    }
    found
}

pub fn partition(topic: &str, index: i32) -> TopicPartition {
    TopicPartition::new(topic, index)
}
