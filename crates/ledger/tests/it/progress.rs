//! Memory rule 2 in miniature: every stage makes progress with the shared pool at 0.
//!
//! source -> decode -> window -> sink, each in a task of its own, each stage and edge with a floor of one unit, nothing to
//! borrow.
//! The window holds what it can and spills when its account refuses; barriers travel in pre-paid slots.

use base::tasks::Tasks;
use base::{ByteCount, Result};
use ledger::channel::{Receiver, Sender, channel};
use ledger::{Account, Budget, Owned};

const UNIT: ByteCount = ByteCount(1000);
const ITEMS: u64 = 500;
const BARRIER_EVERY: u64 = 50;

#[derive(Debug)]
enum Message {
    Data(Owned<u64>),
    Barrier(u64),
}

fn no_fold(_: &mut Message, new: Message) -> Result<(), Message> {
    Err(new)
}

async fn source(account: Account, out: Sender<Message>) -> Result<()> {
    for n in 0..ITEMS {
        let paid = account.reserve(UNIT).await?;
        out.send(Message::Data(Owned::new(n, paid))).map_err(|_| base::Error::internal("closed"))?;
        if (n + 1) % BARRIER_EVERY == 0 {
            out.signal(Message::Barrier(n / BARRIER_EVERY), no_fold).map_err(|_| base::Error::internal("no slot"))?;
        }
    }
    Ok(())
}

/// Turns each input unit into one of its own: holds input and output at once, as a decoder does.
async fn decode(account: Account, mut input: Receiver<Message>, out: Sender<Message>) -> Result<()> {
    while let Some(message) = input.recv().await {
        let message = match message {
            Message::Data(item) => {
                let paid = account.reserve(UNIT).await?;
                Message::Data(Owned::new(item.value, paid))
            }
            barrier @ Message::Barrier(_) => {
                out.signal(barrier, no_fold).map_err(|_| base::Error::internal("no slot"))?;
                continue;
            }
        };
        out.send(message).map_err(|_| base::Error::internal("closed"))?;
    }
    Ok(())
}

/// Collects until the barrier; spills (to a list that stands for the disk) when there is no room.
/// State and output edge have a floor each: output that waits downstream must not keep the state from taking input.
async fn window(account: Account, edge: Account, mut input: Receiver<Message>, out: Sender<Message>) -> Result<()> {
    let (mut held, mut spilled) = (account.empty(), Vec::new());
    let mut values = Vec::new();
    while let Some(message) = input.recv().await {
        match message {
            Message::Data(item) => {
                if !held.try_grow(item.paid.bytes()) {
                    spilled.append(&mut values);
                    held.shrink_to(ByteCount::ZERO);
                    assert!(held.try_grow(item.paid.bytes()), "a floor was refused");
                }
                values.push(item.value);
            }
            Message::Barrier(epoch) => {
                held.shrink_to(ByteCount::ZERO);
                for value in spilled.drain(..).chain(values.drain(..)) {
                    let paid = edge.reserve(UNIT).await?;
                    out.send(Message::Data(Owned::new(value, paid))).map_err(|_| base::Error::internal("closed"))?;
                }
                out.signal(Message::Barrier(epoch), no_fold).map_err(|_| base::Error::internal("no slot"))?;
            }
        }
    }
    Ok(())
}

async fn sink(account: Account, mut input: Receiver<Message>) -> Result<()> {
    let (mut seen, mut epochs) = (0, 0);
    while let Some(message) = input.recv().await {
        match message {
            Message::Data(item) => {
                let _row_group = account.reserve(UNIT).await?;
                assert_eq!(item.value, seen, "out of order");
                seen += 1;
            }
            Message::Barrier(epoch) => {
                assert_eq!(epoch, epochs);
                epochs += 1;
                assert_eq!(seen, epochs * BARRIER_EVERY, "a barrier overtook data or fell behind");
            }
        }
    }
    assert_eq!((seen, epochs), (ITEMS, ITEMS / BARRIER_EVERY));
    Ok(())
}

fn check(runtime: &tokio::runtime::Runtime) {
    let budget = Budget::new(ByteCount(UNIT.0 * 5));
    let [fetch, decoded, state, edge, group] =
        ["source/fetch", "decode", "window", "window/out", "sink/group"].map(|name| budget.account(name, UNIT));
    assert_eq!(budget.pool(), ByteCount::ZERO);
    let ((to_decode, from_source), (to_window, from_decode), (to_sink, from_window)) =
        (channel(), channel(), channel());
    runtime.block_on(async {
        let mut tasks = Tasks::new();
        tasks.spawn("source", source(fetch, to_decode));
        tasks.spawn("decode", decode(decoded, from_source, to_window));
        tasks.spawn("window", window(state, edge, from_decode, to_sink));
        tasks.spawn("sink", sink(group, from_window));
        while let Some((name, result)) = tasks.next_ended().await {
            result.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
    });
    assert_eq!(budget.used(), ByteCount::ZERO);
}

#[test]
fn every_stage_makes_progress_with_the_pool_at_0_on_one_thread() {
    check(&tokio::runtime::Builder::new_current_thread().build().unwrap());
}

#[test]
fn every_stage_makes_progress_with_the_pool_at_0_on_two_threads() {
    check(&tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap());
}
