//! The producer against a cluster that refuses, forgets, moves and breaks off: nothing lost, nothing twice, order kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base::{ByteCount, Retry, Rng};
use kafka_client::{Client, Delivery, Destination, NewRecord, Producer, ProducerConfig};
use kafka_wire::codec::Codec;
use kafka_wire::protocol::{ApiKey, ErrorCode};
use kafka_wire::records::{BatchHeader, Read, RecordReader};
use ledger::Budget;
use tokio::sync::Notify;

use crate::fake::{Deed, Fake, account};

fn producer_within(fake: &Fake, budget: &Budget, name: &str, edit: impl FnOnce(&mut ProducerConfig)) -> Producer {
    let mut config = ProducerConfig::new(fake.config());
    config.linger_ms = 0;
    edit(&mut config);
    Producer::new(Client::new(fake.config(), account(ByteCount::mib(8))), config, budget, name)
}

fn producer(fake: &Fake, edit: impl FnOnce(&mut ProducerConfig)) -> Producer {
    producer_within(fake, &Budget::new(ByteCount::mib(64)), "producer", edit)
}

async fn send(producer: &Producer, partition: i32, value: &[u8]) -> Delivery {
    let record = NewRecord { timestamp: 1, key: None, value: Some(value), headers: &[] };
    producer.send(Destination { topic: "t", partition: Some(partition) }, &record).await.unwrap()
}

/// The values in a partition's log.
fn log(fake: &Fake, partition: usize) -> Vec<u32> {
    let mut reader = RecordReader::new(account(ByteCount::mib(8)), ByteCount::mib(1));
    let mut values = Vec::new();
    for batch in &fake.state.lock().topics["t"].partitions[partition].log {
        reader.open(batch.clone()).unwrap();
        while let Read::Record(record) = reader.read().unwrap() {
            values.push(u32::from_be_bytes(record.value.unwrap().try_into().unwrap()));
        }
    }
    values
}

/// Sends 300 numbers to two partitions while the cluster does what `script` says; then all are there, once and in order.
async fn check(script: impl FnMut(i32, ApiKey) -> Deed + Send + 'static, refusals: &[ErrorCode]) {
    let fake = Fake::start(2).await;
    fake.topic("t", &[1, 2]);
    fake.state.script(script);
    fake.state.lock().refusals.extend(refusals);
    let producer = producer(&fake, |config| config.batch_size = ByteCount(200));
    let mut deliveries = Vec::new();
    for i in 0..300u32 {
        deliveries.push(send(&producer, (i % 2) as i32, &i.to_be_bytes()).await);
    }
    for delivery in deliveries {
        delivery.wait().await.unwrap();
    }
    for partition in 0..2 {
        assert_eq!(log(&fake, partition as usize), (0..300).filter(|i| i % 2 == partition).collect::<Vec<u32>>());
    }
}

#[tokio::test]
async fn a_calm_cluster_takes_everything_in_order() {
    check(|_, _| Deed::Answer, &[]).await;
}

#[tokio::test]
async fn connections_that_break_before_and_after_the_append_lose_and_repeat_nothing() {
    let mut rng = Rng::from_seed(11);
    check(
        move |_, key| match (key, rng.below(5)) {
            (ApiKey::Produce, 0) => Deed::Close,
            // The batch is appended, its acknowledgement is cut off.
            (ApiKey::Produce, 1) => Deed::Half,
            _ => Deed::Answer,
        },
        &[],
    )
    .await;
}

#[tokio::test]
async fn batches_that_are_refused_for_now_go_again_in_order() {
    use ErrorCode as E;
    check(|_, _| Deed::Answer, &[E::NOT_ENOUGH_REPLICAS, E::NONE, E::NOT_LEADER_OR_FOLLOWER, E::REQUEST_TIMED_OUT])
        .await;
}

#[tokio::test]
async fn requests_that_are_full_leave_no_partition_out() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1; 8]);
    // Two batches fill a request.
    let producer = producer(&fake, |config| {
        (config.batch_size, config.request_max) = (ByteCount(600), ByteCount(1_300));
    });
    let mut deliveries = Vec::new();
    for i in 0..400 {
        deliveries.push(send(&producer, i % 8, &[b'v'; 250]).await);
    }
    for delivery in deliveries {
        delivery.wait().await.unwrap();
    }
    let records: i32 = (fake.state.lock().topics["t"].partitions.iter())
        .map(|partition| partition.end() as i32)
        .inspect(|end| assert_eq!(*end, 50))
        .sum();
    assert_eq!(records, 400);
}

#[tokio::test]
async fn a_leader_that_moves_is_followed() {
    let fake = Fake::start(2).await;
    fake.topic("t", &[1]);
    let producer = producer(&fake, |_| {});
    for (i, leader) in [1, 2, 1, 2].into_iter().enumerate() {
        fake.state.lock().topics.get_mut("t").unwrap().partitions[0].leader = leader;
        send(&producer, 0, &(i as u32).to_be_bytes()).await.wait().await.unwrap();
    }
    assert_eq!(log(&fake, 0), [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_forgotten_producer_begins_a_new_epoch() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    let producer = producer(&fake, |_| {});
    send(&producer, 0, &0u32.to_be_bytes()).await.wait().await.unwrap();
    fake.state.lock().refusals.push_back(ErrorCode::UNKNOWN_PRODUCER_ID);
    send(&producer, 0, &1u32.to_be_bytes()).await.wait().await.unwrap();
    assert_eq!((log(&fake, 0), epochs(&fake, 0)), (vec![0, 1], vec![0, 1]));
}

/// The producers' epochs in a partition's log.
fn epochs(fake: &Fake, partition: usize) -> Vec<i16> {
    let state = fake.state.lock();
    let batches = &state.topics["t"].partitions[partition].log;
    batches.iter().map(|batch| BatchHeader::parse(batch).unwrap().producer_epoch).collect()
}

#[tokio::test]
async fn what_is_written_and_not_acknowledged_is_not_written_again_when_one_before_it_is_given_up() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    let (mut first, tried) = (0, Arc::new(Notify::new()));
    let written = tried.clone();
    fake.state.script(move |_, key| {
        if key != ApiKey::Produce {
            return Deed::Answer;
        }
        written.notify_one();
        first += 1;
        match first {
            // Both are written. Of the first the client understands nothing and gives it up, of the other it hears nothing.
            1 => Deed::Mute,
            2 => Deed::Garble([&[0, 0, 0, 8][..], &[0xff; 8]].concat()),
            _ => Deed::Answer,
        }
    });
    let producer = producer(&fake, |config| config.client.request_timeout_ms = 300);
    let given_up = send(&producer, 0, &0u32.to_be_bytes()).await;
    tried.notified().await;
    let unheard = send(&producer, 0, &1u32.to_be_bytes()).await;
    assert_eq!(given_up.wait().await.unwrap_err().retry(), Retry::Never);
    unheard.wait().await.unwrap();
    send(&producer, 0, &2u32.to_be_bytes()).await.wait().await.unwrap();
    assert_eq!((log(&fake, 0), epochs(&fake, 0)), (vec![0, 1, 2], vec![0, 0, 1]));
}

#[tokio::test]
async fn what_is_given_up_after_its_time_makes_nothing_behind_it_go_twice() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    let mut rng = Rng::from_seed(5);
    fake.state.script(move |_, key| match (key, rng.below(4)) {
        // Written, and the client hears of it late or never.
        (ApiKey::Produce, 0) => Deed::Mute,
        (ApiKey::Produce, 1) => Deed::Close,
        _ => Deed::Answer,
    });
    let producer = producer(&fake, |config| {
        // Room for six batches, so that they begin, and are given up, one after the other.
        (config.batch_size, config.buffer_memory) = (ByteCount(100), ByteCount(600));
        (config.client.request_timeout_ms, config.delivery_timeout_ms) = (20, 50);
    });
    let mut deliveries = Vec::new();
    for i in 0..300u32 {
        deliveries.push((i, send(&producer, 0, &i.to_be_bytes()).await));
    }
    let mut acknowledged = Vec::new();
    for (i, delivery) in deliveries {
        if delivery.wait().await.is_ok() {
            acknowledged.push(i);
        }
    }
    let written = log(&fake, 0);
    assert!(written.is_sorted_by(|a, b| a < b), "twice or out of order: {written:?}");
    assert!(acknowledged.iter().all(|i| written.contains(i)), "{acknowledged:?} of {written:?}");
}

#[tokio::test]
async fn a_batch_that_is_refused_leaves_other_partitions_alone() {
    let fake = Fake::start(2).await;
    fake.topic("t", &[1, 2]);
    fake.state.lock().topics.get_mut("t").unwrap().partitions[0].produce_refusal = Some(ErrorCode::MESSAGE_TOO_LARGE);
    let (mut muted, tried) = (false, Arc::new(Notify::new()));
    let written = tried.clone();
    fake.state.script(move |node, key| {
        if (node, key) != (2, ApiKey::Produce) || std::mem::replace(&mut muted, true) {
            return Deed::Answer;
        }
        written.notify_one();
        Deed::Mute
    });
    let producer = producer(&fake, |config| config.client.request_timeout_ms = 300);
    let unheard = send(&producer, 1, &1u32.to_be_bytes()).await;
    tried.notified().await;
    let error = send(&producer, 0, &0u32.to_be_bytes()).await.wait().await.unwrap_err();
    assert!(error.message().contains("MESSAGE_TOO_LARGE"), "{error}");
    unheard.wait().await.unwrap();
    send(&producer, 1, &2u32.to_be_bytes()).await.wait().await.unwrap();
    assert_eq!((log(&fake, 1), epochs(&fake, 1)), (vec![1, 2], vec![0, 0]));
}

#[tokio::test]
async fn a_broker_that_freezes_in_the_midst_of_a_write_is_given_up() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.script(|_, key| if key == ApiKey::Produce { Deed::Freeze } else { Deed::Answer });
    let producer = producer_within(&fake, &Budget::new(ByteCount::mib(128)), "producer", |config| {
        config.buffer_memory = ByteCount::mib(64);
        (config.batch_size, config.request_max) = (ByteCount::mib(8), ByteCount::mib(8));
        (config.client.request_timeout_ms, config.delivery_timeout_ms) = (100, 1_000);
    });
    // More than sockets hold, so that requests wait behind the one that is being written.
    let value = vec![b'v'; 6 << 20];
    let mut deliveries = Vec::new();
    for _ in 0..5 {
        deliveries.push(send(&producer, 0, &value).await);
    }
    let error = producer.flush().await.unwrap_err();
    assert_eq!(error.retry(), Retry::Backoff);
    for delivery in deliveries {
        let error = delivery.wait().await.unwrap_err();
        assert!(error.message().contains("was not acknowledged within 'delivery.timeout.ms'"), "{error}");
    }
}

#[tokio::test]
async fn a_batch_that_is_refused_for_good_says_why_and_holds_up_nothing() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    let producer = producer(&fake, |_| {});
    fake.state.lock().refusals.push_back(ErrorCode::MESSAGE_TOO_LARGE);
    let error = send(&producer, 0, &0u32.to_be_bytes()).await.wait().await.unwrap_err();
    assert_eq!(error.retry(), Retry::Never);
    assert!(error.report().contains("MESSAGE_TOO_LARGE") && error.report().contains("'max.message.bytes'"), "{error}");
    send(&producer, 0, &1u32.to_be_bytes()).await.wait().await.unwrap();
    assert_eq!(log(&fake, 0), [1]);
}

#[tokio::test]
async fn what_is_not_acknowledged_in_time_is_given_up_with_the_reason() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    let producer = producer(&fake, |config| config.delivery_timeout_ms = 1_000);
    send(&producer, 0, &0u32.to_be_bytes()).await.wait().await.unwrap();
    fake.state.script(|_, key| if key == ApiKey::Produce { Deed::Close } else { Deed::Answer });
    let error = send(&producer, 0, &0u32.to_be_bytes()).await.wait().await.unwrap_err();
    assert_eq!(error.retry(), Retry::Backoff);
    assert!(error.message().contains("was not acknowledged within 'delivery.timeout.ms'"), "{error}");
    assert!(error.message().contains("127.0.0.1"), "the reason is missing: {error}");
}

#[tokio::test]
async fn twenty_producers_whose_acknowledgements_never_come_hold_their_buffers_and_no_more() {
    // Incident 1: 20 producers with 1 MB each held 2,000 MB once a codec was on.
    for codec in [Codec::Gzip, Codec::Lz4] {
        let fake = Fake::start(1).await;
        fake.topic("t", &[1]);
        fake.state.script(|_, key| if key == ApiKey::Produce { Deed::Silence } else { Deed::Answer });
        let budget = Budget::new(ByteCount::mib(256));
        let buffer = ByteCount::mib(1);
        let mut producers = Vec::new();
        for i in 0..20 {
            let producer = producer_within(&fake, &budget, &format!("producer-{i}"), |config| {
                (config.buffer_memory, config.codec) = (buffer, codec);
                config.request_max = ByteCount::kib(64);
            });
            // Until less than two batches fit its buffer: then nothing waits for ever here.
            let full = budget.used() + buffer - ByteCount::kib(32);
            let mut rng = Rng::from_seed(i);
            while budget.used() < full {
                let value: Vec<u8> = (0..1000).map(|_| rng.next_u64() as u8).collect();
                drop(send(&producer, 0, &value).await);
            }
            producers.push(producer);
        }
        let mut config = ProducerConfig::new(fake.config());
        (config.buffer_memory, config.codec, config.request_max) = (buffer, codec, ByteCount::kib(64));
        let most = ByteCount(Producer::footprint(&config).0 * 20);
        assert!(budget.used() <= most, "{codec}: {} of {most}", budget.used());
        assert!(budget.used() > ByteCount::mib(15), "{codec}: the buffers are not full: {}", budget.used());
    }
}

#[tokio::test]
async fn a_producer_that_is_dropped_tells_who_waits() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    let silent = Arc::new(AtomicBool::new(true));
    let flag = silent.clone();
    fake.state.script(move |_, key| match key {
        ApiKey::Produce if flag.load(Ordering::Relaxed) => Deed::Silence,
        _ => Deed::Answer,
    });
    let producer = producer(&fake, |config| config.linger_ms = 100_000);
    let open = send(&producer, 0, &0u32.to_be_bytes()).await;
    drop(producer);
    let error = open.wait().await.unwrap_err();
    assert!(error.message().contains("was dropped with its producer"), "{error}");
}
