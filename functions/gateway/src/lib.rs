//! The gateway service: what belongs to no single service, and the `authorizer` at the edge.
//!
//! | module | what |
//! |---|---|
//! | [`api`] | the routes of `gateway-api` and who may use them |
//! | [`health`] | up or down, from the functions' heartbeats |
//! | [`imports`] | what comes in, its receipts, the fate of every record, what is declared about sources |
//! | [`bus`] | published = received, replays, dead letters |
//! | [`receipt_page`] | a receipt as a page, in the reader's language |
//! | [`localise`] | the sentences of receipts and records in the reader's language |
//! | [`console`] | the coordinator's page, the operator's page |
//! | [`contracts`] | the catalogue of contract events, and their schemas |
//! | [`queues`] | the importers' queues |
//! | [`providers`] | learning-record stores, for the health of `upskilling` |
//! | [`presign`] | signed addresses of the buckets |
//! | [`authorizer`] | the token check API Gateway asks for |

pub mod api;
pub mod authorizer;
pub mod bus;
pub mod console;
pub mod contracts;
pub mod health;
pub mod imports;
pub mod localise;
pub mod presign;
pub mod providers;
pub mod queues;
pub mod receipt_page;
mod receipt_texts;
