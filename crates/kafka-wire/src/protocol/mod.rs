//! Messages of the Kafka protocol as bounded encode and decode over bytes; no I/O.
//!
//! A frame is `length i32 | header | body`. The version of a message is agreed with ApiVersions and decides which fields
//! are on the wire; each file under `messages/` names its versions. From its first flexible version on (KIP-482) a
//! message has compact strings and arrays and ends every struct with tagged fields; unknown tags are skipped.
//!
//! Bounds: every length and count is checked against the bytes that are there before anything is allocated, and what a
//! decoded message may allocate beyond its frame is capped by an allowance that the caller reserved ([`Reader::new`]):
//! "count <= bytes left" alone still turns one byte on the wire into a hundred in memory. Record bytes are never copied:
//! they are slices of the frame ([`bytes::Bytes`]), so they stay charged until their last reference drops.
//!
//! Not every field exists in every version: a field that the version lacks is left out when encoding and has its
//! protocol default after decoding. Where leaving it out would change the meaning, encoding fails.

mod error;
mod error_code;
mod reader;
mod topic_id;
mod writer;

mod api_key;
mod frame;
mod header;
pub mod messages;

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

pub use api_key::ApiKey;
pub use error::WireError;
pub use error_code::ErrorCode;
pub use frame::{
    Frame, MAX_FRAME, decode_request, decode_request_body, decode_response, encode_request, encode_response,
    frame_length,
};
pub use header::{RequestHeader, decode_response_correlation, response_header_is_flexible};
pub use reader::{Reader, decode_allowance};
pub use topic_id::TopicId;
pub use writer::{TaggedField, Writer};

/// Something with a place on the wire, written as `version` has it.
pub trait Encode {
    /// Appends `self`; a value that the version cannot carry is noted in the writer and reported at its end.
    fn encode(&self, to: &mut Writer, version: i16);
}

/// Something with a place on the wire, read as `version` has it.
pub trait Decode: Sized {
    /// The fewest bytes that one of these takes in any version; bounds how many an array can hold.
    const MIN_SIZE: usize;

    fn decode(from: &mut Reader, version: i16) -> Result<Self, WireError>;
}

/// The body of a request, tied to its key, its versions and its response.
pub trait Request: Encode + Decode {
    const KEY: ApiKey;
    /// The versions that this crate encodes and decodes.
    const VERSIONS: RangeInclusive<i16>;
    type Response: Encode + Decode;
}
