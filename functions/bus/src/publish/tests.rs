use shared::{
    bus::{
        event_bus::CallError,
        testing::{ScriptedBus, Step},
    },
    error::Classified,
};

use super::*;

fn page(sizes: &[usize]) -> Vec<Entry> {
    let entry = |(n, &size): (usize, &usize)| Entry {
        source: "teei.kintell".to_owned(),
        detail_type: "kintell.session.completed.v1".to_owned(),
        detail: format!("{{\"n\":{n},\"pad\":\"{}\"}}", "x".repeat(size)),
    };
    sizes.iter().enumerate().map(entry).collect()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn call_error(kind: CallErrorKind) -> Step {
    Step::FailCall(CallError { code: "Test".to_owned(), kind })
}

#[tokio::test]
async fn requests_hold_at_most_ten_entries_and_240_kb_in_the_order_of_the_page() {
    let bus = ScriptedBus::default();
    let mut sizes = vec![10; 23];
    sizes.extend([100_000, 100_000, 100_000, 190_000, 10]);
    let page = page(&sizes);
    let done = publish(&bus, &page, soon()).await;
    assert_eq!((done.handled, done.dead.len(), done.retried), (28, 0, 0));
    assert_eq!(bus.requests(), [10, 10, 5, 1, 2]);
    assert_eq!(bus.taken(), page);
}

#[tokio::test(start_paused = true)]
async fn only_the_entries_that_failed_are_put_again() {
    let bus = ScriptedBus::following([
        Step::RefuseEntries(vec![1, 3], "ThrottlingException"),
        Step::RefuseEntries(vec![1], "InternalFailure"),
    ]);
    let done = publish(&bus, &page(&[1; 5]), soon()).await;
    assert_eq!((done.handled, done.retried, bus.requests()), (5, 3, vec![5, 2, 1]));
    assert_eq!(bus.taken().len(), 5, "each entry is taken once");
}

#[tokio::test(start_paused = true)]
async fn an_entry_refused_for_good_is_dead_and_its_neighbours_are_published() {
    let bus = ScriptedBus::default();
    bus.poison("\"n\":2,", "MalformedDetail");
    let done = publish(&bus, &page(&[1; 12]), soon()).await;
    assert_eq!(done.handled, 12);
    assert_eq!(done.dead, [Dead { place: 2, code: "MalformedDetail".to_owned(), tries: 1 }]);
    assert_eq!(bus.taken().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_stays_throttled_gives_the_page_back_from_the_first_unfinished_request() {
    let bus = ScriptedBus::default();
    bus.poison("\"n\":13,", "ThrottlingException");
    let done = publish(&bus, &page(&[1; 30]), soon()).await;
    assert_eq!(done.handled, 10, "the first request is done with, the second is not");
    let Some(Stopped::Failed(error)) = done.stopped else { panic!("{:?}", done.stopped) };
    assert_eq!(error.code(), "bus_unavailable");
    assert_eq!(bus.requests(), [10, 10, 1, 1, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_request_is_tried_again_and_given_up_after_six() {
    let bus = ScriptedBus::following([call_error(CallErrorKind::Transient), call_error(CallErrorKind::Transient)]);
    assert_eq!(publish(&bus, &page(&[1; 3]), soon()).await.handled, 3);
    let bus = ScriptedBus::following(vec![call_error(CallErrorKind::Transient); 6]);
    let done = publish(&bus, &page(&[1; 3]), soon()).await;
    assert!(done.handled == 0 && matches!(done.stopped, Some(Stopped::Failed(RelayError::Bus(_)))));
    assert_eq!(bus.requests().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_answered_for_too_few_entries_is_put_again_whole() {
    let bus = ScriptedBus::following([Step::LoseAnswer]);
    let done = publish(&bus, &page(&[1; 4]), soon()).await;
    assert_eq!((done.handled, bus.requests()), (4, vec![4, 4]), "whose answer is missing cannot be told");
    let bus = ScriptedBus::following(vec![Step::LoseAnswer; 6]);
    let done = publish(&bus, &page(&[1; 4]), soon()).await;
    let Some(Stopped::Failed(error)) = done.stopped else { panic!("{:?}", done.stopped) };
    assert!(done.handled == 0 && error.to_string().contains("answers_missing"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_request_the_bus_rejects_whole_is_put_entry_by_entry_so_that_one_cannot_block_the_rest() {
    let reject = || call_error(CallErrorKind::Rejected);
    // The request of three is rejected, then alone: taken, rejected, taken.
    let bus = ScriptedBus::following([reject(), Step::RefuseEntries(vec![], ""), reject()]);
    let done = publish(&bus, &page(&[1; 3]), soon()).await;
    assert_eq!((done.handled, bus.requests()), (3, vec![3, 1, 1, 1]));
    assert_eq!(done.dead, [Dead { place: 1, code: "Test".to_owned(), tries: 1 }]);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_may_not_publish_stops_at_once_and_buries_nothing() {
    for bus in [
        ScriptedBus::following([call_error(CallErrorKind::Refused)]),
        ScriptedBus::following([Step::RefuseEntries(vec![0], "NotAuthorizedForSourceException")]),
    ] {
        let done = publish(&bus, &page(&[1; 3]), soon()).await;
        assert!(matches!(done.stopped, Some(Stopped::Failed(RelayError::Forbidden(_)))));
        assert_eq!((done.handled, done.dead.len(), bus.requests().len()), (0, 0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_after_the_time_is_up() {
    let bus = ScriptedBus::default();
    bus.pause(Duration::from_secs(3));
    let done = publish(&bus, &page(&[1; 40]), Instant::now() + Duration::from_secs(5)).await;
    assert_eq!((done.handled, bus.requests().len()), (20, 2));
    assert!(matches!(done.stopped, Some(Stopped::OutOfTime)));
}
