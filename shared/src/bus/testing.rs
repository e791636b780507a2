//! Doubles of what is outside, for tests of writers and consumers.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use futures::future::BoxFuture;

use super::{
    event_bus::{Answer, CallError, Entry, EventBus, MAX_ENTRIES, MAX_REQUEST_BYTES},
    nudge::{NudgeError, Nudger},
    queues::{ConsumerQueues, MAX_BYTES, MAX_MESSAGES, QueueError},
};

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

/// What the scripted bus does with the next request.
#[derive(Debug, Clone)]
pub enum Step {
    /// Refuses the entries at these places with this code and takes the rest.
    RefuseEntries(Vec<usize>, &'static str),
    /// Fails the request and takes nothing.
    FailCall(CallError),
    /// Takes everything, and the caller never hears of it: what a kill right after the request looks like.
    TakeAndDie,
    /// Takes everything and answers for one entry less than it was given.
    LoseAnswer,
}

/// A bus that takes entries and remembers them, by a script for its first requests.
#[derive(Default)]
pub struct ScriptedBus {
    script: Mutex<std::collections::VecDeque<Step>>,
    taken: Mutex<Vec<Entry>>,
    requests: Mutex<Vec<usize>>,
    poison: Mutex<Option<(String, &'static str)>>,
    pause: Mutex<std::time::Duration>,
}

impl ScriptedBus {
    /// A bus that follows the steps, one a request, and then takes everything.
    pub fn following(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { script: Mutex::new(steps.into_iter().collect()), ..Self::default() }
    }

    /// Every entry whose detail contains `text` is refused with `code`, always.
    pub fn poison(&self, text: &str, code: &'static str) {
        *self.poison.lock().expect("no test panics inside the lock") = Some((text.to_owned(), code));
    }

    /// Each request takes this long.
    pub fn pause(&self, pause: std::time::Duration) {
        *self.pause.lock().expect("no test panics inside the lock") = pause;
    }

    /// The entries taken, in order, repeats included.
    pub fn taken(&self) -> Vec<Entry> {
        self.taken.lock().expect("no test panics inside the lock").clone()
    }

    /// The number of entries of each request.
    pub fn requests(&self) -> Vec<usize> {
        self.requests.lock().expect("no test panics inside the lock").clone()
    }

    fn answer(&self, place: usize, entry: &Entry, refused: &[usize], code: &'static str) -> Answer {
        let poison = self.poison.lock().expect("no test panics inside the lock").clone();
        match poison {
            Some((text, code)) if entry.detail.contains(&text) => Err(code.to_owned()),
            _ if refused.contains(&place) => Err(code.to_owned()),
            _ => {
                self.taken.lock().expect("no test panics inside the lock").push(entry.clone());
                Ok(())
            }
        }
    }
}

impl EventBus for ScriptedBus {
    async fn put(&self, entries: &[Entry]) -> Result<Vec<Answer>, CallError> {
        assert!(!entries.is_empty() && entries.len() <= MAX_ENTRIES, "{} entries in a request", entries.len());
        let bytes: usize = entries.iter().map(Entry::bytes).sum();
        assert!(bytes <= MAX_REQUEST_BYTES, "{bytes} bytes in a request");
        let pause = *self.pause.lock().expect("no test panics inside the lock");
        tokio::time::sleep(pause).await;
        self.requests.lock().expect("no test panics inside the lock").push(entries.len());
        let step = self.script.lock().expect("no test panics inside the lock").pop_front();
        let (refused, code) = match &step {
            Some(Step::FailCall(error)) => return Err(error.clone()),
            Some(Step::RefuseEntries(places, code)) => (places.as_slice(), *code),
            Some(Step::TakeAndDie | Step::LoseAnswer) | None => (&[][..], ""),
        };
        let mut answers: Vec<Answer> =
            entries.iter().enumerate().map(|(place, entry)| self.answer(place, entry, refused, code)).collect();
        if matches!(step, Some(Step::TakeAndDie)) {
            std::future::pending::<()>().await;
        }
        if matches!(step, Some(Step::LoseAnswer)) {
            answers.pop();
        }
        Ok(answers)
    }
}

/// Consumers' queues in memory.
#[derive(Default)]
pub struct MemoryQueues {
    sent: Mutex<Vec<(String, String)>>,
    depth: std::sync::atomic::AtomicI64,
    failing: Mutex<Vec<usize>>,
    requests: std::sync::atomic::AtomicUsize,
}

impl MemoryQueues {
    /// What was sent since the last call: consumer and body.
    pub fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.sent.lock().expect("no test panics inside the lock"))
    }

    /// How many messages the queues say they hold.
    pub fn holds(&self, depth: i64) {
        self.depth.store(depth, Ordering::Relaxed);
    }

    /// The requests with these numbers (from 0, over all so far) put all but their last message in, and fail.
    pub fn fail(&self, requests: &[usize]) {
        *self.failing.lock().expect("no test panics inside the lock") = requests.to_vec();
    }
}

impl ConsumerQueues for MemoryQueues {
    fn depth<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<i64, QueueError>> {
        Box::pin(async { Ok(self.depth.load(Ordering::Relaxed)) })
    }

    fn send<'a>(&'a self, consumer: &'a str, bodies: &'a [String]) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            assert!(!bodies.is_empty() && bodies.len() <= MAX_MESSAGES, "{} messages in a request", bodies.len());
            assert!(bodies.iter().map(String::len).sum::<usize>() <= MAX_BYTES);
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            let fails = self.failing.lock().expect("no test panics inside the lock").contains(&number);
            let taken = if fails { bodies.len() - 1 } else { bodies.len() };
            let mut sent = self.sent.lock().expect("no test panics inside the lock");
            sent.extend(bodies[..taken].iter().map(|body| (consumer.to_owned(), body.clone())));
            if fails { Err(QueueError("test".to_owned())) } else { Ok(()) }
        })
    }
}
