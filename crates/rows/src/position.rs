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

/// Prints as `orders-3`.
impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.index)
    }
}

/// The next offset to read, per partition.
pub type Positions = BTreeMap<PartitionId, Offset>;

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
