//! What a file writes, on its way to the database while more of the file is read and decided.
//!
//! The database is kept busy: what is asked about a chunk goes out before the writes of the chunk before it, so the
//! answer is there while they are still at work, and does not depend on them. Both are sent while the writes before
//! them are still on, so that the connection does not run dry between two chunks.

use std::{collections::VecDeque, pin::Pin};

use futures::{
    future::{BoxFuture, MaybeDone, maybe_done},
    poll,
};

use super::ApplyError;

type Writes<'t> = MaybeDone<BoxFuture<'t, Result<(), ApplyError>>>;

/// The writes of the last chunks: two sent at most, one to be sent.
#[derive(Default)]
pub struct OnTheWay<'t> {
    sent: VecDeque<Writes<'t>>,
    ready: Option<Writes<'t>>,
}

impl<'t> OnTheWay<'t> {
    /// Takes the writes of a chunk. They wait until [`OnTheWay::send`].
    pub(super) fn push(&mut self, writes: BoxFuture<'t, Result<(), ApplyError>>) {
        self.ready = Some(maybe_done(writes));
    }

    /// Sends what is ready: a chunk's writes send all their statements at the first poll.
    pub(super) async fn send(&mut self) {
        if let Some(mut writes) = self.ready.take() {
            let _ = poll!(Pin::new(&mut writes));
            self.sent.push_back(writes);
        }
    }

    /// Waits until what was sent is written, all but the latest writes.
    pub(super) async fn all_but_the_latest_arrived(&mut self) -> Result<(), ApplyError> {
        while self.sent.len() > 1 {
            self.next_arrived().await?;
        }
        Ok(())
    }

    /// Waits until what was sent is written.
    pub(super) async fn arrived(&mut self) -> Result<(), ApplyError> {
        while !self.sent.is_empty() {
            self.next_arrived().await?;
        }
        Ok(())
    }

    async fn next_arrived(&mut self) -> Result<(), ApplyError> {
        let Some(mut writes) = self.sent.pop_front() else { return Ok(()) };
        Pin::new(&mut writes).await;
        Pin::new(&mut writes).take_output().unwrap_or(Ok(()))
    }

    /// Waits until everything is written.
    pub async fn finish(&mut self) -> Result<(), ApplyError> {
        self.arrived().await?;
        self.send().await;
        self.arrived().await
    }
}
