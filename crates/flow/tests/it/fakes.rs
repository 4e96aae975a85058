//! A log of numbers as source, a table of numbers as sink, both in memory, both failing when told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arrow_array::{Int64Array, RecordBatch};
use base::{BoxFuture, ByteCount, Epoch, Error, Offset, PartitionIndex, RealDisk, Result, Rng, SystemClock};
use bytes::Bytes;
use flow::runtime::RunOptions;
use flow::sink::{Published, SinkInstance};
use flow::source::DecoderCounts;
use flow::{
    Committable, Committer, Decoder, Decoding, JobPlan, Opened, Outcome, PipelinePlan, Prepare, RawBatch, Recovered,
    Settings, Sink, SinkContext, SinkWriter, Source, SourceContext, SourceEvent, SourceInstance, SourceParts, Wrote,
};
use ledger::{Budget, Owned, Reclaim, Reservation, Waker};
use rows::{AbsentMask, Batch, Field, LogicalType, Origin, PartitionId, Positions, Schema, Span};
use tokio::sync::Notify;

pub(crate) fn partition(index: i32) -> PartitionId {
    PartitionId { topic: "numbers".into(), index: PartitionIndex(index), cluster: "c".into(), topic_id: "t".into() }
}

pub(crate) fn schema() -> Schema {
    Schema::new(vec![Field::new("n", LogicalType::BigInt, true)])
}

/// When and how the fakes fail.
#[derive(Debug)]
pub(crate) struct Faults {
    rng: Mutex<Rng>,
    /// One in so many calls fails; 0 for never.
    one_in: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64, one_in: u64) -> Arc<Self> {
        Arc::new(Self { rng: Mutex::new(Rng::from_seed(seed)), one_in })
    }

    fn strike(&self, what: &str) -> Result<()> {
        if self.one_in > 0 && self.rng.lock().unwrap().below(self.one_in) == 0 {
            return Err(Error::transient(format!("{what} failed on purpose")));
        }
        Ok(())
    }
}

/// Partitions that hold the numbers `0..len`, each its own offset.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) lens: Vec<i64>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) published: Arc<Mutex<Positions>>,
    /// What opening waits for, as for a broker that is down.
    pub(crate) opens_after: Option<Arc<Notify>>,
    /// Begins at the end, wherever that is when it opens.
    pub(crate) latest: bool,
}

impl Numbers {
    pub(crate) fn new(lens: &[i64], faults: &Arc<Faults>) -> Self {
        Self {
            lens: lens.to_vec(),
            faults: faults.clone(),
            published: Arc::default(),
            opens_after: None,
            latest: false,
        }
    }
}

impl SourceInstance for Numbers {
    fn describe(&self) -> String {
        "numbers".into()
    }

    fn open(&self, context: &SourceContext) -> Result<SourceParts> {
        let account = context.budget.account(format!("source/{}/fetch", context.name), ByteCount(8 * 64));
        let source = NumbersSource {
            lens: self.lens.clone(),
            at: Vec::new(),
            turn: 0,
            account,
            faults: self.faults.clone(),
            published: self.published.clone(),
            opens_after: self.opens_after.clone(),
            latest: self.latest,
        };
        Ok(SourceParts { source: Box::new(source), decoder: Box::new(NumbersDecoder::new(self.faults.clone())) })
    }
}

struct NumbersSource {
    lens: Vec<i64>,
    at: Vec<i64>,
    turn: usize,
    account: ledger::Account,
    faults: Arc<Faults>,
    published: Arc<Mutex<Positions>>,
    opens_after: Option<Arc<Notify>>,
    latest: bool,
}

impl Source for NumbersSource {
    fn open<'a>(&'a mut self, at: &'a Positions) -> BoxFuture<'a, Result<Opened>> {
        Box::pin(async move {
            if let Some(opens_after) = &self.opens_after {
                opens_after.notified().await;
            }
            self.faults.strike("open")?;
            let fresh = |i: usize| if self.latest { self.lens[i] } else { 0 };
            self.at = (0..self.lens.len())
                .map(|i| at.get(&partition(i as i32)).map_or_else(|| fresh(i), |offset| offset.0))
                .collect();
            let start = self.at.iter().enumerate().map(|(i, at)| (partition(i as i32), Offset(*at))).collect();
            Ok(Opened { start, end: None, start_moves: self.latest })
        })
    }

    fn next(&mut self) -> BoxFuture<'_, Result<SourceEvent>> {
        Box::pin(async move {
            self.faults.strike("next")?;
            let open: Vec<usize> = (0..self.lens.len()).filter(|i| self.at[*i] < self.lens[*i]).collect();
            let Some(&index) = open.get(self.turn % open.len().max(1)) else { return Ok(SourceEvent::End) };
            let (from, end) = (self.at[index], self.lens[index]);
            let to = (from + 1 + (from % 7)).min(end);
            let paid = self.account.reserve(ByteCount(((to - from) * 8) as u64)).await?;
            let bytes: Bytes =
                Owned::new((from..to).flat_map(i64::to_le_bytes).collect::<Vec<u8>>(), paid).into_bytes();
            self.turn += 1;
            self.at[index] = to;
            let partition = partition(index as i32);
            Ok(SourceEvent::Batch(RawBatch { partition, from: Offset(from), to: Offset(to), end: Offset(end), bytes }))
        })
    }

    fn published<'a>(&'a mut self, upto: &'a Positions) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.published.lock().unwrap().extend(upto.clone());
            Ok(())
        })
    }
}

/// Gives two rows at a time.
struct NumbersDecoder {
    raw: Option<(RawBatch, usize)>,
    counts: DecoderCounts,
    faults: Arc<Faults>,
}

impl NumbersDecoder {
    fn new(faults: Arc<Faults>) -> Self {
        Self { raw: None, counts: DecoderCounts::default(), faults }
    }
}

impl Decoder for NumbersDecoder {
    fn floor(&self) -> ByteCount {
        ByteCount::ZERO
    }

    fn start(&mut self, raw: RawBatch) -> Result<()> {
        assert!(self.raw.is_none(), "a raw batch was started before the last was used up");
        self.raw = Some((raw, 0));
        Ok(())
    }

    fn step(&mut self, _scratch: &mut Reservation) -> Result<Decoding> {
        self.faults.strike("decode")?;
        let (raw, done) = self.raw.as_mut().expect("a raw batch");
        let numbers: Vec<i64> =
            raw.bytes.chunks(8).skip(*done).take(2).map(|n| i64::from_le_bytes(n.try_into().unwrap())).collect();
        if numbers.is_empty() {
            self.raw = None;
            return Ok(Decoding::Consumed);
        }
        *done += numbers.len();
        self.counts.records += numbers.len() as u64;
        let offsets = numbers.iter().map(|n| Offset(*n)).collect();
        let origin =
            Origin { partition: raw.partition.clone(), offsets, source_positions: Vec::new(), from_key_update: None };
        let columns = RecordBatch::try_new(schema().arrow(), vec![Arc::new(Int64Array::from(numbers))]).unwrap();
        Ok(Decoding::Batch(Batch { columns, kinds: None, absent: AbsentMask::none(1), origin }))
    }

    fn counts(&self) -> DecoderCounts {
        self.counts
    }
}

/// What outlives every run: the committed rows and positions.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) rows: BTreeMap<i32, Vec<i64>>,
    pub(crate) positions: Positions,
    pub(crate) commits: u64,
    pub(crate) committed: Arc<Notify>,
}

/// Keeps a sink from preparing while it is closed, as another sink would that prepares.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    closed: AtomicBool,
    opens_when_asked: bool,
    /// How often the sink found it closed.
    pub(crate) waited: AtomicU64,
    /// The sink has found it closed.
    pub(crate) found: Notify,
    waker: Mutex<Option<Waker>>,
}

impl Gate {
    /// A closed one; being asked for memory opens it, if that is so.
    pub(crate) fn closed(opens_when_asked: bool) -> Arc<Self> {
        Arc::new(Self { closed: true.into(), opens_when_asked, ..Self::default() })
    }

    pub(crate) fn open(&self) {
        self.closed.store(false, Ordering::SeqCst);
        if let Some(waker) = &*self.waker.lock().unwrap() {
            waker.wake();
        }
    }

    fn is_closed(&self) -> bool {
        let closed = self.closed.load(Ordering::SeqCst);
        if closed {
            self.waited.fetch_add(1, Ordering::SeqCst);
            self.found.notify_one();
        }
        closed
    }
}

#[derive(Debug)]
pub(crate) struct TableSink {
    pub(crate) table: Arc<Mutex<Table>>,
    pub(crate) faults: Arc<Faults>,
    /// Rows after which a commit is asked for.
    pub(crate) soon: usize,
    /// Where each write asks all pipelines to give memory back.
    pub(crate) asks: Option<Budget>,
    /// How often this sink was asked.
    pub(crate) asked: Arc<AtomicU64>,
    /// What it waits for before it prepares.
    pub(crate) gate: Arc<Gate>,
    /// Where each step of preparing asks all pipelines to give memory back, and what was on its way then.
    pub(crate) asks_to_prepare: Option<(Budget, Arc<AtomicU64>)>,
}

impl TableSink {
    pub(crate) fn new(table: Arc<Mutex<Table>>, faults: Arc<Faults>) -> Self {
        Self { table, faults, soon: 50, asks: None, asked: Arc::default(), gate: Arc::default(), asks_to_prepare: None }
    }
}

impl SinkInstance for TableSink {
    fn describe(&self) -> String {
        "table".into()
    }

    fn open(&self, _context: &SinkContext) -> Result<Sink> {
        let writer = TableWriter {
            rows: Vec::new(),
            faults: self.faults.clone(),
            soon: self.soon,
            pieces: 0,
            asks: self.asks.clone(),
            asked: self.asked.clone(),
            gate: self.gate.clone(),
            asks_to_prepare: self.asks_to_prepare.clone(),
        };
        let committer = TableCommitter { table: self.table.clone(), faults: self.faults.clone() };
        Ok(Sink { writer: Box::new(writer), committer: Box::new(committer) })
    }
}

struct TableWriter {
    rows: Vec<(i32, i64)>,
    faults: Arc<Faults>,
    soon: usize,
    pieces: usize,
    asks: Option<Budget>,
    asked: Arc<AtomicU64>,
    gate: Arc<Gate>,
    asks_to_prepare: Option<(Budget, Arc<AtomicU64>)>,
}

struct Prepared {
    rows: Vec<(i32, i64)>,
    spans: Vec<Span>,
}

impl SinkWriter for TableWriter {
    fn wake_with(&mut self, waker: Waker) {
        *self.gate.waker.lock().unwrap() = Some(waker);
    }

    fn write(&mut self, batch: Batch) -> Result<Wrote> {
        self.faults.strike("write")?;
        let numbers = batch.columns.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
        self.rows.extend(numbers.values().iter().map(|n| (batch.origin.partition.index.0, *n)));
        if let Some(budget) = &self.asks {
            budget.ask_back(ByteCount::mib(1), Reclaim::EarlyCommit);
        }
        Ok(if self.rows.len() >= self.soon { Wrote::CommitSoon } else { Wrote::Kept })
    }

    fn reclaimable(&self) -> ByteCount {
        ByteCount::from(self.rows.len() * 8)
    }

    fn reclaim(&mut self, _want: ByteCount) -> Result<ByteCount> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.gate.opens_when_asked && self.gate.waited.load(Ordering::SeqCst) > 0 {
            self.gate.open();
        }
        Ok(ByteCount::ZERO)
    }

    fn prepare(&mut self, _epoch: Epoch, spans: &[Span]) -> Result<Prepare> {
        self.faults.strike("prepare")?;
        if self.gate.is_closed() {
            return Ok(Prepare::Waiting);
        }
        if let Some((budget, on_its_way)) = &self.asks_to_prepare {
            on_its_way.fetch_add(budget.ask_back(ByteCount(1), Reclaim::EarlyCommit).0, Ordering::Relaxed);
        }
        self.pieces += 1;
        if !self.pieces.is_multiple_of(3) {
            return Ok(Prepare::Working);
        }
        Ok(Prepare::Done(Box::new(Prepared { rows: std::mem::take(&mut self.rows), spans: spans.to_vec() })))
    }
}

struct TableCommitter {
    table: Arc<Mutex<Table>>,
    faults: Arc<Faults>,
}

impl Committer for TableCommitter {
    fn recover(&mut self) -> Result<Recovered> {
        self.faults.strike("recover")?;
        Ok(Recovered { positions: self.table.lock().unwrap().positions.clone(), notes: Vec::new() })
    }

    fn commit(&mut self, prepared: Committable) -> Result<Outcome> {
        self.faults.strike("commit, before the swap,")?;
        let prepared = prepared.downcast::<Prepared>().expect("our own type");
        let mut table = self.table.lock().unwrap();
        for span in &prepared.spans {
            let head = table.positions.get(&span.partition).copied();
            if head.is_some_and(|head| head != span.from) {
                return Ok(Outcome::Overtaken { head: Vec::new() });
            }
        }
        for (partition, number) in &prepared.rows {
            table.rows.entry(*partition).or_default().push(*number);
        }
        table.positions.extend(prepared.spans.iter().map(|span| (span.partition.clone(), span.to)));
        table.commits += 1;
        table.committed.notify_one();
        drop(table);
        self.faults.strike("commit, after the swap,")?;
        Ok(Outcome::Published(Published { rows: prepared.rows.len() as u64, ..Published::default() }))
    }
}

pub(crate) fn plan(source: Numbers, sinks: Vec<TableSink>, interval: &str) -> JobPlan {
    let source: Arc<dyn SourceInstance> = Arc::new(source);
    let values = [
        ("execution.checkpointing.interval", interval),
        ("restart-strategy.exponential-delay.initial-backoff", "1 ms"),
        ("restart-strategy.exponential-delay.max-backoff", "2 ms"),
    ];
    let settings = Settings { values: values.map(|(key, value)| (key.to_owned(), value.to_owned())).into() };
    let pipelines = sinks
        .into_iter()
        .enumerate()
        .map(|(index, sink)| PipelinePlan {
            name: format!("table-{index}"),
            source_name: "numbers".into(),
            source: source.clone(),
            transforms: Vec::new(),
            sink: Arc::new(sink),
        })
        .collect();
    JobPlan { name: "test".into(), settings, pipelines }
}

pub(crate) fn options(threads: usize, budget: &Budget) -> RunOptions {
    RunOptions {
        threads,
        bounded: true,
        budget: budget.clone(),
        clock: Arc::new(SystemClock::new()),
        disk: Arc::new(RealDisk),
        state_dir: PathBuf::new(),
        working_dir: PathBuf::new(),
    }
}
