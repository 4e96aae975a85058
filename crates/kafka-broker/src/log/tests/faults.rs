//! Each call to the disk fails in turn, and single cases of what a failure does.

use std::io::ErrorKind;

use base::disk::faulty::Loss;
use kafka_wire::protocol::ErrorCode;

use super::*;

/// Appends, rolls, forgets and closes; returns the end of what was acknowledged.
fn history(disk: &FaultyDisk) -> i64 {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let Ok(log) = try_open(&shared, SETTINGS, false) else { return 0 };
    for step in 0..8 {
        // What fails here is not acknowledged below.
        drop(append(&log, &batch(2, 400, step, NOBODY)));
        log.flush();
    }
    drop(log.delete_before(3));
    let acknowledged = log.high_watermark();
    log.close();
    acknowledged
}

#[test]
fn every_call_may_fail_and_nothing_acknowledged_is_lost() {
    let undisturbed = new_disk();
    let before = undisturbed.calls();
    assert_eq!(history(&undisturbed), 16);
    let calls = undisturbed.calls() - before;
    for n in 0..calls {
        for (kind, loss) in
            [(ErrorKind::StorageFull, Loss::Everything), (ErrorKind::PermissionDenied, Loss::Torn { seed: n })]
        {
            let disk = new_disk();
            disk.fail_call_with(n, kind);
            let acknowledged = history(&disk);
            disk.crash(loss);
            let log = open(&disk, false);
            assert!(log.high_watermark() >= acknowledged, "call {n} of {calls} cost acknowledged records");
            let visible = read_all(&log, log.log_start());
            let batches = visible.iter().filter(|(base, _)| *base < acknowledged).count() as i64;
            assert!(batches * 2 >= acknowledged - log.log_start() - 1, "call {n}: {batches} batches are left");
        }
    }
}

#[test]
fn a_failed_sync_stops_the_log_for_good() {
    let disk = new_disk();
    let log = open(&disk, false);
    append(&log, &batch(1, 100, 0, NOBODY)).unwrap();
    disk.fail_call(0);
    log.flush();
    assert_eq!(log.high_watermark(), 0);
    log.flush();
    assert_eq!(log.high_watermark(), 0, "a later sync was believed");
    let refused = append(&log, &batch(1, 100, 0, NOBODY)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::KAFKA_STORAGE_ERROR);
    assert!(!log.close(), "the end is not clean");
}

#[test]
fn a_full_disk_refuses_the_batch_and_goes_on_later() {
    let disk = new_disk();
    let log = open(&disk, false);
    disk.fail_call(0);
    let refused = append(&log, &batch(1, 100, 0, NOBODY)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::KAFKA_STORAGE_ERROR);
    assert_eq!(append(&log, &batch(1, 100, 0, NOBODY)).unwrap().base_offset, 0);
    log.flush();
    assert_eq!(read_all(&log, 0).len(), 1);
}

#[test]
fn repeated_batches_are_recognised_before_and_after_a_restart() {
    let disk = new_disk();
    let mut log = open(&disk, false);
    let send = |log: &PartitionLog, sequence: i32| {
        append(log, &batch(3, 100, 0, From { producer_id: 7, base_sequence: sequence }))
    };
    for batch in 0..6 {
        assert_eq!(send(&log, batch * 3).unwrap().base_offset, i64::from(batch) * 3);
    }
    log.flush();
    for clean in [true, false] {
        // The last five are known; the one before is out of order by now.
        for batch in 1..6 {
            assert_eq!(send(&log, batch * 3).unwrap().base_offset, i64::from(batch) * 3, "batch {batch}");
        }
        for sequence in [0, 19, 21] {
            let refused = send(&log, sequence).unwrap_err();
            assert_eq!(refused.code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, "sequence {sequence}");
        }
        if clean {
            assert!(log.close());
        } else {
            disk.crash(Loss::Everything);
        }
        log = open(&disk, clean);
    }
    assert_eq!(send(&log, 18).unwrap().base_offset, 18);
}

#[test]
fn producers_are_bounded_in_number() {
    let disk = new_disk();
    let log = open(&disk, false);
    for producer_id in 0..300 {
        append(&log, &batch(1, 100, 0, From { producer_id, base_sequence: 0 })).unwrap();
    }
    // The one that was silent longest is forgotten: its sequence is taken as the first of an unknown one.
    assert_eq!(append(&log, &batch(1, 100, 0, From { producer_id: 0, base_sequence: 5 })).unwrap().base_offset, 300);
    let repeated = append(&log, &batch(1, 100, 0, From { producer_id: 299, base_sequence: 0 })).unwrap();
    assert_eq!(repeated.base_offset, 299);
}

#[test]
fn batches_that_no_producer_may_send_are_refused() {
    let good = batch(2, 200, 5, NOBODY);
    let with = |change: &dyn Fn(&mut BatchHeader)| {
        let mut bytes = good.clone();
        let mut header = BatchHeader::parse(&bytes).unwrap();
        change(&mut header);
        header.seal(&mut bytes).unwrap();
        bytes
    };
    let mut damaged = good.clone();
    damaged[100] ^= 1;
    let mut old = good.clone();
    old[16] = 1;
    let two = [good.clone(), good.clone()].concat();
    let cases: [(&str, Vec<u8>, ErrorCode); 10] = [
        ("a flipped bit", damaged, ErrorCode::CORRUPT_MESSAGE),
        ("an old format", old, ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT),
        ("two batches", two, ErrorCode::INVALID_RECORD),
        ("nothing", Vec::new(), ErrorCode::CORRUPT_MESSAGE),
        ("half a batch", good[..100].to_vec(), ErrorCode::INVALID_RECORD),
        ("a control batch", with(&|h| h.attributes = h.attributes.control()), ErrorCode::INVALID_RECORD),
        ("a transaction", with(&|h| h.attributes = h.attributes.transactional()), ErrorCode::INVALID_RECORD),
        ("offsets of a compacted batch", with(&|h| h.last_offset_delta = 9), ErrorCode::INVALID_RECORD),
        ("no record", with(&|h| (h.record_count, h.last_offset_delta) = (0, 0)), ErrorCode::INVALID_RECORD),
        (
            "more records than bytes",
            with(&|h| (h.record_count, h.last_offset_delta) = (i32::MAX, i32::MAX - 1)),
            ErrorCode::INVALID_RECORD,
        ),
    ];
    for (what, bytes, code) in cases {
        assert_eq!(check_batch(&bytes, 1000, 9).unwrap_err().code, code, "{what}");
    }
    assert_eq!(check_batch(&good, 199, 9).unwrap_err().code, ErrorCode::MESSAGE_TOO_LARGE);
    let zstd = with(&|h| h.attributes = h.attributes.with_codec(kafka_wire::codec::Codec::Zstd));
    assert_eq!(check_batch(&zstd, 1000, 6).unwrap_err().code, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    check_batch(&zstd, 1000, 7).unwrap();
}
