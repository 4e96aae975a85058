//! Jobs through the public face: what is planned, and what is said about what is wrong. The connectors and the catalog are
//! stand-ins with the names and options of the real ones. What expressions mean is tested by `eval`, against real Flink and
//! through this parser; what whole jobs give, by `millstream`.
//!
//! After an intended change: `INSTA_UPDATE=always cargo test -p millstream-sql`, then read the diff of `snapshots/`.

#[cfg(test)]
mod catalog;
#[cfg(test)]
mod connectors;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod random;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod run;
