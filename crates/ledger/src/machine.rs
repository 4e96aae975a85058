//! The budget when the operator names none: a quarter of what the container or the machine has, at least 64 MiB.
//!
//! Limits of control groups are looked up where systemd, Docker and Kubernetes put them: version 2 in `memory.max`, version
//! 1 in `memory.limit_in_bytes`, each of the process's own group and of every group above it (the smallest counts), and of
//! the mount's root (inside a container that is the container's own group, whatever path `/proc/self/cgroup` names).

use std::path::Path;

use base::ByteCount;

/// No job runs in less.
const DEFAULT_MIN: ByteCount = ByteCount::mib(64);
/// A pod or an edge box runs other things too, and the page cache wants its part.
const DEFAULT_FRACTION: u64 = 4;

/// The default of `--memory` on this machine.
pub fn default_budget() -> ByteCount {
    default_budget_of(memory_limit(&|path| std::fs::read_to_string(path).ok()))
}

/// The default of `--memory` where `limit` is all there is; without a known limit, the least that works.
pub fn default_budget_of(limit: Option<ByteCount>) -> ByteCount {
    limit.map_or(DEFAULT_MIN, |limit| ByteCount(limit.0 / DEFAULT_FRACTION).max(DEFAULT_MIN))
}

/// The smallest of the machine's memory and the control groups' limits; `read` gives a file's text, if it is there.
fn memory_limit(read: &dyn Fn(&Path) -> Option<String>) -> Option<ByteCount> {
    let machine = read(Path::new("/proc/meminfo")).and_then(|text| mem_total(&text));
    let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().flat_map(group_files).filter_map(|file| limit_in(&read(Path::new(&file))?));
    limits.chain(machine).min()
}

/// The files that may limit the memory of the group in one line of `/proc/self/cgroup`, `ID:CONTROLLERS:PATH`.
fn group_files(line: &str) -> Vec<String> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
        return Vec::new();
    };
    let (mounts, file): (&[&str], _) = match controllers {
        "" => (&["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], "memory.max"),
        list if list.split(',').any(|name| name == "memory") => (&["/sys/fs/cgroup/memory"], "memory.limit_in_bytes"),
        _ => return Vec::new(),
    };
    let above = Path::new(path).ancestors().filter_map(|group| group.to_str());
    let groups: Vec<&str> = above.map(|group| group.trim_end_matches('/')).collect();
    mounts.iter().flat_map(|mount| groups.iter().map(move |group| format!("{mount}{group}/{file}"))).collect()
}

/// `max` is no limit; version 1 spells that as a number near 2^63, which the machine's memory undercuts.
fn limit_in(text: &str) -> Option<ByteCount> {
    text.trim().parse().ok().map(ByteCount)
}

fn mem_total(meminfo: &str) -> Option<ByteCount> {
    let value = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    value.split_ascii_whitespace().next()?.parse().ok().map(ByteCount::kib)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: Option<ByteCount>) {
        let read = |path: &Path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == path);
            found.map(|(_, text)| (*text).to_owned())
        };
        assert_eq!(memory_limit(&read), expected, "{files:?}");
    }

    #[test]
    fn the_smallest_limit_counts() {
        let meminfo = ("/proc/meminfo", "MemTotal:        4194304 kB\nMemFree: 1 kB\n");
        check(&[], None);
        check(&[meminfo], Some(ByteCount::mib(4096)));
        let v2 = ("/proc/self/cgroup", "0::/pods/one\n");
        check(&[meminfo, v2, ("/sys/fs/cgroup/pods/one/memory.max", "max\n")], Some(ByteCount::mib(4096)));
        let own = ("/sys/fs/cgroup/pods/one/memory.max", "536870912\n");
        check(&[meminfo, v2, own], Some(ByteCount::mib(512)));
        check(&[meminfo, v2, own, ("/sys/fs/cgroup/pods/memory.max", "268435456")], Some(ByteCount::mib(256)));
        check(&[meminfo, v2, ("/sys/fs/cgroup/memory.max", "1073741824")], Some(ByteCount::mib(1024)));
        let v1 = ("/proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n");
        let unlimited = ("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n");
        check(&[meminfo, v1, unlimited], Some(ByteCount::mib(4096)));
        let root = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "134217728\n");
        check(&[meminfo, v1, unlimited, root], Some(ByteCount::mib(128)));
        check(&[("/proc/self/cgroup", "garbage\n::\n:::\n"), meminfo], Some(ByteCount::mib(4096)));
    }

    #[test]
    fn the_default_is_a_quarter_and_at_least_64_mib() {
        assert_eq!(default_budget_of(Some(ByteCount::mib(2048))), ByteCount::mib(512));
        assert_eq!(default_budget_of(Some(ByteCount::mib(100))), ByteCount::mib(64));
        assert_eq!(default_budget_of(None), ByteCount::mib(64));
        assert!(default_budget() >= ByteCount::mib(64));
    }
}
