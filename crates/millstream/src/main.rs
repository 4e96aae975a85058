//! The binary: reads the command line and wires the crates together.
//!
//! `cli` is what a user can type; `commands` has a file for each; `process` is what all of them share: the memory budget,
//! the allocator, logging and signals; `registry` fills the planner's tables with every connector and catalog.

mod allocator;
mod cli;
mod commands;
mod process;
mod record_line;
mod registry;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    process::log::start(cli.command.log_level());
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::log::failed(&error);
            process::exit_code(&error)
        }
    }
}
