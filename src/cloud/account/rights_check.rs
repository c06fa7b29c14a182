//! Checks whether roles and the bucket allow what they should and no more. Each finding has the
//! command that fixes it.

use super::Account;
use super::documents::reaper;
use super::permissions::{END_CLUSTERS, MACHINES, merged, usual_service_policy};
use super::roles::{INSTANCE_PROFILE, REAPER, SERVICE_ROLE};
use crate::cloud::Finding;
use crate::cloud::api::iam::GetRolePolicy;
use crate::cloud::api::s3::Bucket;
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::rights::Decision;
use crate::model::hint::{Command, Hint};
use crate::model::partition::Partition;

/// One object of each kind that instances must not write; the last is the bucket itself.
const CONTROL: [&str; 8] = [
    "locks/t.json",
    "teams/t.json",
    "watchdog/lock",
    "stacks/t/clusters/j-1",
    "stacks/t/intents/0.json",
    "stacks/t/deadlines/0",
    "stacks/t/scripts/0/t.py",
    "",
];
/// An object that they must be able to write.
const WORKS: &str = "work/t/results/x";
const WRITES: [&str; 3] = ["s3:PutObject", "s3:DeleteObject", "s3:PutBucketPolicy"];

/// What the policies of the instances' role allow.
enum Rights {
    Missing,
    /// No more than clusterup's own.
    Narrow,
    /// Clusterup's own policy, of an older version or modified.
    Stale,
    /// Another policy, given by name, allows more.
    Wide(String),
}

impl<A: Api> Account<A> {
    /// Reports roles without policies, and whatever lets instances write more than their work.
    pub(super) async fn permission_findings(&self) -> Vec<Finding> {
        let Ok(bucket) = self.bucket().await else {
            return Vec::new();
        };
        let mut findings = Vec::new();
        for role in [SERVICE_ROLE, REAPER] {
            findings.extend(self.has_policy(role).await);
        }
        let guarded = self.bucket_finding(&bucket).await;
        let refused = guarded.as_ref().is_none_or(|finding| finding.good);
        findings.extend(self.machines_finding(&bucket, refused).await);
        findings.extend(guarded);
        findings
    }

    /// `None` if the role does not exist, which another check reports.
    async fn has_policy(&self, role: &str) -> Option<Finding> {
        let what = format!("permissions of {role}");
        match self.list_policies(role).await {
            Ok(policies) if policies.is_empty() => {
                let command = self.command_to_permit(role).await;
                Some(bad(&what, "it has no policy", command))
            }
            Ok(_) => None,
            Err(error) => unread(&what, &error),
        }
    }

    /// The command that gives a role its permissions.
    async fn command_to_permit(&self, role: &str) -> String {
        let partition = Partition::of(&self.settings.region).as_str();
        let account = self.identity().await.map(|it| it.account.to_string());
        let account = account.unwrap_or_default();
        match role {
            SERVICE_ROLE => format!(
                "aws iam attach-role-policy --role-name {role} --policy-arn {}",
                usual_service_policy(partition)
            ),
            REAPER => put(role, END_CLUSTERS, &reaper(partition, &account).to_string()),
            _ => {
                let older = self.older_stacks().await.unwrap_or_default();
                put(
                    role,
                    MACHINES,
                    &self.desired_rights(&older).await.to_string(),
                )
            }
        }
    }

    async fn machines_finding(&self, bucket: &Bucket, refused: bool) -> Option<Finding> {
        let what = format!("permissions of {INSTANCE_PROFILE}");
        let rights = match self.rights(bucket).await {
            Ok(rights) => rights,
            Err(error) => return unread(&what, &error),
        };
        Some(match rights {
            Rights::Narrow => good(&what, "instances can write only below work/"),
            Rights::Missing => {
                let command = self.command_to_permit(INSTANCE_PROFILE).await;
                bad(&what, "it has no policy", command)
            }
            Rights::Stale => {
                let command = self.command_to_permit(INSTANCE_PROFILE).await;
                let says = "its policy is from another version of clusterup: either a job could \
                    write locks and notes, or it could not write its results";
                bad(&what, says, command)
            }
            Rights::Wide(policy) if refused => {
                let says = format!("{policy} allows more, and the bucket's policy denies it");
                good(&what, &says)
            }
            Rights::Wide(policy) => {
                let says = format!("{policy} lets a job write locks, notes and accounts");
                bad(&what, &says, self.command_to_restrict(bucket).await)
            }
        })
    }

    async fn rights(&self, bucket: &Bucket) -> Result<Rights, ApiError> {
        let policies = self.list_policies(INSTANCE_PROFILE).await?;
        let own = |name: &&String| !name.starts_with("arn:");
        for name in policies.iter().filter(own) {
            let role = INSTANCE_PROFILE.to_owned();
            let name = name.clone();
            let call = GetRolePolicy { role, name };
            let document = self.api.serve(call.clone()).await?;
            let wide = |key: &&str| {
                let mut writes = WRITES.iter();
                writes.any(|action| self.permits(&document, bucket, action, key))
            };
            let writes = self.permits(&document, bucket, "s3:PutObject", WORKS);
            match (CONTROL.iter().any(wide), call.name == MACHINES) {
                (true, true) => return Ok(Rights::Stale),
                (false, true) if !writes => return Ok(Rights::Stale),
                (true, false) => return Ok(Rights::Wide(call.name)),
                (false, _) => {}
            }
        }
        Ok(
            match policies.iter().find(|name| name.starts_with("arn:")) {
                Some(managed) => Rights::Wide(managed.clone()),
                None if policies.is_empty() => Rights::Missing,
                None => Rights::Narrow,
            },
        )
    }

    /// `None` if there is no bucket yet.
    async fn bucket_finding(&self, bucket: &Bucket) -> Option<Finding> {
        let what = "policy of the bucket";
        let document = match self.read_policy(bucket).await {
            Ok(Some(document)) => document,
            Ok(None) => {
                let says = "it has no policy: a job could write locks, notes and accounts";
                return Some(bad(what, says, self.command_to_restrict(bucket).await));
            }
            Err(error) => return unread(what, &error),
        };
        let denies =
            |action: &str, key: &str| self.decide(&document, bucket, action, key) == Decision::Deny;
        let open = CONTROL
            .iter()
            .any(|key| WRITES.iter().any(|action| !denies(action, key)));
        if open {
            let says = "it lets a job write locks, notes and accounts";
            return Some(bad(what, says, self.command_to_restrict(bucket).await));
        }
        if denies("s3:PutObject", WORKS) {
            let says = "it prevents jobs from writing their results";
            return Some(bad(what, says, self.command_to_restrict(bucket).await));
        }
        if !document.contains("/stacks/") {
            return Some(good(what, "instances can write only below work/"));
        }
        // While clusters of an older clusterup are live, more is allowed.
        let older = self.older_stacks().await.unwrap_or_default();
        let names: Vec<String> = older.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        Some(if names.is_empty() {
            let says = "it still allows what clusters of an older clusterup needed, and no such \
                cluster is left";
            bad(what, says, self.command_to_restrict(bucket).await)
        } else {
            let but = "instances can write only below work/, except those of an older clusterup";
            good(what, &format!("{but}: {names}"))
        })
    }

    /// The command that restricts the bucket.
    async fn command_to_restrict(&self, bucket: &Bucket) -> String {
        let older = self.older_stacks().await.unwrap_or_default();
        let name = &bucket.name;
        let region = &self.settings.region;
        let there = self.read_policy(bucket).await.ok().flatten();
        let there = there.and_then(|it| serde_json::from_str(&it).ok());
        let document = merged(there.as_ref(), self.desired_policy(bucket, &older));
        format!(
            "aws s3api put-bucket-policy --region {region} --bucket {name} --policy '{document}'"
        )
    }
}

fn put(role: &str, name: &str, document: &str) -> String {
    format!(
        "aws iam put-role-policy --role-name {role} --policy-name {name} \
         --policy-document '{document}'"
    )
}

fn good(what: &str, says: &str) -> Finding {
    finding(what, true, says, Vec::new())
}

fn bad(what: &str, says: &str, command: String) -> Finding {
    finding(what, false, says, vec![Command::line(&command).into()])
}

fn finding(what: &str, good: bool, says: &str, hints: Vec<Hint>) -> Finding {
    Finding {
        what: what.to_owned(),
        good,
        says: says.to_owned(),
        hints,
    }
}

/// A denied read is no fault; what does not exist is reported by another check.
fn unread(what: &str, error: &ApiError) -> Option<Finding> {
    match error.kind {
        Kind::NotFound => None,
        Kind::Denied => Some(good(
            what,
            &format!("unknown: {} is not allowed", error.call),
        )),
        Kind::Throttled
        | Kind::Unauthenticated
        | Kind::Exists
        | Kind::Precondition
        | Kind::InUse
        | Kind::Invalid
        | Kind::OutcomeUnknown => Some(finding(what, false, &error.to_string(), Vec::new())),
    }
}
