//! Gives roles and the bucket their missing permissions, and checks them.

use super::Account;
use super::bucket::VISIBILITY_WINDOW;
use super::documents::{GUARD, bucket_policy, machines};
use super::errors::Context;
use super::layout;
use super::names::{WORK, of_cluster};
use super::roles::{INSTANCE_PROFILE, REAPER, SERVICE_ROLE};
use crate::cloud::CloudError;
use crate::cloud::api::iam::{
    AttachRolePolicy, GetRolePolicy, ListAttachedRolePolicies, ListRolePolicies, PutRolePolicy,
};
use crate::cloud::api::s3::{Bucket, GetBucketPolicy, HeadObject, PutBucketPolicy};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::error::Class;
use crate::cloud::rights::{Decision, Request, evaluate};
use crate::model::name::StackName;
use crate::model::partition::Partition;
use serde_json::Value;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// The names of clusterup's inline policies.
pub(super) const MACHINES: &str = "clusterup";
pub(super) const END_CLUSTERS: &str = "end-clusters";
/// The policy that AWS's tools attach to EMR's role, and its successor, which acts only on
/// resources with the tag `for-use-with-amazon-emr-managed-policies`. Owners of subnets have to add
/// that tag.
const SERVICE_POLICIES: [&str; 2] = ["AmazonElasticMapReduceRole", "AmazonEMRServicePolicy_v2"];

impl<A: Api> Account<A> {
    /// The names of a role's inline policies and the ARNs of its managed ones.
    pub(super) async fn policies(&self, role: &str) -> Result<Vec<String>, CloudError> {
        let listed = self.list_policies(role).await;
        listed.with_context(|| format!("list the policies of role {role}"))
    }

    pub(super) async fn list_policies(&self, role: &str) -> Result<Vec<String>, ApiError> {
        let of = || role.to_owned();
        let (own, attached) = tokio::join!(
            self.api.serve(ListRolePolicies { role: of() }),
            self.api.serve(ListAttachedRolePolicies { role: of() }),
        );
        Ok([own?, attached?].concat())
    }

    /// Attaches the policy of AWS's tools to EMR's role, or its successor if that is refused.
    pub(super) async fn attach_service_policy(&self, partition: &str) -> Result<(), CloudError> {
        let attach = async |name: &str| {
            let call = AttachRolePolicy {
                role: SERVICE_ROLE.to_owned(),
                policy: service_policy(partition, name),
            };
            self.api.serve(call).await
        };
        let [first, second] = SERVICE_POLICIES;
        let attached = match attach(first).await {
            Err(error) if matches!(error.kind, Kind::NotFound | Kind::Invalid | Kind::Denied) => {
                // If both are refused, the first error tells more.
                attach(second).await.map_err(|_| error)
            }
            attached => attached,
        };
        attached.with_context(|| format!("give {SERVICE_ROLE} its permissions"))
    }

    pub(super) async fn put_policy(
        &self,
        role: &str,
        name: &str,
        document: Value,
    ) -> Result<(), CloudError> {
        let name = name.to_owned();
        let document = document.to_string();
        let call = PutRolePolicy {
            role: role.to_owned(),
            name,
            document,
        };
        let put = self.api.serve(call).await;
        put.with_context(|| format!("give {role} its permissions"))
    }

    /// The stacks with live clusters of an older clusterup, whose instances write among the stack's
    /// notes.
    pub(super) async fn older_stacks(&self) -> Result<BTreeSet<StackName>, CloudError> {
        let bucket = self.bucket().await?;
        let mut older = BTreeSet::new();
        for alive in self.alive().await? {
            let Some((stack, _)) = of_cluster(&alive.name) else {
                continue;
            };
            let bucket = bucket.clone();
            let key = layout::cluster(&stack, &alive.id);
            let noted = self.api.serve(HeadObject { bucket, key }).await;
            // An older clusterup wrote empty notes.
            if noted.is_ok_and(|bytes| bytes == 0) {
                older.insert(stack);
            }
        }
        Ok(older)
    }

    /// Updates the bucket's policy so that instances cannot write what controls clusters. Does
    /// nothing if there is no bucket.
    pub(super) async fn guard_bucket(&self) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        match self.read_policy(&bucket).await {
            Err(error) if is_no_bucket(&error) => Ok(()),
            policy => {
                let policy =
                    policy.with_context(|| format!("read the policy of bucket {}", bucket.name))?;
                self.guard(&bucket, policy).await
            }
        }
    }

    /// Writes clusterup's statement into the bucket's policy and keeps the others.
    pub(super) async fn guard(
        &self,
        bucket: &Bucket,
        existing: Option<String>,
    ) -> Result<(), CloudError> {
        let read: Option<Value> = existing
            .as_deref()
            .and_then(|it| serde_json::from_str(it).ok());
        let with = |older: &BTreeSet<StackName>| {
            let ours = self.desired_policy(bucket, older);
            merged(read.as_ref(), ours)
        };
        let strict = with(&BTreeSet::new());
        if read.as_ref() == Some(&strict) {
            return Ok(());
        }
        let is_new = self.observed.borrow().is_new;
        let wanted = if is_new {
            // A new bucket is known to no cluster.
            strict
        } else {
            with(&self.older_stacks().await?)
        };
        let of = bucket.clone();
        let document = wanted.to_string();
        let bucket = of;
        let begun = Instant::now();
        loop {
            let bucket = bucket.clone();
            let document = document.clone();
            let name = bucket.name.clone();
            match self.api.serve(PutBucketPolicy { bucket, document }).await {
                // The bucket is new.
                Err(error)
                    if error.kind == Kind::NotFound && begun.elapsed() < VISIBILITY_WINDOW =>
                {
                    self.backoff().await;
                }
                put => return put.with_context(|| format!("write the policy of bucket {name}")),
            }
        }
    }

    /// The bucket's policy; `None` if it has none.
    pub(super) async fn read_policy(&self, bucket: &Bucket) -> Result<Option<String>, ApiError> {
        let call = GetBucketPolicy {
            bucket: bucket.clone(),
        };
        match self.api.serve(call).await {
            Err(error) if error.kind == Kind::NotFound && !is_no_bucket(&error) => Ok(None),
            read => read.map(Some),
        }
    }

    pub(super) fn desired_policy(&self, bucket: &Bucket, older: &BTreeSet<StackName>) -> Value {
        let partition = Partition::of(&self.settings.region).as_str();
        let account = bucket.owner.as_deref().unwrap_or_default();
        bucket_policy(partition, account, &bucket.name, older)
    }

    pub(super) async fn desired_rights(&self, older: &BTreeSet<StackName>) -> Value {
        let partition = Partition::of(&self.settings.region).as_str();
        let account = self.bucket().await.ok().and_then(|bucket| bucket.owner);
        machines(partition, &account.unwrap_or_default(), older)
    }

    /// Returns an error if clusterup gave the instances' role its permissions and they do not allow
    /// writing results, as an older clusterup's do not.
    pub(super) async fn check_rights(&self) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let role = INSTANCE_PROFILE.to_owned();
        let name = MACHINES.to_owned();
        let call = GetRolePolicy { role, name };
        let Ok(document) = self.api.serve(call).await else {
            // There is no policy of ours, or we may not read it: others are responsible for theirs.
            return Ok(());
        };
        let key = format!("{WORK}/t/results/x");
        if self.permits(&document, &bucket, "s3:PutObject", &key) {
            return Ok(());
        }
        // Another policy may allow it.
        let policies = self
            .list_policies(INSTANCE_PROFILE)
            .await
            .unwrap_or_default();
        if policies.len() > 1 {
            return Ok(());
        }
        let message = format!(
            "the role {INSTANCE_PROFILE} has the permissions of an older clusterup, with which a \
                         job cannot write its results"
        );
        Err(CloudError::new(Class::Missing, message)
            .hint("update them, once per account: apply … --create-roles"))
    }

    /// Whether a role's policy allows an action on an object of the bucket, or, with an empty key,
    /// on the bucket itself.
    pub(super) fn permits(&self, document: &str, bucket: &Bucket, action: &str, key: &str) -> bool {
        self.decide(document, bucket, action, key) == Decision::Allow
    }

    pub(super) fn decide(
        &self,
        document: &str,
        bucket: &Bucket,
        action: &str,
        key: &str,
    ) -> Decision {
        let partition = Partition::of(&self.settings.region).as_str();
        let account = bucket.owner.as_deref().unwrap_or_default();
        let slash = if key.is_empty() { "" } else { "/" };
        let request = Request {
            who: &format!("arn:{partition}:iam::{account}:role/{INSTANCE_PROFILE}"),
            action,
            resource: &format!("arn:{partition}:s3:::{}{slash}{key}", bucket.name),
        };
        evaluate(document, &request)
    }

    /// Whether `--create-roles` has permissions to give besides creating roles. Policies that may
    /// not be read are assumed to be right.
    pub(super) async fn needs_permissions(&self) -> Result<bool, CloudError> {
        for role in [SERVICE_ROLE, INSTANCE_PROFILE, REAPER] {
            match self.list_policies(role).await {
                Ok(policies) if policies.is_empty() => return Ok(true),
                Err(error) if !matches!(error.kind, Kind::Denied | Kind::NotFound) => {
                    return Err(error).with_context(|| format!("list the policies of role {role}"));
                }
                Ok(_) | Err(_) => {}
            }
        }
        let findings = self.permission_findings().await;
        Ok(findings.iter().any(|finding| !finding.good))
    }
}

/// A bucket's policy in which clusterup's statement replaces an earlier one.
pub(super) fn merged(existing: Option<&Value>, ours: Value) -> Value {
    let all = existing.and_then(|it| it["Statement"].as_array());
    let mut statements = all.cloned().unwrap_or_default();
    statements.retain(|statement| statement["Sid"] != GUARD);
    statements.extend(ours["Statement"].as_array().cloned().unwrap_or_default());
    let mut merged = existing.cloned().unwrap_or_else(|| ours.clone());
    merged["Version"] = ours["Version"].clone();
    merged["Statement"] = Value::Array(statements);
    merged
}

fn is_no_bucket(error: &ApiError) -> bool {
    error.code.as_deref() == Some("NoSuchBucket")
}

pub(super) fn service_policy(partition: &str, name: &str) -> String {
    format!("arn:{partition}:iam::aws:policy/service-role/{name}")
}

/// The policy that EMR's role gets.
pub(super) fn usual_service_policy(partition: &str) -> String {
    service_policy(partition, SERVICE_POLICIES[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn other_statements_of_the_policy_stay() {
        let ours = |n: u8| json!({ "Version": "v", "Statement": [{ "Sid": GUARD, "n": n }] });
        assert_eq!(merged(None, ours(1)), ours(1));
        let theirs = json!({ "Sid": "TlsOnly", "Effect": "Deny" });
        let there =
            json!({ "Id": "x", "Version": "v", "Statement": [ours(1)["Statement"][0], theirs] });
        let both = merged(Some(&there), ours(2));
        assert_eq!(both["Id"], "x");
        assert_eq!(both["Statement"], json!([theirs, { "Sid": GUARD, "n": 2 }]));
        assert_eq!(merged(Some(&both), ours(2)), both);
    }
}
