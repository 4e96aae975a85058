//! Reads a container file, one object after another.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{ByteCount, DiskFile};
use ledger::Account;

use super::error::Error;
use super::input::{Codec, Input, memory};
use super::schema::{self, Field, Schema};
use super::value::{Allowance, Decoder, Value};
use super::window::Window;
use crate::files::durable::{grow_to, reserve};

/// The header holds the schemas of file and table as JSON: some 100 bytes per column.
const HEADER_MAX: ByteCount = ByteCount::mib(8);
/// An entry holds up to six numbers or short byte strings per column.
const ENTRY_MAX: ByteCount = ByteCount::mib(16);
/// Room for an entry that is paid from the start; larger ones grow it.
const ENTRY_USUAL: ByteCount = ByteCount::kib(64);

/// A container file, open for reading from front to back.
#[derive(Debug)]
pub(crate) struct ContainerReader {
    input: Input,
    schema: Arc<Schema>,
    codec: Codec,
    sync: [u8; 16],
    /// Objects left in the block that is open; `None` between blocks.
    left: Option<u64>,
    entry_paid: ledger::Reservation,
    wanted: fn(&Field) -> bool,
}

impl ContainerReader {
    /// Reads the header. Window, codec and header are paid from `account` until the reader drops.
    pub(crate) fn open(file: Arc<dyn DiskFile>, account: &Account, wanted: fn(&Field) -> bool) -> Result<Self, Error> {
        let paid = reserve(account, memory(), "reading a manifest").map_err(Error::Memory)?;
        let mut entry_paid = reserve(account, ENTRY_USUAL, "reading a manifest").map_err(Error::Memory)?;
        let mut input = Input::new(Window::new(file)?, paid);
        let mut magic = [0; 4];
        input.exact(&mut magic)?;
        if magic != *b"Obj\x01" {
            return Err(Error::Damaged("it is no Avro container file".to_owned()));
        }
        let mut decoder =
            Decoder { input: &mut input, allowance: Allowance::new(HEADER_MAX, &mut entry_paid), wanted: |_| true };
        let pairs = decoder.value(&Schema::Map(Arc::new(Schema::Bytes)))?;
        // The header stays, and of its schema a tree is made.
        let header_paid = ByteCount(decoder.allowance.used().get() * 4) + ENTRY_USUAL;
        grow_to(&mut entry_paid, header_paid, "the header of a manifest").map_err(Error::Memory)?;
        let header = header(pairs)?;
        let mut sync = [0; 16];
        input.exact(&mut sync)?;
        let codec = Codec::named(header.get("avro.codec").map_or(b"null", Vec::as_slice))?;
        input.prepare(codec)?;
        let schema = header.get("avro.schema").ok_or_else(|| Error::Damaged("its schema is missing".to_owned()))?;
        let schema = schema::parse(schema)?;
        Ok(Self { input, schema, codec, sync, left: None, entry_paid, wanted })
    }

    /// The fields of the objects.
    ///
    /// # Errors
    /// The objects are no records.
    pub(crate) fn fields(&self) -> Result<&[Field], Error> {
        match self.schema.as_ref() {
            Schema::Record(fields) => Ok(fields),
            _ => Err(Error::Damaged("its entries are no records".to_owned())),
        }
    }

    /// The next object; `None` at the end of the file. After an error the reader is at no defined place.
    pub(crate) fn next(&mut self) -> Result<Option<Value>, Error> {
        loop {
            match self.left {
                Some(0) => self.end_block()?,
                Some(left) => {
                    self.left = Some(left - 1);
                    return self.object().map(Some);
                }
                None if self.input.is_at_end()? => return Ok(None),
                None => self.start_block()?,
            }
        }
    }

    fn object(&mut self) -> Result<Value, Error> {
        let allowance = Allowance::new(ENTRY_MAX, &mut self.entry_paid);
        Decoder { input: &mut self.input, allowance, wanted: self.wanted }.value(&self.schema)
    }

    fn start_block(&mut self) -> Result<(), Error> {
        let negative = |_| Error::Damaged("a block has a negative length".to_owned());
        let count = u64::try_from(self.input.long()?).map_err(negative)?;
        let len = u64::try_from(self.input.long()?).map_err(negative)?;
        self.input.enter_block(self.codec, len)?;
        self.left = Some(count);
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), Error> {
        self.input.leave_block()?;
        let mut sync = [0; 16];
        self.input.exact(&mut sync)?;
        if sync != self.sync {
            return Err(Error::Damaged("a block does not end where it should".to_owned()));
        }
        self.left = None;
        Ok(())
    }
}

fn header(pairs: Value) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let Value::Array(pairs) = pairs else { return Err(Error::Damaged("its header is wrong".to_owned())) };
    let mut header = BTreeMap::new();
    for pair in pairs {
        if let Value::Record(pair) = pair
            && let Ok([Value::Text(name), Value::Bytes(value)]) = <[Value; 2]>::try_from(pair)
        {
            header.insert(name, value);
        }
    }
    Ok(header)
}
