//! What several operations of one key come to.
//!
//! Each cell keeps the latest value that an operation gave it; a delete, a create and an update of the whole row cut off
//! what came before them. Put so, joining is associative and commutative, and runs may be joined in any grouping: no
//! operation has to wait for another to be reduced correctly. Only source positions that are still unknown (a
//! tombstone's) depend on arrival: they are settled when the earlier runs are known, see [`Group::add`].

use std::borrow::Cow;

use base::{Error, Result};

use super::cells::{Cell, Layout};
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
    /// Adds the next operation of the key.
    ///
    /// # Errors
    /// A record is damaged.
    pub fn add(&mut self, layout: &Layout, record: Record<'a>) -> Result<()> {
        if !record.floating {
            return self.add_known(layout, record);
        }
        let partition = record.order.partition;
        if let Some(position) = self.known.as_ref().and_then(|known| known.tail(partition)) {
            return self.add_known(layout, record.settled(position));
        }
        match self.floating.iter_mut().find(|floating| floating.order.partition == partition) {
            Some(floating) => {
                *floating = join(layout, floating.clone(), record)?;
                floating.tails.clear();
            }
            None => self.floating.push(record),
        }
        Ok(())
    }

    fn add_known(&mut self, layout: &Layout, record: Record<'a>) -> Result<()> {
        self.known = Some(match self.known.take() {
            Some(known) => join(layout, known, record)?,
            None => record,
        });
        Ok(())
    }

    /// What goes into a run: the unsettled operations first.
    pub fn into_parts(self) -> impl Iterator<Item = Record<'a>> {
        self.floating.into_iter().chain(self.known)
    }

    /// The one final operation. What is not settled by now has nothing before it in the commit: it comes first.
    ///
    /// # Errors
    /// A record is damaged.
    pub fn into_final(self, layout: &Layout) -> Result<Option<Record<'a>>> {
        let mut result = self.known;
        for record in self.floating {
            let record = record.settled(0);
            result = Some(match result {
                Some(known) => join(layout, known, record)?,
                None => record,
            });
        }
        Ok(result)
    }
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
    let damaged = || Error::internal("a damaged row in a sort run");
    let cut = newer.effective_cut().max(older.effective_cut());
    let mut row = Vec::with_capacity(newer.row.len() + older.row.len());
    let mut cell_orders = Vec::new();
    let mut absent = false;
    let (mut rest, mut older_rest) = (newer.row.as_ref(), older.row.as_ref());
    for column in 0..layout.columns() {
        let (cell, after) = layout.cell(column, rest).ok_or_else(damaged)?;
        rest = after;
        let mut best = (cell_order(&newer, column), cell);
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
        if best.1 == Cell::Absent {
            absent = true;
        } else if best.0 != newer.order {
            cell_orders.push((column as u16, best.0));
        }
        layout.put_cell(column, best.1, &mut row);
    }
    newer.cut = cut;
    newer.cell_orders = cell_orders;
    newer.absent = absent;
    newer.row = Cow::Owned(row);
    Ok(newer.into_owned())
}

fn cell_order(record: &Record<'_>, column: usize) -> Order {
    record.cell_orders.iter().find(|(of, _)| usize::from(*of) == column).map_or(record.order, |(_, order)| *order)
}
