//! Scores and progress in percent, exactly: a double would make 92.49999999999999 of 0.925.

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::{
    statement::{Outcome, Score},
    translate::Reason,
};

/// Extensions whose scale is defined, by what turns them into percent. Compared without `http://` or `https://`.
const PROGRESS: [(&str, Decimal); 3] = [
    // cmi5, 9.5.5.1: an integer from 0 to 100.
    ("w3id.org/xapi/cmi5/result/extensions/progress", Decimal::ONE),
    // The xAPI video profile: from 0 to 1.
    ("w3id.org/xapi/video/extensions/progress", Decimal::ONE_HUNDRED),
    ("id.tincanapi.com/extension/percent", Decimal::ONE),
];

/// A score in percent. `scaled` is from −1 to 1 by definition; `raw` is a percentage only where the statement says that
/// it goes from 0 to 100, and no score otherwise.
///
/// # Errors
/// What is there is no number, or out of its range.
pub fn score(score: &Score<'_>) -> Result<Option<Decimal>, Reason> {
    if let Some(scaled) = score.scaled {
        return share(scaled, Decimal::ONE_HUNDRED).map(Some);
    }
    let (Some(raw), Some(min), Some(max)) = (score.raw, score.min, score.max) else { return Ok(None) };
    if decimal(min)? != Decimal::ZERO || decimal(max)? != Decimal::ONE_HUNDRED {
        return Ok(None);
    }
    percent(decimal(raw)?).map(Some)
}

/// How far somebody is, in percent: from an extension whose scale is defined; else from one that is called `progress`,
/// where the number itself tells the scale; else from the scaled score.
///
/// # Errors
/// What is there is no number, out of its range, or may be a share as well as a percentage.
pub fn progress(outcome: &Outcome<'_>) -> Result<Option<Decimal>, Reason> {
    let extensions = outcome.extensions.as_ref();
    let bare = |id: &str| id.trim().trim_start_matches("https://").trim_start_matches("http://").to_owned();
    for (known, times) in PROGRESS {
        let found = extensions.and_then(|all| all.iter().find(|(id, _)| bare(id) == known));
        if let Some((_, value)) = found {
            return share(value, times).map(Some);
        }
    }
    let named = |id: &str| id.trim_end_matches('/').rsplit(['/', '#']).next() == Some("progress");
    if let Some((_, value)) = extensions.and_then(|all| all.iter().find(|(id, _)| named(id))) {
        let value = decimal(value)?;
        if value > Decimal::ZERO && value <= Decimal::ONE {
            return Err(Reason::new(
                "ambiguous_scale",
                "The progress may be a share or a percentage; ask the provider for cmi5's extension.",
            ));
        }
        return percent(value).map(Some);
    }
    match outcome.score.as_ref().and_then(|score| score.scaled) {
        Some(scaled) => share(scaled, Decimal::ONE_HUNDRED).map(Some),
        None => Ok(None),
    }
}

/// As a file would have it.
pub fn text(value: Decimal) -> String {
    value.normalize().to_string()
}

const OUT_OF_RANGE: Reason = Reason::new("out_of_range", "A number of the result is not between 0 and 100 percent.");

/// A number that is so many percent times itself. Far above 100 the product may not fit into a decimal.
fn share(raw: &RawValue, times: Decimal) -> Result<Decimal, Reason> {
    percent(decimal(raw)?.checked_mul(times).ok_or(OUT_OF_RANGE)?)
}

fn percent(value: Decimal) -> Result<Decimal, Reason> {
    if value < Decimal::ZERO || value > Decimal::ONE_HUNDRED {
        return Err(OUT_OF_RANGE);
    }
    Ok(value)
}

/// A JSON number with all its digits (RFC 8259, 6), also with an exponent.
fn decimal(raw: &RawValue) -> Result<Decimal, Reason> {
    let bad = || Reason::new("bad_number", "A number of the result is none, or has more digits than can be kept.");
    let text = raw.get();
    if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Err(bad());
    }
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i64>().map_err(|_| bad())?),
        None => (text, 0),
    };
    let mut value = Decimal::from_str_exact(digits).map_err(|_| bad())?.normalize();
    if value.is_zero() {
        return Ok(Decimal::ZERO);
    }
    let scale = i64::from(value.scale()).checked_sub(exponent).ok_or_else(bad)?;
    if let Ok(scale) = u32::try_from(scale) {
        value.set_scale(scale).map_err(|_| bad())?;
        return Ok(value);
    }
    value.set_scale(0).map_err(|_| bad())?;
    let zeros =
        scale.checked_neg().and_then(|zeros| u32::try_from(zeros).ok()).filter(|zeros| *zeros <= 28).ok_or_else(bad)?;
    let times = Decimal::from_i128_with_scale(10_i128.checked_pow(zeros).ok_or_else(bad)?, 0);
    value.checked_mul(times).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Result<Option<String>, &'static str> {
        let parsed: Score<'_> = serde_json::from_str(json).unwrap();
        score(&parsed).map(|score| score.map(text)).map_err(|reason| reason.code)
    }

    fn far(json: &str) -> Result<Option<String>, &'static str> {
        let parsed: Outcome<'_> = serde_json::from_str(json).unwrap();
        progress(&parsed).map(|percent| percent.map(text)).map_err(|reason| reason.code)
    }

    #[test]
    fn a_scaled_score_is_a_hundredth_exactly() {
        for (scaled, percent) in [
            ("0.925", "92.5"),
            ("0.29", "29"),
            ("1", "100"),
            ("1.0", "100"),
            ("0", "0"),
            ("-0.0", "0"),
            ("0.8666666666666667", "86.66666666666667"),
            ("9.25e-1", "92.5"),
            ("925E-3", "92.5"),
            ("0.01e+2", "100"),
            ("0e99", "0"),
        ] {
            assert_eq!(of(&format!(r#"{{"scaled": {scaled}}}"#)), Ok(Some(percent.to_owned())), "{scaled}");
        }
    }

    #[test]
    fn a_score_out_of_its_range_is_none_and_never_cut() {
        for (scaled, code) in [
            ("-0.5", "out_of_range"),
            ("1.01", "out_of_range"),
            ("92.5", "out_of_range"),
            ("1e27", "out_of_range"),
            ("7.93e26", "out_of_range"),
            ("-1e27", "out_of_range"),
            ("1e30", "bad_number"),
            ("1e-9223372036854775808", "bad_number"),
            ("0.1e9223372036854775807", "bad_number"),
            ("1e9223372036854775807", "bad_number"),
            ("1e-30", "bad_number"),
            ("1e99999999999999999999", "bad_number"),
            ("0.12345678901234567890123456789012", "bad_number"),
            (r#""0.9""#, "bad_number"),
            ("true", "bad_number"),
            ("{}", "bad_number"),
        ] {
            assert_eq!(of(&format!(r#"{{"scaled": {scaled}}}"#)), Err(code), "{scaled}");
        }
    }

    #[test]
    fn a_raw_score_counts_only_where_it_says_that_it_is_a_percentage() {
        assert_eq!(of(r#"{"raw": 92.5, "min": 0, "max": 100}"#), Ok(Some("92.5".to_owned())));
        assert_eq!(of(r#"{"raw": 0, "min": 0.0, "max": 1e2}"#), Ok(Some("0".to_owned())));
        for json in [
            r#"{"raw": 92}"#,
            r#"{"raw": 9, "min": 0, "max": 10}"#,
            r#"{"raw": 92, "max": 100}"#,
            r#"{"raw": 92, "min": 1, "max": 100}"#,
            "{}",
        ] {
            assert_eq!(of(json), Ok(None), "{json}");
        }
        assert_eq!(of(r#"{"raw": 101, "min": 0, "max": 100}"#), Err("out_of_range"));
        assert_eq!(of(r#"{"scaled": 0.5, "raw": 92, "min": 0, "max": 100}"#), Ok(Some("50".to_owned())), "scaled wins");
    }

    #[test]
    fn progress_is_read_by_the_scale_of_its_extension() {
        for (extension, percent) in [
            (r#""https://w3id.org/xapi/cmi5/result/extensions/progress": 40"#, "40"),
            (r#""http://w3id.org/xapi/cmi5/result/extensions/progress": 1"#, "1"),
            (r#""https://w3id.org/xapi/video/extensions/progress": 0.405"#, "40.5"),
            (r#""https://lms.example/ext/progress": 40"#, "40"),
            (r#""https://lms.example/ext/progress": 0"#, "0"),
        ] {
            assert_eq!(
                far(&format!(r#"{{"extensions": {{{extension}}}}}"#)),
                Ok(Some(percent.to_owned())),
                "{extension}"
            );
        }
        assert_eq!(far(r#"{"score": {"scaled": 0.4}}"#), Ok(Some("40".to_owned())));
        assert_eq!(far(r#"{"extensions": {"https://lms.example/ext/time": 5}}"#), Ok(None));
    }

    #[test]
    fn a_share_whose_percentage_does_not_fit_is_out_of_range() {
        for json in [
            r#"{"extensions": {"https://w3id.org/xapi/video/extensions/progress": 1e27}}"#,
            r#"{"score": {"scaled": 1e27}}"#,
        ] {
            assert_eq!(far(json), Err("out_of_range"), "{json}");
        }
    }

    #[test]
    fn a_progress_that_may_be_a_share_or_a_percentage_is_not_guessed() {
        for value in ["0.4", "1", "1.0"] {
            let json = format!(r#"{{"extensions": {{"https://lms.example/ext/progress": {value}}}}}"#);
            assert_eq!(far(&json), Err("ambiguous_scale"), "{value}");
        }
        let cmi5 = |value: &str| {
            far(&format!(r#"{{"extensions": {{"https://w3id.org/xapi/cmi5/result/extensions/progress": {value}}}}}"#))
        };
        assert_eq!(cmi5("101"), Err("out_of_range"));
        assert_eq!(cmi5("1e28"), Err("out_of_range"));
        assert_eq!(cmi5("-1"), Err("out_of_range"));
        assert_eq!(cmi5(r#""40""#), Err("bad_number"));
    }
}
