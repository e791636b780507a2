//! What the words around a number say of it: whether somebody is called on it, whose it is, whether it is only shown.

use super::Scan;
use crate::lists::lists;

/// Words that name a number, of a phone or of something else.
const NUMBER_WORDS: &[&str] =
    &["number", "nummer", "nr", "номер", "num", "nmb", "contact", "kontakt", "sim", "контакт"];

/// People whose number it may be.
const PEOPLE: &[&str] = &[
    "me",
    "my",
    "mine",
    "him",
    "her",
    "his",
    "them",
    "us",
    "husband",
    "wife",
    "mother",
    "father",
    "mum",
    "mom",
    "dad",
    "sister",
    "brother",
    "neighbour",
    "meg",
    "min",
    "mitt",
    "ham",
    "henne",
    "hennes",
    "hans",
    "oss",
    "dem",
    "mannen",
    "kona",
    "mora",
    "moren",
    "faren",
    "søster",
    "søsteren",
    "broren",
    "mamma",
    "pappa",
    "мене",
    "мені",
    "мій",
    "моя",
    "моє",
    "мого",
    "моєї",
    "його",
    "йому",
    "чоловік",
    "дружин",
    "мама",
    "мами",
    "тато",
    "сестр",
    "брат",
    "меня",
    "мне",
    "мой",
    "мою",
    "моего",
    "муж",
    "мужа",
    "жена",
    "жены",
    "папа",
    "подруг",
    "friend",
    "hun",
    "han",
    "she",
    "he",
    "svigermor",
    "svigerfar",
    "buddyen",
    "mentoren",
];

/// What stands between a person and a number that reaches them.
const LINKS: &[&str] = &[
    "på", "on", "at", "is", "er", "it's", "её", ":", "–", "—", "це", "это", "за", "на", "по", "under", "nytt", "new",
    "via", "har", "has", "svarer", "have",
];

/// Words that say a number is shown only. Names may be among them, so they have to be in lower case.
const SHOWN: &[&str] = &[
    "invented",
    "fake",
    "fictional",
    "fictitious",
    "imaginary",
    "made-up",
    "oppdiktet",
    "oppdiktede",
    "fiktivt",
    "falskt",
    "вигадан",
    "видуман",
    "вымышлен",
    "выдуман",
    "фіктивн",
    "фиктивн",
    "kontrollsiffer",
    "checksum",
    "контрольн",
    "несправжн",
    "ненастоящ",
    "вправ",
    "упражнен",
    "зразк",
    "образц",
];

/// Lines for everybody.
const HELP_LINES: &[&str] = &[
    "poison",
    "poisoned",
    "giftinformasjon",
    "giftlinj",
    "helpline",
    "hotline",
    "hjelpetelefon",
    "hjelpelinj",
    "krisetelefon",
    "legevakt",
    "nødnummer",
    "nødtelefon",
    "emergency",
    "crisis",
    "гаряч",
    "горяч",
    "довіри",
    "доверия",
    "sentralbord",
    "switchboard",
    "kundeservice",
    "kundesenter",
    "samaritans",
    "отруєн",
    "отруїв",
    "отравл",
    "forgift",
    "alarmtelefon",
    "krisesenter",
    "reception",
    "resepsjon",
    "publikumstelefon",
    "вихов",
    "kirkens",
    "barnevernvakt",
    "ambulance",
];

impl Scan<'_> {
    /// Whether somebody is to be called or reached.
    pub(super) fn calls(&self, first: usize, end: usize) -> bool {
        let words = &lists().phone_words;
        if self.near(first, end, 10, 6, words) || self.sentence_has(first, words) {
            return true;
        }
        (first.saturating_sub(10)..first).any(|i| {
            let next = self.word(i + 1);
            match self.word(i) {
                "nå" | "når" | "treffe" | "treffer" | "nås" => PEOPLE.contains(&next),
                "hjemme" | "jobb" => next == "på",
                "home" | "work" => matches!(next, "on" | ":"),
                "am" => next == "on" && i + 2 == first,
                "tak" => next == "i",
                "get" => matches!(next, "hold" | "me"),
                _ => false,
            }
        })
    }

    /// Whether a number of some kind is spoken of.
    pub(super) fn names_number(&self, first: usize, end: usize) -> bool {
        self.near(first, end, 10, 6, NUMBER_WORDS) || self.sentence_has(first, NUMBER_WORDS)
    }

    /// Whether a person stands before a number and a word that leads from one to the other.
    pub(super) fn belongs(&self, first: usize) -> bool {
        let near = first.saturating_sub(2);
        (near..first).any(|i| LINKS.contains(&self.word(i)))
            && self.near(first, first, 9, 0, PEOPLE)
            && !self.near(
                first,
                first,
                6,
                0,
                &["tall", "tallene", "numbers", "score", "scores", "poeng", "числа", "бали", "баллы"],
            )
    }

    /// Whether a number is only shown: `as an example`, `an invented number`, `the control digit is wrong`.
    pub(super) fn is_example(&self, at: usize) -> bool {
        let Some(sentence) = self.text.sentences().get(self.tokens[at].sentence as usize) else { return false };
        let from = (sentence.first as usize).max(at.saturating_sub(30));
        let to = (sentence.end as usize).min(at + 30);
        (from..to).any(|i| {
            let (before, word) = (self.word(i.saturating_sub(1)), self.word(i));
            match word {
                "example" => matches!(before, "an" | "the" | "as" | "made") && self.word(i + 1) != ",",
                "eksempel" => matches!(before, "som" | "et" | "på") && !self.capital(i),
                "приклад" | "пример" => matches!(before, "як" | "за" | "как" | "для" | "это" | "це"),
                "real" | "ekte" | "настоящий" | "справжній" => {
                    matches!(before, "not" | "ikke" | "не")
                }
                "up" => before == "made",
                "digit" => matches!(before, "control" | "check"),
                _ => {
                    !self.capital(i)
                        && SHOWN.iter().any(|s| word == *s || s.chars().count() >= 5 && word.starts_with(s))
                }
            }
        })
    }

    /// Whether a number is given as a line for everybody; numbers of mobiles are none, nor what reaches `me`.
    pub(super) fn is_help_line(&self, first: usize, end: usize, digits: &str) -> bool {
        let fixed = digits.len() == 8 && digits.starts_with(['2', '3', '5', '6', '7', '8']);
        fixed && self.near(first, end, 10, 8, HELP_LINES) && !self.near(first, first, 5, 0, PEOPLE)
    }
}
