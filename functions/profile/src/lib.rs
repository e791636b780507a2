//! The profile service: what a person's facts add up to, and who may ask for it.
//!
//! | module | what |
//! |---|---|
//! | [`api`] | `profile-api`: reading, correcting, finding and linking profiles |
//! | [`projector`] | `profile-projector`: contract events become enrolments, milestones and a timeline |

pub mod api;
pub mod projector;
