//! `millstream topics`: lists, creates, describes and deletes topics.

use std::collections::BTreeMap;

use base::Result;
use kafka_client::{Client, ClientConfig, NewTopic, OffsetSpec, TopicPartition};

use super::kafka;
use crate::cli::{Cluster, Topics, TopicsAction};
use crate::process;

pub(crate) fn run(args: &Topics) -> Result<()> {
    process::runtime()?.block_on(act(&args.action))
}

async fn act(action: &TopicsAction) -> Result<()> {
    match action {
        TopicsAction::List { cluster } => {
            for topic in client(cluster).await?.list_topics().await? {
                process::say(topic.name)?;
            }
        }
        TopicsAction::Create { name, partitions, cluster } => {
            let topic = NewTopic { name: name.clone(), partitions: Some(*partitions), ..NewTopic::default() };
            let id = client(cluster).await?.create_topic(&topic).await?;
            process::say(format!("created {name} with {partitions} partitions, id {id}"))?;
        }
        TopicsAction::Describe { name, cluster } => describe(&client(cluster).await?, name).await?,
        TopicsAction::Delete { name, cluster } => {
            client(cluster).await?.delete_topic(name).await?;
            process::say(format!("deleted {name}"))?;
        }
    }
    Ok(())
}

async fn client(cluster: &Cluster) -> Result<Client> {
    let config = kafka::configured(cluster, |pairs| ClientConfig::from_properties(pairs.iter().copied()))?;
    Ok(kafka::connect(cluster, config, kafka::MEMORY).await?.0)
}

async fn describe(client: &Client, name: &str) -> Result<()> {
    let topic = client.describe_topic(name).await?;
    process::say(format!("topic {name}, id {}, {} partitions", topic.id, topic.leaders.len()))?;
    let partitions = (0..topic.leaders.len() as i32).map(|index| TopicPartition::new(name, index));
    let ask = |spec| partitions.clone().map(|partition| (partition, spec)).collect::<BTreeMap<_, _>>();
    let isolation = kafka_client::Isolation::ReadUncommitted;
    let starts = client.offsets(&ask(OffsetSpec::Earliest), isolation).await?;
    let ends = client.offsets(&ask(OffsetSpec::Latest), isolation).await?;
    for (partition, leader) in partitions.clone().zip(&topic.leaders) {
        let offset = |offsets: &BTreeMap<_, Option<base::Offset>>| {
            offsets.get(&partition).copied().flatten().map_or("?".to_owned(), |offset| offset.to_string())
        };
        let (start, end) = (offset(&starts), offset(&ends));
        process::say(format!("  partition {} leader {leader} offsets {start}..{end}", partition.index))?;
    }
    for config in client.describe_configs(name).await?.into_iter().filter(|config| !config.is_default) {
        process::say(format!("  {} = {}", config.name, config.value.as_deref().unwrap_or("(secret)")))?;
    }
    Ok(())
}
