//! DescribeCluster, key 60, versions 0-1.

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::describe_cluster::{
    ClusterBroker, DescribeClusterRequest, DescribeClusterResponse, ENDPOINT_BROKERS,
};

use crate::core::Core;

pub(super) fn answer(core: &Core, request: DescribeClusterRequest, _version: i16) -> DescribeClusterResponse {
    if request.endpoint_type != ENDPOINT_BROKERS {
        return DescribeClusterResponse {
            error_code: ErrorCode::INVALID_REQUEST,
            error_message: Some("this broker knows brokers only".to_owned()),
            endpoint_type: request.endpoint_type,
            ..DescribeClusterResponse::default()
        };
    }
    let (host, port) = core.advertised.clone();
    let broker =
        ClusterBroker { broker_id: core.config.node_id, host, port: i32::from(port), ..ClusterBroker::default() };
    DescribeClusterResponse {
        cluster_id: core.cluster_id.clone(),
        controller_id: core.config.node_id,
        brokers: vec![broker],
        ..DescribeClusterResponse::default()
    }
}
