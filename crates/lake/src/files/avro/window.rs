//! A window over a file that is read forwards: the only bytes of a container that are in memory as they are on the disk.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use base::DiskFile;

/// Read from the file at once.
pub(super) const WINDOW: usize = 16 << 10;

/// A part of a file, read forwards.
#[derive(Debug)]
pub(super) struct Window {
    file: Arc<dyn DiskFile>,
    /// Where `buffer` ends in the file.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
    /// Bytes left before the reader sees the end, whatever the file holds.
    pub(super) limit: u64,
}

impl Window {
    pub(super) fn new(file: Arc<dyn DiskFile>) -> io::Result<Self> {
        let end = file.len()?;
        Ok(Self { file, at: 0, end, buffer: Vec::with_capacity(WINDOW), used: 0, limit: end })
    }

    /// How much of the file lies ahead.
    pub(super) fn ahead(&self) -> u64 {
        self.end - self.at + (self.buffer.len() - self.used) as u64
    }
}

impl BufRead for Window {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.buffer.len() {
            let want = (WINDOW as u64).min(self.end - self.at) as usize;
            self.buffer.resize(want, 0);
            self.used = 0;
            let got = self.file.read_at(&mut self.buffer, self.at);
            self.buffer.truncate(*got.as_ref().unwrap_or(&0));
            self.at += got? as u64;
        }
        let there = (self.buffer.len() - self.used).min(self.limit.min(usize::MAX as u64) as usize);
        Ok(&self.buffer[self.used..self.used + there])
    }

    fn consume(&mut self, amount: usize) {
        self.used += amount;
        self.limit -= amount as u64;
    }
}

impl Read for Window {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let n = there.len().min(out.len());
        out[..n].copy_from_slice(&there[..n]);
        self.consume(n);
        Ok(n)
    }
}
