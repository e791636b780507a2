//! E-mail addresses as identities: compared exactly, after trimming and ASCII lower-casing.

/// Why a text is not one e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadEmail {
    /// It has no `@`.
    NoAt,
    /// It has more than one `@`.
    Several,
    /// It holds a character that separates addresses or that nobody sees.
    Character,
    /// It, or what is before its `@`, is empty or too long.
    Length,
    /// What is behind the `@` is no domain with a dot.
    Domain,
}

impl BadEmail {
    /// The end of a sentence that begins with the value.
    pub const fn what(self) -> &'static str {
        match self {
            Self::NoAt => "is not an e-mail address; write one like name@example.org",
            Self::Several => "has more than one @; write exactly one address",
            Self::Character => {
                "holds a space, a bracket, a separator or an invisible character; write exactly one plain address"
            }
            Self::Length => "is too short or too long for an e-mail address; check it",
            Self::Domain => "has no proper domain behind the @; write one like name@example.org",
        }
    }

    /// The same as a token of [`super::words`].
    pub const fn token(self) -> &'static str {
        match self {
            Self::NoAt => "no_at",
            Self::Several => "several",
            Self::Character => "character",
            Self::Length => "length",
            Self::Domain => "domain",
        }
    }
}

impl std::fmt::Display for BadEmail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what())
    }
}

/// The most bytes of an address, and of what is before its `@` (RFC 5321 §4.5.3.1).
const ADDRESS_LIMIT: usize = 254;
const LOCAL_LIMIT: usize = 64;
/// The most bytes of a part of the domain (RFC 1035 §2.3.4).
const LABEL_LIMIT: usize = 63;

/// The one form of an address: trimmed, ASCII letters in lower case and nothing else changed.
/// Letters of other scripts stay what they are, so that a Cyrillic `а` never equals a Latin one;
/// `+tag` and dots make different people.
///
/// # Errors
/// What is wrong: not exactly one `@`, no dot in the domain, spaces, brackets or invisible
/// characters inside, too long.
pub fn normalise(raw: &str) -> Result<String, BadEmail> {
    let address = raw.trim();
    let Some((local, domain)) = address.split_once('@') else {
        return Err(BadEmail::NoAt);
    };
    if domain.contains('@') {
        return Err(BadEmail::Several);
    }
    if address.chars().any(forbidden) {
        return Err(BadEmail::Character);
    }
    if local.is_empty() || local.len() > LOCAL_LIMIT || address.len() > ADDRESS_LIMIT {
        return Err(BadEmail::Length);
    }
    let labels_fit = domain.split('.').all(|label| {
        let hyphens = label.starts_with('-') || label.ends_with('-');
        // Letters of every script, but of ASCII only what a host's name may have.
        let may = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !label.is_empty() && label.len() <= LABEL_LIMIT && !hyphens && label.chars().all(may)
    });
    if !domain.contains('.') || !labels_fit {
        return Err(BadEmail::Domain);
    }
    Ok(address.to_ascii_lowercase())
}

/// Characters that separate addresses, or that nobody sees: two addresses that look the same
/// would be two people.
fn forbidden(c: char) -> bool {
    c.is_whitespace() || invisible(c) || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '"' | '\\')
}

/// The sign that makes an address, also as it is typed in full and small width.
pub fn at_sign(c: char) -> bool {
    matches!(c, '@' | '\u{ff20}' | '\u{fe6b}')
}

/// Characters that leave no mark: controls, joiners, marks of direction, fillers.
pub fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffd}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_trimmed_and_lower_cased_in_ascii_only() {
        assert_eq!(normalise(" Anna.Berg+x@Example.ORG\u{a0}").unwrap(), "anna.berg+x@example.org");
        assert_eq!(normalise("ÅSE@example.no").unwrap(), "Åse@example.no");
        assert_eq!(normalise("іван@приклад.укр").unwrap(), "іван@приклад.укр");
        assert_ne!(normalise("аnna@example.org"), normalise("anna@example.org"));
        assert_ne!(normalise("an.na@example.org"), normalise("anna@example.org"));
    }

    #[test]
    fn what_is_not_one_address_is_refused() {
        for bad in [
            "",
            "anna",
            "anna@",
            "@example.org",
            "anna@example",
            "a@b@c.no",
            "a@b.no, c@d.no",
            "a@b.no;c@d.no",
            "Anna <a@b.no>",
            "a b@c.no",
            "a@b..no",
            "a@.no",
            "a@b.no.",
            "a@-b.no",
            "'a@b.no'",
            "a@b.no/c",
            "mailto:a@b.no",
            "a\u{200b}@b.no",
            "a\0@b.no",
        ] {
            assert!(normalise(bad).is_err(), "{bad:?}");
        }
        assert!(normalise(&format!("{}@b.no", "a".repeat(65))).is_err());
        assert!(normalise(&format!("a@{}.no", "b.".repeat(130))).is_err());
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(raw in "[ a-zA-ZåÅіA@.+-]{0,20}") {
            if let Ok(once) = normalise(&raw) {
                let twice = normalise(&once);
                prop_assert_eq!(twice.as_deref(), Ok(once.as_str()));
            }
        }
    }
}
