//! Committed offsets.

use base::disk::faulty::FaultyDisk;
use kafka_wire::protocol::messages::delete_topics::{DeleteTopic, DeleteTopicsRequest};
use kafka_wire::protocol::messages::describe_configs::{ConfigResource, DescribeConfigsRequest, RESOURCE_TOPIC};
use kafka_wire::protocol::messages::find_coordinator::{FindCoordinatorRequest, GROUP, TRANSACTION};
use kafka_wire::protocol::messages::metadata::{MetadataRequest, MetadataRequestTopic};
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

fn fetch_offsets(groups: &[&str], topics: Option<Vec<(&str, Vec<i32>)>>) -> OffsetFetchRequest {
    let topic = |(name, partition_indexes): &(&str, Vec<i32>)| OffsetFetchTopic {
        name: (*name).to_owned(),
        partition_indexes: partition_indexes.clone(),
    };
    let topics: Option<Vec<_>> = topics.map(|topics| topics.iter().map(topic).collect());
    let group = |id: &&str| OffsetFetchGroup {
        group_id: (*id).to_owned(),
        topics: topics.clone(),
        ..OffsetFetchGroup::default()
    };
    OffsetFetchRequest { groups: groups.iter().map(group).collect(), ..OffsetFetchRequest::default() }
}

#[tokio::test]
async fn what_a_request_repeats_is_answered_once() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 2, &[]).await;
    client.create("items", 1, &[]).await;
    client.call(&commit("orders", 0, 5, &"m".repeat(4096)), 8).await;
    client.call(&commit("orders", 1, 6, ""), 8).await;
    let topics = vec![("orders", [0; 20_000].to_vec()), ("items", vec![0]), ("orders", vec![1, 0])];
    let response = client.call(&fetch_offsets(&["g", "g"], Some(topics)), 8).await;
    let found: Vec<(&str, Vec<(i32, i64)>)> = response
        .groups
        .iter()
        .flat_map(|group| &group.topics)
        .map(|topic| {
            let partitions = topic.partitions.iter();
            let offsets = partitions.map(|partition| (partition.partition_index, partition.committed_offset));
            (topic.name.as_str(), offsets.collect())
        })
        .collect();
    assert_eq!(found, [("items", vec![(0, -1)]), ("orders", vec![(0, 5), (1, 6)])]);

    let named = MetadataRequestTopic { name: Some("orders".to_owned()), ..MetadataRequestTopic::default() };
    let metadata = MetadataRequest { topics: Some(vec![named; 5_000]), ..MetadataRequest::default() };
    assert_eq!(client.call(&metadata, 9).await.topics.len(), 1);
    let resource =
        ConfigResource { resource_type: RESOURCE_TOPIC, resource_name: "orders".to_owned(), configuration_keys: None };
    let configs = DescribeConfigsRequest { resources: vec![resource; 5_000], ..DescribeConfigsRequest::default() };
    assert_eq!(client.call(&configs, 4).await.results.len(), 1);
    let coordinators = FindCoordinatorRequest { key_type: GROUP, keys: vec!["g".to_owned(); 5_000] };
    assert_eq!(client.call(&coordinators, 4).await.coordinators.len(), 1);
}

#[tokio::test]
async fn offsets_of_a_topic_are_none_of_another_one_of_its_name() {
    let mut deleted = 0;
    // One of these calls writes that the offsets are gone.
    for n in 0..20 {
        let disk = FaultyDisk::new();
        let start = || async {
            start_with(config(Path::new("data")), &Budget::new(ByteCount::mib(8)), Arc::new(disk.clone())).await
        };
        let broker = start().await;
        let mut client = Client::connect(broker.local_addr()).await;
        client.create("orders", 1, &[]).await;
        client.call(&commit("orders", 0, 5, ""), 8).await;
        let gone = DeleteTopic { name: Some("orders".to_owned()), ..DeleteTopic::default() };
        disk.fail_call(n);
        let answer = client.call(&DeleteTopicsRequest { topics: vec![gone], timeout_ms: 1000 }, 6).await;
        disk.fail_nothing();
        broker.kill().await;
        let broker = start().await;
        let mut client = Client::connect(broker.local_addr()).await;
        client.create("orders", 1, &[]).await;
        if answer.topics[0].error_code.is_ok() {
            deleted += 1;
            assert_eq!(committed(&mut client, 8).await, [], "call {n}");
            let named = client.call(&fetch_offsets(&["g"], Some(vec![("orders", vec![0])])), 8).await;
            assert_eq!(named.groups[0].topics[0].partitions[0].committed_offset, -1, "call {n}");
        }
    }
    assert!(deleted > 0);
}

#[tokio::test]
async fn a_response_is_paid_until_it_has_gone() {
    let data = tempfile::tempdir().unwrap();
    let budget = super::memory::floors();
    let broker = start_with(config(data.path()), &budget, Arc::new(RealDisk)).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 40, &[]).await;
    for partition in 0..40 {
        client.call(&commit("orders", partition, 5, &"m".repeat(3000)), 8).await;
    }
    budget.reset_peaks();
    for _ in 0..8 {
        client.send(&fetch_offsets(&["g"], None), 8).await;
    }
    for _ in 0..8 {
        assert!(client.receive_frame().await.unwrap().len() > 40 * 3000);
    }
    let fetch = budget.report().accounts.into_iter().find(|account| account.name == "broker/fetch").unwrap();
    assert!(fetch.peak > ByteCount(2 * 40 * 3000) && fetch.peak <= fetch.floor, "{fetch:?}");
    broker.shutdown().await.unwrap();
    assert_eq!(budget.used(), ByteCount::ZERO);
}
