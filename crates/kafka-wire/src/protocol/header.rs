//! Request and response headers.
//!
//! ```text
//! request v1   key i16 | version i16 | correlation i32 | client id nullable string
//! request v2   the same (the client id stays a classic string) | tagged fields      when the body is flexible
//! response v0  correlation i32
//! response v1  correlation i32 | tagged fields                                      when the body is flexible
//! ```
//!
//! The response to ApiVersions always has header v0 (KIP-511): a client that does not know the broker yet must be able to
//! read it.

use super::{ApiKey, Encode, Reader, WireError, Writer};

/// The header of a request. The key is a number, since a broker must answer keys that it does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    pub api_key: i16,
    pub version: i16,
    pub correlation_id: i32,
    pub client_id: Option<String>,
}

impl RequestHeader {
    /// Reads a header and leaves `from` ready for the body, unless the key is unknown: then the body cannot be read.
    pub fn decode(from: &mut Reader) -> Result<Self, WireError> {
        from.set_flexible(false);
        let (api_key, version, correlation_id) = (from.i16()?, from.i16()?, from.i32()?);
        let client_id = from.nullable_string()?;
        if ApiKey::try_from(api_key).is_ok_and(|key| key.is_flexible(version)) {
            from.set_flexible(true);
            from.end_struct()?;
        }
        Ok(Self { api_key, version, correlation_id, client_id })
    }
}

impl Encode for RequestHeader {
    fn encode(&self, to: &mut Writer, _version: i16) {
        to.set_flexible(false);
        to.i16(self.api_key);
        to.i16(self.version);
        to.i32(self.correlation_id);
        to.nullable_string(self.client_id.as_deref());
        to.set_flexible(ApiKey::try_from(self.api_key).is_ok_and(|key| key.is_flexible(self.version)));
        to.end_struct();
    }
}

/// Whether the response to `key` in `version` has a header with tagged fields.
pub fn response_header_is_flexible(key: ApiKey, version: i16) -> bool {
    key != ApiKey::ApiVersions && key.is_flexible(version)
}

/// The correlation id that a response frame starts with, without its length.
pub fn decode_response_correlation(frame: &[u8]) -> Result<i32, WireError> {
    match frame.first_chunk() {
        Some(bytes) => Ok(i32::from_be_bytes(*bytes)),
        None => Err(WireError::Truncated { wanted: 4, left: frame.len() }),
    }
}
