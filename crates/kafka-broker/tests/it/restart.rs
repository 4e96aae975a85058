//! Ends, clean and not, and what is there afterwards.

use base::disk::faulty::{FaultyDisk, Loss};

use super::*;

async fn start_on(disk: &FaultyDisk) -> RunningBroker {
    start_with(config(Path::new("data")), &Budget::new(ByteCount::mib(8)), Arc::new(disk.clone())).await
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_every_kind_of_end() {
    let disk = FaultyDisk::new();
    let mut expected: Vec<String> = Vec::new();
    let mut identity: Option<String> = None;
    for (round, loss) in
        [None, Some(Loss::Nothing), Some(Loss::Everything), Some(Loss::Torn { seed: 3 }), None].into_iter().enumerate()
    {
        let broker = start_on(&disk).await;
        assert_eq!(identity.get_or_insert(broker.cluster_id().to_owned()), broker.cluster_id());
        let mut client = Client::connect(broker.local_addr()).await;
        client.create("orders", 1, &[("segment.bytes", "1048576")]).await;
        assert_eq!(client.read_all("orders", 0, 0).await, expected, "round {round}");
        for index in 0..20 {
            let value = format!("{round}/{index}");
            let produced = client.produce("orders", 0, batch(&[&value])).await;
            assert_eq!((produced.error_code, produced.base_offset), (ErrorCode::NONE, expected.len() as i64));
            expected.push(value);
        }
        match loss {
            None => broker.shutdown().await.unwrap(),
            Some(loss) => {
                broker.kill().await;
                disk.crash(loss);
            }
        }
    }
    let broker = start_on(&disk).await;
    assert_eq!(Client::connect(broker.local_addr()).await.read_all("orders", 0, 0).await, expected);
}

#[tokio::test]
async fn a_failed_sync_is_told_to_the_producer_and_the_log_goes_on_after_a_restart() {
    let disk = FaultyDisk::new();
    let broker = start_on(&disk).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 2, &[]).await;
    client.produce("orders", 0, batch(&["kept"])).await;
    // The calls of an append are two writes; the one after them is the sync.
    disk.fail_call(2);
    assert_eq!(client.produce("orders", 0, batch(&["lost"])).await.error_code, ErrorCode::KAFKA_STORAGE_ERROR);
    assert_eq!(client.produce("orders", 0, batch(&["later"])).await.error_code, ErrorCode::KAFKA_STORAGE_ERROR);
    assert_eq!(client.produce("orders", 1, batch(&["other log"])).await.error_code, ErrorCode::NONE);
    assert_eq!(client.read_all("orders", 0, 0).await, ["kept"]);
    assert!(broker.shutdown().await.is_err(), "such an end is not clean");
    disk.crash(Loss::Everything);
    let broker = start_on(&disk).await;
    let mut client = Client::connect(broker.local_addr()).await;
    assert_eq!(client.read_all("orders", 0, 0).await, ["kept"]);
    assert_eq!(client.produce("orders", 0, batch(&["again"])).await.error_code, ErrorCode::NONE);
    assert_eq!(client.read_all("orders", 1, 0).await, ["other log"]);
}

#[tokio::test]
async fn making_and_deleting_topics_survives_a_crash_at_every_call() {
    let run = |disk: FaultyDisk, fail_at: Option<u64>| async move {
        let broker = start_on(&disk).await;
        let mut client = Client::connect(broker.local_addr()).await;
        client.create("kept", 1, &[]).await;
        client.produce("kept", 0, batch(&["kept"])).await;
        let before = disk.calls();
        if let Some(n) = fail_at {
            disk.fail_call(n);
        }
        let made = client.create("orders", 2, &[]).await;
        let gone = kafka_wire::protocol::messages::delete_topics::DeleteTopic {
            name: Some("kept".to_owned()),
            ..Default::default()
        };
        let request =
            kafka_wire::protocol::messages::delete_topics::DeleteTopicsRequest { topics: vec![gone], timeout_ms: 1000 };
        let deleted = client.call(&request, 6).await.topics[0].error_code;
        broker.kill().await;
        (disk.calls() - before, made.is_ok(), deleted.is_ok())
    };
    let (calls, made, deleted) = run(FaultyDisk::new(), None).await;
    assert!(made && deleted);
    for n in 0..calls {
        let disk = FaultyDisk::new();
        let (_, made, deleted) = run(disk.clone(), Some(n)).await;
        disk.crash(Loss::Everything);
        let broker = start_on(&disk).await;
        let mut client = Client::connect(broker.local_addr()).await;
        let code = client.fetch("orders", 1, 0).await.error_code;
        assert!(!made || code.is_ok(), "call {n}: a topic that was made is gone");
        let code = client.fetch("kept", 0, 0).await.error_code;
        assert!(deleted != code.is_ok(), "call {n}: deleted {deleted}, then {code}");
        // Whatever is left of either name, it can be made now.
        for name in ["orders", "kept"] {
            let again = client.create(name, 2, &[]).await;
            assert!([ErrorCode::NONE, ErrorCode::TOPIC_ALREADY_EXISTS].contains(&again), "call {n}: {name}: {again}");
        }
    }
}

#[tokio::test]
async fn one_folder_has_one_broker() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let budget = Budget::new(ByteCount::mib(8));
    let second = Broker::start(config(data.path()), &budget, Arc::new(SystemClock::new()), Arc::new(RealDisk)).await;
    let error = second.map(drop).unwrap_err();
    assert!(error.message().contains("another broker uses"), "{error}");
    broker.shutdown().await.unwrap();
    start(data.path()).await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let data = tempfile::tempdir().unwrap();
    let broker = start(data.path()).await;
    let mut config = config(&data.path().join("other"));
    config.listen = broker.bootstrap();
    let budget = Budget::new(ByteCount::mib(8));
    let second = Broker::start(config, &budget, Arc::new(SystemClock::new()), Arc::new(RealDisk)).await;
    let error = second.map(drop).unwrap_err();
    assert!(error.message().contains(&broker.bootstrap()), "{error}");
}
