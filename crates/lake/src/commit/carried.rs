//! Positions as a snapshot carries them.
//!
//! `millstream.positions` in the summary is JSON, sorted: `{"orders-0":{"cluster":"…","topic":"orders","topic_id":"…",
//! "index":0,"to":17},…}`. What is longer than 4 KiB goes to a file beside the table's metadata:
//! `millstream.positions-file` names it and `millstream.positions-hash` is the SipHash of its bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Disk, Error, Offset, PartitionIndex, Result};
use ledger::Account;
use rows::{PartitionId, Positions};
use serde::{Deserialize, Serialize};

use super::names::short_hash;
use crate::files::durable::{read_whole, write_durable};
use crate::files::location::local_path;
use crate::metadata::Snapshot;

const POSITIONS: &str = "millstream.positions";
const FILE: &str = "millstream.positions-file";
const HASH: &str = "millstream.positions-hash";
/// Longer texts do not belong into metadata.json, which is written whole with every commit.
const SUMMARY_BYTES_MAX: usize = 4 << 10;

#[derive(Serialize, Deserialize)]
struct Carried {
    cluster: String,
    topic: String,
    topic_id: String,
    index: i32,
    to: i64,
}

fn encode(positions: &Positions) -> Result<String> {
    // Two topics of one name differ in their ids; the second must not hide the first.
    let named: BTreeMap<String, Carried> = positions
        .iter()
        .map(|(partition, to)| {
            let carried = Carried {
                cluster: partition.cluster.to_string(),
                topic: partition.topic.to_string(),
                topic_id: partition.topic_id.to_string(),
                index: partition.index.0,
                to: to.0,
            };
            (partition, carried)
        })
        .fold(BTreeMap::new(), |mut named, (partition, carried)| {
            let plain = partition.to_string();
            let name = if named.contains_key(&plain) { format!("{plain}@{}", partition.topic_id) } else { plain };
            named.insert(name, carried);
            named
        });
    serde_json::to_string(&named).map_err(|error| Error::internal("positions do not serialise").caused_by(error))
}

fn decode(text: &[u8]) -> Result<Positions, serde_json::Error> {
    let named: BTreeMap<String, Carried> = serde_json::from_slice(text)?;
    Ok(named
        .into_values()
        .map(|carried| {
            let index = PartitionIndex(carried.index);
            let partition = PartitionId {
                topic: carried.topic.into(),
                index,
                cluster: carried.cluster.into(),
                topic_id: carried.topic_id.into(),
            };
            (partition, Offset(carried.to))
        })
        .collect())
}

/// Adds positions to a summary. `side_file` is the location of a file for them, should it be needed; answers whether it was.
///
/// # Errors
/// The disk fails.
pub fn put(
    positions: &Positions,
    summary: &mut BTreeMap<String, String>,
    disk: &Arc<dyn Disk>,
    side_file: &str,
) -> Result<bool> {
    let text = encode(positions)?;
    if text.len() <= SUMMARY_BYTES_MAX {
        summary.insert(POSITIONS.to_owned(), text);
        return Ok(false);
    }
    write_durable(disk, &local_path(side_file)?, text.as_bytes())?;
    summary.insert(FILE.to_owned(), side_file.to_owned());
    summary.insert(HASH.to_owned(), format!("{:016x}", short_hash(text.as_bytes())));
    Ok(true)
}

/// The side file that a summary names.
pub fn side_file(snapshot: &Snapshot) -> Option<&str> {
    snapshot.summary.get(FILE).map(String::as_str)
}

/// The positions that a snapshot carries.
///
/// # Errors
/// It carries none that can be read: the job cannot know where to go on.
pub fn get(snapshot: &Snapshot, disk: &dyn Disk, account: &Account) -> Result<Positions> {
    let wrong = |what: &str| {
        Error::external(format!("snapshot {} carries {what}", snapshot.snapshot_id))
            .hint("roll the table back to a snapshot that is whole, or write under another 'pipeline.name'")
    };
    if let Some(text) = snapshot.summary.get(POSITIONS) {
        return decode(text.as_bytes()).map_err(|error| wrong("unreadable positions").caused_by(error));
    }
    let (Some(file), Some(hash)) = (snapshot.summary.get(FILE), snapshot.summary.get(HASH)) else {
        return Err(wrong("the name of this job but no positions"));
    };
    let bytes = read_whole(disk, &local_path(file)?, account)?;
    if format!("{:016x}", short_hash(&bytes)) != *hash {
        return Err(wrong("positions in a file that was changed").detail(file.clone()));
    }
    decode(&bytes).map_err(|error| wrong("unreadable positions").caused_by(error))
}
