//! Checksums and shapes of numbers.

/// `2025-03-11`, `11.03.2025`, `19 08 2025`, a span of years.
pub(super) fn is_date(digits: &str, shape: &[usize]) -> bool {
    let value = |s: &str| s.parse::<u32>().unwrap_or(0);
    match shape {
        [4, 2, 2] => (1900..=2100).contains(&value(&digits[..4])) && value(&digits[4..6]) <= 12,
        [2, 2, 4] => value(&digits[..2]) <= 31 && (1900..=2100).contains(&value(&digits[4..])),
        [4, 4] => (1900..=2100).contains(&value(&digits[..4])) && (1900..=2100).contains(&value(&digits[4..])),
        [8] => {
            (1900..=2100).contains(&value(&digits[..4]))
                && (1..=12).contains(&value(&digits[4..6]))
                && value(&digits[6..]) <= 31
        }
        _ => false,
    }
}

pub(super) fn values(digits: &str) -> Vec<u32> {
    digits.bytes().map(|b| u32::from(b.wrapping_sub(b'0'))).collect()
}

/// The check digit of Norwegian accounts and identity numbers: mod 11, the last digit checks the others.
pub(super) fn mod11(digits: &str, weights: &[u32]) -> bool {
    let all = values(digits);
    let sum: u32 = all.iter().zip(weights).map(|(d, w)| d * w).sum();
    let check = (11 - sum % 11) % 11;
    all.get(weights.len()).is_some_and(|last| *last == check) && !digits.bytes().all(|b| b == digits.as_bytes()[0])
}

/// Fødselsnummer and D-number, synthetic ones too. From 2032 the first check digit's remainder may be 0 to 3.
pub(super) fn is_birth_number(digits: &str) -> bool {
    const FIRST: [u32; 10] = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
    const SECOND: [u32; 11] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    let all = values(digits);
    if all.len() != 11 {
        return false;
    }
    let first: u32 = FIRST.iter().zip(&all).map(|(w, d)| w * d).sum();
    let second: u32 = SECOND.iter().zip(&all).map(|(w, d)| w * d).sum();
    is_dated(digits) && first % 11 <= 3 && second.is_multiple_of(11)
}

/// Whether a number begins with the day and month that a number of birth begins with.
pub(super) fn is_dated(digits: &str) -> bool {
    let all = values(digits);
    if all.len() < 4 {
        return false;
    }
    let day = match all[0] * 10 + all[1] {
        day @ 41..=71 => day - 40,
        day => day,
    };
    let month = match all[2] * 10 + all[3] {
        month @ 81..=92 => month - 80,
        month @ 66..=77 => month - 65,
        month @ 41..=52 => month - 40,
        month => month,
    };
    (1..=31).contains(&day) && (1..=12).contains(&month)
}

/// РНОКПП: five digits of days since 1899-12-31, then a check digit at the end.
pub(super) fn is_tax_number(digits: &str) -> bool {
    let all = values(digits);
    if all.len() != 10 {
        return false;
    }
    let weights: [i64; 9] = [-1, 5, 7, 9, 4, 6, 10, 5, 7];
    let sum: i64 = weights.iter().zip(&all).map(|(w, d)| w * i64::from(*d)).sum();
    let days = all[..5].iter().fold(0, |n, d| n * 10 + d);
    sum.rem_euclid(11) % 10 == i64::from(all[9]) && (1..50_000).contains(&days)
}

pub(super) fn is_card(digits: &str) -> bool {
    let issuer = digits.starts_with(['3', '4', '5', '6', '2']);
    let sum: u32 = values(digits)
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| if i % 2 == 1 { if *d > 4 { d * 2 - 9 } else { d * 2 } } else { *d })
        .sum();
    issuer && sum.is_multiple_of(10) && !digits.bytes().all(|b| b == digits.as_bytes()[0])
}

/// ISO 13616: country, two check digits, mod 97 = 1. The lengths of countries that are likely here; others 15 to 34.
pub(super) fn is_iban(all: &str) -> bool {
    let bytes = all.as_bytes();
    if !(15..=34).contains(&bytes.len())
        || !bytes.iter().all(u8::is_ascii_alphanumeric)
        || !bytes[..2].iter().all(u8::is_ascii_alphabetic)
        || !bytes[2..4].iter().all(u8::is_ascii_digit)
    {
        return false;
    }
    let length = match &all[..2] {
        "no" => 15,
        "ua" => 29,
        "nl" | "dk" | "fi" => 18,
        "se" | "es" => 24,
        "de" | "gb" => 22,
        "pl" => 28,
        "fr" | "it" => 27,
        "be" => 16,
        _ => bytes.len(),
    };
    if bytes.len() != length {
        return false;
    }
    let mut rest = 0u32;
    for byte in bytes[4..].iter().chain(&bytes[..4]) {
        rest = match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte.to_ascii_lowercase() - b'a') + 10) % 97,
        };
    }
    rest == 1
}
