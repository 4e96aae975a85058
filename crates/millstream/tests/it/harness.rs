//! A broker in this process, the binary in another, a folder of their own.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::Arc;

use base::{ByteCount, RealDisk, SystemClock};
use kafka_broker::{Broker, BrokerConfig, RunningBroker};
use ledger::Budget;

pub(crate) struct Harness {
    pub(crate) dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    broker: Option<RunningBroker>,
    bootstrap: String,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Harness {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let config = BrokerConfig { listen: "127.0.0.1:0".into(), ..BrokerConfig::new(dir.path().join("broker")) };
        let config = BrokerConfig { auto_create_topics: false, ..config };
        let budget = Budget::new(ByteCount::mib(32));
        let started = Broker::start(config, &budget, Arc::new(SystemClock::new()), Arc::new(RealDisk));
        let broker = runtime.block_on(started).unwrap();
        let bootstrap = broker.bootstrap();
        Self { dir, runtime, broker: Some(broker), bootstrap }
    }

    /// A harness whose broker is a process of its own, to be started with [`Self::start_broker`].
    pub(crate) fn without_broker() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let bootstrap = format!("127.0.0.1:{}", free_port());
        Self { dir: tempfile::tempdir().unwrap(), runtime, broker: None, bootstrap }
    }

    /// The binary as a broker, always at the same address and on the same data.
    pub(crate) fn start_broker(&self) -> Running {
        let mut broker = Running::start(self.command(&["broker", "--data", "broker", "--listen", &self.bootstrap]));
        broker.wait_for("broker listens at");
        broker
    }

    pub(crate) fn bootstrap(&self) -> String {
        self.bootstrap.clone()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary with these arguments, in the folder of this test.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_millstream"));
        command.args(arguments).current_dir(self.dir.path()).stdin(Stdio::null()).env_remove("MILLSTREAM_LOG");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments).output().unwrap())
    }

    /// Runs a command that must succeed; its standard output.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}\n{}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Runs a command that must fail with a message that holds all of `parts`.
    pub(crate) fn fail(&self, arguments: &[&str], parts: &[&str]) {
        let ended = self.run(arguments);
        assert!(ended.code.is_some_and(|code| code != 0), "{arguments:?} succeeded\n{}{}", ended.stdout, ended.stderr);
        for part in parts {
            assert!(ended.stderr.contains(part), "{arguments:?} does not say '{part}':\n{}", ended.stderr);
        }
    }

    pub(crate) fn create_topic(&self, name: &str, partitions: &str) {
        self.succeed(&["topics", "create", name, "--partitions", partitions, "--bootstrap", &self.bootstrap()]);
    }

    /// Puts lines of `{"key":…,"value":…}` into a topic.
    pub(crate) fn produce(&self, topic: &str, lines: &str) {
        let file = self.write(&format!("{topic}.ndjson"), lines);
        self.succeed(&["produce", topic, &text(&file), "--bootstrap", &self.bootstrap()]);
    }

    /// Runs a job to the end of its topics.
    pub(crate) fn run_job(&self, job: &Path) -> Ended {
        self.run(&["run", &text(job), "--bounded", "--bootstrap", &self.bootstrap(), "--progress", "none"])
    }

    /// What a table of the catalog `lake` holds, as `key columns… = other columns…` lines would be too kind: whole rows,
    /// each a list of texts, sorted.
    pub(crate) fn rows(&self, table: &str, columns: &[&str]) -> Vec<Vec<Option<String>>> {
        crate::tables::rows(&self.path("warehouse"), table, columns)
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        if let Some(broker) = self.broker.take() {
            self.runtime.block_on(broker.shutdown()).unwrap();
        }
    }
}

/// A port that nobody listens at, outside the range from which the system takes those of outgoing connections: a client
/// that knocks there while nobody listens must not meet itself.
fn free_port() -> u16 {
    let mut rng = base::Rng::from_entropy();
    (0..1_000)
        .map(|_| 10_000 + rng.below(20_000) as u16)
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// The binary while it runs, with what it says on standard error. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    said: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines, said: String::new() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads on until a line holds `part`.
    pub(crate) fn wait_for(&mut self, part: &str) {
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            self.said.push_str(&line);
            self.said.push('\n');
            if line.contains(part) {
                return;
            }
        }
        panic!("it ended and never said '{part}':\n{}", self.said);
    }

    /// SIGKILL: it gets no chance to do anything.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        assert!(Command::new("kill").arg(self.id().to_string()).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Ended {
        for line in self.lines.by_ref() {
            self.said.push_str(&line.unwrap());
            self.said.push('\n');
        }
        let code = self.child.wait().unwrap().code();
        Ended { code, stdout: String::new(), stderr: std::mem::take(&mut self.said) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn ended(output: Output) -> Ended {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
