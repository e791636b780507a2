use uuid::Uuid;

use super::*;

fn at(text: &str) -> Timestamp {
    format!("2026-11-27T{text}Z").parse().unwrap()
}

fn head(stored: &str) -> Head {
    Head { id: Some(Uuid::now_v7()), stored: Some(at(stored)), timestamp: Some(at(stored)) }
}

fn heads(stored: &[&str]) -> Vec<Head> {
    stored.iter().map(|stored| head(stored)).collect()
}

const NOW: &str = "12:00:00";

/// A store that compares *stored*, read up to `cursor`.
fn place(cursor: Option<&str>) -> Place {
    Place { cursor: cursor.map(at), since: Since::Stored, whole: Some((at("00:00:00"), 5)), ..Place::default() }
}

#[test]
fn the_first_pass_asks_for_everything_and_the_next_from_a_minute_before_the_cursor() {
    assert_eq!(place(None).begin(at(NOW)).since, None);
    assert_eq!(place(Some("10:00:00")).begin(at(NOW)).since, Some(at("09:59:00")));
}

#[test]
fn the_cursor_is_the_last_stored_and_moves_page_by_page() {
    let mut place = place(None);
    place.begin(at(NOW));
    place.read(&heads(&["09:00:00", "09:00:01"]), None, Some("/more"), at(NOW));
    assert_eq!(place.cursor, Some(at("09:00:01")));
    place.read(&heads(&["09:00:02"]), None, None, at(NOW));
    assert_eq!((place.cursor, place.pass), (Some(at("09:00:02")), None));
}

#[test]
fn the_cursor_waits_for_the_end_where_pages_do_not_prove_that_they_ascend() {
    for page in [&["09:00:05", "09:00:04"][..], &["09:00:05"], &["09:00:05", "09:00:05"]] {
        let mut place = place(Some("08:00:00"));
        place.begin(at(NOW));
        place.read(&heads(page), None, Some("/more"), at(NOW));
        assert_eq!(place.cursor, Some(at("08:00:00")), "{page:?}");
        place.read(&heads(&["09:00:02", "09:00:01"]), None, None, at(NOW));
        assert_eq!(place.cursor, Some(at("09:00:05")), "{page:?}");
    }
}

#[test]
fn once_pages_went_back_the_cursor_waits_for_the_end() {
    let mut place = place(None);
    place.begin(at(NOW));
    place.read(&heads(&["09:00:00", "09:00:05", "09:00:04"]), None, Some("/2"), at(NOW));
    place.read(&heads(&["09:00:06", "09:00:07"]), None, Some("/3"), at(NOW));
    assert_eq!(place.cursor, None);
    place.read(&[], None, None, at(NOW));
    assert_eq!(place.cursor, Some(at("09:00:07")));
}

#[test]
fn the_cursor_is_never_past_what_the_store_calls_consistent() {
    let mut place = place(Some("08:00:00"));
    place.begin(at(NOW));
    place.read(&heads(&["09:00:00", "09:00:05"]), Some(at("09:00:03")), Some("/2"), at(NOW));
    assert_eq!(place.cursor, Some(at("09:00:03")));
    place.read(&heads(&["09:00:06"]), Some(at("09:10:00")), None, at(NOW));
    assert_eq!(place.cursor, Some(at("09:00:03")), "the first page's word counts");
}

#[test]
fn the_cursor_never_goes_back() {
    let mut place = place(Some("09:00:00"));
    place.begin(at(NOW));
    place.read(&heads(&["08:59:10", "08:59:20"]), Some(at("08:00:00")), None, at(NOW));
    assert_eq!(place.cursor, Some(at("09:00:00")));
}

#[test]
fn a_store_whose_clock_is_ahead_does_not_lead_past_now() {
    let mut place = place(None);
    place.begin(at(NOW));
    place.read(&heads(&["11:00:00", "23:00:00"]), Some(at("23:30:00")), None, at(NOW));
    assert_eq!(place.cursor, Some(at(NOW)));
}

#[test]
fn an_empty_pass_and_statements_without_stored_leave_the_cursor() {
    let mut place = place(Some("09:00:00"));
    place.begin(at(NOW));
    place.read(&[Head::default(), Head::default()], None, Some("/2"), at(NOW));
    place.read(&[], Some(at("11:00:00")), None, at(NOW));
    assert_eq!((place.cursor, place.pass), (Some(at("09:00:00")), None));
}

#[test]
fn a_pass_goes_on_at_its_next_page_within_the_hour() {
    let mut place = place(None);
    place.begin(at("12:00:00"));
    place.read(&heads(&["09:00:05", "09:00:04"]), None, Some("/more?page=2"), at("12:00:00"));
    let mut kept = place.clone();
    assert_eq!(kept.begin(at("12:59:00")).more.as_deref(), Some("/more?page=2"));
    let mut old = place.clone();
    assert_eq!(old.begin(at("13:00:01")).more, None);
    assert_eq!(old.begin(at("13:00:01")).statements, 0);
}

#[test]
fn a_pass_survives_being_written_down() {
    let mut place = place(None);
    place.begin(at(NOW));
    place.read(&heads(&["09:00:05", "09:00:04"]), Some(at("10:00:00")), Some("/2"), at(NOW));
    let json = serde_json::to_string(&place.pass).unwrap();
    assert_eq!(serde_json::from_str::<Option<Pass>>(&json).unwrap(), place.pass);
}

#[test]
fn a_store_that_may_compare_timestamps_is_read_whole_while_it_is_small() {
    for since in [Since::Unknown, Since::Timestamp] {
        let whole = |statements| Place { since, whole: Some((at("06:00:00"), statements)), ..place(Some("10:00:00")) };
        assert_eq!(whole(2_000).begin(at(NOW)).since, None);
        assert_eq!(whole(2_001).begin(at(NOW)).since, at("10:00:00").checked_sub(LATE).ok());
        let tomorrow = at("06:00:00").checked_add(WHOLE_EVERY).unwrap();
        assert_eq!(whole(2_001).begin(tomorrow).since, None);
        let never = &mut Place { since, whole: None, ..place(Some("10:00:00")) };
        assert_eq!(never.begin(at(NOW)).since, None);
    }
}

#[test]
fn a_pass_without_since_counts_the_whole_store() {
    let mut place = Place { since: Since::Unknown, ..Place::default() };
    place.begin(at(NOW));
    place.read(&heads(&["09:00:00", "09:00:01"]), None, Some("/2"), at("12:00:01"));
    assert_eq!(place.whole, None);
    place.read(&heads(&["09:00:02"]), None, None, at("12:00:02"));
    assert_eq!(place.whole, Some((at(NOW), 3)));
}

#[test]
fn the_statement_that_was_longest_on_its_way_is_remembered() {
    let mut place = Place::default();
    place.begin(at(NOW));
    let late = |stored: &str, timestamp: &str| Head { timestamp: Some(at(timestamp)), ..head(stored) };
    place.read(&[head("09:00:00"), late("09:00:01", "09:00:00.985")], None, Some("/2"), at(NOW));
    assert_eq!(place.latecomer, None, "less than a store's clock may round");
    place.read(
        &[late("09:00:02", "09:00:01"), late("09:00:10", "08:00:00"), late("09:00:11", "09:00:10")],
        None,
        None,
        at(NOW),
    );
    assert_eq!(place.latecomer.unwrap().between(), at("09:00:09"));
    let short = Latecomer::of(&late("09:00:00.100", "09:00:00.000")).unwrap();
    assert_eq!(short.between(), at("09:00:00.050"));
}

#[test]
fn a_statement_that_happened_before_shows_that_a_store_compares_stored() {
    let since = at("09:00:00");
    let early = Head { timestamp: Some(at("08:00:00")), ..head("09:00:05") };
    assert_eq!(Since::shown_by(&[head("09:00:01"), early], since, false), Since::Stored);
    assert_eq!(Since::shown_by(&heads(&["09:00:01"]), since, true), Since::Timestamp);
    assert_eq!(Since::shown_by(&[], since, true), Since::Timestamp);
    assert_eq!(Since::shown_by(&heads(&["09:00:01"]), since, false), Since::Unknown);
}
