//! Topics and settings.

use kafka_wire::protocol::TopicId;
use kafka_wire::protocol::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use kafka_wire::protocol::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic, TO_HIGH_WATERMARK,
};
use kafka_wire::protocol::messages::delete_topics::{DeleteTopic, DeleteTopicsRequest};
use kafka_wire::protocol::messages::describe_cluster::DescribeClusterRequest;
use kafka_wire::protocol::messages::describe_configs::{
    ConfigResource, DescribeConfigsRequest, RESOURCE_BROKER, RESOURCE_TOPIC, SOURCE_DEFAULT, SOURCE_TOPIC,
};
use kafka_wire::protocol::messages::metadata::MetadataRequest;

use super::*;

async fn topic_ids(client: &mut Client) -> Vec<(String, TopicId, usize)> {
    let all = client.call(&MetadataRequest { topics: None, ..MetadataRequest::default() }, 12).await;
    all.topics.into_iter().map(|topic| (topic.name.unwrap(), topic.topic_id, topic.partitions.len())).collect()
}

#[tokio::test]
async fn topics_are_made_once_and_as_asked() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    for (name, partitions, configs, code) in [
        ("orders", 3, vec![("retention.ms", "1000"), ("cleanup.policy", "compact,delete")], ErrorCode::NONE),
        ("orders", 3, vec![], ErrorCode::TOPIC_ALREADY_EXISTS),
        ("default", -1, vec![], ErrorCode::NONE),
        ("none", 0, vec![], ErrorCode::INVALID_PARTITIONS),
        ("../escape", 1, vec![], ErrorCode::INVALID_TOPIC_EXCEPTION),
        (".", 1, vec![], ErrorCode::INVALID_TOPIC_EXCEPTION),
        ("unknown", 1, vec![("retention.days", "7")], ErrorCode::INVALID_CONFIG),
        ("wrong", 1, vec![("retention.ms", "soon")], ErrorCode::INVALID_CONFIG),
        ("recompressed", 1, vec![("compression.type", "zstd")], ErrorCode::INVALID_CONFIG),
        ("huge", 1, vec![("max.message.bytes", "100000000")], ErrorCode::INVALID_CONFIG),
    ] {
        assert_eq!(client.create(name, partitions, &configs).await, code, "{name}");
    }
    let three = NewTopic { name: "r".to_owned(), replication_factor: 3, ..NewTopic::default() };
    let replicated = CreateTopicsRequest { topics: vec![three], ..CreateTopicsRequest::default() };
    let response = client.call(&replicated, 5).await;
    assert_eq!(response.topics[0].error_code, ErrorCode::INVALID_REPLICATION_FACTOR);
    let topics = vec![NewTopic { name: "trial".to_owned(), ..NewTopic::default() }];
    let trial = CreateTopicsRequest { topics, validate_only: true, ..CreateTopicsRequest::default() };
    assert_eq!(client.call(&trial, 5).await.topics[0].error_code, ErrorCode::NONE);
    let names: Vec<(String, usize)> =
        topic_ids(&mut client).await.into_iter().map(|(name, _, count)| (name, count)).collect();
    assert_eq!(names, [("default".to_owned(), 1), ("orders".to_owned(), 3)]);
}

#[tokio::test]
async fn a_topic_made_again_is_another_one() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 2, &[]).await;
    client.produce("orders", 1, batch(&["old"])).await;
    let (_, old, _) = topic_ids(&mut client).await.remove(0);
    let by = |name: Option<&str>, topic_id| DeleteTopicsRequest {
        topics: vec![DeleteTopic { name: name.map(str::to_owned), topic_id }],
        timeout_ms: 1000,
    };
    let unknown = client.call(&by(Some("nobody"), TopicId::NONE), 6).await;
    assert_eq!(unknown.topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(client.call(&by(None, old), 6).await.topics[0].error_code, ErrorCode::NONE);
    assert_eq!(client.call(&by(None, old), 6).await.topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_ID);
    assert_eq!(client.fetch("orders", 1, 0).await.error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert!(!data.path().join("orders-0").exists() && !data.path().join("orders-1").exists());

    client.create("orders", 2, &[]).await;
    assert_ne!(topic_ids(&mut client).await[0].1, old);
    assert!(client.read_all("orders", 1, 0).await.is_empty());
    assert_eq!(client.call(&by(Some("orders"), TopicId::NONE), 1).await.topics[0].error_code, ErrorCode::NONE);
    broker.shutdown().await.unwrap();
    let broker = start(data.path()).await;
    assert!(topic_ids(&mut Client::connect(broker.local_addr()).await).await.is_empty());
}

#[tokio::test]
async fn topics_grow_and_never_shrink() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 2, &[]).await;
    client.produce("orders", 0, batch(&["kept"])).await;
    for (count, validate_only, code) in [
        (1, false, ErrorCode::INVALID_PARTITIONS),
        (2, false, ErrorCode::INVALID_PARTITIONS),
        (4, true, ErrorCode::NONE),
        (4, false, ErrorCode::NONE),
        (4, false, ErrorCode::INVALID_PARTITIONS),
    ] {
        let topic = CreatePartitionsTopic { name: "orders".to_owned(), count, assignments: None };
        let request = CreatePartitionsRequest { topics: vec![topic], timeout_ms: 1000, validate_only };
        assert_eq!(client.call(&request, 3).await.results[0].error_code, code, "{count}");
    }
    client.produce("orders", 3, batch(&["new"])).await;
    broker.shutdown().await.unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    assert_eq!(client.read_all("orders", 0, 0).await, ["kept"]);
    assert_eq!(client.read_all("orders", 3, 0).await, ["new"]);
}

#[tokio::test]
async fn records_are_deleted_up_to_an_offset() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 1, &[]).await;
    client.produce("orders", 0, batch(&["a", "b", "c"])).await;
    for (offset, low, code) in [
        (2, 2, ErrorCode::NONE),
        (1, 2, ErrorCode::NONE),
        (4, -1, ErrorCode::OFFSET_OUT_OF_RANGE),
        (TO_HIGH_WATERMARK, 3, ErrorCode::NONE),
    ] {
        let partition = DeleteRecordsPartition { partition_index: 0, offset };
        let topic = DeleteRecordsTopic { name: "orders".to_owned(), partitions: vec![partition] };
        let response = client.call(&DeleteRecordsRequest { topics: vec![topic], timeout_ms: 1000 }, 2).await;
        let partition = response.topics[0].partitions[0];
        assert_eq!((partition.error_code, partition.low_watermark), (code, low), "offset {offset}");
    }
    assert_eq!(client.fetch("orders", 0, 2).await.error_code, ErrorCode::OFFSET_OUT_OF_RANGE);
    broker.shutdown().await.unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    assert_eq!(client.fetch("orders", 0, 3).await.log_start_offset, 3);
    assert_eq!(client.produce("orders", 0, batch(&["d"])).await.base_offset, 3);
}

#[tokio::test]
async fn settings_are_described_with_where_they_come_from() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 1, &[("retention.ms", "1000")]).await;
    let describe = |resource_type, name: &str, keys: Option<Vec<String>>| DescribeConfigsRequest {
        resources: vec![ConfigResource { resource_type, resource_name: name.to_owned(), configuration_keys: keys }],
        ..DescribeConfigsRequest::default()
    };
    let response = client.call(&describe(RESOURCE_TOPIC, "orders", None), 4).await;
    let find = |name: &str| {
        let entry = response.results[0].configs.iter().find(|entry| entry.name == name).unwrap();
        (entry.value.clone().unwrap(), entry.config_source)
    };
    assert_eq!(find("retention.ms"), ("1000".to_owned(), SOURCE_TOPIC));
    assert_eq!(find("cleanup.policy"), ("delete".to_owned(), SOURCE_DEFAULT));
    assert_eq!(find("max.message.bytes"), ("1048588".to_owned(), SOURCE_DEFAULT));
    let one = describe(RESOURCE_TOPIC, "orders", Some(vec!["segment.bytes".to_owned()]));
    assert_eq!(client.call(&one, 1).await.results[0].configs.len(), 1);
    let missing = client.call(&describe(RESOURCE_TOPIC, "nobody", None), 4).await;
    assert_eq!(missing.results[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let of_broker = client.call(&describe(RESOURCE_BROKER, "1", None), 4).await;
    assert!(of_broker.results[0].configs.iter().any(|entry| entry.name == "num.partitions"));

    let cluster = client.call(&DescribeClusterRequest::default(), 1).await;
    assert_eq!((cluster.cluster_id.as_str(), cluster.brokers.len()), (broker.cluster_id(), 1));
}
