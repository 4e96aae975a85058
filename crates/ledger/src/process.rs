//! What the kernel says about this process (Linux, `proc_pid_status(5)` and `proc_pid_stat(5)`).
//!
//! The kernel keeps resident counters per thread or per CPU and folds them in batches, so a figure may lag by some hundred
//! KiB; the parts (anonymous, file, shared) are read in one go and add up to the whole.

use std::time::Duration;

use base::ByteCount;

/// The process at one moment. On systems without `/proc` everything is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessFigures {
    /// Resident pages of any kind (`VmRSS`): what the budget promises.
    pub resident: ByteCount,
    /// The most that ever was resident (`VmHWM`).
    pub resident_peak: ByteCount,
    /// Heap, stacks and written data (`RssAnon`).
    pub anonymous: ByteCount,
    /// Code and mapped files (`RssFile`).
    pub file: ByteCount,
    /// Shared memory (`RssShmem`).
    pub shared: ByteCount,
    /// Swapped out (`VmSwap`).
    pub swapped: ByteCount,
    pub threads: u64,
    /// File descriptors: files, sockets, pipes.
    pub open_files: u64,
    /// User and system time of all threads, to 10 ms.
    pub cpu: Duration,
}

/// `utime` and `stime` are in USER_HZ, 100 per second on every Linux there is (`sysconf(_SC_CLK_TCK)`).
const TICK_MS: u64 = 10;

impl ProcessFigures {
    /// Of this process, now.
    pub fn read() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // One of them is the folder that is being read.
        let open_files = std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count().saturating_sub(1) as u64);
        Self { open_files, ..Self::parse(&status, &stat) }
    }

    /// From the texts of `/proc/PID/status` and `/proc/PID/stat`, which do not tell of open files; what is missing or unreadable is 0.
    pub fn parse(status: &str, stat: &str) -> Self {
        let kib = |name: &str| ByteCount::kib(field(status, name).unwrap_or(0));
        Self {
            resident: kib("VmRSS"),
            resident_peak: kib("VmHWM"),
            anonymous: kib("RssAnon"),
            file: kib("RssFile"),
            shared: kib("RssShmem"),
            swapped: kib("VmSwap"),
            threads: field(status, "Threads").unwrap_or(0),
            open_files: 0,
            cpu: Duration::from_millis(cpu_ticks(stat).unwrap_or(0).saturating_mul(TICK_MS)),
        }
    }
}

/// The number in the line `name:  123 kB`.
fn field(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.split_ascii_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15. The second field is the command's name in parentheses and may itself hold spaces and parentheses, so
/// counting starts after the last one.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user.saturating_add(system))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tmill stream)\nVmPeak:\t  300 kB\nVmHWM:\t    1636 kB\nVmRSS:\t    1600 kB\n\
        RssAnon:\t     108 kB\nRssFile:\t    1492 kB\nRssShmem:\t       0 kB\nVmSwap:\t       4 kB\nThreads:\t7\n";

    #[test]
    fn the_kernels_texts_are_read() {
        let stat = "17 (mill stream) x) S 1 17 17 0 -1 4194304 100 0 0 0 250 31 0 0 20 0 7 0 99 1 2 3";
        let figures = ProcessFigures::parse(STATUS, stat);
        assert_eq!(
            figures,
            ProcessFigures {
                resident: ByteCount::kib(1600),
                resident_peak: ByteCount::kib(1636),
                anonymous: ByteCount::kib(108),
                file: ByteCount::kib(1492),
                shared: ByteCount::ZERO,
                swapped: ByteCount::kib(4),
                threads: 7,
                open_files: 0,
                cpu: Duration::from_millis(2810),
            }
        );
        assert_eq!(figures.anonymous + figures.file + figures.shared, figures.resident);
    }

    #[test]
    fn unreadable_texts_are_zero() {
        for (status, stat) in [("", ""), ("VmRSS", "(x)"), ("VmRSS: many kB\nThreads:", "1 (x) S 1 2 3")] {
            assert_eq!(ProcessFigures::parse(status, stat), ProcessFigures::default());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_resident() {
        let figures = ProcessFigures::read();
        assert!(figures.resident > ByteCount::ZERO && figures.threads > 0);
        let files: Vec<_> = (0..100).map(|_| std::fs::File::open("/proc/self/stat").unwrap()).collect();
        assert!(ProcessFigures::read().open_files >= files.len() as u64);
        assert!(figures.resident_peak >= figures.anonymous);
    }
}
