//! The start of a run: where the job stands in its table, and what failed attempts left behind.
//!
//! Files that this job made and no snapshot names are removed. But another run of the job may be alive, with files that
//! it is just about to publish. So the cleaner first swaps in a version of the table that names it
//! (`millstream.cleaner.JOB` among the properties): a run that began before finds another name there and is overtaken,
//! instead of publishing files that are gone. Only what was there before the swap is removed: what appears later is of a
//! run that knows the new name, and a version of the metadata that appears later may be the table's current one.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{ByteCount, Error, Result};
use flow::Recovered;
use ledger::{Account, Reservation};

use super::live::Manifests;
use super::names::new_commit_id;
use super::session::Session;
use crate::catalog::metadata_file::version_of;
use crate::catalog::{Committed, Table, TableChange, metadata_file};
use crate::decide::{COMMIT, JOB};
use crate::files::durable::{create_dir_durable, disk_error, grow_to, remove_if_there, reserve};
use crate::files::manifest::{Columns, ManifestReader};
use crate::metadata::Snapshot;
use crate::table::TableInfo;

/// The table changes under the clean-up at most so often.
const ATTEMPTS_MAX: u32 = 20;

impl Session {
    pub(super) fn recover_table(&mut self) -> Result<Recovered> {
        let mut table = self.load()?;
        let info = Arc::new(TableInfo::new(&table.metadata, self.with.mode)?);
        let disk = self.with.tools.disk.clone();
        create_dir_durable(disk.as_ref(), &info.data_dir)?;
        let mut attempts = 0;
        loop {
            self.cleaner = self.cleaner_of(&table.metadata);
            let left_overs = self.left_overs(&table, &info)?;
            if left_overs.by_name.is_empty() {
                break;
            }
            attempts += 1;
            if attempts > ATTEMPTS_MAX {
                return Err(Error::transient(format!(
                    "the table {} changes too fast to clean up in it",
                    self.with.ident
                )));
            }
            if let Some(fenced) = self.fence(&table)? {
                // Nothing was published between the look at the table and this swap, so they are left-overs still.
                for path in left_overs.by_name.values() {
                    remove_if_there(disk.as_ref(), path).map_err(|error| disk_error("remove", path, error))?;
                }
                table = fenced;
                break;
            }
            table = self.load()?;
        }
        self.with.tools.shared.lock().info = Some(info.clone());
        self.catch_up(&table, &info)?;
        let (positions, notes) = self.positions(&table.metadata)?;
        Ok(Recovered { positions, notes })
    }

    /// Swaps in a version that names this run as the cleaner; `None` if the table changed meanwhile.
    fn fence(&mut self, table: &Table) -> Result<Option<Table>> {
        let me = new_commit_id(&mut self.rng);
        // The catalog pays for the next version while it writes it.
        let paid = reserve(&self.with.tools.account, table.metadata.paid.bytes(), "table metadata")?;
        let mut next = table.metadata.value.clone();
        self.set_cleaner(&mut next, &me);
        next.last_updated_ms = self.with.clock.unix_millis().max(next.last_updated_ms);
        drop(paid);
        match self.catalog()?.commit(vec![TableChange { base: table, next }])? {
            Committed::Swapped(mut tables) => {
                self.cleaner = Some(me);
                Ok(tables.pop())
            }
            Committed::Conflict(_) => Ok(None),
            Committed::Unknown(error) => Err(error),
        }
    }

    /// Files of this job that no snapshot of the table names.
    fn left_overs(&mut self, table: &Table, info: &TableInfo) -> Result<LeftOvers> {
        let tools = &self.with.tools;
        let known = table.metadata.snapshots.len() + table.metadata.metadata_log.len() + 1;
        let _paid = reserve(&tools.account, ByteCount::from(known * KNOWN_BYTES), "the history of a table")?;
        let published: HashSet<&str> = table
            .metadata
            .snapshots
            .iter()
            .filter_map(|snapshot| snapshot.summary.get(COMMIT))
            .map(String::as_str)
            .collect();
        let history = History::of(table);
        let mut found = LeftOvers::none(&tools.account);
        for dir in [&info.data_dir, &info.metadata_dir] {
            let mut added = Ok(());
            let visited = tools.disk.visit(dir, &mut |entry| {
                if entry.is_dir || added.is_err() {
                    return;
                }
                let is_left = tools.names.commit_of(&entry.name).is_some_and(|commit| !published.contains(commit));
                let may_be_version = dir == &info.metadata_dir && history.may_have_passed_over(&entry.name);
                if is_left || may_be_version && self.is_unnamed_version(table, &history, &dir.join(&entry.name)) {
                    added = found.add(dir, entry.name);
                }
            });
            visited.map_err(|error| disk_error("list", dir, error))?;
            added?;
        }
        if !found.by_name.is_empty() {
            self.spare_named_by_oldest(table, &mut found)?;
        }
        Ok(found)
    }

    /// A version of the metadata with which this job would have gone on from a version in the table's history, but did
    /// not: the process died between writing it and the swap, or the answer to the swap was lost.
    fn is_unnamed_version(&self, table: &Table, history: &History<'_>, path: &Path) -> bool {
        let (disk, account) = (self.with.tools.disk.as_ref(), &self.with.tools.account);
        let Ok(version) = metadata_file::read(disk, &path.to_string_lossy(), account) else { return false };
        let follows = version.metadata_log.last().is_some_and(|previous| history.has(&previous.metadata_file));
        let own_commit = |snapshot: &Snapshot| {
            snapshot.summary.get(JOB) == Some(&self.with.job) && table.metadata.snapshot(snapshot.snapshot_id).is_none()
        };
        let own_fence = self.cleaner_of(&version) != self.cleaner;
        version.table_uuid == table.metadata.table_uuid
            && follows
            && (own_fence || version.current_snapshot().is_some_and(own_commit))
    }

    /// Keeps the files of snapshots whose parents have expired: a commit that no snapshot is of may still be part of
    /// those. (What is live in a snapshot is live in all between the one that added it and this one.)
    fn spare_named_by_oldest(&self, table: &Table, found: &mut LeftOvers) -> Result<()> {
        let (disk, account) = (self.with.tools.disk.as_ref(), &self.with.tools.account);
        let expired =
            |snapshot: &&Snapshot| snapshot.parent_snapshot_id.is_some_and(|id| table.metadata.snapshot(id).is_none());
        for snapshot in table.metadata.snapshots.iter().filter(expired) {
            snapshot.manifest_list.iter().for_each(|list| found.spare(list));
            let mut manifests = Manifests::of(disk, Some(snapshot), account)?;
            while let Some((_, manifest)) = manifests.next_manifest()? {
                found.spare(&manifest.manifest_path);
                let mut entries = ManifestReader::open(disk, &manifest, Columns::WithoutMetrics, account)?;
                while let Some(entry) = entries.next_live()? {
                    found.spare(&entry.data_file.file_path);
                }
            }
        }
        Ok(())
    }
}

/// What is known of a snapshot or a version, as sets that grow hold it.
const KNOWN_BYTES: usize = 80;

/// Files that are to be removed, by their names.
struct LeftOvers {
    by_name: BTreeMap<String, PathBuf>,
    paid: Reservation,
}

impl LeftOvers {
    fn none(account: &Account) -> Self {
        Self { by_name: BTreeMap::new(), paid: account.empty() }
    }

    fn add(&mut self, dir: &Path, name: String) -> Result<()> {
        let bytes = ByteCount::from(2 * KNOWN_BYTES + 2 * name.len() + dir.as_os_str().len());
        let all = self.paid.bytes() + bytes;
        grow_to(&mut self.paid, all, "the files that failed attempts left behind")?;
        let path = dir.join(&name);
        self.by_name.insert(name, path);
        Ok(())
    }

    fn spare(&mut self, location: &str) {
        self.by_name.remove(name_of(location));
    }
}

/// The current version of a table's metadata and those before it, as far as the table remembers them, by file name.
struct History<'a> {
    names: HashSet<&'a str>,
    /// The number of the first one.
    from: Option<u64>,
}

impl<'a> History<'a> {
    fn of(table: &'a Table) -> Self {
        let before = table.metadata.metadata_log.iter().map(|entry| entry.metadata_file.as_str());
        let names: HashSet<&str> = before.chain([table.metadata_location.as_str()]).map(name_of).collect();
        let from = names.iter().copied().filter_map(version_of).min();
        Self { names, from }
    }

    fn has(&self, location: &str) -> bool {
        self.names.contains(name_of(location))
    }

    /// Whether this is the name of a version that none of the history is, but which is not older than all of it.
    fn may_have_passed_over(&self, name: &str) -> bool {
        name.ends_with(".metadata.json") && !self.names.contains(name) && version_of(name) > self.from
    }
}

fn name_of(location: &str) -> &str {
    location.rsplit('/').next().unwrap_or(location)
}
