use std::time::Duration;

use base::{ByteCount, Retry};
use kafka_client::{Client, ClientConfig, Consumer, ConsumerConfig, StartAt, TopicId};
use kafka_wire::protocol::ApiKey;

use crate::fake::{Deed, Fake, account, partition};

#[tokio::test]
async fn old_brokers_are_spoken_to_in_old_versions() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    {
        let mut state = fake.state.lock();
        state.version_max.insert(ApiKey::ApiVersions.code(), 0);
        state.version_max.insert(ApiKey::Metadata.code(), 7);
    }
    let topic = fake.client().topic("t").await.unwrap();
    assert_eq!((topic.partitions, topic.id), (1, TopicId::NONE));
    let seen = fake.state.lock().seen.clone();
    assert_eq!(seen, [(1, ApiKey::ApiVersions, 3), (1, ApiKey::ApiVersions, 0), (1, ApiKey::Metadata, 7)]);
}

#[tokio::test]
async fn a_broker_without_a_common_version_is_named_with_both_ranges() {
    let fake = Fake::start(1).await;
    fake.state.lock().version_max.insert(ApiKey::Metadata.code(), -1);
    let report = fake.client().topic("t").await.unwrap_err().report();
    assert!(report.contains("speaks no version of Metadata") && report.contains("Kafka 2.1 or newer"), "{report}");
}

/// What asking for a topic says when the broker answers with these bytes.
async fn check(bytes: Vec<u8>, says: &str) {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.script(move |_, key| match key {
        ApiKey::Metadata => Deed::Bytes(bytes.clone()),
        _ => Deed::Answer,
    });
    let mut config = fake.config();
    config.api_timeout_ms = 50;
    let memory = account(ByteCount::mib(8));
    let report = Client::new(config, memory.clone()).topic("t").await.unwrap_err().report();
    assert!(report.contains(says), "{report}");
}

#[tokio::test]
async fn hostile_frames_end_in_errors() {
    check(i32::MAX.to_be_bytes().to_vec(), "2147483647 is no valid length").await;
    check((-1i32).to_be_bytes().to_vec(), "-1 is no valid length").await;
    check(0i32.to_be_bytes().to_vec(), "0 is no valid length").await;
    check((90i32 << 20).to_be_bytes().to_vec(), "too large for the memory it may have").await;
    check([vec![0, 0, 0, 8], vec![0xff; 8]].concat(), "is malformed").await;
    // An array of two billion brokers.
    let arrays = [&[0, 0, 0, 18][..], &[0, 0, 0, 1, 0], &[0; 4], &[0xff, 0xff, 0xff, 0xff, 0x0f], &[0; 4]].concat();
    check(arrays, "is malformed").await;
}

#[tokio::test]
async fn a_cluster_that_is_too_large_to_be_listed_is_not_called_malformed() {
    // 20,000 brokers, whose bytes are there.
    let head = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0xa1, 0x9c, 0x01];
    let len = head.len() as i32 + 400_000;
    let brokers = [&len.to_be_bytes()[..], &head, &vec![0; 400_000]].concat();
    check(brokers.clone(), "to Metadata lists more than can be held here at once").await;
    check(brokers, "name single topics").await;
}

#[tokio::test]
async fn a_broker_that_never_answers_is_given_up() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    fake.state.script(|_, key| if key == ApiKey::Metadata { Deed::Silence } else { Deed::Answer });
    let mut config = fake.config();
    (config.request_timeout_ms, config.api_timeout_ms) = (30, 50);
    let error = Client::new(config, account(ByteCount::mib(8))).topic("t").await.unwrap_err();
    assert_eq!(error.retry(), Retry::Backoff);
    assert!(error.report().contains("no answer within 'request.timeout.ms'"), "{}", error.report());
}

#[tokio::test]
async fn a_cluster_that_is_down_is_named_with_its_address() {
    // A port that was just free.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut config = ClientConfig::new(&free.to_string()).unwrap();
    (config.api_timeout_ms, config.retry_backoff_ms) = (50, 1);
    let client = Client::new(config.clone(), account(ByteCount::mib(8)));
    let error = client.cluster_id().await.unwrap_err();
    assert_eq!(error.retry(), Retry::Backoff);
    let report = error.report();
    assert!(report.contains(&format!("the Kafka broker at {free} cannot be reached")), "{report}");
    assert!(report.contains("start the broker, or name another with --bootstrap"), "{report}");

    let mut consumer = Consumer::new(client, ConsumerConfig::new(config), account(ByteCount::mib(8)));
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    let report = base::Error::from(consumer.next().await.unwrap_err()).report();
    assert!(report.contains("cannot be reached"), "{report}");
}

#[tokio::test]
async fn who_waits_in_person_is_told_of_all_that_do_not_answer() {
    let ports = [1, 2].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let free = ports.map(|port| port.local_addr().unwrap().to_string()).join(",");
    let client = Client::new(ClientConfig::new(&free).unwrap(), account(ByteCount::mib(8)));
    let report = client.reach(Duration::from_millis(1)).await.unwrap_err().report();
    let told = format!("detail: none of {free} answered within 1ms");
    assert!(report.contains("cannot be reached") && report.contains(&told), "{report}");
    Fake::start(1).await.client().reach(Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn a_dead_bootstrap_address_is_passed_over() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = fake.state.lock().ports[&1];
    let config = ClientConfig::new(&format!("{free},127.0.0.1:{port}")).unwrap();
    assert_eq!(Client::new(config, account(ByteCount::mib(8))).topic("t").await.unwrap().partitions, 1);
}

#[tokio::test]
async fn requests_of_many_callers_share_a_connection_and_cancelled_ones_do_no_harm() {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1, 1]);
    let client = fake.client();
    client.cluster_id().await.unwrap();
    let asks: Vec<_> = (0..20).map(|_| client.topic("t")).collect();
    for (i, ask) in asks.into_iter().enumerate() {
        if i % 3 == 0 {
            // Given up after its first poll, with the request sent or not.
            tokio::select! {
                biased;
                answer = ask => assert_eq!(answer.unwrap().partitions, 2),
                () = std::future::ready(()) => {}
            }
        } else {
            assert_eq!(ask.await.unwrap().partitions, 2);
        }
    }
    let connections = fake.state.lock().seen.iter().filter(|(_, key, _)| *key == ApiKey::ApiVersions).count();
    assert_eq!(connections, 1);
}
