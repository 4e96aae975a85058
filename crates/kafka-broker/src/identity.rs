//! Who this broker is, and whether its last end was clean.
//!
//! ```text
//! meta.properties    as Kafka writes it: version=1, cluster.id, node.id
//! producer-ids       the first producer id that was never given out, in decimal
//! lock               locked by a running broker
//! clean-shutdown     there after a clean end, removed before anything is written
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base::{Disk, Error, Result, Rng};
use kafka_wire::protocol::TopicId;

use crate::files;

/// Producer ids set aside at a time: one write of the file serves so many producers.
const BLOCK: i64 = 1000;

/// Reads the cluster id, or makes one: 22 characters, as Kafka's `random-uuid` prints them.
pub(crate) fn cluster_id(disk: &dyn Disk, data: &Path, node_id: i32) -> Result<String> {
    let path = data.join("meta.properties");
    let stored = files::read(disk, &path).map_err(|error| files::failed("read", &path, error))?;
    let text = stored.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if let Some(text) = text {
        let id = text.lines().find_map(|line| line.strip_prefix("cluster.id=")).filter(|id| !id.is_empty());
        return id.map(str::to_owned).ok_or_else(|| {
            Error::external(format!("'{}' has no cluster.id", path.display()))
                .hint("restore the file; with another id clients would take this for another cluster")
        });
    }
    let id = TopicId(Rng::from_entropy().uuid()).to_string();
    let text = format!("version=1\ncluster.id={id}\nnode.id={node_id}\n");
    files::replace(disk, &path, text.as_bytes()).map_err(|error| files::failed("write", &path, error))?;
    Ok(id)
}

/// Whether the last end was clean. From here on this one is not, until [`mark_clean`].
pub(crate) fn take_clean_mark(disk: &dyn Disk, data: &Path) -> Result<bool> {
    let path = data.join("clean-shutdown");
    let clean = disk.stat(&path).and_then(|entry| files::remove(disk, &path).map(|()| entry.is_some()));
    clean.map_err(|error| files::failed("read", &path, error))
}

/// Everything is synced and every log has a checkpoint at its end.
pub(crate) fn mark_clean(disk: &dyn Disk, data: &Path) -> io::Result<()> {
    files::replace(disk, &data.join("clean-shutdown"), b"version=1\n")
}

/// Hands out producer ids, each once in the life of the data folder.
#[derive(Debug)]
pub(crate) struct ProducerIds {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// Next, and the end of what was set aside.
    block: Mutex<(i64, i64)>,
}

impl ProducerIds {
    pub(crate) fn open(disk: Arc<dyn Disk>, data: &Path) -> Result<Self> {
        let path = data.join("producer-ids");
        let stored = files::read(disk.as_ref(), &path).map_err(|error| files::failed("read", &path, error))?;
        let next = match stored {
            None => 0,
            Some(bytes) => String::from_utf8_lossy(&bytes).trim().parse().map_err(|_| {
                Error::external(format!("'{}' holds no number", path.display()))
                    .hint("write a number into it that is above all producer ids that were ever used")
            })?,
        };
        Ok(Self { disk, path, block: Mutex::new((next, next)) })
    }

    pub(crate) fn next(&self) -> io::Result<i64> {
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        if block.0 == block.1 {
            let end = block.1 + BLOCK;
            files::replace(self.disk.as_ref(), &self.path, format!("{end}\n").as_bytes())?;
            block.1 = end;
        }
        block.0 += 1;
        Ok(block.0 - 1)
    }
}
