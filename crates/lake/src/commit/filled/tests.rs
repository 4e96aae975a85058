use std::sync::Arc;

use base::{ByteCount, RealDisk, Rng};
use ledger::Budget;

use super::*;

#[test]
fn rows_come_back_by_growing_hash_with_their_places_and_columns() {
    let dir = tempfile::tempdir().unwrap();
    let account = Budget::new(ByteCount::mib(2)).account("write", ByteCount::ZERO);
    let sorter = EntrySorter::new(Arc::new(RealDisk), dir.path().join("filled"), &account);
    let mut writer = FilledWriter(sorter);
    let mut rng = Rng::from_seed(7);
    let mut rows: Vec<Filled> = (0..5_000)
        .map(|_| {
            let mut columns: Vec<u16> = (0..=rng.below(4)).map(|_| rng.below(300) as u16).collect();
            columns.sort_unstable();
            columns.dedup();
            let mut place = || (rng.below(u64::from(NUMBER_MAX)) as u32, rng.next_u64() as u32);
            let ((file, position), old) = (place(), place());
            let old = (rng.below(4) > 0).then_some(old);
            let hash = (u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64());
            Filled { hash, file, position, old, columns }
        })
        .collect();
    for row in &rows {
        writer.put(row).unwrap();
    }
    let run = writer.finish().unwrap().unwrap();
    rows.sort_unstable_by_key(|row| row.hash);
    let mut reader = FilledReader::new(&run).unwrap();
    for row in rows {
        assert_eq!(reader.next_row().unwrap(), Some(row));
    }
    assert_eq!(reader.next_row().unwrap(), None);
}
