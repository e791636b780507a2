//! The common crate.

pub mod intake;
