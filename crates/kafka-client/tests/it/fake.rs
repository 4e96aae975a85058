//! A cluster of brokers on loopback sockets that keeps its logs in memory and misbehaves on request.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base::tasks::Tasks;
use base::{ByteCount, Offset};
use bytes::Bytes;
use kafka_client::{Client, ClientConfig, Consumer, ConsumerConfig, TopicPartition};
use kafka_wire::codec::{Codec, Compressor};
use kafka_wire::protocol::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use kafka_wire::protocol::messages::fetch::{
    AbortedTransaction, FetchPartition, FetchPartitionResponse, FetchRequest, FetchResponse, FetchTopicResponse,
};
use kafka_wire::protocol::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_wire::protocol::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use kafka_wire::protocol::messages::list_offsets::{
    EARLIEST, LATEST, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use kafka_wire::protocol::messages::metadata::{
    MetadataBroker, MetadataPartition, MetadataRequest, MetadataResponse, MetadataTopic,
};
use kafka_wire::protocol::messages::offset_commit::{
    OffsetCommitPartitionResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetCommitTopicResponse,
};
use kafka_wire::protocol::messages::offset_fetch::{
    OffsetFetchGroupResponse, OffsetFetchPartitionResponse, OffsetFetchRequest, OffsetFetchResponse,
    OffsetFetchTopicResponse,
};
use kafka_wire::protocol::messages::produce::{
    ProducePartition, ProducePartitionResponse, ProduceRequest, ProduceResponse, ProduceTopicResponse,
};
use kafka_wire::protocol::{
    ApiKey, ErrorCode, Reader, Request, RequestHeader, TopicId, decode_allowance, decode_request, encode_response,
};
use kafka_wire::records::{BatchBuilder, BatchHeader, Header, NewRecord, ProducerStamp};
use ledger::{Account, Budget};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What a broker does with a request instead of answering it.
pub(crate) enum Deed {
    Answer,
    Close,
    /// Half of the answer, then the end.
    Half,
    /// These bytes instead of the answer.
    Bytes(Vec<u8>),
    Silence,
}

type Script = Box<dyn FnMut(i32, ApiKey) -> Deed + Send>;

pub(crate) struct Fake {
    pub(crate) state: Arc<Shared>,
    _tasks: Tasks,
}

pub(crate) struct Shared {
    inner: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) ports: BTreeMap<i32, u16>,
    pub(crate) topics: BTreeMap<String, Topic>,
    pub(crate) script: Option<Script>,
    /// The highest version of a request that is announced.
    pub(crate) version_max: BTreeMap<i16, i16>,
    /// Versions that were used.
    pub(crate) seen: Vec<(i32, ApiKey, i16)>,
    pub(crate) committed: BTreeMap<(String, String, i32), i64>,
    pub(crate) coordinator: i32,
    /// How many identities were given to producers.
    pub(crate) identities: i64,
    /// Error codes for the next batches, instead of looking at them.
    pub(crate) refusals: VecDeque<ErrorCode>,
}

#[derive(Default)]
pub(crate) struct Topic {
    pub(crate) id: TopicId,
    pub(crate) partitions: Vec<Partition>,
}

#[derive(Default)]
pub(crate) struct Partition {
    pub(crate) leader: i32,
    pub(crate) epoch: i32,
    pub(crate) start: i64,
    pub(crate) log: Vec<Bytes>,
    pub(crate) aborted: Vec<AbortedTransaction>,
    /// What every fetch is answered with.
    pub(crate) refusal: Option<ErrorCode>,
    /// The next sequence number per producer.
    pub(crate) sequences: BTreeMap<i64, i32>,
}

impl Partition {
    pub(crate) fn end(&self) -> i64 {
        self.log.last().map_or(self.start, |batch| BatchHeader::parse(batch).unwrap().next_offset().0)
    }
}

/// How a batch is marked.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marks {
    pub(crate) producer_id: Option<i64>,
    pub(crate) control: bool,
}

/// A batch of records at `base_offset`, values only.
pub(crate) fn batch(base_offset: i64, values: &[&[u8]], codec: Codec) -> Bytes {
    marked_batch(base_offset, values.iter().map(|value| (None, *value)).collect(), codec, Marks::default())
}

pub(crate) fn marked_batch(
    base_offset: i64,
    records: Vec<(Option<&[u8]>, &[u8])>,
    codec: Codec,
    marks: Marks,
) -> Bytes {
    let account = account(ByteCount::mib(64));
    let mut builder = BatchBuilder::new(account.try_reserve(ByteCount::mib(8)).unwrap());
    for (key, value) in records {
        let headers = [Header { key: b"h", value: None }];
        builder.append(&NewRecord { timestamp: 7, key, value: Some(value), headers: &headers }).unwrap();
    }
    builder.close(&mut Compressor::new(account), codec).unwrap();
    let mut batch = builder.into_batch();
    batch.header.base_offset = Offset(base_offset);
    if marks.control {
        batch.header.attributes = batch.header.attributes.control();
    }
    let stamp = match marks.producer_id {
        Some(id) => ProducerStamp { producer_id: id, producer_epoch: 0, base_sequence: 0, transactional: true },
        None => ProducerStamp::NONE,
    };
    batch.stamp(stamp).unwrap();
    Bytes::from(batch.bytes.value)
}

pub(crate) fn account(bytes: ByteCount) -> Account {
    Budget::new(bytes).account("test", ByteCount::ZERO)
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn append(&self, topic: &str, partition: usize, batch: Bytes) {
        self.lock().topics.get_mut(topic).unwrap().partitions[partition].log.push(batch);
        self.changed.notify_waiters();
    }

    pub(crate) fn script(&self, script: impl FnMut(i32, ApiKey) -> Deed + Send + 'static) {
        self.lock().script = Some(Box::new(script));
    }
}

impl Fake {
    /// A cluster of brokers 1 to `nodes`.
    pub(crate) async fn start(nodes: i32) -> Self {
        let state = Arc::new(Shared {
            inner: Mutex::new(State { coordinator: 1, ..State::default() }),
            changed: Notify::new(),
        });
        let mut tasks = Tasks::new();
        for node in 1..=nodes {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            state.lock().ports.insert(node, listener.local_addr().unwrap().port());
            tasks.spawn("fake broker", accept(listener, node, state.clone()));
        }
        Self { state, _tasks: tasks }
    }

    /// Adds a topic whose partitions are led by these brokers.
    pub(crate) fn topic(&self, name: &str, leaders: &[i32]) {
        let mut state = self.state.lock();
        let id = TopicId([state.topics.len() as u8 + 1; 16]);
        let partitions =
            leaders.iter().map(|leader| Partition { leader: *leader, epoch: 1, ..Partition::default() }).collect();
        state.topics.insert(name.to_owned(), Topic { id, partitions });
    }

    pub(crate) fn config(&self) -> ClientConfig {
        let port = self.state.lock().ports[&1];
        let mut config = ClientConfig::new(&format!("127.0.0.1:{port}")).unwrap();
        config.retry_backoff_ms = 1;
        config.reconnect_backoff_ms = 1;
        config.api_timeout_ms = 10_000;
        config
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.config(), account(ByteCount::mib(8)))
    }

    pub(crate) fn consumer(&self, edit: impl FnOnce(&mut ConsumerConfig)) -> Consumer {
        self.consumer_within(account(ByteCount::mib(64)), edit)
    }

    pub(crate) fn consumer_within(&self, account: Account, edit: impl FnOnce(&mut ConsumerConfig)) -> Consumer {
        let mut config = ConsumerConfig::new(self.config());
        config.fetch_max_wait_ms = 20;
        edit(&mut config);
        Consumer::new(self.client(), config, account)
    }
}

async fn accept(listener: TcpListener, node: i32, state: Arc<Shared>) -> base::Result<()> {
    let mut connections = Tasks::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.spawn("fake connection", serve(stream, node, state.clone()));
    }
}

async fn serve(mut stream: TcpStream, node: i32, state: Arc<Shared>) -> base::Result<()> {
    loop {
        let Ok(len) = stream.read_i32().await else { return Ok(()) };
        let mut frame = vec![0; len as usize];
        stream.read_exact(&mut frame).await.unwrap();
        let mut reader = Reader::new(Bytes::from(frame), decode_allowance(1 << 20));
        let header = RequestHeader::decode(&mut reader).unwrap();
        let key = ApiKey::try_from(header.api_key).unwrap();
        state.lock().seen.push((node, key, header.version));
        let deed = {
            let mut state = state.lock();
            let mut script = state.script.take();
            let deed = script.as_mut().map_or(Deed::Answer, |script| script(node, key));
            state.script = script;
            deed
        };
        let answer = match deed {
            Deed::Close => return Ok(()),
            Deed::Silence => continue,
            Deed::Bytes(bytes) => bytes,
            Deed::Answer => state.answer(node, key, &header, reader).await,
            Deed::Half => {
                let answer = state.answer(node, key, &header, reader).await;
                drop(stream.write_all(&answer[..answer.len() / 2]).await);
                return Ok(());
            }
        };
        if stream.write_all(&answer).await.is_err() {
            return Ok(());
        }
    }
}

impl Shared {
    async fn answer(&self, node: i32, key: ApiKey, header: &RequestHeader, reader: Reader) -> Vec<u8> {
        let version = header.version;
        let answer = |body: &dyn Fn(i16) -> kafka_wire::protocol::Frame| body(version).to_vec();
        macro_rules! reply {
            ($request:ty, $handle:expr) => {{
                let request: $request = decode_request(reader, version).unwrap();
                let body = $handle(request);
                answer(&|version| encode_response(&body, key, version, header.correlation_id).unwrap())
            }};
        }
        match key {
            ApiKey::ApiVersions => self.api_versions(header, reader),
            ApiKey::Metadata => reply!(MetadataRequest, |request| self.lock().metadata(&request)),
            ApiKey::ListOffsets => reply!(ListOffsetsRequest, |request| self.lock().list_offsets(node, &request)),
            ApiKey::FindCoordinator => {
                reply!(FindCoordinatorRequest, |request| self.lock().find_coordinator(&request))
            }
            ApiKey::OffsetCommit => reply!(OffsetCommitRequest, |request| self.lock().commit(node, request)),
            ApiKey::OffsetFetch => reply!(OffsetFetchRequest, |request| self.lock().committed(node, request)),
            ApiKey::InitProducerId => reply!(InitProducerIdRequest, |_| self.lock().identity()),
            ApiKey::Produce => reply!(ProduceRequest, |request| self.lock().produce(node, request)),
            ApiKey::Fetch => {
                let request: FetchRequest = decode_request(reader, version).unwrap();
                let body = self.fetch(node, &request, version).await;
                encode_response(&body, key, version, header.correlation_id).unwrap().to_vec()
            }
            other => panic!("the fake does not know {other:?}"),
        }
    }

    fn api_versions(&self, header: &RequestHeader, reader: Reader) -> Vec<u8> {
        let state = self.lock();
        let most = state.version_max.get(&ApiKey::ApiVersions.code()).copied().unwrap_or(4);
        let refused = header.version > most;
        if !refused {
            let _: ApiVersionsRequest = decode_request(reader, header.version).unwrap();
        }
        let range = |key: &ApiKey, (min, max): (i16, i16)| ApiVersion {
            api_key: key.code(),
            min_version: min,
            max_version: state.version_max.get(&key.code()).copied().unwrap_or(max),
        };
        let api_keys = ApiKey::ALL
            .iter()
            .map(|key| {
                range(
                    key,
                    match key {
                        ApiKey::Fetch => (*FetchRequest::VERSIONS.start(), *FetchRequest::VERSIONS.end()),
                        ApiKey::ListOffsets => (1, 10),
                        ApiKey::Metadata => (0, 12),
                        ApiKey::OffsetCommit => (2, 9),
                        ApiKey::OffsetFetch => (1, 9),
                        ApiKey::FindCoordinator => (0, 6),
                        ApiKey::Produce => (0, 12),
                        _ => (0, 4),
                    },
                )
            })
            .collect();
        let error_code = if refused { ErrorCode::UNSUPPORTED_VERSION } else { ErrorCode::NONE };
        let body = ApiVersionsResponse { error_code, api_keys, ..ApiVersionsResponse::default() };
        let version = if refused { 0 } else { header.version };
        encode_response(&body, ApiKey::ApiVersions, version, header.correlation_id).unwrap().to_vec()
    }

    async fn fetch(&self, node: i32, request: &FetchRequest, version: i16) -> FetchResponse {
        let wait = Duration::from_millis(request.max_wait_ms as u64);
        let until = tokio::time::Instant::now() + wait;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let (response, something) = self.lock().fetch(node, request, version);
            if something || tokio::time::timeout_at(until, changed).await.is_err() {
                return response;
            }
        }
    }
}

impl State {
    fn metadata(&self, request: &MetadataRequest) -> MetadataResponse {
        let brokers = (self.ports.iter())
            .map(|(node, port)| MetadataBroker {
                node_id: *node,
                host: "127.0.0.1".to_owned(),
                port: i32::from(*port),
                rack: None,
            })
            .collect();
        let topics = (request.topics.iter().flatten())
            .map(|asked| {
                let name = asked.name.clone().unwrap();
                let Some(topic) = self.topics.get(&name) else {
                    let error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
                    return MetadataTopic { error_code, name: Some(name), ..MetadataTopic::default() };
                };
                let partitions = (topic.partitions.iter().enumerate())
                    .map(|(index, partition)| MetadataPartition {
                        partition_index: index as i32,
                        leader_id: partition.leader,
                        leader_epoch: partition.epoch,
                        ..MetadataPartition::default()
                    })
                    .collect();
                MetadataTopic { name: Some(name), topic_id: topic.id, partitions, ..MetadataTopic::default() }
            })
            .collect();
        MetadataResponse { brokers, topics, cluster_id: Some("fake".to_owned()), ..MetadataResponse::default() }
    }

    fn list_offsets(&self, node: i32, request: &ListOffsetsRequest) -> ListOffsetsResponse {
        let topics = (request.topics.iter())
            .map(|topic| ListOffsetsTopicResponse {
                name: topic.name.clone(),
                partitions: (topic.partitions.iter())
                    .map(|asked| {
                        let partition = &self.topics[&topic.name].partitions[asked.partition_index as usize];
                        let offset = match asked.timestamp {
                            EARLIEST => partition.start,
                            LATEST => partition.end(),
                            // All records of the fake have the timestamp 7.
                            time if time <= 7 => partition.start,
                            _ => -1,
                        };
                        let leads = partition.leader == node;
                        let error_code = if leads { ErrorCode::NONE } else { ErrorCode::NOT_LEADER_OR_FOLLOWER };
                        ListOffsetsPartitionResponse {
                            partition_index: asked.partition_index,
                            error_code,
                            timestamp: -1,
                            offset,
                            leader_epoch: partition.epoch,
                        }
                    })
                    .collect(),
            })
            .collect();
        ListOffsetsResponse { topics, ..ListOffsetsResponse::default() }
    }

    fn find_coordinator(&self, request: &FindCoordinatorRequest) -> FindCoordinatorResponse {
        let coordinators = (request.keys.iter())
            .map(|key| Coordinator {
                key: key.clone(),
                node_id: self.coordinator,
                host: "127.0.0.1".to_owned(),
                port: i32::from(self.ports[&self.coordinator]),
                ..Coordinator::default()
            })
            .collect();
        FindCoordinatorResponse { coordinators, ..FindCoordinatorResponse::default() }
    }

    fn commit(&mut self, node: i32, request: OffsetCommitRequest) -> OffsetCommitResponse {
        assert_eq!((request.generation_id_or_member_epoch, request.member_id.as_str()), (-1, ""));
        let error_code = if node == self.coordinator { ErrorCode::NONE } else { ErrorCode::NOT_COORDINATOR };
        let mut topics = Vec::new();
        for topic in request.topics {
            let mut partitions = Vec::new();
            for partition in topic.partitions {
                let partition_index = partition.partition_index;
                if error_code.is_ok() {
                    let key = (request.group_id.clone(), topic.name.clone(), partition_index);
                    self.committed.insert(key, partition.committed_offset);
                }
                partitions.push(OffsetCommitPartitionResponse { partition_index, error_code });
            }
            topics.push(OffsetCommitTopicResponse { name: topic.name, partitions });
        }
        OffsetCommitResponse { throttle_time_ms: 0, topics }
    }

    fn committed(&self, node: i32, request: OffsetFetchRequest) -> OffsetFetchResponse {
        let group = request.groups.into_iter().next().unwrap();
        let error_code = if node == self.coordinator { ErrorCode::NONE } else { ErrorCode::NOT_COORDINATOR };
        let topics = (group.topics.unwrap().into_iter())
            .map(|topic| OffsetFetchTopicResponse {
                partitions: (topic.partition_indexes.iter())
                    .map(|index| OffsetFetchPartitionResponse {
                        partition_index: *index,
                        committed_offset: (self.committed)
                            .get(&(group.group_id.clone(), topic.name.clone(), *index))
                            .copied()
                            .unwrap_or(-1),
                        ..OffsetFetchPartitionResponse::default()
                    })
                    .collect(),
                name: topic.name,
            })
            .collect();
        let groups = vec![OffsetFetchGroupResponse { group_id: group.group_id, topics, error_code }];
        OffsetFetchResponse { throttle_time_ms: 0, groups }
    }

    fn identity(&mut self) -> InitProducerIdResponse {
        self.identities += 1;
        InitProducerIdResponse { producer_id: self.identities, producer_epoch: 0, ..InitProducerIdResponse::default() }
    }

    fn produce(&mut self, node: i32, request: ProduceRequest) -> ProduceResponse {
        assert_eq!(request.acks, -1);
        let mut topics = Vec::new();
        for topic in request.topics {
            let mut partitions = Vec::new();
            for asked in topic.partitions {
                let partition = &mut self.topics.get_mut(&topic.name).unwrap().partitions[asked.index as usize];
                let refusal = self.refusals.pop_front().filter(|code| !code.is_ok());
                partitions.push(partition.produce(node, asked, refusal));
            }
            topics.push(ProduceTopicResponse { name: topic.name, partitions });
        }
        ProduceResponse { topics, ..ProduceResponse::default() }
    }

    /// The response, and whether there is a reason not to wait.
    fn fetch(&self, node: i32, request: &FetchRequest, version: i16) -> (FetchResponse, bool) {
        let mut left = request.max_bytes as usize;
        let mut something = false;
        let mut topics = Vec::new();
        for asked in &request.topics {
            let by_id = version >= 13;
            let found = self
                .topics
                .iter()
                .find(|(name, topic)| if by_id { topic.id == asked.topic_id } else { **name == asked.name });
            let mut partitions = Vec::new();
            for asked in &asked.partitions {
                let partition = found.and_then(|(_, topic)| topic.partitions.get(asked.partition as usize));
                let response = match partition {
                    None => refused(asked, ErrorCode::UNKNOWN_TOPIC_ID),
                    Some(partition) => partition.fetch(node, asked, &mut left, !something),
                };
                something |= !response.error_code.is_ok() || response.records.as_ref().is_some_and(|r| !r.is_empty());
                partitions.push(response);
            }
            topics.push(FetchTopicResponse { name: asked.name.clone(), topic_id: asked.topic_id, partitions });
        }
        (FetchResponse { topics, ..FetchResponse::default() }, something)
    }
}

fn refused(asked: &FetchPartition, error_code: ErrorCode) -> FetchPartitionResponse {
    FetchPartitionResponse { partition_index: asked.partition, error_code, ..FetchPartitionResponse::default() }
}

impl Partition {
    /// Appends as Kafka does: a producer's batches in the order of their sequence, repeated ones once.
    fn produce(&mut self, node: i32, asked: ProducePartition, refusal: Option<ErrorCode>) -> ProducePartitionResponse {
        let mut batch = asked.records.unwrap().to_vec();
        let header = BatchHeader::parse(&batch).unwrap();
        header.verify(&batch).unwrap();
        let next = self.sequences.get(&header.producer_id).copied().unwrap_or(0);
        let error_code = match refusal {
            Some(code) => code,
            None if self.leader != node => ErrorCode::NOT_LEADER_OR_FOLLOWER,
            None if header.base_sequence < next => ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
            None if header.base_sequence > next => ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
            None => ErrorCode::NONE,
        };
        let base_offset = self.end();
        if error_code.is_ok() {
            self.sequences.insert(header.producer_id, next + header.record_count);
            BatchHeader::place(batch.first_chunk_mut().unwrap(), Offset(base_offset), self.epoch);
            self.log.push(Bytes::from(batch));
        }
        ProducePartitionResponse {
            index: asked.index,
            error_code,
            base_offset: if error_code.is_ok() { base_offset } else { -1 },
            ..ProducePartitionResponse::default()
        }
    }

    fn fetch(&self, node: i32, asked: &FetchPartition, left: &mut usize, first: bool) -> FetchPartitionResponse {
        if self.leader != node {
            return refused(asked, ErrorCode::NOT_LEADER_OR_FOLLOWER);
        }
        if let Some(code) = self.refusal {
            return refused(asked, code);
        }
        if asked.current_leader_epoch != -1 && asked.current_leader_epoch < self.epoch {
            return refused(asked, ErrorCode::FENCED_LEADER_EPOCH);
        }
        if asked.fetch_offset < self.start || asked.fetch_offset > self.end() {
            return refused(asked, ErrorCode::OFFSET_OUT_OF_RANGE);
        }
        let mut records = Vec::new();
        let most = (*left).min(asked.partition_max_bytes as usize);
        for batch in &self.log {
            if BatchHeader::parse(batch).unwrap().next_offset().0 > asked.fetch_offset {
                records.extend_from_slice(batch);
                // The first batch of a response arrives whole, whatever the limits are (KIP-74).
                let whole = if first { batch.len() } else { 0 };
                if records.len() >= most {
                    records.truncate(most.max(whole));
                    break;
                }
            }
        }
        *left -= records.len().min(*left);
        FetchPartitionResponse {
            partition_index: asked.partition,
            high_watermark: self.end(),
            last_stable_offset: self.end(),
            aborted_transactions: Some(self.aborted.clone()),
            records: Some(Bytes::from(records)),
            ..FetchPartitionResponse::default()
        }
    }
}

pub(crate) fn partition(topic: &str, index: i32) -> TopicPartition {
    TopicPartition::new(topic, index)
}
