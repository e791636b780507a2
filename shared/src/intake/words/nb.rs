//! Norwegian bokmål.

use super::{Code, Words};

pub(super) const WORDS: Words = Words {
    code,
    other,
    cells: ["{column} «{value}»", "Verdien i {column}", "En verdi"],
    labels: &[
        ("records", "Rader"),
        ("new", "Nye"),
        ("changed", "Endret"),
        ("unchanged", "Uendret"),
        ("duplicate", "Duplikater"),
        ("blank", "Tomme"),
        ("rejected", "Avvist"),
        ("suppressed", "Sperret"),
        ("restored", "Tilbakestilt"),
        ("removed", "Fjernet"),
        ("kept_later_edit", "Beholdt, endret senere"),
        ("loaded", "Lest inn"),
        ("refused", "Ikke godtatt"),
        ("planned", "Venter på din avgjørelse"),
        ("failed", "Mislyktes"),
        ("undone", "Angret"),
        ("waiting_upload", "Venter på filen"),
        ("queued", "I kø"),
        ("running", "Pågår"),
        ("done", "Ferdig"),
    ],
    lines: ["linje {1}", "linje {1}–{2}"],
    records: "rader: {1}, den første på linje {2}",
    goes_on: "(fortsetter fra linje {1})",
};

const ENDED: &str = "Den er avsluttet, men tidspunktet mangler[ ({column})]; fyll det ut.";

fn code(code: Code, hint: &str) -> &'static str {
    match (code, hint) {
        (Code::MissingColumn, _) => {
            "En påkrevd kolonne mangler i overskriftsraden[: {hint}]; ta den med i eksporten, eller gi den dette navnet."
        }
        (Code::DuplicateColumn, _) => {
            "Overskriftsraden har samme kolonne to ganger[: {hint}]; fjern den ene eller gi den et annet navn."
        }
        (Code::MissingHeader, _) => {
            "Filen har ingen overskriftsrad med kolonnenavn; eksporter den på nytt med overskrifter."
        }
        (Code::WrongEntity, hint) if hint.ends_with('/') => {
            "Filen ligger i en mappe som ikke leses; legg den i en av disse og slipp den på nytt: {hint}."
        }
        (Code::WrongEntity, _) => {
            "Dette er en annen type eksport enn den mappen er for[; den ser ut som {hint}]; legg filen der den hører hjemme."
        }
        (Code::NotCsv | Code::EmptyFile, _) => not_csv(hint, code),
        (Code::TooLarge, "header") => {
            "Overskriftsraden tar ikke slutt innenfor de første 256 kB; eksporter færre kolonner, eller sjekk anførselstegnene."
        }
        (Code::TooLarge, "columns") => "Overskriftsraden har mer enn 3000 kolonner; eksporter færre kolonner.",
        (Code::TooLarge, "2 GB") => {
            "Filen er større enn 2 GB; eksporter færre måneder om gangen og slipp delene hver for seg."
        }
        (Code::TooLarge, "5 000 000") => {
            "Filen har mer enn 5 000 000 rader; eksporter færre måneder om gangen og slipp delene hver for seg."
        }
        (Code::TooLarge, "lines") => {
            "Filen har for mange linjer; eksporter færre måneder om gangen og slipp delene hver for seg."
        }
        (Code::TooLarge, "internal") => {
            "Raden ble lest, men ikke avgjort, og det er vår feil; meld fra, og slipp filen på nytt."
        }
        (Code::TooLarge, _) => {
            "Raden er for stor[ i {column}]; en celle kan ha 2 MB, en rad 8 MB og 3000 celler; kort den ned."
        }
        (Code::UndecodableBytes, _) => {
            "Noen tegn[ i {column}] kan ikke leses med filens tegnkoding; eksporter filen på nytt som «CSV UTF-8»."
        }
        (Code::StrayQuote, _) => {
            "Det står et anførselstegn[ i {column}] der det ikke kan stå[ (linje {hint} ble utelatt sammen med det)]; sett teksten i anførselstegn, og skriv anførselstegn inne i den to ganger."
        }
        (Code::UnclosedQuote, _) => {
            "Et anførselstegn[ i {column}] blir aldri lukket[ (linje {hint} ble utelatt sammen med det)]; lukk det, eller skriv det to ganger."
        }
        (Code::TooFewCells, _) => {
            "Raden har for få celler[ ({1} av {2})], og en påkrevd kolonne mangler[: {column}]; fyll ut raden."
        }
        (Code::TooManyCells, _) => {
            "Raden har flere celler med innhold enn overskriftsraden[ ({1} i stedet for {2})]; tekst som inneholder skilletegnet, må stå i anførselstegn."
        }
        (Code::RepeatedHeader, _) => {
            "Denne raden er overskriften en gang til; ingenting går tapt, fjern den hvis du slipper filen på nytt."
        }
        (Code::FooterRow, _) => {
            "Denne raden er en sum eller en sluttmerknad og ikke en vanlig rad; ingenting går tapt."
        }
        (Code::MissingRequired, hint) if !hint.is_empty() => ENDED,
        (Code::EndedWithoutTime, _) => ENDED,
        (Code::MissingRequired, _) => "En verdi som alle rader må ha, er tom[: {column}]; fyll den ut.",
        (Code::BadDate, "short_year") => "{cell} har et årstall med to sifre; skriv årstallet med fire.",
        (Code::BadDate, "fraction") => {
            "{cell} er finere enn et milliondels sekund; skriv sekundene med færre desimaler."
        }
        (Code::BadDate, _) => "{cell} er ikke en dato vi kan lese; skriv den som 2025-12-31 eller 31.12.2025.",
        (Code::AmbiguousDate, "zone") => {
            "{cell} har ingen tidssone, og kilden har ikke oppgitt noen; skriv tidsforskjellen fra UTC, eller oppgi tidssonen for kilden."
        }
        (Code::AmbiguousDate, "twice") => {
            "{cell} kom to ganger, fordi klokken ble stilt tilbake den natten; skriv tidspunktet med tidsforskjellen fra UTC."
        }
        (Code::AmbiguousDate, _) => {
            "{cell} kan ha enten dag eller måned først; skriv den som 2025-12-31, eller oppgi rekkefølgen for kilden."
        }
        (Code::ImpossibleDate, "day_first") => {
            "{cell} finnes ikke i kalenderen eller på klokken (datoer fra denne kilden har dagen først); rett den."
        }
        (Code::ImpossibleDate, "month_first") => {
            "{cell} finnes ikke i kalenderen eller på klokken (datoer fra denne kilden har måneden først); rett den."
        }
        (Code::ImpossibleDate, _) => "{cell} finnes ikke i kalenderen eller på klokken; rett den.",
        (Code::OutOfRange, _) => "{cell} er utenfor det som er tillatt[ ({hint})]; rett verdien.",
        (Code::BadNumber, "comma") => {
            "{cell} har komma, og ingenting sier at det er et desimalkomma; skriv punktum, eller oppgi desimalkomma for kilden."
        }
        (Code::BadNumber, "whole") => "{cell} er ikke et helt tall; skriv det uten desimaler.",
        (Code::BadNumber, "digits") => "{cell} har flere desimaler enn det er plass til; skriv færre.",
        (Code::BadNumber, "thousands") => {
            "{cell} kan være tusen eller et tall med desimaler; skriv det uten tusenskille, med komma foran desimaler."
        }
        (Code::BadNumber, _) => "{cell} er ikke et tall; skriv bare sifre, med punktum foran desimaler.",
        (Code::AmbiguousScale, _) => {
            "{cell} kan være på en skala fra 1 til 5 eller fra 0 til 1; oppgi skalaen for kilden."
        }
        (Code::BadEmail, "several") => "{cell} har mer enn én @; skriv nøyaktig én adresse.",
        (Code::BadEmail, "character") => {
            "{cell} inneholder mellomrom, parentes, skilletegn eller et usynlig tegn; skriv én ren adresse."
        }
        (Code::BadEmail, "length") => "{cell} er for kort eller for lang for en e-postadresse; sjekk den.",
        (Code::BadEmail, "domain") => {
            "{cell} har ikke et gyldig domene etter @; skriv en adresse som navn@example.org."
        }
        (Code::BadEmail, "id") => "{cell} ser ut som en e-postadresse; bruk radens egen id.",
        (Code::BadEmail, _) => "{cell} er ikke en e-postadresse; skriv en som navn@example.org.",
        (Code::BadEnum, _) => "{cell} er ikke et av de tillatte ordene[: {hint}]; skriv et av dem.",
        (Code::BadUuid, _) => "{cell} er ikke en UUID; eksporter id-en uendret.",
        (Code::BadJson, "duplicate_key") => "{cell} har samme nøkkel to ganger i ett objekt; behold én av dem.",
        (Code::BadJson, _) => {
            "{cell} er ikke den JSON-teksten som skal stå her[ (tegn {hint})]; eksporter den uendret."
        }
        (Code::BadUrl, _) => "{cell} er ikke en nettadresse; skriv hele adressen, med https:// foran.",
        (Code::TooLong, _) => "{cell} er lengre enn tillatt[ ({hint} tegn)]; kort den ned.",
        (Code::TooDeep, _) => "{cell} har for mange nivåer inni hverandre[ (flere enn {hint})]; gjør den flatere.",
        (Code::NulByte, _) => "{cell} inneholder et NUL-tegn; fjern det og eksporter på nytt.",
        (Code::OrphanRef, _) => {
            "{cell} viser til noe som aldri er lest inn; slipp[ filen {hint}] først, og deretter de avviste radene på nytt."
        }
        (Code::IdentityConflict, _) => {
            "E-postadressen og id-en peker på to personer[ ({column})]; ingen er slått sammen: se på forslaget."
        }
        (Code::AmbiguousPerson, _) => {
            "Adressen[ i {column}] tilhører flere personer; avgjør forslaget, og slipp de avviste radene på nytt."
        }
        (Code::DuplicateConflict, _) => {
            "Denne id-en står flere ganger i filen med ulikt innhold; behold den riktige raden og fjern de andre."
        }
        (Code::CompletedBeforeScheduled, _) => "Slutten[ ({column})] er før begynnelsen[ ({hint})]; rett en av de to.",
        (Code::SelfPair, _) => "Den samme personen står på begge sider[ ({hint})]; rett en av de to.",
        (Code::FutureTimestamp, _) => {
            "{cell} ligger i fremtiden, men gjelder noe som allerede har skjedd; sjekk datoen."
        }
        (Code::PossibleTruncation, _) => {
            "Den siste raden mangler linjeslutt og celler, så filen kan være kuttet; sammenlign den med eksporten."
        }
        (Code::ControlTotalMismatch, _) => {
            "Filen oppgir et annet antall rader enn det som ble talt[: {1} oppgitt, {2} talt]; sammenlign den med eksporten."
        }
        (Code::KeptOtherSource, _) => "En tom celle slettet ikke en verdi som kom en annen vei; verdien er beholdt.",
        (Code::NoPurpose, _) => {
            "Opplysninger om en person kan ikke brukes i dette programmet; ingenting fra raden er lagret."
        }
        (Code::StaleRevision, _) => "Et tidligere innhold kom en gang til; det er ikke tatt i bruk.",
        (Code::UnknownColumn, _) => "En kolonne blir ikke lest[: {hint}]; verdiene blir værende i filen du slapp.",
        (Code::UndeclaredAuthor, _) => "Det er ikke oppgitt hvem som har skrevet tekstene fra denne kilden; oppgi det.",
        (Code::NulRemoved, _) => "Et NUL-tegn ble tatt ut av en tekst; resten er beholdt.",
        (Code::PrecisionDay, _) => "En dato kom uten klokkeslett; bare dagen er kjent.",
        (Code::NotTheUpload, _) => {
            "Opplastingen som filen ble varslet med, venter ikke lenger; filen er importert for seg."
        }
        (Code::RecordsInsideCell, _) => {
            "En celle i anførselstegn inneholder linjer som ser ut som rader; sjekk at ikke et anførselstegn står feil."
        }
        (Code::OtherSheets, _) => "Bare det første arket i arbeidsboken ble lest; legg inn de andre som egne filer.",
        (Code::FirstAttemptGone, _) => {
            "Filen som disse avviste radene kom fra, finnes ikke lenger; det kunne ikke kontrolleres om andre celler ble endret."
        }
        (Code::RejectsLeftOut, _) => {
            "Noen avviste rader fra første forsøk mangler her; legg inn dem også hvis de skal leses inn."
        }
    }
}

fn not_csv(hint: &str, code: Code) -> &'static str {
    match hint {
        "workbook" => {
            "Dette ser ut som en Excel-arbeidsbok som ikke kan leses; lagre det første arket som «CSV UTF-8» og slipp den filen."
        }
        "zip" => "Dette ser ut som et zip-arkiv; pakk det ut og slipp CSV-filen som ligger i det.",
        "xls" => {
            "Dette ser ut som en arbeidsbok fra en gammel Excel (.xls); lagre den som «CSV UTF-8» eller .xlsx og slipp den filen."
        }
        "gzip" => "Dette ser ut som et gzip-arkiv; pakk det ut og slipp CSV-filen som ligger i det.",
        "pdf" => "Dette ser ut som en PDF; slipp CSV-eksporten i stedet.",
        "html" => {
            "Dette ser ut som en nettside, kanskje en feilside eller innloggingsside; logg inn i systemet på nytt og gjenta eksporten."
        }
        "xml" => "Dette ser ut som XML; velg CSV når du eksporterer.",
        "json" => "Dette ser ut som JSON; velg CSV når du eksporterer.",
        "picture" => "Dette ser ut som et bilde; slipp CSV-eksporten i stedet.",
        "blank" => "Filen inneholder ingen tekst, ikke engang en overskriftsrad; eksporter den på nytt.",
        _ if code == Code::EmptyFile => "Filen er tom eller finnes ikke lenger; eksporter den og slipp den på nytt.",
        _ => "Dette er ikke tekst i noen tegnkoding vi kjenner; eksporter filen på nytt som «CSV UTF-8».",
    }
}

fn other(code: &str) -> &'static str {
    match code {
        "brake" => {
            "En uvanlig stor del av filen ville blitt endret eller er avvist; ingenting er tatt i bruk: se på den og ta en avgjørelse."
        }
        "dry_run" => "Dette var en prøvekjøring; ingenting er tatt i bruk: se på planen og ta en avgjørelse.",
        "moved" => {
            "Det filen ville gjort, er endret siden planen du så; ingenting er tatt i bruk: se på den nye planen."
        }
        "changed_elsewhere" => {
            "Celler utenfor den avviste kolonnen er endret; ingenting er tatt i bruk: se på dem og bekreft hvis det var meningen."
        }
        "stale_revision" => {
            "En nyere versjon av filen er allerede lest inn; denne kom for sent og er ikke tatt i bruk."
        }
        "object_gone" => "Filen finnes ikke lenger; slipp den på nytt.",
        "too_many_rejections" => {
            "Mer enn 100 000 rader er avvist; se på de første: filen er ikke det overskriftsraden sier."
        }
        "time_limit" => {
            "Tiden holdt på å renne ut; ingenting fra filen er tatt i bruk, og den prøves på nytt av seg selv."
        }
        "database_unavailable" | "bucket_unavailable" | "key_service_unavailable" => {
            "En tjeneste vi trenger, var ikke tilgjengelig; ingenting fra filen er tatt i bruk, og den prøves på nytt av seg selv."
        }
        _ => "Noe gikk galt hos oss; ingenting fra filen er tatt i bruk. Meld fra hvis det fortsetter.",
    }
}
