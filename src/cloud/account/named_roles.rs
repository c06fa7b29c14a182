//! The roles that a stack's cluster uses: EMR's default ones, or those that the stack names.

use super::Account;
use super::errors::Context;
use super::roles::{INSTANCE_PROFILE, SERVICE_ROLE};
use crate::cloud::api::iam::{GetInstanceProfile, GetRole};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::model::aws_names::{ProfileName, RoleName};
use crate::model::emr_settings::EmrSettings;

impl<A: Api> Account<A> {
    /// Checks the roles that a new cluster needs. If the plan `creates` the default ones, only those
    /// that the stack names must exist. Roles that may not be read are assumed to exist.
    pub(super) async fn check_roles(
        &self,
        emr: &EmrSettings,
        creates: bool,
    ) -> Result<(), CloudError> {
        self.check_named(emr).await?;
        let both = emr.service_role.is_some() && emr.instance_profile.is_some();
        if creates || both {
            return Ok(());
        }
        if emr.instance_profile.is_some() {
            return self.check_there(&[SERVICE_ROLE]).await;
        }
        let default: &[&str] = match emr.service_role {
            Some(_) => &[INSTANCE_PROFILE],
            None => &[SERVICE_ROLE, INSTANCE_PROFILE],
        };
        let (there, rights) = tokio::join!(self.check_there(default), self.check_rights());
        there.and(rights)
    }

    async fn check_there(&self, needed: &[&str]) -> Result<(), CloudError> {
        let mut missing = self.missing_roles().await?;
        missing.retain(|role| needed.contains(role));
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!(
            "EMR needs roles that are missing in this account: {}",
            missing.join(", ")
        );
        Err(CloudError::new(Class::Missing, message)
            .hint("create them, once per account: apply … --create-roles")
            .hint("or create them with AWS's tool: aws emr create-default-roles"))
    }

    /// Checks the roles that the stack names.
    async fn check_named(&self, emr: &EmrSettings) -> Result<(), CloudError> {
        let mut missing = Vec::new();
        for (key, role) in [
            ("service", &emr.service_role),
            ("scaling", &emr.scaling_role),
        ] {
            if let Some(role) = role
                && self.is_named_missing(role).await?
            {
                missing.push(format!("roles.{key}: {role}"));
            }
        }
        if let Some(profile) = &emr.instance_profile
            && self.is_profile_missing(profile).await?
        {
            missing.push(format!("roles.instance_profile: {profile}"));
        }
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the stack names roles that are missing in this account: {}",
            missing.join(", ")
        );
        Err(CloudError::new(Class::Missing, message)
            .hint("create them, or name others under cluster.roles")
            .hint("or leave cluster.roles out: then EMR's default roles are used"))
    }

    async fn is_named_missing(&self, role: &RoleName) -> Result<bool, CloudError> {
        let name = role.name().to_owned();
        let reply = self.api.serve(GetRole { name }).await;
        is_missing(reply.err()).with_context(|| format!("read role {role}"))
    }

    /// A profile without a role is as good as missing: EMR cannot use it.
    async fn is_profile_missing(&self, profile: &ProfileName) -> Result<bool, CloudError> {
        let name = profile.name().to_owned();
        let reply = self.api.serve(GetInstanceProfile { name }).await;
        if reply.as_ref().is_ok_and(Vec::is_empty) {
            return Ok(true);
        }
        is_missing(reply.err()).with_context(|| format!("read instance profile {profile}"))
    }
}

/// Whether the error of a read says that the thing does not exist. What may not be read is assumed
/// to exist.
pub(super) fn is_missing(error: Option<ApiError>) -> Result<bool, ApiError> {
    match error.map(|error| (error.kind, error)) {
        None | Some((Kind::Denied, _)) => Ok(false),
        Some((Kind::NotFound, _)) => Ok(true),
        Some((_, error)) => Err(error),
    }
}
