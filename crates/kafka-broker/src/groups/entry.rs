//! One commit as bytes.
//!
//! ```text
//! length u32 of what follows the checksum | crc32c u32 of the same
//! | group string | topic string | topic id 16 bytes | partition i32 | offset i64 | leader epoch i32
//! | metadata string | time i64                         a string is u32 length | bytes
//! ```
//! An offset of [`FORGOTTEN`] takes the commit back.

use kafka_wire::protocol::TopicId;

use crate::files::take;

/// In place of an offset: the topic is gone.
pub(super) const FORGOTTEN: i64 = -2;
/// Length and checksum.
pub(super) const HEAD_BYTES: usize = 8;
/// No entry is longer: a group's name has at most 32 KiB, a topic's 249 bytes, metadata 4 KiB.
pub(super) const ENTRY_MAX: usize = 64 << 10;

/// What is being committed, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) group: String,
    pub(super) topic: String,
    pub(super) partition: i32,
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) topic_id: TopicId,
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: String,
    pub(crate) time_ms: i64,
}

pub(super) fn encode(key: &Key, committed: &Committed) -> Vec<u8> {
    let mut bytes = vec![0; HEAD_BYTES];
    string(&mut bytes, &key.group);
    string(&mut bytes, &key.topic);
    bytes.extend_from_slice(&committed.topic_id.0);
    bytes.extend_from_slice(&key.partition.to_be_bytes());
    bytes.extend_from_slice(&committed.offset.to_be_bytes());
    bytes.extend_from_slice(&committed.leader_epoch.to_be_bytes());
    string(&mut bytes, &committed.metadata);
    bytes.extend_from_slice(&committed.time_ms.to_be_bytes());
    let length = (bytes.len() - HEAD_BYTES) as u32;
    let crc = crc32c::crc32c(&bytes[HEAD_BYTES..]);
    bytes[0..4].copy_from_slice(&length.to_be_bytes());
    bytes[4..8].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// The length of what follows a head, if it can be one.
pub(super) fn length(head: [u8; HEAD_BYTES]) -> Option<usize> {
    let [a, b, c, d, ..] = head;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    (1..=ENTRY_MAX).contains(&length).then_some(length)
}

/// Reads what follows a head, if the checksum in the head is right.
pub(super) fn decode(head: [u8; HEAD_BYTES], mut body: &[u8]) -> Option<(Key, Committed)> {
    let [.., a, b, c, d] = head;
    if crc32c::crc32c(body) != u32::from_be_bytes([a, b, c, d]) {
        return None;
    }
    let from = &mut body;
    let (group, topic) = (text(from)?, text(from)?);
    let topic_id = TopicId(take(from)?);
    let partition = i32::from_be_bytes(take(from)?);
    let offset = i64::from_be_bytes(take(from)?);
    let leader_epoch = i32::from_be_bytes(take(from)?);
    let metadata = text(from)?;
    let time_ms = i64::from_be_bytes(take(from)?);
    let key = Key { group, topic, partition };
    body.is_empty().then_some((key, Committed { topic_id, offset, leader_epoch, metadata, time_ms }))
}

fn string(to: &mut Vec<u8>, text: &str) {
    to.extend_from_slice(&(text.len() as u32).to_be_bytes());
    to.extend_from_slice(text.as_bytes());
}

fn text(from: &mut &[u8]) -> Option<String> {
    let length = u32::from_be_bytes(take(from)?) as usize;
    let (head, rest) = from.split_at_checked(length)?;
    *from = rest;
    String::from_utf8(head.to_vec()).ok()
}
