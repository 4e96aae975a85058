//! Opening a log after whatever happened to it.
//!
//! After a clean end the checkpoint says everything. After an unclean one the bytes behind the checkpoint are walked
//! through with one fixed buffer: header, checksum, offsets; nothing is decompressed (KAFKA-3933). The walk ends at the
//! first thing that is no sound batch:
//!
//! - Nothing whole follows: a torn write that was never acknowledged. It is cut off.
//! - It has the shape of a whole batch, or sound batches follow it: bytes that may have been acknowledged are damaged. They
//!   are copied to a quarantine file beside the log, cut off, and the log goes on after the last offset seen in them, so
//!   that no offset means two records. Kafka deletes such bytes.
//!
//! A sync that failed leaves a mark ([`RESYNC`]): what the system still shows of such a file may never have reached the
//! disk, and would be believed by the next sync. So with the mark there everything behind the checkpoint is written again.
//!
//! Segments before the checkpoint are not read, but for those whose index is missing, which is made anew from headers.

use std::io;
use std::path::Path;

use base::disk::Open;
use base::{Disk, DiskFile};
use kafka_wire::records::BatchHeader;

use super::checkpoint::Checkpoint;
use super::index::{ENTRY_BYTES, Entry};
use super::producers::Producers;
use super::scan::{Found, SCAN_BUFFER, Step, Walk};
use super::segment::{Segment, SegmentFiles, base_of, index_path, log_path};
use crate::files;

/// The mark of a failed sync. It need not be durable: after a loss of power the disk's own bytes are what is read.
pub(super) const RESYNC: &str = "resync";

/// A log as it was found.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) segments: Vec<Segment>,
    pub(super) log_start: i64,
    pub(super) producers: Producers,
    pub(super) checkpoint: Checkpoint,
}

/// Reads the log in `folder`, and repairs it if the last end was not `clean`.
pub(super) fn recover(disk: &dyn Disk, folder: &Path, name: &str, clean: bool) -> io::Result<Recovered> {
    let checkpoint = Checkpoint::read(disk, folder)?;
    let bases = segments(disk, folder, checkpoint.as_ref())?;
    let resync = folder.join(RESYNC);
    let rewrites = disk.stat(&resync)?.is_some();
    let mut recovery = Recovery {
        disk,
        folder,
        name,
        producers: checkpoint.as_ref().map(|checkpoint| checkpoint.producers.clone()).unwrap_or_default(),
        segments: Vec::new(),
        repaired: false,
        rewrites,
        // Below this nothing can be: the checkpoint's records are gone if the files say less.
        next_offset: checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.next_offset),
    };
    for (position, base) in bases.iter().enumerate() {
        let following = bases.get(position + 1).copied();
        recovery.segment(*base, following, checkpoint.as_ref(), clean)?;
    }
    let recovered = recovery.finish(checkpoint)?;
    if rewrites {
        files::remove(disk, &resync)?;
    }
    Ok(recovered)
}

/// The base offsets of the segments, in order. An empty one that is neither the last nor the checkpoint's was left by a
/// roll that failed; the records from its base on went to the segment before it.
fn segments(disk: &dyn Disk, folder: &Path, checkpoint: Option<&Checkpoint>) -> io::Result<Vec<i64>> {
    let entries = disk.list(folder)?;
    let mut found: Vec<(i64, u64)> =
        entries.iter().filter_map(|entry| Some((base_of(&entry.name)?, entry.len))).collect();
    found.sort_unstable();
    let last = found.last().map(|(base, _)| *base);
    let kept = [last, checkpoint.map(|checkpoint| checkpoint.segment_base)];
    let mut bases = Vec::with_capacity(found.len());
    for (base, len) in found {
        if len > 0 || kept.contains(&Some(base)) {
            bases.push(base);
        } else {
            disk.remove_file(&log_path(folder, base))?;
        }
    }
    Ok(bases)
}

struct Recovery<'a> {
    disk: &'a dyn Disk,
    folder: &'a Path,
    name: &'a str,
    producers: Producers,
    segments: Vec<Segment>,
    /// Whether something was cut off or made anew.
    repaired: bool,
    /// Whether a sync failed before: then what can be read need not be on the disk.
    rewrites: bool,
    next_offset: i64,
}

impl Recovery<'_> {
    fn segment(
        &mut self,
        base: i64,
        following: Option<i64>,
        checkpoint: Option<&Checkpoint>,
        clean: bool,
    ) -> io::Result<()> {
        let files = SegmentFiles::open(self.disk, self.folder, base, Open::Write)?;
        let size = files.log.len()?;
        let known = checkpoint.filter(|checkpoint| checkpoint.segment_base == base && checkpoint.position <= size);
        let segment = match (checkpoint, known) {
            (Some(checkpoint), _) if base < checkpoint.segment_base => {
                self.sealed(&files, base, size, following.unwrap_or(checkpoint.next_offset))?
            }
            (_, Some(checkpoint)) => {
                let start = Segment {
                    base,
                    size: checkpoint.position,
                    next_offset: checkpoint.next_offset,
                    max_timestamp: checkpoint.max_timestamp,
                    index_entries: checkpoint.index_entries,
                    indexed_to: checkpoint.indexed_to,
                };
                let indexed = files.index.len()? >= u64::from(start.index_entries) * ENTRY_BYTES;
                match (clean && size == checkpoint.position, indexed) {
                    (true, true) => start,
                    (_, true) => self.check(&files, start, size)?,
                    (_, false) => self.check(&files, Segment::empty(base), size)?,
                }
            }
            // Behind the checkpoint, or there is none, or the file is shorter than it says.
            _ => self.check(&files, Segment::empty(base), size)?,
        };
        self.next_offset = self.next_offset.max(segment.next_offset);
        self.segments.push(segment);
        Ok(())
    }

    /// A segment that was complete and synced before the checkpoint; its last index entry says the rest.
    fn sealed(&mut self, files: &SegmentFiles, base: i64, size: u64, next_offset: i64) -> io::Result<Segment> {
        let index_entries = (files.index.len()? / ENTRY_BYTES) as u32;
        let last = match index_entries.checked_sub(1) {
            Some(slot) => Some(Entry::read(files.index.as_ref(), slot)?),
            None => None,
        };
        match last {
            Some(last) if u64::from(last.position) == size => Ok(Segment {
                base,
                size,
                next_offset,
                max_timestamp: last.max_timestamp,
                index_entries,
                indexed_to: size,
            }),
            _ => self.index_anew(files, base, size, next_offset),
        }
    }

    fn index_anew(&mut self, files: &SegmentFiles, base: i64, size: u64, next_offset: i64) -> io::Result<Segment> {
        tracing::warn!(log = self.name, segment = base, "the index is made anew");
        self.repaired = true;
        files.index.set_len(0)?;
        let mut segment = Segment::empty(base);
        let mut walk = Walk::headers(files.log.as_ref(), 0, size);
        while let Step::Batch(found) = walk.step()? {
            extend(&mut segment, files, &found.header)?;
        }
        // What is damaged here was sound once: reads report it, later segments stay.
        segment.size = size;
        segment.next_offset = next_offset;
        segment.index_end(files.index.as_ref())?;
        files.index.sync()?;
        Ok(segment)
    }

    /// Walks over what is behind `start` and cuts off what is not sound.
    fn check(&mut self, files: &SegmentFiles, start: Segment, size: u64) -> io::Result<Segment> {
        let mut segment = start;
        let checked_from = segment.size;
        files.index.set_len(u64::from(segment.index_entries) * ENTRY_BYTES)?;
        let mut walk = Walk::contents(files.log.as_ref(), segment.size, size);
        loop {
            match walk.step()? {
                Step::Batch(found) if continues(&segment, &found) && walk.is_sound(&found)? => {
                    extend(&mut segment, files, &found.header)?;
                    self.producers.record(&found.header, found.header.base_offset.0);
                }
                Step::End => break,
                _ => {
                    self.cut_off(files, &mut segment, size)?;
                    break;
                }
            }
        }
        self.repaired = true;
        if self.rewrites {
            rewrite(files.log.as_ref(), checked_from, segment.size)?;
            rewrite(files.index.as_ref(), 0, u64::from(segment.index_entries) * ENTRY_BYTES)?;
        }
        files.log.sync()?;
        files.index.sync()?;
        Ok(segment)
    }

    /// Removes everything behind the segment's sound batches, into quarantine if it may have been records.
    fn cut_off(&mut self, files: &SegmentFiles, segment: &mut Segment, size: u64) -> io::Result<()> {
        let damage = Damage::look(files, segment, size)?;
        let (log, segment_base, position) = (self.name, segment.base, segment.size);
        let bytes = size - position;
        if damage.may_be_records {
            let kept = format!("quarantine-{segment_base:020}-{position}");
            self.copy(files, segment.size, size, &kept)?;
            tracing::error!(log, segment_base, position, bytes, kept, "damaged records were moved out of the log");
        } else {
            tracing::warn!(log, segment_base, position, bytes, "a torn write was cut off");
        }
        files.log.set_len(segment.size)?;
        segment.next_offset = segment.next_offset.max(damage.next_offset);
        Ok(())
    }

    fn copy(&self, files: &SegmentFiles, mut from: u64, to: u64, name: &str) -> io::Result<()> {
        let target = self.disk.open(&self.folder.join(name), Open::WriteOrCreate)?;
        target.set_len(0)?;
        let mut buffer = vec![0; SCAN_BUFFER];
        let start = from;
        while from < to {
            let want = (to - from).min(buffer.len() as u64) as usize;
            files.log.read_exact_at(&mut buffer[..want], from)?;
            target.write_all_at(&buffer[..want], from - start)?;
            from += want as u64;
        }
        target.sync()?;
        self.disk.sync_dir(self.folder)
    }

    fn finish(mut self, checkpoint: Option<Checkpoint>) -> io::Result<Recovered> {
        self.drop_empty_segments()?;
        let last_offset = self.segments.last().map(|last| last.next_offset);
        if last_offset.is_none_or(|next| next < self.next_offset) {
            if checkpoint.is_some() {
                tracing::error!(log = self.name, "files that were synced are missing or shorter than they were");
            }
            let base = self.next_offset;
            SegmentFiles::create(self.disk, self.folder, base)?;
            self.segments.push(Segment::empty(base));
            self.repaired = true;
        }
        let first = self.segments.first().map_or(0, |first| first.base);
        // Offsets may be missing before the first segment: what was there was never acknowledged, or the log's start is
        // behind it.
        let log_start = checkpoint.as_ref().map_or(first, |checkpoint| checkpoint.log_start);
        let last = self.segments.last().cloned().unwrap_or_else(|| Segment::empty(0));
        let current = Checkpoint {
            log_start: log_start.min(last.next_offset),
            segment_base: last.base,
            position: last.size,
            next_offset: last.next_offset,
            max_timestamp: last.max_timestamp,
            index_entries: last.index_entries,
            indexed_to: last.indexed_to,
            producers: self.producers.clone(),
        };
        if self.repaired || checkpoint.is_none() {
            self.disk.sync_dir(self.folder)?;
            current.write(self.disk, self.folder)?;
        }
        let Self { segments, producers, .. } = self;
        Ok(Recovered { segments, log_start: current.log_start, producers, checkpoint: current })
    }

    /// An empty segment is what a roll left that failed or never came to be used; only at the log's end it is one.
    fn drop_empty_segments(&mut self) -> io::Result<()> {
        let last = self.segments.len().saturating_sub(1);
        let mut kept = Vec::new();
        for (position, segment) in std::mem::take(&mut self.segments).into_iter().enumerate() {
            if segment.size == 0 && (position < last || segment.base < self.next_offset) {
                self.disk.remove_file(&log_path(self.folder, segment.base))?;
                self.disk.remove_file(&index_path(self.folder, segment.base))?;
                self.repaired = true;
            } else {
                kept.push(segment);
            }
        }
        self.segments = kept;
        Ok(())
    }
}

/// Writes the same bytes again, so that the next sync really writes them.
fn rewrite(file: &dyn DiskFile, mut from: u64, to: u64) -> io::Result<()> {
    let mut buffer = vec![0; SCAN_BUFFER];
    while from < to {
        let want = (to - from).min(buffer.len() as u64) as usize;
        file.read_exact_at(&mut buffer[..want], from)?;
        file.write_all_at(&buffer[..want], from)?;
        from += want as u64;
    }
    Ok(())
}

fn continues(segment: &Segment, found: &Found) -> bool {
    found.header.base_offset.0 >= segment.next_offset
}

fn extend(segment: &mut Segment, files: &SegmentFiles, header: &BatchHeader) -> io::Result<()> {
    segment.index_next(files.index.as_ref(), header.base_offset.0)?;
    segment.extend(header.len as u64, header.next_offset().0, header.max_timestamp);
    Ok(())
}

/// What stands behind the sound batches of a segment.
struct Damage {
    may_be_records: bool,
    /// The offset after the last sound batch found in it, or 0.
    next_offset: i64,
}

impl Damage {
    fn look(files: &SegmentFiles, segment: &Segment, size: u64) -> io::Result<Self> {
        let mut damage = Self { may_be_records: false, next_offset: 0 };
        let mut walk = Walk::contents(files.log.as_ref(), segment.size, size);
        if let Step::Batch(found) = walk.step()? {
            // Whole by its length: a flipped bit rather than a torn write, though it may be either.
            damage.may_be_records = true;
            damage.next_offset = plausible_end(segment, &found.header, size);
        }
        let mut at = segment.size + 1;
        while at + BatchHeader::BYTES as u64 <= size {
            at = match sound_batch_at(&mut walk, segment, at, size)? {
                Some(found) => {
                    damage.may_be_records = true;
                    damage.next_offset = damage.next_offset.max(found.header.next_offset().0);
                    found.position + found.header.len as u64
                }
                None => at + 1,
            };
        }
        Ok(damage)
    }
}

/// Whether the offsets of a batch in damaged bytes can be believed: each record takes some bytes.
fn is_plausible(segment: &Segment, header: &BatchHeader, size: u64) -> bool {
    let gap = header.base_offset.0 - segment.next_offset;
    (0..=size as i64).contains(&gap) && i64::from(header.last_offset_delta) <= size as i64
}

fn plausible_end(segment: &Segment, header: &BatchHeader, size: u64) -> i64 {
    if is_plausible(segment, header, size) { header.next_offset().0 } else { 0 }
}

fn sound_batch_at(walk: &mut Walk<'_>, segment: &Segment, at: u64, size: u64) -> io::Result<Option<Found>> {
    // The cheap test first: byte 16 of a batch is its format.
    if walk.peek(at + 16, 1)? != [2] {
        return Ok(None);
    }
    walk.seek(at);
    match walk.step()? {
        Step::Batch(found) if is_plausible(segment, &found.header, size) && walk.is_sound(&found)? => Ok(Some(found)),
        _ => Ok(None),
    }
}
