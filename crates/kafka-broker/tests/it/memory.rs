//! The broker within its floors.

use super::*;

#[tokio::test]
async fn a_budget_below_the_floors_is_refused_with_the_arithmetic() {
    let data = tempfile::tempdir().unwrap();
    let budget = Budget::new(ByteCount::mib(1));
    let refused = Broker::start(config(data.path()), &budget, Arc::new(SystemClock::new()), Arc::new(RealDisk)).await;
    let report = refused.map(drop).unwrap_err().report();
    for account in ["broker/requests", "broker/fetch", "broker/tables"] {
        assert!(report.contains(account), "{report}");
    }
}

/// The floors of the default configuration, and nothing to borrow.
pub(super) fn floors() -> Budget {
    let config = BrokerConfig::new("unused");
    let overhead = ByteCount::kib(64) + ByteCount::kib(128) + ByteCount::kib(512);
    let connections = ByteCount::kib(32 * 24);
    let small = ByteCount::kib(8 + 8 * 24);
    Budget::new(config.message_max + config.message_max + overhead + connections + small)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_with_large_batches_get_on_without_a_shared_pool() {
    let data = tempfile::tempdir().unwrap();
    let budget = floors();
    let broker = start_with(config(data.path()), &budget, Arc::new(RealDisk)).await;
    let address = broker.local_addr();
    Client::connect(address).await.create("orders", 4, &[]).await;
    let mut clients = base::tasks::Tasks::new();
    for index in 0..8_i32 {
        clients.spawn(format!("client {index}"), async move {
            let mut client = Client::connect(address).await;
            // Not compressible, so that the batch is as large on the wire: near the largest that is taken.
            let value = "y".repeat(1_000_000);
            for _ in 0..5 {
                let produced = client.produce("orders", index % 4, batch(&[&value])).await;
                assert_eq!(produced.error_code, ErrorCode::NONE);
            }
            let mut offset = 0;
            while offset < 5 {
                let fetched = client.fetch("orders", index % 4, offset).await;
                assert_eq!(fetched.error_code, ErrorCode::NONE);
                for batch in Batches::new(&fetched.records.unwrap()) {
                    let header = batch.unwrap().header;
                    assert_eq!(header.base_offset.0, offset);
                    offset = header.next_offset().0;
                }
            }
            Ok(())
        });
    }
    while let Some((name, result)) = clients.next_ended().await {
        result.unwrap_or_else(|error| panic!("{name}: {}", error.report()));
    }
    for account in budget.report().accounts {
        assert!(account.peak <= account.floor, "{} held {} of {}", account.name, account.peak, account.floor);
    }
    broker.shutdown().await.unwrap();
    let held: Vec<(String, ByteCount)> =
        budget.report().accounts.into_iter().map(|account| (account.name, account.used)).collect();
    assert!(held.iter().all(|(_, used)| *used == ByteCount::ZERO), "after the end something is held: {held:?}");
}

#[tokio::test]
async fn a_request_that_could_never_fit_ends_its_connection() {
    let data = tempfile::tempdir().unwrap();
    let broker = start_with(config(data.path()), &floors(), Arc::new(RealDisk)).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 1, &[]).await;
    let value = "z".repeat(1_500_000);
    client.send(&produce_request("orders", 0, batch(&[&value]), -1), 9).await;
    assert!(client.receive_frame().await.is_none());
    let mut other = Client::connect(broker.local_addr()).await;
    assert_eq!(other.produce("orders", 0, batch(&["small"])).await.error_code, ErrorCode::NONE);
}

#[tokio::test]
async fn partitions_beyond_the_tables_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let broker = start_with(config(data.path()), &floors(), Arc::new(RealDisk)).await;
    let mut client = Client::connect(broker.local_addr()).await;
    assert_eq!(client.create("many", 200, &[]).await, ErrorCode::KAFKA_STORAGE_ERROR);
    assert_eq!(client.create("few", 3, &[]).await, ErrorCode::NONE);
    assert_eq!(client.produce("few", 0, batch(&["still served"])).await.error_code, ErrorCode::NONE);
}

#[tokio::test]
async fn a_crowd_of_connections_takes_no_place_of_a_client_that_asks() {
    let data = tempfile::tempdir().unwrap();
    let budget = floors();
    let broker = start_with(config(data.path()), &budget, Arc::new(RealDisk)).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 1, &[]).await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(Client::connect(broker.local_addr()).await);
        assert_eq!(client.produce("orders", 0, batch(&["still served"])).await.error_code, ErrorCode::NONE);
    }
    // The first of the crowd had to leave for the last.
    assert!(crowd[0].receive_frame().await.is_none());
    let mut other = Client::connect(broker.local_addr()).await;
    assert_eq!(other.read_all("orders", 0, 0).await.len(), 100);
    let connections = budget.report().accounts.into_iter().find(|account| account.name == "broker/connections");
    let connections = connections.unwrap();
    assert!(connections.peak <= connections.floor, "{connections:?}");
}

#[tokio::test]
async fn lengths_that_are_announced_and_never_come_keep_nothing_from_others() {
    let data = tempfile::tempdir().unwrap();
    let broker = start_with(config(data.path()), &floors(), Arc::new(RealDisk)).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 1, &[]).await;
    let mut announcers = Vec::new();
    for length in [900_000_i32, 1_000_000, 1_100_000].into_iter().cycle().take(20) {
        let mut announcer = Client::connect(broker.local_addr()).await;
        announcer.socket.write_all(&length.to_be_bytes()).await.unwrap();
        announcer.socket.write_all(&[0, 0, 0, 7, 0, 0, 0, 1, 0, 0]).await.unwrap();
        announcers.push(announcer);
    }
    let value = "y".repeat(1_000_000);
    assert_eq!(client.produce("orders", 0, batch(&[&value])).await.error_code, ErrorCode::NONE);
    assert_eq!(client.read_all("orders", 0, 0).await, [value]);
}

#[tokio::test]
async fn a_client_that_takes_nothing_gives_way_to_one_that_does() {
    let data = tempfile::tempdir().unwrap();
    let broker = start_with(config(data.path()), &floors(), Arc::new(RealDisk)).await;
    let mut client = Client::connect(broker.local_addr()).await;
    client.create("orders", 1, &[]).await;
    let value = "y".repeat(1_000_000);
    assert_eq!(client.produce("orders", 0, batch(&[&value])).await.error_code, ErrorCode::NONE);
    // More than the buffers of both sockets take; it never reads.
    let mut never_reads = Client::connect(broker.local_addr()).await;
    for _ in 0..32 {
        never_reads.send(&fetch_request("orders", 0, 0), 11).await;
    }
    for _ in 0..4 {
        assert_eq!(client.read_all("orders", 0, 0).await, [value.as_str()]);
    }
}
