//! Which key goes where, and what is known of keys that go nowhere.

use rows::decode::Notice;

use crate::scan::{Literal, Scanner, SyntaxError, Token};

/// Where a member of the object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Column(usize),
    /// A column of the table that nobody reads.
    Unwanted,
    /// No column of the table.
    Unknown(usize),
}

/// The key as it is expected, and where it goes.
#[derive(Debug)]
struct Slot {
    /// `"name":`
    key: Literal,
    target: Target,
}

/// A field that the table lacks.
#[derive(Debug)]
struct Unknown {
    name: String,
    /// From the first value that was no null.
    ty: Option<&'static str>,
    count: u64,
}

/// Keys beyond so many, or longer than so, are looked up each time and not kept: hostile input must not fill memory.
const SLOTS_MAX: usize = 1_024;
const KEY_BYTES_MAX: usize = 128;
const UNKNOWN_MAX: usize = 64;

/// What [`Fields`] holds at most, the table's own names aside.
pub(super) const MEMORY_MAX: usize = (SLOTS_MAX + UNKNOWN_MAX) * ENTRY_BYTES;
const ENTRY_BYTES: usize = KEY_BYTES_MAX + size_of::<Slot>();

#[derive(Debug)]
pub(super) struct Fields {
    /// In the order in which keys were met; the table's own at first.
    slots: Vec<Slot>,
    names: Vec<(String, Target)>,
    unknown: Vec<Unknown>,
}

impl Fields {
    pub(super) fn new(names: Vec<(String, Target)>) -> Self {
        let slots = names.iter().map(|(name, target)| Slot { key: quoted(name), target: *target }).collect();
        Self { slots, names, unknown: Vec::new() }
    }

    pub(super) fn memory(&self) -> usize {
        (self.slots.len() + self.unknown.len()).saturating_sub(self.names.len()) * ENTRY_BYTES
    }

    /// Passes the key at `scanner` and says where its value goes. `expected` is the slot to compare it with first.
    #[inline]
    pub(super) fn next(&mut self, scanner: &mut Scanner<'_>, expected: &mut usize) -> Result<Target, SyntaxError> {
        match self.slots.get(*expected) {
            Some(slot) if scanner.eat_literal(&slot.key) => {
                *expected += 1;
                Ok(slot.target)
            }
            _ => self.find(scanner, expected),
        }
    }

    #[cold]
    fn find(&mut self, scanner: &mut Scanner<'_>, expected: &mut usize) -> Result<Target, SyntaxError> {
        let key = scanner.key()?;
        let same = |slot: &Slot| slot.key.bytes().strip_suffix(b":") == Some(key.quoted);
        if let Some(found) = self.slots.iter().position(same) {
            // Learn the order: what was met after the slots before belongs here.
            if found > *expected {
                self.slots.get_mut(*expected..=found).unwrap_or_default().rotate_right(1);
            }
            *expected = found.min(*expected) + 1;
            let slot = self.slots.get(*expected - 1).filter(|slot| same(slot));
            if let Some(slot) = slot {
                return Ok(slot.target);
            }
        }
        let target = self.target(key.quoted)?;
        if self.slots.len() < SLOTS_MAX && key.quoted.len() < KEY_BYTES_MAX {
            let at = (*expected).min(self.slots.len());
            self.slots.insert(at, Slot { key: Literal::new(&[key.quoted, b":"].concat()), target });
            *expected = at + 1;
        }
        Ok(target)
    }

    /// Looks a key up by its name, escapes resolved.
    fn target(&mut self, quoted: &[u8]) -> Result<Target, SyntaxError> {
        let mut scratch = Vec::new();
        let Token::Text(name) = Scanner::new(quoted).value(&mut scratch)? else { return Ok(Target::Unwanted) };
        if let Some((_, target)) = self.names.iter().find(|(known, _)| known.as_bytes() == name) {
            return Ok(*target);
        }
        if let Some(index) = self.unknown.iter().position(|unknown| unknown.name.as_bytes() == name) {
            return Ok(Target::Unknown(index));
        }
        if self.unknown.len() == UNKNOWN_MAX || name.len() > KEY_BYTES_MAX {
            return Ok(Target::Unwanted);
        }
        let name = String::from_utf8_lossy(name).into_owned();
        self.unknown.push(Unknown { name, ty: None, count: 0 });
        Ok(Target::Unknown(self.unknown.len() - 1))
    }

    pub(super) fn saw_unknown(&mut self, index: usize, first_byte: u8, value: &[u8]) {
        let Some(unknown) = self.unknown.get_mut(index) else { return };
        unknown.count += 1;
        if unknown.ty.is_none() {
            unknown.ty = match first_byte {
                b'n' => None,
                b't' | b'f' => Some("BOOLEAN"),
                b'"' | b'{' | b'[' => Some("STRING"),
                _ if value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-') => Some("BIGINT"),
                _ => Some("DOUBLE"),
            };
        }
    }

    pub(super) fn notices(&mut self, table: &str) -> Vec<Notice> {
        let seen = self.unknown.iter_mut().filter(|unknown| unknown.count > 0);
        seen.map(|unknown| Notice {
            id: format!("unknown-field:{}", unknown.name),
            message: format!(
                "field \"{}\" of the records is no column of {table}; its values are left out",
                unknown.name
            ),
            hint: Some(format!(
                "ALTER TABLE {table} ADD `{}` {};",
                unknown.name.replace('`', "``"),
                unknown.ty.unwrap_or("STRING")
            )),
            count: std::mem::take(&mut unknown.count),
        })
        .collect()
    }
}

/// `"name":`, escaped as little as JSON allows, which is how records have it nearly always.
fn quoted(name: &str) -> Literal {
    let mut key = Vec::new();
    crate::convert::quote(name.as_bytes(), &mut key);
    key.push(b':');
    Literal::new(&key)
}
