//! The messages, one file per API key: its versions, what each version brought, request, response.

pub mod api_versions;
pub mod create_partitions;
pub mod create_topics;
pub mod delete_records;
pub mod delete_topics;
pub mod describe_cluster;
pub mod describe_configs;
pub mod fetch;
pub mod find_coordinator;
pub mod init_producer_id;
pub mod list_offsets;
pub mod metadata;
pub mod offset_commit;
pub mod offset_fetch;
pub mod offset_for_leader_epoch;
pub mod produce;

mod node_endpoint;

pub use node_endpoint::NodeEndpoint;

/// Authorized operations that were not asked for.
pub const OPERATIONS_NOT_ASKED_FOR: i32 = i32::MIN;
