//! Every message in every version against the crate kafka-protocol: the same random fields are put into our message and
//! into theirs; the bytes must be equal, and each must read the bytes back as what was put in.

mod admin;
mod cluster;
mod fetch;
mod group;
mod produce;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader as TheirRequestHeader, ResponseHeader as TheirResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};

use super::super::*;

/// Random field values for one message.
struct Gen {
    rng: base::Rng,
    version: i16,
}

impl Gen {
    fn i64(&mut self) -> i64 {
        match self.rng.below(4) {
            0 => self.rng.next_u64() as i64,
            _ => self.rng.below(1000) as i64 - 10,
        }
    }

    fn i32(&mut self) -> i32 {
        self.i64() as i32
    }

    fn i16(&mut self) -> i16 {
        self.i64() as i16
    }

    fn i8(&mut self) -> i8 {
        self.i64() as i8
    }

    fn bool(&mut self) -> bool {
        self.rng.below(2) == 1
    }

    fn string(&mut self) -> String {
        let length = [0, 1, 5, 200][self.rng.below(4) as usize];
        (0..length).map(|_| ['a', 'ß', '語', '.', '7'][self.rng.below(5) as usize]).collect()
    }

    fn some<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.bool().then(|| value(self))
    }

    fn bytes(&mut self) -> Bytes {
        let length = [0, 61, 3000][self.rng.below(3) as usize];
        (0..length).map(|_| self.rng.next_u64() as u8).collect()
    }

    fn id(&mut self) -> TopicId {
        TopicId(self.rng.uuid())
    }

    fn endpoint(&mut self) -> messages::NodeEndpoint {
        messages::NodeEndpoint {
            node_id: self.i32(),
            host: self.string(),
            port: self.i32(),
            rack: self.some(Gen::string),
        }
    }

    fn leader(&mut self, since: i16) -> messages::produce::CurrentLeader {
        messages::produce::CurrentLeader {
            leader_id: self.from(since, Gen::i32, -1),
            leader_epoch: self.from(since, Gen::i32, -1),
        }
    }

    fn pairs<A, B>(&mut self, mut pair: impl FnMut(&mut Self) -> (A, B)) -> (Vec<A>, Vec<B>) {
        (0..self.rng.below(4)).map(|_| pair(self)).unzip()
    }

    fn ints(&mut self) -> Vec<i32> {
        (0..self.rng.below(4)).map(|_| self.i32()).collect()
    }

    /// A value where the version has the field, else its default.
    fn when<T>(&mut self, there: bool, value: impl FnOnce(&mut Self) -> T, default: T) -> T {
        if there { value(self) } else { default }
    }

    fn from<T>(&mut self, version: i16, value: impl FnOnce(&mut Self) -> T, default: T) -> T {
        let there = self.version >= version;
        self.when(there, value, default)
    }
}

fn text(value: &str) -> StrBytes {
    StrBytes::from_string(value.to_owned())
}

fn some_text(value: Option<&String>) -> Option<StrBytes> {
    value.map(|value| text(value))
}

fn uuid_text(id: TopicId) -> String {
    base::rng::uuid_text(&id.0)
}

fn encode_theirs(header: &impl Encodable, header_version: i16, body: &impl Encodable, version: i16) -> Bytes {
    let mut bytes = BytesMut::new();
    header.encode(&mut bytes, header_version).unwrap();
    body.encode(&mut bytes, version).unwrap();
    bytes.freeze()
}

fn body_of_ours(frame: &Frame) -> Bytes {
    let bytes = Bytes::from(frame.to_vec());
    assert_eq!(frame_length(*bytes.first_chunk().unwrap(), MAX_FRAME), Ok(bytes.len() - 4));
    assert_eq!(frame.len(), bytes.len());
    bytes.slice(4..)
}

/// Compares requests and responses of one API in all its versions.
fn check<R, TheirRequest, TheirResponse>(
    seed: u64,
    request: impl Fn(&mut Gen) -> (R, TheirRequest),
    response: impl Fn(&mut Gen) -> (R::Response, TheirResponse),
) where
    R: Request + PartialEq + std::fmt::Debug,
    R::Response: PartialEq + std::fmt::Debug,
    TheirRequest: Encodable + Decodable + HeaderVersion + PartialEq + std::fmt::Debug,
    TheirResponse: Encodable + Decodable + HeaderVersion + PartialEq + std::fmt::Debug,
{
    for version in R::VERSIONS {
        let mut g = Gen { rng: base::Rng::from_seed(seed ^ version as u64), version };
        check_request(version, request(&mut g));
        check_response::<R, _>(version, response(&mut g));
    }
}

fn check_request<R, Theirs>(version: i16, (ours, theirs): (R, Theirs))
where
    R: Request + PartialEq + std::fmt::Debug,
    Theirs: Encodable + Decodable + HeaderVersion + PartialEq + std::fmt::Debug,
{
    let header = TheirRequestHeader::default()
        .with_request_api_key(R::KEY.code())
        .with_request_api_version(version)
        .with_correlation_id(77)
        .with_client_id(Some(text("me")));
    let header_version = Theirs::header_version(version);
    let expected = encode_theirs(&header, header_version, &theirs, version);
    let bytes = body_of_ours(&encode_request(&ours, version, 77, Some("me")).unwrap());
    assert_eq!(bytes, expected, "{} request {version}: {ours:?}", R::KEY.name());

    let mut reader = Reader::new(bytes.clone(), decode_allowance(bytes.len()));
    let decoded_header = RequestHeader::decode(&mut reader).unwrap();
    assert_eq!(decoded_header.correlation_id, 77);
    assert_eq!(decode_request::<R>(reader, version).unwrap(), ours);
    let mut bytes = expected;
    TheirRequestHeader::decode(&mut bytes, header_version).unwrap();
    assert_eq!(Theirs::decode(&mut bytes, version).unwrap(), theirs);
}

fn check_response<R: Request, Theirs>(version: i16, (ours, theirs): (R::Response, Theirs))
where
    R::Response: PartialEq + std::fmt::Debug,
    Theirs: Encodable + Decodable + HeaderVersion + PartialEq + std::fmt::Debug,
{
    let header_version = Theirs::header_version(version);
    let header = TheirResponseHeader::default().with_correlation_id(78);
    let expected = encode_theirs(&header, header_version, &theirs, version);
    let bytes = body_of_ours(&encode_response(&ours, R::KEY, version, 78).unwrap());
    assert_eq!(bytes, expected, "{} response {version}: {ours:?}", R::KEY.name());

    assert_eq!(decode_response::<R>(bytes, version, 78).unwrap(), ours);
    let mut bytes = expected;
    TheirResponseHeader::decode(&mut bytes, header_version).unwrap();
    assert_eq!(Theirs::decode(&mut bytes, version).unwrap(), theirs);
}
