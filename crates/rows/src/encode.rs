//! From rows to records: the other border between connectors and formats.

use base::Error;

use crate::batch::Batch;

/// A format: the bytes of one row at a time.
pub trait RecordEncoder: Send {
    /// Appends row `row` of `batch` to `out`, without a line end. After an error `out` holds nothing more than before.
    fn encode(&mut self, batch: &Batch, row: usize, out: &mut Vec<u8>) -> Result<(), Error>;
}
