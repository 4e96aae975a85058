//! Names, texts and options.

use std::fmt;

use crate::text::Span;

/// A name as written; names are case-sensitive, as in Flink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ident {
    pub(crate) name: String,
    pub(crate) span: Span,
}

/// A dotted name: `catalog.database.table`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectName {
    /// At least one.
    pub(crate) parts: Vec<Ident>,
    pub(crate) span: Span,
}

/// A text in single quotes, or a bare key or value of SET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) span: Span,
}

/// `'key'='value'` of WITH or of a hint.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OptionEntry {
    pub(crate) key: Text,
    pub(crate) value: Text,
}

/// Prints with backquotes, which is right for any name.
impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name.replace('`', "``"))
    }
}

/// Prints plainly, for messages: `lake.shop.orders`.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.parts.iter().map(|part| part.name.as_str()).collect();
        f.write_str(&names.join("."))
    }
}
