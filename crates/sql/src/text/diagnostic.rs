//! What is wrong with a job file, and where.

use std::fmt;
use std::sync::Arc;

use super::source::{SourceText, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// One finding. `message` says what is wrong (lower case, no full stop), `detail` gives facts, `hint` what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// `None` where no place of the text is at fault: a `--set` of the command line, say.
    pub span: Option<Span>,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, span: Some(span), message: message.into(), detail: None, hint: None }
    }

    pub(crate) fn error_nowhere(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, span: None, message: message.into(), detail: None, hint: None }
    }

    pub(crate) fn warning(span: Option<Span>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, span, message: message.into(), detail: None, hint: None }
    }

    #[must_use]
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// An error of another crate, with the place in the text that led to it.
    pub(crate) fn from_error(span: Span, error: &base::Error) -> Self {
        Self {
            severity: Severity::Error,
            span: Some(span),
            message: error.message().to_owned(),
            detail: error.detail_text().map(str::to_owned),
            hint: error.hint_text().map(str::to_owned),
        }
    }

    fn render(&self, source: &SourceText) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut out = match self.span {
            Some(span) => {
                let place = source.position(span.start);
                format!("{}:{place}: {severity}: {}\n{}", source.name(), self.message, source.excerpt(span))
            }
            None => format!("{}: {severity}: {}\n", source.name(), self.message),
        };
        for (label, text) in [("detail", &self.detail), ("hint", &self.hint)] {
            if let Some(text) = text {
                let indented = text.replace('\n', "\n  ");
                out.push_str(&format!("  {label}: {indented}\n"));
            }
        }
        out
    }
}

/// Findings with the text they are about. Displays all of them in the order of the text, a blank line between two.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    source: Arc<SourceText>,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    pub(crate) fn new(source: Arc<SourceText>, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by_key(|diagnostic| diagnostic.span.map_or((1, 0), |span| (0, span.start)));
        list.dedup();
        Self { source, list }
    }

    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    pub fn source(&self) -> &SourceText {
        &self.source
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// So many are shown: a file that is no SQL at all has one in each line.
const SHOWN_MAX: usize = 20;

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.list.iter().take(SHOWN_MAX);
        let rendered: Vec<String> = shown.map(|diagnostic| diagnostic.render(&self.source)).collect();
        f.write_str(rendered.join("\n").trim_end())?;
        match self.list.len().saturating_sub(SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, "\n\n… and {more} more, not shown"),
        }
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostics> for base::Error {
    fn from(diagnostics: Diagnostics) -> Self {
        let errors = diagnostics.list.iter().filter(|one| one.severity == Severity::Error).count();
        let noun = if errors == 1 { "error" } else { "errors" };
        Self::user(format!("{}: {errors} {noun}\n{diagnostics}", diagnostics.source.name()))
    }
}

/// What a step found wrong: several things, or nothing new where an earlier message has said it all (a table whose
/// CREATE failed, say).
#[derive(Debug, Default)]
pub(crate) struct Errors(pub(crate) Vec<Diagnostic>);

impl Errors {
    /// `value` if nothing is wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    pub(crate) fn push(&mut self, error: Diagnostic) {
        self.0.push(error);
    }

    /// The value, or `None` after taking over the errors.
    pub(crate) fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        result.map_err(|errors| self.0.extend(errors.0)).ok()
    }
}

impl From<Diagnostic> for Errors {
    fn from(error: Diagnostic) -> Self {
        Self(vec![error])
    }
}
