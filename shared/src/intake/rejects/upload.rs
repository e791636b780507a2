//! An object written piece by piece, in parts when it is large.

use crate::intake::blob::{BlobError, BlobStore, Parts};

/// Bytes of a part; ten thousand of them are more than any file may have.
const PART: usize = 8 << 20;

/// An object that is being written. Nothing of it can be read before [`Upload::finish`].
pub struct Upload<'a> {
    blobs: &'a dyn BlobStore,
    bucket: &'a str,
    key: String,
    content_type: &'static str,
    buffer: Vec<u8>,
    id: Option<String>,
    tags: Vec<String>,
}

impl<'a> Upload<'a> {
    /// An object without bytes so far.
    pub fn new(blobs: &'a dyn BlobStore, bucket: &'a str, key: String, content_type: &'static str) -> Self {
        Self { blobs, bucket, key, content_type, buffer: Vec::new(), id: None, tags: Vec::new() }
    }

    /// Adds what the buffer got since, if it is a part by now.
    ///
    /// # Errors
    /// The bucket's; then the parts are thrown away.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PART {
            let part = std::mem::take(&mut self.buffer);
            self.part(part).await?;
        }
        Ok(())
    }

    async fn part(&mut self, bytes: Vec<u8>) -> Result<(), BlobError> {
        let id = match &self.id {
            Some(id) => id.clone(),
            None => {
                let id = self.blobs.begin_parts(self.bucket, &self.key, self.content_type).await?;
                self.id.insert(id).clone()
            }
        };
        let upload = Parts { bucket: self.bucket, key: &self.key, id: &id };
        let number = self.tags.len() as i32 + 1;
        match self.blobs.put_part(&upload, number, bytes).await {
            Ok(tag) => self.tags.push(tag),
            Err(error) => return Err(self.give_up(error).await),
        }
        Ok(())
    }

    /// Throws away what was written.
    pub async fn give_up(&mut self, error: BlobError) -> BlobError {
        if let Some(id) = self.id.take() {
            // Parts that stay behind are removed by the bucket's own rule.
            let _ = self.blobs.abort_parts(&Parts { bucket: self.bucket, key: &self.key, id: &id }).await;
        }
        error
    }

    /// Makes the object and gives its key.
    ///
    /// # Errors
    /// The bucket's; then there is no object.
    pub async fn finish(mut self) -> Result<String, BlobError> {
        let last = std::mem::take(&mut self.buffer);
        if self.id.is_none() {
            self.blobs.put(self.bucket, &self.key, self.content_type, last).await?;
            return Ok(self.key);
        }
        if !last.is_empty() {
            self.part(last).await?;
        }
        let id = self.id.clone().unwrap_or_default();
        let upload = Parts { bucket: self.bucket, key: &self.key, id: &id };
        match self.blobs.finish_parts(&upload, self.tags.clone()).await {
            Ok(()) => Ok(self.key),
            Err(error) => Err(self.give_up(error).await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::blob::MemoryBlobs;

    #[tokio::test]
    async fn a_large_object_is_written_in_parts_and_a_small_one_at_once() {
        let blobs = MemoryBlobs::default();
        for length in [0, 10, PART, PART * 2 + 5] {
            let mut upload = Upload::new(&blobs, "b", "k".to_owned(), "text/csv");
            for piece in vec![7u8; length].chunks(1 << 20) {
                upload.push(piece).await.unwrap();
            }
            assert_eq!(upload.finish().await.unwrap(), "k");
            assert_eq!(blobs.read("b", "k").unwrap().len(), length);
        }
        assert_eq!(blobs.unfinished(), 0);
    }

    #[tokio::test]
    async fn a_bucket_that_fails_leaves_no_parts_and_no_object() {
        for well in 0..4 {
            let blobs = MemoryBlobs::default();
            let mut upload = Upload::new(&blobs, "b", "k".to_owned(), "text/csv");
            blobs.fail_after(well);
            let mut failed = false;
            for piece in vec![7u8; PART + 1].chunks(PART) {
                failed = failed || upload.push(piece).await.is_err();
            }
            failed = failed || upload.finish().await.is_err();
            assert!(failed && blobs.read("b", "k").is_none() && blobs.unfinished() == 0, "after {well}");
        }
    }
}
