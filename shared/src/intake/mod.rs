//! Intake: what happens to every byte of a dropped file.
//!
//! Pure: no I/O and no database.
//!
//! | step | module |
//! |---|---|
//! | is it a CSV at all, or a workbook? | [`not_csv`], [`xlsx`] |
//! | encoding, delimiter, line endings | [`dialect`], [`decode`] |
//! | bytes to records, strictly | [`scan`] |
//! | preamble, header, cells | [`preamble`], [`header`], [`known`], [`split`] |
//! | what a whole column proves | [`proof`] |
//! | cells to values | [`cell`], [`date`], [`number`], [`email`], [`json`] |
//! | what a person reads | [`code`], [`fault`], [`mask`], [`formula`], [`words`] |
//!
//! With the bucket and the database around it:
//!
//! | step | module |
//! |---|---|
//! | what woke the importer, and the object | [`trigger`], [`blob`] |
//! | pass 1: hash, dialect, proof, repeated ids | [`survey`], [`reader`] |
//! | pass 2, one transaction: people, facts, texts, events | [`apply`], [`record`], [`merge`], [`store`], [`attributes`] |
//! | what would become of it | [`plan`] |
//! | what became of it | [`fates`], [`receipt`], [`report`] |
//! | the rejected records, to be corrected and dropped again | [`rejects`], [`blob`] |
//! | the whole of it, killed anywhere and told again; commit and undo | [`engine`] |
//! | the function around it, one for every source | [`importer`] |
//! | the same records by another door: webhooks, adapters, what was asked of a provider | [`live`], [`mapping`] |
//!
//! The tables that say which columns an entity has ([`entity`], [`column`]) and the facts of a source
//! ([`facts`], [`source`]) are data given by the caller: nothing in here knows a session from a match.

pub mod apply;
pub mod attributes;
pub mod blob;
pub mod cell;
mod closing;
pub mod code;
pub mod column;
pub mod date;
pub mod decode;
pub mod dialect;
pub mod email;
pub mod engine;
pub mod entity;
pub mod fact;
pub mod facts;
pub mod fates;
pub mod fault;
pub mod field_map;
pub mod formula;
pub mod header;
pub mod importer;
pub mod json;
pub mod key;
pub mod known;
pub mod line_endings;
pub mod list;
pub mod live;
pub mod mapping;
mod marks;
pub mod mask;
pub mod merge;
mod names;
pub mod not_csv;
pub mod number;
pub mod plan;
pub mod preamble;
pub mod proof;
pub mod reader;
pub mod receipt;
pub mod record;
pub mod rejects;
pub mod report;
pub mod rules;
pub mod scan;
pub mod source;
pub mod split;
pub mod store;
pub mod survey;
pub mod texts;
pub mod trigger;
mod walk;
pub mod words;
pub mod xlsx;

#[cfg(test)]
mod cell_tests;
#[cfg(test)]
mod date_tests;
#[cfg(test)]
mod flow_tests;
#[cfg(test)]
mod scan_tests;
#[cfg(test)]
mod window_tests;
