//! The word lists of `data/lists.txt`, read once.

use std::sync::OnceLock;

use text::lexicon::File;

/// Where they are.
pub(crate) const FILE: File =
    File { name: "functions/moderation/engine/data/lists.txt", text: include_str!("../data/lists.txt") };

/// The lists, by the names they have in the file.
#[derive(Debug)]
pub(crate) struct Lists {
    pub tlds: Vec<&'static str>,
    pub at_words: Vec<&'static str>,
    pub dot_words: Vec<&'static str>,
    pub phone_words: Vec<&'static str>,
    pub other_number: Vec<&'static str>,
    pub other_kind: Vec<&'static str>,
    pub money: Vec<&'static str>,
    pub public_lines: Vec<&'static str>,
    pub messengers: Vec<&'static str>,
    pub messenger_stems: Vec<&'static str>,
    pub street_suffixes: Vec<&'static str>,
    pub months: Vec<&'static str>,
    pub masked: Vec<&'static str>,
    pub shorteners: Vec<&'static str>,
    pub short_tlds: Vec<&'static str>,
    pub keyboard_rows: Vec<&'static str>,
    pub common_starts: Vec<&'static str>,
    pub street_words: Vec<&'static str>,
}

/// The lists of this build.
pub(crate) fn lists() -> &'static Lists {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    LISTS.get_or_init(|| {
        let list = |name: &str| -> Vec<&'static str> {
            let line = FILE.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().split_whitespace().collect()
        };
        Lists {
            tlds: list("tlds"),
            at_words: list("at_words"),
            dot_words: list("dot_words"),
            phone_words: list("phone_words"),
            other_number: list("other_number"),
            other_kind: list("other_kind"),
            money: list("money"),
            public_lines: list("public_lines"),
            messengers: list("messengers"),
            messenger_stems: list("messenger_stems"),
            street_suffixes: list("street_suffixes"),
            months: list("months"),
            masked: list("masked"),
            shorteners: list("shorteners"),
            short_tlds: list("short_tlds"),
            keyboard_rows: list("keyboard_rows"),
            common_starts: list("common_starts"),
            street_words: list("street_words"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_of_the_file_is_read_and_has_words() {
        let read = format!("{:?}", lists());
        assert!(!read.contains("[]"), "a list is empty");
        for line in FILE.text.lines().filter(|line| !line.starts_with('#')) {
            let (name, words) = line.split_once(": ").expect("`name: words`");
            assert!(read.contains(&format!("{name}: [")), "{name} is read");
            assert!(!words.is_empty());
        }
    }
}
