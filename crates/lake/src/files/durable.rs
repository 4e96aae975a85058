//! Files that are complete and on the disk before anybody hears of them.
//!
//! A file is made under its final, unique name, written from front to back, then synced, then its folder is synced. What
//! is dropped before [`DurableFile::finish`] is removed again, as far as the disk allows.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::disk::Open;
use base::{Disk, DiskFile, Error, Result};
use ledger::{Account, Owned, Reservation};

use super::location::folder_of;

/// The error of a disk, with what was tried. Whether a retry may help follows from its kind.
pub fn disk_error(what: &str, path: &Path, error: io::Error) -> Error {
    let message = format!("cannot {what} {}", path.display());
    let told = |made: Error| made.detail(error.to_string());
    match error.kind() {
        io::ErrorKind::NotFound => told(Error::external(message)).hint("check that the file was not moved or deleted"),
        io::ErrorKind::PermissionDenied => told(Error::user(message)).hint("give this user the right to it"),
        io::ErrorKind::ReadOnlyFilesystem => {
            told(Error::user(message)).hint("the file system is mounted read-only; mount it for writing")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            told(Error::transient(message)).hint("the disk is full: free some space; the job goes on by itself")
        }
        io::ErrorKind::FileTooLarge => told(Error::transient(message))
            .hint("raise the limit on the size of files (ulimit -f), or use another disk"),
        io::ErrorKind::UnexpectedEof => told(Error::external(message)).hint("the file is shorter than it should be"),
        _ => told(Error::transient(message)),
    }
    .caused_by(error)
}

/// Removes a file; one that is gone already, too: somebody else may tidy up at the same time.
///
/// # Errors
/// The disk's.
pub fn remove_if_there(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    disk.remove_file(path).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Reserves memory now, or says which account is short of what.
///
/// # Errors
/// A user error if the account can never hold so much, else a transient one.
pub fn reserve(account: &Account, bytes: base::ByteCount, what: &str) -> Result<Reservation> {
    account.try_reserve(bytes).ok_or_else(|| short(account, bytes, bytes, what))
}

/// The account has not got `bytes`, and would have to hold `in_all` for it.
pub(crate) fn short(account: &Account, bytes: base::ByteCount, in_all: base::ByteCount, what: &str) -> Error {
    let (name, most) = (account.name(), account.most());
    let message = format!("{what} needs {bytes} of the account '{name}'");
    if in_all > most {
        Error::user(message).detail(format!("it can have at most {most}")).hint("give the job more with --memory")
    } else {
        Error::transient(message)
            .detail(format!("{} of {most} are in use", account.used()))
            .hint("if this does not pass, give the job more with --memory")
    }
}

/// Grows a reservation to at least `bytes`.
///
/// # Errors
/// As [`reserve`].
pub fn grow_to(paid: &mut Reservation, bytes: base::ByteCount, what: &str) -> Result<()> {
    let more = bytes.saturating_sub(paid.bytes());
    if more.get() > 0 && !paid.try_grow(more) {
        return Err(short(paid.account(), more, bytes, what));
    }
    Ok(())
}

/// Makes a folder and whatever is missing above it, each with its name on the disk.
///
/// # Errors
/// The disk's.
pub fn create_dir_durable(disk: &dyn Disk, folder: &Path) -> Result<()> {
    let mut missing = Vec::new();
    let mut at = folder;
    while disk.stat(at).map_err(|error| disk_error("look at", at, error))?.is_none() {
        missing.push(at);
        at = folder_of(at);
        if at == Path::new(".") {
            break;
        }
    }
    disk.create_dir_all(folder).map_err(|error| disk_error("make the folder", folder, error))?;
    for made in missing.iter().rev() {
        let above = folder_of(made);
        disk.sync_dir(above).map_err(|error| disk_error("sync the folder", above, error))?;
    }
    Ok(())
}

/// Writes a new file, syncs it and its folder. The folder must exist.
///
/// # Errors
/// The disk's; also if the file exists.
pub fn write_durable(disk: &Arc<dyn Disk>, path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = DurableFile::create(disk, path)?;
    file.append(bytes)?;
    file.finish()?;
    Ok(())
}

/// Reads a whole file, its bytes and `factor` times as many reserved before.
///
/// # Errors
/// The disk's, or the account cannot hold it.
pub fn read_whole(disk: &dyn Disk, path: &Path, account: &Account) -> Result<Owned<Vec<u8>>> {
    let file = disk.open(path, Open::Read).map_err(|error| disk_error("read", path, error))?;
    let len = file.len().map_err(|error| disk_error("read", path, error))?;
    let paid = reserve(account, base::ByteCount(len), &format!("reading {}", path.display()))?;
    let mut bytes = vec![0; base::ByteCount(len).as_usize()];
    file.read_exact_at(&mut bytes, 0).map_err(|error| disk_error("read", path, error))?;
    Ok(Owned::new(bytes, paid))
}

/// A new file, written from front to back.
#[derive(Debug)]
pub struct DurableFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    len: u64,
    is_finished: bool,
}

impl DurableFile {
    /// Makes the file; its folder must exist, its name must be new.
    ///
    /// # Errors
    /// The disk's.
    pub fn create(disk: &Arc<dyn Disk>, path: &Path) -> Result<Self> {
        let file = disk.open(path, Open::CreateNew).map_err(|error| disk_error("create", path, error))?;
        Ok(Self { disk: disk.clone(), path: path.to_owned(), file, len: 0, is_finished: false })
    }

    /// # Errors
    /// The disk's.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, self.len).map_err(|error| disk_error("write", &self.path, error))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// The bytes written so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs the file, then its folder; returns the file's length.
    ///
    /// # Errors
    /// The disk's; the file is removed then.
    pub fn finish(mut self) -> Result<u64> {
        self.file.sync().map_err(|error| disk_error("sync", &self.path, error))?;
        let folder = folder_of(&self.path);
        self.disk.sync_dir(folder).map_err(|error| disk_error("sync the folder", folder, error))?;
        self.is_finished = true;
        Ok(self.len)
    }
}

impl Drop for DurableFile {
    fn drop(&mut self) {
        if !self.is_finished
            && let Err(error) = self.disk.remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove an unfinished file");
        }
    }
}

/// For encoders that write to [`io::Write`], as parquet's do. `flush` does nothing: [`DurableFile::finish`] syncs.
impl io::Write for DurableFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all_at(bytes, self.len)?;
        self.len += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
