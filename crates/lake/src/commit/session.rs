//! What a committer keeps from start to end: its tools, its catalog, and what it knows of its table.

use std::sync::Arc;

use base::{ByteCount, Clock, Error, Result, Rng};
use rows::Positions;

use super::carried;
use super::tools::{Lease, Tools};
use crate::catalog::{Catalog, Table, TableIdent};
use crate::decide::{Standing, standing, tag_of};
use crate::metadata::{Snapshot, TableMetadata};
use crate::table::{TableInfo, WriteMode};

/// What publishing needs however short memory is: the catalog's connection, two versions of the metadata, a manifest being
/// read and one being written, one deletion vector, and merging runs of the index. It grows with the table's history and
/// the number of its files, which are borrowed then. Data files are read and written in the memory of writing.
pub const COMMIT_FLOOR: ByteCount = ByteCount::mib(4);

/// How committers of one process reach their catalog: opened when the first one needs it.
pub trait OpenCatalog: Send + Sync + std::fmt::Debug {
    fn catalog(&self) -> Result<Arc<dyn Catalog>>;
}

/// Tools and places for committing.
#[derive(Debug)]
pub struct CommitWith {
    pub open: Arc<dyn OpenCatalog>,
    pub ident: TableIdent,
    pub mode: WriteMode,
    pub job: String,
    pub clock: Arc<dyn Clock>,
    /// Its account is the committer's.
    pub tools: Tools,
    /// For what must be prepared again while it is committed: the writer's tools, and the right to use them.
    pub writing: Tools,
    pub lease: Lease,
}

/// A committer's side of one table.
#[derive(Debug)]
pub struct Session {
    pub with: CommitWith,
    catalog: Option<Arc<dyn Catalog>>,
    /// Who cleaned up last, when this run began; see [`super::recover`].
    pub(super) cleaner: Option<String>,
    /// Files of a try whose outcome is not known.
    pub(super) uncertain: Vec<String>,
    pub(super) rng: Rng,
}

impl Session {
    pub fn new(with: CommitWith) -> Self {
        Self { with, catalog: None, cleaner: None, uncertain: Vec::new(), rng: Rng::from_entropy() }
    }

    pub(super) fn catalog(&mut self) -> Result<Arc<dyn Catalog>> {
        if let Some(catalog) = &self.catalog {
            return Ok(catalog.clone());
        }
        Ok(self.catalog.insert(self.with.open.catalog()?).clone())
    }

    pub(super) fn load(&mut self) -> Result<Table> {
        let ident = self.with.ident.clone();
        self.catalog()?.load(&ident)?.ok_or_else(|| {
            Error::user(format!("the table {ident} does not exist"))
                .hint("create it with CREATE TABLE IF NOT EXISTS, before the INSERT")
        })
    }

    /// The table is still the one that was opened.
    pub(super) fn check_unchanged(&self, table: &TableMetadata) -> Result<Arc<TableInfo>> {
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
    pub(super) fn positions(&self, table: &TableMetadata) -> Result<(Positions, Vec<String>)> {
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

    fn cleaner_property(&self) -> String {
        format!("millstream.cleaner.{}", self.with.job)
    }

    /// Who cleaned up last, as the table says.
    pub(super) fn cleaner_of(&self, table: &TableMetadata) -> Option<String> {
        table.properties.get(&self.cleaner_property()).cloned()
    }

    /// Names `me` as the one who cleaned up last.
    pub(super) fn set_cleaner(&self, table: &mut TableMetadata, me: &str) {
        table.properties.insert(self.cleaner_property(), me.to_owned());
    }
}
