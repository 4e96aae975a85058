//! What follows the row in an envelope: `source`, `op` and the times.
//!
//! It is more than half of a small record, and nearly the same in each: the same members in the same order, most with the
//! same values. So what the last tails had in common is kept as literals with gaps, and a tail that fits is passed by
//! comparing the literals and scanning the gaps. That loses no check: the literals' bytes were scanned before, in the same
//! place, and any tail that does not fit is read member by member.

use super::operation::{Operation, operation};
use super::source::{Parts, Role};
use crate::scan::{Literal, Scanner, SyntaxError};

/// What a value in the tail is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Source(Role),
    Operation,
}

/// A value as the last tails had it.
#[derive(Debug, PartialEq, Eq)]
struct Member<'a> {
    /// The bytes before it, from the value before that.
    before: std::borrow::Cow<'a, [u8]>,
    purpose: Purpose,
    /// As it stands in all of them; `None` if it differs or matters.
    value: Option<std::borrow::Cow<'a, [u8]>>,
}

/// Bytes that a tail goes on with, and what the value behind them is for; nothing behind the last.
#[derive(Debug)]
struct Step {
    literal: Literal,
    purpose: Option<Purpose>,
}

/// Passes tails that are like the ones before.
#[derive(Debug, Default)]
pub(super) struct Tails {
    members: Vec<Member<'static>>,
    /// The bytes after the last value: the brackets that close.
    end: Vec<u8>,
    steps: Vec<Step>,
    /// Tails that did not fit, since learning began anew.
    misfits: u32,
}

/// After so many misfits learning does not pay …
const LESSONS_MAX: u32 = 64;
/// … and is tried anew only after so many.
const MISFITS_MAX: u32 = 100_000;

/// Larger tails are not learned.
const MEMBERS_MAX: usize = 64;
const TAIL_BYTES_MAX: usize = 4 << 10;

/// What [`Tails`] holds at most: all bytes twice.
pub(super) const MEMORY_MAX: usize =
    2 * TAIL_BYTES_MAX + 2 * MEMBERS_MAX * (size_of::<Member<'_>>() + size_of::<Step>());

/// What a tail says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tail {
    pub operation: Option<Operation>,
    parts: Parts,
    has_source: bool,
}

impl Tail {
    pub(super) fn position(&self) -> Option<u64> {
        if self.has_source { self.parts.position() } else { None }
    }
}

impl Tails {
    pub(super) fn memory(&self) -> usize {
        if self.steps.is_empty() { 0 } else { MEMORY_MAX }
    }

    /// Passes the rest of the object at `scanner`, up to its closing bracket, if it is as expected; otherwise the scanner
    /// stays.
    #[inline]
    pub(super) fn pass(&mut self, scanner: &mut Scanner<'_>) -> Option<Tail> {
        let start = scanner.clone();
        let passed = self.pass_steps(scanner);
        if passed.is_none() {
            *scanner = start;
            self.misfits = if self.misfits == MISFITS_MAX { 0 } else { self.misfits + 1 };
        }
        passed
    }

    fn pass_steps(&self, scanner: &mut Scanner<'_>) -> Option<Tail> {
        let mut tail = Tail { has_source: true, ..Tail::default() };
        let (last, steps) = self.steps.split_last()?;
        for step in steps {
            if !scanner.eat_literal(&step.literal) {
                return None;
            }
            match step.purpose {
                Some(Purpose::Operation) => tail.operation = Some(operation(scanner).ok()?),
                Some(Purpose::Source(role)) => tail.parts.read(role, scanner).ok()?,
                None => return None,
            }
        }
        (scanner.eat_literal(&last.literal) && scanner.peek() == b'}').then_some(tail)
    }

    /// Makes what is known fit `tail` too, which has been read and found right. It goes from behind the row to before the
    /// closing bracket.
    pub(super) fn learn(&mut self, tail: &[u8]) {
        if self.misfits > LESSONS_MAX || tail.len() > TAIL_BYTES_MAX {
            return;
        }
        let Ok(Some((met, end))) = members(tail) else { return };
        let same = self.members.len() == met.len()
            && self.end == end
            && self.members.iter().zip(&met).all(|(known, met)| known.before == met.before);
        if !same {
            self.members.clear();
            end.clone_into(&mut self.end);
        }
        for (index, member) in met.into_iter().enumerate() {
            match self.members.get_mut(index) {
                Some(known) if known.value == member.value => {}
                Some(known) => known.value = None,
                None => self.members.push(Member {
                    before: member.before.into_owned().into(),
                    purpose: member.purpose,
                    value: member.value.map(|value| value.into_owned().into()),
                }),
            }
        }
        self.lay_out();
    }

    /// Makes the steps from the members.
    fn lay_out(&mut self) {
        self.steps.clear();
        let mut literal = Vec::new();
        for member in &self.members {
            literal.extend_from_slice(&member.before);
            match &member.value {
                Some(value) => literal.extend_from_slice(value),
                None => {
                    self.steps.push(Step { literal: Literal::new(&literal), purpose: Some(member.purpose) });
                    literal.clear();
                }
            }
        }
        literal.extend_from_slice(&self.end);
        self.steps.push(Step { literal: Literal::new(&literal), purpose: None });
    }
}

/// A tail taken apart: its values, and the bytes behind the last.
type Parted<'a> = (Vec<Member<'a>>, &'a [u8]);

/// Takes a tail apart into its values, those of `source` one by one, and the bytes behind the last value. `None` for a
/// tail that is not to be learned: with an image or an envelope in it, without one source and one operation, or too long.
fn members(tail: &[u8]) -> Result<Option<Parted<'_>>, SyntaxError> {
    let mut scanner = Scanner::new(tail);
    let mut members = Vec::new();
    let (mut sources, mut operations, mut end) = (0, 0, 0);
    let mut push = |scanner: &mut Scanner<'_>, end: &mut usize, purpose: Purpose| -> Result<(), SyntaxError> {
        scanner.peek();
        let start = scanner.at();
        let before = tail.get(*end..start).unwrap_or_default().into();
        scanner.skip()?;
        let value = tail.get(start..scanner.at()).unwrap_or_default();
        let constant = purpose == Purpose::Source(Role::None);
        members.push(Member { before, purpose, value: constant.then(|| value.into()) });
        *end = scanner.at();
        Ok(())
    };
    while scanner.peek() == b',' {
        scanner.eat(b",");
        let key = scanner.key()?;
        match key.quoted {
            _ if key.escaped => return Ok(None),
            b"\"before\"" | b"\"after\"" | b"\"schema\"" | b"\"payload\"" => return Ok(None),
            b"\"source\"" if scanner.peek() == b'{' => {
                sources += 1;
                scanner.open_object()?;
                let mut first = true;
                while scanner.next_member(&mut first)? {
                    let key = scanner.key()?;
                    push(&mut scanner, &mut end, Purpose::Source(Role::of(key.quoted)))?;
                }
            }
            b"\"source\"" => return Ok(None),
            b"\"op\"" => {
                operations += 1;
                push(&mut scanner, &mut end, Purpose::Operation)?;
            }
            _ => push(&mut scanner, &mut end, Purpose::Source(Role::None))?,
        }
    }
    let whole = (sources, operations) == (1, 1) && members.len() <= MEMBERS_MAX;
    Ok(whole.then(|| (members, tail.get(end..).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a tail says, read by one who has learned nothing but it.
    fn fresh(tail: &str) -> Option<(Option<Operation>, Option<u64>)> {
        let mut tails = Tails::default();
        tails.learn(tail.as_bytes());
        said(&mut tails, tail)
    }

    fn said(tails: &mut Tails, tail: &str) -> Option<(Option<Operation>, Option<u64>)> {
        let text = format!("{tail}}}");
        let mut scanner = Scanner::new(text.as_bytes());
        let passed = tails.pass(&mut scanner);
        assert_eq!(scanner.at(), if passed.is_some() { tail.len() } else { 0 });
        passed.map(|tail| (tail.operation, tail.position()))
    }

    #[test]
    fn what_was_learned_never_changes_what_is_read() {
        let tails = [
            r#","source":{"a":"x","ts":1,"lsn":5,"xmin":null},"op":"u","ts_ms":1"#,
            r#","source":{"a":"x","ts":22,"lsn":6,"xmin":null},"op":"u","ts_ms":1"#,
            r#","source":{"a":"x","ts":22,"lsn":6,"xmin":null},"op":"c","ts_ms":2"#,
            r#","source":{"a":"x","ts":22,"lsn":6,"xmin":{"c":[1,"]}"]}},"op":"c","ts_ms":2"#,
            r#","source":{"a":"y","lsn":6},"op":"d""#,
            r#" , "source" : { "a" : "y" , "lsn" : 6 } , "op" : "d" "#,
            r#","op":"d","source":{"pos":6,"file":"f.1"}"#,
            r#","source":{},"op":"d""#,
        ];
        let expected: Vec<_> = tails.iter().map(|tail| fresh(tail).unwrap()).collect();
        assert_eq!(expected[1], (Some(Operation::Update), Some(6)));
        assert_eq!(expected[6], (Some(Operation::Delete), Some((1 << 40) + 6)));
        let mut learner = Tails::default();
        for round in 0..60 {
            for (tail, expected) in tails.iter().zip(&expected).cycle().skip(round % 5).step_by(1 + round % 3).take(8) {
                if let Some(said) = said(&mut learner, tail) {
                    assert_eq!(said, *expected, "{tail}");
                } else {
                    learner.learn(tail.as_bytes());
                }
            }
        }
        assert!(learner.misfits > LESSONS_MAX, "learning has ended");
    }

    #[test]
    fn broken_tails_never_pass() {
        let good = r#","source":{"a":"x","ts":1,"lsn":5},"op":"u","ts_ms":12"#;
        let mut tails = Tails::default();
        tails.learn(good.as_bytes());
        tails.learn(good.replace("12", "13").replace("\"ts\":1", "\"ts\":2").as_bytes());
        assert!(said(&mut tails, good).is_some());
        for (from, to) in [
            ("\"ts\":1", "\"ts\":01"),
            ("\"ts\":1", "\"ts\":"),
            ("12", "1 2"),
            ("12", "nul"),
            ("\"u\"", "\"q\""),
            ("\"u\"", "u"),
            ("},", ","),
            ("\"x\"", "\"x"),
            ("12", "12,"),
            ("12", "12]"),
            ("12", "12x"),
            ("\"a\"", "\"b\""),
        ] {
            assert_eq!(said(&mut tails, &good.replacen(from, to, 1)), None, "{from} {to}");
        }
    }

    #[test]
    fn tails_with_images_or_without_a_source_are_not_learned() {
        for tail in [
            "",
            r#","op":"u""#,
            r#","source":null,"op":"u""#,
            r#","source":{"lsn":1}"#,
            r#","source":{"lsn":1},"op":"u","before":null"#,
            r#","source":{"lsn":1},"op":"u","op":"d""#,
            r#","source":{"lsn":1},"\u006fp":"u""#,
            r#","source":{"lsn":1},"op":"u","payload":{}"#,
        ] {
            assert_eq!(fresh(tail), None, "{tail}");
        }
    }
}
