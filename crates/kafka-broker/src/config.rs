//! What the operator says about the broker. Names follow Kafka's where Kafka has them.

use std::path::PathBuf;

use base::ByteCount;

/// How to run a broker. `BrokerConfig::new(folder)` is a broker on loopback with Kafka's defaults.
#[derive(Clone, Debug)]
pub struct BrokerConfig {
    /// The folder that holds everything; made if missing.
    pub data: PathBuf,
    /// `host:port` to listen at; port 0 takes a free one.
    pub listen: String,
    /// What clients are told to connect to, where that is not the address that the broker listens at.
    pub advertised: Option<(String, u16)>,
    pub node_id: i32,
    /// `auto.create.topics.enable`: whether asking for the metadata of a missing topic makes it.
    pub auto_create_topics: bool,
    /// `num.partitions`: of topics that are made without a number.
    pub default_partitions: i32,
    /// `message.max.bytes`: the largest record batch. Sizes the floors of the broker's memory.
    pub message_max: ByteCount,
    /// `socket.request.max.bytes`: the largest request, if memory allows it at all.
    pub request_max: ByteCount,
    /// `fetch.max.bytes`: the largest response to a fetch, if memory allows it.
    pub fetch_max: ByteCount,
    /// `log.retention.check.interval.ms`.
    pub retention_check_ms: u64,
    /// `connections.max.idle.ms`.
    pub idle_max_ms: u64,
}

impl BrokerConfig {
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            listen: "127.0.0.1:9092".to_owned(),
            advertised: None,
            node_id: 1,
            auto_create_topics: true,
            default_partitions: 1,
            message_max: ByteCount(1_048_588),
            request_max: ByteCount::mib(100),
            fetch_max: ByteCount::mib(16),
            retention_check_ms: 300_000,
            idle_max_ms: 600_000,
        }
    }
}
