//! What roles and the bucket permit: given where it is missing, and looked at.

use super::Account;
use super::bucket::SETTLING;
use super::documents::{GUARD, bucket_policy, machines};
use super::errors::Doing;
use super::names::{WORK, of_cluster};
use super::place;
use super::roles::{INSTANCE_PROFILE, REAPER, SERVICE_ROLE};
use crate::cloud::CloudError;
use crate::cloud::api::iam::{
    AttachRolePolicy, GetRolePolicy, ListAttachedRolePolicies, ListRolePolicies, PutRolePolicy,
};
use crate::cloud::api::s3::{Bucket, GetBucketPolicy, HeadObject, PutBucketPolicy};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::error::Class;
use crate::cloud::rights::{Request, Says, says};
use crate::model::name::StackName;
use crate::model::partition::Partition;
use serde_json::Value;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// The names of our inline policies.
pub(super) const MACHINES: &str = "clusterup";
pub(super) const END_CLUSTERS: &str = "end-clusters";
/// What AWS's tools attach to EMR's role, and what AWS wants in its place: it acts only on what has
/// the tag `for-use-with-amazon-emr-managed-policies`, which subnets have from their owners.
const SERVICE_POLICIES: [&str; 2] = ["AmazonElasticMapReduceRole", "AmazonEMRServicePolicy_v2"];

impl<A: Api> Account<A> {
    /// The names and ARNs of a role's policies.
    pub(super) async fn policies(&self, role: &str) -> Result<Vec<String>, CloudError> {
        let listed = self.list_policies(role).await;
        listed.doing(|| format!("list the policies of role {role}"))
    }

    pub(super) async fn list_policies(&self, role: &str) -> Result<Vec<String>, ApiError> {
        let of = || role.to_owned();
        let (own, attached) = tokio::join!(
            self.api.serve(ListRolePolicies { role: of() }),
            self.api.serve(ListAttachedRolePolicies { role: of() }),
        );
        Ok([own?, attached?].concat())
    }

    /// Gives EMR's role the policy of AWS's tools, or the newer one where that is refused.
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
                // Where the second is refused too, the first no says more.
                attach(second).await.map_err(|_| error)
            }
            attached => attached,
        };
        attached.doing(|| format!("give {SERVICE_ROLE} its permissions"))
    }

    pub(super) async fn permit(
        &self,
        role: &str,
        name: &str,
        document: Value,
    ) -> Result<(), CloudError> {
        let (name, document) = (name.to_owned(), document.to_string());
        let call = PutRolePolicy {
            role: role.to_owned(),
            name,
            document,
        };
        let put = self.api.serve(call).await;
        put.doing(|| format!("give {role} its permissions"))
    }

    /// The stacks of living clusters that an older clusterup made: their machines write among the
    /// stack's notes.
    pub(super) async fn older_stacks(&self) -> Result<BTreeSet<StackName>, CloudError> {
        let bucket = self.bucket().await?;
        let mut older = BTreeSet::new();
        for alive in self.alive().await? {
            let Some((stack, _)) = of_cluster(&alive.name) else {
                continue;
            };
            let (bucket, key) = (bucket.clone(), place::cluster(&stack, &alive.id));
            let noted = self.api.serve(HeadObject { bucket, key }).await;
            // Its note says how it was made; an older one is empty.
            if noted.is_ok_and(|bytes| bytes == 0) {
                older.insert(stack);
            }
        }
        Ok(older)
    }

    /// Sees that the machines' role may not write what rules clusters. A bucket that is not there
    /// needs no policy.
    pub(super) async fn guard_bucket(&self) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        match self.policy_there(&bucket).await {
            Err(error) if is_no_bucket(&error) => Ok(()),
            there => {
                let there = there.doing(|| format!("read the policy of bucket {}", bucket.name))?;
                self.guard(&bucket, there).await
            }
        }
    }

    /// Puts our part of the bucket's policy in its place; what others wrote into it stays.
    pub(super) async fn guard(
        &self,
        bucket: &Bucket,
        there: Option<String>,
    ) -> Result<(), CloudError> {
        let read: Option<Value> = there
            .as_deref()
            .and_then(|it| serde_json::from_str(it).ok());
        let with = |older: &BTreeSet<StackName>| {
            let ours = self.wanted_policy(bucket, older);
            merged(read.as_ref(), ours)
        };
        let strict = with(&BTreeSet::new());
        if read.as_ref() == Some(&strict) {
            return Ok(());
        }
        let is_new = self.seen.borrow().is_new;
        let wanted = if is_new {
            // Nobody's cluster can know a bucket that was made a moment ago.
            strict
        } else {
            with(&self.older_stacks().await?)
        };
        let (of, document) = (bucket.clone(), wanted.to_string());
        let bucket = of;
        let begun = Instant::now();
        loop {
            let (bucket, document) = (bucket.clone(), document.clone());
            let name = bucket.name.clone();
            match self.api.serve(PutBucketPolicy { bucket, document }).await {
                // Made a moment ago.
                Err(error) if error.kind == Kind::NotFound && begun.elapsed() < SETTLING => {
                    self.backoff().await;
                }
                put => return put.doing(|| format!("guard bucket {name}")),
            }
        }
    }

    /// None where the bucket has none.
    pub(super) async fn policy_there(&self, bucket: &Bucket) -> Result<Option<String>, ApiError> {
        let call = GetBucketPolicy {
            bucket: bucket.clone(),
        };
        match self.api.serve(call).await {
            Err(error) if error.kind == Kind::NotFound && !is_no_bucket(&error) => Ok(None),
            read => read.map(Some),
        }
    }

    pub(super) fn wanted_policy(&self, bucket: &Bucket, older: &BTreeSet<StackName>) -> Value {
        let partition = Partition::of(&self.settings.region).as_str();
        let account = bucket.owner.as_deref().unwrap_or_default();
        bucket_policy(partition, account, &bucket.name, older)
    }

    pub(super) async fn wanted_rights(&self, older: &BTreeSet<StackName>) -> Value {
        let partition = Partition::of(&self.settings.region).as_str();
        let account = self.bucket().await.ok().and_then(|bucket| bucket.owner);
        machines(partition, &account.unwrap_or_default(), older)
    }

    /// That machines may write their results, where we have given them their rights: an older
    /// clusterup gave others.
    pub(super) async fn check_rights(&self) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let (role, name) = (INSTANCE_PROFILE.to_owned(), MACHINES.to_owned());
        let call = GetRolePolicy { role, name };
        let Ok(document) = self.api.serve(call).await else {
            // None of ours, or not ours to read: what others gave the role they answer for.
            return Ok(());
        };
        let key = format!("{WORK}/t/results/x");
        if self.permits(&document, &bucket, "s3:PutObject", &key) {
            return Ok(());
        }
        // Something else may allow it.
        let policies = self
            .list_policies(INSTANCE_PROFILE)
            .await
            .unwrap_or_default();
        if policies.len() > 1 {
            return Ok(());
        }
        let message = format!(
            "the role {INSTANCE_PROFILE} has permissions of an older clusterup, by which a job \
             cannot write its results"
        );
        Err(CloudError::new(Class::Missing, message)
            .hint("let clusterup renew them, once for the account: apply … --create-roles"))
    }

    /// Whether a role's policy lets machines do something to an object of the bucket, or, with an
    /// empty key, to the bucket.
    pub(super) fn permits(&self, document: &str, bucket: &Bucket, action: &str, key: &str) -> bool {
        self.said(document, bucket, action, key) == Says::Allows
    }

    pub(super) fn said(&self, document: &str, bucket: &Bucket, action: &str, key: &str) -> Says {
        let partition = Partition::of(&self.settings.region).as_str();
        let account = bucket.owner.as_deref().unwrap_or_default();
        let slash = if key.is_empty() { "" } else { "/" };
        let request = Request {
            who: &format!("arn:{partition}:iam::{account}:role/{INSTANCE_PROFILE}"),
            action,
            resource: &format!("arn:{partition}:s3:::{}{slash}{key}", bucket.name),
        };
        says(document, &request)
    }

    /// Whether `--create-roles` has permissions to give, besides making roles. What may not be read
    /// is taken to be there.
    pub(super) async fn wants_permissions(&self) -> Result<bool, CloudError> {
        for role in [SERVICE_ROLE, INSTANCE_PROFILE, REAPER] {
            match self.list_policies(role).await {
                Ok(policies) if policies.is_empty() => return Ok(true),
                Err(error) if !matches!(error.kind, Kind::Denied | Kind::NotFound) => {
                    return Err(error).doing(|| format!("list the policies of role {role}"));
                }
                Ok(_) | Err(_) => {}
            }
        }
        let findings = self.permission_findings().await;
        Ok(findings.iter().any(|finding| !finding.good))
    }
}

/// A bucket's policy with our statement in it, at the place of an earlier one of ours.
pub(super) fn merged(there: Option<&Value>, ours: Value) -> Value {
    let all = there.and_then(|it| it["Statement"].as_array());
    let mut statements = all.cloned().unwrap_or_default();
    statements.retain(|statement| statement["Sid"] != GUARD);
    statements.extend(ours["Statement"].as_array().cloned().unwrap_or_default());
    let mut merged = there.cloned().unwrap_or_else(|| ours.clone());
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

/// The policy that EMR's role is given.
pub(super) fn usual_service_policy(partition: &str) -> String {
    service_policy(partition, SERVICE_POLICIES[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_others_wrote_into_the_policy_stays() {
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
