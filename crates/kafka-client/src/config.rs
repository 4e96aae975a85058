//! Settings under Kafka's own property names.
//!
//! In reading order: this file (the settings of client, consumer and producer), `address` (the bootstrap list),
//! `properties` (reading name-value pairs, with the nearest name for one that is not known).

mod address;
mod properties;

use base::{ByteCount, Result};
use kafka_wire::codec::Codec;

pub use self::address::Address;
use self::properties::Properties;

/// What every role needs. Times in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// `bootstrap.servers`: where the cluster's brokers are asked for.
    pub bootstrap_servers: Vec<Address>,
    /// `client.id`: what broker logs and quotas call us.
    pub client_id: String,
    /// `request.timeout.ms`: how long an answer may take.
    pub request_timeout_ms: u64,
    /// `default.api.timeout.ms`: how long an operation goes on trying.
    pub api_timeout_ms: u64,
    /// `socket.connection.setup.timeout.ms`.
    pub connect_timeout_ms: u64,
    /// `reconnect.backoff.ms`, doubled up to `reconnect.backoff.max.ms`, with 20 % jitter.
    pub reconnect_backoff_ms: u64,
    pub reconnect_backoff_max_ms: u64,
    /// `retry.backoff.ms`, doubled up to `retry.backoff.max.ms`, with 20 % jitter.
    pub retry_backoff_ms: u64,
    pub retry_backoff_max_ms: u64,
    /// `metadata.max.age.ms`: after so long the topics are asked for again without a reason.
    pub metadata_max_age_ms: u64,
}

/// Where a partition is read from when it has no position, or one that its log does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OffsetReset {
    Earliest,
    #[default]
    Latest,
    /// Fail.
    None,
    /// The first record at or after so many milliseconds since 1970; the end if there is none.
    Timestamp(i64),
}

/// Which records of transactions are delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    #[default]
    ReadUncommitted,
    /// None of a transaction that is open or aborted.
    ReadCommitted,
}

/// What a consumer needs on top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerConfig {
    pub client: ClientConfig,
    /// `group.id`: under which offsets are committed; there is no membership.
    pub group_id: Option<String>,
    /// `isolation.level`.
    pub isolation: Isolation,
    /// `auto.offset.reset`.
    pub offset_reset: OffsetReset,
    /// `fetch.min.bytes` and `fetch.max.wait.ms`: a broker answers once it has so much or has waited so long.
    pub fetch_min_bytes: u32,
    pub fetch_max_wait_ms: u32,
    /// `fetch.max.bytes` of one answer; less if the consumer's account cannot hold two of them for each broker.
    pub fetch_max_bytes: ByteCount,
    /// `max.partition.fetch.bytes` of one partition in an answer; a larger batch still arrives (KIP-74).
    pub partition_fetch_max_bytes: ByteCount,
}

/// What a producer needs on top. It is always idempotent and waits for all in-sync replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerConfig {
    pub client: ClientConfig,
    /// `batch.size`: the room of a batch before it is compressed.
    pub batch_size: ByteCount,
    /// `linger.ms`: how long a batch waits for more records.
    pub linger_ms: u64,
    /// `compression.type`.
    pub codec: Codec,
    /// `buffer.memory`: what batches hold until they are acknowledged.
    pub buffer_memory: ByteCount,
    /// `delivery.timeout.ms`: after so long a record is given up.
    pub delivery_timeout_ms: u64,
    /// `max.in.flight.requests.per.connection`, at most 5 (what brokers remember of a producer).
    pub in_flight_max: usize,
    /// `max.request.size`.
    pub request_max: ByteCount,
}

/// Properties of other clients that change nothing here: serializers, buffers of the socket, group membership, metrics.
const HARMLESS: &[&str] = &[
    "allow.auto.create.topics",
    "auto.commit.interval.ms",
    "auto.include.jmx.reporter",
    "check.crcs",
    "client.dns.lookup",
    "connections.max.idle.ms",
    "enable.metrics.push",
    "exclude.internal.topics",
    "group.instance.id",
    "group.protocol",
    "heartbeat.interval.ms",
    "key.deserializer",
    "key.serializer",
    "log_level",
    "max.block.ms",
    "max.poll.interval.ms",
    "max.poll.records",
    "metadata.max.idle.ms",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "partition.assignment.strategy",
    "partition.discovery.interval.ms",
    "receive.buffer.bytes",
    "register.consumer.metrics",
    "retries",
    "send.buffer.bytes",
    "session.timeout.ms",
    "socket.connection.setup.timeout.max.ms",
    "value.deserializer",
    "value.serializer",
];

/// Kafka's properties whose meaning is missing here: refused, since ignoring them would change what happens.
const UNSUPPORTED: &[&str] = &[
    "client.rack",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "interceptor.classes",
    "partitioner.class",
    "partitioner.ignore.keys",
    "sasl.client.callback.handler.class",
    "sasl.jaas.config",
    "sasl.login.callback.handler.class",
    "sasl.mechanism",
    "sasl.oauthbearer.token.endpoint.url",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.password",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "transaction.timeout.ms",
    "transactional.id",
];

impl ClientConfig {
    /// The defaults, for these brokers: `host:port,host:port`.
    pub fn new(bootstrap_servers: &str) -> Result<Self> {
        Ok(Self {
            bootstrap_servers: Address::list(bootstrap_servers)?,
            client_id: "millstream".to_owned(),
            request_timeout_ms: 30_000,
            api_timeout_ms: 60_000,
            connect_timeout_ms: 10_000,
            reconnect_backoff_ms: 50,
            reconnect_backoff_max_ms: 1_000,
            retry_backoff_ms: 100,
            retry_backoff_max_ms: 1_000,
            metadata_max_age_ms: 300_000,
        })
    }

    /// Reads properties that concern every role; any other is an error.
    pub fn from_properties<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut properties = Properties::new(pairs);
        let config = Self::take(&mut properties)?;
        properties.finish(HARMLESS, UNSUPPORTED)?;
        Ok(config)
    }

    fn take(from: &mut Properties<'_>) -> Result<Self> {
        let mut config = Self::new(from.required("bootstrap.servers")?)?;
        from.text("client.id", &mut config.client_id);
        from.number("request.timeout.ms", 1, &mut config.request_timeout_ms)?;
        from.number("default.api.timeout.ms", 1, &mut config.api_timeout_ms)?;
        from.number("socket.connection.setup.timeout.ms", 1, &mut config.connect_timeout_ms)?;
        from.number("reconnect.backoff.ms", 0, &mut config.reconnect_backoff_ms)?;
        from.number("reconnect.backoff.max.ms", 0, &mut config.reconnect_backoff_max_ms)?;
        from.number("retry.backoff.ms", 0, &mut config.retry_backoff_ms)?;
        from.number("retry.backoff.max.ms", 0, &mut config.retry_backoff_max_ms)?;
        from.number("metadata.max.age.ms", 1, &mut config.metadata_max_age_ms)?;
        from.only("security.protocol", &["PLAINTEXT"], "TLS and SASL are not there yet")?;
        Ok(config)
    }
}

impl ConsumerConfig {
    /// The defaults, for this cluster.
    pub fn new(client: ClientConfig) -> Self {
        Self {
            client,
            group_id: None,
            isolation: Isolation::default(),
            offset_reset: OffsetReset::default(),
            fetch_min_bytes: 1,
            fetch_max_wait_ms: 500,
            fetch_max_bytes: ByteCount::mib(50),
            partition_fetch_max_bytes: ByteCount::mib(1),
        }
    }

    /// Reads a consumer's properties (`bootstrap.servers` must be there), as Flink's `properties.*` pass them on.
    pub fn from_properties<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut properties = Properties::new(pairs);
        let from = &mut properties;
        let mut config = Self::new(ClientConfig::take(from)?);
        config.group_id = from.take("group.id").map(str::to_owned);
        from.number("fetch.min.bytes", 0, &mut config.fetch_min_bytes)?;
        from.number("fetch.max.wait.ms", 0, &mut config.fetch_max_wait_ms)?;
        from.bytes("fetch.max.bytes", &mut config.fetch_max_bytes)?;
        from.bytes("max.partition.fetch.bytes", &mut config.partition_fetch_max_bytes)?;
        from.only("enable.auto.commit", &["false"], "offsets are committed with checkpoints")?;
        config.isolation = match from.take("isolation.level") {
            None | Some("read_uncommitted") => Isolation::ReadUncommitted,
            Some("read_committed") => Isolation::ReadCommitted,
            Some(other) => return Err(properties::wrong("isolation.level", other, "read_committed, read_uncommitted")),
        };
        config.offset_reset = match from.take("auto.offset.reset") {
            Some("latest") | None => OffsetReset::Latest,
            Some("earliest") => OffsetReset::Earliest,
            Some("none") => OffsetReset::None,
            Some(other) => return Err(properties::wrong("auto.offset.reset", other, "earliest, latest, none")),
        };
        properties.finish(HARMLESS, UNSUPPORTED)?;
        Ok(config)
    }
}

impl ProducerConfig {
    /// The defaults, for this cluster.
    pub fn new(client: ClientConfig) -> Self {
        Self {
            client,
            batch_size: ByteCount::kib(16),
            linger_ms: 5,
            codec: Codec::None,
            buffer_memory: ByteCount::mib(32),
            delivery_timeout_ms: 120_000,
            in_flight_max: 5,
            request_max: ByteCount::mib(1),
        }
    }

    /// Reads a producer's properties (`bootstrap.servers` must be there).
    pub fn from_properties<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut properties = Properties::new(pairs);
        let from = &mut properties;
        let mut config = Self::new(ClientConfig::take(from)?);
        from.bytes("batch.size", &mut config.batch_size)?;
        from.number("linger.ms", 0, &mut config.linger_ms)?;
        from.bytes("buffer.memory", &mut config.buffer_memory)?;
        from.bytes("max.request.size", &mut config.request_max)?;
        from.number("delivery.timeout.ms", 1, &mut config.delivery_timeout_ms)?;
        from.number("max.in.flight.requests.per.connection", 1, &mut config.in_flight_max)?;
        if config.in_flight_max > 5 {
            let given = config.in_flight_max.to_string();
            return Err(properties::wrong("max.in.flight.requests.per.connection", &given, "a number from 1 to 5"));
        }
        if let Some(codec) = from.take("compression.type") {
            let names = "none, gzip, snappy, lz4, zstd";
            config.codec = codec.parse().map_err(|_| properties::wrong("compression.type", codec, names))?;
        }
        from.only("acks", &["all", "-1"], "a record counts only when all in-sync replicas have it")?;
        from.only("enable.idempotence", &["true"], "the producer is always idempotent")?;
        properties.finish(HARMLESS, UNSUPPORTED)?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
