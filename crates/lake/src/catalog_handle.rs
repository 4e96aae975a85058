//! A catalog that opens when it is needed.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use base::{ByteCount, Disk, Error, Result};
use flow::SinkContext;
use flow::registry::CatalogContext;
use ledger::{Account, Budget};

use crate::catalog::{Catalog, SqliteCatalog, SqliteOptions};
use crate::commit::prepare::WRITE_FLOOR;
use crate::commit::session::{COMMIT_FLOOR, OpenCatalog};
use crate::commit::tools::Lease;
use crate::options::SinkOptions;
use crate::run::SortRoom;

/// What the planner's own use of a catalog may take: its connection and one table's metadata.
const PLANNING_BYTES: ByteCount = ByteCount::mib(64);

/// The part of the budget that one sink sorts in, and all of them in twice as much. A larger part saves little, since runs
/// lose their duplicates when they are written, and what a job takes would grow with its backlog until it is all that
/// there is.
const SORT_FRACTION: u64 = 16;

/// One catalog, opened when it is needed: once for planning, once for the commits of running sinks.
#[derive(Debug)]
pub(crate) struct CatalogHandle {
    sqlite: SqliteOptions,
    context: CatalogContext,
    planning: OnceLock<Option<SqliteCatalog>>,
    commits: Mutex<Weak<ForCommits>>,
}

/// What the sinks of a job share. Their committers run one after another, so one account serves them all. Their
/// writers prepare one after another, too, paid from one other account, and sort in one room.
#[derive(Debug)]
pub(crate) struct ForCommits {
    sqlite: SqliteOptions,
    disk: Arc<dyn Disk>,
    account: Account,
    write_account: Account,
    write_more: Account,
    write_lease: Lease,
    sort_room: SortRoom,
    opened: Mutex<Option<Arc<dyn Catalog>>>,
}

impl ForCommits {
    /// Pays for committing.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Pays for preparing, by whoever has the lease.
    pub(crate) fn write_account(&self) -> &Account {
        &self.write_account
    }

    /// Has no floor: what preparing borrows where there is memory.
    pub(crate) fn write_more(&self) -> &Account {
        &self.write_more
    }

    pub(crate) fn write_lease(&self) -> &Lease {
        &self.write_lease
    }

    pub(crate) fn sort_room(&self) -> &SortRoom {
        &self.sort_room
    }
}

impl OpenCatalog for ForCommits {
    fn catalog(&self) -> Result<Arc<dyn Catalog>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(catalog) = &*opened {
            return Ok(catalog.clone());
        }
        let catalog = SqliteCatalog::open(self.sqlite.clone(), self.disk.clone(), self.account.clone())?;
        Ok(opened.insert(Arc::new(catalog)).clone())
    }
}

impl CatalogHandle {
    pub(crate) fn new(sqlite: SqliteOptions, context: CatalogContext) -> Self {
        Self { sqlite, context, planning: OnceLock::new(), commits: Mutex::new(Weak::new()) }
    }

    pub(crate) fn context(&self) -> &CatalogContext {
        &self.context
    }

    pub(crate) fn name(&self) -> &str {
        &self.sqlite.name
    }

    /// What the sinks of a running job share; it ends with the last of them.
    pub(crate) fn for_commits(&self, context: &SinkContext, options: &SinkOptions) -> Arc<ForCommits> {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = commits.upgrade() {
            return shared;
        }
        let account = context.budget.account("commit", COMMIT_FLOOR);
        let sort_bytes = options.sort_bytes_max.unwrap_or(ByteCount(context.budget.limit().get() / SORT_FRACTION));
        let shared = Arc::new(ForCommits {
            sqlite: self.sqlite.clone(),
            disk: context.disk.clone(),
            account,
            write_account: context.budget.account("write", WRITE_FLOOR),
            write_more: context.budget.account("write/more", ByteCount::ZERO),
            write_lease: Lease::default(),
            sort_room: SortRoom::new(ByteCount(sort_bytes.0.saturating_mul(2))),
            opened: Mutex::new(None),
        });
        *commits = Arc::downgrade(&shared);
        shared
    }

    /// The catalog while a job is planned; `None` if it is not there and must not be made.
    pub(crate) fn planning(&self) -> Result<Option<&SqliteCatalog>> {
        if let Some(catalog) = self.planning.get() {
            return Ok(catalog.as_ref());
        }
        let account = Budget::new(PLANNING_BYTES).account("planning", PLANNING_BYTES);
        let (options, disk) = (self.sqlite.clone(), self.context.disk.clone());
        let catalog = if self.context.read_only {
            SqliteCatalog::open_read_only(options, disk, account)?
        } else {
            Some(SqliteCatalog::open(options, disk, account)?)
        };
        Ok(self.planning.get_or_init(|| catalog).as_ref())
    }

    /// [`Self::planning`] for what changes it.
    pub(crate) fn planning_to_write(&self) -> Result<&SqliteCatalog> {
        let catalog = if self.context.read_only { None } else { self.planning()? };
        catalog.ok_or_else(|| Error::internal("a catalog that must not be changed was to be changed"))
    }
}
