//! What the steps of a commit work with.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base::Disk;
use ledger::Account;

use super::names::FileNames;
use crate::options::SinkOptions;
use crate::table::{Shared, TableInfo};

/// Tools and places, once the table is known.
#[derive(Clone, Debug)]
pub struct PrepareWith {
    pub disk: Arc<dyn Disk>,
    /// Its floor holds everything that must be there, and only that takes from it.
    pub account: Account,
    /// What makes work go faster is borrowed here, so that it cannot use the floor up.
    pub more: Account,
    pub shared: Shared,
    pub info: Arc<TableInfo>,
    pub options: SinkOptions,
    pub names: FileNames,
    pub state_dir: PathBuf,
}

/// Tools and places, before the table is known.
#[derive(Clone, Debug)]
pub struct Tools {
    pub disk: Arc<dyn Disk>,
    /// Its floor holds everything that must be there, and only that takes from it.
    pub account: Account,
    /// What makes work go faster is borrowed here, so that it cannot use the floor up.
    pub more: Account,
    pub shared: Shared,
    pub options: SinkOptions,
    pub names: FileNames,
    pub state_dir: PathBuf,
}

impl Tools {
    pub fn with(&self, info: Arc<TableInfo>) -> PrepareWith {
        PrepareWith {
            disk: self.disk.clone(),
            account: self.account.clone(),
            more: self.more.clone(),
            shared: self.shared.clone(),
            info,
            options: self.options,
            names: self.names.clone(),
            state_dir: self.state_dir.clone(),
        }
    }
}

/// The right to prepare: one sink of a job at a time, since writing is paid from one account whatever the number of
/// tables. Cheap to clone; all clones are the same right.
#[derive(Clone, Debug, Default)]
pub struct Lease(Arc<AtomicBool>);

impl Lease {
    /// `None` while another sink prepares: try again at the next step.
    pub fn try_take(&self) -> Option<LeaseGuard> {
        let free = self.0.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok();
        free.then(|| LeaseGuard(self.clone()))
    }
}

/// A [`Lease`] that is taken, until this drops.
#[derive(Debug)]
pub struct LeaseGuard(Lease);

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Release);
    }
}
