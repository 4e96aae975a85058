//! Jobs through the public face: what is planned, and what is said about what is wrong. The connectors and the catalog are
//! stand-ins with the names and options of the real ones.
//!
//! After an intended change: `INSTA_UPDATE=always cargo test -p millstream-sql`, then read the diff of `snapshots/`.

#[cfg(test)]
mod catalog;
#[cfg(test)]
mod connectors;
#[cfg(test)]
mod errors;
#[cfg(test)]
#[path = "../../../eval/tests/it/golden.rs"]
mod golden;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod random;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod run;
#[cfg(test)]
#[path = "../../../eval/tests/it/show.rs"]
mod show;
