//! Fixes that only a person can make: lines of the program, rights and quotas of the account.

use super::Fix;
use crate::model::aws_names::INSTANCE_PROFILE;
use crate::model::hint::{Command, Hint};
use crate::model::shown::Untrusted;
use crate::model::stack::Stack;
use serde_json::json;

/// The quota of virtual processors of on-demand standard instances (Service Quotas, EC2).
const STANDARD_VCPUS: &str = "L-1216C47A";

pub(super) fn drop_line(file: &Untrusted, line: u64) -> Fix {
    Fix::by_hand(format!("remove line {line} of {file}"), None)
}

pub(super) fn change_line(file: Option<&Untrusted>, line: Option<u64>, change: &str) -> Fix {
    let place = match (file, line) {
        (Some(file), Some(line)) => format!("{file}, line {line}: "),
        (Some(file), None) => format!("{file}: "),
        (None, _) => String::new(),
    };
    Fix::by_hand(format!("{place}{change}"), None)
}

pub(super) fn quota(stack: &Stack) -> Fix {
    let command = Command::other("aws service-quotas get-service-quota --service-code ec2")
        .args("--quota-code")
        .arg(STANDARD_VCPUS)
        .arg("--region")
        .arg(stack.region.as_str());
    let reason = "the account's quota of virtual processors is reached: raise it, or end other \
                  clusters";
    Fix::by_hand(reason, Some(command.into()))
}

/// The right for the machines' role. A command only where the role and the bucket are known and
/// plain: the text comes from a log.
pub(super) fn grant(actions: &[String], resource: Option<&Untrusted>, stack: &Stack) -> Fix {
    let what = actions.join(" and ");
    let on = resource.map(|of| format!(" on {of}")).unwrap_or_default();
    match &stack.cluster.emr.instance_profile {
        Some(profile) => {
            let reason = format!("the role of instance profile {profile} needs {what}{on}");
            Fix::by_hand(reason, None)
        }
        None => {
            let reason = format!("the role of the machines, {INSTANCE_PROFILE}, needs {what}{on}");
            let bucket = resource.and_then(|of| bucket(of.as_str()));
            Fix::by_hand(reason, bucket.map(|bucket| put_policy(actions, bucket)))
        }
    }
}

fn put_policy(actions: &[String], bucket: &str) -> Hint {
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": actions,
            "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        }],
    });
    Command::other("aws iam put-role-policy --role-name")
        .arg(INSTANCE_PROFILE)
        .args("--policy-name")
        .arg(format!("clusterup-read-{bucket}"))
        .args("--policy-document")
        .arg(document.to_string())
        .into()
}

/// The bucket of an address in S3, if it is the name of one (S3 User Guide, "Bucket naming rules").
fn bucket(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let bucket = rest.split('/').next()?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    ((3..=63).contains(&bucket.len()) && bucket.bytes().all(plain)).then_some(bucket)
}
