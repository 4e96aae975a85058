use super::*;

/// What reading a consumer's properties says.
fn check(properties: &[(&str, &str)], says: &str) {
    let mut all = vec![("bootstrap.servers", "a:1")];
    all.extend(properties);
    let report = ConsumerConfig::from_properties(all).expect_err(says).report();
    assert!(report.contains(says), "{report}");
}

#[test]
fn a_consumers_properties_are_read_under_kafkas_names() {
    let config = ConsumerConfig::from_properties([
        ("bootstrap.servers", "one:9092, PLAINTEXT://[::1]:9093"),
        ("group.id", "g"),
        ("isolation.level", "read_committed"),
        ("auto.offset.reset", "earliest"),
        ("fetch.max.bytes", "1048576"),
        ("max.partition.fetch.bytes", "65536"),
        ("fetch.max.wait.ms", "100"),
        ("key.deserializer", "whatever"),
    ])
    .unwrap();
    let addresses: Vec<String> = config.client.bootstrap_servers.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["one:9092", "[::1]:9093"]);
    assert_eq!(config.group_id.as_deref(), Some("g"));
    assert_eq!(config.isolation, Isolation::ReadCommitted);
    assert_eq!(config.offset_reset, OffsetReset::Earliest);
    assert_eq!((config.fetch_max_bytes, config.partition_fetch_max_bytes), (ByteCount::mib(1), ByteCount::kib(64)));
    assert_eq!(config.fetch_max_wait_ms, 100);
}

#[test]
fn wrong_properties_are_named_with_what_to_do() {
    check(&[("fetch.max.byte", "1")], "did you mean 'fetch.max.bytes'?");
    check(&[("auto.offset.rest", "earliest")], "did you mean 'auto.offset.reset'?");
    check(&[("xyz", "1")], "the property 'xyz' is unknown");
    check(&[("fetch.max.bytes", "-1")], "the property 'fetch.max.bytes' is '-1'; expected: a number of bytes");
    check(&[("isolation.level", "serializable")], "expected: read_committed, read_uncommitted");
    check(&[("sasl.jaas.config", "secret")], "the property 'sasl.jaas.config' is not supported yet");
    check(&[("security.protocol", "SSL")], "TLS and SASL are not there yet");
    check(&[("enable.auto.commit", "true")], "offsets are committed with checkpoints");
    check(&[("bootstrap.servers", "nowhere")], "'nowhere' is no broker address");
    check(&[("bootstrap.servers", ",")], "names no broker");
    let report = ConsumerConfig::from_properties([]).unwrap_err().report();
    assert!(report.contains("the property 'bootstrap.servers' is missing"), "{report}");
}

#[test]
fn a_secret_is_never_repeated() {
    let pairs = [("bootstrap.servers", "a:1"), ("ssl.key.password", "hunter2")];
    assert!(!ClientConfig::from_properties(pairs).unwrap_err().report().contains("hunter2"));
}

#[test]
fn a_producers_properties_are_read_under_kafkas_names() {
    let config = ProducerConfig::from_properties([
        ("bootstrap.servers", "a:1"),
        ("batch.size", "1000"),
        ("linger.ms", "0"),
        ("compression.type", "zstd"),
        ("buffer.memory", "1m"),
        ("acks", "all"),
    ])
    .unwrap();
    assert_eq!((config.batch_size, config.linger_ms, config.codec), (ByteCount(1000), 0, Codec::Zstd));
    let pairs = [("bootstrap.servers", "a:1"), ("acks", "0")];
    assert!(ProducerConfig::from_properties(pairs).unwrap_err().report().contains("'acks' = '0' is not supported"));
}
