use base::disk::faulty::FaultyDisk;
use ledger::Budget;

use super::*;

const TOPIC: (&str, TopicId) = ("orders", TopicId([1; 16]));

fn committed(metadata_bytes: usize) -> Committed {
    let metadata = "m".repeat(metadata_bytes);
    Committed { topic_id: TOPIC.1, offset: 1, leader_epoch: 0, metadata, time_ms: 0 }
}

#[test]
fn metadata_is_paid_for_as_it_grows_and_shrinks() {
    let disk: Arc<dyn Disk> = Arc::new(FaultyDisk::new());
    let data = Path::new("data");
    disk.create_dir_all(data).unwrap();
    let tables = Budget::new(ByteCount::kib(64)).account("tables", ByteCount::ZERO);
    let offsets = GroupOffsets::open(disk.clone(), data, &tables).unwrap();
    let commit = |group: &str, bytes: usize| offsets.commit(group, TOPIC.0, 0, committed(bytes)).is_ok();
    let alone = |bytes: usize| ByteCount::from(1 + TOPIC.0.len() + bytes + ENTRY_BYTES);
    for bytes in [0, 4096, 100, 100, 3000] {
        assert!(commit("g", bytes));
        assert_eq!(tables.used(), alone(bytes));
    }
    let taken = (0..100).filter(|group| commit(&format!("group {group}"), 4096)).count();
    assert_eq!(taken, 14, "64 KiB have room for so many of them");
    assert!(!commit("g", 4096 + 1), "never that long");
    let again = Budget::new(ByteCount::kib(64)).account("tables", ByteCount::ZERO);
    let read = GroupOffsets::open(disk.clone(), data, &again).unwrap();
    assert_eq!(again.used(), tables.used());
    assert_eq!(read.get("g", TOPIC, 0), Some(committed(3000)));
    read.forget_topic(TOPIC.1);
    assert_eq!((again.used(), read.get("g", TOPIC, 0)), (ByteCount::ZERO, None));
}
