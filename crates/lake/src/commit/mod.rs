//! Commits: what is prepared becomes a snapshot, exactly once.
//!
//! In the order of events: [`recover`] reads from the table where the job stands and cleans up, [`advance`] brings the key
//! index to head; [`prepare`] makes data files that nothing names ([`row_files`] writes them, [`old_rows`] fetches what absent cells
//! keep), which wait as [`prepared`], with the rows that were [`filled`] so; the [`committer`] decides, [`catch_up`] resolves what others did
//! meanwhile ([`delta`], [`refill`]), [`publish`] turns old places into deletion [`vectors`], writes the [`snapshot`] and
//! swaps. A [`session`] is what a committer keeps, [`tools`] what all steps work with. [`live`] reads which files a snapshot
//! has, [`names`] are how a job knows its own files again, [`carried`] is how a snapshot carries positions, [`failpoint`]
//! lets a test kill the process.

pub mod names;
pub mod carried;
pub mod failpoint;
pub mod live;
pub mod tools;
pub mod session;
pub mod advance;
pub mod old_rows;
pub mod filled;
pub mod prepared;
pub mod row_files;
pub mod prepare;
pub mod delta;
pub mod refill;
pub mod catch_up;
pub mod recover;
pub mod vectors;
pub mod snapshot;
pub mod publish;
pub mod committer;
