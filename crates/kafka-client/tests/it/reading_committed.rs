use base::ByteCount;
use kafka_client::{Isolation, StartAt, TopicId};
use kafka_wire::codec::Codec;
use kafka_wire::protocol::messages::fetch::AbortedTransaction;

use crate::consuming::values;
use crate::fake::{Fake, Marks, marked_batch, partition};

/// One entry of a log: a transactional batch of two records, a marker, or a plain batch.
enum Entry {
    Data(i64),
    Abort(i64),
    Commit(i64),
    Plain,
}

/// The offsets that are read of such a log with each limit of bytes, and the offset at the end.
async fn check(log: &[Entry], aborted: &[(i64, i64)], expected: &[i64]) {
    let fake = Fake::start(1).await;
    fake.topic("t", &[1]);
    let mut offset = 0;
    for entry in log {
        let (records, marks) = match entry {
            Entry::Data(id) => (vec![(None, &b"x"[..]); 2], Marks { producer_id: Some(*id), control: false }),
            Entry::Plain => (vec![(None, &b"p"[..]); 2], Marks::default()),
            Entry::Abort(id) => {
                (vec![(Some(&[0, 0, 0, 0][..]), &[0; 6][..])], Marks { producer_id: Some(*id), control: true })
            }
            Entry::Commit(id) => {
                (vec![(Some(&[0, 0, 0, 1][..]), &[0; 6][..])], Marks { producer_id: Some(*id), control: true })
            }
        };
        let count = records.len() as i64;
        // A codec that would fail to decompress is no obstacle where nothing is decompressed.
        fake.state.append("t", 0, marked_batch(offset, records, Codec::None, marks));
        offset += count;
    }
    fake.state.lock().topics.get_mut("t").unwrap().partitions[0].aborted = (aborted.iter())
        .map(|(producer_id, first_offset)| AbortedTransaction {
            producer_id: *producer_id,
            first_offset: *first_offset,
        })
        .collect();
    let mut consumer = fake.consumer(|config| {
        config.isolation = Isolation::ReadCommitted;
        config.partition_fetch_max_bytes = ByteCount::kib(64);
    });
    consumer.assign(partition("t", 0), TopicId::NONE, StartAt::Earliest);
    let mut read = Vec::new();
    loop {
        let fetched = consumer.next().await.unwrap();
        read.extend(values(&fetched).into_iter().map(|(offset, _)| offset));
        if fetched.next_offset.0 == offset {
            break;
        }
    }
    assert_eq!(read, expected);
}

#[tokio::test]
async fn aborted_transactions_are_passed_over_from_their_headers() {
    use Entry::{Abort, Commit, Data, Plain};
    // Committed, then aborted, then committed by the same producer.
    check(&[Data(1), Commit(1), Data(1), Abort(1), Data(1), Commit(1)], &[(1, 3)], &[0, 1, 6, 7]).await;
    // Two producers interleaved, one of them aborts; plain records between them stay.
    check(&[Data(1), Data(2), Plain, Data(1), Abort(1), Data(2), Commit(2)], &[(1, 0)], &[2, 3, 4, 5, 9, 10]).await;
    // Both abort, one after the other, twice.
    let log = [Data(1), Data(2), Abort(1), Data(2), Abort(2), Data(1), Abort(1), Plain];
    check(&log, &[(1, 0), (2, 2), (1, 8)], &[11, 12]).await;
    // Markers at the end move the position though nothing is delivered.
    check(&[Plain, Data(3), Abort(3)], &[(3, 2)], &[0, 1]).await;
}
