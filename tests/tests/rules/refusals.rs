//! Files that are something else: refused, saying what they look like.

use shared::intake::{code::Code, header::match_header};

use super::file::{Declared, read, read_as};

#[test]
fn what_is_no_csv_is_refused_with_what_it_looks_like() {
    for (bytes, code, hint) in [
        (&b""[..], Code::EmptyFile, "empty"),
        (b"\xef\xbb\xbf", Code::EmptyFile, "blank"),
        (b"\xff\xfe", Code::EmptyFile, "blank"),
        (b"\n\r\n  \n", Code::EmptyFile, "blank"),
        (b"PK\x03\x04\x14\0\0\0\x08\0sessions.csv", Code::NotCsv, "zip"),
        (b"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml", Code::NotCsv, "workbook"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", Code::NotCsv, "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", Code::NotCsv, "xls"),
        (b"%PDF-1.7\n%\xe2\xe3", Code::NotCsv, "pdf"),
        (b"<!DOCTYPE html>\n<html><body>502 Bad Gateway", Code::NotCsv, "html"),
        (b"  <HTML><HEAD>", Code::NotCsv, "html"),
        (b"<?xml version=\"1.0\"?><Workbook/>", Code::NotCsv, "xml"),
        (b"<h1>502 Bad Gateway</h1>\n<hr>", Code::NotCsv, "html"),
        (b"<p class=\"error\">Sign in", Code::NotCsv, "html"),
        (b"<Error><Code>AccessDenied</Code></Error>", Code::NotCsv, "xml"),
        (b"{\"error\": \"unauthorized\"}", Code::NotCsv, "json"),
        (b"[{\"session_id\": 1}]", Code::NotCsv, "json"),
        (b"\xef\xbb\xbf[]", Code::NotCsv, "json"),
        (b"\x89PNG\r\n\x1a\n", Code::NotCsv, "picture"),
        (b"\xff\xd8\xff\xe0JFIF", Code::NotCsv, "picture"),
    ] {
        let refusal = read(bytes).unwrap_err();
        assert_eq!((refusal.code, refusal.hint.as_deref()), (code, Some(hint)), "{bytes:?}");
    }
}

#[test]
fn another_entitys_file_is_refused_with_its_name() {
    let layouts = |entity: &str| -> Vec<_> {
        let found = kintell::ENTITIES.iter().find(|known| known.name == entity).unwrap();
        found.layouts.iter().map(|layout| layout.columns).collect()
    };
    for (folder, header, hint) in [
        ("sessions", "Email,Name,Linkedin_URL,Verification_status,grant_access", Some("kintell/users")),
        ("users", "session_id,participant_email,volunteer_email,scheduled_at", Some("kintell/sessions")),
        ("sessions", "match_id,participant_id,buddy_id,matched_at,status", Some("buddy/matches")),
        ("sessions", "user_email,provider,course_id,course_name,completed_at", Some("upskilling/completions")),
        ("sessions", "participant_email,buddy_email,matched_at,status", Some("buddy/matches")),
        ("sessions", "Invoice no,Amount,Due date", None),
    ] {
        let refusal = read_as(format!("{header}\nx\n").as_bytes(), &Declared::default(), &layouts(folder)).unwrap_err();
        assert_eq!((refusal.code, refusal.hint.as_deref()), (Code::WrongEntity, hint), "{folder} {header}");
    }
}

#[test]
fn a_layout_that_asks_for_little_does_not_take_another_export() {
    let users = kintell::ENTITIES.iter().find(|entity| entity.name == "users").unwrap().layouts[0].columns;
    let header = ["id", "email", "first_name", "last_name", "role", "joined_at", "interests"];
    let refusal = match_header(&header, users).unwrap().is_export_of("kintell/users").unwrap_err();
    assert_eq!((refusal.code, refusal.hint.as_deref()), (Code::WrongEntity, Some("buddy/users")));
    let header = ["Email", "Name", "Linkedin_URL", "grant_access"];
    assert!(match_header(&header, users).unwrap().is_export_of("kintell/users").is_ok());
}
