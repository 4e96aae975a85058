//! Forgetting records: by age, by size, or because a client said so. Whole segments go; the log's start is durable before
//! their files are removed.

use std::io;

use kafka_wire::protocol::ErrorCode;

use super::append::Refused;
use super::partition::{PartitionLog, SEGMENT_BYTES, State};
use super::segment::{Segment, index_path, log_path};

impl PartitionLog {
    /// Drops segments that are too old or beyond the size that the settings allow. Returns how many.
    pub(crate) fn retain(&self, now_ms: i64) -> io::Result<usize> {
        let new_start = {
            let mut state = self.state();
            if !state.settings.deletes || state.stopped.is_some() {
                return Ok(0);
            }
            self.roll_if_expired(&mut state, now_ms)?;
            let high_watermark = self.high_watermark();
            retained_from(&state, now_ms).map(|start| start.min(high_watermark))
        };
        match new_start {
            Some(start) => self.advance_start(start),
            None => Ok(0),
        }
    }

    /// Makes `offset` the log's start; -1 is its end. Returns the new start.
    pub(crate) fn delete_before(&self, offset: i64) -> Result<i64, Refused> {
        let high_watermark = self.high_watermark();
        let start = if offset == -1 { high_watermark } else { offset };
        if start < 0 || start > high_watermark {
            let why = format!("offset {offset} is not between 0 and {high_watermark}");
            return Err(Refused::new(ErrorCode::OFFSET_OUT_OF_RANGE, why));
        }
        self.advance_start(start).map_err(|error| self.unreadable(&error))?;
        Ok(self.log_start())
    }

    /// An active segment whose newest record is too old is sealed, so that it can go.
    fn roll_if_expired(&self, state: &mut State, now_ms: i64) -> io::Result<()> {
        let expired = |segment: &Segment| expired(segment, state.settings.retention_ms, now_ms);
        let rolls = state.segments.last().is_some_and(|last| last.size > 0 && expired(last));
        // Without memory for one more segment it stays a while longer.
        if rolls && state.paid.try_grow(SEGMENT_BYTES) { self.roll(state) } else { Ok(()) }
    }

    fn advance_start(&self, start: i64) -> io::Result<usize> {
        let checkpoint = {
            let mut state = self.state();
            // An earlier attempt may have moved the start and failed to make it durable.
            if start <= state.log_start.min(state.checkpoint.log_start) {
                return Ok(0);
            }
            state.log_start = state.log_start.max(start);
            state.checkpoint.clone()
        };
        self.keep_checkpoint(checkpoint)?;
        let gone: Vec<Segment> = {
            let mut state = self.state();
            let last = state.segments.len().saturating_sub(1);
            let count = state.segments[..last].iter().take_while(|segment| segment.next_offset <= start).count();
            state.sealed = None;
            let gone: Vec<Segment> = state.segments.drain(..count).collect();
            state.paid_segments(gone.len());
            gone
        };
        for segment in &gone {
            self.disk.remove_file(&log_path(&self.folder, segment.base))?;
            self.disk.remove_file(&index_path(&self.folder, segment.base))?;
        }
        if !gone.is_empty() {
            self.disk.sync_dir(&self.folder)?;
            tracing::info!(log = %self.name, segments = gone.len(), log_start = start, "old segments were removed");
        }
        Ok(gone.len())
    }
}

fn expired(segment: &Segment, retention_ms: Option<i64>, now_ms: i64) -> bool {
    // Records without a time never grow old.
    retention_ms.is_some_and(|keep| segment.max_timestamp >= 0 && now_ms.saturating_sub(segment.max_timestamp) > keep)
}

/// The first offset to keep, if segments go.
fn retained_from(state: &State, now_ms: i64) -> Option<i64> {
    let sealed = &state.segments[..state.segments.len().saturating_sub(1)];
    let old = sealed.iter().take_while(|segment| expired(segment, state.settings.retention_ms, now_ms)).count();
    let mut excess = match state.settings.retention_bytes {
        Some(keep) => state.segments.iter().map(|segment| segment.size).sum::<u64>().saturating_sub(keep),
        None => 0,
    };
    let large = sealed
        .iter()
        .take_while(|segment| {
            let goes = excess >= segment.size && segment.size > 0;
            excess = excess.saturating_sub(segment.size);
            goes
        })
        .count();
    sealed.get(old.max(large).checked_sub(1)?).map(|segment| segment.next_offset)
}
