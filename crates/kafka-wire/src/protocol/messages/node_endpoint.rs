//! Where the current leader listens, sent along with "not leader" errors (KIP-951: Produce 10, Fetch 16).

use crate::protocol::{Decode, Encode, Reader, WireError, Writer};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeEndpoint {
    pub node_id: i32,
    pub host: String,
    pub port: i32,
    pub rack: Option<String>,
}

impl Encode for NodeEndpoint {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.i32(self.node_id);
        to.string(&self.host);
        to.i32(self.port);
        to.nullable_string(self.rack.as_deref());
        to.end_struct();
    }
}

impl Decode for NodeEndpoint {
    const MIN_SIZE: usize = 11;

    fn decode(from: &mut Reader, _version: i16) -> Result<Self, WireError> {
        let endpoint =
            Self { node_id: from.i32()?, host: from.string()?, port: from.i32()?, rack: from.nullable_string()? };
        from.end_struct()?;
        Ok(endpoint)
    }
}
