//! The profile service.
//!
//! | module | what |
//! |---|---|
//! | [`api`] | `profile-api`: reading, correcting, finding and linking profiles |

pub mod api;
