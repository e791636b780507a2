//! Doubles of what is outside, for tests of writers and consumers.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use futures::future::BoxFuture;

use super::nudge::{NudgeError, Nudger};

/// A queue that remembers the delays it was given, and fails when told to.
#[derive(Default)]
pub struct RecordedNudges {
    delays: Mutex<Vec<u16>>,
    failing: AtomicBool,
}

impl RecordedNudges {
    /// The delays of all nudges so far, in seconds.
    pub fn delays(&self) -> Vec<u16> {
        self.delays.lock().expect("no test panics inside the lock").clone()
    }

    /// From now on every nudge fails, or none.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::Relaxed);
    }
}

impl Nudger for RecordedNudges {
    fn send(&self, delay_seconds: u16) -> BoxFuture<'_, Result<(), NudgeError>> {
        Box::pin(async move {
            if self.failing.load(Ordering::Relaxed) {
                return Err(NudgeError("test".to_owned()));
            }
            self.delays.lock().expect("no test panics inside the lock").push(delay_seconds);
            Ok(())
        })
    }
}
