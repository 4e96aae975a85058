//! The position that an envelope's `source` block names: PostgreSQL's `lsn`, MySQL's binlog `file` and `pos`.
//!
//! Positions of one connector order the changes of a key also across partitions. SQL Server, Oracle, MongoDB and others
//! have none that is a number; their rows have no position.

use crate::scan::{Scanner, SyntaxError, Token};

/// Bits of a combined MySQL position that hold `pos`; a binlog file holds 1 GiB and one transaction more.
const POS_BITS: u32 = 40;

/// What a member of the block is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Lsn,
    Pos,
    File,
    None,
}

impl Role {
    pub(super) fn of(quoted: &[u8]) -> Self {
        match quoted {
            b"\"lsn\"" => Self::Lsn,
            b"\"pos\"" => Self::Pos,
            b"\"file\"" => Self::File,
            _ => Self::None,
        }
    }
}

/// The parts of a position, as they are met.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parts {
    lsn: Option<u64>,
    pos: Option<u64>,
    file: u64,
}

impl Parts {
    /// Reads or passes the value at `scanner`.
    #[inline]
    pub(super) fn read(&mut self, role: Role, scanner: &mut Scanner<'_>) -> Result<(), SyntaxError> {
        let mut scratch = Vec::new();
        match role {
            Role::None => {
                scanner.skip()?;
            }
            Role::Lsn => self.lsn = natural(scanner.value(&mut scratch)?),
            Role::Pos => self.pos = natural(scanner.value(&mut scratch)?),
            Role::File => {
                if let Token::Text(name) = scanner.value(&mut scratch)? {
                    self.file = file_number(name);
                }
            }
        }
        Ok(())
    }

    pub(super) fn position(&self) -> Option<u64> {
        let combined = self.pos.map(|pos| self.file << POS_BITS | pos.min((1 << POS_BITS) - 1));
        self.lsn.or(combined)
    }
}

/// Reads the position of the `source` object at `scanner`.
pub(super) fn position(scanner: &mut Scanner<'_>) -> Result<Option<u64>, SyntaxError> {
    let mut parts = Parts::default();
    let mut first = true;
    scanner.open_object()?;
    while scanner.next_member(&mut first)? {
        let key = scanner.key()?;
        parts.read(Role::of(key.quoted), scanner)?;
    }
    Ok(parts.position())
}

fn natural(token: Token<'_>) -> Option<u64> {
    match token {
        Token::Number(number) => u64::try_from(number.integer()?).ok(),
        _ => None,
    }
}

/// The number at the end of `mysql-bin.000003`; 0 if there is none.
fn file_number(name: &[u8]) -> u64 {
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = name.get(name.len() - digits..).unwrap_or_default();
    let number = digits.iter().fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    number.min((1 << (64 - POS_BITS)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_and_order_across_files() {
        let check = |source: &str, expected: Option<u64>| {
            assert_eq!(position(&mut Scanner::new(source.as_bytes())), Ok(expected), "{source}");
        };
        check(r#"{"version":"3","lsn":188736144,"xmin":null}"#, Some(188_736_144));
        check(r#"{"lsn":null}"#, None);
        check(r#"{"change_lsn":"0000:1:2","commit_lsn":"0000:1:3"}"#, None);
        check(r#"{"lsn":-1}"#, None);
        check(r#"{"lsn":"7"}"#, None);
        check(r#"{"pos":154,"file":"mysql-bin.000003"}"#, Some((3 << 40) + 154));
        check(r#"{"file":"mysql-bin.000010","pos":4,"row":0}"#, Some((10 << 40) + 4));
        check(r#"{"file":"","pos":4}"#, Some(4));
        check(r"{}", None);
    }
}
