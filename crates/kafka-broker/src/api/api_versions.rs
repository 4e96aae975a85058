//! ApiVersions, key 18, versions 0-4.

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};

use super::table::ADVERTISED;
use crate::core::Core;

pub(super) fn answer(_core: &Core, request: ApiVersionsRequest, version: i16) -> ApiVersionsResponse {
    let software = [&request.client_software_name, &request.client_software_version];
    if version >= 3 && !software.into_iter().all(|text| is_software_name(text)) {
        return ApiVersionsResponse { error_code: ErrorCode::INVALID_REQUEST, ..ApiVersionsResponse::default() };
    }
    ApiVersionsResponse { api_keys: all(), ..ApiVersionsResponse::default() }
}

/// What a client is told that asked in a version from the future.
pub(super) fn unsupported() -> ApiVersionsResponse {
    ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        api_keys: all(),
        ..ApiVersionsResponse::default()
    }
}

fn all() -> Vec<ApiVersion> {
    let api = |(key, versions): (kafka_wire::protocol::ApiKey, std::ops::RangeInclusive<i16>)| ApiVersion {
        api_key: key.code(),
        min_version: *versions.start(),
        max_version: *versions.end(),
    };
    ADVERTISED.map(api).to_vec()
}

/// Kafka's rule (KIP-511): letters and digits, and `-` and `.` between them.
fn is_software_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    ends.into_iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
