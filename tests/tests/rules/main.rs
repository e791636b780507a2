//! The import rules, sentence by sentence, through the pure layer: bytes in, records or reasons out, no database.
//!
//! Whole files through the importer are in `import/rules_*.rs`.

mod bytes;
mod cells;
mod corpus;
mod dates;
mod dialects;
mod file;
mod headers;
mod quotes;
mod refusals;
mod rows;
mod torture;
