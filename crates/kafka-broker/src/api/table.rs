//! The versions that this broker answers; ApiVersions tells them to clients.
//!
//! The ranges of Apache Kafka 4, less what needs transactions or groups with members.

use std::ops::RangeInclusive;

use kafka_wire::protocol::ApiKey;

/// Produce is told from 0 on, although 0-2 are refused: librdkafka takes a lowest version above 0 for a broker without
/// idempotence (KAFKA-18659).
pub(super) const ADVERTISED: [(ApiKey, RangeInclusive<i16>); 16] = [
    (ApiKey::Produce, 0..=11),
    (ApiKey::Fetch, 4..=16),
    (ApiKey::ListOffsets, 1..=9),
    (ApiKey::Metadata, 0..=13),
    (ApiKey::OffsetCommit, 2..=9),
    (ApiKey::OffsetFetch, 1..=9),
    (ApiKey::FindCoordinator, 0..=5),
    (ApiKey::ApiVersions, 0..=4),
    (ApiKey::CreateTopics, 2..=7),
    (ApiKey::DeleteTopics, 1..=6),
    (ApiKey::DeleteRecords, 0..=2),
    (ApiKey::InitProducerId, 0..=5),
    (ApiKey::OffsetForLeaderEpoch, 2..=4),
    (ApiKey::DescribeConfigs, 1..=4),
    (ApiKey::CreatePartitions, 0..=3),
    (ApiKey::DescribeCluster, 0..=1),
];

/// Whether requests of this key and version are answered.
pub(super) fn answers(key: ApiKey, version: i16) -> bool {
    let lowest = if key == ApiKey::Produce { 3 } else { 0 };
    version >= lowest && ADVERTISED.iter().any(|(of, versions)| *of == key && versions.contains(&version))
}
