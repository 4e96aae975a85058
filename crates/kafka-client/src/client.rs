//! A cluster as a client sees it: its brokers, the leaders of topics, offsets by time, offsets of groups.
//!
//! In reading order: this file, `pool` (a connection per broker, with backoff), `metadata` (what is known of topics and
//! leaders), `offsets` (ListOffsets), `groups` (coordinators, committed offsets).

mod groups;
mod metadata;
mod offsets;
mod pool;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{ByteCount, Error, Result};
use kafka_wire::protocol::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use kafka_wire::protocol::{ErrorCode, Request, TopicId};
use ledger::{Account, Owned};

pub(crate) use self::metadata::{Leader, Metadata, TopicMetadata};
pub use self::offsets::OffsetSpec;
pub(crate) use self::pool::Pool;
use crate::config::{Address, ClientConfig};
use crate::connection::{Ask, RequestError, Response};
use crate::retry::Patience;

/// A handle on a cluster. Cheap to clone; connects when it is first asked something.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: ClientConfig,
    account: Account,
    pool: Pool,
    metadata: Mutex<Owned<Arc<Metadata>>>,
    /// Who answered last.
    good: Mutex<Option<Address>>,
    coordinators: groups::Coordinators,
}

/// A topic and its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicInfo {
    pub name: Arc<str>,
    /// All zero with brokers older than 2.8.
    pub id: TopicId,
    /// Its partitions are `0..partitions`.
    pub partitions: i32,
}

/// How often a topic that a broker does not know is asked for again: a new one takes a moment to be known everywhere.
const UNKNOWN_TOPIC_TRIES: u32 = 3;

impl Client {
    /// What the account must be able to hold: one response about the cluster, decoded.
    pub const FLOOR: ByteCount = ByteCount::kib(1_536);

    /// A handle that takes the memory of its responses from `account`.
    pub fn new(config: ClientConfig, account: Account) -> Self {
        let pool = Pool::new(config.clone(), account.clone());
        let inner = Inner {
            config,
            pool,
            metadata: Mutex::new(Owned::new(Arc::new(Metadata::default()), account.empty())),
            account,
            good: Mutex::new(None),
            coordinators: groups::Coordinators::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    pub fn config(&self) -> &ClientConfig {
        &self.inner.config
    }

    /// What pays for responses about the cluster.
    pub(crate) fn account(&self) -> &Account {
        &self.inner.account
    }

    /// Waits until a broker answers, so that who waits in person soon hears of one that is not there. What is asked
    /// afterwards has the patience of the configuration.
    ///
    /// # Errors
    /// Transient, if no broker answers `within` this time; one that takes the connection and is silent may take longer.
    ///
    /// # Cancel safety
    /// Yes.
    pub async fn reach(&self, within: Duration) -> Result<()> {
        let mut patience = Patience::lasting(within, self.config());
        while let Err(error) = self.refresh(&[]).await {
            let retriable = error.is_retriable();
            patience.wait(error.into()).await.map_err(|error| {
                // Of several addresses the error names only the last.
                let told = format!("none of {} answered within {within:?}", self.bootstrap());
                if retriable { error.detail(told) } else { error }
            })?;
        }
        Ok(())
    }

    /// The cluster's name of itself.
    ///
    /// # Errors
    /// Transient, if no broker answers within `default.api.timeout.ms`.
    ///
    /// # Cancel safety
    /// Yes, as all requests of this type.
    pub async fn cluster_id(&self) -> Result<Arc<str>> {
        let known = self.metadata().cluster_id.clone();
        if !known.is_empty() {
            return Ok(known);
        }
        let mut patience = Patience::new(self.config());
        loop {
            match self.refresh(&[]).await {
                Ok(metadata) => return Ok(metadata.cluster_id.clone()),
                Err(error) => patience.wait(error.into()).await?,
            }
        }
    }

    /// A topic's identity and partitions, asked for anew.
    ///
    /// # Errors
    /// A user's error with a hint if the topic does not exist; transient if no broker answers.
    pub async fn topic(&self, name: &str) -> Result<TopicInfo> {
        let name: Arc<str> = name.into();
        let topic = self.topic_metadata(&name).await?;
        Ok(TopicInfo { id: topic.id, partitions: topic.partitions.len() as i32, name })
    }

    /// Asks for a topic until it is usable.
    pub(crate) async fn topic_metadata(&self, name: &Arc<str>) -> Result<TopicMetadata> {
        let mut patience = Patience::new(self.config());
        let mut unknown = 0;
        loop {
            let error = match self.refresh(std::slice::from_ref(name)).await {
                Ok(metadata) => match metadata.topics.get(name) {
                    Some(topic) if topic.error.is_ok() => return Ok(topic.clone()),
                    Some(topic) if topic.error != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => {
                        self.topic_error(name, topic.error)
                    }
                    _ => {
                        unknown += 1;
                        if unknown >= UNKNOWN_TOPIC_TRIES {
                            return Err(self.unknown_topic(name));
                        }
                        Error::transient(format!("the topic '{name}' is not known yet"))
                    }
                },
                Err(error) => error.into(),
            };
            patience.wait(error).await?;
        }
    }

    pub(crate) fn unknown_topic(&self, name: &str) -> Error {
        Error::user(format!("the topic '{name}' does not exist on the cluster at {}", self.bootstrap()))
            .hint(format!("create it (millstream topics create {name}), or correct its name"))
    }

    fn topic_error(&self, name: &str, code: ErrorCode) -> Error {
        let message = format!("the cluster at {} refuses the topic '{name}': {code}", self.bootstrap());
        match code {
            code if code.is_retriable() => Error::transient(message),
            ErrorCode::INVALID_TOPIC_EXCEPTION => {
                Error::user(message).hint("a topic's name has letters, digits, '.', '_' and '-', at most 249")
            }
            ErrorCode::TOPIC_AUTHORIZATION_FAILED => Error::user(message).hint("ask for the right to read it"),
            _ => Error::external(message),
        }
    }

    /// The bootstrap list as the user wrote it, for messages.
    pub(crate) fn bootstrap(&self) -> String {
        let list: Vec<String> = self.config().bootstrap_servers.iter().map(ToString::to_string).collect();
        list.join(",")
    }

    /// The latest that is known; empty at first.
    pub(crate) fn metadata(&self) -> Arc<Metadata> {
        lock(&self.inner.metadata).value.clone()
    }

    /// Asks once for brokers and these topics, and remembers the answer.
    pub(crate) async fn refresh(&self, topics: &[Arc<str>]) -> Result<Arc<Metadata>, RequestError> {
        let topics = topics
            .iter()
            .map(|name| MetadataRequestTopic { topic_id: TopicId::NONE, name: Some(name.to_string()) })
            .collect();
        let request =
            MetadataRequest { topics: Some(topics), allow_auto_topic_creation: false, ..MetadataRequest::default() };
        let Response { body, mut paid } = self.ask_any(&request).await?;
        let mut known = lock(&self.inner.metadata);
        known.value = Arc::new(known.value.updated(body));
        let size = known.value.size();
        // Decoding was allowed several times what is kept; topics asked for earlier may come on top.
        if size > paid.bytes() && !paid.try_grow(size - paid.bytes()) {
            tracing::debug!(%size, "the account cannot hold all that is known of the cluster");
        }
        paid.shrink_to(size);
        known.paid = paid;
        Ok(known.value.clone())
    }

    /// Asks one broker after another until one answers: the last that did, the known ones, the bootstrap list.
    pub(crate) async fn ask_any<R: Request>(&self, request: &R) -> Result<Response<R::Response>, RequestError> {
        let mut failed = None;
        for address in self.addresses() {
            match self.ask_at(&address, request).await {
                Ok(response) => {
                    *lock(&self.inner.good) = Some(address);
                    return Ok(response);
                }
                Err(error) if error.is_retriable() => failed = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failed.unwrap_or_else(|| RequestError::Unreachable {
            address: self.inner.config.bootstrap_servers[0].clone(),
            reason: "no address is known".to_owned(),
        }))
    }

    fn addresses(&self) -> Vec<Address> {
        let metadata = self.metadata();
        let good = lock(&self.inner.good).clone();
        let mut all: Vec<Address> = Vec::new();
        let known = good.iter().chain(metadata.brokers.values()).chain(&self.inner.config.bootstrap_servers);
        for address in known {
            if !all.contains(address) {
                all.push(address.clone());
            }
        }
        all
    }

    /// Asks the broker at `address`.
    pub(crate) async fn ask_at<R: Request>(
        &self,
        address: &Address,
        request: &R,
    ) -> Result<Response<R::Response>, RequestError> {
        let connection = self.inner.pool.get(address).await?;
        connection.request(request, &Ask::new(&self.inner.account, &self.inner.config)).await
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
