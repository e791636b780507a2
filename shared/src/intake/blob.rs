//! Where dropped files are read and receipts written: S3, or a map in memory for tests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::{code::Refusal, words::Lang};
use crate::error::{Classified, Retry};

/// The least bytes of every part but the last of an object that is written in parts: S3's own limit.
pub const PART_LEAST: usize = 5 << 20;

/// One version of one dropped object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version; buckets without versions say `null`.
    pub version: String,
}

/// What is known of an object before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was written: the "now" of every rule about past and future.
    pub modified: Timestamp,
    /// Its version.
    pub version: String,
    /// The announced upload it names in its metadata (`x-amz-meta-import-id`).
    pub import_id: Option<Uuid>,
    /// The language of whoever announced it (`x-amz-meta-language`).
    pub language: Option<Lang>,
}

/// What a bucket can fail with. Keys are not in it: a file's name may hold a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// The object, or this version of it, is not there.
    #[error("the dropped file is not there any more")]
    Gone,
    /// The bucket did not answer, or refused.
    #[error("the bucket cannot be reached ({0})")]
    Unavailable(String),
    /// It is there, but what is in it cannot be read: a broken workbook.
    #[error("{}", .0.reason)]
    Unreadable(Refusal),
}

impl Classified for BlobError {
    fn retry(&self) -> Retry {
        match self {
            Self::Gone | Self::Unreadable(_) => Retry::Never,
            Self::Unavailable(_) => Retry::Retry,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Gone => "object_gone",
            Self::Unreadable(refusal) => refusal.code.as_str(),
            Self::Unavailable(_) => "bucket_unavailable",
        }
    }
}

/// The port to the buckets.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// An object's facts; without a version, the newest's.
    async fn head(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<ObjectInfo, BlobError>;
    /// The bytes `from..to` of one version.
    async fn range(&self, object: &ObjectRef, from: u64, to: u64) -> Result<Vec<u8>, BlobError>;
    /// Whether an object is there.
    async fn exists(&self, bucket: &str, key: &str) -> Result<bool, BlobError>;
    /// Writes an object.
    async fn put(&self, bucket: &str, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), BlobError>;
    /// Begins an object that is written in parts; what names the upload comes back. Nothing is there to read before it
    /// is finished.
    async fn begin_parts(&self, bucket: &str, key: &str, content_type: &str) -> Result<String, BlobError>;
    /// Writes part `number` (from 1) and gives its tag. Every part but the last has [`PART_LEAST`] bytes or more.
    async fn put_part(&self, upload: &Parts<'_>, number: i32, bytes: Vec<u8>) -> Result<String, BlobError>;
    /// Makes one object of the parts with these tags, in order.
    async fn finish_parts(&self, upload: &Parts<'_>, tags: Vec<String>) -> Result<(), BlobError>;
    /// Throws the parts away.
    async fn abort_parts(&self, upload: &Parts<'_>) -> Result<(), BlobError>;
}

/// An object that is being written in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// What names the upload.
    pub id: &'a str,
}

/// The real buckets.
#[cfg(feature = "s3")]
pub struct S3(aws_sdk_s3::Client);

#[cfg(feature = "s3")]
impl S3 {
    /// The function's own client. Path-style addresses, which every S3 understands, where an endpoint is given.
    pub fn new(aws: &aws_config::SdkConfig) -> Self {
        let config = aws_sdk_s3::config::Builder::from(aws).force_path_style(aws.endpoint_url().is_some()).build();
        Self(aws_sdk_s3::Client::from_conf(config))
    }

    fn failed(error: &impl aws_sdk_s3::error::ProvideErrorMetadata) -> BlobError {
        match error.code() {
            Some("NoSuchKey" | "NoSuchVersion" | "NotFound" | "NoSuchBucket") => BlobError::Gone,
            code => BlobError::Unavailable(code.unwrap_or("no answer").to_owned()),
        }
    }
}

#[cfg(feature = "s3")]
#[async_trait]
impl BlobStore for S3 {
    async fn head(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<ObjectInfo, BlobError> {
        let version = version.filter(|version| *version != "null").map(ToOwned::to_owned);
        let head = self
            .0
            .head_object()
            .bucket(bucket)
            .key(key)
            .set_version_id(version)
            .send()
            .await
            .map_err(|error| Self::failed(&error))?;
        let modified = head.last_modified().map(|at| Timestamp::new(at.secs(), 0).unwrap_or_default());
        Ok(ObjectInfo {
            bytes: head.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
            modified: modified.unwrap_or_else(Timestamp::now),
            version: head.version_id().unwrap_or("null").to_owned(),
            import_id: head.metadata().and_then(|metadata| metadata.get("import-id")?.parse().ok()),
            language: head.metadata().and_then(|metadata| Lang::from_tag(metadata.get("language")?)),
        })
    }

    async fn range(&self, object: &ObjectRef, from: u64, to: u64) -> Result<Vec<u8>, BlobError> {
        let version = Some(object.version.clone()).filter(|version| version != "null");
        let answer = self
            .0
            .get_object()
            .bucket(&object.bucket)
            .key(&object.key)
            .set_version_id(version)
            .range(format!("bytes={from}-{}", to.saturating_sub(1)))
            .send()
            .await
            .map_err(|error| Self::failed(&error))?;
        let body =
            answer.body.collect().await.map_err(|_| BlobError::Unavailable("the answer broke off".to_owned()))?;
        Ok(body.into_bytes().into())
    }

    async fn exists(&self, bucket: &str, key: &str) -> Result<bool, BlobError> {
        // GetObject's own right is enough for this head, ListBucket's is not needed: then absence is a 403.
        match self.0.head_object().bucket(bucket).key(key).send().await {
            Ok(_) => Ok(true),
            Err(error) => match Self::failed(&error) {
                BlobError::Gone => Ok(false),
                _ if error.raw_response().is_some_and(|answer| answer.status().as_u16() == 403) => Ok(false),
                other => Err(other),
            },
        }
    }

    async fn put(&self, bucket: &str, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        self.0
            .put_object()
            .bucket(bucket)
            .key(key)
            .content_type(content_type)
            .body(bytes.into())
            .send()
            .await
            .map(drop)
            .map_err(|error| Self::failed(&error))
    }

    async fn begin_parts(&self, bucket: &str, key: &str, content_type: &str) -> Result<String, BlobError> {
        let begun = self.0.create_multipart_upload().bucket(bucket).key(key).content_type(content_type).send().await;
        let begun = begun.map_err(|error| Self::failed(&error))?;
        begun.upload_id().map(ToOwned::to_owned).ok_or_else(|| BlobError::Unavailable("no upload id".to_owned()))
    }

    async fn put_part(&self, upload: &Parts<'_>, number: i32, bytes: Vec<u8>) -> Result<String, BlobError> {
        let part = self.0.upload_part().bucket(upload.bucket).key(upload.key).upload_id(upload.id);
        let part = part.part_number(number).body(bytes.into()).send().await.map_err(|error| Self::failed(&error))?;
        part.e_tag().map(ToOwned::to_owned).ok_or_else(|| BlobError::Unavailable("no tag of a part".to_owned()))
    }

    async fn finish_parts(&self, upload: &Parts<'_>, tags: Vec<String>) -> Result<(), BlobError> {
        use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
        let part = |(number, tag)| CompletedPart::builder().part_number(number).e_tag(tag).build();
        let parts = (1..).zip(tags).map(part).collect();
        let done = self.0.complete_multipart_upload().bucket(upload.bucket).key(upload.key).upload_id(upload.id);
        let done = done.multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build());
        done.send().await.map(drop).map_err(|error| Self::failed(&error))
    }

    async fn abort_parts(&self, upload: &Parts<'_>) -> Result<(), BlobError> {
        let abort = self.0.abort_multipart_upload().bucket(upload.bucket).key(upload.key).upload_id(upload.id);
        abort.send().await.map(drop).map_err(|error| Self::failed(&error))
    }
}

/// An object's versions, oldest first: id and bytes.
type Versions = Vec<(String, Arc<[u8]>)>;

/// Buckets in memory, for tests: every put is a version, and the next calls can be told to fail.
#[derive(Default)]
pub struct MemoryBlobs {
    objects: Mutex<HashMap<(String, String), Versions>>,
    /// Calls that still go well, and calls after them that fail.
    failures: Mutex<(u32, u32)>,
    modified: Mutex<Option<Timestamp>>,
    /// Parts of objects that are not finished, by upload.
    parts: Mutex<HashMap<String, Vec<Vec<u8>>>>,
    import_id: Mutex<Option<Uuid>>,
    language: Mutex<Option<Lang>>,
}

impl MemoryBlobs {
    /// Puts a version and gives its id.
    pub fn drop_file(&self, bucket: &str, key: &str, bytes: &[u8]) -> String {
        let mut objects = lock(&self.objects);
        let versions = objects.entry((bucket.to_owned(), key.to_owned())).or_default();
        let version = format!("v{}", versions.len() + 1);
        versions.push((version.clone(), bytes.into()));
        version
    }

    /// The newest version of an object.
    pub fn read(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let objects = lock(&self.objects);
        objects.get(&(bucket.to_owned(), key.to_owned()))?.last().map(|(_, bytes)| bytes.to_vec())
    }

    /// Keys of a bucket, sorted.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let mut keys: Vec<_> =
            lock(&self.objects).keys().filter(|(b, _)| b == bucket).map(|(_, key)| key.clone()).collect();
        keys.sort();
        keys
    }

    /// Removes an object with all its versions.
    pub fn remove(&self, bucket: &str, key: &str) {
        lock(&self.objects).remove(&(bucket.to_owned(), key.to_owned()));
    }

    /// The next calls fail as if the bucket were down.
    pub fn fail_next(&self, calls: u32) {
        *lock(&self.failures) = (0, calls);
    }

    /// One call fails, after this many that go well.
    pub fn fail_after(&self, calls: u32) {
        *lock(&self.failures) = (calls, 1);
    }

    /// How many objects were begun in parts and neither finished nor thrown away.
    pub fn unfinished(&self) -> usize {
        lock(&self.parts).len()
    }

    /// What objects say they were last modified.
    pub fn set_modified(&self, at: Timestamp) {
        *lock(&self.modified) = Some(at);
    }

    /// Which announced upload objects say they are.
    pub fn set_import_id(&self, import_id: Option<Uuid>) {
        *lock(&self.import_id) = import_id;
    }

    /// Which language objects say they were announced in.
    pub fn set_language(&self, language: Option<Lang>) {
        *lock(&self.language) = language;
    }

    fn called(&self) -> Result<(), BlobError> {
        let mut failures = lock(&self.failures);
        match *failures {
            (_, 0) => return Ok(()),
            (0, fail) => *failures = (0, fail - 1),
            (well, fail) => {
                *failures = (well - 1, fail);
                return Ok(());
            }
        }
        Err(BlobError::Unavailable("SlowDown".to_owned()))
    }

    fn find(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<(String, Arc<[u8]>), BlobError> {
        let objects = lock(&self.objects);
        let versions = objects.get(&(bucket.to_owned(), key.to_owned())).ok_or(BlobError::Gone)?;
        let found = match version {
            None => versions.last(),
            Some(version) => versions.iter().find(|(v, _)| v == version),
        };
        found.cloned().ok_or(BlobError::Gone)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn head(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<ObjectInfo, BlobError> {
        self.called()?;
        let (version, bytes) = self.find(bucket, key, version)?;
        let modified = lock(&self.modified).unwrap_or_else(Timestamp::now);
        let (import_id, language) = (*lock(&self.import_id), *lock(&self.language));
        Ok(ObjectInfo { bytes: bytes.len() as u64, modified, version, import_id, language })
    }

    async fn range(&self, object: &ObjectRef, from: u64, to: u64) -> Result<Vec<u8>, BlobError> {
        self.called()?;
        let (_, bytes) = self.find(&object.bucket, &object.key, Some(&object.version))?;
        Ok(bytes[from as usize..(to as usize).min(bytes.len())].to_vec())
    }

    async fn exists(&self, bucket: &str, key: &str) -> Result<bool, BlobError> {
        self.called()?;
        Ok(self.read(bucket, key).is_some())
    }

    async fn put(&self, bucket: &str, key: &str, _content_type: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        self.called()?;
        self.drop_file(bucket, key, &bytes);
        Ok(())
    }

    async fn begin_parts(&self, _bucket: &str, _key: &str, _content_type: &str) -> Result<String, BlobError> {
        self.called()?;
        let id = uuid::Uuid::now_v7().to_string();
        lock(&self.parts).insert(id.clone(), Vec::new());
        Ok(id)
    }

    async fn put_part(&self, upload: &Parts<'_>, number: i32, bytes: Vec<u8>) -> Result<String, BlobError> {
        self.called()?;
        let mut parts = lock(&self.parts);
        let parts = parts.get_mut(upload.id).ok_or(BlobError::Gone)?;
        if parts.last().is_some_and(|last| last.len() < PART_LEAST) || parts.len() as i32 + 1 != number {
            return Err(BlobError::Unavailable("EntityTooSmall".to_owned()));
        }
        parts.push(bytes);
        Ok(format!("tag-{number}"))
    }

    async fn finish_parts(&self, upload: &Parts<'_>, tags: Vec<String>) -> Result<(), BlobError> {
        self.called()?;
        let parts = lock(&self.parts).remove(upload.id).ok_or(BlobError::Gone)?;
        if tags.len() != parts.len() {
            return Err(BlobError::Unavailable("InvalidPart".to_owned()));
        }
        self.drop_file(upload.bucket, upload.key, &parts.concat());
        Ok(())
    }

    async fn abort_parts(&self, upload: &Parts<'_>) -> Result<(), BlobError> {
        self.called()?;
        lock(&self.parts).remove(upload.id);
        Ok(())
    }
}
