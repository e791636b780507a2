//! What a workbook says about itself: its sheets, its date system, and which formats show dates.

use quick_xml::events::Event;

use super::{
    number::Shown,
    xml::{Xml, attribute},
    zip::ZipError,
};

/// A sheet as the workbook lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The relationship that leads to its part.
    pub relation: String,
    /// Whether it is shown.
    pub visible: bool,
}

/// The workbook's own part.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Its sheets in order.
    pub sheets: Vec<Listed>,
    /// Days are counted from 1904.
    pub from_1904: bool,
}

/// Reads the workbook's part.
pub fn book(bytes: &[u8]) -> Result<Book, ZipError> {
    let (mut book, mut xml, mut root) = (Book::default(), Xml::new(bytes), None);
    loop {
        match xml.next()? {
            Event::Start(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                root.get_or_insert_with(|| name.clone());
                match name.as_str() {
                    "workbookPr" => {
                        book.from_1904 = matches!(attribute(&tag, "date1904").as_deref(), Some("1" | "true"));
                    }
                    "sheet" => {
                        let (Some(name), Some(relation)) = (attribute(&tag, "name"), attribute(&tag, "id")) else {
                            return Err(ZipError::Broken);
                        };
                        let visible = attribute(&tag, "state").is_none_or(|state| state == "visible");
                        book.sheets.push(Listed { name, relation, visible });
                    }
                    _ => {}
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if root.as_deref() == Some("workbook") { Ok(book) } else { Err(ZipError::Broken) }
}

/// One relationship: id, the last word of its type, and the part it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its id.
    pub id: String,
    /// `worksheet`, `sharedStrings`, `styles`, `officeDocument`, …
    pub kind: String,
    /// The part's full name.
    pub part: String,
}

/// Reads a part of relationships; `folder` is where its targets are counted from.
pub fn relations(bytes: &[u8], folder: &str) -> Result<Vec<Relation>, ZipError> {
    let (mut found, mut xml) = (Vec::new(), Xml::new(bytes));
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                let (Some(id), Some(kind), Some(target)) =
                    (attribute(&tag, "Id"), attribute(&tag, "Type"), attribute(&tag, "Target"))
                else {
                    continue;
                };
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                found.push(Relation { id, kind, part: resolve(folder, &target) });
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// A target from a folder: `worksheets/sheet1.xml`, `/xl/worksheets/sheet1.xml`, `../xl/…`.
fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> =
        if target.starts_with('/') { Vec::new() } else { folder.split('/').filter(|part| !part.is_empty()).collect() };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// How each cell format shows a number, by its index.
pub fn styles(bytes: &[u8]) -> Result<Vec<Shown>, ZipError> {
    let mut own = std::collections::HashMap::new();
    let (mut shown, mut formats, mut xml) = (Vec::new(), false, Xml::new(bytes));
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "numFmt" => {
                    if let (Some(Ok(id)), Some(code)) =
                        (attribute(&tag, "numFmtId").map(|id| id.parse::<u32>()), attribute(&tag, "formatCode"))
                    {
                        own.insert(id, Shown::of_format(&code));
                    }
                }
                "cellXfs" => formats = true,
                "xf" if formats => {
                    let id = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                    shown.push(own.get(&id).copied().unwrap_or_else(|| Shown::of_builtin(id)));
                }
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => formats = false,
            Event::Eof => return Ok(shown),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_from_their_folder() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl/x", "../sheet.xml"), "xl/sheet.xml");
        assert_eq!(resolve("", "../../sheet.xml"), "sheet.xml");
    }
}
