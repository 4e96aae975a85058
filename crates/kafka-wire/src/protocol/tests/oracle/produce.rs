//! Produce, InitProducerId.

use kafka_protocol::messages as their;
use proptest::prelude::*;

use super::*;
use crate::protocol::messages::{init_producer_id, produce};

fn produce_request(g: &mut Gen) -> (produce::ProduceRequest, their::ProduceRequest) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(|g| {
            let (index, records) = (g.i32(), g.some(Gen::bytes));
            let theirs =
                their::produce_request::PartitionProduceData::default().with_index(index).with_records(records.clone());
            (produce::ProducePartition { index, records }, theirs)
        });
        let name = g.string();
        let theirs = their::produce_request::TopicProduceData::default()
            .with_name(text(&name).into())
            .with_partition_data(their_partitions);
        (produce::ProduceTopic { name, partitions }, theirs)
    });
    let ours =
        produce::ProduceRequest { transactional_id: g.some(Gen::string), acks: g.i16(), timeout_ms: g.i32(), topics };
    let theirs = their::ProduceRequest::default()
        .with_transactional_id(some_text(ours.transactional_id.as_ref()).map(Into::into))
        .with_acks(ours.acks)
        .with_timeout_ms(ours.timeout_ms)
        .with_topic_data(their_topics);
    (ours, theirs)
}

fn produce_partition_response(
    g: &mut Gen,
) -> (produce::ProducePartitionResponse, their::produce_response::PartitionProduceResponse) {
    let (record_errors, their_errors) = g.from(
        8,
        |g| {
            g.pairs(|g| {
                let (batch_index, message) = (g.i32(), g.some(Gen::string));
                let theirs = their::produce_response::BatchIndexAndErrorMessage::default()
                    .with_batch_index(batch_index)
                    .with_batch_index_error_message(some_text(message.as_ref()));
                (produce::RecordError { batch_index, message }, theirs)
            })
        },
        Default::default(),
    );
    let ours = produce::ProducePartitionResponse {
        index: g.i32(),
        error_code: ErrorCode(g.i16()),
        base_offset: g.i64(),
        log_append_time_ms: g.i64(),
        log_start_offset: g.from(5, Gen::i64, -1),
        record_errors,
        error_message: g.from(8, |g| g.some(Gen::string), None),
        current_leader: g.leader(10),
    };
    let their_leader = their::produce_response::LeaderIdAndEpoch::default()
        .with_leader_id(ours.current_leader.leader_id.into())
        .with_leader_epoch(ours.current_leader.leader_epoch);
    let theirs = their::produce_response::PartitionProduceResponse::default()
        .with_index(ours.index)
        .with_error_code(ours.error_code.0)
        .with_base_offset(ours.base_offset)
        .with_log_append_time_ms(ours.log_append_time_ms)
        .with_log_start_offset(ours.log_start_offset)
        .with_record_errors(their_errors)
        .with_error_message(some_text(ours.error_message.as_ref()))
        .with_current_leader(their_leader);
    (ours, theirs)
}

fn produce_response(g: &mut Gen) -> (produce::ProduceResponse, their::ProduceResponse) {
    let (topics, their_topics) = g.pairs(|g| {
        let (partitions, their_partitions) = g.pairs(produce_partition_response);
        let name = g.string();
        let theirs = their::produce_response::TopicProduceResponse::default()
            .with_name(text(&name).into())
            .with_partition_responses(their_partitions);
        (produce::ProduceTopicResponse { name, partitions }, theirs)
    });
    let (node_endpoints, their_endpoints) = g.from(
        10,
        |g| {
            g.pairs(|g| {
                let ours = g.endpoint();
                let theirs = their::produce_response::NodeEndpoint::default()
                    .with_node_id(ours.node_id.into())
                    .with_host(text(&ours.host))
                    .with_port(ours.port)
                    .with_rack(some_text(ours.rack.as_ref()));
                (ours, theirs)
            })
        },
        Default::default(),
    );
    let ours = produce::ProduceResponse { topics, throttle_time_ms: g.i32(), node_endpoints };
    let theirs = their::ProduceResponse::default()
        .with_responses(their_topics)
        .with_throttle_time_ms(ours.throttle_time_ms)
        .with_node_endpoints(their_endpoints);
    (ours, theirs)
}

fn init_producer_id_request(g: &mut Gen) -> (init_producer_id::InitProducerIdRequest, their::InitProducerIdRequest) {
    let ours = init_producer_id::InitProducerIdRequest {
        transactional_id: g.some(Gen::string),
        transaction_timeout_ms: g.i32(),
        producer_id: g.from(3, Gen::i64, -1),
        producer_epoch: g.from(3, Gen::i16, -1),
    };
    let theirs = their::InitProducerIdRequest::default()
        .with_transactional_id(some_text(ours.transactional_id.as_ref()).map(Into::into))
        .with_transaction_timeout_ms(ours.transaction_timeout_ms)
        .with_producer_id(ours.producer_id.into())
        .with_producer_epoch(ours.producer_epoch);
    (ours, theirs)
}

fn init_producer_id_response(g: &mut Gen) -> (init_producer_id::InitProducerIdResponse, their::InitProducerIdResponse) {
    let ours = init_producer_id::InitProducerIdResponse {
        throttle_time_ms: g.i32(),
        error_code: ErrorCode(g.i16()),
        producer_id: g.i64(),
        producer_epoch: g.i16(),
    };
    let theirs = their::InitProducerIdResponse::default()
        .with_throttle_time_ms(ours.throttle_time_ms)
        .with_error_code(ours.error_code.0)
        .with_producer_id(ours.producer_id.into())
        .with_producer_epoch(ours.producer_epoch);
    (ours, theirs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn produce(seed: u64) {
        check(seed, produce_request, produce_response);
    }

    #[test]
    fn init_producer_id(seed: u64) {
        check(seed, init_producer_id_request, init_producer_id_response);
    }
}
