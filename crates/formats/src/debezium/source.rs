//! The position that an envelope's `source` block names: PostgreSQL's `lsn`, MySQL's binlog `file` and `pos`.
//!
//! Positions of one connector order the changes of a key also across partitions. SQL Server, Oracle, MongoDB and others
//! have none that is a number; their rows have no position.

use crate::scan::{Scanner, SyntaxError, Token};

/// Bits of a combined MySQL position that hold `pos`; a binlog file holds 1 GiB and one transaction more.
const POS_BITS: u32 = 40;

/// Reads the position of the `source` object at `scanner`.
pub(super) fn position(scanner: &mut Scanner<'_>) -> Result<Option<u64>, SyntaxError> {
    scanner.open_object()?;
    let (mut lsn, mut pos, mut file) = (None, None, 0);
    let (mut first, mut scratch) = (true, Vec::new());
    while scanner.next_member(&mut first)? {
        let key = scanner.key()?;
        match key.quoted {
            b"\"lsn\"" => lsn = natural(scanner.value(&mut scratch)?),
            b"\"pos\"" => pos = natural(scanner.value(&mut scratch)?),
            b"\"file\"" => {
                if let Token::Text(name) = scanner.value(&mut scratch)? {
                    file = file_number(name);
                }
            }
            _ => {
                scanner.skip()?;
            }
        }
    }
    let combined = pos.map(|pos: u64| file << POS_BITS | pos.min((1 << POS_BITS) - 1));
    Ok(lsn.or(combined))
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
