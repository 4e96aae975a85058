//! Hostile bytes: nothing is allocated for what is not there, nothing panics, nothing is left over unseen.

use bytes::Bytes;
use proptest::prelude::*;

use super::super::messages::{
    api_versions, create_partitions, create_topics, delete_records, delete_topics, describe_cluster, describe_configs,
    fetch, find_coordinator, init_producer_id, list_offsets, metadata, offset_commit, offset_fetch,
    offset_for_leader_epoch, produce,
};
use super::super::*;

fn body_reader(bytes: &[u8]) -> Reader {
    Reader::new(Bytes::copy_from_slice(bytes), decode_allowance(bytes.len()))
}

#[test]
fn an_array_count_alone_allocates_nothing() {
    // kafka-protocol 0.18 reserves 154 GB for these four bytes.
    let classic = decode_request::<metadata::MetadataRequest>(body_reader(&[0x7f, 0xff, 0xff, 0xff]), 1);
    assert_eq!(classic, Err(WireError::BadCount { count: 0x7fff_ffff, left: 0 }));
    let compact = decode_request::<metadata::MetadataRequest>(body_reader(&[0xff, 0xff, 0xff, 0xff, 0x0f]), 9);
    assert_eq!(compact, Err(WireError::BadCount { count: 0xffff_fffe, left: 0 }));
}

#[test]
fn small_elements_do_not_amplify_beyond_the_allowance() {
    // 64 Ki empty names: one byte each on the wire, a struct each in memory.
    let mut bytes = vec![0x81, 0x80, 0x04];
    bytes.extend(vec![1; 1 << 16]);
    bytes.extend([0, 0, 0, 0, 0]);
    let mut reader = Reader::new(bytes.clone().into(), 1 << 16);
    reader.set_flexible(true);
    let decoded = delete_topics::DeleteTopicsRequest::decode(&mut reader, 4);
    let size = size_of::<delete_topics::DeleteTopic>() << 16;
    assert_eq!(decoded, Err(WireError::AllowanceExceeded { wanted: size, left: 1 << 16 }));
}

#[test]
fn what_is_left_over_is_passed_over() {
    let response = init_producer_id::InitProducerIdResponse::default();
    let mut bytes = encode_response(&response, ApiKey::InitProducerId, 1, 7).unwrap().to_vec().split_off(4);
    bytes.push(0);
    let decoded = decode_response::<init_producer_id::InitProducerIdRequest>(bytes.into(), 1, 7);
    assert_eq!(decoded, Ok(response));

    // librdkafka 2.16, "all topics": it reserves 4 bytes for a count that takes 1.
    let request = [0, 3, 0, 13, 0, 0, 0, 3, 0, 7, 0x72, 0x64, 0x6b, 0x61, 0x66, 0x6b, 0x61, 0, 0, 0, 0, 0, 1, 0, 0];
    let mut reader = body_reader(&request);
    let header = RequestHeader::decode(&mut reader).unwrap();
    assert_eq!((header.version, header.correlation_id, header.client_id.as_deref()), (13, 3, Some("rdkafka")));
    assert_eq!(decode_request::<metadata::MetadataRequest>(reader, 13).unwrap().topics, None);
}

#[test]
fn unknown_tagged_fields_are_skipped() {
    // After the two fields two tagged ones that nobody knows, the second empty.
    let bytes = [1, 1, 2, 40, 3, 9, 9, 9, 41, 0];
    let request = decode_request::<describe_cluster::DescribeClusterRequest>(body_reader(&bytes), 1).unwrap();
    assert_eq!(request.endpoint_type, 1);
    assert!(request.include_cluster_authorized_operations);
}

#[test]
fn record_bytes_are_slices_of_the_frame() {
    let records = Bytes::from(vec![5; 10_000]);
    let partition = produce::ProducePartition { index: 3, records: Some(records.clone()) };
    let topic = produce::ProduceTopic { name: "orders".into(), partitions: vec![partition] };
    let request = produce::ProduceRequest { acks: -1, topics: vec![topic], ..Default::default() };
    let frame = encode_request(&request, 9, 1, Some("me")).unwrap();
    assert!(frame.parts().iter().any(|part| part.as_ptr() == records.as_ptr()), "the encoder copied the records");

    let bytes = Bytes::from(frame.to_vec()).slice(4..);
    let range = bytes.as_ptr_range();
    let mut reader = Reader::new(bytes, 4096);
    let header = RequestHeader::decode(&mut reader).unwrap();
    assert_eq!((header.api_key, header.version, header.client_id.as_deref()), (0, 9, Some("me")));
    let decoded = decode_request::<produce::ProduceRequest>(reader, 9).unwrap();
    assert_eq!(decoded, request);
    let slice = decoded.topics[0].partitions[0].records.as_ref().unwrap();
    assert!(range.contains(&slice.as_ptr()), "the decoder copied the records");
}

#[test]
fn what_a_version_cannot_say_is_refused_rather_than_dropped() {
    let two = find_coordinator::FindCoordinatorRequest { key_type: 0, keys: vec!["a".into(), "b".into()] };
    assert!(encode_request(&two, 4, 1, None).is_ok());
    assert!(matches!(encode_request(&two, 3, 1, None), Err(WireError::NotInVersion { version: 3, .. })));
    let no_creation = metadata::MetadataRequest { allow_auto_topic_creation: false, ..Default::default() };
    assert!(matches!(encode_request(&no_creation, 3, 1, None), Err(WireError::NotInVersion { version: 3, .. })));
    let long = metadata::MetadataRequestTopic { name: Some("x".repeat(40_000)), ..Default::default() };
    let long = metadata::MetadataRequest { topics: Some(vec![long]), ..Default::default() };
    assert!(matches!(encode_request(&long, 9, 1, None), Err(WireError::TooLong { length: 40_000, .. })));
    assert_eq!(
        encode_request(&metadata::MetadataRequest::default(), 99, 1, None).unwrap_err(),
        WireError::UnsupportedVersion { api: "Metadata", version: 99 }
    );
}

#[test]
fn frame_lengths_are_bounded() {
    assert_eq!(frame_length([0, 0, 0, 4], 100), Ok(4));
    assert_eq!(frame_length([0, 0, 0, 100], 100), Ok(100));
    for (prefix, seen) in [([0, 0, 0, 3], 3), ([0, 0, 0, 101], 101), ([0xff, 0xff, 0xff, 0xff], -1)] {
        assert_eq!(frame_length(prefix, 100), Err(WireError::BadLength(seen)));
    }
}

#[test]
fn topic_ids_print_as_kafka_prints_them() {
    // Java: new Uuid(0x0123456789abcdef, 0xfedcba9876543210).toString()
    let id = TopicId(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210_u128.to_be_bytes());
    assert_eq!(id.to_string(), "ASNFZ4mrze_-3LqYdlQyEA");
}

/// Decodes `bytes` as the request and the response of `R`, in every version: whatever comes of it, no panic.
fn decode_as<R: Request>(bytes: &Bytes) {
    for version in R::VERSIONS {
        for allowance in [decode_allowance(bytes.len()), 64] {
            let _request = decode_request::<R>(Reader::new(bytes.clone(), allowance), version);
        }
        let correlation = decode_response_correlation(bytes).unwrap_or_default();
        let _response = decode_response::<R>(bytes.clone(), version, correlation);
    }
}

fn decode_as_everything(bytes: &Bytes) {
    let _header = RequestHeader::decode(&mut Reader::new(bytes.clone(), 64));
    decode_as::<api_versions::ApiVersionsRequest>(bytes);
    decode_as::<create_partitions::CreatePartitionsRequest>(bytes);
    decode_as::<create_topics::CreateTopicsRequest>(bytes);
    decode_as::<delete_records::DeleteRecordsRequest>(bytes);
    decode_as::<delete_topics::DeleteTopicsRequest>(bytes);
    decode_as::<describe_cluster::DescribeClusterRequest>(bytes);
    decode_as::<describe_configs::DescribeConfigsRequest>(bytes);
    decode_as::<fetch::FetchRequest>(bytes);
    decode_as::<find_coordinator::FindCoordinatorRequest>(bytes);
    decode_as::<init_producer_id::InitProducerIdRequest>(bytes);
    decode_as::<list_offsets::ListOffsetsRequest>(bytes);
    decode_as::<metadata::MetadataRequest>(bytes);
    decode_as::<offset_commit::OffsetCommitRequest>(bytes);
    decode_as::<offset_fetch::OffsetFetchRequest>(bytes);
    decode_as::<offset_for_leader_epoch::OffsetForLeaderEpochRequest>(bytes);
    decode_as::<produce::ProduceRequest>(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode_as_everything(&bytes.into());
    }

    /// Mostly small numbers: lengths and counts that fit, so that decoding gets further.
    #[test]
    fn plausible_bytes_never_panic(bytes in proptest::collection::vec(prop_oneof![4 => 0_u8..4, 1 => any::<u8>()], 0..300)) {
        decode_as_everything(&bytes.into());
    }
}
