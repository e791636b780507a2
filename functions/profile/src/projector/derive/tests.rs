use proptest::prelude::*;

use super::*;

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
        programme: SessionType::Language,
        role: Role::Participant,
        occurred_at: day(on),
        details: Details { status: Status::Completed, duration_minutes: None, language_level: None, rating: None },
    }
}

fn at_level(fact: u128, on: i64, level: Cefr) -> TimelineEntry {
    let mut entry = session(fact, on);
    entry.details.language_level = Some(level);
    entry
}

fn rated_at(fact: u128, on: i64, rating: &str) -> TimelineEntry {
    let mut entry = session(fact, on);
    entry.details.rating = Some(Rating::new(rating.parse().unwrap()).unwrap());
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
    scheduled.details.status = Status::Scheduled;
    let mentor = TimelineEntry { programme: SessionType::Mentorship, role: Role::Volunteer, ..session(2, 1) };
    let journey = derive(&[session(3, 5), scheduled, mentor]);
    let expected =
        [((SessionType::Language, Role::Participant), day(3)), ((SessionType::Mentorship, Role::Volunteer), day(1))];
    assert_eq!(journey.enrolments, BTreeMap::from(expected));
}

#[test]
fn the_first_milestones_are_the_earliest_completed_sessions_of_a_participant() {
    let mut scheduled = session(1, 0);
    scheduled.details.status = Status::Scheduled;
    let as_volunteer = TimelineEntry { role: Role::Volunteer, ..session(2, 1) };
    let mentorship = TimelineEntry { programme: SessionType::Mentorship, ..session(3, 9) };
    let journey = derive(&[session(5, 7), session(4, 4), scheduled, as_volunteer, mentorship]);
    assert_eq!(journey.milestones[&Milestone::FirstLanguageSession], Reached { at: day(4), fact_id: id(4) });
    assert_eq!(journey.milestones[&Milestone::FirstMentorshipSession], Reached { at: day(9), fact_id: id(3) });
    assert_eq!(journey.milestones.len(), 2);
    let none = BTreeMap::new();
    assert_eq!(journey.before(Milestone::FirstMentorshipSession, &none), Some(Milestone::FirstLanguageSession));
    assert_eq!(journey.before(Milestone::FirstLanguageSession, &none), None);
    let others = BTreeMap::from([(Milestone::BuddyMatched, day(5)), (Milestone::CourseCompleted, day(9))]);
    assert_eq!(journey.before(Milestone::FirstMentorshipSession, &others), Some(Milestone::BuddyMatched));
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
    mentorship.programme = SessionType::Mentorship;
    assert_eq!(ready(&[rated_at(1, 0, "1"), rated_at(2, 1, "1"), mentorship]), None, "language sessions only");
    let mut scheduled = rated_at(4, 2, "1");
    scheduled.details.status = Status::Scheduled;
    assert_eq!(ready(&[rated_at(1, 0, "1"), rated_at(2, 1, "1"), scheduled]), None, "completed sessions only");
    let as_volunteer = |fact| TimelineEntry { role: Role::Volunteer, ..rated_at(fact, 0, "1") };
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

prop_compose! {
    fn any_entry()(
        fact in 0u128..50, on in 0i64..200, mentorship: bool, volunteer: bool, completed: bool,
        level in proptest::option::of(0usize..6), quarter in proptest::option::of(0i64..=4),
    ) -> TimelineEntry {
        TimelineEntry {
            programme: if mentorship { SessionType::Mentorship } else { SessionType::Language },
            role: if volunteer { Role::Volunteer } else { Role::Participant },
            details: Details {
                status: if completed { Status::Completed } else { Status::Scheduled },
                duration_minutes: None,
                language_level: level.map(|n| Cefr::ALL[n]),
                rating: quarter.map(|n| Rating::new(Decimal::new(n * 25, 2)).unwrap()),
            },
            ..session(fact, on)
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
            prop_assert!(entry.role == Role::Participant && entry.details.status == Status::Completed && entry.occurred_at == reached.at, "{:?}", milestone);
        }
        for because in journey.flags.values() {
            prop_assert!(because.facts.len() >= 2 && because.facts.iter().all(|fact| find(fact).unwrap().details.rating.is_some()));
        }
        for entry in &timeline {
            prop_assert!(journey.enrolments[&(entry.programme, entry.role)] <= entry.occurred_at);
        }
    }

    /// The quick search for neighbours against the definition: any two.
    #[test]
    fn support_is_needed_exactly_when_any_two_low_ratings_are_near(timeline in any_timeline()) {
        let low: Vec<_> = timeline.iter().filter(|e| e.role == Role::Participant && e.details.status == Status::Completed
            && e.programme == SessionType::Language && e.details.rating.is_some_and(|r| r.get() < LOW_RATING)).collect();
        let any = low.iter().enumerate().any(|(n, a)| low[..n].iter().any(|b| a.occurred_at.duration_since(b.occurred_at).abs() <= LOW_WITHIN));
        prop_assert_eq!(derive(&timeline).flags.contains_key(&Flag::LanguageSupportNeeded), any);
    }
}
