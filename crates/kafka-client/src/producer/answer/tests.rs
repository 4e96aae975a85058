use super::*;

fn check(code: ErrorCode, first: bool, fate: Fate) {
    let answer = ProducePartitionResponse { error_code: code, base_offset: 5, ..ProducePartitionResponse::default() };
    assert_eq!(judge(&answer, first), fate, "{code}");
}

#[test]
fn every_answer_has_its_fate() {
    check(ErrorCode::NONE, true, Fate::Written(Some(Offset(5))));
    check(ErrorCode::DUPLICATE_SEQUENCE_NUMBER, true, Fate::Written(None));
    check(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, false, Fate::Again);
    check(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, true, Fate::Renamed);
    check(ErrorCode::UNKNOWN_PRODUCER_ID, false, Fate::Renamed);
    check(ErrorCode::NOT_LEADER_OR_FOLLOWER, true, Fate::Elsewhere);
    check(ErrorCode::NOT_ENOUGH_REPLICAS, true, Fate::Again);
    check(ErrorCode::MESSAGE_TOO_LARGE, true, Fate::Refused);
    check(ErrorCode(12345), true, Fate::Refused);
}
