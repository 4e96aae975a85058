use std::collections::BTreeMap;

use base::{Offset, PartitionIndex};
use rows::{PartitionId, Positions, Span};

use super::*;
use crate::metadata::snapshot::{SnapshotLogEntry, SnapshotRef};
use crate::metadata::{NestedField, NewTable, PrimitiveType, Schema, Snapshot, TableMetadata};

fn partition(index: i32) -> PartitionId {
    PartitionId { topic: "t".into(), index: PartitionIndex(index), cluster: "c".into(), topic_id: "i".into() }
}

fn span(index: i32, from: i64, to: i64) -> Span {
    Span { partition: partition(index), from: Offset(from), to: Offset(to) }
}

fn snapshot(id: i64, parent: Option<i64>, job: Option<&str>) -> Snapshot {
    Snapshot {
        snapshot_id: id,
        parent_snapshot_id: parent,
        sequence_number: id,
        timestamp_ms: id,
        manifest_list: None,
        summary: job.map(|job| (JOB.to_owned(), job.to_owned())).into_iter().collect(),
        schema_id: None,
        first_row_id: None,
        added_rows: None,
        unknown: serde_json::Map::new(),
    }
}

/// Snapshots as (id, parent, job), the history of head, and what the tag of job "j" names.
fn table(snapshots: &[(i64, Option<i64>, Option<&str>)], log: &[i64], tag: Option<i64>) -> TableMetadata {
    let field = NestedField::new(1, "id", PrimitiveType::Long, true);
    let new = NewTable {
        location: "/t".to_owned(),
        format_version: 3,
        schema: Schema::new(0, vec![field], vec![1]),
        properties: BTreeMap::new(),
        table_uuid: "u".to_owned(),
        now_ms: 0,
    };
    let mut table = TableMetadata::create(new).unwrap();
    table.snapshots = snapshots.iter().map(|(id, parent, job)| snapshot(*id, *parent, *job)).collect();
    table.snapshot_log = log.iter().map(|id| SnapshotLogEntry { snapshot_id: *id, timestamp_ms: *id }).collect();
    table.current_snapshot_id = log.last().copied();
    table.refs.extend(tag.map(|id| (tag_of("j"), SnapshotRef::tag(id))));
    table
}

/// The carrier's id, and that of the snapshot from which the table was rolled back; `Err` if it is unclear.
fn found(table: &TableMetadata) -> Result<(Option<i64>, Option<i64>), i64> {
    let id = |snapshot: Option<&Snapshot>| snapshot.map(|snapshot| snapshot.snapshot_id);
    match standing(table, "j") {
        Standing::Start { rolled_back_from } => Ok((None, id(rolled_back_from))),
        Standing::At { carrier, rolled_back_from } => Ok((Some(carrier.snapshot_id), id(rolled_back_from))),
        Standing::Unclear { tagged } => Err(tagged.snapshot_id),
    }
}

#[test]
fn the_newest_carrier_among_heads_ancestors_counts() {
    let own = Some("j");
    let cases = [
        ("a new table", table(&[], &[], None), Ok((None, None))),
        ("only others wrote", table(&[(1, None, None), (2, Some(1), Some("k"))], &[1, 2], None), Ok((None, None))),
        (
            "others wrote after",
            table(&[(1, None, own), (2, Some(1), None), (3, Some(2), Some("k"))], &[1, 2, 3], Some(1)),
            Ok((Some(1), None)),
        ),
        (
            "rolled back by one",
            table(&[(1, None, own), (2, Some(1), own)], &[1, 2, 1], Some(2)),
            Ok((Some(1), Some(2))),
        ),
        (
            "rolled back to before",
            table(&[(1, None, None), (2, Some(1), own)], &[1, 2, 1], Some(2)),
            Ok((None, Some(2))),
        ),
        ("the chain expired", table(&[(2, Some(1), own), (5, Some(4), None)], &[2, 5], Some(2)), Ok((Some(2), None))),
        (
            "expired after a rollback",
            table(&[(1, Some(0), None), (3, Some(2), own), (5, Some(4), None)], &[3, 1, 5], Some(3)),
            Err(3),
        ),
        ("the tag is newer than head", table(&[(3, Some(2), None), (5, Some(4), own)], &[5, 3], Some(5)), Err(5)),
        ("expired, never written", table(&[(5, Some(4), None)], &[5], None), Ok((None, None))),
    ];
    for (name, table, expected) in cases {
        assert_eq!(found(&table), expected, "{name}");
    }
}

#[test]
fn spans_must_begin_where_head_ends() {
    let head: Positions = [(partition(0), Offset(10)), (partition(1), Offset(5))].into();
    let judge = |spans: &[Span], has_this_commit, cleaned_by_another| {
        verdict(Head { positions: &head, has_this_commit, cleaned_by_another }, spans)
    };
    assert_eq!(judge(&[span(0, 10, 20), span(1, 5, 5)], false, false), Verdict::Publish);
    assert_eq!(judge(&[span(2, 77, 80)], false, false), Verdict::Publish, "head does not know the partition");
    assert_eq!(judge(&[span(0, 5, 10)], true, false), Verdict::AlreadyPublished);
    assert_eq!(
        judge(&[span(0, 0, 10), span(1, 5, 9)], false, false),
        Verdict::Overtaken(vec![span(0, 0, 10), span(1, 5, 5)])
    );
    assert_eq!(judge(&[span(0, 10, 20)], false, true), Verdict::Overtaken(vec![span(0, 10, 10)]));
    let later = after(&head, &[span(1, 5, 9), span(2, 0, 1)]);
    assert_eq!(later, [(partition(0), Offset(10)), (partition(1), Offset(9)), (partition(2), Offset(1))].into());
}

#[test]
fn a_topic_that_had_no_id_yet_is_the_one_that_has_one_now() {
    let unknown = PartitionId { topic_id: "".into(), ..partition(0) };
    let head: Positions = [(unknown.clone(), Offset(10))].into();
    let judge =
        |spans: &[Span]| verdict(Head { positions: &head, has_this_commit: false, cleaned_by_another: false }, spans);
    assert_eq!(judge(&[span(0, 10, 20)]), Verdict::Publish);
    assert_eq!(judge(&[span(0, 0, 20)]), Verdict::Overtaken(vec![span(0, 0, 10)]), "a run that stands elsewhere");
    let carried = after(&head, &[span(0, 10, 20)]);
    assert_eq!(carried, [(partition(0), Offset(20))].into(), "the id from now on");
    let before = Span { partition: unknown, from: Offset(10), to: Offset(20) };
    let behind = Head { positions: &carried, has_this_commit: false, cleaned_by_another: false };
    assert!(matches!(verdict(behind, &[before]), Verdict::Overtaken(_)), "a run that began before the upgrade");
}

#[test]
fn an_index_is_rebuilt_only_when_head_does_not_follow() {
    assert_eq!(index_use(Some(1), Some(1), true), IndexUse::AsIs);
    assert_eq!(index_use(Some(1), Some(2), true), IndexUse::Advance);
    assert_eq!(index_use(None, Some(2), false), IndexUse::Advance);
    assert_eq!(index_use(Some(3), Some(2), false), IndexUse::Rebuild);
    assert_eq!(index_use(Some(3), None, false), IndexUse::Rebuild);
}
