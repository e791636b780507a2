use serde_json::json;

use super::*;

fn receipt() -> Value {
    json!({
        "id": "01980f5c-3a5e-7c1d-9e52-6f1f5c0a7b11", "source": "kintell", "entity": "sessions", "status": "done", "outcome": "loaded",
        "file": {"key": "kintell/sessions/<b>mars & april.csv"},
        "counts": {"records": 12, "new": 10, "changed": 1, "unchanged": 0, "duplicate": 0, "blank": 0, "rejected": 1, "suppressed": 0},
        "dialect": {"encoding": "utf-8", "delimiter": "semicolon"},
        "columns": {"known": {}, "unknown": [{"name": "<script>alert(1)</script>", "nearest": "rating"}], "missing": ["topics"]},
        "control_total": {"stated": 12, "counted": 12}, "people": {"known": 2, "created": 9},
        "rejects": [{"record": 5, "line": 6, "line_end": 7, "code": "out_of_range", "column": "rating", "value": "9", "hint": "1–5",
                     "reason": "rating \"9\" is outside 1–5."}],
        "warnings": [{"code": "possible_truncation", "records": 1, "first_line": 13}],
        "finished_at": "2026-03-01T10:00:00Z",
    })
}

#[test]
fn totals_what_was_found_and_rejections_are_on_the_page_in_each_language() {
    for (lang, title, line) in
        [(Lang::En, "Receipt", "Lines 6–7"), (Lang::Nb, "Kvittering", "Linje 6–7"), (Lang::Uk, "Звіт", "6–7")]
    {
        let page = render(lang, &receipt(), false);
        assert!(page.contains(&format!("<html lang=\"{}\">", lang.tag())));
        for text in
            [title, line, "<td>12</td>", "<td>10</td>", texts(lang).name("semicolon"), "topics", texts(lang).adds_up]
        {
            assert!(page.contains(text), "{text} in {lang:?}");
        }
    }
    assert!(!render(Lang::Nb, &receipt(), false).contains("is outside"), "the stored English sentence is not shown");
}

#[test]
fn nothing_from_a_file_becomes_markup() {
    let page = render(Lang::En, &receipt(), false);
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    assert!(page.contains("&lt;b&gt;mars &amp; april.csv"));
}

#[test]
fn numbers_that_do_not_add_up_are_not_hidden() {
    let mut wrong = receipt();
    wrong["counts"]["new"] = json!(9);
    assert!(render(Lang::En, &wrong, false).contains("do not add up"));
}

#[test]
fn an_import_that_still_runs_has_a_page_that_says_so() {
    let page = render(
        Lang::Nb,
        &json!({"status": "queued", "source": "kintell", "entity": null, "file": {"key": "kintell/a.csv"}}),
        false,
    );
    assert!(page.contains("ikke ferdig") && page.contains("a.csv"));
}

#[test]
fn an_undone_import_says_what_undoing_it_did() {
    let mut it = receipt();
    it["outcome"] = json!("undone");
    it["undo"] = json!({"restored": 3, "removed": 41, "kept_later_edit": 2});
    assert!(render(Lang::Uk, &it, false).contains("<td>41</td>"));
}

#[test]
fn nothing_of_a_norwegian_page_is_left_in_another_language_or_in_a_machines_form() {
    let mut it = receipt();
    it["facts_used"] = json!({"date_order": "day_first", "zone": "Europe/Oslo"});
    let page = render(Lang::Nb, &it, false);
    for text in ["Kintell · samtaler", "semikolon", "UTF-8", "dag først", "1.3.2026 kl. 11.00 (Europe/Oslo)"] {
        assert!(page.contains(text), "{text} in {page}");
    }
    assert!(!page.contains("day_first") && !page.contains("2026-03-01T"), "{page}");
}

#[test]
fn a_file_that_was_refused_says_nothing_of_rows_that_nobody_counted() {
    let refused = json!({
        "status": "done", "outcome": "refused", "source": "kintell", "code": "not_csv", "hint": "pdf", "file": {"key": "kintell/a.pdf"},
        "counts": {"records": 0, "new": 0, "changed": 0, "unchanged": 0, "duplicate": 0, "blank": 0, "rejected": 0, "suppressed": 0},
    });
    let page = render(Lang::En, &refused, false);
    assert!(page.contains("PDF") && !page.contains("add up"), "{page}");
}

#[test]
fn a_plan_says_that_nothing_is_changed_yet() {
    let mut plan = receipt();
    plan["outcome"] = json!("planned");
    plan["plan"] = json!({"people_created": 17});
    for lang in Lang::ALL {
        let page = render(lang, &plan, false);
        for text in [texts(lang).plan, texts(lang).to_create, "<td>17</td>"] {
            assert!(page.contains(text), "{text} in {lang:?}");
        }
        assert!(!page.contains(texts(lang).people[1]), "nobody was met yet");
    }
}

#[test]
fn rejects_that_cannot_be_fetched_and_the_page_where_something_can_be_done_are_told() {
    let mut it = receipt();
    it["rejects_note"] = json!("gone");
    let page = render(Lang::Uk, &it, true);
    assert!(page.contains(texts(Lang::Uk).gone));
    assert!(page.contains("href=\"../console#/imports/01980f5c-3a5e-7c1d-9e52-6f1f5c0a7b11\""));
    assert!(!render(Lang::Uk, &receipt(), false).contains("<a "), "no address on a stage without that page");
}
