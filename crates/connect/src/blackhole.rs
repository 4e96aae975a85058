//! `'connector'='blackhole'`: takes rows and forgets them.

use std::sync::Arc;

use base::{ByteCount, Epoch, Result};
use flow::registry::{OptionError, OptionSpec, SinkFactory, TableDef};
use flow::{Prepare, Settings, Sink, SinkContext, SinkInput, SinkInstance, SinkWriter, Wrote};
use rows::{Batch, Span};

use crate::one_phase::{OnePhase, WentOut};

#[derive(Debug)]
pub struct BlackholeFactory;

impl SinkFactory for BlackholeFactory {
    fn name(&self) -> &'static str {
        "blackhole"
    }

    fn options(&self) -> Vec<OptionSpec> {
        vec![
            OptionSpec::required(
                "connector",
                "The connector. It keeps no positions: each run begins as the source's startup mode says.",
            )
            .one_of(&["blackhole"]),
        ]
    }

    fn plan(&self, _: &TableDef, _: &SinkInput, _: &Settings) -> Result<Arc<dyn SinkInstance>, OptionError> {
        Ok(Arc::new(Blackhole))
    }
}

#[derive(Debug)]
struct Blackhole;

impl SinkInstance for Blackhole {
    fn describe(&self) -> String {
        "blackhole".into()
    }

    fn open(&self, _: &SinkContext) -> Result<Sink> {
        Ok(Sink { writer: Box::new(Forget { rows: 0 }), committer: Box::new(OnePhase) })
    }
}

struct Forget {
    rows: u64,
}

impl SinkWriter for Forget {
    fn write(&mut self, batch: Batch) -> Result<Wrote> {
        self.rows += batch.rows() as u64;
        Ok(Wrote::Kept)
    }

    fn reclaim(&mut self, _want: ByteCount) -> Result<ByteCount> {
        Ok(ByteCount::ZERO)
    }

    fn prepare(&mut self, _epoch: Epoch, _spans: &[Span]) -> Result<Prepare> {
        Ok(Prepare::Done(Box::new(WentOut(std::mem::take(&mut self.rows)))))
    }
}
