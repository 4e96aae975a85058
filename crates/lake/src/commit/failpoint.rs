//! Places where a test can have the process killed.

use std::str::FromStr;

use base::{Error, Result};

/// The setting that names one.
pub const SETTING: &str = "millstream.failpoint";

/// What it can be.
pub const NAMES: &[&str] = &["after-prepare", "before-swap", "after-swap"];

/// A moment of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failpoint {
    /// Data files are written, nothing is synced, the committer knows of nothing.
    AfterPrepare,
    /// All files of the snapshot are durable, the catalog names the old one.
    BeforeSwap,
    /// The catalog names the new snapshot, nobody was told.
    AfterSwap,
}

impl FromStr for Failpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "after-prepare" => Ok(Self::AfterPrepare),
            "before-swap" => Ok(Self::BeforeSwap),
            "after-swap" => Ok(Self::AfterSwap),
            _ => Err(Error::user(format!("setting '{SETTING}': '{text}' is no failpoint"))
                .hint("the failpoints are after-prepare, before-swap and after-swap")),
        }
    }
}

/// Ends the process as SIGKILL would, without any clean-up, if `armed` is this moment.
pub fn reach(armed: Option<Failpoint>, here: Failpoint) {
    if armed == Some(here) {
        tracing::error!(failpoint = ?here, "the process ends here, as the setting asks");
        std::process::abort();
    }
}
