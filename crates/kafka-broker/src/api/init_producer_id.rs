//! InitProducerId, key 22, versions 0-5: an identity for an idempotent producer. Transactional ids are refused.

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

use crate::core::Core;

pub(super) fn answer(core: &Core, request: InitProducerIdRequest, _version: i16) -> InitProducerIdResponse {
    let failed = |error_code| InitProducerIdResponse { error_code, ..InitProducerIdResponse::default() };
    if request.transactional_id.is_some() {
        return failed(ErrorCode::UNSUPPORTED_VERSION);
    }
    // A producer that had an identity gets a new one all the same, as from Kafka: its old sequences end with it.
    match core.producer_ids.next() {
        Ok(producer_id) => {
            InitProducerIdResponse { producer_id, producer_epoch: 0, ..InitProducerIdResponse::default() }
        }
        Err(error) => {
            tracing::error!(%error, "cannot set producer ids aside");
            failed(ErrorCode::COORDINATOR_NOT_AVAILABLE)
        }
    }
}
