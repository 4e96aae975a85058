use super::*;

fn check(code: i16, name: &str, retriable: bool) {
    let code = ErrorCode(code);
    assert_eq!((code.to_string().as_str(), code.is_retriable()), (name, retriable));
}

#[test]
fn what_passes_after_an_election_or_a_restart_is_retriable() {
    check(6, "NOT_LEADER_OR_FOLLOWER", true);
    check(72, "LISTENER_NOT_FOUND", true);
    check(78, "OFFSET_NOT_AVAILABLE", true);
    check(88, "UNSTABLE_OFFSET_COMMIT", true);
    check(10, "MESSAGE_TOO_LARGE", false);
    check(12345, "error code 12345", false);
}
