//! A cluster of brokers on loopback sockets that keeps its logs in memory and misbehaves on request.

mod batches;
mod state;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base::ByteCount;
use base::tasks::Tasks;
use bytes::Bytes;
use kafka_client::{Client, ClientConfig, Consumer, ConsumerConfig, TopicPartition};
use kafka_wire::protocol::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use kafka_wire::protocol::messages::fetch::{FetchRequest, FetchResponse};
use kafka_wire::protocol::messages::find_coordinator::FindCoordinatorRequest;
use kafka_wire::protocol::messages::init_producer_id::InitProducerIdRequest;
use kafka_wire::protocol::messages::list_offsets::ListOffsetsRequest;
use kafka_wire::protocol::messages::metadata::MetadataRequest;
use kafka_wire::protocol::messages::offset_commit::OffsetCommitRequest;
use kafka_wire::protocol::messages::offset_fetch::OffsetFetchRequest;
use kafka_wire::protocol::messages::produce::ProduceRequest;
use kafka_wire::protocol::{
    ApiKey, ErrorCode, Reader, Request, RequestHeader, TopicId, decode_allowance, decode_request, encode_response,
};
use ledger::Account;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

pub(crate) use self::batches::{Marks, account, batch, marked_batch};
pub(crate) use self::state::Deed;
use self::state::{Partition, State, Topic};

pub(crate) struct Fake {
    pub(crate) state: Arc<Shared>,
    _tasks: Tasks,
}

pub(crate) struct Shared {
    inner: Mutex<State>,
    changed: Notify,
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
            Deed::Mute => {
                drop(state.answer(node, key, &header, reader).await);
                continue;
            }
            Deed::Garble(bytes) => {
                drop(state.answer(node, key, &header, reader).await);
                bytes
            }
            Deed::Freeze => std::future::pending().await,
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

pub(crate) fn partition(topic: &str, index: i32) -> TopicPartition {
    TopicPartition::new(topic, index)
}
