//! Committed offsets.

use kafka_wire::protocol::messages::delete_topics::{DeleteTopic, DeleteTopicsRequest};
use kafka_wire::protocol::messages::find_coordinator::{FindCoordinatorRequest, GROUP, TRANSACTION};
use kafka_wire::protocol::messages::offset_commit::{OffsetCommitPartition, OffsetCommitRequest, OffsetCommitTopic};
use kafka_wire::protocol::messages::offset_fetch::{OffsetFetchGroup, OffsetFetchRequest, OffsetFetchTopic};

use super::*;

fn commit(topic: &str, partition: i32, offset: i64, metadata: &str) -> OffsetCommitRequest {
    let partition = OffsetCommitPartition {
        partition_index: partition,
        committed_offset: offset,
        committed_metadata: Some(metadata.to_owned()),
        ..OffsetCommitPartition::default()
    };
    let topic = OffsetCommitTopic { name: topic.to_owned(), partitions: vec![partition] };
    OffsetCommitRequest { group_id: "g".to_owned(), topics: vec![topic], ..OffsetCommitRequest::default() }
}

async fn committed(client: &mut Client, version: i16) -> Vec<(String, i32, i64, String)> {
    let group = OffsetFetchGroup { group_id: "g".to_owned(), topics: None, ..OffsetFetchGroup::default() };
    let response = client.call(&OffsetFetchRequest { groups: vec![group], ..Default::default() }, version).await;
    let group = &response.groups[0];
    assert_eq!(group.error_code, ErrorCode::NONE);
    let mut found = Vec::new();
    for topic in &group.topics {
        for partition in &topic.partitions {
            let metadata = partition.metadata.clone().unwrap();
            found.push((topic.name.clone(), partition.partition_index, partition.committed_offset, metadata));
        }
    }
    found
}

#[tokio::test]
async fn offsets_are_kept_through_restarts_and_go_with_their_topic() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 2, &[]).await;
    client.create("items", 1, &[]).await;
    for (topic, partition, offset, metadata, code) in [
        ("orders", 0, 5, "first", ErrorCode::NONE),
        ("orders", 0, 7, "second", ErrorCode::NONE),
        ("orders", 1, 0, "", ErrorCode::NONE),
        ("items", 0, 3, "", ErrorCode::NONE),
        ("orders", 2, 3, "", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("nobody", 0, 3, "", ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("items", 0, 4, &"m".repeat(5000), ErrorCode::OFFSET_METADATA_TOO_LARGE),
    ] {
        let response = client.call(&commit(topic, partition, offset, metadata), 8).await;
        assert_eq!(response.topics[0].partitions[0].error_code, code, "{topic}-{partition}");
    }
    let mut member = commit("orders", 0, 99, "");
    member.generation_id_or_member_epoch = 4;
    let refused = client.call(&member, 8).await;
    assert_eq!(refused.topics[0].partitions[0].error_code, ErrorCode::UNKNOWN_MEMBER_ID);

    let expected = [
        ("items".to_owned(), 0, 3, String::new()),
        ("orders".to_owned(), 0, 7, "second".to_owned()),
        ("orders".to_owned(), 1, 0, String::new()),
    ];
    for version in [2, 7, 8, 9] {
        assert_eq!(committed(&mut client, version).await, expected, "version {version}");
    }
    let named = OffsetFetchGroup {
        group_id: "g".to_owned(),
        topics: Some(vec![OffsetFetchTopic { name: "orders".to_owned(), partition_indexes: vec![0, 5] }]),
        ..OffsetFetchGroup::default()
    };
    let response = client.call(&OffsetFetchRequest { groups: vec![named], ..Default::default() }, 8).await;
    let offsets: Vec<i64> =
        response.groups[0].topics[0].partitions.iter().map(|partition| partition.committed_offset).collect();
    assert_eq!(offsets, [7, -1]);

    // Once as a crash, once cleanly.
    broker.kill().await;
    let broker = start(data.path()).await;
    assert_eq!(committed(&mut Client::connect(broker.local_addr()).await, 8).await, expected);
    broker.shutdown().await.unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    assert_eq!(committed(&mut client, 8).await, expected);
    let gone = DeleteTopic { name: Some("orders".to_owned()), ..DeleteTopic::default() };
    client.call(&DeleteTopicsRequest { topics: vec![gone], timeout_ms: 1000 }, 6).await;
    assert_eq!(committed(&mut client, 8).await, expected[..1]);
    broker.shutdown().await.unwrap();
    let broker = start(data.path()).await;
    assert_eq!(committed(&mut Client::connect(broker.local_addr()).await, 8).await, expected[..1]);
}

#[tokio::test]
async fn this_broker_coordinates_groups() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    let ask = |key_type| FindCoordinatorRequest { key_type, keys: vec!["g".to_owned()] };
    for version in 1..=5 {
        let found = client.call(&ask(GROUP), version).await;
        let coordinator = &found.coordinators[0];
        assert_eq!((coordinator.error_code, coordinator.node_id), (ErrorCode::NONE, 1));
        assert_eq!(coordinator.port, i32::from(broker.local_addr().port()));
    }
    let refused = client.call(&ask(TRANSACTION), 4).await;
    assert_eq!(refused.coordinators[0].error_code, ErrorCode::COORDINATOR_NOT_AVAILABLE);
}
