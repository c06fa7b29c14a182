//! The roles that EMR and the scheduler assume: checked before anything is created, and created on
//! request.

use super::Account;
use super::documents::{machines, reaper, scheduler_trust, trust};
use super::errors::Context;
use super::named_roles::is_missing;
use super::permissions::{END_CLUSTERS, MACHINES};
use crate::cloud::api::iam::{
    AddRoleToInstanceProfile, CreateInstanceProfile, CreateRole, GetInstanceProfile, GetRole,
};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::error::CloudError;
use crate::model::partition::Partition;

pub(super) use crate::model::aws_names::{INSTANCE_PROFILE, SERVICE_ROLE};
use std::time::Duration;

/// The role with which EventBridge Scheduler ends clusters.
pub(super) const REAPER: &str = "clusterup-reaper";
/// How long a new profile may be unknown to other services (IAM is eventually consistent).
const VISIBILITY_WINDOW: Duration = Duration::from_secs(12);

impl<A: Api> Account<A> {
    /// Returns EMR's roles that are missing. Roles that may not be read are assumed to exist.
    ///
    /// # Errors
    /// Returns an error if the roles cannot be read for another reason.
    pub async fn missing_roles(&self) -> Result<Vec<&'static str>, CloudError> {
        let (role, profile) = tokio::join!(
            self.api.serve(GetRole {
                name: SERVICE_ROLE.to_owned()
            }),
            self.api.serve(GetInstanceProfile {
                name: INSTANCE_PROFILE.to_owned()
            }),
        );
        let context = || "read EMR's roles".to_owned();
        let mut missing = Vec::new();
        if is_missing(role.err()).with_context(context)? {
            missing.push(SERVICE_ROLE);
        }
        let empty = profile.as_ref().is_ok_and(Vec::is_empty);
        if empty || is_missing(profile.err()).with_context(context)? {
            missing.push(INSTANCE_PROFILE);
        }
        Ok(missing)
    }

    /// Whether the scheduler's role is missing.
    pub(super) async fn is_reaper_missing(&self) -> Result<bool, CloudError> {
        let name = REAPER.to_owned();
        match self.api.serve(GetRole { name }).await {
            Err(error) if error.kind == Kind::NotFound => Ok(true),
            Err(error) if error.kind == Kind::Denied => Ok(false),
            role => role
                .with_context(|| format!("read role {REAPER}"))
                .map(|_| false),
        }
    }

    /// Creates the missing roles: EMR's, the instances' with its profile, and the scheduler's.
    /// Gives permissions to each role that has none, because an earlier run may have been
    /// interrupted in between. Policies of others are kept; the scheduler's role and our own
    /// policies are always rewritten.
    pub(super) async fn create_roles(&self) -> Result<(), CloudError> {
        let account = self.identity().await?.account.to_string();
        let partition = Partition::of(&self.settings.region).as_str();
        let older = self.older_stacks().await?;
        self.role(SERVICE_ROLE, trust("elasticmapreduce.amazonaws.com"))
            .await?;
        if self.policies(SERVICE_ROLE).await?.is_empty() {
            self.attach_service_policy(partition).await?;
        }
        self.role(INSTANCE_PROFILE, trust("ec2.amazonaws.com"))
            .await?;
        let policies = self.policies(INSTANCE_PROFILE).await?;
        if policies.is_empty() || policies.iter().any(|name| name == MACHINES) {
            let document = machines(partition, &account, &older);
            self.put_policy(INSTANCE_PROFILE, MACHINES, document)
                .await?;
        }
        let name = INSTANCE_PROFILE.to_owned();
        let made = self
            .api
            .serve(CreateInstanceProfile { name: name.clone() })
            .await;
        created(made).with_context(|| format!("create instance profile {name}"))?;
        let call = AddRoleToInstanceProfile {
            profile: name.clone(),
            role: name.clone(),
        };
        let added = self.api.serve(call).await;
        created(added).with_context(|| format!("add the role to instance profile {name}"))?;
        self.role(REAPER, scheduler_trust(partition, &account))
            .await?;
        self.put_policy(REAPER, END_CLUSTERS, reaper(partition, &account))
            .await?;
        self.guard_bucket().await?;
        tokio::time::sleep(VISIBILITY_WINDOW).await;
        Ok(())
    }

    /// Creates a role. False if it existed.
    async fn role(&self, name: &str, trust: serde_json::Value) -> Result<bool, CloudError> {
        let call = CreateRole {
            name: name.to_owned(),
            trust: trust.to_string(),
        };
        created(self.api.serve(call).await).with_context(|| format!("create role {name}"))
    }
}

/// Whether it was created; false if it existed.
fn created(result: Result<(), ApiError>) -> Result<bool, ApiError> {
    match result {
        Err(error) if error.kind == Kind::Exists => Ok(false),
        result => result.map(|()| true),
    }
}
