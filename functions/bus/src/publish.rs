//! Putting one page of events on the bus, every entry's answer looked at.

use std::time::Duration;

use shared::bus::{
    backoff,
    event_bus::{CallErrorKind, Entry, EventBus, MAX_ENTRIES, MAX_REQUEST_BYTES},
};
use tokio::time::Instant;

use crate::RelayError;

/// Tries of one entry before the page is given back. With the waits below: about four seconds.
const TRIES: u32 = 6;
/// The first wait; each next is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// An event the bus refused for good.
#[derive(Debug, PartialEq, Eq)]
pub struct Dead {
    /// Its place in the page, from 0.
    pub place: usize,
    /// The bus's error code.
    pub code: String,
    /// How often it was tried.
    pub tries: u32,
}

/// How far a page came. Everything before `handled` is on the bus or dead; nothing is known of the rest.
#[derive(Debug, Default)]
pub struct Published {
    /// Events at the beginning of the page that are done with.
    pub handled: usize,
    /// Those of them that the bus refused for good.
    pub dead: Vec<Dead>,
    /// Entries that had to be put more than once.
    pub retried: usize,
    /// Why the page stopped early.
    pub stopped: Option<Stopped>,
}

/// Why a page stopped before its end.
#[derive(Debug)]
pub enum Stopped {
    /// The time limit is near.
    OutOfTime,
    /// The bus is not taking events.
    Failed(RelayError),
}

/// What an entry's error code means: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html>
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Throttled or a defect on the other side.
    Again,
    /// The function may not publish this: that is not the event's fault, and a dead letter would only hide it.
    Forbidden,
    /// The event itself.
    Dead,
}

fn fate(code: &str) -> Fate {
    match code {
        "ThrottlingException" | "InternalFailure" | "InternalException" | "InternalError" | "ServiceUnavailable" => {
            Fate::Again
        }
        "AccessDeniedException" | "InvalidAccountIdException" | "RedactionFailure" | "ResourceNotFoundException" => {
            Fate::Forbidden
        }
        code if code.starts_with("NotAuthorized") => Fate::Forbidden,
        _ => Fate::Dead,
    }
}

/// Publishes a page in the order of its events. A request is done with before the next begins, so that the order
/// within a batch is kept except inside a request whose entries had to be put again; nothing is begun after `until`.
pub async fn publish(bus: &impl EventBus, page: &[Entry], until: Instant) -> Published {
    let mut so_far = Published::default();
    while so_far.handled < page.len() {
        let end = request_end(page, so_far.handled);
        let request: Vec<usize> = (so_far.handled..end).collect();
        if let Err(stopped) = put_until_done(bus, page, request, until, &mut so_far).await {
            so_far.stopped = Some(stopped);
            // Entries of the unfinished request that did get through are put again by whoever comes next, so what
            // was dead in it is not written down yet either.
            so_far.dead.retain(|dead| dead.place < so_far.handled);
            return so_far;
        }
        so_far.handled = end;
    }
    so_far
}

/// Where the request that begins at `first` ends: at least one entry, else within both limits of the bus.
fn request_end(page: &[Entry], first: usize) -> usize {
    let mut bytes = 0;
    let within = page[first..].iter().take(MAX_ENTRIES).take_while(|entry| {
        bytes += entry.bytes();
        bytes <= MAX_REQUEST_BYTES
    });
    first + within.count().max(1)
}

/// Puts the entries at `places`, again and again until each is on the bus or dead.
async fn put_until_done(
    bus: &impl EventBus,
    page: &[Entry],
    mut places: Vec<usize>,
    until: Instant,
    so_far: &mut Published,
) -> Result<(), Stopped> {
    let mut one_by_one = false;
    let mut tries = 0;
    loop {
        if Instant::now() >= until {
            return Err(Stopped::OutOfTime);
        }
        tries += 1;
        let (open, last_code) = if one_by_one {
            put_one_by_one(bus, page, &places, tries, until, so_far).await?
        } else {
            let entries: Vec<Entry> = places.iter().map(|&place| page[place].clone()).collect();
            match bus.put(&entries).await {
                Ok(answers) if answers.len() == entries.len() => sort(&places, answers, tries, so_far)?,
                Ok(_) => (places.clone(), "answers_missing".to_owned()),
                Err(error) => match error.kind {
                    CallErrorKind::Transient => (places.clone(), error.code),
                    CallErrorKind::Refused => return Err(Stopped::Failed(RelayError::Forbidden(error.code))),
                    // One entry spoils the request for its neighbours: alone, each gets its own answer.
                    CallErrorKind::Rejected => {
                        one_by_one = true;
                        tries -= 1;
                        continue;
                    }
                },
            }
        };
        if open.is_empty() {
            return Ok(());
        }
        if tries >= TRIES {
            return Err(Stopped::Failed(RelayError::Bus(last_code)));
        }
        so_far.retried += open.len();
        places = open;
        tokio::time::sleep(backoff(tries, FIRST_WAIT)).await;
    }
}

/// Each entry in a request of its own; one that is rejected alone is dead.
async fn put_one_by_one(
    bus: &impl EventBus,
    page: &[Entry],
    places: &[usize],
    tries: u32,
    until: Instant,
    so_far: &mut Published,
) -> Result<(Vec<usize>, String), Stopped> {
    let (mut open, mut last_code) = (Vec::new(), String::new());
    for &place in places {
        if Instant::now() >= until {
            return Err(Stopped::OutOfTime);
        }
        let (still, code) = match bus.put(std::slice::from_ref(&page[place])).await {
            Ok(answers) if answers.len() == 1 => sort(&[place], answers, tries, so_far)?,
            Ok(_) => (vec![place], "answers_missing".to_owned()),
            Err(error) => match error.kind {
                CallErrorKind::Transient => (vec![place], error.code),
                CallErrorKind::Refused => return Err(Stopped::Failed(RelayError::Forbidden(error.code))),
                CallErrorKind::Rejected => {
                    so_far.dead.push(Dead { place, code: error.code, tries });
                    (vec![], String::new())
                }
            },
        };
        if !still.is_empty() {
            last_code = code;
        }
        open.extend(still);
    }
    Ok((open, last_code))
}

/// Goes through the answers of a request: what is still open and why, the dead set aside.
fn sort(
    places: &[usize],
    answers: Vec<Result<(), String>>,
    tries: u32,
    so_far: &mut Published,
) -> Result<(Vec<usize>, String), Stopped> {
    let (mut open, mut last_code) = (Vec::new(), String::new());
    for (&place, answer) in places.iter().zip(answers) {
        let Err(code) = answer else { continue };
        match fate(&code) {
            Fate::Again => {
                open.push(place);
                last_code = code;
            }
            Fate::Forbidden => return Err(Stopped::Failed(RelayError::Forbidden(code))),
            Fate::Dead => so_far.dead.push(Dead { place, code, tries }),
        }
    }
    Ok((open, last_code))
}

#[cfg(test)]
mod tests;
