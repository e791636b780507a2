//! Q2Q: from what people wrote to what it says about outcomes, and back to the words.
//!
//! | module | what |
//! |---|---|
//! | [`backend`] | what reads a text: the trait, and the engine behind it |
//! | [`scorer`] | `q2q-scorer`: cleared texts become outcomes; what does not hold any more is taken back |
//! | [`figures`] | figures of many people, and which of them a company may see: pure functions |
//! | [`api`] | `q2q-api`: classify, evidence, figures, corrections |

pub mod api;
pub mod backend;
pub mod figures;
pub mod scorer;
