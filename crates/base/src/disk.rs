//! Files behind a trait, so that tests can tear writes, fail any call and drop what was never synced.
//!
//! Every path is used as given. Durability is the caller's: a file's bytes are durable after `sync`, its name after
//! `sync_dir` of its folder.

pub mod faulty;

use std::fmt::Debug;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How to open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// Reading only; must exist.
    Read,
    /// Reading and writing; must exist.
    Write,
    /// Reading and writing; made if missing, kept if there.
    WriteOrCreate,
    /// Reading and writing; must not exist.
    CreateNew,
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub is_dir: bool,
    pub len: u64,
}

/// The file system, as far as Millstream uses it.
pub trait Disk: Send + Sync + Debug {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>>;
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Atomic within a file system; replaces `to`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;
    /// In no particular order. What is removed while it is listed may be missing.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;
    /// [`Self::list`], an entry at a time: a folder may have more of them than memory should hold.
    fn visit(&self, dir: &Path, visit: &mut dyn FnMut(Entry)) -> io::Result<()> {
        self.list(dir)?.into_iter().for_each(visit);
        Ok(())
    }
    /// `None` if nothing is there.
    fn stat(&self, path: &Path) -> io::Result<Option<Entry>>;
    /// Makes names in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes the lock file `path` until what is returned drops or the process ends; `WouldBlock` if it is taken, by
    /// whom says [`lock_holder`]. A disk that only one process can see has no locks to take.
    fn lock(&self, _path: &Path) -> io::Result<Box<dyn Debug + Send + Sync>> {
        Ok(Box::new(()))
    }
}

/// Who holds the lock file `path`, for messages: the process writes its id there once it has it.
pub fn lock_holder(disk: &dyn Disk, path: &Path) -> String {
    let read = || -> io::Result<Option<u32>> {
        let mut text = [0; 10];
        let len = disk.open(path, Open::Read)?.read_at(&mut text, 0)?;
        Ok(std::str::from_utf8(&text[..len]).ok().and_then(|text| text.parse().ok()))
    };
    match read() {
        Ok(Some(id)) => format!("the process {id}"),
        Ok(None) | Err(_) => "another process".to_owned(),
    }
}

/// An open file; positions are explicit, so one handle serves several readers.
pub trait DiskFile: Send + Sync + Debug {
    /// Reads up to `buf.len()` bytes; 0 only at the end of the file.
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize>;
    /// Writes all of `buf`.
    fn write_all_at(&self, buf: &[u8], at: u64) -> io::Result<()>;
    fn len(&self) -> io::Result<u64>;
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Makes the bytes and the length durable (`fdatasync`).
    fn sync(&self) -> io::Result<()>;

    /// Fills `buf` or fails with `UnexpectedEof`.
    fn read_exact_at(&self, mut buf: &mut [u8], mut at: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read_at(buf, at)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => {
                    buf = &mut buf[n..];
                    at += n as u64;
                }
            }
        }
        Ok(())
    }
}

/// The machine's own file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

#[derive(Debug)]
struct RealFile(fs::File);

impl Disk for RealDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = fs::OpenOptions::new();
        options.read(true);
        match how {
            Open::Read => {}
            Open::Write => {
                options.write(true);
            }
            Open::WriteOrCreate => {
                options.write(true).create(true).truncate(false);
            }
            Open::CreateNew => {
                options.write(true).create_new(true);
            }
        }
        Ok(Arc::new(RealFile(options.open(path)?)))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        self.visit(dir, &mut |entry| entries.push(entry))?;
        Ok(entries)
    }

    fn visit(&self, dir: &Path, visit: &mut dyn FnMut(Entry)) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let listed = entry.and_then(|entry| {
                let meta = entry.metadata()?;
                let name = entry.file_name().to_string_lossy().into_owned();
                Ok(Entry { name, is_dir: meta.is_dir(), len: meta.len() })
            });
            match listed {
                Ok(entry) => visit(entry),
                // It was removed after the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Entry>> {
        match fs::metadata(path) {
            Ok(meta) => Ok(Some(Entry {
                name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                is_dir: meta.is_dir(),
                len: meta.len(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let dir = if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir.to_owned() };
        fs::File::open(dir)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send + Sync>> {
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.try_lock()?;
        file.set_len(0)?;
        std::os::unix::fs::FileExt::write_all_at(&file, std::process::id().to_string().as_bytes(), 0)?;
        Ok(Box::new(file))
    }
}

impl DiskFile for RealFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.0, buf, at)
    }

    fn write_all_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.0, buf, at)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests;
