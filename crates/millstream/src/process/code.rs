//! The program's own code, made resident at once.
//!
//! Pages of code come into memory when they are first run, so a job that has read for hours would grow by megabytes at its first
//! commit, and what a short trial run needs would say little of a long one. All of it is there from the start instead: the
//! pages are the file's, clean, shared with other runs of the program, and counted among the fixed costs.
//!
//! Miri cannot run this module: all that is unsafe in it is a call of the kernel, and the comment is its proof.
#![expect(unsafe_code, reason = "the kernel is told of a range of addresses")]

use std::path::Path;

/// Has the kernel map all pages of this program's code. Kernels before 5.14 do not know the advice, and other systems have no
/// `/proc`: then pages come one by one, as ever.
pub(crate) fn make_resident() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let Ok(program) = std::env::current_exe() else { return };
    for range in code_of(&maps, &program) {
        populate(&range);
    }
}

/// A range of addresses.
type Range = std::ops::Range<usize>;

/// Where the code of `program` is mapped, from the text of `/proc/PID/maps`.
fn code_of<'a>(maps: &'a str, program: &'a Path) -> impl Iterator<Item = Range> + 'a {
    maps.lines().filter_map(move |line| {
        let mut fields = line.split_ascii_whitespace();
        let (range, access) = (fields.next()?, fields.next()?);
        let (begin, end) = range.split_once('-')?;
        let is_code = access == "r-xp" && line.ends_with(program.to_str()?);
        let address = |hex| usize::from_str_radix(hex, 16).ok();
        is_code.then_some(address(begin)?..address(end)?)
    })
}

#[cfg(target_os = "linux")]
fn populate(range: &Range) {
    // SAFETY: the range was mapped from the program's file and stays so while it runs; populating for reading changes no page's
    // content and no mapping.
    let status = unsafe { libc::madvise(range.start as *mut libc::c_void, range.len(), libc::MADV_POPULATE_READ) };
    if status != 0 {
        tracing::debug!(error = %std::io::Error::last_os_error(), "code comes into memory when it is run");
    }
}

#[cfg(not(target_os = "linux"))]
fn populate(_range: &Range) {}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
55d0c0a00000-55d0c1417000 r--p 00000000 fe:00 77 /usr/bin/millstream
55d0c1417000-55d0c23ed000 r-xp 00a16000 fe:00 77 /usr/bin/millstream
55d0c23ed000-55d0c246c000 rw-p 019ec000 fe:00 77 /usr/bin/millstream
7f0000000000-7f0000021000 r-xp 00000000 00:00 0
7f6b1c228000-7f6b1c3bd000 r-xp 00028000 fe:00 12 /usr/lib/libc.so.6
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]
";

    #[test]
    fn code_is_what_of_the_programs_file_may_be_run() {
        let mut found = code_of(MAPS, Path::new("/usr/bin/millstream"));
        assert_eq!(found.next(), Some(0x55d0_c141_7000..0x55d0_c23e_d000));
        assert_eq!(found.next(), None);
        assert_eq!(code_of(MAPS, Path::new("/usr/bin/other")).count(), 0);
        assert_eq!(code_of("nonsense\n-\n1-g r-xp 0 0 0 /usr/bin/x", Path::new("/usr/bin/x")).count(), 0);
    }

    #[test]
    fn this_program_finds_its_own_code() {
        let here = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let Ok(program) = std::env::current_exe() else { return };
        let of_a_function = make_resident as *const () as usize;
        assert!(here.is_empty() || code_of(&here, &program).any(|range| range.contains(&of_a_function)));
        make_resident();
    }
}
