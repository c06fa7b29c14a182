//! Whole objects.

use super::keys::{decoded, fits_xml};
use super::{READ, checksum, sending};
use crate::cloud::api::s3::{
    Body, Bucket, Condition, Content, DeleteObject, DeleteObjects, Download, GetObject, HeadObject,
    ListObjects, Listed, PutObject,
};
use crate::cloud::api::{ApiError, Call, Kind, Page, Serve};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::{from_sdk, incomplete, interrupted, local, refused, unbuilt};
use crate::cloud::aws::serve_empty::serve_empty;
use crate::cloud::aws::translate::{bytes, time};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, EncodingType, Object, ObjectIdentifier};
use std::fs::File;
use std::io::Write as _;

impl Serve<ListObjects> for Sdk {
    async fn serve(&self, call: ListObjects) -> Result<Page<Listed>, ApiError> {
        let reply = self
            .s3
            .list_objects_v2()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .prefix(call.prefix)
            .set_delimiter(call.delimiter.map(String::from))
            .set_continuation_token(call.next)
            // XML cannot contain most control characters, but keys can.
            .encoding_type(EncodingType::Url)
            .send()
            .await
            .map_err(from_sdk::<ListObjects, _>)?;
        let encoded = reply.encoding_type == Some(EncodingType::Url);
        let plain = |key: Option<String>| {
            key.and_then(|key| if encoded { decoded(&key) } else { Some(key) })
                .ok_or_else(|| incomplete::<ListObjects>("an object's key"))
        };
        let prefixes = reply.common_prefixes.into_iter().flatten();
        let prefixes = prefixes.map(|common| Ok(Listed::Prefix(plain(common.prefix)?)));
        let objects = reply.contents.into_iter().flatten();
        let objects = objects.map(|mut object| listed(plain(object.key.take())?, &object));
        let mut items: Vec<_> = objects.chain(prefixes).collect::<Result<_, _>>()?;
        items.sort_by(|one, other| key(one).cmp(key(other)));
        Ok(Page {
            items,
            next: reply.next_continuation_token,
        })
    }
}

fn listed(key: String, object: &Object) -> Result<Listed, ApiError> {
    let modified = object.last_modified.as_ref().and_then(time);
    let missing = || incomplete::<ListObjects>("an object's time");
    Ok(Listed::Object {
        key,
        bytes: bytes(object.size),
        modified: modified.ok_or_else(missing)?,
    })
}

const fn key(listed: &Listed) -> &String {
    match listed {
        Listed::Object { key, .. } | Listed::Prefix(key) => key,
    }
}

async fn get<C: Call>(sdk: &Sdk, bucket: Bucket, key: String) -> Result<GetObjectOutput, ApiError> {
    let call = sdk.s3.get_object().bucket(bucket.name).key(key);
    let call = call.set_expected_bucket_owner(bucket.owner);
    call.send().await.map_err(from_sdk::<C, _>)
}

impl Serve<GetObject> for Sdk {
    async fn serve(&self, call: GetObject) -> Result<Content, ApiError> {
        let mut reply = get::<GetObject>(self, call.bucket, call.key).await?;
        let missing = || incomplete::<GetObject>("the object's ETag or time");
        let modified = reply.last_modified.as_ref().and_then(time);
        let etag = reply.e_tag.ok_or_else(missing)?;
        let max = usize::try_from(call.max).unwrap_or(usize::MAX);
        let mut body = Vec::new();
        let mut cut = false;
        // The rest is not read: the connection is closed.
        while !cut && let Some(chunk) = reply.body.next().await {
            let chunk = chunk.map_err(|error| interrupted::<GetObject>(&error))?;
            let room = max - body.len();
            cut = chunk.len() > room;
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok(Content {
            body,
            cut,
            etag,
            modified: modified.ok_or_else(missing)?,
        })
    }
}

impl Serve<Download> for Sdk {
    async fn serve(&self, call: Download) -> Result<u64, ApiError> {
        let mut reply = get::<Download>(self, call.bucket, call.key).await?;
        let unwritable = |error| local::<Download>(&call.to, &error);
        let mut file = File::create(&call.to).map_err(unwritable)?;
        let mut written = 0;
        while let Some(chunk) = reply.body.next().await {
            let chunk = chunk.map_err(|error| interrupted::<Download>(&error))?;
            file.write_all(&chunk).map_err(unwritable)?;
            written += chunk.len() as u64;
        }
        Ok(written)
    }
}

impl Serve<HeadObject> for Sdk {
    async fn serve(&self, call: HeadObject) -> Result<u64, ApiError> {
        let reply = self
            .s3
            .head_object()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .key(call.key)
            .send()
            .await
            .map_err(from_sdk::<HeadObject, _>)?;
        Ok(bytes(reply.content_length))
    }
}

impl Serve<PutObject> for Sdk {
    async fn serve(&self, call: PutObject) -> Result<String, ApiError> {
        let (body, crc32) = match call.body {
            Body::Bytes(bytes) => (ByteStream::from(bytes), None),
            Body::File(path, crc32) => {
                let body = ByteStream::read_from().path(&path).buffer_size(READ);
                let body = body.build().await;
                (
                    body.map_err(|error| local::<PutObject>(&path, &error))?,
                    crc32,
                )
            }
        };
        let (absent, unchanged) = match call.condition {
            Condition::Always => (None, None),
            Condition::Absent => (Some("*".to_owned()), None),
            Condition::Unchanged(etag) => (None, Some(etag)),
        };
        let patience = sending(body.size_hint().0);
        let reply = self
            .s3
            .put_object()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .key(call.key)
            .body(body)
            .set_checksum_crc32(crc32.map(checksum))
            .set_if_none_match(absent)
            .set_if_match(unchanged)
            .customize()
            .config_override(patience)
            .send()
            .await
            .map_err(from_sdk::<PutObject, _>)?;
        reply
            .e_tag
            .ok_or_else(|| incomplete::<PutObject>("the ETag"))
    }
}

serve_empty!(DeleteObject, Kind::NotFound, |sdk, call| sdk
    .s3
    .delete_object()
    .bucket(call.bucket.name)
    .set_expected_bucket_owner(call.bucket.owner)
    .key(call.key)
    .set_if_match(call.unchanged));

impl Serve<DeleteObjects> for Sdk {
    async fn serve(&self, call: DeleteObjects) -> Result<(), ApiError> {
        let (listable, odd): (Vec<_>, Vec<_>) =
            call.keys.into_iter().partition(|key| fits_xml(key));
        for key in odd {
            let bucket = call.bucket.clone();
            let unchanged = None;
            let call = DeleteObject {
                bucket,
                key,
                unchanged,
            };
            self.serve(call).await?;
        }
        // S3 refuses an empty list.
        if listable.is_empty() {
            return Ok(());
        }
        let named = |key| ObjectIdentifier::builder().key(key).build();
        let objects: Result<_, _> = listable.into_iter().map(named).collect();
        let quiet = Delete::builder().quiet(true);
        let delete = objects.and_then(|objects| quiet.set_objects(Some(objects)).build());
        let reply = self
            .s3
            .delete_objects()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .delete(delete.map_err(unbuilt::<DeleteObjects>)?)
            .send()
            .await
            .map_err(from_sdk::<DeleteObjects, _>)?;
        // Errors of single keys are part of a successful response.
        let error = |error: &aws_sdk_s3::types::Error| {
            refused::<DeleteObjects>(error.code(), None, error.message())
        };
        let first = reply
            .errors()
            .iter()
            .map(error)
            .find(|error| error.kind != Kind::NotFound);
        first.map_or(Ok(()), Err)
    }
}
