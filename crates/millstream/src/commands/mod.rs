//! A file for each command.

mod broker;
mod check;
mod consume;
mod demo;
mod job_file;
mod kafka;
mod named_file;
mod produce;
mod run;
mod topics;

use base::Result;

use crate::cli::{Cli, Command};

pub(crate) fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Broker(args) => broker::run(&args),
        Command::Topics(args) => topics::run(&args),
        Command::Produce(args) => produce::run(&args),
        Command::Consume(args) => consume::run(&args),
        Command::Demo(args) => demo::run(&args),
    }
}
