//! One walk over the value of a record: what happened, to which row, at which position.
//!
//! The `after` image is turned into a row as it is met, since nearly every record needs it and its `op` comes last;
//! `before` is kept as bytes, since nearly none does.

use super::schema::Schemas;
use super::source;
use crate::problem::{Problem, excerpt};
use crate::row::{Part, Reading, Rows};
use crate::scan::{Scanner, SyntaxError, Token};

/// What a record says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// A row read by a snapshot, or created.
    Create,
    Update,
    Delete,
    Truncate,
    /// A logical message; it is about no row.
    Message,
}

#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    pub operation: Option<Operation>,
    /// The old row as JSON text, if it is not null.
    pub before: Option<&'a [u8]>,
    /// The new row as JSON text, if it is not null; it has been appended as a row.
    pub after: Option<&'a [u8]>,
    pub position: Option<u64>,
    pub has_schema: bool,
    /// The payload is null: a tombstone in an envelope.
    pub is_tombstone: bool,
}

/// A member of the record's object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Before,
    After,
    Source,
    Operation,
    Schema,
    Payload,
    Other,
}

impl Member {
    fn named(name: &[u8]) -> Self {
        match name {
            b"before" => Self::Before,
            b"after" => Self::After,
            b"source" => Self::Source,
            b"op" => Self::Operation,
            b"schema" => Self::Schema,
            b"payload" => Self::Payload,
            _ => Self::Other,
        }
    }

    /// Passes the key at `scanner`.
    fn next(scanner: &mut Scanner<'_>) -> Result<Self, SyntaxError> {
        let key = scanner.key()?;
        if !key.escaped {
            return Ok(Self::named(key.quoted.get(1..key.quoted.len() - 1).unwrap_or_default()));
        }
        let mut scratch = Vec::new();
        match Scanner::new(key.quoted).value(&mut scratch)? {
            Token::Text(name) => Ok(Self::named(name)),
            _ => Ok(Self::Other),
        }
    }
}

/// Reads `value` whole. The row of `after`, if there is one, has been appended to `rows`, also where an error is given.
pub(super) fn read<'a>(
    value: &'a [u8],
    rows: &mut Rows,
    schemas: &mut Schemas,
    by_settings: Reading<'_>,
    options: &super::DebeziumOptions,
) -> Result<Envelope<'a>, Problem> {
    let mut scanner = Scanner::new(value);
    let mut envelope = Envelope::default();
    scanner.open_object()?;
    let mut first = true;
    let mut payload = None;
    while scanner.next_member(&mut first)? {
        match Member::next(&mut scanner)? {
            Member::Schema if scanner.peek() == b'{' => {
                schemas.read(&mut scanner, rows.fields(), options)?;
                envelope.has_schema = true;
            }
            Member::Payload => {
                scanner.peek();
                payload = Some((scanner.at(), scanner.skip()?));
            }
            member => event_member(member, &mut scanner, &mut envelope, rows, by_settings)?,
        }
    }
    scanner.end()?;
    if let Some((at, payload)) = payload {
        let conversions = schemas.current().filter(|_| envelope.has_schema).unwrap_or(by_settings.conversions);
        inside(payload, &mut envelope, rows, Reading { conversions, ..by_settings })
            .map_err(|problem| shifted(problem, at))?;
    }
    Ok(envelope)
}

/// Reads the payload of a schema envelope.
fn inside<'a>(
    payload: &'a [u8],
    envelope: &mut Envelope<'a>,
    rows: &mut Rows,
    reading: Reading<'_>,
) -> Result<(), Problem> {
    if payload == b"null" {
        envelope.is_tombstone = true;
        return Ok(());
    }
    let mut scanner = Scanner::new(payload);
    scanner.open_object()?;
    let mut first = true;
    while scanner.next_member(&mut first)? {
        let member = Member::next(&mut scanner)?;
        event_member(member, &mut scanner, envelope, rows, reading)?;
    }
    Ok(())
}

/// Reads the value of a member of the change event itself.
fn event_member<'a>(
    member: Member,
    scanner: &mut Scanner<'a>,
    envelope: &mut Envelope<'a>,
    rows: &mut Rows,
    reading: Reading<'_>,
) -> Result<(), Problem> {
    match member {
        Member::After if scanner.peek() != b'n' => {
            if envelope.after.is_some() {
                return Err(Problem::reason("the record has two \"after\" images"));
            }
            let start = scanner.at();
            rows.read(scanner, Part::Row, reading)?;
            envelope.after = Some(scanner.since(start));
        }
        Member::Before => envelope.before = Some(scanner.skip()?).filter(|before| *before != b"null"),
        Member::Source if scanner.peek() == b'{' => envelope.position = source::position(scanner)?,
        Member::Operation => envelope.operation = Some(operation(scanner)?),
        _ => {
            scanner.skip()?;
        }
    }
    Ok(())
}

fn operation(scanner: &mut Scanner<'_>) -> Result<Operation, Problem> {
    scanner.peek();
    let start = scanner.at();
    let mut scratch = Vec::new();
    match scanner.value(&mut scratch)? {
        Token::Text(b"c" | b"r") => Ok(Operation::Create),
        Token::Text(b"u") => Ok(Operation::Update),
        Token::Text(b"d") => Ok(Operation::Delete),
        Token::Text(b"t") => Ok(Operation::Truncate),
        Token::Text(b"m") => Ok(Operation::Message),
        _ => {
            let found = excerpt(scanner.since(start));
            Err(Problem::reason(format!("unknown operation {found}: \"op\" must be one of c, r, u, d, t, m")))
        }
    }
}

/// A syntax error inside the payload, at its place in the record.
fn shifted(problem: Problem, by: usize) -> Problem {
    match problem {
        Problem::Syntax(mut error) => {
            error.at += by;
            Problem::Syntax(error)
        }
        other => other,
    }
}
