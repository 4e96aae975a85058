//! What a user can type.

use std::path::PathBuf;

use base::ByteCount;
use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing::level_filters::LevelFilter;

/// Streaming jobs in Flink SQL within a memory budget, exactly once, and a Kafka-compatible broker.
#[derive(Debug, Parser)]
#[command(name = "millstream", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a job file until it is stopped (SIGTERM or Ctrl-C commits and ends) or, bounded, until it has caught up
    Run(Run),
    /// Parse and plan a job file without running it; print the plan
    Check(Check),
    /// Start a Kafka-compatible broker on this machine
    Broker(Broker),
    /// List, create, describe and delete topics
    Topics(Topics),
    /// Write records to a topic, from a file or standard input
    Produce(Produce),
    /// Read records of a topic to standard output
    Consume(Consume),
    /// Stream real PostgreSQL changes into Iceberg tables, kill the job on the way, and compare every cell
    Demo(Demo),
}

impl Command {
    /// What is logged unless the environment says otherwise: the demo tells its own story, its broker's would only disturb.
    pub(crate) fn log_level(&self) -> LevelFilter {
        if matches!(self, Self::Demo(_)) { LevelFilter::WARN } else { LevelFilter::INFO }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Memory {
    /// What the whole process may hold, such as 128MiB [default: a quarter of the machine's or cgroup's limit]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<ByteCount>,
}

#[derive(Debug, Args)]
pub(crate) struct Overrides {
    /// Set a configuration key, over the job file's SET
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Use these brokers, over the file's properties.bootstrap.servers
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) bootstrap: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The job: a file of Flink SQL
    #[arg(value_name = "JOB.sql")]
    pub(crate) job: PathBuf,
    #[command(flatten)]
    pub(crate) memory: Memory,
    /// Threads that decode, compute and write; I/O has threads of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: u16,
    /// A folder for caches and spilled data; the tables are the truth, so it may be deleted [default: ./millstream-state/NAME]
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
    /// End when every partition has reached the end offset read at the start
    #[arg(long)]
    pub(crate) bounded: bool,
    /// How to show progress
    #[arg(long, value_enum, default_value_t = Progress::Auto)]
    pub(crate) progress: Progress,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// A bar on a terminal, plain lines elsewhere
    Auto,
    /// A line now and then on standard error
    Plain,
    /// A JSON object a line on standard output, several a second
    Json,
    None,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The job: a file of Flink SQL
    #[arg(value_name = "JOB.sql")]
    pub(crate) job: PathBuf,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
}

#[derive(Debug, Args)]
pub(crate) struct Broker {
    /// The folder of the log; made if missing
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    pub(crate) listen: String,
    #[command(flatten)]
    pub(crate) memory: Memory,
}

/// A Kafka cluster, and how to talk to it.
#[derive(Debug, Args)]
pub(crate) struct Cluster {
    /// The brokers
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    pub(crate) bootstrap: String,
    /// Set a property of the Kafka client, under Kafka's own name, such as request.timeout.ms=5000; may be repeated
    #[arg(long = "property", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) properties: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct Topics {
    #[command(subcommand)]
    pub(crate) action: TopicsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopicsAction {
    /// Print the names of all topics
    List {
        #[command(flatten)]
        cluster: Cluster,
    },
    /// Create a topic
    Create {
        name: String,
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=10_000))]
        partitions: i32,
        #[command(flatten)]
        cluster: Cluster,
    },
    /// Print a topic's id, partitions, leaders and offsets
    Describe {
        name: String,
        #[command(flatten)]
        cluster: Cluster,
    },
    /// Delete a topic and its records
    Delete {
        name: String,
        #[command(flatten)]
        cluster: Cluster,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Produce {
    pub(crate) topic: String,
    /// Records, one a line: raw values, or with --format json {"partition","key","value","headers","timestamp"} objects [default: standard input]
    pub(crate) file: Option<PathBuf>,
    /// none, gzip, snappy, lz4 or zstd [default: none]
    #[arg(long, value_name = "C")]
    pub(crate) codec: Option<String>,
    /// What a line is
    #[arg(long, value_enum, default_value_t = Lines::Json)]
    pub(crate) format: Lines,
    #[command(flatten)]
    pub(crate) cluster: Cluster,
}

/// What a line of `produce` and `consume` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lines {
    /// {"topic","partition","offset","key","value","headers","timestamp"}
    Json,
    /// The value alone
    Raw,
}

#[derive(Debug, Args)]
pub(crate) struct Consume {
    pub(crate) topic: String,
    /// Where to begin: earliest, latest, or an offset that each partition has
    #[arg(long, value_name = "WHERE", default_value = "earliest", allow_negative_numbers = true)]
    pub(crate) from: String,
    /// Read this partition alone; may be repeated
    #[arg(long = "partition", value_name = "N")]
    pub(crate) partitions: Vec<i32>,
    /// End after so many records; without it the topic is followed until Ctrl-C
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// End at the offsets that are the end now
    #[arg(long)]
    pub(crate) bounded: bool,
    /// What to print of a record
    #[arg(long, value_enum, default_value_t = Lines::Json)]
    pub(crate) format: Lines,
    #[command(flatten)]
    pub(crate) cluster: Cluster,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to put the broker's log and the warehouse; must be missing or empty [default: a new ./millstream-demo-N]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// What the job may hold
    #[arg(long, value_name = "SIZE", default_value = "128MiB")]
    pub(crate) memory: ByteCount,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.trim().to_owned(), value.to_owned()))
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| format!("'{text}' is not KEY=VALUE"))
}
