//! What a provider can do wrong. Its trouble, not ours: it is noted, the other providers go on, the next run asks again.

use std::time::Duration;

/// Why a provider could not be asked to the end. Holds nothing that it sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No connection, or it broke.
    #[error("the provider cannot be reached: check its endpoint and the network")]
    Unreachable,
    /// No whole answer in time.
    #[error("the provider did not answer in time: raise request_seconds or lower page")]
    TimedOut,
    /// The run's own time is over; the next one goes on from here.
    #[error("the time for this provider is over: the next run goes on from here")]
    OutOfTime,
    /// More bytes than anybody reads.
    #[error("one statement of the provider is larger than 8 MB: ask the provider")]
    TooLarge,
    /// 429, or 503 with a time.
    #[error("the provider asks to come back later: ask it for a higher limit, or sync less often")]
    Limited(u16, Option<Duration>),
    /// 401, 403.
    #[error("the provider refuses the login: put the right one into the secret of the providers")]
    Refused(u16),
    /// Another 4xx.
    #[error("the provider refuses the question: check its endpoint")]
    BadRequest(u16),
    /// 5xx, 408.
    #[error("the provider failed: it has to be repaired there")]
    Failed(u16),
    /// 3xx: a login is not sent wherever an answer points to.
    #[error("the provider answers from another address: put that one into the secret of the providers")]
    Moved(u16),
    /// No JSON, or none that holds statements.
    #[error("the provider's answer is no list of statements: check its endpoint")]
    Broken,
    /// `more` leads to another host.
    #[error("the provider's next page is on another host, which is never asked: ask the provider")]
    Elsewhere,
    /// Pages that come again and again.
    #[error("the provider's pages do not end: ask the provider")]
    Endless,
    /// Something in its answers made us stumble.
    #[error("the provider could not be read; this is our fault: report it")]
    Stumbled,
    /// Another run has taken over.
    #[error("another run asks this provider")]
    TakenOver,
}

impl Trouble {
    /// What an answer with this status means.
    pub fn of_status(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            429 => Self::Limited(status, retry_after),
            503 if retry_after.is_some() => Self::Limited(status, retry_after),
            401 | 403 => Self::Refused(status),
            300..=399 => Self::Moved(status),
            408 | 500..=599 => Self::Failed(status),
            _ => Self::BadRequest(status),
        }
    }

    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable => "provider_unreachable",
            Self::TimedOut => "provider_timeout",
            Self::OutOfTime => "time_limit",
            Self::TooLarge => "answer_too_large",
            Self::Limited(..) => "rate_limited",
            Self::Refused(_) => "login_refused",
            Self::BadRequest(_) => "question_refused",
            Self::Failed(_) => "provider_failed",
            Self::Moved(_) => "provider_moved",
            Self::Broken => "broken_answer",
            Self::Elsewhere => "more_elsewhere",
            Self::Endless => "more_endless",
            Self::Stumbled => "panic",
            Self::TakenOver => "taken_over",
        }
    }

    /// The HTTP status it came with.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Limited(status, _)
            | Self::Refused(status)
            | Self::BadRequest(status)
            | Self::Failed(status)
            | Self::Moved(status) => Some(*status),
            _ => None,
        }
    }

    /// How long the provider asks to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Limited(_, wait) => *wait,
            _ => None,
        }
    }

    /// Whether the same question may get an answer a moment later.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Unreachable | Self::TimedOut | Self::Limited(..) | Self::Failed(_) | Self::Broken)
    }

    /// Whether it says something against the provider. What ends a run in good order does not.
    pub const fn counts(&self) -> bool {
        !matches!(self, Self::OutOfTime | Self::TakenOver)
    }
}

/// Failed runs in a row after which a provider rests.
pub const RESTS_AFTER: i32 = 3;
const FIRST_REST: Duration = Duration::from_secs(15 * 60);
/// The longest a provider is left alone, also when it asks for more: somebody may have mended it.
const LONGEST_REST: Duration = Duration::from_secs(24 * 3600);

/// How long a provider is left alone after so many failed runs in a row, the last with this trouble.
/// After a rest one run asks again; if it fails, the rest doubles.
pub fn rest(failures: i32, trouble: &Trouble) -> Option<Duration> {
    let over = u32::try_from(failures - RESTS_AFTER).ok();
    let broken = over.map(|over| FIRST_REST.saturating_mul(1 << over.min(10)));
    broken.max(trouble.retry_after()).map(|rest| rest.min(LONGEST_REST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_rests_after_three_failed_runs_and_twice_as_long_after_each_more() {
        let minutes = |failures| rest(failures, &Trouble::Unreachable).map(|rest| rest.as_secs() / 60);
        assert_eq!([1, 2, 3, 4, 5].map(minutes), [None, None, Some(15), Some(30), Some(60)]);
        assert_eq!(minutes(i32::MAX), Some(24 * 60));
    }

    #[test]
    fn what_a_provider_asks_for_is_kept_up_to_a_day() {
        let asks = |seconds| Trouble::Limited(429, Some(Duration::from_secs(seconds)));
        assert_eq!(rest(1, &asks(90)), Some(Duration::from_secs(90)));
        assert_eq!(rest(3, &asks(90)), Some(FIRST_REST));
        assert_eq!(rest(1, &asks(u32::MAX.into())), Some(LONGEST_REST));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(Trouble::of_status(status, None).passes(), "{status}");
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 410, 418] {
            assert!(!Trouble::of_status(status, None).passes(), "{status}");
        }
    }
}
