//! Sockets: `listener` (who connects), `connection` (requests in, responses out, in order).

mod connection;
mod listener;

pub(crate) use listener::{listen, retain};
