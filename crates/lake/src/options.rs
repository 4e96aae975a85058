//! The settings of a job that concern Iceberg sinks.

use base::{ByteCount, Result};
use flow::{OptionSpec, Settings};

use crate::commit::failpoint::{self, Failpoint};

const COMMIT_BYTES: &str = "millstream.commit.max-bytes";
const ROW_GROUP_BYTES: &str = "millstream.write.row-group-bytes";
const SORT_BYTES: &str = "millstream.sort.max-bytes";
const FILE_BYTES: &str = "millstream.write.target-file-bytes";

/// All of them.
pub fn settings() -> Vec<OptionSpec> {
    vec![
        OptionSpec::with_default(
            COMMIT_BYTES,
            "128 mb",
            "So many bytes of rows in one sink start a commit before its interval is over.",
        ),
        OptionSpec::optional(
            ROW_GROUP_BYTES,
            "Bytes of rows, before encoding, of a Parquet row group; fewer when memory is short. By default a 64th of the budget, between 1 and 16 MiB.",
        ),
        OptionSpec::with_default(
            FILE_BYTES,
            "128 mb",
            "A data file of this size is ended and the next one begun; the table's property 'write.target-file-size-bytes' comes first.",
        ),
        OptionSpec::optional(
            SORT_BYTES,
            "Bytes of rows that one sink sorts in memory before it spills them as a run, all busy sinks together twice as many; a sixteenth of the budget by default.",
        ),
        OptionSpec::optional(failpoint::SETTING, "For tests: kill the process at this moment of a commit.")
            .one_of(failpoint::NAMES),
    ]
}

/// What they say.
#[derive(Clone, Copy, Debug)]
pub struct SinkOptions {
    pub commit_bytes_max: ByteCount,
    /// `None` for the default part of the budget.
    pub row_group_bytes: Option<ByteCount>,
    pub file_bytes: ByteCount,
    /// `None` for the default part of the budget.
    pub sort_bytes_max: Option<ByteCount>,
    pub failpoint: Option<Failpoint>,
}

/// A row group of fewer bytes is not worth its footer entry.
pub const ROW_GROUP_BYTES_MIN: ByteCount = ByteCount::mib(1);
/// More gains readers nothing.
const ROW_GROUP_BYTES_USUAL_MAX: ByteCount = ByteCount::mib(16);
/// More would not fit the 32-bit places of rows in a row group.
const ROW_GROUP_BYTES_MAX: ByteCount = ByteCount::mib(1024);

impl SinkOptions {
    /// Reads the settings.
    ///
    /// # Errors
    /// A value is none of its type.
    pub fn new(settings: &Settings) -> Result<Self> {
        let size = |key: &str| settings.get(key).map(|_| settings.size(key, ByteCount::ZERO)).transpose();
        Ok(Self {
            commit_bytes_max: settings.size(COMMIT_BYTES, ByteCount::mib(128))?,
            row_group_bytes: size(ROW_GROUP_BYTES)?,
            file_bytes: settings.size(FILE_BYTES, ByteCount::mib(128))?,
            sort_bytes_max: size(SORT_BYTES)?,
            failpoint: settings.get(failpoint::SETTING).map(str::parse).transpose()?,
        })
    }

    /// Bytes of rows of a row group, in a process that may take `limit`: large ones are better for readers, and what is
    /// prepared must not take more than the sort that it follows gives back.
    pub fn row_group_bytes(&self, limit: ByteCount) -> ByteCount {
        let (least, most) = match self.row_group_bytes {
            Some(bytes) => (bytes, bytes),
            None => (ByteCount(limit.get() / 64), ROW_GROUP_BYTES_USUAL_MAX),
        };
        least.min(most).clamp(ROW_GROUP_BYTES_MIN, ROW_GROUP_BYTES_MAX)
    }
}
