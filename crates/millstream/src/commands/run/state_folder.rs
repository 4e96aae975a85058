//! The folder of `--state`: made if missing, and one run's alone, since two would overwrite each other's files.

use std::fmt::Debug;
use std::io;
use std::path::Path;

use base::{Disk, Error, Result};

/// The file whose lock is the run's; the kernel lets go of it however the process ends.
const LOCK: &str = "lock";

/// A state folder that no other run uses as long as this lives.
#[derive(Debug)]
pub(super) struct StateFolder {
    _lock: Box<dyn Debug + Send + Sync>,
}

impl StateFolder {
    /// # Errors
    /// Another run has it, or it cannot be written.
    pub(super) fn take(disk: &dyn Disk, dir: &Path) -> Result<Self> {
        let cannot = |error: io::Error| {
            let told = Error::external(format!("the state folder {} cannot be used", dir.display()));
            let told = match error.kind() {
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                    told.hint("a file stands in its place, or on the way to it: name a folder with --state")
                }
                _ => told.hint("make it writable and give its disk some space, or name another folder with --state"),
            };
            told.caused_by(error)
        };
        disk.create_dir_all(dir).map_err(cannot)?;
        let path = dir.join(LOCK);
        let lock = disk.lock(&path).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => Error::user(format!("another run uses the state folder {}", dir.display()))
                .detail(format!("{} holds it", base::disk::lock_holder(disk, &path)))
                .hint(
                    "stop it first; two different jobs need folders of their own (--state, or another 'pipeline.name')",
                ),
            _ => cannot(error),
        })?;
        Ok(Self { _lock: lock })
    }
}
