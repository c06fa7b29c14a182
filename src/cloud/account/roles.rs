//! The roles that EMR takes: looked for before anything is made, and made where that is asked for.

use super::Account;
use super::documents::{machines, reaper, scheduler_trust, trust};
use super::errors::Doing;
use super::permissions::{END_CLUSTERS, MACHINES};
use crate::cloud::api::iam::{
    AddRoleToInstanceProfile, CreateInstanceProfile, CreateRole, GetInstanceProfile, GetRole,
};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::model::partition::Partition;
use std::time::Duration;

/// EMR's own role, under the name that AWS's tools give it.
pub(super) const SERVICE_ROLE: &str = "EMR_DefaultRole";
/// The machines' role and instance profile: EMR wants both under one name.
pub(super) const INSTANCE_PROFILE: &str = "EMR_EC2_DefaultRole";
/// What EventBridge Scheduler takes to end a cluster.
pub(super) const REAPER: &str = "clusterup-reaper";
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

    async fn check_there(&self) -> Result<(), CloudError> {
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

    /// All that a new cluster needs of roles.
    pub(super) async fn check_roles(&self) -> Result<(), CloudError> {
        let (there, rights) = tokio::join!(self.check_there(), self.check_rights());
        there.and(rights)
    }

    /// Makes those that are missing: EMR's role, the machines' with its profile, and the scheduler's; and
    /// gives its permissions to each that has none, for a run may have been cut off between the two.
    /// What others gave a role they say; the scheduler's role and what we gave are ours alone.
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
            self.permit(INSTANCE_PROFILE, MACHINES, document).await?;
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
        self.permit(REAPER, END_CLUSTERS, reaper(partition, &account))
            .await?;
        self.guard_bucket().await?;
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
}

/// Whether it was made; what is there already is as good.
fn was_made(made: Result<(), ApiError>) -> Result<bool, ApiError> {
    match made {
        Err(error) if error.kind == Kind::Exists => Ok(false),
        made => made.map(|()| true),
    }
}
