//! `upskilling-sync` against learning-record stores on real sockets and a real database.

mod facts;
mod lrs;
mod paging;
mod runs;
mod support;
mod trouble;
mod voiding;
