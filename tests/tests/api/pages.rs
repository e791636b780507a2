//! What people read: the coordinator's page, a receipt as a page, sentences in the reader's language.

use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, World, admin, call};

/// An import with one rejected record, as an importer leaves it.
async fn loaded(world: &World) -> Uuid {
    let id = Uuid::now_v7();
    let reject = json!({"code": "out_of_range", "column": "rating", "value": "9", "hint": "1–5", "reason": "rating \"9\" is outside 1–5."});
    let mut in_receipt = reject.clone();
    in_receipt["record"] = json!(2);
    in_receipt["line"] = json!(3);
    in_receipt["line_end"] = json!(3);
    let receipt = json!({
        "id": id, "source": "kintell", "entity": "sessions", "status": "done", "outcome": "loaded",
        "file": {"key": "kintell/sessions/<b>.csv"}, "rejects": [in_receipt],
        "warnings": [{"code": "possible_truncation", "records": 1, "first_line": 3}],
        "counts": {"records": 2, "new": 1, "changed": 0, "unchanged": 0, "duplicate": 0, "blank": 0, "rejected": 1, "suppressed": 0},
    });
    world
        .owner
        .execute(
            "INSERT INTO intake.imports (import_id, source, entity, layout, status, outcome, bucket, object_key, object_version, receipt, finished_at)
             VALUES ($1, 'kintell', 'sessions', 'language', 'done', 'loaded', 'drops', 'kintell/sessions/<b>.csv', $2, $3, now())",
            &[&id, &id.to_string(), &receipt],
        )
        .await
        .unwrap();
    world
        .owner
        .execute(
            "INSERT INTO intake.fates (import_id, first_record, lines, line_ends, fates, facts, notes)
             VALUES ($1, 1, '{2,3}', '{2,3}', '{new,rejected}', '{NULL,NULL}', $2)",
            &[&id, &json!({"2": reject})],
        )
        .await
        .unwrap();
    id
}

async fn get(world: &World, path: &str, language: &str) -> Answer {
    call("GET", path).bearer(&admin()).header("accept-language", language).to(&world.gateway).await
}

#[tokio::test]
async fn the_coordinators_page_is_public_strict_and_not_kept() {
    let world = World::new().await;
    let answer = call("GET", "/v1/imports/console").to(&world.gateway).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), ("no-store", "nosniff"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'sha256-",
        "style-src 'sha256-",
        "frame-ancestors 'none'",
        "connect-src 'self' http://127.0.0.1:4566",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(answer.text.starts_with("<!doctype html>"));
}

#[tokio::test]
async fn the_operators_page_is_public_strict_and_asks_only_its_own_origin() {
    let world = World::new().await;
    let answer = call("GET", "/v1/bus/console").to(&world.gateway).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("connect-src 'self';") && policy.contains("script-src 'sha256-"), "{policy}");
}

#[tokio::test]
async fn a_receipt_is_a_page_in_the_readers_language() {
    let world = World::new().await;
    let path = format!("/v1/imports/{}/page", loaded(&world).await);
    for (wanted, lang, title) in [
        ("en-GB", "en", "Receipt"),
        ("nn, en;q=0.5", "nb", "Kvittering"),
        ("uk-UA", "uk", "Звіт"),
        ("de", "en", "Receipt"),
    ] {
        let answer = get(&world, &path, wanted).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-language")), (200, lang), "{wanted}");
        assert!(answer.text.contains(title) && answer.text.contains("&lt;b&gt;.csv"), "{wanted}: {}", answer.text);
        assert!(
            !answer.text.contains("<script")
                && answer.header("content-security-policy").starts_with("default-src 'none'")
        );
    }
    let nobody = get(&world, &format!("/v1/imports/{}/page", Uuid::now_v7()), "nb").await;
    assert_eq!(nobody.brief(), "404 not_found");
}

#[tokio::test]
async fn receipts_and_records_speak_the_readers_language() {
    let world = World::new().await;
    let id = loaded(&world).await;
    let mut seen = Vec::new();
    for language in ["en", "nb", "uk"] {
        let receipt = get(&world, &format!("/v1/imports/{id}"), language).await.json;
        let records = get(&world, &format!("/v1/imports/{id}/records"), language).await.json;
        let reason = receipt["rejects"][0]["reason"].as_str().unwrap().to_owned();
        assert_eq!(records["items"][1]["reason"], reason.as_str(), "one sentence in both places");
        assert!(receipt["warnings"][0]["detail"].is_string());
        assert!(!seen.contains(&reason), "{reason}");
        seen.push(reason);
    }
    assert_eq!(seen[0], "rating \"9\" is outside 1–5.", "in English what was stored");
}
