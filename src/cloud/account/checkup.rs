//! Checks whether this account is ready. Each check is a call that changes nothing.

use super::observe::filter;
use super::roles::{INSTANCE_PROFILE, REAPER, SERVICE_ROLE};
use super::{Account, network};
use crate::cloud::api::ec2::{
    DefaultVpcs, DescribeKeyPairs, DescribeSecurityGroups, DescribeSubnets, Filter,
};
use crate::cloud::api::emr::{
    BlockPublicAccess, GetBlockPublicAccess, ListClusters, ListReleaseLabels,
};
use crate::cloud::api::quotas::STANDARD_VCPUS;
use crate::cloud::api::s3::ListObjects;
use crate::cloud::api::sts::Identity;
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::{CloudError, Finding, Readiness};
use crate::model::hint::{Command, Hint};
use crate::model::stack::Stack;
use async_trait::async_trait;

#[async_trait(?Send)]
impl<A: Api> Readiness for Account<A> {
    async fn identity(&self) -> Result<Identity, CloudError> {
        self.identity().await
    }

    async fn has_missing_roles(&self) -> Result<bool, CloudError> {
        Ok(!self.missing_roles().await?.is_empty()
            || self.is_reaper_missing().await?
            || self.needs_permissions().await?)
    }

    async fn checkup(&self, stack: Option<&Stack>) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.identity().await {
            Ok(identity) => {
                findings.push(good("credentials", &identity.arn));
                findings.push(self.address());
                findings.push(self.roles_finding().await);
                findings.extend(self.permission_findings().await);
                findings.extend(self.permissions().await);
                findings.extend(self.network(stack).await);
                findings.push(self.quota().await);
            }
            Err(error) => {
                findings.push(bad("credentials", &error));
                findings.push(self.address());
                findings.extend(NEED_CREDENTIALS.map(skipped));
            }
        }
        findings
    }

    /// EventBridge checks the role when a schedule is created, but the call only when it fires.
    async fn try_schedule(&self) -> Finding {
        let what = "schedule".to_owned();
        let create_and_delete = self.try_schedule_far_off().await;
        let (good, says, hints) = match create_and_delete {
            Ok(Ok(())) => (
                true,
                "one was created, read and deleted".to_owned(),
                Vec::new(),
            ),
            Ok(Err(error)) => {
                let create = "apply any stack with --create-roles: it creates the role, once";
                let put_policy = format!("or ask for the permission {}", error.call);
                (
                    false,
                    error.to_string(),
                    vec![create.into(), put_policy.into()],
                )
            }
            Err(error) => (false, error.to_string(), error.hints),
        };
        Finding {
            what,
            good,
            says,
            hints,
        }
    }
}

impl<A: Api> Account<A> {
    fn address(&self) -> Finding {
        match self.caller() {
            Ok(ranges) => {
                let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
                good("address", &ranges.join(", "))
            }
            Err(error) => bad("address", &error),
        }
    }

    async fn roles_finding(&self) -> Finding {
        let missing = match self.missing_roles().await {
            Ok(mut missing) => match self.is_reaper_missing().await {
                Ok(is_missing) => {
                    missing.extend(is_missing.then_some(REAPER));
                    missing
                }
                Err(error) => return bad("roles", &error),
            },
            Err(error) => return bad("roles", &error),
        };
        if missing.is_empty() {
            let all = [SERVICE_ROLE, INSTANCE_PROFILE, REAPER].join(", ");
            return good("roles", &all);
        }
        let mut hints: Vec<Hint> =
            vec!["add --create-roles to the next apply: it creates them, once per account".into()];
        if missing != [REAPER] {
            hints.push(Command::other("aws emr create-default-roles").into());
        }
        Finding {
            what: "roles".to_owned(),
            good: false,
            says: format!("missing: {}", missing.join(", ")),
            hints,
        }
    }

    /// The default VPC, in a subnet of which EMR starts the machines of a cluster.
    async fn default_vpc(&self) -> Finding {
        let region = &self.settings.region;
        let vpc = match self.api.serve(DefaultVpcs).await {
            Ok(ids) => ids.into_iter().next(),
            Err(error) => return permission("network", Some(error), ""),
        };
        let Some(vpc) = vpc else {
            let says = format!("{} to create clusters in", network::has_none(region));
            return missing("network", says, network::create(region));
        };
        match self
            .api
            .serve(DescribeSubnets {
                filters: vec![filter("vpc-id", &vpc)],
            })
            .await
        {
            Ok(subnets) if subnets.is_empty() => {
                let says = format!("default VPC {vpc} has no subnet to start machines in");
                let zone = format!("--availability-zone {region}a --region {region}");
                let create = format!("aws ec2 create-default-subnet {zone}");
                missing("network", says, Command::line(&create))
            }
            subnets => permission("network", subnets.err(), &format!("default VPC {vpc}")),
        }
    }

    /// The network that clusters use, and the ports that EMR lets them open.
    async fn network(&self, stack: Option<&Stack>) -> Vec<Finding> {
        let of_stack = async {
            match stack {
                Some(stack) => self.stack_network(stack).await,
                None => None,
            }
        };
        let place = async {
            match of_stack.await {
                Some(findings) => findings,
                None => vec![self.default_vpc().await],
            }
        };
        let (mut findings, block) = tokio::join!(place, self.api.serve(GetBlockPublicAccess));
        let access = match block {
            Ok(BlockPublicAccess { blocks: false, .. }) => good(
                "public ports",
                "EMR does not block security groups that are open to \
                      everybody",
            ),
            Ok(BlockPublicAccess { open, .. }) => {
                let open: Vec<String> = open.iter().map(|range| ports(*range)).collect();
                let open = if open.is_empty() {
                    "none".to_owned()
                } else {
                    open.join(", ")
                };
                let says = "EMR refuses security groups that are open to everybody, except on \
                            ports";
                good("public ports", &format!("{says}: {open}"))
            }
            Err(error) => permission("public ports", Some(error), ""),
        };
        findings.push(access);
        findings
    }

    /// The quota of vCPUs. Not being allowed to read it does not keep anybody from creating
    /// clusters.
    async fn quota(&self) -> Finding {
        let region = &self.settings.region;
        let vcpus = match self.api.serve(STANDARD_VCPUS).await {
            Ok(vcpus) => vcpus,
            Err(error) => return good("quota", &format!("not read: {error}")),
        };
        let says = format!(
            "{vcpus} vCPUs of on-demand standard instances at a time; \
             3 x m5.xlarge take {USUAL_VCPUS}"
        );
        let mut finding = good("quota", &says);
        if vcpus < USUAL_VCPUS {
            let service = STANDARD_VCPUS.service;
            let code = STANDARD_VCPUS.code;
            finding.good = vcpus >= SMALLEST_VCPUS;
            finding.hints.push(
                Command::line(&format!(
                    "aws service-quotas request-service-quota-increase --service-code {service} \
                     --quota-code {code} --desired-value {USUAL_QUOTA} --region {region}"
                ))
                .into(),
            );
        }
        finding
    }

    async fn permissions(&self) -> Vec<Finding> {
        let filters = vec![Filter {
            name: "tag-key".to_owned(),
            values: vec!["clusterup".to_owned()],
        }];
        let Ok(bucket) = self.bucket().await else {
            return Vec::new();
        };
        let states = super::observe::NOT_OVER.to_vec();
        let name = bucket.name.clone();
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
        let state = if objects.is_ok() {
            "exists"
        } else {
            "not created yet; apply creates it"
        };
        vec![
            permission(
                "clusters",
                clusters.err(),
                &format!("{alive} alive in the account"),
            ),
            permission("releases", labels.err(), "you may list them"),
            permission("key pairs", keys.err(), "you may list them"),
            permission("groups", groups.err(), "you may list them"),
            permission("bucket", objects.err(), &format!("{name}, {state}")),
        ]
    }
}

/// The checks that need credentials.
const NEED_CREDENTIALS: [&str; 9] = [
    "roles",
    "clusters",
    "releases",
    "key pairs",
    "groups",
    "bucket",
    "network",
    "public ports",
    "quota",
];

/// The vCPUs of three m5.xlarge, the cluster that `init` writes.
const USUAL_VCPUS: u64 = 12;

/// The vCPUs of one m5.xlarge. EMR's smaller types have as many.
const SMALLEST_VCPUS: u64 = 4;

/// The vCPUs that EC2 grants most accounts by default.
const USUAL_QUOTA: u64 = 32;

fn skipped(what: &str) -> Finding {
    Finding {
        what: what.to_owned(),
        good: false,
        says: "not checked: there are no valid credentials".to_owned(),
        hints: Vec::new(),
    }
}

fn missing(what: &str, says: String, create: Command) -> Finding {
    Finding {
        what: what.to_owned(),
        good: false,
        says,
        hints: vec![create.into()],
    }
}

fn ports((from, to): (u16, u16)) -> String {
    if from == to {
        from.to_string()
    } else {
        format!("{from}-{to}")
    }
}

pub(super) fn good(what: &str, says: &str) -> Finding {
    let what = what.to_owned();
    let says = says.to_owned();
    let hints = Vec::new();
    Finding {
        what,
        good: true,
        says,
        hints,
    }
}

pub(super) fn bad(what: &str, error: &CloudError) -> Finding {
    let what = what.to_owned();
    let says = error.to_string();
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
