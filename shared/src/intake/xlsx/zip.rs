//! The container of a workbook: its directory, and its parts as streams. Only what is needed is read, by ranges of the
//! object, and nothing is believed that the container says about its own sizes.

use std::{
    io::{self, Read},
    sync::Arc,
};

use flate2::{Crc, read::DeflateDecoder};
use tokio::sync::mpsc;

use crate::intake::blob::{BlobError, BlobStore, ObjectRef};

/// The most bytes a directory may have.
const DIRECTORY_LIMIT: u64 = 4 << 20;
/// The end record and the longest comment behind it, and the locator of the 64-bit one.
const TAIL: u64 = 22 + 65_535 + 20;
/// Compressed bytes a ranged read.
const RANGE: u64 = 2 << 20;

/// Why a container or a part of it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZipError {
    /// The container is cut off, or not what it says.
    Broken,
    /// A part is encrypted.
    Encrypted,
    /// A part is larger than it may be.
    TooLarge,
    /// The bucket.
    Blob(BlobError),
}

impl From<BlobError> for ZipError {
    fn from(error: BlobError) -> Self {
        Self::Blob(error)
    }
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name in lower case: names of parts are compared without case.
    pub name: String,
    method: u16,
    encrypted: bool,
    crc: u32,
    compressed: u64,
    header: u64,
}

/// An object that is a container.
#[derive(Clone)]
pub struct Container {
    blobs: Arc<dyn BlobStore>,
    object: ObjectRef,
    bytes: u64,
    /// Its parts.
    pub parts: Vec<Part>,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

impl Container {
    /// Reads the directory of an object of so many bytes.
    ///
    /// # Errors
    /// `Broken` if there is none, or one that leads out of the object.
    pub async fn open(blobs: Arc<dyn BlobStore>, object: ObjectRef, bytes: u64) -> Result<Self, ZipError> {
        let mut container = Self { blobs, object, bytes, parts: Vec::new() };
        let begin = bytes.saturating_sub(TAIL);
        let tail = container.range(begin, bytes).await?;
        let at = memchr::memmem::rfind(&tail, b"PK\x05\x06").ok_or(ZipError::Broken)?;
        let word = |offset| u32_at(&tail, at + offset).map(u64::from).ok_or(ZipError::Broken);
        let (mut size, mut start) = (word(12)?, word(16)?);
        if size == u64::from(u32::MAX) || start == u64::from(u32::MAX) {
            let locator = at.checked_sub(20).and_then(|at| tail.get(at..at + 20)).ok_or(ZipError::Broken)?;
            let end = u64_at(locator, 8).filter(|_| locator.starts_with(b"PK\x06\x07")).ok_or(ZipError::Broken)?;
            let end = container.range(end, end.saturating_add(56)).await?;
            size = u64_at(&end, 40).filter(|_| end.starts_with(b"PK\x06\x06")).ok_or(ZipError::Broken)?;
            start = u64_at(&end, 48).ok_or(ZipError::Broken)?;
        }
        if size > DIRECTORY_LIMIT {
            return Err(ZipError::TooLarge);
        }
        let directory = container.range(start, start.saturating_add(size)).await?;
        container.parts = parts(&directory).ok_or(ZipError::Broken)?;
        Ok(container)
    }

    async fn range(&self, from: u64, to: u64) -> Result<Vec<u8>, ZipError> {
        if to > self.bytes || from >= to {
            return Err(ZipError::Broken);
        }
        Ok(self.blobs.range(&self.object, from, to).await?)
    }

    /// The part of a name, if there is one.
    pub fn part(&self, name: &str) -> Option<&Part> {
        let name = name.trim_start_matches('/').to_lowercase();
        self.parts.iter().find(|part| part.name == name)
    }

    /// A part as a stream that may be read on a thread that may wait, up to `limit` bytes.
    ///
    /// # Errors
    /// `Broken` or `Encrypted`, as far as its header shows it.
    pub async fn stream(&self, part: &Part, limit: u64) -> Result<PartReader, ZipError> {
        if part.encrypted {
            return Err(ZipError::Encrypted);
        }
        let header = self.range(part.header, part.header.saturating_add(30)).await?;
        let length = |at| u16_at(&header, at).map(u64::from).ok_or(ZipError::Broken);
        if !header.starts_with(b"PK\x03\x04") {
            return Err(ZipError::Broken);
        }
        let from = part.header + 30 + length(26)? + length(28)?;
        let to = from.checked_add(part.compressed).filter(|to| *to <= self.bytes).ok_or(ZipError::Broken)?;
        let (send, pieces) = mpsc::channel(1);
        let (blobs, object) = (self.blobs.clone(), self.object.clone());
        tokio::spawn(async move {
            let mut at = from;
            while at < to {
                let end = (at + RANGE).min(to);
                let piece = blobs.range(&object, at, end).await;
                let failed = piece.is_err();
                // Nobody listens any more: the reader was given up.
                if send.send(piece).await.is_err() || failed {
                    return;
                }
                at = end;
            }
        });
        let compressed = Compressed { pieces, piece: Vec::new(), at: 0 };
        let inner = match part.method {
            0 => Inner::Stored(compressed),
            8 => Inner::Deflated(Box::new(DeflateDecoder::new(compressed))),
            _ => return Err(ZipError::Broken),
        };
        Ok(PartReader { inner, left: limit, crc: Crc::new(), expected: part.crc })
    }

    /// A whole part of at most `limit` bytes.
    ///
    /// # Errors
    /// As far as it cannot be read, or is larger.
    pub async fn read(&self, part: &Part, limit: u64) -> Result<Vec<u8>, ZipError> {
        let mut reader = self.stream(part, limit).await?;
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map(|_| bytes)
        });
        read.await.map_err(|_| ZipError::Broken)?.map_err(|error| of_io(&error))
    }
}

fn parts(directory: &[u8]) -> Option<Vec<Part>> {
    let (mut parts, mut rest) = (Vec::new(), directory);
    while rest.starts_with(b"PK\x01\x02") {
        let lengths = (u16_at(rest, 28)? as usize, u16_at(rest, 30)? as usize, u16_at(rest, 32)? as usize);
        let name = rest.get(46..46 + lengths.0)?;
        let extra = rest.get(46 + lengths.0..46 + lengths.0 + lengths.1)?;
        let (mut compressed, mut header) = (u64::from(u32_at(rest, 20)?), u64::from(u32_at(rest, 42)?));
        let uncompressed = u32_at(rest, 24)?;
        if let Some(mut wide) = wide(extra) {
            let mut next = || {
                let value = u64_at(wide, 0)?;
                wide = &wide[8..];
                Some(value)
            };
            if uncompressed == u32::MAX {
                next()?;
            }
            if compressed == u64::from(u32::MAX) {
                compressed = next()?;
            }
            if header == u64::from(u32::MAX) {
                header = next()?;
            }
        }
        parts.push(Part {
            name: String::from_utf8_lossy(name).replace('\\', "/").trim_start_matches('/').to_lowercase(),
            method: u16_at(rest, 10)?,
            encrypted: u16_at(rest, 8)? & 1 == 1,
            crc: u32_at(rest, 16)?,
            compressed,
            header,
        });
        rest = rest.get(46 + lengths.0 + lengths.1 + lengths.2..)?;
    }
    Some(parts)
}

/// The 64-bit sizes among the extra fields.
fn wide(mut extra: &[u8]) -> Option<&[u8]> {
    loop {
        let (id, length) = (u16_at(extra, 0)?, u16_at(extra, 2)? as usize);
        let field = extra.get(4..4 + length)?;
        if id == 1 {
            return Some(field);
        }
        extra = &extra[4 + length..];
    }
}

/// Compressed bytes as they come from the bucket.
struct Compressed {
    pieces: mpsc::Receiver<Result<Vec<u8>, BlobError>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Compressed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(Ok(piece)) => (self.piece, self.at) = (piece, 0),
                Some(Err(error)) => return Err(io::Error::other(error)),
            }
        }
        let length = buf.len().min(self.piece.len() - self.at);
        buf[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

enum Inner {
    Stored(Compressed),
    Deflated(Box<DeflateDecoder<Compressed>>),
}

/// The bytes of one part: counted, and checked at the end.
pub struct PartReader {
    inner: Inner,
    left: u64,
    crc: Crc,
    expected: u32,
}

impl Read for PartReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let length = match &mut self.inner {
            Inner::Stored(reader) => reader.read(buf),
            Inner::Deflated(reader) => reader.read(buf),
        }?;
        if length == 0 && !buf.is_empty() && self.crc.sum() != self.expected {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        self.left = self.left.checked_sub(length as u64).ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        self.crc.update(&buf[..length]);
        Ok(length)
    }
}

/// What an error of a [`PartReader`] was.
pub fn of_io(error: &io::Error) -> ZipError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<BlobError>()) {
        Some(error) => ZipError::Blob(error.clone()),
        None if error.kind() == io::ErrorKind::FileTooLarge => ZipError::TooLarge,
        None => ZipError::Broken,
    }
}
