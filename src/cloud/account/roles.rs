//! The roles that EMR takes: looked for before anything is made, and made where that is asked for.

use super::Account;
use super::errors::Doing;
use crate::cloud::api::iam::{
    AddRoleToInstanceProfile, AttachRolePolicy, CreateInstanceProfile, CreateRole,
    GetInstanceProfile, GetRole, PutRolePolicy,
};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::model::partition::Partition;
use serde_json::json;
use std::time::Duration;

/// EMR's own role, under the name that AWS's tools give it.
pub(super) const SERVICE_ROLE: &str = "EMR_DefaultRole";
/// The machines' role and instance profile: EMR wants both under one name.
pub(super) const INSTANCE_PROFILE: &str = "EMR_EC2_DefaultRole";
/// What EventBridge Scheduler takes to end a cluster.
pub(super) const REAPER: &str = "clusterup-reaper";
/// What AWS's tools attach to EMR's role.
const SERVICE_POLICY: &str = "iam::aws:policy/service-role/AmazonElasticMapReduceRole";
/// A new profile is unknown to other services for some seconds (IAM is eventually consistent).
const SETTLING: Duration = Duration::from_secs(12);

impl<A: Api> Account<A> {
    /// Those of EMR's roles that lack. What may not be looked at is taken to be there.
    pub async fn missing_roles(&self) -> Result<Vec<&'static str>, CloudError> {
        let (role, profile) = tokio::join!(
            self.api.serve(GetRole {
                name: SERVICE_ROLE.to_owned()
            }),
            self.api.serve(GetInstanceProfile {
                name: INSTANCE_PROFILE.to_owned()
            }),
        );
        let lacks = |error: Option<ApiError>| match error.map(|error| (error.kind, error)) {
            None | Some((Kind::Denied, _)) => Ok(false),
            Some((Kind::NotFound, _)) => Ok(true),
            Some((_, error)) => Err(error),
        };
        let doing = || "look at EMR's roles".to_owned();
        let mut missing = Vec::new();
        if lacks(role.err()).doing(doing)? {
            missing.push(SERVICE_ROLE);
        }
        let empty = profile.as_ref().is_ok_and(Vec::is_empty);
        if empty || lacks(profile.err()).doing(doing)? {
            missing.push(INSTANCE_PROFILE);
        }
        Ok(missing)
    }

    /// Whether the scheduler has no role yet with which it could end a cluster.
    pub(super) async fn lacks_reaper(&self) -> Result<bool, CloudError> {
        let name = REAPER.to_owned();
        match self.api.serve(GetRole { name }).await {
            Err(error) if error.kind == Kind::NotFound => Ok(true),
            Err(error) if error.kind == Kind::Denied => Ok(false),
            role => role
                .doing(|| format!("look at role {REAPER}"))
                .map(|_| false),
        }
    }

    pub(super) async fn check_roles(&self) -> Result<(), CloudError> {
        let missing = self.missing_roles().await?;
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!(
            "EMR needs roles that this account lacks: {}",
            missing.join(", ")
        );
        Err(CloudError::new(Class::Missing, message)
            .hint("let clusterup make them, once for the account: apply … --create-roles")
            .hint("or make them with AWS's tool: aws emr create-default-roles"))
    }

    /// Makes those that lack: EMR's role, the machines' with its profile, and the scheduler's. What
    /// was there before is somebody's, who says what it may; the scheduler's is ours alone.
    pub(super) async fn create_roles(&self) -> Result<(), CloudError> {
        let account = self.identity().await?.account;
        let partition = Partition::of(&self.settings.region).as_str();
        if self
            .role(SERVICE_ROLE, trust("elasticmapreduce.amazonaws.com"))
            .await?
        {
            let (role, policy) = (
                SERVICE_ROLE.to_owned(),
                format!("arn:{partition}:{SERVICE_POLICY}"),
            );
            let attached = self.api.serve(AttachRolePolicy { role, policy }).await;
            attached.doing(|| format!("give {SERVICE_ROLE} its permissions"))?;
        }
        if self
            .role(INSTANCE_PROFILE, trust("ec2.amazonaws.com"))
            .await?
        {
            let document = machines(partition, &account);
            self.permit(INSTANCE_PROFILE, "clusterup", document).await?;
        }
        let name = INSTANCE_PROFILE.to_owned();
        let made = self
            .api
            .serve(CreateInstanceProfile { name: name.clone() })
            .await;
        was_made(made).doing(|| format!("make instance profile {name}"))?;
        let call = AddRoleToInstanceProfile {
            profile: name.clone(),
            role: name.clone(),
        };
        let added = self.api.serve(call).await;
        was_made(added).doing(|| format!("fill instance profile {name}"))?;
        self.role(REAPER, scheduler_trust(partition, &account))
            .await?;
        self.permit(REAPER, "end-clusters", reaper(partition, &account))
            .await?;
        tokio::time::sleep(SETTLING).await;
        Ok(())
    }

    /// Whether it was made, and not there before.
    async fn role(&self, name: &str, trust: serde_json::Value) -> Result<bool, CloudError> {
        let call = CreateRole {
            name: name.to_owned(),
            trust: trust.to_string(),
        };
        was_made(self.api.serve(call).await).doing(|| format!("make role {name}"))
    }

    async fn permit(
        &self,
        role: &str,
        name: &str,
        document: serde_json::Value,
    ) -> Result<(), CloudError> {
        let (name, document) = (name.to_owned(), document.to_string());
        let call = PutRolePolicy {
            role: role.to_owned(),
            name,
            document,
        };
        self.api
            .serve(call)
            .await
            .doing(|| format!("give {role} its permissions"))
    }
}

/// Whether it was made; what is there already is as good.
fn was_made(made: Result<(), ApiError>) -> Result<bool, ApiError> {
    match made {
        Err(error) if error.kind == Kind::Exists => Ok(false),
        made => made.map(|()| true),
    }
}

fn policy(statements: serde_json::Value) -> serde_json::Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn trust(service: &str) -> serde_json::Value {
    policy(json!([{
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
    }]))
}

/// The condition names the schedule group, in any region, for roles have none; a schedule's own ARN
/// would never match (EventBridge Scheduler User Guide, confused deputy prevention).
fn scheduler_trust(partition: &str, account: &str) -> serde_json::Value {
    let group = format!("arn:{partition}:scheduler:*:{account}:schedule-group/default");
    policy(json!([{
        "Effect": "Allow",
        "Principal": { "Service": "scheduler.amazonaws.com" },
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": { "aws:SourceAccount": account },
            "ArnLike": { "aws:SourceArn": group },
        },
    }]))
}

/// What a cluster's machines may: our bucket of any region, and EMR's own (EMR Management Guide,
/// service role for cluster EC2 instances).
fn machines(partition: &str, account: &str) -> serde_json::Value {
    let ours = format!("arn:{partition}:s3:::clusterup-{account}-*");
    let emrs = format!("arn:{partition}:s3:::*.elasticmapreduce");
    policy(json!([
        {
            "Effect": "Allow",
            "Action": [
                "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            "Resource": format!("{ours}/stacks/*"),
        },
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:GetBucketLocation"],
            "Resource": ours,
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [emrs, format!("{emrs}/*")],
        },
    ]))
}

fn reaper(partition: &str, account: &str) -> serde_json::Value {
    policy(json!([{
        "Effect": "Allow",
        "Action": ["elasticmapreduce:TerminateJobFlows", "elasticmapreduce:SetTerminationProtection"],
        "Resource": format!("arn:{partition}:elasticmapreduce:*:{account}:cluster/*"),
        "Condition": { "StringEquals": { "elasticmapreduce:ResourceTag/clusterup-managed": "true" } },
    }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_good_in_every_region_of_their_partition() {
        let documents = |partition| {
            let account = "123456789012";
            [
                machines(partition, account),
                scheduler_trust(partition, account),
                reaper(partition, account),
            ]
        };
        for partition in ["aws", "aws-us-gov"] {
            for document in documents(partition) {
                let text = document.to_string();
                let arns = text.matches("arn:").count();
                assert_eq!(
                    text.matches(&format!("arn:{partition}:")).count(),
                    arns,
                    "{text}"
                );
                assert!(arns > 0);
            }
        }
        let trust = scheduler_trust("aws", "123456789012");
        assert_eq!(
            trust["Statement"][0]["Condition"]["ArnLike"]["aws:SourceArn"],
            "arn:aws:scheduler:*:123456789012:schedule-group/default"
        );
    }
}
