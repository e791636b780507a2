//! Who a statement is about. Only an address and an account say who it is; a hash or an OpenID says it to somebody who
//! knows already, and a group is nobody.

use shared::{intake::email::normalise, pii::Pii};

use super::{statement::Actor, translate::Reason};

/// Somebody, as a statement names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// By e-mail, normalised.
    Email(Pii<String>),
    /// By an account: its home page and its name, which are known from earlier or to nobody.
    Account(Pii<String>, Pii<String>),
}

impl Who {
    /// What an account may be called in `core.external_ids`, best first: page and name, or the name alone where the
    /// page is the provider's own. A name is a number in many places, so of another page's it says nothing.
    pub fn ids(page: &str, name: &str, own_page: Option<&str>) -> Vec<String> {
        let same = |own: &str| own.trim_end_matches('/') == page.trim_end_matches('/');
        let pair = format!("{page}|{name}");
        if own_page.is_some_and(same) { vec![pair, name.to_owned()] } else { vec![pair] }
    }
}

/// Reads an actor.
///
/// # Errors
/// Why it says of nobody who they are.
pub fn who(actor: &Actor<'_>) -> Result<Who, Reason> {
    if actor.object_type.as_deref() == Some("Group") || actor.member.is_some() {
        return Err(Reason::new("actor_group", "The statement is about a group; send one for each person."));
    }
    let identifiers =
        [actor.mbox.is_some(), actor.mbox_sha1sum.is_some(), actor.openid.is_some(), actor.account.is_some()];
    if identifiers.iter().filter(|there| **there).count() > 1 {
        return Err(Reason::new("actor_ambiguous", "The actor has more than one identifier; xAPI allows one."));
    }
    if let Some(mbox) = &actor.mbox {
        return address(mbox).map(|address| Who::Email(Pii::new(address)));
    }
    if let Some(account) = &actor.account {
        if account.name.trim().is_empty() || account.home_page.trim().is_empty() {
            return Err(Reason::new("actor_anonymous", "The actor's account has no name or no home page."));
        }
        return Ok(match normalise(&account.name) {
            Ok(address) => Who::Email(Pii::new(address)),
            Err(_) => {
                Who::Account(Pii::new(account.home_page.trim().to_owned()), Pii::new(account.name.trim().to_owned()))
            }
        });
    }
    Err(if actor.mbox_sha1sum.is_some() {
        Reason::new("actor_mbox_sha1sum", "The actor is a hash of an address; ask the provider for mbox or account.")
    } else if actor.openid.is_some() {
        Reason::new("actor_openid", "The actor is an OpenID; ask the provider for mbox or account.")
    } else {
        Reason::new("actor_anonymous", "The actor has no identifier; ask the provider for mbox or account.")
    })
}

/// The address in a `mailto:` IRI (RFC 6068), whose characters may be percent-encoded.
fn address(mbox: &str) -> Result<String, Reason> {
    let bad = || Reason::new("bad_email", "The actor's mbox is no mailto: with one address; ask the provider.");
    let (scheme, rest) = mbox.trim().split_once(':').ok_or_else(bad)?;
    if !scheme.eq_ignore_ascii_case("mailto") {
        return Err(bad());
    }
    let encoded = rest.split('?').next().unwrap_or_default();
    let decoded = percent_decoded(encoded).ok_or_else(bad)?;
    normalise(&decoded).map_err(|_| bad())
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Who, &'static str> {
        let actor: Actor<'_> = serde_json::from_str(json).unwrap();
        who(&actor).map_err(|reason| reason.code)
    }

    fn email(address: &str) -> Result<Who, &'static str> {
        Ok(Who::Email(Pii::new(address.to_owned())))
    }

    #[test]
    fn an_address_is_read_as_it_is_in_a_file() {
        for mbox in [
            "mailto:Olena@Example.org",
            "MAILTO: olena@example.org",
            "mailto:olena%40example.org",
            "mailto:olena@example.org?subject=x",
        ] {
            assert_eq!(
                read(&format!(r#"{{"mbox": "{mbox}", "name": "Olena"}}"#)),
                email("olena@example.org"),
                "{mbox}"
            );
        }
        for mbox in [
            "olena@example.org",
            "mailto:",
            "mailto:olena",
            "mailto:a@example.org,b@example.org",
            "http://olena@example.org",
            "mailto:%FF@example.org",
            "mailto:a%4",
        ] {
            assert_eq!(read(&format!(r#"{{"mbox": "{mbox}"}}"#)), Err("bad_email"), "{mbox}");
        }
    }

    #[test]
    fn an_account_is_its_page_and_its_name_or_an_address() {
        let account =
            |name: &str| read(&format!(r#"{{"account": {{"homePage": "https://lms.example", "name": "{name}"}}}}"#));
        let pii = |text: &str| Pii::new(text.to_owned());
        assert_eq!(account("4711"), Ok(Who::Account(pii("https://lms.example"), pii("4711"))));
        assert_eq!(account("Olena@Example.org"), email("olena@example.org"));
        assert_eq!(account(" "), Err("actor_anonymous"));
    }

    #[test]
    fn the_name_of_an_account_counts_alone_only_on_the_providers_own_page() {
        let ids = |own| Who::ids("https://lms.example", "4711", own);
        assert_eq!(ids(None), ["https://lms.example|4711"]);
        assert_eq!(ids(Some("https://other.example")), ["https://lms.example|4711"]);
        assert_eq!(ids(Some("https://lms.example/")), ["https://lms.example|4711", "4711"]);
    }

    #[test]
    fn what_cannot_be_resolved_is_rejected_with_its_reason() {
        for (json, code) in [
            (r#"{"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"}"#, "actor_mbox_sha1sum"),
            (r#"{"openid": "https://olena.example/"}"#, "actor_openid"),
            (r#"{"objectType": "Group", "mbox": "mailto:team@example.org"}"#, "actor_group"),
            (r#"{"objectType": "Group", "member": [{"mbox": "mailto:olena@example.org"}]}"#, "actor_group"),
            (r#"{"objectType": "Agent", "name": "Olena"}"#, "actor_anonymous"),
            (r#"{"mbox": "mailto:olena@example.org", "openid": "https://olena.example/"}"#, "actor_ambiguous"),
        ] {
            assert_eq!(read(json), Err(code), "{json}");
        }
    }
}
