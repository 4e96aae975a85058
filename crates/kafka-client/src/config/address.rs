//! `host:port`.

use std::fmt;

use base::{Error, Result};

/// Where a broker listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// A name or an IP address; an IPv6 address without brackets.
    pub host: String,
    pub port: u16,
}

impl Address {
    /// Reads `host:port` or `[ipv6]:port`, with an optional `PROTOCOL://` before it.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::user(format!("'{text}' is no broker address")).hint("write host:port, for example localhost:9092")
        };
        let text_trimmed = text.trim();
        let address = text_trimmed.split_once("://").map_or(text_trimmed, |(_, address)| address);
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port })
    }

    /// Reads a list separated by commas; at least one.
    pub fn list(text: &str) -> Result<Vec<Self>> {
        let list: Vec<Self> =
            text.split(',').filter(|part| !part.trim().is_empty()).map(Self::parse).collect::<Result<_>>()?;
        if list.is_empty() {
            return Err(
                Error::user("bootstrap.servers names no broker").hint("write host:port, for example localhost:9092")
            );
        }
        Ok(list)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}
