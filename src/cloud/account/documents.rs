//! Policy documents for IAM roles and for the bucket.

use super::names::{WORK, prefix};
use super::roles::INSTANCE_PROFILE;
use crate::model::name::StackName;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn policy(statements: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

pub(super) fn trust(service: &str) -> Value {
    policy(json!([{
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
    }]))
}

/// The condition names the schedule group, in any region, because roles are global. A schedule's
/// own ARN would never match (EventBridge Scheduler User Guide, confused deputy prevention).
pub(super) fn scheduler_trust(partition: &str, account: &str) -> Value {
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

/// The id of clusterup's statement in the bucket's policy.
pub(super) const GUARD: &str = "MachinesWriteTheirWorkAlone";

/// The resources that cluster instances may write. EMR's file system also writes a folder marker
/// beside the prefix. `older` are stacks with live clusters of an older clusterup, whose work is
/// among their notes.
fn writable(bucket: &str, older: &BTreeSet<StackName>) -> Vec<String> {
    let mut resources = vec![
        format!("{bucket}/{WORK}/*"),
        format!("{bucket}/{WORK}_$folder$"),
    ];
    for stack in older {
        let below = ["results", "scratch", "logs"];
        resources.extend(below.map(|it| format!("{bucket}/{}{it}*", prefix(stack))));
    }
    resources
}

/// The policy of the instances' role: read our buckets of any region, write below one prefix of
/// them, and read EMR's own buckets (EMR Management Guide, service role for cluster EC2 instances).
pub(super) fn machines(partition: &str, account: &str, older: &BTreeSet<StackName>) -> Value {
    let ours = format!("arn:{partition}:s3:::clusterup-{account}-*");
    let emrs = format!("arn:{partition}:s3:::*.elasticmapreduce");
    policy(json!([
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [format!("{ours}/stacks/*"), format!("{ours}/{WORK}/*")],
        },
        {
            "Effect": "Allow",
            "Action": [
                "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            "Resource": writable(&ours, older),
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

/// Lets the instances' role write below one prefix of this bucket only, whatever its own policies
/// allow. `aws:PrincipalArn` is the role's ARN, not the session's (IAM User Guide, global condition
/// keys).
pub(super) fn bucket_policy(
    partition: &str,
    account: &str,
    bucket: &str,
    older: &BTreeSet<StackName>,
) -> Value {
    let role = |path: &str| format!("arn:{partition}:iam::{account}:role/{path}{INSTANCE_PROFILE}");
    policy(json!([{
        "Sid": GUARD,
        "Effect": "Deny",
        "Principal": "*",
        "NotAction": ["s3:Get*", "s3:List*"],
        "NotResource": writable(&format!("arn:{partition}:s3:::{bucket}"), older),
        "Condition": { "ArnLike": { "aws:PrincipalArn": [role(""), role("*/")] } },
    }]))
}

/// The policy of the scheduler's role: end clusters that clusterup created.
pub(super) fn reaper(partition: &str, account: &str) -> Value {
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
    use crate::cloud::rights::{Decision, Request, evaluate};

    const BUCKET: &str = "arn:aws:s3:::clusterup-1-us-east-1";

    fn decide(document: &Value, role: &str, action: &str, key: &str) -> Decision {
        let who = &format!("arn:aws:iam::1:role/{role}");
        let resource = &format!("{BUCKET}{key}");
        let request = Request {
            who,
            action,
            resource,
        };
        evaluate(&document.to_string(), &request)
    }

    const CONTROL: [&str; 9] = [
        "/locks/t.json",
        "/teams/t.json",
        "/watchdog/lock",
        "/stacks/t/clusters/j-1",
        "/stacks/t/deadlines/0",
        "/stacks/t/scripts/0/work/x.py",
        "/stacks/work/results/x",
        "/workshop/x",
        "",
    ];

    #[test]
    fn instances_write_their_work_only() {
        let none = BTreeSet::new();
        let role = machines("aws", "1", &none);
        let bucket = bucket_policy("aws", "1", "clusterup-1-us-east-1", &none);
        for action in [
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:PutObjectTagging",
            "s3:DeleteObjectVersion",
            "s3:PutBucketPolicy",
            "s3:DeleteBucketPolicy",
            "s3:BypassGovernanceRetention",
        ] {
            for key in CONTROL {
                // The `*` of a bucket's name also matches slashes: there only the bucket's policy
                // denies.
                let decision = decide(&role, INSTANCE_PROFILE, action, key);
                let spans = key.get(1..).is_some_and(|rest| rest.contains("/work/"));
                assert!(
                    decision == Decision::Neither || spans,
                    "{action} {key}: {decision:?}"
                );
                let decision = decide(&bucket, INSTANCE_PROFILE, action, key);
                assert_eq!(decision, Decision::Deny, "{action} {key}");
                // Other roles are not restricted.
                assert_eq!(decide(&bucket, "ops", action, key), Decision::Neither);
            }
        }
        for key in ["/work/t/results/x", "/work/t_$folder$", "/work_$folder$"] {
            let decision = decide(&role, INSTANCE_PROFILE, "s3:PutObject", key);
            assert_eq!(decision, Decision::Allow, "{key}");
            let decision = decide(&bucket, INSTANCE_PROFILE, "s3:PutObject", key);
            assert_eq!(decision, Decision::Neither, "{key}");
        }
        let read = decide(
            &role,
            INSTANCE_PROFILE,
            "s3:GetObject",
            "/stacks/t/deadlines/0",
        );
        assert_eq!(read, Decision::Allow);
    }

    #[test]
    fn a_role_with_a_path_is_restricted_too() {
        let bucket = bucket_policy("aws", "1", "clusterup-1-us-east-1", &BTreeSet::new());
        let decision = decide(
            &bucket,
            "service-role/EMR_EC2_DefaultRole",
            "s3:PutObject",
            "/locks/t",
        );
        assert_eq!(decision, Decision::Deny);
        for other in [
            "EMR_EC2_DefaultRole2",
            "x-EMR_EC2_DefaultRole",
            "EMR_DefaultRole",
        ] {
            assert_eq!(
                decide(&bucket, other, "s3:PutObject", "/locks/t"),
                Decision::Neither
            );
        }
    }

    #[test]
    fn a_live_cluster_of_an_older_clusterup_may_finish_its_work() {
        let older = BTreeSet::from(["old".parse().unwrap()]);
        let bucket = bucket_policy("aws", "1", "clusterup-1-us-east-1", &older);
        for (key, expected) in [
            ("/stacks/old/results/x", Decision::Neither),
            ("/stacks/old/results_$folder$", Decision::Neither),
            ("/stacks/old/logs/j-1/x", Decision::Neither),
            ("/stacks/old/clusters/j-1", Decision::Deny),
            ("/stacks/other/results/x", Decision::Deny),
        ] {
            let decision = decide(&bucket, INSTANCE_PROFILE, "s3:PutObject", key);
            assert_eq!(decision, expected, "{key}");
        }
    }

    #[test]
    fn policies_are_valid_in_every_partition() {
        let text = machines("aws-cn", "123456789012", &BTreeSet::new()).to_string();
        assert!(text.contains("arn:aws-cn:s3:::clusterup-123456789012-*/work/*"));
        let trust = scheduler_trust("aws", "123456789012");
        assert_eq!(
            trust["Statement"][0]["Condition"]["ArnLike"]["aws:SourceArn"],
            "arn:aws:scheduler:*:123456789012:schedule-group/default"
        );
    }
}
