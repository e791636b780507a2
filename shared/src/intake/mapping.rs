//! What records are read by, whether they are lines of a file or items of a delivery.

use super::{
    entity::{Entity, Layout},
    facts::Facts,
    source::SourceProfile,
};

/// An entity in one of its layouts, and what is known about the source's way to write it.
#[derive(Clone, Copy)]
pub struct Mapping<'a> {
    /// The entity.
    pub entity: &'static Entity,
    /// The layout.
    pub layout: &'static Layout,
    /// What is declared about the source.
    pub profile: &'a SourceProfile,
    /// The facts each column's cells are read by, by column of the layout.
    pub facts: &'a [Facts],
}
