//! `millstream broker`: the embedded broker as a process of its own.

use std::sync::Arc;

use base::{RealDisk, Result};
use kafka_broker::{Broker, BrokerConfig};

use crate::cli;
use crate::process::{self, memory, signals};

pub(crate) fn run(args: &cli::Broker) -> Result<()> {
    let runtime = process::runtime()?;
    let result = runtime.block_on(serve(args));
    runtime.shutdown_background();
    result
}

async fn serve(args: &cli::Broker) -> Result<()> {
    let budget = memory::budget(args.memory.memory, memory::BROKER);
    let clock = process::clock();
    let config = BrokerConfig { listen: args.listen.clone(), ..BrokerConfig::new(&args.data) };
    let broker = Broker::start(config, &budget, clock.clone(), Arc::new(RealDisk)).await?;
    tracing::info!(
        "broker listens at {}, data in {}, memory {}",
        broker.bootstrap(),
        args.data.display(),
        budget.limit()
    );
    let watch = memory::Watch::new(&budget, clock.clone());
    tokio::select! {
        name = signals::asked_to_end() => {
            tracing::info!("{}: closing", name?);
            broker.shutdown().await
        }
        stopped = watch.run() => Err(stopped),
        told = memory::tell_on_request(&budget, &*clock) => told,
    }
}
