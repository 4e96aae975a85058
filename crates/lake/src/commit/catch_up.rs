//! Keeping up with what others do to the table.

use std::sync::Arc;

use base::{Error, Result};

use super::advance::{Advanced, advance};
use super::delta::added_and_changed;
use super::prepared::Prepared;
use super::refill::refill;
use super::session::Session;
use crate::catalog::Table;
use crate::decide::{IndexUse, index_use};
use crate::index::KeyIndex;
use crate::table::{TableInfo, WriteMode};

impl Session {
    /// Brings the index to head if others committed since the look-ups, and adds what this commit deletes then to what
    /// is prepared. That stays, since the index is not brought to the same head twice: a further try adds what came
    /// after it.
    pub(super) fn resolve_delta(
        &mut self,
        table: &Table,
        info: &Arc<TableInfo>,
        prepared: &mut Prepared,
        attempt: u32,
    ) -> Result<()> {
        let head = table.metadata.current_snapshot();
        let head_id = head.map(|head| head.snapshot_id);
        if head_id == prepared.base {
            return Ok(());
        }
        let follows = |base: i64| table.metadata.ancestors(head_id).any(|s| s.snapshot_id == base);
        if !prepared.base.is_none_or(follows) {
            // The index is built anew then, and what was looked up in the old one means nothing.
            return Err(Error::transient(format!(
                "the table {} was rolled back while a commit was prepared",
                self.with.ident
            ))
            .hint("the job starts again from where the table stands"));
        }
        let advanced = self.catch_up(table, info)?;
        let with = self.with.tools.with(info.clone());
        if let (Some(changes), Some(added)) = (&prepared.changes, &advanced.added) {
            let state = self.with.tools.shared.lock();
            let index = state.index.as_ref().ok_or_else(|| Error::internal("an upsert without an index"))?;
            let path = index.dir().join(format!("delta{}", prepared.deltas.len()));
            prepared.deltas.extend(added_and_changed(path, changes, added, &with)?);
        }
        if let Some(head) = head.filter(|_| prepared.filled.is_some()) {
            // Rows are filled in the memory of preparing, which one sink uses at a time.
            let _lease = self.with.lease.take();
            refill(&self.with.writing.with(info.clone()), prepared, advanced.added.as_ref(), head, attempt)?;
        }
        prepared.base = head_id;
        Ok(())
    }

    /// Makes index and state show head, whatever they showed. Says what came; nothing if they showed head already.
    pub(super) fn catch_up(&mut self, table: &Table, info: &Arc<TableInfo>) -> Result<Advanced> {
        let tools = self.with.tools.clone();
        let head = table.metadata.current_snapshot();
        let head_id = head.map(|head| head.snapshot_id);
        let mut advanced = Advanced::default();
        let is_shown = tools.shared.lock().index.as_ref().is_some_and(|index| index.snapshot() == head_id);
        // Data files are read in the memory of writing, which one sink uses at a time. Before the state is locked, as by
        // whoever prepares.
        let _lease = (self.with.mode == WriteMode::Upsert && !is_shown).then(|| self.with.lease.take());
        let mut state = tools.shared.lock();
        if self.with.mode == WriteMode::Upsert {
            let dir = tools.state_dir.join("index");
            let (disk, account) = (&tools.disk, &tools.account);
            let known = match state.index.take() {
                Some(index) => Some(index),
                None => KeyIndex::load(disk.clone(), dir.clone(), &info.uuid, &info.key_ids, account)?,
            };
            let known = known.and_then(|index| {
                let is_ancestor =
                    index.snapshot().is_some_and(|id| table.metadata.ancestors(head_id).any(|s| s.snapshot_id == id));
                match index_use(index.snapshot(), head_id, is_ancestor) {
                    IndexUse::AsIs => Some((index, false)),
                    IndexUse::Advance => Some((index, true)),
                    IndexUse::Rebuild => None,
                }
            });
            let (mut index, outdated) = match known {
                Some(known) => known,
                None => (KeyIndex::create(disk.clone(), dir, &info.uuid, info.key_ids.clone(), account)?, true),
            };
            if outdated {
                advanced = advance(&mut index, info, head, disk, &self.with.writing.account)?;
                index.merge(account)?;
                index.save(head_id)?;
                tracing::debug!(table = %self.with.ident, added = advanced.files_added, gone = advanced.files_gone, "the key index shows the table's head");
            }
            state.index = Some(index);
        }
        state.snapshot = head.cloned();
        Ok(advanced)
    }
}
