//! A source that can be replayed from any position, and the table that it makes.

use std::collections::BTreeMap;

use base::Rng;
use rows::{Positions, RowKind};

use super::job::Row;
use super::small_table::{Change, Value, partition};

pub(crate) struct Stream {
    pub(crate) changes: Vec<Change>,
}

impl Stream {
    /// Keys keep to their partition, as they do in Kafka; positions grow with time. Deletes are sometimes followed by a
    /// tombstone, creates only come when the key is not there.
    pub(crate) fn random(rng: &mut Rng, count: usize, ids: u64) -> Self {
        let mut offsets = [0i64; 3];
        let mut live = BTreeMap::new();
        let mut changes = Vec::new();
        while changes.len() < count {
            let id = rng.below(ids) as i64;
            let partition = (id % 3) as usize;
            let at = changes.len();
            let mut push = |kind, position, name, n| {
                let offset = offsets[partition];
                offsets[partition] += 1;
                changes.push(Change { partition: partition as i32, offset, position, kind, id, name, n });
            };
            let position = Some(at as u64 + 1);
            let text = || Value::Set(format!("{at}-{}", "x".repeat(at % 40)));
            let is_live = live.get(&id).copied().unwrap_or(false);
            match (is_live, rng.below(5)) {
                (false, _) => push(
                    RowKind::Insert,
                    position,
                    if at.is_multiple_of(9) { Value::Absent } else { text() },
                    Value::Set(at as i64),
                ),
                (true, 0) => {
                    push(RowKind::Delete, position, Value::Null, Value::Null);
                    if at.is_multiple_of(2) {
                        push(RowKind::Delete, None, Value::Null, Value::Null);
                    }
                }
                (true, 1 | 2) => push(RowKind::UpdateAfter, position, Value::Absent, Value::Set(at as i64)),
                (true, 3) => push(RowKind::UpdateAfter, position, text(), Value::Absent),
                (true, _) => push(RowKind::UpdateAfter, position, Value::Null, Value::Null),
            }
            let deleted = changes.last().is_some_and(|last: &Change| last.kind == RowKind::Delete);
            live.insert(id, !deleted);
        }
        Self { changes }
    }

    /// The table after the first `count` changes.
    pub(crate) fn table(&self, count: usize) -> BTreeMap<i64, Row> {
        let mut table: BTreeMap<i64, Row> = BTreeMap::new();
        for change in &self.changes[..count] {
            if change.kind == RowKind::Delete {
                table.remove(&change.id);
                continue;
            }
            let old =
                table.get(&change.id).cloned().filter(|_| change.kind == RowKind::UpdateAfter).unwrap_or_default();
            let name = match &change.name {
                Value::Null => None,
                Value::Absent => old.0,
                Value::Set(text) => Some(text.clone()),
            };
            let n = match &change.n {
                Value::Null => None,
                Value::Absent => old.1,
                Value::Set(n) => Some(*n),
            };
            table.insert(change.id, (name, n));
        }
        table
    }

    /// Offsets after the first `count` changes.
    pub(crate) fn ends(&self, count: usize) -> Vec<(i32, i64)> {
        let mut ends = [0; 3];
        for change in &self.changes[..count] {
            ends[change.partition as usize] = change.offset + 1;
        }
        (0..3).zip(ends).collect()
    }

    /// How many changes a run has behind it that stands at these positions.
    pub(crate) fn count_at(&self, at: &Positions) -> usize {
        let is_behind = |change: &&Change| at.get(&partition(change.partition)).is_some_and(|to| change.offset < to.0);
        self.changes.iter().take_while(is_behind).count()
    }
}
