//! Names of resources in an account, and the tags that identify them. A name holds what a listing
//! needs, because listings have no tags.

use crate::cloud::api::Tags;
use crate::model::name::{AccountId, Region, StackName};

pub(super) const STACK: &str = "clusterup-stack";
pub(super) const NAME: &str = "clusterup-name";
/// On key pairs whose private key clusterup created.
pub(super) const MADE: &str = "clusterup-made";
/// On security groups that were created in the VPC of a named subnet.
pub(super) const VPC: &str = "clusterup-vpc";
pub(super) const NONCE: &str = "clusterup-nonce";
/// The hash of the job that a cluster was created with.
pub(super) const JOB: &str = "clusterup-job";
/// Why a cluster was ended: reason and message.
pub(super) const END: &str = "clusterup-end";
/// A cluster's counts and when they changed.
pub(super) const SIZES: &str = "clusterup-sizes";
/// The prefix of tags with moved deadlines; a number follows.
const EXTENDED: &str = "clusterup-extended-";
/// How many seconds after its creation the primary powers itself off.
pub(super) const DEADLINE: &str = "clusterup-deadline";
const MANAGED: &str = "clusterup-managed";
pub(super) use crate::cloud::budgets::model::TEAM_TAG as TEAM;
pub(super) const OWNER: &str = "clusterup-owner";
/// When and by whom a cluster of others was adopted, and with which limits.
pub(super) const ADOPTED: &str = "clusterup-adopted";
/// AWS's managed policies for EMR, version 2, act only on resources with this tag (EMR Management
/// Guide).
pub(super) const EMR_POLICIES: &str = "for-use-with-amazon-emr-managed-policies";

/// EMR allows 256 characters in a tag's value.
pub(super) const MAX_VALUE: usize = 256;

/// How many extensions a cluster's tags have room for.
pub(super) const MAX_EXTENSIONS: usize = 8;

/// The tag of a cluster's n-th moved deadline, from 0.
pub(super) fn extended(number: usize) -> String {
    format!("{EXTENDED}{number}")
}

/// The name of a stack's key pair or group in EC2. Stack names have no dots.
pub(super) fn ec2(stack: &StackName, name: &str) -> String {
    format!("clusterup.{stack}.{name}")
}

pub(super) fn bucket(account: &AccountId, region: &Region) -> String {
    format!("clusterup-{account}-{region}")
}

/// The prefix of a stack's notes and files.
pub(super) fn prefix(stack: &StackName) -> String {
    format!("stacks/{stack}/")
}

/// The top prefix of what cluster instances may write.
pub(super) const WORK: &str = "work";

/// The prefix of what a stack's instances may write: results, scratch, logs, and the deadline that
/// they report.
pub(super) fn work(stack: &StackName) -> String {
    format!("{WORK}/{stack}/")
}

/// The object in which the primary of the cluster with a nonce reports the deadline that it has
/// read: whole seconds after the cluster's creation, in digits.
pub(super) fn reported_deadline(stack: &StackName, nonce: &str) -> String {
    format!("{}heard/{nonce}", work(stack))
}

pub(super) fn cluster(stack: &StackName, nonce: &str) -> String {
    format!("clusterup/{stack}/{nonce}")
}

/// The stack and nonce in a cluster's name, if clusterup created it.
pub(super) fn of_cluster(name: &str) -> Option<(StackName, &str)> {
    let (stack, nonce) = name.strip_prefix("clusterup/")?.split_once('/')?;
    Some((stack.parse().ok()?, nonce))
}

/// The tags of every resource of a stack.
pub(super) fn tags(stack: &StackName, owner: &str) -> Tags {
    [
        (MANAGED, "true"),
        (STACK, stack.as_str()),
        (OWNER, &value(owner)),
        (EMR_POLICIES, "true"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

pub(super) fn team(tags: &mut Tags, team: Option<&crate::model::name::TeamName>) {
    if let Some(team) = team {
        tags.insert(TEAM.to_owned(), team.to_string());
    }
}

/// A text as a tag's value: characters that EC2 and EMR do not allow become spaces.
pub(super) fn value(text: &str) -> String {
    let plain = |c: char| {
        let allowed = c.is_ascii_alphanumeric() || "+-=._:/@ ".contains(c);
        if allowed { c } else { ' ' }
    };
    text.chars().map(plain).take(MAX_VALUE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_back() {
        let stack: StackName = "movies".parse().unwrap();
        let name = cluster(&stack, "00ff");
        assert_eq!(of_cluster(&name), Some((stack, "00ff")));
        assert_eq!(of_cluster("nightly/etl/1"), None);
    }

    #[test]
    fn work_is_below_its_own_prefix() {
        let stack: StackName = "movies".parse().unwrap();
        assert_eq!(reported_deadline(&stack, "00ff"), "work/movies/heard/00ff");
        assert!(!work(&stack).starts_with(&prefix(&stack)));
    }

    #[test]
    fn values_of_tags_are_plain() {
        assert_eq!(value("idle for 10m (since 1)"), "idle for 10m  since 1 ");
        assert_eq!(value(&"a".repeat(300)).len(), MAX_VALUE);
    }
}
