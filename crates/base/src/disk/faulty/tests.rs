use super::*;

fn disk_with(path: &str) -> (FaultyDisk, Arc<dyn DiskFile>) {
    let disk = FaultyDisk::new();
    disk.create_dir_all(Path::new("d")).unwrap();
    let file = disk.open(Path::new(path), Open::CreateNew).unwrap();
    (disk, file)
}

#[test]
fn a_crash_keeps_what_was_synced_and_named() {
    let (disk, file) = disk_with("d/a");
    file.write_all_at(b"durable", 0).unwrap();
    file.sync().unwrap();
    disk.sync_dir(Path::new("d")).unwrap();
    file.write_all_at(b"LOST", 7).unwrap();
    disk.open(Path::new("d/unnamed"), Open::CreateNew).unwrap().sync().unwrap();
    disk.crash(Loss::Everything);
    assert_eq!(disk.read(Path::new("d/a")).unwrap(), b"durable");
    assert_eq!(disk.files(), [PathBuf::from("d/a")]);
    assert!(file.sync().is_err(), "a handle outlived the crash");
}

#[test]
fn a_rename_is_durable_with_its_folder() {
    let (disk, file) = disk_with("d/new");
    file.write_all_at(b"2", 0).unwrap();
    file.sync().unwrap();
    disk.sync_dir(Path::new("d")).unwrap();
    disk.rename(Path::new("d/new"), Path::new("d/name")).unwrap();
    let before = disk.clone();
    assert_eq!(before.files(), [PathBuf::from("d/name")]);
    disk.crash(Loss::Everything);
    assert_eq!(disk.files(), [PathBuf::from("d/new")]);
    disk.rename(Path::new("d/new"), Path::new("d/name")).unwrap();
    disk.sync_dir(Path::new("d")).unwrap();
    disk.crash(Loss::Everything);
    assert_eq!(disk.files(), [PathBuf::from("d/name")]);
}

#[test]
fn a_failed_sync_loses_its_bytes_for_good() {
    let (disk, file) = disk_with("d/a");
    disk.sync_dir(Path::new("d")).unwrap();
    file.write_all_at(b"abc", 0).unwrap();
    disk.fail_call(0);
    assert!(file.sync().is_err());
    file.sync().unwrap();
    assert_eq!(disk.read(Path::new("d/a")).unwrap(), b"abc");
    disk.crash(Loss::Everything);
    assert_eq!(disk.read(Path::new("d/a")).unwrap(), b"");
}

#[test]
fn torn_writes_never_touch_what_was_synced() {
    for seed in 0..200 {
        let (disk, file) = disk_with("d/a");
        file.write_all_at(&[1; 100], 0).unwrap();
        file.sync().unwrap();
        disk.sync_dir(Path::new("d")).unwrap();
        file.write_all_at(&[2; 100], 100).unwrap();
        file.write_all_at(&[3; 100], 200).unwrap();
        disk.crash(Loss::Torn { seed });
        let left = disk.read(Path::new("d/a")).unwrap();
        assert!(left.len() <= 300 && left[..100] == [1; 100], "seed {seed} left {left:?}");
    }
}

#[test]
fn bits_flip_and_calls_fail_where_asked() {
    let (disk, file) = disk_with("d/a");
    file.write_all_at(&[0; 4], 0).unwrap();
    disk.flip_bit(Path::new("d/a"), 2, 3);
    assert_eq!(disk.read(Path::new("d/a")).unwrap(), [0, 0, 8, 0]);
    disk.fail_call_with(1, io::ErrorKind::PermissionDenied);
    assert!(file.len().is_ok());
    assert_eq!(file.len().unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    assert!(file.len().is_ok());
}
