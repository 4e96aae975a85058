//! Producing and fetching.

use std::time::Duration;

use kafka_wire::protocol::TopicId;
use kafka_wire::protocol::messages::init_producer_id::InitProducerIdRequest;
use kafka_wire::protocol::messages::list_offsets::{
    EARLIEST, LATEST, ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic, MAX_TIMESTAMP,
};
use kafka_wire::protocol::messages::metadata::MetadataRequest;
use kafka_wire::protocol::messages::offset_for_leader_epoch::{
    LeaderEpochPartition, LeaderEpochTopic, OffsetForLeaderEpochRequest,
};

use super::*;

async fn broker_with_topic() -> (tempfile::TempDir, RunningBroker, Client) {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    assert_eq!(client.create("orders", 2, &[]).await, ErrorCode::NONE);
    (data, broker, client)
}

#[tokio::test]
async fn records_of_every_codec_come_back_as_they_went() {
    let (_data, _broker, mut client) = broker_with_topic().await;
    let mut expected = Vec::new();
    for codec in Codec::ALL {
        let text = format!("{codec} ").repeat(50);
        let sent = batch_from(&[&text, codec.name()], 1_000, codec, ProducerStamp::NONE);
        let produced = client.produce("orders", 1, sent).await;
        assert_eq!((produced.error_code, produced.base_offset), (ErrorCode::NONE, expected.len() as i64));
        expected.extend([text, codec.name().to_owned()]);
    }
    assert_eq!(client.read_all("orders", 1, 0).await, expected);
    assert_eq!(client.read_all("orders", 1, 3).await, expected[3..], "from the middle of a batch");
    assert_eq!(client.read_all("orders", 0, 0).await, Vec::<String>::new());
}

#[tokio::test]
async fn produce_says_what_is_wrong() {
    let (_data, _broker, mut client) = broker_with_topic().await;
    assert_eq!(client.create("small", 1, &[("max.message.bytes", "100")]).await, ErrorCode::NONE);
    let mut damaged = batch(&["x"]).to_vec();
    damaged[63] ^= 1;
    let cases: [(&str, i32, Bytes, ErrorCode); 4] = [
        ("nobody", 0, batch(&["x"]), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("orders", 2, batch(&["x"]), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("orders", 0, damaged.into(), ErrorCode::CORRUPT_MESSAGE),
        ("small", 0, batch(&["much too long ".repeat(20).as_str()]), ErrorCode::MESSAGE_TOO_LARGE),
    ];
    for (topic, partition, records, code) in cases {
        let produced = client.produce(topic, partition, records).await;
        assert_eq!(produced.error_code, code, "{topic}-{partition}");
        assert!(produced.error_message.is_some_and(|why| !why.is_empty()));
    }
    let acks = client.call(&produce_request("orders", 0, batch(&["x"]), 2), 9).await;
    assert_eq!(acks.topics[0].partitions[0].error_code, ErrorCode::INVALID_REQUIRED_ACKS);
    let mut transactional = produce_request("orders", 0, batch(&["x"]), -1);
    transactional.transactional_id = Some("t".to_owned());
    let response = client.call(&transactional, 9).await;
    assert_eq!(response.topics[0].partitions[0].error_code, ErrorCode::UNSUPPORTED_VERSION);
    assert!(client.read_all("orders", 0, 0).await.is_empty());
}

#[tokio::test]
async fn without_acks_there_is_no_answer_but_the_records_are_there() {
    let (_data, _broker, mut client) = broker_with_topic().await;
    client.send(&produce_request("orders", 0, batch(&["quiet"]), 0), 9).await;
    // The next answer is that of the next request.
    client.call(&MetadataRequest::default(), 9).await;
    client.produce("orders", 0, batch(&["loud"])).await;
    assert_eq!(client.read_all("orders", 0, 0).await, ["quiet", "loud"]);
}

#[tokio::test]
async fn a_repeated_batch_is_written_once() {
    let (_data, _broker, mut client) = broker_with_topic().await;
    let identity = client.call(&InitProducerIdRequest::default(), 4).await;
    let other = client.call(&InitProducerIdRequest::default(), 4).await;
    assert_eq!(identity.error_code, ErrorCode::NONE);
    assert_ne!(identity.producer_id, other.producer_id);
    let stamp = |base_sequence| ProducerStamp {
        producer_id: identity.producer_id,
        producer_epoch: identity.producer_epoch,
        base_sequence,
        transactional: false,
    };
    let first = batch_from(&["a", "b"], 1_000, Codec::Gzip, stamp(0));
    let second = batch_from(&["c"], 1_000, Codec::Gzip, stamp(2));
    for (records, offset) in [(&first, 0), (&second, 2), (&first, 0), (&second, 2)] {
        let produced = client.produce("orders", 0, records.clone()).await;
        assert_eq!((produced.error_code, produced.base_offset), (ErrorCode::NONE, offset));
    }
    let early = client.produce("orders", 0, batch_from(&["x"], 1_000, Codec::None, stamp(9))).await;
    assert_eq!(early.error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!(client.read_all("orders", 0, 0).await, ["a", "b", "c"]);
    let transactional = InitProducerIdRequest { transactional_id: Some("t".to_owned()), ..Default::default() };
    assert_eq!(client.call(&transactional, 4).await.error_code, ErrorCode::UNSUPPORTED_VERSION);
}

#[tokio::test]
async fn a_fetch_waits_for_records_and_not_longer_than_it_asked() {
    let (_data, broker, mut client) = broker_with_topic().await;
    let mut waiting = fetch_request("orders", 0, 0);
    (waiting.min_bytes, waiting.max_wait_ms) = (1, 60_000);
    client.send(&waiting, 11).await;
    let mut producer = Client::connect(broker.local_addr()).await;
    producer.produce("orders", 0, batch(&["at last"])).await;
    let frame = tokio::time::timeout(Duration::from_secs(30), client.receive_frame()).await.unwrap().unwrap();
    let response = decode_response::<FetchRequest>(frame, 11, client.correlation_id).unwrap();
    assert!(!response.topics[0].partitions[0].records.as_ref().unwrap().is_empty());

    let mut more = fetch_request("orders", 0, 1);
    (more.min_bytes, more.max_wait_ms) = (1, 5);
    let empty = client.call(&more, 11).await;
    assert_eq!(empty.topics[0].partitions[0].high_watermark, 1);
    assert!(empty.topics[0].partitions[0].records.as_ref().unwrap().is_empty());
}

#[tokio::test]
async fn fetches_keep_their_limits_but_never_cut_the_first_batch() {
    let (_data, _broker, mut client) = broker_with_topic().await;
    let large = "x".repeat(10_000);
    for partition in [0, 1] {
        for _ in 0..3 {
            client.produce("orders", partition, batch(&[&large])).await;
        }
    }
    let ask = |max_bytes: i32, partition_max_bytes: i32| {
        let mut request = fetch_request("orders", 0, 0);
        request.max_bytes = max_bytes;
        let of = |partition| FetchPartition { partition, partition_max_bytes, ..FetchPartition::default() };
        request.topics[0].partitions = vec![of(0), of(1)];
        request
    };
    // In batches: of the first and of the second partition.
    for (max_bytes, partition_max_bytes, expected) in
        [(1, 1, [1, 0]), (1 << 20, 1, [1, 1]), (1 << 20, 25_000, [2, 2]), (45_000, 1 << 20, [3, 1]), (0, 0, [1, 0])]
    {
        let response = client.call(&ask(max_bytes, partition_max_bytes), 11).await;
        let counts: Vec<usize> = (response.topics[0].partitions.iter())
            .map(|partition| Batches::new(partition.records.as_ref().unwrap()).count())
            .collect();
        assert_eq!(counts, expected, "max_bytes {max_bytes}, partition_max_bytes {partition_max_bytes}");
    }
}

#[tokio::test]
async fn fetch_knows_topics_by_id_and_says_what_it_does_not_know() {
    let (_data, _broker, mut client) = broker_with_topic().await;
    client.produce("orders", 0, batch(&["by id"])).await;
    let all = client.call(&MetadataRequest { topics: None, ..MetadataRequest::default() }, 12).await;
    let mut request = fetch_request("", 0, 0);
    request.topics[0].topic_id = all.topics[0].topic_id;
    let response = client.call(&request, 16).await;
    assert_eq!(response.topics[0].topic_id, all.topics[0].topic_id);
    assert!(!response.topics[0].partitions[0].records.as_ref().unwrap().is_empty());

    request.topics[0].topic_id = TopicId([9; 16]);
    let unknown = client.call(&request, 13).await;
    assert_eq!(unknown.topics[0].partitions[0].error_code, ErrorCode::UNKNOWN_TOPIC_ID);
    request.session_id = 5;
    assert_eq!(client.call(&request, 13).await.error_code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    for (topic, partition, offset, code) in [
        ("nobody", 0, 0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("orders", 7, 0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("orders", 0, 2, ErrorCode::OFFSET_OUT_OF_RANGE),
        ("orders", 0, -1, ErrorCode::OFFSET_OUT_OF_RANGE),
    ] {
        assert_eq!(client.fetch(topic, partition, offset).await.error_code, code, "{topic}-{partition}@{offset}");
    }
    let mut newer = fetch_request("orders", 0, 0);
    newer.topics[0].partitions[0].current_leader_epoch = 3;
    let response = client.call(&newer, 11).await;
    assert_eq!(response.topics[0].partitions[0].error_code, ErrorCode::UNKNOWN_LEADER_EPOCH);
}

#[tokio::test]
async fn offsets_are_listed_by_place_and_by_time() {
    let (_data, _broker, mut client) = broker_with_topic().await;
    for (step, codec) in Codec::ALL.into_iter().enumerate() {
        let start = 1_000 + 100 * step as i64;
        client.produce("orders", 0, batch_from(&["a", "b", "c"], start, codec, ProducerStamp::NONE)).await;
    }
    // Records are 10 ms apart and batches 100: offset 3 is the first of the second batch.
    for (timestamp, offset, found) in [
        (EARLIEST, 0, -1),
        (LATEST, 15, -1),
        (MAX_TIMESTAMP, 14, 1_420),
        (0, 0, 1_000),
        (1_000, 0, 1_000),
        (1_001, 1, 1_010),
        (1_020, 2, 1_020),
        (1_021, 3, 1_100),
        (1_111, 5, 1_120),
        (1_211, 8, 1_220),
        (1_311, 11, 1_320),
        (1_420, 14, 1_420),
        (1_421, -1, -1),
    ] {
        let partition = ListOffsetsPartition { timestamp, ..ListOffsetsPartition::default() };
        let topic = ListOffsetsTopic { name: "orders".to_owned(), partitions: vec![partition] };
        let request = ListOffsetsRequest { topics: vec![topic], ..ListOffsetsRequest::default() };
        let response = client.call(&request, 7).await;
        let partition = &response.topics[0].partitions[0];
        assert_eq!(partition.error_code, ErrorCode::NONE);
        assert_eq!((partition.offset, partition.timestamp), (offset, found), "time {timestamp}");
    }
}

#[tokio::test]
async fn a_look_up_inflates_no_more_than_16_mib_of_a_batch_and_each_partition_once() {
    let (_data, _broker, mut client) = broker_with_topic().await;
    let zeros = "0".repeat(1_000_000);
    let produced = client.produce("orders", 0, batch(&["before"])).await;
    assert_eq!(produced.error_code, ErrorCode::NONE);
    let bomb = batch_from(&[zeros.as_str(); 20], 2_000, Codec::Zstd, ProducerStamp::NONE);
    assert_eq!(client.produce("orders", 0, bomb).await.error_code, ErrorCode::NONE);
    for (timestamp, offset) in [(2_000, 1), (2_050, 6), (2_190, 1)] {
        let partition = ListOffsetsPartition { timestamp, ..ListOffsetsPartition::default() };
        let other = ListOffsetsPartition { partition_index: 1, timestamp: LATEST, ..ListOffsetsPartition::default() };
        let topic = |partitions: Vec<_>| ListOffsetsTopic { name: "orders".to_owned(), partitions };
        let topics = vec![topic(vec![partition.clone(); 100]), topic(vec![other, partition])];
        let response = client.call(&ListOffsetsRequest { topics, ..ListOffsetsRequest::default() }, 7).await;
        let found: Vec<(i32, i64)> = (response.topics.iter().flat_map(|topic| &topic.partitions))
            .map(|partition| (partition.partition_index, partition.offset))
            .collect();
        assert_eq!(found, [(0, offset), (1, 0)], "time {timestamp}");
    }
}

#[tokio::test]
async fn the_only_epoch_ends_where_the_log_ends() {
    let (_data, _broker, mut client) = broker_with_topic().await;
    client.produce("orders", 0, batch(&["a", "b"])).await;
    for (leader_epoch, end_offset) in [(0, 2), (1, -1)] {
        let partition = LeaderEpochPartition { partition: 0, current_leader_epoch: 0, leader_epoch };
        let topic = LeaderEpochTopic { name: "orders".to_owned(), partitions: vec![partition] };
        let request = OffsetForLeaderEpochRequest { topics: vec![topic], ..OffsetForLeaderEpochRequest::default() };
        let response = client.call(&request, 4).await;
        assert_eq!(response.topics[0].partitions[0].end_offset, end_offset);
    }
}
