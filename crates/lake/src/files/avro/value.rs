//! Avro values, each drawn from the budget of its entry: no length and no count in a file makes more than that.

use base::ByteCount;
use ledger::Reservation;

use super::error::Error;
use super::input::Input;
use super::schema::{Field, Schema};
use crate::files::durable::grow_to;

/// A decoded value. Numbers are widened; a union is the value of its branch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Long(i64),
    Double(f64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
    /// In the order of the schema's fields; a field that was not wanted is `Null`.
    Record(Vec<Value>),
}

/// What one entry may hold, and what pays for it: bytes are reserved before they are allocated.
#[derive(Debug)]
pub(crate) struct Allowance<'a> {
    max: ByteCount,
    used: ByteCount,
    paid: &'a mut Reservation,
}

impl<'a> Allowance<'a> {
    /// `paid` is grown as needed, up to `max`.
    pub(crate) fn new(max: ByteCount, paid: &'a mut Reservation) -> Self {
        Self { max, used: ByteCount::ZERO, paid }
    }

    pub(crate) fn used(&self) -> ByteCount {
        self.used
    }

    fn take(&mut self, bytes: u64) -> Result<(), Error> {
        self.used = self.used.saturating_add(ByteCount(bytes));
        if self.used > self.max {
            return Err(Error::TooLarge(self.max));
        }
        grow_to(self.paid, self.used, "an entry of a manifest").map_err(Error::Memory)
    }

    fn take_length(&mut self, length: i64) -> Result<usize, Error> {
        let length = u64::try_from(length).map_err(|_| Error::Damaged("a length is negative".to_owned()))?;
        self.take(length)?;
        Ok(length as usize)
    }
}

/// Decodes values of one schema.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    pub(crate) input: &'a mut Input,
    pub(crate) allowance: Allowance<'a>,
    /// Whether a record's field is wanted at all; the others are read over.
    pub(crate) wanted: fn(&Field) -> bool,
}

impl Decoder<'_> {
    pub(crate) fn value(&mut self, schema: &Schema) -> Result<Value, Error> {
        self.allowance.take(size_of::<Value>() as u64)?;
        Ok(match schema {
            Schema::Null => Value::Null,
            Schema::Boolean => Value::Boolean(self.input.byte()? != 0),
            Schema::Long | Schema::Enum => Value::Long(self.input.long()?),
            Schema::Float => Value::Double(f32::from_le_bytes(self.fixed()?).into()),
            Schema::Double => Value::Double(f64::from_le_bytes(self.fixed()?)),
            Schema::Bytes => Value::Bytes(self.bytes()?),
            Schema::Fixed(size) => Value::Bytes(self.some_bytes(*size as i64)?),
            Schema::Text => Value::Text(
                String::from_utf8(self.bytes()?).map_err(|_| Error::Damaged("a text is not UTF-8".to_owned()))?,
            ),
            Schema::Array(item) => Value::Array(self.blocks(|decoder| decoder.value(item))?),
            Schema::Map(value) => Value::Array(self.blocks(|decoder| {
                let key = decoder.value(&Schema::Text)?;
                Ok(Value::Record(vec![key, decoder.value(value)?]))
            })?),
            Schema::Union(branches) => {
                let branch = usize::try_from(self.input.long()?).ok().and_then(|index| branches.get(index));
                self.value(branch.ok_or_else(|| Error::Damaged("a union has no such branch".to_owned()))?)?
            }
            Schema::Record(fields) => {
                let mut values = Vec::with_capacity(fields.len());
                for field in fields {
                    values.push(if (self.wanted)(field) {
                        self.value(&field.schema)?
                    } else {
                        self.skip(&field.schema)?;
                        Value::Null
                    });
                }
                Value::Record(values)
            }
        })
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.input.exact(&mut bytes)?;
        Ok(bytes)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        let length = self.input.long()?;
        self.some_bytes(length)
    }

    fn some_bytes(&mut self, length: i64) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; self.allowance.take_length(length)?];
        self.input.exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The items of an array or map, which come in counted blocks; a negative count is followed by a size in bytes.
    fn blocks(&mut self, mut item: impl FnMut(&mut Self) -> Result<Value, Error>) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        loop {
            let count = self.count()?;
            if count == 0 {
                return Ok(items);
            }
            for _ in 0..count {
                items.push(item(self)?);
            }
        }
    }

    fn count(&mut self) -> Result<u64, Error> {
        self.allowance.take(1)?;
        let count = self.input.long()?;
        if count < 0 {
            self.input.long()?;
        }
        Ok(count.unsigned_abs())
    }

    /// Reads over a value. It draws on the allowance too, so that a hostile count of empty items ends.
    fn skip(&mut self, schema: &Schema) -> Result<(), Error> {
        self.allowance.take(1)?;
        match schema {
            Schema::Null => Ok(()),
            Schema::Boolean => self.input.skip(1),
            Schema::Long | Schema::Enum => self.input.long().map(|_| ()),
            Schema::Float => self.input.skip(4),
            Schema::Double => self.input.skip(8),
            Schema::Fixed(size) => self.input.skip(*size as u64),
            Schema::Bytes | Schema::Text => {
                let length = self.input.long()?;
                self.input.skip(u64::try_from(length).map_err(|_| Error::Damaged("a length is negative".to_owned()))?)
            }
            Schema::Array(item) => self.skip_blocks(|decoder| decoder.skip(item)),
            Schema::Map(value) => self.skip_blocks(|decoder| {
                decoder.skip(&Schema::Text)?;
                decoder.skip(value)
            }),
            Schema::Union(branches) => {
                let branch = usize::try_from(self.input.long()?).ok().and_then(|index| branches.get(index));
                self.skip(branch.ok_or_else(|| Error::Damaged("a union has no such branch".to_owned()))?)
            }
            Schema::Record(fields) => fields.iter().try_for_each(|field| self.skip(&field.schema)),
        }
    }

    fn skip_blocks(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        loop {
            let count = self.count()?;
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                item(self)?;
            }
        }
    }
}
