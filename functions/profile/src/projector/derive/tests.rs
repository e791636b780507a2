use proptest::prelude::*;

use super::*;
use crate::projector::details::{Completion, Credential};
use shared::contracts::{CourseCode, CredentialType, ProviderCode, Rating, Score};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn day(n: i64) -> Timestamp {
    "2025-01-01T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * n)
}

/// A completed language session as participant, on a day.
fn session(fact: u128, on: i64) -> TimelineEntry {
    TimelineEntry {
        fact_id: id(fact),
        event_id: id(1000 + fact),
        programme: Programme::Language,
        role: Some(Role::Participant),
        occurred_at: day(on),
        details: Details::Meeting(Meeting {
            status: Status::Completed,
            duration_minutes: None,
            language_level: None,
            rating: None,
        }),
    }
}

fn meeting(entry: &mut TimelineEntry) -> &mut Meeting {
    match &mut entry.details {
        Details::Meeting(meeting) => meeting,
        _ => panic!("no meeting"),
    }
}

fn at_level(fact: u128, on: i64, level: Cefr) -> TimelineEntry {
    let mut entry = session(fact, on);
    meeting(&mut entry).language_level = Some(level);
    entry
}

fn rated_at(fact: u128, on: i64, rating: &str) -> TimelineEntry {
    let mut entry = session(fact, on);
    meeting(&mut entry).rating = Some(Rating::new(rating.parse().unwrap()).unwrap());
    entry
}

fn flag_facts(timeline: &[TimelineEntry], flag: Flag) -> Option<Vec<u128>> {
    derive(timeline).flags.get(&flag).map(|because| {
        assert_eq!(because.events, because.facts.iter().map(|fact| id(1000 + fact.as_u128())).collect::<Vec<_>>());
        because.facts.iter().map(Uuid::as_u128).collect()
    })
}

#[test]
fn nothing_follows_from_nothing() {
    assert_eq!(derive(&[]), Journey::default());
}

#[test]
fn an_enrolment_begins_with_the_earliest_fact_scheduled_or_completed_in_each_programme_and_role() {
    let mut scheduled = session(1, 3);
    meeting(&mut scheduled).status = Status::Scheduled;
    let mentor = TimelineEntry { programme: Programme::Mentorship, role: Some(Role::Volunteer), ..session(2, 1) };
    let journey = derive(&[session(3, 5), scheduled, mentor]);
    let expected = [
        (place(Programme::Language, Role::Participant, ""), Enrolled { since: day(3), ended: None }),
        (place(Programme::Mentorship, Role::Volunteer, ""), Enrolled { since: day(1), ended: None }),
    ];
    assert_eq!(journey.enrolments, BTreeMap::from(expected));
}

#[test]
fn the_first_milestones_are_the_earliest_completed_sessions_of_a_participant() {
    let mut scheduled = session(1, 0);
    meeting(&mut scheduled).status = Status::Scheduled;
    let as_volunteer = TimelineEntry { role: Some(Role::Volunteer), ..session(2, 1) };
    let mentorship = TimelineEntry { programme: Programme::Mentorship, ..session(3, 9) };
    let journey = derive(&[session(5, 7), session(4, 4), scheduled, as_volunteer, mentorship]);
    assert_eq!(journey.milestones[&Milestone::FirstLanguageSession], Reached { at: day(4), fact_id: id(4) });
    assert_eq!(journey.milestones[&Milestone::FirstMentorshipSession], Reached { at: day(9), fact_id: id(3) });
    assert_eq!(journey.milestones.len(), 2);
    assert_eq!(journey.before(Milestone::FirstMentorshipSession), Some(Milestone::FirstLanguageSession));
    assert_eq!(journey.before(Milestone::FirstLanguageSession), None);
}

#[test]
fn a_level_up_is_the_first_session_above_an_earlier_one() {
    let up = |timeline: &[TimelineEntry]| {
        derive(timeline).milestones.get(&Milestone::LanguageLevelUp).map(|r| r.fact_id.as_u128())
    };
    assert_eq!(
        up(&[at_level(1, 0, Cefr::A2), at_level(2, 5, Cefr::A2), at_level(3, 9, Cefr::B1), at_level(4, 12, Cefr::B2)]),
        Some(3)
    );
    assert_eq!(up(&[at_level(1, 0, Cefr::B2), at_level(2, 5, Cefr::B1), at_level(3, 9, Cefr::A1)]), None, "downwards");
    assert_eq!(
        up(&[at_level(1, 0, Cefr::B2), at_level(2, 5, Cefr::A2), at_level(3, 9, Cefr::B1)]),
        Some(3),
        "up from the dip"
    );
    assert_eq!(up(&[at_level(1, 5, Cefr::A1), at_level(2, 5, Cefr::B1)]), None, "the same instant is not before");
    assert_eq!(
        up(&[at_level(1, 0, Cefr::A1), session(2, 3), at_level(3, 9, Cefr::A2)]),
        Some(3),
        "sessions without level between"
    );
}

#[test]
fn mentor_ready_takes_three_rated_sessions_with_a_mean_of_three_quarters() {
    let ready = |timeline: &[TimelineEntry]| flag_facts(timeline, Flag::MentorReady);
    assert_eq!(
        ready(&[rated_at(1, 0, "0.5"), rated_at(2, 1, "0.75"), rated_at(3, 2, "1")]),
        Some(vec![1, 2, 3]),
        "exactly 0.75"
    );
    assert_eq!(
        ready(&[rated_at(1, 0, "0.5"), rated_at(2, 1, "0.75"), rated_at(3, 2, "0.99999")]),
        None,
        "a hair below"
    );
    assert_eq!(
        ready(&[rated_at(1, 0, "1"), rated_at(2, 1, "1"), session(3, 2), session(4, 3)]),
        None,
        "two ratings say too little"
    );
    let mut mentorship = rated_at(3, 2, "1");
    mentorship.programme = Programme::Mentorship;
    assert_eq!(ready(&[rated_at(1, 0, "1"), rated_at(2, 1, "1"), mentorship]), None, "language sessions only");
    let mut scheduled = rated_at(4, 2, "1");
    meeting(&mut scheduled).status = Status::Scheduled;
    assert_eq!(ready(&[rated_at(1, 0, "1"), rated_at(2, 1, "1"), scheduled]), None, "completed sessions only");
    let as_volunteer = |fact| TimelineEntry { role: Some(Role::Volunteer), ..rated_at(fact, 0, "1") };
    assert_eq!(ready(&[as_volunteer(1), as_volunteer(2), as_volunteer(3)]), None, "not for volunteers");
}

#[test]
fn support_is_needed_after_two_low_ratings_within_60_days_even_with_a_good_one_between() {
    let needed = |timeline: &[TimelineEntry]| flag_facts(timeline, Flag::LanguageSupportNeeded);
    assert_eq!(needed(&[rated_at(1, 0, "0.25"), rated_at(2, 60, "0.49999")]), Some(vec![1, 2]));
    assert_eq!(needed(&[rated_at(1, 0, "0.25"), rated_at(2, 61, "0.25")]), None, "too far apart");
    assert_eq!(needed(&[rated_at(1, 0, "0.25"), rated_at(2, 1, "0.5")]), None, "0.5 is not below 0.5");
    assert_eq!(needed(&[rated_at(1, 0, "0.25"), rated_at(2, 9, "1"), rated_at(3, 20, "0")]), Some(vec![1, 3]));
    let two_pairs =
        [rated_at(1, 0, "0"), rated_at(2, 5, "0"), rated_at(3, 200, "0"), rated_at(4, 210, "0"), rated_at(5, 400, "0")];
    assert_eq!(needed(&two_pairs), Some(vec![3, 4]), "the latest pair is the cause shown");
}

fn place(programme: Programme, role: Role, reference: &str) -> Place {
    Place { programme, role, reference: reference.to_owned() }
}

/// A match of a participant, made on a day; ended on another for a reason.
fn matched(fact: u128, on: i64, ended: Option<(i64, EndReason)>) -> TimelineEntry {
    TimelineEntry {
        programme: Programme::Buddy,
        occurred_at: day(ended.map_or(on, |(end, _)| end)),
        details: Details::Match(Match {
            matched_at: day(on),
            reason: ended.map(|(_, reason)| reason),
            duration_days: None,
        }),
        ..session(fact, on)
    }
}

fn course(provider: &str, id: &str) -> Course {
    Course { provider: ProviderCode::new(provider).unwrap(), id: CourseCode::new(id).unwrap(), name: None }
}

fn in_course(fact: u128, on: i64, details: Details) -> TimelineEntry {
    TimelineEntry { programme: Programme::Upskilling, details, ..session(fact, on) }
}

fn progress(fact: u128, since: i64, on: i64, status: CourseStatus, course: &Course) -> TimelineEntry {
    let percent = Score::new(Decimal::TEN).unwrap();
    in_course(fact, on, Details::Progress(Progress { course: course.clone(), percent, status, since: day(since) }))
}

fn completion(fact: u128, on: i64, course: &Course) -> TimelineEntry {
    in_course(fact, on, Details::Completion(Completion { course: course.clone(), final_score: None }))
}

fn credential(fact: u128, on: i64, course: &Course) -> TimelineEntry {
    let details = Credential {
        course: course.clone(),
        credential_type: CredentialType::Certificate,
        expires_at: None,
        has_url: false,
    };
    in_course(fact, on, Details::Credential(details))
}

#[test]
fn a_match_is_an_enrolment_of_its_own_that_ends_by_its_reason() {
    for reason in EndReason::ALL {
        let completes = matches!(reason, EndReason::Completed | EndReason::ProgramEnded);
        let ending = if completes { Ending::Completed } else { Ending::Dropped };
        let journey = derive(&[matched(2, 50, None), matched(1, 3, Some((40, *reason)))]);
        let expected = [
            (
                place(Programme::Buddy, Role::Participant, &id(1).to_string()),
                Enrolled { since: day(3), ended: Some((ending, day(40))) },
            ),
            (place(Programme::Buddy, Role::Participant, &id(2).to_string()), Enrolled { since: day(50), ended: None }),
        ];
        assert_eq!(journey.enrolments, BTreeMap::from(expected), "{reason:?}");
        let reached = Reached { at: day(3), fact_id: id(1) };
        assert_eq!(
            journey.milestones,
            BTreeMap::from([(Milestone::BuddyMatched, reached)]),
            "by the match, not its end"
        );
    }
    let buddy = derive(&[TimelineEntry { role: Some(Role::Volunteer), ..matched(1, 3, None) }]);
    assert!(buddy.milestones.is_empty() && buddy.enrolments.len() == 1, "a buddy is enrolled and reaches nothing");
}

#[test]
fn a_course_is_an_enrolment_from_the_earliest_fact_until_it_is_completed_or_dropped() {
    use CourseStatus::{Completed, Dropped, Enrolled as SignedUp, InProgress};
    let accounting = course("ecornell", "intro");
    let enrolled = |timeline: &[TimelineEntry]| {
        derive(timeline).enrolments[&place(Programme::Upskilling, Role::Participant, "ecornell/intro")]
    };
    let is = |since: i64, ended: Option<(Ending, i64)>| Enrolled {
        since: day(since),
        ended: ended.map(|(ending, on)| (ending, day(on))),
    };
    for active in [SignedUp, InProgress] {
        assert_eq!(enrolled(&[progress(1, 2, 9, active, &accounting)]), is(2, None));
    }
    assert_eq!(enrolled(&[progress(1, 2, 9, Dropped, &accounting)]), is(2, Some((Ending::Dropped, 9))));
    assert_eq!(enrolled(&[progress(1, 2, 9, Completed, &accounting)]), is(2, Some((Ending::Completed, 9))));
    assert_eq!(enrolled(&[completion(1, 7, &accounting)]), is(7, Some((Ending::Completed, 7))));
    let both = [completion(1, 7, &accounting), progress(2, 2, 9, Dropped, &accounting)];
    assert_eq!(enrolled(&both), is(2, Some((Ending::Completed, 7))), "a completion wins over a drop");
    let twice = [progress(1, 2, 9, Dropped, &accounting), progress(2, 12, 15, InProgress, &accounting)];
    assert_eq!(enrolled(&twice), is(2, None), "the newer word of two accounts of one person");
    let others = [progress(1, 2, 9, SignedUp, &course("a/b", "c")), progress(2, 2, 9, SignedUp, &course("a", "b/c"))];
    let references: Vec<_> = derive(&others).enrolments.into_keys().map(|place| place.reference).collect();
    assert_eq!(references, ["a%2Fb/c", "a/b/c"], "two courses do not read the same");
}

#[test]
fn the_milestones_of_courses_are_the_earliest_of_all_courses() {
    let (one, two) = (course("ecornell", "one"), course("itslearning", "two"));
    let journey = derive(&[
        progress(1, 8, 20, CourseStatus::InProgress, &one),
        progress(2, 5, 30, CourseStatus::Completed, &two),
        completion(3, 25, &one),
        credential(4, 40, &two),
        credential(5, 28, &one),
    ]);
    let reached = |on: i64, fact: u128| Reached { at: day(on), fact_id: id(fact) };
    let expected = [
        (Milestone::CourseEnrolled, reached(5, 2)),
        (Milestone::CourseCompleted, reached(25, 3)),
        (Milestone::CredentialEarned, reached(28, 5)),
    ];
    assert_eq!(journey.milestones, BTreeMap::from(expected));
    assert_eq!(journey.before(Milestone::CredentialEarned), Some(Milestone::CourseCompleted));
    let alone = derive(&[credential(1, 3, &one)]);
    assert!(alone.enrolments.is_empty() && alone.milestones.len() == 1, "a credential says nothing of the course");
}

prop_compose! {
    fn any_entry()(
        fact in 0u128..50, on in 0i64..200, mentorship: bool, volunteer: bool, completed: bool,
        level in proptest::option::of(0usize..6), quarter in proptest::option::of(0i64..=4),
        kind in 0..5, later in 0i64..30, reason in proptest::option::of(0usize..8), status in 0usize..4, second: bool,
    ) -> TimelineEntry {
        let taken = course("ecornell", if second { "two" } else { "one" });
        let side = |entry| TimelineEntry { role: Some(if volunteer { Role::Volunteer } else { Role::Participant }), ..entry };
        match kind {
            0 => side(matched(fact, on, reason.map(|n| (on + later, EndReason::ALL[n])))),
            1 => progress(fact, on, on + later, CourseStatus::ALL[status], &taken),
            2 => completion(fact, on, &taken),
            3 => credential(fact, on, &taken),
            _ => side(TimelineEntry {
                programme: if mentorship { Programme::Mentorship } else { Programme::Language },
                details: Details::Meeting(Meeting {
                    status: if completed { Status::Completed } else { Status::Scheduled },
                    duration_minutes: None,
                    language_level: level.map(|n| Cefr::ALL[n]),
                    rating: quarter.map(|n| Rating::new(Decimal::new(n * 25, 2)).unwrap()),
                }),
                ..session(fact, on)
            }),
        }
    }
}

prop_compose! {
    /// A timeline has one entry a fact.
    fn any_timeline()(entries in proptest::collection::vec(any_entry(), 0..20)) -> Vec<TimelineEntry> {
        let by_fact: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry.fact_id, entry)).collect();
        by_fact.into_values().collect()
    }
}

proptest! {
    #[test]
    fn the_order_of_the_entries_does_not_matter(
        (timeline, shuffled) in any_timeline().prop_flat_map(|t| (Just(t.clone()), Just(t).prop_shuffle()))
    ) {
        prop_assert_eq!(derive(&timeline), derive(&shuffled));
    }

    #[test]
    fn what_is_derived_rests_on_facts_of_the_timeline(timeline in any_timeline()) {
        let journey = derive(&timeline);
        let find = |fact: &Uuid| timeline.iter().find(|entry| entry.fact_id == *fact);
        for (milestone, reached) in &journey.milestones {
            let entry = find(&reached.fact_id).unwrap();
            let at = match &entry.details {
                Details::Match(details) => vec![details.matched_at],
                Details::Progress(progress) => vec![progress.since, entry.occurred_at],
                _ => vec![entry.occurred_at],
            };
            prop_assert!(entry.role == Some(Role::Participant) && at.contains(&reached.at), "{:?}", milestone);
            if let Some(meeting) = entry.meeting() {
                prop_assert_eq!(meeting.status, Status::Completed);
            }
        }
        for because in journey.flags.values() {
            let rated = |fact| find(fact).unwrap().meeting().unwrap().rating.is_some();
            prop_assert!(because.facts.len() >= 2 && because.facts.iter().all(rated));
        }
        for entry in &timeline {
            let reference = match &entry.details {
                Details::Meeting(_) => String::new(),
                Details::Match(_) => entry.fact_id.to_string(),
                Details::Progress(Progress { course, .. }) | Details::Completion(Completion { course, .. }) => course.reference(),
                _ => continue,
            };
            let enrolled = journey.enrolments[&place(entry.programme, entry.role.unwrap(), &reference)];
            prop_assert!(enrolled.since <= entry.occurred_at);
            prop_assert!(enrolled.ended.is_none_or(|(_, until)| enrolled.since <= until));
        }
        prop_assert_eq!(journey.milestones.contains_key(&Milestone::CourseEnrolled), journey.enrolments.keys().any(|place| place.programme == Programme::Upskilling));
    }

    /// The quick search for neighbours against the definition: any two.
    #[test]
    fn support_is_needed_exactly_when_any_two_low_ratings_are_near(timeline in any_timeline()) {
        let low: Vec<_> = timeline.iter().filter(|e| e.role == Some(Role::Participant) && e.programme == Programme::Language
            && e.meeting().is_some_and(|m| m.status == Status::Completed && m.rating.is_some_and(|r| r.get() < LOW_RATING))).collect();
        let any = low.iter().enumerate().any(|(n, a)| low[..n].iter().any(|b| a.occurred_at.duration_since(b.occurred_at).abs() <= LOW_WITHIN));
        prop_assert_eq!(derive(&timeline).flags.contains_key(&Flag::LanguageSupportNeeded), any);
    }
}
