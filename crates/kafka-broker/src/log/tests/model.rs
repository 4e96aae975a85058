//! Random histories: whatever happens, what was acknowledged is there, whole, in order, at its offset.

use base::disk::faulty::Loss;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Append {
        records: i32,
        len: usize,
    },
    Flush,
    Crash(Loss),
    CloseAndOpen,
    /// Lets one of the next calls to the disk fail.
    Fail {
        after: u64,
    },
    /// Forgets this part, in percent, of what is visible.
    DeleteBefore {
        percent: i64,
    },
    ReadFrom {
        percent: i64,
    },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (1..5_i32, 61..600_usize).prop_map(|(records, len)| Op::Append { records, len }),
        4 => Just(Op::Flush),
        1 => any::<u64>().prop_map(|seed| Op::Crash(Loss::Torn { seed })),
        1 => Just(Op::Crash(Loss::Everything)),
        1 => Just(Op::Crash(Loss::Nothing)),
        1 => Just(Op::CloseAndOpen),
        1 => (0..12_u64).prop_map(|after| Op::Fail { after }),
        1 => (0..=100_i64).prop_map(|percent| Op::DeleteBefore { percent }),
        2 => (0..=100_i64).prop_map(|percent| Op::ReadFrom { percent }),
    ]
}

/// What the log must hold.
#[derive(Default)]
struct Model {
    /// Base offset, records, bytes behind the leader epoch; by offset.
    appended: Vec<(i64, i32, Vec<u8>)>,
    /// Everything below was acknowledged.
    acknowledged: i64,
    log_start: i64,
    /// A start that may or may not have been kept by a call that failed.
    log_start_max: i64,
}

impl Model {
    /// `log` shows everything acknowledged, and nothing that was never sent.
    fn check(&mut self, log: &PartitionLog) {
        let start = log.log_start();
        assert!((self.log_start..=self.log_start_max).contains(&start), "the log's start moved to {start}");
        (self.log_start, self.log_start_max) = (start, start);
        let visible = read_all(log, start.max(log.log_start()));
        let lost = |offset: &i64| !visible.iter().any(|(found, _)| found == offset);
        let expected = self.appended.iter().filter(|(base, records, _)| {
            base + i64::from(*records) > start && base + i64::from(*records) <= self.acknowledged
        });
        for (base, ..) in expected {
            assert!(!lost(base), "the acknowledged batch at {base} is lost");
        }
        for (base, bytes) in &visible {
            let sent = self.appended.iter().any(|(offset, _, sent)| offset == base && sent == bytes);
            assert!(sent, "the batch at {base} is not what was sent");
        }
        assert!(log.high_watermark() >= self.acknowledged, "the high watermark went back");
    }

    /// What a crash left visible is from now on as good as acknowledged; the rest is gone.
    fn settle(&mut self, log: &PartitionLog) {
        let visible = read_all(log, log.log_start());
        self.appended.retain(|(base, ..)| visible.iter().any(|(found, _)| found == base));
        self.acknowledged = log.high_watermark();
    }
}

fn run(ops: Vec<Op>) {
    let disk = new_disk();
    let mut model = Model::default();
    let mut log = open(&disk, false);
    for (step, op) in ops.into_iter().enumerate() {
        match op {
            Op::Append { records, len } => {
                let bytes = batch(records, len, step as i64, NOBODY);
                if let Ok(appended) = append(&log, &bytes) {
                    model.appended.push((appended.base_offset, records, bytes[16..].to_vec()));
                }
            }
            Op::Flush => log.flush(),
            Op::Crash(loss) => {
                disk.crash(loss);
                log = open(&disk, false);
                model.check(&log);
                model.settle(&log);
            }
            Op::CloseAndOpen => {
                disk.fail_nothing();
                let clean = log.close();
                log = open(&disk, clean);
                model.check(&log);
                model.settle(&log);
            }
            Op::Fail { after } => disk.fail_call_with(after, std::io::ErrorKind::StorageFull),
            Op::DeleteBefore { percent } => {
                let offset = log.high_watermark() * percent / 100;
                model.log_start_max = model.log_start_max.max(offset);
                if log.delete_before(offset).is_ok() {
                    model.log_start = model.log_start.max(offset);
                }
            }
            Op::ReadFrom { percent } => {
                disk.fail_nothing();
                let (start, end) = (log.log_start(), log.high_watermark());
                read_all(&log, start + (end - start) * percent / 100);
            }
        }
        model.acknowledged = model.acknowledged.max(log.high_watermark());
    }
    disk.crash(Loss::Torn { seed: 7 });
    model.check(&open(&disk, false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn acknowledged_records_survive_every_history(ops in proptest::collection::vec(op(), 1..60)) {
        run(ops);
    }
}
