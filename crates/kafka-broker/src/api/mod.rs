//! One file per API key. `table` says which versions this broker answers, `dispatch` takes a request to its file.

mod dispatch;
mod once;
mod table;

mod api_versions;
mod create_partitions;
mod create_topics;
mod delete_records;
mod delete_topics;
mod describe_cluster;
mod describe_configs;
mod fetch;
mod find_coordinator;
mod init_producer_id;
mod list_offsets;
mod metadata;
mod offset_commit;
mod offset_fetch;
mod offset_for_leader_epoch;
mod produce;

pub(crate) use dispatch::{Answer, begin};

use kafka_wire::protocol::ErrorCode;

use crate::log::Refused;

/// Compares the epoch that a client believes current (-1 if it believes nothing) with the only one there is, 0.
fn check_leader_epoch(believed: i32) -> Result<(), Refused> {
    if believed > 0 {
        return Err(Refused::new(ErrorCode::UNKNOWN_LEADER_EPOCH, "there has been no such epoch"));
    }
    Ok(())
}
