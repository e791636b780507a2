//! The names a layout's columns go by, folded once, so that a wide header costs no more than its cells.

use std::collections::HashMap;

use super::column::Column;
use super::header::fold;

/// The names of one layout.
pub(super) struct Names<'a> {
    /// The layout.
    pub layout: &'a [Column],
    /// Every name and alias, folded, in the layout's order.
    all: Vec<(String, usize)>,
    by_name: HashMap<String, usize>,
}

impl<'a> Names<'a> {
    pub fn of(layout: &'a [Column]) -> Self {
        let names = layout.iter().enumerate().map(|(index, column)| (fold(column.name), index));
        let aliases = layout
            .iter()
            .enumerate()
            .flat_map(|(index, column)| column.aliases.iter().map(move |alias| (fold(alias), index)));
        let all: Vec<_> = names.chain(aliases).collect();
        let mut by_name = HashMap::with_capacity(all.len());
        for (name, index) in &all {
            // Names before aliases: a file may have both a column and what another calls it.
            by_name.entry(name.clone()).or_insert(*index);
        }
        Self { layout, all, by_name }
    }

    /// The column of a folded name.
    pub fn find(&self, folded: &str) -> Option<usize> {
        self.by_name.get(folded).copied()
    }

    /// All folded names that lead to a column.
    pub fn all_of(&self, column: usize) -> Vec<String> {
        let leads = |name: &&(String, usize)| name.1 == column && self.find(&name.0) == Some(column);
        self.all.iter().filter(leads).map(|(name, _)| name.clone()).collect()
    }

    /// How many columns a header has: required ones, all.
    pub fn likeness(&self, folded: &[String]) -> (usize, usize) {
        let mut found: Vec<usize> = folded.iter().filter_map(|name| self.find(name)).collect();
        found.sort_unstable();
        found.dedup();
        (found.iter().filter(|&&index| self.layout[index].required).count(), found.len())
    }

    /// The column that a name resembles most, by its own name or one of its others, if it resembles any.
    pub fn nearest(&self, folded: &str) -> Option<&'static str> {
        let length = folded.chars().count();
        let mut best: Option<(f64, usize)> = None;
        for (name, index) in &self.all {
            // What is much longer or shorter resembles nothing, and to find that out is costly.
            let known = name.chars().count();
            if length.min(known) * 10 < length.max(known) * 6 {
                continue;
            }
            let likeness = strsim::normalized_damerau_levenshtein(folded, name);
            if likeness >= 0.6 && best.is_none_or(|(most, _)| likeness > most) {
                best = Some((likeness, *index));
            }
        }
        best.map(|(_, index)| self.layout[index].name)
    }
}
