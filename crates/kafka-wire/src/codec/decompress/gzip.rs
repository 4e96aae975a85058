//! gzip (RFC 1952): one or several members, each a header, a raw deflate stream, CRC-32 and length.
//!
//! The framing is ours so that members follow each other without a new inflater, whose state and 32 KiB window are the
//! only memory here.

use base::ByteCount;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use ledger::Account;

use super::Step;
use crate::codec::input::{take, take_array};
use crate::codec::memory::Memory;
use crate::codec::{Codec, CodecError};

/// zlib-rs' inflater, measured at 74 KiB.
const INFLATER: ByteCount = ByteCount::kib(80);

const HAS_HEADER_CRC: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

#[derive(Debug)]
pub(super) struct Gunzip {
    memory: Memory,
    inflater: Option<Decompress>,
    at: At,
    crc: Crc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    FirstMember,
    Body,
    Trailer,
    NextMember,
}

impl Gunzip {
    pub(super) fn new(account: Account) -> Self {
        Self { memory: Memory::new(account, Codec::Gzip), inflater: None, at: At::FirstMember, crc: Crc::new() }
    }

    pub(super) fn start(&mut self) {
        self.at = At::FirstMember;
    }

    pub(super) fn held(&self) -> ByteCount {
        self.memory.paid()
    }

    pub(super) fn release(&mut self) {
        self.inflater = None;
        self.memory.release();
    }

    pub(super) fn step(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<Step, CodecError> {
        loop {
            match self.at {
                At::NextMember if input.is_empty() => return Ok(Step::End),
                At::FirstMember | At::NextMember => {
                    let missing = self.memory.ensure(INFLATER, "inflater")?;
                    if missing > ByteCount::ZERO {
                        return Ok(Step::NeedMemory(missing));
                    }
                    skip_header(input)?;
                    self.inflater.get_or_insert_with(|| Decompress::new(false)).reset(false);
                    self.crc.reset();
                    self.at = At::Body;
                }
                At::Body => {
                    let produced = self.inflate(input, out)?;
                    if produced > 0 {
                        return Ok(Step::Produced(produced));
                    }
                }
                At::Trailer => {
                    let crc = u32::from_le_bytes(take_array(input, Codec::Gzip)?);
                    let len = u32::from_le_bytes(take_array(input, Codec::Gzip)?);
                    if crc != self.crc.sum() || len != self.crc.amount() {
                        return Err(corrupt("its checksum or length is wrong"));
                    }
                    self.at = At::NextMember;
                }
            }
        }
    }

    /// 0 bytes only when the stream has ended.
    fn inflate(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
        let inflater = self.inflater.as_mut().ok_or_else(|| corrupt("it was not started"))?;
        let (in_before, out_before) = (inflater.total_in(), inflater.total_out());
        let status = (inflater.decompress(input, out, FlushDecompress::None))
            .map_err(|_| corrupt("its deflate stream is damaged"))?;
        *input = &input[(inflater.total_in() - in_before) as usize..];
        let produced = (inflater.total_out() - out_before) as usize;
        self.crc.update(&out[..produced]);
        if status == Status::StreamEnd {
            self.at = At::Trailer;
        } else if produced == 0 {
            return Err(CodecError::CutOff { codec: Codec::Gzip });
        }
        Ok(produced)
    }
}

fn skip_header(input: &mut &[u8]) -> Result<(), CodecError> {
    let [id1, id2, method, flags, ..] = take_array::<10>(input, Codec::Gzip)?;
    if (id1, id2) != (0x1f, 0x8b) {
        return Err(corrupt("it does not begin as a gzip member"));
    }
    if method != 8 || flags & RESERVED != 0 {
        return Err(corrupt("its method or flags are unknown"));
    }
    if flags & HAS_EXTRA != 0 {
        let len = u16::from_le_bytes(take_array(input, Codec::Gzip)?);
        take(input, usize::from(len), Codec::Gzip)?;
    }
    for text in [HAS_NAME, HAS_COMMENT] {
        if flags & text != 0 {
            let len = input.iter().position(|byte| *byte == 0).ok_or(CodecError::CutOff { codec: Codec::Gzip })?;
            take(input, len + 1, Codec::Gzip)?;
        }
    }
    if flags & HAS_HEADER_CRC != 0 {
        take(input, 2, Codec::Gzip)?;
    }
    Ok(())
}

fn corrupt(what: &'static str) -> CodecError {
    CodecError::Corrupt { codec: Codec::Gzip, what }
}
