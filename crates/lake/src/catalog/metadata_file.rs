//! Metadata files: `<table>/metadata/NNNNN-<uuid>.metadata.json`, complete and synced before a catalog names them.

use std::io::Read;
use std::sync::Arc;

use base::rng::uuid_text;
use base::{ByteCount, Disk, Error, Result, Rng};
use ledger::{Account, Owned, Reservation};

use crate::files::durable::{create_dir_durable, disk_error, grow_to, read_whole, remove_if_there, write_durable};
use crate::files::location::{child_of, local_path};
use crate::metadata::TableMetadata;

/// A compressed metadata file may not hold more.
const UNPACKED_MAX: u64 = 256 << 20;
/// Reserved and decompressed at once.
const STEP: usize = 64 << 10;

/// The folder of a table's metadata: its property `write.metadata.path`, or `metadata` under its location.
pub fn metadata_folder(table: &TableMetadata) -> String {
    folder(table, "write.metadata.path", "metadata")
}

/// The folder of a table's data files: its property `write.data.path`, or `data` under its location.
pub fn data_folder(table: &TableMetadata) -> String {
    folder(table, "write.data.path", "data")
}

fn folder(table: &TableMetadata, property: &str, name: &str) -> String {
    let set = table.properties.get(property).map(|path| path.trim_end_matches('/').to_owned());
    set.unwrap_or_else(|| child_of(&table.location, name))
}

/// A random UUID as text, for names of files and tables.
pub fn new_uuid(rng: &mut Rng) -> String {
    uuid_text(&rng.uuid())
}

/// Reads a metadata file, gzip-compressed ones (`.gz.metadata.json`) too. The result stays charged to `account`.
///
/// # Errors
/// The disk's; the file is damaged or of a newer version; the account is short.
pub fn read(disk: &dyn Disk, location: &str, account: &Account) -> Result<Owned<TableMetadata>> {
    let path = local_path(location)?;
    let bytes = read_whole(disk, &path, account)?;
    let is_gzip = location.ends_with(".gz.metadata.json") || bytes.value.starts_with(&[0x1f, 0x8b]);
    let mut json = if is_gzip { unpack(bytes).map_err(|error| error.at(path.display()))? } else { bytes };
    let len = json.value.len();
    grow_to(&mut json.paid, ByteCount::from(len) + TableMetadata::parsing_memory_of(len), "table metadata")?;
    let metadata = TableMetadata::parse(&json.value).map_err(|error| error.at(path.display()))?;
    let mut paid = json.paid;
    drop(json.value);
    paid.shrink_to(TableMetadata::memory_of(len));
    Ok(Owned::new(metadata, paid))
}

fn unpack(packed: Owned<Vec<u8>>) -> Result<Owned<Vec<u8>>> {
    let Owned { value: packed, mut paid } = packed;
    let mut plain = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(packed.as_slice()).take(UNPACKED_MAX);
    loop {
        // What grows doubles: the old half lives until it is copied.
        grow_to(&mut paid, ByteCount::from(packed.len() + 3 * (plain.len() + STEP)), "table metadata")?;
        let step = decoder.by_ref().take(STEP as u64).read_to_end(&mut plain);
        if step.map_err(|error| Error::external("the table metadata does not decompress").caused_by(error))? == 0 {
            break;
        }
    }
    if plain.len() as u64 == UNPACKED_MAX {
        return Err(Error::external(format!("the table metadata is larger than {}", ByteCount(UNPACKED_MAX))));
    }
    Ok(Owned::new(plain, paid))
}

/// The location of the version after the one at `previous`: the number in its name, plus one; 0 for the first.
pub fn next_location(table: &TableMetadata, previous: Option<&str>, rng: &mut Rng) -> String {
    let version = previous.map_or(0, |previous| version_of(previous).map_or(0, |version| version + 1));
    child_of(&metadata_folder(table), &format!("{version:05}-{}.metadata.json", new_uuid(rng)))
}

/// `…/00012-<uuid>.metadata.json` is version 12; Hadoop's `v12.metadata.json` too.
pub fn version_of(location: &str) -> Option<u64> {
    let name = location.rsplit('/').next()?.strip_prefix('v').or_else(|| location.rsplit('/').next())?;
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    name.get(..digits)?.parse().ok()
}

/// Writes a metadata file, durable when this returns. `paid` pays for the metadata, and for the document while it is
/// written.
///
/// # Errors
/// The disk's; the account is short.
pub fn write(disk: &Arc<dyn Disk>, location: &str, table: &TableMetadata, paid: &mut Reservation) -> Result<()> {
    let path = local_path(location)?;
    create_dir_durable(disk.as_ref(), crate::files::location::folder_of(&path))?;
    let len = table.json_len()?;
    grow_to(paid, ByteCount::from(len) + TableMetadata::memory_of(len), "table metadata")?;
    write_durable(disk, &path, &table.to_json()?)?;
    paid.shrink_to(TableMetadata::memory_of(len));
    Ok(())
}

/// Removes files that no version names, as far as the disk allows: what stays costs only space.
pub fn remove_quietly(disk: &dyn Disk, locations: impl IntoIterator<Item = impl AsRef<str>>) {
    for location in locations {
        let removed = local_path(location.as_ref())
            .and_then(|path| remove_if_there(disk, &path).map_err(|error| disk_error("remove", &path, error)));
        if let Err(error) = removed {
            tracing::warn!(location = location.as_ref(), %error, "cannot remove an unused metadata file");
        }
    }
}
