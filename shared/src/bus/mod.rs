//! Contract events on their way: written into the outbox in the transaction of their fact ([`outbox`]), the relay
//! woken ([`nudge`]), put on the bus ([`event_bus`]), taken in by consumers once ([`consumer`]). What was published is
//! held against what was received ([`reconcile`]) and can be sent once more ([`replay`]). Knows the envelope and nothing
//! of the domain. The README beside this file has a consumer in thirty lines.
//!
//! A writer's four steps, and what a kill between them costs:
//! 1. [`outbox::Outbox::write`] inside the transaction — killed: nothing happened, neither fact nor event;
//! 2. [`nudge::Nudger::nudge_delayed`], still before the commit — killed: a nudge for nothing;
//! 3. commit — killed after it: the delayed nudge of step 2 wakes the relay within 30 s;
//! 4. [`nudge::Nudger::nudge_now`] — failed: the delayed nudge does it, or the hourly sweep.

#![doc = include_str!("README.md")]

pub mod consumer;
pub mod event_bus;
pub mod nudge;
pub mod outbox;
mod packed;
pub mod queues;
pub mod reconcile;
pub mod replay;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod wiring;

use std::time::Duration;

/// How long to wait after the n-th try (from 1): doubling from `first`, at random between half of it and all of it,
/// so that those who failed together do not come back together.
pub fn backoff(tried: u32, first: Duration) -> Duration {
    let full = first.saturating_mul(1 << tried.clamp(1, 10).saturating_sub(1));
    // The random bits of a fresh UUID are as good a die as any for this.
    let die = (uuid::Uuid::now_v7().as_u128() & 0xffff) as u32;
    full / 2 + (full / 2).mul_f64(f64::from(die) / 65_536.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_and_never_leaves_its_half() {
        for tried in 1..8 {
            let full = Duration::from_millis(20 << (tried - 1));
            for _ in 0..50 {
                let wait = backoff(tried, Duration::from_millis(20));
                assert!(wait >= full / 2 && wait <= full, "{wait:?} of {full:?}");
            }
        }
    }
}
