//! How a topic is kept: `topic.properties` in the folder of its partition 0.
//!
//! ```text
//! version=1
//! name=orders
//! id=<32 hex digits>
//! partitions=4
//! state=live | deleted
//! config.<name>=<value>
//! ```
//! The file is the commit point of making, growing and deleting a topic: folders are made before it says that they exist,
//! and removed after it says that they are gone. `partition.metadata` is written beside each log as Kafka writes it.

use std::io;
use std::path::{Path, PathBuf};

use base::Disk;
use base::disk::Open;
use kafka_wire::protocol::TopicId;

use super::config::TopicConfig;
use super::name::check_name;
use crate::files;

pub(super) const PROPERTIES: &str = "topic.properties";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) id: TopicId,
    pub(super) partitions: i32,
    pub(super) deleted: bool,
    pub(super) config: TopicConfig,
}

impl Stored {
    pub(super) fn write(&self, disk: &dyn Disk, data: &Path) -> io::Result<()> {
        let id = u128::from_be_bytes(self.id.0);
        let state = if self.deleted { "deleted" } else { "live" };
        let mut text =
            format!("version=1\nname={}\nid={id:032x}\npartitions={}\nstate={state}\n", self.name, self.partitions);
        for (name, value) in self.config.overrides() {
            text.push_str(&format!("config.{name}={value}\n"));
        }
        files::replace(disk, &folder(data, &self.name, 0).join(PROPERTIES), text.as_bytes())
    }

    /// Reads the topic whose partition 0 is in `folder`; `None` if the file is not there, an error if it makes no sense.
    pub(super) fn read(disk: &dyn Disk, folder: &Path) -> io::Result<Option<Self>> {
        let Some(bytes) = files::read(disk, &folder.join(PROPERTIES))? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
        let mut stored = Self {
            name: String::new(),
            id: TopicId::NONE,
            partitions: 0,
            deleted: false,
            config: TopicConfig::default(),
        };
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else { return Err(damaged(line)) };
            match key {
                "version" if value == "1" => {}
                "name" => value.clone_into(&mut stored.name),
                "id" => stored.id = TopicId(u128::from_str_radix(value, 16).map_err(|_| damaged(line))?.to_be_bytes()),
                "partitions" => stored.partitions = value.parse().map_err(|_| damaged(line))?,
                "state" => stored.deleted = value == "deleted",
                _ => match key.strip_prefix("config.") {
                    Some(name) => stored.config.set(name, value).map_err(|refused| damaged(&refused.why))?,
                    None => return Err(damaged(line)),
                },
            }
        }
        if check_name(&stored.name).is_err() || stored.partitions < 1 || stored.id.is_none() {
            return Err(damaged("name, id or partitions are missing"));
        }
        Ok(Some(stored))
    }
}

/// Makes the folder of a partition, durable but for its own name.
pub(super) fn make_folder(
    disk: &dyn Disk,
    data: &Path,
    name: &str,
    partition: i32,
    id: TopicId,
) -> io::Result<PathBuf> {
    let folder = folder(data, name, partition);
    if let Some(entry) = disk.stat(&folder)? {
        discard_leftover(disk, &folder, &entry)?;
    }
    disk.create_dir_all(&folder)?;
    // For others who read the folder; nothing here depends on it, so it is not synced.
    let metadata = disk.open(&folder.join("partition.metadata"), Open::WriteOrCreate)?;
    metadata.write_all_at(format!("version: 0\ntopic_id: {id}\n").as_bytes(), 0)?;
    Ok(folder)
}

/// A folder without a topic is what a crash left of making one, and empty; records in it belong to somebody.
fn discard_leftover(disk: &dyn Disk, folder: &Path, entry: &base::disk::Entry) -> io::Result<()> {
    let holds_records =
        entry.is_dir && disk.list(folder)?.iter().any(|file| crate::log::is_log(&file.name) && file.len > 0);
    if holds_records || !entry.is_dir {
        let why = format!("'{}' is there already and holds records of no known topic", folder.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    disk.remove_dir_all(folder)
}

pub(super) fn folder(data: &Path, name: &str, partition: i32) -> PathBuf {
    data.join(format!("{name}-{partition}"))
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{PROPERTIES} is damaged: {why}"))
}
