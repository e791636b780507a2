//! Receipts and records are stored with codes, masked values and hints; what a reader gets is a sentence in a language
//! that `Accept-Language` names.

use http::{HeaderMap, header};
use serde_json::{Value, json};
use shared::intake::{
    code::{Code, Rejection},
    words::{self, Lang},
};

/// The language the caller wants most of those there are; English if none.
pub fn lang(headers: &HeaderMap) -> Lang {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Lang::from_accept_language(wanted.unwrap_or_default())
}

/// The sentence of a rejection as it is stored: `code`, and `column, reason, value, hint` where they are known. A code
/// of another version keeps its stored sentence.
pub fn reason(lang: Lang, rejection: &Value) -> Option<String> {
    let word = |name: &str| rejection[name].as_str().map(ToOwned::to_owned);
    let stored = word("reason");
    let Some(code) = rejection["code"].as_str().and_then(|code| code.parse::<Code>().ok()) else { return stored };
    let (column, reason) = (word("column"), stored.unwrap_or_default());
    Some(words::sentence(lang, &Rejection { code, column, reason, value: word("value"), hint: word("hint") }))
}

/// What a warning of a receipt means: in English the stored detail, where there is one.
pub fn warning(lang: Lang, warning: &Value) -> Option<String> {
    let detail = warning["detail"].as_str().map(ToOwned::to_owned);
    if lang == Lang::En && detail.is_some() {
        return detail;
    }
    let code = warning["code"].as_str().and_then(|code| code.parse::<Code>().ok());
    code.map(|code| words::warning(lang, code, warning["hint"].as_str())).or(detail)
}

/// Why an import ended as it did: in English the stored reason, where there is one.
pub fn answer(lang: Lang, receipt: &Value) -> Option<String> {
    let reason = receipt["reason"].as_str().map(ToOwned::to_owned);
    match receipt["code"].as_str() {
        Some(code) if lang != Lang::En || reason.is_none() => Some(words::answer(lang, code, receipt["hint"].as_str())),
        _ => reason,
    }
}

/// Puts the reader's sentences into a receipt: `reason` of the receipt and of each of its `rejects`, and `detail` of
/// each of its `warnings`.
pub fn receipt(lang: Lang, receipt: &mut Value) {
    if let Some(text) = answer(lang, receipt) {
        receipt["reason"] = json!(text);
    }
    for reject in receipt.get_mut("rejects").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(text) = reason(lang, reject) {
            reject["reason"] = json!(text);
        }
    }
    for one in receipt.get_mut("warnings").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(text) = warning(lang, one) {
            one["detail"] = json!(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Value {
        json!({
            "code": "brake", "reason": "More than half would change.",
            "rejects": [
                {"line": 6, "code": "out_of_range", "column": "rating", "reason": "rating \"9\" is outside.", "value": "9", "hint": "1–5"},
                {"line": 7, "code": "of_another_version", "reason": "As it was stored."},
            ],
            "warnings": [{"code": "possible_truncation", "records": 1}, {"code": "of_another_version", "records": 1}],
        })
    }

    #[test]
    fn a_receipt_speaks_the_readers_language() {
        let mut seen = Vec::new();
        for lang in Lang::ALL {
            let mut receipt_in_it = stored();
            receipt(lang, &mut receipt_in_it);
            let reason = receipt_in_it["rejects"][0]["reason"].as_str().unwrap().to_owned();
            assert!(reason.contains("rating") && reason.contains('9'), "{reason}");
            assert!(!receipt_in_it["warnings"][0]["detail"].as_str().unwrap().is_empty());
            assert!(!seen.contains(&reason), "another language, another sentence");
            seen.push(reason);
        }
    }

    #[test]
    fn what_has_no_words_keeps_what_was_stored() {
        for lang in Lang::ALL {
            let mut receipt_in_it = stored();
            receipt(lang, &mut receipt_in_it);
            assert_eq!(receipt_in_it["rejects"][1]["reason"], "As it was stored.");
            assert!(receipt_in_it["warnings"][1].get("detail").is_none());
        }
    }

    #[test]
    fn an_import_that_still_runs_is_left_as_it_is() {
        let mut running = json!({"status": "running", "reason": null});
        receipt(Lang::Nb, &mut running);
        assert_eq!(running, json!({"status": "running", "reason": null}));
    }
}
