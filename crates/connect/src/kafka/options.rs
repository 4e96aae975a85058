//! The options of a Kafka table, under Flink's names, read once when the table is planned.

use std::collections::BTreeMap;

use base::{Offset, PartitionIndex};
use flow::registry::{OptionError, OptionSpec, Options};

/// Everything `'connector'='kafka'` takes, besides the options of its formats.
pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec::required("connector", "The connector.").one_of(&["kafka"]),
    OptionSpec::required("topic", "The topic to read; several with ';' between them."),
    OptionSpec::required("properties.bootstrap.servers", "The brokers, HOST:PORT with ',' between them."),
    OptionSpec::optional(
        "properties.group.id",
        "The consumer group whose offsets are read at the start and committed after each commit of the sink.",
    ),
    OptionSpec::optional("properties.*", "A property of the Kafka client, under Kafka's own name."),
    OptionSpec::optional("format", "The format of the record's value.").one_of(FORMATS),
    OptionSpec::optional("value.format", "The same as 'format'.").one_of(FORMATS),
    OptionSpec::with_default(
        "scan.startup.mode",
        "group-offsets",
        "Where to begin what the sink has not yet committed.",
    )
    .one_of(STARTUP_MODES),
    OptionSpec::optional(
        "scan.startup.specific-offsets",
        "For 'specific-offsets': 'partition:0,offset:42;partition:1,offset:300'.",
    ),
    OptionSpec::optional("scan.startup.timestamp-millis", "For 'timestamp': milliseconds since 1970."),
    OptionSpec::with_default(
        "scan.bounded.mode",
        "unbounded",
        "Where to end; 'latest-offset' means the ends as they are at the start.",
    )
    .one_of(BOUNDED_MODES),
    OptionSpec::optional(
        "scan.bounded.specific-offsets",
        "For 'specific-offsets': 'partition:0,offset:42;partition:1,offset:300'.",
    ),
    OptionSpec::optional("scan.bounded.timestamp-millis", "For 'timestamp': milliseconds since 1970."),
];

/// Where a partition begins that the sink has not committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Startup {
    Earliest,
    Latest,
    GroupOffsets,
    Timestamp(i64),
    Specific(BTreeMap<PartitionIndex, Offset>),
}

/// Where the source ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bounded {
    No,
    Latest,
    GroupOffsets,
    Timestamp(i64),
    Specific(BTreeMap<PartitionIndex, Offset>),
}

/// A Kafka table's options, checked.
#[derive(Clone, Debug)]
pub(super) struct KafkaOptions {
    pub(super) topics: Vec<String>,
    pub(super) format: String,
    pub(super) startup: Startup,
    pub(super) bounded: Bounded,
    /// `properties.*`, without the prefix.
    pub(super) properties: BTreeMap<String, String>,
}

impl KafkaOptions {
    pub(super) fn read(options: &Options) -> Result<Self, OptionError> {
        let properties: BTreeMap<String, String> = options
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix("properties.")?.to_owned(), value.clone())))
            .collect();
        let startup = startup(options)?;
        let grouped = startup == Startup::GroupOffsets || text(options, "scan.bounded.mode") == Some("group-offsets");
        if grouped && !properties.contains_key("group.id") {
            return Err(OptionError::new("'group-offsets' needs the consumer group whose offsets count")
                .key("scan.startup.mode")
                .hint("add 'properties.group.id', or choose 'scan.startup.mode' = 'earliest-offset'"));
        }
        Ok(Self { topics: topics(options)?, format: format(options)?, startup, bounded: bounded(options)?, properties })
    }
}

fn text<'a>(options: &'a Options, key: &str) -> Option<&'a str> {
    options.get(key).map(String::as_str)
}

fn topics(options: &Options) -> Result<Vec<String>, OptionError> {
    let topics: Vec<String> = text(options, "topic")
        .unwrap_or_default()
        .split(';')
        .map(|topic| topic.trim().to_owned())
        .filter(|topic| !topic.is_empty())
        .collect();
    if topics.is_empty() {
        return Err(OptionError::new("a kafka table needs a topic").key("topic").hint("add 'topic' = 'NAME'"));
    }
    Ok(topics)
}

fn format(options: &Options) -> Result<String, OptionError> {
    match (text(options, "format"), text(options, "value.format")) {
        (Some(format), None) | (None, Some(format)) => Ok(format.to_owned()),
        (Some(_), Some(_)) => {
            Err(OptionError::new("'format' and 'value.format' are the same option; keep one").key("value.format"))
        }
        (None, None) => Err(OptionError::new("a kafka table needs a format")
            .key("format")
            .hint("add 'format' = 'json' or 'format' = 'debezium-json'")),
    }
}

fn startup(options: &Options) -> Result<Startup, OptionError> {
    const MODE: &str = "scan.startup.mode";
    match text(options, MODE).unwrap_or("group-offsets") {
        "earliest-offset" => Ok(Startup::Earliest),
        "latest-offset" => Ok(Startup::Latest),
        "group-offsets" => Ok(Startup::GroupOffsets),
        "timestamp" => Ok(Startup::Timestamp(millis(options, MODE, "scan.startup.timestamp-millis")?)),
        "specific-offsets" => Ok(Startup::Specific(offsets(options, MODE, "scan.startup.specific-offsets")?)),
        other => Err(unknown_mode(MODE, other, STARTUP_MODES)),
    }
}

fn bounded(options: &Options) -> Result<Bounded, OptionError> {
    const MODE: &str = "scan.bounded.mode";
    match text(options, MODE).unwrap_or("unbounded") {
        "unbounded" => Ok(Bounded::No),
        "latest-offset" => Ok(Bounded::Latest),
        "group-offsets" => Ok(Bounded::GroupOffsets),
        "timestamp" => Ok(Bounded::Timestamp(millis(options, MODE, "scan.bounded.timestamp-millis")?)),
        "specific-offsets" => Ok(Bounded::Specific(offsets(options, MODE, "scan.bounded.specific-offsets")?)),
        other => Err(unknown_mode(MODE, other, BOUNDED_MODES)),
    }
}

const FORMATS: &[&str] = &["json", "debezium-json"];
const STARTUP_MODES: &[&str] = &["earliest-offset", "latest-offset", "group-offsets", "timestamp", "specific-offsets"];
const BOUNDED_MODES: &[&str] = &["unbounded", "latest-offset", "group-offsets", "timestamp", "specific-offsets"];

fn unknown_mode(key: &str, mode: &str, known: &[&str]) -> OptionError {
    OptionError::new(format!("'{mode}' is no mode")).key(key).hint(format!("choose one of {}", known.join(", ")))
}

fn needed<'a>(options: &'a Options, mode: &str, key: &str) -> Result<&'a str, OptionError> {
    text(options, key)
        .ok_or_else(|| OptionError::new(format!("this mode needs '{key}'")).key(mode).hint(format!("add '{key}'")))
}

fn millis(options: &Options, mode: &str, key: &str) -> Result<i64, OptionError> {
    let value = needed(options, mode, key)?;
    value
        .trim()
        .parse()
        .ok()
        .filter(|millis| *millis >= 0)
        .ok_or_else(|| OptionError::new(format!("'{value}' is no timestamp in milliseconds since 1970")).key(key))
}

fn offsets(options: &Options, mode: &str, key: &str) -> Result<BTreeMap<PartitionIndex, Offset>, OptionError> {
    let value = needed(options, mode, key)?;
    let wrong = || {
        OptionError::new(format!("'{value}' does not name offsets"))
            .key(key)
            .hint("write them as 'partition:0,offset:42;partition:1,offset:300'")
    };
    let one = |pair: &str| {
        let (partition, offset) = pair.split_once(',')?;
        let partition: i32 = partition.trim().strip_prefix("partition:")?.trim().parse().ok()?;
        let offset: i64 = offset.trim().strip_prefix("offset:")?.trim().parse().ok()?;
        (partition >= 0 && offset >= 0).then_some((PartitionIndex(partition), Offset(offset)))
    };
    let pairs: Vec<&str> = value.split(';').filter(|pair| !pair.trim().is_empty()).collect();
    let read: Option<BTreeMap<_, _>> = pairs.iter().map(|pair| one(pair)).collect();
    read.filter(|read| !read.is_empty() && read.len() == pairs.len()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(more: &[(&str, &str)]) -> Options {
        let common = [("topic", "a; b"), ("format", "json"), ("properties.bootstrap.servers", "h:1")];
        common.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn options_are_read_as_flink_reads_them() {
        let read = KafkaOptions::read(&options(&[
            ("scan.startup.mode", "specific-offsets"),
            ("scan.startup.specific-offsets", "partition:0,offset:42;partition:1,offset:300"),
            ("scan.bounded.mode", "timestamp"),
            ("scan.bounded.timestamp-millis", "17"),
        ]))
        .unwrap();
        assert_eq!(read.topics, ["a", "b"]);
        let offsets = [(PartitionIndex(0), Offset(42)), (PartitionIndex(1), Offset(300))].into();
        assert_eq!(read.startup, Startup::Specific(offsets));
        assert_eq!(read.bounded, Bounded::Timestamp(17));
        assert_eq!(read.properties["bootstrap.servers"], "h:1");
    }

    #[test]
    fn wrong_options_are_named() {
        for (more, key) in [
            (&[][..], "scan.startup.mode"),
            (&[("scan.startup.mode", "newest")], "scan.startup.mode"),
            (&[("scan.startup.mode", "timestamp")], "scan.startup.mode"),
            (&[("scan.startup.mode", "earliest-offset"), ("scan.bounded.mode", "x")], "scan.bounded.mode"),
            (&[("scan.startup.mode", "latest-offset"), ("value.format", "json")], "value.format"),
            (
                &[("scan.startup.mode", "specific-offsets"), ("scan.startup.specific-offsets", "0:1")],
                "scan.startup.specific-offsets",
            ),
            (
                &[
                    ("scan.startup.mode", "specific-offsets"),
                    ("scan.startup.specific-offsets", "partition:0,offset:1;partition:0,offset:2"),
                ],
                "scan.startup.specific-offsets",
            ),
        ] {
            let error = KafkaOptions::read(&options(more)).unwrap_err();
            assert_eq!(error.key.as_deref(), Some(key), "{more:?}: {error}");
        }
    }
}
