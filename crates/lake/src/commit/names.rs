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

    /// Whether this job made the file.
    pub fn is_own(&self, name: &str) -> bool {
        name.starts_with(&self.prefix)
    }

    /// `millstream-JOB-HASH-EPOCH-UUID.EXTENSION`.
    pub fn new_name(&self, epoch: Epoch, rng: &mut Rng, extension: &str) -> String {
        format!("{}{epoch}-{}.{extension}", self.prefix, uuid_text(&rng.uuid()))
    }
}

/// A hash that is the same everywhere and always; not for keys that somebody could choose.
pub fn short_hash(bytes: &[u8]) -> u64 {
    SipHasher13::new().hash(bytes).h1
}
