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
use crate::run::{Input, Sorter};
use crate::table::{Shared, WriteMode};

/// What becomes of a commit.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// Its answer is lost, after or before it was done.
    Lost { swaps: bool },
    /// Just before it, another job appends a row with this key.
    Append(i64),
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
            Some(Event::Append(id)) => {
                self.append(id);
                self.inner.commit(changes)
            }
            Some(Event::Lost { swaps }) => {
                if swaps {
                    assert!(matches!(self.inner.commit(changes)?, Committed::Swapped(_)));
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
        let mut sorter = Sorter::new(layout.clone(), self.tools.disk.clone(), dir, account);
        if !ids.is_empty() {
            Input::new(mode).take(layout, &batch(ids), &mut sorter).unwrap();
        }
        let lease = Lease::default().try_take().unwrap();
        let spans = [Span { partition: partition(), from: Offset(from), to: Offset(to) }];
        let (with, reduced) = (self.tools.with(info), sorter.finish().unwrap());
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
        let lists = RealDisk.list(&dir.path().join("w/shop/t/metadata")).unwrap();
        let lists = lists.iter().filter(|entry| entry.name.contains("list")).count();
        assert_eq!(lists, 1, "files of the first try were left");
    }
}

#[test]
fn rows_that_others_added_before_a_try_that_failed_are_replaced_by_the_next_one() {
    let append = Event::Append;
    let lost = Event::Lost { swaps: false };
    let cases = [
        (vec![append(9)], vec![1, 2, 3, 9]),
        (vec![append(1)], vec![1, 2, 3]),
        (vec![lost], vec![1, 2, 3]),
        (vec![lost, append(9), append(2), lost], vec![1, 2, 3, 9]),
        (vec![append(9), Event::Lost { swaps: true }], vec![1, 2, 3, 9]),
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
