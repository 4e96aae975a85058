//! Where each partition is begun, and where it ends with `--bounded`.
//!
//! An offset that a partition's log does not have is an error: to begin elsewhere without a word would show other records
//! than those asked for. `auto.offset.reset`, where it is given, says where else to begin.

use std::collections::BTreeMap;

use base::{Error, Offset, Result};
use kafka_client::{Client, Isolation, OffsetReset, OffsetSpec, StartAt, TopicInfo, TopicPartition};

/// `--from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Earliest,
    Latest,
    Offset(Offset),
}

impl From {
    /// # Errors
    /// It is neither a word of these nor a number.
    pub(super) fn parse(text: &str) -> Result<Self> {
        match text {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            number => {
                number.parse().ok().filter(|offset| *offset >= 0).map(|offset| Self::Offset(Offset(offset))).ok_or_else(
                    || Error::user(format!("--from: '{number}' is neither earliest nor latest nor an offset")),
                )
            }
        }
    }
}

/// The partitions that are read.
pub(super) struct Reading {
    starts: BTreeMap<TopicPartition, StartAt>,
    /// Of those that are not read to their ends yet; `None` to follow them.
    ends: Option<BTreeMap<TopicPartition, Offset>>,
}

/// What the log of a partition holds: offsets from the first on, before the second.
type Range = (Offset, Offset);

impl Reading {
    /// All partitions of the topic from their beginning, or those with these numbers.
    ///
    /// # Errors
    /// The topic has no such partition.
    pub(super) fn new(topic: &TopicInfo, numbers: &[i32]) -> Result<Self> {
        if let Some(number) = numbers.iter().find(|number| !(0..topic.partitions).contains(number)) {
            let count = topic.partitions;
            return Err(Error::user(format!("--partition: the partition {}-{number} does not exist", topic.name))
                .hint(format!("the topic has {count} partitions, numbered from 0")));
        }
        let all: Vec<i32> = (0..topic.partitions).collect();
        let numbers = if numbers.is_empty() { &all } else { numbers };
        let name = |number: &i32| TopicPartition::new(topic.name.clone(), *number);
        let starts = numbers.iter().map(|number| (name(number), StartAt::Earliest)).collect();
        Ok(Self { starts, ends: None })
    }

    /// Begins them `from` there; `reset` is for those that do not have the offset.
    ///
    /// # Errors
    /// A partition does not have it and there is no reset.
    pub(super) async fn begin(&mut self, client: &Client, from: From, reset: Option<OffsetReset>) -> Result<()> {
        let offset = match from {
            From::Earliest => return Ok(()),
            From::Latest => {
                self.starts.values_mut().for_each(|start| *start = StartAt::Latest);
                return Ok(());
            }
            From::Offset(offset) => offset,
        };
        let ranges = self.ranges(client, Isolation::ReadUncommitted).await?;
        let lacking = |(_, (first, end)): &(&TopicPartition, &Range)| offset < *first || offset > *end;
        let lacking: Vec<(&TopicPartition, &Range)> = ranges.iter().filter(lacking).collect();
        let elsewhere = match reset {
            Some(OffsetReset::Earliest) => Some((StartAt::Earliest, "its first record")),
            Some(OffsetReset::Latest) => Some((StartAt::Latest, "its end")),
            _ => None,
        };
        if let (None, false) = (elsewhere, lacking.is_empty()) {
            return Err(out_of_range(offset, &lacking));
        }
        self.starts.values_mut().for_each(|start| *start = StartAt::Offset(offset));
        for (partition, range) in lacking {
            let Some((start, place)) = elsewhere else { continue };
            tracing::warn!("{partition} has no offset {offset} ({}): beginning at {place}", shown(range));
            self.starts.insert(partition.clone(), start);
        }
        Ok(())
    }

    /// Ends them where they end now; those that hold nothing to print are not read at all.
    pub(super) async fn end(&mut self, client: &Client, isolation: Isolation) -> Result<()> {
        let ranges = self.ranges(client, isolation).await?;
        let begins = |start: &StartAt, (first, end): Range| match *start {
            StartAt::Offset(offset) => offset,
            StartAt::Latest => end,
            _ => first,
        };
        self.starts
            .retain(|partition, start| ranges.get(partition).is_some_and(|range| begins(start, *range) < range.1));
        self.ends = Some(self.starts.keys().filter_map(|name| Some((name.clone(), ranges.get(name)?.1))).collect());
        Ok(())
    }

    async fn ranges(&self, client: &Client, isolation: Isolation) -> Result<BTreeMap<TopicPartition, Range>> {
        let ask = |spec| self.starts.keys().map(|partition| (partition.clone(), spec)).collect();
        let starts = client.offsets(&ask(OffsetSpec::Earliest), isolation).await?;
        let ends = client.offsets(&ask(OffsetSpec::Latest), isolation).await?;
        let range = |(partition, end): (TopicPartition, Option<Offset>)| {
            let first = starts.get(&partition).copied().flatten();
            Some((partition, (first.or(end)?, end?)))
        };
        Ok(ends.into_iter().filter_map(range).collect())
    }

    pub(super) fn starts(&self) -> impl Iterator<Item = (&TopicPartition, StartAt)> {
        self.starts.iter().map(|(partition, start)| (partition, *start))
    }

    /// A partition stands there now.
    pub(super) fn reached(&mut self, partition: &TopicPartition, offset: Offset) {
        if let Some(ends) = &mut self.ends
            && ends.get(partition).is_some_and(|end| offset >= *end)
        {
            ends.remove(partition);
        }
    }

    /// Whether all are read to their ends.
    pub(super) fn is_done(&self) -> bool {
        self.ends.as_ref().is_some_and(BTreeMap::is_empty)
    }
}

fn out_of_range(offset: Offset, lacking: &[(&TopicPartition, &Range)]) -> Error {
    let names: Vec<String> = lacking.iter().map(|(partition, _)| partition.to_string()).collect();
    let (name, verb) = (names.join(", "), if names.len() == 1 { "has" } else { "have" });
    let ranges: Vec<String> =
        lacking.iter().map(|(partition, range)| format!("{partition}: {}", shown(range))).collect();
    Error::user(format!("--from: {name} {verb} no offset {offset}")).detail(ranges.join("\n")).hint(
        "name an offset that is there, or --from earliest or latest; --partition N reads one partition alone, \
         --property auto.offset.reset=earliest begins such partitions at their first record",
    )
}

fn shown((first, end): &Range) -> String {
    if first < end {
        format!("its log has the offsets {first} to {}", end.0 - 1)
    } else {
        format!("its log is empty, the next offset is {end}")
    }
}
