//! The known name nearest to a misspelt one.

/// The candidate nearest to `name` by edit distance, case ignored, if one is near enough to be meant: at most a third
/// of the letters differ.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = prepared(name);
    let limit = (wanted.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted, &prepared(candidate), limit), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean 'x'?` where something is near enough.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|known| format!("did you mean '{known}'?"))
}

/// Names longer than this are compared by their beginnings; no name of ours is as long.
const NAME_CHARS_MAX: usize = 120;

fn prepared(name: &str) -> Vec<char> {
    name.chars().take(NAME_CHARS_MAX).flat_map(char::to_lowercase).collect()
}

/// Damerau-Levenshtein distance (optimal string alignment); anything above `limit` where the lengths alone exceed it.
fn distance(a: &[char], b: &[char], limit: usize) -> usize {
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut before_last: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, to) in b.iter().enumerate() {
            let substituted = last.get(j).copied().unwrap_or(limit) + usize::from(from != to);
            let deleted = last.get(j + 1).copied().unwrap_or(limit) + 1;
            let inserted = row.last().copied().unwrap_or(limit) + 1;
            let mut best = substituted.min(deleted).min(inserted);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if swapped {
                best = best.min(before_last.get(j - 1).copied().unwrap_or(limit) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["topic", "format", "scan.startup.mode", "properties.bootstrap.servers"];
        for (slip, meant) in [
            ("topik", Some("topic")),
            ("tpoic", Some("topic")),
            ("FORMAT", Some("format")),
            ("scan.startup-mode", Some("scan.startup.mode")),
            ("property.bootstrap.server", Some("properties.bootstrap.servers")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(slip, known), meant, "{slip}");
        }
    }
}
