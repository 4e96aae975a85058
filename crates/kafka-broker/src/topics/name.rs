//! Names of topics, which are also names of folders.

use kafka_wire::protocol::ErrorCode;

use crate::log::Refused;

/// Kafka's limit: with a partition's number it still is a file name.
const NAME_MAX: usize = 249;

/// Accepts what Kafka accepts: letters, digits, `.`, `_` and `-`.
pub(crate) fn check_name(name: &str) -> Result<(), Refused> {
    let refuse = |why: String| Err(Refused::new(ErrorCode::INVALID_TOPIC_EXCEPTION, why));
    if name.is_empty() || name == "." || name == ".." {
        return refuse(format!("a topic cannot be named '{name}'"));
    }
    if name.len() > NAME_MAX {
        return refuse(format!("the name of a topic has at most {NAME_MAX} characters"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')) {
        return refuse(format!(
            "the topic name '{}' has characters other than a-z, A-Z, 0-9, '.', '_' and '-'",
            name.escape_debug()
        ));
    }
    Ok(())
}
