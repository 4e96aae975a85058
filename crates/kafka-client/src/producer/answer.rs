//! What the response to a Produce request means for its batches.

use std::time::Duration;

use base::Offset;
use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::produce::{ProducePartitionResponse, ProduceResponse};
use tokio::time::Instant;

use super::collect::Sent;
use super::delivery::Failure;
use super::queue::{Batch, Queue};
use super::state::Shared;
use crate::connection::RequestError;
use crate::retry::retry_pauses;

/// What becomes of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// In the log; the base offset where the broker says it.
    Written(Option<Offset>),
    /// Again, to the same broker.
    Again,
    /// Again, once the leader is found.
    Elsewhere,
    /// The broker does not have it and cannot take it under its number: again, in a new epoch.
    Renamed,
    Refused,
}

/// The producer's epoch was taken over (KIP-588).
const PRODUCER_FENCED: ErrorCode = ErrorCode(90);

/// Judges an answer; `first` says whether the batch is the first of its partition that was sent and not acknowledged.
fn judge(answer: &ProducePartitionResponse, first: bool) -> Fate {
    match answer.error_code {
        ErrorCode::NONE => Fate::Written((answer.base_offset >= 0).then_some(Offset(answer.base_offset))),
        // The broker has it already, but no longer knows where.
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER => Fate::Written(None),
        // One before it failed and will go first.
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER if !first => Fate::Again,
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER
        | ErrorCode::UNKNOWN_PRODUCER_ID
        | ErrorCode::INVALID_PRODUCER_EPOCH
        | PRODUCER_FENCED => Fate::Renamed,
        ErrorCode::NOT_LEADER_OR_FOLLOWER
        | ErrorCode::LEADER_NOT_AVAILABLE
        | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        | ErrorCode::FENCED_LEADER_EPOCH
        | ErrorCode::UNKNOWN_LEADER_EPOCH
        | ErrorCode::KAFKA_STORAGE_ERROR => Fate::Elsewhere,
        code if code.is_retriable() => Fate::Again,
        _ => Fate::Refused,
    }
}

impl Shared {
    /// Settles the batches of a request that was answered.
    pub(super) fn answered(&self, sent: &[Sent], response: &ProduceResponse) {
        for sent in sent {
            let topic = response.topics.iter().find(|topic| *topic.name == *sent.partition.topic);
            let answer =
                topic.and_then(|topic| topic.partitions.iter().find(|answer| answer.index == sent.partition.index.0));
            match answer {
                Some(answer) => self.settle(sent, answer),
                None => self.send_again(sent, "the response leaves its partition out"),
            }
        }
        self.work.notify_waiters();
        self.upkeep.notify_waiters();
    }

    /// Settles the batches of a request that was not answered: they may or may not be in the log.
    pub(super) fn unanswered(&self, sent: &[Sent], error: &RequestError) {
        if error.is_retriable() {
            tracing::warn!(%error, "producing failed; trying again");
        }
        for sent in sent {
            if error.is_retriable() {
                self.send_again(sent, &error.to_string());
            } else {
                self.refuse(sent, error.to_string(), "see what the broker says in its log");
            }
        }
        self.state().stale = true;
        self.work.notify_waiters();
        self.upkeep.notify_waiters();
    }

    fn settle(&self, sent: &Sent, answer: &ProducePartitionResponse) {
        let mut state = self.state();
        let Some(queue) = state.queues.get_mut(&sent.partition) else { return };
        let first = queue.first_numbered().is_some_and(|batch| batch.id == sent.batch);
        let fate = judge(answer, first);
        tracing::trace!(partition = %sent.partition, ?fate, "a batch was answered");
        match fate {
            Fate::Written(offset) => {
                let written = queue.remove(sent.batch);
                drop(state);
                if let Some(written) = written {
                    written.promise.complete(Ok(offset));
                }
            }
            Fate::Again | Fate::Elsewhere | Fate::Renamed => {
                if fate == Fate::Elsewhere {
                    queue.leader = None;
                }
                if fate == Fate::Renamed {
                    queue.unnumber(sent.batch);
                }
                drop(state);
                self.send_again(sent, &answer.error_code.to_string());
            }
            Fate::Refused => {
                drop(state);
                let said = answer.error_message.as_deref().unwrap_or_default();
                let message =
                    format!("the broker refuses a batch for {}: {} {said}", sent.partition, answer.error_code);
                self.refuse(sent, message.trim_end().to_owned(), hint_for(answer.error_code));
            }
        }
    }

    fn send_again(&self, sent: &Sent, why: &str) {
        let mut state = self.state();
        let Some(queue) = state.queues.get_mut(&sent.partition) else { return };
        if let Some(batch) = queue.closed.iter_mut().find(|batch| batch.id == sent.batch) {
            batch.in_flight = false;
            batch.trouble = Some(why.to_owned());
            batch.not_before = Some(Instant::now() + pause(&self.config.client, batch.attempts));
        }
    }

    fn refuse(&self, sent: &Sent, message: String, hint: &'static str) {
        let mut state = self.state();
        let Some(queue) = state.queues.get_mut(&sent.partition) else { return };
        let refused = queue.remove(sent.batch);
        queue.break_sequence();
        drop(state);
        if let Some(refused) = refused {
            refused.promise.complete(Err(Failure { message, hint, transient: false }));
        }
    }

    /// Gives up what waits for longer than `delivery.timeout.ms`; returns when the next would be.
    pub(super) fn expire(&self) -> Option<Instant> {
        let timeout = Duration::from_millis(self.config.delivery_timeout_ms);
        let now = Instant::now();
        let mut state = self.state();
        let mut next: Option<Instant> = None;
        let mut expired = Vec::new();
        for (name, queue) in &mut state.queues {
            while let Some(batch) = queue.closed.pop_front_if(|batch| !batch.in_flight && batch.since + timeout <= now)
            {
                if batch.sequence.is_some() {
                    queue.break_sequence();
                }
                expired.push((name.clone(), batch));
            }
            if queue.leader.is_none() {
                queue.full.extend(queue.open.take_if(|open| open.since + timeout <= now));
                while let Some(open) = queue.full.pop_front_if(|open| open.since + timeout <= now) {
                    open.promise.complete(Err(Failure {
                        message: format!("a batch for {name} was given up: it has no leader"),
                        hint: "wait until a replica of the partition is up again",
                        transient: true,
                    }));
                }
            }
            let oldest = queue.closed.front().map(|batch| batch.since);
            let oldest = oldest.or(queue.full.front().map(|open| open.since)).or(queue.open.as_ref().map(|o| o.since));
            next = next.into_iter().chain(oldest.map(|since| since + timeout)).min();
        }
        drop(state);
        if !expired.is_empty() {
            // Those behind them may go.
            self.work.notify_waiters();
        }
        for (name, batch) in expired {
            let why = batch.trouble.as_deref().unwrap_or("it was not sent");
            batch.promise.complete(Err(Failure {
                message: format!("a batch for {name} was not acknowledged within 'delivery.timeout.ms': {why}"),
                hint: "look into the broker's log, or raise it with --property delivery.timeout.ms=…",
                transient: true,
            }));
        }
        next
    }
}

impl Queue {
    fn remove(&mut self, id: u64) -> Option<Batch> {
        let index = self.closed.iter().position(|batch| batch.id == id)?;
        self.closed.remove(index)
    }
}

fn pause(config: &crate::config::ClientConfig, attempts: u32) -> Duration {
    let mut backoff = retry_pauses(config);
    let mut pause = Duration::ZERO;
    for _ in 0..attempts.min(10) {
        pause = backoff.next_pause();
    }
    pause
}

fn hint_for(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE => {
            "compress (--codec zstd), or raise the topic's 'max.message.bytes'"
        }
        ErrorCode::TOPIC_AUTHORIZATION_FAILED => "ask for the right to write to the topic",
        ErrorCode::UNSUPPORTED_COMPRESSION_TYPE => "choose another with --codec: gzip, snappy or lz4",
        ErrorCode::INVALID_RECORD => "a compacted topic takes no record without key",
        _ => "look into the broker's log for the reason",
    }
}

#[cfg(test)]
mod tests;
