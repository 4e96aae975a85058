//! One operation on one key, as the sort buffer and the run files hold it.
//!
//! ```text
//! length  u32  of what follows
//! hash    u128 of the key
//! flags   u8   bits 0-1 kind, 2 floating, 3 cut, 4 tails, 5 cell orders, 6 absent cells
//! order   24 bytes
//! [cut    24 bytes]
//! [tails  u16 count, then (partition u64, position u64) each]
//! [cells  u16 count, then (column u16, order 24 bytes) each]
//! row     the rest; empty for a delete, whose hash says all
//! ```

use std::borrow::Cow;

use super::bytes::Cursor;
use super::order::{ORDER_BYTES, Order};

/// What an operation does to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Delete = 0,
    /// Sets the row; an absent cell keeps what the row had.
    Update = 1,
    /// Sets the row; there was none before, so nothing is to be kept.
    Create = 2,
}

/// An operation, or what several of them join to (see [`super::join`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub hash: u128,
    pub kind: Kind,
    /// The source position is that of the record before it in its partition, which is not known yet: 0 stands for it in
    /// all orders here.
    pub floating: bool,
    /// That of the latest operation joined.
    pub order: Order,
    /// Operations before this one left no trace.
    pub cut: Option<Order>,
    /// The source position of the last record of each partition that has the key; empty where that is `order`'s alone.
    pub tails: Vec<(u64, u64)>,
    /// Cells that an earlier operation than `order` set, by growing column.
    pub cell_orders: Vec<(u16, Order)>,
    pub absent: bool,
    pub row: Cow<'a, [u8]>,
}

const FLOATING: u8 = 4;
const CUT: u8 = 8;
const TAILS: u8 = 16;
const CELLS: u8 = 32;
const ABSENT: u8 = 64;

/// Bytes of a record's fixed part, length included.
pub const RECORD_BYTES_MIN: usize = 4 + 16 + 1 + ORDER_BYTES;

impl Record<'_> {
    /// The length of the encoded record, with the length itself.
    pub fn encoded_len(&self) -> usize {
        let some = |any: bool, bytes: usize| if any { bytes } else { 0 };
        RECORD_BYTES_MIN
            + some(self.cut.is_some(), ORDER_BYTES)
            + some(!self.tails.is_empty(), 2 + 16 * self.tails.len())
            + some(!self.cell_orders.is_empty(), 2 + (2 + ORDER_BYTES) * self.cell_orders.len())
            + self.row.len()
    }

    /// Appends the encoded record.
    pub fn put(&self, out: &mut Vec<u8>) {
        self.put_head(self.row.len(), out);
        out.extend_from_slice(&self.row);
    }

    /// Appends all of the encoded record but its row, which has `row_len` bytes.
    pub fn put_head(&self, row_len: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.hash.to_le_bytes());
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        out.push(
            self.kind as u8
                | flag(self.floating, FLOATING)
                | flag(self.cut.is_some(), CUT)
                | flag(!self.tails.is_empty(), TAILS)
                | flag(!self.cell_orders.is_empty(), CELLS)
                | flag(self.absent, ABSENT),
        );
        self.order.put(out);
        if let Some(cut) = self.cut {
            cut.put(out);
        }
        if !self.tails.is_empty() {
            out.extend_from_slice(&(self.tails.len() as u16).to_le_bytes());
            for (partition, position) in &self.tails {
                out.extend_from_slice(&partition.to_le_bytes());
                out.extend_from_slice(&position.to_le_bytes());
            }
        }
        if !self.cell_orders.is_empty() {
            out.extend_from_slice(&(self.cell_orders.len() as u16).to_le_bytes());
            for (column, order) in &self.cell_orders {
                out.extend_from_slice(&column.to_le_bytes());
                order.put(out);
            }
        }
        let length = (out.len() - start - 4 + row_len) as u32;
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// The same with bytes of its own.
    pub fn into_owned(self) -> Record<'static> {
        Record { row: Cow::Owned(self.row.into_owned()), ..self }
    }

    /// Operations at or before this one have no effect beside this record.
    pub fn effective_cut(&self) -> Option<Order> {
        let whole = match self.kind {
            Kind::Delete | Kind::Create => self.cell_orders.is_empty(),
            Kind::Update => !self.absent && self.cell_orders.is_empty(),
        };
        if whole { Some(self.order) } else { self.cut }
    }

    /// The source position of the last record that this key has in `partition`.
    pub fn tail(&self, partition: u64) -> Option<u64> {
        if self.tails.is_empty() {
            return (self.order.partition == partition).then_some(self.order.position);
        }
        self.tails.iter().find(|(of, _)| *of == partition).map(|(_, position)| *position)
    }

    /// The same, once the source position of its floating operations is known.
    #[must_use]
    pub fn settled(mut self, position: u64) -> Self {
        if self.floating {
            self.floating = false;
            self.order.position = position;
            if let Some(cut) = &mut self.cut {
                cut.position = position;
            }
            for (_, order) in &mut self.cell_orders {
                order.position = position;
            }
        }
        self
    }
}

/// The encoded record at the beginning of `bytes`, without its length; `None` if it is torn.
pub fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = Cursor::new(bytes);
    let length = at.u32()? as usize;
    let record = at.take(length)?;
    Some((record, at.rest()))
}

/// Reads a record as [`split`] gave it; `None` if it is damaged.
pub fn parse(bytes: &[u8]) -> Option<Record<'_>> {
    let mut at = Cursor::new(bytes);
    let hash = at.u128()?;
    let flags = at.u8()?;
    let kind = match flags & 3 {
        0 => Kind::Delete,
        1 => Kind::Update,
        2 => Kind::Create,
        _ => return None,
    };
    let order = Order::get(&mut at)?;
    let cut = if flags & CUT != 0 { Some(Order::get(&mut at)?) } else { None };
    let mut tails = Vec::new();
    if flags & TAILS != 0 {
        for _ in 0..at.u16()? {
            tails.push((at.u64()?, at.u64()?));
        }
    }
    let mut cell_orders = Vec::new();
    if flags & CELLS != 0 {
        for _ in 0..at.u16()? {
            cell_orders.push((at.u16()?, Order::get(&mut at)?));
        }
    }
    let floating = flags & FLOATING != 0;
    let absent = flags & ABSENT != 0;
    Some(Record { hash, kind, floating, order, cut, tails, cell_orders, absent, row: Cow::Borrowed(at.rest()) })
}

/// [`parse`] of bytes that become the record's row.
pub fn parse_owned(mut bytes: Vec<u8>) -> Option<Record<'static>> {
    let record = parse(&bytes)?;
    let head = bytes.len() - record.row.len();
    let record = Record { row: Cow::Borrowed(&[][..]), ..record };
    bytes.drain(..head);
    Some(Record { row: Cow::Owned(bytes), ..record })
}

/// The hash of a record as [`split`] gave it.
pub fn hash_of(bytes: &[u8]) -> Option<u128> {
    Cursor::new(bytes).u128()
}
