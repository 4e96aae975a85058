//! A file that the user names: what is in it, or why it cannot be read and what to do about that.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use base::{ByteCount, Error, Result};

/// Opens a file for reading. `what` says what it is for: `the job file`.
///
/// # Errors
/// It is missing, is a folder, or this user may not read it.
pub(crate) fn open(what: &str, path: &Path) -> Result<File> {
    let file = File::open(path).map_err(|error| cannot_read(what, path, error))?;
    match file.metadata() {
        Ok(found) if found.is_dir() => Err(cannot_read(what, path, io::ErrorKind::IsADirectory.into())),
        _ => Ok(file),
    }
}

/// The whole text of a file of at most `bytes_max`.
///
/// # Errors
/// As [`open`]; it is longer, or not UTF-8.
pub(crate) fn read_text(what: &str, path: &Path, bytes_max: ByteCount) -> Result<String> {
    let mut bytes = Vec::new();
    let limited = open(what, path)?.take(bytes_max.get() + 1).read_to_end(&mut bytes);
    limited.map_err(|error| cannot_read(what, path, error))?;
    if bytes.len() as u64 > bytes_max.get() {
        return Err(Error::user(format!("{what} {} is longer than {bytes_max}", path.display()))
            .hint("is it the file that was meant?"));
    }
    // Some editors mark text as UTF-8 so.
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..3);
    }
    let encoding = if bytes.starts_with(b"\xff\xfe") { "UTF-16" } else { "WINDOWS-1252" };
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = valid.split(|byte| *byte == b'\n').count();
        Error::user(format!("{what} {} is not UTF-8 text: line {line}", path.display()))
            .hint(format!("save it as UTF-8, or convert it: iconv -f {encoding} -t UTF-8"))
    })
}

/// The error of a call on a file that the user named.
pub(crate) fn cannot_read(what: &str, path: &Path, error: io::Error) -> Error {
    let told = Error::user(format!("cannot read {what} {}", path.display()));
    match error.kind() {
        io::ErrorKind::NotFound => {
            let from = std::env::current_dir().map_or_else(|_| "?".to_owned(), |dir| dir.display().to_string());
            told.hint(format!("correct the path; one that does not begin with '/' is looked up in {from}"))
        }
        io::ErrorKind::IsADirectory => told.hint("it is a folder: name a file in it"),
        io::ErrorKind::NotADirectory => told.hint("correct the path: it leads through a file as if that were a folder"),
        io::ErrorKind::PermissionDenied => told.hint("give this user the right to read it, or run as one who has it"),
        _ => told.hint("look at the system's log for errors of the disk"),
    }
    .caused_by(error)
}
