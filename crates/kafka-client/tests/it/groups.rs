use std::collections::BTreeMap;

use base::Offset;

use crate::fake::{Fake, partition};

#[tokio::test]
async fn group_offsets_are_committed_and_read_back_though_the_coordinator_moves() {
    let fake = Fake::start(2).await;
    fake.topic("t", &[1, 1, 1]);
    let client = fake.client();
    let offsets = BTreeMap::from([(partition("t", 0), Offset(5)), (partition("t", 2), Offset(0))]);
    client.commit_offsets("g", &offsets).await.unwrap();
    fake.state.lock().coordinator = 2;
    let asked: Vec<_> = (0..3).map(|index| partition("t", index)).collect();
    assert_eq!(client.committed_offsets("g", &asked).await.unwrap(), offsets);
    assert_eq!(client.committed_offsets("other", &asked).await.unwrap(), BTreeMap::new());
    client.commit_offsets("g", &BTreeMap::from([(partition("t", 0), Offset(9))])).await.unwrap();
    assert_eq!(client.committed_offsets("g", &asked[..1]).await.unwrap()[&partition("t", 0)], Offset(9));
}
