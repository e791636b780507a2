//! From the cursor on, page by page, and never beyond what is certain.

use serde_json::json;

use crate::{
    lrs::{Lrs, Odd},
    support::*,
};

fn ten() -> impl Iterator<Item = serde_json::Value> {
    (1..=10).map(|n| statement(n, COMPLETED, &format!("NOR-{n}"), n as u32))
}

#[tokio::test]
async fn all_pages_are_read_and_the_cursor_is_the_last_stored() {
    let world = World::new().await;
    world.lrs.store(ten());
    assert_eq!(world.done().await, json!({"new": 10}));
    assert_eq!(world.lrs.asked().len(), 4);
    assert_eq!(world.state("cursor_at").await.as_deref(), Some("2026-03-04 06:10:00+00"));
    assert_eq!(world.state("pass").await, None);
}

#[tokio::test]
async fn the_next_run_asks_from_a_minute_before_the_cursor_once_a_store_has_shown_that_it_compares_stored() {
    let world = World::new().await;
    world.lrs.store(ten());
    world.lrs.store([with(statement(11, COMPLETED, "NOR-11", 11), json!({"timestamp": "2026-03-04T05:00:00Z"}))]);
    world.done().await;
    assert_eq!(world.state("since_means").await.as_deref(), Some("stored"));
    world.lrs.forget();
    // Stored within the minute before the cursor by another machine of the store.
    let late = with(statement(12, COMPLETED, "NOR-12", 12), json!({"stored": "2026-03-04T06:10:20Z"}));
    world.lrs.store([late]);
    assert_eq!(world.done().await, json!({"new": 1, "known": 1}));
    assert_eq!(world.lrs.asked()[0].parameter("since").as_deref(), Some("2026-03-04T06:10:00Z"));
}

#[tokio::test]
async fn a_store_that_compares_timestamps_loses_nothing_that_was_sent_late() {
    let world = World::new().await;
    // As Ralph does it: `since` is compared with when something happened, and each page is turned round.
    world.lrs.with(|store| (store.since_is_timestamp, store.pages_turned) = (true, true));
    world.lrs.store(ten().map(|one| with(one, json!({"timestamp": "2025-09-01T08:00:00Z"}))));
    world.done().await;
    assert_eq!(world.state("since_means").await.as_deref(), Some("timestamp"));
    let late = with(statement(11, COMPLETED, "NOR-11", 30), json!({"timestamp": "2025-08-01T08:00:00Z"}));
    world.lrs.store([late]);
    assert_eq!(world.done().await, json!({"new": 1, "known": 10}));
}

#[tokio::test]
async fn a_store_that_has_shown_nothing_yet_is_read_whole() {
    let world = World::new().await;
    world.lrs.with(|store| store.since_is_timestamp = true);
    world.lrs.store(ten());
    world.done().await;
    assert_eq!(world.state("since_means").await.as_deref(), Some("unknown"));
    let late = with(statement(11, COMPLETED, "NOR-11", 30), json!({"timestamp": "2025-08-01T08:00:00Z"}));
    world.lrs.store([late]);
    assert_eq!(world.done().await["new"], 1);
    assert_eq!(world.state("since_means").await.as_deref(), Some("timestamp"));
}

#[tokio::test]
async fn the_cursor_is_never_past_what_the_store_promises() {
    let world = World::new().await;
    world.lrs.with(|store| store.consistent_through = Some("2026-03-04T06:05:30Z".to_owned()));
    world.lrs.store(ten());
    assert_eq!(world.done().await, json!({"new": 10}), "what is beyond is read and read again");
    assert_eq!(world.state("cursor_at").await.as_deref(), Some("2026-03-04 06:05:30+00"));
}

#[tokio::test]
async fn a_statement_from_the_future_of_a_wrong_clock_does_not_end_everything() {
    let world = World::new().await;
    world.lrs.store([with(statement(1, COMPLETED, "NOR-1", 1), json!({"stored": "2099-01-01T00:00:00Z"}))]);
    world.done().await;
    let not_past_now = "intake.pull_providers WHERE cursor_at <= now()";
    assert_eq!(world.count(not_past_now).await, 1);
    world.lrs.store([with(statement(2, COMPLETED, "NOR-2", 2), json!({"stored": jiff::Timestamp::now().to_string()}))]);
    assert_eq!(world.done().await["new"], 1);
}

#[tokio::test]
async fn a_run_that_breaks_off_goes_on_where_it_was_and_every_fact_is_there_once() {
    for (name, turned, descending) in
        [("ascending", false, false), ("pages turned", true, false), ("descending", false, true)]
    {
        let world = World::new().await;
        world.lrs.with(|store| (store.pages_turned, store.descending) = (turned, descending));
        world.lrs.store(ten());
        let failing = Odd::Status(500, Vec::new(), String::new());
        world.lrs.odd([None, None].into_iter().chain(vec![Some(failing); 4]));
        assert_eq!(world.trouble().await, "provider_failed", "{name}");
        assert_eq!(world.count("core.upskilling_completions").await, 6, "{name}");
        world.lrs.forget();
        assert_eq!(world.done().await, json!({"new": 4}), "{name}: the pages before are not read again");
        assert_eq!(world.count("core.upskilling_completions").await, 10, "{name}");
        assert_eq!(world.events("upskilling.course.completed.v1").await.len(), 10, "{name}");
        assert_eq!(world.state("cursor_at").await.as_deref(), Some("2026-03-04 06:10:00+00"), "{name}");
    }
}

#[tokio::test]
async fn a_link_that_ran_out_is_answered_by_beginning_again_from_the_cursor() {
    let world = World::new().await;
    world.lrs.store(ten());
    let failing = Odd::Status(500, Vec::new(), String::new());
    world.lrs.odd([None, None].into_iter().chain(vec![Some(failing); 4]));
    world.trouble().await;
    world.lrs.odd([Some(Odd::Status(404, Vec::new(), "gone".to_owned()))]);
    assert_eq!(world.done().await["new"], 4);
    assert_eq!(world.count("core.upskilling_completions").await, 10);
}

#[tokio::test]
async fn a_next_page_on_another_host_is_never_asked_for() {
    let world = World::new().await;
    world.lrs.store(ten());
    let other = Lrs::start();
    world.lrs.odd([Some(Odd::More(format!("http://{}/xAPI/statements?from=3", other.address)))]);
    assert_eq!(world.trouble().await, "more_elsewhere");
    assert_eq!(other.asked().len(), 0, "the login stays where it belongs");
    assert_eq!(world.count("core.upskilling_completions").await, 3, "what was read is kept");
    assert_eq!(world.done().await["new"], 7, "the link is not kept for the next run");
}

#[tokio::test]
async fn an_answer_that_sends_us_elsewhere_is_not_followed() {
    let world = World::new().await;
    let other = Lrs::start();
    let location = vec![("Location", format!("http://{}/xAPI/statements", other.address))];
    world.lrs.with(|store| store.always = Some(Odd::Status(307, location, String::new())));
    assert_eq!(world.trouble().await, "provider_moved");
    assert_eq!((other.asked().len(), world.lrs.asked().len()), (0, 1));
}

#[tokio::test]
async fn pages_that_do_not_end_are_left() {
    // The same link again; other links to the same statements; empty pages with other links.
    let same = |_: usize| "/xAPI/statements?from=0&limit=3".to_owned();
    let other = |n: usize| format!("/xAPI/statements?from=0&limit=3&n={n}");
    let empty = |n: usize| format!("/xAPI/statements?from=900&limit=3&n={n}");
    let ways: [&dyn Fn(usize) -> String; 3] = [&same, &other, &empty];
    for way in ways {
        let world = World::new().await;
        world.lrs.store(ten());
        world.lrs.odd((0..50).map(|n| Some(Odd::More(way(n)))));
        assert_eq!(world.trouble().await, "more_endless");
        assert!(world.lrs.asked().len() <= 5, "{}", world.lrs.asked().len());
        assert_eq!(world.count("core.upskilling_completions").await, 3);
        assert_eq!(world.state("pass").await, None);
        world.lrs.with(|store| store.odd.clear());
        assert_eq!(world.done().await["new"], 7, "the store mended, nothing is missing");
    }
}

#[tokio::test]
async fn another_endpoint_under_the_same_code_is_read_from_its_beginning() {
    let world = World::new().await;
    world.lrs.store(ten());
    world.done().await;
    let other = Lrs::start();
    other.store([statement(20, COMPLETED, "NOR-20", 1)]);
    let report = run(&world.app_of(&[world.entry("academy", &other)])).await;
    assert_eq!(report.providers[0].statements["new"], 1);
    assert_eq!(other.asked()[0].parameter("since"), None);
    assert_eq!(world.state("endpoint").await, Some(format!("http://{}/xAPI/statements", other.address)));
}

#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_in_parts() {
    let mut world = World::new().await;
    world.more = json!({"page": 8});
    world.lrs.store(ten());
    world.lrs.odd([Some(Odd::Endless)]);
    assert_eq!(world.done().await, json!({"new": 10}));
    let limits: Vec<_> = world.lrs.asked().iter().take(2).map(|asked| asked.parameter("limit").unwrap()).collect();
    assert_eq!(limits, ["8", "2"]);
}

#[tokio::test]
async fn a_later_page_that_is_too_large_is_asked_for_in_parts_from_the_beginning() {
    let mut world = World::new().await;
    world.more = json!({"page": 8});
    world.lrs.store(ten());
    world.lrs.odd([None, Some(Odd::Endless)]);
    assert_eq!(world.done().await, json!({"new": 10, "known": 8}));
}
