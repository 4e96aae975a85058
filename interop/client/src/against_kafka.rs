//! A real Apache Kafka (4.x): every request of the client, every codec in both directions, transactions of librdkafka.

use std::collections::BTreeMap;
use std::time::Duration;

use base::{ByteCount, Offset};
use kafka_client::{Isolation, NewTopic, OffsetReset, OffsetSpec, StartAt, TopicId, partition_for_key};
use kafka_wire::codec::Codec;
use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer, DefaultProducerContext};

use crate::support::{client, consumer, numbers, partition, producer, read_numbers, send_numbers};

pub async fn run(bootstrap: &str) {
    let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let name = |what: &str| format!("interop-{run}-{what}");
    topics(bootstrap, &name("topics")).await;
    for codec in Codec::ALL {
        both_directions(bootstrap, &name(codec.name()), codec).await;
    }
    offsets(bootstrap, &name("offsets")).await;
    transactions(bootstrap, &name("transactions")).await;
    recreated(bootstrap, &name("recreated")).await;
}

async fn create(bootstrap: &str, topic: &str, partitions: i32) -> TopicId {
    let new = NewTopic { name: topic.to_owned(), partitions: Some(partitions), ..NewTopic::default() };
    let client = client(bootstrap);
    let id = client.create_topic(&new).await.unwrap();
    // The other brokers, and the metadata of this one, follow in a moment.
    while client.topic(topic).await.is_err() {}
    id
}

async fn topics(bootstrap: &str, topic: &str) {
    let client = client(bootstrap);
    println!("cluster {}", client.cluster_id().await.unwrap());
    let configs = BTreeMap::from([("retention.ms".to_owned(), "1234567".to_owned())]);
    let new = NewTopic { name: topic.to_owned(), partitions: Some(3), replication_factor: Some(1), configs };
    let id = client.create_topic(&new).await.unwrap();
    assert!(!id.is_none());
    assert!(client.create_topic(&new).await.unwrap_err().message().contains("exists already"));
    assert_eq!(client.describe_topic(topic).await.unwrap().id, id);
    let configs = client.describe_configs(topic).await.unwrap();
    let retention = configs.iter().find(|config| config.name == "retention.ms").unwrap();
    assert_eq!((retention.value.as_deref(), retention.is_default), (Some("1234567"), false));
    client.create_partitions(topic, 5).await.unwrap();
    while client.topic(topic).await.unwrap().partitions != 5 {}
    assert!(client.list_topics().await.unwrap().iter().any(|listed| &*listed.name == topic));
    client.delete_topic(topic).await.unwrap();
    // It is gone in a moment.
    while client.topic(topic).await.is_ok() {}
    assert!(client.topic(topic).await.unwrap_err().message().contains("does not exist"));
    println!("topics: ok");
}

async fn both_directions(bootstrap: &str, topic: &str, codec: Codec) {
    create(bootstrap, topic, 4).await;
    let ours = producer(bootstrap, |config| {
        config.codec = codec;
        config.batch_size = ByteCount::kib(4);
    });
    let sent = send_numbers(&ours, topic, 0, 5000).await;
    for ((index, _), number) in &sent {
        assert_eq!(partition_for_key(format!("key-{}", number % 37).as_bytes(), 4), *index);
    }
    // librdkafka reads ours, and partitions keys as Java does when it is told to.
    let theirs: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", topic)
        .set("auto.offset.reset", "earliest")
        .set("check.crcs", "true")
        .create()
        .unwrap();
    theirs.subscribe(&[topic]).unwrap();
    let mut found = BTreeMap::new();
    while found.len() < 5000 {
        // It returns without a message when its assignment changes, too.
        let Some(message) = theirs.poll(Duration::from_secs(1)) else { continue };
        let message = message.unwrap();
        let value = std::str::from_utf8(message.payload().unwrap()).unwrap();
        found.insert((message.partition(), message.offset()), value.split(' ').next().unwrap().parse().unwrap());
    }
    assert_eq!(found, sent);
    // We read librdkafka's.
    let theirs = ThreadedProducer::<DefaultProducerContext>::from_config(
        ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("compression.type", codec.name())
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "5"),
    )
    .unwrap();
    for number in 5000..10_000 {
        let (key, value) = (format!("key-{}", number % 37), format!("{number} is a number among numbers"));
        theirs.send(BaseRecord::to(topic).key(&key).payload(&value)).unwrap();
    }
    theirs.flush(Duration::from_secs(30)).unwrap();
    let mut reader = consumer(bootstrap, |config| config.partition_fetch_max_bytes = ByteCount::kib(64));
    (0..4).for_each(|index| reader.assign(partition(topic, index), TopicId::NONE, StartAt::Earliest));
    let read = read_numbers(&mut reader, 10_000).await;
    assert!(sent.iter().all(|(place, number)| read[place] == *number));
    for ((index, _), number) in &read {
        assert_eq!(partition_for_key(format!("key-{}", number % 37).as_bytes(), 4), *index);
    }
    let mut all: Vec<u32> = read.into_values().collect();
    all.sort_unstable();
    assert_eq!(all, (0..10_000).collect::<Vec<u32>>());
    println!("{codec}: ok");
}

async fn offsets(bootstrap: &str, topic: &str) {
    create(bootstrap, topic, 1).await;
    let ours = producer(bootstrap, |config| config.linger_ms = 0);
    send_numbers(&ours, topic, 0, 100).await;
    let client = client(bootstrap);
    let ask = async |spec| {
        let wanted = BTreeMap::from([(partition(topic, 0), spec)]);
        client.offsets(&wanted, Isolation::ReadCommitted).await.unwrap()[&partition(topic, 0)]
    };
    assert_eq!(ask(OffsetSpec::Earliest).await, Some(Offset(0)));
    assert_eq!(ask(OffsetSpec::Latest).await, Some(Offset(100)));
    assert_eq!(ask(OffsetSpec::Timestamp(1_700_000_000_040)).await, Some(Offset(40)));
    assert_eq!(ask(OffsetSpec::Timestamp(1_800_000_000_000)).await, None);
    let committed = BTreeMap::from([(partition(topic, 0), Offset(42))]);
    client.commit_offsets(topic, &committed).await.unwrap();
    assert_eq!(client.committed_offsets(topic, &[partition(topic, 0)]).await.unwrap(), committed);
    // Out of range, reset to the start.
    let mut reader = consumer(bootstrap, |config| config.offset_reset = OffsetReset::Earliest);
    reader.assign(partition(topic, 0), TopicId::NONE, StartAt::Offset(Offset(1_000_000)));
    assert_eq!(read_numbers(&mut reader, 100).await.len(), 100);
    println!("offsets: ok");
}

async fn transactions(bootstrap: &str, topic: &str) {
    create(bootstrap, topic, 1).await;
    let theirs = ThreadedProducer::<DefaultProducerContext>::from_config(
        ClientConfig::new().set("bootstrap.servers", bootstrap).set("transactional.id", topic),
    )
    .unwrap();
    let wait = Duration::from_secs(30);
    theirs.init_transactions(wait).unwrap();
    for (round, commit) in [true, false, true, false, false, true].into_iter().enumerate() {
        theirs.begin_transaction().unwrap();
        for i in 0..50 {
            let value = format!("{} is a number", round * 50 + i);
            theirs.send(BaseRecord::<(), _>::to(topic).payload(&value)).unwrap();
        }
        theirs.flush(wait).unwrap();
        if commit { theirs.commit_transaction(wait).unwrap() } else { theirs.abort_transaction(wait).unwrap() }
    }
    let end = client(bootstrap)
        .offsets(&BTreeMap::from([(partition(topic, 0), OffsetSpec::Latest)]), Isolation::ReadCommitted)
        .await
        .unwrap()[&partition(topic, 0)]
        .unwrap();
    let mut reader = consumer(bootstrap, |config| config.isolation = Isolation::ReadCommitted);
    reader.assign(partition(topic, 0), TopicId::NONE, StartAt::Earliest);
    let mut read = Vec::new();
    loop {
        let fetched = reader.next().await.unwrap();
        read.extend(numbers(&fetched).into_iter().map(|(_, number)| number));
        if fetched.next_offset >= end {
            break;
        }
    }
    assert_eq!(read, (0..50).chain(100..150).chain(250..300).collect::<Vec<u32>>());
    println!("transactions: ok");
}

async fn recreated(bootstrap: &str, topic: &str) {
    let id = create(bootstrap, topic, 1).await;
    let client = client(bootstrap);
    client.delete_topic(topic).await.unwrap();
    while client.topic(topic).await.is_ok() {}
    create(bootstrap, topic, 1).await;
    let mut reader = consumer(bootstrap, |_| {});
    reader.assign(partition(topic, 0), id, StartAt::Earliest);
    let error = reader.next().await.unwrap_err().to_string();
    assert!(error.contains("was recreated"), "{error}");
    println!("recreated topic: ok");
}
