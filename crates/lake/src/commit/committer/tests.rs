use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{ByteCount, Disk, Epoch, Offset, PartitionIndex, RealDisk, Rng, SystemClock};
use flow::Settings;
use ledger::Budget;
use rows::{PartitionId, Span};

use super::*;
use crate::catalog::{
    Catalog, Committed, Created, SqliteCatalog, SqliteOptions, Table, TableChange, TableIdent, metadata_file,
};
use crate::commit::names::{FileNames, new_commit_id};
use crate::commit::prepared::Counts;
use crate::commit::session::{COMMIT_FLOOR, OpenCatalog};
use crate::commit::tools::Tools;
use crate::metadata::{NestedField, NewTable, PrimitiveType, Schema};
use crate::options::SinkOptions;
use crate::table::{Shared, WriteMode};

/// A catalog that loses the answer to the first commit, after or before it did it.
#[derive(Debug)]
struct Forgetful {
    inner: SqliteCatalog,
    swaps: bool,
    asked: Mutex<bool>,
}

impl Catalog for Forgetful {
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
        let mut asked = self.asked.lock().unwrap();
        if *asked {
            return self.inner.commit(changes);
        }
        *asked = true;
        if self.swaps {
            assert!(matches!(self.inner.commit(changes)?, Committed::Swapped(_)));
        }
        Ok(Committed::Unknown(Error::transient("the line is dead")))
    }
    fn default_location(&self, table: &TableIdent) -> String {
        self.inner.default_location(table)
    }
}

#[derive(Debug)]
struct Opened(Arc<Forgetful>);

impl OpenCatalog for Opened {
    fn catalog(&self) -> Result<Arc<dyn Catalog>> {
        Ok(self.0.clone())
    }
}

fn forgetful(dir: &Path, swaps: bool) -> (Arc<Forgetful>, LakeCommitter, Tools) {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let account = Budget::new(ByteCount::mib(64)).account("commit", COMMIT_FLOOR);
    let options = SqliteOptions {
        file: dir.join("catalog.db"),
        name: "lake".to_owned(),
        warehouse: dir.join("w").display().to_string(),
        busy_timeout: Duration::from_secs(5),
    };
    let inner = SqliteCatalog::open(options, disk.clone(), account.clone()).unwrap();
    inner.create_namespace("shop").unwrap();
    let ident = TableIdent::new("shop", "t");
    let metadata = TableMetadata::create(NewTable {
        location: inner.default_location(&ident),
        format_version: 3,
        schema: Schema::new(0, vec![NestedField::new(1, "id", PrimitiveType::Long, true)], vec![1]),
        properties: BTreeMap::new(),
        table_uuid: metadata_file::new_uuid(&mut Rng::from_seed(1)),
        now_ms: 1,
    });
    inner.create(&ident, metadata.unwrap()).unwrap();
    let catalog = Arc::new(Forgetful { inner, swaps, asked: Mutex::new(false) });
    let tools = Tools {
        disk,
        more: account.clone(),
        account,
        shared: Shared::default(),
        options: SinkOptions::new(&Settings::default()).unwrap(),
        names: FileNames::new("j"),
        state_dir: dir.join("state"),
    };
    let with = CommitWith {
        open: Arc::new(Opened(catalog.clone())),
        ident,
        mode: WriteMode::Append,
        job: "j".to_owned(),
        clock: Arc::new(SystemClock::new()),
        tools: tools.clone(),
    };
    (catalog, LakeCommitter::new(with), tools)
}

#[test]
fn a_commit_whose_answer_is_lost_is_published_once() {
    for swaps in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let (catalog, mut committer, tools) = forgetful(dir.path(), swaps);
        committer.recover().unwrap();
        let partition =
            PartitionId { topic: "t".into(), index: PartitionIndex(0), cluster: "c".into(), topic_id: "i".into() };
        let prepared = Prepared {
            epoch: Epoch(1),
            commit: new_commit_id(&mut Rng::from_seed(2)),
            spans: vec![Span { partition: partition.clone(), from: Offset(0), to: Offset(7) }],
            base: None,
            files: Vec::new(),
            changes: None,
            deletions: None,
            filled: Vec::new(),
            counts: Counts::default(),
            paid: tools.account.empty(),
        };
        let outcome = committer.commit(Box::new(prepared)).unwrap();
        assert_eq!(matches!(outcome, Outcome::AlreadyPublished), swaps, "{outcome:?}");
        let table = catalog.load(&TableIdent::new("shop", "t")).unwrap().unwrap();
        assert_eq!(table.metadata.snapshots.len(), 1);
        let recovered = committer.recover().unwrap();
        assert_eq!(recovered.positions, [(partition, Offset(7))].into());
        let lists = RealDisk.list(&dir.path().join("w/shop/t/metadata")).unwrap();
        let lists = lists.iter().filter(|entry| entry.name.contains("list")).count();
        assert_eq!(lists, 1, "files of the first try were left");
    }
}
