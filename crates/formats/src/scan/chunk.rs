//! Sixteen bytes at a time: the only code of this crate that names machine instructions.
//!
//! Each function gives a mask with a bit per byte, the lowest for the first. x86-64 always has SSE2; elsewhere the
//! compiler makes of the loops what it can.

/// How many bytes the functions look at.
pub(super) const WIDTH: usize = 16;

/// Which bytes end the plain run of a string, and which are beyond ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StringMasks {
    /// Quotes, backslashes and control characters.
    pub stops: u32,
    pub high: u32,
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "SSE2 instructions are unsafe to call, though every x86-64 processor has them")]
mod machine {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
        _mm_sub_epi8,
    };

    use super::{StringMasks, WIDTH};

    #[inline]
    fn load(chunk: &[u8; WIDTH]) -> __m128i {
        // SAFETY: the pointer is to 16 readable bytes, and an unaligned load is asked for; SSE2 is part of x86-64.
        unsafe { _mm_loadu_si128(chunk.as_ptr().cast()) }
    }

    #[inline]
    pub(in super::super) fn string(chunk: &[u8; WIDTH]) -> StringMasks {
        let bytes = load(chunk);
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
            let backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
            let controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
            let stops = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
            StringMasks { stops: _mm_movemask_epi8(stops) as u32, high: _mm_movemask_epi8(bytes) as u32 }
        }
    }

    #[inline]
    pub(in super::super) fn no_digits(chunk: &[u8; WIDTH]) -> u32 {
        let bytes = load(chunk);
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let values = _mm_sub_epi8(bytes, _mm_set1_epi8(b'0' as i8));
            let digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
            _mm_movemask_epi8(digits) as u32 ^ 0xffff
        }
    }

    #[inline]
    pub(in super::super) fn differences(chunk: &[u8; WIDTH], other: &[u8; WIDTH]) -> u32 {
        let (bytes, others) = (load(chunk), load(other));
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, others)) as u32 ^ 0xffff }
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
mod portable {
    use super::{StringMasks, WIDTH};

    fn mask(chunk: &[u8; WIDTH], mut is: impl FnMut(usize, u8) -> bool) -> u32 {
        chunk.iter().enumerate().fold(0, |mask, (at, &byte)| mask | u32::from(is(at, byte)) << at)
    }

    pub(in super::super) fn string(chunk: &[u8; WIDTH]) -> StringMasks {
        StringMasks {
            stops: mask(chunk, |_, byte| matches!(byte, b'"' | b'\\' | 0..0x20)),
            high: mask(chunk, |_, byte| byte >= 0x80),
        }
    }

    pub(in super::super) fn no_digits(chunk: &[u8; WIDTH]) -> u32 {
        mask(chunk, |_, byte| !byte.is_ascii_digit())
    }

    pub(in super::super) fn differences(chunk: &[u8; WIDTH], other: &[u8; WIDTH]) -> u32 {
        mask(chunk, |at, byte| byte != other[at])
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use machine::{differences, no_digits, string};
#[cfg(not(target_arch = "x86_64"))]
pub(super) use portable::{differences, no_digits, string};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_and_the_loops_agree_on_every_byte_at_every_place() {
        let other = [b'7'; WIDTH];
        for at in 0..WIDTH {
            // Miri, which is slow, looks at every 17th byte.
            for byte in (0..=u8::MAX).step_by(if cfg!(miri) { 17 } else { 1 }) {
                let mut chunk = *b"plain: 12 , text";
                chunk[at] = byte;
                assert_eq!(string(&chunk), portable::string(&chunk), "{chunk:?}");
                assert_eq!(no_digits(&chunk), portable::no_digits(&chunk), "{chunk:?}");
                assert_eq!(differences(&chunk, &other), portable::differences(&chunk, &other), "{chunk:?}");
            }
        }
    }
}
