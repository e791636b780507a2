//! A map from field names to values for one record: a handful of entries in one allocation, searched from the front.
//! A million records make some million of these, and a tree or hash table each is what an import would spend its
//! time on.

/// Values by field name, in the order they were put in.
#[derive(Debug, Clone)]
pub struct FieldMap<V>(Vec<(&'static str, V)>);

impl<V> Default for FieldMap<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> FieldMap<V> {
    /// A map with room for so many fields.
    pub fn with_capacity(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    #[inline]
    fn position(&self, field: &str) -> Option<usize> {
        self.0.iter().position(|(name, _)| same(name, field))
    }

    /// A field's value.
    pub fn get(&self, field: &str) -> Option<&V> {
        self.position(field).map(|at| &self.0[at].1)
    }

    /// A field's value, to be changed.
    pub fn get_mut(&mut self, field: &str) -> Option<&mut V> {
        self.position(field).map(|at| &mut self.0[at].1)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Whether a field has a value.
    pub fn contains_key(&self, field: &str) -> bool {
        self.position(field).is_some()
    }

    /// Puts a value in; gives the one it replaces.
    pub fn insert(&mut self, field: &'static str, value: V) -> Option<V> {
        match self.position(field) {
            Some(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            None => {
                self.0.push((field, value));
                None
            }
        }
    }

    /// Takes out what `which` names, one after the other as they are asked for.
    pub fn extract_if<'m>(
        &'m mut self,
        mut which: impl FnMut(&'static str, &V) -> bool + 'm,
    ) -> impl Iterator<Item = (&'static str, V)> + 'm {
        self.0.extract_if(.., move |(name, value)| which(name, value))
    }

    /// A map of what `of` makes of the values, without those it makes nothing of.
    pub fn filter_map<W>(self, mut of: impl FnMut(V) -> Option<W>) -> FieldMap<W> {
        FieldMap(self.0.into_iter().filter_map(|(name, value)| Some((name, of(value)?))).collect())
    }

    /// Takes a value out.
    pub fn remove(&mut self, field: &str) -> Option<V> {
        self.position(field).map(|at| self.0.remove(at).1)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &V)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|(name, _)| *name)
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// How many fields have a value.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no field has one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Names are constants of the entity, so the same name is nearly always the same place in memory, and of others with as
/// many letters most begin with another one.
#[inline]
pub(super) fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && (std::ptr::eq(one.as_ptr(), other.as_ptr())
            || (one.as_bytes().first() == other.as_bytes().first() && one == other))
}

/// Equal when the same fields have the same values, whatever the order.
impl<V: PartialEq> PartialEq for FieldMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl<V> IntoIterator for FieldMap<V> {
    type Item = (&'static str, V);
    type IntoIter = std::vec::IntoIter<(&'static str, V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<V> Extend<(&'static str, V)> for FieldMap<V> {
    fn extend<I: IntoIterator<Item = (&'static str, V)>>(&mut self, fields: I) {
        for (field, value) in fields {
            self.insert(field, value);
        }
    }
}

impl<V> FromIterator<(&'static str, V)> for FieldMap<V> {
    fn from_iter<I: IntoIterator<Item = (&'static str, V)>>(fields: I) -> Self {
        let mut map = Self::default();
        map.extend(fields);
        map
    }
}

impl<V, const N: usize> From<[(&'static str, V); N]> for FieldMap<V> {
    fn from(fields: [(&'static str, V); N]) -> Self {
        fields.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_one_value_and_the_last_one_counts() {
        let mut map: FieldMap<i32> = [("a", 1), ("b", 2), ("a", 3)].into();
        assert_eq!((map.len(), map.get("a"), map.get("c")), (2, Some(&3), None));
        assert_eq!(map.insert("b", 4), Some(2));
        assert_eq!((map.remove("a"), map.remove("a"), map.keys().collect::<Vec<_>>()), (Some(3), None, vec!["b"]));
    }

    #[test]
    fn values_are_taken_out_and_changed_in_their_order() {
        let mut map: FieldMap<i32> = [("a", 1), ("b", 2), ("c", 3), ("d", 4)].into();
        let odd: Vec<_> = map.extract_if(|_, value| value % 2 == 1).collect();
        assert_eq!((odd, map.len()), (vec![("a", 1), ("c", 3)], 2));
        let texts = map.filter_map(|value| (value != 4).then(|| value.to_string()));
        assert_eq!(texts.iter().collect::<Vec<_>>(), [("b", &"2".to_owned())]);
    }

    #[test]
    fn maps_are_equal_whatever_the_order() {
        let one: FieldMap<i32> = [("a", 1), ("b", 2)].into();
        assert_eq!(one, [("b", 2), ("a", 1)].into());
        assert_ne!(one, [("a", 1)].into());
        assert_ne!(one, [("a", 1), ("c", 2)].into());
    }
}
