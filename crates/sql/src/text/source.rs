//! Source text with byte spans, lines and columns.

use std::fmt;

/// Where something stands in a text: the bytes `start..end`. Both lie on character borders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub(crate) fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }
}

/// A place as editors count: line and column (in characters), both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The longest excerpt of a line that is shown, in characters; about what a terminal shows in one line.
const EXCERPT_CHARS: usize = 120;

/// A job file: its name for messages, its text, and the parts that must never be shown.
#[derive(Clone, Debug)]
pub struct SourceText {
    name: String,
    text: String,
    /// Byte offset of the start of each line; the first is 0.
    lines: Vec<u32>,
    /// Values of options such as passwords, replaced by stars where the text is shown.
    secrets: Vec<Span>,
}

/// The longest text that is accepted: spans are 32 bits, and a job file is kilobytes.
pub(crate) const TEXT_BYTES_MAX: usize = 16 << 20;

impl SourceText {
    /// Texts beyond [`TEXT_BYTES_MAX`] are cut; [`crate::Job::parse`] refuses them before.
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text: String = text.into();
        let cut = text.floor_char_boundary(TEXT_BYTES_MAX);
        text.truncate(cut);
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        Self { name: name.into(), text, lines, secrets: Vec::new() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn hide(&mut self, secrets: Vec<Span>) {
        self.secrets.extend(secrets);
    }

    /// The text of a span; empty if the span is not of this text.
    pub(crate) fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub fn position(&self, offset: u32) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.slice(Span { start, end: offset }).chars().count() + 1;
        Position { line, column }
    }

    /// The line of a span with carets under what of the span lies in it, each line ended by a line feed.
    pub(crate) fn excerpt(&self, span: Span) -> String {
        let position = self.position(span.start);
        let (shown, before, carets) = self.window(span, position);
        let number = position.line.to_string();
        let gutter = " ".repeat(number.len());
        format!("{gutter} |\n{number} | {shown}\n{gutter} | {}{}\n", " ".repeat(before), "^".repeat(carets))
    }

    /// What is shown of the line, the characters of it before the carets, and the number of carets.
    fn window(&self, span: Span, position: Position) -> (String, usize, usize) {
        let start = self.lines.get(position.line - 1).copied().unwrap_or(0);
        let end = self.lines.get(position.line).copied().unwrap_or(self.text.len() as u32);
        let line: Vec<char> = self.masked(Span { start, end });
        let kept = line.iter().rposition(|c| !c.is_whitespace()).map_or(0, |last| last + 1);
        let before = position.column - 1;
        let length = self.slice(Span { start: span.start, end: span.end.min(end) }).trim_end().chars().count();
        let carets = length.clamp(1, EXCERPT_CHARS);
        let from = if before + carets > EXCERPT_CHARS { (before + carets).saturating_sub(EXCERPT_CHARS) } else { 0 };
        let from = from.min(before);
        let to = kept.clamp(from, from + EXCERPT_CHARS);
        let shown = line.get(from..to).unwrap_or_default().iter().collect();
        (shown, before - from, carets.min((from + EXCERPT_CHARS + 1).saturating_sub(before)).max(1))
    }

    /// The characters of a span, secrets as stars and control characters (tabs too, so that carets stand right) as spaces.
    fn masked(&self, span: Span) -> Vec<char> {
        self.slice(span)
            .char_indices()
            .map(|(at, c)| {
                let offset = span.start + at as u32;
                let secret = self.secrets.iter().any(|secret| secret.contains(offset));
                match c {
                    _ if secret => '*',
                    c if c.is_control() => ' ',
                    c => c,
                }
            })
            .collect()
    }
}
