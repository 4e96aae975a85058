//! Phase two: from a prepared commit to a snapshot that the catalog names.

use std::path::Path;
use std::sync::Arc;

use base::{ByteCount, Clock, Error, Result, Rng};
use flow::sink::Published;
use flow::{Committable, Committer, Outcome, Recovered};
use rows::Positions;

use super::advance::{Advanced, advance};
use super::carried;
use super::delta::{added_and_changed, refill};
use super::failpoint::{Failpoint, reach};
use super::live::manifests;
use super::prepare::PrepareWith;
use super::prepared::Prepared;
use super::snapshot::{SnapshotOf, write_snapshot};
use super::vectors::{NewVectors, write_vectors};
use crate::catalog::metadata_file::remove_quietly;
use crate::catalog::{Catalog, Committed, Table, TableChange, TableIdent};
use crate::decide::{COMMIT, Head, IndexUse, Standing, Verdict, after, index_use, standing, tag_of, verdict};
use crate::files::durable::disk_error;
use crate::files::location::child_of;
use crate::files::manifest::ManifestFile;
use crate::index::{IndexRun, IndexedFile, KeyIndex};
use crate::metadata::{RefChange, Snapshot, SnapshotRef, TableMetadata};
use crate::table::{TableInfo, WriteMode};

/// What publishing needs however short memory is: the catalog's connection and two versions of the metadata, manifests
/// being read and written, one deletion vector, sorting and merging entries of the index.
pub const COMMIT_FLOOR: ByteCount = ByteCount::mib(10);

/// So many conflicts in a row mean that something is wrong.
const ATTEMPTS_MAX: u32 = 50;

/// How committers of one process reach their catalog: opened when the first one needs it.
pub trait OpenCatalog: Send + Sync + std::fmt::Debug {
    fn catalog(&self) -> Result<Arc<dyn Catalog>>;
}

/// Publishes the commits of one sink.
#[derive(Debug)]
pub struct LakeCommitter {
    pub(crate) with: CommitWith,
    pub(crate) catalog: Option<Arc<dyn Catalog>>,
    /// Who cleaned up last, when this run began; see [`super::recover`].
    pub(crate) cleaner: Option<String>,
    pub(crate) rng: Rng,
}

/// Tools and places for committing.
#[derive(Debug)]
pub struct CommitWith {
    pub open: Arc<dyn OpenCatalog>,
    pub ident: TableIdent,
    pub mode: WriteMode,
    pub job: String,
    pub clock: Arc<dyn Clock>,
    /// With `info` still missing: that is set by `recover`. Its account is the committer's.
    pub tools: Tools,
}

/// As [`PrepareWith`], before the table is known.
#[derive(Clone, Debug)]
pub struct Tools {
    pub disk: Arc<dyn base::Disk>,
    pub account: ledger::Account,
    pub shared: crate::table::Shared,
    pub options: crate::options::SinkOptions,
    pub names: super::names::FileNames,
    pub state_dir: std::path::PathBuf,
}

impl Tools {
    pub fn with(&self, info: Arc<TableInfo>) -> PrepareWith {
        PrepareWith {
            disk: self.disk.clone(),
            account: self.account.clone(),
            shared: self.shared.clone(),
            info,
            options: self.options,
            names: self.names.clone(),
            state_dir: self.state_dir.clone(),
        }
    }
}

/// Whether a try was the last one.
enum Tried {
    Done(Outcome),
    /// The table changed meanwhile.
    Again,
}

impl Committer for LakeCommitter {
    fn floor(&self) -> ByteCount {
        COMMIT_FLOOR
    }

    fn recover(&mut self) -> Result<Recovered> {
        self.recover_table()
    }

    fn commit(&mut self, prepared: Committable) -> Result<Outcome> {
        let prepared = prepared.downcast::<Prepared>();
        let mut prepared = *prepared.map_err(|_| Error::internal("a commit of another kind of sink"))?;
        reach(self.with.tools.options.failpoint, Failpoint::AfterPrepare);
        self.tell_unknown(&prepared);
        for attempt in 0..ATTEMPTS_MAX {
            match self.try_commit(&mut prepared, attempt)? {
                Tried::Again => {}
                Tried::Done(outcome) => {
                    if matches!(outcome, Outcome::Overtaken { .. }) {
                        prepared.discard(self.with.tools.disk.as_ref());
                    }
                    return Ok(outcome);
                }
            }
        }
        Err(Error::transient(format!(
            "the table {} changed {ATTEMPTS_MAX} times while a commit was tried",
            self.with.ident
        ))
        .hint("another writer commits without pause; let it write larger commits"))
    }
}

impl LakeCommitter {
    pub(crate) fn catalog(&mut self) -> Result<Arc<dyn Catalog>> {
        if let Some(catalog) = &self.catalog {
            return Ok(catalog.clone());
        }
        Ok(self.catalog.insert(self.with.open.catalog()?).clone())
    }

    pub(crate) fn load(&mut self) -> Result<Table> {
        let ident = self.with.ident.clone();
        self.catalog()?.load(&ident)?.ok_or_else(|| {
            Error::user(format!("the table {ident} does not exist"))
                .hint("create it with CREATE TABLE IF NOT EXISTS, before the INSERT")
        })
    }

    fn tell_unknown(&self, prepared: &Prepared) {
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

    /// Data files and their names are on the disk before a snapshot names them. False if one is gone: another run has
    /// cleaned up.
    fn sync_data(&self, prepared: &Prepared) -> Result<bool> {
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

    fn try_commit(&mut self, prepared: &mut Prepared, attempt: u32) -> Result<Tried> {
        let table = self.load()?;
        let info = self.check_unchanged(&table.metadata)?;
        let (positions, _) = self.positions(&table.metadata)?;
        let head = Head {
            positions: &positions,
            has_this_commit: has_commit(&table.metadata, &prepared.commit),
            cleaned_by_another: self.cleaner(&table.metadata) != self.cleaner,
        };
        match verdict(head, &prepared.spans) {
            Verdict::Publish => {}
            Verdict::Overtaken(head) => return Ok(Tried::Done(Outcome::Overtaken { head })),
            Verdict::AlreadyPublished => {
                // What this process knows of the table is from before that commit.
                self.with.tools.shared.lock().index = None;
                self.catch_up(&table, &info)?;
                return Ok(Tried::Done(Outcome::AlreadyPublished));
            }
        }
        if prepared.is_empty() && prepared.spans.iter().all(|span| span.from == span.to) {
            let version = table.metadata.current_snapshot_id.map(|id| id.to_string()).unwrap_or_default();
            return Ok(Tried::Done(Outcome::Published(Published { version, ..Published::default() })));
        }
        let delta = self.resolve_delta(&table, &info, prepared)?;
        if !self.sync_data(prepared)? {
            return Ok(Tried::Again);
        }
        self.publish(table, prepared, &after(&positions, &prepared.spans.clone()), delta, attempt)
    }

    /// The table is still the one that was opened.
    fn check_unchanged(&self, table: &TableMetadata) -> Result<Arc<TableInfo>> {
        let info = self.with.tools.shared.lock().info.clone();
        let info = info.ok_or_else(|| Error::internal("a commit before recovery"))?;
        if info.uuid != table.table_uuid {
            return Err(Error::user(format!(
                "the table {} was replaced by another one while the job ran",
                self.with.ident
            ))
            .hint("start the job again; it begins where the new table says"));
        }
        if info.schema_id != table.current_schema_id {
            return Err(Error::transient(format!("the columns of {} were changed while the job ran", self.with.ident))
                .hint("the job starts again with the new columns"));
        }
        Ok(info)
    }

    /// Where head says the job stands, and what is worth telling about it.
    pub(crate) fn positions(&self, table: &TableMetadata) -> Result<(Positions, Vec<String>)> {
        let (disk, account) = (self.with.tools.disk.as_ref(), &self.with.tools.account);
        let told = |from: &Snapshot, to: &str| {
            format!(
                "the table {} was rolled back from snapshot {} to {to}: job '{}' goes on from there",
                self.with.ident, from.snapshot_id, self.with.job
            )
        };
        match standing(table, &self.with.job) {
            Standing::Start { rolled_back_from } => {
                Ok((Positions::new(), rolled_back_from.map(|from| told(from, "before its first commit")).into_iter().collect()))
            }
            Standing::At { carrier, rolled_back_from } => {
                let note = rolled_back_from.map(|from| told(from, &carrier.snapshot_id.to_string()));
                Ok((carried::get(carrier, disk, account)?, note.into_iter().collect()))
            }
            Standing::Unclear { tagged } => Err(Error::user(format!(
                "the table {} does not tell where job '{}' stands: its history has expired",
                self.with.ident, self.with.job
            ))
            .detail(format!("the tag {} names snapshot {}, which is no known ancestor of the current one", tag_of(&self.with.job), tagged.snapshot_id))
            .hint("to go on from the tagged positions, roll the table forward to that snapshot; to begin anew, drop the tag"))
        }
    }

    /// Brings the index to head if others committed since the look-ups, and answers what else this commit deletes then.
    fn resolve_delta(
        &mut self,
        table: &Table,
        info: &Arc<TableInfo>,
        prepared: &mut Prepared,
    ) -> Result<Option<IndexRun>> {
        let head = table.metadata.current_snapshot();
        if head.map(|head| head.snapshot_id) == prepared.base {
            return Ok(None);
        }
        let follows =
            |base: i64| table.metadata.ancestors(head.map(|head| head.snapshot_id)).any(|s| s.snapshot_id == base);
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
        let delta = match (&prepared.changes, &advanced.added) {
            (Some(changes), Some(added)) => {
                let state = self.with.tools.shared.lock();
                let index = state.index.as_ref().ok_or_else(|| Error::internal("an upsert without an index"))?;
                added_and_changed(index, changes, added, &with)?
            }
            _ => None,
        };
        if let Some(head) = head.filter(|_| !prepared.filled.is_empty()) {
            refill(&with, prepared, advanced.added.as_ref(), head)?;
        }
        Ok(delta)
    }

    /// Makes index and state show head, whatever they showed. Says what came; nothing if they showed head already.
    pub(crate) fn catch_up(&mut self, table: &Table, info: &Arc<TableInfo>) -> Result<Advanced> {
        let tools = self.with.tools.clone();
        let head = table.metadata.current_snapshot();
        let head_id = head.map(|head| head.snapshot_id);
        let mut advanced = Advanced::default();
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
                advanced = advance(&mut index, info, head, disk, account)?;
                index.merge(account)?;
                index.save(head_id)?;
                tracing::debug!(table = %self.with.ident, added = advanced.files_added, gone = advanced.files_gone, "the key index shows the table's head");
            }
            state.index = Some(index);
        }
        state.snapshot = head.cloned();
        Ok(advanced)
    }

    fn publish(
        &mut self,
        table: Table,
        prepared: &mut Prepared,
        positions: &Positions,
        delta: Option<IndexRun>,
        attempt: u32,
    ) -> Result<Tried> {
        let tools = self.with.tools.clone();
        let mut made = Vec::new();
        let written = self.write_metadata(&table, prepared, positions, delta.as_ref(), attempt, &mut made);
        if let Some(delta) = delta {
            tools.disk.remove_file(&delta.path).map_err(|error| disk_error("remove", &delta.path, error))?;
        }
        let (snapshot, vectors) = match written {
            Ok(written) => written,
            Err(error) => {
                remove_quietly(tools.disk.as_ref(), made);
                return Err(error);
            }
        };
        let tag = RefChange { name: tag_of(&self.with.job), to: SnapshotRef::tag(snapshot.snapshot_id) };
        let next = table.metadata.with_snapshot(snapshot.clone(), vec![tag])?;
        reach(tools.options.failpoint, Failpoint::BeforeSwap);
        let committed = self.catalog()?.commit(vec![TableChange { base: &table, next }]);
        match committed {
            Ok(Committed::Swapped(_)) => {
                reach(tools.options.failpoint, Failpoint::AfterSwap);
                self.after_swap(prepared, &snapshot)?;
                Ok(Tried::Done(Outcome::Published(Published {
                    version: snapshot.snapshot_id.to_string(),
                    rows: prepared.counts.rows,
                    deletes: vectors.rows,
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
        delta: Option<&IndexRun>,
        attempt: u32,
        made: &mut Vec<String>,
    ) -> Result<(Snapshot, NewVectors)> {
        let tools = self.with.tools.clone();
        let manifests: Vec<ManifestFile> =
            manifests(tools.disk.as_ref(), table.metadata.current_snapshot(), &tools.account)?;
        let deletions: Vec<&IndexRun> = prepared.deletions.iter().chain(delta).collect();
        let vectors = if deletions.is_empty() {
            NewVectors::default()
        } else {
            let state = tools.shared.lock();
            let info = state.info.as_ref().ok_or_else(|| Error::internal("a commit before recovery"))?;
            let name = tools.names.name(prepared.epoch, &prepared.commit, &format!("a{attempt}-deletes.puffin"));
            let location = child_of(&info.data_location, &name);
            made.push(location.clone());
            let index = state.index.as_ref().ok_or_else(|| Error::internal("an upsert without an index"))?;
            write_vectors(&tools.disk, &deletions, &index.files, &manifests, location, &tools.account)?
        };
        if vectors.location.is_none() && !deletions.is_empty() {
            made.pop();
        }
        let of = SnapshotOf {
            table: &table.metadata,
            manifests: &manifests,
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

    /// The index learns what was committed. If it cannot, the job starts again and brings it up to date.
    fn after_swap(&mut self, prepared: &mut Prepared, snapshot: &Snapshot) -> Result<()> {
        let tools = &self.with.tools;
        let mut state = tools.shared.lock();
        state.snapshot = Some(snapshot.clone());
        let Some(mut index) = state.index.take() else { return Ok(()) };
        for new in &prepared.files {
            let rows = u64::try_from(new.file.record_count).unwrap_or(0);
            let location = new.file.file_path.clone();
            index.files.insert(IndexedFile { number: new.number, location, rows, own: true });
        }
        if let Some(changes) = prepared.changes.take() {
            index.attach(changes);
        }
        if let Some(deletions) = prepared.deletions.take() {
            tools.disk.remove_file(&deletions.path).map_err(|error| disk_error("remove", &deletions.path, error))?;
        }
        index.merge(&tools.account)?;
        index.save(Some(snapshot.snapshot_id))?;
        state.index = Some(index);
        Ok(())
    }
}

/// One of head's ancestors is this commit.
fn has_commit(table: &TableMetadata, commit: &str) -> bool {
    table
        .ancestors(table.current_snapshot_id)
        .any(|snapshot| snapshot.summary.get(COMMIT).is_some_and(|id| id == commit))
}
