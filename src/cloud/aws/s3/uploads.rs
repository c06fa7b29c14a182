//! Multipart uploads.

use super::keys::decoded;
use super::{ASSEMBLY, READ, checksum, sending, within};
use crate::cloud::api::s3::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload, ListMultipartUploads,
    Upload, UploadPart,
};
use crate::cloud::api::{ApiError, Kind, Serve};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::{from_sdk, incomplete, local};
use crate::cloud::aws::serve_empty::serve_empty;
use crate::disk;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, EncodingType,
    MultipartUpload,
};
use std::io::{self, Read as _, Seek as _, SeekFrom};

impl Serve<CreateMultipartUpload> for Sdk {
    async fn serve(&self, call: CreateMultipartUpload) -> Result<String, ApiError> {
        let reply = self
            .s3
            .create_multipart_upload()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .key(call.key)
            // One checksum of the whole object, whatever its parts are.
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .checksum_type(ChecksumType::FullObject)
            .send()
            .await
            .map_err(from_sdk::<CreateMultipartUpload, _>)?;
        let id = reply.upload_id;
        id.ok_or_else(|| incomplete::<CreateMultipartUpload>("the upload's id"))
    }
}

impl Serve<UploadPart> for Sdk {
    async fn serve(&self, call: UploadPart) -> Result<String, ApiError> {
        let body = ByteStream::read_from()
            .path(&call.from)
            .buffer_size(READ)
            .offset(call.offset)
            .length(Length::Exact(call.bytes))
            .build()
            .await
            .map_err(|error| local::<UploadPart>(&call.from, &error))?;
        let crc32 = checksum_of_part(&call).await?;
        let reply = self
            .s3
            .upload_part()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .key(call.key)
            .upload_id(call.upload)
            .part_number(call.number)
            .checksum_crc32(crc32)
            .body(body)
            .customize()
            .config_override(sending(call.bytes))
            .send()
            .await
            .map_err(from_sdk::<UploadPart, _>)?;
        let etag = reply.e_tag;
        etag.ok_or_else(|| incomplete::<UploadPart>("the part's ETag"))
    }
}

/// The CRC-32 of a part, from the file. If the SDK had to compute it while it sends the part, it would
/// also copy the part in pieces, and sign each piece where the connection is not encrypted.
async fn checksum_of_part(call: &UploadPart) -> Result<String, ApiError> {
    let (path, offset, bytes) = (call.from.clone(), call.offset, call.bytes);
    let read = move || -> io::Result<u32> {
        let mut file = disk::open(&path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut file = file.take(bytes);
        let mut crc32 = crc32fast::Hasher::new();
        let mut buffer = vec![0; READ];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(crc32.finalize());
            }
            crc32.update(&buffer[..read]);
        }
    };
    let read = tokio::task::spawn_blocking(read).await;
    let crc32 = read.unwrap_or_else(|error| Err(io::Error::other(error)));
    let crc32 = crc32.map_err(|error| local::<UploadPart>(&call.from, &error))?;
    Ok(checksum(crc32))
}

impl Serve<CompleteMultipartUpload> for Sdk {
    async fn serve(&self, call: CompleteMultipartUpload) -> Result<(), ApiError> {
        let part = |(number, etag)| {
            CompletedPart::builder()
                .part_number(number)
                .e_tag(etag)
                .build()
        };
        let parts = (1..).zip(call.etags).map(part).collect();
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts));
        self.s3
            .complete_multipart_upload()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .key(call.key)
            .upload_id(call.upload)
            .multipart_upload(whole.build())
            .checksum_type(ChecksumType::FullObject)
            .set_checksum_crc32(call.crc32.map(checksum))
            .customize()
            .config_override(within(ASSEMBLY))
            .send()
            .await
            .map_err(from_sdk::<CompleteMultipartUpload, _>)?;
        Ok(())
    }
}

serve_empty!(AbortMultipartUpload, Kind::NotFound, |sdk, call| sdk
    .s3
    .abort_multipart_upload()
    .bucket(call.bucket.name)
    .set_expected_bucket_owner(call.bucket.owner)
    .key(call.key)
    .upload_id(call.upload));

impl Serve<ListMultipartUploads> for Sdk {
    async fn serve(&self, call: ListMultipartUploads) -> Result<Vec<Upload>, ApiError> {
        let mut uploads = Vec::new();
        let mut after_key = None;
        let mut after_id = None;
        loop {
            let page = self
                .s3
                .list_multipart_uploads()
                .bucket(&call.bucket.name)
                .set_expected_bucket_owner(call.bucket.owner.clone())
                .prefix(&call.prefix)
                .encoding_type(EncodingType::Url)
                .set_key_marker(after_key)
                .set_upload_id_marker(after_id)
                .send()
                .await
                .map_err(from_sdk::<ListMultipartUploads, _>)?;
            let encoded = page.encoding_type == Some(EncodingType::Url);
            let plain = |key: String| if encoded { decoded(&key) } else { Some(key) };
            for mut upload in page.uploads.into_iter().flatten() {
                upload.key = upload.key.and_then(plain);
                uploads.push(begun(upload)?);
            }
            let next = page.next_key_marker.and_then(plain);
            if page.is_truncated != Some(true) || next.is_none() {
                return Ok(uploads);
            }
            (after_key, after_id) = (next, page.next_upload_id_marker);
        }
    }
}

fn begun(upload: MultipartUpload) -> Result<Upload, ApiError> {
    let missing = || incomplete::<ListMultipartUploads>("an upload's key or id");
    Ok(Upload {
        key: upload.key.ok_or_else(missing)?,
        id: upload.upload_id.ok_or_else(missing)?,
    })
}
