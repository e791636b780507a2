//! Writings nobody wrote yet: one line each, with the value that has to be gone.

use super::*;

/// Checks rows of `(text, placeholder, value)`: the value is inside one finding, or is covered piece by piece.
fn all_found(rows: &[(&str, &str, &str)]) {
    let mut wrong = String::new();
    for (row, placeholder, value) in rows {
        let read = Text::new(row);
        let found: Vec<_> = find(&read).iter().map(|f| (f.placeholder, read.slice(f.span).to_owned())).collect();
        if !found.iter().any(|(p, v)| p == placeholder && v.contains(value)) {
            wrong += &format!("{row}: {found:?}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn numbers_said_in_words() {
    const P: &str = "PHONE";
    all_found(&[
        (
            "My number is four one six, double two, triple three, ask for Samuel.",
            P,
            "four one six, double two, triple three",
        ),
        ("It's 4 5 6 dash 7 8 dash 1 2 3, ask for Goran.", P, "4 5 6 dash 7 8 dash 1 2 3"),
        ("text me on nine one five, forty, two two seven", P, "nine one five, forty, two two seven"),
        (
            "you can call forty-seven, nine zero, one two, three three, oh five",
            P,
            "forty-seven, nine zero, one two, three three, oh five",
        ),
        (
            "reach her under plus four seven nine one two double zero three four five",
            P,
            "plus four seven nine one two double zero three four five",
        ),
        ("phone: 40 double 5 triple 1 7", P, "40 double 5 triple 1 7"),
        ("ring meg på nittisju femtifem null en tjuetre", P, "nittisju femtifem null en tjuetre"),
        (
            "Telefonen er null ni, nei vent: ni åtte sju, seks fem, fire tre to.",
            P,
            "ni åtte sju, seks fem, fire tre to",
        ),
        ("nummeret er fire hundre og fem, null seks, syttito åtte", P, "fire hundre og fem, null seks, syttito åtte"),
        ("mobilen hans er ni én fem dobbel null tre to sju", P, "ni én fem dobbel null tre to sju"),
        ("tlf pluss fire sju, førti, femtien, seksti, tolv", P, "pluss fire sju, førti, femtien, seksti, tolv"),
        ("ring fire en fem strek null åtte strek to seks tre", P, "fire en fem strek null åtte strek to seks tre"),
        (
            "ta kontakt: syv og nitti, fem og femti, null en, tre og tjue",
            P,
            "nitti, fem og femti, null en, tre og tjue",
        ),
        (
            "дзвоніть після шостої нуль дев'яносто сім, сто одинадцять, двадцять два, тридцять три",
            P,
            "нуль дев'яносто сім, сто одинадцять, двадцять два, тридцять три",
        ),
        (
            "мій вотсап плюс сорок сім, чотириста п'ять, нуль шість, нуль сімдесят",
            P,
            "плюс сорок сім, чотириста п'ять, нуль шість, нуль сімдесят",
        ),
        (
            "телефон: нуль шістдесят сім двісті двадцять двадцять дев'яносто",
            P,
            "нуль шістдесят сім двісті двадцять двадцять дев'яносто",
        ),
        ("мій номер чотири один два, дві двійки, три сімки", P, "чотири один два, дві двійки, три сімки"),
        (
            "набирай дев'ять один нуль дефіс два два дефіс три чотири п'ять",
            P,
            "дев'ять один нуль дефіс два два дефіс три чотири п'ять",
        ),
        (
            "запиши номер: девʼяносто один, двадцять, тридцять пʼять, сорок сім",
            P,
            "девʼяносто один, двадцять, тридцять пʼять, сорок сім",
        ),
        (
            "звоните восемь девятьсот шестнадцать сто одиннадцать двадцать два тридцать три",
            P,
            "восемь девятьсот шестнадцать сто одиннадцать двадцать два тридцать три",
        ),
        (
            "мой телефон плюс сорок семь девять один два ноль ноль пять пять шесть",
            P,
            "плюс сорок семь девять один два ноль ноль пять пять шесть",
        ),
        (
            "номер мамы: ноль пятьдесят, триста двенадцать, сорок, семнадцать",
            P,
            "ноль пятьдесят, триста двенадцать, сорок, семнадцать",
        ),
        ("наберите четыре один два два нуля тройка пятерка семь", P, "четыре один два два нуля тройка пятерка семь"),
    ]);
}

#[test]
fn phones_in_groups_of_every_kind() {
    const P: &str = "PHONE";
    all_found(&[
        ("Набирай: 4 1 5 0 8 2 6 3", P, "4 1 5 0 8 2 6 3"),
        ("9 2 8 0 1 1 4 5 det er nytt", P, "9 2 8 0 1 1 4 5"),
        ("Dere kan nå meg hjemme på 22 33 44 55 eller gå via søsteren min.", P, "22 33 44 55"),
        ("Du når henne på 63 88 41 20 etter klokka fem", P, "63 88 41 20"),
        ("Du får tak i oss på 73 50 11 42.", P, "73 50 11 42"),
        ("At home I am on 22 45 61 08.", P, "22 45 61 08"),
        ("My husband is on 41 20 33 97 most days", P, "41 20 33 97"),
        ("Mannen min er på 97 11 20 43", P, "97 11 20 43"),
        ("Моя сестра на 46 51 20 33, вона допоможе", P, "46 51 20 33"),
        ("Мама доступна за 938 11 405", P, "938 11 405"),
        ("vipps meg på 90011223", P, "90011223"),
        ("Nås på 99.88.70.61", P, "99.88.70.61"),
        ("wa.me/4791234567 skriv der", P, "wa.me/4791234567"),
        ("call 0 7 7 0 0 9 0 0 5 5 5 please", P, "0 7 7 0 0 9 0 0 5 5 5"),
        ("мій 0671112233", P, "0671112233"),
        ("Катя 067-111-22-33 пише сертифікати", P, "067-111-22-33"),
        ("пишіть сюди 380671112233", P, "380671112233"),
        ("Зв'яжіться зі мною: 95 03 41 12", P, "95 03 41 12"),
        ("Перезвоните мне, 8 (916) 555-01-23", P, "8 (916) 555-01-23"),
        ("мой 89165550123", P, "89165550123"),
        ("связь со мной через 412-00-345", P, "412-00-345"),
        ("Трубку бере тато, 45 66 70 12", P, "45 66 70 12"),
        ("tel:+4741234567", P, "+4741234567"),
        ("sms til 4 8 2 2 0 1 9 3 helst", P, "4 8 2 2 0 1 9 3"),
        ("Her name is Sara and her mobile 4-1-2-3-0-9-8-7", P, "4-1-2-3-0-9-8-7"),
        ("４１２ ３４ ５６７ er nummeret", P, "４１２ ３４ ５６７"),
        ("Мій номер вайбера: 098 123 45 67", P, "098 123 45 67"),
        ("Call (0047) 41 23 45 67", P, "0047) 41 23 45 67"),
    ]);
}

#[test]
fn mail_in_every_spelling() {
    const M: &str = "EMAIL";
    all_found(&[
        ("g u r i underscore test (a) example punktum no", M, "g u r i underscore test (a) example punktum no"),
        (
            "You reach my wife under lidia dot koval, then the at sign, then example dot com",
            M,
            "lidia dot koval, then the at sign, then example dot com",
        ),
        ("Mailen min er ola.prøve(a)example.com og jeg", M, "ola.prøve(a)example.com"),
        ("Почта для сертификата: ruslan.proba собака example.org", M, "ruslan.proba собака example.org"),
        ("kari.nord (alfakrøll) example.no", M, "kari.nord (alfakrøll) example.no"),
        ("skriv til anne understrek lie krøllalfa example dot com", M, "anne understrek lie krøllalfa example dot com"),
        ("samira-at-example-dot-com", M, "samira-at-example-dot-com"),
        ("yusuf_k_at_example.org works best", M, "yusuf_k_at_example.org"),
        ("mail me: hana.test at example.com", M, "hana.test at example.com"),
        ("write to petro_z {at} example {dot} net", M, "petro_z {at} example {dot} net"),
        ("olena.koval@gmail is enough", M, "olena.koval@gmail"),
        ("samir@example .com", M, "samir@example .com"),
        ("samir@example,com", M, "samir@example,com"),
        (
            "моя пошта ivan підкреслення test собачка example крапка com крапка ua",
            M,
            "ivan підкреслення test собачка example крапка com крапка ua",
        ),
        (
            "пишіть на oksana нижнє підкреслення k равлик example крапка org",
            M,
            "oksana нижнє підкреслення k равлик example крапка org",
        ),
        ("скринька taras.k собачка example.com", M, "taras.k собачка example.com"),
        ("почта: anna тире petrova собака example точка ру", M, "anna тире petrova собака example точка ру"),
        (
            "имейл marina нижнее подчеркивание 82 собака example точка com",
            M,
            "marina нижнее подчеркивание 82 собака example точка com",
        ),
        ("m.a.r.t.a @ example.no", M, "@ example.no"),
        ("jonas [a] example [punktum] no", M, "jonas [a] example [punktum] no"),
        ("Olena.Test AT Example DOT Org", M, "Olena.Test AT Example DOT Org"),
        ("løsøre.åse@example.no", M, "løsøre.åse@example.no"),
        ("adressen er kari krøll a example punktum no", M, "kari krøll a example punktum no"),
        ("it's nora, dot, lie, at, example, dot, org", M, "nora, dot, lie, at, example, dot, org"),
        ("ola.dot(at)example.co.uk", M, "ola.dot(at)example.co.uk"),
    ]);
}

#[test]
fn handles_by_their_messenger() {
    const H: &str = "HANDLE";
    all_found(&[
        ("Я в інсті olena.sample_oslo, кидайте туди фотки", H, "olena.sample_oslo"),
        ("інста marta.test.norge, підписуйтесь хто хоче", H, "marta.test.norge"),
        ("мій тг: taras_k_99", H, "taras_k_99"),
        ("снап dasha.proba7", H, "dasha.proba7"),
        ("я в інстаграм як lena_demo", H, "lena_demo"),
        ("пишите в тг sasha_probny", H, "sasha_probny"),
        ("мой ник в телеге vova.test.88", H, "vova.test.88"),
        ("інста: olenkademo", H, "olenkademo"),
        ("мій телеграм: tarasdemo", H, "tarasdemo"),
        ("snap: lillemorsol.", H, "lillemorsol"),
        ("Insta-en min er nora_test_04", H, "nora_test_04"),
        ("jeg heter ola.prove99 på snap", H, "ola.prove99"),
        ("nora_k92 on insta", H, "nora_k92"),
        ("olena_k92 в інсті", H, "olena_k92"),
        ("find me at instagram.com/nora.test", H, "instagram.com/nora.test"),
        ("https://t.me/olena_k", H, "t.me/olena_k"),
        ("tiktok.com/@ola_t", H, "tiktok.com/@ola_t"),
        ("linkedin.com/in/ola-nordmann-test", H, "linkedin.com/in/ola-nordmann-test"),
        ("facebook.com/olena.demo.5", H, "facebook.com/olena.demo.5"),
        ("IG noor_fjord, DM me", H, "noor_fjord"),
        ("discord: yonas_1", H, "yonas_1"),
        ("vk.com/anna_proba", H, "vk.com/anna_proba"),
    ]);
}

#[test]
fn streets_with_letters_flats_and_postcodes() {
    const A: &str = "ADDRESS";
    all_found(&[
        (
            "You find us at Example Road 14B, entrance from the yard, second floor, London N1 0XX.",
            A,
            "Example Road 14B",
        ),
        ("You find us at Example Road 14B, entrance from the yard, second floor, London N1 0XX.", A, "London N1 0XX"),
        ("Переїхали, тепер ми на Testveien 8B, 0199 Oslo, третій", A, "Testveien 8B, 0199 Oslo"),
        ("Ключ під килимком, Fjordveien 27B, 5003 Bergen, заходьте", A, "Fjordveien 27B, 5003 Bergen"),
        ("Мы живём: ул. Образцовая, д. 5, кв. 17, Херсон", A, "ул. Образцовая, д. 5, кв. 17"),
        ("I moved to 41 Test Road, flat 3, Bristol BS99 1ZZ.", A, "41 Test Road, flat 3, Bristol BS99 1ZZ"),
        ("i live at 41 test road flat 3", A, "41 test road flat 3"),
        ("Flat 2, 9 Sample Lane, Leeds", A, "Flat 2, 9 Sample Lane"),
        ("bor i storgata 14 b", A, "storgata 14"),
        ("adressen er fjordveien 27b, 5003 bergen", A, "fjordveien 27b"),
        ("Karl Prøves gate 12C, H0302, 0159 Oslo", A, "Karl Prøves gate 12C, H0302, 0159 Oslo"),
        ("Prøvegt. 5, leilighet 12", A, "Prøvegt. 5, leilighet 12"),
        ("Eksempelsvingen nr. 4, oppgang B", A, "Eksempelsvingen nr. 4, oppgang B"),
        ("Vi bor i Testgata 14-16", A, "Testgata 14-16"),
        ("Musterstraße 12, 10115 Berlin", A, "Musterstraße 12, 10115 Berlin"),
        ("ul. Przykładowa 5, 00-001 Warszawa", A, "ul. Przykładowa 5, 00-001 Warszawa"),
        ("проспект Зразковий 12А, кв 8", A, "проспект Зразковий 12А, кв 8"),
        ("вул. 8 Березня, 5", A, "вул. 8 Березня, 5"),
        ("вул. Лесі Зразкової 14/22, кв. 6", A, "вул. Лесі Зразкової 14/22, кв. 6"),
        (
            "бульвар Тестовий, будинок 3, під'їзд 2, квартира 41",
            A,
            "бульвар Тестовий, будинок 3, під'їзд 2, квартира 41",
        ),
        ("Зразкова 5, кв. 3, код 12", A, "Зразкова 5, кв. 3"),
        ("вулиця прикладна буд 7 кв 12", A, "вулиця прикладна буд 7 кв 12"),
        ("пер. Образцовый, дом 9, корп. 2, кв. 30", A, "пер. Образцовый, дом 9, корп. 2, кв. 30"),
        ("проспект 50 лет Пробы, д. 3", A, "проспект 50 лет Пробы, д. 3"),
        ("Живу на Storgata 7, 0155 Oslo", A, "Storgata 7, 0155 Oslo"),
    ]);
}

#[test]
fn accounts_cards_papers_and_births() {
    const B: &str = "BANK_ACCOUNT";
    all_found(&[
        ("IBAN: N O 9 3 8 6 0 1 1 1 1 7 9 4 7", B, "N O 9 3 8 6 0 1 1 1 1 7 9 4 7"),
        ("NO93-8601-1117-947", B, "NO93-8601-1117-947"),
        ("no93 8601 1117 947 er min", B, "no93 8601 1117 947"),
        ("NO 93 8601 11 17947", B, "NO 93 8601 11 17947"),
        ("gb29 nwbk 6016 1331 9268 19 please", B, "gb29 nwbk 6016 1331 9268 19"),
        ("konto 8 6 0 1 1 1 1 7 9 4 7", B, "8 6 0 1 1 1 1 7 9 4 7"),
        ("refund to account 8601-11-17947", B, "8601-11-17947"),
        ("sort code and account 20-00-00 55779911", B, "20-00-00 55779911"),
        ("card 4 2 4 2-4 2 4 2-4 2 4 2-4 2 4 2", "CARD", "4 2 4 2-4 2 4 2-4 2 4 2-4 2 4 2"),
        ("Charge it to 5555 5555 5555 4444, expiry in June.", "CARD", "5555 5555 5555 4444"),
        ("my case number at UDI is 2022 3851 3205", "NATIONAL_ID", "2022 3851 3205"),
        ("saksnummer 202238513205 hos UDI", "NATIONAL_ID", "202238513205"),
        ("residence card AB1234567 has expired", "PASSPORT", "AB1234567"),
        ("oppholdskortet mitt, nr CD 123456, ble borte", "PASSPORT", "CD 123456"),
        ("посвідка на проживання № АВ123456", "PASSPORT", "АВ123456"),
        ("паспорт АБ 123456 загубила", "PASSPORT", "АБ 123456"),
        ("FX482913 is my passport number", "PASSPORT", "FX482913"),
        ("passport F X 4 8 2 9 1 3", "PASSPORT", "F X 4 8 2 9 1 3"),
        ("mitt pass er fx482913", "PASSPORT", "fx482913"),
        ("водительское удостоверение 482913552", "PASSPORT", "482913552"),
        ("Ahmad Fiktiv Rahimi (b. 22/03/1990) needs a letter", "NAME", "Ahmad Fiktiv Rahimi"),
        ("Ahmad Fiktiv Rahimi (b. 22/03/1990) needs a letter", "BIRTH_DATE", "22/03/1990"),
        ("Коваленко Тетяна Ігорівна, 14.02.1986, прошу додати", "NAME", "Коваленко Тетяна Ігорівна"),
        ("Коваленко Тетяна Ігорівна, 14.02.1986, прошу додати", "BIRTH_DATE", "14.02.1986"),
        ("Sara Testesen, f. 03.04.1991", "NAME", "Sara Testesen"),
        ("Sara Testesen, fødd 3. april 1991", "BIRTH_DATE", "3. april 1991"),
        ("Amina Prove was born on March 14, 1988", "BIRTH_DATE", "March 14, 1988"),
        ("Amina Prove, born the 14th of March 1988", "BIRTH_DATE", "14th of March 1988"),
        ("Олег Пробний, дата народження 14 02 1986", "BIRTH_DATE", "14 02 1986"),
        ("Иванова Проба Сергеевна (14.02.1986)", "NAME", "Иванова Проба Сергеевна"),
        ("Пробная Анна, 21.11.1979 года рождения", "NAME", "Пробная Анна"),
    ]);
}

#[test]
fn what_people_write_in_passing() {
    all_found(&[
        ("hjemmenummer 69 12 33 45", "PHONE", "69 12 33 45"),
        ("my insta's sara.demo_x", "HANDLE", "sara.demo_x"),
        ("Номер закордонного: FX482913", "PASSPORT", "FX482913"),
        ("Тестенко Олена Петрівна 1986-02-14", "NAME", "Тестенко Олена Петрівна"),
        ("jeg har nummer fire åtte, tolv, tretti, sekstini", "PHONE", "fire åtte, tolv, tretti, sekstini"),
        ("You can ring on 9 1 1 - 2 2 - 3 4 5", "PHONE", "9 1 1 - 2 2 - 3 4 5"),
        ("my digits: 4-1-2, 3-3, 9-0-8", "PHONE", "4-1-2, 3-3, 9-0-8"),
        ("Kontakt: Ola, 45 67 89 01", "PHONE", "45 67 89 01"),
        ("Zadzwoń: +48 600 123 456", "PHONE", "+48 600 123 456"),
        ("Скину адресу в смс, 41 22 33 09", "PHONE", "41 22 33 09"),
        ("Моя дочь доступна по 050 123 45 67", "PHONE", "050 123 45 67"),
        ("nr. 412.34.567", "PHONE", "412.34.567"),
        ("+47-412-34-567 takk", "PHONE", "+47-412-34-567"),
        ("0047/41234567", "PHONE", "0047/41234567"),
        ("my cell is four-one-two three-four five-six-seven", "PHONE", "four-one-two three-four five-six-seven"),
        (
            "Dial zero seven seven double zero nine hundred five five five",
            "PHONE",
            "zero seven seven double zero nine hundred five five five",
        ),
        (
            "мобільний дев'яносто вісім нуль три сорок п'ять сімнадцять",
            "PHONE",
            "дев'яносто вісім нуль три сорок п'ять сімнадцять",
        ),
        ("подзвони: 4️⃣ 1️⃣ 2️⃣ 3️⃣ 4️⃣ 5️⃣ 6️⃣ 7️⃣", "PHONE", "4"),
        ("ring 41 23 4 5 67", "PHONE", "41 23 4 5 67"),
        ("Buddyen min heter Kari og har 926 44 018", "PHONE", "926 44 018"),
        ("hun har 22 14 55 90 på jobb", "PHONE", "22 14 55 90"),
        ("svigermor svarer på 33 41 22 10 på dagtid", "PHONE", "33 41 22 10"),
        ("you can catch me at 55 12 34 90 in the evenings", "PHONE", "55 12 34 90"),
        ("tast 4 7 6 1 2 3 9 0 så svarer jeg", "PHONE", "4 7 6 1 2 3 9 0"),
        ("Запишіть мене за номером 4-7-6-1-2-3-9-5", "PHONE", "4-7-6-1-2-3-9-5"),
        ("мой мейл: oleg(собачка)example(точка)ru", "EMAIL", "oleg(собачка)example(точка)ru"),
        ("skriv til ola_nordmann snabel-a example.no", "EMAIL", "ola_nordmann snabel-a example.no"),
        ("e-post: kari dot nordmann at example dot no.", "EMAIL", "kari dot nordmann at example dot no"),
        ("contact = olena[dot]k[at]example[dot]org", "EMAIL", "olena[dot]k[at]example[dot]org"),
        ("olena.k @ example . org", "EMAIL", "olena.k @ example . org"),
        ("<mailto:test.user@example.com>", "EMAIL", "test.user@example.com"),
        ("пошта марія.тест@приклад.укр", "EMAIL", "марія.тест@приклад.укр"),
        ("пошта: olena.test@ example.com", "EMAIL", "olena.test@ example.com"),
        (
            "m a r t a dot t e s t at e x a m p l e dot c o m",
            "EMAIL",
            "m a r t a dot t e s t at e x a m p l e dot c o m",
        ),
        (
            "my email is first name anna, last test: anna dot test, at example, dot com",
            "EMAIL",
            "anna dot test, at example, dot com",
        ),
        ("мій нік у телеграмі — vova_proba", "HANDLE", "vova_proba"),
        ("snapchatten min: kurs.ola.98", "HANDLE", "kurs.ola.98"),
        ("пиши в директ, інста @lena_t", "HANDLE", "@lena_t"),
        ("tg @ola_t99", "HANDLE", "@ola_t99"),
        ("follow me, insta = nora.sample", "HANDLE", "nora.sample"),
        ("мене в фейсбуці знайдеш як olena.demo.12", "HANDLE", "olena.demo.12"),
        ("Jeg heter «fjord_nora» på Instagram", "HANDLE", "fjord_nora"),
        ("дружимо в снапі? dimon_t5", "HANDLE", "dimon_t5"),
        ("viber: +380 67 000 11 22", "PHONE", "+380 67 000 11 22"),
        ("We live on 5 Sample Crescent, Leeds", "ADDRESS", "5 Sample Crescent"),
        ("Jeg bor i Eksempelveien 3A, leil. 12, 0581 Oslo", "ADDRESS", "Eksempelveien 3A, leil. 12, 0581 Oslo"),
        ("adr: Prøveringen 18, H0402", "ADDRESS", "Prøveringen 18, H0402"),
        ("Моя адреса: м. Київ, вул. Зразкова 5а, кв. 10", "ADDRESS", "вул. Зразкова 5а, кв. 10"),
        ("Харків, пр. Тестовий, 14, кв 7", "ADDRESS", "пр. Тестовий, 14, кв 7"),
        ("живу: ул. Пробная дом 3 кв 4", "ADDRESS", "ул. Пробная дом 3 кв 4"),
        ("Sample Avenue 5, 2nd floor", "ADDRESS", "Sample Avenue 5"),
        ("221B Sample Street", "ADDRESS", "221B Sample Street"),
        ("Olav Prøves vei 5, 7030 Trondheim", "ADDRESS", "Olav Prøves vei 5, 7030 Trondheim"),
        ("Apt 5B, 12 Example Road, London N1 0XX", "ADDRESS", "Apt 5B, 12 Example Road, London N1 0XX"),
        ("ми на Prøvegata 11 c, другий під'їзд", "ADDRESS", "Prøvegata 11"),
        ("Øvre Prøvegate 7, 5003 Bergen", "ADDRESS", "Øvre Prøvegate 7"),
        ("Prøvegate 7B", "ADDRESS", "Prøvegate 7B"),
        ("Olena Demo, DOB 1990-02-14", "BIRTH_DATE", "1990-02-14"),
        ("Демо Олена, ДН 14.02.1990", "BIRTH_DATE", "14.02.1990"),
        ("Ola Testesen (14.02.1990)", "BIRTH_DATE", "14.02.1990"),
        ("14.02.1986, Коваленко Тетяна Ігорівна", "BIRTH_DATE", "14.02.1986"),
        ("Ola Testesen født 14/2-1990", "BIRTH_DATE", "14/2-1990"),
        ("Yusuf Ali Test, fødselsdato 140290", "NAME", "Yusuf Ali Test"),
        ("Моя дочь Анна Пробная родилась 3 мая 2011", "NAME", "Анна Пробная"),
        ("Account 86011117947 please refund", "BANK_ACCOUNT", "86011117947"),
    ]);
}
