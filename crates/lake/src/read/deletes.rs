//! The deleted positions of one data file, from its deletion vector or from files of position deletes.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use base::{ByteCount, Disk, Error, Result};
use ledger::{Account, Owned};
use roaring::RoaringTreemap;
use rows::LogicalType;

use super::columns::{Column, Projection};
use super::files::{DELETE_PATH_FIELD, DELETE_POSITION_FIELD, ScanFile};
use super::scan::{FileScan, Rows};
use crate::files::deletion_vector;
use crate::files::durable::{grow_to, reserve};
use crate::files::manifest::{DataFile, FileFormat};

/// Reads what is deleted of a data file; `None` if nothing is.
///
/// # Errors
/// The disk's; something is damaged; the account is short.
pub fn deleted_positions(disk: &dyn Disk, file: &ScanFile, account: &Account) -> Result<Option<Owned<RoaringTreemap>>> {
    let path = &file.entry.data_file.file_path;
    if file.deletes.is_empty() {
        return Ok(None);
    }
    if let [vector] = file.deletes.as_slice()
        && vector.is_deletion_vector()
    {
        return deletion_vector::read(disk, vector, account).map(Some).map_err(|error| error.at(path));
    }
    let mut all = Owned::new(RoaringTreemap::new(), reserve(account, ByteCount::ZERO, "deleted positions")?);
    for delete in &file.deletes {
        add_position_deletes(disk, delete, path, &mut all, account)?;
    }
    Ok(Some(all))
}

fn add_position_deletes(
    disk: &dyn Disk,
    delete: &DataFile,
    of: &str,
    all: &mut Owned<RoaringTreemap>,
    account: &Account,
) -> Result<()> {
    if delete.file_format != FileFormat::Parquet {
        return Err(Error::user(format!("the position deletes {} are no Parquet file", delete.file_path)));
    }
    let column = |id, name: &str, ty| Column { id, name: name.to_owned(), ty };
    let projection = Projection::bare(vec![
        column(DELETE_PATH_FIELD, "file_path", LogicalType::STRING),
        column(DELETE_POSITION_FIELD, "pos", LogicalType::BigInt),
    ]);
    let mut scan = FileScan::open(disk, &delete.file_path, &projection, Rows::All, None, account)?;
    while let Some(batch) = scan.next_batch()? {
        let (paths, positions) =
            (batch.columns.column(0).as_string::<i32>(), batch.columns.column(1).as_primitive::<Int64Type>());
        for (path, position) in paths.iter().zip(positions.iter()) {
            if path != Some(of) {
                continue;
            }
            let position = position.and_then(|position| u64::try_from(position).ok());
            all.value.insert(position.ok_or_else(|| {
                Error::external(format!("the position deletes {} are damaged: a position is none", delete.file_path))
            })?);
        }
        // Two bytes a position, and what containers take around them.
        let size = ByteCount::from(all.value.serialized_size() * 4 + 4096);
        grow_to(&mut all.paid, size, "deleted positions")?;
    }
    Ok(())
}
