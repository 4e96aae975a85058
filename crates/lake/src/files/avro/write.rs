//! Writes a container file, block by block, uncompressed: manifests are small, and every reader reads `null`.

use base::{Result, Rng};

use crate::files::durable::DurableFile;

/// A block is written when it has grown to this, so this and one object bound the memory.
const BLOCK: usize = 64 << 10;

/// Appends values in Avro's binary encoding.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encoder {
    pub(crate) bytes: Vec<u8>,
}

impl Encoder {
    /// `int`, `long`, and the index of a union's branch.
    pub(crate) fn long(&mut self, value: i64) {
        let mut zigzag = ((value << 1) ^ (value >> 63)) as u64;
        while zigzag > 0x7f {
            self.bytes.push(zigzag as u8 | 0x80);
            zigzag >>= 7;
        }
        self.bytes.push(zigzag as u8);
    }

    pub(crate) fn boolean(&mut self, value: bool) {
        self.bytes.push(u8::from(value));
    }

    pub(crate) fn byte_string(&mut self, value: &[u8]) {
        self.long(value.len() as i64);
        self.bytes.extend_from_slice(value);
    }

    /// A union of null and something else: the branch, then the value.
    pub(crate) fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.long(i64::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// An array in one counted block.
    pub(crate) fn array<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        if !items.is_empty() {
            self.long(items.len() as i64);
            for item in items {
                write(self, item);
            }
        }
        self.long(0);
    }
}

/// A container file that is being written.
#[derive(Debug)]
pub(crate) struct ContainerWriter {
    file: DurableFile,
    sync: [u8; 16],
    block: Encoder,
    objects: i64,
}

impl ContainerWriter {
    /// Writes the header: the schema and the caller's own keys.
    pub(crate) fn create(
        mut file: DurableFile,
        schema: &str,
        header: &[(&str, String)],
        rng: &mut Rng,
    ) -> Result<Self> {
        let mut sync = [0; 16];
        sync[..8].copy_from_slice(&rng.next_u64().to_be_bytes());
        sync[8..].copy_from_slice(&rng.next_u64().to_be_bytes());
        let mut start = Encoder { bytes: b"Obj\x01".to_vec() };
        start.long(header.len() as i64 + 2);
        let fixed = [("avro.schema", schema), ("avro.codec", "null")];
        for (name, value) in fixed.into_iter().chain(header.iter().map(|(name, value)| (*name, value.as_str()))) {
            start.byte_string(name.as_bytes());
            start.byte_string(value.as_bytes());
        }
        start.long(0);
        start.bytes.extend_from_slice(&sync);
        file.append(&start.bytes)?;
        Ok(Self { file, sync, block: Encoder::default(), objects: 0 })
    }

    /// Appends one object.
    pub(crate) fn append(&mut self, write: impl FnOnce(&mut Encoder)) -> Result<()> {
        write(&mut self.block);
        self.objects += 1;
        if self.block.bytes.len() >= BLOCK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.objects == 0 {
            return Ok(());
        }
        let mut start = Encoder::default();
        start.long(self.objects);
        start.long(self.block.bytes.len() as i64);
        self.file.append(&start.bytes)?;
        self.block.bytes.extend_from_slice(&self.sync);
        self.file.append(&self.block.bytes)?;
        self.block.bytes.clear();
        self.objects = 0;
        Ok(())
    }

    /// The bytes written and waiting so far: what the file would be at least.
    pub(crate) fn len(&self) -> u64 {
        self.file.len() + self.block.bytes.len() as u64
    }

    /// Makes the file durable; returns its length.
    pub(crate) fn finish(mut self) -> Result<u64> {
        self.flush()?;
        self.file.finish()
    }
}
