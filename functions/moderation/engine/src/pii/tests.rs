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

#[test]
fn what_is_of_nobody_is_let_be() {
    let mut wrong = String::new();
    for row in [
        "If somebody in the house is poisoned we call 22 59 13 00, we learned it.",
        "Giftinformasjonen har 22 59 13 00, døgnet rundt.",
        "Poison line: +47 22 59 13 00",
        "Гаряча лінія 0 800 500 335 працює",
        "горячая линия 8 800 200 01 22",
        "On the test we had to write 12345678901 as an example of a personal number, it is not real.",
        "The exercise used an invented personal number, 14038851383, to show that the control digit was wrong.",
        "I sikkerhetskurset sto 22119363430 som eksempel på et nummer der kontrollsifferet er feil.",
        "У вправі номер 17099562162 був навмисно з хибною контрольною цифрою, і ми це знайшли.",
        "В упражнении был номер 12345678901, он выдуман.",
        "https://t.ly/Zk0aa",
        "t.ly/9Qwz1",
        "bit.ly/3abcd",
        "Водійські права без іспиту. Телеграм-канал prava-shvydko.example",
        "Підпишись на канал @prava_oslo_news",
        "discord.gg/abcdef",
        "facebook.com/groups/oslokurs",
        "instagram.com/p/Cx1abc",
        "We count in class: one two three four five six seven eight nine ten",
        "ten, twenty, thirty, forty, fifty, sixty, seventy",
        "десять, двадцять, тридцять, сорок, п'ятдесят, шістдесят",
        "Count down: ten nine eight seven six five four three two one",
        "en to tre, en to tre, en to tre, vi danser",
        "My grades were 5 4 5 5 3 4 5 4 this year",
        "The course has 24 participants, 12 women and 8 men on 3 floors",
        "I paid 860 kroner on 11.11 for lesson 7 and it was cancelled.",
        "I got 187 of 200 points and I waited 14 months for this day.",
        "pages 120 to 134 and 140 to 150",
        "from 10 to 12 and 14 to 16",
        "Look at hkdir.no and at udir.no",
        "We met at example.org last year",
        "Se på example.no, der står alt",
        "Моя собака любить гуляти. Example. Ні",
        "Snapchat: useless for learning",
        "Instagram is full of ads",
        "I use telegram and viber with the group",
        "телеграм працює погано",
        "у телеграмі e-mail не прийшов",
        "We live 5 minutes from the road",
        "jeg bor 3 km fra hovedveien 5 dager i uka",
        "Romeo bor ved parken, 2 etasje",
        "Площа 45 метрів, 3 кімнати",
        "на площі Ринок було 200 людей",
        "Sentralbordet er 23 40 50 60, resepsjon til 15",
        "I passed the test with 85 points",
        "The passport office opens 8.30, room 12",
        "Bussen 31 går 12.45 fra Storgata, holdeplass 4",
        "Кухня, 14.02.2025, збори",
        "Oslo Kommune, 14.02.2025, kurs 3",
        "Tone og Kari møttes 14.02.2024 på kurset",
        "The bill was 45 600 kr and 12 300 kr",
        "Room 12, Main Building, 3rd floor",
        "Born in 1988, came 2022",
        "Kapittel 4, 5, 6, 7 og 8, side 120",
        "I give it 4 5 out of 5",
        "сто двадцять осіб прийшло, двадцять п'ять пішло",
        "five hundred and forty people, three groups of twenty five",
        "B2 is my goal, A2 I have, N1 is Japanese",
        "Level A1 to B2 in 9 months at skole.no",
        "see example (a) and (b) in the book",
        "У 2022 2023 2024 роках ми вчились",
        "version 10 dash 4 dash 22",
        "ми вивчили числа: сто, двісті, триста, чотириста, п'ятсот",
        "Call NAV at 55 55 33 33",
        "Tallene i lotto var 12 23 34 45 og 6",
        "He has 4000 5000 words to learn",
        "Kurset har 12 15 18 22 deltakere i fire grupper",
        "I did 20 30 40 50 push-ups with my brother on Monday",
        "My score is 45 67 89 90 in the four tests",
        "We read pages 12, 13, 14, 15 and 16",
        "Vi fikk 50 60 70 80 prosent riktig",
        "My buddy has 3 kids, 5, 7 and 9 years",
        "Kari Nordmann holdt foredrag 14.02.2024",
        "Taras Shevchenko (09.03.1814) was a poet",
        "Slava Ukraini, 24.02.2022, we remember",
        "ми були на концерті 14.02.2010, дуже давно",
        "the dog park is near Sample Street",
        "Jeg gikk langs Testveien i 5 minutter",
        "Storgata har 5 butikker",
        "Abbey Road, 12 songs",
        "Main Street, May 12, we meet",
        "Hyde Park 12 May",
        "проспект був закритий 3 години",
        "на вулиці було мінус 15 градусів",
        "улица пустая, 5 утра",
        "Read the text on page 45, then 67, then 89",
        "It took one two three four tries",
        "five six seven eight, we danced",
        "double shift on two days, triple pay on three",
        "один два три чотири п'ять вийшов зайчик погуляти",
        "passet mitt går ut 31.12.2027",
        "my passport expires 2027 12 31",
        "residence permit took 14 months and 3 weeks",
        "id 12 on the list",
        "insta stories are fun",
        "Telegram bot on kurs.no sends news",
        "I like tiktok and snap, 5 of 5",
        "знайшла курс у фейсбуці, дякую",
        "в тг пишуть багато дурниць",
        "Write at least 120 words, at most 150",
        "we meet at school dot",
        "point at example (at) the board",
        "The address at nav.no is wrong",
    ] {
        let read = Text::new(row);
        let found: Vec<_> = find(&read).iter().map(|f| (f.rule, read.slice(f.span).to_owned())).collect();
        if !found.is_empty() {
            wrong += &format!("{row}: {found:?}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
