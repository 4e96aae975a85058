//! The task that polls one broker.

use std::sync::Arc;
use std::time::Duration;

use base::{Error, Result};
use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::fetch::{FetchPartitionResponse, FetchResponse};
use ledger::Reservation;

use super::chunk::{Chunk, Walked, walk};
use super::plan::Plan;
use super::state::{Assigned, Shared};
use crate::config::Address;
use crate::connection::{Ask, RequestError, Response};
use crate::partition::TopicPartition;
use crate::retry::{Outage, retry_pauses};

/// The first version that names topics by id.
const BY_ID: i16 = 13;

/// What a response brought.
#[derive(Clone, Copy, Debug, Default)]
struct Brought {
    records: bool,
    /// Errors, or records without one whole batch: asking again at once would bring the same.
    trouble: bool,
    /// Something for the keeper: a leader to be found, an offset to be looked up.
    upkeep: bool,
}

/// Polls the broker at `address` for what it leads, until the task is dropped.
pub(super) async fn run(shared: Arc<Shared>, address: Address) -> Result<()> {
    let mut backoff = retry_pauses(&shared.config.client);
    let mut outage = Outage::default();
    loop {
        let work = shared.work.notified();
        tokio::pin!(work);
        work.as_mut().enable();
        let Some(plan) = shared.plan(&address) else {
            work.await;
            continue;
        };
        let brought = match poll(&shared, &address, &plan).await {
            Ok(response) => {
                outage.over(&address);
                shared.accept(&plan, response)
            }
            Err(error) => {
                shared.give_up(&plan, error, &mut outage);
                Brought { trouble: true, ..Brought::default() }
            }
        };
        if brought.trouble {
            tokio::time::sleep(backoff.next_pause()).await;
        } else {
            backoff.reset();
        }
    }
}

async fn poll(shared: &Shared, address: &Address, plan: &Plan) -> Result<Response<FetchResponse>, RequestError> {
    let connection = shared.pool.get(address).await?;
    let mut ask = Ask::new(&shared.account, &shared.config.client);
    ask.timeout += Duration::from_millis(u64::from(shared.config.fetch_max_wait_ms));
    if !plan.by_id {
        ask.version_max = BY_ID - 1;
    }
    connection.request(&plan.request, &ask).await
}

impl Shared {
    /// Puts what a response brought where it belongs.
    fn accept(&self, plan: &Plan, response: Response<FetchResponse>) -> Brought {
        let Response { body, mut paid } = response;
        let mut brought = Brought::default();
        let mut state = self.state();
        if !body.error_code.is_ok() {
            tracing::warn!(error = %body.error_code, "a fetch was refused");
            brought.trouble = true;
        }
        for topic in body.topics {
            let name = if topic.topic_id.is_none() { Some(&topic.name) } else { plan.names.get(&topic.topic_id) };
            let Some(name) = name else { continue };
            let name: Arc<str> = name.as_str().into();
            for answer in topic.partitions {
                let name = TopicPartition::new(name.clone(), answer.partition_index);
                let (Some(version), Some(assigned)) = (plan.asked.get(&name), state.partitions.get_mut(&name)) else {
                    continue;
                };
                if *version != assigned.version {
                    continue;
                }
                let got = assigned.accept(&name, answer, &mut paid);
                brought.trouble |= got.trouble;
                brought.upkeep |= got.upkeep;
                if got.records {
                    brought.records = true;
                    state.served += 1;
                    let served = state.served;
                    state.partitions.entry(name).and_modify(|assigned| assigned.served = served);
                }
            }
        }
        for (name, version) in &plan.asked {
            if let Some(assigned) = state.partitions.get_mut(name).filter(|now| now.version == *version) {
                assigned.in_flight = false;
            }
        }
        drop(state);
        self.ready.notify_one();
        if brought.upkeep {
            self.upkeep.notify_waiters();
        }
        brought
    }

    /// After a failed poll the leaders may be others.
    fn give_up(&self, plan: &Plan, error: RequestError, outage: &mut Outage) {
        let mut state = self.state();
        for (name, version) in &plan.asked {
            if let Some(assigned) = state.partitions.get_mut(name).filter(|now| now.version == *version) {
                assigned.in_flight = false;
            }
        }
        state.stale = true;
        drop(state);
        if error.is_retriable() {
            outage.failed(&error.into());
        } else {
            self.fail(error.into());
        }
        self.upkeep.notify_waiters();
    }
}

/// Whether a partition may be served by another broker or at another time.
fn moves_on(code: ErrorCode) -> bool {
    const INCONSISTENT_TOPIC_ID: ErrorCode = ErrorCode(103);
    let passing = code.is_retriable() && code != ErrorCode::CORRUPT_MESSAGE;
    passing || code == INCONSISTENT_TOPIC_ID || code == ErrorCode::UNKNOWN_SERVER_ERROR
}

fn refused(name: &TopicPartition, code: ErrorCode) -> Error {
    let message = format!("the broker does not let {name} be read: {code}");
    match code {
        ErrorCode::TOPIC_AUTHORIZATION_FAILED => Error::user(message).hint("ask for the right to read the topic"),
        ErrorCode::CORRUPT_MESSAGE => Error::external(message).hint("the log is damaged; check the broker's disk"),
        _ => Error::external(message).hint("look into the broker's log for the reason"),
    }
}

impl Assigned {
    fn accept(&mut self, name: &TopicPartition, mut answer: FetchPartitionResponse, paid: &mut Reservation) -> Brought {
        match answer.error_code {
            ErrorCode::NONE => {}
            ErrorCode::OFFSET_OUT_OF_RANGE => {
                // What to do about it is the keeper's, once what was fetched before is handed out.
                self.out_of_range = true;
                return Brought { upkeep: true, ..Brought::default() };
            }
            code if moves_on(code) => {
                tracing::debug!(partition = %name, error = %code, "a partition was not served; asking for its leader");
                self.leader = None;
                return Brought { trouble: true, upkeep: true, ..Brought::default() };
            }
            code => {
                self.fail(refused(name, code).into());
                return Brought { trouble: true, ..Brought::default() };
            }
        }
        let Some(mut bytes) = answer.records.take().filter(|bytes| !bytes.is_empty()) else {
            return Brought::default();
        };
        match walk(&bytes) {
            Walked::Nothing => return Brought { trouble: true, ..Brought::default() },
            Walked::Until(next_offset, len) => {
                bytes.truncate(len);
                self.fetch_offset = self.fetch_offset.max(next_offset);
            }
            Walked::Damaged => self.damaged = true,
        }
        self.chunks.push_back(Chunk::new(bytes, answer, paid));
        Brought { records: true, ..Brought::default() }
    }
}
