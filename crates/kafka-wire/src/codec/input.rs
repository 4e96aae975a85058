//! Taking bytes off the front of compressed input.

use super::{Codec, CodecError};

/// The next `n` bytes.
pub(super) fn take<'a>(input: &mut &'a [u8], n: usize, codec: Codec) -> Result<&'a [u8], CodecError> {
    let (taken, rest) = input.split_at_checked(n).ok_or(CodecError::CutOff { codec })?;
    *input = rest;
    Ok(taken)
}

/// The next `N` bytes, for a number.
pub(super) fn take_array<const N: usize>(input: &mut &[u8], codec: Codec) -> Result<[u8; N], CodecError> {
    let (taken, rest) = input.split_first_chunk().ok_or(CodecError::CutOff { codec })?;
    *input = rest;
    Ok(*taken)
}
