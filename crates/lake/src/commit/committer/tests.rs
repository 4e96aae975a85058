use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use base::{ByteCount, Disk, Epoch, Offset, PartitionIndex, RealDisk, Rng, SystemClock};
use flow::Settings;
use ledger::Budget;
use rows::{AbsentMask, Batch, Origin, PartitionId, Span};

use super::*;
use crate::catalog::{
    Catalog, Committed, Created, SqliteCatalog, SqliteOptions, Table, TableChange, TableIdent, metadata_file,
};
use crate::commit::names::{FileNames, new_commit_id};
use crate::commit::prepare::Preparation;
use crate::commit::session::{COMMIT_FLOOR, OpenCatalog};
use crate::commit::tools::{Lease, Tools};
use crate::metadata::{NestedField, NewTable, PrimitiveType, Schema};
use crate::options::SinkOptions;
use crate::read::{Projection, TableScan};
use crate::run::{Input, SortRoom, Sorter};
use crate::table::{Shared, WriteMode};

/// What becomes of a commit.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// Its answer is lost, after or before it was done; the new version is written in any case.
    Lost { swaps: bool },
    /// Others do this just before it.
    Before(fn(&Eventful)),
    /// Others do this just after it.
    After(fn(&Eventful)),
}

/// A catalog where commits meet events, one after another.
#[derive(Debug)]
struct Eventful {
    inner: Arc<SqliteCatalog>,
    dir: PathBuf,
    events: Mutex<VecDeque<Event>>,
}

impl Catalog for Eventful {
    fn create_namespace(&self, namespace: &str) -> Result<bool> {
        self.inner.create_namespace(namespace)
    }
    fn has_namespace(&self, namespace: &str) -> Result<bool> {
        self.inner.has_namespace(namespace)
    }
    fn namespaces(&self) -> Result<Vec<String>> {
        self.inner.namespaces()
    }
    fn tables(&self, namespace: &str) -> Result<Vec<TableIdent>> {
        self.inner.tables(namespace)
    }
    fn load(&self, table: &TableIdent) -> Result<Option<Table>> {
        self.inner.load(table)
    }
    fn create(&self, table: &TableIdent, metadata: TableMetadata) -> Result<Created> {
        self.inner.create(table, metadata)
    }
    fn commit(&self, changes: Vec<TableChange<'_>>) -> Result<Committed> {
        match self.events.lock().unwrap().pop_front() {
            None => self.inner.commit(changes),
            Some(Event::Before(others)) => {
                others(self);
                self.inner.commit(changes)
            }
            Some(Event::After(others)) => {
                let committed = self.inner.commit(changes);
                others(self);
                committed
            }
            Some(Event::Lost { swaps }) => {
                if swaps {
                    assert!(matches!(self.inner.commit(changes)?, Committed::Swapped(_)));
                } else {
                    for change in changes {
                        write_version(change);
                    }
                }
                Ok(Committed::Unknown(Error::transient("the line is dead")))
            }
        }
    }
    fn default_location(&self, table: &TableIdent) -> String {
        self.inner.default_location(table)
    }
}

#[derive(Debug)]
struct Opened(Arc<dyn Catalog>);

impl OpenCatalog for Opened {
    fn catalog(&self) -> Result<Arc<dyn Catalog>> {
        Ok(self.0.clone())
    }
}

fn ident() -> TableIdent {
    TableIdent::new("shop", "t")
}

impl Eventful {
    /// With a table of keys only.
    fn new(dir: &Path) -> Arc<Self> {
        let options = SqliteOptions {
            file: dir.join("catalog.db"),
            name: "lake".to_owned(),
            warehouse: dir.join("w").display().to_string(),
            busy_timeout: Duration::from_secs(5),
        };
        let account = Budget::new(ByteCount::mib(64)).account("catalog", COMMIT_FLOOR);
        let inner = SqliteCatalog::open(options, Arc::new(RealDisk), account).unwrap();
        inner.create_namespace("shop").unwrap();
        let metadata = TableMetadata::create(NewTable {
            location: inner.default_location(&ident()),
            format_version: 3,
            schema: Schema::new(0, vec![NestedField::new(1, "id", PrimitiveType::Long, true)], vec![1]),
            properties: BTreeMap::new(),
            table_uuid: metadata_file::new_uuid(&mut Rng::from_seed(1)),
            now_ms: 1,
        });
        inner.create(&ident(), metadata.unwrap()).unwrap();
        Arc::new(Self { inner: Arc::new(inner), dir: dir.to_owned(), events: Mutex::default() })
    }

    /// `ALTER TABLE … SET`, by another job.
    fn alter(&self) {
        let table = self.load(&ident()).unwrap().unwrap();
        let mut next = table.metadata.value.clone();
        next.properties.insert("altered".to_owned(), "yes".to_owned());
        let change = TableChange { base: &table, next };
        assert!(matches!(self.inner.commit(vec![change]).unwrap(), Committed::Swapped(_)));
    }

    /// A run of the job `j` with a folder of its own.
    fn run(&self, state: &str, mode: WriteMode) -> Job {
        Job::new(self.inner.clone(), &self.dir.join(state), "j", mode)
    }

    /// Leaves a data file of the job `j` behind.
    fn leave(&self, what: &str) {
        let name = FileNames::new("j").name(Epoch(9), &new_commit_id(&mut Rng::from_seed(9)), what);
        RealDisk.open(&self.dir.join("w/shop/t/data").join(name), base::disk::Open::CreateNew).unwrap();
    }

    /// Names of the files in a folder of the table.
    fn files(&self, folder: &str) -> Vec<String> {
        let listed = RealDisk.list(&self.dir.join("w/shop/t").join(folder)).unwrap();
        listed.into_iter().map(|entry| entry.name).collect()
    }

    fn append(&self, id: i64) {
        let job = new_commit_id(&mut Rng::from_entropy());
        let mut other = Job::new(self.inner.clone(), &self.dir.join(&job), &job, WriteMode::Append);
        other.committer.recover().unwrap();
        let prepared = other.prepare(&[id], 0, 1);
        assert!(matches!(other.committer.commit(prepared).unwrap(), Outcome::Published(_)));
    }

    fn will(&self, events: &[Event]) {
        self.events.lock().unwrap().extend(events);
    }

    /// The keys of all live rows, sorted.
    fn ids(&self) -> Vec<i64> {
        let account = Budget::new(ByteCount::mib(64)).account("look", ByteCount::ZERO);
        let table = self.load(&ident()).unwrap().unwrap();
        let (snapshot, projection) = (table.metadata.current_snapshot(), Projection::all(&table.metadata).unwrap());
        let mut scan = TableScan::open(Arc::new(RealDisk), snapshot.unwrap(), projection, &account).unwrap();
        let mut ids = Vec::new();
        while let Some(batch) = scan.next_batch().unwrap() {
            ids.extend(batch.columns.column(0).as_primitive::<Int64Type>().values());
        }
        ids.sort_unstable();
        ids
    }
}

/// Writes a version as a process would that dies before its swap.
fn write_version(change: TableChange<'_>) {
    let (base, mut next) = (change.base, change.next);
    next.log_previous(&base.metadata_location, 1).unwrap();
    let location = metadata_file::next_location(&next, Some(&base.metadata_location), &mut Rng::from_entropy());
    let mut paid = Budget::new(ByteCount::mib(64)).account("write", ByteCount::ZERO).empty();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    metadata_file::write(&disk, &location, &next, &mut paid).unwrap();
}

/// A job that writes to the table.
struct Job {
    committer: LakeCommitter,
    tools: Tools,
}

impl Job {
    fn new(catalog: Arc<dyn Catalog>, state_dir: &Path, job: &str, mode: WriteMode) -> Self {
        let account = Budget::new(ByteCount::mib(64)).account("commit", COMMIT_FLOOR);
        let tools = Tools {
            disk: Arc::new(RealDisk),
            more: account.clone(),
            kept: account.clone(),
            account,
            shared: Shared::default(),
            options: SinkOptions::new(&Settings::default()).unwrap(),
            names: FileNames::new(job),
            state_dir: state_dir.to_owned(),
        };
        let with = CommitWith {
            open: Arc::new(Opened(catalog)),
            ident: ident(),
            mode,
            job: job.to_owned(),
            clock: Arc::new(SystemClock::new()),
            tools: tools.clone(),
            writing: tools.clone(),
            lease: Lease::default(),
        };
        Self { committer: LakeCommitter::new(with), tools }
    }

    /// A commit of rows with these keys, which were read from `from` to `to`.
    fn prepare(&self, ids: &[i64], from: i64, to: i64) -> Committable {
        let state = self.tools.shared.lock();
        let info = state.info.clone().unwrap();
        let mode = info.input_mode(state.index.as_ref().map(crate::index::KeyIndex::secret));
        drop(state);
        let (layout, account) = (&info.shape.layout, self.tools.account.clone());
        let dir = self.tools.state_dir.join("sort");
        let mut sorter = Sorter::new(layout.clone(), self.tools.disk.clone(), dir, account, &SortRoom::unlimited());
        if !ids.is_empty() {
            Input::new(mode).take(layout, &batch(ids), &mut sorter).unwrap();
        }
        let lease = Lease::default().try_take().unwrap();
        let spans = [Span { partition: partition(), from: Offset(from), to: Offset(to) }];
        let (with, reduced) = (self.tools.with(info), sorter.finish(&self.tools.account, &self.tools.more).unwrap());
        let mut preparation = Preparation::begin(with, lease, reduced, Epoch(1), &spans).unwrap();
        while !preparation.step().unwrap() {}
        Box::new(preparation.finish().unwrap())
    }
}

fn partition() -> PartitionId {
    PartitionId { topic: "t".into(), index: PartitionIndex(0), cluster: "c".into(), topic_id: "i".into() }
}

fn batch(ids: &[i64]) -> Batch {
    let schema = arrow_schema::Schema::new(vec![Field::new("id", DataType::Int64, true)]);
    let column: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
    Batch {
        columns: RecordBatch::try_new(Arc::new(schema), vec![column]).unwrap(),
        kinds: None,
        absent: AbsentMask::new(vec![None]),
        origin: Origin {
            partition: partition(),
            offsets: (0..ids.len() as i64).map(Offset).collect(),
            source_positions: vec![None; ids.len()],
            from_key_update: None,
        },
    }
}

#[test]
fn a_commit_whose_answer_is_lost_is_published_once() {
    for swaps in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Eventful::new(dir.path());
        let mut job = Job::new(catalog.clone(), &dir.path().join("state"), "j", WriteMode::Append);
        job.committer.recover().unwrap();
        catalog.will(&[Event::Lost { swaps }]);
        let outcome = job.committer.commit(job.prepare(&[], 0, 7)).unwrap();
        assert_eq!(matches!(outcome, Outcome::AlreadyPublished), swaps, "{outcome:?}");
        let table = catalog.load(&ident()).unwrap().unwrap();
        assert_eq!(table.metadata.snapshots.len(), 1);
        let recovered = job.committer.recover().unwrap();
        assert_eq!(recovered.positions, [(partition(), Offset(7))].into());
        let lists = catalog.files("metadata").iter().filter(|name| name.contains("list")).count();
        assert_eq!(lists, 1, "files of the first try were left");
    }
}

#[test]
fn rows_that_others_added_before_a_try_that_failed_are_replaced_by_the_next_one() {
    let lost = Event::Lost { swaps: false };
    let [one, two, nine] = [
        Event::Before(|lake| lake.append(1)),
        Event::Before(|lake| lake.append(2)),
        Event::Before(|lake| lake.append(9)),
    ];
    let cases = [
        (vec![nine], vec![1, 2, 3, 9]),
        (vec![one], vec![1, 2, 3]),
        (vec![lost], vec![1, 2, 3]),
        (vec![lost, nine, two, lost], vec![1, 2, 3, 9]),
        (vec![nine, Event::Lost { swaps: true }], vec![1, 2, 3, 9]),
    ];
    for (at_swap, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Eventful::new(dir.path());
        let mut job = Job::new(catalog.clone(), &dir.path().join("state"), "j", WriteMode::Upsert);
        job.committer.recover().unwrap();
        job.committer.commit(job.prepare(&[2, 3], 0, 2)).unwrap();
        let prepared = job.prepare(&[1, 2], 2, 4);
        catalog.append(1);
        catalog.will(&at_swap);
        job.committer.commit(prepared).unwrap();
        assert_eq!(catalog.ids(), expected, "{at_swap:?}");
        job.committer.commit(job.prepare(&[1, 2, 3], 4, 7)).unwrap();
        assert_eq!(catalog.ids(), expected, "{at_swap:?}: a later commit");
        let left = RealDisk.list(&dir.path().join("state/index")).unwrap();
        assert!(left.iter().all(|entry| !entry.name.contains("delta")), "{at_swap:?}: {left:?}");
    }
}

/// A table with a commit of the job `j`, and a catalog that hands its events to the job's next run.
fn restarted(dir: &Path) -> (Arc<Eventful>, Job) {
    let catalog = Eventful::new(dir);
    let mut first = catalog.run("first", WriteMode::Append);
    first.committer.recover().unwrap();
    first.committer.commit(first.prepare(&[1], 0, 1)).unwrap();
    let next = Job::new(catalog.clone(), &dir.join("next"), "j", WriteMode::Append);
    (catalog, next)
}

#[test]
fn a_clean_up_spares_what_appears_while_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, mut job) = restarted(dir.path());
    catalog.leave("old");
    catalog.will(&[Event::After(|lake| {
        lake.alter();
        lake.leave("new");
    })]);
    job.committer.recover().unwrap();
    let table = catalog.load(&ident()).unwrap().expect("the version that the catalog names is there");
    assert!(table.metadata.properties.contains_key("altered"));
    let files = catalog.files("data");
    assert!(files.iter().all(|name| !name.ends_with("old")), "{files:?}");
    assert!(files.iter().any(|name| name.ends_with("new")), "a file of a run that began later is gone: {files:?}");
}

#[test]
fn versions_that_the_catalog_never_named_are_removed() {
    let lost = Event::Lost { swaps: false };
    for at_fence in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (catalog, mut job) = restarted(dir.path());
        if at_fence {
            catalog.leave("old");
            catalog.will(&[lost]);
            job.committer.recover().unwrap_err();
        }
        job.committer.recover().unwrap();
        catalog.will(&[lost, Event::Before(Eventful::alter)]);
        job.committer.commit(job.prepare(&[2], 1, 2)).unwrap();
        catalog.append(3);
        catalog.run("later", WriteMode::Append).committer.recover().unwrap();
        let table = catalog.load(&ident()).unwrap().unwrap();
        let versions = catalog.files("metadata").iter().filter(|name| name.contains("metadata.json")).count();
        assert_eq!(versions, table.metadata.metadata_log.len() + 1, "at the fence: {at_fence}");
        assert_eq!(catalog.ids(), [1, 2, 3]);
    }
}

#[test]
fn runs_that_start_together_clean_up_together() {
    fn start_another(lake: &Eventful) {
        lake.run("another", WriteMode::Append).committer.recover().unwrap();
    }
    fn remove(lake: &Eventful) {
        for name in lake.files("data").iter().filter(|name| name.ends_with("old")) {
            RealDisk.remove_file(&lake.dir.join("w/shop/t/data").join(name)).unwrap();
        }
    }
    for meanwhile in [Event::Before(start_another), Event::After(remove)] {
        let dir = tempfile::tempdir().unwrap();
        let (catalog, mut job) = restarted(dir.path());
        catalog.leave("old");
        catalog.will(&[meanwhile]);
        job.committer.recover().unwrap();
        let outcome = job.committer.commit(job.prepare(&[2], 1, 2)).unwrap();
        assert!(matches!(outcome, Outcome::Published(_)), "{meanwhile:?}: {outcome:?}");
    }
}

#[test]
fn a_commit_outlives_the_cache_of_its_keys() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Eventful::new(dir.path());
    let mut job = Job::new(catalog.clone(), &dir.path().join("state"), "j", WriteMode::Upsert);
    job.committer.recover().unwrap();
    job.committer.commit(job.prepare(&[1, 2], 0, 2)).unwrap();
    catalog.will(&[Event::After(|lake| {
        RealDisk.remove_dir_all(&lake.dir.join("state/index")).unwrap();
        RealDisk.create_dir_all(&lake.dir.join("state/index")).unwrap();
    })]);
    let outcome = job.committer.commit(job.prepare(&[1], 2, 3)).unwrap();
    assert!(matches!(outcome, Outcome::Published(_)), "{outcome:?}");
    catalog.will(&[Event::After(|lake| RealDisk.remove_dir_all(&lake.dir.join("state")).unwrap())]);
    let error = job.committer.commit(job.prepare(&[2], 3, 4)).unwrap_err();
    assert_eq!(error.retry(), base::Retry::Backoff, "{error:?}");
    job.committer.recover().unwrap();
    job.committer.commit(job.prepare(&[1, 2, 3], 4, 7)).unwrap();
    assert_eq!(catalog.ids(), [1, 2, 3]);
}
