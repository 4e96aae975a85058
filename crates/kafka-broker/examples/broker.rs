//! A broker of its own, for trying clients against: `broker DATA [LISTEN] [MEMORY]`, until SIGTERM or Ctrl-C.

use std::sync::Arc;

use base::{ByteCount, Error, RealDisk, Result, SystemClock};
use kafka_broker::{Broker, BrokerConfig};
use ledger::Budget;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Error::external("cannot start the runtime").caused_by(error))?;
    runtime.block_on(run())
}

#[expect(clippy::print_stdout, reason = "scripts wait for the address")]
async fn run() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let data = args.next().ok_or_else(|| Error::user("usage: broker DATA [LISTEN] [MEMORY]"))?;
    let mut config = BrokerConfig::new(data);
    config.listen = args.next().unwrap_or(config.listen);
    let memory: ByteCount = args.next().unwrap_or("16MiB".to_owned()).parse().map_err(Error::user)?;
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let budget = Budget::new(memory);
    let broker = Broker::start(config, &budget, Arc::new(SystemClock::new()), Arc::new(RealDisk)).await?;
    println!("{}", broker.bootstrap());
    let broken = |error| Error::external("cannot wait for signals").caused_by(error);
    let mut terminate = signal(SignalKind::terminate()).map_err(broken)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(broken)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    broker.shutdown().await
}
