use super::*;

fn check(body: impl FnOnce(&RealDisk, &Path)) {
    let dir = tempfile::tempdir().unwrap();
    body(&RealDisk, dir.path());
}

#[test]
fn files_are_opened_as_asked() {
    check(|disk, dir| {
        let path = dir.join("log");
        let kind = |how| disk.open(&path, how).map(drop).map_err(|error| error.kind());
        assert_eq!(kind(Open::Read), Err(io::ErrorKind::NotFound));
        assert_eq!(kind(Open::Write), Err(io::ErrorKind::NotFound));
        let file = disk.open(&path, Open::CreateNew).unwrap();
        file.write_all_at(b"hello", 2).unwrap();
        assert_eq!(kind(Open::CreateNew), Err(io::ErrorKind::AlreadyExists));
        assert_eq!(disk.open(&path, Open::WriteOrCreate).unwrap().len().unwrap(), 7, "kept what was there");
        assert!(disk.open(&path, Open::Read).unwrap().write_all_at(b"x", 0).is_err());
    });
}

#[test]
fn bytes_are_read_where_they_were_written() {
    check(|disk, dir| {
        let file = disk.open(&dir.join("log"), Open::CreateNew).unwrap();
        assert!(file.is_empty().unwrap());
        file.write_all_at(b"0123456789", 0).unwrap();
        file.write_all_at(b"ab", 4).unwrap();
        let mut buf = [0; 4];
        file.read_exact_at(&mut buf, 3).unwrap();
        assert_eq!(&buf, b"3ab6");
        assert_eq!(file.read_at(&mut buf, 8).unwrap(), 2);
        assert_eq!(file.read_at(&mut buf, 10).unwrap(), 0);
        let beyond = file.read_exact_at(&mut buf, 8).unwrap_err();
        assert_eq!(beyond.kind(), io::ErrorKind::UnexpectedEof);
        file.set_len(3).unwrap();
        file.sync().unwrap();
        assert_eq!(file.len().unwrap(), 3);
    });
}

#[test]
fn names_are_made_moved_listed_and_removed() {
    check(|disk, dir| {
        let (folder, file) = (dir.join("a/b"), dir.join("a/b/x"));
        disk.create_dir_all(&folder).unwrap();
        disk.create_dir_all(&folder).unwrap();
        disk.open(&file, Open::CreateNew).unwrap().write_all_at(b"123", 0).unwrap();
        disk.open(&dir.join("y"), Open::CreateNew).unwrap();
        disk.rename(&file, &dir.join("y")).unwrap();
        disk.sync_dir(&folder).unwrap();
        disk.sync_dir(dir).unwrap();
        let mut entries = disk.list(dir).unwrap();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let found: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.is_dir)).collect();
        assert_eq!(found, [("a", true), ("y", false)]);
        assert_eq!(disk.stat(&dir.join("y")).unwrap().map(|entry| entry.len), Some(3));
        assert_eq!(disk.stat(&file).unwrap(), None);
        disk.remove_file(&dir.join("y")).unwrap();
        disk.remove_dir_all(&dir.join("a")).unwrap();
        assert!(disk.list(dir).unwrap().is_empty());
    });
}

#[test]
fn a_lock_is_taken_once() {
    check(|disk, dir| {
        let path = dir.join("lock");
        let held = disk.lock(&path).unwrap();
        assert_eq!(disk.lock(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(held);
        disk.lock(&path).unwrap();
    });
}

#[test]
fn a_folder_is_listed_while_files_vanish_from_it() {
    check(|disk, dir| {
        disk.open(&dir.join("stays"), Open::CreateNew).unwrap();
        std::thread::scope(|scope| {
            let others = scope.spawn(|| {
                for n in 0..2000 {
                    let path = dir.join(n.to_string());
                    disk.open(&path, Open::CreateNew).unwrap();
                    disk.remove_file(&path).unwrap();
                }
            });
            while !others.is_finished() {
                let listed = disk.list(dir).unwrap();
                assert!(listed.iter().any(|entry| entry.name == "stays"));
            }
        });
    });
}
