use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{ByteCount, Offset, Rng};
use bytes::Bytes;
use kafka_client::{Consumer, ConsumerError, Fetched, OffsetReset, StartAt, TopicId};
use kafka_wire::codec::Codec;
use kafka_wire::protocol::{ApiKey, ErrorCode};
use kafka_wire::records::{BatchHeader, Read, RecordReader};
use ledger::Budget;
use tokio::sync::Notify;

use crate::fake::{Deed, Fake, account, batch, partition};

/// The values of a step's records from `from` on.
pub(crate) fn values(fetched: &Fetched) -> Vec<(i64, Vec<u8>)> {
    let mut found = Vec::new();
    if fetched.bytes.is_empty() {
        return found;
    }
    let mut reader = RecordReader::new(account(ByteCount::mib(16)), ByteCount::mib(8));
    reader.open(fetched.bytes.clone()).unwrap();
    while let Read::Record(record) = reader.read().unwrap() {
        if record.offset >= fetched.from {
            found.push((record.offset.0, record.value.unwrap().to_vec()));
        }
    }
    found
}

/// Reads until the partition stands at `end`; the offsets of its records.
async fn read_to(consumer: &mut Consumer, end: i64) -> Vec<i64> {
    let mut offsets = Vec::new();
    loop {
        let fetched = consumer.next().await.unwrap();
        offsets.extend(values(&fetched).into_iter().map(|(offset, _)| offset));
        if fetched.next_offset.0 >= end {
            return offsets;
        }
    }
}

fn small(offset: i64) -> Bytes {
    batch(offset, &[b"a", b"b", b"c"], Codec::None)
}

#[tokio::test]
async fn batches_arrive_whole_in_order_with_their_watermarks() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    for (i, codec) in Codec::ALL.into_iter().enumerate() {
        fake.state.append("t", 0, batch(3 * i as i64, &[b"a", b"b", b"c"], codec));
    }
    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    for i in 0..5 {
        let fetched = consumer.next().await.unwrap();
        assert_eq!(fetched.partition, partition("t", 0));
        assert_eq!((fetched.from, fetched.next_offset), (Offset(3 * i), Offset(3 * i + 3)));
        assert_eq!((fetched.high_watermark, fetched.last_stable_offset), (Offset(15), Offset(15)));
        assert_eq!(values(&fetched).len(), 3);
    }
    assert_eq!(consumer.position(&partition("t", 0)), Some(Offset(15)));
    fake.state.append("t", 0, small(15));
    assert_eq!(read_to(&mut consumer, 18).await, [15, 16, 17]);
}

#[tokio::test]
async fn reading_begins_in_the_midst_of_a_batch() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.append("t", 0, small(0));
    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Offset(Offset(2)));
    assert_eq!(read_to(&mut consumer, 3).await, [2]);
}

#[tokio::test]
async fn offsets_are_looked_up_by_time() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1, 1, 1]);
    for index in 0..3 {
        fake.state.append("t", index, small(0));
    }
    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Timestamp(7));
    consumer.assign(partition("t", 1), TopicId::NONE, StartAt::Timestamp(8));
    consumer.assign(partition("t", 2), TopicId::NONE, StartAt::Latest);
    assert_eq!(read_to(&mut consumer, 3).await, [0, 1, 2]);
    assert_eq!(consumer.position(&partition("t", 1)), Some(Offset(3)));
    assert_eq!(consumer.position(&partition("t", 2)), Some(Offset(3)));
}

#[tokio::test]
async fn small_limits_cut_batches_and_lose_none() {
    let fake = Fake::start(2).await;
    fake.topic("t", &[1, 2, 1]);
    let value = [b'v'; 700];
    for index in 0..3 {
        for i in 0..40 {
            fake.state.append("t", index, batch(i, &[&value], Codec::None));
        }
    }
    let mut consumer = fake.consumer_within(account(ByteCount::kib(600)), |config| {
        config.partition_fetch_max_bytes = ByteCount(1000);
    });
    for index in 0..3 {
        consumer.assign(partition("t", index), TopicId::NONE, StartAt::Earliest);
    }
    let mut read: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    while read.values().map(Vec::len).sum::<usize>() < 120 {
        let fetched = consumer.next().await.unwrap();
        let offsets = values(&fetched).into_iter().map(|(offset, _)| offset);
        read.entry(fetched.partition.index.0).or_default().extend(offsets);
    }
    for offsets in read.values() {
        assert_eq!(*offsets, (0..40).collect::<Vec<i64>>());
    }
}

/// However many partitions a broker leads, what was asked of it and not taken yet is at most a response and a half.
#[tokio::test]
async fn a_broker_is_asked_for_more_only_once_little_of_it_waits() {
    const PARTITIONS: usize = 16;
    const RESPONSE: usize = 64 << 10;
    let fake = Fake::start(1).await;
    fake.topic("t", &[1; PARTITIONS]);
    let mut batch_bytes = 0;
    for index in 0..PARTITIONS {
        for i in 0..8 {
            let batch = batch(i, &[&[b'v'; 16_000]], Codec::None);
            batch_bytes = batch.len();
            fake.state.append("t", index, batch);
        }
    }
    let mut consumer = fake.consumer(|config| config.fetch_max_bytes = ByteCount::from(RESPONSE));
    for index in 0..PARTITIONS as i32 {
        consumer.assign(partition("t", index), TopicId::NONE, StartAt::Offset(Offset(0)));
    }
    // Every response but the last ones is full.
    let (all, full) = (PARTITIONS * 8 * batch_bytes, RESPONSE / batch_bytes * batch_bytes);
    let mut taken = 0;
    while taken < all {
        taken += consumer.next().await.unwrap().bytes.len();
        let asked = fake.state.lock().seen.iter().filter(|(_, key, _)| *key == ApiKey::Fetch).count() * full;
        let is_near_the_end = taken + 2 * RESPONSE > all;
        assert!(is_near_the_end || asked <= taken + RESPONSE / 2 + full, "{asked} bytes asked for, {taken} taken");
    }
}

/// A partition that is given up with a full queue must not keep its broker from being asked for the others.
#[tokio::test]
async fn a_partition_that_is_given_up_makes_room_for_the_others() {
    for gives_up in [Consumer::unassign, Consumer::pause] {
        let fake = Fake::start(1).await;
        fake.topic("t", &[1, 1]);
        for i in 0..8 {
            fake.state.append("t", 0, batch(i, &[&[b'v'; 8_000]], Codec::None));
        }
        let mut consumer = fake.consumer(|config| config.fetch_max_bytes = ByteCount::kib(64));
        consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Offset(Offset(0)));
        consumer.assign(partition("t", 1), TopicId::NONE, StartAt::Offset(Offset(0)));
        consumer.next().await.unwrap();
        // Most of the response waits, so the broker is not asked again before it goes.
        fake.state.append("t", 1, small(0));
        gives_up(&mut consumer, &partition("t", 0));
        let next = tokio::time::timeout(Duration::from_secs(20), consumer.next()).await;
        assert_eq!(next.expect("the broker was not asked again").unwrap().partition, partition("t", 1));
    }
}

#[tokio::test]
async fn a_batch_beyond_the_limit_arrives_and_one_beyond_the_account_is_an_error() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    let value = vec![b'v'; 300_000];
    fake.state.append("t", 0, batch(0, &[&value], Codec::None));
    fake.state.append("t", 0, batch(1, &[&[value.clone(), value.clone(), value].concat()], Codec::None));
    let memory = account(ByteCount::kib(1500));
    let mut consumer = fake.consumer_within(memory.clone(), |config| config.fetch_max_bytes = ByteCount::kib(16));
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    let fetched = consumer.next().await.unwrap();
    assert_eq!(fetched.next_offset, Offset(1));
    drop(fetched);
    let report = base::Error::from(consumer.next().await.unwrap_err()).report();
    assert!(report.contains("too large for the memory it may have") && report.contains("--memory"), "{report}");
}

#[tokio::test]
async fn a_consumer_moves_on_with_its_floor_and_nothing_else() {
    const BATCH: usize = 300_000;
    let fake = Fake::start(1).await;
    fake.topic("t", &[1, 1]);
    for i in 0..5 {
        let batch = batch(i, &[&vec![b'v'; BATCH - 200]], Codec::None);
        assert!(batch.len() <= BATCH);
        fake.state.append("t", (i % 2) as usize, rebased(&batch, i / 2));
    }
    let floor = Consumer::floor(ByteCount::from(BATCH));
    let memory = Budget::new(floor).account("fetch", floor);
    let mut consumer = fake.consumer_within(memory.clone(), |_| {});
    for index in 0..2 {
        consumer.assign(partition("t", index), TopicId::NONE, StartAt::Earliest);
    }
    // The batch before is held while the next one is waited for.
    let mut held = None;
    for _ in 0..5 {
        held = Some(consumer.next().await.unwrap());
    }
    drop(held);
    assert!(memory.peak() <= floor);
}

fn rebased(batch: &Bytes, base_offset: i64) -> Bytes {
    let mut batch = batch.to_vec();
    BatchHeader::place(batch.first_chunk_mut().unwrap(), Offset(base_offset), 0);
    Bytes::from(batch)
}

#[tokio::test]
async fn fetched_bytes_are_charged_until_the_last_slice_drops() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.append("t", 0, batch(0, &[&[b'v'; 10_000]], Codec::None));
    let memory = account(ByteCount::mib(8));
    let mut consumer = fake.consumer_within(memory.clone(), |_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    let fetched = consumer.next().await.unwrap();
    let slice = fetched.bytes.slice(70..80);
    drop(fetched);
    consumer.unassign(&partition("t", 0));
    drop(consumer);
    assert!(memory.used() > ByteCount(10_000), "{}", memory.used());
    drop(slice);
    // Tasks end on their own time; what they held goes with them.
    while memory.used() > ByteCount::ZERO {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_leader_that_moves_is_followed() {
    let fake = Fake::start(3).await;
    fake.topic("t", &[1]);
    fake.state.append("t", 0, small(0));
    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    assert_eq!(read_to(&mut consumer, 3).await, [0, 1, 2]);
    for (leader, offset) in [(2, 3), (3, 6), (1, 9)] {
        {
            let mut state = fake.state.lock();
            let partition = &mut state.topics.get_mut("t").unwrap().partitions[0];
            partition.leader = leader;
            partition.epoch += 1;
        }
        fake.state.append("t", 0, small(offset));
        assert_eq!(read_to(&mut consumer, offset + 3).await, [offset, offset + 1, offset + 2]);
    }
}

#[tokio::test]
async fn connections_that_break_in_a_frame_lose_nothing() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    for i in 0..20 {
        fake.state.append("t", 0, small(3 * i));
    }
    let mut rng = Rng::from_seed(5);
    fake.state.script(move |_, key| match (key, rng.below(4)) {
        (ApiKey::Fetch, 0) => Deed::Close,
        (ApiKey::Fetch, 1) => Deed::Half,
        _ => Deed::Answer,
    });
    let mut consumer = fake.consumer(|config| config.partition_fetch_max_bytes = ByteCount(200));
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    assert_eq!(read_to(&mut consumer, 60).await, (0..60).collect::<Vec<i64>>());
}

#[tokio::test]
async fn an_offset_that_is_gone_is_reset_or_reported() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.lock().topics.get_mut("t").unwrap().partitions[0].start = 50;
    fake.state.append("t", 0, small(50));
    let mut consumer = fake.consumer(|config| config.offset_reset = OffsetReset::Earliest);
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Offset(Offset(7)));
    assert_eq!(read_to(&mut consumer, 53).await, [50, 51, 52]);

    let mut consumer = fake.consumer(|config| config.offset_reset = OffsetReset::None);
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Offset(Offset(7)));
    let error = consumer.next().await.unwrap_err();
    assert!(matches!(&error, ConsumerError::OffsetOutOfRange { offset: Offset(7), .. }), "{error}");
    // It stays until the partition is assigned anew.
    assert!(matches!(consumer.next().await, Err(ConsumerError::OffsetOutOfRange { .. })));
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Offset(Offset(50)));
    assert_eq!(read_to(&mut consumer, 53).await, [50, 51, 52]);
}

#[tokio::test]
async fn a_topic_that_was_recreated_is_an_error_of_its_own() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.append("t", 0, small(0));
    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId([9; 16]), StartAt::Earliest);
    let error = consumer.next().await.unwrap_err();
    assert!(matches!(&error, ConsumerError::TopicRecreated { expected: TopicId([9, ..]), .. }), "{error}");

    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    assert_eq!(read_to(&mut consumer, 3).await, [0, 1, 2]);
    fake.state.lock().topics.get_mut("t").unwrap().id = TopicId([8; 16]);
    let error = consumer.next().await.unwrap_err();
    assert!(matches!(&error, ConsumerError::TopicRecreated { found: TopicId([8, ..]), .. }), "{error}");
}

#[tokio::test]
async fn a_topic_that_does_not_exist_is_named_with_a_hint() {
    let fake = Fake::start(1).await;
    let report = fake.client().topic("missing").await.unwrap_err().report();
    assert!(report.contains("the topic 'missing' does not exist on the cluster at 127.0.0.1:"), "{report}");
    assert!(report.contains("millstream topics create missing"), "{report}");

    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("missing", 0), TopicId::NONE, StartAt::Earliest);
    assert!(matches!(consumer.next().await, Err(ConsumerError::UnknownPartition { .. })));
}

#[tokio::test]
async fn a_topic_that_was_known_is_gone_only_after_a_while() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.append("t", 0, small(0));
    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    assert_eq!(read_to(&mut consumer, 3).await, [0, 1, 2]);
    // A broker that has just started.
    {
        let mut state = fake.state.lock();
        state.forgets = 10;
        state.topics.get_mut("t").unwrap().partitions[0].epoch += 1;
    }
    fake.state.append("t", 0, small(3));
    assert_eq!(read_to(&mut consumer, 6).await, [3, 4, 5]);
    assert_eq!(fake.state.lock().forgets, 0);

    let mut consumer = fake.consumer(|config| config.client.api_timeout_ms = 50);
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    assert_eq!(read_to(&mut consumer, 6).await, [0, 1, 2, 3, 4, 5]);
    fake.state.lock().topics.clear();
    assert!(matches!(consumer.next().await, Err(ConsumerError::UnknownPartition { .. })));
}

#[tokio::test]
async fn damaged_batches_are_reported_with_their_partition_and_offset() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.append("t", 0, small(0));
    let mut torn = small(3).to_vec();
    *torn.last_mut().unwrap() ^= 1;
    fake.state.append("t", 0, Bytes::from(torn));
    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    assert_eq!(consumer.next().await.unwrap().next_offset, Offset(3));
    let message = consumer.next().await.unwrap_err().to_string();
    assert!(message.starts_with("t-0: record batch at offset 3: its checksum is"), "{message}");
}

#[tokio::test]
async fn a_paused_partition_holds_nothing_and_goes_on_where_it_was() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1, 1]);
    for i in 0..10 {
        fake.state.append("t", 0, small(3 * i));
        fake.state.append("t", 1, small(3 * i));
    }
    let memory = account(ByteCount::mib(8));
    let mut consumer = fake.consumer_within(memory.clone(), |_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    let first = consumer.next().await.unwrap();
    assert_eq!(first.next_offset, Offset(3));
    drop(first);
    consumer.pause(&partition("t", 0));
    consumer.assign(partition("t", 1), TopicId::NONE, StartAt::Earliest);
    for _ in 0..10 {
        assert_eq!(consumer.next().await.unwrap().partition, partition("t", 1));
    }
    consumer.resume(&partition("t", 0));
    assert_eq!(read_to(&mut consumer, 30).await, (3..30).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_partition_that_is_paused_while_its_offset_is_looked_up_is_looked_up_again() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.append("t", 0, small(0));
    let asked = Arc::new(Notify::new());
    let told = asked.clone();
    fake.state.script(move |_, key| {
        if key == ApiKey::ListOffsets {
            told.notify_one();
        }
        Deed::Answer
    });
    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    asked.notified().await;
    consumer.pause(&partition("t", 0));
    consumer.resume(&partition("t", 0));
    assert_eq!(read_to(&mut consumer, 3).await, [0, 1, 2]);
}

#[tokio::test]
async fn partitions_take_turns() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1, 1, 1]);
    for index in 0..3 {
        for i in 0..30 {
            fake.state.append("t", index, small(3 * i));
        }
    }
    let mut consumer = fake.consumer(|config| config.partition_fetch_max_bytes = ByteCount(500));
    for index in 0..3 {
        consumer.assign(partition("t", index), TopicId::NONE, StartAt::Earliest);
    }
    let mut read = [0; 3];
    for _ in 0..45 {
        read[consumer.next().await.unwrap().partition.index.0 as usize] += 1;
    }
    assert!(read.iter().all(|n| *n >= 6), "{read:?}");
}

#[tokio::test]
async fn a_partition_that_may_not_be_read_is_an_error_not_a_loop() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.lock().topics.get_mut("t").unwrap().partitions[0].refusal = Some(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let mut consumer = fake.consumer(|_| {});
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Offset(Offset(0)));
    let report = base::Error::from(consumer.next().await.unwrap_err()).report();
    assert!(report.contains("t-0") && report.contains("TOPIC_AUTHORIZATION_FAILED"), "{report}");
}
