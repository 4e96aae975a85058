//! Reads rows of tables.
