//! What all requests share: the broker without its sockets.

use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

use base::{Clock, Disk, Error, Result};
use kafka_wire::protocol::ErrorCode;
use ledger::Budget;

use crate::config::BrokerConfig;
use crate::files;
use crate::groups::GroupOffsets;
use crate::identity::{self, ProducerIds};
use crate::log::{Refused, SCAN_BUFFER, Syncer};
use crate::memory::BrokerMemory;
use crate::topics::{CREW, Topic, TopicConfig, Topics};

/// A broker's state. All of its methods may be called from any task.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: BrokerConfig,
    pub(crate) cluster_id: String,
    /// What clients are told to connect to.
    pub(crate) advertised: (String, u16),
    pub(crate) memory: BrokerMemory,
    pub(crate) topics: Topics,
    pub(crate) groups: Arc<GroupOffsets>,
    pub(crate) producer_ids: ProducerIds,
    pub(crate) syncer: Syncer,
    pub(crate) clock: Arc<dyn Clock>,
    disk: Arc<dyn Disk>,
    /// Keeps other brokers off the folder.
    _lock: Box<dyn Debug + Send + Sync>,
}

impl Core {
    /// Opens the data folder and checks what a crash may have left. Blocks while it reads.
    pub(crate) fn open(
        config: BrokerConfig,
        advertised: (String, u16),
        budget: &Budget,
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
    ) -> Result<Self> {
        let memory = BrokerMemory::open(budget, &config);
        budget.check().map_err(|error| error.at("this broker"))?;
        let data = &config.data;
        let opening = memory
            .fetch
            .try_reserve(base::ByteCount::from(CREW * SCAN_BUFFER))
            .ok_or_else(|| Error::internal("a broker's floor is smaller than its recovery's buffer"))?;
        disk.create_dir_all(data).map_err(|error| files::failed("make", data, error))?;
        let lock = lock(disk.as_ref(), data)?;
        let clean = identity::take_clean_mark(disk.as_ref(), data)?;
        let cluster_id = identity::cluster_id(disk.as_ref(), data, config.node_id)?;
        let topics = Topics::open(disk.clone(), data.clone(), memory.tables.clone(), clean)?;
        let groups = Arc::new(GroupOffsets::open(disk.clone(), data, &memory.tables)?);
        let producer_ids = ProducerIds::open(disk.clone(), data)?;
        drop(opening);
        let syncer = Syncer::start()?;
        Ok(Self {
            config,
            cluster_id,
            advertised,
            memory,
            topics,
            groups,
            producer_ids,
            syncer,
            clock,
            disk,
            _lock: lock,
        })
    }

    /// Makes a topic that a client asked about, if the operator allows it.
    pub(crate) fn auto_create(&self, name: &str) -> Result<Arc<Topic>, Refused> {
        match self.topics.create(name, self.config.default_partitions, TopicConfig::default()) {
            // Another client was faster.
            Err(refused) if refused.code == ErrorCode::TOPIC_ALREADY_EXISTS => self.topics.by_name(name).ok_or(refused),
            result => result,
        }
    }

    /// The largest batch that a topic takes here.
    pub(crate) fn message_max(&self, topic: &Topic) -> usize {
        topic.config.message_max().min(self.config.message_max.as_usize())
    }

    /// Removes what the topics' settings no longer keep.
    pub(crate) fn retain(&self) {
        let now_ms = self.clock.unix_millis();
        for topic in self.topics.all() {
            for log in &topic.partitions {
                if let Err(error) = log.retain(now_ms) {
                    tracing::error!(topic = %topic.name, %error, "cannot remove old segments");
                }
            }
        }
    }

    /// Syncs everything and marks the end as clean if it was. Appends are refused from here on. Blocks while it syncs.
    pub(crate) fn close(&self) -> Result<()> {
        self.syncer.request(self.groups.clone());
        self.syncer.stop();
        let mut clean = true;
        for topic in self.topics.all() {
            for log in &topic.partitions {
                clean &= log.close();
            }
        }
        if !clean {
            return Err(Error::external("the broker did not end cleanly").hint("its next start checks the logs"));
        }
        identity::mark_clean(self.disk.as_ref(), &self.config.data)
            .map_err(|error| files::failed("mark the clean end of", &self.config.data, error))
    }
}

fn lock(disk: &dyn Disk, data: &Path) -> Result<Box<dyn Debug + Send + Sync>> {
    let path = data.join("lock");
    disk.lock(&path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => Error::user(format!("another broker uses '{}'", data.display()))
            .detail(format!("{} holds it", base::disk::lock_holder(disk, &path)))
            .hint("stop it first, or give this one another folder with --data"),
        _ => files::failed("lock", &path, error),
    })
}
