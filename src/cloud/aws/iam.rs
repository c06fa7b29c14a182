//! AWS IAM by the SDK.

use super::Sdk;
use super::error::{lacks, told};
use crate::cloud::api::iam::{
    AddRoleToInstanceProfile, AttachRolePolicy, CreateInstanceProfile, CreateRole,
    GetInstanceProfile, GetRole, PutRolePolicy, RoleArn,
};
use crate::cloud::api::{ApiError, Kind, Serve};

impl Serve<GetRole> for Sdk {
    async fn serve(&self, call: GetRole) -> Result<RoleArn, ApiError> {
        let reply = self.iam.get_role().role_name(call.name).send().await;
        let reply = reply.map_err(told::<GetRole, _>)?;
        let role = reply.role.ok_or_else(|| lacks::<GetRole>("the role"))?;
        Ok(RoleArn(role.arn))
    }
}

impl Serve<CreateRole> for Sdk {
    async fn serve(&self, call: CreateRole) -> Result<(), ApiError> {
        self.iam
            .create_role()
            .role_name(call.name)
            .assume_role_policy_document(call.trust)
            .send()
            .await
            .map_err(told::<CreateRole, _>)?;
        Ok(())
    }
}

impl Serve<AttachRolePolicy> for Sdk {
    async fn serve(&self, call: AttachRolePolicy) -> Result<(), ApiError> {
        self.iam
            .attach_role_policy()
            .role_name(call.role)
            .policy_arn(call.policy)
            .send()
            .await
            .map_err(told::<AttachRolePolicy, _>)?;
        Ok(())
    }
}

impl Serve<PutRolePolicy> for Sdk {
    async fn serve(&self, call: PutRolePolicy) -> Result<(), ApiError> {
        self.iam
            .put_role_policy()
            .role_name(call.role)
            .policy_name(call.name)
            .policy_document(call.document)
            .send()
            .await
            .map_err(told::<PutRolePolicy, _>)?;
        Ok(())
    }
}

impl Serve<GetInstanceProfile> for Sdk {
    async fn serve(&self, call: GetInstanceProfile) -> Result<Vec<String>, ApiError> {
        let reply = self
            .iam
            .get_instance_profile()
            .instance_profile_name(call.name)
            .send()
            .await
            .map_err(told::<GetInstanceProfile, _>)?;
        let profile = reply
            .instance_profile
            .ok_or_else(|| lacks::<GetInstanceProfile>("the instance profile"))?;
        Ok(profile.roles.into_iter().map(|r| r.role_name).collect())
    }
}

impl Serve<CreateInstanceProfile> for Sdk {
    async fn serve(&self, call: CreateInstanceProfile) -> Result<(), ApiError> {
        self.iam
            .create_instance_profile()
            .instance_profile_name(call.name)
            .send()
            .await
            .map_err(told::<CreateInstanceProfile, _>)?;
        Ok(())
    }
}

impl Serve<AddRoleToInstanceProfile> for Sdk {
    async fn serve(&self, call: AddRoleToInstanceProfile) -> Result<(), ApiError> {
        self.iam
            .add_role_to_instance_profile()
            .instance_profile_name(call.profile)
            .role_name(call.role)
            .send()
            .await
            .map_err(|error| {
                let error = told::<AddRoleToInstanceProfile, _>(error);
                // The limit is one role in a profile.
                match error.code.as_deref() {
                    Some("LimitExceeded") => ApiError {
                        kind: Kind::Exists,
                        ..error
                    },
                    Some(_) | None => error,
                }
            })?;
        Ok(())
    }
}
