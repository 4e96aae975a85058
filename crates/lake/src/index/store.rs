//! The index as a whole: its runs, its files, and where it stands. A cache of the table; losing it costs time only.
//!
//! `index.meta`: magic "MSKEYMET", version u32, JSON length u32, CRC-32C of the JSON u32, JSON. Replaced by rename. It
//! names all runs that count; other files of the folder are left-overs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::disk::Open;
use base::{Disk, Error, Result, Rng};
use ledger::{Account, Reservation};
use serde::{Deserialize, Serialize};

use super::cursor::{CURSOR_BYTES, RunCursor};
use super::entry::{Entry, NOWHERE};
use super::files::{FileTable, IndexedFile};
use super::lookup::Lookup;
use super::run::{IndexRun, IndexRunWriter, WRITE_BYTES, failed, is_damage};
use super::sort::create_fresh;
use crate::run::key::KEY_VERSION;

/// More runs than this are merged: each costs every lookup a walk of its own.
pub const RUNS_MAX: usize = 4;
/// A run is merged with the older one before it once it has more than one in so many of its entries.
const GROWTH: u64 = 4;
const MAGIC: &[u8; 8] = b"MSKEYMET";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 20;

/// The key index of one table.
#[derive(Debug)]
pub struct KeyIndex {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    pub files: FileTable,
    meta: Meta,
    /// Oldest first.
    runs: Vec<IndexRun>,
    /// Pays for `files`.
    paid: Reservation,
    /// Runs that `index.meta` may still name.
    outdated: Vec<PathBuf>,
    merges: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Meta {
    key_version: u32,
    table_uuid: String,
    /// The columns of the key, by id.
    key_ids: Vec<i32>,
    /// The hash's key.
    secret: [u8; 16],
    snapshot: Option<i64>,
    runs: Vec<String>,
    next_run: u64,
    next_file: u32,
    files: Vec<IndexedFile>,
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
        let (files, runs, outdated, paid) = (FileTable::default(), Vec::new(), Vec::new(), account.empty());
        Ok(Self { disk, dir, files, meta, runs, paid, outdated, merges: 0 })
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
        let Some(mut meta) = read_meta(disk.as_ref(), &dir.join("index.meta")) else { return Ok(None) };
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
        let files = FileTable::new(std::mem::take(&mut meta.files), meta.next_file);
        let mut index = Self { disk, dir, files, meta, runs, paid: account.empty(), outdated: Vec::new(), merges: 0 };
        index.pay_for_files()?;
        index.remove_left_overs();
        Ok(Some(index))
    }

    fn remove_left_overs(&self) {
        let listed = self.disk.list(&self.dir).unwrap_or_default();
        for entry in listed.iter().filter(|entry| entry.name != "index.meta" && !self.meta.runs.contains(&entry.name)) {
            remove(self.disk.as_ref(), &self.dir.join(&entry.name));
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

    fn pay_for_files(&mut self) -> Result<()> {
        let bytes = self.files.memory();
        crate::files::durable::grow_to(&mut self.paid, bytes, "the key index's table of files")?;
        self.paid.shrink_to(bytes);
        Ok(())
    }

    /// Says that the index shows `snapshot` now, for this process and the next.
    ///
    /// # Errors
    /// The disk fails, or the account cannot hold the file table.
    pub fn save(&mut self, snapshot: Option<i64>) -> Result<()> {
        self.pay_for_files()?;
        self.meta.snapshot = snapshot;
        self.meta.runs =
            self.runs.iter().filter_map(|run| Some(run.path.file_name()?.to_string_lossy().into_owned())).collect();
        self.meta.next_file = self.files.next_number();
        // The list and its JSON, which is built in a vector that doubles.
        let bytes = base::ByteCount(self.files.memory().get() * 4 + (16 << 10));
        let _paid = crate::files::durable::reserve(self.paid.account(), bytes, "saving the key index")?;
        self.meta.files = self.files.iter().cloned().collect();
        let written = write_meta(self.disk.as_ref(), &self.dir, &self.meta);
        self.meta.files = Vec::new();
        written?;
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

/// `None` if it is missing or not as it was written.
fn read_meta(disk: &dyn Disk, path: &Path) -> Option<Meta> {
    let file = disk.open(path, Open::Read).ok()?;
    let mut bytes = vec![0; usize::try_from(file.len().ok()?).ok()?];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let mut at = crate::run::bytes::Cursor::new(&bytes);
    if at.take(8)? != MAGIC || at.u32()? != VERSION {
        return None;
    }
    let (length, crc) = (at.u32()? as usize, at.u32()?);
    let json = at.take(length)?;
    if crc32c::crc32c(json) != crc {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn write_meta(disk: &dyn Disk, dir: &Path, meta: &Meta) -> Result<()> {
    let json = serde_json::to_vec(meta).map_err(|error| Error::internal(format!("index metadata: {error}")))?;
    let mut bytes = Vec::with_capacity(HEADER_BYTES + json.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(json.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&json).to_le_bytes());
    bytes.extend_from_slice(&json);
    let (path, final_path) = (dir.join("index.new"), dir.join("index.meta"));
    let file = disk.open(&path, Open::WriteOrCreate).map_err(|error| failed("write", &path, error))?;
    file.set_len(0).map_err(|error| failed("write", &path, error))?;
    file.write_all_at(&bytes, 0).map_err(|error| failed("write", &path, error))?;
    disk.rename(&path, &final_path).map_err(|error| failed("replace", &final_path, error))
}
