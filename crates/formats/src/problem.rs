//! Why a record cannot be decoded, cheap to make where it happens and turned into words once.

use rows::Field;
use rows::decode::{BadRecord, Notice};

use crate::convert::Fault;
use crate::scan::SyntaxError;

#[derive(Clone, Debug)]
pub(crate) enum Problem {
    Syntax(SyntaxError),
    /// A value that is no cell of the column: the column's index and the value as it stands in the record.
    Cell {
        column: usize,
        fault: Fault,
        value: String,
    },
    /// All other reasons, ready to be shown.
    Reason {
        reason: String,
        hint: Option<String>,
        fatal: bool,
    },
}

impl From<SyntaxError> for Problem {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl Problem {
    pub(crate) fn reason(reason: impl Into<String>) -> Self {
        Self::Reason { reason: reason.into(), hint: None, fatal: false }
    }

    pub(crate) fn hint(self, text: impl Into<String>) -> Self {
        match self {
            Self::Reason { reason, fatal, .. } => Self::Reason { reason, hint: Some(text.into()), fatal },
            other => other,
        }
    }
}

/// A syntax error in words, with what stands there.
pub(crate) fn syntax(error: SyntaxError, what: &str, bytes: &[u8]) -> BadRecord {
    let found = match bytes.get(error.at..) {
        None | Some([]) => "the end".to_owned(),
        Some(rest) => excerpt(rest),
    };
    bad(format!("{what} is not JSON: expected {} at byte {}, found {found}", error.expected, error.at))
}

/// A value that is no cell of its column, in words.
pub(crate) fn fault_in_words(field: Option<&Field>, fault: Fault, value: &str) -> BadRecord {
    let Some(field) = field else { return bad(format!("{value} is no value of its column")) };
    let (name, ty) = (&field.name, &field.ty);
    match fault {
        Fault::Expected(expected) => bad(format!("column \"{name}\" {ty}: expected {expected}, found {value}")),
        Fault::OutOfRange => bad(format!("column \"{name}\" {ty}: {value} is out of range")),
    }
}

pub(crate) fn bad(reason: impl Into<String>) -> BadRecord {
    BadRecord { reason: reason.into(), hint: None, fatal: false }
}

/// Records that were skipped since the last report because the user wants it so.
#[derive(Debug, Default)]
pub(crate) struct Unparsable {
    count: u64,
    last: String,
}

impl Unparsable {
    pub(crate) fn add(&mut self, reason: BadRecord) {
        self.count += 1;
        self.last = reason.reason;
    }

    /// `option` is the one that says to skip.
    pub(crate) fn notice(&mut self, table: &str, option: &str) -> Option<Notice> {
        let Self { count, last } = std::mem::take(self);
        (count > 0).then(|| Notice {
            id: "unparsable".into(),
            message: format!("records of {table} were skipped; the last one: {last}"),
            hint: Some(format!("'{option}' is true")),
            count,
        })
    }
}

/// The longest piece of a record that a message shows, in characters.
const EXCERPT_CHARACTERS: usize = 40;

/// The beginning of `bytes`, made fit for a line of a terminal.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    // A character has at most 4 bytes.
    let head = bytes.get(..EXCERPT_CHARACTERS * 4).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let mut shown: String = text
        .chars()
        .take(EXCERPT_CHARACTERS)
        .flat_map(|character| {
            let escape = character.is_control().then(|| character.escape_default());
            let plain = escape.is_none().then_some(character);
            escape.into_iter().flatten().chain(plain)
        })
        .collect();
    if text.chars().count() > EXCERPT_CHARACTERS || head.len() < bytes.len() {
        shown.push('…');
    }
    shown
}
