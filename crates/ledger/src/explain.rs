//! Where every byte is, as text: every account, then what the allocator and the kernel add, then the sum.
//!
//! Resident memory is anonymous pages, file pages and shared pages. The anonymous ones are the heap and what is no heap
//! (stacks, written data); the heap is what is allocated plus the allocator's overhead; what is allocated is on accounts,
//! or it is unaccounted. So the lines add up to the resident set but for `unaccounted`, the `n` of the last line.

use std::fmt::Write;

use base::ByteCount;

use crate::report::{AccountReport, BudgetReport};
use crate::sample::Sample;

/// The report of `budget` at the time of `sample`. Its last line is `sum S = RSS R +- N …`.
pub(crate) fn explain(budget: &BudgetReport, sample: &Sample) -> String {
    let mut text = format!("memory: budget {}, resident {}", budget.limit, sample.resident());
    line(&mut text, format_args!(", at most {} so far", sample.process.resident_peak));
    accounts(&mut text, budget);
    let (heap, process) = (&sample.allocator, &sample.process);
    let signed = |a: ByteCount, b: ByteCount| a.0 as i64 - b.0 as i64;
    // Of the same moment as the table above, not of the sample's.
    let accounted: i64 = budget.all_accounts().iter().map(|(_, account)| account.used.0 as i64).sum();
    let parts = [
        (accounted, "accounts, together"),
        (signed(heap.active, heap.allocated), "allocator: rounding and free slots (active - allocated)"),
        (signed(heap.resident, heap.active), "allocator: pages kept and its own (resident - active)"),
        (signed(process.anonymous, heap.resident), "no heap: stacks, written data (anonymous - resident)"),
        (process.file.0 as i64, "code and other file pages"),
        (process.shared.0 as i64, "shared pages"),
    ];
    text.push('\n');
    for (bytes, name) in parts {
        line(&mut text, format_args!("{:>10}  {name}", mib(bytes)));
    }
    if sample.fixed > ByteCount::ZERO {
        let fixed = mib(sample.fixed.0 as i64);
        line(&mut text, format_args!("{fixed:>10}  (set aside for fixed costs at start; no part of the sum)"));
    }
    let (threads, tasks, files) = (process.threads, base::tasks::live(), process.open_files);
    line(&mut text, format_args!("{threads} threads, {tasks} tasks, {files} open files"));
    let sum: i64 = parts.iter().map(|(bytes, _)| bytes).sum();
    let resident = sample.resident().0 as i64;
    let (n, worst) = (mib((resident - sum).abs()), mib(sample.worst_unaccounted));
    let without = heap.allocated.0 as i64 - accounted;
    let unaccounted = format!("allocated without an account: {}, at most {worst} so far", mib(without));
    text.push_str(&format!("sum {} = RSS {} +- {n} ({unaccounted})", mib(sum), mib(resident)));
    text
}

fn accounts(text: &mut String, budget: &BudgetReport) {
    line(text, format_args!("{:>10} {:>10} {:>10} {:>6} {:>8}  account", "used", "peak", "floor", "open", "oldest"));
    for (share, account) in budget.all_accounts() {
        let AccountReport { name, floor, used, peak, open, oldest } = account;
        let share = share.map_or_else(String::new, |share| format!("  ({share})"));
        let oldest = oldest.map_or_else(|| "-".to_owned(), |age| format!("{:.0}s", age.as_secs_f64()));
        let [used, peak, floor] = [used, peak, floor].map(|bytes| mib(bytes.0 as i64));
        line(text, format_args!("{used:>10} {peak:>10} {floor:>10} {open:>6} {oldest:>8}  {name}{share}"));
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _infallible = writeln!(text, "{what}");
}

/// In MiB, all alike, so that columns can be added by eye.
fn mib(bytes: i64) -> String {
    let text = format!("{:.2}MiB", bytes as f64 / (1 << 20) as f64);
    if text == "-0.00MiB" { "0.00MiB".to_owned() } else { text }
}
