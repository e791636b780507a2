//! Who reads a text and says what somebody has to look at.
//!
//! There is one backend, the engine of this repository ([`Rules`]). A remote one may be added later, and this is what it
//! has to keep:
//!
//! 1. The own engine always reads first. Its result counts whenever the remote one has none.
//! 2. Only the redacted text leaves: what the own engine and the policy replace is replaced before. Only texts of people
//!    with the purpose `external_model`.
//! 3. It may add findings and raise the decision. It may lower the decision only for rows that the policy marks as such;
//!    the policy has no such mark today, so it lowers nothing. It never lowers `pii`, `self_harm` or `safeguarding`.
//! 4. It has a time limit. Past it, or with an error, the own result stands.
//! 5. Its name and version stand with every screening it took part in. A text is data for it and holds no instruction.
//! 6. What it says of a place counts only if the words it quotes stand there.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use moderation_engine::{Analysis, Context, Engine};
use shared::{
    pii::Pii,
    within::{Unfinished, within},
};

/// How long the engine may take for one text: a thousand times what it needs for a long one.
pub const TIME_LIMIT: Duration = Duration::from_secs(2);

/// Why there is no opinion. Such a text waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// It panicked: a defect of its own, and only this text's.
    #[error("the engine panicked on a text: a defect of the engine")]
    Panicked,
    /// It took longer than it may.
    #[error("the engine did not come to an end in time")]
    TooSlow,
    /// It could not be asked.
    #[error("the engine could not be asked")]
    Failed,
}

impl BackendError {
    /// The code in `core.screenings.failure`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Panicked => "engine_panicked",
            Self::TooSlow => "engine_too_slow",
            Self::Failed => "engine_failed",
        }
    }
}

impl From<Unfinished> for BackendError {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Panicked => Self::Panicked,
            Unfinished::TooSlow => Self::TooSlow,
        }
    }
}

/// Reads texts. The rules it keeps stand at the top of this module.
pub trait Backend: Send + Sync {
    /// Its code in events and screenings: `rules`.
    fn code(&self) -> &'static str;
    /// Its version, with a digest of its rules behind a `+`.
    fn version(&self) -> &str;
    /// What somebody has to look at in this text.
    fn opinion<'a>(&'a self, text: &Pii<String>, context: Context) -> BoxFuture<'a, Result<Analysis, BackendError>>;
}

/// The engine of this repository, in a thread of its own: a text it does not come to an end with, or stumbles over,
/// costs that text its place in the queue and nobody else anything.
pub struct Rules {
    engine: Arc<Engine>,
    limit: Duration,
}

impl Rules {
    /// The engine with its time limit.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine, limit: TIME_LIMIT }
    }
}

impl Backend for Rules {
    fn code(&self) -> &'static str {
        "rules"
    }

    fn version(&self) -> &str {
        self.engine.version()
    }

    fn opinion<'a>(&'a self, text: &Pii<String>, context: Context) -> BoxFuture<'a, Result<Analysis, BackendError>> {
        let (engine, text) = (Arc::clone(&self.engine), text.clone());
        within(self.limit, move || engine.analyse(text.expose(), context)).map(|done| done.map_err(Into::into)).boxed()
    }
}
