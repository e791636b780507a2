//! `contract-check [check | release | released]`: see events/README.md.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use contract_check::{
    released::{self, Verdict},
    report,
};
use jiff::Timestamp;
use shared::contracts::schema;

fn main() -> io::Result<ExitCode> {
    let command = std::env::args().nth(1).unwrap_or_else(|| "check".to_owned());
    let (folder, today) = (released::folder(), schema::catalogue());
    let verdicts = released::judge(&released::read(&folder)?, &today, Timestamp::now());
    let mut out = io::stdout().lock();
    for (kind, verdict) in verdicts.iter().filter(|(_, verdict)| !matches!(verdict, Verdict::Same)) {
        write!(out, "{}", report::of(kind, verdict))?;
    }
    let broken = verdicts.iter().filter(|(_, verdict)| !verdict.is_good()).count();
    if broken > 0 {
        writeln!(
            out,
            "\n{broken} of {} types break somebody or cannot be judged. A breaking change is a new type, `….v2`, published beside the old one: \
             events/README.md, \"A change\".",
            verdicts.len()
        )?;
        return Ok(ExitCode::FAILURE);
    }
    let open = verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::New | Verdict::Compatible)).count();
    match command.as_str() {
        "check" => writeln!(out, "{} types, no break; {open} to be released.", verdicts.len())?,
        "released" if open == 0 => writeln!(out, "{} types, as they were released.", verdicts.len())?,
        "released" => {
            writeln!(out, "{open} types are not released: `make contracts-release`, and commit what it writes.")?;
            return Ok(ExitCode::FAILURE);
        }
        "release" => match released::release(&folder, &today, &verdicts)? {
            Some((number, types)) => {
                writeln!(out, "release {number}: {types} types. Commit events/contracts/released/{number}.")?
            }
            None => writeln!(out, "Nothing to release: {} types are as they were released.", verdicts.len())?,
        },
        _ => {
            writeln!(out, "usage: contract-check [check | release | released]")?;
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}
