//! What recovery cuts off, what it keeps, and how much it reads.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use base::DiskFile;
use base::disk::faulty::Loss;
use base::disk::{Entry, Open};

use super::*;
use crate::log::SCAN_BUFFER;

const LOG: &str = "data/orders-0/00000000000000000000.log";

/// A log of ten synced batches of 200 bytes and two records, after a crash.
fn ten_batches() -> FaultyDisk {
    let disk = new_disk();
    let settings = LogSettings { segment_bytes: 1 << 20, ..SETTINGS };
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let log = try_open(&shared, settings, false).unwrap();
    for step in 0..10 {
        append(&log, &batch(2, 200, step, NOBODY)).unwrap();
    }
    log.flush();
    disk.crash(Loss::Everything);
    disk
}

fn quarantined(disk: &FaultyDisk) -> Vec<(String, usize)> {
    let files = disk.files().into_iter().filter(|path| path.to_string_lossy().contains("quarantine"));
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, disk.read(&path).unwrap().len())
        })
        .collect()
}

#[test]
fn a_torn_tail_is_cut_off_and_its_offsets_are_given_again() {
    for torn in [1, 16, 17, 60, 61, 100, 199] {
        let disk = ten_batches();
        let tail = &batch(2, 200, 0, NOBODY)[..torn];
        disk.open(Path::new(LOG), Open::Write).unwrap().write_all_at(tail, 2000).unwrap();
        let log = open(&disk, false);
        assert_eq!(log.high_watermark(), 20, "{torn} bytes");
        assert_eq!(disk.read(Path::new(LOG)).unwrap().len(), 2000);
        assert!(quarantined(&disk).is_empty());
        assert_eq!(append(&log, &batch(1, 100, 0, NOBODY)).unwrap().base_offset, 20);
    }
}

#[test]
fn zeros_behind_the_end_are_cut_off() {
    let disk = ten_batches();
    disk.open(Path::new(LOG), Open::Write).unwrap().set_len(5000).unwrap();
    let log = open(&disk, false);
    assert_eq!((log.high_watermark(), disk.read(Path::new(LOG)).unwrap().len()), (20, 2000));
    assert!(quarantined(&disk).is_empty());
}

#[test]
fn a_flipped_bit_moves_what_is_behind_it_into_quarantine_and_gives_no_offset_twice() {
    // In the records, the checksum, the length and the format of the batch at 1000.
    for byte in [150, 18, 9, 10, 16] {
        let disk = ten_batches();
        disk.flip_bit(Path::new(LOG), 1000 + byte, 1);
        let log = open(&disk, false);
        let kept: Vec<i64> = read_all(&log, 0).iter().map(|(base, _)| *base).collect();
        assert_eq!(kept, [0, 2, 4, 6, 8], "byte {byte}");
        let expected = ("quarantine-00000000000000000000-1000".to_owned(), 1000);
        assert_eq!(quarantined(&disk), [expected], "byte {byte}");
        assert_eq!(append(&log, &batch(1, 100, 0, NOBODY)).unwrap().base_offset, 20, "byte {byte}");
        log.flush();
        let last: Vec<i64> = read_all(&log, 10).iter().map(|(base, _)| *base).collect();
        assert_eq!(last, [20], "a consumer between old and new end goes on");
    }
}

#[test]
fn a_flipped_bit_in_the_last_batch_is_kept_in_quarantine_too() {
    let disk = ten_batches();
    disk.flip_bit(Path::new(LOG), 1900, 1);
    let log = open(&disk, false);
    assert_eq!(read_all(&log, 0).len(), 9);
    assert_eq!(quarantined(&disk).len(), 1);
    assert_eq!(append(&log, &batch(1, 100, 0, NOBODY)).unwrap().base_offset, 20);
}

#[test]
fn damage_before_the_checkpoint_is_reported_by_reads_and_cuts_nothing_off() {
    let disk = new_disk();
    let log = open(&disk, false);
    for step in 0..10 {
        append(&log, &batch(2, 400, step, NOBODY)).unwrap();
    }
    assert!(log.close());
    disk.flip_bit(Path::new(LOG), 16, 5);
    let log = open(&disk, true);
    assert_eq!(log.high_watermark(), 20);
    assert!(log.locate(0).is_err(), "damaged records were handed out as sound");
    assert_eq!(read_all(&log, 8).len(), 6);
}

#[test]
fn a_lost_checkpoint_or_index_is_made_anew() {
    for lost in ["checkpoint", "00000000000000000000.index", "00000000000000000006.index"] {
        let disk = new_disk();
        let log = open(&disk, false);
        for step in 0..10 {
            append(&log, &batch(2, 400, step, From { producer_id: 5, base_sequence: step as i32 * 2 })).unwrap();
        }
        assert!(log.close());
        disk.remove_file(&folder().join(lost)).unwrap();
        for clean in [true, true] {
            let log = open(&disk, clean);
            assert_eq!(read_all(&log, 0).len(), 10, "without {lost}");
            let repeated = append(&log, &batch(2, 400, 0, From { producer_id: 5, base_sequence: 18 })).unwrap();
            assert_eq!(repeated.base_offset, 18, "without {lost}");
            assert_eq!(log.batch_at_time(4).unwrap().unwrap().base_offset(), 8, "without {lost}");
            assert!(log.close());
        }
    }
}

#[test]
fn records_are_found_by_time() {
    let disk = new_disk();
    let log = open(&disk, false);
    for step in 0..40 {
        append(&log, &batch(2, 300, step * 10, NOBODY)).unwrap();
    }
    assert!(log.batch_at_time(0).unwrap().is_none(), "what is not durable was found");
    log.flush();
    for (time, base) in [(0, Some(0)), (1, Some(2)), (10, Some(2)), (195, Some(40)), (390, Some(78)), (391, None)] {
        assert_eq!(log.batch_at_time(time).unwrap().map(|found| found.base_offset()), base, "time {time}");
    }
    assert_eq!(log.max_timestamp(), 390);
}

#[test]
fn old_and_excess_segments_go() {
    let disk = new_disk();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let settings = LogSettings { retention_ms: Some(100), ..SETTINGS };
    let log = try_open(&shared, settings, false).unwrap();
    for step in 0..12 {
        append(&log, &batch(2, 700, step * 10, NOBODY)).unwrap();
    }
    log.flush();
    // Two batches a segment: those of 0 to 30 are too old at 131, and the one of 40 too, but not its neighbour.
    assert_eq!(log.retain(141).unwrap(), 2);
    assert_eq!(log.log_start(), 8);
    assert_eq!(read_all(&log, 8).len(), 8);
    assert!(log.locate(7).is_err());
    // Everything is too old: the last segment is sealed first and goes when its end is durable.
    assert_eq!(log.retain(1_000).unwrap(), 4);
    assert_eq!((log.log_start(), log.high_watermark()), (24, 24));
    assert!(log.close());
    let log = open(&disk, true);
    assert_eq!((log.log_start(), log.high_watermark()), (24, 24));

    let disk = new_disk();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let log = try_open(&shared, LogSettings { retention_bytes: Some(3000), ..SETTINGS }, false).unwrap();
    for step in 0..12 {
        append(&log, &batch(2, 700, step, NOBODY)).unwrap();
    }
    log.flush();
    assert_eq!(log.retain(0).unwrap(), 3);
    assert_eq!(log.log_start(), 12);
}

/// Watches how much is read, and in what pieces.
#[derive(Debug)]
struct Watched {
    disk: FaultyDisk,
    reads: Arc<Reads>,
}

#[derive(Debug, Default)]
struct Reads {
    largest: AtomicU64,
    total: AtomicU64,
}

#[derive(Debug)]
struct WatchedFile(Arc<dyn DiskFile>, Arc<Reads>);

impl Disk for Watched {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(WatchedFile(self.disk.open(path, how)?, self.reads.clone())))
    }
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.create_dir_all(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file(path)
    }
    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_dir_all(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.disk.list(dir)
    }
    fn stat(&self, path: &Path) -> io::Result<Option<Entry>> {
        self.disk.stat(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.sync_dir(dir)
    }
}

impl DiskFile for WatchedFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        self.1.largest.fetch_max(buf.len() as u64, Ordering::Relaxed);
        self.1.total.fetch_add(buf.len() as u64, Ordering::Relaxed);
        self.0.read_at(buf, at)
    }
    fn write_all_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        self.0.write_all_at(buf, at)
    }
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

#[test]
fn recovery_reads_the_tail_only_and_through_one_small_buffer() {
    let disk = new_disk();
    let settings = LogSettings { segment_bytes: 8 << 20, ..SETTINGS };
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let log = try_open(&shared, settings, false).unwrap();
    // 24 MiB in three segments, then 2 MiB behind the last checkpoint.
    for step in 0..26 {
        append(&log, &batch(2, 1 << 20, step, NOBODY)).unwrap();
        log.flush();
    }
    disk.crash(Loss::Everything);
    let reads = Arc::new(Reads::default());
    let watched: Arc<dyn Disk> = Arc::new(Watched { disk: disk.clone(), reads: reads.clone() });
    let log = try_open(&watched, settings, false).unwrap();
    assert_eq!(log.high_watermark(), 52);
    let (largest, total) = (reads.largest.load(Ordering::Relaxed), reads.total.load(Ordering::Relaxed));
    assert!(largest <= SCAN_BUFFER as u64, "a read of {largest} bytes");
    assert!(total < 3 << 20, "{total} bytes were read to check 2 MiB");
}
