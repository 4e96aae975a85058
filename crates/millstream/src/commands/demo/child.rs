//! The job of the demo as a process of its own, so that it can be killed like one.

use std::path::Path;
use std::process::Stdio;

use base::{ByteCount, Error, Result};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A running `millstream run … --progress json`. Killed when dropped.
pub(super) struct JobProcess {
    child: Child,
    progress: Lines<BufReader<ChildStdout>>,
}

/// A line of progress, as far as the demo shows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) records: u64,
    /// The offsets that lie behind the job, what it read before it was killed included.
    pub(super) position: u64,
    pub(super) lag: u64,
    pub(super) commits: u64,
    pub(super) rss: ByteCount,
    pub(super) peak_rss: ByteCount,
    pub(super) limit: ByteCount,
    /// What all accounts held at the time of `memory`.
    pub(super) ledger: ByteCount,
    pub(super) memory: String,
}

impl JobProcess {
    /// Starts the job of `dir/job.sql` in `dir`.
    pub(super) fn start(dir: &Path, bootstrap: &str, memory: ByteCount, bounded: bool) -> Result<Self> {
        let program = std::env::current_exe()
            .map_err(|error| Error::external("cannot find the program itself").caused_by(error))?;
        let mut command = Command::new(program);
        command.args(["run", "job.sql", "--progress", "json", "--bootstrap", bootstrap]);
        command.args(["--memory", &memory.get().to_string(), "--set", "execution.checkpointing.interval=200 ms"]);
        if bounded {
            command.arg("--bounded");
        }
        // Cells that wait for carry are counted at the end; everything else that matters is an error.
        command.env("MILLSTREAM_LOG", "error");
        command.current_dir(dir).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child =
            command.spawn().map_err(|error| Error::external("cannot start the job's process").caused_by(error))?;
        let stdout = child.stdout.take().ok_or_else(|| Error::internal("the job's process has no output"))?;
        Ok(Self { child, progress: BufReader::new(stdout).lines() })
    }

    /// The next line of progress; `None` when the process has ended.
    pub(super) async fn next(&mut self) -> Result<Option<Shown>> {
        let line = self.progress.next_line().await;
        let line = line.map_err(|error| Error::external("cannot read the job's progress").caused_by(error))?;
        line.map(|line| shown(&line)).transpose()
    }

    /// SIGKILL: no chance to clean up.
    pub(super) async fn kill(mut self) -> Result<()> {
        self.child.kill().await.map_err(|error| Error::external("cannot kill the job's process").caused_by(error))
    }

    /// Waits for the end, which must be a good one.
    pub(super) async fn ended(mut self) -> Result<()> {
        let status = self.child.wait().await;
        let status = status.map_err(|error| Error::external("cannot wait for the job's process").caused_by(error))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::external(format!("the job's process ended with {status}; its own message is above")))
    }
}

fn shown(line: &str) -> Result<Shown> {
    let line: Value = serde_json::from_str(line)
        .map_err(|error| Error::internal("the job's progress cannot be read").caused_by(error))?;
    let number = |name: &str| line[name].as_u64().unwrap_or_default();
    Ok(Shown {
        records: number("records"),
        position: number("position"),
        lag: number("lag"),
        commits: number("commits"),
        rss: ByteCount(number("rss")),
        peak_rss: ByteCount(number("peak_rss")),
        limit: ByteCount(number("limit")),
        ledger: ByteCount(number("ledger")),
        memory: line["memory"].as_str().unwrap_or_default().to_owned(),
    })
}
