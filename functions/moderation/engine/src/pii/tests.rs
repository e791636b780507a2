use super::*;

fn of(text: &str) -> Vec<(&'static str, String)> {
    let read = Text::new(text);
    find(&read).iter().map(|f| (f.placeholder, read.slice(f.span).to_owned())).collect()
}

fn one(text: &str, placeholder: &str, value: &str) {
    let all = of(text);
    assert!(all.iter().any(|(p, v)| *p == placeholder && v.contains(value)), "{text}: {all:?}");
}

#[test]
fn addresses_of_mail_are_found_in_every_writing() {
    one("Please write to samira.demo@example.com, I do not", "EMAIL", "samira.demo@example.com");
    one("my address for mail: yusuf_test AT example DOT org", "EMAIL", "yusuf_test AT example DOT org");
    one("reach me: l e i l a @ e x a m p l e . o r g", "EMAIL", "l e i l a @ e x a m p l e . o r g");
    one("You find me under tesfay92(at)example(dot)com if", "EMAIL", "tesfay92(at)example(dot)com");
    one("write: mahmoud dot h at example dot org, I check", "EMAIL", "mahmoud dot h at example dot org");
    one("пошта моя taras.test собака example крапка org", "EMAIL", "taras.test собака example крапка org");
    one("skriv til kari krøllalfa example punktum no", "EMAIL", "kari krøllalfa example punktum no");
    one("mail: ola[at]example.no", "EMAIL", "ola[at]example.no");
}

#[test]
fn phones_are_found_by_prefix_shape_or_words_around() {
    one("Телефонуйте мені: +38 (097) 111-22-33.", "PHONE", "+38 (097) 111-22-33");
    one("You can phone me at +44 7700 900 321.", "PHONE", "+44 7700 900 321");
    one("Mobilnummeret mitt er 405 06 070.", "PHONE", "405 06 070");
    one("In the States my brother has (202) 555-0143, he", "PHONE", "(202) 555-0143");
    one("ring 0047 900 00 017 after four", "PHONE", "0047 900 00 017");
    one("Tlf 41000023, ask for Bereket.", "PHONE", "41000023");
    one("tlf min er fire null null, null to, null fem seks", "PHONE", "fire null null, null to, null fem seks");
    one("Nummeret er 9 0 0 0 0 6 3 8, ring når du vil.", "PHONE", "9 0 0 0 0 6 3 8");
    one("Mobil: ９００００２５１. Ta kontakt", "PHONE", "９００００２５１");
    one("Дурепо ти безголова, подзвони нарешті на 067 000 55 18!", "PHONE", "067 000 55 18");
    one("Мій вайбер +380670003951, якщо", "PHONE", "+380670003951");
}

#[test]
fn numbers_of_state_bank_and_card_need_their_checksum() {
    one("Fødselsnummeret mitt er 07098150034, står", "NATIONAL_ID", "07098150034");
    one("D-nummer: 490164 53381. Jeg venter", "NATIONAL_ID", "490164 53381");
    one("Fnr til datteren min er 280677-67073, hun", "NATIONAL_ID", "280677-67073");
    one("My DUF is 202300004507, can", "NATIONAL_ID", "202300004507");
    one("The Ukrainian tax code (RNOKPP) is 0922133072 and", "NATIONAL_ID", "0922133072");
    one("Old job in Ohio, SSN 219-09-9999, maybe", "NATIONAL_ID", "219-09-9999");
    one("Refund please on account 1234.56.78903, same", "BANK_ACCOUNT", "1234.56.78903");
    one("Kontonr for reisepenger: 9999 33 29203, og", "BANK_ACCOUNT", "9999 33 29203");
    one("travel costs to NL91 ABNA 0417 1643 00.", "BANK_ACCOUNT", "NL91 ABNA 0417 1643 00");
    one("through UA21 3223 1300 0002 6007 2335 6600 1 and it", "BANK_ACCOUNT", "UA21 3223 1300 0002 6007 2335 6600 1");
    one("I paid with 4242 4242 4242 4242 and", "CARD", "4242 4242 4242 4242");
    one("app: 5555-5555-5555-4444, what", "CARD", "5555-5555-5555-4444");
    one("i typed 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 in the", "CARD", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
    one("Passet mitt har nummer CCA004512 og går", "PASSPORT", "CCA004512");
    one("паспорт FH004512 десь", "PASSPORT", "FH004512");
}

#[test]
fn streets_handles_and_births_are_found() {
    one("Our flat is at 22 Sample Street, apartment 9, Leeds LS99 9ZZ.", "ADDRESS", "22 Sample Street");
    one("Vi flytter til Prøveveien 27 C, 0599 Oslo, og", "ADDRESS", "Prøveveien 27 C");
    one("bor alene i Testbakken 8, andre etasje", "ADDRESS", "Testbakken 8");
    one("теперь улица Образцовая, дом 17, квартира 5, посылку", "ADDRESS", "улица Образцовая, дом 17");
    one("Живемо на вул. Зразковій, буд. 5, Київ", "ADDRESS", "вул. Зразковій, буд. 5");
    one("We continue on Telegram, I am @hanna_demo_kyiv there.", "HANDLE", "@hanna_demo_kyiv");
    one("Snap: yonas.test07 if anybody", "HANDLE", "yonas.test07");
    one("в інстаграмі: ivanka.test.no, там", "HANDLE", "ivanka.test.no");
    let all = of("Please correct it, it must be Miriam Testesen Haile, born 03.09.1988.");
    assert_eq!(all, [("NAME", "Miriam Testesen Haile".to_owned()), ("BIRTH_DATE", "03.09.1988".to_owned())]);
    one("Danylo Zrazkovyi, date of birth 2 May 2011, is missing", "BIRTH_DATE", "2 May 2011");
    one("Записуюсь на іспит: Пробна Леся Іванівна, 23.09.1987 р.н.", "NAME", "Пробна Леся Іванівна");
    one("справку: Тестова Ирина Павловна, 21.11.1979 г.р.", "BIRTH_DATE", "21.11.1979");
}

#[test]
fn numbers_of_everyday_are_let_be() {
    for text in [
        "Room 1204, floor 3, session 2025-03-11, group 47.",
        "I learned 1500 words in 90 days and my score went from 41 to 77.",
        "Emergency numbers were on the test: 110, 112 and 113.",
        "Call 116 117 or 116 123.",
        "The exercise used a fake account, NO93 8601 1117 974, and we had to explain.",
        "The sticker on the loan laptop says serial 31048855513, just so you know",
        "Textbook is ISBN 978-82-02-61471-3, third edition, page 118.",
        "Version 10.4.22 crashes, 10.4.19 worked.",
        "Rent is 12 500, deposit 37 500, and my pay after tax 24 310, so we made a budget until 31.12.",
        "Module NOR-A2-2024-117, room B3.018, 24 participants, 9:15 to 11:45.",
        "Meet me @ the library at half past six, the dot on the map is wrong.",
        "I sikkerhetskurset viste de kort 4242 4242 4242 4243 som eksempel på et nummer",
        "У зразку декларації стояв податковий номер 1234567890, він вигаданий",
        "Номер справи 2025/004418 не змінився, чекаємо рішення комуни.",
        "I looked at hkdir.no and entur.no",
        "We counted: one two three four five six seven eight nine",
        "Born in 1988 in Kyiv, I came here in 2022.",
        "Ring Kirkens SOS på 22 40 00 40",
        "Завдаток за житло 42 600 крон, оренда 14 200, для нас це космос.",
        "Meet 14.03 17:30, room 204",
    ] {
        assert!(of(text).is_empty(), "{text}: {:?}", of(text));
    }
}
