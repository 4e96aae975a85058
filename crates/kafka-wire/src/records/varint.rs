//! Zig-zag variable-length numbers, as records use them (Protocol Buffers' `sint32` and `sint64`).

/// Takes a number off the front of `input`; `None` if it is cut off or longer than a 32-bit number can be.
pub(super) fn take_i32(input: &mut &[u8]) -> Option<i32> {
    let raw = take(input, 5)?;
    let raw = u32::try_from(raw).ok()?;
    Some((raw >> 1) as i32 ^ -((raw & 1) as i32))
}

/// Takes a number off the front of `input`; `None` if it is cut off or longer than a 64-bit number can be.
pub(super) fn take_i64(input: &mut &[u8]) -> Option<i64> {
    let raw = take(input, 10)?;
    Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
}

fn take(input: &mut &[u8], bytes_max: usize) -> Option<u64> {
    let mut value = 0u64;
    for (i, byte) in input.iter().take(bytes_max).enumerate() {
        let bits = u64::from(byte & 0x7f);
        if i == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * i);
        if byte & 0x80 == 0 {
            *input = &input[i + 1..];
            return Some(value);
        }
    }
    None
}

pub(super) fn put_i32(value: i32, out: &mut Vec<u8>) {
    put_i64(i64::from(value), out);
}

pub(super) fn put_i64(value: i64, out: &mut Vec<u8>) {
    let mut raw = zig_zag(value);
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

/// How many bytes a number takes.
pub(super) fn len(value: i64) -> usize {
    (70 - (zig_zag(value) | 1).leading_zeros() as usize) / 7
}

fn zig_zag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_read_back_and_take_what_len_says(value: i64, shift in 0u32..64) {
            let value = value >> shift;
            let mut out = Vec::new();
            put_i64(value, &mut out);
            prop_assert_eq!(out.len(), len(value));
            let mut input = out.as_slice();
            prop_assert_eq!(take_i64(&mut input), Some(value));
            prop_assert!(input.is_empty());
            prop_assert_eq!(take_i32(&mut out.as_slice()), i32::try_from(value).ok());
        }
    }

    #[test]
    fn numbers_that_are_cut_off_or_too_long_are_refused() {
        for bytes in [&[][..], &[0x80], &[0x80; 9], &[0xff; 10], &[0xff; 11]] {
            assert_eq!(take_i64(&mut &*bytes), None);
        }
        assert_eq!(take_i32(&mut [0xff, 0xff, 0xff, 0xff, 0x7f].as_slice()), None);
    }
}
