//! Topics and their settings: made, deleted, listed, described.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Error, Result};
use kafka_wire::protocol::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use kafka_wire::protocol::messages::create_topics::{self, CreateTopicsRequest, TopicConfig};
use kafka_wire::protocol::messages::delete_topics::{DeleteTopic, DeleteTopicsRequest};
use kafka_wire::protocol::messages::describe_configs::{ConfigResource, DescribeConfigsRequest, RESOURCE_TOPIC};
use kafka_wire::protocol::messages::metadata::MetadataRequest;
use kafka_wire::protocol::{ErrorCode, Request, TopicId};

use crate::client::Client;
use crate::retry::Patience;

/// A topic to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTopic {
    pub name: String,
    /// `None` for the broker's default.
    pub partitions: Option<i32>,
    /// `None` for the broker's default.
    pub replication_factor: Option<i16>,
    /// Kafka's own names of settings: `cleanup.policy`, `retention.ms`, …
    pub configs: BTreeMap<String, String>,
}

/// A topic as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    pub name: Arc<str>,
    pub id: TopicId,
    /// The brokers that lead its partitions, in the order of the partitions; -1 where nobody does.
    pub leaders: Vec<i32>,
}

/// One setting of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigValue {
    pub name: String,
    /// `None` for a secret.
    pub value: Option<String>,
    /// Nobody set it.
    pub is_default: bool,
}

impl Client {
    /// Makes a topic and returns its id (all zero from brokers older than 2.8).
    ///
    /// # Errors
    /// A user's error if it exists already or a value is refused; transient if no broker answers.
    ///
    /// # Cancel safety
    /// The topic may or may not be made when the future is dropped; so with all changes here.
    pub async fn create_topic(&self, topic: &NewTopic) -> Result<TopicId> {
        let wanted = create_topics::NewTopic {
            name: topic.name.clone(),
            num_partitions: topic.partitions.unwrap_or(-1),
            replication_factor: topic.replication_factor.unwrap_or(-1),
            assignments: Vec::new(),
            configs: (topic.configs.iter())
                .map(|(name, value)| TopicConfig { name: name.clone(), value: Some(value.clone()) })
                .collect(),
        };
        let request = CreateTopicsRequest { topics: vec![wanted], timeout_ms: self.timeout_ms(), validate_only: false };
        let response = self
            .change(
                &request,
                |response| {
                    let topic = response.topics.first()?;
                    Some((topic.error_code, topic.error_message.clone()))
                },
                |code, message| topic_error("make", &topic.name, code, message),
            )
            .await?;
        Ok(response.topics.first().map_or(TopicId::NONE, |topic| topic.topic_id))
    }

    /// Deletes a topic with all its records.
    ///
    /// # Errors
    /// A user's error if it does not exist.
    pub async fn delete_topic(&self, name: &str) -> Result<()> {
        let topic = DeleteTopic { name: Some(name.to_owned()), topic_id: TopicId::NONE };
        let request = DeleteTopicsRequest { topics: vec![topic], timeout_ms: self.timeout_ms() };
        self.change(
            &request,
            |response| {
                let topic = response.topics.first()?;
                Some((topic.error_code, topic.error_message.clone()))
            },
            |code, message| topic_error("delete", name, code, message),
        )
        .await?;
        Ok(())
    }

    /// Gives a topic more partitions: `count` in all. Keys may then belong to other partitions than before.
    ///
    /// # Errors
    /// A user's error if the topic does not exist or has as many already.
    pub async fn create_partitions(&self, name: &str, count: i32) -> Result<()> {
        let topic = CreatePartitionsTopic { name: name.to_owned(), count, assignments: None };
        let request =
            CreatePartitionsRequest { topics: vec![topic], timeout_ms: self.timeout_ms(), validate_only: false };
        self.change(
            &request,
            |response| {
                let topic = response.results.first()?;
                Some((topic.error_code, topic.error_message.clone()))
            },
            |code, message| topic_error("add partitions to", name, code, message),
        )
        .await?;
        Ok(())
    }

    /// All topics of the cluster, by name; Kafka's own (`__consumer_offsets`, …) left out.
    pub async fn list_topics(&self) -> Result<Vec<TopicDescription>> {
        let request = MetadataRequest { topics: None, allow_auto_topic_creation: false, ..MetadataRequest::default() };
        let mut patience = Patience::new(self.config());
        let response = loop {
            match self.ask_any(&request).await {
                Ok(response) => break response.body,
                Err(error) => patience.wait(error.into()).await?,
            }
        };
        let mut topics: Vec<TopicDescription> = (response.topics.into_iter())
            .filter(|topic| !topic.is_internal)
            .filter_map(|mut topic| {
                topic.partitions.sort_unstable_by_key(|partition| partition.partition_index);
                let leaders = topic.partitions.iter().map(|partition| partition.leader_id).collect();
                Some(TopicDescription { name: topic.name?.into(), id: topic.topic_id, leaders })
            })
            .collect();
        topics.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// One topic.
    ///
    /// # Errors
    /// A user's error if it does not exist.
    pub async fn describe_topic(&self, name: &str) -> Result<TopicDescription> {
        let name: Arc<str> = name.into();
        let topic = self.topic_metadata(&name).await?;
        Ok(TopicDescription {
            name,
            id: topic.id,
            leaders: topic.partitions.values().map(|leader| leader.node).collect(),
        })
    }

    /// The settings of a topic, by name.
    ///
    /// # Errors
    /// A user's error if it does not exist.
    pub async fn describe_configs(&self, name: &str) -> Result<Vec<ConfigValue>> {
        let resource =
            ConfigResource { resource_type: RESOURCE_TOPIC, resource_name: name.to_owned(), configuration_keys: None };
        let request = DescribeConfigsRequest { resources: vec![resource], ..DescribeConfigsRequest::default() };
        let response = self
            .change(
                &request,
                |response| {
                    let topic = response.results.first()?;
                    Some((topic.error_code, topic.error_message.clone()))
                },
                |code, message| topic_error("describe", name, code, message),
            )
            .await?;
        let configs = response.results.into_iter().flat_map(|topic| topic.configs);
        let mut values: Vec<ConfigValue> = configs
            .map(|config| ConfigValue {
                is_default: config.config_source != kafka_wire::protocol::messages::describe_configs::SOURCE_TOPIC,
                name: config.name,
                value: config.value.filter(|_| !config.is_sensitive),
            })
            .collect();
        values.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(values)
    }

    fn timeout_ms(&self) -> i32 {
        i32::try_from(self.config().request_timeout_ms).unwrap_or(i32::MAX)
    }

    /// Asks the controller, as long as the answer may become another.
    async fn change<R: Request>(
        &self,
        request: &R,
        outcome: impl Fn(&R::Response) -> Option<(ErrorCode, Option<String>)>,
        explain: impl Fn(ErrorCode, Option<String>) -> Error,
    ) -> Result<R::Response> {
        let mut patience = Patience::new(self.config());
        loop {
            let error = match self.ask_controller(request).await {
                Ok(response) => match outcome(&response) {
                    Some((ErrorCode::NONE, _)) => return Ok(response),
                    Some((code, message)) => explain(code, message),
                    None => Error::external(format!("the answer to {} is empty", R::KEY.name())),
                },
                Err(error) => error,
            };
            patience.wait(error).await?;
        }
    }

    async fn ask_controller<R: Request>(&self, request: &R) -> Result<R::Response> {
        let metadata = self.refresh(&[]).await?;
        match metadata.brokers.get(&metadata.controller) {
            Some(address) => Ok(self.ask_at(address, request).await?.body),
            None => Ok(self.ask_any(request).await?.body),
        }
    }
}

/// The broker asked is not the one that changes topics.
const NOT_CONTROLLER: ErrorCode = ErrorCode(41);

fn topic_error(verb: &str, name: &str, code: ErrorCode, message: Option<String>) -> Error {
    let text = format!("cannot {verb} the topic '{name}': {code}");
    let error = match code {
        ErrorCode::TOPIC_ALREADY_EXISTS => Error::user(format!("the topic '{name}' exists already"))
            .hint(format!("look at it: millstream topics describe {name}")),
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => {
            Error::user(format!("the topic '{name}' does not exist")).hint("list the topics: millstream topics list")
        }
        ErrorCode::INVALID_TOPIC_EXCEPTION => {
            Error::user(text).hint("a topic's name has letters, digits, '.', '_' and '-', at most 249")
        }
        NOT_CONTROLLER => Error::transient(text),
        code if code.is_retriable() => Error::transient(text),
        _ => Error::user(text),
    };
    match message {
        Some(message) if !message.is_empty() => error.detail(message),
        _ => error,
    }
}
