//! The error that crosses crate borders: whose fault, whether to try again, and what to tell the user.
//!
//! Crates keep their own precise error enums inside and turn them into [`Error`] at their public traits. The three
//! lines follow PostgreSQL's style: `message` (what happened and where; lower case, no full stop), `detail` (facts),
//! `hint` (what to do). Display prints the message alone; [`Error::report`] prints everything.

use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose fault an error is: decides the exit code and the tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// The job file, an option, a schema, the data: the user must change something.
    User,
    /// A broker, a disk, a network, another process.
    External,
    /// A bug of ours.
    Internal,
}

/// Whether the same step may succeed if tried again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// After a pause, with backoff and jitter, from the last committed position.
    Backoff,
}

/// An error with everything a supervisor and a user need. Never holds secrets.
pub struct Error(Box<Inner>);

struct Inner {
    domain: Domain,
    retry: Retry,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(domain: Domain, retry: Retry, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { domain, retry, message: message.into(), detail: None, hint: None, source: None }))
    }

    /// The user must change something.
    pub fn user(message: impl Into<String>) -> Self {
        Self::new(Domain::User, Retry::Never, message)
    }

    /// Something outside failed and may come back.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(Domain::External, Retry::Backoff, message)
    }

    /// Something outside failed in a way that waiting does not mend.
    pub fn external(message: impl Into<String>) -> Self {
        Self::new(Domain::External, Retry::Never, message)
    }

    /// A broken invariant of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Domain::Internal, Retry::Never, message)
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Puts where it happened before the message: `orders-0@17: not JSON`.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    pub fn domain(&self) -> Domain {
        self.0.domain
    }

    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// All that is known, over several lines, for a terminal.
    pub fn report(&self) -> String {
        let mut text = self.0.message.clone();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(&format!("\n  caused by: {error}"));
            cause = error.source();
        }
        if let Some(detail) = &self.0.detail {
            text.push_str(&format!("\n  detail: {}", detail.replace('\n', "\n  ")));
        }
        if let Some(hint) = &self.0.hint {
            text.push_str(&format!("\n  hint: {}", hint.replace('\n', "\n  ")));
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:?}, retry {:?}] {}", self.0.domain, self.0.retry, self.report())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_everything_and_display_the_message_alone() {
        let cause = Error::transient("connection refused").caused_by(std::io::Error::other("os error 111"));
        let error = Error::user("no such topic")
            .detail("orders\nitems")
            .hint("create it with 'millstream topics create'")
            .caused_by(cause)
            .at("job.sql:3:1");
        assert_eq!(error.to_string(), "job.sql:3:1: no such topic");
        assert_eq!(
            error.report(),
            "job.sql:3:1: no such topic
  caused by: connection refused
  caused by: os error 111
  detail: orders
  items
  hint: create it with 'millstream topics create'"
        );
        assert_eq!((error.domain(), error.retry()), (Domain::User, Retry::Never));
        assert_eq!(Error::transient("x").retry(), Retry::Backoff);
    }
}
