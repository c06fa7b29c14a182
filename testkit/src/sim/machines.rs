//! What a cluster's machines may do in the bucket, according to their role's policies and the
//! bucket's, and the calls that read and write a bucket's policy.

use super::Sim;
use super::iam::arn;
use super::refusal::Refusal;
use super::s3::refused;
use super::world::{Answer, State};
use clusterup::cloud::api::Kind;
use clusterup::cloud::api::s3::{GetBucketPolicy, PutBucketPolicy};
use clusterup::cloud::rights::{Decision, Request, evaluate};
use serde_json::Value;

/// What clusters are made with, and the role in it.
const PROFILE: &str = "EMR_EC2_DefaultRole";
/// S3 takes no longer policy (Amazon S3 User Guide, bucket policies).
const LONGEST: usize = 20 * 1024;

impl State {
    /// Whether the machines of clusters may do something to an object.
    pub(super) fn machines_may(&self, action: &str, bucket: &str, key: &str) -> bool {
        let Some(Some(role)) = self.iam.profiles.get(PROFILE) else {
            return false;
        };
        let resource = &format!("arn:aws:s3:::{bucket}/{key}");
        let policy = self
            .s3
            .buckets
            .get(bucket)
            .and_then(|it| it.policy.as_ref());
        let who = &arn(role);
        let request = Request {
            who,
            action,
            resource,
        };
        let denied = policy.is_some_and(|policy| evaluate(policy, &request) == Decision::Deny);
        !denied && self.iam.permits(role, action, resource)
    }

    /// A machine writes an object; why it could not.
    pub(super) fn machines_put(
        &mut self,
        bucket: &str,
        key: &str,
        body: &str,
    ) -> Result<(), Refusal> {
        if !self.machines_may("s3:PutObject", bucket, key) {
            return Err(Refusal::new(Kind::Denied, "AccessDenied", "Access Denied"));
        }
        let now = self.now;
        let Some(held) = self.s3.buckets.get_mut(bucket) else {
            let message = format!("The specified bucket does not exist: {bucket}");
            return Err(Refusal::new(Kind::NotFound, "NoSuchBucket", message));
        };
        held.put(key.to_owned(), body.into(), now);
        Ok(())
    }
}

impl Sim {
    /// A job writes an object, in the role of its cluster's machines; whether it may.
    pub fn write_as_machine(&self, bucket: &str, key: &str, body: &str) -> bool {
        self.edit(|state| state.machines_put(bucket, key, body).is_ok())
    }

    /// A job does something else to an object; whether it may. Nothing happens.
    pub fn machines_may(&self, action: &str, bucket: &str, key: &str) -> bool {
        self.edit(|state| state.machines_may(action, bucket, key))
    }

    /// Somebody writes an object; false where there is no bucket.
    pub fn put_object(&self, bucket: &str, key: &str, body: &str) -> bool {
        self.edit(|state| {
            let now = state.now;
            let held = state.s3.buckets.get_mut(bucket);
            held.map(|held| held.put(key.to_owned(), body.into(), now))
                .is_some()
        })
    }

    /// Somebody deletes an object; whether it was there.
    pub fn delete_object(&self, bucket: &str, key: &str) -> bool {
        self.edit(|state| {
            let held = state.s3.buckets.get_mut(bucket);
            held.is_some_and(|held| held.objects.remove(key).is_some())
        })
    }

    /// The text of an object. `None` if it does not exist.
    pub fn object(&self, bucket: &str, key: &str) -> Option<String> {
        self.edit(|state| {
            let object = state.s3.buckets.get(bucket)?.objects.get(key)?;
            String::from_utf8(object.body.clone()).ok()
        })
    }

    /// From now on AWS refuses to attach its managed policy.
    pub fn retire_policy(&self, arn: &str) {
        self.edit(|state| state.iam.retired.insert(arn.to_owned()));
    }

    /// A role's policies become these: by name or ARN, with their documents.
    pub fn set_policies(&self, role: &str, policies: &[(&str, &str)]) {
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        let policies = policies.iter().map(own).collect();
        self.edit(|state| state.iam.roles.insert(role.to_owned(), policies));
    }

    /// The bucket's policy becomes this, or goes.
    pub fn set_bucket_policy(&self, bucket: &str, document: Option<&str>) -> bool {
        self.edit(|state| {
            let held = state.s3.buckets.get_mut(bucket);
            let set = held.map(|held| held.policy = document.map(str::to_owned));
            set.is_some()
        })
    }
}

impl Answer for GetBucketPolicy {
    fn answer(self, state: &mut State) -> Result<String, Refusal> {
        let policy = state.s3.bucket(&self.bucket)?.policy.clone();
        let message = "The bucket policy does not exist";
        policy.ok_or_else(|| Refusal::new(Kind::NotFound, "NoSuchBucketPolicy", message))
    }
}

impl Answer for PutBucketPolicy {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        let held = state.s3.bucket(&self.bucket)?;
        check(&self.document, &self.bucket.name)?;
        held.policy = Some(self.document);
        Ok(())
    }
}

/// What S3 refuses: see Amazon S3 User Guide, bucket policies.
fn check(document: &str, bucket: &str) -> Result<(), Refusal> {
    let no = |message: &str| Err(refused("MalformedPolicy", message));
    let Ok(document_read) = serde_json::from_str::<Value>(document) else {
        return no("This policy contains invalid Json");
    };
    let statements = document_read["Statement"].as_array();
    let Some(statements) = statements.filter(|all| !all.is_empty()) else {
        return no("Missing required field Statement");
    };
    if document.len() > LONGEST {
        return no("The policy is too long");
    }
    let versions = ["2012-10-17", "2008-10-17"];
    if !versions
        .iter()
        .any(|version| document_read["Version"] == *version)
    {
        return no("The policy must contain a valid version string");
    }
    let arn = format!("arn:aws:s3:::{bucket}");
    let ours = |resource: &Value| {
        let rest = resource.as_str().and_then(|it| it.strip_prefix(&arn));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    for statement in statements {
        let one = |key: &str| {
            let other = format!("Not{key}");
            statement.get(key).is_some() != statement.get(&other).is_some()
        };
        if !["Allow", "Deny"]
            .iter()
            .any(|it| statement["Effect"] == *it)
        {
            return no("Invalid effect");
        }
        if !["Principal", "Action", "Resource"].into_iter().all(one) {
            return no("Missing required field");
        }
        let named = ["Resource", "NotResource"].map(|key| &statement[key]);
        let all = named.into_iter().flat_map(|value| match value.as_array() {
            Some(many) => many.iter().collect(),
            None if value.is_null() => Vec::new(),
            None => vec![value],
        });
        if !all.into_iter().all(ours) {
            return no("Policy has invalid resource");
        }
    }
    Ok(())
}
