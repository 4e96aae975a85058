//! Waiting for memory. For drivers and I/O tasks only: operators never wait.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base::ByteCount;

use crate::account::Account;
use crate::entry::Claim;
use crate::lending::{Ticket, Turn};
use crate::reclaim::{Reclaim, Reclaimer};
use crate::reservation::{Reservation, TooLarge};

/// A request that waits for its bytes; made by [`Account::reserve`].
///
/// # Cancel safety
/// Dropping it leaves the line; bytes that were granted and not yet taken over go to the next in line.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Reserve {
    account: Account,
    wanted: ByteCount,
    ticket: Option<Arc<Ticket>>,
}

/// What ended a wait that also listens to its reclaimer.
#[derive(Debug)]
pub enum Waited {
    Reserved(Reservation),
    /// The waiting stage is asked to free so many bytes first; it answers and then asks again.
    Asked(ByteCount),
}

impl Account {
    /// Waits until `n` bytes are there; first come, first served. For drivers and I/O tasks only: operators never wait.
    ///
    /// Fails at once if `n` is more than floor and pool together could ever give.
    ///
    /// # Cancel safety
    /// Nothing is held when the future is dropped before it is ready.
    pub fn reserve(&self, n: ByteCount) -> Reserve {
        Reserve { account: self.clone(), wanted: n, ticket: None }
    }

    /// [`Account::reserve`] for a stage that can give memory back itself: the wait also ends when it is asked to.
    ///
    /// # Cancel safety
    /// As [`Account::reserve`]; a request to the reclaimer stays.
    pub async fn reserve_or_reclaim(&self, n: ByteCount, reclaimer: &Reclaimer) -> Result<Waited, TooLarge> {
        let mut reserve = self.reserve(n);
        std::future::poll_fn(|context| {
            if let Poll::Ready(asked) = reclaimer.poll_requested(context) {
                return Poll::Ready(Ok(Waited::Asked(asked)));
            }
            Pin::new(&mut reserve).poll(context).map_ok(Waited::Reserved)
        })
        .await
    }
}

impl Reserve {
    fn start(&mut self, context: &Context<'_>) -> Result<Option<Reservation>, TooLarge> {
        if let Some(reservation) = self.account.try_claim(self.wanted, Claim::Queued) {
            return Ok(Some(reservation));
        }
        if self.wanted > self.account.most() {
            return Err(TooLarge::new(&self.account, self.wanted));
        }
        let shared = &self.account.budget().shared;
        self.ticket = Some(shared.lending.join(self.account.entry(), self.wanted.0, context.waker()));
        // A unit within the floor is paid by what the account itself holds and will free. A larger one lives on the
        // others, so they are asked.
        let beyond_floor = self.wanted.saturating_sub(self.account.floor());
        if beyond_floor > ByteCount::ZERO {
            shared.reclaimers.ask(beyond_floor.0, Reclaim::EarlyCommit);
        }
        Ok(None)
    }
}

impl Future for Reserve {
    type Output = Result<Reservation, TooLarge>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.ticket.is_none()
            && let Some(reservation) = self.start(context)?
        {
            return Poll::Ready(Ok(reservation));
        }
        let turn = self.ticket.as_ref().map_or(Turn::Waits, |ticket| ticket.poll(context.waker()));
        match turn {
            Turn::Waits => Poll::Pending,
            Turn::Granted => {
                self.ticket = None;
                Poll::Ready(Ok(Reservation::granted(self.account.clone(), self.wanted.0)))
            }
            Turn::Refused => {
                self.ticket = None;
                Poll::Ready(Err(TooLarge::new(&self.account, self.wanted)))
            }
        }
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.account.budget().shared.lending.leave(self.account.entry(), &ticket);
        }
    }
}
