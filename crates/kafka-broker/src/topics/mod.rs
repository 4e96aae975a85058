//! The topics of this broker.
//!
//! `name` and `config` (what may be asked for), `store` (how a topic is kept on disk), `table` (all of them).

mod config;
mod name;
mod store;
mod table;

pub(crate) use config::{ConfigValue, TopicConfig};
pub(crate) use table::{Topic, Topics, unknown_topic};
