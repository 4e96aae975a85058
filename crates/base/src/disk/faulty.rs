//! A disk in memory that fails on demand and forgets what was never synced, for tests.
//!
//! Two states: what the running process sees, and what a crash leaves. A file's bytes reach the second by `sync`, its name
//! by `sync_dir` of its folder. As on Linux, a `sync` that failed has lost what it was to sync: the next one does not bring
//! it back, although reads still see it.
//!
//! ```text
//! for n in 0.. { disk.fail_call(n); run(&disk); disk.crash(Loss::Torn { seed }); check(&disk); }
//! ```

mod inode;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::inode::Loss;
use self::inode::{Change, Inode};
use super::{Disk, DiskFile, Entry, Open};
use crate::Rng;

/// A disk whose faults a test controls. Cheap to clone; all clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct FaultyDisk {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    live: Names,
    durable: Names,
    calls: u64,
    fail: Option<(u64, io::ErrorKind)>,
    /// Grows with every crash: handles from before are dead.
    life: u64,
}

type Names = BTreeMap<PathBuf, Node>;

#[derive(Clone, Debug)]
enum Node {
    Folder,
    File(Arc<Mutex<Inode>>),
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    inode: Arc<Mutex<Inode>>,
    life: u64,
    writable: bool,
}

impl FaultyDisk {
    pub fn new() -> Self {
        Self::default()
    }

    /// How many calls there were, so that a test can let each of them fail in turn.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Lets the `n`th call from now (0 is the next one) fail once, with "no space left on device".
    pub fn fail_call(&self, n: u64) {
        self.fail_call_with(n, io::ErrorKind::StorageFull);
    }

    /// Lets the `n`th call from now fail once.
    pub fn fail_call_with(&self, n: u64, kind: io::ErrorKind) {
        let mut state = self.state();
        state.fail = Some((state.calls + n, kind));
    }

    /// Takes back [`Self::fail_call`].
    pub fn fail_nothing(&self) {
        self.state().fail = None;
    }

    /// Stops the machine: handles die, what was not synced meets `loss`, and the disk is ready for the next start.
    pub fn crash(&self, loss: Loss) {
        let mut state = self.state();
        state.life += 1;
        state.fail = None;
        let mut rng = Rng::from_seed(if let Loss::Torn { seed } = loss { seed } else { 0 });
        let names = match loss {
            Loss::Nothing => std::mem::take(&mut state.live),
            Loss::Everything => state.durable.clone(),
            Loss::Torn { .. } => torn_names(&state.live, &state.durable, &mut rng),
        };
        for node in names.values() {
            if let Node::File(inode) = node {
                locked(inode).settle(loss, &mut rng);
            }
        }
        state.live.clone_from(&names);
        state.durable = names;
    }

    /// Turns over one bit of a file, in memory and on the disk. Does nothing beyond its end.
    pub fn flip_bit(&self, path: &Path, byte: u64, bit: u8) {
        let state = self.state();
        if let Some(Node::File(inode)) = state.live.get(path) {
            let mut inode = locked(inode);
            let Inode { bytes, durable, .. } = &mut *inode;
            for copy in [bytes, durable] {
                if let Some(byte) = copy.get_mut(byte as usize) {
                    *byte ^= 1 << (bit % 8);
                }
            }
        }
    }

    /// The bytes of a file as the running process sees them.
    pub fn read(&self, path: &Path) -> Option<Vec<u8>> {
        match self.state().live.get(path) {
            Some(Node::File(inode)) => Some(locked(inode).bytes.clone()),
            _ => None,
        }
    }

    /// All files that the running process sees.
    pub fn files(&self) -> Vec<PathBuf> {
        let state = self.state();
        (state.live.iter().filter(|(_, node)| matches!(node, Node::File(_))).map(|(path, _)| path.clone())).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and lets it fail if it is its turn.
    fn call(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        let turn = state.calls;
        state.calls += 1;
        match state.fail {
            Some((at, kind)) if at == turn => {
                state.fail = None;
                Err(kind.into())
            }
            _ => Ok(state),
        }
    }
}

fn locked(inode: &Arc<Mutex<Inode>>) -> MutexGuard<'_, Inode> {
    inode.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Each name that differs is taken from one side or the other; what is in a folder that is gone is gone.
fn torn_names(live: &Names, durable: &Names, rng: &mut Rng) -> Names {
    let mut names = Names::new();
    let all: std::collections::BTreeSet<&PathBuf> = live.keys().chain(durable.keys()).collect();
    for path in all {
        let (new, old) = (live.get(path), durable.get(path));
        let chosen = if rng.below(2) == 0 { new } else { old };
        let parent_is_there =
            path.parent().is_none_or(|parent| parent.as_os_str().is_empty() || names.contains_key(parent));
        if let Some(node) = chosen.filter(|_| parent_is_there) {
            names.insert(path.clone(), node.clone());
        }
    }
    names
}

impl Disk for FaultyDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.call()?;
        let inode = match (state.live.get(path), how) {
            (Some(Node::Folder), _) => return Err(io::ErrorKind::IsADirectory.into()),
            (Some(Node::File(_)), Open::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(Node::File(inode)), _) => inode.clone(),
            (None, Open::Read | Open::Write) => return Err(io::ErrorKind::NotFound.into()),
            (None, Open::WriteOrCreate | Open::CreateNew) => {
                state.require_folder(path.parent())?;
                let inode = Arc::new(Mutex::new(Inode::default()));
                state.live.insert(path.to_owned(), Node::File(inode.clone()));
                inode
            }
        };
        Ok(Arc::new(FaultyFile { disk: self.clone(), inode, life: state.life, writable: how != Open::Read }))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        for folder in path.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
            match state.live.get(folder) {
                Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                Some(Node::Folder) => {}
                None => {
                    state.live.insert(folder.to_owned(), Node::Folder);
                }
            }
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        state.require_folder(to.parent())?;
        let moved: Vec<PathBuf> = state.live.keys().filter(|path| path.starts_with(from)).cloned().collect();
        if moved.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        for path in moved {
            let target = match path.strip_prefix(from) {
                Ok(rest) if !rest.as_os_str().is_empty() => to.join(rest),
                _ => to.to_owned(),
            };
            if let Some(node) = state.live.remove(&path) {
                state.live.insert(target, node);
            }
        }
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        match state.live.get(path) {
            Some(Node::File(_)) => {
                state.live.remove(path);
                Ok(())
            }
            Some(Node::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        state.require_folder(Some(path))?;
        state.live.retain(|name, _| !name.starts_with(path));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        let state = self.call()?;
        state.require_folder(Some(dir))?;
        Ok(state
            .live
            .iter()
            .filter(|(path, _)| path.parent() == Some(dir))
            .map(|(path, node)| entry(path, node))
            .collect())
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Entry>> {
        let state = self.call()?;
        Ok(state.live.get(path).map(|node| entry(path, node)))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        state.require_folder(Some(dir))?;
        let State { live, durable, .. } = &mut *state;
        // A folder that is no longer there takes what was in it along.
        let gone: Vec<PathBuf> =
            durable.keys().filter(|path| path.parent() == Some(dir) && !live.contains_key(*path)).cloned().collect();
        durable.retain(|path, _| !gone.iter().any(|gone| path.starts_with(gone)));
        for (path, node) in live.iter().filter(|(path, _)| path.parent() == Some(dir)) {
            durable.insert(path.clone(), node.clone());
        }
        // The test's root folders were there before the test.
        for folder in dir.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
            durable.entry(folder.to_owned()).or_insert(Node::Folder);
        }
        Ok(())
    }
}

impl State {
    fn require_folder(&self, path: Option<&Path>) -> io::Result<()> {
        match path.filter(|path| !path.as_os_str().is_empty()) {
            None => Ok(()),
            Some(path) => match self.live.get(path) {
                Some(Node::Folder) => Ok(()),
                Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
                None => Err(io::ErrorKind::NotFound.into()),
            },
        }
    }
}

fn entry(path: &Path, node: &Node) -> Entry {
    let (is_dir, len) = match node {
        Node::Folder => (true, 0),
        Node::File(inode) => (false, locked(inode).bytes.len() as u64),
    };
    Entry { name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(), is_dir, len }
}

impl FaultyFile {
    fn call(&self) -> io::Result<MutexGuard<'_, Inode>> {
        let state = self.disk.call()?;
        if state.life != self.life {
            return Err(io::Error::other("this handle is from before a crash"));
        }
        drop(state);
        Ok(locked(&self.inode))
    }

    fn write(&self) -> io::Result<MutexGuard<'_, Inode>> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.call()
    }
}

impl DiskFile for FaultyFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        let inode = self.call()?;
        let there = inode.bytes.get(at as usize..).unwrap_or_default();
        let n = there.len().min(buf.len());
        buf[..n].copy_from_slice(&there[..n]);
        Ok(n)
    }

    fn write_all_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        let at = at as usize;
        // A write that fails may have got half way.
        let (mut inode, buf, result) = match self.write() {
            Ok(inode) => (inode, buf, Ok(())),
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                (locked(&self.inode), &buf[..buf.len() / 2], Err(error))
            }
            Err(error) => return Err(error),
        };
        if inode.bytes.len() < at + buf.len() {
            inode.bytes.resize(at + buf.len(), 0);
        }
        inode.bytes[at..at + buf.len()].copy_from_slice(buf);
        if !buf.is_empty() {
            inode.unsynced.push(Change::Wrote { at, len: buf.len() });
        }
        result
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.call()?.bytes.len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut inode = self.write()?;
        inode.bytes.resize(len as usize, 0);
        inode.unsynced.push(Change::SetLen(len as usize));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        match self.call() {
            Ok(mut inode) => {
                inode.sync();
                Ok(())
            }
            Err(error) => {
                locked(&self.inode).unsynced.clear();
                Err(error)
            }
        }
    }
}
