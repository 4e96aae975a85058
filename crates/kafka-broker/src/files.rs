//! Small files that are replaced as a whole: a reader finds the old bytes or the new ones, never a mixture.

use std::io;
use std::path::{Path, PathBuf};

use base::{Disk, Error, disk::Open};

/// The longest small file that is ever read: more is not ours.
const SMALL_FILE_MAX: u64 = 16 << 20;

/// Replaces `path` by `bytes`, durably, the name included.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary(path);
    let file = disk.open(&temporary, Open::WriteOrCreate)?;
    file.set_len(0)?;
    file.write_all_at(bytes, 0)?;
    file.sync()?;
    disk.rename(&temporary, path)?;
    disk.sync_dir(folder(path))
}

/// All bytes of `path`; `None` if it is not there.
pub(crate) fn read(disk: &dyn Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(entry) = disk.stat(path)? else { return Ok(None) };
    if entry.len > SMALL_FILE_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is far longer than it can be"));
    }
    let mut bytes = vec![0; entry.len as usize];
    disk.open(path, Open::Read)?.read_exact_at(&mut bytes, 0)?;
    Ok(Some(bytes))
}

/// Removes `path` durably; it need not be there.
pub(crate) fn remove(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => disk.sync_dir(folder(path)),
    }
}

/// Appends the CRC-32C of `bytes` to them.
pub(crate) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_be_bytes());
    bytes
}

/// The bytes before the checksum, if it is right.
pub(crate) fn unseal(bytes: &[u8]) -> Option<&[u8]> {
    let (payload, crc) = bytes.split_last_chunk()?;
    (crc32c::crc32c(payload) == u32::from_be_bytes(*crc)).then_some(payload)
}

/// `N` bytes off the front of what a small file holds.
pub(crate) fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*head)
}

/// A failed call on `path` as the user sees it.
pub(crate) fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull => "make room on the disk",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "check the folder's owner and permissions"
        }
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => "a file stands in the place of a folder",
        _ => "look at the system's log for errors of the disk",
    };
    Error::external(format!("cannot {what} '{}'", path.display())).caused_by(error).hint(hint)
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    name.into()
}
