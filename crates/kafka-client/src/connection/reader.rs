//! The side that reads responses: length, reservation, bytes.

use base::ByteCount;
use bytes::BufMut;
use kafka_wire::protocol::{MAX_FRAME, decode_allowance, frame_length};
use ledger::Owned;
use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;

use super::pending::{Answer, Pending};

/// Reads until that fails; says why.
pub(super) async fn run(mut from: OwnedReadHalf, pending: &Pending) -> String {
    loop {
        if let Err(reason) = answer_one(&mut from, pending).await {
            return reason;
        }
    }
}

/// Reads one response and hands it over; an error ends the connection.
async fn answer_one(from: &mut OwnedReadHalf, pending: &Pending) -> Result<(), String> {
    let prefix = read_prefix(from, pending).await?;
    let len = frame_length(prefix, MAX_FRAME).map_err(|error| error.to_string())?;
    let Some(mut answer) = pending.pop() else { return Err("the broker answered what was not asked".to_owned()) };
    // Paid for until it is decoded: the frame and what decoding may allocate beside it.
    let allowance = ByteCount::from(decode_allowance(len));
    let reserved = tokio::select! {
        reserved = answer.account.reserve(ByteCount::from(len) + allowance) => Some(reserved),
        () = answer.to.closed() => None,
    };
    match reserved {
        None => skip(from, len, &answer).await,
        Some(Ok(mut paid)) => {
            let decoding = paid.split(allowance);
            let frame = read_body(from, len, &answer).await?;
            // A caller that is gone does not want it; the bytes go back with it.
            drop(answer.to.send(Ok((Owned::new(frame, paid).into_bytes(), decoding))));
            Ok(())
        }
        Some(Err(too_large)) => {
            let reason = format!("a response was too large: {too_large}");
            drop(answer.to.send(Err(too_large)));
            Err(reason)
        }
    }
}

/// Reads the 4 bytes of the next length; fails when the first pending answer is overdue.
async fn read_prefix(from: &mut OwnedReadHalf, pending: &Pending) -> Result<[u8; 4], String> {
    let mut prefix = [0; 4];
    let mut have = 0;
    while have < prefix.len() {
        let due = pending.due();
        let overdue = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            read = from.read(&mut prefix[have..]) => match read {
                Ok(0) => return Err("the broker closed it".to_owned()),
                Ok(n) => have += n,
                Err(error) => return Err(error.to_string()),
            },
            () = overdue => return Err("no answer within 'request.timeout.ms'".to_owned()),
            () = pending.changed(), if due.is_none() => {}
        }
    }
    Ok(prefix)
}

async fn read_body(from: &mut OwnedReadHalf, len: usize, answer: &Answer) -> Result<Vec<u8>, String> {
    let mut frame = Vec::with_capacity(len);
    while frame.len() < len {
        let left = len - frame.len();
        let mut room = (&mut frame).limit(left);
        match tokio::time::timeout(answer.timeout, from.read_buf(&mut room)).await {
            Ok(Ok(0)) => return Err("the broker closed it in the midst of a response".to_owned()),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("a response stopped in its midst".to_owned()),
        }
    }
    Ok(frame)
}

/// Reads over a response that nobody waits for.
async fn skip(from: &mut OwnedReadHalf, mut len: usize, answer: &Answer) -> Result<(), String> {
    let mut scratch = [0; 4 << 10];
    while len > 0 {
        let most = len.min(scratch.len());
        match tokio::time::timeout(answer.timeout, from.read(&mut scratch[..most])).await {
            Ok(Ok(n)) if n > 0 => len -= n,
            Ok(Ok(_)) => return Err("the broker closed it in the midst of a response".to_owned()),
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("a response stopped in its midst".to_owned()),
        }
    }
    Ok(())
}
