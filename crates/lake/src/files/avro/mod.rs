//! Avro container files, as far as Iceberg's manifests need them, in bounded memory.
//!
//! Layout (Avro 1.12 spec, "Object Container Files"):
//!
//! ```text
//! 4f 62 6a 01 ("Obj" 1) | metadata: map<bytes> with avro.schema, avro.codec, Iceberg's keys | 16 bytes of sync
//! then blocks: objects: varint | bytes after compression: varint | the objects | the same 16 bytes of sync
//! ```
//!
//! Own code, because the apache-avro crate (0.21) holds whole blocks, decompresses them without a bound and allocates up
//! to 512 MiB on the word of a length; here blocks stream through a window whatever their size, and every value is
//! drawn from the budget of its entry. The crate is the oracle of the tests.

mod error;
mod input;
mod read;
mod window;
mod schema;
mod value;
mod write;

pub(crate) use error::Error;
pub(crate) use read::ContainerReader;
pub(crate) use schema::{Field, Schema};
pub(crate) use value::Value;
pub(crate) use write::{ContainerWriter, Encoder};
