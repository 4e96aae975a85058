//! The data files of a commit, one after another: rows wait in a row group, those that need their old rows are filled there,
//! and the group is written. A file ends where it is long, or where there is no memory for more of its footer.

use base::{ByteCount, Error, Result};
use ledger::Reservation;

use super::old_rows::{OldRows, Wanted};
use super::prepared::{NewFile, Prepared};
use super::tools::PrepareWith;
use crate::files::durable::{grow_to, reserve};
use crate::files::location::child_of;
use crate::options::ROW_GROUP_BYTES_MIN;
use crate::parquet_write::{DataFileWriter, EncodeMemory, RowGroup};
use crate::run::KeyHasher;

/// Taken from beginning to end: the file's buffer, a run of the index that is written beside, and what the file's footer
/// will say, as far as [`FOOTER_FLOOR`] goes.
pub const FIXED_BYTES: ByteCount = ByteCount(FOOTER_FLOOR.0 + (256 << 10));

/// Files with longer footers are written only where there is memory for them; else they end, and the next one begins.
const FOOTER_FLOOR: ByteCount = ByteCount::kib(256);

/// A file's entry in a manifest, as it waits for its commit, and more than that if it has many row groups.
pub const FILE_BYTES: ByteCount = ByteCount::kib(2);

/// Writes rows to data files, of which `prepared` hears when they end.
#[derive(Debug)]
pub struct RowFiles {
    /// What the names of the files have before their number.
    prefix: String,
    group: RowGroup,
    encode: EncodeMemory,
    file: Option<(u32, DataFileWriter)>,
    /// Pays for what the open file keeps for its footer beyond [`FOOTER_FLOOR`].
    footer_paid: Reservation,
    /// Pays for naming the next file.
    name_paid: Option<Reservation>,
    filling: Option<Filling>,
    fixed_paid: Reservation,
}

/// What only rows need that take cells from old ones.
#[derive(Debug)]
pub struct Filling {
    pub hasher: KeyHasher,
    pub old_rows: OldRows,
    /// Rows of the current group that need their old rows.
    wanted: Vec<Wanted>,
    /// So many rows wait at most, paid by these.
    wanted_max: usize,
    _wanted_paid: [Reservation; 2],
}

impl Filling {
    /// # Errors
    /// Memory is not to be had.
    pub fn new(with: &PrepareWith, hasher: KeyHasher, old_rows: OldRows) -> Result<Self> {
        let (wanted_max, wanted_paid) = Wanted::reserve(with)?;
        Ok(Self { hasher, old_rows, wanted: Vec::new(), wanted_max, _wanted_paid: wanted_paid })
    }
}

impl RowFiles {
    /// Takes what it needs and borrows what makes row groups large; without `filling`, rows are written as they are.
    ///
    /// # Errors
    /// Memory is not to be had.
    pub fn begin(with: &PrepareWith, prefix: String, filling: Option<Filling>) -> Result<Self> {
        let fixed_paid = reserve(&with.account, FIXED_BYTES, "writing data files")?;
        let mut group = RowGroup::new(&with.account, ROW_GROUP_BYTES_MIN.as_usize())?;
        group.widen(&with.more, with.options.row_group_bytes(with.more.budget().limit()).as_usize());
        Ok(Self {
            prefix,
            group,
            encode: EncodeMemory::new(&with.account, &with.more),
            file: None,
            footer_paid: with.more.empty(),
            name_paid: None,
            filling,
            fixed_paid,
        })
    }

    /// About what a row's old row adds to it.
    pub fn bytes_expected(&self) -> usize {
        self.filling.as_ref().map_or(0, |filling| filling.old_rows.bytes_expected())
    }

    /// The group is to be written before it takes a row of `bytes`.
    pub fn is_full_for(&self, bytes: usize) -> bool {
        self.group.is_full_for(bytes)
    }

    /// What fills rows, if they are filled.
    pub fn filling(&mut self) -> Option<&mut Filling> {
        self.filling.as_mut()
    }

    /// Puts a row into the group; answers its file and position there.
    ///
    /// # Errors
    /// The disk fails; memory is not to be had.
    pub fn push(&mut self, with: &PrepareWith, prepared: &mut Prepared, row: &[u8]) -> Result<(u32, u32)> {
        let place = self.next_place(with, prepared)?;
        self.group.push(row)?;
        prepared.counts.rows += 1;
        Ok(place)
    }

    /// The row that was pushed last is to be filled, as `wanted` says but for the row's number in the group. Fills the
    /// rows that wait once they are many.
    ///
    /// # Errors
    /// As [`OldRows::write_filled`].
    pub fn fill_last(&mut self, with: &PrepareWith, prepared: &mut Prepared, wanted: Wanted) -> Result<()> {
        let row =
            self.group.rows().checked_sub(1).ok_or_else(|| Error::internal("a row to fill, and there is none"))?;
        let Some(filling) = &mut self.filling else { return Err(Error::internal("a row to fill, and no old rows")) };
        self.group.pledge(filling.old_rows.bytes_expected());
        filling.wanted.push(Wanted { row, ..wanted });
        if filling.wanted.len() == filling.wanted_max { self.fill_group(with, prepared) } else { Ok(()) }
    }

    /// Fills the rows that need their old ones; where the group has not got the room for all, it is written.
    fn fill_group(&mut self, with: &PrepareWith, prepared: &mut Prepared) -> Result<()> {
        let Some(filling) = &mut self.filling else { return Ok(()) };
        let wanted = std::mem::take(&mut filling.wanted);
        let (group, counts) = (&mut self.group, &mut prepared.counts);
        filling.wanted = filling.old_rows.fill(with, &filling.hasher, wanted, group, counts)?;
        group.forget_pledges();
        if filling.wanted.is_empty() { Ok(()) } else { self.write_group(with, prepared) }
    }

    /// The file and position that the next row gets.
    fn next_place(&mut self, with: &PrepareWith, prepared: &mut Prepared) -> Result<(u32, u32)> {
        let in_group = self.group.rows() as u64;
        let (number, writer) = match &mut self.file {
            Some(open) => open,
            None => {
                let number = with.shared.lock().index.as_mut().map_or(0, |index| index.files.take_number());
                let paid = match self.name_paid.take() {
                    Some(paid) => paid,
                    None => reserve(&with.kept, FILE_BYTES, "the data files of a commit")?,
                };
                prepared.paid.merge(paid);
                let what = format!("{}{}.parquet", self.prefix, prepared.files.len());
                let name = with.names.name(prepared.epoch, &prepared.commit, &what);
                let location = child_of(&with.info.data_location, &name);
                let path = with.info.data_dir.join(name);
                let writer = DataFileWriter::create(&with.disk, location, path, &with.info.shape)?;
                self.file.insert((number, writer))
            }
        };
        let position = u32::try_from(writer.rows() + in_group);
        Ok((*number, position.map_err(|_| Error::internal("a data file of more than 2^32 rows"))?))
    }

    /// Writes the rows of the group, and ends the file if it is long.
    ///
    /// # Errors
    /// As [`OldRows::write_filled`].
    pub fn write_group(&mut self, with: &PrepareWith, prepared: &mut Prepared) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        let Some((_, writer)) = &mut self.file else { return Err(Error::internal("rows without a data file")) };
        let least = ROW_GROUP_BYTES_MIN.as_usize();
        match &mut self.filling {
            Some(filling) => {
                let wanted = std::mem::take(&mut filling.wanted);
                let (group, into) = ((&mut self.group, least), (&mut *writer, &self.encode));
                let counts = &mut prepared.counts;
                filling.old_rows.write_filled(with, &filling.hasher, wanted, group, into, counts)?;
            }
            None => {
                writer.write(&mut self.group, &self.encode)?;
                self.group.clear(least);
            }
        }
        let long = writer.bytes() >= with.info.file_bytes.unwrap_or(with.options.file_bytes.get());
        // Positions are 32 bits wide.
        let must_end = writer.rows() > u64::from(u32::MAX / 2);
        let beyond = writer.footer_memory().saturating_sub(FOOTER_FLOOR).saturating_sub(self.footer_paid.bytes());
        let long = long || !self.footer_paid.try_grow(beyond);
        if long || must_end {
            self.name_paid = with.kept.try_reserve(FILE_BYTES);
        }
        if must_end || long && self.name_paid.is_some() { self.end_file(prepared) } else { Ok(()) }
    }

    fn end_file(&mut self, prepared: &mut Prepared) -> Result<()> {
        let Some((number, writer)) = self.file.take() else { return Ok(()) };
        let path = writer.path().to_owned();
        let file = writer.finish()?;
        self.footer_paid.shrink_to(ByteCount::ZERO);
        let names = file.memory() + ByteCount::from(path.as_os_str().len() + size_of::<NewFile>());
        let all = prepared.paid.bytes() + names.saturating_sub(FILE_BYTES);
        grow_to(&mut prepared.paid, all, "the data files of a commit")?;
        prepared.counts.bytes += file.file_size_in_bytes as u64;
        prepared.files.push(NewFile { number, path, file });
        Ok(())
    }

    /// Writes what is left and ends the last file.
    ///
    /// # Errors
    /// As [`Self::write_group`].
    pub fn end(&mut self, with: &PrepareWith, prepared: &mut Prepared) -> Result<()> {
        self.write_group(with, prepared)?;
        self.end_file(prepared)
    }

    /// Gives back what writing rows took. What is left are the rows that were filled, and what pays for the run of the
    /// index that is written beside.
    pub fn into_old_rows(self) -> (Option<OldRows>, Reservation) {
        (self.filling.map(|filling| filling.old_rows), self.fixed_paid)
    }
}
