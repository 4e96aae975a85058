//! Which versions of which requests a broker speaks (ApiVersions, KIP-35, KIP-511).

use std::collections::BTreeMap;

use kafka_wire::protocol::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_wire::protocol::{ApiKey, ErrorCode, Request, decode_response};

use super::{Ask, Connection, RequestError};
use crate::config::Address;

/// The version asked in first: every broker since 2.4 answers it in full.
const FIRST_ASKED: i16 = 3;

/// The ranges that the broker announced.
#[derive(Debug, Default)]
pub(super) struct Versions {
    ranges: BTreeMap<i16, (i16, i16)>,
}

impl Versions {
    /// Asks the broker. One that does not know the version answers in version 0 with error 35 and says which it knows.
    pub(super) async fn ask(connection: &Connection, ask: &Ask<'_>) -> Result<Self, RequestError> {
        let request = ApiVersionsRequest {
            client_software_name: "millstream".to_owned(),
            client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let malformed = |error| connection.malformed::<ApiVersionsRequest>(error);
        let mut version = FIRST_ASKED;
        loop {
            let begun = connection.begin_in(&request, version, ask).await?;
            let correlation_id = begun.correlation_id;
            let (frame, _paid) = begun.frame(connection).await?;
            // In every version the error code comes first.
            let refused = frame.get(4..6) == Some(&ErrorCode::UNSUPPORTED_VERSION.0.to_be_bytes());
            if !refused {
                let response = decode_response::<ApiVersionsRequest>(frame, version, correlation_id);
                return Ok(Self::of(&response.map_err(malformed)?));
            }
            if version == 0 {
                return Err(Self::default().unspoken::<ApiVersionsRequest>(connection.address()));
            }
            // Some write the list wrong when they refuse (librdkafka's mock cluster); every broker knows version 0.
            let known = decode_response::<ApiVersionsRequest>(frame, 0, correlation_id).ok();
            let known = known.and_then(|response| Self::of(&response).ranges.get(&ApiKey::ApiVersions.code()).copied());
            version = known.map_or(0, |(_, max)| max).clamp(0, version - 1);
        }
    }

    fn of(response: &ApiVersionsResponse) -> Self {
        let ranges = response.api_keys.iter().map(|key| (key.api_key, (key.min_version, key.max_version))).collect();
        Self { ranges }
    }

    /// The newest version that both sides speak, at most `most`.
    pub(super) fn choose<R: Request>(&self, most: i16, address: &Address) -> Result<i16, RequestError> {
        let (min, max) = self.ranges.get(&R::KEY.code()).copied().unwrap_or((0, -1));
        let version = max.min(*R::VERSIONS.end()).min(most);
        if version < min.max(*R::VERSIONS.start()) {
            return Err(self.unspoken::<R>(address));
        }
        Ok(version)
    }

    fn unspoken<R: Request>(&self, address: &Address) -> RequestError {
        let there = self.ranges.get(&R::KEY.code());
        RequestError::Versions {
            address: address.clone(),
            api: R::KEY.name(),
            here: format!("{} to {}", R::VERSIONS.start(), R::VERSIONS.end()),
            there: there.map_or("none".to_owned(), |(min, max)| format!("{min} to {max}")),
        }
    }
}
