//! Takes a request from its frame to the file of its key, and the response back into a frame.
//!
//! The file of a key has `answer`, and where its response may be large beside its request, `weigh`: it drops what the
//! request repeats, and says how many bytes of what the broker keeps the response would hold, decoded and encoded.

use std::sync::Arc;

use base::{BoxFuture, ByteCount, Error, Result};
use bytes::Bytes;
use kafka_wire::protocol::messages::api_versions::ApiVersionsRequest;
use kafka_wire::protocol::messages::create_partitions::CreatePartitionsRequest;
use kafka_wire::protocol::messages::delete_records::DeleteRecordsRequest;
use kafka_wire::protocol::messages::delete_topics::DeleteTopicsRequest;
use kafka_wire::protocol::messages::describe_cluster::DescribeClusterRequest;
use kafka_wire::protocol::messages::init_producer_id::InitProducerIdRequest;
use kafka_wire::protocol::messages::offset_for_leader_epoch::OffsetForLeaderEpochRequest;
use kafka_wire::protocol::messages::produce::ProduceRequest;
use kafka_wire::protocol::{
    ApiKey, Encode, Frame, Reader, Request, RequestHeader, decode_request_body, encode_response,
};

use ledger::{Owned, Reservation};

use super::table;
use super::{
    api_versions, create_partitions, create_topics, delete_records, delete_topics, describe_cluster, describe_configs,
    fetch, find_coordinator, init_producer_id, list_offsets, metadata, offset_commit, offset_fetch,
    offset_for_leader_epoch, produce,
};
use crate::core::Core;
use crate::memory::{request_allowance, reserved_bytes, response_bytes};

/// The response to be, with what pays for it until the socket took it; nothing for a request that wants none.
pub(crate) type Answer = BoxFuture<'static, Result<Option<Owned<Frame>>>>;

/// A request that has been told apart but not decoded.
struct Call {
    core: Arc<Core>,
    header: RequestHeader,
    key: ApiKey,
    body: Reader,
}

/// A request with what pays for it once its frame is gone, which may be long before its answer.
struct Decoded<R> {
    core: Arc<Core>,
    header: RequestHeader,
    key: ApiKey,
    request: R,
    paid: Reservation,
}

/// Begins a request. What it changes is changed when this returns, except for committed offsets; only reading, and waiting
/// (for syncs, for records, for memory to put them in), is left to the answer.
///
/// # Errors
/// The bytes are no request, or one that has no answer, or there is no memory for it; the connection must be closed.
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
    Ok(match key {
        ApiKey::Produce => produce_records(call.decode()?),
        ApiKey::Fetch => call.decode()?.wait(fetch::answer),
        ApiKey::ListOffsets => call.decode()?.wait(list_offsets::answer),
        ApiKey::OffsetCommit => call.decode()?.wait(offset_commit::answer),
        ApiKey::Metadata => {
            let call = call.decode()?;
            // A topic that is made must be there for the request that follows.
            let makes_topics = metadata::makes_topics(&call.core, &call.request);
            if makes_topics {
                call.change(metadata::weigh, metadata::answer)?
            } else {
                call.read(metadata::weigh, metadata::answer)
            }
        }
        ApiKey::OffsetFetch => call.decode()?.read(offset_fetch::weigh, offset_fetch::answer),
        ApiKey::FindCoordinator => call.decode()?.read(find_coordinator::weigh, find_coordinator::answer),
        ApiKey::ApiVersions => call.decode::<ApiVersionsRequest>()?.read(nothing_known, api_versions::answer),
        ApiKey::OffsetForLeaderEpoch => {
            call.decode::<OffsetForLeaderEpochRequest>()?.read(nothing_known, offset_for_leader_epoch::answer)
        }
        ApiKey::DescribeConfigs => call.decode()?.read(describe_configs::weigh, describe_configs::answer),
        ApiKey::DescribeCluster => {
            call.decode::<DescribeClusterRequest>()?.read(nothing_known, describe_cluster::answer)
        }
        ApiKey::CreateTopics => call.decode()?.change(create_topics::weigh, create_topics::answer)?,
        ApiKey::DeleteTopics => call.decode::<DeleteTopicsRequest>()?.change(nothing_known, delete_topics::answer)?,
        ApiKey::DeleteRecords => {
            call.decode::<DeleteRecordsRequest>()?.change(nothing_known, delete_records::answer)?
        }
        ApiKey::InitProducerId => {
            call.decode::<InitProducerIdRequest>()?.change(nothing_known, init_producer_id::answer)?
        }
        ApiKey::CreatePartitions => {
            call.decode::<CreatePartitionsRequest>()?.change(nothing_known, create_partitions::answer)?
        }
    })
}

/// The weight of a response that says little more than its request.
fn nothing_known<R>(_core: &Core, _request: &mut R) -> usize {
    0
}

fn produce_records(call: Decoded<ProduceRequest>) -> Answer {
    let Decoded { core, header, key, request, paid } = call;
    let begun = produce::begin(&core, request, header.version);
    Box::pin(async move {
        match produce::finish(begun).await {
            Some(response) => respond(&response, key, &header, paid),
            None => Ok(None),
        }
    })
}

impl Call {
    fn decode<R: Request>(mut self) -> Result<Decoded<R>> {
        let before = self.body.allowance();
        let request = decode_request_body(&mut self.body, self.header.version)?;
        let decoded = ByteCount::from(before - self.body.allowance());
        let paid = self.core.memory.tables.try_reserve(decoded).ok_or_else(|| no_memory(self.key, decoded))?;
        Ok(Decoded { core: self.core, header: self.header, key: self.key, request, paid })
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
        let paid = self.core.memory.tables.empty();
        Ok(Box::pin(async move {
            let response = api_versions::unsupported();
            Ok(Some(Owned::new(encode_response(&response, key, 0, header.correlation_id)?, paid)))
        }))
    }
}

impl<R: Request + Send + 'static> Decoded<R> {
    /// An answer that may wait.
    fn wait<F>(self, handle: impl FnOnce(Arc<Core>, R, i16) -> F + Send + 'static) -> Answer
    where
        F: Future<Output = R::Response> + Send,
    {
        let Self { core, header, key, request, paid } = self;
        Box::pin(async move {
            let response = handle(core, request, header.version).await;
            respond(&response, key, &header, paid)
        })
    }

    /// An answer that changes nothing: it is made when the answers before it have gone, so that a connection holds one.
    fn read(self, weigh: fn(&Core, &mut R) -> usize, handle: fn(&Core, R, i16) -> R::Response) -> Answer {
        let Self { core, header, key, mut request, paid } = self;
        Box::pin(async move {
            let decoded = paid.bytes();
            let account = &core.memory.fetch;
            let mut response_paid = account.empty();
            loop {
                // What is known may have grown in the wait.
                let wanted = reserved_bytes(decoded, weigh(&core, &mut request));
                if wanted <= response_paid.bytes() {
                    break;
                }
                drop(response_paid);
                response_paid = account.reserve(wanted).await?;
            }
            let response = handle(&core, request, header.version);
            respond(&response, key, &header, response_paid)
        })
    }

    /// An answer to a request that changes something, which is changed before the next request is looked at. It does not
    /// wait for memory: without any, nothing is changed.
    fn change(self, weigh: fn(&Core, &mut R) -> usize, handle: fn(&Core, R, i16) -> R::Response) -> Result<Answer> {
        let Self { core, header, key, mut request, mut paid } = self;
        let wanted = response_bytes(paid.bytes(), weigh(&core, &mut request));
        if !paid.try_grow(wanted) {
            return Err(no_memory(key, wanted));
        }
        let response = handle(&core, request, header.version);
        let answer = respond(&response, key, &header, paid)?;
        Ok(Box::pin(std::future::ready(Ok(answer))))
    }
}

fn no_memory(key: ApiKey, wanted: ByteCount) -> Error {
    Error::external(format!("there is no memory for a {} request that takes {wanted}", key.name()))
}

/// The frame keeps as much of `paid` as it is long.
fn respond(
    response: &impl Encode,
    key: ApiKey,
    header: &RequestHeader,
    mut paid: Reservation,
) -> Result<Option<Owned<Frame>>> {
    let frame = encode_response(response, key, header.version, header.correlation_id)?;
    paid.shrink_to(ByteCount::from(frame.len()));
    Ok(Some(Owned::new(frame, paid)))
}
