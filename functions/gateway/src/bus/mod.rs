//! The bus as an operator sees it: is what was published received, what lies dead, and sending it again.
//!
//! | module | routes |
//! |---|---|
//! | [`reconciliation`] | `GET /v1/bus/reconciliation` |
//! | [`replays`] | `POST`, `GET /v1/bus/replays`, `GET /v1/bus/replays/{id}` |
//! | [`letters`] | `GET /v1/bus/dead-letters`, `POST /v1/bus/redrives` |
//! | [`queues`] | the queues behind these |
//!
//! Nothing here puts an event on the bus or into a consumer's queue: the relay does, woken by a nudge.

pub mod letters;
pub mod queues;
pub mod reconciliation;
pub mod replays;

use shared::bus::nudge::Nudger;

use queues::Letters;

/// What these routes work with besides the database.
pub struct Tools {
    /// The functions' queues and what lies dead behind them.
    pub letters: Box<dyn Letters>,
    /// Wakes the relay.
    pub nudger: Box<dyn Nudger>,
}
