//! Offsets of consumer groups without membership: committed with generation -1 and no member id, which brokers take while
//! the group has no members. Lag tools and Flink's startup mode `group-offsets` read them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use base::{Error, Offset, Result};
use kafka_wire::protocol::messages::find_coordinator::{FindCoordinatorRequest, GROUP};
use kafka_wire::protocol::messages::offset_commit::{OffsetCommitPartition, OffsetCommitRequest, OffsetCommitTopic};
use kafka_wire::protocol::messages::offset_fetch::{OffsetFetchGroup, OffsetFetchRequest, OffsetFetchTopic};
use kafka_wire::protocol::{ErrorCode, Request};

use super::{Client, lock};
use crate::config::Address;
use crate::partition::TopicPartition;
use crate::retry::Patience;

/// Which broker keeps which group's offsets, as far as it was asked.
#[derive(Debug, Default)]
pub(super) struct Coordinators(Mutex<BTreeMap<String, Address>>);

impl Client {
    /// Commits the next offset to read of each partition for `group`.
    ///
    /// # Errors
    /// A user's error if the group has members of its own (another program reads with it); transient if the coordinator
    /// does not answer within `default.api.timeout.ms`.
    ///
    /// # Cancel safety
    /// The commit may or may not have happened when the future is dropped.
    pub async fn commit_offsets(&self, group: &str, offsets: &BTreeMap<TopicPartition, Offset>) -> Result<()> {
        if offsets.is_empty() {
            return Ok(());
        }
        let mut topics: BTreeMap<&str, Vec<OffsetCommitPartition>> = BTreeMap::new();
        for (partition, offset) in offsets {
            topics.entry(&partition.topic).or_default().push(OffsetCommitPartition {
                partition_index: partition.index.0,
                committed_offset: offset.0,
                committed_leader_epoch: -1,
                committed_metadata: Some(String::new()),
            });
        }
        let request = OffsetCommitRequest {
            group_id: group.to_owned(),
            generation_id_or_member_epoch: -1,
            member_id: String::new(),
            group_instance_id: None,
            retention_time_ms: -1,
            topics: (topics.into_iter())
                .map(|(name, partitions)| OffsetCommitTopic { name: name.to_owned(), partitions })
                .collect(),
        };
        self.ask_coordinator(group, &request, |response| {
            let mut partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
            partitions.find(|partition| !partition.error_code.is_ok()).map(|partition| partition.error_code)
        })
        .await?;
        Ok(())
    }

    /// The committed offset of each partition; partitions without one are left out.
    ///
    /// # Errors
    /// Transient if the coordinator does not answer within `default.api.timeout.ms`.
    pub async fn committed_offsets(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, Offset>> {
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for partition in partitions {
            topics.entry(&partition.topic).or_default().push(partition.index.0);
        }
        let topics = (topics.into_iter())
            .map(|(name, partition_indexes)| OffsetFetchTopic { name: name.to_owned(), partition_indexes })
            .collect();
        let asked =
            OffsetFetchGroup { group_id: group.to_owned(), member_id: None, member_epoch: -1, topics: Some(topics) };
        let request = OffsetFetchRequest { groups: vec![asked], require_stable: false };
        let response = self
            .ask_coordinator(group, &request, |response| {
                let group = response.groups.first()?;
                let partitions = group.topics.iter().flat_map(|topic| &topic.partitions);
                let codes = std::iter::once(group.error_code).chain(partitions.map(|partition| partition.error_code));
                codes.into_iter().find(|code| !code.is_ok())
            })
            .await?;
        let topics = response.groups.into_iter().flat_map(|group| group.topics);
        let found = topics.flat_map(|topic| {
            let name: std::sync::Arc<str> = topic.name.as_str().into();
            (topic.partitions.into_iter()).filter(|partition| partition.committed_offset >= 0).map(move |partition| {
                let offset = Offset(partition.committed_offset);
                (TopicPartition::new(name.clone(), partition.partition_index), offset)
            })
        });
        Ok(found.collect())
    }

    /// Asks the group's coordinator, finding it anew when it moved.
    async fn ask_coordinator<R: Request>(
        &self,
        group: &str,
        request: &R,
        error_in: impl Fn(&R::Response) -> Option<ErrorCode>,
    ) -> Result<R::Response> {
        let mut patience = Patience::new(self.config());
        loop {
            let error = match self.ask_coordinator_once(group, request).await {
                Ok(response) => match error_in(&response) {
                    None => return Ok(response),
                    Some(code) => group_error(group, R::KEY.name(), code),
                },
                Err(error) => error,
            };
            lock(&self.inner.coordinators.0).remove(group);
            patience.wait(error).await?;
        }
    }

    async fn ask_coordinator_once<R: Request>(&self, group: &str, request: &R) -> Result<R::Response> {
        let known = lock(&self.inner.coordinators.0).get(group).cloned();
        let address = match known {
            Some(address) => address,
            None => self.find_coordinator(group).await?,
        };
        Ok(self.ask_at(&address, request).await?.body)
    }

    async fn find_coordinator(&self, group: &str) -> Result<Address> {
        let request = FindCoordinatorRequest { key_type: GROUP, keys: vec![group.to_owned()] };
        let response = self.ask_any(&request).await?.body;
        let found = response.coordinators.into_iter().next();
        let found = found.ok_or_else(|| Error::transient(format!("no coordinator of the group '{group}' is named")))?;
        if !found.error_code.is_ok() {
            return Err(group_error(group, "FindCoordinator", found.error_code));
        }
        let port = u16::try_from(found.port);
        let port = port.map_err(|_| Error::transient(format!("the group '{group}' has no coordinator now")))?;
        let address = Address { host: found.host, port };
        lock(&self.inner.coordinators.0).insert(group.to_owned(), address.clone());
        Ok(address)
    }
}

/// What brokers answer to a commit from outside while the group has members.
const ILLEGAL_GENERATION: ErrorCode = ErrorCode(22);

fn group_error(group: &str, api: &str, code: ErrorCode) -> Error {
    let message = format!("{api} for the group '{group}' failed: {code}");
    match code {
        code if code.is_retriable() => Error::transient(message),
        ErrorCode::UNKNOWN_MEMBER_ID | ILLEGAL_GENERATION => Error::user(message)
            .detail("the group has members: another program reads with it")
            .hint("give this job a group of its own ('properties.group.id')"),
        ErrorCode::GROUP_AUTHORIZATION_FAILED => Error::user(message).hint("ask for the right to use the group"),
        _ => Error::external(message),
    }
}
