//! Takes a request from its frame to the file of its key, and the response back into a frame.

use std::sync::Arc;

use base::{BoxFuture, ByteCount, Error, Result};
use bytes::Bytes;
use kafka_wire::protocol::messages::api_versions::ApiVersionsRequest;
use kafka_wire::protocol::messages::create_partitions::CreatePartitionsRequest;
use kafka_wire::protocol::messages::create_topics::CreateTopicsRequest;
use kafka_wire::protocol::messages::delete_records::DeleteRecordsRequest;
use kafka_wire::protocol::messages::delete_topics::DeleteTopicsRequest;
use kafka_wire::protocol::messages::describe_cluster::DescribeClusterRequest;
use kafka_wire::protocol::messages::describe_configs::DescribeConfigsRequest;
use kafka_wire::protocol::messages::fetch::FetchRequest;
use kafka_wire::protocol::messages::find_coordinator::FindCoordinatorRequest;
use kafka_wire::protocol::messages::init_producer_id::InitProducerIdRequest;
use kafka_wire::protocol::messages::list_offsets::ListOffsetsRequest;
use kafka_wire::protocol::messages::metadata::MetadataRequest;
use kafka_wire::protocol::messages::offset_commit::OffsetCommitRequest;
use kafka_wire::protocol::messages::offset_fetch::OffsetFetchRequest;
use kafka_wire::protocol::messages::offset_for_leader_epoch::OffsetForLeaderEpochRequest;
use kafka_wire::protocol::messages::produce::ProduceRequest;
use kafka_wire::protocol::{ApiKey, Frame, Reader, Request, RequestHeader, decode_request_body, encode_response};

use ledger::Owned;

use super::table;
use super::{
    api_versions, create_partitions, create_topics, delete_records, delete_topics, describe_cluster, describe_configs,
    fetch, find_coordinator, init_producer_id, list_offsets, metadata, offset_commit, offset_fetch,
    offset_for_leader_epoch, produce,
};
use crate::core::Core;
use crate::memory::request_allowance;

/// The response to be; nothing for a request that wants none.
pub(crate) type Answer = BoxFuture<'static, Result<Option<Frame>>>;

/// A request that has been told apart but not decoded.
struct Call {
    core: Arc<Core>,
    header: RequestHeader,
    key: ApiKey,
    body: Reader,
}

/// Begins a request. What it changes is changed when this returns, except for committed offsets; only waiting (for syncs,
/// for records, for memory to put them in) is left to the answer.
///
/// # Errors
/// The bytes are no request, or one that has no answer; the connection must be closed.
pub(crate) fn begin(core: &Arc<Core>, frame: Bytes) -> Result<Answer> {
    let key = frame.first_chunk().map_or(-1, |key| i16::from_be_bytes(*key));
    let allowance = request_allowance(key, frame.len());
    let mut body = Reader::new(frame, allowance);
    let header = RequestHeader::decode(&mut body)?;
    let key = ApiKey::try_from(header.api_key)?;
    let call = Call { core: core.clone(), header, key, body };
    if !table::answers(key, call.header.version) {
        return call.unsupported();
    }
    match key {
        ApiKey::Produce => {
            let (core, header, request) = call.decode::<ProduceRequest>()?;
            let Owned { value: request, paid } = request;
            let begun = produce::begin(&core, request, header.version);
            Ok(Box::pin(async move {
                let _paid = paid;
                match produce::finish(begun).await {
                    Some(response) => respond(&response, key, &header),
                    None => Ok(None),
                }
            }))
        }
        ApiKey::Fetch => call.answer::<FetchRequest, _>(fetch::answer),
        ApiKey::ListOffsets => call.answer::<ListOffsetsRequest, _>(list_offsets::answer),
        ApiKey::Metadata => call.answer_now::<MetadataRequest>(metadata::answer),
        ApiKey::OffsetCommit => call.answer::<OffsetCommitRequest, _>(offset_commit::answer),
        ApiKey::OffsetFetch => call.answer_now::<OffsetFetchRequest>(offset_fetch::answer),
        ApiKey::FindCoordinator => call.answer_now::<FindCoordinatorRequest>(find_coordinator::answer),
        ApiKey::ApiVersions => call.answer_now::<ApiVersionsRequest>(api_versions::answer),
        ApiKey::CreateTopics => call.answer_now::<CreateTopicsRequest>(create_topics::answer),
        ApiKey::DeleteTopics => call.answer_now::<DeleteTopicsRequest>(delete_topics::answer),
        ApiKey::DeleteRecords => call.answer_now::<DeleteRecordsRequest>(delete_records::answer),
        ApiKey::InitProducerId => call.answer_now::<InitProducerIdRequest>(init_producer_id::answer),
        ApiKey::OffsetForLeaderEpoch => call.answer_now::<OffsetForLeaderEpochRequest>(offset_for_leader_epoch::answer),
        ApiKey::DescribeConfigs => call.answer_now::<DescribeConfigsRequest>(describe_configs::answer),
        ApiKey::CreatePartitions => call.answer_now::<CreatePartitionsRequest>(create_partitions::answer),
        ApiKey::DescribeCluster => call.answer_now::<DescribeClusterRequest>(describe_cluster::answer),
    }
}

impl Call {
    /// The request with what pays for it once its frame is gone, which may be long before its answer.
    fn decode<R: Request>(mut self) -> Result<(Arc<Core>, RequestHeader, Owned<R>)> {
        let before = self.body.allowance();
        let request = decode_request_body(&mut self.body, self.header.version)?;
        let decoded = ByteCount::from(before - self.body.allowance());
        let paid = self.core.memory.tables.try_reserve(decoded).ok_or_else(|| {
            Error::external(format!("there is no memory for a {} request that takes {decoded}", self.key.name()))
        })?;
        Ok((self.core, self.header, Owned::new(request, paid)))
    }

    /// An answer that may wait.
    fn answer<R, F>(self, handle: impl FnOnce(Arc<Core>, R, i16) -> F + Send + 'static) -> Result<Answer>
    where
        R: Request + Send + 'static,
        F: Future<Output = R::Response> + Send,
    {
        let key = self.key;
        let (core, header, request) = self.decode::<R>()?;
        Ok(Box::pin(async move {
            let Owned { value: request, paid: _paid } = request;
            let response = handle(core, request, header.version).await;
            respond(&response, key, &header)
        }))
    }

    /// An answer that does not wait: what it changes is changed before the next request is looked at.
    fn answer_now<R>(self, handle: fn(&Core, R, i16) -> R::Response) -> Result<Answer>
    where
        R: Request,
    {
        let key = self.key;
        let (core, header, request) = self.decode::<R>()?;
        let response = handle(&core, request.value, header.version);
        let frame = respond(&response, key, &header)?;
        Ok(Box::pin(std::future::ready(Ok(frame))))
    }

    /// A version that is not answered: ApiVersions says so in version 0, which every client can read (KIP-511); after
    /// anything else the connection is closed, as Kafka does.
    fn unsupported(self) -> Result<Answer> {
        let (key, header) = (self.key, self.header);
        if key != ApiKey::ApiVersions {
            return Err(Error::external(format!("{} {} is not answered here", key.name(), header.version))
                .detail(format!("client '{}'", header.client_id.unwrap_or_default().escape_debug()))
                .hint("clients that ask for ApiVersions first choose a version that is"));
        }
        Ok(Box::pin(async move {
            let response = api_versions::unsupported();
            Ok(Some(encode_response(&response, key, 0, header.correlation_id)?))
        }))
    }
}

fn respond(response: &impl kafka_wire::protocol::Encode, key: ApiKey, header: &RequestHeader) -> Result<Option<Frame>> {
    Ok(Some(encode_response(response, key, header.version, header.correlation_id)?))
}
