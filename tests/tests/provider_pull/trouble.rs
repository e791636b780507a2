//! What a provider does wrong is noted against it, and the next run asks again.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;
use upskilling::sync::handle;

use crate::{
    lrs::{Lrs, Odd},
    support::*,
};

fn status(status: u16) -> Odd {
    Odd::Status(status, Vec::new(), "{\"detail\": \"olena@example.org\"}".to_owned())
}

fn later(status: u16, retry_after: &str) -> Odd {
    Odd::Status(status, vec![("Retry-After", retry_after.to_owned())], String::new())
}

async fn world() -> World {
    let world = World::new().await;
    world.lrs.store([statement(1, COMPLETED, "NOR-101", 1)]);
    world
}

#[tokio::test]
async fn what_may_pass_is_tried_again_within_the_run() {
    for odd in [status(500), status(503), status(429), Odd::HangUp, Odd::CutAfter(20), later(503, "0")] {
        let world = world().await;
        world.lrs.odd([Some(odd.clone()), Some(odd)]);
        assert_eq!(world.done().await, json!({"new": 1}));
        assert_eq!(world.lrs.asked().len(), 3);
    }
}

#[tokio::test]
async fn what_stays_wrong_fails_with_its_code() {
    let html = Odd::Status(200, Vec::new(), "<html>Sign in</html>".to_owned());
    for (odd, code, questions) in [
        (status(500), "provider_failed", 4),
        (status(401), "login_refused", 1),
        (status(403), "login_refused", 1),
        (status(404), "question_refused", 1),
        (html, "broken_answer", 4),
        (Odd::Status(200, Vec::new(), "{\"statements\": {}}".to_owned()), "broken_answer", 4),
        (Odd::HangUp, "provider_unreachable", 4),
        (Odd::CutAfter(20), "broken_answer", 4),
    ] {
        let world = world().await;
        world.lrs.with(|store| store.always = Some(odd));
        assert_eq!(world.trouble().await, code);
        assert_eq!(world.lrs.asked().len(), questions, "{code}");
        assert_eq!(world.state("last_error").await.as_deref(), Some(code));
        assert_eq!(world.state("failures").await.as_deref(), Some("1"));
        world.lrs.with(|store| store.always = None);
        assert_eq!(world.done().await["new"], 1);
        assert_eq!(world.state("failures").await.as_deref(), Some("0"));
    }
}

#[tokio::test]
async fn nobody_listens() {
    let world = World::new().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut entry = world.entry("academy", &world.lrs);
    entry["endpoint"] = json!(format!("http://{free}/xAPI"));
    let report = run(&world.app_of(&[entry])).await;
    assert_eq!(report.providers[0].code, Some("provider_unreachable"));
}

#[tokio::test]
async fn what_a_provider_asks_to_wait_is_waited() {
    let in_two_seconds = || {
        let at = Timestamp::now().saturating_add(Duration::from_secs(2)).unwrap();
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap()
    };
    let second: fn() -> String = || "1".to_owned();
    for (wait, least) in [(second, 1000), (in_two_seconds, 500)] {
        let world = world().await;
        let wait = wait();
        world.lrs.odd([Some(later(429, &wait))]);
        let began = Instant::now();
        assert_eq!(world.done().await["new"], 1);
        assert!(began.elapsed() >= Duration::from_millis(least), "{wait}");
    }
}

#[tokio::test]
async fn a_wait_longer_than_the_run_is_a_rest_and_the_provider_is_not_asked_until_it_is_over() {
    let world = world().await;
    world.lrs.odd([Some(later(429, "3600"))]);
    let began = Instant::now();
    assert_eq!(world.trouble().await, "rate_limited");
    assert!(began.elapsed() < Duration::from_secs(5));
    world.lrs.forget();
    let report = world.run().await;
    assert_eq!(report.providers[0].outcome, "resting");
    let left = report.providers[0].resting_until.unwrap().duration_since(Timestamp::now());
    assert!((3500..=3600).contains(&left.as_secs()), "{left}");
    assert_eq!(world.lrs.asked().len(), 0);
    world.rested().await;
    assert_eq!(world.done().await["new"], 1);
}

#[tokio::test]
async fn a_rest_that_is_asked_for_in_the_question_what_since_means_is_kept() {
    let world = world().await;
    let late = json!({"timestamp": "2026-03-04T05:00:00Z", "actor": {"account": {"homePage": "https://lms.example", "name": "4711"}}});
    world.lrs.store([with(statement(2, COMPLETED, "NOR-102", 2), late)]);
    world.lrs.odd([None, Some(later(429, "3600"))]);
    assert_eq!(world.trouble().await, "rate_limited");
    assert_eq!(world.lrs.asked().len(), 2, "nothing is asked for after it");
    assert_eq!(world.run().await.providers[0].outcome, "resting");
    world.rested().await;
    assert_eq!(world.done().await["known"], 2, "what was read is kept");
}

#[tokio::test]
async fn a_provider_that_fails_three_runs_in_a_row_rests_and_is_tried_once_after_it() {
    let world = world().await;
    world.lrs.with(|store| store.always = Some(status(401)));
    for failures in ["1", "2", "3"] {
        world.trouble().await;
        assert_eq!(world.state("failures").await.as_deref(), Some(failures));
    }
    world.lrs.forget();
    assert_eq!(world.run().await.providers[0].outcome, "resting");
    assert_eq!(world.lrs.asked().len(), 0);
    world.rested().await;
    world.trouble().await;
    let twice = "intake.pull_providers WHERE failures = 4 AND resting_until BETWEEN now() + interval '29 minutes' AND now() + interval '30 minutes'";
    assert_eq!(world.count(twice).await, 1);
    world.rested().await;
    world.lrs.with(|store| store.always = None);
    assert_eq!(world.done().await["new"], 1);
    assert_eq!((world.state("failures").await.as_deref(), world.state("resting_until").await), (Some("0"), None));
}

#[tokio::test]
async fn one_providers_failure_does_not_stop_the_others() {
    let world = world().await;
    let (broken, silent) = (Lrs::start(), Lrs::start());
    broken.with(|store| store.always = Some(Odd::Status(200, Vec::new(), "{".to_owned())));
    silent.with(|store| store.always = Some(Odd::Silence(Duration::from_secs(20))));
    let mut slow = world.entry("silent", &silent);
    (slow["request_seconds"], slow["run_seconds"]) = (json!(1), json!(2));
    let app = world.app_of(&[world.entry("broken", &broken), slow, world.entry("academy", &world.lrs)]);
    let report = run(&app).await;
    let outcomes: Vec<_> = report.providers.iter().map(|asked| (asked.provider.as_str(), asked.outcome)).collect();
    assert_eq!(outcomes[0], ("broken", "failed"));
    assert_eq!(outcomes[2], ("academy", "done"));
    assert_eq!(world.facts().await, ["completion NOR-101"]);
}

#[tokio::test]
async fn a_silent_provider_costs_no_more_than_its_time() {
    let mut world = world().await;
    world.more = json!({"request_seconds": 1});
    world.lrs.odd([Some(Odd::Silence(Duration::from_secs(5)))]);
    let began = Instant::now();
    assert_eq!(world.done().await["new"], 1);
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&began.elapsed()));
    world.lrs.with(|store| store.always = Some(Odd::Silence(Duration::from_secs(5))));
    let began = Instant::now();
    let report = handle(&world.app(), Instant::now() + Duration::from_secs(8)).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert!(["provider_timeout", "time_limit"].contains(&report.providers[0].code.unwrap()));
}

#[tokio::test]
async fn a_run_whose_time_is_over_goes_on_the_next_time() {
    let world = world().await;
    world.lrs.store((2..=9).map(|n| statement(n, COMPLETED, &format!("NOR-{n}"), n as u32)));
    world.lrs.odd([None, Some(Odd::Silence(Duration::from_secs(5)))]);
    let report = handle(&world.app(), Instant::now() + Duration::from_millis(6500)).await.unwrap();
    assert_eq!((report.providers[0].outcome, report.providers[0].code), ("more_left", Some("time_limit")));
    assert_eq!(world.state("failures").await.as_deref(), Some("0"), "it is not the provider's fault");
    assert_eq!(world.done().await["new"], 6);
    assert_eq!(world.count("core.upskilling_completions").await, 9);
}

#[tokio::test]
async fn an_answer_larger_than_anybody_reads_is_cut_off() {
    let mut world = world().await;
    world.more = json!({"page": 1});
    world.lrs.with(|store| store.always = Some(Odd::Endless));
    assert_eq!(world.trouble().await, "answer_too_large");
    assert_eq!(world.lrs.asked().len(), 1);
}
