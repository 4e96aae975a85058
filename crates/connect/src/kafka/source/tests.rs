use base::PartitionIndex;

use super::*;

fn id(index: i32, cluster: &str, topic_id: &str) -> PartitionId {
    PartitionId { topic: "t".into(), index: PartitionIndex(index), cluster: cluster.into(), topic_id: topic_id.into() }
}

#[test]
fn a_partition_is_the_tables_unless_an_identity_that_both_know_differs() {
    let at: Positions = [(id(0, "c", ""), Offset(5)), (id(1, "c", "x"), Offset(6)), (id(2, "", ""), Offset(7))].into();
    for (broker, expected) in [
        (id(0, "c", "x"), Ok(id(0, "c", "x"))),
        (id(0, "c", ""), Ok(id(0, "c", ""))),
        (id(1, "c", "x"), Ok(id(1, "c", "x"))),
        (id(1, "c", ""), Ok(id(1, "c", "x"))),
        (id(2, "d", "y"), Ok(id(2, "d", "y"))),
        (id(3, "d", "y"), Ok(id(3, "d", "y"))),
        (id(0, "d", "x"), Err("another cluster")),
        (id(1, "c", "y"), Err("recreated")),
        (id(1, "d", "x"), Err("another cluster")),
        (id(1, "d", "y"), Err("recreated")),
    ] {
        match (identified(&broker, &at), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(error), Err(what)) => assert!(error.message().contains(what), "{broker:?}: {error}"),
            (found, _) => panic!("{broker:?}: {found:?}"),
        }
    }
}
