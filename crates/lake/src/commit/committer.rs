//! Phase two: from a prepared commit to a snapshot that the catalog names.

use base::{Error, Result};
use flow::sink::Published;
use flow::{Committable, Committer, Outcome, Recovered};
use rows::position::find;

use super::failpoint::{Failpoint, reach};
use super::prepared::Prepared;
use super::publish::Tried;
use super::session::{CommitWith, Session};
use crate::catalog::metadata_file::remove_quietly;
use crate::decide::{COMMIT, Head, Verdict, after, verdict};
use crate::metadata::{Snapshot, TableMetadata};

#[cfg(test)]
mod tests;

/// So many conflicts in a row mean that something is wrong.
const ATTEMPTS_MAX: u32 = 50;

/// Publishes the commits of one sink.
#[derive(Debug)]
pub struct LakeCommitter(Session);

impl LakeCommitter {
    pub fn new(with: CommitWith) -> Self {
        Self(Session::new(with))
    }
}

impl Committer for LakeCommitter {
    fn recover(&mut self) -> Result<Recovered> {
        self.0.recover_table()
    }

    fn commit(&mut self, prepared: Committable) -> Result<Outcome> {
        let prepared = prepared.downcast::<Prepared>();
        let mut prepared = *prepared.map_err(|_| Error::internal("a commit of another kind of sink"))?;
        reach(self.0.with.tools.options.failpoint, Failpoint::AfterPrepare);
        for attempt in 0..ATTEMPTS_MAX {
            match self.try_commit(&mut prepared, attempt)? {
                Tried::Again => {}
                Tried::Done(outcome) => {
                    if matches!(outcome, Outcome::Overtaken { .. }) {
                        prepared.discard(self.0.with.tools.disk.as_ref());
                    }
                    return Ok(outcome);
                }
            }
        }
        Err(Error::transient(format!(
            "the table {} changed {ATTEMPTS_MAX} times while a commit was tried",
            self.0.with.ident
        ))
        .hint("another writer commits without pause; let it write larger commits"))
    }
}

impl LakeCommitter {
    fn try_commit(&mut self, prepared: &mut Prepared, attempt: u32) -> Result<Tried> {
        let table = self.0.load()?;
        let info = self.0.check_unchanged(&table.metadata)?;
        let (positions, _) = self.0.positions(&table.metadata)?;
        let head = Head {
            positions: &positions,
            has_this_commit: attempt > 0 && commit_of(&table.metadata, &prepared.commit).is_some(),
            cleaned_by_another: self.0.cleaner_of(&table.metadata) != self.0.cleaner,
        };
        match verdict(head, &prepared.spans) {
            Verdict::Publish => {}
            Verdict::Overtaken(head) => return Ok(Tried::Done(Outcome::Overtaken { head })),
            Verdict::AlreadyPublished => return self.already_published(&table.metadata, prepared),
        }
        // Whatever an earlier try may have published, it did not: its files are of no use.
        remove_quietly(self.0.with.tools.disk.as_ref(), std::mem::take(&mut self.0.uncertain));
        if prepared.is_empty()
            && prepared.spans.iter().all(|span| find(&positions, &span.partition).is_some_and(|(_, to)| to == span.to))
        {
            let version = table.metadata.current_snapshot_id.map(|id| id.to_string()).unwrap_or_default();
            return Ok(Tried::Done(Outcome::Published(Published { version, ..Published::default() })));
        }
        self.0.resolve_delta(&table, &info, prepared, attempt)?;
        if !self.0.sync_data(prepared)? {
            return Ok(Tried::Again);
        }
        self.0.publish(table, prepared, &after(&positions, &prepared.spans.clone()), attempt)
    }

    /// The swap of an earlier try, thought lost, had succeeded.
    fn already_published(&mut self, table: &TableMetadata, prepared: &mut Prepared) -> Result<Tried> {
        self.0.uncertain.clear();
        let published = commit_of(table, &prepared.commit).cloned();
        let published = published.ok_or_else(|| Error::internal("a commit that was there is gone"))?;
        self.0.tell_unknown(prepared);
        let shown = self.0.with.tools.shared.lock().snapshot.as_ref().map(|snapshot| snapshot.snapshot_id);
        if shown != published.parent_snapshot_id {
            return Err(Error::transient(format!("the table {} moved on while a commit was tried", self.0.with.ident))
                .hint("the commit is there; the job goes on from it"));
        }
        self.0.after_swap(prepared, &published)?;
        Ok(Tried::Done(Outcome::AlreadyPublished))
    }
}

/// The snapshot of a commit, if it is one of head's ancestors.
fn commit_of<'a>(table: &'a TableMetadata, commit: &str) -> Option<&'a Snapshot> {
    table
        .ancestors(table.current_snapshot_id)
        .find(|snapshot| snapshot.summary.get(COMMIT).is_some_and(|id| id == commit))
}
