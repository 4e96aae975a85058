//! From a prepared commit and a head to a new head.

use std::path::Path;

use base::{Error, Result};
use flow::Outcome;
use flow::sink::Published;
use rows::Positions;

use super::failpoint::{Failpoint, reach};
use super::prepared::Prepared;
use super::session::Session;
use super::snapshot::{SnapshotOf, write_snapshot};
use super::vectors::{NewVectors, write_vectors};
use crate::catalog::metadata_file::remove_quietly;
use crate::catalog::{Committed, Table, TableChange};
use crate::decide::tag_of;
use crate::files::durable::{disk_error, reserve};
use crate::files::location::child_of;
use crate::index::{IndexRun, IndexedFile};
use crate::metadata::{RefChange, Snapshot, SnapshotRef};

/// Whether a try was the last one.
pub(super) enum Tried {
    Done(Outcome),
    /// The table changed meanwhile.
    Again,
}

impl Session {
    /// Data files and their names are on the disk before a snapshot names them. False if one is gone: another run has
    /// cleaned up.
    pub(super) fn sync_data(&self, prepared: &Prepared) -> Result<bool> {
        let disk = &self.with.tools.disk;
        let mut folder: Option<&Path> = None;
        for new in &prepared.files {
            if disk.stat(&new.path).map_err(|error| disk_error("look at", &new.path, error))?.is_none() {
                return Ok(false);
            }
            let file = disk.open(&new.path, base::disk::Open::Write);
            file.and_then(|file| file.sync()).map_err(|error| disk_error("sync", &new.path, error))?;
            folder = new.path.parent();
        }
        if let Some(folder) = folder {
            disk.sync_dir(folder).map_err(|error| disk_error("sync the folder", folder, error))?;
        }
        Ok(true)
    }

    pub(super) fn publish(
        &mut self,
        table: Table,
        prepared: &mut Prepared,
        positions: &Positions,
        attempt: u32,
    ) -> Result<Tried> {
        let tools = self.with.tools.clone();
        let mut made = Vec::new();
        let written = self.write_metadata(&table, prepared, positions, attempt, &mut made);
        let (snapshot, vectors) = match written {
            Ok(written) => written,
            Err(error) => {
                remove_quietly(tools.disk.as_ref(), made);
                return Err(error);
            }
        };
        let tag = RefChange { name: tag_of(&self.with.job), to: SnapshotRef::tag(snapshot.snapshot_id) };
        // The catalog pays for the next version while it writes it.
        let next_bytes = table.metadata.paid.bytes() + table.metadata.growing_memory();
        let paid = reserve(&tools.account, next_bytes, "table metadata")?;
        let next = table.metadata.with_snapshot(snapshot.clone(), vec![tag])?;
        reach(tools.options.failpoint, Failpoint::BeforeSwap);
        drop(paid);
        let committed = self.catalog()?.commit(vec![TableChange { base: &table, next }]);
        match committed {
            Ok(Committed::Swapped(_)) => {
                reach(tools.options.failpoint, Failpoint::AfterSwap);
                self.tell_unknown(prepared);
                self.after_swap(prepared, &snapshot)?;
                Ok(Tried::Done(Outcome::Published(Published {
                    version: snapshot.snapshot_id.to_string(),
                    rows: prepared.counts.rows.saturating_sub(prepared.counts.again),
                    deletes: vectors.rows.saturating_sub(prepared.counts.again),
                    bytes: prepared.counts.bytes,
                })))
            }
            Ok(Committed::Conflict(_)) => {
                remove_quietly(tools.disk.as_ref(), made);
                Ok(Tried::Again)
            }
            // Nothing is removed before the head has told what happened.
            Ok(Committed::Unknown(error)) => {
                tracing::warn!(table = %self.with.ident, %error, "the outcome of a commit is not known; looking at the table");
                self.uncertain = made;
                Ok(Tried::Again)
            }
            Err(error) => {
                remove_quietly(tools.disk.as_ref(), made);
                Err(error)
            }
        }
    }

    fn write_metadata(
        &mut self,
        table: &Table,
        prepared: &Prepared,
        positions: &Positions,
        attempt: u32,
        made: &mut Vec<String>,
    ) -> Result<(Snapshot, NewVectors)> {
        let tools = self.with.tools.clone();
        let deletions: Vec<&IndexRun> = prepared.deletions.iter().chain(&prepared.deltas).collect();
        let vectors = if deletions.is_empty() {
            NewVectors::none(&tools.account)
        } else {
            let state = tools.shared.lock();
            let info = state.info.as_ref().ok_or_else(|| Error::internal("a commit before recovery"))?;
            let location = |number: usize| {
                let name = format!("a{attempt}-{number}-deletes.puffin");
                child_of(&info.data_location, &tools.names.name(prepared.epoch, &prepared.commit, &name))
            };
            let index = state.index.as_ref().ok_or_else(|| Error::internal("an upsert without an index"))?;
            let head = table.metadata.current_snapshot();
            let files = (&index.files, prepared.files.as_slice());
            write_vectors(&tools.disk, &deletions, files, head, &location, made, &tools.account)?
        };
        let of = SnapshotOf {
            table: &table.metadata,
            prepared,
            vectors: &vectors,
            positions,
            job: &self.with.job,
            names: &tools.names,
            attempt,
            now_ms: self.with.clock.unix_millis(),
        };
        let snapshot = write_snapshot(&of, &tools.disk, &tools.account, &mut self.rng, made)?;
        Ok((snapshot, vectors))
    }

    /// Warns of NULLs for values that are not known, once they are in the table: until then rows may be filled again.
    pub(super) fn tell_unknown(&self, prepared: &Prepared) {
        let counts = &prepared.counts;
        if counts.unknown > 0 {
            tracing::warn!(
                table = %self.with.ident,
                rows = counts.unknown,
                keys = counts.unknown_keys.join("; "),
                "rows came without the values of unchanged columns, and no old row has them: NULL is written"
            );
        }
    }

    /// The index learns what was committed. If it cannot, the job starts again and brings it up to date.
    pub(super) fn after_swap(&mut self, prepared: &mut Prepared, snapshot: &Snapshot) -> Result<()> {
        let tools = &self.with.tools;
        let mut state = tools.shared.lock();
        state.snapshot = Some(snapshot.clone());
        let Some(mut index) = state.index.take() else { return Ok(()) };
        for new in &prepared.files {
            let (location, rows) = new.location_and_rows();
            index.files.insert(IndexedFile { number: new.number, location: location.into(), rows, own: true })?;
        }
        if let Some(changes) = prepared.changes.take() {
            index.attach(changes);
        }
        for moved in prepared.moved.drain(..) {
            index.attach(moved);
        }
        let done = prepared.deletions.take().into_iter().chain(prepared.deltas.drain(..)).chain(prepared.filled.take());
        for run in done {
            index.tidy(&run);
        }
        index.merge(&tools.account)?;
        index.save(Some(snapshot.snapshot_id))?;
        state.index = Some(index);
        Ok(())
    }
}
