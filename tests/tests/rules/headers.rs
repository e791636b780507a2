//! Headers: names fold, order is free, and rows above are never lost.

use shared::intake::code::Code;

use super::file::{Declared, LAYOUT, brief, read, read_as};

#[test]
fn all_ways_to_write_a_name_are_one() {
    for header in [
        "session_id,participant_email",
        "SESSION_ID,PARTICIPANT_EMAIL",
        "Session ID,Participant E-mail",
        " session_id , participant_email ",
        "Session\u{a0}ID,Participant\u{a0}e\u{2011}mail",
        "session-id,participant.email",
        "\"session_id\",\"participant_email\"",
        "\"\u{feff}session_id\",participant_email",
        "\u{feff}\"session_id\",\"participant_email\"",
        "ｓｅｓｓｉｏｎ_id,participantEmail",
        "\"\"\"session_id\"\"\",participant_email",
        "session_id\u{200b},participant_email",
    ] {
        assert_eq!(brief(format!("{header}\n1,a@b.no\n")), ["2 1"], "{header}");
    }
    let found =
        read("CEFR;Participant E-mail;Session date;Duration (min);session_id\nb1;a@b.no;4.3.2025;45;S1\n").unwrap();
    let record = &found.records[0];
    assert_eq!((record.get("language_level"), record.get("duration_minutes")), (Some("B1"), Some("45")));
    assert_eq!(record.get("completed_at"), Some("2025-03-03T23:00:00Z day"));
}

#[test]
fn an_unknown_column_is_reported_with_the_nearest_name() {
    let found = read("session_id,participant_email,ratting,colour\n1,a@b.no,4,red\n").unwrap();
    let unknown = &found.preamble.recognised.header.unknown;
    assert_eq!((unknown[0].name.as_str(), unknown[0].nearest), ("ratting", Some("rating")));
    assert_eq!((unknown[1].name.as_str(), unknown[1].nearest), ("colour", None));
    assert_eq!(found.records[0].get("rating"), None);
    // A mistyped alias leads to the column it stands for.
    let found = read("session_id,participant_email,CERF,Durration (min)\n1,a@b.no,B1,45\n").unwrap();
    let nearest: Vec<_> = found.preamble.recognised.header.unknown.iter().map(|unknown| unknown.nearest).collect();
    assert_eq!(nearest, [Some("language_level"), Some("duration_minutes")]);
}

#[test]
fn a_missing_or_double_column_refuses_the_file_and_is_named() {
    let refusal = read("session_id,participant_mail_address,rating\n1,a@b.no,4\n").unwrap_err();
    assert_eq!((refusal.code, refusal.hint.as_deref()), (Code::MissingColumn, Some("participant_email")));
    assert!(refusal.reason.contains("participant_email"), "{}", refusal.reason);
    for header in ["session_id,participant_email,Session ID", "session_id,participant_email,CEFR,language_level"] {
        let refusal = read(format!("{header}\n1,a@b.no,x,y\n")).unwrap_err();
        assert_eq!(refusal.code, Code::DuplicateColumn, "{header}");
        assert!(refusal.reason.contains(refusal.hint.as_deref().unwrap()), "{}", refusal.reason);
    }
}

#[test]
fn values_without_a_header_are_told_as_such() {
    let refusal = read("S1,a@b.no,2025-03-04\nS2,c@d.no,2025-03-05\n").unwrap_err();
    assert_eq!(refusal.code, Code::MissingHeader);
}

#[test]
fn records_above_the_header_are_not_taken_for_titles() {
    let good = "session_id,participant_email,rating\n3,a@b.no,4\n";
    // Exports put together: the first header has a mistake, or is missing.
    let refusal = read(format!("session_id,participant_mail,rating\n1,a@b.no,4\n{good}")).unwrap_err();
    assert_eq!(refusal.code, Code::MissingColumn);
    let refusal = read(format!("1,a@b.no,4\n2,c@d.no,5\n{good}")).unwrap_err();
    assert_eq!(refusal.code, Code::MissingHeader);
    // A title is one, also with dates in it; so is a header of groups right above the header.
    for title in [
        "Sessions",
        "Period,2025-01-01,2025-03-31",
        "Exported 2025-03-04 by kari@nordlys.example",
        "\"Rapport, \"\"mars\"\"\"",
        "session id,,",
    ] {
        assert_eq!(brief(format!("{title}\n{good}")), ["3 3"], "{title}");
    }
}

#[test]
fn titles_without_a_header_are_refused() {
    let refusal = read("Sessions of March\nName,City\nx,y\n").unwrap_err();
    assert!(matches!(refusal.code, Code::WrongEntity | Code::MissingHeader), "{refusal:?}");
}

#[test]
fn a_header_of_3000_columns_is_read_and_one_more_is_refused() {
    let header = |n: usize| {
        let more: Vec<String> = (2..n).map(|at| format!("a rather long name of a column {at:04}")).collect();
        format!("session_id,participant_email,{}\n1,a@b.no\n", more.join(","))
    };
    assert_eq!(brief(header(3_000)), ["2 1"]);
    assert_eq!(read(header(3_001)).unwrap_err().code, Code::TooLarge);
    let refusal = read(format!("\"{}\n", "x".repeat(400_000))).unwrap_err();
    assert_eq!((refusal.code, refusal.hint.as_deref()), (Code::TooLarge, Some("header")));
}

#[test]
fn the_layouts_of_kintell_are_told_by_their_headers() {
    let layouts: Vec<_> = kintell::ENTITIES.iter().flat_map(|entity| entity.layouts).collect();
    let columns: Vec<_> = layouts.iter().map(|layout| layout.columns).collect();
    for (header, layout) in [
        ("session_id,participant_email,volunteer_email,scheduled_at", "language"),
        ("Session ID,Participant E-mail,Tutor email,Session date,CEFR,Duration (min)", "language"),
        ("session_id,participant_email,mentor_email,scheduled_at,focus_area", "mentor"),
        ("session_id,session_type,participant_email,volunteer_email,date,duration_min,rating", "legacy"),
        ("Email,Name,Linkedin_URL,Verification_status,\"\"\"Role when joined\"\"\",grant_access,Joined_kg_at", "users"),
    ] {
        let found = read_as(format!("{header}\n").as_bytes(), &Declared::default(), &columns).unwrap();
        assert_eq!(layouts[found.preamble.recognised.layout].name, layout, "{header}");
    }
    let _ = LAYOUT;
}

#[test]
fn a_header_that_is_mostly_a_layout_s_hears_which_column_it_lacks() {
    let users = kintell::ENTITIES.iter().find(|entity| entity.name == "users").unwrap().layouts[0].columns;
    for header in ["Name,Linkedin_URL,Verification_status,grant_access", "Linkedin_URL,Name"] {
        let refusal = read_as(format!("{header}\nx,y\n").as_bytes(), &Declared::default(), &[users]).unwrap_err();
        assert_eq!((refusal.code, refusal.hint.as_deref()), (Code::MissingColumn, Some("email")), "{header}");
    }
}

#[test]
fn rows_of_very_many_cells_are_answered_at_once() {
    let layouts: Vec<_> =
        buddy::ENTITIES.iter().flat_map(|entity| entity.layouts).map(|layout| layout.columns).collect();
    let begin = std::time::Instant::now();
    for unit in [",", "a,", "id,", "event title,"] {
        let text = unit.repeat((256 << 10) / unit.len());
        assert!(read_as(text.as_bytes(), &Declared::default(), &layouts).is_err());
    }
    let title = format!("{}\n", "a,".repeat(2_900)).repeat(40);
    let found = read(format!("{title}session_id,participant_email\n1,a@b.no\n")).unwrap();
    assert_eq!(found.brief(), ["42 1"]);
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
}
