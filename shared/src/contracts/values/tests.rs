use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_duration_is_accepted_exactly_from_1_to_480_and_read_by_the_same_rule(minutes in -1000i64..1000) {
        let made = DurationMinutes::new(minutes);
        let read = serde_json::from_str::<DurationMinutes>(&minutes.to_string());
        prop_assert_eq!(made.is_ok(), (1..=480).contains(&minutes));
        prop_assert_eq!(made.ok(), read.ok());
    }

    #[test]
    fn a_rating_survives_the_wire_exactly(units in 0i64..=100_000) {
        let rating = Rating::new(Decimal::new(units, 5)).unwrap();
        let wire = serde_json::to_string(&rating).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rating>(&wire).unwrap(), rating, "{}", wire);
    }

    #[test]
    fn a_source_code_keeps_the_rule_of_its_own_schema(text in "[a-zA-Z0-9_@ ]{0,34}") {
        let matches = text.len() >= 2 && text.len() <= 32
            && text.as_bytes()[0].is_ascii_lowercase()
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        prop_assert_eq!(SourceCode::new(&text).is_ok(), matches);
    }
}

proptest! {
    #[test]
    fn a_score_survives_the_wire_exactly(
        (places, units) in (0u32..=12).prop_flat_map(|places| (Just(places), 0..=100 * 10i64.pow(places))),
    ) {
        let score = Score::new(Decimal::new(units, places)).unwrap();
        let wire = serde_json::to_string(&score).unwrap();
        prop_assert_eq!(serde_json::from_str::<Score>(&wire).unwrap(), score, "{}", wire);
    }

    /// The patterns of the schemas, in the words of JSON Schema, say the same as the checks.
    #[test]
    fn course_and_language_codes_keep_the_rule_of_their_own_schema(
        text in prop_oneof!["[ab @.]{0,12}", "[a-zA-Z0-9-]{0,12}", "[a-z]{2,3}(-[a-z0-9]{1,9}){0,4}", "\\PC{0,260}", any::<String>()],
    ) {
        fn schema_takes<T: JsonSchema>(text: &str) -> bool {
            let schema = T::json_schema(&mut SchemaGenerator::default()).to_value();
            jsonschema::validator_for(&schema).unwrap().is_valid(&serde_json::Value::from(text))
        }
        prop_assert_eq!(CourseCode::new(&text).is_ok(), schema_takes::<CourseCode>(&text), "{:?}", text);
        prop_assert_eq!(LanguageCode::new(&text).is_ok(), schema_takes::<LanguageCode>(&text), "{:?}", text);
    }
}

#[test]
fn scores_are_exact_or_refused() {
    for bad in ["-0.1", "100.000000000001", "92.5000000000001", "925"] {
        assert!(Score::new(bad.parse().unwrap()).is_err(), "{bad}");
    }
    for good in ["0", "92.5", "100", "92.50000000000000000", "33.333333333333"] {
        assert!(Score::new(good.parse().unwrap()).is_ok(), "{good}");
    }
    assert!(serde_json::from_str::<Score>("100.5").is_err());
    assert_eq!(serde_json::from_str::<Score>("33.33333333333333").unwrap().get().to_string(), "33.333333333333");
}

#[test]
fn a_course_is_called_as_its_provider_calls_it_and_no_address_is_a_course() {
    for good in ["course-v1:TEEI+NO101+2025", "block-v1:X+type@course", "Бухоблік 1", "Sales @ Scale", "00042", "a/b"]
    {
        assert!(CourseCode::new(good).is_ok() && CourseName::new(good).is_ok(), "{good}");
    }
    let long = "x".repeat(256);
    for bad in ["", "oksana@example.org", "by oksana@example.org, 2025", "two\nlines", long.as_str()] {
        assert!(CourseCode::new(bad).is_err() && CourseName::new(bad).is_err(), "{bad}");
    }
    assert!(LanguageCode::new("nb-NO").is_ok() && LanguageCode::new("Ukrainian").is_err());
}

#[test]
fn every_fact_type_names_its_service() {
    for fact_type in FactType::ALL {
        assert!(
            ["kintell", "buddy", "upskilling", "intake", "profile", "q2q"].contains(&fact_type.service()),
            "{fact_type:?}"
        );
    }
    assert!(Entity::ALL.iter().all(|entity| FactType::of_entity(*entity).is_some() == (*entity != Entity::Users)));
}

#[test]
fn ratings_outside_0_to_1_are_refused_when_made_and_when_read() {
    for bad in ["-0.00001", "1.00001", "5"] {
        assert!(Rating::new(bad.parse().unwrap()).is_err(), "{bad}");
        assert!(serde_json::from_str::<Rating>(bad).is_err(), "{bad}");
    }
    assert_eq!(Rating::new("0.833335".parse().unwrap()).unwrap().get().to_string(), "0.83334");
}

#[test]
fn no_address_and_no_full_name_fits_into_a_correlation_id() {
    for bad in ["oksana@example.org", "Oksana Shevchenko", "Оксана", "", &"x".repeat(129)] {
        assert!(CorrelationId::new(bad).is_err(), "{bad}");
    }
    assert!(CorrelationId::new("Root=1-67891233-abcdef012345678912345678").is_ok());
}

#[test]
fn the_error_of_a_bad_value_does_not_repeat_it() {
    let error = serde_json::from_str::<SourceCode>("\"Oksana Shevchenko\"").unwrap_err().to_string();
    assert!(!error.contains("Oksana"), "{error}");
}

#[test]
fn levels_order_from_a1_to_c2() {
    assert!(Cefr::ALL.is_sorted() && Cefr::A1 < Cefr::C2);
    assert_eq!("B2".parse::<Cefr>(), Ok(Cefr::B2));
    assert!("b2".parse::<Cefr>().is_err());
}

#[test]
fn purposes_have_the_names_of_the_store() {
    use crate::purpose::Purpose::{CompanyReporting, ExternalModel, OutcomeScoring, Programme, Safety};
    let stored =
        [Programme, Safety, OutcomeScoring, CompanyReporting, ExternalModel].map(crate::purpose::Purpose::as_str);
    assert_eq!(PurposeName::ALL.iter().map(|name| name.as_str()).collect::<Vec<_>>(), stored);
}

#[test]
fn an_engine_and_its_version_are_codes_that_no_name_fits_into() {
    for good in ["1", "1.4.0", "12.0.3.4", "1.4.0+9f86d081"] {
        assert!(EngineVersion::new(good).is_ok(), "{good}");
    }
    for bad in ["", "1.", ".1", "1.2.3.4.5", "123456", "1.4.0+", "1.4.0+9F", "v1", "1.4 Oksana"] {
        assert!(EngineVersion::new(bad).is_err(), "{bad}");
    }
    assert!(EngineCode::new("rules").is_ok() && EngineCode::new("bedrock-2").is_ok());
    for bad in ["", "Rules", "2rules", "rules engine", "a@b", &"a".repeat(33)] {
        assert!(EngineCode::new(bad).is_err(), "{bad}");
    }
}
