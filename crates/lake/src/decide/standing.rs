//! Where a job stands in a table: which snapshot carries its positions.

use crate::metadata::{Snapshot, TableMetadata};

/// Keys of snapshot summaries. A snapshot with the job's name carries its positions.
pub const JOB: &str = "millstream.job";
/// A random id of the commit, by which its writer knows it again.
pub const COMMIT: &str = "millstream.commit";

/// The tag that keeps a job's newest carrier from expiry.
pub fn tag_of(job: &str) -> String {
    format!("millstream-{job}")
}

/// What the table says of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing<'a> {
    /// The job never wrote here, or was rolled back to before its first commit.
    Start { rolled_back_from: Option<&'a Snapshot> },
    /// This snapshot carries the positions to go on from.
    At { carrier: &'a Snapshot, rolled_back_from: Option<&'a Snapshot> },
    /// History that would tell has expired, and what is left contradicts itself.
    Unclear { tagged: &'a Snapshot },
}

/// Finds the newest carrier of `job` among the ancestors of head. Commits of others carry nothing and change nothing.
///
/// Where expiry has cut the chain of parents before a carrier, the job's tag counts, if its snapshot is older than head
/// and the log shows that nothing was rolled back since.
pub fn standing<'a>(table: &'a TableMetadata, job: &str) -> Standing<'a> {
    let tagged = table.snapshot_named(&tag_of(job));
    let mut oldest = None;
    for snapshot in table.ancestors(table.current_snapshot_id) {
        if snapshot.summary.get(JOB).is_some_and(|name| name == job) {
            let newer = tagged.filter(|tagged| tagged.sequence_number > snapshot.sequence_number);
            return Standing::At { carrier: snapshot, rolled_back_from: newer };
        }
        oldest = Some(snapshot);
    }
    let Some(tagged) = tagged else { return Standing::Start { rolled_back_from: None } };
    let whole = oldest.is_none_or(|oldest| oldest.parent_snapshot_id.is_none());
    if whole {
        return Standing::Start { rolled_back_from: Some(tagged) };
    }
    let head = table.current_snapshot();
    let before_head = head.is_some_and(|head| tagged.sequence_number < head.sequence_number);
    if before_head && !rolled_back_since(table, tagged) {
        Standing::At { carrier: tagged, rolled_back_from: None }
    } else {
        Standing::Unclear { tagged }
    }
}

/// After `tagged` was current, a snapshot older than it was.
fn rolled_back_since(table: &TableMetadata, tagged: &Snapshot) -> bool {
    let log = &table.snapshot_log;
    let Some(at) = log.iter().rposition(|entry| entry.snapshot_id == tagged.snapshot_id) else { return false };
    log.iter()
        .skip(at + 1)
        .filter_map(|entry| table.snapshot(entry.snapshot_id))
        .any(|snapshot| snapshot.sequence_number < tagged.sequence_number)
}
