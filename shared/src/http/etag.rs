//! Entity tags: a thing's revision in quotes, so that two people cannot overwrite each other unseen.

use http::{HeaderMap, HeaderValue, header};

use super::problem::{BAD_IF_MATCH, PRECONDITION_REQUIRED, Problem, STALE};

/// The `ETag` of a revision: `"3"`.
pub fn etag(revision: i32) -> HeaderValue {
    HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// What `If-Match` asks for (RFC 9110 §13.1.1).
#[derive(Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: whatever is there.
    Any,
    /// One of these tags, without their quotes. Weak tags are not among them: they never match here.
    Tags(Vec<String>),
}

impl IfMatch {
    /// 428 without the header, 400 for what is no list of tags.
    pub fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut tags = Vec::new();
        let mut values = headers.get_all(header::IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Err(Problem::new(&PRECONDITION_REQUIRED));
        }
        for value in values {
            let text = value.to_str().map_err(|_| Problem::new(&BAD_IF_MATCH))?;
            if text.trim() == "*" {
                return Ok(Self::Any);
            }
            for tag in text.split(',').map(str::trim) {
                let (weak, quoted) = tag.strip_prefix("W/").map_or((false, tag), |rest| (true, rest));
                let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                let inner = inner.filter(|inner| !inner.contains('"')).ok_or(Problem::new(&BAD_IF_MATCH))?;
                if !weak {
                    tags.push(inner.to_owned());
                }
            }
        }
        Ok(Self::Tags(tags))
    }

    /// 412 unless this revision was asked for.
    pub fn check(&self, revision: i32) -> Result<(), Problem> {
        self.check_tag(&revision.to_string())
    }

    /// 412 unless this tag, without its quotes, was asked for.
    pub fn check_tag(&self, tag: &str) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Tags(tags) if tags.iter().any(|asked| asked == tag) => Ok(()),
            Self::Tags(_) => Err(Problem::new(&STALE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &'static str) -> Result<IfMatch, &'static str> {
        let headers = HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_static(value))]);
        IfMatch::read(&headers).map_err(|problem| problem.code.code)
    }

    #[test]
    fn a_tag_matches_its_revision_and_no_other() {
        let tags = read(r#""3", "5""#).unwrap();
        assert!(tags.check(3).is_ok() && tags.check(5).is_ok());
        assert_eq!(tags.check(4).unwrap_err().code.code, "stale");
        assert!(read("*").unwrap().check(9).is_ok());
    }

    #[test]
    fn a_weak_tag_never_matches() {
        assert_eq!(read(r#"W/"3""#).unwrap().check(3).unwrap_err().code.code, "stale");
    }

    #[test]
    fn a_number_without_quotes_is_no_tag_and_no_header_is_asked_for() {
        for value in ["3", "\"3", "\"3\" \"4\"", "", "\"3\","] {
            assert_eq!(read(value), Err("bad_if_match"), "{value}");
        }
        assert_eq!(IfMatch::read(&HeaderMap::new()).unwrap_err().code.code, "precondition_required");
    }
}
