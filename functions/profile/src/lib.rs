//! The people's side: what a person's facts add up to, and who may ask for it.

pub mod projector;
