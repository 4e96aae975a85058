//! An Iceberg table as a sink: the writer, which sorts and prepares on a worker, and what builds it with its committer.

use std::sync::Arc;

use base::{ByteCount, Epoch, Error, Result};
use flow::sink::Prepare;
use flow::{Sink, SinkContext, SinkInstance, SinkWriter, Wrote};
use ledger::{Account, Reclaim, Waker};
use rows::{AbsentMask, Batch, Span};

use crate::catalog::TableIdent;
use crate::catalog_handle::CatalogHandle;
use crate::commit::committer::LakeCommitter;
use crate::commit::names::FileNames;
use crate::commit::prepare::{KEPT_FLOOR, Preparation};
use crate::commit::session::CommitWith;
use crate::commit::tools::{Lease, LeaseGuard, Tools};
use crate::options::SinkOptions;
use crate::run::{Counted, Input, SORT_FLOOR, SortRoom, Sorter, trim};
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
        let opened = self.catalog.for_commits(context, &options);
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
            sort_room: opened.sort_room().clone(),
            run_account: context.budget.account(format!("sink/{}/run", context.name), SORT_FLOOR),
            columns: self.columns.clone(),
            open: None,
            bytes: ByteCount::ZERO,
            preparing: None,
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
    sort_room: SortRoom,
    columns: Vec<String>,
    open: Option<OpenWriter>,
    /// Taken since the last commit was prepared.
    bytes: ByteCount,
    preparing: Option<Preparing>,
}

/// How far the preparation of a commit is, and what it takes of the room for sorting.
#[derive(Debug)]
enum Preparing {
    /// For one step, in which the sinks that share the room spill, before memory for merging and writing is taken.
    Asked(LeaseGuard, Counted),
    Writing(Box<Preparation>, Counted),
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
            let sorter = Sorter::new(layout, self.tools.disk.clone(), dir, self.run_account.clone(), &self.sort_room);
            self.open = Some(OpenWriter { info, input: Input::new(mode), sorter, order });
        }
        self.open.as_mut().ok_or_else(|| Error::internal("a writer that does not open"))
    }

    /// Makes room for merging and writing.
    fn begin(&mut self, lease: LeaseGuard) -> Result<Preparing> {
        let open = self.open()?;
        open.sorter.spill_if_merging()?;
        let held = open.sorter.for_preparing();
        let excess = self.sort_room.excess();
        if excess > ByteCount::ZERO {
            self.run_account.budget().ask_back(excess, Reclaim::SortRun);
        }
        Ok(Preparing::Asked(lease, held))
    }

    /// Ends the sorter's input.
    fn sorted(&mut self, lease: LeaseGuard, epoch: Epoch, spans: &[Span]) -> Result<Box<Preparation>> {
        let (account, more) = (self.tools.account.clone(), self.tools.more.clone());
        let open = self.open()?;
        let reduced = open.sorter.finish(&account, &more)?;
        open.input.restart();
        let counts = open.sorter.counts();
        tracing::debug!(runs = counts.runs_spilled, bytes = counts.bytes_spilled, "sort runs spilled so far");
        let info = open.info.clone();
        Ok(Box::new(Preparation::begin(self.tools.with(info), lease, reduced, epoch, spans)?))
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
            Some(open) if open.sorter.held() >= RECLAIM_BYTES_MIN => open.sorter.spill(),
            _ => Ok(ByteCount::ZERO),
        }
    }

    fn prepare(&mut self, epoch: Epoch, spans: &[Span]) -> Result<Prepare> {
        let (mut preparation, held) = match self.preparing.take() {
            None => {
                let Some(lease) = self.lease.try_take() else { return Ok(Prepare::Waiting) };
                self.preparing = Some(self.begin(lease)?);
                return Ok(Prepare::Working);
            }
            Some(Preparing::Asked(lease, held)) => (self.sorted(lease, epoch, spans)?, held),
            Some(Preparing::Writing(preparation, held)) => (preparation, held),
        };
        if !preparation.step()? {
            self.preparing = Some(Preparing::Writing(preparation, held));
            return Ok(Prepare::Working);
        }
        let prepared = preparation.finish()?;
        trim(&self.run_account, std::mem::replace(&mut self.bytes, ByteCount::ZERO));
        Ok(Prepare::Done(Box::new(prepared)))
    }
}
