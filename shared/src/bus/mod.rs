//! Contract events on their way: written into the outbox in the transaction of their fact ([`outbox`]), the relay
//! woken ([`nudge`]). Knows the envelope and nothing of the domain.
//!
//! A writer's four steps, and what a kill between them costs:
//! 1. [`outbox::Outbox::write`] inside the transaction — killed: nothing happened, neither fact nor event;
//! 2. [`nudge::Nudger::nudge_delayed`], still before the commit — killed: a nudge for nothing;
//! 3. commit — killed after it: the delayed nudge of step 2 wakes the relay within 30 s;
//! 4. [`nudge::Nudger::nudge_now`] — failed: the delayed nudge does it, or the hourly sweep.

pub mod nudge;
pub mod outbox;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
