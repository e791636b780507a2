//! How the lines of a file end, counted while the header is looked for and during the scan.

/// The line endings of records seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineEndings {
    /// `\n`
    pub lf: u64,
    /// `\r\n`
    pub crlf: u64,
    /// `\r`
    pub cr: u64,
}

impl LineEndings {
    pub(super) fn count(&mut self, ending: &[u8]) {
        match ending {
            b"\n" => self.lf += 1,
            b"\r\n" => self.crlf += 1,
            b"\r" => self.cr += 1,
            _ => {}
        }
    }

    /// Those of two parts of a file.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { lf: self.lf + other.lf, crlf: self.crlf + other.crlf, cr: self.cr + other.cr }
    }

    /// `lf`, `crlf`, `cr`, `mixed`, or `none` if no line was ended.
    pub fn as_str(&self) -> &'static str {
        match (self.lf > 0, self.crlf > 0, self.cr > 0) {
            (false, false, false) => "none",
            (true, false, false) => "lf",
            (false, true, false) => "crlf",
            (false, false, true) => "cr",
            _ => "mixed",
        }
    }
}
