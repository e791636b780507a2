//! Where a store's statements are, and where its `more` may lead: to the same store and nowhere else, because the
//! login goes with each request.

use url::{Host, Url};

/// A `more` longer than this is no link.
const LONGEST: usize = 8 * 1024;

/// A store's `statements` resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads a configured endpoint, with or without `statements` or a slash at its end.
    ///
    /// # Errors
    /// What an endpoint has to be.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let why = "an address like https://lrs.example.org/xapi/, without user, query and fragment";
        let mut url = Url::parse(text.trim()).map_err(|_| why)?;
        if url.host().is_none() || !url.username().is_empty() || url.password().is_some() {
            return Err(why);
        }
        if url.query().is_some() || url.fragment().is_some() || !["https", "http"].contains(&url.scheme()) {
            return Err(why);
        }
        if url.scheme() == "http" && !on_this_machine(&url) {
            return Err("https: a login does not go over an open line");
        }
        let path = url.path().trim_end_matches('/').trim_end_matches("/statements");
        let path = format!("{path}/statements");
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The first page of a query.
    pub fn query(&self, parameters: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        url
    }

    /// The next page. `more` is an IRL relative to the store's origin (xAPI 1.0.3, part 3, 2.5.3), often only a path;
    /// stores behind a proxy write `http` or their own idea of it, so our scheme and port stay.
    /// None: it leads elsewhere.
    pub fn more(&self, more: &str) -> Option<Url> {
        if more.len() > LONGEST || more.chars().any(char::is_control) {
            return None;
        }
        let mut next = self.0.join(more.trim()).ok()?;
        let same_host = next.host().is_some() && next.host() == self.0.host();
        let same_port = next.port_or_known_default() == self.0.port_or_known_default();
        let plain_behind_proxy = next.scheme() == "http" && next.port().is_none() && self.0.port().is_none();
        if !same_host || !(same_port || plain_behind_proxy) || !["https", "http"].contains(&next.scheme()) {
            return None;
        }
        next.set_scheme(self.0.scheme()).ok()?;
        next.set_username("").ok()?;
        next.set_password(None).ok()?;
        next.set_fragment(None);
        Some(next)
    }

    /// Which store it is, without what is asked of it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

fn on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::parse("https://lrs.example.org/data/xAPI/").unwrap()
    }

    #[test]
    fn an_endpoint_is_the_same_with_and_without_its_last_part() {
        for text in ["/data/xAPI", "/data/xAPI/", "/data/xAPI/statements", "/data/xAPI/statements/"] {
            let parsed = Endpoint::parse(&format!("https://lrs.example.org{text}")).unwrap();
            assert_eq!(parsed.as_str(), "https://lrs.example.org/data/xAPI/statements");
        }
        assert_eq!(Endpoint::parse("https://lrs.example.org").unwrap().as_str(), "https://lrs.example.org/statements");
    }

    #[test]
    fn a_login_goes_over_an_open_line_on_this_machine_only() {
        for text in ["http://127.0.0.1:8100/xAPI", "http://localhost:8100/xAPI/", "http://[::1]:8100/xAPI/"] {
            assert!(Endpoint::parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://lrs.example.org/",
            "ftp://lrs.example.org/",
            "https://u:p@lrs.example.org/",
            "lrs",
            "https://lrs.example.org/?a=b",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_query_is_encoded() {
        let url = endpoint().query(&[("since", "2025-03-04T00:00:00+01:00"), ("limit", "5")]);
        assert_eq!(url.query(), Some("since=2025-03-04T00%3A00%3A00%2B01%3A00&limit=5"));
    }

    #[test]
    fn more_is_followed_within_the_store() {
        for (more, wanted) in [
            ("/data/xAPI/statements?more=2", "https://lrs.example.org/data/xAPI/statements?more=2"),
            ("/elsewhere/more/abc", "https://lrs.example.org/elsewhere/more/abc"),
            ("statements/more?x=1", "https://lrs.example.org/data/xAPI/statements/more?x=1"),
            ("?x=1", "https://lrs.example.org/data/xAPI/statements?x=1"),
            ("https://LRS.example.org:443/more?x=1#y", "https://lrs.example.org/more?x=1"),
            ("http://lrs.example.org/more", "https://lrs.example.org/more"),
            ("/more?navn=Åse", "https://lrs.example.org/more?navn=%C3%85se"),
        ] {
            assert_eq!(endpoint().more(more).map(String::from).as_deref(), Some(wanted), "{more}");
        }
    }

    #[test]
    fn more_is_never_followed_to_another_place() {
        for more in [
            "https://evil.example.org/statements",
            "//evil.example.org/statements",
            "https://lrs.example.org:8443/statements",
            "http://lrs.example.org:8080/statements",
            "https://lrs.example.org.evil.example/statements",
            "https://lrs.example.org@evil.example.org/",
            "\\\\evil.example.org\\statements",
            "file:///etc/passwd",
            "data:application/json,{}",
            "/statements\r\nHost: evil.example.org",
        ] {
            assert_eq!(endpoint().more(more), None, "{more}");
        }
        assert_eq!(endpoint().more(&format!("/{}", "a".repeat(9000))), None);
    }

    #[test]
    fn a_user_in_more_is_dropped() {
        let next = endpoint().more("https://somebody:secret@lrs.example.org/more").unwrap();
        assert_eq!(next.as_str(), "https://lrs.example.org/more");
    }
}
