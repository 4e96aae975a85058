//! Manifests, manifest lists, deletion vectors and Puffin files: what we write is read back, by ourselves and by the
//! apache-avro crate; what others write is read; damage is refused.

use std::fs;
use std::path::Path;

use apache_avro::types::Value;
use base::{ByteCount, Rng};
use lake::files::location::{child_of, local_path};
use lake::files::manifest::{
    Columns, Content, DataFile, ListOf, ManifestContent, ManifestEntry, ManifestFile, ManifestListReader,
    ManifestListWriter, ManifestOf, ManifestReader, ManifestWriter, Metrics, Status,
};
use lake::files::{deletion_vector, puffin};
use lake::metadata::{NewTable, Schema, TableMetadata};
use proptest::prelude::*;
use roaring::RoaringTreemap;
use rows::{Field, LogicalType};

use crate::support::{account, disk, manifests_of};

fn table(format_version: u8) -> TableMetadata {
    let schema = rows::Schema::new(vec![Field::new("id", LogicalType::BigInt, false)]).with_key(vec![0]);
    TableMetadata::create(NewTable {
        location: "/lake/t".to_owned(),
        format_version,
        schema: Schema::from_rows(&schema).unwrap(),
        properties: std::collections::BTreeMap::new(),
        table_uuid: "9c12d441-03fe-4693-9a96-a0705ddf69c1".to_owned(),
        now_ms: 5,
    })
    .unwrap()
}

fn data_file(index: usize, rows: i64) -> DataFile {
    let mut file = DataFile::data(format!("/lake/t/data/{index}.parquet"), rows, 1000 + index as i64);
    file.metrics = Metrics {
        column_sizes: vec![(1, 10), (2, 20)],
        value_counts: vec![(1, rows)],
        null_value_counts: vec![(1, 0)],
        nan_value_counts: vec![],
        lower_bounds: vec![(1, (index as i64).to_le_bytes().to_vec())],
        upper_bounds: vec![(1, vec![0xff; 8])],
    };
    file.split_offsets = vec![4, 1 << 40];
    file.sort_order_id = Some(0);
    file
}

fn write(folder: &Path, format_version: u8, content: ManifestContent, entries: &[ManifestEntry]) -> ManifestFile {
    let location = child_of(folder.to_str().unwrap(), "m.avro");
    let of = ManifestOf::new(&table(format_version), 77).unwrap();
    let mut writer = ManifestWriter::create(&disk(), &location, &of, content, &mut Rng::from_seed(1)).unwrap();
    for entry in entries {
        writer.add(entry).unwrap();
    }
    writer.finish().unwrap()
}

fn read(manifest: &ManifestFile, columns: Columns) -> base::Result<Vec<ManifestEntry>> {
    let mut reader = ManifestReader::open(disk().as_ref(), manifest, columns, &account(64))?;
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        entries.push(entry);
    }
    Ok(entries)
}

fn list(folder: &Path, format_version: u8, manifests: &[ManifestFile]) -> (Vec<ManifestFile>, Option<i64>) {
    let location = child_of(folder.to_str().unwrap(), "list.avro");
    let first_row_id = (format_version >= 3).then_some(1000);
    let of = ListOf { format_version, snapshot_id: 77, parent_snapshot_id: None, sequence_number: 9, first_row_id };
    let mut writer = ManifestListWriter::create(&disk(), &location, of, &mut Rng::from_seed(1)).unwrap();
    for manifest in manifests {
        writer.add(manifest).unwrap();
    }
    let added = writer.finish().unwrap();
    (manifests_of(ManifestListReader::open(disk().as_ref(), &location, &account(64)).unwrap()).unwrap(), added)
}

#[test]
fn what_entries_leave_out_they_inherit() {
    for version in [2, 3] {
        let folder = tempfile::tempdir().unwrap();
        let mut old = ManifestEntry::added(data_file(1, 20));
        (old.snapshot_id, old.sequence_number, old.file_sequence_number) = (Some(5), Some(3), Some(2));
        old.data_file.first_row_id = (version == 3).then_some(400);
        let entries = [
            ManifestEntry::added(data_file(0, 10)),
            old.clone().into_existing(),
            old.clone().into_deleted(77),
            ManifestEntry::added(data_file(2, 30)),
        ];
        let manifest = write(folder.path(), version, ManifestContent::Data, &entries);
        let counts = (manifest.added_files_count, manifest.existing_files_count, manifest.deleted_files_count);
        assert_eq!(counts, (2, 1, 1));
        assert_eq!(
            (manifest.added_rows_count, manifest.existing_rows_count, manifest.deleted_rows_count),
            (40, 20, 20)
        );
        assert_eq!((manifest.sequence_number, manifest.min_sequence_number), (None, Some(3)));
        assert_eq!(manifest.manifest_length as u64, fs::metadata(&manifest.manifest_path).unwrap().len());

        let (listed, added) = list(folder.path(), version, &[manifest]);
        assert_eq!(added, (version == 3).then_some(60));
        assert_eq!((listed[0].sequence_number, listed[0].min_sequence_number), (Some(9), Some(3)));
        assert_eq!(listed[0].first_row_id, (version == 3).then_some(1000));

        let got = read(&listed[0], Columns::All).unwrap();
        let numbers = |entry: &ManifestEntry| {
            (
                entry.status,
                entry.snapshot_id,
                entry.sequence_number,
                entry.file_sequence_number,
                entry.data_file.first_row_id,
            )
        };
        let row = |id| (version == 3).then_some(id);
        assert_eq!(numbers(&got[0]), (Status::Added, Some(77), Some(9), Some(9), row(1000)));
        assert_eq!(numbers(&got[1]), (Status::Existing, Some(5), Some(3), Some(2), row(400)));
        assert_eq!(numbers(&got[2]), (Status::Deleted, Some(77), Some(3), Some(2), row(400)));
        assert_eq!(numbers(&got[3]), (Status::Added, Some(77), Some(9), Some(9), row(1010)));
        let mut first = got[0].data_file.clone();
        first.first_row_id = None;
        assert_eq!(first, data_file(0, 10));
        assert_eq!(read(&listed[0], Columns::WithoutMetrics).unwrap()[0].data_file.metrics, Metrics::default());
    }
}

#[test]
fn listed_manifests_keep_what_they_were_given() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = write(folder.path(), 3, ManifestContent::Data, &[ManifestEntry::added(data_file(0, 10))]);
    let (first, _) = list(folder.path(), 3, &[manifest]);
    fs::remove_file(folder.path().join("list.avro")).unwrap();
    let (again, added) = list(folder.path(), 3, &first);
    assert_eq!(again, first);
    assert_eq!(added, Some(0));
    let mut foreign = first[0].clone();
    (foreign.sequence_number, foreign.added_snapshot_id) = (None, 5);
    let location = child_of(folder.path().to_str().unwrap(), "other.avro");
    let of = ListOf {
        format_version: 3,
        snapshot_id: 77,
        parent_snapshot_id: Some(1),
        sequence_number: 9,
        first_row_id: Some(0),
    };
    let mut writer = ManifestListWriter::create(&disk(), &location, of, &mut Rng::from_seed(1)).unwrap();
    assert!(writer.add(&foreign).is_err());
    drop(writer);
    assert!(!Path::new(&location).exists(), "an unfinished file stayed");
}

#[test]
fn entries_that_do_not_belong_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |version, content, entry: ManifestEntry| {
        let location = child_of(folder.path().to_str().unwrap(), "m.avro");
        let of = ManifestOf::new(&table(version), 77).unwrap();
        let mut writer = ManifestWriter::create(&disk(), &location, &of, content, &mut Rng::from_seed(1)).unwrap();
        assert!(writer.add(&entry).is_err(), "{entry:?}");
    };
    let deletes = DataFile::position_deletes("/d.parquet", "/a.parquet", 1, 1);
    check(3, ManifestContent::Data, ManifestEntry::added(deletes.clone()));
    check(3, ManifestContent::Deletes, ManifestEntry::added(data_file(0, 1)));
    check(3, ManifestContent::Data, ManifestEntry::added(data_file(0, 1)).into_existing());
    let mut vector = deletes;
    vector.file_format = lake::files::manifest::FileFormat::Puffin;
    check(3, ManifestContent::Deletes, ManifestEntry::added(vector.clone()));
    (vector.content_offset, vector.content_size_in_bytes) = (Some(4), Some(9));
    check(2, ManifestContent::Deletes, ManifestEntry::added(vector));
}

/// The oracle reads the same entries, and its schema resolution finds nothing to complain about.
#[test]
fn the_avro_crate_reads_what_we_write() {
    for version in [2, 3] {
        let folder = tempfile::tempdir().unwrap();
        // Some thousand entries: several blocks.
        let entries: Vec<_> = (0..3000).map(|index| ManifestEntry::added(data_file(index, 10))).collect();
        let manifest = write(folder.path(), version, ManifestContent::Data, &entries);
        let bytes = fs::read(&manifest.manifest_path).unwrap();
        let reader = apache_avro::Reader::new(bytes.as_slice()).unwrap();
        assert_eq!(reader.user_metadata()["format-version"], version.to_string().as_bytes());
        let mut count = 0;
        for (index, value) in reader.enumerate() {
            let Value::Record(fields) = value.unwrap() else { panic!("no record") };
            let Value::Record(file) = &fields[4].1 else { panic!("no data file") };
            assert_eq!(file[1], ("file_path".to_owned(), Value::String(format!("/lake/t/data/{index}.parquet"))));
            count += 1;
        }
        assert_eq!(count, entries.len());
        let (listed, _) = list(folder.path(), version, &[manifest]);
        assert_eq!(read(&listed[0], Columns::All).unwrap().len(), entries.len());
        let bytes = fs::read(folder.path().join("list.avro")).unwrap();
        assert_eq!(apache_avro::Reader::new(bytes.as_slice()).unwrap().count(), 1);
    }
}

/// Repacks a container with the oracle, as writers with other codecs would have written it.
#[test]
fn compressed_containers_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let entries: Vec<_> = (0..500).map(|index| ManifestEntry::added(data_file(index, 10))).collect();
    let manifest = write(folder.path(), 3, ManifestContent::Data, &entries);
    let want = read(&manifest, Columns::All).unwrap();
    let bytes = fs::read(&manifest.manifest_path).unwrap();
    // Behind the key comes the length of the value, then the value: `null`.
    let codec_at = bytes.windows(10).position(|window| window == b"avro.codec").unwrap() + 11;
    for codec in ["deflate", "zstandard", "snappy"] {
        let packed = repack(&bytes, codec_at, codec);
        fs::write(&manifest.manifest_path, packed).unwrap();
        let account = account(64);
        let mut reader = ManifestReader::open(disk().as_ref(), &manifest, Columns::All, &account).unwrap();
        let mut got = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            got.push(entry);
        }
        assert_eq!(got, want, "{codec}");
        assert!(account.used() < ByteCount::mib(6), "{codec} holds {}", account.used());
        drop(reader);
        assert_eq!(account.used(), ByteCount::ZERO);
    }
    let packed = repack(&bytes, codec_at, "bzip2");
    fs::write(&manifest.manifest_path, packed).unwrap();
    assert!(read(&manifest, Columns::All).unwrap_err().message().contains("compressed with 'bzip2'"));
}

/// The same container with its blocks compressed.
fn repack(bytes: &[u8], codec_at: usize, codec: &str) -> Vec<u8> {
    let mut at = header_length(bytes);
    let mut out = bytes[..codec_at - 1].to_vec();
    out.push((codec.len() * 2) as u8);
    out.extend_from_slice(codec.as_bytes());
    out.extend_from_slice(&bytes[codec_at + 4..at]);
    let sync = &bytes[at - 16..at];
    while at < bytes.len() {
        let count = varint(bytes, &mut at);
        let len = varint(bytes, &mut at) as usize;
        let packed = compress(&bytes[at..at + len], codec);
        put_varint(&mut out, count);
        put_varint(&mut out, packed.len() as u64);
        out.extend_from_slice(&packed);
        out.extend_from_slice(sync);
        at += len + 16;
    }
    out
}

fn compress(block: &[u8], codec: &str) -> Vec<u8> {
    use std::io::Write;
    match codec {
        "deflate" => {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(block).unwrap();
            encoder.finish().unwrap()
        }
        "zstandard" => zstd::encode_all(block, 3).unwrap(),
        "snappy" => {
            let mut packed = snap::raw::Encoder::new().compress_vec(block).unwrap();
            packed.extend_from_slice(&crc32fast::hash(block).to_be_bytes());
            packed
        }
        _ => block.to_vec(),
    }
}

fn varint(bytes: &[u8], at: &mut usize) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value >> 1;
        }
    }
}

fn put_varint(out: &mut Vec<u8>, value: u64) {
    let mut left = value << 1;
    while left > 0x7f {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

fn header_length(bytes: &[u8]) -> usize {
    let mut at = 4;
    let pairs = varint(bytes, &mut at);
    for _ in 0..2 * pairs {
        let len = varint(bytes, &mut at) as usize;
        at += len;
    }
    at + 1 + 16
}

#[test]
fn deletion_vectors_are_read_as_the_manifest_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let location = format!("file://{}/dv.puffin", folder.path().display());
    let vectors: Vec<(String, RoaringTreemap)> = vec![
        ("/lake/t/data/a.parquet".to_owned(), [1_u64, 5, 1 << 33].into_iter().collect()),
        ("/lake/t/data/b.parquet".to_owned(), (0..100_000_u64).collect()),
    ];
    let mut writer = puffin::PuffinWriter::create(&disk(), &location).unwrap();
    for (of, deleted) in &vectors {
        writer.add(of, deleted).unwrap();
    }
    let entries = writer.finish().unwrap();
    let account = account(64);
    let footer = puffin::read_footer(disk().as_ref(), &location, &account).unwrap();
    for ((entry, blob), (of, deleted)) in entries.iter().zip(&footer.value).zip(&vectors) {
        assert!(entry.is_deletion_vector());
        assert_eq!((entry.content, entry.record_count as u64), (Content::PositionDeletes, deleted.len()));
        assert_eq!(entry.referenced_data_file.as_ref(), Some(of));
        assert_eq!(
            (entry.content_offset, entry.content_size_in_bytes),
            (Some(blob.offset as i64), Some(blob.length as i64))
        );
        assert_eq!((blob.kind.as_str(), blob.fields.as_slice()), (puffin::DELETION_VECTOR, &[2_147_483_645][..]));
        assert_eq!((blob.snapshot_id, blob.sequence_number), (-1, -1));
        assert_eq!(entry.file_size_in_bytes as u64, fs::metadata(local_path(&location).unwrap()).unwrap().len());
        assert_eq!(deletion_vector::read(disk().as_ref(), entry, &account).unwrap().value, *deleted);
    }
    // As a manifest keeps it.
    let manifest = write(
        folder.path(),
        3,
        ManifestContent::Deletes,
        &entries.iter().cloned().map(ManifestEntry::added).collect::<Vec<_>>(),
    );
    let back: Vec<_> = read(&manifest, Columns::All).unwrap().into_iter().map(|entry| entry.data_file).collect();
    assert_eq!(back, entries);

    let wrong: [fn(&mut DataFile); 5] = [
        |entry| entry.record_count += 1,
        |entry| entry.content_offset = Some(5),
        |entry| entry.content_size_in_bytes = Some(i64::MAX),
        |entry| entry.content_offset = Some(-1),
        |entry| entry.content_offset = None,
    ];
    for change in wrong {
        let mut entry = entries[0].clone();
        change(&mut entry);
        let error = deletion_vector::read(disk().as_ref(), &entry, &account).unwrap_err();
        assert!(error.message().contains("is damaged"), "{error}");
    }
}

#[test]
fn locations_are_paths_or_file_uris() {
    for (location, path) in [
        ("/lake/a b%20c", "/lake/a b%20c"),
        ("file:///lake/t", "/lake/t"),
        ("file:/lake/t", "/lake/t"),
        ("file://localhost/lake/t", "/lake/t"),
    ] {
        assert_eq!(local_path(location).unwrap(), Path::new(path), "{location}");
    }
    for location in ["lake/t", "", "file:lake", "file://host/lake", "s3://b/k", "hdfs:///x"] {
        assert!(local_path(location).is_err(), "{location}");
    }
}

proptest! {
    #[test]
    fn vectors_come_back_and_bent_ones_are_refused(
        positions in proptest::collection::btree_set(prop_oneof![0_u64..70_000, any::<u64>()], 0..300),
        bend in any::<(prop::sample::Index, u8)>(),
    ) {
        let deleted: RoaringTreemap = positions.into_iter().collect();
        let mut blob = deletion_vector::encode(&deleted).unwrap();
        prop_assert_eq!(deletion_vector::decode(&blob).unwrap(), deleted);
        let (at, with) = (bend.0.index(blob.len()), bend.1);
        if blob[at] != with {
            blob[at] = with;
            prop_assert!(deletion_vector::decode(&blob).is_err());
        }
    }

}

fn any_file() -> impl Strategy<Value = DataFile> {
    let numbers = || {
        proptest::collection::btree_map(any::<i32>(), any::<i64>(), 0..4)
            .prop_map(|map| map.into_iter().collect::<Vec<_>>())
    };
    let bounds = || {
        let value = proptest::collection::vec(any::<u8>(), 0..20);
        proptest::collection::btree_map(any::<i32>(), value, 0..4).prop_map(|map| map.into_iter().collect::<Vec<_>>())
    };
    let metrics = (numbers(), numbers(), numbers(), numbers(), bounds(), bounds());
    let metrics = metrics.prop_map(
        |(column_sizes, value_counts, null_value_counts, nan_value_counts, lower_bounds, upper_bounds)| Metrics {
            column_sizes,
            value_counts,
            null_value_counts,
            nan_value_counts,
            lower_bounds,
            upper_bounds,
        },
    );
    let more = (
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)),
        proptest::collection::vec(any::<i64>(), 0..4),
        proptest::option::of(any::<i32>()),
    );
    (metrics, more, "\\PC{0,80}", 0..i64::MAX / 64, 0..i64::MAX, proptest::option::of(0..i64::MAX)).prop_map(
        |(metrics, (key_metadata, split_offsets, sort_order_id), path, rows, size, first_row_id)| DataFile {
            metrics,
            key_metadata,
            split_offsets,
            sort_order_id,
            first_row_id,
            ..DataFile::data(path, rows, size)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries_come_back(files in proptest::collection::vec((any_file(), any::<i64>(), 0..i64::MAX), 0..8)) {
        let folder = tempfile::tempdir().unwrap();
        let entries: Vec<ManifestEntry> = files
            .into_iter()
            .map(|(data_file, snapshot_id, sequence_number)| {
                let (snapshot_id, sequence_number) = (Some(snapshot_id), Some(sequence_number));
                ManifestEntry { status: Status::Existing, snapshot_id, sequence_number, file_sequence_number: None, data_file }
            })
            .collect();
        let mut manifest = write(folder.path(), 3, ManifestContent::Data, &entries);
        // As a list of a v2 table would name it: nothing to inherit.
        manifest.sequence_number = Some(1);
        prop_assert_eq!(read(&manifest, Columns::All).unwrap(), entries);
    }

    /// Whatever is wrong with a manifest: an error or other entries, in bounded memory and time, and nothing stays charged.
    #[test]
    fn bent_manifests_neither_panic_nor_hoard(
        bends in proptest::collection::vec(any::<(prop::sample::Index, u8)>(), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let entries: Vec<_> = (0..4).map(|index| ManifestEntry::added(data_file(index, 10))).collect();
        let manifest = write(folder.path(), 3, ManifestContent::Data, &entries);
        let mut bytes = fs::read(&manifest.manifest_path).unwrap();
        for (at, with) in bends {
            let at = at.index(bytes.len());
            bytes[at] = with;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(&manifest.manifest_path, bytes).unwrap();
        let account = account(64);
        let opened = ManifestReader::open(disk().as_ref(), &manifest, Columns::All, &account);
        if let Ok(mut reader) = opened {
            for _ in 0..10_000 {
                match reader.next_entry() {
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => break,
                }
            }
        }
        prop_assert_eq!(account.used(), ByteCount::ZERO);
    }

    #[test]
    fn any_bytes_are_no_manifest(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.avro");
        let mut container = b"Obj\x01".to_vec();
        container.extend_from_slice(&bytes);
        fs::write(&path, container).unwrap();
        let (location, account) = (path.to_str().unwrap(), account(64));
        let list = ManifestListReader::open(disk().as_ref(), location, &account).and_then(manifests_of);
        prop_assert!(list.is_err());
        fs::write(&path, bytes).unwrap();
        prop_assert!(puffin::read_footer(disk().as_ref(), location, &account).is_err());
    }
}
