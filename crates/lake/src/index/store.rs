//! The index as a whole: its runs, its files, and where it stands. A cache of the table; losing it costs time only.
//!
//! `index.meta` names all runs that count; other files of the folder are left-overs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Disk, Error, Result, Rng};
use ledger::Account;

use super::cursor::{CURSOR_BYTES, RunCursor};
use super::entry::{Entry, NOWHERE};
use super::files::FileTable;
use super::lookup::Lookup;
use super::meta::{Meta, read_meta, write_meta};
use super::run::{IndexRun, IndexRunWriter, WRITE_BYTES, failed, is_damage};
use super::sort::create_fresh;
use crate::run::key::KEY_VERSION;

/// More runs than this are merged: each costs every lookup a walk of its own.
pub const RUNS_MAX: usize = 4;
/// A run is merged with the older one before it once it has more than one in so many of its entries.
const GROWTH: u64 = 4;

/// The key index of one table.
#[derive(Debug)]
pub struct KeyIndex {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    pub files: FileTable,
    meta: Meta,
    /// Oldest first.
    runs: Vec<IndexRun>,
    account: Account,
    /// Runs that `index.meta` may still name.
    outdated: Vec<PathBuf>,
    merges: u64,
}

impl KeyIndex {
    /// An empty index for a table without rows, or to be built.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn create(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        table_uuid: &str,
        key_ids: Vec<i32>,
        account: &Account,
    ) -> Result<Self> {
        if disk.stat(&dir).map_err(|error| failed("look at", &dir, error))?.is_some() {
            disk.remove_dir_all(&dir).map_err(|error| failed("clear", &dir, error))?;
        }
        disk.create_dir_all(&dir).map_err(|error| failed("create", &dir, error))?;
        let secret = Rng::from_entropy().uuid();
        let meta =
            Meta { key_version: KEY_VERSION, table_uuid: table_uuid.to_owned(), key_ids, secret, ..Meta::default() };
        let (files, account) = (FileTable::new(account, 0), account.clone());
        Ok(Self { disk, dir, files, meta, runs: Vec::new(), account, outdated: Vec::new(), merges: 0 })
    }

    /// The index that an earlier process left, if it is of this table and this version and whole.
    ///
    /// # Errors
    /// The account cannot hold its file table.
    pub fn load(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        table_uuid: &str,
        key_ids: &[i32],
        account: &Account,
    ) -> Result<Option<Self>> {
        let read = read_meta(disk.as_ref(), &dir.join("index.meta"), account)?;
        let Some((meta, files)) = read else { return Ok(None) };
        if meta.key_version != KEY_VERSION || meta.table_uuid != table_uuid || meta.key_ids != key_ids {
            return Ok(None);
        }
        let opened: Result<Vec<IndexRun>> =
            meta.runs.iter().map(|name| IndexRun::open(disk.as_ref(), dir.join(name))).collect();
        let runs = match opened {
            Ok(runs) => runs,
            Err(error) => {
                tracing::info!(%error, "the key index is incomplete and will be rebuilt");
                return Ok(None);
            }
        };
        let account = account.clone();
        let index = Self { disk, dir, files, meta, runs, account, outdated: Vec::new(), merges: 0 };
        index.remove_left_overs();
        Ok(Some(index))
    }

    fn remove_left_overs(&self) {
        let visited = self.disk.visit(&self.dir, &mut |entry| {
            if entry.name != "index.meta" && !self.meta.runs.contains(&entry.name) {
                remove(self.disk.as_ref(), &self.dir.join(&entry.name));
            }
        });
        if let Err(error) = visited {
            tracing::debug!(path = %self.dir.display(), %error, "left-overs of the key index stay until the next start");
        }
    }

    /// The table's snapshot that the index shows; `None` for the table without rows.
    pub fn snapshot(&self) -> Option<i64> {
        self.meta.snapshot
    }

    pub fn secret(&self) -> &[u8; 16] {
        &self.meta.secret
    }

    pub fn run_count(&self) -> usize {
        self.runs.len()
    }

    /// How often runs were merged since the start.
    pub fn merges(&self) -> u64 {
        self.merges
    }

    /// The folder in which runs are made.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn lookup(&self, account: &Account, more: &Account) -> Result<Lookup> {
        Lookup::new(&self.runs, account, more).inspect_err(|error| self.forget_if_damaged(error))
    }

    /// A writer for a run that [`Self::attach`] may add.
    pub fn new_run(&mut self) -> Result<IndexRunWriter> {
        let path = self.dir.join(format!("{:08}.run", self.meta.next_run));
        self.meta.next_run += 1;
        create_fresh(self.disk.as_ref(), path)
    }

    /// Adds a run as the newest. [`Self::save`] makes it last.
    pub fn attach(&mut self, run: IndexRun) {
        if run.entries == 0 {
            self.outdated.push(run.path);
        } else {
            self.runs.push(run);
        }
    }

    /// Adds a run that was made in this folder under another name, as the newest.
    ///
    /// # Errors
    /// The disk fails.
    pub fn adopt(&mut self, run: IndexRun) -> Result<IndexRun> {
        let path = self.dir.join(format!("{:08}.run", self.meta.next_run));
        self.meta.next_run += 1;
        self.disk.rename(&run.path, &path).map_err(|error| failed("rename", &run.path, error))?;
        let run = IndexRun { path, ..run };
        self.attach(run.clone());
        Ok(run)
    }

    /// Merges runs until there are few and each is much larger than the next.
    ///
    /// # Errors
    /// The disk fails, or the index is damaged.
    pub fn merge(&mut self, account: &Account) -> Result<()> {
        loop {
            let entries: Vec<u64> = self.runs.iter().map(|run| run.entries).collect();
            let grown = entries.windows(2).position(|pair| pair[1] * GROWTH > pair[0]);
            let from = match grown {
                Some(from) => from,
                None if entries.len() > RUNS_MAX => entries.len() - 2,
                None => return Ok(()),
            };
            let merged = self.merge_tail(from, account);
            merged.inspect_err(|error| self.forget_if_damaged(error))?;
        }
    }

    /// Makes one run of all from `from` on. Within them an own entry replaces all older ones of its key.
    fn merge_tail(&mut self, from: usize, account: &Account) -> Result<()> {
        let together: Vec<IndexRun> = self.runs.split_off(from);
        let bytes = base::ByteCount::from(together.len() * CURSOR_BYTES + 2 * WRITE_BYTES);
        let _paid = crate::files::durable::reserve(account, bytes, "merging the key index")?;
        let mut writer = self.new_run()?;
        let newest_first = together.iter().rev().map(|run| RunCursor::new(run.clone(), None));
        let mut cursors = newest_first.collect::<Result<Vec<RunCursor>>>()?;
        while let Some(hash) = cursors.iter().filter_map(RunCursor::current).map(|entry| entry.hash).min() {
            let mut replaced = false;
            for cursor in &mut cursors {
                let mut replaces = false;
                while let Some(entry) = cursor.current().filter(|entry| entry.hash == hash) {
                    let file = self.files.get(entry.file);
                    let nowhere = entry.file == NOWHERE;
                    replaces |= nowhere || file.is_some_and(|file| file.own);
                    if !replaced && (file.is_some() || (nowhere && from > 0)) {
                        writer.put(self.disk.as_ref(), entry)?;
                    }
                    cursor.advance()?;
                }
                replaced |= replaces;
            }
        }
        let run = writer.finish(self.disk.as_ref())?;
        self.outdated.extend(together.into_iter().map(|run| run.path));
        self.attach(run);
        self.merges += 1;
        Ok(())
    }

    /// Says that the index shows `snapshot` now, for this process and the next.
    ///
    /// # Errors
    /// The disk fails, or the account is short.
    pub fn save(&mut self, snapshot: Option<i64>) -> Result<()> {
        self.meta.snapshot = snapshot;
        self.meta.runs =
            self.runs.iter().filter_map(|run| Some(run.path.file_name()?.to_string_lossy().into_owned())).collect();
        self.meta.next_file = self.files.next_number();
        self.meta.files = self.files.len() as u64;
        write_meta(self.disk.as_ref(), &self.dir, &self.meta, &self.files, &self.account)?;
        for path in std::mem::take(&mut self.outdated) {
            remove(self.disk.as_ref(), &path);
        }
        Ok(())
    }

    /// Removes a run of the index's folder that is no part of it, as far as the disk allows: what stays, the next start
    /// removes.
    pub fn tidy(&self, run: &IndexRun) {
        remove(self.disk.as_ref(), &run.path);
    }

    /// Makes the next start rebuild the index if the error says that it must.
    pub fn forget_if_damaged(&self, error: &Error) {
        if is_damage(error) {
            tracing::warn!(%error, "the key index is damaged and will be rebuilt");
            self.forget();
        }
    }

    /// Makes the next start rebuild the index.
    fn forget(&self) {
        remove(self.disk.as_ref(), &self.dir.join("index.meta"));
    }

    /// Entries over all runs, replaced ones included.
    pub fn entries(&self) -> u64 {
        self.runs.iter().map(|run| run.entries).sum()
    }

    /// Where a key is, for tests and single look-ups.
    pub fn find(&self, hash: u128, account: &Account) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        self.lookup(account, account)?.find(hash, &self.files, &mut found)?;
        Ok(found)
    }
}

fn remove(disk: &dyn Disk, path: &Path) {
    if let Err(error) = disk.remove_file(path) {
        tracing::debug!(path = %path.display(), %error, "a file of the key index stays until the next start");
    }
}
