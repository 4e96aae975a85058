//! Names of the files that a job makes in a table, so that it knows its own again.

use siphasher::sip128::SipHasher13;

use base::rng::uuid_text;
use base::{Epoch, Rng};

/// What a job's file names begin with: `millstream-JOB-HASH-`, where JOB is the job's name as far as file systems take
/// it, and HASH tells names apart that differ in the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNames {
    prefix: String,
}

/// So much of a job's name shows in file names.
const JOB_LENGTH_MAX: usize = 40;

impl FileNames {
    pub fn new(job: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '.' { c } else { '_' };
        let shown: String = job.chars().take(JOB_LENGTH_MAX).map(plain).collect();
        Self { prefix: format!("millstream-{shown}-{:08x}-", short_hash(job.as_bytes()) as u32) }
    }

    /// `millstream-JOB-HASH-EPOCH-COMMIT-WHAT`, where `what` ends in the extension.
    pub fn name(&self, epoch: Epoch, commit: &str, what: &str) -> String {
        format!("{}{epoch}-{commit}-{what}", self.prefix)
    }

    /// The commit for which a file of this name was made; `None` if this job did not make it.
    pub fn commit_of<'a>(&self, name: &'a str) -> Option<&'a str> {
        let (_, rest) = name.strip_prefix(&self.prefix)?.split_once('-')?;
        rest.get(..COMMIT_LENGTH)
    }
}

/// The length of a commit's id, a UUID as text.
const COMMIT_LENGTH: usize = 36;

/// An id for a commit.
pub fn new_commit_id(rng: &mut Rng) -> String {
    uuid_text(&rng.uuid())
}

/// A hash that is the same everywhere and always; not for keys that somebody could choose.
pub fn short_hash(bytes: &[u8]) -> u64 {
    SipHasher13::new().hash(bytes).h1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_knows_its_files_and_no_others() {
        let id = new_commit_id(&mut Rng::from_seed(1));
        let names = FileNames::new("shop to lake");
        let name = names.name(Epoch(12), &id, "f0.parquet");
        assert_eq!(names.commit_of(&name), Some(id.as_str()));
        assert_eq!(FileNames::new("shop_to_lake").commit_of(&name), None);
        assert_eq!(FileNames::new("shop to").commit_of(&name), None);
        assert_eq!(names.commit_of("00000-0-abc.parquet"), None);
    }
}
