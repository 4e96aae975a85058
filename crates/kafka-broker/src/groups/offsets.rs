//! All commits: in memory by group, and in `group-offsets.log`, to which every commit is appended.
//!
//! The file is written anew with only the last commit of each partition when most of it is out of date. A commit is
//! acknowledged when it is synced; one sync serves all that wait.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::disk::Open;
use base::{ByteCount, Disk, DiskFile, Result};
use kafka_wire::protocol::{ErrorCode, TopicId};
use ledger::{Account, Reservation};
use tokio::sync::watch;

use super::entry::{self, Committed, FORGOTTEN, HEAD_BYTES, Key};
use crate::files;
use crate::log::{Flush, Refused};

const NAME: &str = "group-offsets.log";
/// The extension of the mark of a failed sync.
const RESYNC: &str = "resync";
/// Below this size the file is not written anew.
const REWRITE_FROM: u64 = 1 << 20;
/// What an entry takes in memory beside its strings.
const ENTRY_BYTES: usize = 160;
/// What an entry takes in a response, decoded and encoded, beside its metadata's two copies.
const RESPONSE_BYTES: usize = 160;
/// `offset.metadata.max.bytes`.
const METADATA_MAX: usize = 4096;

#[derive(Debug)]
pub(crate) struct GroupOffsets {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    state: Mutex<State>,
    synced: watch::Sender<Synced>,
    queued: AtomicBool,
}

#[derive(Debug)]
struct State {
    file: Arc<dyn DiskFile>,
    size: u64,
    /// Bytes of the entries in memory, as they would be in the file.
    live: u64,
    /// Commits appended since the start.
    appended: u64,
    by_key: BTreeMap<Key, Committed>,
    paid: Reservation,
    failed: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Synced {
    commits: u64,
    failed: bool,
}

impl GroupOffsets {
    pub(crate) fn open(disk: Arc<dyn Disk>, data: &Path, tables: &Account) -> Result<Self> {
        let path = data.join(NAME);
        let state = read(disk.as_ref(), &path, tables).map_err(|error| files::failed("read", &path, error))?;
        let offsets = Self {
            disk,
            path,
            state: Mutex::new(state),
            synced: watch::Sender::new(Synced::default()),
            queued: AtomicBool::new(false),
        };
        offsets.mend().map_err(|error| files::failed("write", &offsets.path, error))?;
        Ok(offsets)
    }

    /// After a failed sync the system may show bytes that never reached the disk: the file is written anew.
    fn mend(&self) -> io::Result<()> {
        let mark = self.path.with_extension(RESYNC);
        if self.disk.stat(&mark)?.is_some() {
            self.rewrite(&mut self.state())?;
            files::remove(self.disk.as_ref(), &mark)?;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a commit; it counts when [`Self::durable`] says so. Returns what to wait for.
    pub(crate) fn commit(
        &self,
        group: &str,
        topic: &str,
        partition: i32,
        committed: Committed,
    ) -> Result<u64, Refused> {
        if committed.metadata.len() > METADATA_MAX {
            let why = format!("commit metadata has at most {METADATA_MAX} bytes");
            return Err(Refused::new(ErrorCode::OFFSET_METADATA_TOO_LARGE, why));
        }
        let key = Key { group: group.to_owned(), topic: topic.to_owned(), partition };
        self.state().append(key, committed)
    }

    /// Waits until the commit that returned `commits` is durable.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing; the sync goes on.
    pub(crate) async fn durable(&self, commits: u64) -> Result<(), Refused> {
        let mut synced = self.synced.subscribe();
        match synced.wait_for(|synced| synced.commits >= commits || synced.failed).await {
            Ok(synced) if synced.commits >= commits => Ok(()),
            _ => Err(stopped()),
        }
    }

    /// What a group committed for a partition of this topic. A commit for another topic that had the name is none: a
    /// crash may have come between a topic's deletion and [`Self::forget_topic`].
    pub(crate) fn get(&self, group: &str, (name, id): (&str, TopicId), partition: i32) -> Option<Committed> {
        let key = Key { group: group.to_owned(), topic: name.to_owned(), partition };
        self.state().by_key.get(&key).filter(|committed| committed.topic_id == id).cloned()
    }

    /// What `make` makes of every commit of a group for this topic, by partition.
    pub(crate) fn of_topic<T>(
        &self,
        group: &str,
        topic: (&str, TopicId),
        make: impl Fn(i32, Committed) -> T,
    ) -> Vec<T> {
        let state = self.state();
        state.of_topic(group, topic).map(|(partition, committed)| make(partition, committed.clone())).collect()
    }

    /// What the commits of a group for this topic take in a response, decoded and encoded.
    pub(crate) fn weigh(&self, group: &str, topic: (&str, TopicId)) -> usize {
        let state = self.state();
        let each = state.of_topic(group, topic).map(|(_, committed)| RESPONSE_BYTES + 2 * committed.metadata.len());
        each.sum::<usize>() + 2 * topic.0.len()
    }

    /// Takes back the commits of a topic that is gone.
    pub(crate) fn forget_topic(&self, id: TopicId) {
        let mut state = self.state();
        let of_topic = |(_, committed): &(&Key, &Committed)| committed.topic_id == id;
        let keys: Vec<Key> = state.by_key.iter().filter(of_topic).map(|(key, _)| key.clone()).collect();
        for key in keys {
            let gone =
                Committed { topic_id: id, offset: FORGOTTEN, leader_epoch: -1, metadata: String::new(), time_ms: 0 };
            if let Err(refused) = state.append(key, gone) {
                tracing::error!(why = %refused.why, "cannot forget the offsets of a deleted topic");
                return;
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        let (file, commits) = {
            let mut state = self.state();
            if state.failed {
                return Ok(());
            }
            if state.size > REWRITE_FROM && state.size > state.live * 4 {
                self.rewrite(&mut state)?;
            }
            (state.file.clone(), state.appended)
        };
        file.sync()?;
        self.synced.send_modify(|synced| synced.commits = synced.commits.max(commits));
        Ok(())
    }

    fn rewrite(&self, state: &mut State) -> io::Result<()> {
        let mut temporary = self.path.clone().into_os_string();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        let file = self.disk.open(&temporary, Open::WriteOrCreate)?;
        file.set_len(0)?;
        let mut size = 0;
        for (key, committed) in &state.by_key {
            let bytes = entry::encode(key, committed);
            file.write_all_at(&bytes, size)?;
            size += bytes.len() as u64;
        }
        file.sync()?;
        self.disk.rename(&temporary, &self.path)?;
        self.disk.sync_dir(self.path.parent().unwrap_or(Path::new("")))?;
        (state.file, state.size) = (file, size);
        Ok(())
    }
}

impl State {
    fn of_topic(&self, group: &str, (name, id): (&str, TopicId)) -> impl Iterator<Item = (i32, &Committed)> {
        let key = |partition| Key { group: group.to_owned(), topic: name.to_owned(), partition };
        let of_name = self.by_key.range(key(i32::MIN)..=key(i32::MAX));
        of_name.filter(move |(_, committed)| committed.topic_id == id).map(|(key, it)| (key.partition, it))
    }

    fn append(&mut self, key: Key, committed: Committed) -> Result<u64, Refused> {
        if self.failed {
            return Err(stopped());
        }
        let bytes = entry::encode(&key, &committed);
        if bytes.len() > entry::ENTRY_MAX {
            return Err(Refused::new(ErrorCode::INVALID_GROUP_ID, "the name of the group is too long"));
        }
        let paid = self.paid.bytes();
        if !self.pay(&key, &committed) {
            let why = "the broker has no memory for the offsets of more groups";
            return Err(Refused::new(ErrorCode::GROUP_MAX_SIZE_REACHED, why));
        }
        self.file.write_all_at(&bytes, self.size).map_err(|error| {
            tracing::error!(%error, "cannot write group offsets");
            self.paid.shrink_to(paid);
            Refused::new(ErrorCode::KAFKA_STORAGE_ERROR, format!("the disk refused: {error}"))
        })?;
        self.size += bytes.len() as u64;
        self.appended += 1;
        self.apply(key, committed, bytes.len() as u64);
        Ok(self.appended)
    }

    /// What the commit of `key` that is there costs.
    fn cost(&self, key: &Key) -> ByteCount {
        self.by_key.get(key).map_or(ByteCount::ZERO, |committed| memory(key, committed))
    }

    /// Reserves what `committed` takes beyond the commit that it replaces.
    fn pay(&mut self, key: &Key, committed: &Committed) -> bool {
        let more = memory(key, committed).saturating_sub(self.cost(key));
        committed.offset == FORGOTTEN || self.paid.try_grow(more)
    }

    /// What more it takes has been paid; what less it takes is given back.
    fn apply(&mut self, key: Key, committed: Committed, bytes: u64) {
        let forgotten = committed.offset == FORGOTTEN;
        let cost = if forgotten { ByteCount::ZERO } else { memory(&key, &committed) };
        let less = self.cost(&key).saturating_sub(cost);
        let old = if forgotten {
            self.by_key.remove_entry(&key)
        } else {
            self.live += bytes;
            let old = self.by_key.insert(key.clone(), committed);
            old.map(|old| (key, old))
        };
        let left = self.paid.bytes().saturating_sub(less);
        self.paid.shrink_to(left);
        if let Some((key, old)) = old {
            self.live = self.live.saturating_sub(entry::encode(&key, &old).len() as u64);
        }
    }
}

impl Flush for GroupOffsets {
    fn flush(&self) {
        self.queued.store(false, Ordering::Release);
        if let Err(error) = self.sync() {
            tracing::error!(%error, "a sync of group offsets failed; no more are taken until the next start");
            if let Err(error) = self.disk.open(&self.path.with_extension(RESYNC), Open::WriteOrCreate) {
                tracing::error!(%error, "cannot leave a mark of it");
            }
            self.state().failed = true;
            self.synced.send_modify(|synced| synced.failed = true);
        }
    }

    fn enqueue(&self) -> bool {
        !self.queued.swap(true, Ordering::AcqRel)
    }
}

fn stopped() -> Refused {
    Refused::new(ErrorCode::KAFKA_STORAGE_ERROR, "group offsets cannot be written until the broker is started again")
}

fn memory(key: &Key, committed: &Committed) -> ByteCount {
    ByteCount::from(key.group.len() + key.topic.len() + committed.metadata.len() + ENTRY_BYTES)
}

/// Reads the file entry by entry and cuts off what is behind the last sound one.
fn read(disk: &dyn Disk, path: &Path, tables: &Account) -> io::Result<State> {
    let file = disk.open(path, Open::WriteOrCreate)?;
    disk.sync_dir(path.parent().unwrap_or(Path::new("")))?;
    let len = file.len()?;
    let mut state = State {
        file: file.clone(),
        size: 0,
        live: 0,
        appended: 0,
        by_key: BTreeMap::new(),
        paid: tables.empty(),
        failed: false,
    };
    while let Some((key, committed, bytes)) = read_entry(file.as_ref(), state.size, len)? {
        if !state.pay(&key, &committed) {
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, "the offsets of its groups do not fit the budget"));
        }
        state.size += bytes;
        // Taking back what is not there costs and frees nothing.
        if committed.offset != FORGOTTEN || state.by_key.contains_key(&key) {
            state.apply(key, committed, bytes);
        }
    }
    if state.size < len {
        tracing::warn!(file = %path.display(), bytes = len - state.size, "a torn write of group offsets was cut off");
        file.set_len(state.size)?;
        file.sync()?;
    }
    Ok(state)
}

fn read_entry(file: &dyn DiskFile, at: u64, len: u64) -> io::Result<Option<(Key, Committed, u64)>> {
    if at + HEAD_BYTES as u64 > len {
        return Ok(None);
    }
    let mut head = [0; HEAD_BYTES];
    file.read_exact_at(&mut head, at)?;
    let Some(length) = entry::length(head).filter(|length| at + (HEAD_BYTES + length) as u64 <= len) else {
        return Ok(None);
    };
    let mut body = vec![0; length];
    file.read_exact_at(&mut body, at + HEAD_BYTES as u64)?;
    Ok(entry::decode(head, &body).map(|(key, committed)| (key, committed, (HEAD_BYTES + length) as u64)))
}

#[cfg(test)]
mod tests;
