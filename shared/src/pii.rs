//! Personal data as a type: [`Pii`] does not serialise and does not print.

use std::fmt;

use zeroize::Zeroize;

/// A name, an address or words of a person. `Debug` and `Display` print `[pii]`; there is no `Serialize`,
/// so a value can leave the process only where somebody wrote [`Pii::expose`].
///
/// ```compile_fail
/// let name = shared::pii::Pii::new(String::from("Olena"));
/// serde_json::to_string(&name).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pii<T: Zeroize>(T);

impl<T: Zeroize> Pii<T> {
    /// Wraps a value as early as it is known to be personal.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Each call is a place to look at in a review: sealing it, or answering somebody entitled.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Pii<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[pii]")
    }
}

impl<T: Zeroize> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[pii]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_personal_value_prints_as_a_placeholder() {
        let name = Pii::new(String::from("Olena"));
        assert_eq!(format!("{name} {name:?}"), "[pii] [pii]");
        assert_eq!(name.expose(), "Olena");
    }
}
