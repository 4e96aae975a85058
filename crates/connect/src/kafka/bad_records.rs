//! What happens to records that cannot be decoded: fail, skip, or dead-letter, as `SET 'millstream.bad-records'` says.
//!
//! Dead letters are NDJSON, a file per table. They are synced before the commit that steps past them, by the committer
//! thread; a restart may write a record again, never lose one.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base::disk::Open;
use base::{Disk, DiskFile, Error, Offset, Result};
use flow::Settings;
use flow::source::{BeforeCommit, DecoderCounts};
use rows::{BadRecord, RawRecord};

use crate::ndjson;

/// The policy and, for dead letters, the file.
#[derive(Debug)]
pub(super) enum BadRecords {
    Fail,
    Skip { told: bool },
    DeadLetter(DeadLetters),
}

#[derive(Debug)]
pub(super) struct DeadLetters {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Option<Arc<dyn DiskFile>>,
    unsynced: bool,
}

impl BadRecords {
    /// Reads `millstream.bad-records` and `millstream.bad-records.path`.
    pub(super) fn from_settings(settings: &Settings, table: &str, disk: Arc<dyn Disk>) -> Result<Self> {
        match settings.get("millstream.bad-records").unwrap_or("fail") {
            "fail" => Ok(Self::Fail),
            "skip" => Ok(Self::Skip { told: false }),
            "dead-letter" => {
                let dir = settings.get("millstream.bad-records.path").ok_or_else(|| {
                    Error::user("setting 'millstream.bad-records' is 'dead-letter' and no folder is named")
                        .hint("add SET 'millstream.bad-records.path' = 'DIR';")
                })?;
                let path = PathBuf::from(dir).join(format!("{table}.ndjson"));
                Ok(Self::DeadLetter(DeadLetters { disk, path, file: None, unsynced: false }))
            }
            other => Err(Error::user(format!("setting 'millstream.bad-records': '{other}' is not known"))
                .hint("choose 'fail', 'skip' or 'dead-letter'")),
        }
    }

    /// Deals with one record; `place` is its topic-partition.
    pub(super) fn handle(
        &mut self,
        place: String,
        record: &RawRecord<'_>,
        bad: &BadRecord,
        counts: &mut DecoderCounts,
    ) -> Result<()> {
        let place = at(&place, record.offset);
        if bad.fatal {
            return Err(failure(&place, bad));
        }
        match self {
            Self::Fail => {
                let other_ways =
                    "set 'millstream.bad-records' to 'skip' or 'dead-letter' to go on without such records";
                let hint = bad.hint.as_ref().map_or(other_ways.to_owned(), |hint| format!("{hint}, or {other_ways}"));
                Err(failure(&place, bad).hint(hint))
            }
            Self::Skip { told } => {
                counts.skipped += 1;
                if !std::mem::replace(told, true) {
                    tracing::warn!("{place}: {}; skipped, as will be all others", bad.reason);
                }
                Ok(())
            }
            Self::DeadLetter(letters) => {
                counts.dead_lettered += 1;
                letters.write(&place, record, &bad.reason)
            }
        }
    }

    pub(super) fn before_commit(&mut self) -> Option<BeforeCommit> {
        let Self::DeadLetter(letters) = self else { return None };
        let file = letters.file.as_ref().filter(|_| letters.unsynced)?;
        letters.unsynced = false;
        let (file, disk, path) = (file.clone(), letters.disk.clone(), letters.path.clone());
        Some(Box::new(move || {
            let cannot = |error| failed("sync", &path, error);
            file.sync().map_err(cannot)?;
            path.parent().map_or(Ok(()), |dir| disk.sync_dir(dir).map_err(cannot))
        }))
    }
}

/// Held while a line is appended: several INSERTs may read one table, each with a decoder of its own, and share its file.
static APPENDING: Mutex<()> = Mutex::new(());

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    let message = format!("cannot {what} the dead letters {}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Error::transient(message).hint("the disk is full: free some space; the job goes on by itself")
        }
        _ => Error::external(message).hint("see that the folder of 'millstream.bad-records.path' is writable"),
    }
    .caused_by(error)
}

impl DeadLetters {
    fn write(&mut self, place: &str, record: &RawRecord<'_>, reason: &str) -> Result<()> {
        let cannot = |error| failed("write to", &self.path, error);
        if self.file.is_none() {
            if let Some(dir) = self.path.parent() {
                self.disk.create_dir_all(dir).map_err(cannot)?;
            }
            let file = self.disk.open(&self.path, Open::WriteOrCreate).map_err(cannot)?;
            tracing::warn!("{place}: {reason}; written to {}, as will be all others", self.path.display());
            self.file = Some(file);
        }
        let Some(file) = &self.file else { return Ok(()) };
        let mut line = String::from("{\"at\":");
        ndjson::text(&mut line, place);
        line.push_str(",\"reason\":");
        ndjson::text(&mut line, reason);
        line.push_str(&format!(",\"timestamp\":{}", record.timestamp));
        ndjson::bytes_field(&mut line, "key", record.key);
        ndjson::bytes_field(&mut line, "value", record.value);
        ndjson::headers_field(&mut line, record.headers);
        line.push_str("}\n");
        let appending = APPENDING.lock().unwrap_or_else(PoisonError::into_inner);
        let end = file.len().map_err(cannot)?;
        file.write_all_at(line.as_bytes(), end).map_err(cannot)?;
        drop(appending);
        self.unsynced = true;
        Ok(())
    }
}

fn failure(place: &str, bad: &BadRecord) -> Error {
    let error = Error::user(format!("{place}: {}", bad.reason));
    match &bad.hint {
        Some(hint) => error.hint(hint.clone()),
        None => error,
    }
}

/// Prints as `orders-3@17`.
pub(super) fn at(place: &str, offset: Offset) -> String {
    format!("{place}@{offset}")
}
