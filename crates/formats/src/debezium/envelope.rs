//! One walk over the value of a record: what happened, to which row, at which position.
//!
//! The `after` image is turned into a row as it is met, since nearly every record needs it and its `op` comes last;
//! `before` is kept as bytes, since nearly none does.

use super::operation::{Operation, operation};
use super::options::DebeziumOptions;
use super::schema::{self, Schemas};
use super::source;
use super::tail::{self, Tails};
use crate::convert::Conversion;
use crate::problem::Problem;
use crate::row::{Part, Reading, Rows};
use crate::scan::{Literal, Scanner, SyntaxError, Token};

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
}

/// Reads envelopes; knows what earlier ones were like.
#[derive(Debug)]
pub(super) struct Envelopes {
    /// The members of a change event in the order in which Debezium writes them.
    order: [(Literal, Member); 8],
    /// How nearly every event begins.
    start: Literal,
    schemas: Schemas,
    tails: Tails,
}

/// What [`Envelopes`] holds at most.
pub(super) const MEMORY_MAX: usize = schema::MEMORY_MAX + tail::MEMORY_MAX;

impl Envelopes {
    pub(super) fn new() -> Self {
        let order = [
            (Literal::new(b"\"before\":"), Member::Before),
            (Literal::new(b"\"after\":"), Member::After),
            (Literal::new(b"\"source\":"), Member::Source),
            (Literal::new(b"\"transaction\":"), Member::Other),
            (Literal::new(b"\"op\":"), Member::Operation),
            (Literal::new(b"\"ts_ms\":"), Member::Other),
            (Literal::new(b"\"ts_us\":"), Member::Other),
            (Literal::new(b"\"ts_ns\":"), Member::Other),
        ];
        let start = Literal::new(b"\"before\":null,\"after\":");
        Self { order, start, schemas: Schemas::default(), tails: Tails::default() }
    }

    pub(super) fn memory(&self) -> usize {
        self.schemas.memory() + self.tails.memory()
    }

    /// The conversions by the schema that the last envelope with one had.
    pub(super) fn by_schema(&self) -> Option<&[Conversion]> {
        self.schemas.current()
    }

    /// Reads `value` whole. The row of `after`, if there is one, has been appended to `rows`, also where an error is
    /// given.
    pub(super) fn read<'a>(
        &mut self,
        value: &'a [u8],
        rows: &mut Rows,
        by_settings: Reading<'_>,
        options: &DebeziumOptions,
    ) -> Result<Envelope<'a>, Problem> {
        let mut scanner = Scanner::new(value);
        let mut envelope = Envelope::default();
        let payload = self.object(&mut scanner, &mut envelope, rows, by_settings, Some(options))?;
        scanner.end()?;
        match payload {
            Some((_, b"null")) => envelope.is_tombstone = true,
            Some((at, payload)) => {
                self.object(&mut Scanner::new(payload), &mut envelope, rows, by_settings, None)
                    .map_err(|problem| shifted(problem, at))?;
            }
            None => {}
        }
        Ok(envelope)
    }

    /// Reads an object that is a change event, or has one as its payload (only with `options`): gives where the payload
    /// begins, and its text.
    fn object<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        envelope: &mut Envelope<'a>,
        rows: &mut Rows,
        by_settings: Reading<'_>,
        options: Option<&DebeziumOptions>,
    ) -> Result<Option<(usize, &'a [u8])>, Problem> {
        scanner.open_object()?;
        let (mut first, mut expected) = (true, 0);
        let (mut payload, mut tail_start) = (None, None);
        if scanner.eat_literal(&self.start) {
            first = false;
            tail_start = self.row_and_tail(scanner, envelope, rows, by_settings)?;
        }
        while scanner.next_member(&mut first)? {
            match (self.member(scanner, &mut expected)?, options) {
                (Member::Schema, Some(options)) if scanner.peek() == b'{' => {
                    self.schemas.read(scanner, rows.fields(), options)?;
                    envelope.has_schema = true;
                }
                (Member::Payload, Some(_)) => {
                    scanner.peek();
                    payload = Some((scanner.at(), scanner.skip()?));
                }
                (Member::After, _) => tail_start = self.row_and_tail(scanner, envelope, rows, by_settings)?,
                (Member::Before, _) => {
                    envelope.before = Some(scanner.skip()?).filter(|before| *before != b"null");
                }
                (Member::Source, _) if scanner.peek() == b'{' => envelope.position = source::position(scanner)?,
                (Member::Operation, _) => envelope.operation = Some(operation(scanner)?),
                _ => {
                    scanner.skip()?;
                }
            }
        }
        if let Some(start) = tail_start {
            let tail = scanner.since(start);
            self.tails.learn(tail.strip_suffix(b"}").unwrap_or_default());
        }
        Ok(payload)
    }

    /// Reads the value of `after`, and what follows if that is as expected; otherwise says where it begins, so that it
    /// can be learned when it has been read.
    #[inline]
    fn row_and_tail<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        envelope: &mut Envelope<'a>,
        rows: &mut Rows,
        by_settings: Reading<'_>,
    ) -> Result<Option<usize>, Problem> {
        if scanner.peek() == b'n' {
            scanner.skip()?;
        } else if envelope.after.is_some() {
            return Err(Problem::reason("the record has two \"after\" images"));
        } else {
            let start = scanner.at();
            let by_schema = self.schemas.current().filter(|_| envelope.has_schema);
            let conversions = by_schema.unwrap_or(by_settings.conversions);
            rows.read(scanner, Part::Row, Reading { conversions, ..by_settings })?;
            envelope.after = Some(scanner.since(start));
        }
        let Some(tail) = self.tails.pass(scanner) else { return Ok(Some(scanner.at())) };
        envelope.operation = tail.operation;
        envelope.position = tail.position();
        Ok(None)
    }

    /// Passes the key at `scanner`. `expected` is the index in the order of the key to compare it with first.
    #[inline]
    fn member(&self, scanner: &mut Scanner<'_>, expected: &mut usize) -> Result<Member, SyntaxError> {
        if let Some((key, member)) = self.order.get(*expected)
            && scanner.eat_literal(key)
        {
            *expected += 1;
            return Ok(*member);
        }
        let key = scanner.key()?;
        let quoted = key.quoted;
        if let Some(found) = self.order.iter().position(|(key, _)| key.bytes().strip_suffix(b":") == Some(quoted)) {
            *expected = found + 1;
        }
        if !key.escaped {
            return Ok(Member::named(quoted.get(1..quoted.len() - 1).unwrap_or_default()));
        }
        let mut scratch = Vec::new();
        match Scanner::new(quoted).value(&mut scratch)? {
            Token::Text(name) => Ok(Member::named(name)),
            _ => Ok(Member::Other),
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
