//! Versions, headers and hostile frames.

use std::time::Duration;

use kafka_wire::protocol::messages::api_versions::ApiVersionsRequest;
use kafka_wire::protocol::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use kafka_wire::protocol::{ApiKey, TopicId};

use super::*;

#[tokio::test]
async fn versions_are_told_even_to_clients_from_the_future() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    for version in 0..=4 {
        let request = ApiVersionsRequest {
            client_software_name: "apache-kafka-java".to_owned(),
            client_software_version: "4.1.0".to_owned(),
        };
        let response = client.call(&request, version).await;
        assert_eq!(response.error_code, ErrorCode::NONE);
        assert_eq!(response.api_keys.len(), ApiKey::ALL.len());
        let produce = response.api_keys.iter().find(|api| api.api_key == 0).unwrap();
        assert_eq!((produce.min_version, produce.max_version), (0, 11));
    }
    let nameless = client.call(&ApiVersionsRequest::default(), 3).await;
    assert_eq!(nameless.error_code, ErrorCode::INVALID_REQUEST);
    // Version 9 of ApiVersions, then a body that nobody can know: the answer has version 0.
    let frame = [0, 0, 0, 14, 0, 18, 0, 9, 0, 0, 0, 5, 0, 0, 0, 1, 2, 3];
    client.socket.write_all(&frame).await.unwrap();
    let answer = client.receive_frame().await.unwrap();
    let response = decode_response::<ApiVersionsRequest>(answer, 0, 5).unwrap();
    assert_eq!(response.error_code, ErrorCode::UNSUPPORTED_VERSION);
    assert!(!response.api_keys.is_empty());
}

#[tokio::test]
async fn what_is_no_request_ends_the_connection_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let frames: [(&str, &[u8]); 7] = [
        ("a negative length", &[0xff, 0xff, 0xff, 0xff, 0, 0]),
        ("a length beyond every limit", &[0x7f, 0xff, 0xff, 0xff, 0, 0]),
        ("a length below the header's", &[0, 0, 0, 4, 0, 3, 0, 1]),
        ("an unknown key", &[0, 0, 0, 10, 0x13, 0x37, 0, 0, 0, 0, 0, 1, 0, 0]),
        ("a version of Produce that is told and not answered", &[0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0]),
        ("a version from the future", &[0, 0, 0, 10, 0, 3, 0, 99, 0, 0, 0, 1, 0, 0]),
        (
            "an array of two thousand million topics",
            &[0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0x7f, 0xff, 0xff, 0xff],
        ),
    ];
    for (what, frame) in frames {
        let mut client = Client::connect(broker.local_addr()).await;
        client.socket.write_all(frame).await.unwrap();
        assert!(client.receive_frame().await.is_none(), "{what} was answered");
    }
    let mut client = Client::connect(broker.local_addr()).await;
    assert_eq!(client.call(&MetadataRequest::default(), 1).await.brokers.len(), 1);
}

#[tokio::test]
async fn metadata_makes_topics_where_that_is_allowed() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    let ask = |name: &str, allow_auto_topic_creation| MetadataRequest {
        topics: Some(vec![MetadataRequestTopic { name: Some(name.to_owned()), ..MetadataRequestTopic::default() }]),
        allow_auto_topic_creation,
        ..MetadataRequest::default()
    };
    let refused = client.call(&ask("orders", false), 9).await;
    assert_eq!(refused.topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let bad = client.call(&ask("no/such name", true), 9).await;
    assert_eq!(bad.topics[0].error_code, ErrorCode::INVALID_TOPIC_EXCEPTION);
    let made = client.call(&ask("orders", true), 12).await;
    assert_eq!((made.topics[0].error_code, made.topics[0].partitions.len()), (ErrorCode::NONE, 1));
    assert_eq!(made.cluster_id.as_deref(), Some(broker.cluster_id()));
    let id = made.topics[0].topic_id;
    let by_id = |topic_id| MetadataRequest {
        topics: Some(vec![MetadataRequestTopic { name: None, topic_id }]),
        ..MetadataRequest::default()
    };
    let found = client.call(&by_id(id), 12).await;
    assert_eq!(found.topics[0].name.as_deref(), Some("orders"));
    let unknown = client.call(&by_id(TopicId([7; 16])), 12).await;
    assert_eq!((unknown.topics[0].error_code, &unknown.topics[0].name), (ErrorCode::UNKNOWN_TOPIC_ID, &None));
    let all = client.call(&MetadataRequest { topics: None, ..MetadataRequest::default() }, 12).await;
    assert_eq!(all.topics.len(), 1);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    assert_eq!(client.create("orders", 1, &[]).await, ErrorCode::NONE);
    let first = client.correlation_id + 1;
    for index in 0..20 {
        client.send(&produce_request("orders", 0, batch(&[&index.to_string()]), -1), 9).await;
        client.send(&MetadataRequest::default(), 9).await;
    }
    for index in 0..20_i32 {
        let produced = client.receive_frame().await.unwrap();
        let produced = decode_response::<ProduceRequest>(produced, 9, first + 2 * index).unwrap();
        assert_eq!(produced.topics[0].partitions[0].base_offset, i64::from(index));
        let metadata = client.receive_frame().await.unwrap();
        decode_response::<MetadataRequest>(metadata, 9, first + 2 * index + 1).unwrap();
    }
}

#[tokio::test]
async fn idle_clients_are_let_go() {
    let data = tempfile::tempdir().unwrap();
    let mut config = config(data.path());
    config.idle_max_ms = 1;
    let broker = start_with(config, &Budget::new(ByteCount::mib(8)), Arc::new(RealDisk)).await;
    let mut client = Client::connect(broker.local_addr()).await;
    let closed = tokio::time::timeout(Duration::from_mins(1), client.receive_frame()).await;
    assert_eq!(closed, Ok(None));
}

#[tokio::test]
async fn a_request_sees_what_the_one_before_it_changed() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut client = Client::connect(broker.local_addr()).await;
    let topics = vec![MetadataRequestTopic { name: Some("orders".to_owned()), ..MetadataRequestTopic::default() }];
    client.send(&MetadataRequest { topics: Some(topics), ..MetadataRequest::default() }, 9).await;
    client.send(&produce_request("orders", 0, batch(&["at once"]), -1), 9).await;
    client.receive_frame().await.unwrap();
    let produced = client.receive_frame().await.unwrap();
    let produced = decode_response::<ProduceRequest>(produced, 9, client.correlation_id).unwrap();
    assert_eq!(produced.topics[0].partitions[0].error_code, ErrorCode::NONE);
}
