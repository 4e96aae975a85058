//! FindCoordinator, key 10, versions 0-5: this broker, for groups. There are no transactions.

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::find_coordinator::{
    Coordinator, FindCoordinatorRequest, FindCoordinatorResponse, GROUP,
};

use crate::core::Core;

pub(super) fn weigh(core: &Core, request: &mut FindCoordinatorRequest) -> usize {
    request.keys.sort_unstable();
    request.keys.dedup();
    request.keys.len() * 3 * core.advertised.0.len()
}

pub(super) fn answer(core: &Core, request: FindCoordinatorRequest, _version: i16) -> FindCoordinatorResponse {
    let is_group = request.key_type == GROUP;
    let find = |key: String| {
        if !is_group {
            return Coordinator {
                key,
                error_code: ErrorCode::COORDINATOR_NOT_AVAILABLE,
                error_message: Some("this broker coordinates groups only".to_owned()),
                ..Coordinator::default()
            };
        }
        let (host, port) = core.advertised.clone();
        Coordinator { key, node_id: core.config.node_id, host, port: i32::from(port), ..Coordinator::default() }
    };
    FindCoordinatorResponse { coordinators: request.keys.into_iter().map(find).collect(), throttle_time_ms: 0 }
}
