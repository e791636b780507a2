//! Intake: what happens to every byte of a dropped file, without I/O and without a database.
//!
//! | step | module |
//! |---|---|
//! | is it a CSV at all? | [`not_csv`] |
//! | encoding, delimiter, line endings | [`dialect`], [`decode`] |
//! | bytes to records, strictly | [`scan`] |
//! | preamble, header, cells | [`preamble`], [`header`], [`split`] |
//! | what a whole column proves | [`proof`] |
//! | cells to values | [`cell`], [`date`], [`number`], [`email`], [`json`] |
//! | what a person reads | [`code`], [`fault`], [`mask`], [`formula`] |
//!
//! The tables that say which columns an entity has ([`column`]) and the facts of a source
//! ([`facts`]) are data given by the caller: nothing in here knows a session from a match.

pub mod cell;
pub mod code;
pub mod column;
pub mod date;
pub mod decode;
pub mod dialect;
pub mod email;
pub mod facts;
pub mod fault;
pub mod formula;
pub mod header;
pub mod json;
pub mod line_endings;
pub mod mask;
pub mod not_csv;
pub mod number;
pub mod preamble;
pub mod proof;
pub mod scan;
pub mod split;
mod walk;

#[cfg(test)]
mod cell_tests;
#[cfg(test)]
mod date_tests;
#[cfg(test)]
mod flow_tests;
#[cfg(test)]
mod scan_tests;
