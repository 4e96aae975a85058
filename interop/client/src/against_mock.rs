//! librdkafka's mock cluster of three brokers: leaders move while both sides run, and brokers go down and come up.

use std::time::Duration;

use kafka_client::{StartAt, TopicId};
use rdkafka::mocking::MockCluster;

use crate::support::{consumer, partition, producer, read_numbers, send_numbers};

pub async fn run() {
    let cluster = MockCluster::new(3).unwrap();
    cluster.create_topic("t", 3, 3).unwrap();
    for index in 0..3 {
        cluster.partition_leader("t", index, Some(1)).unwrap();
    }
    let bootstrap = cluster.bootstrap_servers();
    let ours = producer(&bootstrap, |config| config.linger_ms = 1);
    let mut reader = consumer(&bootstrap, |config| config.fetch_max_wait_ms = 50);
    (0..3).for_each(|index| reader.assign(partition("t", index), TopicId::NONE, StartAt::Earliest));
    let mut from = 0;
    for round in 0..6 {
        let sent = send_numbers(&ours, "t", from, from + 500).await;
        assert_eq!(read_numbers(&mut reader, 500).await, sent);
        from += 500;
        for index in 0..3 {
            cluster.partition_leader("t", index, Some(1 + (round + index) % 3)).unwrap();
        }
        println!("leaders moved, round {round}: ok");
    }
    cluster.broker_down(2).unwrap();
    let sending = send_numbers(&ours, "t", from, from + 500);
    let coming = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        cluster.broker_up(2).unwrap();
    };
    let (sent, ()) = tokio::join!(sending, coming);
    assert_eq!(read_numbers(&mut reader, 500).await, sent);
    println!("a broker that went down and came up: ok");
}
