//! Buckets and their settings.

use crate::cloud::api::s3::{
    CreateBucket, DeleteBucket, GetBucketLocation, GetBucketPolicy, PutBucketLifecycle,
    PutBucketPolicy, PutPublicAccessBlock,
};
use crate::cloud::api::{ApiError, Serve};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::{from_sdk, incomplete, unbuilt};
use crate::cloud::aws::serve_empty::serve_empty;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint,
    CreateBucketConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    PublicAccessBlockConfiguration,
};

impl Serve<CreateBucket> for Sdk {
    async fn serve(&self, call: CreateBucket) -> Result<(), ApiError> {
        // S3 refuses us-east-1 as a location constraint.
        let location = (call.region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(call.region.as_str()))
                .build()
        });
        let made = self
            .s3
            .create_bucket()
            .bucket(call.name)
            .set_create_bucket_configuration(location)
            .send()
            .await
            .map_err(from_sdk::<CreateBucket, _>);
        match made {
            Ok(_) => Ok(()),
            Err(error) if error.code.as_deref() == Some("BucketAlreadyOwnedByYou") => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Serve<GetBucketLocation> for Sdk {
    async fn serve(&self, call: GetBucketLocation) -> Result<String, ApiError> {
        let reply = self
            .s3
            .get_bucket_location()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .send()
            .await
            .map_err(from_sdk::<GetBucketLocation, _>)?;
        let region = reply.location_constraint().map(|region| region.as_str());
        // S3 has special names for its oldest regions here (S3 API, GetBucketLocation).
        Ok(match region {
            None | Some("" | "US") => "us-east-1".to_owned(),
            Some("EU") => "eu-west-1".to_owned(),
            Some(region) => region.to_owned(),
        })
    }
}

impl Serve<PutPublicAccessBlock> for Sdk {
    async fn serve(&self, call: PutPublicAccessBlock) -> Result<(), ApiError> {
        let all = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true)
            .restrict_public_buckets(true)
            .build();
        self.s3
            .put_public_access_block()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .public_access_block_configuration(all)
            .send()
            .await
            .map_err(from_sdk::<PutPublicAccessBlock, _>)?;
        Ok(())
    }
}

impl Serve<GetBucketPolicy> for Sdk {
    async fn serve(&self, call: GetBucketPolicy) -> Result<String, ApiError> {
        let reply = self
            .s3
            .get_bucket_policy()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .send()
            .await
            .map_err(from_sdk::<GetBucketPolicy, _>)?;
        reply
            .policy
            .ok_or_else(|| incomplete::<GetBucketPolicy>("the policy"))
    }
}

serve_empty!(PutBucketPolicy, |sdk, call| sdk
    .s3
    .put_bucket_policy()
    .bucket(call.bucket.name)
    .set_expected_bucket_owner(call.bucket.owner)
    .policy(call.document));

impl Serve<PutBucketLifecycle> for Sdk {
    async fn serve(&self, call: PutBucketLifecycle) -> Result<(), ApiError> {
        let abort = AbortIncompleteMultipartUpload::builder()
            .days_after_initiation(call.abort_uploads_after_days)
            .build();
        let rule = LifecycleRule::builder()
            .id("abort-unfinished-uploads")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .abort_incomplete_multipart_upload(abort)
            .build()
            .map_err(unbuilt::<PutBucketLifecycle>)?;
        let rules = BucketLifecycleConfiguration::builder()
            .rules(rule)
            .build()
            .map_err(unbuilt::<PutBucketLifecycle>)?;
        self.s3
            .put_bucket_lifecycle_configuration()
            .bucket(call.bucket.name)
            .set_expected_bucket_owner(call.bucket.owner)
            .lifecycle_configuration(rules)
            .send()
            .await
            .map_err(from_sdk::<PutBucketLifecycle, _>)?;
        Ok(())
    }
}

serve_empty!(DeleteBucket, |sdk, call| sdk
    .s3
    .delete_bucket()
    .bucket(call.bucket.name)
    .set_expected_bucket_owner(call.bucket.owner));
