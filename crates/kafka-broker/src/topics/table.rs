//! All topics: opened at the start, made, grown and deleted while the broker runs.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use base::{Disk, Error, Result, Rng};
use kafka_wire::protocol::{ErrorCode, TopicId};
use ledger::Account;

use super::config::TopicConfig;
use super::crew;
use super::name::check_name;
use super::store::{self, Stored};
use crate::files;
use crate::log::{PartitionLog, Refused};

/// Partitions of one topic: more than any table of partitions in a response could carry within the floors.
const PARTITIONS_MAX: i32 = 10_000;

/// Ends the name of a folder that is being removed; no partition's folder ends so.
const DOOMED: &str = ".deleted";

/// A topic as it is at one moment; a change puts another in its place.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) id: TopicId,
    pub(crate) config: TopicConfig,
    pub(crate) partitions: Vec<Arc<PartitionLog>>,
}

#[derive(Debug)]
pub(crate) struct Topics {
    disk: Arc<dyn Disk>,
    data: PathBuf,
    tables: Account,
    all: RwLock<Tables>,
    /// Held by whoever changes topics, and with it their ids' randomness; taken before `all`.
    changing: Mutex<Rng>,
}

#[derive(Debug, Default)]
struct Tables {
    by_name: BTreeMap<String, Arc<Topic>>,
    names: BTreeMap<TopicId, String>,
}

impl Topic {
    /// What a topic is told apart by: one that is made again has another id.
    pub(crate) fn name_and_id(&self) -> (&str, TopicId) {
        (&self.name, self.id)
    }

    pub(crate) fn partition(&self, index: i32) -> Option<&Arc<PartitionLog>> {
        self.partitions.get(usize::try_from(index).ok()?)
    }
}

impl Topics {
    /// Opens every topic in `data`. After an unclean end their logs are checked.
    pub(crate) fn open(disk: Arc<dyn Disk>, data: PathBuf, tables: Account, clean: bool) -> Result<Self> {
        let topics = Self { disk, data, tables, all: RwLock::default(), changing: Mutex::new(Rng::from_entropy()) };
        let entries = topics.disk.list(&topics.data).map_err(|error| files::failed("read", &topics.data, error))?;
        for entry in entries.iter().filter(|entry| entry.is_dir && entry.name.ends_with(DOOMED)) {
            let folder = topics.data.join(&entry.name);
            topics.disk.remove_dir_all(&folder).map_err(|error| files::failed("remove", &folder, error))?;
        }
        let mut found = Vec::new();
        for entry in entries.iter().filter(|entry| entry.is_dir && entry.name.ends_with("-0")) {
            let folder = topics.data.join(&entry.name);
            let stored = Stored::read(topics.disk.as_ref(), &folder)
                .map_err(|error| files::failed("read the topic in", &folder, error))?;
            match stored {
                Some(stored) if stored.deleted => {
                    topics.remove_folders(&stored).map_err(|error| files::failed("remove", &folder, error))?;
                }
                Some(stored) => found.push(stored),
                None => tracing::warn!(folder = %folder.display(), "a folder of no topic is left alone"),
            }
        }
        topics.open_all(found, clean)?;
        Ok(topics)
    }

    fn open_all(&self, found: Vec<Stored>, clean: bool) -> Result<()> {
        let logs: Vec<(&Stored, i32)> =
            found.iter().flat_map(|stored| (0..stored.partitions).map(move |partition| (stored, partition))).collect();
        let mut opened = crew::each(&logs, |(stored, partition)| self.open_log(stored, *partition, clean))?.into_iter();
        for stored in found {
            let partitions = opened.by_ref().take(stored.partitions.max(0) as usize).collect();
            self.put(Topic { name: stored.name, id: stored.id, config: stored.config, partitions });
        }
        Ok(())
    }

    fn open_log(&self, stored: &Stored, partition: i32, clean: bool) -> Result<Arc<PartitionLog>> {
        let folder = store::folder(&self.data, &stored.name, partition);
        let name = format!("{}-{partition}", stored.name);
        PartitionLog::open(self.disk.clone(), folder, name, stored.config.log_settings(), clean, &self.tables)
    }

    fn put(&self, topic: Topic) -> Arc<Topic> {
        let topic = Arc::new(topic);
        let mut tables = self.all.write().unwrap_or_else(PoisonError::into_inner);
        tables.names.insert(topic.id, topic.name.clone());
        tables.by_name.insert(topic.name.clone(), topic.clone());
        topic
    }

    fn tables(&self) -> RwLockReadGuard<'_, Tables> {
        self.all.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<Arc<Topic>> {
        self.tables().by_name.get(name).cloned()
    }

    pub(crate) fn by_id(&self, id: TopicId) -> Option<Arc<Topic>> {
        let tables = self.tables();
        tables.by_name.get(tables.names.get(&id)?).cloned()
    }

    /// By name.
    pub(crate) fn all(&self) -> Vec<Arc<Topic>> {
        self.tables().by_name.values().cloned().collect()
    }

    /// Whether [`Self::create`] would try.
    pub(crate) fn check_new(&self, name: &str, partitions: i32) -> Result<(), Refused> {
        check_name(name)?;
        if !(1..=PARTITIONS_MAX).contains(&partitions) {
            let why = format!("a topic has between 1 and {PARTITIONS_MAX} partitions, not {partitions}");
            return Err(Refused::new(ErrorCode::INVALID_PARTITIONS, why));
        }
        if self.by_name(name).is_some() {
            return Err(Refused::new(ErrorCode::TOPIC_ALREADY_EXISTS, format!("the topic '{name}' exists already")));
        }
        Ok(())
    }

    /// Makes a topic; durable when this returns.
    pub(crate) fn create(&self, name: &str, partitions: i32, config: TopicConfig) -> Result<Arc<Topic>, Refused> {
        let mut rng = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_new(name, partitions)?;
        let stored = Stored { name: name.to_owned(), id: TopicId(rng.uuid()), partitions, deleted: false, config };
        let logs = self.make_logs(&stored, 0..partitions)?;
        stored.write(self.disk.as_ref(), &self.data).map_err(|error| storage_error(&error))?;
        tracing::info!(topic = name, partitions, "a topic was made");
        Ok(self.put(Topic { name: stored.name, id: stored.id, config: stored.config, partitions: logs }))
    }

    /// The last folder first: a topic is there when partition 0 says so.
    fn make_logs(&self, stored: &Stored, which: std::ops::Range<i32>) -> Result<Vec<Arc<PartitionLog>>, Refused> {
        let mut logs = Vec::new();
        for partition in which {
            store::make_folder(self.disk.as_ref(), &self.data, &stored.name, partition, stored.id)
                .map_err(|error| storage_error(&error))?;
            logs.push(self.open_log(stored, partition, true).map_err(|error| {
                tracing::error!(topic = %stored.name, partition, error = %error.report(), "cannot make a partition");
                Refused::new(ErrorCode::KAFKA_STORAGE_ERROR, error.to_string())
            })?);
        }
        self.disk.sync_dir(&self.data).map_err(|error| storage_error(&error))?;
        Ok(logs)
    }

    /// Gives a topic more partitions; durable when this returns.
    pub(crate) fn grow(&self, name: &str, count: i32, validate_only: bool) -> Result<(), Refused> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let topic = self.by_name(name).ok_or_else(|| unknown_topic(name))?;
        let now = topic.partitions.len() as i32;
        if count <= now || count > PARTITIONS_MAX {
            let why = format!("the topic '{name}' has {now} partitions; it can have more, up to {PARTITIONS_MAX}");
            return Err(Refused::new(ErrorCode::INVALID_PARTITIONS, why));
        }
        if validate_only {
            return Ok(());
        }
        let stored = topic.stored(count, false);
        let mut partitions = topic.partitions.clone();
        partitions.extend(self.make_logs(&stored, now..count)?);
        stored.write(self.disk.as_ref(), &self.data).map_err(|error| storage_error(&error))?;
        self.put(Topic { name: stored.name, id: stored.id, config: stored.config, partitions });
        Ok(())
    }

    /// Deletes a topic and its records; durable when this returns.
    pub(crate) fn delete(&self, name: &str) -> Result<Arc<Topic>, Refused> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let topic = self.by_name(name).ok_or_else(|| unknown_topic(name))?;
        let stored = topic.stored(topic.partitions.len() as i32, true);
        stored.write(self.disk.as_ref(), &self.data).map_err(|error| storage_error(&error))?;
        {
            let mut tables = self.all.write().unwrap_or_else(PoisonError::into_inner);
            tables.by_name.remove(name);
            tables.names.remove(&topic.id);
        }
        for log in &topic.partitions {
            log.delete();
        }
        // The topic is gone; what is left of its folders the next start removes.
        if let Err(error) = self.remove_folders(&stored) {
            tracing::error!(topic = name, %error, "cannot remove a deleted topic's folders");
        }
        tracing::info!(topic = name, "a topic was deleted");
        Ok(topic)
    }

    /// Renames folders before it empties them: a crash in between leaves nothing that looks like a log. Partition 0, which
    /// says that the topic is deleted, goes last.
    fn remove_folders(&self, stored: &Stored) -> io::Result<()> {
        let id = u128::from_be_bytes(stored.id.0);
        for partition in (0..stored.partitions).rev() {
            let folder = store::folder(&self.data, &stored.name, partition);
            let doomed = self.data.join(format!("{id:032x}-{partition}{DOOMED}"));
            match self.disk.rename(&folder, &doomed) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                renamed => renamed?,
            }
            self.disk.sync_dir(&self.data)?;
            self.disk.remove_dir_all(&doomed)?;
        }
        self.disk.sync_dir(&self.data)
    }
}

impl Topic {
    fn stored(&self, partitions: i32, deleted: bool) -> Stored {
        Stored { name: self.name.clone(), id: self.id, partitions, deleted, config: self.config.clone() }
    }
}

pub(crate) fn unknown_topic(name: &str) -> Refused {
    let why = format!("there is no topic '{}'", name.escape_debug());
    Refused::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, why)
}

fn storage_error(error: &io::Error) -> Refused {
    tracing::error!(%error, "cannot change topics");
    Refused::new(ErrorCode::KAFKA_STORAGE_ERROR, format!("the disk refused: {error}"))
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Error::external(refused.why).detail(refused.code.to_string())
    }
}
