//! The task that sends to one broker: closes what is due, sends, and lets up to five requests wait for their answers.

use std::sync::Arc;

use base::Result;
use base::tasks::Tasks;
use tokio::sync::Semaphore;

use super::collect::Collected;
use super::state::Shared;
use crate::config::Address;
use crate::connection::Ask;

/// Sends to the broker at `address` until the task is dropped.
pub(super) async fn run(shared: Arc<Shared>, address: Address) -> Result<()> {
    let slots = Arc::new(Semaphore::new(shared.config.in_flight_max));
    let mut waiting = Tasks::new();
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return Ok(()) };
        let work = shared.work.notified();
        tokio::pin!(work);
        work.as_mut().enable();
        shared.close_due(&address);
        let (request, sent) = match shared.collect(&address) {
            Collected::Request(request, sent) => (request, sent),
            Collected::Wait(until) => {
                drop(slot);
                let due = async {
                    match until {
                        Some(until) => tokio::time::sleep_until(until).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = work => {}
                    () = due => {}
                    ended = waiting.next_ended(), if !waiting.is_empty() => ended.map_or(Ok(()), |(_, result)| result)?,
                }
                continue;
            }
        };
        let begun = async {
            let connection = shared.pool.get(&address).await?;
            let ask = Ask::new(shared.client.account(), &shared.config.client);
            let begun = connection.begin(&request, &ask).await?;
            Ok((connection, begun))
        };
        match begun.await {
            Err(error) => shared.unanswered(&sent, &error),
            Ok((connection, begun)) => {
                let shared = shared.clone();
                // The request holds the bytes of its batches, which an acknowledgement frees.
                drop(request);
                waiting.spawn("kafka produce", async move {
                    match begun.response(&connection).await {
                        Ok(response) => shared.answered(&sent, &response.body),
                        Err(error) => shared.unanswered(&sent, &error),
                    }
                    drop(slot);
                    Ok(())
                });
            }
        }
    }
}
