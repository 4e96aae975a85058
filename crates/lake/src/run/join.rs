//! What several operations of one key come to.
//!
//! Each cell keeps the latest value that an operation gave it; a delete, a create and an update of the whole row cut off
//! what came before them. Put so, joining is associative and commutative, and runs may be joined in any grouping: no
//! operation has to wait for another to be reduced correctly. Only source positions that are still unknown (a
//! tombstone's) depend on arrival: they are settled when the earlier runs are known, see [`Group::add`].

use std::borrow::Cow;

use base::{Error, Result};

use super::cells::{Cell, Layout};
use super::held::{HELD_BYTES, Held};
use super::order::Order;
use super::record::{Kind, Record};

/// The operations of one key, added in the order of their arrival.
#[derive(Debug, Default)]
pub struct Group<'a> {
    /// Those whose place is not settled yet, at most one per partition.
    floating: Vec<Record<'a>>,
    known: Option<Record<'a>>,
}

impl<'a> Group<'a> {
    /// Adds the next operation of the key. Gives it back, and changes nothing, where memory for what they join to is not
    /// to be had; `held` pays for the rows that no buffer has.
    ///
    /// # Errors
    /// A record is damaged.
    pub fn add(&mut self, layout: &Layout, mut record: Record<'a>, held: &mut Held) -> Result<Option<Record<'a>>> {
        let partition = record.order.partition;
        if record.floating
            && let Some(position) = self.known.as_ref().and_then(|known| known.tail(partition))
        {
            record = record.settled(position);
        }
        let floating = self.floating.iter_mut().find(|floating| floating.order.partition == partition);
        let earlier = if record.floating { floating.as_deref() } else { self.known.as_ref() };
        let joined = earlier.map_or(Ok(0), |earlier| joined_bytes(layout, earlier, &record))?;
        let bytes = joined + own_bytes(&record) + earlier.map_or(0, own_bytes);
        if bytes > 0 && !held.try_hold(bytes + if record.floating { 0 } else { self.floating_bytes() }) {
            return Ok(Some(record));
        }
        if !record.floating {
            self.known = Some(match self.known.take() {
                Some(known) => join(layout, known, record)?,
                None => record,
            });
        } else if let Some(floating) = self.floating.iter_mut().find(|floating| floating.order.partition == partition) {
            *floating = join(layout, floating.clone(), record)?;
            floating.tails.clear();
        } else {
            self.floating.push(record);
        }
        Ok(None)
    }

    /// The bytes of rows that it holds by itself.
    pub fn held_bytes(&self) -> usize {
        self.floating_bytes() + self.known.as_ref().map_or(0, own_bytes)
    }

    fn floating_bytes(&self) -> usize {
        self.floating.iter().map(own_bytes).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.floating.is_empty() && self.known.is_none()
    }

    /// What goes into a run: the unsettled operations first.
    pub fn into_parts(self) -> impl Iterator<Item = Record<'a>> {
        self.floating.into_iter().chain(self.known)
    }

    /// The one final operation. What is not settled by now has nothing before it in the commit: it comes first.
    ///
    /// # Errors
    /// A record is damaged, or memory is not to be had.
    pub fn into_final(self, layout: &Layout, held: &mut Held) -> Result<Option<Record<'a>>> {
        let mut result = Group { floating: Vec::new(), known: self.known };
        for record in self.floating {
            result.add_whole(layout, record.settled(0), held)?;
        }
        Ok(result.known)
    }

    /// [`Self::add`] where there is no other way.
    ///
    /// # Errors
    /// As there, and where memory is not to be had.
    pub fn add_whole(&mut self, layout: &Layout, record: Record<'a>, held: &mut Held) -> Result<()> {
        match self.add(layout, record, held)? {
            None => Ok(()),
            Some(record) => Err(held.short(self.held_bytes() + own_bytes(&record) + record.row.len())),
        }
    }
}

/// The bytes of the row, unless a buffer has them.
fn own_bytes(record: &Record<'_>) -> usize {
    if let Cow::Owned(row) = &record.row { row.len() } else { 0 }
}

/// The bytes of the row that two records join to where it is neither's own, at most.
fn joined_bytes(layout: &Layout, a: &Record<'_>, b: &Record<'_>) -> Result<usize> {
    let (newer, older) = if a.order > b.order { (a, b) } else { (b, a) };
    if newer.effective_cut().is_some_and(|cut| cut >= older.order) {
        return Ok(0);
    }
    let both = newer.row.len() + older.row.len();
    if both <= HELD_BYTES / 2 {
        return Ok(both);
    }
    let mut bytes = 0;
    pick_cells(layout, newer, older, |column, cell, _| bytes += layout.put_bytes(column, cell))?;
    Ok(bytes)
}

/// Joins two records of one key; `b` arrived after `a`.
fn join<'a>(layout: &Layout, a: Record<'a>, b: Record<'a>) -> Result<Record<'a>> {
    let tails = join_tails(&a, &b);
    let (mut newer, older) = if a.order > b.order { (a, b) } else { (b, a) };
    if newer.effective_cut().is_none_or(|cut| cut < older.order) {
        newer = join_cells(layout, newer, &older)?;
    }
    newer.tails = tails;
    let own = [(newer.order.partition, newer.order.position)];
    if newer.tails == own {
        newer.tails.clear();
    }
    Ok(newer)
}

fn join_tails(a: &Record<'_>, b: &Record<'_>) -> Vec<(u64, u64)> {
    let listed = |record: &Record<'_>| {
        if record.tails.is_empty() {
            vec![(record.order.partition, record.order.position)]
        } else {
            record.tails.clone()
        }
    };
    let same = a.tails.is_empty() && b.tails.is_empty() && a.order.partition == b.order.partition;
    if same {
        return listed(b);
    }
    let mut tails = listed(b);
    for (partition, position) in listed(a) {
        if tails.iter().all(|(of, _)| *of != partition) {
            tails.push((partition, position));
        }
    }
    tails.sort_unstable();
    tails
}

/// `newer` leaves cells open that `older` may have set.
fn join_cells(layout: &Layout, mut newer: Record<'_>, older: &Record<'_>) -> Result<Record<'static>> {
    let mut row = Vec::with_capacity(joined_bytes(layout, &newer, older)?);
    let mut cell_orders = Vec::new();
    let mut absent = false;
    pick_cells(layout, &newer, older, |column, cell, order| {
        if cell == Cell::Absent {
            absent = true;
        } else if order != newer.order {
            cell_orders.push((column as u16, order));
        }
        layout.put_cell(column, cell, &mut row);
    })?;
    newer.cut = newer.effective_cut().max(older.effective_cut());
    newer.cell_orders = cell_orders;
    newer.absent = absent;
    newer.row = Cow::Owned(row);
    Ok(newer.into_owned())
}

/// Names the cell that each column keeps, and the operation that set it.
fn pick_cells<'c>(
    layout: &Layout,
    newer: &'c Record<'_>,
    older: &'c Record<'_>,
    mut each: impl FnMut(usize, Cell<'c>, Order),
) -> Result<()> {
    let damaged = || Error::internal("a damaged row in a sort run");
    let cut = newer.effective_cut().max(older.effective_cut());
    let (mut rest, mut older_rest) = (newer.row.as_ref(), older.row.as_ref());
    for column in 0..layout.columns() {
        let (cell, after) = layout.cell(column, rest).ok_or_else(damaged)?;
        rest = after;
        let mut best = (cell_order(newer, column), cell);
        if older.kind != Kind::Delete {
            let (cell, after) = layout.cell(column, older_rest).ok_or_else(damaged)?;
            older_rest = after;
            let order = cell_order(older, column);
            if cell != Cell::Absent && (best.1 == Cell::Absent || order > best.0) {
                best = (order, cell);
            }
        }
        // What an earlier operation set is gone if a delete came between.
        if cut.is_some_and(|cut| best.0 < cut) {
            best.1 = Cell::Absent;
        }
        each(column, best.1, best.0);
    }
    Ok(())
}

fn cell_order(record: &Record<'_>, column: usize) -> Order {
    record.cell_orders.iter().find(|(of, _)| usize::from(*of) == column).map_or(record.order, |(_, order)| *order)
}
