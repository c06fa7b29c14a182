//! Whether this account is ready: each thing that clusterup needs, asked for by a call that changes
//! nothing.

use super::Account;
use super::roles::{INSTANCE_PROFILE, SERVICE_ROLE};
use crate::cloud::api::ec2::{DescribeKeyPairs, DescribeSecurityGroups, Filter};
use crate::cloud::api::emr::{ListClusters, ListReleaseLabels};
use crate::cloud::api::s3::ListObjects;
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::{CloudError, Finding};

impl<A: Api> Account<A> {
    pub(super) async fn findings(&self) -> Vec<Finding> {
        let mut findings = vec![match self.identity().await {
            Ok(identity) => good("credentials", &identity.arn),
            Err(error) => return vec![bad("credentials", &error)],
        }];
        findings.push(match self.missing_roles().await {
            Ok(missing) if missing.is_empty() => {
                good("roles", &format!("{SERVICE_ROLE}, {INSTANCE_PROFILE}"))
            }
            Ok(missing) => Finding {
                what: "roles".to_owned(),
                good: false,
                says: format!("not there: {}", missing.join(", ")),
                hints: vec!["apply any stack with --create-roles: it makes them, once".into()],
            },
            Err(error) => bad("roles", &error),
        });
        findings.extend(self.permission_findings().await);
        findings.push(match self.caller() {
            Ok(ranges) => {
                let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
                good("address", &ranges.join(", "))
            }
            Err(error) => bad("address", &error),
        });
        findings.extend(self.permissions().await);
        findings
    }

    async fn permissions(&self) -> Vec<Finding> {
        let filters = vec![Filter {
            name: "tag-key".to_owned(),
            values: vec!["clusterup".to_owned()],
        }];
        let Ok(bucket) = self.bucket().await else {
            return Vec::new();
        };
        let (states, name) = (super::observe::NOT_OVER.to_vec(), bucket.name.clone());
        let (clusters, labels, keys, groups, objects) = tokio::join!(
            self.api.serve(ListClusters {
                states,
                created_after: None,
                next: None
            }),
            self.api.serve(ListReleaseLabels {
                prefix: "emr-7.".to_owned(),
                next: None
            }),
            self.api.serve(DescribeKeyPairs {
                filters: filters.clone()
            }),
            self.api.serve(DescribeSecurityGroups {
                filters: filters.clone()
            }),
            self.api.serve(ListObjects {
                bucket,
                prefix: "locks/".to_owned(),
                delimiter: None,
                next: None,
            }),
        );
        let alive = clusters.as_ref().map_or(0, |page| page.items.len());
        let there = if objects.is_ok() {
            "there"
        } else {
            "not there yet; apply makes it"
        };
        vec![
            permission(
                "clusters",
                clusters.err(),
                &format!("{alive} alive in the account"),
            ),
            permission("releases", labels.err(), "may be listed"),
            permission("key pairs", keys.err(), "may be listed"),
            permission("groups", groups.err(), "may be listed"),
            permission("bucket", objects.err(), &format!("{name}, {there}")),
        ]
    }
}

fn good(what: &str, says: &str) -> Finding {
    let (what, says, hints) = (what.to_owned(), says.to_owned(), Vec::new());
    Finding {
        what,
        good: true,
        says,
        hints,
    }
}

fn bad(what: &str, error: &CloudError) -> Finding {
    let (what, says) = (what.to_owned(), error.to_string());
    Finding {
        what,
        good: false,
        says,
        hints: error.hints.clone(),
    }
}

fn permission(what: &str, error: Option<ApiError>, says: &str) -> Finding {
    match error {
        None => good(what, says),
        Some(error) if error.kind == Kind::NotFound => good(what, says),
        Some(error) => Finding {
            what: what.to_owned(),
            good: false,
            says: error.to_string(),
            hints: vec![format!("ask for the permission {}", error.call).into()],
        },
    }
}
