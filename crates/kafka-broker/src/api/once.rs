//! Requests that name a topic more than once.

/// Leaves each topic once, with the partitions that all its mentions ask for; topics are sorted by name, and a partition
/// may still be there more than once.
pub(super) fn topics_once<T, P>(topics: &mut Vec<T>, name: fn(&T) -> &str, partitions: fn(&mut T) -> &mut Vec<P>) {
    topics.sort_unstable_by(|a, b| name(a).cmp(name(b)));
    topics.dedup_by(|again, first| {
        let same = name(again) == name(first);
        if same {
            partitions(first).append(partitions(again));
        }
        same
    });
}
