//! CreatePartitions, key 37, versions 0-3.

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsResult, CreatePartitionsTopic,
};

use crate::core::Core;
use crate::log::Refused;

pub(super) fn answer(core: &Core, request: CreatePartitionsRequest, _version: i16) -> CreatePartitionsResponse {
    let validate_only = request.validate_only;
    let grow = |topic: CreatePartitionsTopic| match grow(core, &topic, validate_only) {
        Ok(()) => CreatePartitionsResult { name: topic.name, ..CreatePartitionsResult::default() },
        Err(refused) => {
            CreatePartitionsResult { name: topic.name, error_code: refused.code, error_message: Some(refused.why) }
        }
    };
    CreatePartitionsResponse { results: request.topics.into_iter().map(grow).collect(), throttle_time_ms: 0 }
}

fn grow(core: &Core, topic: &CreatePartitionsTopic, validate_only: bool) -> Result<(), Refused> {
    let mut assigned = topic.assignments.iter().flatten();
    if !assigned.all(|assignment| assignment.broker_ids == [core.config.node_id]) {
        let why = format!("partitions must be assigned to broker {} alone", core.config.node_id);
        return Err(Refused::new(ErrorCode::INVALID_REPLICA_ASSIGNMENT, why));
    }
    core.topics.grow(&topic.name, topic.count, validate_only)
}
