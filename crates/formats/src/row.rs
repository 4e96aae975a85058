//! The members of an object into the columns of a table, all or none.
//!
//! Keys come in the same order in nearly all records of a topic, so the order of the last ones is kept and each key is
//! first compared with the one expected there; that also makes leaving out unwanted fields and counting unknown ones
//! cost one comparison.
//!
//! Memory: the cells of a batch are at most `bytes_max` and those of one record. [`Rows::floor`] adds what vectors reserve
//! beyond that and the copies that growing makes.

mod fields;
mod placeholder;

use arrow_array::RecordBatch;
use arrow_buffer::BooleanBuffer;
use base::{ByteCount, Error};
use rows::decode::{BadRecord, Notice};
use rows::{Field, Schema};

use crate::column::Column;
use crate::convert::{Conversion, append};
use crate::options::{Limits, RECORD_BYTES_MAX, Table};
use crate::problem::{self, Problem, excerpt, fault_in_words};
use crate::scan::{Scanner, Token};
use fields::{Fields, Target};
pub(crate) use placeholder::Placeholder;

/// How the values of an object become cells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'r> {
    /// One per column.
    pub conversions: &'r [Conversion],
    /// What stands for an absent cell.
    pub placeholder: Option<&'r Placeholder>,
    /// A value that is no cell of its column is NULL.
    pub lenient: bool,
    pub fail_on_missing: bool,
}

/// Which object is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A whole row.
    Row,
    /// A row of which only the primary key counts.
    RowKey,
    /// The record's own key.
    RecordKey,
}

/// Bytes of bookkeeping per row beside the cells: offset, source position, kind.
const ROW_OVERHEAD: usize = 8 + 16 + 1;

#[derive(Debug)]
pub(crate) struct Rows {
    table: String,
    /// One per column.
    fields: Vec<Field>,
    columns: Vec<Column>,
    /// Set = part of the primary key; one per column.
    is_key: Vec<bool>,
    key: Vec<usize>,
    value_fields: Fields,
    key_fields: Fields,
    arrow: arrow_schema::SchemaRef,
    limits: Limits,
    bytes_per_row: usize,
    row_count: usize,
    /// Bytes of text and bytes in all columns.
    data_bytes: usize,
    /// Rows of the last batch, and each column's bytes, by which the next one's room is guessed.
    last: (usize, Vec<usize>),
    scratch: Vec<u8>,
}

impl Rows {
    pub(crate) fn new(table: &Table, limits: Limits, with_key: bool) -> Result<Self, Error> {
        let schema = &table.schema;
        let mut order: Vec<usize> = table.wanted.clone().unwrap_or_else(|| (0..schema.fields.len()).collect());
        let key_columns: &[usize] = if with_key { &schema.key } else { &[] };
        for &index in key_columns {
            if !order.contains(&index) {
                order.push(index);
            }
        }
        let mut fields = Vec::with_capacity(order.len());
        let mut columns = Vec::with_capacity(order.len());
        for &index in &order {
            let field =
                schema.fields.get(index).ok_or_else(|| Error::internal("a wanted column is not in the table"))?;
            let column = Column::new(&field.ty).ok_or_else(|| unsupported(&table.name, field))?;
            fields.push(field.clone());
            columns.push(column);
        }
        let key: Vec<_> =
            key_columns.iter().filter_map(|index| order.iter().position(|wanted| wanted == index)).collect();
        let is_key = (0..columns.len()).map(|column| key.contains(&column)).collect();
        let target = |index| order.iter().position(|&wanted| wanted == index).map_or(Target::Unwanted, Target::Column);
        let targets: Vec<_> =
            schema.fields.iter().enumerate().map(|(index, field)| (field.name.clone(), target(index))).collect();
        let bits = columns.len().div_ceil(8);
        Ok(Self {
            table: table.name.clone(),
            arrow: Schema::new(fields.clone()).arrow(),
            bytes_per_row: columns.iter().map(Column::row_bytes).sum::<usize>() + bits + ROW_OVERHEAD,
            last: (0, vec![0; columns.len()]),
            fields,
            columns,
            is_key,
            key,
            value_fields: Fields::new(targets.clone()),
            key_fields: Fields::new(targets),
            limits,
            row_count: 0,
            data_bytes: 0,
            scratch: Vec::new(),
        })
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// The primary key, as indices of columns.
    pub(crate) fn key(&self) -> &[usize] {
        &self.key
    }

    pub(crate) fn len(&self) -> usize {
        self.row_count
    }

    pub(crate) fn is_full(&self) -> bool {
        self.row_count >= self.limits.rows_max || self.bytes() >= self.bytes_max()
    }

    /// What the rows hold.
    pub(crate) fn bytes(&self) -> usize {
        self.row_count * self.bytes_per_row + self.data_bytes
    }

    fn bytes_max(&self) -> usize {
        self.limits.bytes_max.as_usize().min(1 << 30)
    }

    pub(crate) fn floor(&self, record_max: ByteCount) -> ByteCount {
        // Three times the cells: vectors double, and growing copies one after the other. Of one record twice, since only
        // text is as large, and its longest string once more if it has escapes.
        let record_max = record_max.as_usize().min(RECORD_BYTES_MAX);
        let spare = self.columns.len() * 256;
        ByteCount::from(3 * (self.bytes_max() + record_max) + spare)
    }

    /// What is known of the records' fields.
    pub(crate) fn learned(&self) -> usize {
        self.value_fields.memory() + self.key_fields.memory()
    }

    pub(crate) const LEARNED_MAX: usize = 2 * fields::MEMORY_MAX;

    /// Appends the row that the object at `scanner` describes.
    pub(crate) fn read(&mut self, scanner: &mut Scanner<'_>, part: Part, reading: Reading<'_>) -> Result<(), Problem> {
        if self.row_count == 0 {
            self.reserve();
        }
        scanner.open_object()?;
        let (mut first, mut expected, mut cells) = (true, 0, 0);
        while scanner.next_member(&mut first)? {
            let fields = if part == Part::RecordKey { &mut self.key_fields } else { &mut self.value_fields };
            let target = fields.next(scanner, &mut expected)?;
            match target {
                Target::Column(column) if part == Part::Row || self.is_key.get(column) == Some(&true) => {
                    cells += usize::from(self.cell(scanner, column, reading)?);
                }
                Target::Unknown(unknown) if part == Part::Row => {
                    let first_byte = scanner.peek();
                    let value = scanner.skip()?;
                    self.value_fields.saw_unknown(unknown, first_byte, value);
                }
                _ => {
                    scanner.skip()?;
                }
            }
        }
        self.end_row(cells, part == Part::Row && reading.fail_on_missing)
    }

    /// Appends the row whose primary key, of one column, is the scalar at `scanner`.
    pub(crate) fn read_key_scalar(&mut self, scanner: &mut Scanner<'_>, reading: Reading<'_>) -> Result<(), Problem> {
        let &[column] = self.key.as_slice() else {
            return Err(Problem::reason("the record's key is no JSON object"));
        };
        self.cell(scanner, column, reading)?;
        self.end_row(1, false)
    }

    /// Appends the value at `scanner` to column `index`; `false` if it replaces one of the same row.
    #[inline]
    fn cell(&mut self, scanner: &mut Scanner<'_>, index: usize, reading: Reading<'_>) -> Result<bool, Problem> {
        let (Some(column), Some(&conversion)) = (self.columns.get_mut(index), reading.conversions.get(index)) else {
            return Err(Problem::reason("a column has no conversion (a bug)"));
        };
        let first = column.rows() == self.row_count;
        if !first {
            // The key stands twice in the object: the last one counts.
            column.truncate(self.row_count);
        }
        scanner.peek();
        let start = scanner.at();
        let token = scanner.value(&mut self.scratch)?;
        if token == Token::Null {
            column.push_null();
        } else if reading.placeholder.is_some_and(|placeholder| placeholder.matches(token)) {
            column.push_absent();
        } else if let Err(fault) = append(conversion, token, column) {
            column.truncate(self.row_count);
            if !reading.lenient {
                return Err(Problem::Cell { column: index, fault, value: excerpt(scanner.since(start)) });
            }
            column.push_null();
        }
        Ok(first)
    }

    fn end_row(&mut self, cells: usize, fail_on_missing: bool) -> Result<(), Problem> {
        let mut data_bytes = 0;
        let complete = cells >= self.columns.len();
        for (index, column) in self.columns.iter_mut().enumerate() {
            if !complete && column.rows() == self.row_count {
                if fail_on_missing {
                    let name = self.fields.get(index).map_or("", |field| &field.name);
                    return Err(Problem::reason(format!("field \"{name}\" is missing")));
                }
                column.push_null();
            }
            data_bytes += column.data_bytes();
        }
        debug_assert!(self.columns.iter().all(|column| column.rows() == self.row_count + 1), "a cell per column");
        self.data_bytes = data_bytes;
        self.row_count += 1;
        Ok(())
    }

    /// Fails if a column of the primary key has no value in row `row`.
    pub(crate) fn check_key(&self, row: usize, what: &str) -> Result<(), Problem> {
        for &index in &self.key {
            if self.columns.get(index).is_none_or(|column| column.is_null(row)) {
                let name = self.fields.get(index).map_or("", |field| &field.name);
                return Err(Problem::reason(format!("column \"{name}\" of the primary key has no value in {what}")));
            }
        }
        Ok(())
    }

    /// Whether two rows have the same primary key.
    pub(crate) fn same_key(&self, row: usize, other: usize) -> bool {
        self.key.iter().all(|&index| self.columns.get(index).is_some_and(|column| column.same(row, other)))
    }

    /// Drops the rows from `rows` on, and what there is of a row begun.
    pub(crate) fn truncate(&mut self, rows: usize) {
        for column in &mut self.columns {
            column.truncate(rows);
        }
        self.row_count = rows;
        self.data_bytes = self.columns.iter().map(Column::data_bytes).sum();
    }

    fn reserve(&mut self) {
        let most = (self.bytes_max() / self.bytes_per_row + 1).min(self.limits.rows_max);
        let rows = (self.last.0 + self.last.0 / 8 + 16).min(most);
        for (column, &data) in self.columns.iter_mut().zip(&self.last.1) {
            column.reserve(rows, data + data / 8);
        }
        self.last.0 = 0;
    }

    /// Takes out the rows, and the absent cells' bitmap of each column that has some.
    pub(crate) fn finish(&mut self) -> Result<(RecordBatch, Vec<Option<BooleanBuffer>>), Error> {
        let bytes_max = self.bytes_max();
        self.last.0 = self.row_count;
        for (column, last) in self.columns.iter().zip(&mut self.last.1) {
            *last = column.data_bytes().min(bytes_max);
        }
        let (mut arrays, mut absent) = (Vec::new(), Vec::new());
        let broken = |error| Error::internal("decoded columns do not form a batch").caused_by(error);
        for column in &mut self.columns {
            let (array, absent_cells) = column.finish().map_err(broken)?;
            arrays.push(array);
            absent.push(absent_cells);
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(self.row_count));
        let batch = RecordBatch::try_new_with_options(self.arrow.clone(), arrays, &options).map_err(broken)?;
        self.row_count = 0;
        self.data_bytes = 0;
        self.scratch.truncate(0);
        self.scratch.shrink_to(4096);
        Ok((batch, absent))
    }

    pub(crate) fn unknown_fields(&mut self) -> Vec<Notice> {
        self.value_fields.notices(&self.table)
    }

    /// `problem` in words; `bytes` is what was read, `what` names it.
    pub(crate) fn explain(&self, problem: Problem, what: &str, bytes: &[u8]) -> BadRecord {
        match problem {
            Problem::Syntax(error) => problem::syntax(error, what, bytes),
            Problem::Cell { column, fault, value } => fault_in_words(self.fields.get(column), fault, &value),
            Problem::Reason { reason, hint, fatal } => BadRecord { reason, hint, fatal },
        }
    }
}

fn unsupported(table: &str, field: &Field) -> Error {
    Error::user(format!(
        "column \"{}\" of {table} is of type {}, which the format cannot read yet",
        field.name, field.ty
    ))
    .hint("declare it as STRING: objects and arrays are then kept as their JSON text")
}
