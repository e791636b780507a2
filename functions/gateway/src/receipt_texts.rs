//! The words of a receipt's page, in English, Norwegian and Ukrainian.

use jiff::{Timestamp, tz::TimeZone};
use shared::intake::words::Lang;

/// The page's own words; those of fates, outcomes and codes are in `shared::intake::words`.
pub struct Texts {
    pub receipt: &'static str,
    pub rows: &'static str,
    pub adds_up: &'static str,
    pub differs: &'static str,
    pub waits: &'static str,
    pub rejects: &'static str,
    pub first: &'static str,
    pub warnings: &'static str,
    pub found: &'static str,
    pub file: &'static str,
    pub encoding: &'static str,
    pub delimiter: &'static str,
    pub zone: &'static str,
    pub dates: &'static str,
    pub unknown: &'static str,
    pub missing: &'static str,
    pub stated: &'static str,
    pub counted: &'static str,
    pub people: [&'static str; 2],
    pub finished: &'static str,
    pub undone: &'static str,
    /// Above the totals of a plan.
    pub plan: &'static str,
    pub to_create: &'static str,
    pub gone: &'static str,
    pub left_out: &'static str,
    pub console: &'static str,
    /// Names of sources' records, signs and orders, by what they are called in a receipt.
    names: &'static [(&'static str, &'static str)],
}

pub fn texts(lang: Lang) -> &'static Texts {
    match lang {
        Lang::En => &Texts {
            receipt: "Receipt",
            rows: "Every row, counted",
            adds_up: "The numbers add up: no row is missing.",
            differs: "The numbers do not add up. Please report this.",
            waits: "This import is not done yet. Load the page again in a moment.",
            rejects: "Rejected rows",
            first: "These are the first; the rejects file has all of them.",
            warnings: "Worth a look",
            found: "What was found",
            file: "File",
            encoding: "Encoding",
            delimiter: "Columns separated by",
            zone: "Time zone",
            dates: "Order of dates",
            unknown: "Columns nobody reads",
            missing: "Columns the file does not have",
            stated: "Rows the file states",
            counted: "Rows that were counted",
            people: ["People known before", "People met for the first time"],
            finished: "Done",
            undone: "What undoing it did",
            plan: "What would happen; nothing is changed yet",
            to_create: "People who would be created",
            gone: "The rejected rows cannot be downloaded any more: the file they came from is gone.",
            left_out: "Some rejected rows are too long for a workbook: they are in the CSV file only.",
            console: "Open it on the coordinator's page",
            names: &[
                ("sessions", "sessions"),
                ("users", "users"),
                ("matches", "matches"),
                ("events", "events"),
                ("event_attendance", "event attendance"),
                ("skill_sessions", "skill-share sessions"),
                ("checkins", "check-ins"),
                ("feedback", "feedback"),
                ("milestones", "milestones"),
                ("completions", "completed courses"),
                ("credentials", "certificates and badges"),
                ("progress", "course progress"),
                ("comma", "comma"),
                ("semicolon", "semicolon"),
                ("tab", "tab"),
                ("pipe", "vertical bar"),
                ("day_first", "day first"),
                ("month_first", "month first"),
            ],
        },
        Lang::Nb => &Texts {
            receipt: "Kvittering",
            rows: "Hver rad er talt",
            adds_up: "Tallene går opp: ingen rad mangler.",
            differs: "Tallene går ikke opp. Meld fra om dette.",
            waits: "Denne importen er ikke ferdig ennå. Last siden på nytt om et øyeblikk.",
            rejects: "Avviste rader",
            first: "Dette er de første; filen med avviste rader har alle.",
            warnings: "Verdt å se på",
            found: "Dette ble funnet",
            file: "Fil",
            encoding: "Tegnkoding",
            delimiter: "Kolonnene er skilt med",
            zone: "Tidssone",
            dates: "Rekkefølge i datoer",
            unknown: "Kolonner som ikke leses",
            missing: "Kolonner filen ikke har",
            stated: "Rader filen selv oppgir",
            counted: "Rader som ble talt",
            people: ["Personer kjent fra før", "Nye personer"],
            finished: "Ferdig",
            undone: "Dette gjorde angringen",
            plan: "Dette ville skje; ingenting er endret ennå",
            to_create: "Personer som ville blitt opprettet",
            gone: "De avviste radene kan ikke lastes ned lenger: filen de kom fra, finnes ikke mer.",
            left_out: "Noen avviste rader er for lange for en arbeidsbok: de finnes bare i CSV-filen.",
            console: "Åpne den på koordinatorsiden",
            names: &[
                ("sessions", "samtaler"),
                ("users", "brukere"),
                ("matches", "koblinger"),
                ("events", "aktiviteter"),
                ("event_attendance", "deltakelse på arrangementer"),
                ("skill_sessions", "kompetansedeling"),
                ("checkins", "innsjekkinger"),
                ("feedback", "tilbakemeldinger"),
                ("milestones", "milepæler"),
                ("completions", "fullførte kurs"),
                ("credentials", "kursbevis og merker"),
                ("progress", "fremdrift i kurs"),
                ("comma", "komma"),
                ("semicolon", "semikolon"),
                ("tab", "tabulator"),
                ("pipe", "loddrett strek"),
                ("day_first", "dag først"),
                ("month_first", "måned først"),
            ],
        },
        Lang::Uk => &Texts {
            receipt: "Звіт",
            rows: "Пораховано кожен рядок",
            adds_up: "Усе сходиться: жодного рядка не бракує.",
            differs: "Числа не сходяться. Повідомте про це.",
            waits: "Цей імпорт ще не завершено. Оновіть сторінку за мить.",
            rejects: "Відхилені рядки",
            first: "Це перші з них; усі є у файлі відхилених рядків.",
            warnings: "Варто переглянути",
            found: "Що знайдено",
            file: "Файл",
            encoding: "Кодування",
            delimiter: "Стовпці розділяє",
            zone: "Часовий пояс",
            dates: "Порядок у датах",
            unknown: "Стовпці, які не читаються",
            missing: "Стовпці, яких немає у файлі",
            stated: "Рядків указано у файлі",
            counted: "Рядків пораховано",
            people: ["Уже відомих людей", "Нових людей"],
            finished: "Завершено",
            undone: "Що зробило скасування",
            plan: "Що сталося б; поки що нічого не змінено",
            to_create: "Людей було б створено",
            gone: "Відхилені рядки вже не можна зберегти: файлу, з якого вони надійшли, більше немає.",
            left_out: "Деякі відхилені рядки задовгі для книги Excel: вони є лише у файлі CSV.",
            console: "Відкрити на сторінці координатора",
            names: &[
                ("sessions", "зустрічі"),
                ("users", "користувачі"),
                ("matches", "пари"),
                ("events", "події"),
                ("event_attendance", "участь у заходах"),
                ("skill_sessions", "обмін навичками"),
                ("checkins", "опитування про стан"),
                ("feedback", "відгуки"),
                ("milestones", "досягнення"),
                ("completions", "завершені курси"),
                ("credentials", "сертифікати й відзнаки"),
                ("progress", "перебіг навчання"),
                ("comma", "кома"),
                ("semicolon", "крапка з комою"),
                ("tab", "табуляція"),
                ("pipe", "вертикальна риска"),
                ("day_first", "спершу день"),
                ("month_first", "спершу місяць"),
            ],
        },
    }
}

impl Texts {
    /// What a reader calls it; what has no name of its own is called as it is written.
    pub fn name<'n>(&self, written: &'n str) -> &'n str {
        self.names.iter().find(|(known, _)| *known == written).map_or(written, |(_, name)| name)
    }
}

/// A moment as it is written in this language, on the clocks of a zone.
pub fn moment(lang: Lang, time: Timestamp, zone: Option<&str>) -> String {
    let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let name = zone.iana_name().unwrap_or("UTC").to_owned();
    let form = match lang {
        Lang::En => "%-d %B %Y, %H:%M",
        Lang::Nb => "%-d.%-m.%Y kl. %H.%M",
        Lang::Uk => "%d.%m.%Y, %H:%M",
    };
    format!("{} ({name})", time.to_zoned(zone).strftime(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_on_the_clocks_of_the_source() {
        let time: Timestamp = "2026-03-01T23:05:09.123456Z".parse().unwrap();
        assert_eq!(moment(Lang::Nb, time, Some("Europe/Oslo")), "2.3.2026 kl. 00.05 (Europe/Oslo)");
        assert_eq!(moment(Lang::En, time, None), "1 March 2026, 23:05 (UTC)");
        assert_eq!(moment(Lang::Uk, time, Some("nowhere")), "01.03.2026, 23:05 (UTC)");
    }

    #[test]
    fn every_language_names_the_same_things() {
        let names = |lang| texts(lang).names.iter().map(|(written, _)| *written).collect::<Vec<_>>();
        for lang in Lang::ALL {
            assert_eq!(names(lang), names(Lang::En));
            assert_eq!(texts(lang).name("of another version"), "of another version");
        }
        assert_eq!(texts(Lang::Nb).name("semicolon"), "semikolon");
    }
}
