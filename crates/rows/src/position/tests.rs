use super::*;

fn id(index: i32, cluster: &str, topic_id: &str) -> PartitionId {
    PartitionId {
        topic: "orders".into(),
        index: PartitionIndex(index),
        cluster: cluster.into(),
        topic_id: topic_id.into(),
    }
}

#[test]
fn what_is_not_known_of_a_partition_tells_nothing_apart() {
    for (a, b, may_be) in [
        (("c", "x"), ("c", "x"), true),
        (("c", ""), ("c", "x"), true),
        (("", "x"), ("c", "x"), true),
        (("", ""), ("c", "x"), true),
        (("c", ""), ("", "x"), true),
        (("c", "x"), ("c", "y"), false),
        (("c", "x"), ("d", "x"), false),
        (("c", ""), ("d", "x"), false),
        (("", "x"), ("d", "y"), false),
    ] {
        let (a, b) = (id(3, a.0, a.1), id(3, b.0, b.1));
        assert_eq!((a.may_be(&b), b.may_be(&a)), (may_be, may_be), "{a:?} {b:?}");
        if may_be {
            assert_eq!(a.completed_by(&b), b.completed_by(&a));
        }
    }
    assert!(!id(3, "c", "").may_be(&id(4, "c", "")));
}

#[test]
fn positions_are_found_under_less_and_carried_on_under_all_that_is_known() {
    let before: Positions =
        [(id(0, "c", ""), Offset(7)), (id(1, "c", ""), Offset(8)), (id(2, "c", "x"), Offset(9))].into();
    assert_eq!(find(&before, &id(1, "c", "x")), Some((&id(1, "c", ""), Offset(8))));
    assert_eq!(find(&before, &id(2, "c", "x")), Some((&id(2, "c", "x"), Offset(9))));
    assert_eq!(find(&before, &id(2, "c", "y")), None);
    assert_eq!(find(&before, &id(3, "c", "x")), None);
    let mut after = before;
    put(&mut after, &id(1, "c", "x"), Offset(80));
    put(&mut after, &id(2, "c", ""), Offset(90));
    put(&mut after, &id(3, "c", "x"), Offset(1));
    let expected: Positions = [
        (id(0, "c", ""), Offset(7)),
        (id(1, "c", "x"), Offset(80)),
        (id(2, "c", "x"), Offset(90)),
        (id(3, "c", "x"), Offset(1)),
    ]
    .into();
    assert_eq!(after, expected);
}

#[test]
fn a_recreated_topic_stands_beside_the_old_one() {
    let mut positions: Positions = [(id(0, "c", "x"), Offset(7))].into();
    put(&mut positions, &id(0, "c", "y"), Offset(1));
    assert_eq!(positions.len(), 2);
    assert_eq!(find(&positions, &id(0, "c", "x")), Some((&id(0, "c", "x"), Offset(7))));
    assert_eq!(of_its_name(&positions, &id(0, "", "")).count(), 2);
}
