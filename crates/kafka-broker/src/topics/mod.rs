//! The topics of this broker.
//!
//! `name` and `config` (what may be asked for), `store` (how a topic is kept on disk), `table` (all of them), `crew`
//! (which opens them).

mod config;
mod crew;
mod name;
mod store;
mod table;

pub(crate) use config::{ConfigValue, TopicConfig};
pub(crate) use crew::CREW;
pub(crate) use table::{Topic, Topics, unknown_topic};
