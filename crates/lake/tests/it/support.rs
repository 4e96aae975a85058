//! A table in a folder of its own, and the smallest committer that can grow it.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use base::disk::{Entry, Open};
use base::{ByteCount, Disk, DiskFile, RealDisk, Rng};
use lake::catalog::{
    Catalog, Committed, Created, SqliteCatalog, SqliteOptions, Table, TableChange, TableIdent, metadata_file,
};
use lake::files::durable::{DurableFile, create_dir_durable};
use lake::files::location::local_path;
use lake::files::manifest::{
    Content, DataFile, ListOf, ManifestContent, ManifestEntry, ManifestFile, ManifestListReader, ManifestListWriter,
    ManifestOf, ManifestWriter, Metrics,
};
use lake::files::puffin::PuffinWriter;
use lake::metadata::schema::FIELD_ID_KEY;
use lake::metadata::{BoundsBuilder, NewTable, Operation, Schema, Snapshot, TableMetadata, new_snapshot_id};
use ledger::{Account, Budget};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

pub(crate) fn account(mib: u64) -> Account {
    Budget::new(ByteCount::mib(mib)).account("lake", ByteCount::ZERO)
}

pub(crate) fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

pub(crate) fn options(folder: &Path) -> SqliteOptions {
    SqliteOptions {
        file: folder.join("catalog.db"),
        name: "lake".to_owned(),
        warehouse: folder.join("warehouse").to_str().unwrap().to_owned(),
        busy_timeout: Duration::from_secs(20),
    }
}

/// A catalog in `folder`, and what is needed to write into its tables.
#[derive(Debug)]
pub(crate) struct Lake {
    pub(crate) catalog: SqliteCatalog,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) account: Account,
    pub(crate) rng: Rng,
    /// Grows with every commit, so that runs repeat.
    pub(crate) now_ms: i64,
}

impl Lake {
    pub(crate) fn at(folder: &Path) -> Self {
        let account = account(64);
        let catalog = SqliteCatalog::open(options(folder), disk(), account.clone()).unwrap();
        catalog.create_namespace("shop").unwrap();
        Self { catalog, disk: disk(), account, rng: Rng::from_seed(7), now_ms: 1_700_000_000_000 }
    }

    pub(crate) fn new_table(&mut self, name: &str, schema: &rows::Schema, format_version: u8) -> Table {
        let ident = TableIdent::new("shop", name);
        let metadata = TableMetadata::create(NewTable {
            location: self.catalog.default_location(&ident),
            format_version,
            schema: Schema::from_rows(schema).unwrap(),
            properties: BTreeMap::new(),
            table_uuid: metadata_file::new_uuid(&mut self.rng),
            now_ms: self.now_ms,
        })
        .unwrap();
        create_dir_durable(self.disk.as_ref(), &local_path(&metadata_file::data_folder(&metadata)).unwrap()).unwrap();
        match self.catalog.create(&ident, metadata).unwrap() {
            Created::New(table) => *table,
            Created::Exists => panic!("{ident} exists"),
        }
    }

    /// A new location in the folder of the table's data.
    pub(crate) fn data_location(&mut self, table: &Table, extension: &str) -> String {
        let folder = metadata_file::data_folder(&table.metadata);
        format!("{folder}/{}.{extension}", metadata_file::new_uuid(&mut self.rng))
    }

    /// A Parquet file of rows in the table's layout, in small row groups and pages.
    pub(crate) fn data_file(&mut self, table: &Table, batch: &RecordBatch) -> DataFile {
        let location = self.data_location(table, "parquet");
        let file = DurableFile::create(&self.disk, &local_path(&location).unwrap()).unwrap();
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(1000))
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(50)
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(batch).unwrap();
        let file = writer.into_inner().unwrap();
        let size = file.finish().unwrap();
        let mut file = DataFile::data(location, batch.num_rows() as i64, size as i64);
        let mut bounds = BoundsBuilder::default();
        bounds.add(batch.column(0));
        let (id, bounds) = (1, bounds.finish());
        file.metrics.lower_bounds = bounds.lower.map(|lower| vec![(id, lower)]).unwrap_or_default();
        file.metrics.upper_bounds = bounds.upper.map(|upper| vec![(id, upper)]).unwrap_or_default();
        file
    }

    /// A Puffin file with the deletion vector of each data file.
    pub(crate) fn deletion_vectors(&mut self, table: &Table, deleted: &[(&DataFile, &[u64])]) -> Vec<DataFile> {
        let location = self.data_location(table, "puffin");
        let mut writer = PuffinWriter::create(&self.disk, &location).unwrap();
        for (file, positions) in deleted {
            writer.add(&file.file_path, &positions.iter().copied().collect()).unwrap();
        }
        writer.finish().unwrap()
    }

    /// A Parquet file of position deletes (v2), sorted by path and position; of one data file or of several.
    pub(crate) fn position_deletes(&mut self, table: &Table, deleted: &[(&DataFile, &[u64])]) -> DataFile {
        let column = |name: &str, ty, id: &str| {
            arrow_schema::Field::new(name, ty, false)
                .with_metadata(HashMap::from([(FIELD_ID_KEY.to_owned(), id.to_owned())]))
        };
        let schema = arrow_schema::Schema::new(vec![
            column("file_path", arrow_schema::DataType::Utf8, "2147483546"),
            column("pos", arrow_schema::DataType::Int64, "2147483545"),
        ]);
        let mut rows: Vec<(&str, i64)> = Vec::new();
        for (file, positions) in deleted {
            rows.extend(positions.iter().map(|position| (file.file_path.as_str(), *position as i64)));
        }
        rows.sort_unstable();
        let paths = StringArray::from_iter_values(rows.iter().map(|(path, _)| path));
        let positions = Int64Array::from_iter_values(rows.iter().map(|(_, position)| *position));
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(paths), Arc::new(positions)]).unwrap();
        let mut file = self.data_file(table, &batch);
        file.content = Content::PositionDeletes;
        file.metrics = Metrics::default();
        file.referenced_data_file = (deleted.len() == 1).then(|| deleted[0].0.file_path.clone());
        file
    }

    pub(crate) fn manifest(
        &mut self,
        of: &ManifestOf,
        table: &Table,
        content: ManifestContent,
        entries: &[ManifestEntry],
    ) -> ManifestFile {
        let folder = metadata_file::metadata_folder(&table.metadata);
        let location = format!("{folder}/{}-m0.avro", metadata_file::new_uuid(&mut self.rng));
        let mut writer = ManifestWriter::create(&self.disk, &location, of, content, &mut self.rng).unwrap();
        for entry in entries {
            writer.add(entry).unwrap();
        }
        writer.finish().unwrap()
    }

    /// What a commit that only adds files needs; `keep` says which manifests stay.
    pub(crate) fn snapshot(
        &mut self,
        table: &Table,
        add: Vec<DataFile>,
        deletes: Vec<DataFile>,
        keep: fn(&ManifestFile) -> bool,
    ) -> Snapshot {
        let metadata = &table.metadata;
        let snapshot_id = new_snapshot_id(metadata, &mut self.rng);
        let of = ManifestOf::new(metadata, snapshot_id).unwrap();
        let mut manifests: Vec<ManifestFile> = match metadata.current_snapshot() {
            Some(parent) => {
                let list = parent.manifest_list.as_deref().unwrap();
                manifests_of(ManifestListReader::open(self.disk.as_ref(), list, &self.account).unwrap()).unwrap()
            }
            None => Vec::new(),
        };
        manifests.retain(keep);
        for (content, files) in [(ManifestContent::Data, add), (ManifestContent::Deletes, deletes)] {
            if !files.is_empty() {
                let entries: Vec<_> = files.into_iter().map(ManifestEntry::added).collect();
                manifests.push(self.manifest(&of, table, content, &entries));
            }
        }
        self.list(table, snapshot_id, &manifests)
    }

    pub(crate) fn list(&mut self, table: &Table, snapshot_id: i64, manifests: &[ManifestFile]) -> Snapshot {
        let metadata = &table.metadata;
        let list = format!("{}/snap-{snapshot_id}.avro", metadata_file::metadata_folder(metadata));
        let of = ListOf {
            format_version: metadata.format_version,
            snapshot_id,
            parent_snapshot_id: metadata.current_snapshot_id,
            sequence_number: metadata.last_sequence_number + 1,
            first_row_id: metadata.next_row_id,
        };
        let mut writer = ManifestListWriter::create(&self.disk, &list, of, &mut self.rng).unwrap();
        for manifest in manifests {
            writer.add(manifest).unwrap();
        }
        let added_rows = writer.finish().unwrap();
        self.now_ms += 1000;
        Snapshot {
            snapshot_id,
            parent_snapshot_id: metadata.current_snapshot_id,
            sequence_number: of.sequence_number,
            timestamp_ms: self.now_ms,
            manifest_list: Some(list),
            summary: BTreeMap::from([("operation".to_owned(), Operation::Overwrite.text().to_owned())]),
            schema_id: Some(metadata.current_schema_id),
            first_row_id: of.first_row_id,
            added_rows,
            unknown: serde_json::Map::new(),
        }
    }

    pub(crate) fn commit(&mut self, table: &Table, snapshot: Snapshot) -> Table {
        let next = table.metadata.with_snapshot(snapshot, Vec::new()).unwrap();
        match self.catalog.commit(vec![TableChange { base: table, next }]).unwrap() {
            Committed::Swapped(mut tables) => tables.remove(0),
            other => panic!("{other:?}"),
        }
    }
}

/// All manifests of a list.
pub(crate) fn manifests_of(mut list: ManifestListReader) -> base::Result<Vec<ManifestFile>> {
    let mut manifests = Vec::new();
    while let Some(manifest) = list.next_manifest()? {
        manifests.push(manifest);
    }
    Ok(manifests)
}

/// The files under a folder whose names end so.
pub(crate) fn files_ending(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_ending(&path, end));
        } else if path.to_str().unwrap().ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The machine's disk, with what lies under `from` really under `to`: fixtures name files by absolute paths.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
}

impl Moved {
    fn real(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.from).map_or_else(|_| path.to_owned(), |rest| self.to.join(rest))
    }
}

impl Disk for Moved {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        RealDisk.open(&self.real(path), how)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir_all(&self.real(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(&self.real(from), &self.real(to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_file(&self.real(path))
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir_all(&self.real(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        RealDisk.list(&self.real(dir))
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Entry>> {
        RealDisk.stat(&self.real(path))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.sync_dir(&self.real(dir))
    }
}

/// The machine's disk, of which one call fails: the one after `calls_left` others.
#[derive(Debug)]
pub(crate) struct Failing {
    pub(crate) calls_left: Arc<AtomicI64>,
}

impl Failing {
    pub(crate) fn after(calls: i64) -> Self {
        Self { calls_left: Arc::new(AtomicI64::new(calls)) }
    }

    fn call<T>(&self, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if self.calls_left.fetch_sub(1, Ordering::Relaxed) == 0 {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            call()
        }
    }
}

impl Disk for Failing {
    fn open(&self, path: &Path, how: Open) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.call(|| RealDisk.open(path, how))?;
        Ok(Arc::new(FailingFile { file, disk: Self { calls_left: self.calls_left.clone() } }))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.call(|| RealDisk.create_dir_all(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(|| RealDisk.rename(from, to))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.call(|| RealDisk.remove_file(path))
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.call(|| RealDisk.remove_dir_all(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.call(|| RealDisk.list(dir))
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Entry>> {
        self.call(|| RealDisk.stat(path))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.call(|| RealDisk.sync_dir(dir))
    }
}

#[derive(Debug)]
struct FailingFile {
    file: Arc<dyn DiskFile>,
    disk: Failing,
}

impl DiskFile for FailingFile {
    fn read_at(&self, buf: &mut [u8], at: u64) -> io::Result<usize> {
        self.disk.call(|| self.file.read_at(buf, at))
    }

    fn write_all_at(&self, buf: &[u8], at: u64) -> io::Result<()> {
        self.disk.call(|| self.file.write_all_at(buf, at))
    }

    fn len(&self) -> io::Result<u64> {
        self.disk.call(|| self.file.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.call(|| self.file.set_len(len))
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.call(|| self.file.sync())
    }
}
