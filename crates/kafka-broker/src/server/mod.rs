//! Sockets: `listener` (who connects), `places` (how many may stay), `connection` (requests in, responses out, in order).

mod connection;
mod listener;
mod places;

pub(crate) use listener::{listen, retain};
