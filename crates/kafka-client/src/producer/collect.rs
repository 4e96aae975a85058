//! What goes into the next request to a broker.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_wire::protocol::messages::produce::{ProducePartition, ProduceRequest, ProduceTopic};
use kafka_wire::records::Close;
use tokio::time::Instant;

use super::delivery::Failure;
use super::queue::{Batch, Open, Sendable};
use super::state::{Shared, State};
use crate::client::lock;
use crate::config::Address;
use crate::partition::TopicPartition;

/// When to look again for a batch whose bytes are held by a frame that was answered already.
const FRAME_GONE: Duration = Duration::from_millis(5);

/// What there is for a broker.
#[derive(Debug)]
pub(super) enum Collected {
    Request(ProduceRequest, Vec<Sent>),
    /// Nothing before this moment, unless something changes.
    Wait(Option<Instant>),
}

/// A batch in a request.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) partition: TopicPartition,
    pub(super) batch: u64,
}

impl State {
    /// The partitions that the broker leads, those after the last that was sent first: a request that is full before its
    /// end must not leave out the same ones each time.
    fn in_turn(&self, address: &Address) -> Vec<TopicPartition> {
        let here = self.queues.iter().filter(|(_, queue)| queue.leader.as_ref() == Some(address));
        let names = here.map(|(name, _)| name.clone());
        let (before, mut names): (Vec<_>, Vec<_>) = names.partition(|name| Some(name) <= self.turn.as_ref());
        names.extend(before);
        names
    }
}

impl Shared {
    /// Compresses what is due for the broker at `address`.
    pub(super) fn close_due(&self, address: &Address) {
        while let Some((name, open)) = self.take_to_close(address) {
            let Open { mut builder, promise, since } = open;
            let closed = builder.close(&mut lock(&self.compressor), self.config.codec);
            let mut state = self.state();
            let id = state.next_batch;
            state.next_batch += 1;
            let Some(queue) = state.queues.get_mut(&name) else { continue };
            match closed {
                Ok(Close::Done) => queue.push(Batch::new(id, builder.into_batch(), promise, since)),
                // The compressor's floor covers the largest batch, so this is a broken promise of ours.
                Ok(Close::NeedMemory(_)) | Err(_) => {
                    queue.closing = None;
                    promise.complete(Err(Failure {
                        message: format!("a batch for {name} could not be compressed"),
                        hint: "send without compression: --codec none",
                        transient: false,
                    }));
                }
            }
        }
    }

    fn take_to_close(&self, address: &Address) -> Option<(TopicPartition, Open)> {
        let (now, linger) = (Instant::now(), self.linger());
        let mut state = self.state();
        let hurried = state.hurried();
        let here = state.queues.iter_mut().filter(|(_, queue)| queue.leader.as_ref() == Some(address));
        here.into_iter().find_map(|(name, queue)| {
            let open = queue.take_to_close(|open| hurried || open.since + linger <= now)?;
            Some((name.clone(), open))
        })
    }

    /// Marks what fits one request as sent.
    pub(super) fn collect(&self, address: &Address) -> Collected {
        let now = Instant::now();
        let mut state = self.state();
        let Some(identity) = state.identity else { return Collected::Wait(None) };
        let (linger, hurried) = (self.linger(), state.hurried());
        let mut wake: Option<Instant> = None;
        let mut left = self.config.request_max.as_usize();
        let mut topics: BTreeMap<String, Vec<ProducePartition>> = BTreeMap::new();
        let mut sent = Vec::new();
        for name in state.in_turn(address) {
            let Some(queue) = state.queues.get_mut(&name) else { continue };
            queue.adopt(identity);
            let index = match queue.sendable(now, self.config.in_flight_max) {
                Sendable::Now(index) => index,
                Sendable::At(at) => {
                    wake = Some(wake.map_or(at, |wake| wake.min(at)));
                    continue;
                }
                Sendable::None => {
                    // A batch that is due was closed before; the others have their time.
                    let due = queue.open_due(linger).filter(|due| !hurried && *due > now);
                    wake = wake.into_iter().chain(due).min();
                    continue;
                }
            };
            let len = queue.closed[index].len();
            if len > left && !sent.is_empty() {
                wake = Some(now);
                continue;
            }
            let Some((batch, records)) = queue.begin(index) else {
                // The frame of its last try is about to let go of the bytes.
                wake = Some(wake.map_or(now + FRAME_GONE, |wake| wake.min(now + FRAME_GONE)));
                continue;
            };
            left = left.saturating_sub(len);
            let partition = ProducePartition { index: name.index.0, records: Some(records) };
            topics.entry(name.topic.to_string()).or_default().push(partition);
            sent.push(Sent { partition: name, batch });
        }
        let Some(last) = sent.last() else { return Collected::Wait(wake) };
        state.turn = Some(last.partition.clone());
        Collected::Request(self.request(topics), sent)
    }

    fn request(&self, topics: BTreeMap<String, Vec<ProducePartition>>) -> ProduceRequest {
        ProduceRequest {
            transactional_id: None,
            acks: -1,
            timeout_ms: i32::try_from(self.config.client.request_timeout_ms).unwrap_or(i32::MAX),
            topics: topics.into_iter().map(|(name, partitions)| ProduceTopic { name, partitions }).collect(),
        }
    }
}
