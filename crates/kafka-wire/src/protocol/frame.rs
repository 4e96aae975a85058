//! Frames: a length, a header, a body.

use bytes::Bytes;

use super::{
    ApiKey, Decode, Encode, Reader, Request, RequestHeader, WireError, Writer, decode_allowance,
    response_header_is_flexible,
};

/// The longest frame that is ever believed: Kafka's own `socket.request.max.bytes`.
pub const MAX_FRAME: usize = 100 << 20;

/// One encoded message, its 4-byte length included, in parts that are written one after another.
#[derive(Clone, Debug)]
pub struct Frame {
    parts: Vec<Bytes>,
    len: usize,
}

impl Frame {
    fn new(body: Vec<Bytes>) -> Result<Self, WireError> {
        let length: usize = body.iter().map(Bytes::len).sum();
        let Ok(encoded) = i32::try_from(length) else {
            return Err(WireError::TooLong { what: "a frame", length });
        };
        let mut parts = Vec::with_capacity(body.len() + 1);
        parts.push(Bytes::copy_from_slice(&encoded.to_be_bytes()));
        parts.extend(body);
        Ok(Self { parts, len: length + 4 })
    }

    /// All bytes, the length's own 4 included.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// To be written in this order.
    pub fn parts(&self) -> &[Bytes] {
        &self.parts
    }

    /// Everything in one piece, copied.
    pub fn to_vec(&self) -> Vec<u8> {
        self.parts.concat()
    }
}

/// The length that a frame's first 4 bytes announce, if it is between 4 (a correlation id) and `max`.
pub fn frame_length(prefix: [u8; 4], max: usize) -> Result<usize, WireError> {
    let length = i32::from_be_bytes(prefix);
    match usize::try_from(length) {
        Ok(usable) if usable >= 4 && usable <= max => Ok(usable),
        _ => Err(WireError::BadLength(i64::from(length))),
    }
}

fn check_version<R: Request>(version: i16) -> Result<(), WireError> {
    if R::VERSIONS.contains(&version) {
        return Ok(());
    }
    Err(WireError::UnsupportedVersion { api: R::KEY.name(), version })
}

/// A whole request.
pub fn encode_request<R: Request>(
    request: &R,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
) -> Result<Frame, WireError> {
    check_version::<R>(version)?;
    let mut writer = Writer::new();
    let client_id = client_id.map(str::to_owned);
    RequestHeader { api_key: R::KEY.code(), version, correlation_id, client_id }.encode(&mut writer, version);
    writer.set_flexible(R::KEY.is_flexible(version));
    request.encode(&mut writer, version);
    Frame::new(writer.finish()?)
}

/// The body of a request whose header has been read from `reader`; see [`decode_request_body`].
pub fn decode_request<R: Request>(mut reader: Reader, version: i16) -> Result<R, WireError> {
    decode_request_body(&mut reader, version)
}

/// The body of a request whose header has been read from `reader`, which afterwards says how much of its allowance is
/// left. Bytes behind it are passed over, as Kafka does:
/// librdkafka 2.16 leaves three after a Metadata request for all topics.
pub fn decode_request_body<R: Request>(reader: &mut Reader, version: i16) -> Result<R, WireError> {
    check_version::<R>(version)?;
    reader.set_flexible(R::KEY.is_flexible(version));
    R::decode(reader, version)
}

/// A whole response to a request of `key` and `version`.
pub fn encode_response<B: Encode>(
    body: &B,
    key: ApiKey,
    version: i16,
    correlation_id: i32,
) -> Result<Frame, WireError> {
    let mut writer = Writer::new();
    writer.i32(correlation_id);
    writer.set_flexible(response_header_is_flexible(key, version));
    writer.end_struct();
    writer.set_flexible(key.is_flexible(version));
    body.encode(&mut writer, version);
    Frame::new(writer.finish()?)
}

/// The response to a request `R` of `version`, from a frame without its length. Decoding allocates at most
/// [`decode_allowance`] of the frame's length. Bytes behind it are passed over, as Java's client does: librdkafka's mock
/// cluster ends Metadata with one too many.
pub fn decode_response<R: Request>(frame: Bytes, version: i16, correlation_id: i32) -> Result<R::Response, WireError> {
    check_version::<R>(version)?;
    let allowance = decode_allowance(frame.len());
    let mut reader = Reader::new(frame, allowance);
    let got = reader.i32()?;
    if got != correlation_id {
        return Err(WireError::WrongCorrelation { expected: correlation_id, got });
    }
    reader.set_flexible(response_header_is_flexible(R::KEY, version));
    reader.end_struct()?;
    reader.set_flexible(R::KEY.is_flexible(version));
    R::Response::decode(&mut reader, version)
}
