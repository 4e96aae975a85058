//! Where in the sources a job stands.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base::{Offset, PartitionIndex};

/// A partition of a source. Cluster and topic ids tell a topic from another of the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId {
    pub topic: Arc<str>,
    pub index: PartitionIndex,
    /// As the cluster names itself; empty where a source has none.
    pub cluster: Arc<str>,
    /// The topic's UUID as text; empty where a source has none.
    pub topic_id: Arc<str>,
}

impl PartitionId {
    /// Whether this may be the partition that `other` names: topic and number are the same, and no identity that both
    /// know differs. A broker of before Kafka 2.8 names no topic ids; what was read from it carries none after its upgrade.
    pub fn may_be(&self, other: &Self) -> bool {
        let agree = |ours: &str, theirs: &str| ours.is_empty() || theirs.is_empty() || ours == theirs;
        self.topic == other.topic
            && self.index == other.index
            && agree(&self.cluster, &other.cluster)
            && agree(&self.topic_id, &other.topic_id)
    }

    /// This partition, with the identities that only `other` knows of it.
    #[must_use]
    pub fn completed_by(&self, other: &Self) -> Self {
        let known = |ours: &Arc<str>, theirs: &Arc<str>| if ours.is_empty() { theirs.clone() } else { ours.clone() };
        Self {
            cluster: known(&self.cluster, &other.cluster),
            topic_id: known(&self.topic_id, &other.topic_id),
            ..self.clone()
        }
    }
}

/// Prints as `orders-3`.
impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.index)
    }
}

/// The next offset to read, per partition.
pub type Positions = BTreeMap<PartitionId, Offset>;

/// The entries of `positions` for the topic and the number of `id`, whatever their identities.
pub fn of_its_name<'a>(
    positions: &'a Positions,
    id: &PartitionId,
) -> impl Iterator<Item = (&'a PartitionId, Offset)> + use<'a> {
    let first = PartitionId { cluster: "".into(), topic_id: "".into(), ..id.clone() };
    let (topic, index) = (id.topic.clone(), id.index);
    let same = move |(found, _): &(&'a PartitionId, &'a Offset)| found.topic == topic && found.index == index;
    positions.range(first..).take_while(same).map(|(found, offset)| (found, *offset))
}

/// Where `positions` stand in a partition, and under which id: its own, or one that may be the same
/// ([`PartitionId::may_be`]).
pub fn find<'a>(positions: &'a Positions, id: &PartitionId) -> Option<(&'a PartitionId, Offset)> {
    positions
        .get_key_value(id)
        .map(|(found, offset)| (found, *offset))
        .or_else(|| of_its_name(positions, id).find(|(found, _)| found.may_be(id)))
}

/// Lets `positions` stand at `to` in a partition, from now on under all identities that are known of it.
pub fn put(positions: &mut Positions, id: &PartitionId, to: Offset) {
    let known = find(positions, id).map(|(found, _)| found.clone());
    match known {
        Some(known) if known != *id => {
            positions.remove(&known);
            positions.insert(id.completed_by(&known), to);
        }
        Some(_) | None => drop(positions.insert(id.clone(), to)),
    }
}

/// What one commit extends in one partition: the offsets `from..to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub partition: PartitionId,
    pub from: Offset,
    pub to: Offset,
}

/// Prints as `orders-3@17..42`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}..{}", self.partition, self.from, self.to)
    }
}

#[cfg(test)]
mod tests;
