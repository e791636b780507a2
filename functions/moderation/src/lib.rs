//! The moderation service: every text is screened before anything else reads it, and what is held back waits for a
//! person.
//!
//! ```text
//! intake.text.received ─▶ moderation-screener ─▶ engine ─▶ policy ─▶ allow ──▶ vault.cleared_texts ─▶ scoring
//!                                                              ├─▶ review ─▶ core.reviews ─▶ a person ─▶ overturn, redact
//!                                                              └─▶ block ──▶ never scored; aimed at a person: urgent item
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`backend`] | who reads a text: the trait, its contract, the engine of this repository |
//! | [`screening`] | findings and a policy become a decision; an engine that comes to no end means review |
//! | [`policies`] | the policy as data: which one counts, what an admin may put there, what a change touches |
//! | [`office_hours`] | by when an item of the sensitive lane is to be opened |
//! | [`items`] | what both functions write: flags, cleared words |
//! | [`screener`] | `moderation-screener`: contract events, and a sweep every few minutes |
//! | [`api`] | `moderation-api`: the queue, the policy, screening on request |

pub mod api;
pub mod backend;
pub mod items;
pub mod office_hours;
pub mod policies;
pub mod screener;
pub mod screening;

use serde::Serialize;

/// The name a value of the engine has in the store and on the wire.
pub(crate) fn name(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
