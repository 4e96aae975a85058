//! A job as the runtime would drive it: recover, write, prepare, commit; and its table read back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use base::{ByteCount, Disk, Epoch, Offset, RealDisk, Result, SystemClock};
use flow::registry::CatalogContext;
use flow::sink::Prepare;
use flow::{
    Catalog, CatalogFactory, Committable, Options, Outcome, Recovered, Settings, Sink, SinkContext, SinkInput,
    TableDef, Wrote,
};
use lake::LakeCatalogFactory;
use lake::catalog::{SqliteCatalog, SqliteOptions, TableIdent};
use lake::read::{Projection, TableScan};
use ledger::{Account, Budget};
use rows::{Changelog, Field, LogicalType, Positions, Schema, Span};

use super::small_table::{Change, batch, partition};

/// What a key's row holds.
pub(crate) type Row = (Option<String>, Option<i64>);

/// A folder with a warehouse, a catalog file and state.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) disk: Arc<dyn Disk>,
    /// Above the warehouse and the state.
    pub(crate) root: PathBuf,
    /// Where the catalog's SQLite file is: always on the real disk.
    pub(crate) catalog_dir: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        Self { dir, disk: Arc::new(RealDisk), catalog_dir: root.clone(), root }
    }

    pub(crate) fn catalog(&self) -> Arc<dyn Catalog> {
        let options: Options = [
            ("type", "iceberg".to_owned()),
            ("catalog-type", "sql".to_owned()),
            ("uri", format!("jdbc:sqlite:{}", self.catalog_dir.join("catalog.db").display())),
            ("warehouse", self.root.join("warehouse").display().to_string()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
        let context = CatalogContext {
            clock: Arc::new(SystemClock::new()),
            disk: self.disk.clone(),
            working_dir: self.dir.path().to_owned(),
            read_only: false,
        };
        LakeCatalogFactory.open("lake", &options, &context).unwrap()
    }

    /// Makes the table `shop.t`.
    pub(crate) fn create(&self, upsert: bool) {
        let catalog = self.catalog();
        catalog.create_database("shop").unwrap();
        catalog.create_table("shop", "t", &definition(upsert)).unwrap();
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// A catalog for looking at the table, with the account that pays for looking.
    pub(crate) fn look(&self) -> (SqliteCatalog, Account) {
        let account = Budget::new(ByteCount::mib(64)).account("look", ByteCount::ZERO);
        let options = SqliteOptions {
            file: self.catalog_dir.join("catalog.db"),
            name: "lake".to_owned(),
            warehouse: self.root.join("warehouse").display().to_string(),
            busy_timeout: std::time::Duration::from_secs(20),
        };
        (SqliteCatalog::open(options, self.disk.clone(), account.clone()).unwrap(), account)
    }

    /// All live rows, whatever their keys.
    pub(crate) fn rows(&self) -> Vec<(i64, Row)> {
        let (catalog, account) = self.look();
        let table = lake::catalog::Catalog::load(&catalog, &TableIdent::new("shop", "t")).unwrap().unwrap();
        let Some(snapshot) = table.metadata.current_snapshot() else { return Vec::new() };
        let projection = Projection::all(&table.metadata).unwrap();
        let mut scan = TableScan::open(self.disk.clone(), snapshot, projection, &account).unwrap();
        let mut rows = Vec::new();
        while let Some(batch) = scan.next_batch().unwrap() {
            let id = batch.columns.column(0).as_primitive::<Int64Type>();
            let name = batch.columns.column(1).as_string::<i32>();
            let n = batch.columns.column(2).as_primitive::<Int64Type>();
            for at in 0..batch.columns.num_rows() {
                let name = name.is_valid(at).then(|| name.value(at).to_owned());
                rows.push((id.value(at), (name, n.is_valid(at).then(|| n.value(at)))));
            }
        }
        rows
    }

    /// The table as a map; two rows of one key are a failure.
    pub(crate) fn table(&self) -> BTreeMap<i64, Row> {
        let mut table = BTreeMap::new();
        for (id, row) in self.rows() {
            assert!(table.insert(id, row).is_none(), "key {id} has two rows");
        }
        table
    }

    /// Names of the files in the table's folders.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let dir = self.root.join("warehouse/shop/t").join(folder);
        let mut names: Vec<String> = self.disk.list(&dir).unwrap().into_iter().map(|entry| entry.name).collect();
        names.sort();
        names
    }
}

pub(crate) fn definition(upsert: bool) -> TableDef {
    let schema = Schema::new(vec![
        Field::new("id", LogicalType::BigInt, false),
        Field::new("name", LogicalType::STRING, true),
        Field::new("n", LogicalType::BigInt, true),
    ]);
    let options = if upsert { vec![("format-version", "3"), ("write.upsert.enabled", "true")] } else { Vec::new() };
    TableDef {
        name: "lake.shop.t".to_owned(),
        schema: if upsert { schema.with_key(vec![0]) } else { schema },
        metadata: vec![None; 3],
        options: options.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        comment: None,
    }
}

/// One run of the job.
#[derive(Debug)]
pub(crate) struct Run {
    sink: Sink,
    pub(crate) budget: Budget,
    pub(crate) recovered: Recovered,
    epoch: Epoch,
    /// Where the next span of each partition begins.
    pub(crate) at: Positions,
}

/// How a run is started.
#[derive(Clone, Debug)]
pub(crate) struct RunOptions {
    pub(crate) memory: ByteCount,
    pub(crate) state: PathBuf,
    pub(crate) upsert: bool,
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl RunOptions {
    pub(crate) fn upsert(place: &Place) -> Self {
        Self { memory: ByteCount::mib(64), state: place.state(), upsert: true, settings: Vec::new() }
    }
}

impl Run {
    pub(crate) fn start(place: &Place, options: &RunOptions) -> Result<Self> {
        let input = SinkInput {
            schema: definition(options.upsert).schema,
            changelog: if options.upsert { Changelog::Upsert(vec![0]) } else { Changelog::Append },
        };
        let values = options.settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let settings = Settings { values };
        let instance = place.catalog().sink("shop", "t", &definition(options.upsert), &input, &settings).unwrap();
        let budget = Budget::new(options.memory);
        let mut sink = instance.open(&SinkContext {
            budget: budget.clone(),
            clock: Arc::new(SystemClock::new()),
            disk: place.disk.clone(),
            job: "shop-to-lake".to_owned(),
            name: "lake.shop.t".to_owned(),
            settings,
            state_dir: options.state.clone(),
            working_dir: place.dir.path().to_owned(),
        })?;
        let recovered = sink.committer.recover()?;
        let at = recovered.positions.clone();
        Ok(Self { sink, budget, recovered, epoch: Epoch(0), at })
    }

    /// What the committer does first, once more.
    pub(crate) fn recover_again(&mut self) -> Result<Recovered> {
        self.sink.committer.recover()
    }

    /// Takes changes of any partitions, each in a batch with its neighbours of the same.
    pub(crate) fn write(&mut self, changes: &[Change]) -> Result<Wrote> {
        let mut wrote = Wrote::Kept;
        for part in changes.chunk_by(|a, b| a.partition == b.partition) {
            wrote = self.sink.writer.write(batch(part))?;
        }
        Ok(wrote)
    }

    /// The spans up to `to`, from where this run stands.
    pub(crate) fn spans(&self, to: &[(i32, i64)]) -> Vec<Span> {
        to.iter()
            .map(|(index, to)| {
                let partition = partition(*index);
                let from = self.at.get(&partition).copied().unwrap_or(Offset(0));
                Span { partition, from, to: Offset(*to) }
            })
            .collect()
    }

    pub(crate) fn prepare(&mut self, to: &[(i32, i64)]) -> Result<Committable> {
        let spans = self.spans(to);
        self.epoch = self.epoch.next();
        loop {
            if let Prepare::Done(committable) = self.sink.writer.prepare(self.epoch, &spans)? {
                self.at.extend(spans.into_iter().map(|span| (span.partition, span.to)));
                return Ok(committable);
            }
        }
    }

    pub(crate) fn publish(&mut self, committable: Committable) -> Result<Outcome> {
        self.sink.committer.commit(committable)
    }

    pub(crate) fn commit(&mut self, to: &[(i32, i64)]) -> Result<Outcome> {
        let committable = self.prepare(to)?;
        self.publish(committable)
    }
}

/// Removes a state folder as an operator would.
pub(crate) fn lose(place: &Place, state: &Path) {
    if place.disk.stat(state).unwrap().is_some() {
        place.disk.remove_dir_all(state).unwrap();
    }
}
