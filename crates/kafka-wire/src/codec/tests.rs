//! Every codec against itself, against other implementations, against damage, and within its memory.

use std::io::Write;

use base::{ByteCount, Rng};
use ledger::{Account, Budget};
use proptest::prelude::*;

use super::*;

fn account(mib: u64) -> Account {
    Budget::new(ByteCount::mib(mib)).account("codec", ByteCount::ZERO)
}

/// Text with repetitions and noise, as records have it.
fn plain(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::from_seed(seed);
    let mut out = Vec::with_capacity(len + 64);
    while out.len() < len {
        out.extend_from_slice(format!("{{\"id\":{},\"name\":\"customer\"}}", rng.below(1000)).as_bytes());
        let noise = rng.below(24) as usize;
        out.extend((0..noise).map(|_| rng.next_u64() as u8));
    }
    out.truncate(len);
    out
}

fn inflate(decompressor: &mut Decompressor, codec: Codec, packed: &[u8], room: usize) -> Result<Vec<u8>, CodecError> {
    let mut input = packed;
    let mut out = vec![0; room];
    let mut all = Vec::new();
    decompressor.start(codec);
    loop {
        match decompressor.step(&mut input, &mut out)? {
            Step::Produced(n) => all.extend_from_slice(&out[..n]),
            Step::End => return Ok(all),
            Step::NeedMemory(n) => panic!("{codec}: {n} more"),
        }
    }
}

fn deflate(codec: Codec, plain: &[u8]) -> Vec<u8> {
    match Compressor::new(account(8)).compress(codec, plain).unwrap() {
        Compressed::Done(packed) => packed.to_vec(),
        Compressed::NeedMemory(n) => panic!("{codec}: {n} more"),
    }
}

/// Inflates with one decoder into several sizes of output.
fn check(codec: Codec, packed: &[u8], plain: &[u8]) {
    let account = account(16);
    let mut decompressor = Decompressor::new(account.clone());
    let rooms: &[usize] = if plain.len() > 100_000 { &[1 << 16] } else { &[1 << 16, 1000, 7] };
    for room in rooms.iter().copied() {
        let found = inflate(&mut decompressor, codec, packed, room).unwrap();
        assert!(found == plain, "{codec}: {} bytes came back of {}", found.len(), plain.len());
    }
    assert_eq!(decompressor.held(), account.used());
    decompressor.release();
    assert_eq!(account.used(), ByteCount::ZERO);
}

#[test]
fn what_is_compressed_reads_back() {
    for codec in Codec::ALL {
        for len in [1, 100, 65_535, 65_536, 65_537, 300_000] {
            let plain = plain(len, len as u64);
            check(codec, &deflate(codec, &plain), &plain);
        }
    }
}

#[test]
fn bytes_that_do_not_shrink_fit_the_room_they_were_given() {
    let mut rng = Rng::from_seed(3);
    let noise: Vec<u8> = (0..200_000).map(|_| rng.next_u64() as u8).collect();
    for codec in Codec::ALL {
        check(codec, &deflate(codec, &noise), &noise);
    }
}

#[test]
fn several_gzip_members_with_names_and_extras_are_one_stream() {
    let (first, second) = (plain(70_000, 1), plain(3, 2));
    let mut packed = Vec::new();
    for (bytes, name) in [(&first, "a"), (&second, "b")] {
        let builder = flate2::GzBuilder::new().filename(name).comment("c").extra(vec![1, 2, 3]);
        let mut encoder = builder.write(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        packed.extend(encoder.finish().unwrap());
    }
    check(Codec::Gzip, &packed, &[first, second].concat());
}

#[test]
fn raw_and_repeated_xerial_snappy_are_read() {
    let plain = plain(100_000, 5);
    let raw = snap::raw::Encoder::new().compress_vec(&plain).unwrap();
    check(Codec::Snappy, &raw, &plain);
    let xerial = deflate(Codec::Snappy, &plain);
    check(Codec::Snappy, &[xerial.clone(), xerial].concat(), &[plain.clone(), plain].concat());
}

#[test]
fn lz4_frames_of_every_kind_are_read() {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    let plain = plain(400_000, 6);
    for mode in [BlockMode::Independent, BlockMode::Linked] {
        for size in [BlockSize::Max64KB, BlockSize::Max256KB, BlockSize::Max1MB, BlockSize::Max4MB] {
            for checksums in [false, true] {
                let info = FrameInfo::new()
                    .block_mode(mode)
                    .block_size(size)
                    .block_checksums(checksums)
                    .content_checksum(checksums)
                    .content_size(checksums.then_some(plain.len() as u64));
                let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
                // Written in pieces, so that small linked blocks come up.
                for piece in plain.chunks(50_000) {
                    encoder.write_all(piece).unwrap();
                    encoder.flush().unwrap();
                }
                let packed = encoder.finish().unwrap();
                check(Codec::Lz4, &packed, &plain);
                check(Codec::Lz4, &[packed.clone(), packed].concat(), &plain.repeat(2));
            }
        }
    }
}

#[test]
fn a_tiny_lz4_frame_of_4_mib_blocks_costs_little() {
    use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};
    let info = FrameInfo::new().block_size(BlockSize::Max4MB);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(&plain(100, 1)).unwrap();
    let packed = encoder.finish().unwrap();
    let mut decompressor = Decompressor::new(account(1));
    inflate(&mut decompressor, Codec::Lz4, &packed, 1000).unwrap();
    assert!(decompressor.held() < ByteCount::kib(128), "{} held", decompressor.held());
}

#[test]
fn zstd_frames_of_every_level_stay_within_what_their_header_says() {
    let plain = plain(1_000_000, 7);
    for level in [1, 3, 19] {
        let mut encoder = zstd::Encoder::new(Vec::new(), level).unwrap();
        encoder.write_all(&plain).unwrap();
        let packed = encoder.finish().unwrap();
        check(Codec::Zstd, &packed, &plain);
        let skippable = [&[0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &packed, &packed].concat();
        check(Codec::Zstd, &skippable, &plain.repeat(2));
    }
}

#[test]
fn a_window_that_the_budget_cannot_hold_is_an_error_with_both_numbers() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&plain(1000, 1)).unwrap();
    let packed = encoder.finish().unwrap();
    let mut decompressor = Decompressor::new(account(4));
    let error = inflate(&mut decompressor, Codec::Zstd, &packed, 100).unwrap_err().to_string();
    assert!(error.contains("window needs 128.5MiB of memory, and at most 4MiB can be had"), "{error}");
}

#[test]
fn missing_memory_is_asked_for_and_the_step_is_taken_again() {
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let plain = plain(100_000, 9);
        let packed = deflate(codec, &plain);
        let account = account(4);
        let all = account.try_reserve(ByteCount::mib(4)).unwrap();
        let mut decompressor = Decompressor::new(account.clone());
        let mut input = packed.as_slice();
        let mut out = vec![0; 200_000];
        decompressor.start(codec);
        let asked = decompressor.step(&mut input, &mut out).unwrap();
        assert!(matches!(asked, Step::NeedMemory(n) if n > ByteCount::ZERO), "{codec}: {asked:?}");
        drop(all);
        let mut found = Vec::new();
        while let Step::Produced(n) = decompressor.step(&mut input, &mut out).unwrap() {
            found.extend_from_slice(&out[..n]);
        }
        assert!(found == plain, "{codec}");
    }
}

#[test]
fn a_bomb_passes_through_what_its_window_needs() {
    const PIECE: usize = 1 << 20;
    let piece = vec![0u8; PIECE];
    // The bombs that can be made quickly; 64 MiB here, the same code path as any size.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    for _ in 0..64 {
        gzip.write_all(&piece).unwrap();
        zstd.write_all(&piece).unwrap();
        lz4.write_all(&piece).unwrap();
    }
    let bombs = [
        (Codec::Gzip, gzip.finish().unwrap()),
        (Codec::Zstd, zstd.finish().unwrap()),
        (Codec::Lz4, lz4.finish().unwrap()),
    ];
    for (codec, bomb) in bombs {
        let account = account(6);
        let mut decompressor = Decompressor::new(account.clone());
        let mut input = bomb.as_slice();
        let mut out = vec![0; 1 << 16];
        let mut inflated = 0;
        decompressor.start(codec);
        loop {
            match decompressor.step(&mut input, &mut out).unwrap() {
                Step::Produced(n) => inflated += n,
                Step::End => break,
                Step::NeedMemory(n) => panic!("{codec}: {n} more"),
            }
        }
        assert_eq!(inflated, 64 * PIECE, "{codec}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damage_never_panics_nor_costs_more_than_is_held(
        which in 1usize..5,
        seed: u64,
        len in 1usize..5000,
        hits in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6),
        cut: Option<u16>,
    ) {
        let codec = Codec::ALL[which];
        let mut packed = deflate(codec, &plain(len, seed));
        for (at, byte) in hits {
            let at = usize::from(at) % packed.len();
            packed[at] = byte;
        }
        if let Some(cut) = cut {
            packed.truncate(usize::from(cut) % packed.len());
        }
        let account = account(2);
        let mut decompressor = Decompressor::new(account.clone());
        let mut input = packed.as_slice();
        let mut out = [0; 512];
        decompressor.start(codec);
        let mut steps = 0;
        while let Ok(Step::Produced(_)) = decompressor.step(&mut input, &mut out) {
            steps += 1;
            prop_assert!(steps < 1_000_000, "it does not end");
        }
        prop_assert_eq!(decompressor.held(), account.used());
    }
}
