//! Reads what PostgreSQL's `COPY … CSV` writes: fields between commas, quoted where needed, quotes doubled, records that
//! go over lines, and NULL as an empty field without quotes.

use std::io::BufRead;

use base::{Error, Result};

/// A record may not be longer: PostgreSQL's own values end at 1 GB, a comparison's should long before.
const RECORD_MAX: usize = 16 << 20;

/// Reads records one after another.
#[derive(Debug)]
pub struct CsvReader<R> {
    input: R,
    line: u64,
    /// The bytes of the current record, its last line end included.
    record: Vec<u8>,
}

impl<R: BufRead> CsvReader<R> {
    pub fn new(input: R) -> Self {
        Self { input, line: 0, record: Vec::new() }
    }

    /// The next record's fields, NULL as `None`; `None` at the end.
    ///
    /// # Errors
    /// The input fails, is not UTF-8, ends within quotes or holds a record of more than 16 MiB.
    pub fn next_record(&mut self) -> Result<Option<Vec<Option<String>>>> {
        self.record.clear();
        let start = self.line + 1;
        let place = |error: Error| error.at(format!("line {start}"));
        let mut quotes = 0;
        loop {
            let before = self.record.len();
            let left = (RECORD_MAX + 1).saturating_sub(self.record.len());
            let mut input = std::io::Read::take(&mut self.input, left as u64);
            let read = input
                .read_until(b'\n', &mut self.record)
                .map_err(|error| place(Error::external("cannot read the CSV").caused_by(error)))?;
            self.line += 1;
            if self.record.len() > RECORD_MAX {
                return Err(place(Error::user("a CSV record is too long")));
            }
            quotes += self.record[before..].split(|byte| *byte == b'"').count() - 1;
            match (read, quotes % 2) {
                (0, 0) if self.record.is_empty() => return Ok(None),
                (0, 1) => return Err(place(Error::user("the CSV ends within quotes"))),
                (_, 0) => break,
                _ => {}
            }
        }
        let text = std::str::from_utf8(&self.record).map_err(|_| place(Error::user("the CSV is not UTF-8")))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        Ok(Some(fields(text.strip_suffix('\r').unwrap_or(text))))
    }
}

fn fields(record: &str) -> Vec<Option<String>> {
    let mut fields = Vec::new();
    let (mut field, mut is_quoted, mut is_within) = (String::new(), false, false);
    let mut characters = record.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_within && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => {
                is_within = !is_within;
                is_quoted = true;
            }
            ',' if !is_within => {
                fields.push(finished(std::mem::take(&mut field), is_quoted));
                is_quoted = false;
            }
            other => field.push(other),
        }
    }
    fields.push(finished(field, is_quoted));
    fields
}

fn finished(field: String, is_quoted: bool) -> Option<String> {
    (is_quoted || !field.is_empty()).then_some(field)
}
