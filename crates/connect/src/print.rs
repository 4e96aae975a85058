//! `'connector'='print'`: rows as lines of text, as Flink's print connector writes them.

use std::io::Write;
use std::sync::Arc;

use base::{ByteCount, Epoch, Error, Result};
use flow::registry::{OptionError, OptionSpec, SinkFactory, TRUE_OR_FALSE, TableDef};
use flow::{Prepare, Settings, Sink, SinkContext, SinkInput, SinkInstance, SinkWriter, Wrote};
use rows::{Batch, Span};

use crate::one_phase::{OnePhase, WentOut};

#[derive(Debug)]
pub struct PrintFactory;

impl SinkFactory for PrintFactory {
    fn name(&self) -> &'static str {
        "print"
    }

    fn options(&self) -> Vec<OptionSpec> {
        vec![
            OptionSpec::required(
                "connector",
                "The connector. It keeps no positions: each run begins as the source's startup mode says.",
            )
            .one_of(&["print"]),
            OptionSpec::optional("print-identifier", "A text before each row."),
            OptionSpec::with_default("standard-error", "false", "Print to standard error instead of standard output.")
                .one_of(TRUE_OR_FALSE),
        ]
    }

    fn plan(&self, table: &TableDef, _: &SinkInput, _: &Settings) -> Result<Arc<dyn SinkInstance>, OptionError> {
        let to_stderr = match table.options.get("standard-error").map(String::as_str) {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                return Err(OptionError::new(format!("'{other}' is neither true nor false")).key("standard-error"));
            }
        };
        let prefix = table.options.get("print-identifier").map_or(String::new(), |text| format!("{text}> "));
        Ok(Arc::new(Print { prefix, to_stderr }))
    }
}

#[derive(Clone, Debug)]
struct Print {
    prefix: String,
    to_stderr: bool,
}

impl SinkInstance for Print {
    fn describe(&self) -> String {
        "print".into()
    }

    fn open(&self, _: &SinkContext) -> Result<Sink> {
        let writer = Printer { print: self.clone(), rows: 0, line: String::new() };
        Ok(Sink { writer: Box::new(writer), committer: Box::new(OnePhase) })
    }
}

struct Printer {
    print: Print,
    rows: u64,
    line: String,
}

impl Printer {
    fn print_to(&mut self, out: &mut dyn Write, batch: &Batch) -> Result<()> {
        for row in 0..batch.rows() {
            self.line.clear();
            self.line.push_str(&self.print.prefix);
            formats::text::print(batch, row, &mut self.line)?;
            self.line.push('\n');
            out.write_all(self.line.as_bytes()).map_err(cannot_print)?;
        }
        out.flush().map_err(cannot_print)
    }
}

fn cannot_print(error: std::io::Error) -> Error {
    Error::external("cannot print").caused_by(error)
}

impl SinkWriter for Printer {
    fn write(&mut self, batch: Batch) -> Result<Wrote> {
        if self.print.to_stderr {
            self.print_to(&mut std::io::stderr().lock(), &batch)?;
        } else {
            self.print_to(&mut std::io::stdout().lock(), &batch)?;
        }
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
