//! The client against brokers that others wrote: a real Apache Kafka, and librdkafka's mock cluster, whose leaders move on
//! command. Each check panics with what differs; the last line is `ok`.

mod against_kafka;
mod against_mock;
mod support;

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::WARN).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["kafka", bootstrap] => against_kafka::run(bootstrap).await,
        ["mock"] => against_mock::run().await,
        _ => panic!("usage: kafka HOST:PORT | mock"),
    }
    println!("ok");
}
