//! An Iceberg table as a sink: the writer, which sorts and prepares on a worker, and what builds it with its committer.

use std::sync::Arc;

use base::{ByteCount, Epoch, Error, Result};
use flow::sink::Prepare;
use flow::{Sink, SinkContext, SinkInstance, SinkWriter, Wrote};
use ledger::{Account, Waker};
use rows::{AbsentMask, Batch, Span};

use crate::catalog::TableIdent;
use crate::catalog_handle::CatalogHandle;
use crate::commit::committer::LakeCommitter;
use crate::commit::names::FileNames;
use crate::commit::prepare::{KEPT_FLOOR, Preparation};
use crate::commit::session::CommitWith;
use crate::commit::tools::{Lease, Tools};
use crate::options::SinkOptions;
use crate::run::{Input, SORT_FLOOR, Sorter, trim};
use crate::table::{Shared, TableInfo, WriteMode};

/// A planned Iceberg sink.
#[derive(Debug)]
pub(crate) struct LakeSink {
    pub(crate) catalog: Arc<CatalogHandle>,
    pub(crate) ident: TableIdent,
    pub(crate) mode: WriteMode,
    /// The table's columns that the input fills, in the input's order.
    pub(crate) columns: Vec<String>,
    /// For EXPLAIN: `upsert by id`.
    pub(crate) described: String,
}

impl SinkInstance for LakeSink {
    fn describe(&self) -> String {
        format!("iceberg({}.{}, {})", self.catalog.name(), self.ident, self.described)
    }

    fn open(&self, context: &SinkContext) -> Result<Sink> {
        let options = SinkOptions::new(&context.settings)?;
        let shared = Shared::default();
        let kept = context.budget.account(format!("sink/{}/prepared", context.name), KEPT_FLOOR);
        let tools = |account: &Account, more: &Account| Tools {
            disk: context.disk.clone(),
            account: account.clone(),
            more: more.clone(),
            kept: kept.clone(),
            shared: shared.clone(),
            options,
            names: FileNames::new(&context.job),
            state_dir: context.state_dir.clone(),
        };
        let opened = self.catalog.for_commits(context);
        let committer = LakeCommitter::new(CommitWith {
            tools: tools(opened.account(), opened.account()),
            writing: tools(opened.write_account(), opened.write_more()),
            lease: opened.write_lease().clone(),
            open: opened.clone(),
            ident: self.ident.clone(),
            mode: self.mode,
            job: context.job.clone(),
            clock: context.clock.clone(),
        });
        let writer = LakeWriter {
            tools: tools(opened.write_account(), opened.write_more()),
            lease: opened.write_lease().clone(),
            waker: None,
            run_account: context.budget.account(format!("sink/{}/run", context.name), SORT_FLOOR),
            columns: self.columns.clone(),
            open: None,
            bytes: ByteCount::ZERO,
            preparation: None,
        };
        Ok(Sink { writer: Box::new(writer), committer: Box::new(committer) })
    }
}

/// Sorts the rows of an epoch, then prepares them.
#[derive(Debug)]
struct LakeWriter {
    tools: Tools,
    lease: Lease,
    /// Called when the lease becomes free.
    waker: Option<Arc<Waker>>,
    run_account: Account,
    columns: Vec<String>,
    open: Option<OpenWriter>,
    /// Taken since the last commit was prepared.
    bytes: ByteCount,
    preparation: Option<Box<Preparation>>,
}

/// The writer once the table is known.
#[derive(Debug)]
struct OpenWriter {
    info: Arc<TableInfo>,
    input: Input,
    sorter: Sorter,
    /// For each column of the table its place in the input; `None` if they are the same.
    order: Option<Vec<usize>>,
}

/// Less is not worth a run of its own.
const RECLAIM_BYTES_MIN: ByteCount = ByteCount::kib(512);

/// The part of the budget that one sink sorts in. A larger part saves little, since runs lose their duplicates when they
/// are written, and what a job takes would grow with its backlog until it is all that there is.
const SORT_FRACTION: u64 = 16;

impl LakeWriter {
    /// The table is known once the committer has recovered.
    fn open(&mut self) -> Result<&mut OpenWriter> {
        if self.open.is_none() {
            let state = self.tools.shared.lock();
            let info = state.info.clone().ok_or_else(|| Error::internal("rows before recovery"))?;
            let mode = info.input_mode(state.index.as_ref().map(crate::index::KeyIndex::secret));
            drop(state);
            let order = order(&info, &self.columns)?;
            let dir = self.tools.state_dir.join("sort");
            let layout = info.shape.layout.clone();
            let budget = self.run_account.budget().limit();
            let at_most = self.tools.options.sort_bytes_max.unwrap_or(ByteCount(budget.get() / SORT_FRACTION));
            let sorter = Sorter::new(layout, self.tools.disk.clone(), dir, self.run_account.clone()).at_most(at_most);
            self.open = Some(OpenWriter { info, input: Input::new(mode), sorter, order });
        }
        self.open.as_mut().ok_or_else(|| Error::internal("a writer that does not open"))
    }
}

/// Where the input has each column of the table.
fn order(info: &TableInfo, columns: &[String]) -> Result<Option<Vec<usize>>> {
    let fields = info.shape.layout.schema().fields();
    let place = |name: &String| columns.iter().position(|column| column == name);
    let order: Option<Vec<usize>> = fields.iter().map(|field| place(field.name())).collect();
    match order {
        Some(order) if order.len() == columns.len() => Ok((!order.is_sorted()).then_some(order)),
        _ => Err(Error::user("the table's columns are not those that the job was planned with")
            .detail(format!("planned: {}", columns.join(", ")))
            .hint("start the job again; if it declares the table, bring the declaration up to date")),
    }
}

fn reordered(batch: Batch, order: &[usize]) -> Result<Batch> {
    let columns = batch.columns.project(order);
    let columns = columns.map_err(|error| Error::internal(format!("a batch does not fit its plan: {error}")))?;
    let absent = AbsentMask::new(order.iter().map(|place| batch.absent.column(*place).cloned()).collect());
    Ok(Batch { columns, absent, ..batch })
}

impl SinkWriter for LakeWriter {
    fn wake_with(&mut self, waker: Waker) {
        self.waker = Some(self.lease.enter(waker));
    }

    fn write(&mut self, batch: Batch) -> Result<Wrote> {
        let open = self.open()?;
        let batch = match &open.order {
            Some(order) => reordered(batch, order)?,
            None => batch,
        };
        let taken = open.input.take(&open.info.shape.layout, &batch, &mut open.sorter)?;
        self.bytes += taken;
        let enough = self.bytes >= self.tools.options.commit_bytes_max;
        Ok(if enough { Wrote::CommitSoon } else { Wrote::Kept })
    }

    fn reclaimable(&self) -> ByteCount {
        let held = self.open.as_ref().map_or(ByteCount::ZERO, |open| open.sorter.held());
        if held >= RECLAIM_BYTES_MIN { held } else { ByteCount::ZERO }
    }

    fn reclaim(&mut self, _want: ByteCount) -> Result<ByteCount> {
        match &mut self.open {
            Some(open) if open.sorter.held() >= RECLAIM_BYTES_MIN => {
                let freed = open.sorter.spill()?;
                trim(&self.run_account, freed);
                Ok(freed)
            }
            _ => Ok(ByteCount::ZERO),
        }
    }

    fn prepare(&mut self, epoch: Epoch, spans: &[Span]) -> Result<Prepare> {
        let preparation = match &mut self.preparation {
            Some(preparation) => preparation,
            None => {
                let Some(lease) = self.lease.try_take() else { return Ok(Prepare::Waiting) };
                let (account, more) = (self.tools.account.clone(), self.tools.more.clone());
                let open = self.open()?;
                let reduced = open.sorter.finish(&account, &more)?;
                open.input.restart();
                let counts = open.sorter.counts();
                tracing::debug!(runs = counts.runs_spilled, bytes = counts.bytes_spilled, "sort runs spilled so far");
                let info = open.info.clone();
                let with = self.tools.with(info);
                self.preparation.insert(Box::new(Preparation::begin(with, lease, reduced, epoch, spans)?))
            }
        };
        if !preparation.step()? {
            return Ok(Prepare::Working);
        }
        let prepared = self.preparation.take().map(|preparation| preparation.finish()).transpose()?;
        let prepared = prepared.ok_or_else(|| Error::internal("a preparation that is gone"))?;
        trim(&self.run_account, std::mem::replace(&mut self.bytes, ByteCount::ZERO));
        Ok(Prepare::Done(Box::new(prepared)))
    }
}
