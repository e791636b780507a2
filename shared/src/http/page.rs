//! Pages of a list: `?limit=&cursor=`. A cursor is the sort key of the last item, opaque to the caller.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::problem::{BAD_CURSOR, BAD_LIMIT, Problem};

const DEFAULT: u32 = 50;
const MOST: u32 = 200;

/// The page asked for, sorted by a key `K`.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// How many items at most, 1 to 200.
    pub limit: u32,
    /// The key of the last item of the page before.
    pub after: Option<K>,
}

impl<K: Serialize + DeserializeOwned> Page<K> {
    /// Reads the two parameters.
    pub fn parse(limit: Option<&str>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = match limit {
            None => DEFAULT,
            Some(text) => text.parse().ok().filter(|n| (1..=MOST).contains(n)).ok_or(Problem::new(&BAD_LIMIT))?,
        };
        let after = match cursor {
            None => None,
            Some(text) => Some(read(text).ok_or(Problem::new(&BAD_CURSOR))?),
        };
        Ok(Self { limit, after })
    }

    /// How many rows to ask the database for: one more than the page, to see whether there is a next.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts the extra row off and names the next page by the last item's key.
    pub fn cut<T>(&self, items: &mut Vec<T>, key: impl Fn(&T) -> K) -> Option<String> {
        if items.len() <= self.limit as usize {
            return None;
        }
        items.truncate(self.limit as usize);
        items.last().and_then(|item| serde_json::to_vec(&key(item)).ok()).map(|key| URL_SAFE_NO_PAD.encode(key))
    }
}

fn read<K: DeserializeOwned>(text: &str) -> Option<K> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_the_key_it_was_made_from() {
        let page = Page::<(u32, String)> { limit: 2, after: None };
        let mut items = vec![1, 2, 3];
        let next = page.cut(&mut items, |n| (*n, format!("k{n}"))).unwrap();
        assert_eq!(items, [1, 2]);
        let page = Page::<(u32, String)>::parse(Some("2"), Some(&next)).unwrap();
        assert_eq!(page.after, Some((2, "k2".to_owned())));
    }

    #[test]
    fn the_last_page_has_no_next() {
        let page = Page::<u32> { limit: 3, after: None };
        let mut items = vec![1, 2, 3];
        assert_eq!(page.cut(&mut items, |n| *n), None);
        assert_eq!(items.len(), 3);
    }

    #[test]
    fn a_limit_outside_1_to_200_and_a_foreign_cursor_are_refused() {
        for limit in ["0", "201", "-1", "ten", "", "1.0", "99999999999"] {
            assert_eq!(Page::<u32>::parse(Some(limit), None).unwrap_err().code.code, "bad_limit", "{limit}");
        }
        for cursor in ["", "x", "bm9wZQ", "%%%", "ImEi"] {
            assert_eq!(Page::<u32>::parse(None, Some(cursor)).unwrap_err().code.code, "bad_cursor", "{cursor}");
        }
        assert_eq!(Page::<u32>::parse(None, None).unwrap(), Page { limit: 50, after: None });
    }
}
