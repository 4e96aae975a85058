//! Everything together, against the embedded broker.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{ByteCount, Offset, RealDisk, SystemClock};
use kafka_broker::{Broker, BrokerConfig, RunningBroker};
use kafka_client::{
    Client, ClientConfig, Consumer, ConsumerConfig, Destination, Header, Isolation, NewRecord, NewTopic, OffsetSpec,
    Producer, ProducerConfig, StartAt, TopicId,
};
use kafka_wire::codec::Codec;
use ledger::Budget;

use crate::consuming::values;
use crate::fake::{account, partition};

struct Node {
    broker: RunningBroker,
    _data: tempfile::TempDir,
}

impl Node {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = BrokerConfig::new(data.path());
        "127.0.0.1:0".clone_into(&mut config.listen);
        let budget = Budget::new(ByteCount::mib(64));
        let clock = Arc::new(SystemClock::new());
        let broker = Broker::start(config, &budget, clock, Arc::new(RealDisk)).await.unwrap();
        Self { broker, _data: data }
    }

    fn config(&self) -> ClientConfig {
        ClientConfig::new(&self.broker.bootstrap()).unwrap()
    }

    fn client(&self) -> Client {
        Client::new(self.config(), account(ByteCount::mib(8)))
    }

    fn producer(&self, edit: impl FnOnce(&mut ProducerConfig)) -> Producer {
        let mut config = ProducerConfig::new(self.config());
        edit(&mut config);
        let budget = Budget::new(ByteCount::mib(64));
        Producer::new(self.client(), config, &budget, "producer")
    }

    fn consumer(&self) -> Consumer {
        Consumer::new(self.client(), ConsumerConfig::new(self.config()), account(ByteCount::mib(32)))
    }

    async fn topic(&self, name: &str, partitions: i32) -> TopicId {
        let topic = NewTopic { name: name.to_owned(), partitions: Some(partitions), ..NewTopic::default() };
        self.client().create_topic(&topic).await.unwrap()
    }
}

fn record<'a>(key: Option<&'a [u8]>, value: &'a [u8], headers: &'a [Header<'a>]) -> NewRecord<'a> {
    NewRecord { timestamp: 1_700_000_000_000, key, value: Some(value), headers }
}

fn to(topic: &str) -> Destination<'_> {
    Destination { topic, partition: None }
}

#[tokio::test]
async fn topics_are_made_described_grown_and_deleted() {
    let node = Node::start().await;
    let client = node.client();
    assert!(!client.cluster_id().await.unwrap().is_empty());
    let configs = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]);
    let new = NewTopic { name: "orders".to_owned(), partitions: Some(3), replication_factor: Some(1), configs };
    let id = client.create_topic(&new).await.unwrap();
    let report = client.create_topic(&new).await.unwrap_err().report();
    assert!(report.starts_with("the topic 'orders' exists already"), "{report}");

    let described = client.describe_topic("orders").await.unwrap();
    assert_eq!((described.id, described.leaders.len()), (id, 3));
    let configs = client.describe_configs("orders").await.unwrap();
    let policy = configs.iter().find(|config| config.name == "cleanup.policy").unwrap();
    assert_eq!((policy.value.as_deref(), policy.is_default), (Some("compact"), false));

    client.create_partitions("orders", 5).await.unwrap();
    assert_eq!(client.topic("orders").await.unwrap().partitions, 5);
    let names: Vec<_> = client.list_topics().await.unwrap().into_iter().map(|topic| topic.name).collect();
    assert_eq!(names, ["orders".into()]);
    client.delete_topic("orders").await.unwrap();
    assert!(client.list_topics().await.unwrap().is_empty());
    let report = client.delete_topic("orders").await.unwrap_err().report();
    assert!(report.starts_with("the topic 'orders' does not exist"), "{report}");
}

#[tokio::test]
async fn what_is_produced_with_each_codec_is_consumed_in_order() {
    let node = Node::start().await;
    for codec in Codec::ALL {
        let topic = format!("t-{codec}");
        node.topic(&topic, 2).await;
        let producer = node.producer(|config| {
            config.codec = codec;
            config.batch_size = ByteCount(2_000);
            config.linger_ms = 0;
        });
        let headers = [Header { key: b"h", value: Some(b"1") }, Header { key: b"h", value: None }];
        let mut deliveries = Vec::new();
        for i in 0..500u32 {
            let key = format!("k{}", i % 10);
            let value = format!("value {i} of a record that says little and says it again and again");
            let new = record(Some(key.as_bytes()), value.as_bytes(), &headers);
            deliveries.push((producer.send(to(&topic), &new).await.unwrap(), value));
        }
        producer.flush().await.unwrap();
        let mut expected: BTreeMap<(i32, i64), Vec<u8>> = BTreeMap::new();
        for (delivery, value) in deliveries {
            let delivered = delivery.wait().await.unwrap();
            expected.insert((delivered.partition.index.0, delivered.offset.unwrap().0), value.into_bytes());
        }
        assert_eq!(expected.len(), 500);

        let mut consumer = node.consumer();
        consumer.assign(partition(&topic, 0), TopicId::NONE, StartAt::Earliest);
        consumer.assign(partition(&topic, 1), TopicId::NONE, StartAt::Earliest);
        let mut found = BTreeMap::new();
        while found.len() < 500 {
            let fetched = consumer.next().await.unwrap();
            for (offset, value) in values(&fetched) {
                found.insert((fetched.partition.index.0, offset), value);
            }
        }
        assert_eq!(found, expected, "{codec}");
    }
}

#[tokio::test]
async fn offsets_by_time_and_of_groups_agree_with_what_was_written() {
    let node = Node::start().await;
    let id = node.topic("t", 1).await;
    let client = node.client();
    let producer = node.producer(|config| config.linger_ms = 0);
    for timestamp in [1000, 2000, 3000] {
        let new = NewRecord { timestamp, key: None, value: Some(b"v"), headers: &[] };
        producer.send(to("t"), &new).await.unwrap().wait().await.unwrap();
    }
    let ask = async |spec| {
        let wanted = BTreeMap::from([(partition("t", 0), spec)]);
        client.offsets(&wanted, Isolation::ReadUncommitted).await.unwrap()[&partition("t", 0)]
    };
    assert_eq!(ask(OffsetSpec::Earliest).await, Some(Offset(0)));
    assert_eq!(ask(OffsetSpec::Latest).await, Some(Offset(3)));
    assert_eq!(ask(OffsetSpec::Timestamp(1500)).await, Some(Offset(1)));
    assert_eq!(ask(OffsetSpec::Timestamp(9000)).await, None);

    let offsets = BTreeMap::from([(partition("t", 0), Offset(2))]);
    client.commit_offsets("lag", &offsets).await.unwrap();
    assert_eq!(client.committed_offsets("lag", &[partition("t", 0)]).await.unwrap(), offsets);

    let mut consumer = node.consumer();
    consumer.assign(partition("t", 0), id, StartAt::Timestamp(1500));
    let mut read = Vec::new();
    while read.len() < 2 {
        read.extend(values(&consumer.next().await.unwrap()).into_iter().map(|(offset, _)| offset));
    }
    assert_eq!(read, [1, 2]);
}

#[tokio::test]
async fn records_without_key_stay_on_a_partition_until_it_has_a_batch_and_use_all() {
    let node = Node::start().await;
    node.topic("t", 4).await;
    let producer = node.producer(|config| config.batch_size = ByteCount(1000));
    let mut order = Vec::new();
    for _ in 0..400 {
        let delivery = producer.send(to("t"), &record(None, &[b'v'; 90], &[])).await.unwrap();
        order.push(delivery);
    }
    producer.flush().await.unwrap();
    let mut partitions = Vec::new();
    for delivery in order {
        partitions.push(delivery.wait().await.unwrap().partition.index.0);
    }
    let switches = partitions.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(switches < 60, "{switches} switches");
    assert_eq!(partitions.iter().collect::<BTreeSet<_>>().len(), 4);
}

#[tokio::test]
async fn a_record_that_cannot_be_sent_is_refused_before_it_is_taken() {
    let node = Node::start().await;
    node.topic("t", 1).await;
    let producer = node.producer(|config| {
        config.buffer_memory = ByteCount::kib(8);
        config.batch_size = ByteCount::kib(1);
    });
    let report = producer.send(to("t"), &record(None, &[0; 9000], &[])).await.unwrap_err().report();
    assert!(report.contains("'buffer.memory' is 8KiB"), "{report}");
    assert!(report.contains("raise it with --property buffer.memory=16384"), "{report}");
    let there = Destination { topic: "t", partition: Some(7) };
    let report = producer.send(there, &record(None, b"v", &[])).await.unwrap_err().report();
    assert!(report.contains("the partition t-7 does not exist"), "{report}");
    // The small buffer turns over many times.
    for _ in 0..200 {
        producer.send(to("t"), &record(None, &[1; 500], &[])).await.unwrap();
    }
    producer.flush().await.unwrap();
}
