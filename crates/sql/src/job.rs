//! A job file.

use std::sync::Arc;

use crate::ast::Statement;
use crate::parse::parse;
use crate::text::{Diagnostic, Diagnostics, SourceText, TEXT_BYTES_MAX};

/// A job file that has been read: its statements are well formed, what they name may not exist.
#[derive(Clone, Debug)]
pub struct Job {
    pub(crate) source: Arc<SourceText>,
    pub(crate) statements: Vec<Statement>,
}

impl Job {
    /// Reads a job file; `file_name` is for messages. All errors found are reported.
    pub fn parse(text: &str, file_name: &str) -> Result<Self, Diagnostics> {
        let mut source = SourceText::new(file_name, text);
        if text.len() > TEXT_BYTES_MAX {
            let error = Diagnostic::error_nowhere(format!("a job file has at most {} MiB", TEXT_BYTES_MAX >> 20));
            return Err(Diagnostics::new(Arc::new(source), vec![error]));
        }
        let (statements, errors) = parse(&mut source);
        let source = Arc::new(source);
        if errors.is_empty() { Ok(Self { source, statements }) } else { Err(Diagnostics::new(source, errors)) }
    }
}
