//! Where files are: the strings that table metadata holds, as paths.
//!
//! Metadata names files by absolute location: a plain path (`/lake/t/data/a.parquet`) or a URI of the scheme `file`
//! (`file:///lake/…`, Java's `file:/lake/…`). Both are read; new files are named in the form of the table's own location.
//! Nothing is percent-decoded, because none of the writers encodes.

use std::path::{Path, PathBuf};

use base::{Error, Result};

/// The path of a location.
///
/// # Errors
/// The location is relative, or of a scheme other than `file`.
pub fn local_path(location: &str) -> Result<PathBuf> {
    let path = match location.strip_prefix("file:") {
        Some(rest) => match rest.strip_prefix("//") {
            Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
            None => rest,
        },
        None => location,
    };
    if path.starts_with('/') {
        return Ok(PathBuf::from(path));
    }
    let error = Error::user(format!("the location '{location}' is no absolute local path"));
    Err(match location.split_once("://") {
        Some((scheme, _)) => error.hint(format!("tables in '{scheme}:' storage cannot be used yet, only local ones")),
        None => error.hint("make the warehouse an absolute path"),
    })
}

/// The location of something in a folder: `child_of("file:/lake/t/", "data/a.parquet")` is `file:/lake/t/data/a.parquet`.
pub fn child_of(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

/// The folder of a path; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
